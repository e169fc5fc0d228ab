//! What a person does with a partner's link: open it, accept what it leads to, or decline; and delete what was accepted.
//!
//! The pages act for the person who is signed in, the sandbox for its users. Both go through here.

use uuid::Uuid;

use crate::app::App;
use crate::documents::{self, Owner};
use crate::error::Error;
use crate::flows::supersede;
use ambient::Timestamp;
use store::domain::asset::{Asset, AssetState};
use store::domain::submission::{State, Submission};
use store::{EventKind, Tx};

/// Why a link leads to nothing that this person can consent to.
#[derive(Clone, Copy, Debug)]
pub enum LinkError {
    /// There is nothing, or nothing that this person may know of.
    Unknown,
    /// Another person has opened it first.
    OtherHolder,
    /// The person has declined it.
    Declined,
    /// It has expired.
    Expired,
    /// The person has deleted it since.
    Deleted,
    /// The partner withdrew it before it was accepted.
    Withdrawn,
}

/// What a link leads to, for its holder.
#[derive(Clone, Debug)]
pub enum Linked {
    /// One submission.
    One(Box<Submission>),
    /// The items of a batch, at least one.
    Batch(Vec<Submission>),
}

impl Linked {
    /// The submission, or those of the batch.
    pub fn items(&self) -> &[Submission] {
        match self {
            Self::One(submission) => std::slice::from_ref(submission),
            Self::Batch(items) => items,
        }
    }
}

/// What accepting or declining has changed.
#[derive(Clone, Debug)]
pub struct Decided {
    /// What the link leads to, as it was before.
    pub linked: Linked,
    /// How many submissions have changed; none if all were decided before or have expired.
    pub count: usize,
}

/// Records, once for each submission, that a browser has opened the link.
///
/// # Errors
/// The store cannot be used.
pub async fn note_link_opened(app: &App, id: Uuid) -> Result<(), Error> {
    let now = app.now();
    // Most links were opened before or lead nowhere; those take no write lock.
    if app.store().read().await?.count_unopened(id, now).await? == 0 {
        return Ok(());
    }
    let mut tx = app.store().write().await?;
    let opened = tx.note_link_opened(id, now).await?;
    tx.record_events(&opened, EventKind::LinkOpened, now).await?;
    tx.commit().await?;
    app.deliveries_due().notify_one();
    Ok(())
}

/// Binds what the link leads to to `holder`, unless it is bound already.
///
/// # Errors
/// The store cannot be used.
pub async fn open(app: &App, id: Uuid, holder: Uuid) -> Result<(), Error> {
    let now = app.now();
    let mut tx = app.store().write().await?;
    let unbound = tx.linked_submission(id, now).await?.is_some_and(|submission| submission.holder().is_none());
    let mut opened = Vec::new();
    if unbound && tx.bind_submission(id, holder, now).await? {
        opened.push(id);
    } else if let Some(batch) = tx.linked_batch(id, now).await?
        && batch.items.iter().all(|item| item.holder().is_none())
    {
        opened = tx.bind_batch(id, holder, now).await?;
    }
    if !opened.is_empty() {
        tx.record_events(&opened, EventKind::Opened, now).await?;
        tx.commit().await?;
        app.deliveries_due().notify_one();
    }
    Ok(())
}

/// Returns what the link leads to, if it is bound to `holder`. What expired or was withdrawn before anybody opened it is
/// reported as such.
///
/// # Errors
/// The store cannot be used.
pub async fn find(app: &App, id: Uuid, holder: Uuid) -> Result<Result<Linked, LinkError>, Error> {
    let mut tx = app.store().read().await?;
    let linked = match tx.linked_submission(id, app.now()).await? {
        Some(submission) => Linked::One(Box::new(submission)),
        None => match tx.linked_batch(id, app.now()).await? {
            Some(batch) => Linked::Batch(batch.items),
            None => return Ok(Err(LinkError::Unknown)),
        },
    };
    let items = linked.items();
    let whose: Vec<Option<Uuid>> = items.iter().map(Submission::holder).collect();
    Ok(if whose.contains(&Some(holder)) {
        Ok(match linked {
            Linked::One(_) => linked,
            Linked::Batch(items) => {
                Linked::Batch(items.into_iter().filter(|item| item.holder() == Some(holder)).collect())
            }
        })
    } else if whose.iter().any(Option::is_some) {
        Err(LinkError::OtherHolder)
    } else if items.iter().any(|item| matches!(item.state, State::Incomplete { .. })) || items.is_empty() {
        Err(LinkError::Unknown)
    } else if items.iter().all(|item| matches!(item.state, State::TakenBack { .. })) {
        Err(LinkError::Withdrawn)
    } else if items.iter().all(|item| matches!(item.state, State::Expired { .. } | State::TakenBack { .. })) {
        Err(LinkError::Expired)
    } else {
        Err(LinkError::OtherHolder)
    })
}

/// Re-seals the data under `holder`'s own key and puts it into the wallet: one submission, or every item of a batch that
/// is still pending. A repetition changes nothing.
///
/// # Errors
/// The store or the key ring cannot be used.
pub async fn accept(app: &App, id: Uuid, holder: Uuid) -> Result<Result<Decided, LinkError>, Error> {
    let linked = match find(app, id, holder).await? {
        Ok(linked) => linked,
        Err(error) => return Ok(Err(error)),
    };
    // Keys are fetched and used before the write transaction begins.
    let mut resealed = Vec::new();
    for item in linked.items() {
        resealed.extend(Resealed::new(app, item, holder).await?);
    }
    let now = app.now();
    let mut tx = app.store().write().await?;
    tx.hold_wallet(holder).await?;
    let mut accepted = Vec::new();
    for item in &resealed {
        if item.accept(app, &mut tx, holder, now).await? {
            accepted.push(item.id);
        }
    }
    if !accepted.is_empty() {
        tx.record_events(&accepted, EventKind::Accepted, now).await?;
        supersede(app, &mut tx, linked.items(), holder, now).await?;
        tx.commit().await?;
        app.outbox().wake();
        app.deliveries_due().notify_one();
        app.metrics().submissions("accepted", accepted.len() as u64);
    }
    Ok(Ok(Decided { linked, count: accepted.len() }))
}

/// Declines for `holder`: one submission, or every item of a batch that is still pending. Their data is deleted.
///
/// # Errors
/// The store cannot be used.
pub async fn decline(app: &App, id: Uuid, holder: Uuid) -> Result<Result<Decided, LinkError>, Error> {
    let linked = match find(app, id, holder).await? {
        Ok(linked) => linked,
        Err(error) => return Ok(Err(error)),
    };
    let now = app.now();
    let mut tx = app.store().write().await?;
    let mut declined = Vec::new();
    for item in linked.items() {
        if tx.decline_submission(item.id, holder, now).await? {
            declined.push(item.id);
        }
    }
    if !declined.is_empty() {
        tx.record_events(&declined, EventKind::Declined, now).await?;
        tx.commit().await?;
        app.deliveries_due().notify_one();
        app.metrics().submissions("declined", declined.len() as u64);
    }
    Ok(Ok(Decided { linked, count: declined.len() }))
}

/// Deletes a credential from `holder`'s wallet. A repetition changes nothing.
///
/// # Errors
/// The store cannot be used.
pub async fn delete(app: &App, id: Uuid, holder: Uuid) -> Result<(), Error> {
    let now = app.now();
    let mut tx = app.store().write().await?;
    if tx.remove_submission(id, holder, now).await? {
        tx.record_events(&[id], EventKind::Removed, now).await?;
        tx.commit().await?;
        app.metrics().submissions("removed", 1);
    }
    Ok(())
}

/// Where each push holds the whole history, the newest one of this partner supersedes the earlier ones.
async fn supersede(app: &App, tx: &mut Tx, accepted: &[Submission], holder: Uuid, now: Timestamp) -> Result<(), Error> {
    let Some(first) = accepted.first() else { return Ok(()) };
    let types = accepted.iter().map(|item| item.credential_type).filter(|known| known.newest_stands);
    let pairs = tx.older_submissions(holder, first.partner_id, &types.collect::<Vec<_>>()).await?;
    supersede::record(app, tx, holder, &pairs, now).await?;
    Ok(())
}

/// A pending submission, with everything of it sealed for its holder.
struct Resealed {
    id: Uuid,
    period: Timestamp,
    payload: Vec<u8>,
    /// The objects' keys, by asset.
    keys: Vec<(Asset, Vec<u8>)>,
}

impl Resealed {
    /// `None` if the submission is not pending any more, or its data is deleted.
    async fn new(app: &App, item: &Submission, holder: Uuid) -> Result<Option<Self>, Error> {
        let State::Incomplete { sealed, .. } = &item.state else { return Ok(None) };
        let label: [&[u8]; 2] = [b"submission", item.id.as_bytes()];
        let Some(payload) = app.keyring().open_sealed(sealed, &label).await? else { return Ok(None) };
        let payload = app.keyring().seal_for_holder(holder, &label, &payload).await?;
        let takes_documents = item.credential_type.assets.most > 0;
        let assets = if takes_documents { app.store().read().await?.assets(&[item.id]).await? } else { Vec::new() };
        let mut keys = Vec::new();
        for asset in assets {
            if let Some(key) = resealed_key(app, &asset, sealed.period, holder).await? {
                keys.push((asset, key));
            }
        }
        Ok(Some(Self { id: item.id, period: sealed.period, payload, keys }))
    }

    /// Returns false if it is not pending any more.
    async fn accept(&self, app: &App, tx: &mut Tx, holder: Uuid, now: Timestamp) -> Result<bool, Error> {
        if !tx.accept_submission(self.id, holder, &self.payload, now).await? {
            return Ok(false);
        }
        tx.end_fetching(self.id).await?;
        // From here on nothing of it changes. What arrived after it was read is sealed now.
        for asset in tx.assets(&[self.id]).await? {
            let AssetState::Stored(object) = &asset.state else { continue };
            let prepared = self.keys.iter().find(|(known, _)| *known == asset).map(|(_, key)| key.clone());
            let key = match prepared {
                Some(key) => Some(key),
                None => resealed_key(app, &asset, self.period, holder).await?,
            };
            let keep_by = now + app.config().retention.unkept_documents;
            if let Some(key) = key {
                tx.hand_over_asset(asset.id, object.name, &key, keep_by).await?;
            }
        }
        Ok(true)
    }
}

async fn resealed_key(app: &App, asset: &Asset, period: Timestamp, holder: Uuid) -> Result<Option<Vec<u8>>, Error> {
    let AssetState::Stored(object) = &asset.state else { return Ok(None) };
    let key = app.documents().object_key(asset.id, object, Owner::Ring(period)).await?;
    let Some(key) = key else { return Ok(None) };
    Ok(Some(app.keyring().seal_for_holder(holder, &documents::label(&asset.id), key.expose()).await?))
}
