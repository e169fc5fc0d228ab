-- What must leave the server after its transaction is committed, sealed under the ring key of ring_period. It takes the place of
-- outbox, which the release before still fills and empties. Each lane is worked on by itself; within a lane partners take turns
-- (partner_id is nil where there is no partner). A message is not sent after expires_at.
CREATE TABLE outbox_message (
    id UUID PRIMARY KEY NOT NULL,
    lane TEXT NOT NULL,
    partner_id UUID NOT NULL,
    request_id UUID,
    due_at BIGINT NOT NULL,
    expires_at BIGINT,
    attempts BIGINT NOT NULL DEFAULT 0,
    ring_period BIGINT NOT NULL,
    sealed BYTEA NOT NULL
);
CREATE INDEX outbox_message_due ON outbox_message (lane, partner_id, due_at);

-- Requests whose link could not be mailed, and why. No row: it was mailed, is about to be, or nobody asked for a mail.
CREATE TABLE undelivered_link (
    request_id UUID PRIMARY KEY NOT NULL,
    reason TEXT NOT NULL,
    at BIGINT NOT NULL
);

-- Other nodes remember statuses, and this is part of them.
CREATE FUNCTION tenure_tell_undelivered() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('tenure_submission', COALESCE(NEW.request_id, OLD.request_id)::text);
    RETURN NULL;
END $$;
CREATE TRIGGER undelivered_link_told AFTER INSERT OR UPDATE OR DELETE ON undelivered_link
    FOR EACH ROW EXECUTE FUNCTION tenure_tell_undelivered();
