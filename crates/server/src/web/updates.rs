//! `/wallet/credentials/{id}/...`: the updates of a credential, and their controls: allow its
//! partner to update it, end that, and undo an update.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use uuid::Uuid;

use super::versions;
use crate::app::App;
use crate::error::Error;
use crate::flows::credential_history::{self, CredentialHistory, StandingUpdate};
use crate::flows::credential_view::CredentialView;
use crate::flows::standing_consent::{self, UndoError};
use crate::http::cookies::NOTICE;
use crate::http::extract::Path;
use crate::http::session::SignedIn;
use crate::i18n::{Text, isolated};
use ambient::Timestamp;
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
    /// The end of the period for undoing it, if it can be undone, alone or after later updates.
    pub undo_until: Option<Timestamp>,
    /// The newest of the later updates, which must be undone before it.
    pub undo_first: Option<Uuid>,
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
        let history = credential_history::of(app, holder, shown.id).await?;
        let allowed = history.consents.iter().find(|consent| consent.ended_at.is_none());
        let update = history.update.as_ref();
        let is_update = update.is_some();
        Ok(Self {
            allowed_since: allowed.map(|consent| consent.given_at),
            may_allow: shown.stands() && shown.known.may_continue(&shown.payload.fields),
            undone_at: update.and_then(|update| update.undone_at),
            update: update.filter(|update| update.undone_at.is_none()).map(|update| Update::new(update, shown, text)),
            history: History { text, partner: &shown.partner, id: shown.id, is_update }.of(&history),
        })
    }
}

impl Update {
    fn new(update: &StandingUpdate, shown: &CredentialView, text: &Text) -> Self {
        let (older, newer) = (update.older.as_ref(), &shown.payload.fields);
        let changes = older.map(|older| versions::sentences(text, shown.known, &older.fields, newer));
        let StandingUpdate { at, undo_until, undo_first, .. } = *update;
        Self { at, changes: changes.unwrap_or_default(), undo_until, undo_first }
    }
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
    fn of(&self, history: &CredentialHistory) -> Vec<Happened> {
        let undone_at = |event: &Event| {
            let is_it =
                |decision: &VersionDecision| decision.newer_id == self.id && decision.undone_at == Some(event.at);
            event.kind == EventKind::Superseded && history.decisions.iter().any(|(decision, _)| is_it(decision))
        };
        let events = history.events.iter().filter(|event| !undone_at(event));
        let mut happened: Vec<Happened> =
            events.map(|event| self.happened(self.event_key(event.kind), event.at, "")).collect();
        for (decision, pushed_at) in &history.decisions {
            let day = pushed_at.as_ref().map(|at| self.text.local_day(at)).unwrap_or_default();
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
        for consent in &history.consents {
            happened.push(self.happened("standing-given", consent.given_at, ""));
            let replaced_at = self.replaced_at(history, consent);
            let kept_at = replaced_at.filter(|at| consent.ended_at != Some(*at));
            happened.extend(kept_at.map(|at| self.happened("standing-kept", at, "")));
            let key = if replaced_at == consent.ended_at { "standing-not-kept" } else { "standing-ended" };
            happened.extend(consent.ended_at.map(|at| self.happened(key, at, "")));
        }
        // The sort is stable: events at the same time remain in this order.
        happened.sort_by_key(|happened| happened.at);
        happened
    }

    /// Returns when the holder replaced the earlier version to which they had given `consent`;
    /// `None` if they gave it for this version.
    fn replaced_at(&self, history: &CredentialHistory, consent: &StandingConsent) -> Option<Timestamp> {
        let is_it = |decision: &VersionDecision| {
            let is_replacement = decision.newer_id == self.id && decision.decision == Decision::Replaced;
            is_replacement && consent.given_at < decision.decided_at
        };
        history.decisions.iter().map(|(decision, _)| decision).find(|one| is_it(one)).map(|one| one.decided_at)
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

async fn allow(State(app): State<App>, signed_in: SignedIn, Path(id): Path<Uuid>) -> Result<Response, Error> {
    standing_consent::give(&app, signed_in.holder.id, id).await?;
    Ok(back(&app, id, "notice-updates-allowed"))
}

async fn stop(State(app): State<App>, signed_in: SignedIn, Path(id): Path<Uuid>) -> Result<Response, Error> {
    standing_consent::end(&app, signed_in.holder.id, id).await?;
    Ok(back(&app, id, "notice-updates-stopped"))
}

async fn undo(State(app): State<App>, signed_in: SignedIn, Path(id): Path<Uuid>) -> Result<Response, Error> {
    let notice = match standing_consent::undo(&app, signed_in.holder.id, id).await? {
        Ok(()) => "notice-update-undone",
        Err(UndoError::LaterFirst(_)) => "notice-update-later-first",
        Err(UndoError::AlreadyUndone) => "notice-update-already-undone",
        Err(UndoError::TooLate) => "notice-update-too-late",
        Err(UndoError::Impossible) => "notice-update-kept",
    };
    Ok(back(&app, id, notice))
}
