-- Keys, each wrapped by the root key. They live apart from the data (a file of its own, or a schema of its own), so
-- that a backup of the data does not carry them along: what a destroyed key sealed stays shut in every copy.

CREATE TABLE ring_key (
    period BIGINT PRIMARY KEY NOT NULL,
    wrapped BYTEA NOT NULL
);

CREATE TABLE holder_key (
    holder_id UUID PRIMARY KEY NOT NULL,
    wrapped BYTEA NOT NULL
);

CREATE TABLE signing_key (
    id TEXT PRIMARY KEY NOT NULL,
    created_at BIGINT NOT NULL,
    wrapped BYTEA NOT NULL
);
