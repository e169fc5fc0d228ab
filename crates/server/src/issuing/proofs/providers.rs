//! Wallet providers that the operator trusts: by their keys, or by the authorities of their
//! certificates.

use std::path::Path;

use credential::jws::Jws;
use credential::key::PublicKey;
use credential::verification::{decode_text, keys_of, why_no_key};

use crate::certificate_chain::{Chain, TrustAnchors};
use crate::config::Oid4vci;
use crate::reloaded::Reloaded;
use ambient::Timestamp;

/// The trusted wallet providers. Their files are read again when they change.
#[derive(Debug)]
pub struct WalletProviders {
    settings: Oid4vci,
    trusted: Reloaded<Trusted>,
}

/// The content of the files.
#[derive(Debug, PartialEq)]
struct Trusted {
    /// Keys with their ids.
    keys: Vec<(String, PublicKey)>,
    anchors: TrustAnchors,
}

impl Trusted {
    fn read(settings: &Oid4vci, now: Timestamp) -> Result<Self, String> {
        let (keys, anchors) = (&settings.trusted_wallet_providers_file, &settings.wallet_trust_anchors_file);
        if settings.attestation_required && keys.is_none() && anchors.is_none() {
            return Err("oid4vci.attestation_required needs oid4vci.trusted_wallet_providers_file, a file with the \
                        JWK Set of the providers, or oid4vci.wallet_trust_anchors_file, a PEM file with the \
                        certificates of their authorities"
                .to_owned());
        }
        let refused = |setting: &str, path: &Path, what: &str| format!("oid4vci.{setting}: {}: {what}", path.display());
        let mut trusted = Self { keys: Vec::new(), anchors: TrustAnchors::default() };
        if let Some(path) = keys {
            let refused = |what: &str| refused("trusted_wallet_providers_file", path, what);
            let bytes = std::fs::read(path).map_err(|error| refused(&error.to_string()))?;
            let text = decode_text(&bytes).ok_or_else(|| refused("it is not text in UTF-8 or UTF-16"))?;
            let jwks = serde_json::from_str(&text).map_err(|error| refused(&error.to_string()))?;
            trusted.keys = keys_of(&jwks);
            if trusted.keys.is_empty() {
                return Err(refused(&why_no_key(&jwks)));
            }
        }
        if let Some(path) = anchors {
            let refused = |what: &str| refused("wallet_trust_anchors_file", path, what);
            let pem = std::fs::read(path).map_err(|error| refused(&error.to_string()))?;
            trusted.anchors = TrustAnchors::from_pem(&pem, now).map_err(|error| refused(&error))?;
        }
        Ok(trusted)
    }
}

impl WalletProviders {
    /// Reads the providers from the files in the settings.
    ///
    /// # Errors
    /// A file cannot be read or has nothing usable, or attestation is required without a file. The
    /// message is for the operator.
    pub fn read(settings: &Oid4vci, now: Timestamp) -> Result<Self, String> {
        let trusted = Trusted::read(settings, now)?;
        let names = "oid4vci.trusted_wallet_providers_file, oid4vci.wallet_trust_anchors_file";
        Ok(Self { settings: settings.clone(), trusted: Reloaded::new(names, trusted) })
    }

    /// Reads the files again.
    pub fn reload(&self, now: Timestamp) {
        self.trusted.replace(Trusted::read(&self.settings, now));
    }

    /// Returns whether the files are invalid, so that their earlier content is used.
    pub fn is_stale(&self) -> bool {
        self.trusted.is_stale()
    }

    /// Returns whether no provider is trusted. Attestations are then not advertised: wallets that
    /// find them choose or require them, and fail.
    pub fn is_empty(&self) -> bool {
        self.settings.trusted_wallet_providers_file.is_none() && self.settings.wallet_trust_anchors_file.is_none()
    }

    /// Returns how many keys and authorities are trusted, in words.
    pub fn summary(&self) -> String {
        let trusted = self.trusted.current();
        format!("{} listed keys, {} authorities", trusted.keys.len(), trusted.anchors.len())
    }

    /// Checks that a trusted provider signed `jws`: with a listed key, or with a key whose
    /// certificate (`x5c`) leads to a trust anchor.
    ///
    /// # Errors
    /// The reason.
    pub(super) fn verify(&self, jws: &Jws<'_>, now: Timestamp) -> Result<(), String> {
        let trusted = self.trusted.current();
        let refusal = match jws.verify_with(&trusted.keys) {
            Ok(_) => return Ok(()),
            Err(refusal) => refusal,
        };
        match jws.header.get("x5c").filter(|_| !trusted.anchors.is_empty()) {
            None => Err(refusal.to_string()),
            Some(x5c) => {
                let leaf = Chain::from_x5c(x5c).and_then(|chain| trusted.anchors.validate(&chain, now));
                let leaf = leaf.map_err(|error| format!("The certificate chain (x5c) is invalid: {error}."))?;
                jws.verify(&leaf.key).map_err(|refusal| refusal.to_string())
            }
        }
    }
}
