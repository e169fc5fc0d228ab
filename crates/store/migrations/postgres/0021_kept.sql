-- When wallets are kept, what outlives a deletion by the person, where they go on, and whom to warn.
SET LOCAL lock_timeout = '2s';

-- When the owner first came back on a later day than that of the account: from then on the wallet counts as kept.
ALTER TABLE holder ADD COLUMN returned_at BIGINT;

-- What partners see of documents that were deleted with their credential. The person deleted it, and the status stays as it was.
CREATE TABLE removed_asset (
    submission_id UUID NOT NULL,
    position BIGINT NOT NULL,
    asset_id TEXT NOT NULL,
    state TEXT NOT NULL,
    failure TEXT,
    PRIMARY KEY (submission_id, position)
);

-- Where the person goes on after deciding: an address on the partner's list. request_id is that of the link, a submission's or a
-- batch's.
CREATE TABLE return_url (
    request_id UUID PRIMARY KEY NOT NULL,
    url TEXT NOT NULL
);

-- Whom to warn before a link expires that nobody has answered. sealed, under the ring key of ring_period, is the address that the
-- partner named; null once an account has opened the link. warn_at: not before. The row goes with the warning, or once the
-- link has expired.
CREATE TABLE link_recipient (
    request_id UUID PRIMARY KEY NOT NULL,
    email_fingerprint BYTEA NOT NULL,
    warn_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ring_period BIGINT,
    sealed BYTEA
);
CREATE INDEX link_recipient_warn ON link_recipient (warn_at);
CREATE INDEX link_recipient_person ON link_recipient (email_fingerprint);

-- What people were warned of, by the day of the mail (days since 1970): one mail a person and day, and each thing once. kind: link,
-- documents (subject_id is the submission's) or share.
CREATE TABLE end_warning (
    email_fingerprint BYTEA NOT NULL,
    kind TEXT NOT NULL,
    subject_id UUID NOT NULL,
    day BIGINT NOT NULL,
    PRIMARY KEY (email_fingerprint, kind, subject_id)
);
CREATE INDEX end_warning_day ON end_warning (day);
