//! Continues without a lost key ring: deletes the data that its keys encrypted, and starts a new
//! ring.

use crate::config::Config;
use crate::flows;
use crate::keys::{Belonging, Keyring, identity};
use ambient::{Rng, Timestamp};
use store::{FolderLock, Part, Store, StoreError};

use super::BackupError;

/// The deleted data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GivenUp {
    /// Number of pending submissions, which were ended.
    pub ended: u64,
    /// Number of accounts, which were deleted with their accepted credentials.
    pub accounts: usize,
    /// Number of webhooks that were deleted, because the root key was lost too.
    pub webhooks: u64,
}

/// Deletes the data that the lost key ring encrypted, and starts a new ring. Partners, statuses and
/// consent records stay.
///
/// # Errors
/// See [`BackupError`]. Nothing is changed if the key ring exists. After another error, the command
/// can be run again.
pub async fn give_up_keys(config: &Config, rng: &Rng, now: Timestamp) -> Result<GivenUp, BackupError> {
    let storage = &config.storage;
    let _lock = FolderLock::exclusive(&storage.data_dir)?;
    // Fail if there is no data, instead of creating some.
    Store::look(Part::Data, &storage.data_dir, &storage.database_url).await?.close().await;
    let open = |part| Store::open(part, &storage.data_dir, &storage.database_url, 2);
    let (data, ring) = (open(Part::Data).await?, open(Part::Keyring).await?);
    let refused = |why: &str| Err(BackupError::Refused(why.to_owned()));
    match Belonging::of(&data, &ring, now).await? {
        Belonging::KeysMissing => {}
        Belonging::Different | Belonging::DataMissing => {
            return refused(
                "there is a key ring that belongs to other data: move keyring.sqlite away, or rename PostgreSQL's \
                 schema tenure_keyring, and try again",
            );
        }
        Belonging::Same | Belonging::Unnamed | Belonging::New => {
            return refused("the key ring belongs to this data: there is nothing to give up");
        }
    }
    let had_root_key = storage.data_dir.join("root.key").exists();
    let given_up = give_up(&data, had_root_key, config, now).await?;
    let keyring = Keyring::open(ring, &storage.data_dir, config.retention.epoch_length(), rng.clone()).await?;
    if !identity::bind(&data, keyring.store(), rng).await? {
        return refused("another server was started on the same database in the meantime");
    }
    data.close().await;
    keyring.store().close().await;
    Ok(given_up)
}

async fn give_up(data: &Store, had_root_key: bool, config: &Config, now: Timestamp) -> Result<GivenUp, StoreError> {
    let mut tx = data.write().await?;
    let ended = tx.end_pending(now).await?;
    // New credentials are signed with new keys, and so are their status lists.
    tx.close_status_lists(now + config.credentials.lifetime).await?;
    let accounts = tx.holder_ids().await?;
    for holder in &accounts {
        flows::account::release(&mut tx, *holder, now.into()).await?;
    }
    let webhooks = if had_root_key { 0 } else { tx.delete_root_sealed().await? };
    tx.unbind_keyring().await?;
    tx.commit().await?;
    Ok(GivenUp { ended, accounts: accounts.len(), webhooks })
}
