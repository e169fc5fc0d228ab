//! A backup of a real server under load, restored on either database.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use super::support::{Place, make_private, status, text};
use super::world::{World, partners_are_told_the_truth, people_find_what_they_had, what_was_signed_is_good};
use crate::person::Person;
use crate::tenure::{Server, push, token, until};

fn contains(whole: &[u8], part: &[u8]) -> bool {
    assert!(part.len() > 16, "nothing is proved by a part of {} bytes", part.len());
    memchr(whole, part)
}

/// Searches from each occurrence of the first byte; comparing every window would take minutes in a
/// debug build.
fn memchr(whole: &[u8], part: &[u8]) -> bool {
    let mut rest = whole;
    while let Some(at) = rest.iter().position(|byte| *byte == part[0]) {
        if rest[at..].starts_with(part) {
            return true;
        }
        rest = &rest[at + 1..];
    }
    false
}

/// Backs up during pushes; returns the ids acknowledged before the backup.
fn back_up_under_load(place: &Place, server: &Server, token: &str, file: &Path) -> Vec<String> {
    let (acknowledged, stop) = (Mutex::new(Vec::new()), AtomicBool::new(false));
    std::thread::scope(|scope| {
        for client in 0..4 {
            let (acknowledged, stop, port) = (&acknowledged, &stop, server.port);
            scope.spawn(move || {
                for number in 0.. {
                    let id = format!("load-{client}-{number}");
                    let answer = push(port, token, &id).expect("an answer");
                    assert_eq!(answer.status, 201, "{}", answer.body);
                    acknowledged.lock().expect("no panic").push(id);
                    if stop.load(Ordering::SeqCst) {
                        break;
                    }
                }
            });
        }
        until("some load", || (acknowledged.lock().expect("no panic").len() > 100).then_some(()));
        let before = acknowledged.lock().expect("no panic").clone();
        place.back_up(file);
        stop.store(true, Ordering::SeqCst);
        before
    })
}

/// Asserts that the backup contains the holders' keys, but no undecided submission and no epoch
/// key.
fn holds_nothing_unaccepted(place: &Place, file: &Path) {
    let backup = std::fs::read(file).expect("a backup");
    let keys = place.bytes(true, "SELECT wrapped FROM ring_key");
    assert!(!keys.is_empty());
    assert!(keys.iter().all(|key| !contains(&backup, key)), "a ring key is in the backup");
    let waiting = place.bytes(false, if place.store.is_empty() { WAITING } else { WAITING_ON_POSTGRESQL });
    assert!(waiting.len() > 100, "{}", waiting.len());
    assert!(waiting.iter().all(|sealed| !contains(&backup, sealed)), "something unaccepted is in the backup");
    for (what, query) in [
        ("a mail", "SELECT sealed FROM outbox_message"),
        ("a sign-in", "SELECT sealed FROM sign_in"),
        ("a question", "SELECT request_sealed FROM verification WHERE request_sealed IS NOT NULL"),
        ("a session", "SELECT token_hash FROM session"),
    ] {
        assert!(place.bytes(false, query).iter().all(|bytes| !contains(&backup, bytes)), "{what} is in the backup");
    }
    let holder_keys = place.bytes(true, "SELECT wrapped FROM holder_key");
    assert!(holder_keys.iter().all(|key| contains(&backup, key)), "this search finds what is there");
    let root = std::fs::read_to_string(place.data.join("root.key")).expect("the root key");
    assert!(!contains(&backup, root.trim().as_bytes()));
}

/// Payloads under epoch keys: in the submission's row on SQLite, in a separate table on PostgreSQL.
const WAITING: &str = "SELECT sealed FROM submission WHERE state = 'incomplete' AND sealed IS NOT NULL";

const WAITING_ON_POSTGRESQL: &str = "SELECT sealed FROM payload";

/// Backs up `from`, restores to `to` and checks both.
fn rehearse(from: &Place, to: &Place, knows_deleted: bool) {
    let file = from.data.with_extension("backup");
    let mut server = from.start();
    let world = World::new(&server, &from.store());
    let before = back_up_under_load(from, &server, &world.token, &file);
    assert_eq!(mode(&file), 0o600);
    holds_nothing_unaccepted(from, &file);
    // After the backup a holder deletes their account.
    let (mut cy, _) = Person::sign_in(&server, "cy@example.org", None);
    assert_eq!(cy.post(&server, "/account/delete", &[("understood", "yes")]).status, 303);
    server.signal("KILL");
    server.wait();
    let to = to.clone().with_root_key_of(from);
    if knows_deleted {
        std::fs::copy(from.data.join("deleted-accounts"), to.data.join("deleted-accounts")).expect("copied");
    }
    let told = to.restore(&file);
    assert!(told.contains("pending submissions were ended"), "{told}");
    let restored = to.start();
    people_find_what_they_had(&restored, &world);
    partners_are_told_the_truth(&restored, &world, &before);
    what_was_signed_is_good(&restored, &world);
    let (mut cy, _) = Person::sign_in(&restored, "cy@example.org", None);
    assert_eq!(cy.get(&restored, "/wallet").body.contains("Marked Employer"), !knows_deleted);
    assert_eq!(
        told.contains("1 accounts that were deleted after the backup were deleted again"),
        knows_deleted,
        "{told}"
    );
}

fn mode(file: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(file).expect("a file").permissions().mode() & 0o777
}

#[test]
fn backup_restores_from_sqlite_to_sqlite() {
    let folder = tempfile::tempdir().expect("a folder");
    rehearse(&Place::sqlite(folder.path(), "old"), &Place::sqlite(folder.path(), "new"), true);
}

#[test]
fn backup_restores_from_postgres_to_postgres() {
    let folder = tempfile::tempdir().expect("a folder");
    rehearse(&Place::postgres(folder.path(), "old"), &Place::postgres(folder.path(), "new"), false);
}

#[test]
fn backup_restores_from_sqlite_to_postgres() {
    let folder = tempfile::tempdir().expect("a folder");
    rehearse(&Place::sqlite(folder.path(), "old"), &Place::postgres(folder.path(), "new"), true);
}

#[test]
fn backup_restores_from_postgres_to_sqlite() {
    let folder = tempfile::tempdir().expect("a folder");
    rehearse(&Place::postgres(folder.path(), "old"), &Place::sqlite(folder.path(), "new"), false);
}

#[test]
fn first_release_backup_is_upgraded_on_restore() {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/first-release");
    let folder = tempfile::tempdir().expect("a folder");
    let old = Place::sqlite(folder.path(), "old");
    std::fs::create_dir_all(&old.data).expect("a folder");
    for (file, name) in
        [("tenure.sqlite", "tenure.sqlite"), ("keyring.sqlite", "keyring.sqlite"), ("sqlite.root.key", "root.key")]
    {
        std::fs::copy(fixture.join(file), old.data.join(name)).expect("copied");
    }
    make_private(&old.data.join("root.key"));
    let file = folder.path().join("first.backup");
    old.back_up(&file);
    let known: Value =
        serde_json::from_str(&std::fs::read_to_string(fixture.join("sqlite.json")).expect("what is known"))
            .expect("JSON");
    for new in [Place::sqlite(folder.path(), "new"), Place::postgres(folder.path(), "moved")] {
        let new = new.with_root_key_of(&old);
        let told = new.restore(&file);
        assert!(told.contains("WARNING: accounts that were deleted after the backup are back"), "{told}");
        let server = new.start();
        let (mut ada, _) = Person::sign_in(&server, "ada@example.org", None);
        assert!(ada.get(&server, "/wallet").body.contains("Engineer at Company A"));
        let token = token(server.port, text(&known["client_id"]), text(&known["client_secret"])).expect("a token");
        assert_eq!(status(&server, &token, "accepted")["status"], "verified");
        for id in ["opened", "waiting"] {
            assert_eq!(status(&server, &token, id)["status"], "canceled");
            let again = server.push(&token, id).expect("an answer");
            assert_ne!(text(&again.json()["redirect_uri"]), text(&known["links"][id]));
        }
    }
}
