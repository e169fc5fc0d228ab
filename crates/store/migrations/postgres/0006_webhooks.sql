-- What partners are told of, and how many of their pushes went how far.

-- The institutions between the partner and the issuer, joined by ' > ', where the push named any; it is about institutions,
-- not about a person. link_opened_at: when somebody's browser first handed the link over.
ALTER TABLE submission ADD COLUMN partner_chain TEXT;
ALTER TABLE submission ADD COLUMN link_opened_at BIGINT;

-- Where a partner wants to be told. events: the types it wants, separated by spaces. The secrets are sealed under the root
-- key, for this row; the previous one signs too until previous_until. failures: deliveries that failed in a row; nothing is
-- sent before paused_until.
CREATE TABLE webhook (
    id UUID PRIMARY KEY NOT NULL,
    partner_id UUID NOT NULL REFERENCES partner (id),
    url TEXT NOT NULL,
    name TEXT,
    description TEXT,
    events TEXT NOT NULL,
    secret_sealed BYTEA NOT NULL,
    previous_secret_sealed BYTEA,
    previous_until BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    failures BIGINT NOT NULL DEFAULT 0,
    paused_until BIGINT
);
CREATE INDEX webhook_partner ON webhook (partner_id);

-- One event for one webhook. state: waiting, delivered, failed. due_at: when to try (again); whoever tries puts it off first,
-- so that a crash leaves it to be tried by the next. tries: how often since it was queued; attempts: how often ever. The
-- writer of an event reads the webhooks in its own transaction, so no foreign key is paid for on each row.
CREATE TABLE delivery (
    sequence BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    webhook_id UUID NOT NULL,
    event_id UUID NOT NULL,
    type TEXT NOT NULL,
    request_id TEXT NOT NULL,
    credential_id TEXT,
    created_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    tries BIGINT NOT NULL DEFAULT 0,
    attempts BIGINT NOT NULL DEFAULT 0,
    due_at BIGINT NOT NULL,
    give_up_at BIGINT NOT NULL,
    delivered_at BIGINT
);
CREATE UNIQUE INDEX delivery_event ON delivery (webhook_id, event_id);
CREATE INDEX delivery_log ON delivery (webhook_id, sequence);
CREATE INDEX delivery_range ON delivery (webhook_id, created_at);
CREATE INDEX delivery_due ON delivery (webhook_id, due_at, sequence) WHERE state = 'waiting';
CREATE INDEX delivery_order ON delivery (webhook_id, request_id, sequence) WHERE state = 'waiting' AND tries = 0;
CREATE INDEX delivery_give_up ON delivery (give_up_at) WHERE state = 'waiting';
CREATE INDEX delivery_created ON delivery (created_at);

-- Each attempt of a delivery. status: what the receiver answered; error: why there was no answer.
CREATE TABLE delivery_attempt (
    webhook_id UUID NOT NULL,
    event_id UUID NOT NULL,
    number BIGINT NOT NULL,
    at BIGINT NOT NULL,
    status BIGINT,
    error TEXT,
    duration_ms BIGINT NOT NULL,
    PRIMARY KEY (webhook_id, event_id, number)
);

-- How many of a day's pushes went how far. day: days since 1970 of the push; chain: submission.partner_chain, or empty.
CREATE TABLE tally (
    partner_id UUID NOT NULL,
    day BIGINT NOT NULL,
    chain TEXT NOT NULL,
    kind TEXT NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (partner_id, day, chain, kind)
);
CREATE INDEX tally_day ON tally (day);

-- Answers kept for an Idempotency-Key are sealed from now on, under the ring key of ring_period. Those of before were not.
DELETE FROM idempotency;
ALTER TABLE idempotency ADD COLUMN ring_period BIGINT NOT NULL DEFAULT 0;
