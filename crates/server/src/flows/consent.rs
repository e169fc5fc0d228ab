//! What a person does with a partner's link: open it, accept what it leads to, or decline; and delete what was accepted.
//!
//! The pages act for the person who is signed in, the sandbox for its users. Both go through here.

use std::collections::BTreeMap;

use credential::{NameReason, Payload};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::names::HeldNames;
use crate::app::App;
use crate::documents::{self, Owner};
use crate::error::Error;
use ambient::Timestamp;
use store::domain::asset::{Asset, AssetState};
use store::domain::submission::{State, Submission};
use store::{EventKind, Tx};

/// Attempts while the wallet changes between the read and the write.
const MAX_ATTEMPTS: usize = 5;

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

/// What a person chose about a credential, beside accepting it.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// Why its name differs from those in the wallet, if they confirmed that it is also theirs. Ignored if it does not differ.
    pub confirmed_name: Option<NameReason>,
}

/// What a person chose, by credential. Where nothing was chosen, nothing is confirmed.
pub type Choices = BTreeMap<Uuid, Choice>;

/// What accepting or declining has changed.
#[derive(Clone, Debug)]
pub struct Decided {
    /// What the link leads to, as it was before.
    pub linked: Linked,
    /// How many submissions have changed; none if all were decided before or have expired.
    pub count: usize,
    /// The submissions whose name the person must confirm first. If there are any, nothing has changed.
    pub unconfirmed: Vec<Uuid>,
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
/// is still pending. A repetition changes nothing. If one carries another name than the wallet and the person did not
/// confirm it, nothing is accepted.
///
/// # Errors
/// The store or the key ring cannot be used, or the wallet kept changing meanwhile.
pub async fn accept(app: &App, id: Uuid, holder: Uuid, choices: &Choices) -> Result<Result<Decided, LinkError>, Error> {
    for _ in 0..MAX_ATTEMPTS {
        let linked = match find(app, id, holder).await? {
            Ok(linked) => linked,
            Err(error) => return Ok(Err(error)),
        };
        // Keys are fetched and used before the write transaction begins.
        let names = HeldNames::of(app, holder).await?;
        let (mut among, mut resealed, mut unconfirmed) = (names.clone(), Vec::new(), Vec::new());
        for item in linked.items() {
            let reason = choices.get(&item.id).and_then(|choice| choice.confirmed_name);
            match Resealed::prepare(app, item, holder, (&mut among, reason)).await? {
                Prepared::Ready(ready) => resealed.push(ready),
                Prepared::Unconfirmed => unconfirmed.push(item.id),
                Prepared::Over => {}
            }
        }
        if !unconfirmed.is_empty() {
            return Ok(Ok(Decided { linked, count: 0, unconfirmed }));
        }
        if let Some(count) = accept_all(app, holder, &linked, (&names, &resealed)).await? {
            return Ok(Ok(Decided { linked, count, unconfirmed }));
        }
    }
    Err(Error::unavailable())
}

/// Accepts what is still pending; returns how many that were. `None`, and nothing is changed, if the wallet does not have the
/// names any more that the person was asked about.
async fn accept_all(
    app: &App,
    holder: Uuid,
    linked: &Linked,
    (names, resealed): (&HeldNames, &[Resealed]),
) -> Result<Option<usize>, Error> {
    let now = app.now();
    let mut tx = app.store().write().await?;
    tx.hold_wallet(holder).await?;
    if !names.is_unchanged(&mut tx, holder).await? {
        return Ok(None);
    }
    let mut accepted = Vec::new();
    for item in resealed {
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
    Ok(Some(accepted.len()))
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
    Ok(Ok(Decided { linked, count: declined.len(), unconfirmed: Vec::new() }))
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
async fn supersede(tx: &mut Tx, accepted: &[Submission], holder: Uuid, now: Timestamp) -> Result<(), Error> {
    let Some(first) = accepted.first() else { return Ok(()) };
    let types = accepted.iter().map(|item| item.credential_type).filter(|known| known.newest_stands);
    let superseded = tx.supersede_submissions(holder, first.partner_id, &types.collect::<Vec<_>>(), now).await?;
    tx.record_events(&superseded, EventKind::Superseded, now).await?;
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

/// What became of a submission that is to be accepted.
enum Prepared {
    Ready(Resealed),
    /// It carries another name, and the person did not confirm it.
    Unconfirmed,
    /// It is not pending any more, or its data is deleted.
    Over,
}

impl Resealed {
    /// Compares its name with those that it is accepted `among`, to which it is added.
    async fn prepare(
        app: &App,
        item: &Submission,
        holder: Uuid,
        (among, reason): (&mut HeldNames, Option<NameReason>),
    ) -> Result<Prepared, Error> {
        let State::Incomplete { sealed, .. } = &item.state else { return Ok(Prepared::Over) };
        let label: [&[u8]; 2] = [b"submission", item.id.as_bytes()];
        let Some(plain) = app.keyring().open_sealed(sealed, &label).await? else { return Ok(Prepared::Over) };
        let mut payload = Payload::from_bytes(&plain).map_err(Error::internal)?;
        let mut confirmed = None;
        if let Some(question) = among.question(payload.full_name()) {
            let Some(reason) = reason else { return Ok(Prepared::Unconfirmed) };
            payload.confirmed_name = Some(question.confirmed(reason));
            confirmed = Some(Zeroizing::new(serde_json::to_vec(&payload).map_err(Error::internal)?));
        }
        among.add_incoming(app, item, &payload).await?;
        // Without a confirmation the bytes stay as they were pushed, so that a repeat of the push is recognised.
        let payload = app.keyring().seal_for_holder(holder, &label, confirmed.as_ref().unwrap_or(&plain)).await?;
        let takes_documents = item.credential_type.assets.most > 0;
        let assets = if takes_documents { app.store().read().await?.assets(&[item.id]).await? } else { Vec::new() };
        let mut keys = Vec::new();
        for asset in assets {
            if let Some(key) = resealed_key(app, &asset, sealed.period, holder).await? {
                keys.push((asset, key));
            }
        }
        Ok(Prepared::Ready(Self { id: item.id, period: sealed.period, payload, keys }))
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
