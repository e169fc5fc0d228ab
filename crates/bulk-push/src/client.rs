//! The Partner API from the client's side: tokens, pushes, and what each response means.

use std::time::Duration;

use ambient::{Clock, Timestamp};
use bytes::Bytes;
use hyper::Method;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER};
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::Instant;
use uuid::Uuid;

use crate::destination::Destination;
use crate::entry::Entry;
use crate::http::{Http, RequestError, Response};
use crate::retry::retry_after;

/// Tokens are renewed this long before they expire.
const AHEAD: Duration = Duration::from_secs(60);

/// Pushes to one destination.
#[derive(Debug)]
pub struct Client {
    http: Http,
    destination: Destination,
    scope: String,
    is_dry: bool,
    clock: Clock,
    token: Mutex<Option<Token>>,
}

#[derive(Clone, Debug)]
struct Token {
    header: HeaderValue,
    renew_at: Instant,
    number: u64,
}

/// The meaning of a response to a push.
#[derive(Debug)]
pub enum PushResponse {
    /// Stored; in a dry run, valid.
    Taken(Taken),
    /// The row is invalid. A retry would be refused too.
    Refused(Problem),
    /// The server failed on this row (500).
    Broken(Problem),
    /// Rate limited: retry after this time.
    Slower(Duration),
    /// Temporarily unavailable: retry after this time.
    Later(Duration),
    /// There was no response, or one from a proxy. The outcome is unknown.
    Lost(String),
    /// Every further push would fail. The message is for the person at the terminal.
    Hopeless(String),
}

/// The meaning of a response to a request that is not a push.
#[derive(Debug)]
pub enum Reply {
    /// Done, with this body.
    Done(Bytes),
    /// The server does not know the credential, or it belongs to another partner.
    Missing,
    /// Any other response, or none.
    Other(PushResponse),
}

/// The response to a push that succeeded.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Taken {
    /// The link for the person.
    pub redirect_uri: String,
    /// The server's id of the request.
    pub request_id: Uuid,
    /// `verified` if a standing consent covers the push.
    pub status: String,
    /// Whether it was a dry run.
    pub dry_run: bool,
    /// Warnings for the partner.
    pub warnings: Vec<Warning>,
}

impl Taken {
    /// Returns whether a standing consent covers the push.
    pub fn is_verified(&self) -> bool {
        self.status == "verified"
    }

    /// Returns whether this is a valid response: 201 with a link to a push, 200 with `dry_run` to a
    /// dry run.
    fn is_answer(&self, status: u16, is_dry: bool) -> bool {
        match status {
            200 => is_dry && self.dry_run,
            201 => !is_dry && !self.dry_run && !self.redirect_uri.is_empty() && !self.request_id.is_nil(),
            _ => false,
        }
    }
}

/// A warning about a push that succeeded.
#[derive(Debug, Deserialize)]
pub struct Warning {
    /// A stable code.
    pub code: String,
    /// The text.
    pub message: String,
}

/// The reported members of a problem details object (RFC 9457).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Problem {
    pub status: u16,
    pub detail: String,
    /// The request's id.
    pub request_id: String,
    /// The field errors.
    pub errors: Vec<FieldError>,
}

/// A field error, as the server reports it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct FieldError {
    /// A JSON Pointer into the body.
    pub pointer: String,
    /// A stable code.
    pub code: String,
    /// The explanation of the error.
    pub message: String,
    /// The value that was sent.
    pub received: String,
    /// The suggested value.
    pub suggestion: String,
}

impl Client {
    /// Creates a client that requests tokens for `scope`. With `is_dry` the server checks each
    /// credential and stores nothing.
    pub fn new(http: Http, destination: Destination, scope: String, is_dry: bool, clock: Clock) -> Self {
        Self { http, destination, scope, is_dry, clock, token: Mutex::new(None) }
    }

    /// Fetches the first token, so that a wrong address or secret is reported before anything is
    /// pushed.
    pub async fn begin(&self) -> Result<(), String> {
        match self.token(0).await {
            Err(PushResponse::Hopeless(why)) => Err(why),
            Err(PushResponse::Lost(why)) => Err(format!("cannot connect to {}: {why}", self.destination.base)),
            _ => Ok(()),
        }
    }

    /// Pushes one credential. Fetches a token first if there is none, and once more if it is
    /// rejected.
    pub async fn push(&self, entry: &Entry) -> PushResponse {
        let options = if self.is_dry { "?dry_run=true" } else { "" };
        let path = format!("/api/partner/v2/add/requests/{}{options}", entry.credential_type);
        match self.authorized(Method::POST, &path, &entry.body).await {
            Ok(response) => self.read(&response),
            Err(answer) => answer,
        }
    }

    /// Posts `body` to the endpoint at `path`, which is not a push.
    pub async fn post(&self, path: &str, body: &Bytes) -> Reply {
        self.call(Method::POST, path, body).await
    }

    /// Sends `body` with `method` to the endpoint at `path`, which is not a push.
    pub async fn call(&self, method: Method, path: &str, body: &Bytes) -> Reply {
        match self.authorized(method, path, body).await {
            Ok(response) if matches!(response.status, 200 | 201 | 204) => Reply::Done(response.body),
            Ok(response) if response.status == 404 && is_problem(&response) => Reply::Missing,
            Ok(response) => Reply::Other(self.read(&response)),
            Err(answer) => Reply::Other(answer),
        }
    }

    /// Sends `body` with a token. Fetches another token once if it is rejected.
    async fn authorized(&self, method: Method, path: &str, body: &Bytes) -> Result<Response, PushResponse> {
        let mut token = self.token(0).await?;
        for renewed in [false, true] {
            match self.send(method.clone(), path, body, &token).await {
                Ok(response) if response.status == 401 && !renewed => token = self.token(token.number).await?,
                Ok(response) => return Ok(response),
                Err(error) => return Err(lost(&self.destination.base, &error)),
            }
        }
        Err(PushResponse::Lost("every new access token is rejected".to_owned()))
    }

    async fn send(&self, method: Method, path: &str, body: &Bytes, token: &Token) -> Result<Response, RequestError> {
        let address = format!("{}{path}", self.destination.base);
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, token.header.clone());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self.http.send(method, &address, headers, body.clone()).await
    }

    /// Returns a valid token with a number above `spent`. Concurrent callers share one request.
    async fn token(&self, spent: u64) -> Result<Token, PushResponse> {
        let mut kept = self.token.lock().await;
        if let Some(token) = kept.as_ref().filter(|token| token.number > spent && Instant::now() < token.renew_at) {
            return Ok(token.clone());
        }
        let number = kept.as_ref().map_or(1, |token| token.number + 1);
        let token = self.fetch_token(number).await?;
        *kept = Some(token.clone());
        Ok(token)
    }

    async fn fetch_token(&self, number: u64) -> Result<Token, PushResponse> {
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "client_credentials")
            .append_pair("client_id", &self.destination.client_id.to_string())
            .append_pair("client_secret", self.destination.secret.expose_secret())
            .append_pair("scope", &self.scope)
            .finish();
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        let address = format!("{}/api/partner/v1/oauth/token", self.destination.base);
        let unusable = || {
            PushResponse::Hopeless(format!(
                "{} returned no usable access token; is it a Tenure server?",
                self.destination.base
            ))
        };
        let response = self.http.post(&address, headers, Bytes::from(form)).await;
        let response = response.map_err(|error| lost(&self.destination.base, &error))?;
        let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
        if response.status != 200 {
            return Err(self.no_token(&response, &body));
        }
        let text = body["access_token"].as_str().ok_or_else(unusable)?;
        let mut header = HeaderValue::try_from(format!("Bearer {text}")).map_err(|_| unusable())?;
        header.set_sensitive(true);
        let lives = Duration::from_secs(body["expires_in"].as_u64().unwrap_or(300));
        // A token with a short lifetime is used for half of it.
        let renew_at = Instant::now() + lives.saturating_sub(AHEAD).max(lives / 2);
        Ok(Token { header, renew_at, number })
    }

    fn read(&self, response: &Response) -> PushResponse {
        read(response, &self.destination.base, self.is_dry, self.clock.now())
    }

    fn no_token(&self, response: &Response, body: &Value) -> PushResponse {
        let description = body["error_description"].as_str().unwrap_or_default();
        // Errors that pass are retried, whatever their code.
        let passes = matches!(response.status, 408 | 429 | 502..=504);
        match body["error"].as_str().filter(|_| !passes) {
            Some("invalid_client") => PushResponse::Hopeless(format!(
                "{} rejected the client id and secret, or the client is disabled. Ask the operator; `tenure partner \
                 rotate` creates a new secret",
                self.destination.base
            )),
            Some("invalid_scope") => PushResponse::Hopeless(format!(
                "this client may not push this file: {description} The operator can grant the scope {}",
                self.scope
            )),
            Some(other) => PushResponse::Hopeless(format!(
                "{} refused an access token: {other}. {description}",
                self.destination.base
            )),
            None => match self.read(response) {
                PushResponse::Refused(problem) | PushResponse::Broken(problem) => PushResponse::Hopeless(format!(
                    "{} refused an access token with status {}. {}",
                    self.destination.base, response.status, problem.detail
                )),
                PushResponse::Taken(_) => PushResponse::Hopeless(format!(
                    "{} returned no access token; is it a Tenure server?",
                    self.destination.base
                )),
                answer => answer,
            },
        }
    }
}

fn lost(base: &str, error: &RequestError) -> PushResponse {
    match error {
        RequestError::Tls(error) => PushResponse::Hopeless(format!(
            "the TLS certificate of {base} is not trusted: {error}. If it was issued by a private authority, set \
             TENURE_OUTBOUND__CA_FILE"
        )),
        RequestError::TimedOut | RequestError::Unreachable(_) => PushResponse::Lost(error.to_string()),
    }
}

/// Returns whether the body is a problem of a Tenure server, and not the page of a proxy.
fn is_problem(response: &Response) -> bool {
    serde_json::from_slice::<Problem>(&response.body).is_ok_and(|problem| !problem.request_id.is_empty())
}

/// Interprets the response to a push or to a dry run.
fn read(response: &Response, base: &str, is_dry: bool, now: Timestamp) -> PushResponse {
    let header = |name| response.headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let wait = || header(RETRY_AFTER).and_then(|text| retry_after(text, now));
    let problem = || {
        let problem = serde_json::from_slice(&response.body).unwrap_or_default();
        Problem { status: response.status, ..problem }
    };
    let told = |what: &str| {
        let Problem { detail, request_id, .. } = problem();
        PushResponse::Hopeless(format!("{base} {what}: {detail} (request {request_id})"))
    };
    match response.status {
        200 | 201 => match serde_json::from_slice::<Taken>(&response.body) {
            Ok(taken) if taken.is_answer(response.status, is_dry) => PushResponse::Taken(taken),
            _ => PushResponse::Hopeless(format!("{base} sent an unexpected response; is it a Tenure server?")),
        },
        400 | 409 | 413 | 422 => PushResponse::Refused(problem()),
        429 => PushResponse::Slower(wait().unwrap_or(Duration::from_secs(1))),
        503 => wait().map_or_else(|| PushResponse::Lost("status 503".to_owned()), PushResponse::Later),
        408 | 502 | 504 => PushResponse::Lost(format!("status {}", response.status)),
        401 => told("rejected an access token that it has just issued"),
        403 => told("does not allow this push"),
        404 => PushResponse::Hopeless(format!("{base} has no endpoint for this push; is it a Tenure server?")),
        300..=399 => {
            let to = header(LOCATION).unwrap_or("elsewhere");
            PushResponse::Hopeless(format!("{base} redirects to {to}; if that is the server, set --server to it"))
        }
        500.. => PushResponse::Broken(problem()),
        status => {
            PushResponse::Hopeless(format!("{base} returned the unexpected status {status}; is it a Tenure server?"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(status: u16, header: Option<(&'static str, &'static str)>, body: &'static str) -> PushResponse {
        read(&answered(status, header, body), "https://x", false, Timestamp::from_micros(0))
    }

    fn answered(status: u16, header: Option<(&'static str, &'static str)>, body: &'static str) -> Response {
        let headers = header.map(|(name, value)| (name.parse().expect("a name"), HeaderValue::from_static(value)));
        Response { status, headers: headers.into_iter().collect(), body: Bytes::from_static(body.as_bytes()) }
    }

    #[test]
    fn responses_must_match_the_kind_of_request() {
        let link = r#"{"redirect_uri":"https://x/1","request_id":"00000000-0000-4000-8000-000000000001"}"#;
        let checked = r#"{"dry_run":true,"credential_id":"1","headline":"Clerk at A"}"#;
        for (status, body, is_push, is_check) in [
            (201, link, true, false),
            (200, link, false, false),
            (200, checked, false, true),
            (201, checked, false, false),
            (200, "{}", false, false),
            (201, "{}", false, false),
            (201, r#"{"redirect_uri":"https://x/1"}"#, false, false),
        ] {
            for (is_dry, expected) in [(false, is_push), (true, is_check)] {
                let answer = read(&answered(status, None, body), "https://x", is_dry, Timestamp::from_micros(0));
                assert_eq!(matches!(answer, PushResponse::Taken(_)), expected, "{status} {body} {is_dry}");
                assert!(expected || matches!(answer, PushResponse::Hopeless(_)), "{answer:?}");
            }
        }
    }

    #[test]
    fn responses_are_classified_by_status_and_body() {
        let taken = r#"{"redirect_uri":"https://x/1","request_id":"00000000-0000-4000-8000-000000000001","more":1}"#;
        assert!(matches!(seen(201, None, taken), PushResponse::Taken(taken) if taken.redirect_uri == "https://x/1"));
        assert!(matches!(seen(201, None, "{}"), PushResponse::Hopeless(_)), "a link is what it is for");
        assert!(matches!(seen(200, None, "<html>"), PushResponse::Hopeless(said) if said.contains("a Tenure server")));
        let field_errors = r#"{"detail":"d","errors":[{"pointer":"/a","code":"text.empty","message":"m"}]}"#;
        assert!(
            matches!(seen(422, None, field_errors), PushResponse::Refused(problem) if problem.errors[0].code == "text.empty")
        );
        assert!(matches!(seen(413, None, ""), PushResponse::Refused(problem) if problem.status == 413));
        let seconds = Duration::from_secs;
        assert!(matches!(seen(429, Some(("retry-after", "7")), ""), PushResponse::Slower(wait) if wait == seconds(7)));
        assert!(matches!(seen(429, None, ""), PushResponse::Slower(wait) if wait == seconds(1)));
        assert!(matches!(seen(503, Some(("retry-after", "2")), ""), PushResponse::Later(wait) if wait == seconds(2)));
        assert!(matches!(seen(503, None, ""), PushResponse::Lost(_)));
        assert!(matches!(seen(502, None, "<html>"), PushResponse::Lost(_)));
        assert!(matches!(seen(500, None, ""), PushResponse::Broken(problem) if problem.status == 500));
        let elsewhere = seen(301, Some(("location", "https://y/")), "");
        assert!(matches!(elsewhere, PushResponse::Hopeless(said) if said.contains("https://y/")));
        let scope = r#"{"detail":"This needs the scope write.education.","request_id":"r1"}"#;
        assert!(
            matches!(seen(403, None, scope), PushResponse::Hopeless(said) if said.contains("write.education") && said.contains("r1"))
        );
        for status in [401, 404, 405, 415] {
            assert!(matches!(seen(status, None, ""), PushResponse::Hopeless(_)), "{status}");
        }
    }
}
