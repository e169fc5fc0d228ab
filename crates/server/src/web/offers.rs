//! `/wallet/offers/{id}`: a credential offer to another wallet, as a link, with the code to enter
//! there.

use std::collections::BTreeSet;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use uuid::Uuid;

use super::outdated::{Change, catch_up};
use super::qr::Qr;
use super::selection::Sent;
use super::{Layout, page};
use crate::app::App;
use crate::error::{Error, Kind};
use crate::flows::issuance::offer::{self, OfferState};
use crate::flows::wallet;
use crate::form_token::FormToken;
use crate::http::cookies::NOTICE;
use crate::http::extract::{Form, Path};
use crate::http::session::SignedIn;
use crate::i18n;
use ambient::Timestamp;

#[derive(Template)]
#[template(path = "offer.html")]
struct OfferPage {
    layout: Layout,
    submission: Uuid,
    headline: String,
    view: OfferView,
}

/// The state of an offer, as the page shows it.
#[derive(Debug)]
enum OfferView {
    Open { link: String, picture: String, code: String, until: Timestamp, left: String },
    Fetched,
    Kept,
    Ended,
}

pub(super) fn routes() -> Router<App> {
    Router::new().route("/wallet/credentials/{id}/offer", post(create)).route("/wallet/offers/{id}", get(show))
}

async fn create(
    State(app): State<App>,
    signed_in: SignedIn,
    Path(id): Path<Uuid>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Error> {
    let holder = signed_in.holder.id;
    let offer = FormToken::sent(&pairs, app.rng()).id(app.keyring(), holder);
    match offer::create(&app, offer, id, holder).await {
        Ok(()) => Ok(Redirect::to(&format!("/wallet/offers/{offer}")).into_response()),
        Err(error) if error.kind == Kind::NotFound => explain_change(&app, id, holder).await?.ok_or(error),
        Err(error) => Err(error),
    }
}

/// Redirects to the newer version of a credential that can no longer be offered, or to what remains
/// of it, with a notice that says what happened. Returns `None` if it never was `holder`'s.
async fn explain_change(app: &App, id: Uuid, holder: Uuid) -> Result<Option<Response>, Error> {
    let outdated = catch_up(app, holder, &mut BTreeSet::from([id]), &mut Sent::default()).await?;
    let (notice, shown) = match outdated.change() {
        None => return Ok(None),
        Some(Change::Replaced) => ("notice-offer-replaced", outdated.newest(id)),
        Some(Change::Gone) => ("notice-offer-gone", wallet::holds(app, holder, id).await?.then_some(id)),
    };
    let page = shown.map_or_else(|| "/wallet".to_owned(), |id| format!("/wallet/credentials/{id}"));
    Ok(Some((NOTICE.set(app, notice), Redirect::to(&page)).into_response()))
}

async fn show(State(app): State<App>, signed_in: SignedIn, Path(id): Path<Uuid>) -> Result<Response, Error> {
    let details = offer::details(&app, id, signed_in.holder.id).await?;
    let layout = Layout::new(&app, true);
    let view = match details.state {
        OfferState::Open { transaction_code, expires_at } => {
            let link = app.links().offer(id);
            let picture = Qr::new(&link).map(|qr| qr.html(&layout.text.of("offer-qr"))).unwrap_or_default();
            let left = layout.text.time_left(app.now(), expires_at);
            OfferView::Open { link, picture, code: transaction_code, until: expires_at, left }
        }
        OfferState::Fetched => OfferView::Fetched,
        OfferState::Kept => OfferView::Kept,
        OfferState::Ended => OfferView::Ended,
    };
    let headline = details
        .credential
        .map(|credential| i18n::headline(credential.credential_type, &credential.payload.fields))
        .unwrap_or_default();
    let template = OfferPage { layout: layout.clone(), submission: details.submission, headline, view };
    Ok(page(&app, &template, &layout))
}
