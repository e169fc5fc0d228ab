//! Server processes: starting them, waiting until they are ready, and measuring their resource use.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::place::Place;

/// A server that is killed on drop.
pub struct Running(Child);

impl Running {
    /// Returns the process id.
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

/// Returns a free address on this machine.
pub fn free_address() -> Result<String, String> {
    let bound = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    bound.map(|address| address.to_string()).map_err(|error| error.to_string())
}

/// Starts `server` (tenure, floor, sqlx-floor or echo) on `place`, as a node that is reached at
/// `base`. Its output goes to `log` in the folder of `place`.
pub fn start(
    tenure: &Path,
    server: &str,
    place: &Place,
    (address, base): (&str, &str),
    settings: &[(&str, String)],
) -> Result<Running, String> {
    let data = place.data().display().to_string();
    let mut command = if server == "tenure" {
        let mut command = Command::new(tenure);
        command.args(["serve", "--data", &data, "--listen", address, "--base-url", &format!("http://{base}")]);
        command.args(["--mail", &format!("dir:{data}/mail")]).env("TENURE_RATE_LIMIT__ENABLED", "false");
        command.env("TENURE_LOG__FILTER", "warn");
        command.envs(settings.iter().map(|(name, value)| (name, value)));
        command
    } else {
        let mut command = Command::new(std::env::current_exe().map_err(|error| error.to_string())?);
        command.args([server, "--listen", address, "--data", &data]);
        command
    };
    if let Place::Postgres { url, .. } = place {
        command.args(["--database-url", url]);
    }
    let log = || std::fs::File::options().create(true).append(true).open(place.data().join("log"));
    let (out, err) = (log().map_err(|error| error.to_string())?, log().map_err(|error| error.to_string())?);
    let child = command.stdin(Stdio::null()).stdout(out).stderr(err).spawn();
    child.map(Running).map_err(|error| format!("{server} does not start: {error}"))
}

/// Returns the binary to measure: `given`, or the `tenure` next to this binary.
pub fn tenure(given: Option<&Path>) -> Result<PathBuf, String> {
    let beside = || std::env::current_exe().ok().map(|path| path.with_file_name("tenure"));
    given.map(Path::to_path_buf).or_else(beside).filter(|path| path.exists()).ok_or_else(|| {
        "there is no tenure binary; build it with: cargo build --profile dist --package tenure".to_owned()
    })
}

/// Waits until the server is ready.
pub fn wait_until_ready(address: &str) -> Result<(), String> {
    let deadline = Instant::now() + Duration::from_secs(60);
    while Instant::now() < deadline {
        if request(address, "GET /readyz HTTP/1.1", "", "").is_ok_and(|answer| answer.starts_with("HTTP/1.1 200")) {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    Err(format!("the server at {address} does not get ready"))
}

/// Sends one request on a new connection; returns the whole response.
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

/// The credentials of a partner.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Client {
    pub id: String,
    pub secret: String,
}

/// Adds a partner that may push every type.
pub fn add_partner(tenure: &Path, place: &Place, name: &str) -> Result<Client, String> {
    let scopes: Vec<&str> = credential::ALL.iter().map(|known| known.write_scope).collect();
    let mut command = Command::new(tenure);
    command.args(["partner", "add", "--json", "--name", name, "--scope", &scopes.join(" "), "--data"]);
    command.arg(place.data());
    if let Place::Postgres { url, .. } = place {
        command.args(["--database-url", url]);
    }
    let output = command.output().map_err(|error| error.to_string())?;
    let partner: Value = serde_json::from_slice(&output.stdout)
        .map_err(|_| format!("no partner was added: {}", String::from_utf8_lossy(&output.stderr)))?;
    let text = |name: &str| partner[name].as_str().unwrap_or_default().to_owned();
    Ok(Client { id: text("client_id"), secret: text("client_secret") })
}

/// Requests an access token for `client`.
pub fn token(client: &Client, address: &str) -> Result<String, String> {
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", "client_credentials")
        .append_pair("client_id", &client.id)
        .append_pair("client_secret", &client.secret)
        .finish();
    let headers = "Content-Type: application/x-www-form-urlencoded\r\n";
    let answer = request(address, "POST /api/partner/v1/oauth/token HTTP/1.1", headers, &form)?;
    let body = answer.split("\r\n\r\n").nth(1).unwrap_or_default();
    let answer: Value = serde_json::from_str(body).map_err(|error| format!("no token: {error}: {body}"))?;
    Ok(answer["access_token"].as_str().unwrap_or_default().to_owned())
}

/// Reads a line of `/proc/PID/status` in MiB: `VmHWM` is the peak resident memory, `VmRSS` the
/// current one.
pub fn memory(process: u32, line: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let value = status.lines().find_map(|found| found.strip_prefix(line)?.strip_prefix(':')).unwrap_or_default();
    value.split_whitespace().next().and_then(|number| number.parse::<f64>().ok()).unwrap_or_default() / 1024.0
}

/// Reads the fields of `/proc/PID/stat` after the name: the second is the parent, the 12th to 15th
/// are processor times.
fn stat(process: u32) -> Vec<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let rest = stat.rsplit_once(") ").map(|(_, rest)| rest).unwrap_or_default();
    rest.split_whitespace().map(|field| field.parse().unwrap_or_default()).collect()
}

/// Returns the processor time of a process in seconds. Linux counts in hundredths.
pub fn processor_time(process: u32) -> f64 {
    stat(process).get(11..13).map_or(0.0, |times| times.iter().sum::<u64>() as f64 / 100.0)
}

/// Like [`processor_time`], including all children, also those that have exited.
pub fn processor_time_of_family(parent: u32) -> f64 {
    let own = stat(parent).get(11..15).map_or(0.0, |times| times.iter().sum::<u64>() as f64 / 100.0);
    let processes = std::fs::read_dir("/proc").into_iter().flatten().filter_map(Result::ok);
    let processes = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let children = processes.filter(|process| stat(*process).get(1) == Some(&u64::from(parent)));
    own + children.map(processor_time).sum::<f64>()
}

/// Returns the processor time of this thread in seconds.
pub fn own_processor_time() -> f64 {
    let times = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    times.split_whitespace().next().and_then(|nanos| nanos.parse::<f64>().ok()).unwrap_or_default() / 1e9
}
