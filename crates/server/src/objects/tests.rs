//! Tests of the object store in a local folder.

use super::*;
use crate::config::Config;
use crate::keys::PIECE;
use ambient::Rng;

fn local(folder: &FilePath) -> Objects {
    let config = Config::load(None, [], &[]).expect("the default is good");
    Objects::open(&config.object_storage, &config.outbound, folder, Uuid::nil()).expect("a folder")
}

fn count(folder: &FilePath) -> usize {
    let Ok(shards) = std::fs::read_dir(folder.join("documents").join(Uuid::nil().simple().to_string())) else {
        return 0;
    };
    shards.map(|shard| std::fs::read_dir(shard.expect("a shard").path()).expect("a folder").count()).sum()
}

#[tokio::test]
async fn objects_of_any_length_are_encrypted_and_read_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let (objects, rng) = (local(folder.path()), Rng::System);
    for length in [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 5 * PIECE + 7] {
        let bytes: Vec<u8> = b"a working life ".iter().copied().cycle().take(length).collect();
        let (name, key) = (rng.id(Timestamp::from_micros(0)), Key::random(&rng));
        objects.put(name, &key, &bytes).await.expect("written");
        assert_eq!(objects.read_whole(name, &key, length).await.expect("read"), bytes, "{length}");
        let file = std::fs::read(folder.path().join("documents").join(objects.path(name).as_ref())).expect("a file");
        assert!(!file.windows(12).any(|window| window == b"working life"));
        let other = Key::random(&rng);
        assert!(objects.read_whole(name, &other, length).await.is_err(), "another key");
        std::fs::write(folder.path().join("documents").join(objects.path(name).as_ref()), &file[..file.len() - 1])
            .unwrap();
        assert!(objects.read_whole(name, &key, length).await.is_err(), "cut off");
        objects.delete(name).await.expect("deleted");
        objects.delete(name).await.expect("deleted twice");
        assert!(objects.read_whole(name, &key, length).await.is_err());
    }
    assert_eq!(count(folder.path()), 0);
}

#[tokio::test]
async fn unfinished_objects_are_unreadable_and_deleted() {
    let folder = tempfile::tempdir().expect("a folder");
    let (objects, rng) = (local(folder.path()), Rng::System);
    let at = Timestamp::from_micros(1_700_000_000_000_000);
    let key = Key::random(&rng);
    for abort in [true, false] {
        let name = rng.id(at);
        let mut writer = objects.writer(name, &key).await.expect("a writer");
        writer.write(&[7; 3 * LOCAL_PART]).await.expect("written");
        assert!(objects.read_whole(name, &key, 10).await.is_err());
        if abort {
            writer.abort().await;
        } else {
            drop(writer);
        }
        // The file of a dropped writer is deleted on another thread.
        while count(folder.path()) > 0 {
            tokio::task::yield_now().await;
        }
    }
    let name = rng.id(at);
    let path = folder.path().join("documents").join(objects.path(name).as_ref());
    let shard = path.parent().expect("a shard");
    std::fs::create_dir_all(shard).expect("a folder");
    std::fs::write(shard.join(format!("{}#1", name.simple())), b"left by a killed writer").expect("a file");
    assert_eq!(objects.delete_unfinished(at).await.expect("looked"), 0, "it may still be written");
    assert_eq!(objects.delete_unfinished(at + std::time::Duration::from_secs(1)).await.expect("looked"), 1);
}

#[tokio::test(start_paused = true)]
async fn silent_store_is_unavailable_while_reading() {
    let never = std::future::pending::<Result<(), object_store::Error>>();
    let error = in_time("the bucket \"docs\"", never).await.expect_err("silent");
    assert!(matches!(&error, StoreError::Unavailable(cause) if cause.contains("does not respond")), "{error}");
}

#[tokio::test]
async fn objects_changed_while_written_are_temporary_errors() {
    let folder = tempfile::tempdir().expect("a folder");
    let (objects, rng) = (local(folder.path()), Rng::System);
    let (name, key) = (rng.id(Timestamp::from_micros(0)), Key::random(&rng));
    objects.put(name, &key, &[7; 2 * PIECE]).await.expect("written");
    objects.verify(name, &key).await.expect("as written");
    let path = folder.path().join("documents").join(objects.path(name).as_ref());
    let mut bytes = std::fs::read(&path).expect("a file");
    bytes[PIECE + 100] ^= 1;
    std::fs::write(&path, bytes).expect("written");
    let error = objects.verify(name, &key).await.expect_err("changed");
    assert!(matches!(&error, StoreError::Unavailable(cause) if cause.contains("check the object store")), "{error}");
}

#[tokio::test]
async fn missing_and_changed_objects_name_their_storage() {
    let folder = tempfile::tempdir().expect("a folder");
    let (objects, rng) = (local(folder.path()), Rng::System);
    let (name, key) = (rng.id(Timestamp::from_micros(0)), Key::random(&rng));
    let cause = async || match objects.read_whole(name, &key, 100).await {
        Err(StoreError::Broken(cause)) => cause,
        other => panic!("{other:?}"),
    };
    let place = format!("the folder {}", folder.path().join("documents").display());
    let missing = cause().await;
    assert!(missing.contains(&place) && missing.contains("backup of the object store"), "{missing}");
    objects.put(name, &key, b"x").await.expect("written");
    std::fs::write(folder.path().join("documents").join(objects.path(name).as_ref()), b"changed").expect("written");
    let changed = cause().await;
    assert!(changed.contains(&place) && changed.contains("was changed or cut off"), "{changed}");
    for message in [missing, changed] {
        assert!(!message.contains("database") && !message.contains(&name.simple().to_string()), "{message}");
    }
}

#[tokio::test]
async fn objects_are_listed_by_creation_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let (objects, rng) = (local(folder.path()), Rng::System);
    let at = |hours: i64| Timestamp::from_micros(1_700_000_000_000_000 + hours * 3_600_000_000);
    let mut names = Vec::new();
    for hours in 0..12 {
        let name = rng.id(at(hours));
        objects.put(name, &Key::random(&rng), b"x").await.expect("written");
        names.push(name);
    }
    let mut found = objects.made_between(at(3), at(9)).await.expect("listed");
    found.sort();
    assert_eq!(found, names[3..9]);
    assert_eq!(objects.made_between(Timestamp::from_micros(0), at(99)).await.expect("listed").len(), 12);
}
