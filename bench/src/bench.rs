//! The environment of a step: PostgreSQL, empty data folders, and servers on them.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use crate::arguments::Run;
use crate::load::Requests;
use crate::place::{Database, Place};
use crate::point::Step;
use crate::postgres::Postgres;
use crate::prefill;
use crate::process::{self, Client, Running, free_address, start, token, wait_until_ready};

/// The binary, the databases and the arguments of a run.
#[derive(Debug)]
pub struct Bench {
    /// The measured binary.
    pub tenure: PathBuf,
    /// PostgreSQL, if the run measures it.
    pub postgres: Option<Postgres>,
    /// The schema version of the binary.
    pub schema: i64,
    /// The arguments of the run.
    pub run: Run,
}

/// Servers that are ready.
pub struct Served {
    /// The processes.
    pub running: Vec<Running>,
    /// The address of each server, as `127.0.0.1:PORT`.
    pub addresses: Vec<String>,
    /// Milliseconds from starting the first server's process until it is ready.
    pub ready_ms: f64,
}

impl Bench {
    /// Starts PostgreSQL, unless only SQLite is measured.
    pub fn open(run: &Run) -> Result<Self, String> {
        let tenure = process::tenure(run.tenure.as_deref())?;
        std::fs::create_dir_all(&run.dir).map_err(|error| error.to_string())?;
        let wanted = run.database != Some(Database::Sqlite);
        let postgres = wanted.then(|| Postgres::start(&run.postgres_bin, &run.dir.join("postgres"))).transpose()?;
        Ok(Self { tenure, postgres, schema: 0, run: run.clone() })
    }

    /// Returns the path of a folder for `name`.
    pub fn folder(&self, name: &str) -> PathBuf {
        self.run.dir.join(name)
    }

    /// Creates an empty folder or database for `server`.
    pub fn fresh(&self, database: Database, server: &str) -> Result<Place, String> {
        let data = prefill::fresh_folder(&self.folder(server))?;
        match database {
            Database::Sqlite => Ok(Place::Sqlite { data }),
            Database::Postgres => {
                let url = self.postgres()?.create("fresh")?;
                Ok(Place::Postgres { data, url })
            }
        }
    }

    fn postgres(&self) -> Result<&Postgres, String> {
        self.postgres.as_ref().ok_or_else(|| "PostgreSQL was not asked for".to_owned())
    }

    /// Returns PostgreSQL if `database` is PostgreSQL.
    ///
    /// # Errors
    /// PostgreSQL was not started.
    pub fn on(&self, database: Database) -> Result<Option<&Postgres>, String> {
        match database {
            Database::Sqlite => Ok(None),
            Database::Postgres => self.postgres().map(Some),
        }
    }

    /// Starts `nodes` servers on the same data.
    pub fn serve(
        &self,
        server: &str,
        place: &Place,
        nodes: usize,
        settings: &[(&str, String)],
    ) -> Result<Served, String> {
        let mut served = Served { running: Vec::new(), addresses: Vec::new(), ready_ms: 0.0 };
        for number in 0..nodes {
            let (address, began) = (free_address()?, Instant::now());
            // Every node has the first node's address as its base URL, as behind a proxy, so that a
            // token is valid on all nodes.
            let base = served.addresses.first().unwrap_or(&address).clone();
            served.running.push(start(&self.tenure, server, place, (&address, &base), settings)?);
            wait_until_ready(&address)?;
            if number == 0 {
                served.ready_ms = began.elapsed().as_secs_f64() * 1000.0;
            }
            served.addresses.push(address);
        }
        Ok(served)
    }

    /// Prepares the requests of a load on `served`.
    pub fn requests(
        step: &Step,
        served: &Served,
        client: Option<&Client>,
        known: Arc<Vec<String>>,
    ) -> Result<Requests, String> {
        let token = client.map(|client| token(client, &served.addresses[0])).transpose()?;
        let path = match (step.cell.server.as_str(), step.cell.credential_type.as_str()) {
            ("tenure", credential_type) => format!("/api/partner/v2/add/requests/{credential_type}"),
            // The floor has typed fields for career histories only.
            ("floor", credential_type) if credential_type != "career_history" => "/push/other".to_owned(),
            _ => "/push".to_owned(),
        };
        Requests::new(&step.cell.credential_type, &path, token.as_deref(), known)
    }

    /// Returns the number of bytes that `server` has stored in `place`.
    pub fn bytes(&self, place: &Place, server: &str) -> Result<u64, String> {
        if let (Database::Postgres, Some(postgres)) = (place.database(), &self.postgres) {
            postgres.checkpoint()?;
        }
        place.bytes(server)
    }

    /// Returns the processor time of the servers, and of PostgreSQL if they use it, in seconds.
    pub fn processor_times(&self, served: &Served, database: Database) -> (f64, f64) {
        let servers = served.running.iter().map(|running| process::processor_time(running.process())).sum();
        match (&self.postgres, database) {
            (Some(postgres), Database::Postgres) => (servers, postgres.processor_time()),
            _ => (servers, 0.0),
        }
    }
}

/// Returns the highest value of this `/proc/PID/status` line among the servers, in MiB.
pub fn most(served: &Served, line: &str) -> f64 {
    served.running.iter().map(|running| process::memory(running.process(), line)).fold(0.0, f64::max)
}
