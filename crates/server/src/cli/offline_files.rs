//! Reads the files of an offline verification: keys and status lists, as text in UTF-8 or UTF-16,
//! and type metadata, byte for byte.

use std::path::{Path, PathBuf};

use credential::VerifyError;
use credential::jws::{self, Jws};
use credential::verification::{LookupResult, Lookups, Token, VerificationInputs, decode_text};
use serde_json::Value;

use super::key_file::{self, NamedKeys};
use super::key_origins::{KeyOrigins, certified};
use crate::certificate_chain::{Chain, TrustAnchors};
use ambient::Timestamp;

/// The files that the options name.
#[derive(Clone, Copy, Debug)]
pub(super) struct OfflineFiles<'a> {
    pub(super) keys: &'a Path,
    pub(super) status: &'a [PathBuf],
    pub(super) metadata: Option<&'a Path>,
}

impl OfflineFiles<'_> {
    /// Identifies the issuer of an SD-JWT VC without `iss` by its certificate, which must lead to
    /// an authority in the file of `--keys` and name one server (D-394).
    ///
    /// # Errors
    /// The file cannot be read.
    pub(super) fn identify_issuer(&self, token: &mut Token<'_>, now: Timestamp) -> Result<(), String> {
        let Token::SdJwtVc(credential) = token else { return Ok(()) };
        if credential.disclosed.claims.contains_key("iss") {
            return Ok(());
        }
        let Some(x5c) = credential.sd_jwt.jws.header.get("x5c") else { return Ok(()) };
        let text = read("--keys", self.keys)?;
        let path = self.keys.display();
        let anchors = TrustAnchors::among(text.as_bytes(), now).map_err(|why| format!("--keys {path}: {why}"))?;
        let leaf = Chain::from_x5c(x5c).and_then(|chain| anchors.validate(&chain, now)).ok();
        credential.certified_issuer = leaf.and_then(|leaf| leaf.only_address());
        Ok(())
    }

    /// Reads the files for a token that is verified as of `now`. Returns also what the keys of the
    /// file of `--keys` are.
    ///
    /// # Errors
    /// The option whose file is wrong, and why. This says nothing about the token.
    pub(super) fn read(&self, token: &Token<'_>, now: Timestamp) -> Result<(VerificationInputs, KeyOrigins), String> {
        let lookups = token.lookups();
        let lists = self.status_lists(&lookups)?;
        let metadata = self.metadata.map(metadata).transpose()?;
        let list_at = |address: &String| {
            let found = lists.iter().find(|(of, _)| of == address);
            found.map_or(LookupResult::NotAttempted, |(_, list)| LookupResult::Found(list.clone()))
        };
        let text = read("--keys", self.keys)?;
        let (origins, issuer_keys) = if let Some(found) = self.did_keys(&text, token, now)? {
            (KeyOrigins::read(&text, &[], token, now), found)
        } else {
            let keys = self.file_keys(&text, &lookups)?;
            let origins = KeyOrigins::read(&text, &keys, token, now);
            (origins, self.issuer_keys((text.as_str(), keys), token, &lists, now)?)
        };
        let inputs = VerificationInputs {
            issuer_keys,
            status: lookups.status.as_ref().map_or(LookupResult::NotAttempted, list_at),
            more_status: lookups.more_status.iter().map(list_at).collect(),
            stored_status: None,
            metadata: metadata.map_or(LookupResult::NotAttempted, LookupResult::Found),
        };
        Ok((inputs, origins))
    }

    /// Reads the status lists, with their addresses.
    ///
    /// # Errors
    /// A file is not a status list of the token, or is another version of one: which of the two is
    /// current is for the user to say.
    fn status_lists(&self, lookups: &Lookups) -> Result<Vec<(String, String)>, String> {
        let mut lists: Vec<(String, String)> = Vec::new();
        for path in self.status {
            let Some((address, list)) = status_list(path, lookups)? else { continue };
            match lists.iter().find(|(of, _)| *of == address) {
                None => lists.push((address, list)),
                Some((_, other)) if *other == list => {}
                Some(_) => {
                    let path = path.display();
                    return Err(format!(
                        "--status {path}: another file has a different version of the list {address}. Use only the newest"
                    ));
                }
            }
        }
        Ok(lists)
    }

    /// Reads the keys in `text`, the file of `--keys`.
    fn file_keys(&self, text: &str, lookups: &Lookups) -> Result<NamedKeys, String> {
        key_file::read(text, lookups.issuer.as_deref()).map_err(|why| self.not_the_issuers(&why))
    }

    /// Returns the keys of the DID document in `text`, the file of `--keys`; `None` if that is
    /// another kind of file. They are not known if the document has no key for the token, or one
    /// that was revoked or has expired, as if it had been fetched.
    fn did_keys(
        &self,
        text: &str,
        token: &Token<'_>,
        now: Timestamp,
    ) -> Result<Option<LookupResult<NamedKeys>>, String> {
        let Some(document) = key_file::did_document(text) else { return Ok(None) };
        let issuer = token.lookups().issuer;
        let did = key_file::did_of(&document, issuer.as_deref()).map_err(|why| self.not_the_issuers(&why))?.to_owned();
        let keys = key_file::did_keys(document, &did, token.jws(), now.seconds());
        let unknown = |why: String| LookupResult::Failed(format!("the DID document of --keys: {why}"));
        Ok(Some(keys.map_or_else(unknown, LookupResult::Found)))
    }

    fn not_the_issuers(&self, why: &str) -> String {
        let path = self.keys.display();
        format!("--keys {path} is not the issuer's JWK Set, JWK, metadata, DID document or PEM file: {why}")
    }

    /// Returns the issuer's keys: those of the file of `--keys`, which has the given text and keys.
    /// If it has the certificate of an authority, the keys are also those in the certificate chains
    /// of the token and of its status lists that lead to it. Without such a chain the token is only
    /// compared with the keys of the file, and if none of them signed it, the keys are not known.
    fn issuer_keys(
        &self,
        (text, mut keys): (&str, NamedKeys),
        token: &Token<'_>,
        lists: &[(String, String)],
        now: Timestamp,
    ) -> Result<LookupResult<NamedKeys>, String> {
        let path = self.keys.display();
        let anchors = TrustAnchors::among(text.as_bytes(), now).map_err(|why| format!("--keys {path}: {why}"))?;
        if anchors.is_empty() {
            return Ok(LookupResult::Found(keys));
        }
        let key = match token.certificates() {
            Some(x5c) => certified(&anchors, x5c, token.issuer(), now),
            None if keys.is_empty() => {
                return Err(format!(
                    "--keys {path}: this is a certificate authority's certificate; its key signs certificates, and the token has none (x5c). Use a file with the keys or the certificate of the issuer"
                ));
            }
            None => return Ok(LookupResult::Found(keys)),
        };
        match key {
            // First, so that it is tried whatever else the file has.
            Ok(key) => keys.insert(0, key),
            Err(why) if token.jws().verify_with(&keys).is_err() => {
                let others = if keys.is_empty() { "" } else { ", and no other key of the file signed it" };
                let why = format!("x5c of the token is not accepted under the authority of --keys: {why}{others}");
                return Ok(LookupResult::Failed(why));
            }
            Err(_) => return Ok(LookupResult::Found(keys)),
        }
        for (_, list) in lists {
            let list = Jws::read(list).ok();
            let x5c = list.as_ref().and_then(|list| list.header.get("x5c"));
            keys.extend(x5c.and_then(|x5c| certified(&anchors, x5c, token.issuer(), now).ok()));
        }
        Ok(LookupResult::Found(keys))
    }
}

fn read_bytes(option: &str, path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| format!("{option} {}: {error}", path.display()))
}

fn read(option: &str, path: &Path) -> Result<String, String> {
    match decode_text(&read_bytes(option, path)?) {
        Some(text) => Ok(text.into_owned()),
        None => Err(format!("{option} {} is not text in UTF-8 or UTF-16", path.display())),
    }
}

/// Reads a status list, which must be one of those that the token names. Returns its address and
/// the list; `None` if the token names no list.
fn status_list(path: &Path, lookups: &Lookups) -> Result<Option<(String, String)>, String> {
    let refuse = |why: &str| format!("--status {} is not the token's status list: {why}", path.display());
    let text = read("--status", path)?;
    let text = text.trim().trim_matches('"');
    let (payload, members) = match Jws::read(text) {
        Ok(list) if list.require_type("statuslist+jwt").is_ok() => (list.payload, vec!["sub"]),
        Ok(list) => {
            list.require_type("vc+jwt").map_err(|_| refuse("its typ must be statuslist+jwt or vc+jwt"))?;
            (list.payload, vec!["id"])
        }
        // A list that cannot be verified leaves the token not checkable (D-274).
        Err(refusal @ VerifyError::Algorithm(_)) if refusal.is_unsupported() => {
            (jws::unverified_payload(text).unwrap_or_default(), vec!["sub", "id"])
        }
        Err(refusal) => return Err(refuse(&refusal.to_string())),
    };
    let wanted: Vec<&str> = lookups.status.iter().chain(&lookups.more_status).map(String::as_str).collect();
    let mut addresses = members.into_iter().filter_map(|name| payload.get(name)?.as_str());
    match addresses.find(|address| wanted.contains(address)) {
        None if !wanted.is_empty() => Err(refuse(&format!("the token names {}", wanted.join(", ")))),
        found => Ok(found.map(|address| (address.to_owned(), text.to_owned()))),
    }
}

/// Reads type metadata. Its digest in the token is that of the bytes as they were served, which are
/// UTF-8, maybe with a byte order mark: a file that was saved in UTF-16 is another document.
fn metadata(path: &Path) -> Result<Vec<u8>, String> {
    let bytes = read_bytes("--metadata", path)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| {
        format!("--metadata {} is not text in UTF-8. Use the document exactly as it was served", path.display())
    })?;
    match serde_json::from_str::<Value>(text.strip_prefix('\u{feff}').unwrap_or(text)) {
        Ok(_) => Ok(bytes),
        Err(error) => Err(format!("--metadata {} is not JSON: {error}", path.display())),
    }
}
