//! Request headers that several endpoints read.

use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The `Content-Type` without its parameters, as it was sent. Empty if it is missing.
pub fn media_type(headers: &HeaderMap) -> &str {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    content_type.split(';').next().unwrap_or_default().trim()
}

/// Whether the body is of the media type `expected`.
pub fn is_media_type(headers: &HeaderMap, expected: &str) -> bool {
    media_type(headers).eq_ignore_ascii_case(expected)
}

/// The scheme and the credentials of the header `Authorization` (RFC 9110, section 11.4).
pub fn authorization(headers: &HeaderMap) -> Option<(&str, &str)> {
    let (scheme, credentials) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    Some((scheme, credentials.trim()))
}

/// The bearer token (RFC 6750, section 2.1).
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    authorization(headers).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token)
}

/// The id and the secret of a client that authenticates by HTTP Basic, each form-encoded (RFC 6749, section 2.3.1).
pub fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let (_, encoded) = authorization(headers).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"))?;
    let decoded = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    Some((form_decode(id), form_decode(secret)))
}

fn form_decode(value: &str) -> String {
    percent_encoding::percent_decode_str(&value.replace('+', " ")).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn with(name: header::HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn media_types_are_compared_without_parameters_and_case() {
        for sent in ["application/json", "Application/JSON; charset=utf-8", " application/json ;x"] {
            assert!(is_media_type(&with(header::CONTENT_TYPE, sent), "application/json"), "{sent}");
        }
        assert!(!is_media_type(&with(header::CONTENT_TYPE, "application/jsonp"), "application/json"));
        assert_eq!(media_type(&HeaderMap::new()), "");
    }

    #[test]
    fn bearer_scheme_is_case_insensitive() {
        assert_eq!(bearer(&with(header::AUTHORIZATION, "Bearer abc")), Some("abc"));
        assert_eq!(bearer(&with(header::AUTHORIZATION, "bearer  abc ")), Some("abc"));
        assert_eq!(bearer(&with(header::AUTHORIZATION, "DPoP abc")), None);
        assert_eq!(bearer(&with(header::AUTHORIZATION, "Bearer")), None);
    }

    #[test]
    fn basic_credentials_are_form_decoded() {
        // "my+id:a%3Ab"
        let sent = with(header::AUTHORIZATION, "Basic bXkraWQ6YSUzQWI=");
        assert_eq!(basic(&sent), Some(("my id".to_owned(), "a:b".to_owned())));
        assert_eq!(basic(&with(header::AUTHORIZATION, "Basic ???")), None);
    }
}
