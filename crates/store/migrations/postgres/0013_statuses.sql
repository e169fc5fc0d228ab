-- Nodes remember what they have read of statuses. They hear of everything that changes what a partner is told, whoever changes it,
-- by a channel that nodes of the release before do not listen to. A push changes nothing that is remembered, and tells nobody.
SET LOCAL lock_timeout = '2s';
CREATE FUNCTION tenure_tell_submission() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('tenure_submission', OLD.id::text);
    RETURN NULL;
END $$;
CREATE TRIGGER submission_told AFTER UPDATE OF state, expires_at, finalized_at, withdrawn_at, replaced_at ON submission
    FOR EACH ROW WHEN ((OLD.state, OLD.expires_at, OLD.finalized_at, OLD.withdrawn_at, OLD.replaced_at)
        IS DISTINCT FROM (NEW.state, NEW.expires_at, NEW.finalized_at, NEW.withdrawn_at, NEW.replaced_at))
    EXECUTE FUNCTION tenure_tell_submission();
CREATE TRIGGER submission_forgotten AFTER DELETE ON submission
    FOR EACH ROW EXECUTE FUNCTION tenure_tell_submission();
