-- Batches and documents.

-- Host names from which this partner's documents may be fetched, separated by spaces; empty: any public host.
ALTER TABLE partner ADD COLUMN document_hosts TEXT NOT NULL DEFAULT '';

-- A batch is a row of its own in state 'batch', so that its id is unique among the partner's like any other; its items
-- name it. document_type is what the link says of documents; null: none.
ALTER TABLE submission ADD COLUMN batch_id UUID;
ALTER TABLE submission ADD COLUMN document_type TEXT;
CREATE INDEX submission_batch ON submission (batch_id) WHERE batch_id IS NOT NULL;
CREATE INDEX submission_batches ON submission (created_at) WHERE state = 'batch';

-- state: awaited, fetching, stored, failed, deleted. sealed holds the address while it is fetched (under the key of
-- the submission's ring period) and the object's key while it is stored (under that key, or the holder's once accepted).
-- keep_by: when the document of an accepted credential is deleted if the wallet was not kept.
CREATE TABLE asset (
    id UUID PRIMARY KEY NOT NULL,
    submission_id UUID NOT NULL,
    position BIGINT NOT NULL,
    asset_id TEXT NOT NULL,
    asset_type TEXT NOT NULL,
    state TEXT NOT NULL,
    object UUID,
    size BIGINT,
    failure TEXT,
    sealed BYTEA,
    attempts BIGINT NOT NULL DEFAULT 0,
    due_at BIGINT,
    keep_by BIGINT
);
CREATE INDEX asset_submission ON asset (submission_id);
CREATE INDEX asset_object ON asset (object) WHERE object IS NOT NULL;
CREATE INDEX asset_due ON asset (due_at) WHERE state = 'fetching';
CREATE INDEX asset_keep_by ON asset (keep_by) WHERE keep_by IS NOT NULL;

-- Objects that nothing names any more: deleted from the object store by a job, then here.
CREATE TABLE dropped_object (
    object UUID PRIMARY KEY NOT NULL
);

-- The one row names this database: its objects are under this name, and a sweep touches no others.
CREATE TABLE instance (
    place BIGINT PRIMARY KEY NOT NULL CHECK (place = 1),
    id UUID NOT NULL
);
