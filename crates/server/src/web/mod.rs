//! The pages of people: one file a page, with its template's data, its handlers and its routes.
//!
//! Owns what pages share: the layout, how a template becomes an answer, and the check that a form comes from our own
//! pages. No page holds a word: see [`crate::i18n`].

mod account;
mod assets;
mod authorize;
mod career;
mod console;
mod documents;
pub mod error;
mod home;
mod inbox;
mod link;
mod offers;
mod passkey;
mod pdf;
mod presentations;
mod qr;
mod requests;
mod shared_page;
mod shares;
mod shown;
mod sign_in;
mod timeline;
mod verify;
mod wallet;

use askama::Template;
use axum::Router;
use axum::http::HeaderMap;
use axum::response::{Html, IntoResponse, Response};
use tower_http::csrf::{CsrfLayer, ProtectionError};

use crate::app::App;
use crate::auth::holder::NOTICE;
use crate::error::{Error, Kind};
use crate::i18n::Text;

/// The routes of all pages. A form that another site sends is refused (by `Sec-Fetch-Site` and `Origin`).
pub fn routes(app: &App) -> Router<App> {
    let pages = Router::new()
        .merge(account::routes())
        .merge(authorize::routes())
        .merge(console::routes(app))
        .merge(documents::routes())
        .merge(home::routes())
        .merge(link::routes())
        .merge(offers::routes())
        .merge(passkey::routes())
        .merge(presentations::routes())
        .merge(requests::routes())
        .merge(shared_page::routes())
        .merge(shares::routes())
        .merge(sign_in::routes())
        .merge(verify::routes())
        .merge(wallet::routes());
    let pages = if app.is_demo() { pages.merge(inbox::routes()) } else { pages };
    let csrf = CsrfLayer::new().with_rejection_response(|_: ProtectionError| {
        Error::new(Kind::Forbidden, "This form was sent from another site. Open the page here and send it again.")
            .into_response()
    });
    pages.layer(csrf).merge(assets::routes())
}

/// What every page has.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    /// The words.
    pub text: Text,
    /// Whether this is a demonstration; then every page says so.
    pub demo: bool,
    /// Whether someone is signed in.
    pub signed_in: bool,
    /// The key of a notice to show once.
    pub notice: Option<&'static str>,
}

/// Notices that may be shown once after something was done.
const NOTICES: &[&str] = &[
    "notice-accepted",
    "notice-deleted",
    "notice-account-deleted",
    "notice-signed-out",
    "notice-signed-out-everywhere",
    "notice-passkey-added",
    "notice-passkey-removed",
    "notice-share-revoked",
    "notice-console-ended",
    "notice-console-signed-out",
    "notice-console-others-ended",
    "notice-console-passkey-added",
    "notice-console-passkey-removed",
    "notice-console-webhook-changed",
    "notice-console-webhook-deleted",
    "notice-console-test-sent",
    "notice-console-replayed",
    "notice-console-replayed-none",
];

impl Layout {
    /// The layout for a visitor.
    pub fn new(app: &App, signed_in: bool) -> Self {
        Self { text: Text::default(), demo: app.is_demo(), signed_in, notice: None }
    }

    /// With the notice that the last step left, if any.
    #[must_use]
    pub fn with_notice(mut self, app: &App, headers: &HeaderMap) -> Self {
        let left = NOTICE.read(app, headers);
        self.notice = left.and_then(|left| NOTICES.iter().copied().find(|known| *known == left));
        self
    }
}

/// A page from its template; a notice that it shows is taken away.
pub fn page(app: &App, template: &impl Template, layout: &Layout) -> Response {
    match template.render() {
        Ok(html) if layout.notice.is_some() => ([NOTICE.remove(app)], Html(html)).into_response(),
        Ok(html) => Html(html).into_response(),
        Err(error) => Error::internal(error).into_response(),
    }
}
