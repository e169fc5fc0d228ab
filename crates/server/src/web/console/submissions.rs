//! `/console/submissions`: a partner's submissions and their states.
//!
//! Decrypts no personal data: the list contains ids, types, times and states. Searching is a POST,
//! so that a partner's ids do not appear in addresses.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use uuid::Uuid;

use super::listing::Listing;
use super::{Frame, Section, layout};
use crate::app::App;
use crate::error::Error;
use crate::flows::console::submissions::{self, SubmissionDetails};
use crate::http::extract::{Form, Path, Query};
use crate::http::session::SignedInPartner;
use crate::web::{Layout, page};
use ambient::Timestamp;
use store::domain::asset::{AssetStage, AssetStatus, Failure};
use store::domain::submission::{CancelReason, Status};
use store::{Event, EventKind, ListedState, ListedSubmission, SearchResult, Undelivered};

/// Number of submissions on one page.
const PAGE: usize = 25;

#[derive(Template)]
#[template(path = "console/submissions.html")]
struct SubmissionsPage {
    layout: Layout,
    frame: Frame,
    rows: Vec<ListedSubmission>,
    listing: Listing,
    /// The batch whose items are listed, if the list is one batch.
    batch: Option<Uuid>,
    /// The searched id, if it was not found.
    missed: Option<String>,
}

impl SubmissionsPage {
    fn new(app: &App, user: &SignedInPartner, rows: Vec<ListedSubmission>, headers: &HeaderMap) -> Self {
        let states = ListedState::ALL.map(|state| (state.name(), said(&state)));
        Self {
            layout: layout(app, headers),
            frame: Frame::new(user, Section::Submissions),
            rows,
            listing: Listing::new("/console/submissions", states),
            batch: None,
            missed: None,
        }
    }
}

/// Returns the text key of a state.
fn said(state: &ListedState) -> &'static str {
    match state {
        ListedState::Waiting => "console-state-waiting",
        ListedState::Accepted => "console-state-accepted",
        ListedState::Declined => "console-state-declined",
        ListedState::Expired => "console-state-expired",
        ListedState::Withdrawn => "console-state-withdrawn",
    }
}

/// Returns when something with this status ended, or else when it expires, after the text key of
/// the label.
pub(super) fn end(status: Status, expires_at: Timestamp) -> (&'static str, Timestamp) {
    match status {
        Status::Incomplete => ("console-open-until", expires_at),
        Status::Verified(at) | Status::Canceled(at, CancelReason::Declined) => ("console-decided", at),
        Status::Canceled(at, CancelReason::Expired) => ("console-state-expired", at),
        Status::Canceled(at, CancelReason::Withdrawn) => ("console-state-withdrawn", at),
    }
}

#[derive(Template)]
#[template(path = "console/submission.html")]
struct SubmissionPage {
    layout: Layout,
    frame: Frame,
    shown: ListedSubmission,
    events: Vec<Event>,
    documents: Vec<AssetStatus>,
    /// The person's link, while the submission is pending.
    link: Option<String>,
    /// Why the link could not be mailed, if that failed.
    undelivered: Option<Undelivered>,
}

impl SubmissionPage {
    /// Returns the text key of an event. `None` for what holders do with their credentials later,
    /// which is private.
    fn happened(&self, event: &Event) -> Option<&'static str> {
        Some(match event.kind {
            EventKind::Pushed => "console-event-pushed",
            EventKind::LinkOpened => "console-event-link-opened",
            EventKind::Opened => "console-event-opened",
            EventKind::Accepted => "console-event-accepted",
            EventKind::Declined => "console-event-declined",
            EventKind::Expired => "console-event-expired",
            EventKind::Withdrawn => "console-event-withdrawn",
            EventKind::Removed | EventKind::Superseded => return None,
        })
    }

    /// Returns the text key of the explanation of the state.
    fn meaning(&self) -> &'static str {
        match self.shown.state {
            ListedState::Waiting => "console-means-waiting",
            ListedState::Accepted => "console-means-accepted",
            ListedState::Declined => "console-means-declined",
            ListedState::Expired => "console-means-expired",
            ListedState::Withdrawn => "console-means-withdrawn",
        }
    }

    /// Returns the text key and the time of its end, as [`end`].
    fn end(&self) -> (&'static str, Timestamp) {
        end(self.shown.status, self.shown.expires_at)
    }

    /// Returns the text key of the reason of the cancellation; `None` if it was not canceled.
    fn reason(&self) -> Option<&'static str> {
        match self.shown.status {
            Status::Canceled(_, CancelReason::Declined) => Some("console-reason-declined"),
            Status::Canceled(_, CancelReason::Expired) => Some("console-reason-expired"),
            Status::Canceled(_, CancelReason::Withdrawn) => Some("console-reason-withdrawn"),
            _ => None,
        }
    }

    /// Returns the text key of why the link could not be mailed.
    fn why_undelivered(&self, reason: &Undelivered) -> &'static str {
        match reason {
            Undelivered::RecipientRejected => "console-undelivered-rejected",
            Undelivered::Expired => "console-undelivered-expired",
        }
    }

    /// Returns the text key of a document's state.
    fn document_state(&self, document: &AssetStatus) -> &'static str {
        match document.stage {
            AssetStage::Awaited => "console-document-awaited",
            AssetStage::Fetching => "console-document-fetching",
            AssetStage::Stored => "console-document-stored",
            AssetStage::Deleted => "console-document-deleted",
            AssetStage::Failed(Failure::AddressRefused) => "console-document-address",
            AssetStage::Failed(Failure::Unreachable) => "console-document-unreachable",
            AssetStage::Failed(Failure::TooLarge) => "console-document-large",
            AssetStage::Failed(Failure::ContentRefused) => "console-document-content",
            AssetStage::Failed(Failure::Late) => "console-document-late",
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SubmissionsQuery {
    state: String,
    before: String,
    batch: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Search {
    id: String,
}

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/console/submissions", get(list))
        .route("/console/submissions/find", post(find))
        .route("/console/submissions/{id}", get(show))
}

async fn list(
    State(app): State<App>,
    user: SignedInPartner,
    Query(choice): Query<SubmissionsQuery>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    if let Ok(batch) = choice.batch.parse() {
        return items(&app, &user, batch, &headers).await;
    }
    let state = ListedState::ALL.into_iter().find(|state| state.name() == choice.state);
    let before = choice.before.parse().ok();
    let found = submissions::list(&app, user.partner.id, state, before, PAGE).await?;
    let mut template = SubmissionsPage::new(&app, &user, found.rows, &headers);
    template.listing.state = state.map(ListedState::name);
    template.listing.is_first = before.is_none();
    template.listing.next = found.next.map(|next| next.to_string());
    Ok(page(&app, &template, &template.layout))
}

/// Lists the items of a batch.
async fn items(app: &App, user: &SignedInPartner, batch: Uuid, headers: &HeaderMap) -> Result<Response, Error> {
    let rows = submissions::batch(app, user.partner.id, batch).await?;
    if rows.is_empty() {
        return Err(Error::not_found());
    }
    let template = SubmissionsPage { batch: Some(batch), ..SubmissionsPage::new(app, user, rows, headers) };
    Ok(page(app, &template, &template.layout))
}

async fn find(
    State(app): State<App>,
    user: SignedInPartner,
    headers: HeaderMap,
    Form(search): Form<Search>,
) -> Result<Response, Error> {
    let words = search.id.trim();
    if words.is_empty() {
        return Ok(Redirect::to("/console/submissions").into_response());
    }
    match submissions::search(&app, user.partner.id, words).await? {
        Some(SearchResult::Submission(id)) => Ok(Redirect::to(&format!("/console/submissions/{id}")).into_response()),
        Some(SearchResult::Batch(id)) => Ok(Redirect::to(&format!("/console/submissions?batch={id}")).into_response()),
        None => {
            let mut template = SubmissionsPage::new(&app, &user, Vec::new(), &headers);
            template.missed = Some(words.to_owned());
            Ok((StatusCode::NOT_FOUND, page(&app, &template, &template.layout)).into_response())
        }
    }
}

async fn show(
    State(app): State<App>,
    user: SignedInPartner,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let partner = user.partner.id;
    let found = submissions::find(&app, partner, id).await?;
    let SubmissionDetails { submission: shown, events, documents, undelivered } = found;
    let links = app.links();
    let link = (shown.state == ListedState::Waiting).then(|| match shown.batch_id {
        Some(batch) => links.batch(partner, batch),
        None => links.push(shown.credential_type, partner, id, shown.document_type.as_deref()),
    });
    let (layout, frame) = (layout(&app, &headers), Frame::new(&user, Section::Submissions));
    let template = SubmissionPage { layout: layout.clone(), frame, shown, events, documents, link, undelivered };
    Ok(page(&app, &template, &layout))
}
