//! The content behind a link, as a hirer sees it.

use credential::names::stand_together;
use credential::status::StatusReference;
use credential::verification::Report;
use serde_json::Value;
use uuid::Uuid;

use super::sealed::unseal;
use crate::app::App;
use crate::error::Error;
use crate::flows::names::HeldNames;
use crate::flows::own_presentation;
use ambient::Timestamp;
use store::domain::share::{Share, ShareState};
use store::domain::submission::Submission;
use store::{ShownEntry, StatusPlace};

/// The decrypted content of a share.
#[derive(Clone, Debug)]
pub struct OpenedShare {
    /// The share as it was read together with the rest.
    pub share: Share,
    /// The purpose in the holder's words; may be empty.
    pub purpose: String,
    pub presentations: Vec<ShownPresentation>,
    /// Whether the holder confirmed that all names are theirs. `None` if the presentations contain
    /// only one name, and more than the holder's word supports it
    /// ([`HeldNames::is_only_confirmed`]).
    pub names_confirmed: Option<bool>,
    /// Whether a sandbox partner pushed any of the credentials. A demonstration says so on every
    /// page instead.
    pub is_test: bool,
}

/// One presentation behind a link.
#[derive(Clone, Debug)]
pub struct ShownPresentation {
    /// The signed presentation.
    pub token: String,
    /// The report of its verification.
    pub report: Report,
    /// When a newer version of the credential appeared, if one exists and it was not revoked.
    pub newer_since: Option<Timestamp>,
}

impl ShownPresentation {
    fn full_name(&self) -> &str {
        self.report.claims.get("full_name").and_then(Value::as_str).unwrap_or_default()
    }
}

/// Everything that a link shows, from one snapshot (D-395).
struct Snapshot {
    share: Share,
    shown: Vec<ShownEntry>,
    /// The submissions in the holder's wallet.
    held: Vec<Submission>,
    is_test: bool,
}

impl Snapshot {
    /// Reads a share of `holder`; `None` if it has ended.
    async fn read(app: &App, id: Uuid, holder: Uuid) -> Result<Option<Self>, Error> {
        let mut tx = app.store().snapshot().await?;
        let share = tx.share(id, holder).await?.filter(|share| share.standing(app.now()) == ShareState::Active);
        let Some(share) = share else { return Ok(None) };
        let shown = tx.shown_entries(id).await?;
        let held = tx.held_submissions(holder).await?;
        let submissions: Vec<Uuid> = shown.iter().map(|shown| shown.entry.submission).collect();
        let is_test = !app.is_demo() && tx.is_any_of_sandbox(&submissions).await?;
        Ok(Some(Self { share, shown, held, is_test }))
    }
}

/// Decrypts the content of the link with `secret`, and verifies it as a hirer would. Returns `None`
/// if the share has ended.
///
/// The share may move on to a newer version at any time, so it is read again together with the
/// rest. The statuses are read afterwards: a later revocation or newer version is shown.
///
/// # Errors
/// The store or the key ring cannot be used, or the stored content cannot be read.
pub async fn open(app: &App, share: &Share, secret: &str) -> Result<Option<OpenedShare>, Error> {
    let Some(snapshot) = Snapshot::read(app, share.id, share.holder).await? else { return Ok(None) };
    let Snapshot { share, shown, held, is_test } = snapshot;
    let Some(contents) = unseal(&share, secret)? else { return Ok(None) };
    let audience = app.links().share_audience(share.id);
    let mut presentations = Vec::with_capacity(contents.presentations.len());
    for token in contents.presentations {
        let report = own_presentation::check(app, &token, (&audience, &share.nonce)).await?;
        let newer_since = entry_of(app, &report, &shown).and_then(|entry| entry.replaced_at);
        presentations.push(ShownPresentation { token, report, newer_since });
    }
    let names = HeldNames::of_submissions(app, share.holder, &held).await?;
    let names_confirmed = names_confirmed(&names, &presentations);
    Ok(Some(OpenedShare { share, purpose: contents.purpose, presentations, names_confirmed, is_test }))
}

/// Determines [`OpenedShare::names_confirmed`].
fn names_confirmed(held: &HeldNames, presentations: &[ShownPresentation]) -> Option<bool> {
    let carried = || presentations.iter().map(ShownPresentation::full_name);
    let first = carried().next().unwrap_or_default();
    if carried().skip(1).all(|name| stand_together(first, name)) {
        held.is_only_confirmed(first).then_some(true)
    } else {
        Some(held.are_confirmed(carried()))
    }
}

/// Returns the entry of a verified presentation, by its status list index.
fn entry_of<'a>(app: &App, report: &Report, shown: &'a [ShownEntry]) -> Option<&'a ShownEntry> {
    let status = StatusReference::from_claim(report.claims.get("status")?).ok()??;
    let is_it = |place: StatusPlace| {
        app.links().status_list(place.list) == status.uri && u64::from(place.position) == status.index
    };
    shown.iter().find(|shown| is_it(shown.entry.place))
}
