//! What a step needs: PostgreSQL, empty places, and servers on them.

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

/// What steps are measured with.
#[derive(Debug)]
pub struct Bench {
    /// The binary.
    pub tenure: PathBuf,
    /// PostgreSQL, if it is measured.
    pub postgres: Option<Postgres>,
    /// The version of the binary's schema.
    pub schema: i64,
    /// What was asked for.
    pub run: Run,
}

/// Servers that answer.
pub struct Served {
    /// The processes.
    pub running: Vec<Running>,
    /// Where they listen.
    pub addresses: Vec<String>,
    /// From the start of the process of the first to its first answer, in milliseconds.
    pub ready_ms: f64,
}

impl Bench {
    /// Starts PostgreSQL, unless SQLite alone is measured.
    pub fn open(run: &Run) -> Result<Self, String> {
        let tenure = process::tenure(run.tenure.as_deref())?;
        std::fs::create_dir_all(&run.dir).map_err(|error| error.to_string())?;
        let wanted = run.database != Some(Database::Sqlite);
        let postgres = wanted.then(|| Postgres::start(&run.postgres_bin, &run.dir.join("postgres"))).transpose()?;
        Ok(Self { tenure, postgres, schema: 0, run: run.clone() })
    }

    /// A folder for something.
    pub fn folder(&self, name: &str) -> PathBuf {
        self.run.dir.join(name)
    }

    /// An empty place.
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

    /// PostgreSQL, if `database` is that.
    ///
    /// # Errors
    /// It was not started.
    pub fn on(&self, database: Database) -> Result<Option<&Postgres>, String> {
        match database {
            Database::Sqlite => Ok(None),
            Database::Postgres => self.postgres().map(Some),
        }
    }

    /// Starts `nodes` servers on one place.
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
            // All nodes are reached by one address, as behind a proxy: tokens are of that.
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

    /// What loads ask of `served`.
    pub fn requests(
        step: &Step,
        served: &Served,
        client: Option<&Client>,
        known: Arc<Vec<String>>,
    ) -> Result<Requests, String> {
        let token = client.map(|client| token(client, &served.addresses[0])).transpose()?;
        let path = match step.cell.server.as_str() {
            "tenure" => format!("/api/partner/v2/add/requests/{}", step.cell.credential_type),
            _ => "/push".to_owned(),
        };
        Requests::new(&step.cell.credential_type, &path, token.as_deref(), known)
    }

    /// How many bytes `server` has stored in `place`.
    pub fn bytes(&self, place: &Place, server: &str) -> Result<u64, String> {
        if let (Database::Postgres, Some(postgres)) = (place.database(), &self.postgres) {
            postgres.checkpoint()?;
        }
        place.bytes(server)
    }

    /// Processor time of the servers, and of PostgreSQL if they use it, in seconds.
    pub fn processor_times(&self, served: &Served, database: Database) -> (f64, f64) {
        let servers = served.running.iter().map(|running| process::processor_time(running.process())).sum();
        match (&self.postgres, database) {
            (Some(postgres), Database::Postgres) => (servers, postgres.processor_time()),
            _ => (servers, 0.0),
        }
    }
}

/// The most that one of the servers has of that line.
pub fn most(served: &Served, line: &str) -> f64 {
    served.running.iter().map(|running| process::memory(running.process(), line)).fold(0.0, f64::max)
}
