-- The holder of a credential lets its partner update it without asking. submission_id is the version that this holds for now: an
-- update moves it on. ended_at: the holder ended it, or replaced, undid or deleted that version. The ids refer to other tables by
-- no foreign key, so that the release before can delete accounts and submissions.
CREATE TABLE standing_consent (
    id UUID PRIMARY KEY NOT NULL,
    holder_id UUID NOT NULL,
    submission_id UUID NOT NULL,
    given_at BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE UNIQUE INDEX standing_consent_current ON standing_consent (submission_id) WHERE ended_at IS NULL;
CREATE INDEX standing_consent_submission ON standing_consent (submission_id);
CREATE INDEX standing_consent_holder ON standing_consent (holder_id);

-- What was decided about an older version when a newer one came. decision: replaced or kept (the holder chose it on the consent page),
-- or standing (replaced under a standing consent). undone_at: the holder undid the latter.
CREATE TABLE version_decision (
    newer_id UUID NOT NULL,
    older_id UUID NOT NULL,
    holder_id UUID NOT NULL,
    decision TEXT NOT NULL,
    decided_at BIGINT NOT NULL,
    undone_at BIGINT,
    PRIMARY KEY (newer_id, older_id)
);
CREATE INDEX version_decision_older ON version_decision (older_id);
CREATE INDEX version_decision_holder ON version_decision (holder_id);
