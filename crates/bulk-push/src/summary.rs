//! The summary of a run.

use std::path::Path;
use std::time::Duration;

use indicatif::HumanCount;
use serde_json::{Value, json};

use crate::counts::Counts;
use crate::progress::{lasting, rate};

/// The content of a summary.
#[derive(Debug)]
pub struct Summary<'a> {
    pub counts: Counts,
    /// The singular and plural noun for the counts.
    pub nouns: (&'static str, &'static str),
    pub file: &'a Path,
    /// The file of links.
    pub links: Option<&'a Path>,
    /// The report, if there is one.
    pub rejected: Option<&'a Path>,
    /// Why the run ended early, if it did.
    pub ended: Option<&'a str>,
    /// The verb for credentials that count as pushed.
    pub done: &'static str,
}

impl Summary<'_> {
    /// Formats the summary as JSON.
    pub fn json(&self) -> Value {
        let counts = &self.counts;
        json!({
            "file": self.file,
            "total": counts.total,
            "pushed": counts.pushed,
            "already_pushed": counts.already,
            "refused": counts.skipped + counts.refused,
            "failed": counts.failed,
            "left": counts.left(),
            "updated": counts.updated,
            "asked": counts.asked,
            "replaced": counts.replaced,
            "warnings": counts.warnings,
            "far_ends": counts.far_ends,
            "merged_rows": counts.merged,
            "total_rows": counts.extra.totals,
            "footer_rows": counts.extra.footers,
            "hidden_rows": counts.extra.hidden_rows,
            "hidden_sheets": counts.extra.hidden_sheets,
            "lost_links": counts.lost_links,
            "seconds": (counts.seconds * 1000.0).round() / 1000.0,
            "links": self.links,
            "refusals": self.rejected,
            "ended": self.ended,
        })
    }

    /// Formats the summary as text.
    pub fn text(&self) -> String {
        let counts = &self.counts;
        let elapsed = Duration::from_secs_f64(counts.seconds);
        let per_second = rate(counts.here(), elapsed).map(|rate| format!(", {rate:.0} per second")).unwrap_or_default();
        let took = format!(" in {}{per_second}", lasting(elapsed));
        let mut lines = vec![format!("{} {}{took}.", self.counted(counts.pushed), self.done)];
        if counts.updated + counts.asked > 0 {
            let (updated, asked) = (self.counted(counts.updated), self.counted(counts.asked));
            lines.push(format!("{updated} updated at once. {asked} need a decision: send them their links."));
        }
        if counts.already > 0 {
            lines.push(format!("{} already pushed.", self.counted(counts.already)));
        }
        let refused = counts.skipped + counts.refused;
        let not_taken =
            [(refused, "refused"), (counts.failed, "failed at the server"), (counts.left(), "not pushed yet")];
        lines.extend(
            not_taken
                .iter()
                .filter(|(count, _)| *count > 0)
                .map(|(count, what)| format!("{} {what}.", self.counted(*count))),
        );
        if counts.warnings > 0 {
            lines.push(format!("{} from the server.", counted(counts.warnings, ("warning", "warnings"))));
        }
        if counts.replaced > 0 {
            let replaced = counted(counts.replaced, ("link", "links"));
            lines.push(format!("{replaced} replaced: only the last row of each {} counts.", self.nouns.0));
        }
        lines.extend(notes(counts));
        if let Some(links) = self.links.filter(|_| counts.pushed + counts.already > 0) {
            lines.push(format!("Links:    {} (keep secret until used; send each person their own)", links.display()));
        }
        if let Some(rejected) = self.rejected {
            lines.push(format!("Refusals: {}", rejected.display()));
        }
        lines.join("\n")
    }

    fn counted(&self, count: u64) -> String {
        counted(count, self.nouns)
    }
}

/// Describes what was changed on the way from the rows to the credentials.
pub fn notes(counts: &Counts) -> Vec<String> {
    let far = counted(counts.far_ends, ("date too far ahead means", "dates too far ahead mean"));
    let merged = counted(counts.merged, ("row that repeats a job was", "rows that repeat a job were"));
    let extra = &counts.extra;
    let said = |count: u64, nouns: (&str, &str), what: &str| (count, format!("{} {what}.", counted(count, nouns)));
    let notes = [
        (counts.far_ends, format!("{far} that there is no end.")),
        (counts.merged, format!("{merged} merged into it.")),
        said(extra.totals, ("row with totals was", "rows with totals were"), "skipped"),
        said(extra.footers, ("line below the rows was", "lines below the rows were"), "skipped"),
        said(
            extra.hidden_rows,
            ("hidden row of the workbook is", "hidden rows of the workbook are"),
            "read like the others",
        ),
        said(
            extra.hidden_sheets,
            ("hidden sheet is", "hidden sheets are"),
            "not read; name it with --sheet to push it",
        ),
        said(
            counts.lost_links,
            ("link is missing in the file of links and is", "links are missing in the file of links and are"),
            "requested again; those of the last 48 hours stay the same",
        ),
    ];
    notes.into_iter().filter(|(count, _)| *count > 0).map(|(_, note)| note).collect()
}

/// Formats a number with its noun.
pub fn counted(count: u64, (one, several): (&str, &str)) -> String {
    format!("{} {}", HumanCount(count), if count == 1 { one } else { several })
}
