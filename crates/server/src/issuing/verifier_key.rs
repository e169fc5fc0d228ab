//! The key that signs questions to wallets, by which they know who asks: one for as long as the server has its address, in a
//! certificate by the authority.
//!
//! It is apart from the keys of credentials: what it signs says nothing of anybody, and it is ES256 whatever they are,
//! since that is what every wallet checks (HAIP 1.0, section 7).

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use credential::encoding::sha256;
use credential::jws;
use credential::key::{Algorithm, CannotSign, PublicKey, SoftwareKey};
use serde_json::Value;
use url::Host;

use super::certificates;
use super::issuer_keys::{IssuerKeys, new_key, software};
use crate::config::Config;
use crate::keys::{Keyring, Purpose, SigningKey};
use ambient::Rng;
use ambient::Timestamp;
use store::StoreError;

/// The key, and what wallets know it by.
#[derive(Clone, Debug)]
pub struct VerifierKey {
    /// Its name in the DID document.
    pub kid: String,
    /// The authority's key identifier, in base64url: credentials under it are ours (OpenID4VP 1.0, section 6.1.1.1).
    pub authority: String,
    certificate: Vec<u8>,
    key: SoftwareKey,
}

impl VerifierKey {
    /// The key of the ring whose certificate names the server's host; made if there is none.
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
        let host = host.ok_or_else(|| StoreError::Broken("the base URL names no host".to_owned()))?;
        let authority = keys.authority(ring, rng, now).await?;
        let is_missing = |stored: &[SigningKey]| !stored.iter().any(|key| names(key, &host));
        let make = || {
            let (id, secret, key) = new_key(Algorithm::Es256, rng)?;
            let serial = rng.bytes::<16>();
            let certificate = certificates::certify_verifier(&key, address, &host, &serial, &authority, now)?;
            Ok(SigningKey { id, purpose, created_at: now, secret, certificate: Some(certificate) })
        };
        let stored = ring.signing_keys_or_new(purpose, is_missing, make).await?;
        let found = stored.into_iter().rev().find(|key| names(key, &host));
        let found = found.ok_or_else(|| StoreError::nonsense("signing_key", "gone at once"))?;
        Ok(Self {
            kid: found.id.clone(),
            authority: URL_SAFE_NO_PAD.encode(certificates::authority_identifier(&authority, address)?),
            key: software(&found, Algorithm::Es256)?,
            certificate: found.certificate.unwrap_or_default(),
        })
    }

    /// The certificate as a header's `x5c` has it: the key's own alone, not the trust anchor (HAIP 1.0, section 5).
    pub fn x5c(&self) -> [String; 1] {
        [STANDARD.encode(&self.certificate)]
    }

    /// The certificate's hash, as the client identifier prefix `x509_hash` has it (OpenID4VP 1.0, section 5.9.3).
    pub fn hash(&self) -> String {
        URL_SAFE_NO_PAD.encode(sha256(&self.certificate))
    }

    /// The public key.
    pub fn public(&self) -> &PublicKey {
        self.key.public()
    }

    /// Signs `payload` under a header.
    ///
    /// # Errors
    /// See [`CannotSign`].
    pub fn sign(&self, header: &Value, payload: &Value) -> Result<String, CannotSign> {
        jws::sign(&jws::protected(header), payload.to_string().as_bytes(), &self.key)
    }
}

/// Whether a key's certificate names the host: a base URL that changed needs a certificate of its own.
fn names(key: &SigningKey, host: &Host<String>) -> bool {
    // A dNSName is an IA5String under the tag [2], an iPAddress an octet string under [7] (RFC 5280, section 4.2.1.6).
    let (tag, name) = match host {
        Host::Domain(name) => (0x82, name.as_bytes().to_vec()),
        Host::Ipv4(address) => (0x87, address.octets().to_vec()),
        Host::Ipv6(address) => (0x87, address.octets().to_vec()),
    };
    let length = u8::try_from(name.len()).unwrap_or(u8::MAX);
    let entry = [&[tag, length], name.as_slice()].concat();
    key.certificate.as_ref().is_some_and(|der| der.windows(entry.len()).any(|window| window == entry))
}
