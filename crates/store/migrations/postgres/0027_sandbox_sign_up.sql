-- Sandbox partners that were not added by the operator, but signed up by email.
CREATE TABLE sandbox_sign_up (
    partner_id UUID PRIMARY KEY NOT NULL,
    -- Keyed hash of the email address. Null once the partner was disabled because it was not used.
    email_fingerprint BYTEA,
    -- When it last got an access token, to the day; at first, when it signed up.
    used_at BIGINT NOT NULL
);
CREATE INDEX sandbox_sign_up_used ON sandbox_sign_up (used_at);
