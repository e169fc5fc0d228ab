-- Times are microseconds since the Unix epoch. No column holds personal data in the clear: what a person said or
-- what is said of them is in columns named sealed, under keys that live in the key ring, not here.

CREATE TABLE partner (
    id UUID PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,
    secret_hash BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    rotated_at BIGINT,
    disabled_at BIGINT
);

CREATE TABLE holder (
    id UUID PRIMARY KEY NOT NULL,
    email_fingerprint BYTEA NOT NULL UNIQUE,
    email_sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    sign_ins BIGINT NOT NULL DEFAULT 0,
    passkey_offer_declined_at BIGINT
);

-- state: incomplete, accepted, declined, expired, removed. The sealed payload is there while state is incomplete
-- (under the ring key of ring_period) or accepted (under the holder's key). The group commit reads the partner in the
-- transaction that inserts, so no foreign key is paid for on each row.
CREATE TABLE submission (
    id UUID PRIMARY KEY NOT NULL,
    partner_id UUID NOT NULL,
    credential_id TEXT NOT NULL,
    credential_type TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    finalized_at BIGINT,
    replaced_at BIGINT,
    holder_id UUID REFERENCES holder (id),
    ring_period BIGINT NOT NULL,
    sealed BYTEA
);
CREATE UNIQUE INDEX submission_current ON submission (partner_id, credential_id) WHERE replaced_at IS NULL;
CREATE INDEX submission_due ON submission (expires_at) WHERE state = 'incomplete';
CREATE INDEX submission_finalized ON submission (finalized_at) WHERE finalized_at IS NOT NULL;
CREATE INDEX submission_holder ON submission (holder_id) WHERE holder_id IS NOT NULL;

-- What happened to a submission, in order: the consent record is read from it, and events are sent from it.
CREATE TABLE event (
    sequence BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    submission_id UUID NOT NULL,
    kind TEXT NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX event_submission ON event (submission_id);

CREATE TABLE sign_in (
    id UUID PRIMARY KEY NOT NULL,
    email_fingerprint BYTEA NOT NULL,
    code_fingerprint BYTEA NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ring_period BIGINT NOT NULL,
    sealed BYTEA NOT NULL
);
CREATE INDEX sign_in_expires ON sign_in (expires_at);

CREATE TABLE session (
    token_hash BYTEA PRIMARY KEY NOT NULL,
    holder_id UUID NOT NULL REFERENCES holder (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX session_holder ON session (holder_id);
CREATE INDEX session_expires ON session (expires_at);

CREATE TABLE passkey (
    id BYTEA PRIMARY KEY NOT NULL,
    holder_id UUID NOT NULL REFERENCES holder (id),
    sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX passkey_holder ON passkey (holder_id);

-- A WebAuthn ceremony between its two requests.
CREATE TABLE ceremony (
    token_hash BYTEA PRIMARY KEY NOT NULL,
    expires_at BIGINT NOT NULL,
    ring_period BIGINT NOT NULL,
    sealed BYTEA NOT NULL
);
CREATE INDEX ceremony_expires ON ceremony (expires_at);

-- Answers kept for an Idempotency-Key; status 0 while the first request is under way.
CREATE TABLE idempotency (
    partner_id UUID NOT NULL REFERENCES partner (id),
    idempotency_key TEXT NOT NULL,
    request_hash BYTEA NOT NULL,
    status BIGINT NOT NULL,
    content_type TEXT NOT NULL,
    body BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (partner_id, idempotency_key)
);
CREATE INDEX idempotency_created ON idempotency (created_at);

-- What must leave the server after its transaction is committed. Sealed under the ring key of ring_period.
CREATE TABLE outbox (
    id UUID PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    ring_period BIGINT NOT NULL,
    sealed BYTEA NOT NULL
);
CREATE INDEX outbox_due ON outbox (due_at);
