-- Webhooks of a few minutes, whose events a development machine fetches.
SET LOCAL lock_timeout = '2s';

-- Until when this webhook is a listener: its events are fetched by `tenure listen`, and nothing is sent. Null: it is an
-- ordinary webhook. paused_until of a listener is always later, so that nodes of the previous release send nothing either.
ALTER TABLE webhook ADD COLUMN listens_until BIGINT;
