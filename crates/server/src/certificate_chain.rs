//! Certificate chains (X.509, RFC 5280): their validation against trust anchors, and the keys that
//! they certify.
//!
//! One mechanism serves every chain: those of other issuers and of wallet providers, and the
//! operator's own, whose trust anchor the server does not know.

mod error;
mod lone;
mod path_length;
#[cfg(test)]
mod tests;

use std::time::Duration;

use ambient::Timestamp;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use credential::format::did_web;
use credential::key::{Algorithm, PublicKey};
use credential::verification::decode_text;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, UnixTime};
use serde_json::Value;
use url::Url;
use webpki::{
    ALL_VERIFICATION_ALGS, EndEntityCert, ExtendedKeyUsageValidator, KeyPurposeIdIter, VerifiedPath,
    anchor_from_trusted_cert,
};
use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::{FromDer as _, X509Certificate};

pub use error::ChainError;
pub use lone::LoneCertificate;

/// Maximum number of certificates in a chain.
const MAX_LENGTH: usize = 8;

/// Accepts every extended key usage. None is registered for keys that sign credentials or
/// attestations, so ecosystems choose their own (D-278).
struct AnyPurpose;

impl ExtendedKeyUsageValidator for AnyPurpose {
    fn validate(&self, mut purposes: KeyPurposeIdIter<'_, '_>) -> Result<(), webpki::Error> {
        purposes.try_for_each(|purpose| purpose.map(drop))
    }
}

/// A certificate chain, the certificate of the signing key first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain(Vec<CertificateDer<'static>>);

/// What the first certificate of a chain says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// The certified key.
    pub key: PublicKey,
    /// The key identifier of the authority that issued it, if the certificate names it.
    pub authority: Option<Vec<u8>>,
    uris: Vec<String>,
    hosts: Vec<String>,
}

impl Leaf {
    /// Returns whether the certificate names the server at `address`, a URL or a did:web: by that
    /// URL, or by its host (D-405).
    pub fn names(&self, address: &str) -> bool {
        let is_web = |name: &str| name.starts_with("https://") || name.starts_with("http://");
        self.uris.iter().any(|name| name == address || is_web(name) && did_web(name) == address)
            || host(address).is_some_and(|host| self.hosts.iter().any(|name| name.eq_ignore_ascii_case(&host)))
    }

    /// Returns the address of the server that the certificate names: a URL, or that of its host.
    /// Returns `None` if it names none, or several.
    pub fn only_address(&self) -> Option<String> {
        let address = match (self.uris.as_slice(), self.hosts.as_slice()) {
            ([uri], _) => uri.clone(),
            ([], [host]) if !host.contains('*') => format!("https://{}", host.to_ascii_lowercase()),
            _ => return None,
        };
        let host = address.parse::<Url>().ok()?.domain()?.to_owned();
        self.hosts.iter().all(|name| name.eq_ignore_ascii_case(&host)).then_some(address)
    }
}

impl Chain {
    fn new(certificates: Vec<CertificateDer<'static>>) -> Result<Self, ChainError> {
        if (1..=MAX_LENGTH).contains(&certificates.len()) { Ok(Self(certificates)) } else { Err(ChainError::Length) }
    }

    /// Reads the header `x5c` (RFC 7515, section 4.1.6).
    ///
    /// # Errors
    /// [`ChainError::Length`].
    pub fn from_x5c(x5c: &Value) -> Result<Self, ChainError> {
        let certificates = x5c.as_array().filter(|list| list.len() <= MAX_LENGTH).ok_or(ChainError::Length)?;
        let read = |text: &Value| text.as_str().and_then(|text| STANDARD.decode(text).ok()).map(CertificateDer::from);
        Self::new(certificates.iter().map(read).collect::<Option<_>>().ok_or(ChainError::Malformed)?)
    }

    /// Reads a PEM file's text.
    ///
    /// # Errors
    /// [`ChainError::NotText`], [`ChainError::PrivateKey`], [`ChainError::Malformed`],
    /// [`ChainError::Length`].
    pub fn from_pem(pem: &[u8]) -> Result<Self, ChainError> {
        Self::new(certificates(pem)?)
    }

    /// Returns the chain for the header `x5c`.
    pub fn x5c(&self) -> Vec<String> {
        self.0.iter().map(|certificate| STANDARD.encode(certificate)).collect()
    }

    /// Returns the certificate of the signing key, in DER.
    pub fn first(&self) -> &[u8] {
        self.0.first().map(AsRef::as_ref).unwrap_or_default()
    }

    /// Returns when the first of the certificates expires.
    pub fn valid_until(&self) -> Option<Timestamp> {
        let ends = self.0.iter().filter_map(|der| Some(parse(der).ok()?.validity().not_after.timestamp()));
        ends.min().map(|seconds| Timestamp::from_micros(seconds.saturating_mul(1_000_000)))
    }

    /// Checks the order of the chain and the form of its first certificate, and no signature.
    fn leaf(&self) -> Result<Leaf, ChainError> {
        let parsed = self.0.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
        let (first, der) = parsed.first().zip(self.0.first()).ok_or(ChainError::Length)?;
        if first.is_ca() {
            return Err(ChainError::Authority);
        }
        if is_self_signed(first, der) {
            return Err(ChainError::SelfSigned);
        }
        if parsed.windows(2).any(|pair| pair[0].issuer().as_raw() != pair[1].subject().as_raw()) {
            return Err(ChainError::Order);
        }
        require_certifying(parsed.get(1..).unwrap_or_default())?;
        match first.key_usage() {
            Ok(Some(usage)) if !usage.value.digital_signature() => return Err(ChainError::KeyUsage),
            Ok(_) => {}
            Err(_) => return Err(ChainError::Malformed),
        }
        let entity = EndEntityCert::try_from(der)?;
        Ok(Leaf {
            key: public_key(entity.subject_public_key_info().as_ref()).ok_or(ChainError::UnsupportedKey)?,
            authority: first.iter_extensions().find_map(|extension| match extension.parsed_extension() {
                ParsedExtension::AuthorityKeyIdentifier(found) => {
                    found.key_identifier.as_ref().map(|identifier| identifier.0.to_vec())
                }
                _ => None,
            }),
            uris: entity.valid_uri_names().map(ToOwned::to_owned).collect(),
            hosts: entity.valid_dns_names().map(ToOwned::to_owned).collect(),
        })
    }

    /// Validates a chain of which only the other side knows the trust anchor: its form, validity at
    /// `now` and, from certificate to certificate, its signatures.
    ///
    /// # Errors
    /// See [`ChainError`].
    pub fn validate(&self, now: Timestamp) -> Result<Leaf, ChainError> {
        let leaf = self.leaf()?;
        for (at, der) in self.0.iter().enumerate() {
            let certificate = parse(der)?;
            if at > 0 && is_self_signed(&certificate, der) {
                return Err(ChainError::AnchorIncluded);
            }
            if at > 0 && !certificate.is_ca() {
                return Err(ChainError::NotAuthority);
            }
            require_current(&certificate, now)?;
            // The path validation below skips an anchor that it cannot read, and names no reason.
            EndEntityCert::try_from(der)?;
        }
        let Some((last, others)) = self.0.split_last().filter(|(_, others)| !others.is_empty()) else {
            return Ok(leaf);
        };
        let anchor = TrustAnchors(vec![last.clone()]);
        anchor.validate_path(others, now).map_err(|error| match error {
            ChainError::Untrusted => ChainError::Unlinked,
            other => other,
        })?;
        Ok(leaf)
    }

    /// Returns the key identifier of the authority of the first certificate in base64url, as in
    /// DCQL's `trusted_authorities` (OpenID4VP 1.0, section 6.1.1.1).
    pub fn authority(&self) -> Option<String> {
        self.leaf().ok().and_then(|leaf| leaf.authority).map(|identifier| URL_SAFE_NO_PAD.encode(identifier))
    }
}

/// Certificates of authorities that an operator trusts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustAnchors(Vec<CertificateDer<'static>>);

impl TrustAnchors {
    /// Reads a PEM file's text.
    ///
    /// # Errors
    /// It has no certificate, or one that cannot be a trust anchor at `now`. The message is for the
    /// operator.
    pub fn from_pem(pem: &[u8], now: Timestamp) -> Result<Self, String> {
        let anchors = certificates(pem).map_err(|error| error.to_string())?;
        if anchors.is_empty() {
            return Err("the file contains no certificate (PEM)".to_owned());
        }
        for anchor in &anchors {
            require_anchor(anchor, now)?;
        }
        Ok(Self(anchors))
    }

    /// Reads the certificates of authorities among those in a PEM file's text. There may be none.
    ///
    /// # Errors
    /// One of them cannot be a trust anchor at `now`. The message is for the user.
    pub fn among(pem: &[u8], now: Timestamp) -> Result<Self, String> {
        let mut found = certificates(pem).map_err(|error| error.to_string())?;
        found.retain(is_authority);
        found.iter().try_for_each(|anchor| require_anchor(anchor, now))?;
        Ok(Self(found))
    }

    /// Returns the number of authorities.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns whether no authority is trusted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the first certificate of a `chain` that leads to one of these anchors and is valid
    /// at `now`. The anchor itself may be in the chain.
    ///
    /// # Errors
    /// See [`ChainError`].
    pub fn validate(&self, chain: &Chain, now: Timestamp) -> Result<Leaf, ChainError> {
        let leaf = chain.leaf()?;
        self.validate_path(&chain.0, now)?;
        Ok(leaf)
    }

    /// Returns the subject of the anchor to which a `chain` leads; `None` if it leads to none.
    pub fn anchor_of(&self, chain: &Chain, now: Timestamp) -> Option<String> {
        let leads_to = |anchor: &&CertificateDer<'static>| {
            Self(vec![CertificateDer::clone(anchor)]).validate_path(&chain.0, now).is_ok()
        };
        let anchor = self.0.iter().find(leads_to)?;
        parse(anchor).ok().map(|certificate| certificate.subject().to_string())
    }

    fn validate_path(&self, chain: &[CertificateDer<'static>], now: Timestamp) -> Result<(), ChainError> {
        let (leaf, between) = chain.split_first().ok_or(ChainError::Length)?;
        let leaf = EndEntityCert::try_from(leaf)?;
        // An anchor may have expired since its file was read.
        let is_current = |der: &&CertificateDer<'static>| parse(der).is_ok_and(|it| require_current(&it, now).is_ok());
        let (anchors, limits): (Vec<_>, Vec<_>) =
            self.0.iter().filter(is_current).filter_map(path_length::limited).unzip();
        let allows = |path: &VerifiedPath<'_>| path_length::require(path, &anchors, &limits);
        let seconds = Duration::from_secs(u64::try_from(now.seconds()).unwrap_or(0));
        leaf.verify_for_usage(
            ALL_VERIFICATION_ALGS,
            &anchors,
            between,
            UnixTime::since_unix_epoch(seconds),
            AnyPurpose,
            None,
            Some(&allows),
        )?;
        Ok(())
    }
}

/// Returns the host of a URL or of a did:web, in which the colon of a port is percent-encoded
/// (did:web, section 3.2).
fn host(address: &str) -> Option<String> {
    match address.strip_prefix("did:web:") {
        Some(id) => id.split([':', '%']).next().map(ToOwned::to_owned),
        None => address.parse::<Url>().ok()?.domain().map(ToOwned::to_owned),
    }
}

/// Returns the key of a certificate in DER.
pub fn certified_key(der: &[u8]) -> Option<PublicKey> {
    let certificate = CertificateDer::from(der);
    public_key(EndEntityCert::try_from(&certificate).ok()?.subject_public_key_info().as_ref())
}

/// Returns whether a certificate is that of an authority (basicConstraints; RFC 5280, section
/// 4.2.1.9), whose key signs certificates.
pub fn is_authority(der: &CertificateDer<'_>) -> bool {
    parse(der).is_ok_and(|certificate| certificate.is_ca())
}

/// Returns the certificates in a PEM file's text. Other sections are ignored, except private keys,
/// encrypted ones too: such a file is published or passed around by mistake.
fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, ChainError> {
    // The parser does not find a section after a byte order mark.
    let text = decode_text(pem).ok_or(ChainError::NotText)?;
    if text.contains("PRIVATE KEY-----") {
        return Err(ChainError::PrivateKey);
    }
    let text = separated(&text);
    CertificateDer::pem_slice_iter(text.as_bytes()).collect::<Result<_, _>>().map_err(|_| ChainError::Malformed)
}

/// Begins each section of PEM on a line of its own. The parser finds no other ones, so it would
/// skip the second of two files that were joined without a line break.
pub fn separated(pem: &str) -> String {
    pem.replace("-----BEGIN ", "\n-----BEGIN ")
}

/// Checks that each of these authorities, the lowest first, may certify the next lower one: by its
/// key usage, and by how many authorities are below it (RFC 5280, section 6.1.4, steps l to n).
fn require_certifying(authorities: &[X509Certificate<'_>]) -> Result<(), ChainError> {
    let mut below = 0;
    for authority in authorities {
        match authority.key_usage() {
            Ok(Some(usage)) if !usage.value.key_cert_sign() => return Err(ChainError::KeyCertSign),
            Ok(_) => {}
            Err(_) => return Err(ChainError::Malformed),
        }
        let constraints = authority.basic_constraints().map_err(|_| ChainError::Malformed)?;
        let limit = constraints.and_then(|constraints| constraints.value.path_len_constraint);
        if limit.is_some_and(|limit| below > limit) {
            return Err(ChainError::PathLength);
        }
        // Self-issued certificates do not count.
        below += u32::from(authority.issuer().as_raw() != authority.subject().as_raw());
    }
    Ok(())
}

fn require_current(certificate: &X509Certificate<'_>, now: Timestamp) -> Result<(), ChainError> {
    if certificate.validity().not_after.timestamp() < now.seconds() {
        return Err(ChainError::Expired);
    }
    if certificate.validity().not_before.timestamp() > now.seconds() {
        return Err(ChainError::NotYetValid);
    }
    Ok(())
}

/// Checks that a certificate can be a trust anchor. One that is not valid yet can: it verifies
/// nothing until then.
fn require_anchor(der: &CertificateDer<'_>, now: Timestamp) -> Result<(), String> {
    let certificate = parse(der).map_err(|error| error.to_string())?;
    let why = match require_certifying(std::slice::from_ref(&certificate)) {
        Err(ChainError::KeyCertSign) => "must not certify others: its key usage does not include keyCertSign",
        Ok(()) if !certificate.is_ca() => "is not that of an authority (CA)",
        Ok(()) if require_current(&certificate, now) == Err(ChainError::Expired) => "has expired: remove it",
        Ok(()) if anchor_from_trusted_cert(der).is_ok() => return Ok(()),
        _ => "cannot be parsed",
    };
    Err(format!("the certificate of {} {why}", certificate.subject()))
}

fn parse<'a>(der: &'a CertificateDer<'_>) -> Result<X509Certificate<'a>, ChainError> {
    match X509Certificate::from_der(der.as_ref()) {
        Ok(([], certificate)) => Ok(certificate),
        _ => Err(ChainError::Malformed),
    }
}

/// Returns whether a certificate is signed by its own key. Comparing the names is not enough: an
/// authority may have the name of what it certifies.
fn is_self_signed(certificate: &X509Certificate<'_>, der: &CertificateDer<'_>) -> bool {
    let is_self_issued = certificate.issuer().as_raw() == certificate.subject().as_raw();
    let (message, signature) = (certificate.tbs_certificate.as_ref(), &certificate.signature_value.data);
    let is_signed_by = |entity: EndEntityCert<'_>| {
        ALL_VERIFICATION_ALGS.iter().any(|algorithm| entity.verify_signature(*algorithm, message, signature).is_ok())
    };
    is_self_issued && EndEntityCert::try_from(der).is_ok_and(is_signed_by)
}

/// Parses a SubjectPublicKeyInfo with a P-256 (RFC 5480) or Ed25519 (RFC 8410) key. Both end with
/// the key itself.
pub fn public_key(info: &[u8]) -> Option<PublicKey> {
    const P256: &[u8] = &[
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
        0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
    ];
    const ED25519: &[u8] = &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
    match (info.strip_prefix(P256), info.strip_prefix(ED25519)) {
        (Some(point), _) => PublicKey::from_bytes(Algorithm::Es256, point),
        (_, Some(key)) => PublicKey::from_bytes(Algorithm::EdDsa, key),
        _ => None,
    }
}
