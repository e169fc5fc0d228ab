//! Writes the results into the repository: tables and pictures into docs/operate/, all figures into
//! bench/results/.

use std::path::Path;

use serde_json::{Value, json};

use crate::arguments::Run;
use crate::machine;
use crate::medians::Medians;
use crate::point::Point;
use crate::postgres;
use crate::tables::{Section, sections};

/// Prints the tables and, if a repository is given, writes all results into it.
///
/// # Errors
/// A file cannot be written.
#[expect(clippy::print_stdout, reason = "the tables are the answer")]
pub fn write(run: &Run, points: &[Point]) -> Result<(), String> {
    let sections = sections(points);
    for section in &sections {
        println!("\n{}\n\n{}", section.name, section.table);
    }
    let Some(repository) = &run.repository else { return Ok(()) };
    let said = format!(
        "{}, {}, PostgreSQL {}, commit {}: {} s measured after {} s, the median of {} rounds in turn.",
        machine::date(),
        machine::machine(),
        postgres::version(&run.postgres_bin),
        machine::commit(),
        run.seconds(),
        run.warm_up(),
        run.rounds()
    );
    let page = repository.join("docs/operate/performance.md");
    let text = std::fs::read_to_string(&page).map_err(|error| format!("{}: {error}", page.display()))?;
    let text = between(&text, "machine", &said)?;
    let text = sections.iter().try_fold(text, |text, section| between(&text, section.name, &content(section)))?;
    save(&page, &text)?;
    for (file, _, picture) in sections.iter().filter_map(|section| section.picture.as_ref()) {
        save(&repository.join("docs/operate").join(file), picture)?;
    }
    let result = json!({
        "preset": run.preset, "seconds": run.seconds(), "warm_up": run.warm_up(), "rounds": run.rounds(),
        "machine": machine::described(&run.dir, &postgres::version(&run.postgres_bin)),
        "medians": Medians::of(points).listed(), "points": points,
    });
    let text = serde_json::to_string(&result).map_err(|error| error.to_string())?;
    // One point per line, so that two runs can be compared with diff.
    let text = text.replace("},{\"", "},\n{\"") + "\n";
    save(&repository.join("bench/results").join(format!("{}-suite.json", machine::date())), &text)
}

fn content(section: &Section) -> String {
    match &section.picture {
        Some((file, label, _)) => format!("{}\n![{label}]({file})", section.table),
        None => section.table.trim_end().to_owned(),
    }
}

/// Replaces the text between the markers `name` with `content`.
fn between(text: &str, name: &str, content: &str) -> Result<String, String> {
    let (begin, end) = (format!("<!-- bench:{name} -->"), format!("<!-- /bench:{name} -->"));
    let parts = text.split_once(&begin).and_then(|(before, rest)| Some((before, rest.split_once(&end)?.1)));
    let (before, after) = parts.ok_or_else(|| format!("docs/operate/performance.md has no place for {name}"))?;
    Ok(format!("{before}{begin}\n{content}\n{end}{after}"))
}

/// Writes a result, with the description of the machine, to `bench/results/DATE-NAME.json`.
///
/// # Errors
/// The file cannot be written.
pub fn keep(repository: &Path, name: &str, result: &Value) -> Result<(), String> {
    let whole = json!({ "machine": machine::machine(), "result": result });
    let text = serde_json::to_string_pretty(&whole).map_err(|error| error.to_string())? + "\n";
    save(&repository.join("bench/results").join(format!("{}-{name}.json", machine::date())), &text)
}

fn save(path: &Path, text: &str) -> Result<(), String> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| error.to_string())?;
    }
    std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::between;

    #[test]
    fn text_outside_the_markers_is_kept() {
        let text = "above\n<!-- bench:sizes -->\nold\n<!-- /bench:sizes -->\nbelow\n";
        let new = "above\n<!-- bench:sizes -->\nnew\n<!-- /bench:sizes -->\nbelow\n";
        assert_eq!(between(text, "sizes", "new").as_deref(), Ok(new));
        assert!(between(text, "nodes", "new").is_err(), "rather than losing what was measured");
    }
}
