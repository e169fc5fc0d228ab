//! A person's answer to what a link leads to: opening it, accepting, declining.
//!
//! Owns who may answer and what an answer does. The pages ask on behalf of whoever is signed in; the sandbox asks on behalf
//! of the people whom the server plays. Neither has a way of its own.

use uuid::Uuid;

use crate::app::App;
use crate::documents::{self, Owner};
use crate::error::Error;
use ambient::Timestamp;
use store::domain::asset::{Asset, AssetState};
use store::domain::submission::{State, Submission};
use store::{EventKind, Tx};

/// What a link can lead to, other than consent.
#[derive(Clone, Copy, Debug)]
pub enum Outcome {
    /// There is nothing, or nothing that this person may know of.
    Unknown,
    /// Somebody else has opened it first.
    AnotherPersons,
    /// The person has declined it.
    Declined,
    /// Its time was over.
    Expired,
    /// The person has deleted it since.
    Removed,
    /// The partner took it back.
    TakenBack,
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
    /// The one, or those of the batch.
    pub fn items(&self) -> &[Submission] {
        match self {
            Self::One(submission) => std::slice::from_ref(submission),
            Self::Batch(items) => items,
        }
    }
}

/// What was answered.
#[derive(Clone, Debug)]
pub struct Answered {
    /// What the link leads to, as it was before.
    pub linked: Linked,
    /// How many submissions the answer has changed; none if somebody was quicker, or it is over.
    pub count: usize,
}

/// Records, once for each submission, that somebody's browser handed the link over.
///
/// # Errors
/// The store cannot be used.
pub async fn note_link_opened(app: &App, id: Uuid) -> Result<(), Error> {
    let now = app.now();
    // Mostly it was opened before, or leads nowhere, and then nobody who writes is kept waiting.
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

/// Binds what the link leads to to `holder` if nobody has it yet.
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

/// What the link leads to, if it is `holder`'s; what to tell if not. Something expired that nobody opened is told as
/// expired.
///
/// # Errors
/// The store cannot be used.
pub async fn find(app: &App, id: Uuid, holder: Uuid) -> Result<Result<Linked, Outcome>, Error> {
    let mut tx = app.store().read().await?;
    let linked = match tx.linked_submission(id, app.now()).await? {
        Some(submission) => Linked::One(Box::new(submission)),
        None => match tx.linked_batch(id, app.now()).await? {
            Some(batch) => Linked::Batch(batch.items),
            None => return Ok(Err(Outcome::Unknown)),
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
        Err(Outcome::AnotherPersons)
    } else if items.iter().any(|item| matches!(item.state, State::Incomplete { .. })) || items.is_empty() {
        Err(Outcome::Unknown)
    } else if items.iter().all(|item| matches!(item.state, State::TakenBack { .. })) {
        Err(Outcome::TakenBack)
    } else if items.iter().all(|item| matches!(item.state, State::Expired { .. } | State::TakenBack { .. })) {
        Err(Outcome::Expired)
    } else {
        Err(Outcome::AnotherPersons)
    })
}

/// Re-seals the data under `holder`'s own key and puts it into the wallet: one submission, or every item of a batch that
/// still waits. A second time finds it done.
///
/// # Errors
/// The store or the key ring cannot be used.
pub async fn accept(app: &App, id: Uuid, holder: Uuid) -> Result<Result<Answered, Outcome>, Error> {
    let linked = match find(app, id, holder).await? {
        Ok(linked) => linked,
        Err(outcome) => return Ok(Err(outcome)),
    };
    // Keys are fetched and used before the database is held for writing.
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
        supersede(&mut tx, linked.items(), holder, now).await?;
        tx.commit().await?;
        app.deliveries_due().notify_one();
        app.metrics().submissions("accepted", accepted.len() as u64);
    }
    Ok(Ok(Answered { linked, count: accepted.len() }))
}

/// Says no for `holder`: to one submission, or to every item of a batch that still waits. The data is gone then.
///
/// # Errors
/// The store cannot be used.
pub async fn decline(app: &App, id: Uuid, holder: Uuid) -> Result<Result<Answered, Outcome>, Error> {
    let linked = match find(app, id, holder).await? {
        Ok(linked) => linked,
        Err(outcome) => return Ok(Err(outcome)),
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
    Ok(Ok(Answered { linked, count: declined.len() }))
}

/// Where each push tells the whole anew, the newest of this partner's stands.
async fn supersede(tx: &mut Tx, accepted: &[Submission], holder: Uuid, now: Timestamp) -> Result<(), Error> {
    let Some(first) = accepted.first() else { return Ok(()) };
    let types = accepted.iter().map(|item| item.credential_type).filter(|known| known.newest_stands);
    let superseded = tx.supersede_submissions(holder, first.partner_id, &types.collect::<Vec<_>>(), now).await?;
    tx.record_events(&superseded, EventKind::Superseded, now).await?;
    Ok(())
}

/// A submission that waits, with everything of it sealed for its holder.
struct Resealed {
    id: Uuid,
    period: Timestamp,
    payload: Vec<u8>,
    /// The objects' keys, by asset.
    keys: Vec<(Asset, Vec<u8>)>,
}

impl Resealed {
    /// `None` if the submission does not wait any more, or its data is gone.
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

    /// False if it does not wait any more.
    async fn accept(&self, app: &App, tx: &mut Tx, holder: Uuid, now: Timestamp) -> Result<bool, Error> {
        if !tx.accept_submission(self.id, holder, &self.payload, now).await? {
            return Ok(false);
        }
        tx.end_fetching(self.id).await?;
        // From here on nothing of it changes; what arrived since it was looked at is sealed now.
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
