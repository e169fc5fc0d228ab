-- What a key is for: token (access tokens), credential.ES256, credential.EdDSA, authority (certificates), encryption (what
-- wallets send). The certificate is public, so it is not wrapped.
ALTER TABLE signing_key ADD COLUMN purpose TEXT NOT NULL DEFAULT 'token';
ALTER TABLE signing_key ADD COLUMN certificate BLOB;
