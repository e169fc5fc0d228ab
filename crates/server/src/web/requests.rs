//! `/requests/{id}`: the page of one submission for the person it is about: consent, and what became of it.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State as AppState};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use uuid::Uuid;

use super::career::{CareerView, Shown};
use super::{Layout, page};
use crate::app::App;
use crate::auth::holder::{NOTICE, SignedIn};
use crate::domain::submission::{State, Submission};
use crate::error::Error;
use crate::store::EventKind;

#[derive(Template)]
#[template(path = "consent.html")]
struct Consent {
    layout: Layout,
    shown: Shown,
    career: Option<CareerView>,
}

#[derive(Template)]
#[template(path = "outcome.html")]
struct OutcomePage {
    layout: Layout,
    title: &'static str,
    body: &'static str,
}

/// What a link can lead to, other than consent.
#[derive(Clone, Copy, Debug)]
enum Outcome {
    Unknown,
    AnotherPersons,
    Declined,
    Expired,
    Removed,
}

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/requests/{id}", get(consent))
        .route("/requests/{id}/accept", post(accept))
        .route("/requests/{id}/decline", post(decline))
}

/// Binds the submission to `holder` if nobody has it yet, and says where to go: always to its page, which tells what it
/// may tell.
pub(super) async fn open_for(app: &App, id: Uuid, holder: Uuid) -> Result<Redirect, Error> {
    let now = app.now();
    let mut tx = app.store.write().await?;
    let unbound = tx.linked_submission(id, now).await?.is_some_and(|submission| submission.holder().is_none());
    if unbound && tx.bind_submission(id, holder, now).await? {
        tx.record_events(&[id], EventKind::Opened, now).await?;
        tx.commit().await?;
    }
    Ok(Redirect::to(&format!("/requests/{id}")))
}

/// The submission, if it is `holder`'s; what to tell if not. An expired one that nobody opened is told as expired.
async fn find(app: &App, id: Uuid, holder: Uuid) -> Result<Result<Submission, Outcome>, Error> {
    let found = app.store.read().await?.linked_submission(id, app.now()).await?;
    let Some(submission) = found else { return Ok(Err(Outcome::Unknown)) };
    Ok(match (submission.holder(), &submission.state) {
        (Some(owner), _) if owner == holder => Ok(submission),
        (None, State::Expired { .. }) => Err(Outcome::Expired),
        (None, State::Incomplete { .. }) => Err(Outcome::Unknown),
        _ => Err(Outcome::AnotherPersons),
    })
}

async fn consent(AppState(app): AppState<App>, signed_in: SignedIn, Path(id): Path<Uuid>) -> Result<Response, Error> {
    let submission = match find(&app, id, signed_in.holder.id).await? {
        Ok(submission) => submission,
        Err(outcome) => return Ok(outcome.page(&app)),
    };
    match submission.state {
        State::Incomplete { .. } => {}
        State::Accepted { .. } => return Ok(Redirect::to("/wallet").into_response()),
        State::Declined { .. } => return Ok(Outcome::Declined.page(&app)),
        State::Expired { .. } => return Ok(Outcome::Expired.page(&app)),
        State::Removed { .. } => return Ok(Outcome::Removed.page(&app)),
    }
    let Some(shown) = Shown::open(&app, &submission).await? else { return Ok(Outcome::Expired.page(&app)) };
    let layout = Layout::new(&app, true);
    let career = CareerView::new(std::slice::from_ref(&shown), &layout.text);
    Ok(page(&app, &Consent { layout: layout.clone(), shown, career }, &layout))
}

/// Re-seals the data under the holder's own key and puts it into the wallet. A second click finds it done.
async fn accept(AppState(app): AppState<App>, signed_in: SignedIn, Path(id): Path<Uuid>) -> Result<Response, Error> {
    let holder = signed_in.holder.id;
    let submission = match find(&app, id, holder).await? {
        Ok(submission) => submission,
        Err(outcome) => return Ok(outcome.page(&app)),
    };
    if let State::Incomplete { sealed, .. } = &submission.state {
        let label: [&[u8]; 2] = [b"submission", id.as_bytes()];
        let Some(payload) = app.keyring.open_sealed(sealed, &label).await? else {
            return Ok(Outcome::Expired.page(&app));
        };
        let resealed = app.keyring.seal_for_holder(holder, &label, &payload).await?;
        let now = app.now();
        let mut tx = app.store.write().await?;
        if tx.accept_submission(id, holder, &resealed, now).await? {
            tx.record_events(&[id], EventKind::Accepted, now).await?;
            tx.commit().await?;
            app.metrics.submissions("accepted", 1);
            return Ok(([NOTICE.set(&app, "notice-accepted")], Redirect::to("/wallet")).into_response());
        }
    }
    // Somebody was quicker, or it is over: its page tells.
    Ok(Redirect::to(&format!("/requests/{id}")).into_response())
}

async fn decline(AppState(app): AppState<App>, signed_in: SignedIn, Path(id): Path<Uuid>) -> Result<Response, Error> {
    let holder = signed_in.holder.id;
    if let Err(outcome) = find(&app, id, holder).await? {
        return Ok(outcome.page(&app));
    }
    let now = app.now();
    let mut tx = app.store.write().await?;
    if tx.decline_submission(id, holder, now).await? {
        tx.record_events(&[id], EventKind::Declined, now).await?;
        tx.commit().await?;
        app.metrics.submissions("declined", 1);
    }
    Ok(Redirect::to(&format!("/requests/{id}")).into_response())
}

impl Outcome {
    fn page(self, app: &App) -> Response {
        let (status, title, body) = match self {
            Self::Unknown => (StatusCode::NOT_FOUND, "outcome-unknown-title", "outcome-unknown"),
            Self::AnotherPersons => (StatusCode::FORBIDDEN, "outcome-another-title", "outcome-another"),
            Self::Declined => (StatusCode::OK, "outcome-declined-title", "outcome-declined"),
            Self::Expired => (StatusCode::GONE, "outcome-expired-title", "outcome-expired"),
            Self::Removed => (StatusCode::OK, "outcome-removed-title", "outcome-removed"),
        };
        let layout = Layout::new(app, true);
        (status, page(app, &OutcomePage { layout: layout.clone(), title, body }, &layout)).into_response()
    }
}
