-- What people show to hirers.

-- A link's secret is in no column: token_hash finds the share, and sealed (what is shown) opens with the secret alone.
-- holder_sealed, under the holder's key, lets the wallet show the link again and say what it shows. sealed is null once
-- the share is revoked or over. passcode_tries counts since the last right one. nonce is what the holder's signature answers.
CREATE TABLE share (
    id UUID PRIMARY KEY NOT NULL,
    holder_id UUID NOT NULL REFERENCES holder (id),
    token_hash BYTEA NOT NULL UNIQUE,
    nonce TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT,
    passcode_fingerprint BYTEA,
    passcode_tries BIGINT NOT NULL DEFAULT 0,
    views BIGINT NOT NULL DEFAULT 0,
    viewed_at BIGINT,
    sealed BYTEA,
    holder_sealed BYTEA NOT NULL
);
CREATE INDEX share_holder ON share (holder_id);
CREATE INDEX share_expires ON share (expires_at);

-- The status entries of a share's credentials, which are revoked with it.
CREATE TABLE share_entry (
    share_id UUID NOT NULL REFERENCES share (id),
    list_id UUID NOT NULL,
    position BIGINT NOT NULL,
    submission_id UUID NOT NULL,
    PRIMARY KEY (share_id, list_id, position)
);
