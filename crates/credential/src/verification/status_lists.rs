//! The step for the status: looks the entries up in the fetched lists.

use serde_json::Value;

use super::dates::require_validity;
use super::finding::Finding;
use super::inputs::{LookupResult, VerificationInputs};
use super::moment::in_words;
use super::status_entries::{Purpose, StatusEntries, StatusEntry, is_of_type, values};
use crate::format::sd_jwt_vc::require_time;
use crate::format::{Format, vc_jwt};
use crate::jws::{self, Jws};
use crate::key::PublicKey;
use crate::status::{self, Status, StatusList};
use crate::verify_error::VerifyError;

/// Checks the statuses of a token. All of them are looked up, and the gravest result counts
/// (D-428). It passes only if every status was checked.
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
    let (mut failed, mut unchecked, mut note) = (None, None, String::new());
    for (at, entry) in statuses.entries.iter().enumerate() {
        let stored = inputs.stored_status.filter(|_| at == 0);
        let found = match stored {
            Some(stored) => Ok(stored),
            None => match listed_status(entry, list_of(entry, statuses, inputs), (inputs, issuer), now) {
                Ok(found) => found.map(|found| {
                    note.push_str(&found.note);
                    found.status
                }),
                Err(not_checked) => {
                    unchecked = unchecked.or(Some(not_checked));
                    continue;
                }
            },
        };
        match found.and_then(Status::require_valid) {
            Ok(()) => {}
            // Only its issuer knows what the value means (D-423).
            Err(refusal @ VerifyError::UnknownStatus(_)) => unchecked = unchecked.or(Some(refusal.to_string())),
            Err(refusal) => failed = Some(graver(failed, refusal)),
        }
    }
    if let Some(refusal) = failed {
        return Finding::Failed(refusal);
    }
    match (unchecked, statuses.unknown.as_slice()) {
        (Some(not_checked), _) => Finding::NotChecked(not_checked),
        (None, []) => Finding::Passed(format!("The status list says that it is valid.{note}")),
        (None, unknown) => {
            let unknown = unknown.join(", ");
            Finding::NotChecked(format!(
                "The status list says that it is valid, but not every status is supported: {unknown}."
            ))
        }
    }
}

/// Returns the graver of two failures, the first of equal ones.
fn graver(first: Option<VerifyError>, next: VerifyError) -> VerifyError {
    let gravity = |refusal: &VerifyError| match refusal {
        VerifyError::Revoked => 3,
        VerifyError::Suspended => 1,
        VerifyError::Replaced => 0,
        // A list that contradicts the token.
        _ => 2,
    };
    match first {
        Some(first) if gravity(&first) >= gravity(&next) => first,
        _ => next,
    }
}

/// Returns the fetched list of an entry.
fn list_of<'a>(
    entry: &StatusEntry,
    statuses: &StatusEntries,
    inputs: &'a VerificationInputs,
) -> &'a LookupResult<String> {
    let at = statuses.addresses().position(|address| address == entry.reference().uri);
    match at {
        Some(at) if at > 0 => inputs.more_status.get(at - 1).unwrap_or(&LookupResult::NotAttempted),
        _ => &inputs.status,
    }
}

/// The status in a list.
struct Listed {
    status: Status,
    /// A sentence about the list, after a space; empty if there is nothing to say.
    note: String,
}

/// Returns the status in the fetched list, or the reason why it was not checked. A list that
/// contradicts the token by its address or purpose, or a Bitstring one by its issuer, fails. One
/// that cannot be read, or is another kind of token, says nothing about it (D-407, D-423).
fn listed_status(
    entry: &StatusEntry,
    list: &LookupResult<String>,
    (inputs, issuer): (&VerificationInputs, Option<&str>),
    now: i64,
) -> Result<Result<Listed, VerifyError>, String> {
    let response = match list {
        LookupResult::NotAttempted => return Err("The status list was not requested.".to_owned()),
        LookupResult::Failed(why) => return Err(format!("The status list could not be fetched: {why}.")),
        LookupResult::Found(list) => list.trim(),
    };
    let signed = signed_list(response, &inputs.issuer_keys)?;
    let at = entry.reference();
    let note = status::outdated(&signed, now).map_or_else(String::new, |(made, ttl)| {
        format!(" It is from {}, and its issuer asks for a newer one after {ttl} seconds (ttl).", in_words(made))
    });
    let list = match entry {
        StatusEntry::Token(_) => status::require_list(&signed, &at.uri).map(|()| status::read_list(&signed, now)),
        StatusEntry::Bitstring(_, purpose) => {
            bitstring((signed, response), (at.uri.as_str(), issuer), *purpose).map(|jws| read_bitstring(&jws, now))
        }
    };
    let list = match list {
        // Another kind of token makes no statement (Token Status List, section 8.3).
        Err(refusal @ (VerifyError::Type { .. } | VerifyError::OtherToken(_))) => {
            return Err(format!("The response is not a status list. {refusal}"));
        }
        Err(refusal) if refusal.is_unsupported() => {
            return Err(format!("The status list cannot be verified. {refusal}"));
        }
        Err(contradiction) => return Ok(Err(contradiction)),
        Ok(list) => list.map_err(|refusal| unreadable(&refusal))?,
    };
    let Some(found) = list.get(at.index) else {
        return Ok(Err(VerifyError::Claim("the index is outside the status list")));
    };
    let status = match entry {
        StatusEntry::Bitstring(_, Purpose::Suspension) if found == Status::Invalid => Status::Suspended,
        _ => found,
    };
    Ok(Ok(Listed { status, note }))
}

/// Returns why a list says nothing about the token.
fn unreadable(refusal: &VerifyError) -> String {
    const NOTHING: &str = "so it does not say whether the token was revoked";
    match refusal {
        VerifyError::Expired => format!("The status list is out of date, {NOTHING}."),
        VerifyError::NotYetValid | VerifyError::FromTheFuture => {
            format!("The status list is not valid yet, {NOTHING}.")
        }
        VerifyError::Malformed(why) | VerifyError::Claim(why) => {
            format!("The status list cannot be read ({why}), {NOTHING}.")
        }
        VerifyError::Date(name, why) => format!("The status list cannot be read ({name} {why}), {NOTHING}."),
        other => format!("The status list cannot be read, {NOTHING}. {other}"),
    }
}

/// Parses a response and verifies its signature. A response that is no status list, such as an
/// error page, and a list without a signature of the issuer say nothing about the token (D-407).
///
/// # Errors
/// Why the response says nothing.
fn signed_list<'a>(response: &'a str, issuer_keys: &LookupResult<Vec<(String, PublicKey)>>) -> Result<Jws<'a>, String> {
    if response.len() > jws::MAX_BYTES {
        return Err("The status list is longer than 2 MiB, the maximum.".to_owned());
    }
    let list = match Jws::read(response) {
        Ok(list) => list,
        Err(VerifyError::Malformed(_)) => return Err("The response is not a status list.".to_owned()),
        Err(refusal) => return Err(format!("The status list cannot be verified. {refusal}")),
    };
    let LookupResult::Found(keys) = issuer_keys else {
        return Err("There is no key to verify the status list with.".to_owned());
    };
    let Err(refusal) = list.verify_with(keys) else { return Ok(list) };
    let why = match &refusal {
        VerifyError::TooManyKeys(_) => return Err(format!("The status list cannot be verified. {refusal}")),
        VerifyError::UnknownKey | VerifyError::NoKeyFits(_) => format!(" {refusal}"),
        _ if list.header.contains_key("x5c") => {
            " It has a certificate (x5c), but nothing shows that the issuer chose its owner.".to_owned()
        }
        _ => String::new(),
    };
    Err(format!("The status list was not signed with a key of the issuer, so it proves nothing.{why}"))
}

/// Returns the JWS of a Bitstring Status List credential for an entry with this list, issuer and
/// purpose, from a verified JWS and its text.
fn bitstring<'a>(
    (mut jws, text): (Jws<'a>, &'a str),
    (uri, issuer): (&str, Option<&str>),
    purpose: Purpose,
) -> Result<Jws<'a>, VerifyError> {
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
    let subject = subject(&jws);
    let has_purpose = values(&subject["statusPurpose"]).iter().any(|one| one == purpose.name());
    if !is_of_type(subject, "BitstringStatusList") || !has_purpose {
        return Err(VerifyError::Claim("the status list must be a BitstringStatusList for the purpose of the entry"));
    }
    Ok(jws)
}

/// Reads the list in a Bitstring Status List credential.
fn read_bitstring(jws: &Jws<'_>, now: i64) -> Result<StatusList, VerifyError> {
    let types = values(jws.payload.get("type").unwrap_or(&Value::Null));
    if !types.iter().any(|one| one == "BitstringStatusListCredential") {
        return Err(VerifyError::Claim("type must contain BitstringStatusListCredential"));
    }
    require_time(&jws.payload, now)?;
    require_validity(&jws.payload, Format::VcJwt, now)?;
    let list = subject(jws)["encodedList"].as_str();
    StatusList::from_bitstring(list.ok_or(VerifyError::Malformed("encodedList is missing"))?)
}

/// Returns the subject of a credential, which may be a list of one.
fn subject<'a>(jws: &'a Jws<'_>) -> &'a Value {
    let subject = jws.payload.get("credentialSubject").unwrap_or(&Value::Null);
    subject.as_array().filter(|list| list.len() == 1).map_or(subject, |list| &list[0])
}
