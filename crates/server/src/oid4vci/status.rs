//! Status lists (draft-ietf-oauth-status-list-21, section 8; Bitstring Status List 1.0): public,
//! cached, with an ETag.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::json;
use uuid::Uuid;

use crate::app::App;
use crate::error::{Error, Kind};
use crate::flows::status_lists;
use crate::http::cors::SharedRoutes;
use crate::http::extract::Path;
use crate::http::headers::preference;
use crate::issuing::StatusListFormat;

pub(super) fn routes() -> SharedRoutes {
    SharedRoutes::default()
        .route("/status", get(aggregation))
        .route("/status/{id}", get(token))
        .route("/status/{id}/bitstring", get(bitstring))
}

/// Returns whether the caller refuses the one format of a list, by a weight of 0.
///
/// Each URL serves one format (section 8.1), and libraries that fetch lists accept JSON only, by
/// default. A caller whose `Accept` does not match the format gets it anyway, as RFC 9110 (section
/// 12.4.1) allows (D-403). `application/jwt` names the format only where it is written out.
fn refuses(headers: &HeaderMap, media_type: &str) -> bool {
    let mut accepted = headers.clone();
    accepted.append(header::ACCEPT, HeaderValue::from_static("*/*;q=0.001"));
    !preference(&accepted, media_type).is_acceptable() && !preference(&accepted, "application/jwt").is_named()
}

/// Lists all status lists (section 9.3). Verifiers that fetch all of them in advance do not reveal
/// which credential they verify.
async fn aggregation(State(app): State<App>) -> Result<Response, Error> {
    let lists = status_lists::ids(&app).await?;
    let addresses: Vec<String> = lists.into_iter().map(|id| app.links().status_list(id)).collect();
    let cached = (header::CACHE_CONTROL, "public, max-age=300");
    Ok(([cached], Json(json!({ "status_lists": addresses }))).into_response())
}

async fn token(
    State(app): State<App>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let is_historical = query.is_some_and(|query| query.starts_with("time=") || query.contains("&time="));
    serve(&app, &id, StatusListFormat::Token, "application/statuslist+jwt", (&headers, is_historical)).await
}

async fn bitstring(State(app): State<App>, Path(id): Path<String>, headers: HeaderMap) -> Result<Response, Error> {
    serve(&app, &id, StatusListFormat::Bitstring, "application/vc+jwt", (&headers, false)).await
}

async fn serve(
    app: &App,
    id: &str,
    format: StatusListFormat,
    media_type: &'static str,
    (headers, is_historical): (&HeaderMap, bool),
) -> Result<Response, Error> {
    // Earlier states of a list are not stored (section 8.4).
    if is_historical {
        return Ok(StatusCode::NOT_IMPLEMENTED.into_response());
    }
    let id: Uuid = id.parse().map_err(|_| Error::not_found())?;
    if refuses(headers, media_type) {
        return Err(Error::new(Kind::NotAcceptable, format!("Only {media_type} is available here.")));
    }
    let served = app.status_lists().get(id, format).await?.ok_or_else(Error::not_found)?;
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let is_known =
        known.is_some_and(|tags| tags.split(',').any(|tag| tag.trim().trim_start_matches("W/") == &*served.etag));
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, media_type)], served.token.to_string()).into_response()
    };
    let headers = response.headers_mut();
    headers.extend(HeaderValue::try_from(&*served.etag).map(|etag| (header::ETAG, etag)));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=60"));
    Ok(response)
}
