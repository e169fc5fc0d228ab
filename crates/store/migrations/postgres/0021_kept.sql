-- When wallets are kept, what outlives a deletion by the person, where they go on, and whom to warn.
SET LOCAL lock_timeout = '2s';

-- What partners see of documents that were deleted with their credential. The person deleted it, and the status stays as it was.
CREATE TABLE removed_asset (
    submission_id UUID NOT NULL,
    position BIGINT NOT NULL,
    asset_id TEXT NOT NULL,
    state TEXT NOT NULL,
    failure TEXT,
    PRIMARY KEY (submission_id, position)
);
