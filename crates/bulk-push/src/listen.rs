//! `tenure listen`: fetches the events of a partner's webhooks and forwards them to a receiver on
//! this machine.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;

use ambient::{Clock, Rng};
use bytes::Bytes;
use credential::EVENT_TYPES;
use hyper::Method;
use hyper::header::{ACCEPT, HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{Instant, sleep, timeout};
use url::{Host, Url};
use uuid::Uuid;

use crate::calls::Done;
use crate::client::{Client, Problem, PushResponse, Reply};
use crate::destination::DestinationArgs;
use crate::error::Error;
use crate::http::{Http, RequestError};
use crate::output::print;
use crate::printable::printable;
use crate::progress::say;
use crate::retry::backoff;
use crate::summary::counted;
use crate::surroundings::Surroundings;
use crate::terminal::has_colours;

/// Seconds that a poll waits for events (docs/partner-api.md section 11).
const WAIT: u64 = 15;

/// Time that the receiver has for a response, as real deliveries have by default.
const RECEIVER_TIMEOUT: Duration = Duration::from_secs(10);

/// Time for deleting the listener at the end.
const DELETE_TIMEOUT: Duration = Duration::from_secs(5);

const LISTENERS: &str = "/api/partner/v2/listeners";

const NOUNS: (&str, &str) = ("event", "events");

const EXAMPLES: &str = "\
Examples:
  export TENURE_SERVER=https://passport.example TENURE_CLIENT_ID=0192f0c1-...
  tenure listen --forward-to http://localhost:4000/hook --client-secret-file secret.txt
  tenure listen --forward-to http://localhost:4000/hook --events vwsp_request.verified

The receiver must be on this machine (localhost, 127.0.0.1 or [::1]), because events are
about people; --allow-remote-receiver allows another host.
The receiver gets what a webhook would send: the same headers, signatures and body.
The signing secret is new at each start, and printed first. Each event is one line:
time, type, event_id, status of the receiver, duration, and X-Signature.
An event that the receiver does not accept is not retried; replay it while listening,
with the printed request.

Exit code: 0 stopped by Ctrl-C; 1 the server refused to go on; 2 wrong usage.";

/// Forward the events of your webhooks to a receiver on this machine, during development.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct ListenArgs {
    /// The receiver's URL, such as http://localhost:4000/hook.
    #[arg(long, value_name = "URL")]
    forward_to: String,
    /// Forward to a receiver on another machine, which gets events about people.
    #[arg(long)]
    allow_remote_receiver: bool,
    #[command(flatten)]
    destination: DestinationArgs,
    /// Types of events to forward, separated by commas [default: all]
    #[arg(long, value_name = "TYPES", value_delimiter = ',')]
    events: Vec<String>,
}

/// A new listener.
#[derive(Debug, Deserialize)]
struct Listener {
    id: Uuid,
    secret: String,
}

/// The response to a poll.
#[derive(Debug, Deserialize)]
struct Polled {
    events: Vec<Event>,
}

/// An event as the request that a webhook would get.
#[derive(Debug, Deserialize)]
struct Event {
    event_id: Uuid,
    r#type: String,
    headers: BTreeMap<String, String>,
    body: String,
}

impl ListenArgs {
    /// Runs `tenure listen` until a signal stops it.
    ///
    /// # Errors
    /// [`Error`], if the options are wrong or the server refuses to go on.
    pub fn run(self, surroundings: Surroundings) -> Result<ExitCode, Error> {
        self.destination.has_no_secret_in_sight()?;
        let receiver = receiver(&self.forward_to, self.allow_remote_receiver)?;
        check_events(&self.events)?;
        let destination = self.destination.read(surroundings.environment)?;
        let Surroundings { tls, timeout, clock, rng, .. } = surroundings;
        let server = destination.base.clone();
        // Connections to the receiver are not kept, because it is restarted often.
        let local = Http::new(tls.clone(), RECEIVER_TIMEOUT, 0);
        let http = Http::new(tls, timeout + Duration::from_secs(WAIT), 1);
        let client = Client::new(http, destination, String::new(), false, clock.clone());
        let events = self.events;
        let mut session =
            Session { client, server, local, receiver, events, clock, rng, listener: None, forwarded: 0, failed: 0 };
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        runtime.map_err(|error| Error::Failed(error.to_string()))?.block_on(async {
            let outcome = tokio::select! {
                outcome = Box::pin(session.run()) => outcome,
                outcome = stopped() => outcome,
            };
            session.end().await;
            outcome.map(|()| ExitCode::SUCCESS)
        })
    }
}

/// Validates the receiver's URL. Another machine must be allowed explicitly, because a mistyped
/// host would get the ids of people (D-285).
fn receiver(text: &str, is_remote_allowed: bool) -> Result<String, Error> {
    // It may contain a password, which is not repeated.
    let shown = if text.contains('@') { String::new() } else { format!(" {}", printable(text)) };
    let wrong = |why: &str| Error::Usage(format!("--forward-to{shown}: {why}"));
    let url: Url = text.parse().map_err(|_| wrong("not a URL such as http://localhost:4000/hook"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(wrong("must start with http:// or https://"));
    }
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err(wrong("must not have a user name, a password or a fragment"));
    }
    if !is_remote_allowed && !is_on_this_machine(&url) {
        return Err(wrong(
            "not on this machine. Events are about people, so only localhost, 127.0.0.1 and [::1] get them; if that \
             host is yours, add --allow-remote-receiver",
        ));
    }
    Ok(url.into())
}

/// Returns whether a URL leads to this machine. Names below `localhost` do so with some resolvers
/// only.
fn is_on_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Checks that the server has these types of events.
fn check_events(events: &[String]) -> Result<(), Error> {
    match events.iter().find(|event| !EVENT_TYPES.values.contains(&event.as_str())) {
        Some(unknown) => {
            let known = EVENT_TYPES.values.join(", ");
            Err(Error::Usage(format!("--events {}: unknown; use one or more of {known}", printable(unknown))))
        }
        None => Ok(()),
    }
}

/// Waits for a signal to stop.
async fn stopped() -> Result<(), Error> {
    let failed = |error: std::io::Error| Error::Failed(error.to_string());
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}

/// A run of `tenure listen`.
#[derive(Debug)]
struct Session {
    client: Client,
    server: String,
    local: Http,
    receiver: String,
    events: Vec<String>,
    clock: Clock,
    rng: Rng,
    listener: Option<Uuid>,
    forwarded: u64,
    failed: u64,
}

impl Session {
    /// Forwards events. Returns only if every further request would fail.
    async fn run(&mut self) -> Result<(), Error> {
        self.client.begin().await.map_err(Error::Failed)?;
        say(&format!("Forwarding events of {} to {}. Press Ctrl-C to stop.", self.server, self.receiver));
        let (mut listener, mut results) = (self.create().await?, Vec::new());
        loop {
            let path = format!("{LISTENERS}/{listener}/poll?wait={WAIT}");
            match self.post(&path, &json!({ "results": results })).await? {
                Done::Body(body) => {
                    results.clear();
                    let polled: Polled = serde_json::from_slice(&body).map_err(|_| unexpected())?;
                    for event in polled.events {
                        results.push(self.forward(listener, event).await?);
                    }
                }
                Done::Missing => {
                    results.clear();
                    say("The listener has ended: the server got no poll for 5 minutes. A new one has another secret.");
                    listener = self.create().await?;
                }
                Done::Refused(problem) => return Err(refused(&problem)),
            }
        }
    }

    /// Creates a listener, and prints its id and secret.
    async fn create(&mut self) -> Result<Uuid, Error> {
        let body = if self.events.is_empty() { json!({}) } else { json!({ "events": self.events }) };
        let listener: Listener = match self.post(LISTENERS, &body).await? {
            Done::Body(body) => serde_json::from_slice(&body).map_err(|_| unexpected())?,
            Done::Missing => return Err(Error::Failed(format!("{} has no listeners; update the server", self.server))),
            Done::Refused(problem) => return Err(refused(&problem)),
        };
        self.listener = Some(listener.id);
        print(&format!("Signing secret: {}\nListener: {}", printable(&listener.secret), listener.id))?;
        Ok(listener.id)
    }

    /// Posts `body` to `path` until there is a final result. A lost connection is reported once,
    /// and retried with backoff.
    async fn post(&self, path: &str, body: &Value) -> Result<Done, Error> {
        let (body, mut failures) = (Bytes::from(body.to_string()), 0);
        loop {
            let why = match self.client.post(path, &body).await {
                Reply::Done(body) => {
                    if failures > 0 {
                        say("Connected again.");
                    }
                    return Ok(Done::Body(body));
                }
                Reply::Missing => return Ok(Done::Missing),
                Reply::Other(PushResponse::Refused(problem)) => return Ok(Done::Refused(problem)),
                Reply::Other(PushResponse::Hopeless(why)) => return Err(Error::Failed(why)),
                Reply::Other(PushResponse::Taken(_)) => return Err(unexpected()),
                Reply::Other(PushResponse::Slower(wait) | PushResponse::Later(wait)) => {
                    sleep(wait).await;
                    continue;
                }
                Reply::Other(PushResponse::Lost(why)) => why,
                Reply::Other(PushResponse::Broken(problem)) => problem.detail,
            };
            failures += 1;
            if failures == 1 {
                say(&format!("Lost the connection to {}: {}. Trying again.", self.server, printable(&why)));
            }
            sleep(backoff(failures, &self.rng)).await;
        }
    }

    /// Forwards an event and prints its line. Returns its result for the server.
    async fn forward(&mut self, listener: Uuid, event: Event) -> Result<Value, Error> {
        let Event { event_id, r#type, headers, body } = event;
        let signature = headers.get("x-signature").map(String::as_str).unwrap_or_default();
        let line = format!("{} {} {event_id}", self.clock.now(), printable(&r#type));
        let (signature, headers, began) = (printable(signature), request_headers(&headers), Instant::now());
        let response = self.local.post(&self.receiver, headers, Bytes::from(body)).await;
        let duration_ms = u32::try_from(began.elapsed().as_millis()).unwrap_or(u32::MAX);
        let mut result = json!({ "event_id": event_id, "duration_ms": duration_ms });
        let (said, is_accepted) = match &response {
            Ok(response) => {
                result["status"] = json!(response.status);
                (response.status.to_string(), matches!(response.status, 200..=299))
            }
            Err(error) => {
                let is_timeout = matches!(error, RequestError::TimedOut);
                result["error"] = json!(if is_timeout { "timed_out" } else { "unreachable" });
                (format!("no response ({})", printable(&error.to_string())), false)
            }
        };
        let said = coloured(&said, is_accepted);
        print(&format!("{line} {said} {duration_ms} ms X-Signature: {signature}"))?;
        self.forwarded += u64::from(is_accepted);
        if !is_accepted {
            self.failed += 1;
            say(&format!(
                "  Not accepted. To send it again: POST {}/api/partner/v2/webhooks/{listener}/deliveries/{event_id}/replay",
                self.server
            ));
        }
        Ok(result)
    }

    /// Deletes the listener, and prints the numbers.
    async fn end(&self) {
        let Some(listener) = self.listener else { return };
        let path = format!("{LISTENERS}/{listener}");
        // Without it the listener ends by itself.
        let _ = timeout(DELETE_TIMEOUT, self.client.call(Method::DELETE, &path, &Bytes::new())).await;
        say(&format!("{} accepted by the receiver, {} not.", counted(self.forwarded, NOUNS), self.failed));
    }
}

/// Returns the headers of the request. The server's own client adds `Accept` too.
fn request_headers(headers: &BTreeMap<String, String>) -> HeaderMap {
    let mut map: HeaderMap = headers
        .iter()
        .filter_map(|(name, value)| {
            Some((name.parse::<HeaderName>().ok()?, HeaderValue::from_bytes(value.as_bytes()).ok()?))
        })
        .collect();
    map.insert(ACCEPT, HeaderValue::from_static("*/*"));
    map
}

fn coloured(text: &str, is_good: bool) -> String {
    if !has_colours(&std::io::stdout()) {
        return text.to_owned();
    }
    format!("\u{1b}[{}m{text}\u{1b}[0m", if is_good { 32 } else { 31 })
}

fn unexpected() -> Error {
    Error::Failed("the server sent an unexpected response; is it a Tenure server?".to_owned())
}

fn refused(problem: &Problem) -> Error {
    let errors: Vec<&str> = problem.errors.iter().map(|error| error.message.as_str()).collect();
    let said = if errors.is_empty() { problem.detail.clone() } else { errors.join(" ") };
    Error::Failed(format!("{} (request {})", printable(&said), printable(&problem.request_id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn receivers_are_http_urls_without_credentials() {
        for (text, is_allowed) in [
            ("http://localhost:4000/hook", true),
            ("http://LOCALHOST:4000/hook", true),
            ("http://192.168.1.7/", true),
            ("https://localhost/hook?x=1", true),
            ("localhost:4000", false),
            ("ftp://localhost/", false),
            ("http://me:secret@localhost/", false),
            ("http://localhost/#top", false),
            ("4000", false),
        ] {
            assert_eq!(receiver(text, true).is_ok(), is_allowed, "{text}");
        }
    }

    #[test]
    fn receivers_on_other_machines_must_be_allowed() {
        for text in ["http://localhost:4000/hook", "https://LOCALHOST/", "http://127.0.0.1:1/", "http://[::1]:4000/"] {
            assert!(receiver(text, false).is_ok(), "{text}");
        }
        for text in [
            "http://192.168.1.7/",
            "https://example.org/hook",
            "http://localhost.example.org/",
            "http://hook.localhost/",
            "http://[2001:db8::1]/",
            "http://0.0.0.0:4000/",
        ] {
            let said = receiver(text, false).expect_err(text).to_string();
            assert!(said.contains("--allow-remote-receiver") && said.contains("not on this machine"), "{said}");
            assert!(receiver(text, true).is_ok(), "{text}");
        }
    }

    #[test]
    fn forwarded_headers_are_those_of_the_event() {
        let headers =
            [("x-signature", "ab"), ("content-type", "application/json"), ("bad name", "x"), ("x-bad", "a\nb")];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let map = request_headers(&headers.into());
        assert_eq!(
            (map.len(), &map["x-signature"], &map["content-type"]),
            (3, &HeaderValue::from_static("ab"), &HeaderValue::from_static("application/json"))
        );
    }
}
