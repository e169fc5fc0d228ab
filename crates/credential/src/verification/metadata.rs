//! Checks claims against the type metadata.

use serde_json::Value;

use crate::format::sd_jwt_vc::{self, SdJwtVc};
use crate::verify_error::VerifyError;

/// Claims that any SD-JWT VC may have beside those of its type.
const COMMON: [&str; 11] =
    ["iss", "iat", "nbf", "exp", "cnf", "vct", "vct#integrity", "aka_vcts", "status", "sub", "jti"];

/// Returns whether a claim describes the credential, not its holder: the claims of any SD-JWT VC,
/// and the attester and date of the attestation.
pub fn is_of_credential(name: &str) -> bool {
    COMMON.contains(&name) || matches!(name, "attested_by" | "attested_at")
}

/// Checks that the metadata belongs to the credential and describes every claim. Returns the type's
/// name (SD-JWT VC, sections 5 and 6).
pub(super) fn check_metadata(credential: &SdJwtVc<'_>, document: &[u8]) -> Result<String, VerifyError> {
    if credential
        .text("vct#integrity")
        .is_some_and(|hash| hash.trim_end_matches('=') != sd_jwt_vc::integrity(document).trim_end_matches('='))
    {
        return Err(VerifyError::Claim("vct#integrity does not match the type's metadata"));
    }
    let metadata: Value =
        serde_json::from_slice(document).map_err(|_| VerifyError::Malformed("the type metadata is not JSON"))?;
    if metadata["vct"].as_str() != credential.text("vct") {
        return Err(VerifyError::Claim("the type's metadata has another vct"));
    }
    let claims = metadata["claims"].as_array().map(Vec::as_slice).unwrap_or_default();
    let first = |claim: &Value| claim["path"][0].as_str().map(ToOwned::to_owned);
    let known: Vec<String> = claims.iter().filter_map(first).collect();
    let stranger = |name: &&String| !known.contains(name) && !COMMON.contains(&name.as_str());
    if !known.is_empty() && credential.disclosed.claims.keys().any(|name| stranger(&name)) {
        return Err(VerifyError::Claim("a claim is not in the type's metadata"));
    }
    Ok(metadata["name"].as_str().or(credential.text("vct")).unwrap_or_default().to_owned())
}
