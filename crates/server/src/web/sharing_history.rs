//! `/wallet/shown`: what a holder presented to partners that requested it.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;

use super::{Layout, page};
use crate::app::App;
use crate::error::Error;
use crate::flows::share;
use crate::flows::verification_request::{self, DisclosureRecord};
use crate::http::session::SignedIn;
use ambient::Timestamp;

#[derive(Template)]
#[template(path = "shown_to.html")]
struct ShownTo {
    layout: Layout,
    shown: Vec<(Timestamp, DisclosureRecord)>,
    /// Whether the holder has created links for hirers, which are on a page of their own.
    has_links: bool,
}

pub(super) fn routes() -> Router<App> {
    Router::new().route("/wallet/shown", get(shown_to))
}

async fn shown_to(State(app): State<App>, signed_in: SignedIn) -> Result<Response, Error> {
    let shown = verification_request::disclosures(&app, signed_in.holder.id).await?;
    let has_links = !share::list(&app, signed_in.holder.id).await?.is_empty();
    let layout = Layout::new(&app, true);
    Ok(page(&app, &ShownTo { layout: layout.clone(), shown, has_links }, &layout))
}
