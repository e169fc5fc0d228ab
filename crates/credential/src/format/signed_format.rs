//! The formats, with their names in the standards.

use std::str::FromStr;

/// A signed format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// SD-JWT VC (draft-ietf-oauth-sd-jwt-vc-19).
    SdJwtVc,
    /// W3C Verifiable Credential 2.0 as a JWT (VC-JOSE-COSE). Achievements are Open Badges 3.0.
    VcJwt,
    /// W3C Verifiable Credential 1.1 as a JWT (OpenID4VCI 1.0, appendix A.1.1).
    JwtVcJson,
}

impl Format {
    /// All formats. The first is the default for wallets that do not choose.
    pub const ALL: [Self; 3] = [Self::SdJwtVc, Self::VcJwt, Self::JwtVcJson];

    /// Returns the format identifier of OpenID4VCI 1.0 (appendix A), which is also the end of
    /// configuration ids. The standard has none for `vc+jwt`, and recommends the media type
    /// (D-252).
    pub fn name(self) -> &'static str {
        match self {
            Self::SdJwtVc => "dc+sd-jwt",
            Self::VcJwt => "vc+jwt",
            Self::JwtVcJson => "jwt_vc_json",
        }
    }

    /// Returns the `typ` of the JWT header.
    pub fn typ(self) -> &'static str {
        match self {
            Self::SdJwtVc => "dc+sd-jwt",
            Self::VcJwt => "vc+jwt",
            Self::JwtVcJson => "JWT",
        }
    }

    pub fn media_type(self) -> &'static str {
        match self {
            Self::SdJwtVc => "application/dc+sd-jwt",
            Self::VcJwt => "application/vc+jwt",
            Self::JwtVcJson => "application/jwt",
        }
    }
}

impl FromStr for Format {
    type Err = UnknownFormatError;

    fn from_str(name: &str) -> Result<Self, UnknownFormatError> {
        Self::ALL.into_iter().find(|format| format.name() == name).ok_or(UnknownFormatError)
    }
}

/// The name is not a format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be dc+sd-jwt, vc+jwt or jwt_vc_json")]
pub struct UnknownFormatError;
