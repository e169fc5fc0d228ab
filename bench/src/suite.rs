//! The suite: the list of steps, ordered so that compared steps run close together in time.
//!
//! Also estimates the duration, and resumes a run that was interrupted.

use std::collections::HashSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::arguments::{Preset, Run};
use crate::bench::Bench;
use crate::measure::measure;
use crate::place::Database;
use crate::point::{Cell, Chapter, Point, Step};
use crate::{expiring, prefill};

/// Estimates the duration of a step in seconds.
fn seconds(cell: &Cell, run: &Run) -> u64 {
    match cell.chapter {
        Chapter::Expiring => expiring::seconds(cell.stored),
        _ => cell.loads().len() as u64 * (run.warm_up() + run.seconds()) + 2,
    }
}

/// Returns every step of the suite in order. Within each round, compared cells follow each other.
pub fn steps(run: &Run) -> Vec<Step> {
    let quick = run.preset == Preset::Quick;
    let mut steps = Vec::new();
    for chapter in Chapter::ALL.into_iter().filter(|chapter| run.chapter.is_empty() || run.chapter.contains(chapter)) {
        let cells: Vec<Cell> = [Database::Sqlite, Database::Postgres]
            .into_iter()
            .filter(|database| run.database.is_none_or(|only| only == *database))
            .flat_map(|database| cells(chapter, database, quick))
            .collect();
        let rounds = match chapter {
            Chapter::Expiring => 1,
            _ => run.rounds(),
        };
        for round in 0..rounds {
            steps.extend(cells.iter().map(|cell| Step { cell: cell.clone(), round }));
        }
    }
    steps
}

/// The servers measured in turn for each number of connections.
const SERVERS: [&str; 4] = ["echo", "floor", "sqlx-floor", "tenure"];

fn cells(chapter: Chapter, database: Database, quick: bool) -> Vec<Cell> {
    let cell = |server: &str| Cell {
        chapter,
        database,
        stored: 0,
        connections: 64,
        nodes: 1,
        credential_type: "career_history".to_owned(),
        server: server.to_owned(),
    };
    match chapter {
        Chapter::Connections => {
            let counts: &[usize] = match (quick, database) {
                (true, Database::Sqlite) => &[64, 256],
                (true, Database::Postgres) => &[64, 256, 512],
                (false, _) => &[1, 4, 16, 64, 128, 256, 512],
            };
            counts
                .iter()
                .flat_map(|connections| SERVERS.map(|server| Cell { connections: *connections, ..cell(server) }))
                .collect()
        }
        Chapter::Sizes => {
            let sizes: &[u64] = if quick { &[0, 1_000_000] } else { &[0, 1_000_000, 10_000_000] };
            sizes.iter().map(|stored| Cell { stored: *stored, ..cell("tenure") }).collect()
        }
        Chapter::Nodes if database == Database::Sqlite => Vec::new(),
        Chapter::Nodes => {
            let of = |connections| [1, 2].map(|nodes| Cell { nodes, connections, ..cell("tenure") });
            if quick { of(64).into() } else { [of(64), of(256)].concat() }
        }
        Chapter::Types if database == Database::Postgres || quick => Vec::new(),
        Chapter::Types => credential::ALL
            .iter()
            .flat_map(|known| {
                ["floor", "tenure"].map(|server| Cell { credential_type: known.name.to_owned(), ..cell(server) })
            })
            .collect(),
        Chapter::Polling => vec![cell("tenure")],
        Chapter::Expiring => vec![Cell { stored: if quick { 100_000 } else { 1_000_000 }, ..cell("tenure") }],
    }
}

/// The header of a file of points. A run resumes only if all fields are the same.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Heading {
    preset: Preset,
    /// The measured binary.
    binary: String,
    /// This binary, which contains the reference servers.
    bench: String,
    seconds: u64,
    rounds: usize,
}

impl Heading {
    fn of(run: &Run, bench: &Bench) -> Result<Self, String> {
        let own = std::env::current_exe().map_err(|error| error.to_string())?;
        Ok(Self {
            preset: run.preset,
            binary: version(&bench.tenure)?,
            bench: version(&own)?,
            seconds: run.seconds(),
            rounds: run.rounds(),
        })
    }
}

/// Returns a text that changes when `binary` is built again.
fn version(binary: &Path) -> Result<String, String> {
    let file = std::fs::metadata(binary).map_err(|error| error.to_string())?;
    let changed = file.modified().map_err(|error| error.to_string())?;
    Ok(format!("{} bytes of {changed:?}", file.len()))
}

/// Measures the missing steps; returns all points and the number of failed steps.
///
/// # Errors
/// PostgreSQL does not start, or a file cannot be written. A step that fails is reported, and
/// measured again by the next run.
#[expect(clippy::print_stderr, reason = "progress, for the person who waits")]
pub fn run(run: &Run) -> Result<(Vec<Point>, usize), String> {
    let mut bench = Bench::open(run)?;
    let (mut points, file) = resume(run, &bench)?;
    let done: HashSet<String> = points.iter().map(|point| key(&point.step)).collect();
    let steps: Vec<Step> = steps(run).into_iter().filter(|step| !done.contains(&key(step))).collect();
    bench.schema = prefill::schema(&bench.tenure, &bench.folder("schema"))?;
    let mut fills: HashSet<(Database, u64)> = steps
        .iter()
        .filter(|step| step.cell.chapter == Chapter::Sizes)
        .map(|step| (step.cell.database, step.cell.stored))
        .collect();
    fills.retain(|(database, rows)| prefill::filled(&run.dir, *database, *rows, bench.schema).is_none());
    // Filling inserts about 30,000 rows per second.
    let mut left: u64 = steps.iter().map(|step| seconds(&step.cell, run)).sum::<u64>()
        + fills.iter().map(|(_, rows)| rows / 30_000).sum::<u64>();
    eprintln!("{} steps, about {} minutes; {} were done before", steps.len(), left.div_ceil(60), done.len());
    let mut failed = 0;
    for (number, step) in steps.iter().enumerate() {
        let began = Instant::now();
        eprintln!("[{}/{}, about {} min left] {}", number + 1, steps.len(), left.div_ceil(60), title(step));
        if step.cell.chapter == Chapter::Sizes && fills.remove(&(step.cell.database, step.cell.stored)) {
            left = left.saturating_sub(step.cell.stored / 30_000);
        }
        left = left.saturating_sub(seconds(&step.cell, run));
        match measure(&bench, step) {
            Ok(found) => {
                for point in found {
                    eprintln!("  {}", brief(&point));
                    append(&file, &serde_json::to_string(&point).map_err(|error| error.to_string())?)?;
                    points.push(point);
                }
            }
            Err(error) => {
                failed += 1;
                eprintln!("  FAILED after {:.0} s: {error}", began.elapsed().as_secs_f64());
            }
        }
        // Gives the last step's writes time to reach the disk.
        std::thread::sleep(Duration::from_millis(200));
    }
    Ok((points, failed))
}

fn key(step: &Step) -> String {
    serde_json::to_string(step).unwrap_or_default()
}

fn append(file: &PathBuf, line: &str) -> Result<(), String> {
    let opened = std::fs::File::options().create(true).append(true).open(file);
    opened.and_then(|mut opened| writeln!(opened, "{line}")).map_err(|error| error.to_string())
}

/// Returns the points of an earlier run with the same parameters, and the file to append to.
fn resume(run: &Run, bench: &Bench) -> Result<(Vec<Point>, PathBuf), String> {
    let file = run.dir.join("points.jsonl");
    let heading = Heading::of(run, bench)?;
    let text = std::fs::read_to_string(&file).unwrap_or_default();
    let mut lines = text.lines();
    let same = lines.next().and_then(|line| serde_json::from_str::<Heading>(line).ok()) == Some(Heading { ..heading });
    if same && !run.anew {
        return Ok((lines.filter_map(|line| serde_json::from_str(line).ok()).collect(), file));
    }
    let _ = std::fs::remove_file(&file);
    append(&file, &serde_json::to_string(&Heading::of(run, bench)?).map_err(|error| error.to_string())?)?;
    Ok((Vec::new(), file))
}

/// Returns the points measured so far.
///
/// # Errors
/// There are none.
pub fn earlier(run: &Run) -> Result<Vec<Point>, String> {
    let text = std::fs::read_to_string(run.dir.join("points.jsonl")).map_err(|error| error.to_string())?;
    Ok(text.lines().skip(1).filter_map(|line| serde_json::from_str(line).ok()).collect())
}

/// Describes a step for progress messages.
fn title(step: &Step) -> String {
    let cell = &step.cell;
    let mut title = format!("round {}: {} on {}", step.round + 1, cell.server, cell.database.title());
    if cell.nodes > 1 {
        title += &format!(", {} nodes", cell.nodes);
    }
    if cell.stored > 0 {
        title += &format!(", {} stored", cell.stored);
    }
    if cell.chapter == Chapter::Types {
        title += &format!(", {}", cell.credential_type);
    }
    title + &format!(", {} connections", cell.connections)
}

fn brief(point: &Point) -> String {
    let figure = |name: &str| point.figures.get(name).copied().unwrap_or_default();
    format!(
        "{:?}: {:.0} a second, p50 {:.1} ms, p99 {:.1} ms, max {:.1} ms; server {:.0} and database {:.0} us a request, driver {:.0} % of a core, memory {:.0} to {:.0} MiB",
        point.load,
        figure("per_second"),
        figure("p50"),
        figure("p99"),
        figure("max"),
        figure("server_us"),
        figure("database_us"),
        figure("driver") * 100.0,
        figure("rest_mib"),
        figure("peak_mib"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_servers_are_measured_in_turn_for_each_connection_count() {
        let cells = cells(Chapter::Connections, Database::Postgres, true);
        let order: Vec<(usize, &str)> = cells.iter().map(|cell| (cell.connections, cell.server.as_str())).collect();
        assert_eq!(order[..5], [(64, "echo"), (64, "floor"), (64, "sqlx-floor"), (64, "tenure"), (256, "echo")]);
        assert_eq!(order.last(), Some(&(512, "tenure")));
    }
}
