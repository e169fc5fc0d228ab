//! An issuance: what one wallet may fetch, from the offer or its own request to the last answer.

use credential::format::Configuration;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use ambient::Timestamp;

/// How often a transaction code may be wrong (OpenID4VCI 1.0, section 13.5.3).
pub const CODE_ATTEMPTS: u32 = 5;

/// What one wallet may fetch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuance {
    /// Names the offer, or the pushed request.
    pub id: Uuid,
    /// How it began.
    pub kind: IssuanceKind,
    /// When it began.
    pub created_at: Timestamp,
    /// Until when its code can be redeemed.
    pub expires_at: Timestamp,
    /// What it gives, and whether the wallet has its token.
    pub credentials: Vec<Grant>,
}

/// How an issuance began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IssuanceKind {
    /// The person offered it from the wallet page.
    Offer {
        /// Whose.
        holder: Uuid,
    },
    /// A wallet asked for it.
    Authorization {
        /// Whose, once somebody has signed in.
        holder: Option<Uuid>,
        /// What was asked for.
        request: AuthorizationRequest,
    },
}

/// What a wallet asks for in a pushed authorization request (RFC 9126).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationRequest {
    /// Who asks.
    pub client_id: String,
    /// Where the answer goes.
    pub redirect_uri: String,
    /// The wallet's own word, given back.
    pub state: Option<String>,
    /// S256 of the verifier (RFC 7636).
    pub code_challenge: String,
    /// The configurations asked for, by id.
    pub configurations: Vec<String>,
    /// Whether they were asked for by `authorization_details`, so that the answer must use it too.
    pub by_details: bool,
    /// The link's id, if the wallet came by an offer of a push.
    pub issuer_state: Option<Uuid>,
    /// The key that the token will be bound to (RFC 9449, section 10), if it is known already.
    pub key: Option<String>,
}

/// One credential that may be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// What.
    pub submission_id: Uuid,
    /// How.
    pub configuration: Configuration,
}

impl Grant {
    /// Its name among those of one issuance: the `credential_identifier`.
    pub fn identifier(&self) -> String {
        format!("{}.{}", self.submission_id, self.configuration.format.name())
    }
}

impl Issuance {
    /// Whose it is, once that is known.
    pub fn holder(&self) -> Option<Uuid> {
        match &self.kind {
            IssuanceKind::Offer { holder } => Some(*holder),
            IssuanceKind::Authorization { holder, .. } => *holder,
        }
    }
}

/// A wallet with a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalletAccess {
    /// What it may fetch.
    pub issuance: Issuance,
    /// Until when.
    pub token_expires_at: Timestamp,
    /// The thumbprint of the key that its token is bound to (RFC 9449), if it is.
    pub key: Option<String>,
}
