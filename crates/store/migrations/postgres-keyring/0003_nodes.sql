-- Which root key the ring was begun with: a keyed hash that tells nothing of it. Every node must have the same.
CREATE TABLE root (
    place BIGINT PRIMARY KEY NOT NULL CHECK (place = 1),
    fingerprint BYTEA NOT NULL
);

-- Every node hears at once of new keys and of those that are gone, and of another form of the tables.
CREATE FUNCTION tenure_tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('tenure', TG_ARGV[0]);
    RETURN NULL;
END $$;
CREATE TRIGGER signing_key_told AFTER INSERT OR UPDATE OR DELETE ON signing_key
    FOR EACH STATEMENT EXECUTE FUNCTION tenure_tell('keys');
CREATE TRIGGER schema_told AFTER INSERT ON _sqlx_migrations
    FOR EACH STATEMENT EXECUTE FUNCTION tenure_tell('schema');
