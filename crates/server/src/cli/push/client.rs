//! The server, as a partner sees it: the token, the push, and what each answer means.

use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::Url;
use uuid::Uuid;

use super::patience::asked;
use super::source::Entry;
use crate::config::Config;
use crate::outbound::Outbound;
use crate::outbound::look::{Seen, Unseen};
use ambient::Clock;

/// A token is asked for again so long before it ends.
const AHEAD: Duration = Duration::from_secs(60);

/// Who pushes where.
#[derive(Debug)]
pub struct Client {
    outbound: Outbound,
    base: String,
    client_id: Uuid,
    secret: SecretString,
    scope: String,
    is_dry: bool,
    token: Mutex<Option<Token>>,
}

#[derive(Clone, Debug)]
struct Token {
    header: HeaderValue,
    renew_at: Instant,
    number: u64,
}

/// What an answer to a push means.
#[derive(Debug)]
pub enum Answer {
    /// It is stored, or would be.
    Taken(Taken),
    /// The row is at fault, and will be whenever it is sent again.
    Refused(Problem),
    /// The server is, and says it of this row alone.
    Broken(Problem),
    /// Too fast: the server says when to go on.
    Slower(Duration),
    /// Not now: the server cannot, and says when to try again.
    Later(Duration),
    /// There was no answer, or one of something in between.
    Lost(String),
    /// Nothing that is sent will be taken; in words for the person at the terminal.
    Hopeless(String),
}

/// A push that was taken.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Taken {
    /// The link.
    pub redirect_uri: String,
    /// The server's id.
    pub request_id: Uuid,
    /// Whether it was only checked.
    pub dry_run: bool,
    /// What to know of it.
    pub warnings: Vec<Warning>,
}

impl Taken {
    /// Whether a server that was asked for `is_dry` answers so: a push is 201 and has a link, a check is 200 and says that it is one.
    fn is_answer(&self, status: u16, is_dry: bool) -> bool {
        match status {
            200 => is_dry && self.dry_run,
            201 => !is_dry && !self.dry_run && !self.redirect_uri.is_empty() && !self.request_id.is_nil(),
            _ => false,
        }
    }
}

/// What to know of a push that was taken.
#[derive(Debug, Deserialize)]
pub struct Warning {
    /// A stable code.
    pub code: String,
    /// In words.
    pub message: String,
}

/// Problem details (RFC 9457), as far as they are told on.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Problem {
    /// The status.
    pub status: u16,
    /// What happened.
    pub detail: String,
    /// The request's id.
    pub request_id: String,
    /// Every fault of the body.
    pub errors: Vec<Fault>,
}

/// One fault of a body, as the server tells it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Fault {
    /// Where.
    pub pointer: String,
    /// A stable code.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// What was sent.
    pub received: String,
    /// What was meant.
    pub suggestion: String,
}

/// The server's address, without a slash at its end.
pub fn base(server: &str) -> Result<String, String> {
    let url: Url =
        server.parse().map_err(|_| format!("'{server}' is not an address such as https://passport.example"))?;
    let is_here = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
        return Err(format!("{server} must be the server's address alone, such as https://passport.example"));
    }
    match url.scheme() {
        "https" => {}
        "http" if is_here => {}
        _ => return Err(format!("{server} must begin with https://: what is pushed is personal")),
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

impl Client {
    /// For pushing to `base`.
    pub fn new(
        (base, client_id, secret): (String, Uuid, SecretString),
        scope: String,
        connections: usize,
        is_dry: bool,
        config: &Config,
    ) -> Result<Self, String> {
        let outbound = Outbound::to_named_server(&config.outbound, connections)?;
        Ok(Self { outbound, base, client_id, secret, scope, is_dry, token: Mutex::new(None) })
    }

    /// Gets the first token, so that a wrong address or a wrong secret is known before anything is pushed.
    pub async fn begin(&self) -> Result<(), String> {
        match self.token(0).await {
            Err(Answer::Hopeless(why)) => Err(why),
            Err(Answer::Lost(why)) => Err(format!("{} cannot be reached: {why}", self.base)),
            _ => Ok(()),
        }
    }

    /// Pushes one credential, with a token that is asked for where there is none.
    pub async fn push(&self, entry: &Entry) -> Answer {
        let mut token = match self.token(0).await {
            Ok(token) => token,
            Err(answer) => return answer,
        };
        for renewed in [false, true] {
            match self.send(entry, &token).await {
                Ok(seen) if seen.status == 401 && !renewed => match self.token(token.number).await {
                    Ok(another) => token = another,
                    Err(answer) => return answer,
                },
                Ok(seen) => return read(&seen, &self.base, self.is_dry),
                Err(unseen) => return lost(&self.base, &unseen),
            }
        }
        Answer::Lost("no token lasts".to_owned())
    }

    async fn send(&self, entry: &Entry, token: &Token) -> Result<Seen, Unseen> {
        let options = if self.is_dry { "?dry_run=true" } else { "" };
        let address = format!("{}/api/partner/v2/add/requests/{}{options}", self.base, entry.credential_type);
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, token.header.clone());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self.outbound.ask(&address.parse().map_err(|_| Unseen::AddressRefused)?, headers, entry.body.clone()).await
    }

    /// A token that still lives a while, and is not the one with the number `spent` or an earlier one. Whoever else needs one
    /// meanwhile waits for the same.
    async fn token(&self, spent: u64) -> Result<Token, Answer> {
        let mut kept = self.token.lock().await;
        if let Some(token) = kept.as_ref().filter(|token| token.number > spent && Instant::now() < token.renew_at) {
            return Ok(token.clone());
        }
        let number = kept.as_ref().map_or(1, |token| token.number + 1);
        let token = self.fetch_token(number).await?;
        *kept = Some(token.clone());
        Ok(token)
    }

    async fn fetch_token(&self, number: u64) -> Result<Token, Answer> {
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "client_credentials")
            .append_pair("client_id", &self.client_id.to_string())
            .append_pair("client_secret", self.secret.expose_secret())
            .append_pair("scope", &self.scope)
            .finish();
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        let address = format!("{}/api/partner/v1/oauth/token", self.base);
        let unusable =
            || Answer::Hopeless(format!("{} gives no token that can be used; is it a Tenure server?", self.base));
        let address = address.parse().map_err(|_| unusable())?;
        let seen = self.outbound.ask(&address, headers, Bytes::from(form)).await;
        let seen = seen.map_err(|unseen| lost(&self.base, &unseen))?;
        let body: Value = serde_json::from_slice(&seen.body).unwrap_or_default();
        if seen.status != 200 {
            return Err(self.no_token(&seen, &body));
        }
        let text = body["access_token"].as_str().ok_or_else(unusable)?;
        let mut header = HeaderValue::try_from(format!("Bearer {text}")).map_err(|_| unusable())?;
        header.set_sensitive(true);
        let lives = Duration::from_secs(body["expires_in"].as_u64().unwrap_or(300));
        // A token that lives shortly is used for most of its life.
        let renew_at = Instant::now() + lives.saturating_sub(AHEAD).max(lives / 2);
        Ok(Token { header, renew_at, number })
    }

    fn no_token(&self, seen: &Seen, body: &Value) -> Answer {
        let description = body["error_description"].as_str().unwrap_or_default();
        match body["error"].as_str() {
            Some("invalid_client") => Answer::Hopeless(format!(
                "{} does not know this client id and secret, or the client is disabled. The operator can say which; \
                 `tenure partner rotate` gives a new secret",
                self.base
            )),
            Some("invalid_scope") => Answer::Hopeless(format!(
                "this client may not push that: {description} The operator can grant the scope {}",
                self.scope
            )),
            Some(other) => Answer::Hopeless(format!("{} gives no token: {other}. {description}", self.base)),
            None => match read(seen, &self.base, self.is_dry) {
                Answer::Refused(problem) | Answer::Broken(problem) => Answer::Hopeless(format!(
                    "{} gives no token: it answers {}. {}",
                    self.base, seen.status, problem.detail
                )),
                Answer::Taken(_) => Answer::Hopeless(format!("{} gives no token; is it a Tenure server?", self.base)),
                answer => answer,
            },
        }
    }
}

fn lost(base: &str, unseen: &Unseen) -> Answer {
    match unseen {
        Unseen::AddressRefused => Answer::Hopeless(format!("{base} is no address that can be asked")),
        Unseen::Tls(what) => Answer::Hopeless(format!(
            "{base} cannot be trusted: {what}. If its certificate is by an authority of your own, name that in \
             TENURE_OUTBOUND__EXTRA_ROOTS"
        )),
        Unseen::TimedOut | Unseen::Unreachable(_) => Answer::Lost(unseen.to_string()),
    }
}

/// What an answer to a push means, or to the check of one.
fn read(seen: &Seen, base: &str, is_dry: bool) -> Answer {
    let header = |name| seen.headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let wait = || header(RETRY_AFTER).and_then(|text| asked(text, Clock::System.now()));
    let problem = || {
        let problem = serde_json::from_slice(&seen.body).unwrap_or_default();
        Problem { status: seen.status, ..problem }
    };
    let told = |what: &str| {
        let Problem { detail, request_id, .. } = problem();
        Answer::Hopeless(format!("{base} {what}: {detail} (request {request_id})"))
    };
    match seen.status {
        200 | 201 => match serde_json::from_slice::<Taken>(&seen.body) {
            Ok(taken) if taken.is_answer(seen.status, is_dry) => Answer::Taken(taken),
            _ => Answer::Hopeless(format!(
                "{base} answers with something else than was asked for; is it a Tenure server?"
            )),
        },
        400 | 409 | 413 | 422 => Answer::Refused(problem()),
        429 => Answer::Slower(wait().unwrap_or(Duration::from_secs(1))),
        503 => wait().map_or_else(|| Answer::Lost("it answers 503".to_owned()), Answer::Later),
        408 | 502 | 504 => Answer::Lost(format!("it answers {}", seen.status)),
        401 => told("does not take the token that it has just given"),
        403 => told("does not allow this"),
        404 => Answer::Hopeless(format!("{base} has no such address for pushes; is it a Tenure server?")),
        300..=399 => {
            let to = header(LOCATION).unwrap_or("elsewhere");
            Answer::Hopeless(format!("{base} sends on to {to}; if that is the server, name it by --server"))
        }
        500.. => Answer::Broken(problem()),
        status => {
            Answer::Hopeless(format!("{base} answers {status}, which means nothing here; is it a Tenure server?"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_named_by_https_or_are_here() {
        for (server, expected) in [
            ("https://Passport.example/", Some("https://passport.example")),
            ("https://10.1.2.3:8443", Some("https://10.1.2.3:8443")),
            ("http://localhost:8080", Some("http://localhost:8080")),
            ("http://127.0.0.1:8080/", Some("http://127.0.0.1:8080")),
            ("http://passport.example", None),
            ("http://10.1.2.3", None),
            ("https://passport.example/api", None),
            ("https://ada@passport.example", None),
            ("passport.example", None),
        ] {
            assert_eq!(base(server).ok().as_deref(), expected, "{server}");
        }
    }

    fn seen(status: u16, header: Option<(&'static str, &'static str)>, body: &'static str) -> Answer {
        read(&answered(status, header, body), "https://x", false)
    }

    fn answered(status: u16, header: Option<(&'static str, &'static str)>, body: &'static str) -> Seen {
        let headers = header.map(|(name, value)| (name.parse().expect("a name"), HeaderValue::from_static(value)));
        Seen {
            status,
            headers: headers.into_iter().collect(),
            body: Bytes::from_static(body.as_bytes()),
            certificate: None,
        }
    }

    #[test]
    fn only_what_was_asked_for_is_an_answer() {
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
                let answer = read(&answered(status, None, body), "https://x", is_dry);
                assert_eq!(matches!(answer, Answer::Taken(_)), expected, "{status} {body} {is_dry}");
                assert!(expected || matches!(answer, Answer::Hopeless(_)), "{answer:?}");
            }
        }
    }

    #[test]
    fn answers_are_told_apart_by_whose_fault_they_are() {
        let taken = r#"{"redirect_uri":"https://x/1","request_id":"00000000-0000-4000-8000-000000000001","more":1}"#;
        assert!(matches!(seen(201, None, taken), Answer::Taken(taken) if taken.redirect_uri == "https://x/1"));
        assert!(matches!(seen(201, None, "{}"), Answer::Hopeless(_)), "a link is what it is for");
        assert!(matches!(seen(200, None, "<html>"), Answer::Hopeless(said) if said.contains("a Tenure server")));
        let faults = r#"{"detail":"d","errors":[{"pointer":"/a","code":"text.empty","message":"m"}]}"#;
        assert!(matches!(seen(422, None, faults), Answer::Refused(problem) if problem.errors[0].code == "text.empty"));
        assert!(matches!(seen(413, None, ""), Answer::Refused(problem) if problem.status == 413));
        let seconds = Duration::from_secs;
        assert!(matches!(seen(429, Some(("retry-after", "7")), ""), Answer::Slower(wait) if wait == seconds(7)));
        assert!(matches!(seen(429, None, ""), Answer::Slower(wait) if wait == seconds(1)));
        assert!(matches!(seen(503, Some(("retry-after", "2")), ""), Answer::Later(wait) if wait == seconds(2)));
        assert!(matches!(seen(503, None, ""), Answer::Lost(_)));
        assert!(matches!(seen(502, None, "<html>"), Answer::Lost(_)));
        assert!(matches!(seen(500, None, ""), Answer::Broken(problem) if problem.status == 500));
        let elsewhere = seen(301, Some(("location", "https://y/")), "");
        assert!(matches!(elsewhere, Answer::Hopeless(said) if said.contains("https://y/")));
        let scope = r#"{"detail":"This needs the scope write.education.","request_id":"r1"}"#;
        assert!(
            matches!(seen(403, None, scope), Answer::Hopeless(said) if said.contains("write.education") && said.contains("r1"))
        );
        for status in [401, 404, 405, 415] {
            assert!(matches!(seen(status, None, ""), Answer::Hopeless(_)), "{status}");
        }
    }
}
