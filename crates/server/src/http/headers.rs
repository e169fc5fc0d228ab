//! Headers that several endpoints read or send.

use axum::http::{HeaderMap, HeaderName, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Allows anyone to cache public metadata for five minutes.
pub const CACHED: (HeaderName, &str) = (header::CACHE_CONTROL, "public, max-age=300");

/// Deletes the pages that the browser has cached. Sent where a session ends or has ended, because a
/// rejected form, which may be cached, contains personal data.
pub const CLEAR_CACHE: [(&str, &str); 1] = [("clear-site-data", "\"cache\"")];

/// Returns the `Content-Type` as sent, without its parameters; empty if the header is missing.
pub fn media_type(headers: &HeaderMap) -> &str {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    content_type.split(';').next().unwrap_or_default().trim()
}

/// Returns whether the body has the media type `expected`.
pub fn is_media_type(headers: &HeaderMap, expected: &str) -> bool {
    media_type(headers).eq_ignore_ascii_case(expected)
}

/// Returns the scheme and the credentials of the `Authorization` header (RFC 9110, section 11.4).
pub fn authorization(headers: &HeaderMap) -> Option<(&str, &str)> {
    let (scheme, credentials) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    Some((scheme, credentials.trim()))
}

/// Returns the bearer token (RFC 6750, section 2.1).
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    authorization(headers).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token)
}

/// Returns the id and secret of a client that authenticates with HTTP Basic, both form-decoded (RFC
/// 6749, section 2.3.1).
pub fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let (_, encoded) = authorization(headers).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"))?;
    let decoded = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    Some((form_decode(id), form_decode(secret)))
}

fn form_decode(value: &str) -> String {
    percent_encoding::percent_decode_str(&value.replace('+', " ")).decode_utf8_lossy().into_owned()
}

/// How strongly a caller prefers a media type. Greater values are preferred.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Preference {
    /// The weight `q` in thousandths.
    weight: u16,
    /// How specific the matching media range is: 0 for `*/*`, 1 for `type/*`, 2 for the full media
    /// type.
    precision: u8,
}

impl Preference {
    /// Returns whether the caller accepts this media type.
    pub fn is_acceptable(self) -> bool {
        self.weight > 0
    }

    /// Returns whether the caller accepts this media type and names it in full.
    pub fn is_named(self) -> bool {
        self.is_acceptable() && self.precision == 2
    }
}

/// Returns the caller's preference for `media_type` by its `Accept` headers (RFC 9110, section
/// 12.5.1): the weight of the most specific range that matches.
///
/// Without the header everything is accepted. Parameters other than the weight are ignored.
pub fn preference(headers: &HeaderMap, media_type: &str) -> Preference {
    let mut ranges =
        headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).flat_map(ranges).peekable();
    if ranges.peek().is_none() {
        return Preference { weight: 1000, precision: 0 };
    }
    let kind = media_type.split('/').next().unwrap_or_default();
    let precision = |range: &str| match range.split_once('/')? {
        ("*", "*") => Some(0),
        (range_kind, "*") => range_kind.eq_ignore_ascii_case(kind).then_some(1),
        _ => range.eq_ignore_ascii_case(media_type).then_some(2),
    };
    let matching = ranges.filter_map(|(range, weight)| Some(Preference { weight, precision: precision(range)? }));
    let found = matching.max_by_key(|found| (found.precision, found.weight));
    found.filter(|found| found.is_acceptable()).unwrap_or(Preference { weight: 0, precision: 0 })
}

/// Returns the media ranges of an `Accept` header with their weights. An unreadable weight is
/// treated as 1.
fn ranges(accept: &str) -> impl Iterator<Item = (&str, u16)> {
    let mut is_quoted = false;
    let elements = accept.split(move |character| {
        is_quoted ^= character == '"';
        character == ',' && !is_quoted
    });
    elements.filter(|element| !element.trim().is_empty()).map(|element| {
        let (range, parameters) = element.split_once(';').unwrap_or((element, ""));
        let mut parameters = parameters.split(';').filter_map(|parameter| parameter.split_once('='));
        let weight = parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case("q"));
        let weight = weight.and_then(|(_, weight)| weight.trim().parse::<f32>().ok()).unwrap_or(1.0);
        // The saturating cast turns negative weights into 0.
        (range.trim(), (weight.min(1.0) * 1000.0).round() as u16)
    })
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
        // Encodes `my+id:a%3Ab`.
        let sent = with(header::AUTHORIZATION, "Basic bXkraWQ6YSUzQWI=");
        assert_eq!(basic(&sent), Some(("my id".to_owned(), "a:b".to_owned())));
        assert_eq!(basic(&with(header::AUTHORIZATION, "Basic ???")), None);
    }

    fn preferred<'a>(accept: &'static str, offered: [&'a str; 2]) -> &'a str {
        let headers = with(header::ACCEPT, accept);
        let [first, second] = offered.map(|media_type| preference(&headers, media_type));
        if second > first { offered[1] } else { offered[0] }
    }

    #[test]
    fn most_precise_media_range_gives_the_weight() {
        let headers = with(header::ACCEPT, "text/*;q=0.5, text/html;q=0.2, */*;q=0.1, image/png;q=0");
        let weight = |media_type| preference(&headers, media_type).weight;
        assert_eq!(["text/html", "text/plain", "image/gif", "image/png"].map(weight), [200, 500, 100, 0]);
    }

    #[test]
    fn accept_headers_are_parsed_as_lists_without_case() {
        let offered = ["application/json", "text/html"];
        for html in [
            "text/html",
            "TEXT/HTML",
            "text/*",
            "text/html, */*",
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "application/json;q=0.5 , text/html ; Q=0.6",
            "application/json;x=\"text/html, a\";q=0.1, text/html;q=0.2",
        ] {
            assert_eq!(preferred(html, offered), "text/html", "{html}");
        }
        for json in [
            "*/*",
            "application/json",
            "application/json, text/html",
            "text/html;q=0",
            "text/html;q=0.2, application/*",
            "x/y;z=text/html",
            "text/htmlx",
            "",
        ] {
            assert_eq!(preferred(json, offered), "application/json", "{json}");
        }
    }

    #[test]
    fn every_accept_header_counts() {
        let mut headers = with(header::ACCEPT, "application/json");
        headers.append(header::ACCEPT, HeaderValue::from_static("text/html;q=0.5"));
        assert!(preference(&headers, "text/html").is_named());
        assert!(!preference(&headers, "text/plain").is_acceptable());
        assert!(preference(&HeaderMap::new(), "text/plain").is_acceptable());
    }
}
