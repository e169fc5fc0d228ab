//! Checks claims against the type metadata.

use serde_json::Value;

use super::finding::Finding;
use super::{claim_rules, integrity};
use crate::format::sd_jwt_vc::SdJwtVc;
use crate::json::parse_limited;
use crate::jws::shown;
use crate::verify_error::VerifyError;

/// Claims that any SD-JWT VC may have beside those of its type.
const COMMON: [&str; 11] =
    ["iss", "iat", "nbf", "exp", "cnf", "vct", "vct#integrity", "aka_vcts", "status", "sub", "jti"];

/// Returns whether a claim describes the credential, not its holder: the claims of any SD-JWT VC,
/// and the attester and date of the attestation.
pub fn is_of_credential(name: &str) -> bool {
    COMMON.contains(&name) || matches!(name, "attested_by" | "attested_at")
}

/// Maximum number of claims that a message names.
const MAX_SHOWN: usize = 5;

/// Checks the claims of a credential against the metadata of its type (SD-JWT VC, sections 5 and
/// 6).
pub(super) fn finding(credential: &SdJwtVc<'_>, document: &[u8]) -> Finding {
    check_metadata(credential, document).unwrap_or_else(Finding::Failed)
}

/// Checks that the metadata belongs to the credential, and compares the claims (sections 5.6 and
/// 5.7): one that breaks a rule of the metadata is a failure. Metadata may describe some of the
/// claims only, so a claim that it does not describe is no failure. Neither is a document that is
/// no metadata, such as a page about the type: the metadata is not needed for the result.
fn check_metadata(credential: &SdJwtVc<'_>, document: &[u8]) -> Result<Finding, VerifyError> {
    let Some(metadata) = read(document) else {
        return Ok(Finding::NotChecked("The response at the address of the type is not its metadata.".to_owned()));
    };
    let integrity = credential.disclosed.claims.get("vct#integrity");
    let is_intact = integrity.map(|listed| integrity::has_digest(listed.as_str()?, document));
    if is_intact == Some(Some(false)) {
        return Err(VerifyError::Claim("vct#integrity does not match the type's metadata"));
    }
    if metadata["vct"].as_str() != credential.text("vct") {
        return Err(VerifyError::Claim("the type's metadata has another vct"));
    }
    if is_intact == Some(None) {
        let why = "The digest of the type's metadata (vct#integrity) is of an algorithm that is not supported.";
        return Ok(Finding::NotChecked(why.to_owned()));
    }
    if let Some(parent) = metadata.get("extends").filter(|parent| !parent.is_null()) {
        let parent = shown(parent.as_str().unwrap_or("another type"));
        return Ok(Finding::NotChecked(format!("The type extends {parent:?}, whose metadata is not fetched.")));
    }
    if !claim_rules::compare(&credential.sd_jwt.issued()?, &metadata["claims"])? {
        let why = "The type's metadata has more paths into the claims than are compared here.";
        return Ok(Finding::NotChecked(why.to_owned()));
    }
    let name = metadata["name"].as_str().or(credential.text("vct")).unwrap_or_default();
    let undescribed = undescribed(credential, &metadata);
    Ok(Finding::Passed(match undescribed.as_slice() {
        [] => format!("The type is {name}, and its metadata describes every claim."),
        some => {
            let named = some.iter().take(MAX_SHOWN).map(|claim| format!("{claim:?}")).collect::<Vec<_>>().join(", ");
            let more = if some.len() > MAX_SHOWN { " and others" } else { "" };
            format!("The type is {name}. Its metadata does not describe {named}{more}.")
        }
    }))
}

/// Parses type metadata: a JSON object with a `vct`, also after a byte order mark. Returns `None`
/// for other content.
fn read(document: &[u8]) -> Option<Value> {
    let text = document.strip_prefix(b"\xef\xbb\xbf").unwrap_or(document);
    parse_limited(text).ok().filter(|metadata: &Value| metadata["vct"].is_string())
}

/// Returns the claims that the metadata does not describe.
fn undescribed(credential: &SdJwtVc<'_>, metadata: &Value) -> Vec<String> {
    let described = metadata["claims"].as_array().map(Vec::as_slice).unwrap_or_default();
    let is_described = |name: &str| described.iter().any(|claim| claim["path"][0] == *name);
    let names = credential.disclosed.claims.keys();
    names.filter(|name| !COMMON.contains(&name.as_str()) && !is_described(name)).map(|name| shown(name)).collect()
}
