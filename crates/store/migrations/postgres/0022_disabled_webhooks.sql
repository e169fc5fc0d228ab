-- Webhooks whose receivers want nothing more.
SET LOCAL lock_timeout = '2s';

-- When the receiver answered 410 (Gone). Null: the webhook is enabled. Nothing is sent until the partner changes the webhook.
ALTER TABLE webhook ADD COLUMN disabled_at BIGINT;
