//! Restores that are killed, or that another node interrupts.

use std::time::Duration;

use sqlx::{Connection as _, PgConnection};

use super::support::{Place, refused, serve, small};
use crate::person::Person;
use crate::tenure::{ended, shown, until};

#[test]
fn killed_restore_is_not_mistaken_for_a_whole_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let (old, file) = small(folder.path());
    let (mut broke_off, mut round) = (0, 0);
    while broke_off < 4 && round < 60 {
        round += 1;
        let new = Place::sqlite(folder.path(), &format!("new-{round}")).with_root_key_of(&old);
        let mut process = crate::tenure::Process(new.command("restore", &file).spawn().expect("it starts"));
        // In odd rounds the restore has begun, however slow the machine is.
        while round % 2 == 1 && !new.data.join("restoring").exists() && matches!(process.0.try_wait(), Ok(None)) {
            std::thread::yield_now();
        }
        std::thread::sleep(Duration::from_millis(3 * (round / 2)));
        process.0.kill().expect("killed");
        process.0.wait().expect("it has ended");
        let is_whole = new.data.join("tenure.sqlite").exists();
        if !is_whole {
            broke_off += usize::from(new.data.join("restoring").exists());
            if new.data.join("restoring").exists() {
                refused(&mut serve(&new), "was interrupted");
            }
            new.restore(&file);
        }
        let server = new.start();
        let (mut ada, _) = Person::sign_in(&server, "ada@example.org", None);
        assert!(ada.get(&server, "/wallet").body.contains("Marked Employer"), "round {round}");
    }
    assert!(broke_off > 0, "no kill was in the middle of it");
}

#[test]
fn server_refuses_to_start_after_a_killed_restore() {
    let folder = tempfile::tempdir().expect("a folder");
    let (old, file) = small(folder.path());
    let new = Place::postgres(folder.path(), "new").with_root_key_of(&old);
    let restoring = new.data.join("restoring");
    let mut process = crate::tenure::Process(new.command("restore", &file).spawn().expect("it starts"));
    until("the restore to prepare", || restoring.exists().then_some(()));
    process.0.kill().expect("killed");
    process.0.wait().expect("it has ended");
    assert!(restoring.exists(), "the kill came too late");
    refused(&mut serve(&new), "was interrupted");
    new.restore(&file);
    assert!(!restoring.exists());
    let server = new.start();
    let (mut ada, _) = Person::sign_in(&server, "ada@example.org", None);
    assert!(ada.get(&server, "/wallet").body.contains("Marked Employer"));
    drop(server);
    // The state after a kill between commit and clean-up.
    std::fs::create_dir(&restoring).expect("a folder");
    refused(&mut serve(&new), "was interrupted");
    refused(&mut new.command("restore", &file), "had completed");
    std::fs::remove_dir(&restoring).expect("it is left as it was");
    drop(new.start());
}

#[test]
fn restore_does_not_overwrite_concurrent_writes() {
    let folder = tempfile::tempdir().expect("a folder");
    let (old, file) = small(folder.path());
    let new = Place::postgres(folder.path(), "new").with_root_key_of(&old);
    drop(new.start());
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let connect = || runtime.block_on(PgConnection::connect(&new.store[1])).expect("connected");
    let (mut node, mut observer) = (connect(), connect());
    for statement in [
        "DELETE FROM instance",
        "DELETE FROM tenure_keyring.signing_key",
        "BEGIN",
        "INSERT INTO instance (place, id) VALUES (1, '00000000-0000-0000-0000-000000000007')",
    ] {
        runtime.block_on(sqlx::query(statement).execute(&mut node)).expect("done");
    }
    let mut restore = new.command("restore", &file);
    let restore = std::thread::spawn(move || ended(&mut restore));
    let waits = "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'relation' AND NOT granted
                         AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))";
    until("the restore to come to the database", || {
        let waits = runtime.block_on(sqlx::query_scalar::<_, bool>(waits).fetch_one(&mut observer));
        waits.expect("read").then_some(())
    });
    runtime.block_on(sqlx::query("COMMIT").execute(&mut node)).expect("committed");
    let output = restore.join().expect("no panic");
    assert_eq!(output.status.code(), Some(1), "{}", shown(&output));
    assert!(shown(&output).contains("there are rows in instance"), "{}", shown(&output));
    let id = new.bytes(false, "SELECT uuid_send(id) FROM instance");
    assert_eq!(id, [uuid::Uuid::from_u128(7).as_bytes().to_vec()]);
    assert!(!new.data.join("restoring").exists(), "a restore that has failed leaves nothing");
}
