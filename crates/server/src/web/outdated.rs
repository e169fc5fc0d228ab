//! Carries form choices over to newer versions, if credentials were replaced or deleted after the
//! form was shown.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::selection::{Selection, Sent};
use crate::app::App;
use crate::error::Error;
use crate::flows::credential_view::CredentialView;
use store::domain::carry_over::carry_over;
use store::domain::submission::Submission;

/// Credentials that a form names and that are no longer current, each with its newest current
/// version, if there is one.
#[derive(Debug, Default)]
pub(super) struct Outdated {
    newest: BTreeMap<Uuid, Option<Uuid>>,
    /// Whether a chosen credential was replaced by a newer version.
    is_replaced: bool,
    /// Whether a chosen credential has no current version.
    is_gone: bool,
}

/// What happened to a chosen credential after the form was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// A newer version replaced it.
    Replaced,
    /// It was withdrawn or deleted, and has no current version.
    Gone,
}

impl Outdated {
    /// Returns `id` itself if it is current, otherwise its newest version.
    pub(super) fn newest(&self, id: Uuid) -> Option<Uuid> {
        self.newest.get(&id).copied().unwrap_or(Some(id))
    }

    /// Whether a credential replaced one that the form names.
    pub(super) fn is_newer(&self, id: Uuid) -> bool {
        self.newest.values().any(|newest| *newest == Some(id))
    }

    /// Returns what happened to the chosen credentials; `None` if all of them are current.
    pub(super) fn change(&self) -> Option<Change> {
        match (self.is_replaced, self.is_gone) {
            (_, true) => Some(Change::Gone),
            (true, false) => Some(Change::Replaced),
            (false, false) => None,
        }
    }
}

/// Replaces the credentials that `holder` has `chosen`, and their `sent` fields, by their newest
/// versions. Drops those without a current version. Ids that never belonged to the holder remain
/// unchanged.
pub(super) async fn catch_up(
    app: &App,
    holder: Uuid,
    chosen: &mut BTreeSet<Uuid>,
    sent: &mut Sent,
) -> Result<Outdated, Error> {
    let mut tx = app.store().read().await?;
    let held = tx.held_submissions(holder).await?;
    let find = |id: Uuid| held.iter().find(|held| held.id == id);
    let stands = |id: Uuid| find(id).is_some_and(Submission::stands);
    let named: BTreeSet<Uuid> = chosen.iter().copied().chain(sent.credentials()).collect();
    let mut outdated = Outdated::default();
    for id in named.into_iter().filter(|id| !stands(*id)) {
        let known = tx.linked_submission(id, app.now()).await?;
        if known.is_some_and(|known| known.holder() == Some(holder)) {
            let newest = tx.newest_version(id).await?.filter(|newest| stands(*newest));
            outdated.newest.insert(id, newest);
        }
    }
    drop(tx);
    for (older, newest) in &outdated.newest {
        let was_chosen = chosen.remove(older);
        outdated.is_replaced |= was_chosen && newest.is_some();
        outdated.is_gone |= was_chosen && newest.is_none();
        let Some(newest) = newest else { continue };
        if was_chosen {
            chosen.insert(*newest);
        }
        if let (Some(from), Some(to)) = (find(*older), find(*newest)) {
            let places = carried(app, from, to, sent).await?;
            sent.choose(*newest, &places);
        }
    }
    Ok(outdated)
}

/// Returns the positions in `newer` that correspond to the chosen ones in `older`; none if their
/// types differ.
async fn carried(app: &App, older: &Submission, newer: &Submission, sent: &Sent) -> Result<BTreeSet<String>, Error> {
    let opened = CredentialView::open_all(app, &[older.clone(), newer.clone()]).await?;
    let payload = |id: Uuid| opened.iter().find(|shown| shown.id == id).map(|shown| &shown.payload);
    let (Some(from), Some(to)) = (payload(older.id), payload(newer.id)) else { return Ok(BTreeSet::new()) };
    if older.credential_type != newer.credential_type {
        return Ok(BTreeSet::new());
    }
    let chosen = Selection::new(older.id, older.credential_type, from, Some(sent)).chosen();
    Ok(carry_over(from, to, &chosen.places))
}
