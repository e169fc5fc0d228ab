//! Sharing with a hirer: from what a person chose to presentations behind a link, and from the link back to them, checked.
//!
//! Owns which key seals what: what is shown opens with the link's secret alone, which the server does not keep in a form
//! that it can read by itself; the wallet's memory of the link is under the holder's key. Each share has credentials of its own
//! ([`presenting`]), so that taking one back leaves the others.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credential::verification::Report;
use serde::Serialize;
use serde::de::DeserializeOwned;
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use crate::app::App;
use crate::error::Error;
use crate::issuing::IssuableCredential;
use crate::presenting;
use crate::seal::{Key, sha256};
use ambient::Timestamp;
use store::domain::share::{
    ALWAYS_SHOWN, Chosen, Contents, MOST_ACTIVE, MOST_PASSCODE_TRIES, Memory, Share, lies_in, lifetime,
};
use store::{ShareEntry, StoreError};

/// A share that is about to be made.
#[derive(Clone, Debug)]
pub struct NewShare {
    /// What is shown.
    pub chosen: Vec<Chosen>,
    /// What it is for; may be empty.
    pub purpose: String,
    /// For how many days.
    pub days: u32,
    /// The passcode, if it shall have one.
    pub passcode: Option<String>,
}

/// The person has as many links as they may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany;
/// Makes a share of `holder`; returns its id.
///
/// # Errors
/// 404 where something chosen is not in the wallet; the store or the key ring cannot be used. [`TooMany`] inside.
pub async fn create(app: &App, holder: Uuid, new: &NewShare) -> Result<Result<Uuid, TooMany>, Error> {
    let now = app.now();
    if app.store().read().await?.count_active_shares(holder, now).await? >= MOST_ACTIVE {
        return Ok(Err(TooMany));
    }
    let expires_at = now + lifetime(new.days).ok_or_else(Error::not_found)?;
    let mut materials = Vec::with_capacity(new.chosen.len());
    for chosen in &new.chosen {
        materials.push(
            IssuableCredential::open(app.store(), app.keyring(), (chosen.submission, holder), app.now())
                .await?
                .ok_or_else(Error::not_found)?,
        );
    }
    let places = presenting::give_places(app, &materials, expires_at).await?.into_iter().zip(&materials);
    let entry = |(place, material): (_, &IssuableCredential)| ShareEntry { place, submission: material.submission };
    let entries: Vec<ShareEntry> = places.map(entry).collect();
    let (id, nonce) = (app.rng().anonymous_id(), app.rng().secret());
    let audience = app.links().share_audience(id);
    let mut presentations = Vec::with_capacity(materials.len());
    for ((material, chosen), entry) in materials.iter().zip(&new.chosen).zip(&entries) {
        let shows = |place: &str| lies_in(ALWAYS_SHOWN, place) || chosen.shows(place);
        let place = (entry.place, expires_at);
        presentations.push(presenting::present(app, material, place, shows, (&audience, &nonce))?);
    }
    let secret = app.rng().secret();
    let titles = materials.iter().map(|material| (material.credential_type.title, material.attester.as_str()));
    let memory = Memory {
        secret: secret.clone(),
        purpose: new.purpose.clone(),
        titles: titles.map(|(title, attester)| format!("{title} ({attester})")).collect(),
    };
    let contents = write(&Contents { purpose: new.purpose.clone(), presentations })?;
    let sealed = link_key(&secret).ok_or_else(Error::not_found)?.seal(&label(&id), &contents, app.rng());
    let share = Share {
        id,
        holder,
        token_hash: sha256(secret.as_bytes()).to_vec(),
        nonce,
        created_at: now,
        expires_at,
        revoked_at: None,
        passcode: new.passcode.as_deref().map(|passcode| passcode_fingerprint(app, id, passcode).to_vec()),
        passcode_tries: 0,
        views: 0,
        viewed_at: None,
        sealed: Some(sealed),
        holder_sealed: app.keyring().seal_for_holder(holder, &label(&id), &write(&memory)?).await?,
    };
    let mut tx = app.store().write().await?;
    tx.add_share(&share, &entries).await?;
    tx.commit().await?;
    Ok(Ok(id))
}

fn label(id: &Uuid) -> [&[u8]; 2] {
    [b"share", id.as_bytes()]
}

fn write(value: &impl Serialize) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(value).map_err(Error::internal)
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, StoreError> {
    serde_json::from_slice(bytes).map_err(|error| StoreError::nonsense("share", error))
}

/// The key that a link's secret holds.
fn link_key(secret: &str) -> Option<Key> {
    Key::from_bytes(&URL_SAFE_NO_PAD.decode(secret).ok()?)
}

/// What the wallet remembers of a share of its holder.
///
/// # Errors
/// The key ring cannot be used.
pub async fn remember(app: &App, share: &Share) -> Result<Memory, StoreError> {
    let opened = app.keyring().open_for_holder(share.holder, &label(&share.id), &share.holder_sealed).await?;
    read(&opened)
}

/// The share behind a link; `None` if there is none.
///
/// # Errors
/// The store cannot be used.
pub async fn find(app: &App, secret: &str) -> Result<Option<Share>, StoreError> {
    app.store().read().await?.linked_share(&sha256(secret.as_bytes())).await
}

/// What the link `secret` opens; `None` once the share is over.
///
/// # Errors
/// What is kept cannot be read.
pub fn open(share: &Share, secret: &str) -> Result<Option<Contents>, StoreError> {
    let (Some(sealed), Some(key)) = (&share.sealed, link_key(secret)) else { return Ok(None) };
    let opened = key.open(&label(&share.id), sealed).map_err(|error| StoreError::nonsense("share", error))?;
    read(&opened).map(Some)
}

/// Checks a presentation of `share` as a hirer would.
///
/// # Errors
/// The store cannot be used, or what is kept is no presentation.
pub async fn check(app: &App, share: &Share, presentation: &str) -> Result<Report, Error> {
    presenting::check(app, presentation, (&app.links().share_audience(share.id), &share.nonce)).await
}

fn passcode_fingerprint(app: &App, share: Uuid, passcode: &str) -> [u8; 32] {
    app.keyring().fingerprint("passcode", &[share.as_bytes(), passcode.trim().as_bytes()].concat())
}

/// Tries a passcode. The try is counted before it is looked at, and the comparison takes the same time whatever it says.
///
/// # Errors
/// The store cannot be used.
pub async fn try_passcode(app: &App, share: &Share, passcode: &str) -> Result<bool, StoreError> {
    let mut tx = app.store().write().await?;
    if !tx.take_passcode_try(share.id, MOST_PASSCODE_TRIES).await? {
        return Ok(false);
    }
    let kept = share.passcode.as_deref().unwrap_or_default();
    let is_right = bool::from(passcode_fingerprint(app, share.id, passcode).as_slice().ct_eq(kept));
    if is_right {
        tx.forgive_passcode_tries(share.id).await?;
    }
    tx.commit().await?;
    Ok(is_right)
}

/// What a browser keeps to show until `until` that the passcode was given.
pub fn proof(app: &App, share: &Share, until: Timestamp) -> String {
    format!("{}.{}.{}", share.id, until.micros(), URL_SAFE_NO_PAD.encode(proof_tag(app, share, until)))
}

fn proof_tag(app: &App, share: &Share, until: Timestamp) -> [u8; 32] {
    let passcode = share.passcode.as_deref().unwrap_or_default();
    let said = [share.id.as_bytes().as_slice(), &until.micros().to_be_bytes(), passcode].concat();
    app.keyring().fingerprint("passcode-given", &said)
}

/// Whether `proof` shows that the passcode of this share was given.
pub fn is_proven(app: &App, share: &Share, proof: &str) -> bool {
    let mut parts = proof.split('.');
    let (Some(id), Some(until), Some(tag)) = (parts.next(), parts.next(), parts.next()) else { return false };
    let Some(until) = until.parse().ok().map(Timestamp::from_micros).filter(|until| *until > app.now()) else {
        return false;
    };
    let tag = URL_SAFE_NO_PAD.decode(tag).unwrap_or_default();
    id == share.id.to_string() && bool::from(proof_tag(app, share, until).as_slice().ct_eq(&tag))
}

/// Whether `chosen` shows more than a name.
pub fn shows_something(chosen: &Chosen) -> bool {
    chosen.places.iter().any(|place| place != ALWAYS_SHOWN)
}
