-- What becomes of a credential after it was accepted: signed copies that can be revoked, withdrawal, later versions.

-- state also: taken_back (withdrawn before the person answered: no data) and withdrawn (accepted, withdrawn by the partner
-- later: the person keeps it). withdrawn_at says when; reason_sealed is what the partner gave as its reason, under the
-- holder's key in state withdrawn, otherwise under the ring key of ring_period. superseded_at: when a newer one of the
-- same kind took its place.
ALTER TABLE submission ADD COLUMN withdrawn_at BIGINT;
ALTER TABLE submission ADD COLUMN reason_sealed BLOB;
ALTER TABLE submission ADD COLUMN superseded_at BIGINT;

-- A list gives positions at random until half of its capacity is given; then another is opened. changed_at grows with
-- every revocation. dropped_at: every entry had expired, and the list is being deleted.
CREATE TABLE status_list (
    id BLOB PRIMARY KEY NOT NULL,
    opened_at BIGINT NOT NULL,
    capacity BIGINT NOT NULL,
    given BIGINT NOT NULL DEFAULT 0,
    changed_at BIGINT NOT NULL,
    last_expires_at BIGINT NOT NULL DEFAULT 0,
    dropped_at BIGINT
);

-- One signed credential each. The primary key is what keeps a position from being given twice, so no row is deleted
-- while its list still gives positions. A submission that is forgotten leaves its entries until they expire.
CREATE TABLE status_entry (
    list_id BLOB NOT NULL REFERENCES status_list (id),
    position BIGINT NOT NULL,
    submission_id BLOB NOT NULL,
    issued_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT,
    PRIMARY KEY (list_id, position)
);
CREATE INDEX status_entry_submission ON status_entry (submission_id);
CREATE INDEX status_entry_revoked ON status_entry (list_id, position) WHERE revoked_at IS NOT NULL;
