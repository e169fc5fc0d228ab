//! A request to this server's own router and its response, formatted for reading.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Instant;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Method, StatusCode, header};
use serde_json::Value;
use tower::ServiceExt as _;

use crate::http::Client;

/// Maximum number of bytes of a response that are shown.
const LONGEST: usize = 1 << 20;

#[derive(Debug)]
pub(super) struct Request<'a> {
    pub method: &'a Method,
    pub path: &'a str,
    pub content_type: Option<&'a str>,
    pub body: String,
    /// The body without secrets.
    pub shown_body: &'a str,
    pub token: Option<String>,
}

/// A request and its response.
#[derive(Debug)]
pub(super) struct Exchange {
    pub curl: String,
    pub status: u16,
    pub reason: &'static str,
    pub is_good: bool,
    pub millis: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
    /// The field errors in the response.
    pub field_errors: Vec<ReadableError>,
    /// The person's link, if the response contains one.
    pub link: Option<String>,
    /// The id of the created submission, if there is one.
    pub pushed: Option<uuid::Uuid>,
}

/// A field error as the page shows it.
#[derive(Debug)]
pub(super) struct ReadableError {
    pub pointer: String,
    /// The line of the body that contains the error.
    pub line: Option<i64>,
    pub code: String,
    pub message: String,
    pub suggestion: Option<String>,
}

impl Exchange {
    /// Sends `request` through the whole router.
    ///
    /// # Errors
    /// The path is invalid.
    pub(super) async fn make(
        router: Router,
        base: &str,
        client: Client,
        request: Request<'_>,
    ) -> Result<Self, axum::http::Error> {
        let curl = curl(base, &request);
        let mut made = axum::http::Request::builder().method(request.method).uri(request.path);
        if let Some(token) = &request.token {
            made = made.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if let Some(content_type) = request.content_type {
            made = made.header(header::CONTENT_TYPE, content_type);
        }
        let body = if request.content_type.is_some() { Body::from(request.body) } else { Body::empty() };
        let mut made = made.body(body)?;
        // Per-client rate limits apply to the person using the page.
        made.extensions_mut().insert(ConnectInfo(SocketAddr::new(client.0, 0)));
        let started = Instant::now();
        let answered = Box::pin(router.oneshot(made)).await;
        let (parts, body) = answered.unwrap_or_else(|never| match never {}).into_parts();
        let bytes = to_bytes(body, LONGEST).await.unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let millis = format!("{:.1}", started.elapsed().as_secs_f64() * 1000.0);
        Ok(Self { curl, millis, ..Self::read(parts.status, &parts.headers, &text, request.shown_body) })
    }

    fn read(status: StatusCode, headers: &HeaderMap, text: &str, sent: &str) -> Self {
        let json: Option<Value> = serde_json::from_str(text).ok();
        let word = |name: &str| json.as_ref().and_then(|json| json[name].as_str());
        let field_errors = json.as_ref().and_then(|json| json["errors"].as_array()).into_iter().flatten();
        let named = headers
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
        Self {
            curl: String::new(),
            status: status.as_u16(),
            reason: status.canonical_reason().unwrap_or_default(),
            is_good: status.is_success(),
            millis: String::new(),
            headers: named.collect(),
            field_errors: field_errors.map(|field_error| ReadableError::new(field_error, sent)).collect(),
            link: word("redirect_uri").map(str::to_owned),
            pushed: word("request_id").filter(|_| status.is_success()).and_then(|id| id.parse().ok()),
            body: json
                .as_ref()
                .and_then(|json| serde_json::to_string_pretty(json).ok())
                .unwrap_or_else(|| text.to_owned()),
        }
    }
}

impl ReadableError {
    fn new(field_error: &Value, sent: &str) -> Self {
        let word = |name: &str| field_error[name].as_str().unwrap_or_default().to_owned();
        let pointer = word("pointer");
        let line = credential::locate(sent, &pointer).map(|found| line_of(sent, found.value.start));
        let code = word("code");
        // The messages of these codes name the suggested field already.
        let is_named = matches!(&*code, "field.missing" | "field.unknown");
        Self {
            line,
            pointer,
            code,
            message: word("message"),
            suggestion: field_error["suggestion"].as_str().filter(|_| !is_named).map(str::to_owned),
        }
    }
}

/// Returns the line number, from 1, of the byte `at`.
fn line_of(text: &str, at: usize) -> i64 {
    let breaks = text.bytes().take(at).filter(|byte| *byte == b'\n').count();
    i64::try_from(breaks + 1).unwrap_or(i64::MAX)
}

/// Formats the request as a curl command, with variables for the secrets.
fn curl(base: &str, request: &Request<'_>) -> String {
    let mut line = format!("curl {}", quoted(&format!("{base}{}", request.path)));
    if *request.method != Method::GET && !(*request.method == Method::POST && request.content_type.is_some()) {
        let _ = write!(line, " -X {}", request.method);
    }
    if request.token.is_some() {
        line.push_str(" \\\n  -H \"Authorization: Bearer $TOKEN\"");
    }
    match request.content_type {
        Some("application/x-www-form-urlencoded") => {
            let _ = write!(line, " \\\n  -d {}", quoted(request.shown_body.trim()));
            line.push_str(" \\\n  --data-urlencode \"client_secret=$CLIENT_SECRET\"");
        }
        Some(content_type) => {
            let _ = write!(line, " \\\n  -H 'Content-Type: {content_type}' \\\n  -d {}", quoted(request.shown_body));
        }
        None => {}
    }
    line
}

/// Quotes `text` in single quotes for a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn curl_commands_are_shell_quoted_and_hide_the_token() {
        let request = Request {
            method: &Method::POST,
            path: "/api/partner/v2/x",
            content_type: Some("application/json"),
            body: String::new(),
            shown_body: r#"{"a":"it's"}"#,
            token: Some("eyJ.secret".to_owned()),
        };
        let line = curl("http://localhost:8080", &request);
        let expected = "curl 'http://localhost:8080/api/partner/v2/x' \\\n  -H \"Authorization: Bearer $TOKEN\" \\\n  -H 'Content-Type: application/json' \\\n  -d '{\"a\":\"it'\\''s\"}'";
        assert_eq!(line, expected);
        let listed = Request { method: &Method::DELETE, content_type: None, ..request };
        assert!(curl("", &listed).starts_with("curl '/api/partner/v2/x' -X DELETE \\\n"));
    }

    #[test]
    fn field_errors_name_their_line() {
        let sent = "{\n  \"fields\": {\n    \"full_name\": 7\n  }\n}";
        let answer = r#"{"errors":[{"pointer":"/fields/full_name","code":"type","message":"No."},{"pointer":"/nowhere","code":"x","message":""}]}"#;
        let read = Exchange::read(StatusCode::UNPROCESSABLE_ENTITY, &HeaderMap::new(), answer, sent);
        assert_eq!(read.field_errors.iter().map(|field_error| field_error.line).collect::<Vec<_>>(), [Some(3), None]);
        assert!(!read.is_good && read.pushed.is_none());
    }

    #[test]
    fn suggestions_that_the_message_names_are_left_out() {
        let answer = json!({ "errors": [
            { "pointer": "/fields", "code": "field.missing", "message": "", "suggestion": "employment" },
            { "pointer": "/feilds", "code": "field.unknown", "message": "", "suggestion": "fields" },
            { "pointer": "/notify", "code": "choice.unknown", "message": "", "suggestion": "full_time" },
        ] });
        let answer = answer.to_string();
        let read = Exchange::read(StatusCode::UNPROCESSABLE_ENTITY, &HeaderMap::new(), &answer, "{}");
        let suggestions: Vec<_> = read.field_errors.iter().map(|error| error.suggestion.as_deref()).collect();
        assert_eq!(suggestions, [None, None, Some("full_time")]);
    }
}
