-- What waits is kept apart from what is known of it, so that it goes with its hour: on PostgreSQL a partition is dropped, and
-- no row of a submission is touched when its time is over.

-- What nobody has accepted yet, sealed under the ring key of ring_period. Partitions are named after the periods from and to
-- which they go; what has none yet is in the default one.
CREATE TABLE payload (
    ring_period BIGINT NOT NULL,
    submission_id UUID NOT NULL,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (ring_period, submission_id)
) PARTITION BY RANGE (ring_period);
CREATE TABLE payload_default PARTITION OF payload DEFAULT;
INSERT INTO payload (ring_period, submission_id, sealed)
    SELECT ring_period, id, sealed FROM submission WHERE state = 'incomplete' AND sealed IS NOT NULL;
UPDATE submission SET sealed = NULL WHERE state = 'incomplete' AND sealed IS NOT NULL;

-- Of which submissions partners have been told that their time is over: those before this one, by expires_at and id. From
-- now on a submission that is over stays 'incomplete'; older rows say 'expired'.
CREATE TABLE expiry (
    place BIGINT PRIMARY KEY NOT NULL CHECK (place = 1),
    through BIGINT NOT NULL,
    submission_id UUID NOT NULL
);
INSERT INTO expiry (place, through, submission_id) VALUES (1, 0, '00000000-0000-0000-0000-000000000000');

-- A tally has several slots, so that nodes that count for the same partner do not wait for each other: each connection of
-- the server's has one.
ALTER TABLE tally ADD COLUMN slot BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tally ALTER COLUMN slot SET DEFAULT (pg_backend_pid() & 15);
ALTER TABLE tally DROP CONSTRAINT tally_pkey;
ALTER TABLE tally ADD PRIMARY KEY (partner_id, day, chain, kind, slot);

-- Partners' ids are compared byte by byte, whatever the database's language is: each push does that some twenty times.
ALTER TABLE submission ALTER COLUMN credential_id TYPE TEXT COLLATE "C";

-- Many may be over at one instant: who tells goes along both.
DROP INDEX submission_due;
CREATE INDEX submission_due ON submission (expires_at, id) WHERE state = 'incomplete';
