//! `tenure listen` against a real server, with a receiver that shares no code with it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};

use aws_lc_rs::hmac;
use credential::encoding::hex;
use serde_json::{Value, json};

use crate::tenure::{Process, Server, binary, ended, request, shown, token, until};

/// A request that the receiver got.
#[derive(Clone, Debug)]
struct Received {
    /// The headers, in lower case.
    head: String,
    body: String,
}

impl Received {
    fn header(&self, name: &str) -> String {
        let start = format!("{name}: ");
        let line = self.head.lines().find_map(|line| line.strip_prefix(&start));
        line.unwrap_or_else(|| panic!("no {name}: {}", self.head)).to_owned()
    }
}

/// A receiver that responds with `status` and keeps requests.
struct Receiver {
    port: u16,
    status: Arc<AtomicU16>,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Receiver {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (status, received) = (Arc::new(AtomicU16::new(204)), Arc::<Mutex<Vec<Received>>>::default());
        let (answer, kept) = (status.clone(), received.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let request = serve(stream, answer.load(Ordering::SeqCst));
                kept.lock().expect("no panic").extend(request);
            }
        });
        Self { port, status, received }
    }

    fn wait_for(&self, count: usize) -> Vec<Received> {
        until("the events", || {
            let received = self.received.lock().expect("no panic");
            (received.len() >= count).then(|| received.clone())
        })
    }
}

/// Serves one request; `None` if the connection ends before it.
fn serve(mut stream: TcpStream, status: u16) -> Option<Received> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let answer = format!("HTTP/1.1 {status} Answer\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    stream.write_all(answer.as_bytes()).ok()?;
    Some(Received { head: head.to_ascii_lowercase(), body: String::from_utf8(body).ok()? })
}

/// A developer with a partner's credentials.
struct Developer {
    folder: tempfile::TempDir,
    server: Server,
    id: String,
    secret: String,
}

impl Developer {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let server = Server::start(&folder.path().join("data"), &[], &[]);
        let partner = server.add_partner(&[]);
        let text = |name: &str| partner[name].as_str().expect("a text").to_owned();
        Self { id: text("client_id"), secret: text("client_secret"), folder, server }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = binary();
        command.arg("listen").args(arguments).stdin(Stdio::null());
        command.env("TENURE_SERVER", format!("http://localhost:{}", self.server.port));
        command.env("TENURE_CLIENT_ID", &self.id).env("TENURE_CLIENT_SECRET", &self.secret);
        command
    }

    fn output(&self) -> PathBuf {
        self.folder.path().join("output")
    }

    /// Starts `tenure listen`, and waits until it has a listener.
    fn listen(&self, port: u16, arguments: &[&str]) -> Process {
        let forward = format!("http://localhost:{port}/hook");
        let log = std::fs::File::create(self.output()).expect("a file");
        let other = log.try_clone().expect("a file");
        let mut command = self.command(&[&["--forward-to", &*forward][..], arguments].concat());
        let process = Process(command.stdout(log).stderr(other).spawn().expect("it starts"));
        until("a listener", || said(&self.output(), "Listener: "));
        process
    }

    fn token(&self) -> String {
        token(self.server.port, &self.id, &self.secret).expect("a token")
    }
}

/// Returns the rest of the first line that starts with `start`.
fn said(output: &Path, start: &str) -> Option<String> {
    let text = std::fs::read_to_string(output).ok()?;
    text.split_inclusive('\n').find_map(|line| Some(line.strip_prefix(start)?.strip_suffix('\n')?.to_owned()))
}

fn interrupt(process: &mut Process) -> Option<i32> {
    let sent = Command::new("kill").args(["-INT", &process.0.id().to_string()]).status();
    assert!(sent.expect("kill is there").success());
    process.wait()
}

#[test]
fn listen_forwards_signed_events_until_interrupted() {
    let (developer, receiver) = (Developer::new(), Receiver::start());
    let mut process = developer.listen(receiver.port, &["--events", "atsp_request.created,atsp_request.canceled"]);
    let secret = said(&developer.output(), "Signing secret: ").expect("a secret");
    let listener = said(&developer.output(), "Listener: ").expect("an id");
    let token = developer.token();
    assert_eq!(developer.server.push(&token, "1").expect("an answer").status, 201);
    let event = receiver.wait_for(1).remove(0);
    let body: Value = serde_json::from_str(&event.body).expect("JSON");
    assert_eq!((&body["type"], &body["credential_id"]), (&json!("atsp_request.created"), &json!("1")));
    assert!(event.head.starts_with("post /hook http/1.1"), "{}", event.head);
    let message = format!("{}.{}", event.header("x-timestamp"), event.body);
    let signature = hex(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), message.as_bytes()).as_ref());
    assert_eq!(event.header("x-signature"), signature);
    let event_id = body["event_id"].as_str().expect("an id");
    until("the line of the event", || {
        let text = std::fs::read_to_string(developer.output()).ok()?;
        let line = text.lines().find(|line| line.contains(event_id))?.to_owned();
        let is_whole = line.contains(" atsp_request.created ") && line.contains(" 204 ") && line.ends_with(&signature);
        is_whole.then_some(())
    });
    // A failing receiver is reported, and the event can be replayed.
    receiver.status.store(500, Ordering::SeqCst);
    assert_eq!(developer.server.push(&token, "2").expect("an answer").status, 201);
    let failed: Value = serde_json::from_str(&receiver.wait_for(2)[1].body).expect("JSON");
    let replay = format!(
        "/api/partner/v2/webhooks/{listener}/deliveries/{}/replay",
        failed["event_id"].as_str().expect("an id")
    );
    until("the request to replay it", || {
        std::fs::read_to_string(developer.output()).ok()?.contains(&replay).then_some(())
    });
    receiver.status.store(204, Ordering::SeqCst);
    let headers = [("Authorization", &*format!("Bearer {token}")), ("Content-Type", "application/json")];
    let log = format!("/api/partner/v2/webhooks/{listener}/deliveries?state=failed");
    until("the failure to be recorded", || {
        let answer = request(developer.server.port, "GET", &log, &headers, "")?.json();
        (answer["deliveries"][0]["attempts"][0]["status"] == 500).then_some(())
    });
    let replayed = request(developer.server.port, "POST", &replay, &headers, "{}").expect("an answer");
    assert_eq!(replayed.status, 202, "{}", replayed.body);
    let again = until("the replay", || {
        let received = receiver.wait_for(3);
        received
            .iter()
            .skip(2)
            .find(|event| event.body.contains(failed["event_id"].as_str().unwrap_or_default()))
            .cloned()
    });
    assert_eq!(serde_json::from_str::<Value>(&again.body).expect("JSON"), failed);
    assert_eq!(interrupt(&mut process), Some(0));
    let text = std::fs::read_to_string(developer.output()).expect("a file");
    assert!(text.contains("accepted by the receiver, 1 not."), "{text}");
    assert!(!text.contains('\u{1b}'), "no colours without a terminal: {text}");
    let gone = request(developer.server.port, "POST", &replay, &headers, "{}").expect("an answer");
    assert_eq!(gone.status, 404, "the listener was deleted");
}

#[test]
fn listen_reports_a_receiver_that_is_down() {
    let developer = Developer::new();
    let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
    let mut process = developer.listen(port, &[]);
    assert_eq!(developer.server.push(&developer.token(), "1").expect("an answer").status, 201);
    until("the failure", || std::fs::read_to_string(developer.output()).ok()?.contains("no response (").then_some(()));
    assert_eq!(interrupt(&mut process), Some(0));
}

#[test]
fn listen_refuses_wrong_options_and_secrets() {
    let developer = Developer::new();
    let local = "http://localhost:4000/";
    for (arguments, code, expected) in [
        (vec!["--forward-to", "localhost:4000"], 2, "must start with http://"),
        (vec!["--forward-to", "https://example.org/hook"], 2, "add --allow-remote-receiver"),
        (vec![], 2, "--forward-to"),
        (vec!["--forward-to", local, "--client-secret", "x"], 2, "command line"),
        (vec!["--forward-to", local, "--events", "vwsp_request.verified,nope"], 2, "nope: unknown"),
        (vec!["--forward-to", local, "--events", "nope"], 2, "use one or more of vwsp_request.verified,"),
    ] {
        let output = ended(&mut developer.command(&arguments));
        assert!(output.status.code() == Some(code) && shown(&output).contains(expected), "{}", shown(&output));
    }
    let output = ended(developer.command(&["--forward-to", local]).env("TENURE_CLIENT_SECRET", "wrong"));
    assert!(output.status.code() == Some(1) && shown(&output).contains("rejected the client id"), "{}", shown(&output));
}
