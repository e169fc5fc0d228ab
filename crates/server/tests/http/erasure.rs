//! Destroyed keys are in no file of the databases: not in free pages, journals or dead rows.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ambient::Rng;
use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, Executor as _};
use tenure::flows;
use tenure::jobs::run_retention;
use uuid::Uuid;

use crate::support::app::TestApp;
use crate::support::database::postgres_url;

/// The time after which the last submission of a period has expired.
const OVER: Duration = Duration::from_secs(49 * 3600);
const ADDRESS: &str = "marked-address@example.org";

/// An application, and the folder with the raw files of its databases.
struct World {
    test: TestApp,
    url: String,
    files: PathBuf,
}

impl World {
    async fn sqlite() -> Self {
        let test = TestApp::new().await;
        let files = test.folder.path().to_owned();
        Self { test, url: String::new(), files }
    }

    async fn postgres() -> Self {
        let url = postgres_url().await;
        let test = TestApp::builder().setting("storage.database_url", &url).start().await;
        let mut connection = PgConnection::connect(&url).await.expect("connected");
        let folder: String =
            sqlx::query_scalar("SHOW data_directory").fetch_one(&mut connection).await.expect("a superuser");
        let database: i64 =
            sqlx::query_scalar("SELECT oid::bigint FROM pg_database WHERE datname = current_database()")
                .fetch_one(&mut connection)
                .await
                .expect("its number");
        Self { test, url, files: Path::new(&folder).join("base").join(database.to_string()) }
    }

    /// Flushes the server's data to its files.
    async fn write_out(&self) {
        if !self.url.is_empty() {
            let mut connection = PgConnection::connect(&self.url).await.expect("connected");
            connection.execute("CHECKPOINT").await.expect("written");
        }
    }

    /// Lets PostgreSQL take samples of the values in its tables, as autovacuum does at any time.
    async fn analyze(&self) {
        if !self.url.is_empty() {
            let mut connection = PgConnection::connect(&self.url).await.expect("connected");
            connection.execute("ANALYZE").await.expect("analyzed");
        }
    }

    /// Returns the files that contain `bytes`.
    async fn containing(&self, bytes: &[u8]) -> Vec<PathBuf> {
        self.write_out().await;
        let entries = std::fs::read_dir(&self.files).expect("a folder").map(|entry| entry.expect("an entry").path());
        // A file of a rewritten table may be removed at any moment.
        let contains = |path: &PathBuf| {
            std::fs::read(path).is_ok_and(|file| file.windows(bytes.len()).any(|window| window == bytes))
        };
        entries.filter(|path| path.is_file()).filter(contains).collect()
    }

    /// Adds enough account keys to fill several pages; returns more of them than fit into one page.
    async fn add_keys(&self) -> Vec<(Uuid, Vec<u8>)> {
        let keys: Vec<(Uuid, Vec<u8>)> =
            (0..300).map(|number| (Uuid::from_u128(number), Rng::System.bytes::<60>().to_vec())).collect();
        let mut tx = self.test.app.keyring().store().write().await.expect("a transaction");
        for (holder, key) in &keys {
            tx.add_holder_key(*holder, key).await.expect("added");
        }
        tx.commit().await.expect("committed");
        keys[100..200].to_vec()
    }

    /// Deletes keys in one transaction, like a server that is killed before it erases them.
    async fn destroy(&self, keys: &[(Uuid, Vec<u8>)]) {
        let mut tx = self.test.app.keyring().store().write().await.expect("a transaction");
        for (holder, _) in keys {
            tx.destroy_holder_key(*holder).await.expect("destroyed");
        }
        tx.commit().await.expect("committed");
    }

    async fn erase(&self) {
        while !self.test.app.keyring().erase_destroyed().await.expect("erased") {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn assert_erased(&self, keys: impl IntoIterator<Item = &Vec<u8>>) {
        for key in keys {
            assert_eq!(self.containing(key).await, Vec::<PathBuf>::new());
        }
    }

    /// Pushes, signs a person in and accepts; returns the account, its wrapped key and that of the
    /// push.
    async fn use_keys(&self) -> (Uuid, [Vec<u8>; 2]) {
        let test = &self.test;
        let token = test.token(&test.partner().await).await;
        let mut person = test.signed_in(ADDRESS).await;
        let id = test.push(&token, "1").await;
        person.open(id).await;
        person.post(&format!("/requests/{id}/accept"), &[]).await;
        let holder = test.app.store().read().await.expect("a transaction").holder_ids().await.expect("read")[0];
        let mut tx = test.app.keyring().store().read().await.expect("a transaction");
        let epoch = tx.oldest_epoch_key().await.expect("read").expect("a key");
        let keys = [tx.holder_key(holder).await, tx.ring_key(epoch).await];
        (holder, keys.map(|key| key.expect("read").expect("a key")))
    }

    async fn check(self) {
        let (holder, [of_holder, of_epoch]) = self.use_keys().await;
        for key in [&of_holder, &of_epoch] {
            assert_eq!(self.containing(key).await.len(), 1, "the search finds a key in use");
        }
        let others = self.add_keys().await;
        self.analyze().await;
        flows::account::delete(&self.test.app, holder).await.expect("deleted");
        self.destroy(&others).await;
        self.test.advance(OVER);
        run_retention(&self.test.app).await.expect("done");
        self.erase().await;
        self.assert_erased([&of_holder, &of_epoch]).await;
        self.assert_erased(others.iter().step_by(9).map(|(_, key)| key)).await;
        self.assert_erased([&ADDRESS.as_bytes().to_vec()]).await;
    }
}

#[tokio::test]
async fn destroyed_keys_are_in_no_file_of_sqlite() {
    World::sqlite().await.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn destroyed_keys_are_in_no_file_of_postgresql() {
    World::postgres().await.check().await;
}

#[tokio::test]
async fn keys_destroyed_before_a_crash_are_erased_later() {
    let world = World::sqlite().await;
    let keys = world.add_keys().await;
    world.destroy(&keys).await;
    for (_, key) in keys.iter().step_by(9) {
        assert_eq!(
            world.containing(key).await,
            [world.files.join("keyring.sqlite-journal")],
            "it must be erased there"
        );
    }
    run_retention(&world.test.app).await.expect("done");
    world.assert_erased(keys.iter().step_by(9).map(|(_, key)| key)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn erasure_waits_for_transactions_that_see_the_key() {
    let world = World::postgres().await;
    let (holder, [key, _]) = world.use_keys().await;
    let mut reader = PgConnection::connect(&world.url).await.expect("connected");
    reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM partner").await.expect("begun");
    flows::account::delete(&world.test.app, holder).await.expect("deleted");
    let ring = world.test.app.keyring();
    assert!(!ring.erase_destroyed().await.expect("tried"), "a backup may still read the key");
    reader.execute("COMMIT").await.expect("ended");
    world.erase().await;
    world.assert_erased([&key]).await;
}
