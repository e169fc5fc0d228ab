//! A response of the application under test.

use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use serde_json::Value;
use uuid::Uuid;

/// A response with its whole body.
#[derive(Debug)]
pub struct TestResponse {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// The body as text.
    pub text: String,
    /// The body as bytes.
    pub bytes: Bytes,
}

impl TestResponse {
    /// Parses the body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("not JSON ({error}): {}", self.text))
    }

    /// Returns the value of a header, or an empty string if the header is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().expect("a readable header")).unwrap_or_default()
    }

    #[track_caller]
    pub fn assert_status(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self
    }

    /// Asserts status 303 and returns the location.
    #[track_caller]
    pub fn redirect(&self) -> &str {
        assert_eq!(self.status.as_u16(), 303, "{}", self.text);
        self.header("location")
    }

    /// Returns the code and the JSON Pointer of each field error.
    pub fn errors(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        self.json()["errors"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|error| (text(&error["code"]), text(&error["pointer"])))
            .collect()
    }
}

/// Returns the `content` parameter of the link in a response to a push or to a verification
/// request.
pub fn content(body: &Value) -> Uuid {
    let link = body["redirect_uri"].as_str().expect("a link");
    link.rsplit_once("content=").expect("a content").1.parse().expect("a UUID")
}
