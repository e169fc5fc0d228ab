-- A partner's previous secret, which stays valid for a while after a rotation with an overlap.
SET LOCAL lock_timeout = '2s';

-- SHA-256 of the secret. Null: the partner has one secret.
ALTER TABLE partner ADD COLUMN previous_secret_hash BYTEA;
-- When it was created.
ALTER TABLE partner ADD COLUMN previous_secret_since BIGINT;
-- When it stops working.
ALTER TABLE partner ADD COLUMN previous_secret_until BIGINT;
-- SHA-256 of the secret that replaced it. The previous release rotates without these columns: if the current secret is
-- another one, the previous secret has ended.
ALTER TABLE partner ADD COLUMN previous_secret_beside BYTEA;
