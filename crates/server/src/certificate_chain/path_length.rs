//! The path length of trust anchors (RFC 5280, section 6.1.4, steps l and m).
//!
//! rustls-webpki applies the name constraints of an anchor, but not its path length.

use rustls::pki_types::{CertificateDer, TrustAnchor};
use webpki::{Error, VerifiedPath, anchor_from_trusted_cert};
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// Returns an anchor, and how many authorities may be below it if that is limited.
pub(super) fn limited<'a>(der: &'a CertificateDer<'static>) -> Option<(TrustAnchor<'a>, Option<u32>)> {
    let (_, certificate) = X509Certificate::from_der(der.as_ref()).ok()?;
    let constraints = certificate.basic_constraints().ok()?;
    let limit = constraints.and_then(|constraints| constraints.value.path_len_constraint);
    Some((anchor_from_trusted_cert(der).ok()?, limit))
}

/// Checks that the anchor of a path allows as many authorities below it as the path has.
pub(super) fn require(
    path: &VerifiedPath<'_>,
    anchors: &[TrustAnchor<'_>],
    limits: &[Option<u32>],
) -> Result<(), Error> {
    // Self-issued certificates do not count.
    let below = path.intermediate_certificates().filter(|authority| authority.issuer() != authority.subject()).count();
    let allows = |limit: &Option<u32>| limit.is_none_or(|limit| u32::try_from(below).is_ok_and(|below| below <= limit));
    // An authority may have several certificates for one key.
    let is_allowed = anchors.iter().zip(limits).any(|(anchor, limit)| anchor == path.anchor() && allows(limit));
    if is_allowed { Ok(()) } else { Err(Error::PathLenConstraintViolated) }
}
