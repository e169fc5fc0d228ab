//! Reads the files of an offline verification: keys, status lists and type metadata, as text in UTF-8
//! or UTF-16.

use std::path::{Path, PathBuf};

use credential::jws::Jws;
use credential::key::PublicKey;
use credential::verification::{Answer, Lookups, VerificationInputs, decode_text};
use serde_json::Value;

use super::key_file;

/// The files that the options name.
#[derive(Clone, Copy, Debug)]
pub(super) struct OfflineFiles<'a> {
    pub(super) keys: &'a Path,
    pub(super) status: &'a [PathBuf],
    pub(super) metadata: Option<&'a Path>,
}

impl OfflineFiles<'_> {
    /// Reads the files for a token with these `lookups`.
    ///
    /// # Errors
    /// The option whose file is wrong, and why. This says nothing about the token.
    pub(super) fn read(&self, lookups: &Lookups) -> Result<VerificationInputs, String> {
        let mut lists = Vec::new();
        for path in self.status {
            lists.extend(status_list(path, lookups)?);
        }
        let metadata = self.metadata.map(metadata).transpose()?;
        let answer = |address: &String| {
            let found = lists.iter().find(|(of, _)| of == address);
            found.map_or(Answer::NotAsked, |(_, list)| Answer::Some(list.clone()))
        };
        Ok(VerificationInputs {
            issuer_keys: Answer::Some(keys(self.keys, lookups.issuer.as_deref())?),
            status: lookups.status.as_ref().map_or(Answer::NotAsked, answer),
            more_status: lookups.more_status.iter().map(answer).collect(),
            stored_status: None,
            metadata: metadata.map_or(Answer::NotAsked, Answer::Some),
        })
    }
}

fn read(option: &str, path: &Path) -> Result<String, String> {
    let bytes = std::fs::read(path).map_err(|error| format!("{option} {}: {error}", path.display()))?;
    match decode_text(&bytes) {
        Some(text) => Ok(text.into_owned()),
        None => Err(format!("{option} {} is not text in UTF-8 or UTF-16", path.display())),
    }
}

fn keys(path: &Path, issuer: Option<&str>) -> Result<Vec<(String, PublicKey)>, String> {
    key_file::read(&read("--keys", path)?, issuer).map_err(|why| {
        format!("--keys {} is not the issuer's JWK Set, JWK, metadata or PEM file: {why}", path.display())
    })
}

/// Reads a status list, which must be one of those that the token names. Returns its address and the
/// list; `None` if the token names no list.
fn status_list(path: &Path, lookups: &Lookups) -> Result<Option<(String, String)>, String> {
    let refuse = |why: &str| format!("--status {} is not the token's status list: {why}", path.display());
    let text = read("--status", path)?;
    let text = text.trim().trim_matches('"');
    let list = Jws::read(text).map_err(|refusal| refuse(&refusal.to_string()))?;
    let is_token = list.require_type("statuslist+jwt").is_ok();
    if !is_token {
        list.require_type("vc+jwt").map_err(|_| refuse("its typ must be statuslist+jwt or vc+jwt"))?;
    }
    let address = list.payload.get(if is_token { "sub" } else { "id" }).and_then(Value::as_str);
    let wanted: Vec<&str> = lookups.status.iter().chain(&lookups.more_status).map(String::as_str).collect();
    match address.filter(|address| wanted.contains(address)) {
        None if !wanted.is_empty() => Err(refuse(&format!("the token names {}", wanted.join(", ")))),
        found => Ok(found.map(|address| (address.to_owned(), text.to_owned()))),
    }
}

fn metadata(path: &Path) -> Result<Vec<u8>, String> {
    let text = read("--metadata", path)?;
    match serde_json::from_str::<Value>(&text) {
        Ok(_) => Ok(text.into_bytes()),
        Err(error) => Err(format!("--metadata {} is not JSON: {error}", path.display())),
    }
}
