-- Finds the hosts of documents to fetch, and the next document of each.
CREATE INDEX asset_host ON asset (host, due_at, id) WHERE state = 'fetching';
