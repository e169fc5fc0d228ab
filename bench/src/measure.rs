//! One step: servers on a place, loads on them, and what came of it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use crate::drive::{Drive, Outcome, Times, drive};
use crate::load::{Kind, Load, Requests};
use crate::place::{Database, Place};
use crate::postgres::Postgres;
use crate::prefill::{self, Filled};
use crate::process::{self, Client, Running, add_partner, free_address, start, token, wait_until_ready};
use crate::suite::{Chapter, Point, Step};
use crate::{Run, expiring};

/// What steps are measured with.
#[derive(Debug)]
pub struct Bench {
    /// The binary.
    pub tenure: PathBuf,
    /// PostgreSQL, if it is measured.
    pub postgres: Option<Postgres>,
    /// The version of the binary's schema.
    pub schema: i64,
    run: Run,
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

    fn on(&self, database: Database) -> Result<Option<&Postgres>, String> {
        match database {
            Database::Sqlite => Ok(None),
            Database::Postgres => self.postgres().map(Some),
        }
    }

    /// Measures a step.
    ///
    /// # Errors
    /// A server does not start, answers something else than it should, or holds less than it acknowledged.
    pub fn measure(&self, step: &Step) -> Result<Vec<Point>, String> {
        if step.cell.chapter == Chapter::Expiring {
            return expiring::measure(self, step);
        }
        let cell = &step.cell;
        let postgres = self.on(cell.database)?;
        let (place, filled) = match cell.chapter {
            Chapter::Sizes => {
                let (place, filled) = prefill::stored(&self.tenure, &self.run.dir, postgres, cell.stored, self.schema)?;
                place.warm(&cell.server)?;
                (place, Some(filled))
            }
            _ => (self.fresh(cell.database, &cell.server)?, None),
        };
        if let Some(postgres) = postgres {
            postgres.checkpoint()?;
        }
        let served = self.serve(&cell.server, &place, cell.nodes, &[])?;
        let client = match (&filled, cell.server.as_str()) {
            (Some(filled), _) => Some(filled.client.clone()),
            (None, "tenure") => Some(add_partner(&self.tenure, &place, "Bench")?),
            _ => None,
        };
        let points = self.loads(step, &place, &served, client.as_ref(), filled.as_ref())?;
        drop(served);
        Ok(points)
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

    fn loads(
        &self,
        step: &Step,
        place: &Place,
        served: &Served,
        client: Option<&Client>,
        filled: Option<&Filled>,
    ) -> Result<Vec<Point>, String> {
        let cell = &step.cell;
        let stores = cell.server != "echo";
        let known = Arc::new(filled.map_or_else(Vec::new, |filled| filled.known.clone()));
        let mut requests = Self::requests(step, served, client, known)?;
        let rest = most(served, "VmRSS");
        let is_fresh = filled.is_none() && stores;
        let before = if is_fresh { self.bytes(place, &cell.server)? } else { 0 };
        let (mut points, mut created) = (Vec::new(), 0);
        for load in cell.loads() {
            let put_on = Drive {
                addresses: served.addresses.clone(),
                load: *load,
                connections: cell.connections,
                warm_up: Duration::from_secs(self.run.warm_up()),
                measured: Duration::from_secs(self.run.seconds()),
                stop: Arc::new(AtomicBool::new(false)),
            };
            let before = self.processor_times(served, cell.database);
            let outcome = drive(&put_on, &requests)?;
            let after = self.processor_times(served, cell.database);
            if let Some(example) = &outcome.example {
                return Err(format!("{} answers like this one among {}: {example}", outcome.errors, outcome.answers));
            }
            created += outcome.created;
            let mut figures = figures(&outcome, *load, self.run.seconds());
            let each = |seconds: f64| seconds * 1e6 / outcome.answers.max(1) as f64;
            figures.insert("server_us".to_owned(), each(after.0 - before.0));
            figures.insert("database_us".to_owned(), each(after.1 - before.1));
            figures.insert("driver".to_owned(), outcome.driver);
            figures.insert("rest_mib".to_owned(), rest);
            figures.insert("peak_mib".to_owned(), most(served, "VmHWM"));
            figures.insert("ready_ms".to_owned(), served.ready_ms);
            if requests.known.is_empty() {
                requests.known = Arc::new(outcome.ids);
            }
            points.push(Point { step: step.clone(), load: *load, figures, course: Vec::new() });
        }
        if is_fresh {
            let rows = place.number(&cell.server, "SELECT count(*) FROM submission")?;
            if rows.unsigned_abs() < created {
                return Err(format!("{} acknowledged {created} pushes and holds {rows}", cell.server));
            }
            let bytes = self.bytes(place, &cell.server)?.saturating_sub(before);
            for point in &mut points {
                point.figures.insert("bytes".to_owned(), bytes as f64 / rows.max(1) as f64);
            }
        }
        Ok(points)
    }

    fn bytes(&self, place: &Place, server: &str) -> Result<u64, String> {
        if let (Database::Postgres, Some(postgres)) = (place.database(), &self.postgres) {
            postgres.checkpoint()?;
        }
        place.bytes(server)
    }

    /// Processor time of the servers, and of PostgreSQL if they use it, in seconds.
    fn processor_times(&self, served: &Served, database: Database) -> (f64, f64) {
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

fn figures(outcome: &Outcome, load: Load, seconds: u64) -> BTreeMap<String, f64> {
    let kind = match load {
        Load::Push | Load::Mixed => Kind::Push,
        Load::Status => Kind::Status,
        Load::Bulk => Kind::Bulk,
    };
    let times = Times::of(&outcome.samples, |sample| sample.kind == kind);
    let mut figures = BTreeMap::from([
        ("per_second".to_owned(), times.count() as f64 / seconds as f64),
        ("p50".to_owned(), times.percentile(0.5)),
        ("p99".to_owned(), times.percentile(0.99)),
        ("max".to_owned(), times.percentile(1.0)),
    ]);
    if load == Load::Mixed {
        let statuses = Times::of(&outcome.samples, |sample| sample.kind == Kind::Status);
        figures.insert("status_per_second".to_owned(), statuses.count() as f64 / seconds as f64);
        figures.insert("status_p99".to_owned(), statuses.percentile(0.99));
    }
    figures
}
