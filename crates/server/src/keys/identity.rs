//! Checks that the key ring belongs to the data.
//!
//! Both contain the same random name. Data of an earlier release has none. Its ring is accepted if
//! it has a key that the data needs.

use uuid::Uuid;

use crate::config::Storage;
use ambient::{Rng, Timestamp};
use store::{KeyReferences, Part, Store, StoreError, Tx};

/// Number of accounts to try. One whose deletion was interrupted has no key.
const TRIED: i64 = 100;

/// The relation of the data and the key ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Belonging {
    /// They have the same name.
    Same,
    /// The data is new.
    New,
    /// They were written by an earlier release, and the ring has a key that the data needs.
    Unnamed,
    /// The data was used before, and the ring is empty or missing.
    KeysMissing,
    /// The ring was used before, and the data is empty or missing.
    DataMissing,
    /// The ring belongs to other data.
    Different,
}

/// The contents of a ring that show whether it was used before.
#[derive(Clone, Copy)]
struct RingState {
    has_keys: bool,
    is_named: bool,
}

impl Belonging {
    /// Compares databases with the schema of this release.
    ///
    /// # Errors
    /// One of them cannot be read.
    pub async fn of(data: &Store, ring: &Store, now: Timestamp) -> Result<Self, StoreError> {
        // Read the ring first: a node that starts concurrently names it after it commits the data's
        // row, see `bind`.
        let identity = ring.acquire().await?.keyring_identity().await?;
        let named = data.acquire().await?.keyring_of_data().await?;
        match (named.flatten(), identity) {
            (Some(wanted), Some(found)) if wanted == found => Ok(Self::Same),
            (Some(_), Some(_)) => Ok(Self::Different),
            _ => {
                let has_keys = ring.acquire().await?.has_keys().await?;
                let ring_state = RingState { has_keys, is_named: identity.is_some() };
                Self::by_content(data, ring, named.is_some(), ring_state, now).await
            }
        }
    }

    /// Compares databases of an earlier release.
    ///
    /// # Errors
    /// One of them cannot be read.
    pub async fn of_earlier(data: &Store, ring: &Store, now: Timestamp) -> Result<Self, StoreError> {
        // Starting a server on a ring creates a signing key.
        let has_keys = ring.acquire().await?.any_signing_key().await?.is_some();
        Self::by_content(data, ring, false, RingState { has_keys, is_named: false }, now).await
    }

    async fn by_content(
        data: &Store,
        ring: &Store,
        was_started: bool,
        ring_state: RingState,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let needed = data.acquire().await?.key_references(TRIED, now).await?;
        let mut ring = ring.acquire().await?;
        // The first release did not name its data.
        if was_started || !needed.holders.is_empty() {
            if !ring_state.has_keys {
                return Ok(Self::KeysMissing);
            }
            return Ok(if has_one(&mut ring, &needed).await? { Self::Unnamed } else { Self::Different });
        }
        // The first start commits the row of the data before it names the ring. So a named ring was
        // used with other data. After a crash in between, the data has its row.
        Ok(if ring_state.is_named || ring.has_holder_keys().await? { Self::DataMissing } else { Self::New })
    }

    /// Returns why a server must not start, and no backup be created; `None` if it may.
    pub fn refusal(self, storage: &Storage) -> Option<String> {
        let (data, ring) = if storage.database_url.is_empty() {
            let place = |part: Part| storage.data_dir.join(part.file()).display().to_string();
            (place(Part::Data), place(Part::Keyring))
        } else {
            ("the database".to_owned(), "the schema tenure_keyring".to_owned())
        };
        let lost = "If it is lost permanently, start with a new one: see tenure restore --without-keys";
        match self {
            Self::Same | Self::New | Self::Unnamed => None,
            Self::KeysMissing => Some(format!(
                "the key ring of this data is missing: there are no keys in {ring}. Put it back, or restore a backup. {lost}"
            )),
            Self::Different => Some(format!(
                "the key ring {ring} belongs to other data and does not decrypt {data}. Put back the one that \
                 belongs to it, or restore a backup. {lost}"
            )),
            Self::DataMissing => Some(format!(
                "the key ring {ring} belongs to other data, but {data} is missing or empty. Put back the data that \
                 belongs to it, or restore a backup; to start empty, delete the key ring as well"
            )),
        }
    }
}

/// Returns whether the ring has a key that the data needs, or the data needs none. Keys of accounts
/// are checked first: a ring that was recreated has keys for later pushes.
async fn has_one(ring: &mut Tx, needed: &KeyReferences) -> Result<bool, StoreError> {
    for holder in &needed.holders {
        if ring.holder_key(*holder).await?.is_some() {
            return Ok(true);
        }
    }
    match needed.period {
        _ if !needed.holders.is_empty() => Ok(false),
        Some(period) => Ok(ring.ring_key(period).await?.is_some()),
        None => Ok(true),
    }
}

/// Gives the data and the ring the same name. Returns false if another node has given them
/// another one. A server must have been started on the data. The ring is named first, and only
/// after the row of the data is committed: [`Belonging`] relies on this order.
///
/// # Errors
/// One of the databases cannot be written.
pub async fn bind(data: &Store, ring: &Store, rng: &Rng) -> Result<bool, StoreError> {
    let named: Option<Uuid> = data.acquire().await?.keyring_of_data().await?.flatten();
    let mut tx = ring.write().await?;
    let name = tx.name_keyring(named.unwrap_or_else(|| rng.anonymous_id())).await?;
    tx.commit().await?;
    if named.is_some() {
        return Ok(named == Some(name));
    }
    let mut tx = data.write().await?;
    let bound = tx.bind_keyring(name).await?;
    tx.commit().await?;
    Ok(bound == Some(name))
}
