//! The root key, and what it opens: the keys that sign, their age and their certificates.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use credential::key::{Algorithm, SoftwareKey};

use super::certificate::validity;
use super::examination::{Examination, told};
use super::finding::Report;
use crate::issuing::PUBLISHED_BEFORE_USE;
use crate::keys::{Belonging, Keyring, Purpose, SigningKey};
use store::{Part, Store, database_files};

/// A key is followed by another within minutes of its time while a server runs; a day later nobody has come by.
const GRACE: Duration = Duration::from_secs(86_400);

pub(super) async fn examine(report: &mut Report, it: &Examination, data: Option<&Store>, store: Option<Store>) {
    folder(report, it);
    database_modes(report, it);
    if let (Some(data), Some(ring)) = (data, &store) {
        belonging(report, it, data, ring).await;
    }
    if !root_key(report, it) {
        for what in ["key ring", "keys"] {
            report.skip(what, "the root key cannot be used");
        }
        return;
    }
    let Some(store) = store else {
        return report.skip("key ring", "its database cannot be used");
    };
    let ring = match Keyring::look(store, it.data(), it.config.retention.ring_period(), it.rng.clone()) {
        Ok(ring) => ring,
        Err(error) => {
            return report.fail("key ring", error.to_string(), "Put back the root key that belongs to this data.");
        }
    };
    let algorithm = it.config.credentials.algorithm;
    let (credentials, tokens) = (it.config.credentials.signing_key_age, it.config.tokens.signing_key_age);
    let mut is_open = true;
    for (name, purpose, age) in [
        ("keys of credentials", Purpose::Credential(algorithm), Some(credentials)),
        ("keys of tokens", Purpose::Token, Some(tokens)),
        ("authority", Purpose::Authority, None),
        ("encryption key", Purpose::Encryption, None),
        ("keys of questions", Purpose::Request, None),
    ] {
        match ring.signing_keys(purpose).await {
            Ok(keys) => signing_keys(report, it, name, purpose, &keys, age),
            Err(error) => {
                is_open = false;
                let fix = "Put back the root key that belongs to this key ring: another one opens nothing of it.";
                report.fail(name, error.to_string(), fix);
            }
        }
    }
    if is_open {
        report.ok("key ring", "the root key opens what is in it");
    }
}

/// Reports whether the key ring is that of the data.
async fn belonging(report: &mut Report, it: &Examination, data: &Store, ring: &Store) {
    let name = "data and key ring";
    let fix = "Put back what is missing, or restore a backup; docs/operations.md says what else can be done.";
    match Belonging::of(data, ring, it.now()).await {
        Err(error) => report.fail(name, error.to_string(), "Mend what the database complains of."),
        Ok(found) => match found.refusal(&it.config.storage) {
            Some(refusal) => report.fail(name, refusal, fix),
            None => report.ok(name, "they belong together"),
        },
    }
}

fn folder(report: &mut Report, it: &Examination) {
    let (folder, shown) = (it.data(), it.data().display());
    match std::fs::metadata(folder) {
        Err(error) => report.fail("data folder", format!("{shown}: {error}"), "Check --data, and who owns the folder."),
        Ok(found) if found.permissions().mode() & 0o077 != 0 => report.warn(
            "data folder",
            format!("{shown} has mode {:o}", found.permissions().mode() & 0o777),
            format!("Keep it from others on this machine: chmod 700 {shown}"),
        ),
        Ok(_) => report.ok("data folder", format!("{shown} is its owner's alone")),
    }
}

/// Reports database files that others may read. A server that starts there makes them private.
fn database_modes(report: &mut Report, it: &Examination) {
    let databases = [Part::Data, Part::Keyring].map(|part| it.data().join(part.file()));
    let modes = databases.iter().flat_map(|file| database_files(file)).filter_map(|file| {
        let mode = std::fs::metadata(&file).ok()?.permissions().mode() & 0o777;
        Some((file, mode))
    });
    let modes: Vec<_> = modes.collect();
    match modes.iter().find(|(_, mode)| mode & 0o077 != 0) {
        Some((file, mode)) => report.warn(
            "database files",
            format!("{} has mode {mode:o}", file.display()),
            format!("Make it private: chmod 600 {}", file.display()),
        ),
        None if modes.is_empty() => {}
        None => report.ok("database files", "only their owner can read them"),
    }
}

/// Whether the root key is there as it must be. What is in it is never looked at here.
fn root_key(report: &mut Report, it: &Examination) -> bool {
    let path = it.data().join("root.key");
    let shown = path.display();
    match std::fs::metadata(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let fix = "Put it back from where its copy is kept; only a server on an empty folder makes a new one.";
            report.fail("root key", format!("{shown} is not there"), fix);
            false
        }
        Err(error) => {
            report.fail("root key", format!("{shown}: {error}"), "Let the user that the server runs as read it.");
            false
        }
        Ok(found) if found.permissions().mode() & 0o077 != 0 => {
            let measured = format!("{shown} has mode {:o}", found.permissions().mode() & 0o777);
            report.fail(
                "root key",
                measured,
                format!("Make it private, for no server starts with it: chmod 600 {shown}"),
            );
            false
        }
        Ok(_) => {
            report.ok("root key", format!("{shown} is its owner's alone"));
            true
        }
    }
}

fn signing_keys(
    report: &mut Report,
    it: &Examination,
    name: &str,
    purpose: Purpose,
    keys: &[SigningKey],
    age: Option<Duration>,
) {
    let Some(newest) = keys.first() else {
        return report.skip(name, "there is none yet: a server makes it when it starts");
    };
    let algorithm = match purpose {
        Purpose::Credential(algorithm) => algorithm,
        Purpose::Token => Algorithm::EdDsa,
        Purpose::Authority | Purpose::Encryption | Purpose::Request => Algorithm::Es256,
    };
    for key in keys {
        if let Err((wrong, fix)) = sound(it, key, algorithm) {
            return report.fail(name, wrong, fix);
        }
    }
    let old = it.now().since(newest.created_at);
    let mut measured = format!("{}, the newest {} old", counted(keys.len()), told(old));
    if let Some(age) = age
        && old > age + PUBLISHED_BEFORE_USE + GRACE
    {
        let fix = "Start a server: it makes the next key by itself.";
        return report.warn(name, format!("{measured}, although one is due every {}", told(age)), fix);
    }
    if let Some(found) = newest.certificate.as_deref().and_then(validity) {
        measured = format!("{measured}; its certificate is good until {}", found.until);
    }
    report.ok(name, measured);
}

/// That what is in the ring is a key, and that its certificate, if it has one, is its own and good today; or what is wrong,
/// and what to do.
fn sound(it: &Examination, key: &SigningKey, algorithm: Algorithm) -> Result<(), (String, &'static str)> {
    let restore = "Restore the key ring from a copy.";
    let signer =
        SoftwareKey::from_bytes(algorithm, key.secret.expose()).map_err(|error| (error.to_string(), restore))?;
    let Some(certificate) = &key.certificate else { return Ok(()) };
    let public = signer.public().bytes();
    if !certificate.windows(public.len()).any(|part| part == public) {
        return Err(("a certificate is of another key".to_owned(), restore));
    }
    let Some(found) = validity(certificate) else {
        return Err(("a certificate cannot be read".to_owned(), restore));
    };
    if found.until < it.now() || found.from > it.now() {
        let wrong = format!("a certificate is good from {} until {} only", found.from, found.until);
        return Err((wrong, "Check the clock; a key whose certificate is over must be replaced."));
    }
    Ok(())
}

fn counted(count: usize) -> String {
    if count == 1 { "1 key".to_owned() } else { format!("{count} keys") }
}
