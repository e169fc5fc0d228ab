//! The headers `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-10).

use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue};

use crate::rate_limit::{RateLimitStatus, whole_seconds};

/// Adds both headers to a response.
pub fn write(status: &RateLimitStatus, headers: &mut HeaderMap) {
    // A window is a multiple of an interval, which is truncated to microseconds. The added
    // millisecond keeps whole seconds from being rounded down.
    let window = (status.window + Duration::from_millis(1)).as_secs().max(1);
    let policy = format!("\"{}\";q={};w={window}", status.name, status.burst);
    let state = format!("\"{}\";r={};t={}", status.name, status.remaining, whole_seconds(status.wait));
    headers.extend(HeaderValue::try_from(policy).map(|value| (HeaderName::from_static("ratelimit-policy"), value)));
    headers.extend(HeaderValue::try_from(state).map(|value| (HeaderName::from_static("ratelimit"), value)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_limit_headers_use_whole_seconds() {
        let status = RateLimitStatus {
            name: "partner",
            burst: 2,
            window: Duration::from_secs(1),
            remaining: 1,
            wait: Duration::from_millis(500),
        };
        let mut headers = HeaderMap::new();
        write(&status, &mut headers);
        assert_eq!(headers["ratelimit-policy"], "\"partner\";q=2;w=1");
        assert_eq!(headers["ratelimit"], "\"partner\";r=1;t=1");
    }
}
