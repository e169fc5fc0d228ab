//! `tenure-bench issue`: complete OpenID4VCI flows per second, from a pre-authorized code to a
//! signed credential: token, nonce, and a credential request whose proof the driver signs and the
//! server verifies.
//!
//! The driver creates the offers before the measurement, through the wallet pages. It shares the
//! machine with the server.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use credential::jws;
use credential::key::{Algorithm, SoftwareKey};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::LOCATION;
use hyper::{HeaderMap, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::Barrier;

use crate::arguments::Issue;
use crate::load::Requests;
use crate::place::Place;
use crate::process::{Running, add_partner, free_address, memory, request, start, tenure, token, wait_until_ready};

const FORM: &str = "application/x-www-form-urlencoded";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:pre-authorized_code";

/// The result of one round.
#[derive(Debug)]
struct Round {
    flows: f64,
    micros: Vec<u32>,
    memory: f64,
}

/// Measures, prints and stores the result.
///
/// # Errors
/// The server does not start, or a response is not the expected one.
#[expect(clippy::print_stdout, clippy::print_stderr, reason = "the figures are the answer; progress is for who waits")]
pub fn run(run: &Issue) -> Result<(), String> {
    let mut rounds = Vec::with_capacity(run.rounds);
    for number in 0..run.rounds {
        eprintln!("round {} of {}: making offers, then {} s of flows", number + 1, run.rounds, run.seconds);
        let round = measure(run)?;
        eprintln!("  {:.0} flows/s, p99 {:.1} ms, {:.0} MiB", round.flows, percentile(&round.micros, 99), round.memory);
        rounds.push(round);
    }
    rounds.sort_by(|left, right| left.flows.total_cmp(&right.flows));
    let median = &rounds[rounds.len() / 2];
    println!(
        "OpenID4VCI, pre-authorized: {:.0} whole flows a second over {} connections",
        median.flows, run.connections
    );
    println!(
        "  p50 {:.1} ms, p99 {:.1} ms; peak memory {:.0} MiB",
        percentile(&median.micros, 50),
        percentile(&median.micros, 99),
        median.memory
    );
    let all: Vec<f64> = rounds.iter().map(|round| round.flows.round()).collect();
    let result = json!({
        "flows_a_second": median.flows.round(),
        "p50_ms": percentile(&median.micros, 50),
        "p99_ms": percentile(&median.micros, 99),
        "peak_memory_mib": median.memory.round(),
        "connections": run.connections,
        "rounds": all,
    });
    crate::report::keep(&run.repository, "issuing", &result)
}

fn percentile(sorted: &[u32], share: usize) -> f64 {
    let index = sorted.len().saturating_sub(1) * share / 100;
    sorted.get(index).map_or(0.0, |micros| (f64::from(*micros) / 100.0).round() / 10.0)
}

fn measure(run: &Issue) -> Result<Round, String> {
    let data = crate::prefill::fresh_folder(&run.dir.join("issuing"))?;
    let (tenure, place, address) = (tenure(run.tenure.as_deref())?, Place::Sqlite { data }, free_address()?);
    let running: Running = start(&tenure, "tenure", &place, (&address, &address), &[])?;
    wait_until_ready(&address)?;
    let token = token(&add_partner(&tenure, &place, "Bench")?, &address)?;
    let (cookie, credential) = holder(&token, place.data(), &address)?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    let (flows, micros) = runtime.block_on(drive(run, &address, &cookie, &credential))?;
    let memory = memory(running.process(), "VmHWM");
    Ok(Round { flows, micros, memory })
}

/// Signs in a person and accepts one career history; returns the session and the credential's id.
fn holder(token: &str, data: &Path, address: &str) -> Result<(String, String), String> {
    let body = Requests::new("career_history", "", None, Arc::default())?.body("bench");
    let headers = format!("Authorization: Bearer {token}\r\nContent-Type: application/json\r\n");
    let pushed = request(address, "POST /api/partner/v2/add/requests/career_history HTTP/1.1", &headers, &body)?;
    let pushed: Value =
        serde_json::from_str(pushed.split("\r\n\r\n").nth(1).unwrap_or_default()).map_err(|error| error.to_string())?;
    let id = pushed["request_id"].as_str().ok_or("no request_id")?.to_owned();
    let form = |cookie: &str| format!("Content-Type: {FORM}\r\nSec-Fetch-Site: same-origin\r\nCookie: {cookie}\r\n");
    let found = |answer: &str, name: &str| {
        let line = answer.lines().find(|line| line.to_ascii_lowercase().starts_with(name))?;
        Some(line.split_once(": ")?.1.trim().to_owned())
    };
    let answer = request(address, "POST /sign-in HTTP/1.1", &form(""), "email=bench%40example.org")?;
    let page = found(&answer, "location").ok_or("no place to type the code")?;
    let cookie = |answer: &str, name: &str| {
        let cookie = found(answer, &format!("set-cookie: tenure-{name}"))?;
        Some(cookie.split(';').next().unwrap_or_default().to_owned())
    };
    let browser = cookie(&answer, "sign-in").ok_or("no cookie of the browser")?;
    let code = mailed_code(&data.join("mail"))?;
    let answer = request(address, &format!("POST {page} HTTP/1.1"), &form(&browser), &format!("code={code}"))?;
    let cookie = cookie(&answer, "session").ok_or("no session")?;
    request(address, "POST /partner/add/careerHistory HTTP/1.1", &form(&cookie), &format!("content={id}"))?;
    request(address, &format!("POST /requests/{id}/accept HTTP/1.1"), &form(&cookie), "")?;
    Ok((cookie, id))
}

fn mailed_code(folder: &Path) -> Result<String, String> {
    let deadline = Instant::now() + Duration::from_secs(10);
    while Instant::now() < deadline {
        let mails = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
        let texts = mails.filter_map(|entry| std::fs::read_to_string(entry.path()).ok());
        let digits = |text: String| {
            let body = text.split_once("\r\n\r\n")?.1.to_owned();
            body.split(|c: char| !c.is_ascii_digit()).find(|word| word.len() == 6).map(ToOwned::to_owned)
        };
        if let Some(code) = texts.filter_map(digits).next() {
            return Ok(code);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Err("no code was mailed".to_owned())
}

/// An offer, as the wallet receives it.
struct Offer {
    code: String,
    transaction_code: String,
}

async fn drive(run: &Issue, address: &str, cookie: &str, credential: &str) -> Result<(f64, Vec<u32>), String> {
    let barrier = Arc::new(Barrier::new(run.connections));
    // More offers than a round can use, so that the time limit ends the round.
    let wanted = u32::try_from((run.seconds + run.warm_up) * 5000).unwrap_or(u32::MAX);
    let made = Arc::new(AtomicU32::new(0));
    let mut workers = tokio::task::JoinSet::new();
    for _ in 0..run.connections {
        let (barrier, made, run) = (barrier.clone(), made.clone(), run.clone());
        let (address, cookie, credential) = (address.to_owned(), cookie.to_owned(), credential.to_owned());
        workers.spawn(async move {
            let mut connection = Connection::open(&address).await?;
            let mut offers = Vec::new();
            while made.fetch_add(1, Ordering::Relaxed) < wanted {
                offers.push(connection.offer(&cookie, &credential).await?);
            }
            barrier.wait().await;
            connection.flows(offers, run.warm_up(), run.measured()).await
        });
    }
    let mut all = Vec::new();
    while let Some(joined) = workers.join_next().await {
        all.extend(joined.map_err(|error| error.to_string())??);
    }
    all.sort_unstable();
    Ok((all.len() as f64 / run.measured().as_secs_f64(), all))
}

struct Connection {
    sender: SendRequest<Full<Bytes>>,
    base: String,
    key: SoftwareKey,
}

impl Connection {
    async fn open(address: &str) -> Result<Self, String> {
        let stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
        let _ = stream.set_nodelay(true);
        let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
        tokio::spawn(connection);
        let key = SoftwareKey::from_bytes(Algorithm::Es256, &[7; 32]).map_err(|error| error.to_string())?;
        Ok(Self { sender, base: format!("http://{address}"), key })
    }

    async fn send(
        &mut self,
        (method, path): (&str, &str),
        headers: &[(&str, &str)],
        body: String,
    ) -> Result<(StatusCode, HeaderMap, Bytes), String> {
        let mut request = Request::builder().method(method).uri(path).header("host", "localhost");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::from(body)).map_err(|error| error.to_string())?;
        let response = self.sender.send_request(request).await.map_err(|error| error.to_string())?;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
        Ok((parts.status, parts.headers, body))
    }

    async fn offer(&mut self, cookie: &str, credential: &str) -> Result<Offer, String> {
        let headers = [("cookie", cookie), ("sec-fetch-site", "same-origin"), ("content-type", FORM)];
        let made =
            self.send(("POST", &format!("/wallet/credentials/{credential}/offer")), &headers, String::new()).await?;
        let page = made.1.get(LOCATION).and_then(|value| value.to_str().ok()).ok_or("no offer was made")?.to_owned();
        let (_, _, shown) = self.send(("GET", &page), &headers[..1], String::new()).await?;
        let shown = String::from_utf8_lossy(&shown);
        let code = shown
            .split("id=\"transaction-code\">")
            .nth(1)
            .and_then(|rest| rest.get(..6))
            .ok_or("no transaction code")?;
        let id = page.rsplit('/').next().unwrap_or_default();
        let (_, _, offer) = self.send(("GET", &format!("/oid4vci/offers/{id}")), &[], String::new()).await?;
        let offer: Value = serde_json::from_slice(&offer).map_err(|error| error.to_string())?;
        let pre_authorized = offer["grants"][GRANT]["pre-authorized_code"].as_str().ok_or("no code")?.to_owned();
        Ok(Offer { code: pre_authorized, transaction_code: code.to_owned() })
    }

    async fn flows(&mut self, offers: Vec<Offer>, warm_up: Duration, measured: Duration) -> Result<Vec<u32>, String> {
        let start = Instant::now() + warm_up;
        let mut micros = Vec::with_capacity(offers.len());
        for offer in offers {
            let began = Instant::now();
            if began >= start + measured {
                return Ok(micros);
            }
            self.flow(&offer).await?;
            if began >= start {
                micros.push(u32::try_from(began.elapsed().as_micros()).unwrap_or(u32::MAX));
            }
        }
        Err("the offers ran out before the time".to_owned())
    }

    #[expect(clippy::disallowed_methods, reason = "a wallet's clock: the server compares it with its own")]
    async fn flow(&mut self, offer: &Offer) -> Result<(), String> {
        let form = format!(
            "grant_type={}&pre-authorized_code={}&tx_code={}",
            GRANT.replace(':', "%3A"),
            offer.code,
            offer.transaction_code
        );
        let token = self.json(("POST", "/oid4vci/token"), &[("content-type", FORM)], form).await?;
        let nonce = self.json(("POST", "/oid4vci/nonce"), &[], String::new()).await?;
        let now =
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_err(|error| error.to_string())?;
        let header =
            jws::protected(&json!({ "alg": "ES256", "typ": "openid4vci-proof+jwt", "jwk": self.key.public().jwk() }));
        let payload = json!({ "aud": self.base, "iat": now.as_secs(), "nonce": nonce["c_nonce"] }).to_string();
        let proof = jws::sign(&header, payload.as_bytes(), &self.key).map_err(|error| error.to_string())?;
        let body = json!({ "credential_configuration_id": "career_history_dc+sd-jwt", "proofs": { "jwt": [proof] } });
        let authorization = format!("Bearer {}", token["access_token"].as_str().unwrap_or_default());
        let headers = [("content-type", "application/json"), ("authorization", authorization.as_str())];
        let answer = self.json(("POST", "/oid4vci/credential"), &headers, body.to_string()).await?;
        if answer["credentials"][0]["credential"].is_string() { Ok(()) } else { Err(answer.to_string()) }
    }

    async fn json(&mut self, line: (&str, &str), headers: &[(&str, &str)], body: String) -> Result<Value, String> {
        let (status, _, body) = self.send(line, headers, body).await?;
        if status != StatusCode::OK {
            return Err(format!("{} answered {status}: {}", line.1, String::from_utf8_lossy(&body)));
        }
        serde_json::from_slice(&body).map_err(|error| error.to_string())
    }
}
