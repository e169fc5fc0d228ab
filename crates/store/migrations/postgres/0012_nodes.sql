-- How far a caller has used up what it may do: when all of it will be back. Nodes that share the database count together
-- here. The id is a keyed hash of the limit and of whom it counts, and a row is of no use once its time has come.
-- Not logged: what it costs to lose is a moment's count, and so no commit waits for the disk or for another server.
CREATE UNLOGGED TABLE allowance (
    id BYTEA PRIMARY KEY NOT NULL,
    full_at BIGINT NOT NULL,
    cost BIGINT NOT NULL
) WITH (fillfactor = 50);

-- The address that the last server which started here was reached by.
ALTER TABLE instance ADD COLUMN base_url TEXT NOT NULL DEFAULT '';

-- Every node hears at once, and by whatever way it was changed, of what it remembers: which partners there are, and the
-- form of the tables. What is said names nobody.
CREATE FUNCTION tenure_tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('tenure', TG_ARGV[0]);
    RETURN NULL;
END $$;
CREATE TRIGGER partner_told AFTER INSERT OR UPDATE OR DELETE ON partner
    FOR EACH STATEMENT EXECUTE FUNCTION tenure_tell('partners');
CREATE TRIGGER schema_told AFTER INSERT ON _sqlx_migrations
    FOR EACH STATEMENT EXECUTE FUNCTION tenure_tell('schema');
