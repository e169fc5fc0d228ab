-- What a newer version does to what was signed and shared of the older one.
-- The version that took its place. Null where the release before superseded it.
ALTER TABLE submission ADD COLUMN superseded_by BLOB;
-- Whether the entry ended (revoked_at) because a newer version took its place, and not by a revocation. The release before
-- publishes such an entry as revoked.
ALTER TABLE status_entry ADD COLUMN replaced BOOLEAN NOT NULL DEFAULT FALSE;
-- keep_current: whether the link goes on to newer versions of what it shows. updated_at: when it last did; it grows with every
-- update.
ALTER TABLE share ADD COLUMN keep_current BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE share ADD COLUMN updated_at BIGINT;
-- When the link went on to a newer version of this credential. The entry stays, so that revoking the link revokes it as well.
ALTER TABLE share_entry ADD COLUMN left_at BIGINT;
