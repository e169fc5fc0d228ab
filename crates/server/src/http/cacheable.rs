//! Cacheable responses: compressed, and validated by a hash of their content.
//!
//! Only for content that is the same for every visitor: compressing a page that contains a secret
//! next to text of another person's choice would reveal the secret by its size (BREACH, D-229).

use std::io::Write as _;

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use credential::encoding::{hex, sha256};
use flate2::Compression;
use flate2::write::GzEncoder;

/// Lets a browser store the content, and makes it ask whether it has changed.
pub const REVALIDATE: &str = "no-cache";

/// Number of bytes of the hash that names a content.
const HASH: usize = 8;

/// Content that can be sent to any visitor.
#[derive(Clone, Debug)]
pub struct Cacheable {
    content_type: &'static str,
    plain: Bytes,
    /// Empty if the content cannot be compressed.
    compressed: Bytes,
    hash: String,
}

impl Cacheable {
    /// Compresses and hashes `content`.
    pub fn new(content_type: &'static str, content: impl Into<Bytes>) -> Self {
        let plain = content.into();
        let hash = hex(&sha256(&plain)[..HASH]);
        Self { content_type, compressed: compressed(&plain), plain, hash }
    }

    /// Returns the hash of the content, in hexadecimal.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// Responds to a request with `headers`: 304 if the caller has this content already.
    pub fn respond(&self, headers: &HeaderMap, cache_control: &'static str) -> Response {
        // Weak, because the compressed and the plain content have the same tag.
        let tag = format!("W/\"{}\"", self.hash);
        let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
        let is_known = known.flat_map(|value| value.split(',')).any(|known| known.trim() == tag);
        let is_compressed = accepts_gzip(headers) && !self.compressed.is_empty();
        let mut response = match (is_known, is_compressed) {
            (true, _) => StatusCode::NOT_MODIFIED.into_response(),
            (false, true) => ([(header::CONTENT_ENCODING, "gzip")], self.compressed.clone()).into_response(),
            (false, false) => self.plain.clone().into_response(),
        };
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache_control));
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        headers.extend(HeaderValue::try_from(tag).map(|tag| (header::ETAG, tag)));
        response
    }
}

/// Compresses `plain`. Empty on an error, which writing to memory does not cause.
fn compressed(plain: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let written = encoder.write_all(plain).and_then(|()| encoder.finish());
    written.map(Bytes::from).unwrap_or_default()
}

/// Returns whether the caller accepts gzip (RFC 9110, section 12.5.3).
fn accepts_gzip(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let weight = weight.split_once('=').and_then(|(_, weight)| weight.trim().parse::<f32>().ok());
        name.trim().eq_ignore_ascii_case("gzip") && weight.is_none_or(|weight| weight > 0.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: header::HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn gzip_is_used_only_if_it_is_accepted() {
        let accepted = |value| accepts_gzip(&with(header::ACCEPT_ENCODING, value));
        assert!(accepted("gzip") && accepted("br, GZIP;q=0.5") && accepted("deflate, gzip; q=1.0, *;q=0.1"));
        assert!(!accepted("br") && !accepted("gzip;q=0") && !accepted("x-gzipped"));
        assert!(!accepts_gzip(&HeaderMap::new()));
    }

    #[test]
    fn known_content_is_not_sent_again() {
        let content = Cacheable::new("text/plain", "a".repeat(1000));
        let sent = content.respond(&with(header::ACCEPT_ENCODING, "gzip"), REVALIDATE);
        assert_eq!(sent.headers()[header::CONTENT_ENCODING], "gzip");
        assert!(content.compressed.len() < 100);
        let known = HeaderMap::from_iter([(header::IF_NONE_MATCH, sent.headers()[header::ETAG].clone())]);
        assert_eq!(content.respond(&known, REVALIDATE).status(), StatusCode::NOT_MODIFIED);
        let other = Cacheable::new("text/plain", "b");
        assert_eq!(other.respond(&known, REVALIDATE).status(), StatusCode::OK);
    }
}
