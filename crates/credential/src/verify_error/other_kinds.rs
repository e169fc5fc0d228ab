//! Kinds of input and of signed tokens that are not credentials.

use crate::media_type::media_type;

/// What an input without a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherContent {
    /// A PDF document.
    Pdf,
    Image,
    /// A ZIP file, such as an office document or a wallet pass.
    Archive,
    /// An encrypted token.
    Jwe,
    /// A credential with a Data Integrity proof.
    JsonLd,
    /// A signed token in the JSON serialization (RFC 7515, section 7.2; RFC 9901, section 8).
    JsonJws,
    /// A link that a wallet opens.
    WalletLink,
    /// A JWK or a JWK Set.
    Keys,
    /// The beginning of a token.
    CutToken,
    /// Base64 of something else.
    Base64,
}

impl OtherContent {
    /// All kinds.
    pub const ALL: [Self; 10] = [
        Self::Pdf,
        Self::Image,
        Self::Archive,
        Self::Jwe,
        Self::JsonLd,
        Self::JsonJws,
        Self::WalletLink,
        Self::Keys,
        Self::CutToken,
        Self::Base64,
    ];

    /// Returns whether it may be a credential, in a form that is not supported.
    pub fn is_unsupported(self) -> bool {
        matches!(self, Self::Jwe | Self::JsonLd | Self::JsonJws)
    }

    /// Returns the name, which the page's script uses too.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Image => "image",
            Self::Archive => "archive",
            Self::Jwe => "jwe",
            Self::JsonLd => "json-ld",
            Self::JsonJws => "json-jws",
            Self::WalletLink => "wallet-link",
            Self::Keys => "keys",
            Self::CutToken => "cut-token",
            Self::Base64 => "base64",
        }
    }

    pub(super) fn message(self) -> &'static str {
        match self {
            Self::Pdf => "This is a PDF document. Ask for the token itself, as text or in a text file.",
            Self::Image => "This is an image. If it shows a QR code, scan it and use its text.",
            Self::Archive => "This is a ZIP file or an office document. Open it, and copy the token out of it.",
            Self::Jwe => "This is an encrypted token (JWE), which only its receiver can decrypt.",
            Self::JsonLd => {
                "This is a JSON-LD credential with a proof. Only credentials that are signed as a JWT or SD-JWT can be verified."
            }
            Self::JsonJws => {
                "This is a signed token as JSON (JWS JSON serialization). Ask for its compact form, which is one line of text."
            }
            Self::WalletLink => "This is a link for a wallet, such as an offer or a request, and no credential.",
            Self::Keys => "This is a key or a set of keys.",
            Self::CutToken => "This is only a part of a token. Copy all of it.",
            Self::Base64 => "This is base64 of something other than a token.",
        }
    }
}

/// A signed token that is not a credential, by the `typ` of its header or by its claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherToken {
    /// An access token (RFC 9068).
    AccessToken,
    /// A proof that its sender has a key (OpenID4VCI, DPoP).
    KeyProof,
    /// The holder's signature of a presentation, without the credential.
    KeyBinding,
    /// An attestation of a wallet or of its keys.
    Attestation,
    StatusList,
    /// A presentation of W3C credentials.
    Presentation,
    /// A request of a verifier or of an OAuth client (RFC 9101).
    Request,
    /// Signed metadata of an issuer (OpenID4VCI).
    Metadata,
}

impl OtherToken {
    /// All kinds.
    pub const ALL: [Self; 8] = [
        Self::AccessToken,
        Self::KeyProof,
        Self::KeyBinding,
        Self::Attestation,
        Self::StatusList,
        Self::Presentation,
        Self::Request,
        Self::Metadata,
    ];

    /// Returns the kind of a token with this `typ`; `None` if it may be a credential.
    pub(crate) fn of_type(typ: &str) -> Option<Self> {
        match media_type(typ).as_str() {
            "at+jwt" => Some(Self::AccessToken),
            "openid4vci-proof+jwt" | "dpop+jwt" => Some(Self::KeyProof),
            "kb+jwt" => Some(Self::KeyBinding),
            "key-attestation+jwt" | "keyattestation+jwt" | "oauth-client-attestation+jwt" => Some(Self::Attestation),
            "statuslist+jwt" => Some(Self::StatusList),
            "vp+jwt" => Some(Self::Presentation),
            "oauth-authz-req+jwt" => Some(Self::Request),
            "openidvci-issuer-metadata+jwt" => Some(Self::Metadata),
            _ => None,
        }
    }

    /// Returns the name, which the page's script uses too.
    pub fn name(self) -> &'static str {
        match self {
            Self::AccessToken => "access-token",
            Self::KeyProof => "key-proof",
            Self::KeyBinding => "key-binding",
            Self::Attestation => "attestation",
            Self::StatusList => "status-list",
            Self::Presentation => "presentation",
            Self::Request => "request",
            Self::Metadata => "metadata",
        }
    }

    pub(super) fn message(self) -> &'static str {
        match self {
            Self::AccessToken => "an access token, which lets an app use an API. Do not pass it on",
            Self::KeyProof => "a proof that an app has a key",
            Self::KeyBinding => "the holder's signature of a presentation. Ask for the whole presentation",
            Self::Attestation => "an attestation of a wallet or of its keys",
            Self::StatusList => "a status list. Send the credential that refers to it",
            Self::Presentation => "a presentation of W3C credentials. Send one of the credentials in it",
            Self::Request => "a request, such as one to a wallet",
            Self::Metadata => "metadata of an issuer",
        }
    }
}
