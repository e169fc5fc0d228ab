//! The steps of verification: signature, issuer, holder, status, dates, schema.

use std::fmt::Display;

use serde_json::Value;

use super::finding::Finding;
use super::inputs::{LookupResult, VerificationInputs};
use super::moment::in_words;
use super::report::{Report, Step, Verdict};
use super::status_entries::StatusKinds;
use super::token::Token;
use super::{dates, issuer_name, metadata, status_lists};
use crate::format::sd_jwt::Challenge;
use crate::jws::{Jws, shown};
use crate::key::{Algorithm, InvalidKey, PublicKey};
use crate::numeric_date::NumericDate;
use crate::verify_error::VerifyError;

impl Token<'_> {
    /// Verifies the signature with the issuer's keys. Returns the algorithm, or `None` without
    /// keys.
    fn signed_with(&self, inputs: &VerificationInputs) -> Result<Option<Algorithm>, VerifyError> {
        if let Some(issuer) = self.issuer().filter(|issuer| issuer.starts_with("did:jwk:")) {
            // A did:jwk that is malformed, or of an unsupported kind, names no key to verify with.
            let Ok(key) = PublicKey::from_did_jwk(issuer) else { return Ok(None) };
            return self.jws().verify(&key).map(|()| Some(key.algorithm()));
        }
        let LookupResult::Found(keys) = &inputs.issuer_keys else { return Ok(None) };
        self.jws().verify_with(keys).map(|key| Some(key.algorithm()))
    }

    /// Verifies the token with the fetched inputs.
    pub fn verify(&self, inputs: &VerificationInputs, challenge: &Challenge<'_>) -> Report {
        let lookups = self.lookups();
        let signed = self.signed_with(inputs);
        let signature = match &signed {
            Err(refusal) if refusal.is_unsupported() => Finding::NotChecked(refusal.to_string()),
            Err(refusal) => Finding::Failed(refusal.clone()),
            Ok(None) => Finding::NotChecked("There is no key to verify the signature with.".to_owned()),
            Ok(Some(algorithm)) => Finding::Passed(format!("The {} signature is valid.", algorithm.name())),
        };
        let verdicts = vec![
            signature.verdict(Step::Signature, None),
            self.issuer_finding(inputs, &signed).verdict(Step::Issuer, lookups.issuer.as_ref()),
            self.holder_finding(challenge).verdict(Step::Holder, None),
            status_lists::finding(&self.statuses(), self.issuer(), inputs, challenge.now)
                .verdict(Step::Status, lookups.status.as_ref()),
            dates::finding(self.claims(), self.format(), challenge.now).verdict(Step::Dates, None),
            self.schema_finding(inputs).verdict(Step::Schema, lookups.metadata.as_ref()),
        ];
        let expired_on = || dates::expired_on(self.claims(), self.format(), challenge.now);
        let has_expired = verdicts.iter().any(Verdict::is_expiry);
        Report {
            verdicts,
            claims: self.claims().clone(),
            expired_on: has_expired.then(expired_on).flatten(),
            not_shown: self.not_shown(),
            status_kinds: StatusKinds::of(&self.statuses()),
            has_binding: self.has_binding(),
        }
    }

    fn issuer_finding(&self, inputs: &VerificationInputs, signed: &Result<Option<Algorithm>, VerifyError>) -> Finding {
        let Some(issuer) = self.issuer() else { return Finding::NotChecked(self.why_no_issuer()) };
        if issuer.starts_with("did:jwk:") {
            return Finding::NotChecked(match PublicKey::from_did_jwk(issuer) {
                Ok(_) => "The issuer is identified by a key only, so its identity is unknown.".to_owned(),
                Err(why) => format!("The token names its issuer as {:?}, but {why}.", shown(issuer)),
            });
        }
        if let Err(why) = issuer_name::require_uri(issuer) {
            let named = shown(issuer);
            return Finding::NotChecked(format!("The token names its issuer as {named:?}, which is not valid: {why}."));
        }
        if !issuer_name::identifies_someone(issuer) {
            let named = shown(issuer);
            let why = "which is neither an https address nor a DID, so nothing shows who that is";
            return Finding::NotChecked(format!("The token names its issuer as {named:?}, {why}."));
        }
        match (&inputs.issuer_keys, signed) {
            (LookupResult::NotAttempted, _) => Finding::NotChecked("The issuer's keys were not requested.".to_owned()),
            (LookupResult::Failed(why), _) => {
                let reason = issuer_name::why_no_lookup(issuer).map(|reason| format!(", and {reason}"));
                let reason = reason.unwrap_or_default();
                Finding::NotChecked(format!("The issuer's keys are not known: {why}{reason}."))
            }
            (LookupResult::Found(_), Err(refusal @ (VerifyError::UnknownKey | VerifyError::NoKeyFits(_)))) => {
                Finding::Failed(refusal.clone())
            }
            (LookupResult::Found(_), Err(refusal)) if refusal.is_unsupported() => {
                Finding::NotChecked(refusal.to_string())
            }
            (LookupResult::Found(_), Err(_)) => {
                Finding::NotChecked("The signature is not valid, so nothing shows who signed it.".to_owned())
            }
            (LookupResult::Found(_), Ok(_)) => Finding::Passed(format!("The signing key belongs to {issuer}.")),
        }
    }

    /// Describes a token without an issuer.
    fn why_no_issuer(&self) -> String {
        let claim = if self.is_w3c() { "issuer" } else { "iss" };
        let why = match self.claims().contains_key(claim) {
            true => format!("The claim {claim} is not the identifier of an issuer"),
            false => format!("The token names no issuer ({claim})"),
        };
        match self.certificates() {
            Some(_) => format!("{why}. It has a certificate (x5c), but nothing to compare its names with."),
            None => format!("{why}, so nothing shows whose signature it is."),
        }
    }

    fn holder_finding(&self, challenge: &Challenge<'_>) -> Finding {
        let expected = challenge.audience.is_some() || challenge.nonce.is_some();
        let Self::SdJwtVc(credential) = self else {
            return if expected {
                Finding::Failed(VerifyError::NotBound)
            } else {
                Finding::NotChecked("This format has no signature of the holder.".to_owned())
            };
        };
        if !self.has_binding() {
            return if expected {
                Finding::Failed(VerifyError::NotBound)
            } else {
                Finding::NotChecked("Not signed by the holder: this is a credential, not a presentation.".to_owned())
            };
        }
        let unchecked = |why: &dyn Display| format!("The holder's signature cannot be checked. {why}");
        let refused = credential.sd_jwt.refused_binding.as_ref();
        if let Some(refusal) = refused.filter(|refusal| !refusal.is_unsupported()) {
            return Finding::Failed(refusal.clone());
        }
        // The key is parsed only if there is a key binding, because decoding a point of an elliptic
        // curve is expensive.
        let key = match credential.holder() {
            Ok(Some(key)) => key,
            found => {
                let refusal = found.err().unwrap_or(VerifyError::NotBound);
                let why = credential.disclosed.claims.get("cnf").and_then(why_no_key);
                return why.map_or(Finding::Failed(refusal), |why| Finding::NotChecked(unchecked(&why)));
            }
        };
        if let Some(refusal) = refused {
            return Finding::NotChecked(unchecked(refusal));
        }
        match credential.sd_jwt.verify_key_binding(&key, challenge) {
            Ok(()) => Finding::Passed(signed_for(credential.sd_jwt.key_binding.as_ref())),
            Err(refusal) => {
                let binding = credential.sd_jwt.key_binding.as_ref();
                Finding::Failed(match binding {
                    Some(binding) => dates::explained(refusal, &binding.payload),
                    None => refusal,
                })
            }
        }
    }

    /// Returns whether it has a holder's signature, also one that was refused.
    fn has_binding(&self) -> bool {
        let Self::SdJwtVc(credential) = self else { return false };
        credential.sd_jwt.key_binding.is_some() || credential.sd_jwt.refused_binding.is_some()
    }

    fn schema_finding(&self, inputs: &VerificationInputs) -> Finding {
        let Self::SdJwtVc(credential) = self else {
            return Finding::NotChecked("Schemas of W3C credentials are not checked.".to_owned());
        };
        let document = match &inputs.metadata {
            LookupResult::NotAttempted => {
                return Finding::NotChecked("The type's metadata was not requested.".to_owned());
            }
            LookupResult::Failed(why) => {
                return Finding::NotChecked(format!("The type's metadata could not be fetched: {why}."));
            }
            LookupResult::Found(document) => document,
        };
        metadata::finding(credential, document)
    }
}

/// Says whom the holder signed for, and when: an old presentation may be valid.
fn signed_for(binding: Option<&Jws<'_>>) -> String {
    let claims = binding.map(|binding| &binding.payload);
    let audience = claims.and_then(|claims| claims.get("aud")?.as_str()).unwrap_or_default();
    match claims.and_then(|claims| NumericDate::of_claim(claims, "iat").ok().flatten()) {
        Some(made) => format!("The holder's key signed this for {audience} at {}.", in_words(made.seconds())),
        None => format!("The holder's key signed this for {audience}."),
    }
}

/// Says why the holder's key is not known, although the claim `cnf` identifies it: by a member
/// other than `jwk` (RFC 7800, sections 3.3 to 3.5; RFC 9449, section 6.1), or by a key of an
/// unsupported kind.
fn why_no_key(confirmation: &Value) -> Option<String> {
    let members = confirmation.as_object()?.iter().filter(|(_, value)| !value.is_null());
    let names: Vec<String> = members.map(|(name, _)| shown(name)).collect();
    match confirmation.get("jwk").filter(|jwk| !jwk.is_null()) {
        Some(jwk) if jwk["kty"].is_string() => {
            let is_unsupported = matches!(PublicKey::from_jwk(jwk), Err(InvalidKey::Unsupported));
            is_unsupported.then(|| "Its key (cnf.jwk) is neither on P-256 nor Ed25519.".to_owned())
        }
        None if !names.is_empty() => {
            let names = names.join(", ");
            Some(format!("The credential names the holder's key by {names} (cnf), and lacks the key itself (jwk)."))
        }
        _ => None,
    }
}
