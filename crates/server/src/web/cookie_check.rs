//! Detects browsers that do not keep cookies.
//!
//! A form that sets a cookie redirects to an address with a query. If the cookie is not sent back
//! there, a page asks to allow cookies; without it, signing in would lead back to the same form
//! forever. If the cookie is sent back, the browser is redirected to the same path without the
//! query, which can be copied and opened again later.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::{Layout, page};
use crate::app::App;

/// The query of an address that expects a cookie.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct CookieCheck {
    cookies: String,
}

impl CookieCheck {
    /// Whether the previous response has set the cookie that the address expects.
    pub(super) fn is_due(&self) -> bool {
        self.cookies == "check"
    }
}

#[derive(Template)]
#[template(path = "cookies_blocked.html")]
struct CookiesBlocked<'a> {
    layout: Layout,
    /// Where to try again.
    again: &'a str,
}

/// Returns the redirect to `path`, which has no query yet and expects a cookie of this response.
pub(super) fn to_check(path: &str) -> Redirect {
    Redirect::to(&format!("{path}?cookies=check"))
}

/// Renders the page for a browser that did not send the cookie back.
pub(super) fn blocked(app: &App, again: &str) -> Response {
    let layout = Layout::new(app, false);
    let response = page(app, &CookiesBlocked { layout: layout.clone(), again }, &layout);
    (StatusCode::BAD_REQUEST, response).into_response()
}
