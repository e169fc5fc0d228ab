-- The request log of partners, responses of webhook receivers, and when each webhook last worked.
SET LOCAL lock_timeout = '2s';

-- Requests of a partner that failed, singly. id sorts by time; route: the template without values; codes: the kind of the
-- error and the codes of its field errors, separated by spaces. No path parameter, query or body.
CREATE TABLE request_log (
    id UUID PRIMARY KEY NOT NULL,
    partner_id UUID NOT NULL,
    at BIGINT NOT NULL,
    method TEXT NOT NULL,
    route TEXT NOT NULL,
    status BIGINT NOT NULL,
    codes TEXT NOT NULL,
    request_id TEXT NOT NULL,
    duration_us BIGINT NOT NULL
);
CREATE INDEX request_log_partner ON request_log (partner_id, id);

-- How many requests of a partner got which response in a minute, and how long they took in total.
CREATE TABLE request_count (
    partner_id UUID NOT NULL,
    minute BIGINT NOT NULL,
    method TEXT NOT NULL,
    route TEXT NOT NULL,
    status BIGINT NOT NULL,
    count BIGINT NOT NULL,
    duration_us BIGINT NOT NULL,
    PRIMARY KEY (partner_id, minute, method, route, status)
);
CREATE INDEX request_count_minute ON request_count (minute);

-- The start of the receiver's response as text; null: it was empty, or there was none.
ALTER TABLE delivery_attempt ADD COLUMN response TEXT;

-- When the last attempt succeeded, and when one failed.
ALTER TABLE webhook ADD COLUMN last_success_at BIGINT;
ALTER TABLE webhook ADD COLUMN last_failure_at BIGINT;
