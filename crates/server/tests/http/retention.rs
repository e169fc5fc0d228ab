//! Retention: after 48 hours an undecided submission cannot be decrypted, not even from a copy
//! (docs/partner-api.md
//! section 8).

use std::path::Path;
use std::time::Duration;

use crate::support::app::TestApp;
use ambient::Rng;
use store::domain::submission::{Sealed, SubmissionState};
use store::{Part, Store};
use tenure::jobs::run_retention;
use tenure::keys::Keyring;
use uuid::Uuid;

const HOUR: Duration = Duration::from_secs(3600);
/// The time after which the last submission of a period has expired.
const OVER: Duration = Duration::from_secs(49 * 3600);

/// Copies the database and the root key, as a backup does, without the key ring.
async fn backup(test: &TestApp) -> tempfile::TempDir {
    let copy = tempfile::tempdir().expect("a folder");
    let store::Store::Sqlite { writer, .. } = test.app.store() else { panic!("on SQLite") };
    let target = copy.path().join("tenure.sqlite").display().to_string();
    sqlx::query("VACUUM INTO $1").bind(target).execute(writer).await.expect("copied");
    std::fs::copy(test.folder.path().join("root.key"), copy.path().join("root.key")).expect("copied");
    copy
}

/// Reads the sealed payload of a submission from the copy.
async fn sealed_in(copy: &Path, id: Uuid, test: &TestApp) -> Sealed {
    let store = Store::open(Part::Data, copy, "", 1).await.expect("the copy opens");
    let found = store.read().await.expect("a transaction").linked_submission(id, test.app.now() - 1000 * HOUR).await;
    match found.expect("read").expect("it is in the copy").state {
        SubmissionState::Incomplete { sealed, .. } => sealed,
        state => panic!("{state:?}"),
    }
}

/// Tries to decrypt it with the copy's root key and the current key ring.
async fn opened(copy: &Path, id: Uuid, test: &TestApp) -> Option<String> {
    let sealed = sealed_in(copy, id, test).await;
    let ring = Store::open(Part::Keyring, test.folder.path(), "", 1).await.expect("the ring opens");
    let keyring = Keyring::open(ring, copy, HOUR, Rng::System).await.expect("the root key is right");
    let plain = keyring.open_sealed(&sealed, &[b"submission", id.as_bytes()]).await.expect("the ring is readable");
    plain.map(|plain| String::from_utf8_lossy(&plain).into_owned())
}

#[tokio::test]
async fn database_copy_is_unreadable_after_48_hours() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let id = test.push(&test.token(&partner).await, "1").await;
    let copy = backup(&test).await;
    let before = opened(copy.path(), id, &test).await.expect("while its key lives the copy opens");
    assert!(before.contains("Ada Marker-Lovelace"));
    // A submission at the end of the hour has the same key and is kept for 48 hours too.
    test.advance(OVER - Duration::from_micros(1));
    run_retention(&test.app).await.expect("done");
    assert!(opened(copy.path(), id, &test).await.is_some(), "not a moment too early");
    test.advance(Duration::from_micros(1));
    run_retention(&test.app).await.expect("done");
    assert_eq!(opened(copy.path(), id, &test).await, None, "its key is destroyed");
}

#[tokio::test]
async fn retention_expires_only_undecided_submissions() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    let mut person = test.signed_in("ada@example.org").await;
    let (kept, silent) = (test.push(&token, "kept").await, test.push(&token, "silent").await);
    person.open(kept).await;
    person.post(&format!("/requests/{kept}/accept"), &[]).await;
    test.advance(48 * HOUR - Duration::from_secs(1));
    run_retention(&test.app).await.expect("done");
    let state = async |id| {
        test.app
            .store()
            .read()
            .await
            .expect("a transaction")
            .linked_submission(id, test.app.now())
            .await
            .expect("read")
            .expect("known")
            .state
    };
    assert!(matches!(state(silent).await, SubmissionState::Incomplete { .. }), "not a second too early");
    test.advance(OVER);
    for _ in 0..2 {
        run_retention(&test.app).await.expect("done, and again");
    }
    assert!(matches!(state(silent).await, SubmissionState::Expired { .. }));
    assert!(person.text("/wallet").await.contains("Marker-Lovelace"), "what was accepted opens with the holder's key");
    let events =
        test.app.store().read().await.expect("a transaction").events(silent, test.app.now()).await.expect("read");
    assert_eq!(events.last().map(|event| event.kind.name()), Some("expired"));
}

#[tokio::test]
async fn retention_continues_after_a_restart() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let id = test.push(&test.token(&partner).await, "1").await;
    let later = test.app.now() + OVER;
    test.app.close().await;
    let again = TestApp::builder().folder(test.folder).start().await;
    again.advance(later.since(again.app.now()));
    run_retention(&again.app).await.expect("done");
    let stored = again
        .app
        .store()
        .read()
        .await
        .expect("a transaction")
        .linked_submission(id, again.app.now())
        .await
        .expect("read");
    assert!(matches!(stored.expect("known").state, SubmissionState::Expired { .. }));
    assert_eq!(again.status(&again.token(&partner).await, "1").await["status"], "canceled");
}

#[tokio::test]
async fn shorter_retention_setting_keeps_earlier_deadlines() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let long = test.push(&test.token(&partner).await, "long").await;
    let begun = test.app.now();
    test.app.close().await;
    let again = TestApp::builder().folder(test.folder).setting("retention.incomplete", "2h").start().await;
    again.advance((begun + 5 * HOUR).since(again.app.now()));
    let short = again.push(&again.token(&partner).await, "short").await;
    let copy = backup(&again).await;
    again.advance(5 * HOUR);
    run_retention(&again.app).await.expect("done");
    assert_eq!(opened(copy.path(), short, &again).await, None, "its two hours are over, and its key is destroyed");
    assert!(opened(copy.path(), long, &again).await.is_some(), "it has its 48 hours");
    let mut person = again.signed_in("ada@example.org").await;
    let location = person.open(long).await.redirect().to_owned();
    assert!(person.text(&location).await.contains("Marker-Lovelace"));
    again.advance(OVER - 10 * HOUR);
    run_retention(&again.app).await.expect("done");
    assert_eq!(opened(copy.path(), long, &again).await, None);
}

#[tokio::test]
async fn no_file_contains_pushed_or_typed_plaintext() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let mut person = test.signed_in("marked-address@example.org").await;
    let id = test.push(&token, "1").await;
    test.push(&token, "2").await;
    person.open(id).await;
    person.post(&format!("/requests/{id}/accept"), &[]).await;
    test.assert_no_file_contains(&["Marker-Lovelace", "Company A", "marked-address"]);
}
