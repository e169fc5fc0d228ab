//! Why a certificate chain is rejected, in words.

/// Why a chain is rejected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// It is not a list of certificates.
    #[error("it must be a list of one to eight certificates")]
    Length,
    /// A certificate cannot be parsed.
    #[error("a certificate cannot be parsed")]
    Malformed,
    /// The file is binary.
    #[error("it is not a PEM file, which is text")]
    NotText,
    /// The file has a private key.
    #[error("it contains a private key: leave only the certificates in it")]
    PrivateKey,
    /// A certificate is not followed by that of its issuer.
    #[error("the certificates are not in order: each must be followed by the certificate of its issuer")]
    Order,
    /// The first certificate is self-signed.
    #[error("the first certificate is self-signed: an authority must issue it")]
    SelfSigned,
    /// A later certificate is self-signed.
    #[error("it contains the self-signed certificate of the trust anchor: leave that out")]
    AnchorIncluded,
    /// The first certificate belongs to an authority.
    #[error("the first certificate is that of an authority (CA), not of a signing key")]
    Authority,
    /// The key must not sign.
    #[error("the key usage of the first certificate does not include digital signatures")]
    KeyUsage,
    /// The key has another algorithm.
    #[error("the key of the first certificate is neither P-256 nor Ed25519")]
    UnsupportedKey,
    /// A certificate has expired.
    #[error("a certificate has expired")]
    Expired,
    /// A certificate is not valid yet.
    #[error("a certificate is not valid yet")]
    NotYetValid,
    /// The chain does not lead to a trust anchor.
    #[error("it does not lead to a trust anchor")]
    Untrusted,
    /// A certificate is not signed by the next one.
    #[error("a certificate is not signed by the next one")]
    Unlinked,
    /// A certificate after the first belongs to no authority.
    #[error("a certificate after the first is not that of an authority (CA)")]
    NotAuthority,
    /// The key of a certificate after the first must not sign certificates.
    #[error("the key usage of a certificate after the first does not include signing certificates (keyCertSign)")]
    KeyCertSign,
    /// More authorities are below a certificate than it allows.
    #[error("a certificate allows fewer authorities below it (path length)")]
    PathLength,
    /// Another rule of path validation.
    #[error("{0}")]
    Path(&'static str),
}

impl From<webpki::Error> for ChainError {
    fn from(error: webpki::Error) -> Self {
        match error {
            webpki::Error::CertExpired { .. } => Self::Expired,
            webpki::Error::CertNotValidYet { .. } => Self::NotYetValid,
            // An anchor of the same name with another key is another anchor.
            webpki::Error::UnknownIssuer | webpki::Error::InvalidSignatureForPublicKey => Self::Untrusted,
            webpki::Error::CaUsedAsEndEntity => Self::Authority,
            webpki::Error::EndEntityUsedAsCa => Self::NotAuthority,
            webpki::Error::PathLenConstraintViolated => Self::PathLength,
            webpki::Error::NameConstraintViolation => {
                Self::Path("a certificate has a name that its authority must not certify (name constraints)")
            }
            webpki::Error::UnsupportedCriticalExtension => {
                Self::Path("a certificate has a critical extension that is not supported")
            }
            webpki::Error::SignatureAlgorithmMismatch
            | webpki::Error::UnsupportedSignatureAlgorithmContext(_)
            | webpki::Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => {
                Self::Path("a certificate is signed with an algorithm that is not supported")
            }
            webpki::Error::BadDer
            | webpki::Error::BadDerTime
            | webpki::Error::EmptyEkuExtension
            | webpki::Error::ExtensionValueInvalid
            | webpki::Error::InvalidCertValidity
            | webpki::Error::InvalidSerialNumber
            | webpki::Error::MalformedExtensions
            | webpki::Error::TrailingData(_)
            | webpki::Error::UnsupportedCertVersion => Self::Malformed,
            _ => Self::Path("it does not pass path validation (RFC 5280, section 6)"),
        }
    }
}
