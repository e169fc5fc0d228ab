-- What must leave the server after its transaction is committed, sealed under the ring key of ring_period. It takes the place of
-- outbox, which the release before still fills and empties. Each lane is worked on by itself; within a lane partners take turns
-- (partner_id is nil where there is no partner). A message is not sent after expires_at.
CREATE TABLE outbox_message (
    id BLOB PRIMARY KEY NOT NULL,
    lane TEXT NOT NULL,
    partner_id BLOB NOT NULL,
    request_id BLOB,
    due_at BIGINT NOT NULL,
    expires_at BIGINT,
    attempts BIGINT NOT NULL DEFAULT 0,
    ring_period BIGINT NOT NULL,
    sealed BLOB NOT NULL
);
CREATE INDEX outbox_message_due ON outbox_message (lane, partner_id, due_at);

-- Requests whose link could not be mailed, and why. No row: it was mailed, is about to be, or nobody asked for a mail.
CREATE TABLE undelivered_link (
    request_id BLOB PRIMARY KEY NOT NULL,
    reason TEXT NOT NULL,
    at BIGINT NOT NULL
);
