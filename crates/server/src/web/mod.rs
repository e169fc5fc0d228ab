//! The pages of people: one file for each page, with its template's data, its handlers and its
//! routes.
//!
//! This module also rejects forms of other sites. Texts are in [`crate::i18n`].

mod account;
mod assets;
pub mod authorize;
mod career;
mod choice_notes;
mod consent_form;
pub mod console;
mod cookie_check;
mod details;
pub mod docs;
mod documents;
pub mod error;
mod home;
mod inbox;
mod kept_form;
mod layout;
mod link;
mod local_time;
mod name_form;
mod offers;
mod outcome;
mod outdated;
mod partner_api;
mod passkey;
mod people;
mod presentations;
mod qr;
mod redirects;
mod requests;
mod sandbox_sign_up;
mod selection;
mod shared_links;
mod shared_page;
mod shares;
mod sharing_history;
mod sign_in;
mod timeline;
mod updates;
mod verify;
mod verify_token;
mod versions;
mod wallet;
mod wallet_print;

use axum::Router;
use axum::extract::Request;
use axum::http::header;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use tower_http::csrf::{CsrfLayer, ProtectionError};

use crate::app::App;
use crate::error::{Error, Kind};

pub use layout::{Layout, page};
pub use partner_api::PartnerApi;

/// Returns the routes of people's pages.
pub fn routes(app: &App, api: PartnerApi) -> Router<App> {
    let pages = Router::new()
        .merge(account::routes())
        .merge(docs::routes(api))
        .merge(documents::routes())
        .merge(home::routes())
        .merge(link::routes())
        .merge(offers::routes())
        .merge(passkey::routes())
        .merge(presentations::routes())
        .merge(requests::routes())
        .merge(shared_links::routes())
        .merge(shared_page::routes())
        .merge(shares::routes())
        .merge(sharing_history::routes())
        .merge(sign_in::routes())
        .merge(updates::routes())
        .merge(verify::routes())
        .merge(verify_token::routes())
        .merge(wallet::routes())
        .merge(wallet_print::routes());
    let pages = if app.config().sandbox.sign_up { pages.merge(sandbox_sign_up::routes()) } else { pages };
    let pages = if app.is_demo() { pages.merge(inbox::routes()) } else { pages };
    let pages = pages.layer(from_fn_with_state(app.clone(), kept_form::keep));
    with_own_forms(pages).merge(assets::routes())
}

/// Returns the routes of the authorization endpoint for wallets.
pub fn authorization_routes() -> Router<App> {
    with_own_forms(authorize::routes())
}

/// Returns the routes of the partners' console.
pub fn console_routes(api: PartnerApi) -> Router<App> {
    with_own_forms(console::routes(api))
}

/// Rejects forms sent from other sites, by `Sec-Fetch-Site` and `Origin`.
fn with_own_forms(pages: Router<App>) -> Router<App> {
    let csrf = CsrfLayer::new().with_rejection_response(|_: ProtectionError| {
        Error::new(Kind::Forbidden, "This form was sent from another site. Open the page here and send it again.")
            .into_response()
    });
    pages.layer(csrf).layer(from_fn(without_opaque_origin))
}

/// Removes `Origin: null` if the browser sends no `Sec-Fetch-Site`. Older browsers send it with our
/// own forms because of the referrer policy. A form of another site with this header has no
/// session, since cookies are `SameSite`.
async fn without_opaque_origin(mut request: Request, next: Next) -> Response {
    let headers = request.headers_mut();
    if headers.get(header::ORIGIN).is_some_and(|origin| origin == "null") && !headers.contains_key("sec-fetch-site") {
        headers.remove(header::ORIGIN);
    }
    next.run(request).await
}
