//! Signed status lists: compressed, and cached until an entry changes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credential::encoding::sha256;
use credential::format::vc_jwt::{IssuerProfile, status_list_credential};
use credential::format::{Format, did_web};
use credential::status::{StatusList, token_payload};
use uuid::Uuid;

use super::issuer_keys::{IssuerKeySet, IssuerKeys};
use crate::error::Error;
use crate::links::Links;
use ambient::{Clock, Timestamp};
use store::Store;

/// How long verifiers may cache a list.
const TTL: Duration = Duration::from_secs(300);
/// Lifetime of a signed list. Verifiers that cannot reach the server can use their copy until it
/// expires.
const LIFETIME: Duration = Duration::from_secs(86_400);
/// Maximum age of a signed list. An older one is signed again even if it is unchanged.
const MAX_AGE: Duration = Duration::from_secs(3600);
/// How long a cached list is served without checking the store for changes.
const RECHECK_INTERVAL: Duration = Duration::from_secs(1);

/// The format in which a list is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StatusListFormat {
    Token,
    Bitstring,
}

/// A signed status list, ready to be served.
#[derive(Clone, Debug)]
pub struct ServedStatusList {
    /// The signed list.
    pub token: Arc<str>,
    /// Changes with every new signature of the list.
    pub etag: Arc<str>,
    checked_at: Timestamp,
    changed_at: Timestamp,
    signed_at: Timestamp,
    /// The header of credentials when it was signed: changes with the key and its certificates.
    signer: Arc<str>,
}

/// Signs status lists, and caches them.
#[derive(Debug)]
pub struct StatusLists {
    store: Store,
    clock: Clock,
    links: Links,
    keys: IssuerKeys,
    cache: Mutex<HashMap<(Uuid, StatusListFormat), ServedStatusList>>,
}

impl StatusLists {
    /// Creates a cache of the lists in `store`, signed with `keys`.
    pub fn new(store: Store, clock: Clock, links: Links, keys: IssuerKeys) -> Self {
        Self { store, clock, links, keys, cache: Mutex::default() }
    }

    fn cached(&self, id: Uuid, format: StatusListFormat) -> Option<ServedStatusList> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner).get(&(id, format)).cloned()
    }

    fn insert(&self, id: Uuid, format: StatusListFormat, served: &ServedStatusList) {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner).insert((id, format), served.clone());
    }

    fn invalidate(&self, id: Uuid) {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner).retain(|(list, _), _| *list != id);
    }

    /// Returns the list `id`, or `None` if there is no such list.
    ///
    /// # Errors
    /// The store is unavailable, or no key is loaded.
    pub async fn get(&self, id: Uuid, format: StatusListFormat) -> Result<Option<ServedStatusList>, Error> {
        let now = self.clock.now();
        let keys = self.keys.current()?;
        let signer = keys.issuer.header(Format::SdJwtVc);
        let is_usable = |served: &ServedStatusList| now.since(served.signed_at) < MAX_AGE && *served.signer == *signer;
        let cached = self.cached(id, format).filter(is_usable);
        if let Some(cached) = &cached
            && now.since(cached.checked_at) < RECHECK_INTERVAL
        {
            return Ok(Some(cached.clone()));
        }
        let mut tx = self.store.read().await?;
        let Some(list) = tx.status_list(id).await? else {
            self.invalidate(id);
            return Ok(None);
        };
        if let Some(cached) = cached.filter(|cached| cached.changed_at == list.changed_at) {
            let cached = ServedStatusList { checked_at: now, ..cached };
            self.insert(id, format, &cached);
            return Ok(Some(cached));
        }
        let ended = tx.ended_positions(id).await?;
        drop(tx);
        let (signing_keys, url, capacity) = (keys.clone(), self.links.status_list(id), list.capacity.get());
        // Compressing a large list takes milliseconds of CPU time, which must not block other
        // requests.
        let signed = tokio::task::spawn_blocking(move || {
            let list = match format {
                StatusListFormat::Token => StatusList::of_ended(capacity, ended),
                // One bit per entry: a superseded credential is marked as revoked, too.
                StatusListFormat::Bitstring => StatusList::of_revoked(capacity, ended.into_iter().map(|(at, _)| at)),
            };
            sign(&signing_keys, &url, format, &list, now)
        });
        let token = signed.await.map_err(Error::internal)??;
        let etag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(&sha256(token.as_bytes())[..12]));
        let served = ServedStatusList {
            token: token.into(),
            etag: etag.into(),
            checked_at: now,
            changed_at: list.changed_at,
            signed_at: now,
            signer: signer.into(),
        };
        self.insert(id, format, &served);
        Ok(Some(served))
    }
}

fn sign(
    keys: &IssuerKeySet,
    url: &str,
    format: StatusListFormat,
    list: &StatusList,
    now: Timestamp,
) -> Result<String, Error> {
    let times = (now.seconds(), (now + LIFETIME).seconds());
    let (header, payload) = match format {
        StatusListFormat::Token => (keys.header("statuslist+jwt"), token_payload(list, url, times, TTL.as_secs())),
        StatusListFormat::Bitstring => {
            let base = keys.issuer.address();
            let did = did_web(base);
            let issuer = IssuerProfile { id: &did, name: "Tenure", address: base };
            let credential = status_list_credential(&issuer, &format!("{url}/bitstring"), list, times);
            (keys.issuer.header(Format::VcJwt).to_owned(), credential)
        }
    };
    credential::jws::sign(&header, payload.to_string().as_bytes(), keys.issuer.signer()).map_err(Error::internal)
}
