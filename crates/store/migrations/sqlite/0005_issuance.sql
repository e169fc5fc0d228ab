-- What a wallet may fetch, from the offer or the pushed request to the last answer. No secret is here: codes and tokens
-- are hashes, or are derived from the id under the root key. kind: offer (pre-authorized) or authorization (a wallet
-- asked, holder_id is null until the person has signed in). request: what the wallet asked for, as JSON.
CREATE TABLE issuance (
    id BLOB PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL,
    holder_id BLOB,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    request TEXT NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    code_hash BLOB,
    redeemed_at BIGINT,
    token_hash BLOB,
    token_key TEXT,
    token_expires_at BIGINT
);
CREATE UNIQUE INDEX issuance_code ON issuance (code_hash) WHERE code_hash IS NOT NULL;
CREATE UNIQUE INDEX issuance_token ON issuance (token_hash) WHERE token_hash IS NOT NULL;
CREATE INDEX issuance_expires ON issuance (expires_at);
CREATE INDEX issuance_holder ON issuance (holder_id) WHERE holder_id IS NOT NULL;

-- What may be fetched with it, and what the wallet said of it: accepted, failure, deleted.
CREATE TABLE issuance_credential (
    issuance_id BLOB NOT NULL REFERENCES issuance (id),
    submission_id BLOB NOT NULL,
    configuration TEXT NOT NULL,
    notification_id BLOB,
    issued_at BIGINT,
    notified TEXT,
    PRIMARY KEY (issuance_id, submission_id, configuration)
);

-- Which of a submission's status entries an issuance gave: asking again replaces them.
ALTER TABLE status_entry ADD COLUMN issuance_id BLOB;
ALTER TABLE status_entry ADD COLUMN configuration TEXT;
CREATE INDEX status_entry_issuance ON status_entry (issuance_id) WHERE issuance_id IS NOT NULL;

-- Challenges that were answered: none is taken twice.
CREATE TABLE used_nonce (
    nonce_hash BLOB PRIMARY KEY NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX used_nonce_expires ON used_nonce (expires_at);

-- Credentials that could not be signed at once. Sealed under the ring key of ring_period.
CREATE TABLE deferred (
    transaction_hash BLOB PRIMARY KEY NOT NULL,
    issuance_id BLOB NOT NULL REFERENCES issuance (id),
    expires_at BIGINT NOT NULL,
    ring_period BIGINT NOT NULL,
    sealed BLOB NOT NULL
);
CREATE INDEX deferred_issuance ON deferred (issuance_id);
