//! What the server's own keys are for.

use credential::key::Algorithm;

/// The purpose of a signing key, which never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Access tokens of partners.
    Token,
    /// Credentials and status lists, with this algorithm.
    Credential(Algorithm),
    /// The certificates of the keys that sign credentials.
    Authority,
    /// Decryption of what wallets send.
    Encryption,
    /// Requests to wallets.
    Request,
}

impl Purpose {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Credential(Algorithm::Es256) => "credential.ES256",
            Self::Credential(Algorithm::EdDsa) => "credential.EdDSA",
            Self::Authority => "authority",
            Self::Encryption => "encryption",
            Self::Request => "request",
        }
    }
}
