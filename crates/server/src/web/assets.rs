//! Stylesheets, scripts and images: compiled into the binary, cached by browsers for an hour.

use axum::Router;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::app::App;
use crate::error::Error;
use crate::http::extract::Path;

const FILES: &[(&str, &str, &str)] = &[
    ("tenure.css", "text/css; charset=utf-8", include_str!("../../static/tenure.css")),
    ("reference.css", "text/css; charset=utf-8", include_str!("../../static/reference.css")),
    ("verify-token.css", "text/css; charset=utf-8", include_str!("../../static/verify-token.css")),
    ("console.css", "text/css; charset=utf-8", include_str!("../../static/console.css")),
    ("link.js", "text/javascript; charset=utf-8", include_str!("../../static/link.js")),
    ("passkey.js", "text/javascript; charset=utf-8", include_str!("../../static/passkey.js")),
    ("copy.js", "text/javascript; charset=utf-8", include_str!("../../static/copy.js")),
    ("forms.js", "text/javascript; charset=utf-8", include_str!("../../static/forms.js")),
    ("print.js", "text/javascript; charset=utf-8", include_str!("../../static/print.js")),
    ("sd-jwt.js", "text/javascript; charset=utf-8", include_str!("../../static/sd-jwt.js")),
    ("verify.js", "text/javascript; charset=utf-8", include_str!("../../static/verify.js")),
    ("verdicts.js", "text/javascript; charset=utf-8", include_str!("../../static/verdicts.js")),
    ("checks.js", "text/javascript; charset=utf-8", include_str!("../../static/checks.js")),
    ("moments.js", "text/javascript; charset=utf-8", include_str!("../../static/moments.js")),
    ("local-time.js", "text/javascript; charset=utf-8", include_str!("../../static/local-time.js")),
    ("freshness.js", "text/javascript; charset=utf-8", include_str!("../../static/freshness.js")),
    ("issuer.js", "text/javascript; charset=utf-8", include_str!("../../static/issuer.js")),
    ("lookup.js", "text/javascript; charset=utf-8", include_str!("../../static/lookup.js")),
    ("vc-jwt.js", "text/javascript; charset=utf-8", include_str!("../../static/vc-jwt.js")),
    ("doubts.js", "text/javascript; charset=utf-8", include_str!("../../static/doubts.js")),
    ("pasted.js", "text/javascript; charset=utf-8", include_str!("../../static/pasted.js")),
    ("token-fields.js", "text/javascript; charset=utf-8", include_str!("../../static/token-fields.js")),
    ("verify-token.js", "text/javascript; charset=utf-8", include_str!("../../static/verify-token.js")),
    ("mark.svg", "image/svg+xml", include_str!("../../static/mark.svg")),
];

pub(super) fn routes() -> Router<App> {
    Router::new().route("/static/{file}", get(file)).route("/favicon.ico", get(|| file(Path("mark.svg".to_owned()))))
}

async fn file(Path(name): Path<String>) -> Result<Response, Error> {
    let (_, content_type, text) = FILES.iter().find(|(known, ..)| *known == name).ok_or_else(Error::not_found)?;
    Ok(([(header::CONTENT_TYPE, *content_type), (header::CACHE_CONTROL, "public, max-age=3600")], *text)
        .into_response())
}
