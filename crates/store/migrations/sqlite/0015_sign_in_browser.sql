-- A code counts in the browser that asked for it. Codes of the release before have no browser, and count anywhere.
ALTER TABLE sign_in ADD COLUMN browser_hash BLOB;
