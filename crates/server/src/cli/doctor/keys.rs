//! Checks the root key and the signing keys: whether they can be decrypted, their age, and their
//! certificates.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use credential::key::{Algorithm, SoftwareKey};

use super::certificate::validity;
use super::examination::{Examination, render};
use super::finding::Report;
use crate::issuing::{CHAIN_RENEWED_BEFORE, OperatorKey, PUBLISHED_BEFORE_USE};
use crate::keys::{Belonging, Keyring, Purpose, SigningKey};
use store::{Part, Store, database_files};

/// Time after which a missed rotation is reported. A running server rotates keys within minutes.
const GRACE: Duration = Duration::from_secs(86_400);

pub(super) async fn check(report: &mut Report, it: &Examination, data: Option<&Store>, store: Option<Store>) {
    folder(report, it);
    database_modes(report, it);
    if let (Some(data), Some(ring)) = (data, &store) {
        belonging(report, it, data, ring).await;
    }
    operator_key(report, it);
    if !root_key(report, it) {
        for what in ["key ring", "keys"] {
            report.skip(what, "the root key cannot be used");
        }
        return;
    }
    let Some(store) = store else {
        return report.skip("key ring", "its database cannot be used");
    };
    let ring = match Keyring::look(store, it.data(), it.config.retention.epoch_length(), it.rng.clone()) {
        Ok(ring) => ring,
        Err(error) => {
            return report.fail("key ring", error.to_string(), "Put back the root key that belongs to this data.");
        }
    };
    let algorithm = it.config.credentials.algorithm;
    let (credentials, tokens) = (it.config.credentials.key_rotation_interval, it.config.tokens.key_rotation_interval);
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
                let fix = "Put back the root key that belongs to this key ring: no other key decrypts it.";
                report.fail(name, error.to_string(), fix);
            }
        }
    }
    if is_open {
        report.ok("key ring", "the root key decrypts its keys");
    }
}

/// Reports the operator's own key for credentials and when its certificate chain expires, if the
/// settings name one.
fn operator_key(report: &mut Report, it: &Examination) {
    let name = "operator's key";
    let operator = match OperatorKey::read(&it.config.credentials, it.config.base(), it.now()) {
        Ok(None) => return,
        Ok(Some(operator)) => operator,
        Err(error) => {
            let fix = "Correct the files; docs/operate/signing.md says what they contain. A running server uses their \
                       earlier content meanwhile, and signs without certificates once those have expired; a server \
                       does not start with them.";
            return report.fail(name, error, fix);
        }
    };
    let Some(until) = operator.valid_until() else { return };
    let measured = format!("its certificate chain is valid until {until}");
    if until <= it.now() + CHAIN_RENEWED_BEFORE {
        let fix = "Get a new certificate and replace credentials.certificate_chain_file; no restart is needed.";
        return report.warn(name, measured, fix);
    }
    report.ok(name, measured);
}

/// Reports whether the key ring belongs to the data.
async fn belonging(report: &mut Report, it: &Examination, data: &Store, ring: &Store) {
    let name = "data and key ring";
    let fix = "Put back the missing part, or restore a backup; docs/operate/backup.md describes the alternatives.";
    match Belonging::of(data, ring, it.now()).await {
        Err(error) => report.fail(name, error.to_string(), "Resolve the database error."),
        Ok(found) => match found.refusal(&it.config.storage) {
            Some(refusal) => report.fail(name, refusal, fix),
            None => report.ok(name, "they belong together"),
        },
    }
}

fn folder(report: &mut Report, it: &Examination) {
    let (folder, shown) = (it.data(), it.data().display());
    match std::fs::metadata(folder) {
        Err(error) => {
            report.fail("data folder", format!("{shown}: {error}"), "Check --data and the owner of the folder.");
        }
        Ok(found) if found.permissions().mode() & 0o077 != 0 => report.warn(
            "data folder",
            format!("{shown} has mode {:o}", found.permissions().mode() & 0o777),
            format!("Make it private: chmod 700 {shown}"),
        ),
        Ok(_) => report.ok("data folder", format!("only its owner can access {shown}")),
    }
}

/// Reports database files that other users may read. A server makes them private when it starts.
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

/// Returns whether the root key file exists with the correct mode. Its content is not read here.
fn root_key(report: &mut Report, it: &Examination) -> bool {
    let path = it.data().join("root.key");
    let shown = path.display();
    match std::fs::metadata(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let fix = "Restore it from its copy. A server creates a new one only in an empty folder.";
            report.fail("root key", format!("{shown} does not exist"), fix);
            false
        }
        Err(error) => {
            report.fail("root key", format!("{shown}: {error}"), "Make it readable for the user that runs the server.");
            false
        }
        Ok(found) if found.permissions().mode() & 0o077 != 0 => {
            let measured = format!("{shown} has mode {:o}", found.permissions().mode() & 0o777);
            report.fail(
                "root key",
                measured,
                format!("Make it private, otherwise no server starts with it: chmod 600 {shown}"),
            );
            false
        }
        Ok(_) => {
            report.ok("root key", format!("only its owner can access {shown}"));
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
        return report.skip(name, "there is none yet: a server creates it when it starts");
    };
    let algorithm = match purpose {
        Purpose::Credential(algorithm) => algorithm,
        Purpose::Token => Algorithm::EdDsa,
        Purpose::Authority | Purpose::Encryption | Purpose::Operator | Purpose::Request => Algorithm::Es256,
    };
    for key in keys {
        if let Err((wrong, fix)) = sound(it, key, algorithm) {
            return report.fail(name, wrong, fix);
        }
    }
    let old = it.now().since(newest.created_at);
    let mut measured = format!("{}, the newest {} old", counted(keys.len()), render(old));
    if let Some(age) = age
        && old > age + PUBLISHED_BEFORE_USE + GRACE
    {
        let fix = "Start a server: it creates the next key itself.";
        return report.warn(name, format!("{measured}, although a new one is due every {}", render(age)), fix);
    }
    if let Some(found) = newest.certificate.as_deref().and_then(validity) {
        measured = format!("{measured}; its certificate is valid until {}", found.until);
    }
    report.ok(name, measured);
}

/// Checks that a stored key can be used, and that its certificate, if any, belongs to it and is
/// valid today. Returns the problem and the fix otherwise.
fn sound(it: &Examination, key: &SigningKey, algorithm: Algorithm) -> Result<(), (String, &'static str)> {
    let restore = "Restore the key ring from a copy.";
    let signer =
        SoftwareKey::from_bytes(algorithm, key.secret.expose()).map_err(|error| (error.to_string(), restore))?;
    let Some(certificate) = &key.certificate else { return Ok(()) };
    let public = signer.public().bytes();
    if !certificate.windows(public.len()).any(|part| part == public) {
        return Err(("a certificate belongs to another key".to_owned(), restore));
    }
    let Some(found) = validity(certificate) else {
        return Err(("a certificate cannot be read".to_owned(), restore));
    };
    if found.until < it.now() || found.from > it.now() {
        let wrong = format!("a certificate is valid from {} until {} only", found.from, found.until);
        return Err((wrong, "Check the clock. A key whose certificate has expired must be replaced."));
    }
    Ok(())
}

fn counted(count: usize) -> String {
    if count == 1 { "1 key".to_owned() } else { format!("{count} keys") }
}
