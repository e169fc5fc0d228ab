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
    let signed = signed_list(response, &inputs.issuer_keys)?;
    let at = entry.reference();
    let list = match entry {
        StatusEntry::Token(_) => status::read_verified(&signed, &at.uri, now),
        StatusEntry::Bitstring(_, purpose) => {
            read_bitstring((signed, response), (at.uri.as_str(), issuer), *purpose, now)
        }
    };
    if let Err(VerifyError::Expired | VerifyError::NotYetValid | VerifyError::FromTheFuture) = list {
        return Err("The status list is out of date, so it does not say whether the token was revoked.".to_owned());
    }
    if let Err(refusal) = &list
        && refusal.is_unsupported()
    {
        return Err(format!("The status list cannot be verified. {refusal}"));
    }
    let found =
        list.and_then(|list| list.get(at.index).ok_or(VerifyError::Claim("the index is outside the status list")));
    Ok(found.map(|found| match entry {
        StatusEntry::Bitstring(_, Purpose::Suspension) if found == Status::Invalid => Status::Suspended,
        _ => found,
    }))
}

/// Parses a response and verifies its signature. A response that is no status list, such as an
/// error page, and a list without a signature of the issuer say nothing about the token (D-407).
///
/// # Errors
/// Why the response says nothing.
fn signed_list<'a>(response: &'a str, issuer_keys: &Answer<Vec<(String, PublicKey)>>) -> Result<Jws<'a>, String> {
    let list = match Jws::read(response) {
        Ok(list) => list,
        Err(VerifyError::Malformed(_)) => return Err("The response is not a status list.".to_owned()),
        Err(refusal) => return Err(format!("The status list cannot be verified. {refusal}")),
    };
    let Answer::Some(keys) = issuer_keys else {
        return Err("There is no key to verify the status list with.".to_owned());
    };
    let Err(refusal) = list.verify_with(keys) else { return Ok(list) };
    let why = match &refusal {
        VerifyError::UnknownKey | VerifyError::NoKeyFits(_) => format!(" {refusal}"),
        _ if list.header.contains_key("x5c") => {
            " It has a certificate (x5c), but nothing shows that the issuer chose its owner.".to_owned()
        }
        _ => String::new(),
    };
    Err(format!("The status list was not signed with a key of the issuer, so it proves nothing.{why}"))
}

/// Reads a Bitstring Status List credential from a parsed and verified JWS, and its text.
fn read_bitstring<'a>(
    (mut jws, text): (Jws<'a>, &'a str),
    (uri, issuer): (&str, Option<&str>),
    purpose: Purpose,
    now: i64,
) -> Result<StatusList, VerifyError> {
    if jws.require_type("vc+jwt").is_err() {
        jws = vc_jwt::read(text)?;
    }
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
