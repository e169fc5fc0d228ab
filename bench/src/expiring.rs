//! Measures pushes while a million submissions expire at once, that is, the cost of retention.
//!
//! The rows are inserted beforehand, all created within one hour two days ago. The lifetime of
//! submissions is set so that the epoch key of that hour expires with them. The measured interval
//! ends when all rows have expired and the payloads of that hour are deleted.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::bench::{Bench, most};
use crate::drive::{Drive, LoadResult, Sample, Times, drive};
use crate::load::Load;
use crate::place::Database;
use crate::point::{Point, Step};
use crate::prefill::{due_at, now};
use crate::process::request;

/// Seconds of pushing before the rows expire. Retention runs when the server starts, then every
/// minute.
const BEFORE: u64 = 45;
/// Seconds at the beginning of `BEFORE` that are not measured.
const WARM_UP: u64 = 5;
/// Seconds after which the step gives up waiting for the rows to expire.
const TIMEOUT: u64 = 240;

/// Returns the most seconds that inserting the rows may take.
fn filling(rows: u64) -> u64 {
    30 + rows / 8_000
}

/// Returns the estimated duration of the step in seconds.
pub fn seconds(rows: u64) -> u64 {
    filling(rows) + BEFORE + 60
}

/// Measures the step.
///
/// # Errors
/// Inserting the rows takes too long, or the rows do not expire in time.
pub fn measure(bench: &Bench, step: &Step) -> Result<Vec<Point>, String> {
    let rows = step.cell.stored;
    let place = bench.fresh(step.cell.database, "expiring")?;
    let due = now()? + (filling(rows) + BEFORE) * 1_000_000;
    let due_there = due_at(&bench.tenure, &place, rows, bench.schema, due)?;
    if let Some(postgres) = &bench.postgres {
        postgres.checkpoint()?;
    }
    let start = due - BEFORE * 1_000_000;
    let wait = start.checked_sub(now()?).ok_or("the database was filled too slowly")?;
    std::thread::sleep(Duration::from_micros(wait));
    let settings = [("TENURE_RETENTION__INCOMPLETE", format!("{}s", due_there.lifetime))];
    let served = bench.serve("tenure", &place, 1, &settings)?;
    let requests = Bench::requests(step, &served, Some(&due_there.filled.client), Arc::default())?;
    let (began, stop) = (Instant::now(), Arc::new(AtomicBool::new(false)));
    let watched = std::thread::spawn({
        let (address, place, stop) = (served.addresses[0].clone(), place, stop.clone());
        let left = match step.cell.database {
            // On SQLite the payload is in the submission's row, and expiry clears it.
            Database::Sqlite => "SELECT 0".to_owned(),
            Database::Postgres => {
                let of_the_hour = format!("SELECT 1 FROM payload WHERE ring_period = {} LIMIT 1", due_there.hour);
                format!("SELECT count(*) FROM ({of_the_hour}) AS row")
            }
        };
        move || watch(&address, rows, began, &stop, || place.number("tenure", &left).is_ok_and(|left| left == 0))
    });
    let put_on = Drive {
        addresses: served.addresses.clone(),
        load: Load::Push,
        connections: step.cell.connections,
        warm_up: Duration::from_secs(WARM_UP),
        measured: Duration::from_secs(TIMEOUT),
        stop: stop.clone(),
    };
    let outcome = drive(&put_on, &requests);
    stop.store(true, Ordering::Relaxed);
    let watched = watched.join().map_err(|_| "watching failed")?;
    let outcome = outcome?;
    if let Some(example) = &outcome.example {
        return Err(format!("{} answers like this: {example}", outcome.errors));
    }
    let expiry = watched.ok_or("what is due did not expire in time")?;
    let mut figures = figures(&outcome, expiry);
    figures.insert("peak_mib".to_owned(), most(&served, "VmHWM"));
    Ok(vec![Point { step: step.clone(), load: Load::Push, figures, course: course(&outcome.samples) }])
}

/// Returns the figures before and during the expiry, which took place from `first` to `last`, in
/// seconds since the load began.
fn figures(outcome: &LoadResult, (first, last): (f64, f64)) -> BTreeMap<String, f64> {
    // Sample times are relative to the end of the warm-up.
    let at = |instant: f64| ((instant - WARM_UP as f64).max(0.0) * 1000.0) as u32;
    let (due_ms, first_ms) = (at((BEFORE - 1) as f64), at(first));
    // If expiry is very short, the five seconds after its start are included.
    let last_ms = at(last.max(first + 5.0));
    let before = Times::of(&outcome.samples, |sample| sample.at < due_ms.min(first_ms));
    let during = Times::of(&outcome.samples, |sample| (first_ms..=last_ms).contains(&sample.at));
    let seconds = |from: u32, to: u32| f64::from(to.saturating_sub(from).max(1)) / 1000.0;
    BTreeMap::from([
        ("before_per_second".to_owned(), before.count() as f64 / seconds(0, due_ms.min(first_ms))),
        ("before_p50".to_owned(), before.percentile(0.5)),
        ("before_p99".to_owned(), before.percentile(0.99)),
        ("per_second".to_owned(), during.count() as f64 / seconds(first_ms, last_ms)),
        ("p50".to_owned(), during.percentile(0.5)),
        ("p99".to_owned(), during.percentile(0.99)),
        ("max".to_owned(), during.percentile(1.0)),
        ("expiring_s".to_owned(), last - first),
        ("driver".to_owned(), outcome.driver),
        ("first_s".to_owned(), f64::from(first_ms) / 1000.0),
        ("last_s".to_owned(), f64::from(at(last)) / 1000.0),
    ])
}

/// Returns the 99th percentile of the response times in each second.
fn course(samples: &[Sample]) -> Vec<(f64, f64)> {
    let until = samples.iter().map(|sample| sample.at).max().unwrap_or_default() / 1000;
    let of_second = |second| Times::of(samples, |sample| sample.at / 1000 == second).percentile(0.99);
    (0..until).map(|second| (f64::from(second), of_second(second))).collect()
}

/// Returns when the first row expired and when the last row had expired and `is_gone` was true, in
/// seconds since `began`; `None` unless both were seen before the load ended. Stops the load eight
/// seconds later.
fn watch(
    address: &str,
    rows: u64,
    began: Instant,
    stop: &AtomicBool,
    is_gone: impl Fn() -> bool,
) -> Option<(f64, f64)> {
    let (mut first, mut last) = (None, None);
    while !stop.load(Ordering::Relaxed) {
        std::thread::sleep(Duration::from_millis(250));
        let seconds = began.elapsed().as_secs_f64();
        let expired = expired(address).unwrap_or_default();
        if expired > 0 {
            first.get_or_insert(seconds - 0.25);
        }
        if last.is_none() && expired >= rows && is_gone() {
            last = Some(seconds);
        }
        if last.is_some_and(|last| seconds > last + 8.0) {
            stop.store(true, Ordering::Relaxed);
        }
    }
    first.zip(last)
}

/// Reads the number of expired submissions from the server's metrics.
fn expired(address: &str) -> Option<u64> {
    let metrics = request(address, "GET /metrics HTTP/1.1", "", "").ok()?;
    let line = metrics.lines().find(|line| line.contains("submissions_total") && line.contains("\"expired\""))?;
    line.rsplit(' ').next()?.parse().ok()
}
