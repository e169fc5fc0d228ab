//! A running `tenure serve`, and a client that shares no code with it.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// The timeout of every wait.
pub const TIMEOUT: Duration = Duration::from_secs(90);

/// The path of a push.
pub const PUSH: &str = "/api/partner/v2/add/requests/career_history";

pub fn binary() -> Command {
    Command::new(env!("CARGO_BIN_EXE_tenure"))
}

/// Returns a free port.
///
/// It is below the ephemeral range (Linux: from 32768). Otherwise a client that retries until the
/// server listens may get
/// that port as its own and connect to itself.
pub fn free_port() -> u16 {
    static TAKEN: AtomicU32 = AtomicU32::new(0);
    // A test runner may run each test in its own process, so each process starts at a different
    // port.
    let first = std::process::id().wrapping_mul(32);
    let candidates = std::iter::repeat_with(|| first.wrapping_add(TAKEN.fetch_add(1, Ordering::Relaxed)));
    let mut ports = candidates.take(20_000).filter_map(|number| u16::try_from(10_000 + number % 20_000).ok());
    ports.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).expect("a free port")
}

/// Polls until `found` returns something.
pub fn until<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + TIMEOUT;
    while Instant::now() < deadline {
        if let Some(found) = found() {
            return found;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("gave up waiting for {what}");
}

/// A response.
#[derive(Debug)]
pub struct HttpResponse {
    pub status: u16,
    /// The status line and headers; hyper writes names in lower case.
    pub head: String,
    pub body: String,
}

impl HttpResponse {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

/// Sends one request over a new connection; `None` if the server does not listen or closes it.
pub fn request(port: u16, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Option<HttpResponse> {
    request_bytes(port, method, path, headers, body.as_bytes())
}

/// Like [`request`], with a binary body.
pub fn request_bytes(
    port: u16,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Option<HttpResponse> {
    let mut stream = connect(port)?;
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in headers.iter().chain(&[("Connection", "close")]) {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    stream.write_all(format!("{head}\r\n").as_bytes()).ok()?;
    stream.write_all(body).ok()?;
    read_answer(stream)
}

/// Connects; `None` if nothing listens.
pub fn connect(port: u16) -> Option<TcpStream> {
    let stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(TIMEOUT)).ok()?;
    Some(stream)
}

/// Reads a response until `stream` ends; `None` if it ends before the body.
pub fn read_answer(mut stream: TcpStream) -> Option<HttpResponse> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some(HttpResponse { status, head: head.to_owned(), body: body.to_owned() })
}

/// A process that is killed on drop.
#[derive(Debug)]
pub struct Process(pub Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Process {
    /// Waits for it to exit; returns the exit code, unless a signal ended it.
    pub fn wait(&mut self) -> Option<i32> {
        until("the process to end", || self.0.try_wait().expect("it can be waited for")).code()
    }
}

/// Runs a command until it exits.
pub fn ended(command: &mut Command) -> Output {
    let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = Process(command.spawn().expect("it starts"));
    process.wait();
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    process.0.stdout.take().expect("a pipe").read_to_end(&mut stdout).expect("read");
    process.0.stderr.take().expect("a pipe").read_to_end(&mut stderr).expect("read");
    Output { status: process.0.wait().expect("it has ended"), stdout, stderr }
}

/// A running server.
#[derive(Debug)]
pub struct Server {
    process: Process,
    /// The port that it listens on.
    pub port: u16,
    /// The data folder.
    pub data: PathBuf,
    /// The file with its standard error, which is the log.
    log: PathBuf,
    /// The file with its standard output.
    output: PathBuf,
}

impl Server {
    /// Starts on `data` with additional arguments and variables, and waits until it is ready.
    pub fn start(data: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        Self::start_on(free_port(), data, arguments, variables)
    }

    /// Like [`Self::start`], on a given port.
    pub fn start_on(port: u16, data: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut server = Self::spawn(port, data, arguments, variables);
        until("the server to be ready", || {
            assert!(server.process.0.try_wait().expect("it can be waited for").is_none(), "{}", server.log());
            server.get("/readyz").filter(|answer| answer.status == 200)
        });
        server
    }

    fn spawn(port: u16, data: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        std::fs::create_dir_all(data).expect("a folder");
        let (log, output) = (data.with_extension(format!("{port}.log")), data.with_extension(format!("{port}.output")));
        let mut command = binary();
        command.args(["serve", "--data"]).arg(data).args(["--listen", &format!("127.0.0.1:{port}")]);
        // The base URL does not contain the port, so that tokens stay valid after a restart.
        if !arguments.contains(&"--base-url") {
            command.args(["--base-url", "http://localhost:8080"]);
        }
        if !arguments.contains(&"--mail") {
            command.arg("--mail").arg(format!("dir:{}", data.join("mail").display()));
        }
        // An argument may contain the port.
        command.args(arguments.iter().map(|argument| argument.replace("{port}", &port.to_string())));
        command.env("TENURE_RATE_LIMIT__ENABLED", "false").envs(variables.iter().copied());
        let file = |path: &Path| std::fs::File::create(path).expect("a file");
        command.stdin(Stdio::null()).stdout(file(&output)).stderr(file(&log));
        Self { process: Process(command.spawn().expect("it starts")), port, data: data.to_owned(), log, output }
    }

    /// Returns the process id.
    pub fn id(&self) -> u32 {
        self.process.0.id()
    }

    /// Reads its log.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).expect("a log")
    }

    /// Reads its standard output.
    pub fn output(&self) -> String {
        std::fs::read_to_string(&self.output).expect("a file")
    }

    /// Sends a GET request without a token.
    pub fn get(&self, path: &str) -> Option<HttpResponse> {
        request(self.port, "GET", path, &[], "")
    }

    /// Sends a signal.
    pub fn signal(&self, name: &str) {
        let done =
            Command::new("kill").args([&format!("-{name}"), &self.id().to_string()]).status().expect("kill is there");
        assert!(done.success());
    }

    /// Waits for it to exit; returns the exit code, unless a signal ended it.
    pub fn wait(&mut self) -> Option<i32> {
        self.process.wait()
    }

    /// Adds a partner by the command line and requests a token.
    pub fn token(&self, store: &[&str]) -> String {
        let partner = self.add_partner(store);
        token(
            self.port,
            partner["client_id"].as_str().expect("an id"),
            partner["client_secret"].as_str().expect("a secret"),
        )
        .expect("a token")
    }

    /// Adds a partner by the command line.
    pub fn add_partner(&self, store: &[&str]) -> Value {
        let scopes = "write.career_history write.education write.right_to_work";
        let arguments = ["partner", "add", "--json", "--name", "Acme Payroll", "--scope", scopes, "--data"];
        let output = binary().args(arguments).arg(&self.data).args(store).output().expect("it runs");
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", shown(&output)))
    }

    /// Pushes a career under `id`.
    pub fn push(&self, token: &str, id: &str) -> Option<HttpResponse> {
        push(self.port, token, id)
    }
}

/// Returns which of `ids` the server at `port` knows, in order; respects its rate limit.
pub fn known(port: u16, token: &str, ids: &[String]) -> Vec<String> {
    let mut known = Vec::new();
    for chunk in ids.chunks(30) {
        let body = json!({ "ids": chunk }).to_string();
        let headers = [("Authorization", &*format!("Bearer {token}")), ("Content-Type", "application/json")];
        let ask = || request(port, "POST", "/api/partner/v1/submissions/status", &headers, &body).expect("an answer");
        let mut answer = ask();
        while answer.status == 429 {
            std::thread::sleep(Duration::from_millis(250));
            answer = ask();
        }
        assert_eq!(answer.status, 200, "{}", answer.body);
        let credentials = answer.json()["credentials"].as_array().expect("a list").clone();
        known.extend(credentials.iter().map(|status| status["id"].as_str().expect("an id").to_owned()));
    }
    known
}

/// Requests a token; `None` if it is rejected.
pub fn token(port: u16, id: &str, secret: &str) -> Option<String> {
    let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
    let headers = [("Content-Type", "application/x-www-form-urlencoded")];
    let answer = request(port, "POST", "/api/partner/v1/oauth/token", &headers, &form)?;
    (answer.status == 200).then(|| answer.json()["access_token"].as_str().expect("a token").to_owned())
}

/// Pushes a career of one job under `id`.
pub fn push(port: u16, token: &str, id: &str) -> Option<HttpResponse> {
    push_jobs(port, token, id, 1)
}

/// Pushes a career with `jobs` jobs under `id`.
pub fn push_jobs(port: u16, token: &str, id: &str, jobs: usize) -> Option<HttpResponse> {
    let headers = [("Authorization", &*format!("Bearer {token}")), ("Content-Type", "application/json")];
    request(port, "POST", PUSH, &headers, &career(id, jobs))
}

/// Returns the body of a push; every text in it has a marker that tests search for.
pub fn career(id: &str, jobs: usize) -> String {
    let job = json!({
        "organisation": "Marked Employer",
        "role_classification": "Marked Classification",
        "role_title": "Marked Title",
        "start_date": "2020-01",
        "last_processed_month": "2024-05",
    });
    json!({ "credential_id": id, "fields": { "full_name": "Marked Person", "employment": vec![job; jobs] } })
        .to_string()
}

/// Returns the standard output and error of a command.
pub fn shown(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}
