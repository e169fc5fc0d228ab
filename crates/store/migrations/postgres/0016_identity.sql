-- The name of the key ring that opens this data (identity.id in the key ring); null until a server has checked that it does.
SET LOCAL lock_timeout = '2s';
ALTER TABLE instance ADD COLUMN keyring_id UUID;

-- The time at which retention has last run: what a server that starts compares its clock with.
CREATE TABLE clock_mark (
    place BIGINT PRIMARY KEY NOT NULL CHECK (place = 1),
    seen_at BIGINT NOT NULL
);

-- Changed to find out whether the database takes writes.
CREATE TABLE write_probe (
    place BIGINT PRIMARY KEY NOT NULL CHECK (place = 1),
    number BIGINT NOT NULL
);
