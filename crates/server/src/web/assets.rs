//! Stylesheets, scripts and images: compiled into the binary, and cached by browsers: for a year
//! under a URL with the hash of the content, otherwise for an hour.

use std::sync::LazyLock;

use axum::Router;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;

use crate::app::App;
use crate::error::Error;
use crate::http::cacheable::Cacheable;
use crate::http::extract::{Path, Query};

const FILES: &[(&str, &str, &str)] = &[
    ("tenure.css", "text/css; charset=utf-8", include_str!("../../static/tenure.css")),
    ("reference.css", "text/css; charset=utf-8", include_str!("../../static/reference.css")),
    ("reference.js", "text/javascript; charset=utf-8", include_str!("../../static/reference.js")),
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
    ("shared-page.js", "text/javascript; charset=utf-8", include_str!("../../static/shared-page.js")),
    ("share-link.js", "text/javascript; charset=utf-8", include_str!("../../static/share-link.js")),
    ("reload.js", "text/javascript; charset=utf-8", include_str!("../../static/reload.js")),
    ("shown-texts.js", "text/javascript; charset=utf-8", include_str!("../../static/shown-texts.js")),
    ("unchecked.js", "text/javascript; charset=utf-8", include_str!("../../static/unchecked.js")),
    ("names.js", "text/javascript; charset=utf-8", include_str!("../../static/names.js")),
    ("moments.js", "text/javascript; charset=utf-8", include_str!("../../static/moments.js")),
    ("local-time.js", "text/javascript; charset=utf-8", include_str!("../../static/local-time.js")),
    ("freshness.js", "text/javascript; charset=utf-8", include_str!("../../static/freshness.js")),
    ("did-keys.js", "text/javascript; charset=utf-8", include_str!("../../static/did-keys.js")),
    ("multikey.js", "text/javascript; charset=utf-8", include_str!("../../static/multikey.js")),
    ("issuer.js", "text/javascript; charset=utf-8", include_str!("../../static/issuer.js")),
    ("lookup.js", "text/javascript; charset=utf-8", include_str!("../../static/lookup.js")),
    ("dates.js", "text/javascript; charset=utf-8", include_str!("../../static/dates.js")),
    ("json.js", "text/javascript; charset=utf-8", include_str!("../../static/json.js")),
    ("signatures.js", "text/javascript; charset=utf-8", include_str!("../../static/signatures.js")),
    ("status-lists.js", "text/javascript; charset=utf-8", include_str!("../../static/status-lists.js")),
    ("vc-jwt.js", "text/javascript; charset=utf-8", include_str!("../../static/vc-jwt.js")),
    ("claim-rules.js", "text/javascript; charset=utf-8", include_str!("../../static/claim-rules.js")),
    ("integrity.js", "text/javascript; charset=utf-8", include_str!("../../static/integrity.js")),
    ("status-entries.js", "text/javascript; charset=utf-8", include_str!("../../static/status-entries.js")),
    ("doubts.js", "text/javascript; charset=utf-8", include_str!("../../static/doubts.js")),
    ("other-content.js", "text/javascript; charset=utf-8", include_str!("../../static/other-content.js")),
    ("pasted.js", "text/javascript; charset=utf-8", include_str!("../../static/pasted.js")),
    ("job-order.js", "text/javascript; charset=utf-8", include_str!("../../static/job-order.js")),
    ("token-fields.js", "text/javascript; charset=utf-8", include_str!("../../static/token-fields.js")),
    ("verify-token.js", "text/javascript; charset=utf-8", include_str!("../../static/verify-token.js")),
    ("mark.svg", "image/svg+xml", include_str!("../../static/mark.svg")),
];

/// The files, compressed on first use.
static ASSETS: LazyLock<Vec<(&'static str, Cacheable)>> = LazyLock::new(|| {
    let asset = |(name, content_type, text): &(&'static str, &'static str, &'static str)| {
        (*name, Cacheable::new(content_type, *text))
    };
    FILES.iter().map(asset).collect()
});

/// The version in a file's URL.
#[derive(Debug, Deserialize)]
struct Version {
    #[serde(default)]
    v: String,
}

pub(super) fn routes() -> Router<App> {
    Router::new().route("/static/{file}", get(file)).route("/favicon.ico", get(icon))
}

/// Returns the URL of a file, which changes with its content.
pub fn url(name: &str) -> String {
    let hash = find(name).map_or("", Cacheable::hash);
    format!("/static/{name}?v={hash}")
}

fn find(name: &str) -> Option<&'static Cacheable> {
    ASSETS.iter().find(|(known, _)| *known == name).map(|(_, asset)| asset)
}

async fn file(Path(name): Path<String>, Query(version): Query<Version>, headers: HeaderMap) -> Result<Response, Error> {
    respond(&name, &version.v, &headers)
}

async fn icon(headers: HeaderMap) -> Result<Response, Error> {
    respond("mark.svg", "", &headers)
}

/// Returns a file. While a newer release is rolled out, an older one may be asked for a version
/// that it does not have, which must not be stored as that version.
fn respond(name: &str, version: &str, headers: &HeaderMap) -> Result<Response, Error> {
    let asset = find(name).ok_or_else(Error::not_found)?;
    let is_current = version == asset.hash();
    let cache_control = if is_current { "public, max-age=31536000, immutable" } else { "public, max-age=3600" };
    Ok(asset.respond(headers, cache_control))
}
