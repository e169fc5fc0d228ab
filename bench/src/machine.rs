//! Describes the machine and the versions that were measured.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use sqlx::{Connection as _, SqliteConnection};

use crate::place::block_on;

/// Describes the machine in one line.
pub fn machine() -> String {
    format!("{} cores ({}), {} GiB, Linux {}", cores(), processor(), memory(), kernel())
}

/// Describes the machine and the versions as JSON, for result files.
pub fn described(dir: &Path, postgres: &str) -> Value {
    json!({
        "processor": processor(),
        "cores": cores(),
        "memory_gib": memory(),
        "kernel": kernel(),
        "disk": disk(dir),
        "postgres": postgres,
        "sqlite": sqlite(),
        "commit": commit(),
    })
}

/// Returns the commit that is checked out.
pub fn commit() -> String {
    said("git", &["rev-parse", "--short=12", "HEAD"])
}

/// Returns today's date in UTC.
pub fn date() -> String {
    said("date", &["-u", "+%Y-%m-%d"])
}

fn processor() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    info.lines().find_map(|line| line.strip_prefix("model name\t: ")).unwrap_or("unknown processor").to_owned()
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(0, usize::from)
}

fn memory() -> u64 {
    let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kib: u64 = memory.split_whitespace().nth(1).and_then(|number| number.parse().ok()).unwrap_or_default();
    kib.div_ceil(1 << 20)
}

fn kernel() -> String {
    said("uname", &["-r"])
}

/// Returns the version of SQLite in both floors, which is the same as Tenure's.
fn sqlite() -> String {
    let version = block_on(async {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await?;
        sqlx::query_scalar("SELECT sqlite_version()").fetch_one(&mut connection).await
    });
    version.unwrap_or_default()
}

/// Returns the file system and the kind of disk of a folder.
fn disk(dir: &Path) -> String {
    let dir = dir.display().to_string();
    let line = said("df", &["--output=source,fstype", &dir]);
    let line = line.lines().last().unwrap_or_default().split_whitespace().collect::<Vec<_>>();
    let (source, kind) = (line.first().copied().unwrap_or("unknown"), line.get(1).copied().unwrap_or("unknown"));
    let name = source.rsplit('/').next().unwrap_or_default();
    let rotates = std::fs::read_to_string(format!("/sys/block/{name}/queue/rotational")).unwrap_or_default();
    let how = match (name.starts_with("vd"), rotates.trim()) {
        (true, _) => "virtual disk",
        (false, "0") => "solid state",
        (false, "1") => "spinning disk",
        _ => "unknown disk",
    };
    format!("{kind} on a {how}")
}

fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&output).trim().to_owned()
}
