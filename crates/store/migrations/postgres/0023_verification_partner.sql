-- no-transaction
-- A partner's verification requests, newest first: ids sort by time. If an interruption leaves the
-- index invalid, the list is slow and still right.
CREATE INDEX CONCURRENTLY IF NOT EXISTS verification_partner ON verification (partner_id, id);
