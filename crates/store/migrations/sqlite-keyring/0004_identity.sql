-- Names this key ring. The data has the same name in instance.keyring_id, so that a server does not start on one without
-- the other.
CREATE TABLE identity (
    place BIGINT PRIMARY KEY NOT NULL CHECK (place = 1),
    id BLOB NOT NULL
);

-- For each table of keys: how often keys were destroyed, how many of these times the database's files were cleared since,
-- and when they may be cleared again. An earlier release may have left keys in them, so each table starts as due.
CREATE TABLE erasure (
    name TEXT PRIMARY KEY NOT NULL,
    destroyed BIGINT NOT NULL,
    erased BIGINT NOT NULL,
    due_at BIGINT NOT NULL
);
INSERT INTO erasure (name, destroyed, erased, due_at)
VALUES ('ring_key', 1, 0, 0), ('holder_key', 1, 0, 0), ('signing_key', 1, 0, 0);

-- Changed to find out whether the database takes writes.
CREATE TABLE write_probe (
    place BIGINT PRIMARY KEY NOT NULL CHECK (place = 1),
    number BIGINT NOT NULL
);
