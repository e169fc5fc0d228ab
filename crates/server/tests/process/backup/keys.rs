//! Data and key ring belong together: a lost or foreign key ring is detected before it is used.

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, SqliteConnection};

use super::support::{CAREER, Place, make_private, refused, request_id, serve, small, status};
use crate::person::Person;
use crate::tenure::{ended, shown};

const MISSING: &str = "the key ring of this data is missing";
const FOREIGN: &str = "belongs to other data and does not decrypt";
const DATA_MISSING: &str = "belongs to other data, but";

/// Executes statements in the data or the key ring of a stopped server.
fn execute(place: &Place, file: &str, statements: &str) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let statements = AssertSqlSafe(statements.to_owned());
        match place.store.get(1) {
            Some(url) => {
                let mut connection = PgConnection::connect(url).await.expect("connected");
                connection.execute(statements).await.map(drop).expect("executed");
            }
            None => {
                let file = place.data.join(file).display().to_string();
                let mut connection = SqliteConnection::connect(&file).await.expect("opened");
                connection.execute(statements).await.map(drop).expect("executed");
            }
        }
    });
}

/// Asserts that no server starts, the doctor reports it, and `tenure backup` fails.
fn assert_noticed(place: &Place, why: &str) {
    for _ in 0..2 {
        refused(&mut serve(place), why);
    }
    let mut doctor = crate::tenure::binary();
    let output = ended(doctor.arg("doctor").arg("--data").arg(&place.data).args(&place.store));
    assert!(output.status.code() == Some(1) && shown(&output).contains(why), "{}", shown(&output));
    let backup = place.data.with_extension("useless.backup");
    refused(&mut place.command("backup", &backup), why);
    assert!(!backup.exists(), "it would push a good one out");
}

/// Moves the files of the key ring from one folder to another.
fn move_key_ring(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for name in ["keyring.sqlite", "keyring.sqlite-journal"] {
        let _ = std::fs::remove_file(to.join(name));
        if from.join(name).exists() {
            std::fs::rename(from.join(name), to.join(name)).expect("moved");
        }
    }
}

#[test]
fn lost_key_ring_is_noticed_on_sqlite() {
    let folder = tempfile::tempdir().expect("a folder");
    let (place, _) = small(folder.path());
    let aside = folder.path().join("aside");
    move_key_ring(&place.data, &aside);
    assert_noticed(&place, MISSING);
    move_key_ring(&aside, &place.data);
    let _server = place.start();
    place.back_up(&folder.path().join("good.backup"));
}

#[test]
fn lost_key_ring_is_noticed_on_postgresql() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = Place::postgres(folder.path(), "data");
    let server = place.start();
    Person::sign_in(&server, "ada@example.org", None);
    drop(server);
    execute(&place, "", "DROP SCHEMA tenure_keyring CASCADE");
    assert_noticed(&place, MISSING);
}

#[test]
fn foreign_key_ring_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let (place, _) = small(folder.path());
    let other = Place::sqlite(folder.path(), "other");
    let server = other.start();
    Person::sign_in(&server, "bob@example.org", None);
    drop(server);
    move_key_ring(&other.data, &place.data);
    std::fs::copy(other.data.join("root.key"), place.data.join("root.key")).expect("copied");
    assert_noticed(&place, FOREIGN);
    // Databases of an earlier release have no key ring id; there the accounts' keys are compared.
    execute(&place, "keyring.sqlite", "DELETE FROM identity");
    execute(&place, "tenure.sqlite", "UPDATE instance SET keyring_id = NULL");
    assert_noticed(&place, FOREIGN);
    std::fs::remove_file(other.data.join("tenure.sqlite")).expect("removed");
    move_key_ring(&place.data, &other.data);
    assert_noticed(&other, DATA_MISSING);
}

#[test]
fn key_ring_without_accounts_beside_empty_data_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = Place::sqlite(folder.path(), "data");
    drop(place.start());
    // A first start resumes if it was interrupted before the key ring or the data got its id.
    execute(&place, "tenure.sqlite", "UPDATE instance SET keyring_id = NULL");
    drop(place.start());
    execute(&place, "tenure.sqlite", "UPDATE instance SET keyring_id = NULL");
    execute(&place, "keyring.sqlite", "DELETE FROM identity");
    drop(place.start());
    for name in ["tenure.sqlite", "tenure.sqlite-wal", "tenure.sqlite-shm"] {
        let _ = std::fs::remove_file(place.data.join(name));
    }
    assert_noticed(&place, DATA_MISSING);
    std::fs::remove_file(place.data.join("keyring.sqlite")).expect("removed");
    let _ = std::fs::remove_file(place.data.join("keyring.sqlite-journal"));
    drop(place.start());
}

#[test]
fn key_ring_of_an_earlier_release_is_adopted() {
    let folder = tempfile::tempdir().expect("a folder");
    let (place, file) = small(folder.path());
    execute(&place, "keyring.sqlite", "DELETE FROM identity");
    execute(&place, "tenure.sqlite", "UPDATE instance SET keyring_id = NULL");
    let output = ended(place.command("backup", &file).arg("--force"));
    assert!(output.status.success(), "{}", shown(&output));
    drop(place.start());
    let names = [place.bytes(false, "SELECT keyring_id FROM instance"), place.bytes(true, "SELECT id FROM identity")];
    assert!(names[0] == names[1] && names[0][0].len() == 16, "{names:?}");
    drop(place.start());
}

#[test]
fn restore_without_keys_begins_a_new_key_ring() {
    for is_root_key_lost in [false, true] {
        let folder = tempfile::tempdir().expect("a folder");
        let (place, _) = small(folder.path());
        let without_keys = || {
            let mut command = crate::tenure::binary();
            command.args(["restore", "--without-keys", "--data"]).arg(&place.data);
            command
        };
        refused(&mut without_keys(), "there is nothing to give up");
        let server = place.start();
        refused(&mut without_keys(), "is in use");
        let waiting = server.push(&server.token(&[]), "waiting").expect("an answer");
        assert_eq!(waiting.status, 201);
        drop(server);
        move_key_ring(&place.data, &folder.path().join("aside"));
        if is_root_key_lost {
            std::fs::remove_file(place.data.join("root.key")).expect("removed");
        }
        let output = ended(&mut without_keys());
        let said = shown(&output);
        assert!(
            output.status.success()
                && said.contains("1 accounts were deleted")
                && said.contains("1 pending submissions"),
            "{said}"
        );
        make_private(&place.data.join("root.key"));
        let server = place.start();
        let token = server.token(&[]);
        let pushed = server.push(&token, "again").expect("an answer");
        let (mut person, page) = Person::sign_in(&server, "ada@example.org", Some((CAREER, &request_id(&pushed))));
        person.post(&server, &format!("{page}/accept"), &[]);
        assert_eq!(status(&server, &token, "again")["status"], "verified");
        place.back_up(&folder.path().join("new.backup"));
    }
}
