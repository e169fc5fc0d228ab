-- What partners ask people to show, and what came of it.

-- The addresses to which people may be sent back after they answered, separated by spaces.
ALTER TABLE partner ADD COLUMN callback_urls TEXT NOT NULL DEFAULT '';

-- id is the link's content; request_id is the partner's own id, or one of ours that opens nothing. state: open, verified,
-- canceled (the person said no), expired. request_sealed (callback_url, purpose, claims) is under the ring key of
-- request_period; result_sealed (what was shown and how it was checked) under that of result_period; memory_sealed, under
-- the holder's key, lets the wallet say what was shown to whom. Both of the first are null once the result's time is over.
CREATE TABLE verification (
    id BLOB PRIMARY KEY NOT NULL,
    partner_id BLOB NOT NULL REFERENCES partner (id),
    request_id TEXT NOT NULL,
    credential_type TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    finalized_at BIGINT,
    holder_id BLOB REFERENCES holder (id),
    request_period BIGINT NOT NULL,
    request_sealed BLOB,
    result_period BIGINT,
    result_sealed BLOB,
    memory_sealed BLOB
);
CREATE UNIQUE INDEX verification_request ON verification (partner_id, request_id);
CREATE INDEX verification_due ON verification (expires_at) WHERE state = 'open';
CREATE INDEX verification_final ON verification (finalized_at) WHERE finalized_at IS NOT NULL;
CREATE INDEX verification_kept ON verification (finalized_at) WHERE request_sealed IS NOT NULL AND finalized_at IS NOT NULL;
CREATE INDEX verification_holder ON verification (holder_id) WHERE holder_id IS NOT NULL;
