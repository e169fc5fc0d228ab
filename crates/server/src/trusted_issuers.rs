//! Trusted issuers: this server, and those that the operator lists.
//!
//! An issuer's keys are in the list, or in a certificate in the credential's header. Such a
//! certificate must chain to an authority of the list and name the issuer (SD-JWT VC, section 3.5;
//! HAIP 1.0, section 6.1.1). Keys are never fetched from an address in the credential.

use std::collections::BTreeMap;

use credential::Type;
use credential::key::PublicKey;
use credential::verification::decode_text;
use serde::Deserialize;
use serde_json::Value;

use crate::certificate_chain::{Chain, TrustAnchors};
use crate::config::Openid4vp;
use crate::reloaded::Reloaded;
use ambient::Timestamp;

/// The issuers that are trusted in addition to this server. Their files are read again when they
/// change.
#[derive(Debug)]
pub struct TrustedIssuers {
    settings: Openid4vp,
    listed: Reloaded<Listed>,
}

/// Why an issuer is trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrustSource {
    /// The operator lists its keys.
    ListedKey,
    /// Its certificate leads to an authority that the operator trusts.
    Chain {
        /// The subject of the authority's certificate.
        anchor: String,
    },
}

/// The content of the files.
#[derive(Debug, PartialEq)]
struct Listed {
    issuers: BTreeMap<String, TrustedIssuer>,
    anchors: TrustAnchors,
}

#[derive(Debug, PartialEq, Deserialize)]
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
            return credential::format::sd_jwt_vc::requested_vcts(credential_type, address);
        }
        self.types.get(credential_type.name()).cloned().unwrap_or_default()
    }
}

impl Listed {
    fn read(settings: &Openid4vp, now: Timestamp) -> Result<Self, String> {
        let mut anchors = TrustAnchors::default();
        if let Some(path) = &settings.trust_anchors {
            let refused = |what: String| format!("openid4vp.trust_anchors, {}: {what}", path.display());
            let pem = std::fs::read(path).map_err(|error| refused(error.to_string()))?;
            anchors = TrustAnchors::from_pem(&pem, now).map_err(refused)?;
        }
        let Some(path) = &settings.trusted_issuers else { return Ok(Self { issuers: BTreeMap::new(), anchors }) };
        let refused = |what: String| format!("openid4vp.trusted_issuers, {}: {what}", path.display());
        let bytes = std::fs::read(path).map_err(|error| refused(error.to_string()))?;
        let text = decode_text(&bytes).ok_or_else(|| refused("it is not text in UTF-8 or UTF-16".to_owned()))?;
        let issuers: BTreeMap<String, TrustedIssuer> =
            serde_json::from_str(&text).map_err(|error| refused(error.to_string()))?;
        for (address, issuer) in &issuers {
            let has_keys = !credential::verification::keys_of(&issuer.jwks).is_empty();
            if !has_keys && (anchors.is_empty() || !issuer.jwks.is_null()) {
                let why = credential::verification::why_no_key(&issuer.jwks);
                return Err(refused(format!("{address}: no trust anchor verifies its certificates, and {why}")));
            }
            if let Some(name) = issuer.types.keys().find(|name| name.parse::<Type>().is_err()) {
                return Err(refused(format!("{address} lists the unknown credential type '{name}'")));
            }
        }
        Ok(Self { issuers, anchors })
    }

    /// Returns the key of a certificate chain, if a trust anchor verifies it and it names the
    /// issuer.
    fn certified(&self, issuer: &str, x5c: &Value, now: Timestamp) -> Result<PublicKey, String> {
        let leaf = Chain::from_x5c(x5c).and_then(|chain| self.anchors.validate(&chain, now));
        let leaf = leaf.map_err(|error| format!("its certificate is invalid: {error}"))?;
        if leaf.names(issuer) { Ok(leaf.key) } else { Err("its certificate belongs to another issuer".to_owned()) }
    }
}

impl TrustedIssuers {
    /// Reads the trusted issuers from the files in the settings.
    ///
    /// # Errors
    /// A file cannot be read, an issuer has no key and there is no trust anchor, or a type is
    /// unknown. The message is for the operator.
    pub fn read(settings: &Openid4vp, now: Timestamp) -> Result<Self, String> {
        let listed = Listed::read(settings, now)?;
        let names = "openid4vp.trusted_issuers, openid4vp.trust_anchors";
        Ok(Self { settings: settings.clone(), listed: Reloaded::new(names, listed) })
    }

    /// Reads the files again.
    pub fn reload(&self, now: Timestamp) {
        self.listed.replace(Listed::read(&self.settings, now));
    }

    /// Returns whether the files are invalid, so that their earlier content is used.
    pub fn is_stale(&self) -> bool {
        self.listed.is_stale()
    }

    /// Returns the `vct` values with which trusted issuers issue a type.
    pub fn vct_values(&self, credential_type: Type) -> Vec<String> {
        let listed = self.listed.current();
        listed.issuers.iter().flat_map(|(address, issuer)| issuer.vct_values(address, credential_type)).collect()
    }

    /// Whether an issuer is trusted to issue a type with this `vct`.
    pub fn issues(&self, issuer: &str, credential_type: Type, vct: &str) -> bool {
        let listed = self.listed.current();
        let trusted = listed.issuers.get(issuer);
        trusted.is_some_and(|trusted| trusted.vct_values(issuer, credential_type).iter().any(|known| known == vct))
    }

    /// Returns the listed issuer that the certificate of a token without `iss` names, if it leads
    /// to a trust anchor (D-277). Returns `None` if it names several of them.
    pub fn certified_issuer(&self, x5c: &Value, now: Timestamp) -> Option<String> {
        let listed = self.listed.current();
        let leaf = listed.anchors.validate(&Chain::from_x5c(x5c).ok()?, now).ok()?;
        let has_no_keys = |issuer: &TrustedIssuer| credential::verification::keys_of(&issuer.jwks).is_empty();
        // The issuer may also be listed as a did:web, for its W3C credentials.
        let is_url = |address: &str| !address.starts_with("did:");
        let may_be_named = |(address, issuer): &(&String, &TrustedIssuer)| is_url(address) && has_no_keys(issuer);
        let named = listed.issuers.iter().filter(may_be_named).filter(|(address, _)| leaf.names(address));
        match named.map(|(address, _)| address).collect::<Vec<_>>().as_slice() {
            [only] => Some((*only).clone()),
            _ => None,
        }
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
        let listed = self.listed.current();
        let Some(trusted) = listed.issuers.get(issuer) else { return Ok(None) };
        let keys = credential::verification::keys_of(&trusted.jwks);
        match x5c {
            Some(x5c) if keys.is_empty() => {
                listed.certified(issuer, x5c, now).map(|key| Some(vec![(String::new(), key)]))
            }
            _ if keys.is_empty() => Err("the token has no certificate (x5c)".to_owned()),
            _ => Ok(Some(keys)),
        }
    }

    /// Returns why a token of an issuer is trusted that was verified with one of its
    /// [`keys`](Self::keys); `None` if the issuer is no longer trusted.
    pub fn source(&self, issuer: &str, x5c: Option<&Value>, now: Timestamp) -> Option<TrustSource> {
        let listed = self.listed.current();
        let trusted = listed.issuers.get(issuer)?;
        if !credential::verification::keys_of(&trusted.jwks).is_empty() {
            return Some(TrustSource::ListedKey);
        }
        let chain = Chain::from_x5c(x5c?).ok()?;
        listed.anchors.anchor_of(&chain, now).map(|anchor| TrustSource::Chain { anchor })
    }
}
