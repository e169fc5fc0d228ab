//! A PostgreSQL server for the bench: durable like a production server, on loopback only. Its
//! folder is kept, so that databases that took minutes to fill can be used again.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::place::block_on;
use crate::process::{free_address, processor_time_of_family};

/// Settings for Tenure and both floors; all others keep PostgreSQL's defaults.
const SETTINGS: &str = "
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 200
fsync = on
full_page_writes = on
synchronous_commit = on
shared_buffers = 4GB
max_wal_size = 4GB
wal_compression = lz4
checkpoint_timeout = 15min
random_page_cost = 1.1
";

/// A PostgreSQL server that is stopped on drop.
#[derive(Debug)]
pub struct Postgres {
    bin: PathBuf,
    folder: PathBuf,
    port: u16,
}

impl Postgres {
    /// Starts the server in `folder`, and creates the cluster if it does not exist.
    pub fn start(bin: &Path, folder: &Path) -> Result<Self, String> {
        std::fs::create_dir_all(folder).map_err(|error| error.to_string())?;
        let folder = folder.canonicalize().map_err(|error| error.to_string())?;
        let port = free_address()?.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).ok_or("no free port")?;
        let postgres = Self { bin: bin.to_owned(), folder, port };
        if is_root() {
            run(Command::new("chown").arg("postgres").arg(&postgres.folder))?;
        }
        let data = postgres.data();
        if !postgres.folder.join("data/PG_VERSION").exists() {
            postgres.run(
                "initdb",
                &["--pgdata", &data, "--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"],
            )?;
        }
        // Stops a server that an interrupted run left running, and applies changed settings.
        let _ = postgres.run("pg_ctl", &["stop", "--pgdata", &data, "--mode=fast", "--silent"]);
        let settings = format!("{SETTINGS}port = {port}\n");
        std::fs::write(postgres.folder.join("data/postgresql.auto.conf"), settings)
            .map_err(|error| format!("{data}: {error}"))?;
        let log = postgres.folder.join("log").display().to_string();
        postgres.run("pg_ctl", &["start", "--pgdata", &data, "--log", &log, "--wait", "--silent"])?;
        Ok(postgres)
    }

    fn data(&self) -> String {
        self.folder.join("data").display().to_string()
    }

    /// Runs one of PostgreSQL's programs. PostgreSQL refuses to run as root, so root runs it as
    /// Debian's `postgres` user.
    fn run(&self, program: &str, arguments: &[&str]) -> Result<(), String> {
        let program = self.bin.join(program);
        let mut command = if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        run(command.args(arguments).current_dir(&self.folder))
    }

    /// Returns the URL of a database.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// Creates an empty database and replaces an existing one; returns its URL.
    pub fn create(&self, database: &str) -> Result<String, String> {
        self.drop(database)?;
        self.say(&format!("CREATE DATABASE {database}"))?;
        Ok(self.url(database))
    }

    /// Deletes a database.
    pub fn drop(&self, database: &str) -> Result<(), String> {
        self.say(&format!("DROP DATABASE IF EXISTS {database} WITH (FORCE)"))
    }

    /// Writes dirty buffers to disk, so that earlier writes do not slow down the next measurement.
    pub fn checkpoint(&self) -> Result<(), String> {
        self.say("CHECKPOINT")
    }

    /// Returns the processor time of all PostgreSQL processes in seconds.
    pub fn processor_time(&self) -> f64 {
        let file = std::fs::read_to_string(self.folder.join("data/postmaster.pid")).unwrap_or_default();
        file.lines().next().and_then(|line| line.parse().ok()).map_or(0.0, processor_time_of_family)
    }

    fn say(&self, statement: &str) -> Result<(), String> {
        block_on(async {
            let mut connection = PgConnection::connect(&self.url("postgres")).await?;
            sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await.map(drop)
        })
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let _ = self.run("pg_ctl", &["stop", "--pgdata", &self.data(), "--mode=fast", "--silent"]);
    }
}

/// Returns the version of the programs.
pub fn version(bin: &Path) -> String {
    let output = Command::new(bin.join("postgres")).arg("--version").output().map(|output| output.stdout);
    String::from_utf8_lossy(&output.unwrap_or_default()).split_whitespace().nth(2).unwrap_or("unknown").to_owned()
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

fn run(command: &mut Command) -> Result<(), String> {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    let status = status.map_err(|error| format!("{command:?}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{command:?} failed")) }
}
