//! The table, the picture, the file of results.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::Run;
use crate::round::{Round, SERVERS};

const BEGIN: &str = "<!-- bench:pushes -->";
const END: &str = "<!-- /bench:pushes -->";

/// Prints the table and writes everything into the repository.
///
/// # Errors
/// A file cannot be written.
#[expect(clippy::print_stdout, reason = "the table is the answer")]
pub fn write(run: &Run, rounds: &[Round]) -> Result<(), String> {
    let medians: Vec<&Round> = SERVERS.into_iter().filter_map(|server| median(rounds, server)).collect();
    let date = said("date", &["-u", "+%Y-%m-%d"]);
    let table = table(run, &medians, &date);
    println!("\n{table}");
    let results = run.repository.join("bench/results");
    save(&results.join(format!("{date}-pushes.json")), &results_json(run, rounds))?;
    save(&run.repository.join("docs/performance-pushes.svg"), &picture(&medians))?;
    let page = run.repository.join("docs/performance.md");
    if let Ok(text) = std::fs::read_to_string(&page)
        && let (Some((before, _)), Some((_, after))) = (text.split_once(BEGIN), text.split_once(END))
    {
        let picture = "![Pushes a second of echo, floor and tenure](performance-pushes.svg)";
        save(&page, &format!("{before}{BEGIN}\n{table}\n{picture}\n{END}{after}"))?;
    }
    Ok(())
}

/// Writes a result, with the machine it came from, as `bench/results/DATE-NAME.json`.
///
/// # Errors
/// The file cannot be written.
pub fn keep(repository: &Path, name: &str, result: &Value) -> Result<(), String> {
    let date = said("date", &["-u", "+%Y-%m-%d"]);
    let whole = json!({ "machine": machine(), "result": result });
    let text = serde_json::to_string_pretty(&whole).map_err(|error| error.to_string())? + "\n";
    save(&repository.join("bench/results").join(format!("{date}-{name}.json")), &text)
}

fn save(path: &Path, text: &str) -> Result<(), String> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| error.to_string())?;
    }
    std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}

/// The round in the middle by throughput.
fn median<'a>(rounds: &'a [Round], server: &str) -> Option<&'a Round> {
    let mut own: Vec<&Round> = rounds.iter().filter(|round| round.server == server).collect();
    own.sort_by(|left, right| left.throughput.total_cmp(&right.throughput));
    own.get(own.len() / 2).copied()
}

fn table(run: &Run, medians: &[&Round], date: &str) -> String {
    let floor = medians.iter().find(|round| round.server == "floor").map_or(1.0, |round| round.throughput);
    let mut text = format!(
        "{date}, {}: {} connections, {} s measured after {} s, the median of {} rounds in turn.\n\n",
        machine(),
        run.connections,
        run.seconds,
        run.warm_up,
        run.rounds
    );
    text.push_str("| server | pushes a second | of the floor | p50 ms | p99 ms | max ms | peak memory MiB | bytes a push |\n|---|--:|--:|--:|--:|--:|--:|--:|\n");
    for round in medians {
        let (outcome, bytes) =
            (&round.outcome, round.bytes_a_push.map_or_else(String::new, |bytes| format!("{bytes:.0}")));
        let _ = writeln!(
            text,
            "| {} | {:.0} | {:.2} | {:.1} | {:.1} | {:.1} | {:.0} | {bytes} |",
            round.server,
            round.throughput,
            round.throughput / floor,
            outcome.percentile(0.5),
            outcome.percentile(0.99),
            outcome.percentile(1.0),
            round.memory
        );
    }
    text
}

fn results_json(run: &Run, rounds: &[Round]) -> String {
    let rounds: Vec<Value> = rounds
        .iter()
        .map(|round| {
            json!({
                "server": round.server, "pushes_a_second": round.throughput, "p50_ms": round.outcome.percentile(0.5),
                "p90_ms": round.outcome.percentile(0.9), "p99_ms": round.outcome.percentile(0.99),
                "max_ms": round.outcome.percentile(1.0), "peak_memory_mib": round.memory, "bytes_a_push": round.bytes_a_push,
            })
        })
        .collect();
    let result = json!({
        "machine": machine(), "connections": run.connections, "seconds": run.seconds, "warm_up": run.warm_up, "rounds": rounds,
    });
    serde_json::to_string_pretty(&result).unwrap_or_default() + "\n"
}

fn machine() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model =
        info.lines().find_map(|line| line.strip_prefix("model name\t: ")).unwrap_or("unknown processor").to_owned();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kib: u64 = memory.split_whitespace().nth(1).and_then(|number| number.parse().ok()).unwrap_or_default();
    format!("{cores} cores ({model}), {} GiB, Linux {}", kib.div_ceil(1 << 20), said("uname", &["-r"]))
}

fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&output).trim().to_owned()
}

/// Bars of throughput, each with its figures; readable in light and dark.
fn picture(medians: &[&Round]) -> String {
    let most = medians.iter().map(|round| round.throughput).fold(1.0, f64::max);
    let mut svg = String::from(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 640 190\" role=\"img\" aria-label=\"Durable pushes a second\" font-family=\"system-ui, sans-serif\" font-size=\"14\">\n\
         <style>text{fill:#17212b}rect{fill:#0f5257}@media(prefers-color-scheme:dark){text{fill:#e8ecef}rect{fill:#7fd1c7}}</style>\n\
         <text x=\"10\" y=\"22\" font-weight=\"600\">Durable pushes a second, median of the rounds (echo stores nothing)</text>\n",
    );
    for (index, round) in medians.iter().enumerate() {
        let y = 40.0 + index as f64 * 48.0;
        let width = 330.0 * round.throughput / most;
        let _ = writeln!(svg, "<text x=\"10\" y=\"{:.0}\">{}</text>", y + 20.0, round.server);
        let _ = writeln!(svg, "<rect x=\"70\" y=\"{y:.0}\" width=\"{width:.0}\" height=\"30\" rx=\"4\"/>");
        let label = format!("{:.0} a second, p99 {:.1} ms", round.throughput, round.outcome.percentile(0.99));
        let _ = writeln!(svg, "<text x=\"{:.0}\" y=\"{:.0}\">{label}</text>", width + 80.0, y + 20.0);
    }
    svg + "</svg>\n"
}
