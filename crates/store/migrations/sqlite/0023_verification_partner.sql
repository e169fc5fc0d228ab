-- A partner's verification requests, newest first: ids sort by time.
CREATE INDEX verification_partner ON verification (partner_id, id);
