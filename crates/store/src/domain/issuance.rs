//! An issuance: what one wallet may fetch, from the offer or the wallet's request to the last
//! response.

use credential::format::Configuration;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use ambient::Timestamp;

/// Most wrong transaction codes per issuance (OpenID4VCI 1.0, section 13.5.3).
pub const CODE_ATTEMPTS: u32 = 5;

/// Permission for one wallet to fetch credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuance {
    /// Id of the offer or of the pushed authorization request.
    pub id: Uuid,
    /// How the issuance began.
    pub kind: IssuanceKind,
    /// When the issuance began.
    pub created_at: Timestamp,
    /// When its code expires.
    pub expires_at: Timestamp,
    /// Credentials that the wallet may fetch.
    pub credentials: Vec<Grant>,
}

/// How an issuance began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IssuanceKind {
    /// The holder created an offer on the wallet page.
    Offer {
        /// The holder who created it.
        holder: Uuid,
    },
    /// A wallet sent an authorization request.
    Authorization {
        /// The holder, once one has signed in.
        holder: Option<Uuid>,
        /// The wallet's request.
        request: AuthorizationRequest,
    },
}

/// A wallet's pushed authorization request (RFC 9126).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationRequest {
    /// Client id of the wallet.
    pub client_id: String,
    /// URI that receives the authorization response.
    pub redirect_uri: String,
    /// Opaque value that is returned to the wallet unchanged.
    pub state: Option<String>,
    /// S256 code challenge (RFC 7636).
    pub code_challenge: String,
    /// Ids of the requested credential configurations.
    pub configurations: Vec<String>,
    /// Whether the wallet used `authorization_details`. The token response must then use them too.
    pub by_details: bool,
    /// Id of the link, if the wallet followed the offer of a pushed credential.
    pub issuer_state: Option<Uuid>,
    /// Thumbprint of the key that the token will be bound to (RFC 9449, section 10), if already
    /// known.
    pub key: Option<String>,
}

/// One credential that may be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The credential's submission.
    pub submission_id: Uuid,
    /// Type and format of the credential.
    pub configuration: Configuration,
}

impl Grant {
    /// Returns the `credential_identifier`, which is unique within the issuance.
    pub fn identifier(&self) -> String {
        format!("{}.{}", self.submission_id, self.configuration.format.name())
    }
}

impl Issuance {
    /// Returns the holder, once known.
    pub fn holder(&self) -> Option<Uuid> {
        match &self.kind {
            IssuanceKind::Offer { holder } => Some(*holder),
            IssuanceKind::Authorization { holder, .. } => *holder,
        }
    }
}

/// A wallet's access, granted by its token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalletAccess {
    /// The issuance that the token belongs to.
    pub issuance: Issuance,
    /// When the token expires.
    pub token_expires_at: Timestamp,
    /// Thumbprint of the key that the token is bound to (RFC 9449), if any.
    pub key: Option<String>,
}
