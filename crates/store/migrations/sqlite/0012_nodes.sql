-- How far a caller has used up what it may do: when all of it will be back. Nodes that share the database count together
-- here; on SQLite there is one node, which keeps count by itself.
-- The id is a keyed hash of the limit and of whom it counts, and a row is of no use once its time has come.
CREATE TABLE allowance (
    id BLOB PRIMARY KEY NOT NULL,
    full_at BIGINT NOT NULL,
    cost BIGINT NOT NULL
);

-- The address that the last server which started here was reached by.
ALTER TABLE instance ADD COLUMN base_url TEXT NOT NULL DEFAULT '';
