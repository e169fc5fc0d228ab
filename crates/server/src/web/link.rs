//! `/partner/add/{name}`: where a partner's link leads, and what it has in common with `/partner/verify/{name}`.
//!
//! The request's id is in the fragment, which browsers do not send. A script sends it in a form; without scripts, the
//! person pastes the link.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use serde::Deserialize;
use uuid::Uuid;

use super::{Layout, page, redirects};
use crate::app::App;
use crate::error::Error;
use crate::flows::{consent, verification_request};
use crate::http::cookies::LINK;
use crate::http::extract::{Form, Path};
use crate::http::session::{SignedIn, Visitor};

#[derive(Template)]
#[template(path = "link.html")]
struct LinkPage {
    layout: Layout,
    unreadable: bool,
}

/// What the page sends: the id from the fragment, or the whole link pasted.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct LinkForm {
    content: String,
    link: String,
}

pub(super) fn routes() -> Router<App> {
    Router::new().route("/partner/add/{name}", get(landing).post(open))
}

fn known(name: &str) -> Result<(), Error> {
    let is_known = name == "batch" || credential::ALL.iter().any(|known| known.redirect_name == name);
    is_known.then_some(()).ok_or_else(Error::not_found)
}

async fn landing(
    State(app): State<App>,
    Visitor(visitor): Visitor,
    Path(name): Path<String>,
) -> Result<Response, Error> {
    known(&name)?;
    Ok(landing_page(&app, visitor.is_some()))
}

/// The page that takes the id out of the fragment.
pub(super) fn landing_page(app: &App, signed_in: bool) -> Response {
    let layout = Layout::new(app, signed_in);
    page(app, &LinkPage { layout: layout.clone(), unreadable: false }, &layout)
}

async fn open(
    State(app): State<App>,
    Visitor(visitor): Visitor,
    Path(name): Path<String>,
    Form(form): Form<LinkForm>,
) -> Result<Response, Error> {
    known(&name)?;
    claim_link(&app, visitor, &form).await
}

/// Signed in: straight to what the link leads to. Otherwise the id waits in a cookie while its owner signs in.
pub(super) async fn claim_link(app: &App, visitor: Option<SignedIn>, form: &LinkForm) -> Result<Response, Error> {
    let Some(id) = read_id(form) else {
        let layout = Layout::new(app, visitor.is_some());
        let unreadable = page(app, &LinkPage { layout: layout.clone(), unreadable: true }, &layout);
        return Ok((axum::http::StatusCode::UNPROCESSABLE_ENTITY, unreadable).into_response());
    };
    consent::note_link_opened(app, id).await?;
    match visitor {
        Some(signed_in) => Ok(go(app, id, signed_in.holder.id).await?.into_response()),
        None => Ok(wait(app, id)),
    }
}

/// Lets an id wait in this browser while its owner signs in.
pub(super) fn wait(app: &App, id: Uuid) -> Response {
    (LINK.set(app, &id.to_string()), Redirect::to("/sign-in")).into_response()
}

/// Where a link leads its owner: to something that a partner asks to be shown, or to what it pushed.
pub(super) async fn go(app: &App, id: Uuid, holder: Uuid) -> Result<Redirect, Error> {
    if verification_request::bind(app, id, holder).await? {
        return Ok(Redirect::to(&format!("/verifications/{id}")));
    }
    redirects::open_for(app, id, holder).await
}

fn read_id(form: &LinkForm) -> Option<Uuid> {
    let pasted = || {
        let (_, fragment) = form.link.split_once('#')?;
        url::form_urlencoded::parse(fragment.as_bytes())
            .find(|(name, _)| name == "content")
            .map(|(_, value)| value.into_owned())
    };
    let text = if form.content.is_empty() { pasted()? } else { form.content.clone() };
    text.trim().parse().ok()
}

/// The link that waits in this browser for its owner to sign in.
pub(super) fn waiting(app: &App, headers: &HeaderMap) -> Option<Uuid> {
    LINK.read(app, headers)?.parse().ok()
}
