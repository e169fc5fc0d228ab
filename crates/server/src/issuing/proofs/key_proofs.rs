//! Key proofs: a wallet proves possession of the keys that its credentials will be bound to
//! (OpenID4VCI 1.0, appendix F).

use credential::encoding::sha256;
use credential::jws::Jws;
use credential::key::PublicKey;
use serde_json::Value;

use super::attestation::AttestedKeys;
use super::verifier::{ProofError, ProofVerifier};
use crate::issuing::nonces::NoncePurpose;

/// The proof types that are supported.
pub const PROOF_TYPES: [&str; 2] = ["jwt", "attestation"];

/// Maximum number of keys in one request. Each gets one credential.
pub const MAX_KEYS: usize = 10;

/// The keys that a request proves possession of.
#[derive(Clone, Debug, Default)]
pub struct ProvedKeys {
    /// The keys, in the order of the proofs.
    pub keys: Vec<PublicKey>,
    /// SHA-256 of each used nonce, without duplicates.
    pub nonces: Vec<[u8; 32]>,
}

impl ProofVerifier {
    /// Verifies the `proofs` of a credential request: one proof type, with one to [`MAX_KEYS`]
    /// proofs.
    ///
    /// # Errors
    /// See [`ProofError`].
    pub fn verify_keys(&self, proofs: Option<&Value>) -> Result<ProvedKeys, ProofError> {
        let (kind, texts) = read_proofs(proofs, self.proof_types())?;
        let mut proved = ProvedKeys::default();
        match kind {
            "jwt" if texts.len() <= MAX_KEYS => {
                for text in texts {
                    self.verify_jwt(text, &mut proved)?;
                }
            }
            "attestation" if texts.len() == 1 => {
                let attested = self.key_attestation(texts[0])?;
                self.use_nonce(&attested.nonce, &mut proved)?;
                proved.keys = attested.keys;
            }
            _ => {
                let limit = format!("Send at most {MAX_KEYS} proofs of type jwt, or one of type attestation.");
                return Err(ProofError::Invalid(limit));
            }
        }
        if proved.keys.len() > MAX_KEYS {
            return Err(ProofError::Invalid(format!("Send at most {MAX_KEYS} keys at once.")));
        }
        if proved.keys.iter().enumerate().any(|(at, key)| proved.keys[..at].contains(key)) {
            return Err(ProofError::invalid("A key is repeated. Each credential needs its own key."));
        }
        Ok(proved)
    }

    /// Returns the proof types that the metadata offers: attestations only where a wallet provider
    /// is trusted (D-402).
    fn proof_types(&self) -> &'static [&'static str] {
        if self.policy.providers.is_empty() { &["jwt"] } else { &PROOF_TYPES }
    }

    fn use_nonce(&self, nonce: &str, proved: &mut ProvedKeys) -> Result<(), ProofError> {
        self.require_nonce(NoncePurpose::KeyProof, nonce)?;
        let hash = sha256(nonce.as_bytes());
        if !proved.nonces.contains(&hash) {
            proved.nonces.push(hash);
        }
        Ok(())
    }

    /// Verifies a proof of type `jwt` (appendix F.1). A server that trusts no provider ignores a
    /// `key_attestation` in its header, whatever it contains (D-402).
    fn verify_jwt(&self, text: &str, proved: &mut ProvedKeys) -> Result<(), ProofError> {
        let jws = Jws::read(text)?;
        jws.require_type("openid4vci-proof+jwt")?;
        let attestation = jws.header.get("key_attestation").filter(|_| !self.policy.providers.is_empty());
        let attested = match attestation.map(Value::as_str) {
            None => None,
            Some(Some(attestation)) => Some(self.key_attestation(attestation)?),
            Some(None) => return Err(ProofError::invalid("key_attestation must be a JWT.")),
        };
        let key = header_key(&jws, attested.as_ref())?;
        jws.verify(&key)?;
        if !self.is_addressed(&jws.payload) {
            return Err(ProofError::Invalid(format!("aud must be {}.", self.issuer)));
        }
        self.require_current(&jws.payload)?;
        let nonce = jws.payload.get("nonce").and_then(Value::as_str);
        let missing = || ProofError::invalid("nonce is missing. Get one from the nonce endpoint.");
        self.use_nonce(nonce.ok_or_else(missing)?, proved)?;
        match attested {
            None if self.policy.attestation_required => {
                Err(ProofError::invalid("key_attestation is missing. It is required."))
            }
            None => {
                proved.keys.push(key);
                Ok(())
            }
            // With an attestation in its header, one proof covers every attested key (appendix
            // F.1).
            Some(AttestedKeys { has_expiry: false, .. }) => {
                Err(ProofError::invalid("key_attestation: exp is missing."))
            }
            Some(AttestedKeys { keys, nonce, .. }) if keys.contains(&key) => {
                self.use_nonce(&nonce, proved)?;
                proved.keys.extend(keys);
                Ok(())
            }
            Some(_) => {
                Err(ProofError::invalid("The key of the proof is not among the attested_keys of its key_attestation."))
            }
        }
    }
}

/// Returns the proof type, which must be one of `types`, and the proofs.
fn read_proofs<'a>(proofs: Option<&'a Value>, types: &[&str]) -> Result<(&'a str, Vec<&'a str>), ProofError> {
    let proofs = proofs.ok_or_else(|| ProofError::invalid("proofs is missing."))?;
    let proofs = proofs.as_object().filter(|proofs| proofs.len() == 1);
    let (kind, list) = proofs.and_then(|proofs| proofs.iter().next()).ok_or_else(|| {
        let types = types.join(" or ");
        ProofError::Invalid(format!(
            "Send proofs as an object with exactly one field: {types} (OpenID4VCI 1.0, section 8.2)."
        ))
    })?;
    // Other types have objects as proofs, so the type is checked first.
    if !types.contains(&kind.as_str()) {
        let shown: String = kind.chars().filter(char::is_ascii_graphic).take(32).collect();
        let types = types.join(" or ");
        return Err(ProofError::Invalid(format!("The proof type '{shown}' is not supported. Use {types}.")));
    }
    let texts: Option<Vec<&str>> = list.as_array().and_then(|list| list.iter().map(Value::as_str).collect());
    let texts = texts.filter(|texts| !texts.is_empty());
    let malformed = || ProofError::Invalid(format!("proofs.{kind} must be a non-empty list of strings."));
    Ok((kind, texts.ok_or_else(malformed)?))
}

/// Returns the key in the header, given by exactly one of `jwk` and `kid`. A `kid` that is not a
/// DID names an attested key. `x5c` is not supported.
fn header_key(jws: &Jws<'_>, attested: Option<&AttestedKeys>) -> Result<PublicKey, ProofError> {
    let named = |name: &str| jws.header.get(name);
    match (named("jwk"), named("kid"), named("x5c")) {
        (Some(jwk), None, None) => {
            PublicKey::from_jwk(jwk).map_err(|error| ProofError::Invalid(format!("jwk: {error}.")))
        }
        (None, Some(Value::String(kid)), None) if kid.starts_with("did:jwk:") => {
            PublicKey::from_did_jwk(kid).map_err(|error| ProofError::Invalid(format!("kid, a did:jwk: {error}.")))
        }
        (None, Some(Value::String(kid)), None) => match attested {
            Some(attested) if !kid.starts_with("did:") => attested_key(jws, kid, attested),
            _ => Err(ProofError::invalid(
                "kid must be a did:jwk or, in a proof with the key_attestation of a trusted provider, the index or the \
                 kid of an attested key. Otherwise, send the key as jwk.",
            )),
        },
        (None, None, Some(_)) => Err(ProofError::invalid("x5c is not supported. Send the key as jwk.")),
        _ => Err(ProofError::invalid("The header must have exactly one of jwk and kid.")),
    }
}

/// Returns the attested key that `kid` names (appendix F.1). If it names several, returns the one
/// that verifies the proof.
fn attested_key(jws: &Jws<'_>, kid: &str, attested: &AttestedKeys) -> Result<PublicKey, ProofError> {
    let named = attested.named(kid);
    let signer = named.iter().copied().find(|key| jws.verify(key).is_ok()).or_else(|| named.first().copied());
    signer.cloned().ok_or_else(|| {
        let last = attested.keys.len().saturating_sub(1);
        ProofError::Invalid(format!(
            "kid names none of the attested_keys. Send the index of one as text, from 0 to {last}, or the kid of its \
             JWK."
        ))
    })
}

#[cfg(test)]
mod tests {
    use credential::jws;
    use credential::key::{Algorithm, SoftwareKey};
    use serde_json::json;

    use super::*;

    fn key(number: u8) -> SoftwareKey {
        SoftwareKey::from_bytes(Algorithm::Es256, &[number; 32]).expect("a key")
    }

    fn attested() -> AttestedKeys {
        let keys = [1, 2, 3].map(|number| key(number).public().clone()).to_vec();
        // The second key has the index of the first as its kid, and the third repeats a kid.
        let kids = [Some("a"), Some("0"), Some("a")].map(|kid| kid.map(ToOwned::to_owned)).to_vec();
        AttestedKeys { keys, kids, nonce: String::new(), has_expiry: true }
    }

    // Conforms: OpenID4VCI F.1
    #[test]
    fn kid_names_an_attested_key_by_index_or_kid() {
        let found = |kid: &str, signer: u8, attested: Option<&AttestedKeys>| {
            let header = jws::protected(&json!({ "alg": "ES256", "kid": kid }));
            let text = jws::sign(&header, b"{}", &key(signer)).expect("signed");
            header_key(&Jws::read(&text).expect("a JWS"), attested)
        };
        let all = attested();
        for (kid, signer) in [("0", 1), ("0", 2), ("1", 2), ("2", 3), ("a", 1), ("a", 3)] {
            assert_eq!(found(kid, signer, Some(&all)).as_ref(), Ok(key(signer).public()), "{kid} {signer}");
        }
        assert_eq!(found("1", 9, Some(&all)).as_ref(), Ok(key(2).public()), "the caller verifies the signature");
        for kid in ["3", "-1", "+1", "", "b", "1.0", "99999999999999999999999"] {
            let error = found(kid, 1, Some(&all)).expect_err(kid);
            assert!(matches!(&error, ProofError::Invalid(why) if why.contains("from 0 to 2")), "{error:?}");
        }
        for (kid, attested) in [("0", None), ("did:web:wallet.example#0", Some(&all))] {
            let error = found(kid, 1, attested).expect_err(kid);
            assert!(matches!(&error, ProofError::Invalid(why) if why.contains("did:jwk")), "{error:?}");
        }
        let did = key(9).public().did_jwk();
        assert_eq!(found(&did, 9, Some(&all)).as_ref(), Ok(key(9).public()));
    }
}
