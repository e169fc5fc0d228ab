//! What backup and restore reject, and what a rehearsal leaves unchanged.

use super::support::{Place, refused, small};
use crate::tenure::{ended, shown};

#[test]
fn invalid_backups_and_targets_are_rejected_before_writing() {
    let folder = tempfile::tempdir().expect("a folder");
    let (old, file) = small(folder.path());
    refused(&mut old.command("backup", &file), "--force");
    assert!(ended(old.command("backup", &file).arg("--force")).status.success());
    refused(&mut old.command("restore", &file), "restore to an empty folder");
    let new = Place::sqlite(folder.path(), "new");
    std::fs::create_dir_all(&new.data).expect("a folder");
    refused(&mut new.command("restore", &file), "Put the root.key");
    let other = Place::sqlite(folder.path(), "other");
    drop(other.start());
    let new = new.with_root_key_of(&other);
    refused(&mut new.command("restore", &file), "another root key");
    let new = new.with_root_key_of(&old);
    let whole = std::fs::read(&file).expect("a backup");
    let damaged = folder.path().join("damaged.backup");
    for (at, why) in
        [(whole.len() / 2, "is damaged"), (whole.len() - 5, "another root key"), (whole.len() - 70, "is incomplete")]
    {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        std::fs::write(&damaged, bytes).expect("written");
        refused(&mut new.command("restore", &damaged), why);
    }
    std::fs::write(&damaged, &whole[..whole.len() - 4096]).expect("written");
    refused(&mut new.command("restore", &damaged), "is incomplete");
    std::fs::write(&damaged, b"short").expect("written");
    refused(&mut new.command("restore", &damaged), "is not a backup");
    let at_work = std::fs::File::open(&new.data).expect("a folder");
    at_work.try_lock().expect("alone");
    refused(&mut new.command("restore", &file), "in use by another tenure server or restore");
    drop(at_work);
    // SQLite would apply these files to the restored database.
    for name in ["tenure.sqlite-wal", "tenure.sqlite-shm", "keyring.sqlite-journal"] {
        std::fs::write(new.data.join(name), b"an earlier server's").expect("written");
        refused(&mut new.command("restore", &file), "restore to an empty folder");
        std::fs::remove_file(new.data.join(name)).expect("it is untouched");
    }
    let names: Vec<_> =
        std::fs::read_dir(&new.data).expect("a folder").map(|entry| entry.expect("an entry").file_name()).collect();
    assert_eq!(names, ["root.key"], "nothing was written");
    let no_folder = folder.path().join("backups");
    refused(&mut old.command("backup", &no_folder), "does not exist");
    assert!(!no_folder.exists(), "no file in its place");
    // A wrong root key is detected during the backup.
    std::fs::copy(other.data.join("root.key"), old.data.join("root.key")).expect("copied");
    refused(&mut old.command("backup", &folder.path().join("never.backup")), "does not decrypt the key ring");
    assert!(!folder.path().join("never.backup").exists() && !folder.path().join("never.backup.part").exists());
}

#[test]
fn rehearsal_does_not_take_over_the_bucket() {
    let folder = tempfile::tempdir().expect("a folder");
    let (old, file) = small(folder.path());
    let name = "SELECT id FROM instance";
    for (option, is_its_own, said) in [(None, true, "WARNING: documents"), (Some("--rehearsal"), false, "not touched")]
    {
        let new = Place::sqlite(folder.path(), option.unwrap_or("new")).with_root_key_of(&old);
        let mut command = new.command("restore", &file);
        command.args(option).env("TENURE_OBJECT_STORAGE__KIND", "s3").env("TENURE_OBJECT_STORAGE__BUCKET", "tenure");
        let output = ended(&mut command);
        assert!(output.status.success() && shown(&output).contains(said), "{said}: {}", shown(&output));
        assert_eq!(new.bytes(false, name) == old.bytes(false, name), is_its_own, "whose objects it takes for its own");
    }
}
