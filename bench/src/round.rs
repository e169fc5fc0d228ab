//! A round: start a server on fresh data, push, look at its memory and its rows, stop it.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::Run;
use crate::drive::{Outcome, Target, drive};

/// The servers, in the order of a round.
pub const SERVERS: [&str; 3] = ["echo", "floor", "tenure"];

/// What one server did in one round.
#[derive(Clone, Debug)]
pub struct Round {
    /// Which server.
    pub server: &'static str,
    /// What the driver saw.
    pub outcome: Outcome,
    /// Pushes a second.
    pub throughput: f64,
    /// The server's peak resident memory, MiB.
    pub memory: f64,
    /// Bytes on disk a stored push; `None` for the echo.
    pub bytes_a_push: Option<f64>,
}

/// All rounds.
///
/// # Errors
/// A server does not start, or its rows are not what it acknowledged.
#[expect(clippy::print_stderr, reason = "progress, for the person who waits")]
pub fn run(run: &Run) -> Result<Vec<Round>, String> {
    let mut rounds = Vec::new();
    let each = run.warm_up + run.seconds + 1;
    for number in 0..run.rounds {
        for (index, server) in SERVERS.into_iter().enumerate() {
            let left = ((run.rounds - number) * SERVERS.len() - index) as u64 * each;
            eprintln!("round {} of {}: {server} (about {left} s left)", number + 1, run.rounds);
            let round = measure(run, server, number)?;
            eprintln!("  {:.0} pushes/s, p99 {:.1} ms", round.throughput, round.outcome.percentile(0.99));
            rounds.push(round);
        }
    }
    Ok(rounds)
}

/// A server that is killed when it goes out of scope.
pub struct Running(Child);

impl Running {
    /// Its process.
    pub fn process(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn measure(run: &Run, server: &'static str, number: usize) -> Result<Round, String> {
    let data = run.dir.join(server);
    let _ = std::fs::remove_dir_all(&data);
    std::fs::create_dir_all(&data).map_err(|error| error.to_string())?;
    let address = free_address()?;
    let running = start(run, server, &data, &address)?;
    wait_until_ready(&address)?;
    let target = match server {
        "tenure" => Target {
            path: "/api/partner/v2/add/requests/career_history",
            token: Some(token(run, &data, &address)?),
            address: address.clone(),
        },
        _ => Target { path: "/push", token: None, address },
    };
    let outcome = drive(&target, run.connections, run.warm_up(), run.measured(), &format!("r{number}"))?;
    if let Some(example) = &outcome.example {
        return Err(format!("{server} answered {} times something else than 201, such as: {example}", outcome.errors));
    }
    let memory = peak_memory(running.process());
    drop(running);
    let rows = rows(server, &data)?;
    if rows.is_some_and(|rows| rows < outcome.created) {
        return Err(format!("{server} acknowledged {} pushes and holds {rows:?}", outcome.created));
    }
    let bytes_a_push = rows.map(|rows| size(&data) as f64 / rows.max(1) as f64);
    let throughput = outcome.pushes as f64 / run.measured().as_secs_f64();
    Ok(Round { server, outcome, throughput, memory, bytes_a_push })
}

/// An address on this machine where nobody listens.
pub fn free_address() -> Result<String, String> {
    let bound = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    bound.map(|address| address.to_string()).map_err(|error| error.to_string())
}

/// Starts a server on `data`.
pub fn start(run: &Run, server: &str, data: &Path, address: &str) -> Result<Running, String> {
    let data = data.display().to_string();
    let mut command = if server == "tenure" {
        let mut command = Command::new(tenure(run)?);
        command.args(["serve", "--data", &data, "--listen", address, "--base-url", &format!("http://{address}")]);
        command.args(["--mail", &format!("dir:{data}/mail")]).env("TENURE_RATE_LIMIT__ENABLED", "false");
        command
    } else {
        let mut command = Command::new(std::env::current_exe().map_err(|error| error.to_string())?);
        command.args([server, "--listen", address, "--data", &data]);
        command
    };
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    child.map(Running).map_err(|error| format!("{server} does not start: {error}"))
}

fn tenure(run: &Run) -> Result<PathBuf, String> {
    let beside = || std::env::current_exe().ok().map(|path| path.with_file_name("tenure"));
    run.tenure
        .clone()
        .or_else(beside)
        .filter(|path| path.exists())
        .ok_or_else(|| "there is no tenure binary; build it with: cargo build --release".to_owned())
}

/// Waits until the server answers.
pub fn wait_until_ready(address: &str) -> Result<(), String> {
    let deadline = Instant::now() + Duration::from_secs(20);
    while Instant::now() < deadline {
        if request(address, "GET /readyz HTTP/1.1", "", "").is_ok_and(|answer| answer.starts_with("HTTP/1.1 200")) {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Err(format!("the server at {address} does not get ready"))
}

/// One request on a connection of its own; returns the whole answer.
pub fn request(address: &str, line: &str, headers: &str, body: &str) -> Result<String, String> {
    let shown = |error: std::io::Error| error.to_string();
    let mut stream = TcpStream::connect(address).map_err(shown)?;
    write!(
        stream,
        "{line}\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n{body}",
        body.len()
    )
    .map_err(shown)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).map_err(shown)?;
    Ok(answer)
}

/// A partner's access token.
pub fn token(run: &Run, data: &Path, address: &str) -> Result<String, String> {
    let output = Command::new(tenure(run)?)
        .args(["partner", "add", "--json", "--name", "Bench", "--scope", "write.career_history", "--data"])
        .arg(data)
        .output()
        .map_err(|error| error.to_string())?;
    let partner: Value = serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", "client_credentials")
        .append_pair("client_id", &text(&partner["client_id"]))
        .append_pair("client_secret", &text(&partner["client_secret"]))
        .finish();
    let headers = "Content-Type: application/x-www-form-urlencoded\r\n";
    let answer = request(address, "POST /api/partner/v1/oauth/token HTTP/1.1", headers, &form)?;
    let body = answer.split("\r\n\r\n").nth(1).unwrap_or_default();
    let answer: Value = serde_json::from_str(body).map_err(|error| format!("no token: {error}: {body}"))?;
    Ok(text(&answer["access_token"]))
}

/// `VmHWM` of a process, in MiB.
pub fn peak_memory(process: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|number| number.parse::<f64>().ok()).unwrap_or_default() / 1024.0
}

fn size(data: &Path) -> u64 {
    let entries = std::fs::read_dir(data).into_iter().flatten().filter_map(Result::ok);
    entries
        .filter_map(|entry| entry.metadata().ok())
        .filter(std::fs::Metadata::is_file)
        .map(|metadata| metadata.len())
        .sum()
}

/// How many submissions a stopped (killed) server's database holds.
fn rows(server: &str, data: &Path) -> Result<Option<u64>, String> {
    if server == "echo" {
        return Ok(None);
    }
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    let path = data.join(format!("{server}.sqlite"));
    let count: Result<i64, sqlx::Error> = runtime.block_on(async {
        let pool = sqlx::SqlitePool::connect(&format!("sqlite://{}", path.display())).await?;
        sqlx::query_scalar("SELECT count(*) FROM submission").fetch_one(&pool).await
    });
    count.map(|count| u64::try_from(count).ok()).map_err(|error| error.to_string())
}
