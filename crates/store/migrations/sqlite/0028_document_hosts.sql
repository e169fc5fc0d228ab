-- Documents are fetched fairly by host, which is encrypted in the address.
-- Keyed hash of the partner and the host, while the document is fetched. 0: pushed before there was one, or not fetched.
ALTER TABLE asset ADD COLUMN host BIGINT NOT NULL DEFAULT 0;
