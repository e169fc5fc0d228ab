-- A sandbox partner's people may be played by the server, so that an integration is finished with no human. It is said
-- when the partner is added and never changes: what a real partner sends is never answered by a machine.
ALTER TABLE partner ADD COLUMN sandbox BOOLEAN NOT NULL DEFAULT FALSE;
