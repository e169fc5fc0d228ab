//! A holder's use of a partner's link: opening it, accepting or declining its submissions, and
//! deleting what was accepted.
//!
//! Pages call these functions for the signed-in holder, the sandbox for its test users.

mod link;

use std::collections::{BTreeMap, BTreeSet};

use credential::{BirthDateReason, NameReason, Payload};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::names::{Confirmation, HeldNames};
use super::versions::{self, HeldVersions, RelatedVersion};
use super::{share, standing_consent, supersede};
use crate::app::App;
use crate::documents::{self, Owner};
use crate::error::Error;
use ambient::{Moment, Timestamp};
use store::domain::asset::{Asset, AssetState};
use store::domain::submission::{Submission, SubmissionState};
use store::{EventKind, Superseding, Tx};

pub use link::{LinkError, Linked, find, note_link_opened, open, partner_name};

/// Maximum number of attempts while the wallet keeps changing between the read and the write.
const MAX_ATTEMPTS: usize = 5;

/// A holder's choices about a credential, besides accepting it.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// The related credentials for which the newer version supersedes the older one; `None` if the
    /// holder was not asked.
    pub replaced: Option<BTreeSet<Uuid>>,
    /// Whether the partner may keep it up to date (standing consent).
    pub is_kept_current: bool,
    /// The holder's confirmation that its name, which differs from those in the wallet, is also
    /// theirs. Ignored if it does not differ.
    pub confirmed_name: Option<Confirmation<NameReason>>,
    /// The same for the date of birth.
    pub confirmed_birth_date: Option<Confirmation<BirthDateReason>>,
}

/// The holder's choices by credential. A credential without an entry has no choices: nothing is
/// confirmed and no consent is given.
pub type Choices = BTreeMap<Uuid, Choice>;

/// The changes made by accepting or declining.
#[derive(Clone, Debug)]
pub struct Decided {
    /// The submissions behind the link, as they were before.
    pub linked: Linked,
    /// Number of changed submissions; 0 if all were decided before or have expired.
    pub count: usize,
    /// Submissions whose name or date of birth the holder must confirm first. If there are any,
    /// nothing has changed.
    pub unconfirmed: Vec<Uuid>,
}

/// Encrypts the data with `holder`'s own key and moves it into the wallet: one submission, or every
/// item of a batch that is still pending, or those in `only`.
///
/// Repeating it changes nothing. If an item has a name or date of birth that differs from the
/// wallet and the holder did not confirm it, nothing is accepted.
///
/// # Errors
/// The store or the key ring cannot be used, or the wallet kept changing meanwhile.
pub async fn accept(
    app: &App,
    id: Uuid,
    holder: Uuid,
    choices: &Choices,
    only: Option<&BTreeSet<Uuid>>,
) -> Result<Result<Decided, LinkError>, Error> {
    for _ in 0..MAX_ATTEMPTS {
        let linked = match find(app, id, holder).await? {
            Ok(linked) => linked,
            Err(error) => return Ok(Err(error)),
        };
        let Some(partner) = linked.items().first().map(|item| item.partner_id) else {
            return Ok(Ok(Decided { linked, count: 0, unconfirmed: Vec::new() }));
        };
        // Keys are loaded and used before the write transaction begins.
        let held =
            Held { versions: HeldVersions::of(app, holder, partner).await?, names: HeldNames::of(app, holder).await? };
        let (mut among, mut pending, mut unconfirmed) = (held.names.clone(), Vec::new(), Vec::new());
        for item in linked.items().iter().filter(|item| only.is_none_or(|only| only.contains(&item.id))) {
            let choice = choices.get(&item.id);
            match Pending::prepare(app, item, holder, &held.versions, (&mut among, choice)).await? {
                Prepared::Ready(ready) => pending.push(*ready),
                Prepared::Unconfirmed => unconfirmed.push(item.id),
                Prepared::Over => {}
            }
        }
        if !unconfirmed.is_empty() {
            return Ok(Ok(Decided { linked, count: 0, unconfirmed }));
        }
        if let Some(count) = accept_all(app, (holder, partner), &held, &pending, choices).await? {
            return Ok(Ok(Decided { linked, count, unconfirmed }));
        }
    }
    Err(Error::unavailable())
}

/// The contents of a wallet that decisions about an incoming credential depend on.
struct Held {
    versions: HeldVersions,
    names: HeldNames,
}

/// Accepts the submissions that are still pending, and returns their number. Returns `None` and
/// changes nothing if the versions and names in the wallet are no longer those that the holder was
/// asked about.
async fn accept_all(
    app: &App,
    (holder, partner): (Uuid, Uuid),
    held: &Held,
    pending: &[Pending],
    choices: &Choices,
) -> Result<Option<usize>, Error> {
    let moment = app.trusted_time().moment();
    let mut tx = app.store().write().await?;
    tx.lock_wallet(holder).await?;
    if !held.versions.is_unchanged(&mut tx, holder, partner).await? || !held.names.is_unchanged(&mut tx, holder).await?
    {
        return Ok(None);
    }
    let mut accepted = Vec::new();
    for item in pending {
        if item.accept(app, &mut tx, holder, moment).await? {
            accepted.push(item);
        }
    }
    if accepted.is_empty() {
        return Ok(Some(0));
    }
    let ids: Vec<Uuid> = accepted.iter().map(|item| item.id).collect();
    tx.record_events(&ids, EventKind::Accepted, moment.now).await?;
    settle_versions(app, &mut tx, holder, &accepted, choices).await?;
    tx.commit().await?;
    app.outbox().wake();
    app.deliveries_due().notify_one();
    app.metrics().submissions("accepted", accepted.len() as u64);
    Ok(Some(accepted.len()))
}

/// Supersedes older versions as the holder chose, records the decisions, and gives and ends
/// standing consents.
async fn settle_versions(
    app: &App,
    tx: &mut Tx,
    holder: Uuid,
    accepted: &[&Pending],
    choices: &Choices,
) -> Result<(), Error> {
    let (mut pairs, now) = (Vec::new(), app.now());
    for item in accepted {
        let chosen = choices.get(&item.id).and_then(|choice| choice.replaced.as_ref());
        let (replaced, decisions) = versions::decide(item.id, &item.related, chosen, now);
        for decision in &decisions {
            tx.record_version_decision(holder, decision).await?;
        }
        pairs.extend(replaced);
    }
    let superseded = supersede::record(app, tx, holder, &pairs, now).await?;
    let is_kept_current = |item: &Pending| choices.get(&item.id).is_some_and(|choice| choice.is_kept_current);
    for Superseding { old, new } in pairs.into_iter().filter(|pair| superseded.contains(&pair.old)) {
        let newer = accepted.iter().find(|item| item.id == new);
        let is_kept = newer.is_some_and(|item| item.may_continue && is_kept_current(item));
        standing_consent::settle(tx, holder, (old, new), is_kept, now).await?;
    }
    for item in accepted.iter().filter(|item| item.may_continue && is_kept_current(item)) {
        // The store skips credentials that a newer version has superseded in this transaction.
        tx.give_standing_consent(app.id(), holder, item.id, now).await?;
    }
    Ok(())
}

/// Declines for `holder`: one submission, or every item of a batch that is still pending. Their
/// data is deleted.
///
/// # Errors
/// The store cannot be used.
pub async fn decline(app: &App, id: Uuid, holder: Uuid) -> Result<Result<Decided, LinkError>, Error> {
    let linked = match find(app, id, holder).await? {
        Ok(linked) => linked,
        Err(error) => return Ok(Err(error)),
    };
    let moment = app.trusted_time().moment();
    let mut tx = app.store().write().await?;
    let mut declined = Vec::new();
    for item in linked.items() {
        if tx.decline_submission(item.id, holder, moment).await? {
            declined.push(item.id);
        }
    }
    if !declined.is_empty() {
        tx.record_events(&declined, EventKind::Declined, moment.now).await?;
        tx.commit().await?;
        app.deliveries_due().notify_one();
        app.metrics().submissions("declined", declined.len() as u64);
    }
    Ok(Ok(Decided { linked, count: declined.len(), unconfirmed: Vec::new() }))
}

/// Deletes a credential from `holder`'s wallet. Repeating it changes nothing.
///
/// If the holder saw it as the current version (`is_current`) and its partner has updated it since,
/// the update is deleted too.
///
/// # Errors
/// The store cannot be used.
pub async fn delete(app: &App, id: Uuid, holder: Uuid, is_current: bool) -> Result<(), Error> {
    share::update_before_deletion(app, holder, id).await?;
    let now = app.now();
    let mut tx = app.store().write().await?;
    tx.lock_wallet(holder).await?;
    let mut deleted = vec![id];
    if is_current {
        deleted.extend(standing_consent::updates_of(&mut tx, id).await?);
    }
    let mut removed = Vec::new();
    for id in deleted {
        if tx.remove_submission(id, holder, now).await? {
            tx.end_standing_consent(holder, id, now).await?;
            removed.push(id);
        }
    }
    if !removed.is_empty() {
        tx.record_events(&removed, EventKind::Removed, now).await?;
        tx.commit().await?;
        app.metrics().submissions("removed", removed.len() as u64);
    }
    Ok(())
}

/// A pending submission, with all its data encrypted for its holder.
struct Pending {
    id: Uuid,
    period: Timestamp,
    payload: Vec<u8>,
    /// Related credentials in the wallet.
    related: Vec<RelatedVersion>,
    /// Whether a standing consent can be given for it.
    may_continue: bool,
    /// Keys of the documents' objects, by asset.
    keys: Vec<(Asset, Vec<u8>)>,
}

/// Result of preparing a submission for acceptance.
enum Prepared {
    Ready(Box<Pending>),
    /// It has another name or date of birth, and the holder did not confirm it.
    Unconfirmed,
    /// It is no longer pending, or its data is deleted.
    Over,
}

impl Pending {
    /// Prepares a submission for acceptance. Compares its name with those in `among`, and adds it
    /// to them.
    async fn prepare(
        app: &App,
        item: &Submission,
        holder: Uuid,
        held: &HeldVersions,
        (among, choice): (&mut HeldNames, Option<&Choice>),
    ) -> Result<Prepared, Error> {
        let SubmissionState::Incomplete { sealed, .. } = &item.state else { return Ok(Prepared::Over) };
        let label: [&[u8]; 2] = [b"submission", item.id.as_bytes()];
        let Some(plain) = app.keyring().open_sealed(sealed, &label).await? else { return Ok(Prepared::Over) };
        let mut said = Payload::from_bytes(&plain).map_err(Error::internal)?;
        let questions = among.questions(item.credential_type, &said);
        let name = choice.and_then(|choice| choice.confirmed_name.as_ref());
        let birth_date = choice.and_then(|choice| choice.confirmed_birth_date.as_ref());
        if !questions.record(&mut said, name, birth_date) {
            return Ok(Prepared::Unconfirmed);
        }
        let mut confirmed = None;
        if !questions.is_empty() {
            confirmed = Some(Zeroizing::new(serde_json::to_vec(&said).map_err(Error::internal)?));
        }
        among.add_incoming(app, item, &said).await?;
        let related = held.related(app, item, &said).await?;
        let may_continue = item.credential_type.may_continue(&said.fields);
        // Without a confirmation the bytes stay as they were pushed, so that a repeat of the push
        // is recognised.
        let payload = app.keyring().seal_for_holder(holder, &label, confirmed.as_ref().unwrap_or(&plain)).await?;
        let takes_documents = item.credential_type.assets.most > 0;
        let assets = if takes_documents { app.store().read().await?.assets(&[item.id]).await? } else { Vec::new() };
        let mut keys = Vec::new();
        for asset in assets {
            if let Some(key) = resealed_key(app, &asset, sealed.period, holder).await? {
                keys.push((asset, key));
            }
        }
        let ready = Self { id: item.id, period: sealed.period, payload, related, may_continue, keys };
        Ok(Prepared::Ready(Box::new(ready)))
    }

    /// Returns false if it is no longer pending.
    async fn accept(&self, app: &App, tx: &mut Tx, holder: Uuid, moment: Moment) -> Result<bool, Error> {
        if !tx.accept_submission(self.id, holder, &self.payload, moment).await? {
            return Ok(false);
        }
        tx.end_fetching(self.id).await?;
        // From here on the transaction prevents further changes. Documents that arrived after the
        // read are re-encrypted now.
        for asset in tx.assets(&[self.id]).await? {
            let AssetState::Stored(object) = &asset.state else { continue };
            let prepared = self.keys.iter().find(|(known, _)| *known == asset).map(|(_, key)| key.clone());
            let key = match prepared {
                Some(key) => Some(key),
                None => resealed_key(app, &asset, self.period, holder).await?,
            };
            let keep_by = moment.now + app.config().retention.unclaimed_documents;
            if let Some(key) = key {
                tx.hand_over_asset(asset.id, object.name, &key, keep_by).await?;
            }
        }
        Ok(true)
    }
}

async fn resealed_key(app: &App, asset: &Asset, period: Timestamp, holder: Uuid) -> Result<Option<Vec<u8>>, Error> {
    let AssetState::Stored(object) = &asset.state else { return Ok(None) };
    let key = app.documents().object_key(asset.id, object, Owner::Epoch(period)).await?;
    let Some(key) = key else { return Ok(None) };
    Ok(Some(app.keyring().seal_for_holder(holder, &documents::label(&asset.id), key.expose()).await?))
}
