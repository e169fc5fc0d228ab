//! Trusted issuers: this server, and those that the operator lists.
//!
//! An issuer's keys are in the list, or in a certificate in the credential's header. Such a
//! certificate must chain to an authority of the list and name the issuer (SD-JWT VC, section 3.5;
//! HAIP 1.0, section 6.1.1). Keys are never fetched from an address in the credential.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use credential::Type;
use credential::key::{Algorithm, PublicKey};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, UnixTime};
use serde::Deserialize;
use serde_json::Value;
use url::Url;
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert, aws_lc_rs};

use crate::config::Openid4vp;
use ambient::Timestamp;

/// The issuers that are trusted in addition to this server.
#[derive(Clone, Debug, Default)]
pub struct TrustedIssuers {
    issuers: BTreeMap<String, TrustedIssuer>,
    anchors: Vec<CertificateDer<'static>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TrustedIssuer {
    #[serde(default)]
    jwks: Value,
    /// The `vct` values of each type that the issuer may issue. If empty, it may issue every type
    /// in Tenure's own format.
    #[serde(default)]
    types: BTreeMap<String, Vec<String>>,
}

impl TrustedIssuer {
    fn vct_values(&self, address: &str, credential_type: Type) -> Vec<String> {
        if self.types.is_empty() {
            return vec![credential::format::sd_jwt_vc::vct(credential_type, address)];
        }
        self.types.get(credential_type.name()).cloned().unwrap_or_default()
    }
}

impl TrustedIssuers {
    /// Reads the trusted issuers from the settings.
    ///
    /// # Errors
    /// A file cannot be read, an issuer has no key and there is no trust anchor, or a type is
    /// unknown. The message is for the operator.
    pub fn read(settings: &Openid4vp) -> Result<Self, String> {
        let mut anchors = Vec::new();
        if let Some(path) = &settings.trust_anchors {
            let refused =
                |error: &dyn std::fmt::Display| format!("openid4vp.trust_anchors, {}: {error}", path.display());
            for anchor in CertificateDer::pem_file_iter(path).map_err(|error| refused(&error))? {
                let anchor = anchor.map_err(|error| refused(&error))?;
                anchor_from_trusted_cert(&anchor).map_err(|error| refused(&error))?;
                anchors.push(anchor);
            }
        }
        let Some(path) = &settings.trusted_issuers else { return Ok(Self { issuers: BTreeMap::new(), anchors }) };
        let refused = |what: String| format!("openid4vp.trusted_issuers, {}: {what}", path.display());
        let text = std::fs::read(path).map_err(|error| refused(error.to_string()))?;
        let issuers: BTreeMap<String, TrustedIssuer> =
            serde_json::from_slice(&text).map_err(|error| refused(error.to_string()))?;
        for (address, issuer) in &issuers {
            let has_keys = !credential::verification::keys_of(&issuer.jwks).is_empty();
            if !has_keys && (anchors.is_empty() || !issuer.jwks.is_null()) {
                return Err(refused(format!(
                    "{address} has no P-256 or Ed25519 key, and no trust anchor to verify its certificates"
                )));
            }
            if let Some(name) = issuer.types.keys().find(|name| name.parse::<Type>().is_err()) {
                return Err(refused(format!("{address} lists the unknown credential type '{name}'")));
            }
        }
        Ok(Self { issuers, anchors })
    }

    /// Returns the `vct` values with which trusted issuers issue a type.
    pub fn vct_values(&self, credential_type: Type) -> Vec<String> {
        self.issuers.iter().flat_map(|(address, issuer)| issuer.vct_values(address, credential_type)).collect()
    }

    /// Whether an issuer is trusted to issue a type with this `vct`.
    pub fn issues(&self, issuer: &str, credential_type: Type, vct: &str) -> bool {
        let trusted = self.issuers.get(issuer);
        trusted.is_some_and(|trusted| trusted.vct_values(issuer, credential_type).iter().any(|known| known == vct))
    }

    /// Returns the keys with which an issuer may have signed a token whose header contains `x5c`;
    /// `None` if the issuer is not trusted.
    ///
    /// # Errors
    /// The certificate is invalid.
    pub fn keys(
        &self,
        issuer: &str,
        x5c: Option<&Value>,
        now: Timestamp,
    ) -> Result<Option<Vec<(String, PublicKey)>>, String> {
        let Some(trusted) = self.issuers.get(issuer) else { return Ok(None) };
        let listed = credential::verification::keys_of(&trusted.jwks);
        match x5c {
            Some(x5c) if listed.is_empty() => {
                self.certified(issuer, x5c, now).map(|key| Some(vec![(String::new(), key)]))
            }
            _ if listed.is_empty() => Err("the token has no certificate (x5c)".to_owned()),
            _ => Ok(Some(listed)),
        }
    }

    /// Returns the key of a certificate chain, leaf first, if a trust anchor verifies it and it
    /// names the issuer.
    fn certified(&self, issuer: &str, x5c: &Value, now: Timestamp) -> Result<PublicKey, String> {
        let refused = |error: webpki::Error| format!("its certificate is invalid: {error}");
        let read = |text: &Value| text.as_str().and_then(|text| STANDARD.decode(text).ok()).map(CertificateDer::from);
        let chain: Option<Vec<CertificateDer<'static>>> =
            x5c.as_array().and_then(|chain| chain.iter().map(read).collect());
        let chain = chain.filter(|chain| (1..=8).contains(&chain.len())).ok_or("x5c is not a chain of certificates")?;
        let (leaf, between) = chain.split_first().ok_or("x5c is empty")?;
        let leaf = EndEntityCert::try_from(leaf).map_err(refused)?;
        let anchors: Vec<_> = self.anchors.iter().filter_map(|anchor| anchor_from_trusted_cert(anchor).ok()).collect();
        let seconds = std::time::Duration::from_secs(u64::try_from(now.seconds()).unwrap_or(0));
        leaf.verify_for_usage(
            &[aws_lc_rs::ECDSA_P256_SHA256, aws_lc_rs::ED25519],
            &anchors,
            between,
            UnixTime::since_unix_epoch(seconds),
            // No extended key usage is registered for issuer certificates yet.
            KeyUsage::required_if_present(ANY_PURPOSE),
            None,
            None,
        )
        .map_err(refused)?;
        let host = issuer.parse::<Url>().ok().and_then(|url| url.domain().map(ToOwned::to_owned));
        let is_named = leaf.valid_uri_names().any(|name| name == issuer)
            || host.is_some_and(|host| leaf.valid_dns_names().any(|name| name == host));
        if !is_named {
            return Err("its certificate belongs to another issuer".to_owned());
        }
        public_key(leaf.subject_public_key_info().as_ref())
            .ok_or_else(|| "its certificate has an unsupported key".to_owned())
    }
}

/// anyExtendedKeyUsage (RFC 5280, section 4.2.1.12): 2.5.29.37.0.
const ANY_PURPOSE: &[u8] = &[0x55, 0x1d, 0x25, 0x00];

/// Parses a SubjectPublicKeyInfo with a P-256 (RFC 5480) or Ed25519 (RFC 8410) key. Both end with
/// the key itself.
fn public_key(info: &[u8]) -> Option<PublicKey> {
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
