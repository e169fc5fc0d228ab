-- What outside wallets are asked to show: one row a question to one wallet (OpenID4VP).

-- holder_id is the account that the question was bound to when it was asked, if it was. binding_hash is of the secret in the cookie of the browser that began it; response_hash of the secret that the wallet's
-- device was sent back with. flow: same_device, cross_device. mode: direct_post, direct_post.jwt. state: waiting, answered,
-- finished (what was shown went to the partner), declined (by the wallet), rejected (somebody else came with the answer, or
-- wrong codes or answers came too often). sealed, under the ring key of ring_period, is the key that the wallet encrypts for
-- while the question waits, what was shown once it is answered, and null after that. refused counts the answers that were
-- not taken, refusal says why the last one was not. tries counts the codes that were typed.
CREATE TABLE presentation (
    id UUID PRIMARY KEY NOT NULL,
    verification_id UUID NOT NULL,
    holder_id UUID,
    flow TEXT NOT NULL,
    mode TEXT NOT NULL,
    client_id TEXT NOT NULL,
    nonce TEXT NOT NULL,
    binding_hash BYTEA NOT NULL,
    state TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    refused BIGINT NOT NULL DEFAULT 0,
    refusal TEXT,
    tries BIGINT NOT NULL DEFAULT 0,
    response_hash BYTEA,
    ring_period BIGINT NOT NULL,
    sealed BYTEA
);
CREATE INDEX presentation_expires ON presentation (expires_at);
