-- A code counts in the browser that asked for it. Codes of the release before have no browser, and count anywhere.
SET LOCAL lock_timeout = '2s';
ALTER TABLE sign_in ADD COLUMN browser_hash BYTEA;
