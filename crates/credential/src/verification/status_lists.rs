//! The step for the status: looks the entries up in the fetched lists.

use serde_json::Value;

use super::inputs::{Answer, VerificationInputs};
use super::moment::require_validity;
use super::report::Finding;
use super::status_entries::{Purpose, StatusEntries, StatusEntry, is_of_type};
use crate::format::sd_jwt_vc::require_time;
use crate::format::vc_jwt;
use crate::jws::Jws;
use crate::key::PublicKey;
use crate::status::{self, Status, StatusList};
use crate::verify_error::VerifyError;

/// Checks the statuses of a token. It passes only if every status was checked.
pub(super) fn finding(
    statuses: &Result<StatusEntries, VerifyError>,
    issuer: Option<&str>,
    inputs: &VerificationInputs,
    now: i64,
) -> Finding {
    let statuses = match statuses {
        Err(refusal) => return Finding::Failed(refusal.clone()),
        Ok(statuses) => statuses,
    };
    if statuses.entries.is_empty() {
        return Finding::NotChecked(match statuses.unknown.as_slice() {
            [] => "The token has no status, so it cannot be revoked.".to_owned(),
            unknown => format!("Its kind of status is not supported: {}.", unknown.join(", ")),
        });
    }
    let mut unchecked = None;
    for (at, entry) in statuses.entries.iter().enumerate() {
        let stored = inputs.stored_status.filter(|_| at == 0);
        let found = match stored {
            Some(stored) => Ok(stored),
            None => match listed_status(entry, list_of(entry, statuses, inputs), (inputs, issuer), now) {
                Ok(found) => found,
                Err(not_checked) => {
                    unchecked = unchecked.or(Some(not_checked));
                    continue;
                }
            },
        };
        if let Err(refusal) = found.and_then(Status::require_valid) {
            return Finding::Failed(refusal);
        }
    }
    match (unchecked, statuses.unknown.as_slice()) {
        (Some(not_checked), _) => Finding::NotChecked(not_checked),
        (None, []) => Finding::Passed("The status list says that it is valid.".to_owned()),
        (None, unknown) => {
            let unknown = unknown.join(", ");
            Finding::NotChecked(format!(
                "The status list says that it is valid, but not every status is supported: {unknown}."
            ))
        }
    }
}

/// Returns the fetched list of an entry.
fn list_of<'a>(entry: &StatusEntry, statuses: &StatusEntries, inputs: &'a VerificationInputs) -> &'a Answer<String> {
    let at = statuses.addresses().position(|address| address == entry.reference().uri);
    match at {
        Some(at) if at > 0 => inputs.more_status.get(at - 1).unwrap_or(&Answer::NotAsked),
        _ => &inputs.status,
    }
}

/// Returns the status in the fetched list, or the reason why it was not checked.
fn listed_status(
    entry: &StatusEntry,
    list: &Answer<String>,
    (inputs, issuer): (&VerificationInputs, Option<&str>),
    now: i64,
) -> Result<Result<Status, VerifyError>, String> {
    let response = match list {
        Answer::NotAsked => return Err("The status list was not requested.".to_owned()),
        Answer::None(why) => return Err(format!("The status list could not be fetched: {why}.")),
        Answer::Some(list) => list.trim(),
    };
    if let Some(why) = why_not_checkable(response) {
        return Err(why);
    }
    let Answer::Some(keys) = &inputs.issuer_keys else {
        return Err("There is no key to verify the status list with.".to_owned());
    };
    let at = entry.reference();
    let list = match entry {
        StatusEntry::Token(_) => status::read_token(response, &at.uri, keys, now),
        StatusEntry::Bitstring(_, purpose) => read_bitstring(response, (at.uri.as_str(), issuer), keys, *purpose, now),
    };
    if let Err(VerifyError::Expired | VerifyError::NotYetValid | VerifyError::FromTheFuture) = list {
        return Err("The status list is out of date, so it does not say whether the token was revoked.".to_owned());
    }
    if let Err(refusal) = &list
        && let Some(why) = why_no_statement(response, refusal)
    {
        return Err(why);
    }
    let found =
        list.and_then(|list| list.get(at.index).ok_or(VerifyError::Claim("the index is outside the status list")));
    Ok(found.map(|found| match entry {
        StatusEntry::Bitstring(_, Purpose::Suspension) if found == Status::Invalid => Status::Suspended,
        _ => found,
    }))
}

/// Says why a response proves nothing about the token: it is no status list, such as an error page,
/// or its kind of signature is not supported.
fn why_not_checkable(response: &str) -> Option<String> {
    match Jws::read(response) {
        Err(VerifyError::Malformed(_)) => Some("The response is not a status list.".to_owned()),
        Err(refusal) if refusal.is_unsupported() => Some(format!("The status list cannot be verified. {refusal}")),
        _ => None,
    }
}

/// Says why a list that was refused says nothing about the token: another key than the issuer's
/// signed it, which may be that of a service for status lists, or its kind is not supported.
fn why_no_statement(response: &str, refusal: &VerifyError) -> Option<String> {
    let has_certificate = Jws::read(response).is_ok_and(|list| list.header.contains_key("x5c"));
    let another = "The status list was not signed with a key of the issuer, so it proves nothing";
    match refusal {
        VerifyError::Signature | VerifyError::NoKeyVerifies(_) | VerifyError::KeyConfusion { .. }
            if has_certificate =>
        {
            Some(format!("{another}. It has a certificate (x5c), but nothing shows that the issuer chose its owner."))
        }
        VerifyError::UnknownKey | VerifyError::NoKeyFits(_) => Some(format!("{another}. {refusal}")),
        refusal if refusal.is_unsupported() => Some(format!("The status list cannot be verified. {refusal}")),
        _ => None,
    }
}

fn read_bitstring(
    text: &str,
    (uri, issuer): (&str, Option<&str>),
    keys: &[(String, PublicKey)],
    purpose: Purpose,
    now: i64,
) -> Result<StatusList, VerifyError> {
    let mut jws = Jws::read(text)?;
    if jws.require_type("vc+jwt").is_err() {
        jws = vc_jwt::read(text)?;
    }
    jws.verify_with(keys)?;
    if jws.payload.get("id").and_then(Value::as_str) != Some(uri) {
        return Err(VerifyError::Claim("id of the status list must be its URL"));
    }
    let named = jws.payload.get("issuer").and_then(|named| named.as_str().or_else(|| named["id"].as_str()));
    if named.is_some() && named != issuer {
        return Err(VerifyError::Claim("the issuer of the status list must be that of the token"));
    }
    require_time(&jws.payload, now)?;
    require_validity(&jws.payload, now)?;
    let subject = jws.payload.get("credentialSubject").unwrap_or(&Value::Null);
    let subject = subject.as_array().filter(|list| list.len() == 1).map_or(subject, |list| &list[0]);
    let purposes = &subject["statusPurpose"];
    let purposes = purposes.as_array().map_or(std::slice::from_ref(purposes), Vec::as_slice);
    if !is_of_type(subject, "BitstringStatusList") || !purposes.iter().any(|one| one == purpose.name()) {
        return Err(VerifyError::Claim("the status list must be a BitstringStatusList for the purpose of the entry"));
    }
    StatusList::from_bitstring(subject["encodedList"].as_str().ok_or(VerifyError::Claim("encodedList"))?)
}
