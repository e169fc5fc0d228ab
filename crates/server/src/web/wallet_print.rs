//! `/wallet/print`: a person's own career for printing, from the credentials that partners still
//! confirm.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;

use super::people::{Person, Shown};
use super::{Layout, page};
use crate::app::App;
use crate::error::Error;
use crate::flows::credential_view::CredentialView;
use crate::http::session::SignedIn;
use ambient::Timestamp;

#[derive(Template)]
#[template(path = "wallet_print.html")]
struct WalletPrint {
    layout: Layout,
    people: Vec<Person>,
    site: String,
    now: Timestamp,
}

pub(super) fn routes() -> Router<App> {
    Router::new().route("/wallet/print", get(show))
}

async fn show(State(app): State<App>, signed_in: SignedIn) -> Result<Response, Error> {
    let held = app.store().read().await?.held_submissions(signed_in.holder.id).await?;
    let (layout, now) = (Layout::new(&app, true), app.now());
    let held = CredentialView::open_all(&app, &held).await?;
    let standing = held.iter().filter(|held| held.stands());
    let shown: Vec<Shown> = standing.map(|held| Shown::of_wallet(held, &layout.text)).collect();
    if shown.is_empty() {
        return Ok(Redirect::to("/wallet").into_response());
    }
    let people = Person::group(shown, &layout.text);
    let site = app.config().base().to_owned();
    Ok(page(&app, &WalletPrint { layout: layout.clone(), people, site, now }, &layout))
}
