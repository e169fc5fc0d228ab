//! The content behind a link, as a hirer sees it.

use std::collections::HashMap;

use credential::EarlierTitle;
use credential::names::stand_together;
use credential::status::StatusReference;
use credential::verification::{Report, Step, StepOutcome};
use serde_json::Value;
use uuid::Uuid;

use super::follow;
use super::replacement::Replacement;
use super::sealed::unseal;
use crate::app::App;
use crate::error::Error;
use crate::flows::earlier_titles;
use crate::flows::names::HeldNames;
use crate::flows::own_presentation;
use store::domain::share::{Share, ShareState};
use store::domain::submission::Submission;
use store::{ShownEntry, StatusPlace};

/// Number of updates that a page waits for at most: a newer version may arrive while it is read.
const UPDATES: usize = 5;

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
    /// Whether the holder's identities have different dates of birth, also if none is shown.
    pub birth_dates_differ: bool,
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
    /// What replaced the credential, if something did and it was not revoked.
    pub replaced: Option<Replacement>,
    /// The titles that its jobs had in the versions that it replaced.
    pub earlier_titles: Vec<EarlierTitle>,
}

impl ShownPresentation {
    fn full_name(&self) -> &str {
        self.report.claims.get("full_name").and_then(Value::as_str).unwrap_or_default()
    }

    /// Returns whether it was replaced or revoked.
    fn has_ended(&self) -> bool {
        let is_it = |step, outcome| step == Step::Status && outcome == StepOutcome::Failed;
        self.report.verdicts.iter().any(|verdict| is_it(verdict.step, verdict.outcome))
    }
}

/// Everything that a link shows, from one snapshot (D-395).
struct Snapshot {
    share: Share,
    shown: Vec<ShownEntry>,
    /// What replaced the credentials that are shown, by submission.
    replaced: HashMap<Uuid, Replacement>,
    /// The submissions in the holder's wallet.
    held: Vec<Submission>,
    is_test: bool,
}

impl Snapshot {
    /// Reads a share of `holder`; `None` if it has ended.
    async fn read(app: &App, id: Uuid, holder: Uuid) -> Result<Option<Self>, Error> {
        let mut tx = app.store().snapshot().await?;
        let share =
            tx.share(id, holder).await?.filter(|share| share.standing(app.trusted_time().now()) == ShareState::Active);
        let Some(share) = share else { return Ok(None) };
        let shown = tx.shown_entries(id).await?;
        let held = tx.held_submissions(holder).await?;
        let replaced = Replacement::of_all(&mut tx, &shown, &held).await?;
        let submissions: Vec<Uuid> = shown.iter().map(|shown| shown.entry.submission).collect();
        let is_test = !app.is_demo() && tx.is_any_of_sandbox(&submissions).await?;
        Ok(Some(Self { share, shown, replaced, held, is_test }))
    }
}

/// A snapshot with its content, verified.
struct Checked {
    snapshot: Snapshot,
    purpose: String,
    presentations: Vec<ShownPresentation>,
}

impl Checked {
    /// Reads a share and verifies what it shows. The statuses are read last: a later revocation or
    /// newer version is noticed. Returns `None` if the share has ended.
    async fn read(app: &App, share: &Share, secret: &str) -> Result<Option<Self>, Error> {
        let Some(snapshot) = Snapshot::read(app, share.id, share.holder).await? else { return Ok(None) };
        let Some(contents) = unseal(&snapshot.share, secret)? else { return Ok(None) };
        let (audience, nonce) = (app.links().share_audience(share.id), &snapshot.share.nonce);
        let mut presentations = Vec::with_capacity(contents.presentations.len());
        for token in contents.presentations {
            let report = own_presentation::check(app, &token, (&audience, nonce)).await?;
            let entry = entry_of(app, &report, &snapshot.shown);
            let replaced = entry.and_then(|shown| snapshot.replaced.get(&shown.entry.submission).copied());
            presentations.push(ShownPresentation { token, report, replaced, earlier_titles: Vec::new() });
        }
        Ok(Some(Self { snapshot, purpose: contents.purpose, presentations }))
    }

    /// Returns whether the link may have a newer version to show. The snapshot or a status, which
    /// is read later, says that what it shows has ended.
    fn may_be_behind(&self) -> bool {
        let has_ended = || self.presentations.iter().any(ShownPresentation::has_ended);
        self.snapshot.share.keep_current && (follow::is_behind(&self.snapshot.shown) || has_ended())
    }
}

/// Decrypts the content of the link with `secret`, and verifies it as a hirer would. Returns `None`
/// if the share has ended.
///
/// The share may move on to a newer version at any time, so it is read again together with the
/// rest. If a link that keeps current shows an older version, it is updated and read once more: its
/// page raises no doubt about a version that the link is about to leave (D-417).
///
/// # Errors
/// The store or the key ring cannot be used, or the stored content cannot be read.
pub async fn open(app: &App, share: &Share, secret: &str) -> Result<Option<OpenedShare>, Error> {
    let Some(mut checked) = Checked::read(app, share, secret).await? else { return Ok(None) };
    for _ in 0..UPDATES {
        if !checked.may_be_behind() {
            break;
        }
        follow::catch_up(app, share).await;
        let Some(again) = Checked::read(app, share, secret).await? else { return Ok(None) };
        let has_moved = again.snapshot.share.updated_at != checked.snapshot.share.updated_at;
        checked = again;
        if !has_moved {
            break;
        }
    }
    let Checked { snapshot: Snapshot { share, shown, held, is_test, .. }, purpose, mut presentations } = checked;
    for presentation in &mut presentations {
        let shown = entry_of(app, &presentation.report, &shown);
        if let Some(held) = shown.and_then(|shown| held.iter().find(|held| held.id == shown.entry.submission)) {
            let (known, id) = (held.credential_type, held.id);
            presentation.earlier_titles = earlier_titles::of(app, share.holder, known, id).await?;
        }
    }
    let names = HeldNames::of_submissions(app, share.holder, &held).await?;
    let names_confirmed = names_confirmed(&names, &presentations);
    let shown: Vec<Uuid> = shown.iter().map(|shown| shown.entry.submission).collect();
    let birth_dates_differ = names.birth_dates_differ(&shown);
    Ok(Some(OpenedShare { share, purpose, presentations, names_confirmed, birth_dates_differ, is_test }))
}

/// Returns the tokens of the link with `secret`, as they were signed, in the order of its page.
/// Returns `None` if the share has ended.
///
/// The tokens are not verified here. The page's script verifies them, and requests each by itself:
/// verifying all of them each time would cost the square of their number. As for the page, a link
/// that keeps current is updated first.
///
/// # Errors
/// The store cannot be used, or the stored content cannot be read.
pub async fn tokens(app: &App, share: &Share, secret: &str) -> Result<Option<Vec<String>>, Error> {
    if share.keep_current {
        follow::catch_up(app, share).await;
    }
    let read = app.store().acquire().await?.share(share.id, share.holder).await?;
    let Some(share) = read.filter(|share| share.standing(app.trusted_time().now()) == ShareState::Active) else {
        return Ok(None);
    };
    Ok(unseal(&share, secret)?.map(|contents| contents.presentations))
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
