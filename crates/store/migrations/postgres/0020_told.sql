-- What partners and people are told.
SET LOCAL lock_timeout = '2s';

-- Why the request was canceled: declined, expired or withdrawn. Null for other events, and where the release before wrote it.
ALTER TABLE delivery ADD COLUMN reason TEXT;
