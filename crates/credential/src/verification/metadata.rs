//! A type's metadata, and which claims it need not know.

use serde_json::Value;

use crate::format::sd_jwt_vc::{self, SdJwtVc};
use crate::refusal::Refusal;

/// Claims that stand beside a type's own.
const COMMON: [&str; 11] =
    ["iss", "iat", "nbf", "exp", "cnf", "vct", "vct#integrity", "aka_vcts", "status", "sub", "jti"];

/// Whether a claim says something of the credential rather than of its holder: what every SD-JWT VC may have, and who attests
/// it since when.
pub fn is_of_credential(name: &str) -> bool {
    COMMON.contains(&name) || matches!(name, "attested_by" | "attested_at")
}

/// That the metadata is the right document and knows every claim; returns the type's name (SD-JWT VC, sections 5 and 6).
pub(super) fn check_metadata(credential: &SdJwtVc<'_>, document: &[u8]) -> Result<String, Refusal> {
    if credential
        .text("vct#integrity")
        .is_some_and(|hash| hash.trim_end_matches('=') != sd_jwt_vc::integrity(document).trim_end_matches('='))
    {
        return Err(Refusal::Claim("vct#integrity does not fit the type's metadata"));
    }
    let metadata: Value =
        serde_json::from_slice(document).map_err(|_| Refusal::Malformed("the type's metadata is not JSON"))?;
    if metadata["vct"].as_str() != credential.text("vct") {
        return Err(Refusal::Claim("the type's metadata is of another vct"));
    }
    let claims = metadata["claims"].as_array().map(Vec::as_slice).unwrap_or_default();
    let first = |claim: &Value| claim["path"][0].as_str().map(ToOwned::to_owned);
    let known: Vec<String> = claims.iter().filter_map(first).collect();
    let stranger = |name: &&String| !known.contains(name) && !COMMON.contains(&name.as_str());
    if !known.is_empty() && credential.disclosed.claims.keys().any(|name| stranger(&name)) {
        return Err(Refusal::Claim("one that the type does not know"));
    }
    Ok(metadata["name"].as_str().or(credential.text("vct")).unwrap_or_default().to_owned())
}
