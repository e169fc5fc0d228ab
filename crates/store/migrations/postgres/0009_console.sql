-- A partner's console. A session lives under the secret that was in force when it began: another secret ends it, without
-- anybody having to delete it.
CREATE TABLE console_session (
    token_hash BYTEA PRIMARY KEY NOT NULL,
    partner_id UUID NOT NULL REFERENCES partner (id),
    secret_hash BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX console_session_partner ON console_session (partner_id);
CREATE INDEX console_session_expires ON console_session (expires_at);

-- Public key, counter and the name that somebody gave it, sealed under the root key. Like a session it
-- lives under the secret that was in force, unless whoever rotates it says in the console that it stays.
CREATE TABLE console_passkey (
    id BYTEA PRIMARY KEY NOT NULL,
    partner_id UUID NOT NULL REFERENCES partner (id),
    secret_hash BYTEA NOT NULL,
    sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX console_passkey_partner ON console_passkey (partner_id);

-- A partner's submissions, newest first: ids sort by time.
CREATE INDEX submission_partner ON submission (partner_id, id);
