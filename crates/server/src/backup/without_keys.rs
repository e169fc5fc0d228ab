//! Going on with data whose key ring is lost: what its keys sealed is given up, and a new ring is begun.

use crate::config::Config;
use crate::flows;
use crate::keys::{Belonging, Keyring, identity};
use ambient::{Rng, Timestamp};
use store::{FolderLock, Part, Store, StoreError};

use super::BackupError;

/// What was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GivenUp {
    /// Pending submissions. They are ended.
    pub ended: u64,
    /// Accounts. They are deleted, with what people accepted.
    pub accounts: usize,
    /// Webhooks. They are deleted if the root key was lost too.
    pub webhooks: u64,
}

/// Gives up what the lost key ring sealed, and begins a new ring. Partners, statuses and consent records stay.
///
/// # Errors
/// See [`BackupError`]. Nothing is changed if the key ring is there; after another error it can be run again.
pub async fn give_up_keys(config: &Config, rng: &Rng, now: Timestamp) -> Result<GivenUp, BackupError> {
    let storage = &config.storage;
    let _lock = FolderLock::exclusive(&storage.data)?;
    // Only data that is there can be kept.
    Store::look(Part::Data, &storage.data, &storage.database_url).await?.close().await;
    let open = |part| Store::open(part, &storage.data, &storage.database_url, 2);
    let (data, ring) = (open(Part::Data).await?, open(Part::Keyring).await?);
    let refused = |why: &str| Err(BackupError::Refused(why.to_owned()));
    match Belonging::of(&data, &ring, now).await? {
        Belonging::KeysMissing => {}
        Belonging::Different | Belonging::DataMissing => {
            return refused(
                "there is a key ring, of other data: move keyring.sqlite away, or rename PostgreSQL's schema tenure_keyring, and try again",
            );
        }
        Belonging::Same | Belonging::Unnamed | Belonging::New => {
            return refused("the key ring belongs to this data: there is nothing to give up");
        }
    }
    let had_root_key = storage.data.join("root.key").exists();
    let given_up = give_up(&data, had_root_key, config, now).await?;
    let keyring = Keyring::open(ring, &storage.data, config.retention.ring_period(), rng.clone()).await?;
    if !identity::bind(&data, keyring.store(), rng).await? {
        return refused("another server was started on the same database meanwhile");
    }
    data.close().await;
    keyring.store().close().await;
    Ok(given_up)
}

async fn give_up(data: &Store, had_root_key: bool, config: &Config, now: Timestamp) -> Result<GivenUp, StoreError> {
    let mut tx = data.write().await?;
    let ended = tx.end_what_waits(now).await?;
    // New credentials are signed by new keys, and their status lists too.
    tx.close_status_lists(now + config.credentials.lifetime).await?;
    let accounts = tx.holder_ids().await?;
    for holder in &accounts {
        flows::account::release(&mut tx, *holder, now).await?;
    }
    let webhooks = if had_root_key { 0 } else { tx.delete_root_sealed().await? };
    tx.unbind_keyring().await?;
    tx.commit().await?;
    Ok(GivenUp { ended, accounts: accounts.len(), webhooks })
}
