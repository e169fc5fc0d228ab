-- no-transaction
-- Finds the hosts of documents to fetch, and the next document of each. If an interruption leaves the
-- index invalid, this is slow and still right.
CREATE INDEX CONCURRENTLY IF NOT EXISTS asset_host ON asset (host, due_at, id) WHERE state = 'fetching';
