//! `/wallet/credentials/{id}/...`: the updates of a credential, and their controls: allow its
//! partner to update it, end that, and undo an update.

use axum::Router;
use axum::extract::State as AppState;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use uuid::Uuid;

use super::versions;
use crate::app::App;
use crate::error::Error;
use crate::flows::credential_view::CredentialView;
use crate::flows::standing_consent::{self, UNDO_PERIOD};
use crate::flows::versions::open;
use crate::http::cookies::NOTICE;
use crate::http::extract::Path;
use crate::http::session::SignedIn;
use crate::i18n::{Text, isolated};
use ambient::Timestamp;
use store::domain::submission::Submission;
use store::{Decision, Event, EventKind, StandingConsent, VersionDecision};

/// The updates of a credential, as its page shows them.
#[derive(Debug, Default)]
pub struct Updates {
    /// Since when its partner may update it without asking, if it may.
    pub allowed_since: Option<Timestamp>,
    /// Whether the holder can allow that.
    pub may_allow: bool,
    /// The update without asking by which it became current, if there was one.
    pub update: Option<Update>,
    /// When its holder undid it, if they did.
    pub undone_at: Option<Timestamp>,
    /// Its history, oldest first.
    pub history: Vec<Happened>,
}

/// An update that was accepted under a standing consent.
#[derive(Debug)]
pub struct Update {
    /// When it was accepted.
    pub at: Timestamp,
    /// The changes, one sentence each.
    pub changes: Vec<String>,
    /// The end of the period for undoing it, if it can be undone.
    pub undo_until: Option<Timestamp>,
}

/// An entry of a credential's history.
#[derive(Debug)]
pub struct Happened {
    /// The event in words.
    pub sentence: String,
    /// When it happened.
    pub at: Timestamp,
}

impl Updates {
    /// Collects the updates of `shown` for `holder`.
    pub async fn of(app: &App, holder: Uuid, shown: &CredentialView, text: &Text) -> Result<Self, Error> {
        let (mut tx, now, id) = (app.store().read().await?, app.now(), shown.id);
        let (events, decisions) = (tx.events(id, now).await?, tx.version_decisions(id).await?);
        let consents = tx.standing_consents(id).await?;
        let undoable = standing_consent::undoable(&mut tx, holder, id, now).await?;
        let submission = tx.linked_submission(id, now).await?.ok_or_else(Error::not_found)?;
        let mut others = Vec::with_capacity(decisions.len());
        for decision in &decisions {
            let other = if decision.newer_id == id { decision.older_id } else { decision.newer_id };
            others.push(tx.linked_submission(other, now).await?);
        }
        drop(tx);
        let told = |decision: &VersionDecision| decision.newer_id == id && decision.decision == Decision::Standing;
        let standing = decisions.iter().zip(&others).find(|(decision, _)| told(decision));
        let update = match standing.filter(|(decision, _)| decision.undone_at.is_none()) {
            Some((decision, older)) => {
                let changes = changes(app, older.as_ref(), shown, &submission, text).await?;
                let undo_until = undoable.map(|update| update.decided_at + UNDO_PERIOD);
                Some(Update { at: decision.decided_at, changes, undo_until })
            }
            None => None,
        };
        let allowed = consents.iter().find(|consent| consent.ended_at.is_none());
        let history = History { text, partner: &shown.partner, id, is_update: standing.is_some() };
        Ok(Self {
            allowed_since: allowed.map(|consent| consent.given_at),
            may_allow: shown.stands() && submission.credential_type.may_continue(&shown.payload.fields),
            undone_at: standing.and_then(|(decision, _)| decision.undone_at),
            update,
            history: history.of(&events, &decisions, &others, &consents),
        })
    }
}

async fn changes(
    app: &App,
    older: Option<&Submission>,
    shown: &CredentialView,
    submission: &Submission,
    text: &Text,
) -> Result<Vec<String>, Error> {
    let Some(older) = older else { return Ok(Vec::new()) };
    let Some(payload) = open(app, older).await? else { return Ok(Vec::new()) };
    Ok(versions::sentences(text, submission.credential_type, &payload.fields, &shown.payload.fields))
}

/// Builds the history of a credential.
struct History<'a> {
    text: &'a Text,
    partner: &'a str,
    id: Uuid,
    /// Whether it was accepted under a standing consent.
    is_update: bool,
}

impl History<'_> {
    fn of(
        &self,
        events: &[Event],
        decisions: &[VersionDecision],
        others: &[Option<Submission>],
        consents: &[StandingConsent],
    ) -> Vec<Happened> {
        let undone_at = |event: &Event| {
            let is_it =
                |decision: &VersionDecision| decision.newer_id == self.id && decision.undone_at == Some(event.at);
            event.kind == EventKind::Superseded && decisions.iter().any(is_it)
        };
        let events = events.iter().filter(|event| !undone_at(event));
        let mut happened: Vec<Happened> =
            events.map(|event| self.happened(self.event_key(event.kind), event.at, "")).collect();
        for (decision, other) in decisions.iter().zip(others) {
            let day = other.as_ref().map(|other| self.text.local_day(&other.created_at)).unwrap_or_default();
            let is_newer = decision.newer_id == self.id;
            let decided = match (decision.decision, is_newer) {
                (Decision::Replaced, true) => Some("decision-replaced"),
                (Decision::Kept, _) => Some("decision-kept"),
                (Decision::Standing, _) | (Decision::Replaced, false) => None,
            };
            happened.extend(decided.map(|key| self.happened(key, decision.decided_at, &day)));
            let undone = if is_newer { "decision-undone" } else { "decision-reinstated" };
            happened.extend(decision.undone_at.map(|at| self.happened(undone, at, &day)));
        }
        for consent in consents {
            happened.push(self.happened("standing-given", consent.given_at, ""));
            happened.extend(consent.ended_at.map(|at| self.happened("standing-ended", at, "")));
        }
        // The sort is stable: events at the same time remain in this order.
        happened.sort_by_key(|happened| happened.at);
        happened
    }

    /// Creates an entry. `day` is HTML.
    fn happened(&self, key: &str, at: Timestamp, day: &str) -> Happened {
        let values = [("partner", isolated(self.partner)), ("day", day.to_owned())];
        Happened { sentence: self.text.with_markup(key, &values), at }
    }

    /// Returns the text key of an event.
    fn event_key(&self, kind: EventKind) -> &'static str {
        match kind {
            EventKind::Pushed => "event-pushed",
            EventKind::LinkOpened => "event-link-opened",
            EventKind::Opened => "event-opened",
            EventKind::Accepted if self.is_update => "event-updated",
            EventKind::Accepted => "event-accepted",
            EventKind::Declined => "event-declined",
            EventKind::Expired => "event-expired",
            EventKind::Removed => "event-removed",
            EventKind::Withdrawn => "event-withdrawn",
            EventKind::Superseded => "event-superseded",
        }
    }
}

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/wallet/credentials/{id}/updates/allow", post(allow))
        .route("/wallet/credentials/{id}/updates/stop", post(stop))
        .route("/wallet/credentials/{id}/updates/undo", post(undo))
}

/// Redirects to the page of a credential, with a notice.
fn back(app: &App, id: Uuid, notice: &str) -> Response {
    (NOTICE.set(app, notice), Redirect::to(&format!("/wallet/credentials/{id}"))).into_response()
}

async fn allow(AppState(app): AppState<App>, signed_in: SignedIn, Path(id): Path<Uuid>) -> Result<Response, Error> {
    standing_consent::give(&app, signed_in.holder.id, id).await?;
    Ok(back(&app, id, "notice-updates-allowed"))
}

async fn stop(AppState(app): AppState<App>, signed_in: SignedIn, Path(id): Path<Uuid>) -> Result<Response, Error> {
    standing_consent::end(&app, signed_in.holder.id, id).await?;
    Ok(back(&app, id, "notice-updates-stopped"))
}

async fn undo(AppState(app): AppState<App>, signed_in: SignedIn, Path(id): Path<Uuid>) -> Result<Response, Error> {
    let is_undone = standing_consent::undo(&app, signed_in.holder.id, id).await?;
    Ok(back(&app, id, if is_undone { "notice-update-undone" } else { "notice-update-kept" }))
}
