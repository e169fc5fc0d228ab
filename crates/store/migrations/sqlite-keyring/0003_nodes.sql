-- Which root key the ring was begun with: a keyed hash that tells nothing of it. Every node must have the same.
CREATE TABLE root (
    place BIGINT PRIMARY KEY NOT NULL CHECK (place = 1),
    fingerprint BLOB NOT NULL
);
