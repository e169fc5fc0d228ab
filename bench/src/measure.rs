//! Runs one step: servers on a data folder, loads on them, and the resulting figures.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crate::bench::{Bench, Served, most};
use crate::drive::{Drive, LoadResult, Times, drive};
use crate::expiring;
use crate::load::{Load, RequestKind};
use crate::place::Place;
use crate::point::{Chapter, Point, Step};
use crate::prefill::{self, Filled};
use crate::process::{Client, add_partner};

/// Measures a step.
///
/// # Errors
/// A server does not start, returns an unexpected response, or has stored fewer rows than it
/// acknowledged.
pub fn measure(bench: &Bench, step: &Step) -> Result<Vec<Point>, String> {
    if step.cell.chapter == Chapter::Expiring {
        return expiring::measure(bench, step);
    }
    let cell = &step.cell;
    let postgres = bench.on(cell.database)?;
    let (place, filled) = match cell.chapter {
        Chapter::Sizes => {
            let (place, filled) = prefill::stored(&bench.tenure, &bench.run.dir, postgres, cell.stored, bench.schema)?;
            place.warm(&cell.server)?;
            (place, Some(filled))
        }
        _ => (bench.fresh(cell.database, &cell.server)?, None),
    };
    if let Some(postgres) = postgres {
        postgres.checkpoint()?;
    }
    let served = bench.serve(&cell.server, &place, cell.nodes, &[])?;
    let client = match (&filled, cell.server.as_str()) {
        (Some(filled), _) => Some(filled.client.clone()),
        (None, "tenure") => Some(add_partner(&bench.tenure, &place, "Bench")?),
        _ => None,
    };
    let points = loads(bench, step, &place, &served, client.as_ref(), filled.as_ref())?;
    drop(served);
    Ok(points)
}

fn loads(
    bench: &Bench,
    step: &Step,
    place: &Place,
    served: &Served,
    client: Option<&Client>,
    filled: Option<&Filled>,
) -> Result<Vec<Point>, String> {
    let cell = &step.cell;
    let stores = cell.server != "echo";
    let known = Arc::new(filled.map_or_else(Vec::new, |filled| filled.known.clone()));
    let mut requests = Bench::requests(step, served, client, known)?;
    let rest = most(served, "VmRSS");
    let is_fresh = filled.is_none() && stores;
    let before = if is_fresh { bench.bytes(place, &cell.server)? } else { 0 };
    let (mut points, mut created) = (Vec::new(), 0);
    for load in cell.loads() {
        let put_on = Drive {
            addresses: served.addresses.clone(),
            load: *load,
            connections: cell.connections,
            warm_up: Duration::from_secs(bench.run.warm_up()),
            measured: Duration::from_secs(bench.run.seconds()),
            stop: Arc::new(AtomicBool::new(false)),
        };
        let before = bench.processor_times(served, cell.database);
        let outcome = drive(&put_on, &requests)?;
        let after = bench.processor_times(served, cell.database);
        if let Some(example) = &outcome.example {
            return Err(format!("{} answers like this one among {}: {example}", outcome.errors, outcome.answers));
        }
        created += outcome.created;
        let mut figures = figures(&outcome, *load, bench.run.seconds());
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
        let bytes = bench.bytes(place, &cell.server)?.saturating_sub(before);
        for point in &mut points {
            point.figures.insert("bytes".to_owned(), bytes as f64 / rows.max(1) as f64);
        }
    }
    Ok(points)
}

fn figures(outcome: &LoadResult, load: Load, seconds: u64) -> BTreeMap<String, f64> {
    let kind = match load {
        Load::Push | Load::Mixed => RequestKind::Push,
        Load::Status => RequestKind::Status,
        Load::Bulk => RequestKind::Bulk,
    };
    let times = Times::of(&outcome.samples, |sample| sample.kind == kind);
    let mut figures = BTreeMap::from([
        ("per_second".to_owned(), times.count() as f64 / seconds as f64),
        ("p50".to_owned(), times.percentile(0.5)),
        ("p99".to_owned(), times.percentile(0.99)),
        ("max".to_owned(), times.percentile(1.0)),
    ]);
    if load == Load::Mixed {
        let statuses = Times::of(&outcome.samples, |sample| sample.kind == RequestKind::Status);
        figures.insert("status_per_second".to_owned(), statuses.count() as f64 / seconds as f64);
        figures.insert("status_p99".to_owned(), statuses.percentile(0.99));
    }
    figures
}
