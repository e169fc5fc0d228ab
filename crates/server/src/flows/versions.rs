//! Versions: which credentials in a wallet an incoming one relates to, and which of them it
//! supersedes.

use std::collections::BTreeSet;

use credential::{Payload, Relation};
use uuid::Uuid;

use crate::app::App;
use crate::error::Error;
use ambient::Timestamp;
use store::domain::submission::{Submission, SubmissionState};
use store::{Decision, Superseding, Tx, VersionDecision};

/// A credential in the wallet that is related to an incoming one of the same partner and type.
#[derive(Clone, Debug)]
pub struct RelatedVersion {
    /// The credential in the wallet.
    pub submission: Submission,
    /// Its content.
    pub payload: Payload,
    /// Whether it was pushed after the incoming one, which is then the older version.
    pub is_newer: bool,
    /// Whether the newer version supersedes the older one, unless the holder decides otherwise.
    pub is_replacement: bool,
}

/// The current credentials of one partner in a wallet.
#[derive(Clone, Debug, Default)]
pub struct HeldVersions {
    ids: Vec<Uuid>,
    held: Vec<(Submission, Payload)>,
}

impl HeldVersions {
    /// Reads the current credentials of `partner` in `holder`'s wallet.
    ///
    /// # Errors
    /// The store or the key ring cannot be used.
    pub async fn of(app: &App, holder: Uuid, partner: Uuid) -> Result<Self, Error> {
        let mut tx = app.store().read().await?;
        let ids = tx.current_versions(holder, partner).await?;
        let submissions = if ids.is_empty() { Vec::new() } else { tx.held_submissions(holder).await? };
        drop(tx);
        let mut held = Vec::with_capacity(ids.len());
        for submission in submissions.into_iter().filter(|held| ids.contains(&held.id)) {
            let payload = open(app, &submission).await?;
            held.extend(payload.map(|payload| (submission, payload)));
        }
        held.sort_unstable_by_key(|(submission, _)| (submission.created_at, submission.id));
        Ok(Self { ids, held })
    }

    /// Returns whether the wallet still has the same current credentials of `partner`. The caller
    /// must hold the wallet's lock.
    ///
    /// # Errors
    /// The store cannot be used.
    pub async fn is_unchanged(&self, tx: &mut Tx, holder: Uuid, partner: Uuid) -> Result<bool, Error> {
        Ok(tx.current_versions(holder, partner).await? == self.ids)
    }

    /// Returns the credentials related to `incoming` with the content `payload`, in the order in
    /// which they were pushed.
    ///
    /// # Errors
    /// The store cannot be used.
    pub async fn related(
        &self,
        app: &App,
        incoming: &Submission,
        payload: &Payload,
    ) -> Result<Vec<RelatedVersion>, Error> {
        let named = named_version(app, incoming, payload).await?;
        let is_sibling = |held: &Submission| held.credential_type == incoming.credential_type && held.id != incoming.id;
        let siblings = self.held.iter().filter(|(held, _)| is_sibling(held));
        let related = siblings.filter_map(|held| relate((incoming, payload), held, named == Some(held.0.id)));
        Ok(related.collect())
    }
}

/// Returns what accepting `incoming` supersedes or is superseded by, and the decisions to record.
/// `chosen` are the related credentials for which the holder chose that the newer version
/// supersedes the older one; `None` if they were not asked.
pub fn decide(
    incoming: Uuid,
    related: &[RelatedVersion],
    chosen: Option<&BTreeSet<Uuid>>,
    now: Timestamp,
) -> (Vec<Superseding>, Vec<VersionDecision>) {
    let (mut pairs, mut decisions) = (Vec::new(), Vec::new());
    for version in related {
        let held = version.submission.id;
        let (older_id, newer_id) = if version.is_newer { (incoming, held) } else { (held, incoming) };
        let is_replaced = chosen.map_or(version.is_replacement, |chosen| chosen.contains(&held));
        let decision = if is_replaced { Decision::Replaced } else { Decision::Kept };
        if is_replaced {
            pairs.push(Superseding { old: older_id, new: newer_id });
        }
        decisions.push(VersionDecision { newer_id, older_id, decision, decided_at: now, undone_at: None });
    }
    (pairs, decisions)
}

/// Returns the newest version of the credential that `incoming` names in `replaces`, if its partner
/// has one.
async fn named_version(app: &App, incoming: &Submission, payload: &Payload) -> Result<Option<Uuid>, Error> {
    let Some(replaces) = &payload.replaces else { return Ok(None) };
    let mut tx = app.store().read().await?;
    let named = tx.current_submission(incoming.partner_id, replaces, app.trusted_time().now()).await?;
    let Some(named) = named else { return Ok(None) };
    Ok(tx.newest_version(named.id).await?)
}

/// Returns the relation of `held` to the incoming credential. `None` if they are unrelated: the
/// newer one neither covers the older one nor names it.
fn relate(
    (incoming, payload): (&Submission, &Payload),
    (held, held_payload): &(Submission, Payload),
    is_named: bool,
) -> Option<RelatedVersion> {
    // Items of one batch are pushed at the same time, and their ids are in order. Otherwise, of two
    // pushes at the same time the later decision counts as newer.
    let is_same_batch = held.batch_id.is_some() && held.batch_id == incoming.batch_id;
    let is_newer = held.created_at > incoming.created_at || is_same_batch && held.id > incoming.id;
    let (newer, older) = if is_newer { (held_payload, payload) } else { (payload, held_payload) };
    let names_incoming = held_payload.replaces.as_deref() == Some(incoming.credential_id.as_str());
    let is_named = if is_newer { names_incoming } else { is_named };
    let relation = incoming.credential_type.relation(&newer.fields, &older.fields);
    (is_named || relation >= Relation::Covers).then(|| RelatedVersion {
        is_newer,
        is_replacement: relation.replaces(is_named),
        submission: held.clone(),
        payload: held_payload.clone(),
    })
}

/// Decrypts the content of a submission. Returns `None` if its data is deleted.
///
/// # Errors
/// The key ring cannot be used.
pub async fn open(app: &App, submission: &Submission) -> Result<Option<Payload>, Error> {
    let label: [&[u8]; 2] = [b"submission", submission.id.as_bytes()];
    let opened = match &submission.state {
        SubmissionState::Incomplete { sealed, .. } => app.keyring().open_sealed(sealed, &label).await?,
        SubmissionState::Accepted { holder, sealed, .. } | SubmissionState::Withdrawn { holder, sealed, .. } => {
            Some(app.keyring().open_for_holder(*holder, &label, sealed).await?)
        }
        SubmissionState::Declined { .. }
        | SubmissionState::Expired { .. }
        | SubmissionState::Removed { .. }
        | SubmissionState::WithdrawnPending { .. } => None,
    };
    opened.map(|bytes| Payload::from_bytes(&bytes).map_err(Error::internal)).transpose()
}
