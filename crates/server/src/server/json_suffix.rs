//! The suffix `.json` of API paths.
//!
//! Every path works with and without it (docs/partner-api.md section 1). It belongs to the last
//! literal segment of a path, so it is never cut off a partner's own id: `emp` and `emp.json` are
//! two ids (D-219).

use axum::extract::Request;
use axum::http::uri::PathAndQuery;
use axum::http::{Method, Uri};

const API: &str = "/api/partner/";

/// Removes the suffix before routing, unless it is part of an id. Routes, the OpenAPI document and
/// log lines then have one path each.
pub fn without_json_suffix<B>(mut request: Request<B>) -> Request<B> {
    let uri = request.uri();
    let path = uri.path().strip_prefix(API).filter(|path| path.ends_with(".json"));
    if path.is_none_or(|path| ends_with_partner_id(request.method(), path)) {
        return request;
    }
    let path = uri.path().strip_suffix(".json").unwrap_or(uri.path());
    let path_and_query = uri.query().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = PathAndQuery::try_from(path_and_query).ok();
    if let Ok(uri) = Uri::from_parts(parts) {
        *request.uri_mut() = uri;
    }
    request
}

/// Returns whether the last segment of `path`, without [`API`], is an id that a partner chose.
///
/// Other parameters at the end of a path are credential types, UUIDs and upload tokens, none of
/// which ends in `.json`.
fn ends_with_partner_id(method: &Method, path: &str) -> bool {
    let segments: Vec<&str> = path.split('/').collect();
    match segments.as_slice() {
        // Withdrawing by DELETE.
        ["v2", "add", "requests", _, _] => true,
        // The result of a verification request. Creating one by POST has a type there.
        ["v2", "verify", "requests", _] => *method != Method::POST,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the path and query that are routed.
    fn routed(method: Method, uri: &str) -> String {
        let request = axum::http::Request::builder().method(method).uri(uri).body(()).expect("a request");
        without_json_suffix(request).uri().to_string()
    }

    #[test]
    fn suffix_of_a_literal_segment_is_removed() {
        for (given, expected) in [
            ("/api/partner/v1/submissions/status.json", "/api/partner/v1/submissions/status"),
            ("/api/partner/v1/submissions/emp.json/status.json", "/api/partner/v1/submissions/emp.json/status"),
            ("/api/partner/v1/add/education.json?dry_run=true", "/api/partner/v1/add/education?dry_run=true"),
            ("/api/partner/v2/verify/requests/education.json", "/api/partner/v2/verify/requests/education"),
            (
                "/api/partner/v2/add/requests/education/emp.json/withdraw.json",
                "/api/partner/v2/add/requests/education/emp.json/withdraw",
            ),
            ("/.well-known/jwks.json", "/.well-known/jwks.json"),
            ("/partner/add.json", "/partner/add.json"),
        ] {
            assert_eq!(routed(Method::POST, given), expected);
        }
    }

    #[test]
    fn suffix_is_never_cut_off_an_id_of_a_partner() {
        for (method, path) in [
            (Method::DELETE, "/api/partner/v2/add/requests/education/emp.json"),
            (Method::DELETE, "/api/partner/v2/add/requests/education/emp.json?x=y.json"),
            (Method::GET, "/api/partner/v2/verify/requests/job.json"),
            (Method::HEAD, "/api/partner/v2/verify/requests/job.json"),
        ] {
            assert_eq!(routed(method, path), path);
        }
    }
}
