//! Purposes of the server's own keys.

use credential::key::Algorithm;

/// The purpose of a signing key, which never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Signs access tokens of partners.
    Token,
    /// Signs credentials and status lists, with this algorithm.
    Credential(Algorithm),
    /// Signs the certificates of credential signing keys.
    Authority,
    /// Signs credentials and status lists, with a key from the operator's files. The key ring has
    /// only its certificate, so that the public key stays published; the secret is unused random
    /// bytes, and the time of creation is that of the last recorded use.
    Operator,
    /// Decrypts messages from wallets.
    Encryption,
    /// Signs requests to wallets.
    Request,
}

impl Purpose {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Credential(Algorithm::Es256) => "credential.ES256",
            Self::Credential(Algorithm::EdDsa) => "credential.EdDSA",
            Self::Authority => "authority",
            Self::Operator => "credential.operator",
            Self::Encryption => "encryption",
            Self::Request => "request",
        }
    }
}
