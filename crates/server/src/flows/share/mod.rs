//! Shares: links that show a hirer what a holder chose.
//!
//! The content of a link is encrypted with a key that exists only in the link's secret; the server
//! stores the secret's hash. The wallet's record of the link, including the secret, is encrypted
//! with the holder's key. Each share has its own credentials ([`own_presentation`]), so revoking
//! one does not affect the others.

mod follow;
mod open;
mod passcode;
mod replacement;
mod sealed;

use credential::encoding::sha256;
use uuid::Uuid;

use crate::app::App;
use crate::error::Error;
use crate::flows::own_presentation;
use crate::issuing::IssuableCredential;
use ambient::Timestamp;
use store::ShareEntry;
use store::domain::share::{
    Chosen, Contents, DisclosureRecord, MAX_ACTIVE, PASSCODE_LENGTH, PURPOSE_LENGTH, Share, ShareState, lifetime,
    says_something,
};

pub use follow::{follow, schedule_updates, update_before_deletion};
pub use open::{OpenedShare, ShownPresentation, open, tokens};
pub use passcode::give_passcode;
use passcode::{is_proven, passcode_fingerprint};
pub use replacement::Replacement;
pub use sealed::record;
use sealed::{Link, label, seal, title, write};

/// The holder's choices for a new share.
#[derive(Clone, Debug)]
pub struct NewShare {
    /// The share's id. A request with the same id is a repeat.
    pub id: Uuid,
    /// Fingerprint of the form, which is the same in a repeat.
    pub form: String,
    /// The disclosed fields, besides those that are always shown.
    pub chosen: Vec<Chosen>,
    /// The purpose; may be empty.
    pub purpose: String,
    /// Lifetime in days.
    pub days: u32,
    /// The passcode, if any.
    pub passcode: Option<String>,
    /// Whether the link moves on to newer versions of its credentials.
    pub keep_current: bool,
}

/// The reason why a share is not created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreateShareError {
    /// Only a name is disclosed.
    NothingChosen,
    /// The purpose is longer than [`PURPOSE_LENGTH`].
    PurposeTooLong,
    /// The lifetime is not one of the offered ones.
    InvalidDays,
    /// The passcode is shorter or longer than [`PASSCODE_LENGTH`].
    PasscodeLength,
    /// The holder already has [`MAX_ACTIVE`] active links.
    TooMany,
    /// A chosen credential is no longer in the wallet.
    Outdated,
    /// The same form has already created a link with other choices.
    Repeated,
}

impl NewShare {
    fn validate(&self) -> Result<(), CreateShareError> {
        let passcode = self.passcode.as_ref().map(|passcode| passcode.chars().count());
        if self.purpose.chars().count() > PURPOSE_LENGTH {
            Err(CreateShareError::PurposeTooLong)
        } else if lifetime(self.days).is_none() {
            Err(CreateShareError::InvalidDays)
        } else if passcode.is_some_and(|length| !PASSCODE_LENGTH.contains(&length)) {
            Err(CreateShareError::PasscodeLength)
        } else {
            Ok(())
        }
    }
}

/// What a link gives access to.
#[derive(Clone, Debug)]
pub enum Access {
    /// The share.
    Open(Share),
    /// The share, after its passcode is entered.
    PasscodeRequired(Share),
    /// Nothing: the share has expired or was revoked.
    Ended,
    /// Nothing: there is no share, or it was deleted, for example with its holder's account.
    Unknown,
}

/// Returns the share of `holder` that an earlier request with this `id` and `form` created, if any.
///
/// # Errors
/// The store or the key ring cannot be used. The inner error is [`CreateShareError::Repeated`].
pub async fn created(
    app: &App,
    holder: Uuid,
    id: Uuid,
    form: &str,
) -> Result<Option<Result<Uuid, CreateShareError>>, Error> {
    let Some(share) = app.store().read().await?.share(id, holder).await? else { return Ok(None) };
    let created_by = record(app, &share).await?.form;
    let is_same = created_by.is_empty() || created_by == form;
    Ok(Some(if is_same { Ok(id) } else { Err(CreateShareError::Repeated) }))
}

/// Creates a share of `holder` and returns its id. A repeat creates nothing.
///
/// # Errors
/// The store or the key ring cannot be used. The inner error is a [`CreateShareError`].
pub async fn create(app: &App, holder: Uuid, new: &NewShare) -> Result<Result<Uuid, CreateShareError>, Error> {
    let now = app.now();
    if let Some(created) = created(app, holder, new.id, &new.form).await? {
        return Ok(created);
    }
    if let Err(error) = new.validate() {
        return Ok(Err(error));
    }
    if app.store().read().await?.count_active_shares(holder, now).await? >= MAX_ACTIVE {
        return Ok(Err(CreateShareError::TooMany));
    }
    let expires_at = now + lifetime(new.days).ok_or_else(Error::not_found)?;
    let Some(credentials) = open_chosen(app, holder, &new.chosen).await? else {
        return Ok(Err(CreateShareError::Outdated));
    };
    let mut pairs = credentials.iter().zip(&new.chosen);
    if !pairs.any(|(found, chosen)| says_something(found.credential_type, &found.payload, chosen)) {
        return Ok(Err(CreateShareError::NothingChosen));
    }
    let indices = own_presentation::allocate_status_indices(app, &credentials, expires_at).await?;
    let entry = |(place, credential): (_, &IssuableCredential)| ShareEntry { place, submission: credential.submission };
    let entries: Vec<ShareEntry> = indices.into_iter().zip(&credentials).map(entry).collect();
    let (id, nonce, secret) = (new.id, app.rng().secret(), app.rng().secret());
    let memory = DisclosureRecord {
        secret: secret.clone(),
        purpose: new.purpose.clone(),
        titles: credentials.iter().zip(&new.chosen).map(|(shown, chosen)| title(shown, chosen)).collect(),
        chosen: new.chosen.clone(),
        form: new.form.clone(),
    };
    let link = Link { id, nonce: &nonce, expires_at };
    let signed = credentials.iter().zip(&new.chosen).zip(&entries);
    let signed = signed.map(|((credential, chosen), entry)| link.present(app, credential, entry.place, chosen));
    let presentations = signed.collect::<Result<_, Error>>()?;
    let contents = Contents { purpose: new.purpose.clone(), presentations };
    let sealed = seal(app, id, &secret, &contents)?;
    let share = Share {
        id,
        holder,
        token_hash: sha256(secret.as_bytes()).to_vec(),
        nonce,
        created_at: now,
        expires_at,
        keep_current: new.keep_current,
        updated_at: None,
        revoked_at: None,
        passcode: new.passcode.as_deref().map(|passcode| passcode_fingerprint(app, id, passcode).to_vec()),
        passcode_tries: 0,
        views: 0,
        viewed_at: None,
        sealed: Some(sealed),
        holder_sealed: app.keyring().seal_for_holder(holder, &label(&id), &write(&memory)?).await?,
    };
    if add(app, &share, &entries).await? {
        return Ok(Ok(id));
    }
    // A concurrent request with the same form was first. Its choices may be others.
    created(app, holder, id, &new.form).await?.ok_or_else(Error::unavailable)
}

/// Decrypts the chosen credentials. Returns `None` if one is not in the wallet, or no longer
/// current.
async fn open_chosen(app: &App, holder: Uuid, chosen: &[Chosen]) -> Result<Option<Vec<IssuableCredential>>, Error> {
    let mut credentials = Vec::with_capacity(chosen.len());
    for chosen in chosen {
        let key = (chosen.submission, holder);
        let Some(opened) = IssuableCredential::open(app.store(), app.keyring(), key, app.now()).await? else {
            return Ok(None);
        };
        credentials.push(opened);
    }
    Ok(Some(credentials))
}

/// Stores a share. Returns false if a concurrent request has stored one with this id.
async fn add(app: &App, share: &Share, entries: &[ShareEntry]) -> Result<bool, Error> {
    let mut tx = app.store().write().await?;
    // The second of two requests with one form waits for this lock, and then finds the share of
    // the first one.
    tx.lock_wallet(share.holder).await?;
    if tx.share(share.id, share.holder).await?.is_some() {
        return Ok(false);
    }
    let stands = tx.add_share(share, entries).await?;
    if share.keep_current && !stands {
        // A newer version arrived after the credentials were read, so its transaction did not see
        // the share.
        follow::schedule(app, &mut tx, share.holder, share.id).await?;
    }
    tx.commit().await?;
    app.outbox().wake();
    app.metrics().shares("made");
    Ok(true)
}

/// Returns a share of `holder`, with the wallet's record of it.
async fn get(app: &App, id: Uuid, holder: Uuid) -> Result<(Share, DisclosureRecord), Error> {
    let share = app.store().read().await?.share(id, holder).await?.ok_or_else(Error::not_found)?;
    let record = record(app, &share).await?;
    Ok((share, record))
}

/// Returns a share of `holder` with the wallet's record of it, and when it was updated to newer
/// versions, newest first.
///
/// # Errors
/// 404 if they have none with this id; the store or the key ring cannot be used.
pub async fn with_updates(
    app: &App,
    id: Uuid,
    holder: Uuid,
) -> Result<((Share, DisclosureRecord), Vec<Timestamp>), Error> {
    let found = get(app, id, holder).await?;
    let updates = app.store().read().await?.share_updates(id).await?;
    Ok((found, updates))
}

/// Returns the active shares of `holder` that show one of their credentials, with the wallet's
/// records of them.
///
/// # Errors
/// The store or the key ring cannot be used.
pub async fn showing(app: &App, holder: Uuid, submission: Uuid) -> Result<Vec<(Share, DisclosureRecord)>, Error> {
    let showing = app.store().read().await?.shares_showing(holder, &[submission], app.now()).await?;
    let mut shares = Vec::with_capacity(showing.len());
    for showing in showing {
        shares.push(get(app, showing.share, holder).await?);
    }
    Ok(shares)
}

/// Returns each credential that was withdrawn or deleted, and that an active share of `holder`
/// still shows: the share, and the credential's submission.
///
/// # Errors
/// The store cannot be used.
pub async fn showing_revoked(app: &App, holder: Uuid) -> Result<Vec<(Uuid, Uuid)>, Error> {
    Ok(app.store().read().await?.revoked_in_shares(holder, app.now()).await?)
}

/// Returns all shares of `holder`, with the wallet's records of them.
///
/// # Errors
/// The store or the key ring cannot be used.
pub async fn list(app: &App, holder: Uuid) -> Result<Vec<(Share, DisclosureRecord)>, Error> {
    let found = app.store().read().await?.shares(holder).await?;
    let mut shares = Vec::with_capacity(found.len());
    for share in found {
        let record = record(app, &share).await?;
        shares.push((share, record));
    }
    Ok(shares)
}

/// Revokes a share of `holder`. Does nothing if they have none with this id, or it is already
/// revoked.
///
/// # Errors
/// The store cannot be used.
pub async fn revoke(app: &App, id: Uuid, holder: Uuid) -> Result<(), Error> {
    let mut tx = app.store().write().await?;
    if tx.revoke_share(id, holder, app.now()).await? {
        tx.commit().await?;
        app.metrics().shares("revoked");
    }
    Ok(())
}

/// Returns the share behind a link. `proof` shows that this browser has entered the passcode.
///
/// # Errors
/// The store cannot be used.
pub async fn access(app: &App, secret: &str, proof: Option<&str>) -> Result<Access, Error> {
    let found = app.store().read().await?.linked_share(&sha256(secret.as_bytes())).await?;
    let Some(share) = found else { return Ok(Access::Unknown) };
    if share.standing(app.trusted_time().now()) != ShareState::Active {
        return Ok(Access::Ended);
    }
    let is_open = share.passcode.is_none() || proof.is_some_and(|proof| is_proven(app, &share, proof));
    Ok(if is_open { Access::Open(share) } else { Access::PasscodeRequired(share) })
}

/// Counts a view by a hirer.
///
/// # Errors
/// The store cannot be used.
pub async fn record_view(app: &App, share: &Share) -> Result<(), Error> {
    let mut tx = app.store().write().await?;
    tx.count_share_view(share.id, app.now()).await?;
    tx.commit().await?;
    app.metrics().shares("viewed");
    Ok(())
}
