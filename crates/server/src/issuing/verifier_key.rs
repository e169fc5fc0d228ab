//! The key that signs verification requests to wallets. It authenticates the server to them, in a
//! certificate signed by the authority.
//!
//! A new key is created only when the server's host changes. It is separate from the keys that sign
//! credentials, since its signatures attest nothing about a person. It is always ES256, the
//! algorithm that every wallet supports (HAIP 1.0, section 7).

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use credential::encoding::sha256;
use credential::jws;
use credential::key::{Algorithm, PublicKey, SignError, SoftwareKey};
use serde_json::Value;
use url::Host;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::certificates;
use super::issuer_keys::{IssuerKeys, new_key, software};
use crate::config::Config;
use crate::keys::{Keyring, Purpose, SigningKey};
use ambient::Rng;
use ambient::Timestamp;
use store::StoreError;

/// The key and its identifiers.
#[derive(Clone, Debug)]
pub struct VerifierKey {
    /// Id of the key in the DID document.
    pub kid: String,
    /// The authority's key identifier, in base64url. Wallets use it to find credentials issued
    /// under our authority (OpenID4VP 1.0, section 6.1.1.1).
    pub authority: String,
    certificate: Vec<u8>,
    key: SoftwareKey,
}

impl VerifierKey {
    /// Loads the key whose certificate names the server's host, and creates it if there is none.
    ///
    /// # Errors
    /// The key ring cannot be used.
    pub async fn open(
        ring: &Keyring,
        keys: &IssuerKeys,
        config: &Config,
        rng: &Rng,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let (purpose, address) = (Purpose::Request, config.base());
        let host = config.server.base_url.host().map(|host| host.to_owned());
        let host = host.ok_or_else(|| StoreError::Broken("the base URL has no host name".to_owned()))?;
        let authority = keys.authority(now).await?;
        let is_missing = |stored: &[SigningKey]| !stored.iter().any(|key| names(key, &host));
        let make = || {
            let (id, secret, key) = new_key(Algorithm::Es256, rng)?;
            let serial = rng.bytes::<16>();
            let certificate = certificates::certify_verifier(&key, address, &host, &serial, &authority, now)?;
            Ok(SigningKey { id, purpose, created_at: now, secret, certificate: Some(certificate) })
        };
        let stored = ring.signing_keys_or_new(purpose, is_missing, make).await?;
        let found = stored.into_iter().rev().find(|key| names(key, &host));
        let found = found.ok_or_else(|| StoreError::corrupt_row("signing_key", "gone at once"))?;
        Ok(Self {
            kid: found.id.clone(),
            authority: URL_SAFE_NO_PAD.encode(certificates::authority_identifier(&authority, address)?),
            key: software(&found, Algorithm::Es256)?,
            certificate: found.certificate.unwrap_or_default(),
        })
    }

    /// Returns the certificate for the header `x5c`: only the key's own, without the trust anchor
    /// (HAIP 1.0, section 5).
    pub fn x5c(&self) -> [String; 1] {
        [STANDARD.encode(&self.certificate)]
    }

    /// Returns the certificate's hash for the client identifier prefix `x509_hash` (OpenID4VP 1.0,
    /// section 5.9.3).
    pub fn hash(&self) -> String {
        URL_SAFE_NO_PAD.encode(sha256(&self.certificate))
    }

    pub fn public(&self) -> &PublicKey {
        self.key.public()
    }

    /// Signs `payload` with `header`.
    ///
    /// # Errors
    /// See [`SignError`].
    pub fn sign(&self, header: &Value, payload: &Value) -> Result<String, SignError> {
        jws::sign(&jws::protected(header), payload.to_string().as_bytes(), &self.key)
    }
}

/// Returns whether the key's certificate names `host`. After a change of the base URL it does not,
/// and a new key is needed.
fn names(key: &SigningKey, host: &Host<String>) -> bool {
    let der = key.certificate.as_deref().unwrap_or_default();
    let Ok((_, certificate)) = X509Certificate::from_der(der) else { return false };
    let Ok(Some(names)) = certificate.subject_alternative_name() else { return false };
    names.value.general_names.iter().any(|name| match (name, host) {
        (GeneralName::DNSName(name), Host::Domain(host)) => name == host,
        (GeneralName::IPAddress(bytes), Host::Ipv4(host)) => *bytes == host.octets(),
        (GeneralName::IPAddress(bytes), Host::Ipv6(host)) => *bytes == host.octets(),
        _ => false,
    })
}
