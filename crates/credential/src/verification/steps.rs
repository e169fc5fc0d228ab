//! The steps of verification: signature, issuer, holder, status, dates, schema.

use serde_json::{Map, Value};

use super::inputs::{Answer, VerificationInputs, named_key};
use super::metadata::check_metadata;
use super::report::{Finding, Report, Step};
use super::token::{StatusEntry, Token};
use crate::date::Date;
use crate::format::sd_jwt::Challenge;
use crate::format::sd_jwt_vc::require_time;
use crate::jws::{CLOCK_SKEW, Jws, numeric_date};
use crate::key::PublicKey;
use crate::status::{self, Status, StatusList};
use crate::verify_error::VerifyError;

impl Token<'_> {
    /// Returns the issuer's key that the header names.
    fn key(&self, inputs: &VerificationInputs) -> Result<Option<PublicKey>, VerifyError> {
        if let Some(issuer) = self.issuer().filter(|issuer| issuer.starts_with("did:jwk:")) {
            return PublicKey::from_did_jwk(issuer).map(Some).map_err(|_| VerifyError::UnknownKey);
        }
        let Answer::Some(keys) = &inputs.issuer_keys else { return Ok(None) };
        named_key(keys, self.jws()).map(Some).ok_or(VerifyError::UnknownKey)
    }

    /// Verifies the token with the fetched inputs.
    pub fn verify(&self, inputs: &VerificationInputs, challenge: &Challenge<'_>) -> Report {
        let lookups = self.lookups();
        let key = self.key(inputs);
        let signature = match &key {
            Err(refusal) => Finding::Failed(refusal.clone()),
            Ok(None) => Finding::NotChecked("There is no key to verify the signature with.".to_owned()),
            Ok(Some(key)) => match self.jws().verify(key) {
                Ok(()) => Finding::Passed(format!("The {} signature is valid.", key.algorithm().name())),
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

    /// Returns the last day of validity if it has passed at `now`.
    fn expired_on(&self, now: i64) -> Option<Date> {
        self.last_day().filter(|day| day.end_on_earth().as_second().saturating_add(CLOCK_SKEW) <= now)
    }

    fn issuer_finding(&self, inputs: &VerificationInputs, key: &Result<Option<PublicKey>, VerifyError>) -> Finding {
        let issuer = self.issuer().unwrap_or_default();
        if issuer.starts_with("did:jwk:") {
            return Finding::NotChecked(
                "The issuer is identified by a key only, so its identity is unknown.".to_owned(),
            );
        }
        match (&inputs.issuer_keys, key) {
            (Answer::NotAsked, _) => Finding::NotChecked("The issuer's keys were not requested.".to_owned()),
            (Answer::None(why), _) => Finding::NotChecked(format!("The issuer's keys could not be fetched: {why}.")),
            (Answer::Some(_), Err(refusal)) => Finding::Failed(refusal.clone()),
            (Answer::Some(_), Ok(_)) => Finding::Passed(format!("The signing key belongs to {issuer}.")),
        }
    }

    fn holder_finding(&self, challenge: &Challenge<'_>) -> Finding {
        let Self::SdJwtVc(credential) = self else {
            return if challenge.audience.is_some() || challenge.nonce.is_some() {
                Finding::Failed(VerifyError::NotBound)
            } else {
                Finding::NotChecked("This format has no signature of the holder.".to_owned())
            };
        };
        let expected = challenge.audience.is_some() || challenge.nonce.is_some();
        // The key is parsed only if there is a key binding, because decoding a point of an elliptic
        // curve is expensive.
        let key = match (&credential.sd_jwt.key_binding, expected) {
            (None, true) => return Finding::Failed(VerifyError::NotBound),
            (None, false) => {
                return Finding::NotChecked(
                    "Not signed by the holder: this is a credential, not a presentation.".to_owned(),
                );
            }
            (Some(_), _) => match credential.holder() {
                Ok(Some(key)) => key,
                Ok(None) => return Finding::Failed(VerifyError::NotBound),
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
            Ok(None) => return Finding::NotChecked("The token has no status, so it cannot be revoked.".to_owned()),
            Ok(Some(entry)) => entry,
        };
        let found = match inputs.stored_status {
            Some(stored) => Ok(stored),
            None => match listed_status(&entry, inputs, now) {
                Ok(found) => found,
                Err(not_checked) => return Finding::NotChecked(not_checked),
            },
        };
        match found.and_then(Status::require_valid) {
            Ok(()) => Finding::Passed("The status list says that it is valid.".to_owned()),
            Err(refusal) => Finding::Failed(refusal),
        }
    }

    fn dates_finding(&self, now: i64) -> Finding {
        // The last day of validity is more informative than the expiry of the signature, so it is
        // checked first. Earlier releases issued signatures that outlive it; this detects them too.
        if let Some(day) = self.expired_on(now) {
            return Finding::Failed(VerifyError::ExpiredOn(day));
        }
        if let Err(refusal) = require_time(self.claims(), now) {
            return Finding::Failed(refusal);
        }
        if let Self::VcJwt(_) = self
            && let Err(refusal) = require_validity(self.claims(), now)
        {
            return Finding::Failed(refusal);
        }
        match self.claims().get("exp").and_then(numeric_date) {
            Some(end) => Finding::Passed(format!("Valid until {}.", end_of_validity(end))),
            None => Finding::Passed("Valid now, with no end date.".to_owned()),
        }
    }

    fn schema_finding(&self, inputs: &VerificationInputs) -> Finding {
        let Self::SdJwtVc(credential) = self else {
            return Finding::NotChecked("Schemas of W3C credentials are not checked.".to_owned());
        };
        let document = match &inputs.metadata {
            Answer::NotAsked => return Finding::NotChecked("The type's metadata was not requested.".to_owned()),
            Answer::None(why) => {
                return Finding::NotChecked(format!("The type's metadata could not be fetched: {why}."));
            }
            Answer::Some(document) => document,
        };
        match check_metadata(credential, document) {
            Ok(name) => Finding::Passed(format!("The type is {name}, and its metadata describes every claim.")),
            Err(refusal) => Finding::Failed(refusal),
        }
    }
}

/// Formats the end of validity in seconds since the Unix epoch: as RFC 3339, or its year if the year
/// has more than four digits.
fn end_of_validity(end: i64) -> String {
    /// 400 years, after which the calendar repeats.
    const CYCLE: i64 = 146_097 * 86_400;
    if let Ok(end) = jiff::Timestamp::from_second(end) {
        return end.to_string();
    }
    let cycles = end.saturating_sub(jiff::Timestamp::MAX.as_second()) / CYCLE + 1;
    let equivalent = jiff::Timestamp::from_second(end.saturating_sub(cycles * CYCLE)).unwrap_or(jiff::Timestamp::MAX);
    let year = i64::from(jiff::tz::TimeZone::UTC.to_datetime(equivalent).year()) + 400 * cycles;
    format!("the year {year}")
}

/// Returns the status in the fetched list, or the reason why it was not checked.
fn listed_status(
    entry: &StatusEntry,
    inputs: &VerificationInputs,
    now: i64,
) -> Result<Result<Status, VerifyError>, String> {
    let list = match &inputs.status {
        Answer::NotAsked => return Err("The status list was not requested.".to_owned()),
        Answer::None(why) => return Err(format!("The status list could not be fetched: {why}.")),
        Answer::Some(list) => list,
    };
    let Answer::Some(keys) = &inputs.issuer_keys else {
        return Err("There is no key to verify the status list with.".to_owned());
    };
    let list = match entry {
        StatusEntry::Token(at) => status::read_token(list, &at.uri, |jws| named_key(keys, jws), now),
        StatusEntry::Bitstring(at) => read_bitstring(list, &at.uri, keys, now),
    };
    let index = entry.reference().index;
    Ok(list.and_then(|list| list.get(index).ok_or(VerifyError::Claim("the index is outside the status list"))))
}

/// Checks that a W3C credential is valid at `now` (VCDM 2.0, section 4.9).
fn require_validity(claims: &Map<String, Value>, now: i64) -> Result<(), VerifyError> {
    let time = |name: &str| match claims.get(name) {
        None => Ok(None),
        Some(value) => value.as_str().and_then(|text| text.parse::<jiff::Timestamp>().ok()).map(Some).ok_or(()),
    };
    let (Ok(from), Ok(until)) = (time("validFrom"), time("validUntil")) else {
        return Err(VerifyError::Claim("validFrom and validUntil must be RFC 3339 times"));
    };
    if until.is_some_and(|until| until.as_second().saturating_add(CLOCK_SKEW) <= now) {
        return Err(VerifyError::Expired);
    }
    if from.is_some_and(|from| from.as_second() > now.saturating_add(CLOCK_SKEW)) {
        return Err(VerifyError::NotYetValid);
    }
    Ok(())
}

fn read_bitstring(text: &str, uri: &str, keys: &[(String, PublicKey)], now: i64) -> Result<StatusList, VerifyError> {
    let jws = Jws::read(text)?;
    jws.require_type("vc+jwt")?;
    jws.verify(&named_key(keys, &jws).ok_or(VerifyError::UnknownKey)?)?;
    if jws.payload.get("id").and_then(Value::as_str) != Some(uri) {
        return Err(VerifyError::Claim("id of the status list must be its URL"));
    }
    require_time(&jws.payload, now)?;
    require_validity(&jws.payload, now)?;
    let subject = jws.payload.get("credentialSubject").unwrap_or(&Value::Null);
    if subject["type"] != "BitstringStatusList" || subject["statusPurpose"] != "revocation" {
        return Err(VerifyError::Claim("the status list must be a BitstringStatusList for revocation"));
    }
    StatusList::from_bitstring(subject["encodedList"].as_str().ok_or(VerifyError::Claim("encodedList"))?)
}
