-- When wallets are kept, what outlives a deletion by the person, where they go on, and whom to warn.

-- When the owner first came back on a later day than that of the account: from then on the wallet counts as kept.
ALTER TABLE holder ADD COLUMN returned_at BIGINT;

-- What partners see of documents that were deleted with their credential. The person deleted it, and the status stays as it was.
CREATE TABLE removed_asset (
    submission_id BLOB NOT NULL,
    position BIGINT NOT NULL,
    asset_id TEXT NOT NULL,
    state TEXT NOT NULL,
    failure TEXT,
    PRIMARY KEY (submission_id, position)
);

-- Where the person goes on after deciding: an address on the partner's list. request_id is that of the link, a submission's or a
-- batch's.
CREATE TABLE return_url (
    request_id BLOB PRIMARY KEY NOT NULL,
    url TEXT NOT NULL
);
