//! A PostgreSQL of the bench's own: durable as one that matters, on the loopback alone, in a folder that stays, so that
//! databases that took minutes to fill are there the next time.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::place::block_on;
use crate::process::{free_address, processor_time_of_family};

/// What both the floor and Tenure are measured on. What is not named here is as PostgreSQL comes.
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

/// A server that is stopped when it goes out of scope.
#[derive(Debug)]
pub struct Postgres {
    bin: PathBuf,
    folder: PathBuf,
    port: u16,
}

impl Postgres {
    /// Starts the one in `folder`, which is made if it is not there.
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
        // One that an interrupted run left behind; and settings that may have changed since.
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

    /// PostgreSQL refuses to run as root, so root has Debian's `postgres` user run it.
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

    /// The URL of a database.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// Makes an empty database, in place of one of that name.
    pub fn create(&self, database: &str) -> Result<String, String> {
        self.drop(database)?;
        self.say(&format!("CREATE DATABASE {database}"))?;
        Ok(self.url(database))
    }

    /// Deletes a database.
    pub fn drop(&self, database: &str) -> Result<(), String> {
        self.say(&format!("DROP DATABASE IF EXISTS {database} WITH (FORCE)"))
    }

    /// Writes what is in memory to disk, so that nobody pays for what was done before.
    pub fn checkpoint(&self) -> Result<(), String> {
        self.say("CHECKPOINT")
    }

    /// Processor time of all of its processes, in seconds.
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

/// Which version the programs are.
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
