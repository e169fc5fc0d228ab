//! Carries form choices over to newer versions, if credentials were replaced or deleted after the
//! form was shown.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::selection::{Selection, Sent};
use crate::app::App;
use crate::error::Error;
use crate::flows::credential_view::CredentialView;
use crate::flows::wallet::{self, Replaced};
use store::domain::carry_over::carry_over;

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
    let named: BTreeSet<Uuid> = chosen.iter().copied().chain(sent.credentials()).collect();
    let mut outdated = Outdated::default();
    for Replaced { older, newest, versions } in wallet::replaced(app, holder, &named).await? {
        outdated.newest.insert(older, newest);
        let was_chosen = chosen.remove(&older);
        outdated.is_replaced |= was_chosen && newest.is_some();
        outdated.is_gone |= was_chosen && newest.is_none();
        if was_chosen {
            chosen.extend(newest);
        }
        if let Some((from, to)) = versions {
            let places = carried(&from, &to, sent);
            sent.choose(to.id, &places);
        }
    }
    Ok(outdated)
}

/// Returns the positions in `newer` that correspond to the chosen ones in `older`; none if their
/// types differ.
fn carried(older: &CredentialView, newer: &CredentialView, sent: &Sent) -> BTreeSet<String> {
    if older.known != newer.known {
        return BTreeSet::new();
    }
    let chosen = Selection::new(older.id, older.known, &older.payload, Some(sent)).chosen();
    carry_over(&older.payload, &newer.payload, &chosen.places)
}
