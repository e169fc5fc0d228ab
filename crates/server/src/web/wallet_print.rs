//! `/wallet/print`: a person's own career for printing, from the credentials that partners still
//! confirm. Each name has a copy of its own: different names never share a document.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;
use serde::Deserialize;

use super::people::{Person, Shown};
use super::{Layout, page};
use crate::app::App;
use crate::error::Error;
use crate::flows::{earlier_titles, wallet};
use crate::http::extract::Query;
use crate::http::session::SignedIn;
use ambient::Timestamp;

#[derive(Template)]
#[template(path = "wallet_print.html")]
struct WalletPrint {
    layout: Layout,
    /// The name of this copy, with its credentials.
    person: Person,
    /// Every name in the wallet; each has a copy.
    names: Vec<String>,
    site: String,
    now: Timestamp,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    /// The number of the name, from 1; the first if absent.
    name: Option<usize>,
}

pub(super) fn routes() -> Router<App> {
    Router::new().route("/wallet/print", get(show))
}

async fn show(State(app): State<App>, signed_in: SignedIn, Query(asked): Query<Asked>) -> Result<Response, Error> {
    let standing = wallet::shareable(&app, signed_in.holder.id, None).await?;
    let (layout, now) = (Layout::new(&app, true), app.now());
    let mut shown = Vec::with_capacity(standing.len());
    for held in &standing {
        let earlier_titles = earlier_titles::of(&app, signed_in.holder.id, held.known, held.id).await?;
        shown.push(Shown { earlier_titles, ..Shown::of_wallet(held, &layout.text) });
    }
    if shown.is_empty() {
        return Ok(Redirect::to("/wallet").into_response());
    }
    let people = Person::group(shown, &layout.text);
    let names: Vec<String> = people.iter().map(|person| person.name.clone()).collect();
    let at = asked.name.unwrap_or(1).checked_sub(1);
    let person = at.and_then(|at| people.into_iter().nth(at)).ok_or_else(Error::not_found)?;
    let site = app.config().base().to_owned();
    Ok(page(&app, &WalletPrint { layout: layout.clone(), person, names, site, now }, &layout))
}
