//! `/console/verifications`: a partner's verification requests and their states.
//!
//! Shows no personal data: of the details of a request only the query. Addresses contain an
//! encrypted id ([`crate::flows::console::verifications`]).

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use credential::{PartnerQuery, Type};
use serde::Deserialize;
use uuid::Uuid;

use super::listing::Listing;
use super::submissions::end;
use super::{Frame, Section, layout};
use crate::app::App;
use crate::error::Error;
use crate::flows::console::verifications::{open_id, seal_id};
use crate::flows::partner_lists::{self, PageRequest};
use crate::flows::partner_verification;
use crate::flows::verification_request;
use crate::http::extract::{Form, Path, Query};
use crate::http::session::SignedInPartner;
use crate::web::{Layout, page};
use ambient::Timestamp;
use store::domain::submission::{CancelReason, Status};
use store::domain::verification::Verification;
use store::{ListFilter, ListedVerification, StatusFilter};

const PATH: &str = "/console/verifications";

/// Number of requests on one page.
const PAGE: usize = 25;

/// The states to filter by: the name in addresses, and the text key.
const STATES: [(&str, &str); 3] = [
    ("incomplete", "console-state-waiting"),
    ("verified", "console-state-shared"),
    ("canceled", "console-state-canceled"),
];

#[derive(Template)]
#[template(path = "console/verifications.html")]
struct VerificationsPage {
    layout: Layout,
    frame: Frame,
    rows: Vec<VerificationListRow>,
    types: &'static [Type],
    /// Name of the type that the list is filtered by; empty for all.
    chosen: String,
    listing: Listing,
    /// The searched id, if it was not found.
    missed: Option<String>,
}

/// A verification request in the list.
#[derive(Debug)]
struct VerificationListRow {
    href: String,
    request_id: String,
    title: &'static str,
    class: &'static str,
    label: &'static str,
    created_at: Timestamp,
}

impl VerificationListRow {
    fn new(app: &App, partner: Uuid, listed: ListedVerification) -> Self {
        let (class, label, _) = said(listed.status);
        Self {
            href: address(app, partner, &listed.request_id),
            request_id: listed.request_id,
            title: listed.credential_type.title,
            class,
            label,
            created_at: listed.created_at,
        }
    }
}

#[derive(Template)]
#[template(path = "console/verification.html")]
struct VerificationPage {
    layout: Layout,
    frame: Frame,
    request_id: String,
    title: &'static str,
    class: &'static str,
    label: &'static str,
    meaning: &'static str,
    created_at: Timestamp,
    /// The text key and the time of its end, or else of its expiry.
    end: (&'static str, Timestamp),
    /// The names of the accepted credentials and the labels of the requested claims, if they are
    /// other issuers'.
    accepted: Vec<String>,
    claims: Vec<String>,
}

/// Returns the class of a status, and the text keys of its name and its explanation.
fn said(status: Status) -> (&'static str, &'static str, &'static str) {
    match status {
        Status::Incomplete => ("waiting", "console-state-waiting", "console-asked-waiting"),
        Status::Verified(_) => ("accepted", "console-state-shared", "console-asked-shared"),
        Status::Canceled(_, CancelReason::Declined) => ("declined", "console-state-declined", "console-asked-declined"),
        Status::Canceled(_, CancelReason::Expired) => ("expired", "console-state-expired", "console-asked-expired"),
        Status::Canceled(_, CancelReason::Withdrawn) => {
            ("withdrawn", "console-state-withdrawn", "console-means-withdrawn")
        }
    }
}

/// Returns the address of the page of a request.
fn address(app: &App, partner: Uuid, request_id: &str) -> String {
    format!("{PATH}/{}", seal_id(app, partner, request_id))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct VerificationsQuery {
    state: String,
    r#type: String,
    before: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Search {
    id: String,
}

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route(PATH, get(list))
        .route("/console/verifications/find", post(find))
        .route("/console/verifications/{key}", get(show))
}

async fn list(
    State(app): State<App>,
    user: SignedInPartner,
    Query(choice): Query<VerificationsQuery>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let partner = user.partner.id;
    let status = StatusFilter::from_name(&choice.state);
    let chosen: Option<Type> = choice.r#type.parse().ok();
    let is_first = choice.before.is_empty();
    let request = PageRequest {
        filter: ListFilter { status, types: chosen.map(|known| vec![known]), ..ListFilter::default() },
        cursor: Some(choice.before).filter(|before| !before.is_empty()),
        limit: PAGE,
    };
    let found = partner_lists::verification_requests(&app, partner, &request).await?;
    let chosen = chosen.map(|known| known.name().to_owned()).unwrap_or_default();
    let rows = found.rows.into_iter().map(|listed| VerificationListRow::new(&app, partner, listed)).collect();
    let listing = Listing {
        state: STATES.iter().find(|(name, _)| *name == choice.state).map(|(name, _)| *name),
        others: if chosen.is_empty() { String::new() } else { format!("type={chosen}") },
        is_first,
        next: found.next,
        ..Listing::new(PATH, STATES)
    };
    let template = VerificationsPage { rows, chosen, listing, ..VerificationsPage::empty(&app, &user, &headers) };
    Ok(page(&app, &template, &template.layout))
}

impl VerificationsPage {
    fn empty(app: &App, user: &SignedInPartner, headers: &HeaderMap) -> Self {
        Self {
            layout: layout(app, headers),
            frame: Frame::new(user, Section::Verifications),
            rows: Vec::new(),
            types: credential::ALL,
            chosen: String::new(),
            listing: Listing::new(PATH, STATES),
            missed: None,
        }
    }

    /// Whether there may be requests that are not listed here.
    fn is_part(&self) -> bool {
        self.listing.is_part() || !self.chosen.is_empty()
    }
}

async fn find(
    State(app): State<App>,
    user: SignedInPartner,
    headers: HeaderMap,
    Form(search): Form<Search>,
) -> Result<Response, Error> {
    let (partner, words) = (user.partner.id, search.id.trim());
    if words.is_empty() {
        return Ok(Redirect::to(PATH).into_response());
    }
    Ok(if partner_verification::search(&app, partner, words).await?.is_some() {
        Redirect::to(&address(&app, partner, words)).into_response()
    } else {
        let missed = Some(words.to_owned());
        let template = VerificationsPage { missed, ..VerificationsPage::empty(&app, &user, &headers) };
        (StatusCode::NOT_FOUND, page(&app, &template, &template.layout)).into_response()
    })
}

async fn show(
    State(app): State<App>,
    user: SignedInPartner,
    Path(key): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let partner = user.partner.id;
    let request_id = open_id(&app, partner, &key).ok_or_else(Error::not_found)?;
    let found = partner_verification::search(&app, partner, &request_id).await?;
    let asked: Verification = found.ok_or_else(Error::not_found)?;
    let (status, layout) = (asked.status(), layout(&app, &headers));
    let (class, label, meaning) = said(status);
    let query = verification_request::details(&app, &asked).await?.and_then(|details| details.query);
    let template = VerificationPage {
        frame: Frame::new(&user, Section::Verifications),
        request_id,
        title: asked.credential_type.title,
        class,
        label,
        meaning,
        created_at: asked.created_at,
        end: end(status, asked.expires_at),
        accepted: query.as_ref().map(PartnerQuery::credential_names).unwrap_or_default(),
        claims: query.map(|query| query.labels(asked.credential_type)).unwrap_or_default(),
        layout: layout.clone(),
    };
    Ok(page(&app, &template, &layout))
}
