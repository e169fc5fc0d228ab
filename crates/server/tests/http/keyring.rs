//! The key ring belongs to one root key.

use std::time::Duration;

use ambient::{Rng, Timestamp};
use store::WrappedSigningKey;
use tenure::keys::{Keyring, RootKeyError};

use crate::both::contract;
use crate::support::database::{self, Databases};

const NOW: Timestamp = Timestamp::from_micros(1_700_000_000_000_000);

/// Opens the key ring of a test.
pub async fn keyring(databases: &Databases) -> Keyring {
    let hour = Duration::from_secs(3600);
    Keyring::open(databases.keyring.clone(), databases.folder.path(), hour, Rng::System).await.expect("a ring")
}

contract! {
    async fn key_ring_is_created_once_and_verifies_its_root_key(databases: Databases) {
        let first = keyring(&databases).await;
        keyring(&databases).await;
        let folder = tempfile::tempdir().expect("a folder");
        let hour = Duration::from_secs(3600);
        let open = || Keyring::open(databases.keyring.clone(), folder.path(), hour, Rng::System);
        assert!(matches!(open().await, Err(RootKeyError::Missing(_))), "nothing is made beside keys that are there");
        let (path, right) = (folder.path().join("root.key"), databases.folder.path().join("root.key"));
        std::fs::copy(&right, &path).expect("copied");
        std::fs::write(&path, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").expect("written");
        assert!(matches!(open().await, Err(RootKeyError::Another(_))));
        std::fs::copy(right, path).expect("copied");
        assert_eq!(open().await.expect("the right one").fingerprint("x", b"y"), first.fingerprint("x", b"y"));
        let mut tx = databases.keyring.write().await.expect("a transaction");
        assert_ne!(tx.lock_root(&[1]).await.expect("held"), [1], "the first stays");
    }

    async fn older_key_ring_rejects_a_root_key_that_opens_nothing(databases: Databases) {
        let mut tx = databases.keyring.write().await.expect("a transaction");
        let wrapped = WrappedSigningKey {
            id: "old".to_owned(), purpose: "token".to_owned(), created_at: NOW, wrapped: vec![5; 60], certificate: None,
        };
        tx.add_signing_key(&wrapped).await.expect("added");
        tx.commit().await.expect("committed");
        let path = databases.folder.path().join("root.key");
        std::fs::write(&path, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").expect("written");
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("private");
        let hour = Duration::from_secs(3600);
        let opened = Keyring::open(databases.keyring.clone(), databases.folder.path(), hour, Rng::System).await;
        assert!(matches!(opened, Err(RootKeyError::Another(_))));
        let mut tx = databases.keyring.write().await.expect("a transaction");
        assert_eq!(tx.lock_root(&[2; 32]).await.expect("held"), [2; 32], "it is still to be begun");
    }
}
