-- Nothing is written to a submission when its time is over. (On PostgreSQL what waits has a table of its own as well, which goes
-- by the hour. Here it stays in the row: a second tree would cost each push a fifth more.)

-- Of which submissions partners have been told that their time is over: those before this one, by expires_at and id. From
-- now on a submission that is over stays 'incomplete'; older rows say 'expired'.
CREATE TABLE expiry (
    place BIGINT PRIMARY KEY NOT NULL CHECK (place = 1),
    through BIGINT NOT NULL,
    submission_id BLOB NOT NULL
);
INSERT INTO expiry (place, through, submission_id) VALUES (1, 0, x'00000000000000000000000000000000');

-- A tally has several slots, so that nodes that count for the same partner do not wait for each other. SQLite has one writer
-- and needs one.
CREATE TABLE slotted_tally (
    partner_id BLOB NOT NULL,
    day BIGINT NOT NULL,
    chain TEXT NOT NULL,
    kind TEXT NOT NULL,
    slot BIGINT NOT NULL DEFAULT 0,
    count BIGINT NOT NULL,
    PRIMARY KEY (partner_id, day, chain, kind, slot)
);
INSERT INTO slotted_tally (partner_id, day, chain, kind, count) SELECT partner_id, day, chain, kind, count FROM tally;
DROP TABLE tally;
ALTER TABLE slotted_tally RENAME TO tally;
CREATE INDEX tally_day ON tally (day);

-- Many may be over at one instant: who tells goes along both.
DROP INDEX submission_due;
CREATE INDEX submission_due ON submission (expires_at, id) WHERE state = 'incomplete';
