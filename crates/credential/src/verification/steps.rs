//! The steps: signature, issuer, holder, status, dates, schema.

use serde_json::{Map, Value};

use super::inputs::{Answer, VerificationInputs, named_key};
use super::metadata::check_metadata;
use super::report::{Finding, Report, Step};
use super::token::{StatusEntry, Token};
use crate::date::Date;
use crate::format::moment;
use crate::format::sd_jwt::Challenge;
use crate::format::sd_jwt_vc::require_time;
use crate::jws::{CLOCK_SKEW, Jws};
use crate::key::PublicKey;
use crate::refusal::Refusal;
use crate::status::{self, StatusList};

impl Token<'_> {
    /// The issuer's key that the header names.
    fn key(&self, inputs: &VerificationInputs) -> Result<Option<PublicKey>, Refusal> {
        if let Some(issuer) = self.issuer().filter(|issuer| issuer.starts_with("did:jwk:")) {
            return PublicKey::from_did_jwk(issuer).map(Some).map_err(|_| Refusal::UnknownKey);
        }
        let Answer::Some(keys) = &inputs.issuer_keys else { return Ok(None) };
        named_key(keys, self.jws()).map(Some).ok_or(Refusal::UnknownKey)
    }

    /// Verifies the token with the fetched inputs.
    pub fn verify(&self, inputs: &VerificationInputs, challenge: &Challenge<'_>) -> Report {
        let lookups = self.lookups();
        let key = self.key(inputs);
        let signature = match &key {
            Err(refusal) => Finding::Failed(refusal.clone()),
            Ok(None) => Finding::NotChecked("There is no key to check it with.".to_owned()),
            Ok(Some(key)) => match self.jws().verify(key) {
                Ok(()) => Finding::Passed(format!("The {} signature is good.", key.algorithm().name())),
                Err(refusal) => Finding::Failed(refusal),
            },
        };
        let verdicts = vec![
            signature.verdict(Step::Signature, None),
            self.issuer_finding(inputs, &key).verdict(Step::Issuer, lookups.issuer.as_ref()),
            self.holder_finding(challenge).verdict(Step::Holder, None),
            self.status_finding(inputs, challenge.now).verdict(Step::Status, lookups.status.as_ref()),
            self.dates_finding(challenge.now).verdict(Step::Dates, None),
            self.schema_finding(inputs).verdict(Step::Schema, lookups.metadata.as_ref()),
        ];
        let expired_on = self.expired_on(challenge.now);
        Report { verdicts, claims: self.claims().clone(), expired_on, not_shown: self.not_shown() }
    }

    /// The last day that the credential counted, if that day is over at `now`.
    fn expired_on(&self, now: i64) -> Option<Date> {
        self.last_day().filter(|day| day.end_on_earth().as_second().saturating_add(CLOCK_SKEW) <= now)
    }

    fn issuer_finding(&self, inputs: &VerificationInputs, key: &Result<Option<PublicKey>, Refusal>) -> Finding {
        let issuer = self.issuer().unwrap_or_default();
        if issuer.starts_with("did:jwk:") {
            return Finding::NotChecked("The issuer is a bare key: nothing says whose.".to_owned());
        }
        match (&inputs.issuer_keys, key) {
            (Answer::NotAsked, _) => Finding::NotChecked("The issuer's keys were not asked for.".to_owned()),
            (Answer::None(why), _) => Finding::NotChecked(format!("The issuer's keys could not be had: {why}.")),
            (Answer::Some(_), Err(refusal)) => Finding::Failed(refusal.clone()),
            (Answer::Some(_), Ok(_)) => Finding::Passed(format!("The key is one of those of {issuer}.")),
        }
    }

    fn holder_finding(&self, challenge: &Challenge<'_>) -> Finding {
        let Self::SdJwtVc(credential) = self else {
            return if challenge.audience.is_some() || challenge.nonce.is_some() {
                Finding::Failed(Refusal::NotBound)
            } else {
                Finding::NotChecked("This form carries no signature of the holder.".to_owned())
            };
        };
        let expected = challenge.audience.is_some() || challenge.nonce.is_some();
        // The key is looked at where something was signed by it: that is an elliptic curve's arithmetic.
        let key = match (&credential.sd_jwt.key_binding, expected) {
            (None, true) => return Finding::Failed(Refusal::NotBound),
            (None, false) => {
                return Finding::NotChecked(
                    "The holder has not signed this: it is a credential, not a showing of one.".to_owned(),
                );
            }
            (Some(_), _) => match credential.holder() {
                Ok(Some(key)) => key,
                Ok(None) => return Finding::Failed(Refusal::NotBound),
                Err(refusal) => return Finding::Failed(refusal),
            },
        };
        match credential.sd_jwt.verify_key_binding(&key, challenge) {
            Ok(()) => {
                let audience =
                    credential.sd_jwt.key_binding.as_ref().and_then(|binding| binding.payload["aud"].as_str());
                Finding::Passed(format!("The holder's key signed this for {}.", audience.unwrap_or_default()))
            }
            Err(refusal) => Finding::Failed(refusal),
        }
    }

    fn status_finding(&self, inputs: &VerificationInputs, now: i64) -> Finding {
        let entry = match self.status() {
            Err(refusal) => return Finding::Failed(refusal),
            Ok(None) => return Finding::NotChecked("It has no status: it cannot be revoked.".to_owned()),
            Ok(Some(entry)) => entry,
        };
        let list = match &inputs.status {
            Answer::NotAsked => return Finding::NotChecked("The status list was not asked for.".to_owned()),
            Answer::None(why) => return Finding::NotChecked(format!("The status list could not be had: {why}.")),
            Answer::Some(list) => list,
        };
        let Answer::Some(keys) = &inputs.issuer_keys else {
            return Finding::NotChecked("There is no key to check the status list with.".to_owned());
        };
        let list = match &entry {
            StatusEntry::Token(at) => status::read_token(list, &at.uri, |jws| named_key(keys, jws), now),
            StatusEntry::Bitstring(at) => read_bitstring(list, &at.uri, keys, now),
        };
        let index = entry.reference().index;
        let status = list.and_then(|list| list.get(index).ok_or(Refusal::Claim("the status list has no such place")));
        match status.and_then(status::Status::require_valid) {
            Ok(()) => Finding::Passed("Its place in the status list says that it is valid.".to_owned()),
            Err(refusal) => Finding::Failed(refusal),
        }
    }

    fn dates_finding(&self, now: i64) -> Finding {
        // The last day comes first: it says more than that the signature has ended. What was signed before signatures ended
        // with it is found out here as well.
        if let Some(day) = self.expired_on(now) {
            return Finding::Failed(Refusal::ExpiredOn(day));
        }
        if let Err(refusal) = require_time(self.claims(), now) {
            return Finding::Failed(refusal);
        }
        if let Self::VcJwt(_) = self
            && let Err(refusal) = require_validity(self.claims(), now)
        {
            return Finding::Failed(refusal);
        }
        match self.claims().get("exp").and_then(Value::as_i64) {
            Some(end) => Finding::Passed(format!("It is good until {}.", moment(end))),
            None => Finding::Passed("It has begun and does not end.".to_owned()),
        }
    }

    fn schema_finding(&self, inputs: &VerificationInputs) -> Finding {
        let Self::SdJwtVc(credential) = self else {
            return Finding::NotChecked("Schemas of W3C credentials are not looked at here.".to_owned());
        };
        let document = match &inputs.metadata {
            Answer::NotAsked => return Finding::NotChecked("The type's metadata was not asked for.".to_owned()),
            Answer::None(why) => return Finding::NotChecked(format!("The type's metadata could not be had: {why}.")),
            Answer::Some(document) => document,
        };
        match check_metadata(credential, document) {
            Ok(name) => {
                Finding::Passed(format!("It is of the type {name}, and holds nothing that the type does not know."))
            }
            Err(refusal) => Finding::Failed(refusal),
        }
    }
}

/// That a W3C credential is in its time at `now` (VCDM 2.0, section 4.9).
fn require_validity(claims: &Map<String, Value>, now: i64) -> Result<(), Refusal> {
    let time = |name: &str| match claims.get(name) {
        None => Ok(None),
        Some(value) => value.as_str().and_then(|text| text.parse::<jiff::Timestamp>().ok()).map(Some).ok_or(()),
    };
    let (Ok(from), Ok(until)) = (time("validFrom"), time("validUntil")) else {
        return Err(Refusal::Claim("validFrom and validUntil are RFC 3339"));
    };
    if until.is_some_and(|until| until.as_second().saturating_add(CLOCK_SKEW) <= now) {
        return Err(Refusal::Expired);
    }
    if from.is_some_and(|from| from.as_second() > now.saturating_add(CLOCK_SKEW)) {
        return Err(Refusal::NotYetValid);
    }
    Ok(())
}

fn read_bitstring(text: &str, uri: &str, keys: &[(String, PublicKey)], now: i64) -> Result<StatusList, Refusal> {
    let jws = Jws::read(text)?;
    jws.require_type("vc+jwt")?;
    jws.verify(&named_key(keys, &jws).ok_or(Refusal::UnknownKey)?)?;
    if jws.payload.get("id").and_then(Value::as_str) != Some(uri) {
        return Err(Refusal::Claim("id of the status list is not its address"));
    }
    require_time(&jws.payload, now)?;
    require_validity(&jws.payload, now)?;
    let subject = jws.payload.get("credentialSubject").unwrap_or(&Value::Null);
    if subject["type"] != "BitstringStatusList" || subject["statusPurpose"] != "revocation" {
        return Err(Refusal::Claim("a BitstringStatusList for revocation"));
    }
    StatusList::from_bitstring(subject["encodedList"].as_str().ok_or(Refusal::Claim("encodedList"))?)
}
