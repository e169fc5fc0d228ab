//! Reads the files of an offline verification: keys, status list and type metadata.

use std::path::Path;

use credential::jws::Jws;
use credential::key::PublicKey;
use credential::verification::{Answer, Lookups, VerificationInputs, keys_of};
use serde_json::Value;

/// The files that the options name.
#[derive(Clone, Copy, Debug)]
pub(super) struct OfflineFiles<'a> {
    pub(super) keys: &'a Path,
    pub(super) status: Option<&'a Path>,
    pub(super) metadata: Option<&'a Path>,
}

impl OfflineFiles<'_> {
    /// Reads the files for a token with these `lookups`.
    ///
    /// # Errors
    /// The option whose file is wrong, and why. This says nothing about the token.
    pub(super) fn read(&self, lookups: &Lookups) -> Result<VerificationInputs, String> {
        let status = self.status.map(|path| status_list(path, lookups.status.as_deref())).transpose()?;
        let metadata = self.metadata.map(metadata).transpose()?;
        Ok(VerificationInputs {
            issuer_keys: Answer::Some(keys(self.keys)?),
            status: status.map_or(Answer::NotAsked, Answer::Some),
            stored_status: None,
            metadata: metadata.map_or(Answer::NotAsked, Answer::Some),
        })
    }
}

fn read(option: &str, path: &Path) -> Result<Vec<u8>, String> {
    let bytes = std::fs::read(path).map_err(|error| format!("{option} {}: {error}", path.display()))?;
    // A byte order mark is skipped.
    match bytes.strip_prefix(b"\xef\xbb\xbf") {
        Some(rest) => Ok(rest.to_vec()),
        None => Ok(bytes),
    }
}

fn keys(path: &Path) -> Result<Vec<(String, PublicKey)>, String> {
    let refuse = |why: &str| format!("--keys {} is not a JWK Set: {why}", path.display());
    let jwks: Value = serde_json::from_slice(&read("--keys", path)?).map_err(|error| refuse(&error.to_string()))?;
    let found = keys_of(&jwks);
    if found.is_empty() { Err(refuse("it has no P-256 or Ed25519 key")) } else { Ok(found) }
}

/// Reads a status list, which must be the one at the URL that the token names.
fn status_list(path: &Path, wanted: Option<&str>) -> Result<String, String> {
    let refuse = |why: &str| format!("--status {} is not the token's status list: {why}", path.display());
    let text = String::from_utf8(read("--status", path)?).map_err(|_| refuse("it is not text"))?;
    let text = text.trim();
    let list = Jws::read(text).map_err(|refusal| refuse(&refusal.to_string()))?;
    let is_token = list.require_type("statuslist+jwt").is_ok();
    if !is_token {
        list.require_type("vc+jwt").map_err(|_| refuse("its typ must be statuslist+jwt or vc+jwt"))?;
    }
    let address = list.payload.get(if is_token { "sub" } else { "id" }).and_then(Value::as_str);
    match wanted {
        Some(wanted) if address != Some(wanted) => Err(refuse(&format!("the token names {wanted:?}"))),
        _ => Ok(text.to_owned()),
    }
}

fn metadata(path: &Path) -> Result<Vec<u8>, String> {
    let bytes = read("--metadata", path)?;
    match serde_json::from_slice::<Value>(&bytes) {
        Ok(_) => Ok(bytes),
        Err(error) => Err(format!("--metadata {} is not JSON: {error}", path.display())),
    }
}
