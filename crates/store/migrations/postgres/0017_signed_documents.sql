-- Whether a stored document is digitally signed: it is delivered as it came, and its holder is told so.
SET LOCAL lock_timeout = '2s';
ALTER TABLE asset ADD COLUMN signed BOOLEAN NOT NULL DEFAULT FALSE;
