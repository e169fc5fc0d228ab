-- Documents are fetched fairly by host, which is encrypted in the address.
SET LOCAL lock_timeout = '2s';

-- Keyed hash of the partner and the host, while the document is fetched. 0: pushed before there was one, by a node of the
-- previous release, or not fetched.
ALTER TABLE asset ADD COLUMN host BIGINT NOT NULL DEFAULT 0;
