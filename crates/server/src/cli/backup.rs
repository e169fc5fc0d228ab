//! `tenure backup`: copies the data and keys for a restore; see [`crate::backup`].

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::command::{CommandResult, StoreArguments, block_on, print, require_data};
use crate::backup::{self, About, FOLDER, Made};
use ambient::Clock;

/// Create a backup. The server may be running. The backup does not contain submissions that have
/// not been accepted, or copies of their keys. It does not contain root.key either: keep a copy of
/// that elsewhere.
#[derive(Debug, Args)]
pub struct Backup {
    /// File to write, with an extension; or a folder, in which the file is named after the time.
    #[arg(value_name = "FILE_OR_DIR")]
    to: PathBuf,
    /// Overwrite an existing file.
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    store: StoreArguments,
}

impl Backup {
    pub(super) fn run(self) -> CommandResult {
        let config = self.store.load(&[])?;
        let (clock, bar) = (Clock::System, progress());
        let started = clock.now();
        let made = block_on(async {
            require_data(&config.storage).await?;
            backup::make(&config, &self.to, self.force, &clock, &bar).await.map_err(|error| error.to_string())
        });
        bar.finish_and_clear();
        let root = config.storage.data_dir.join("root.key");
        let seconds = clock.now().since(started).as_secs_f64();
        print(&render(&made?, seconds, &root.display().to_string()))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Returns a progress bar, which is shown only on a terminal.
pub(super) fn progress() -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:16} {wide_bar} {percent:>3} %, {eta} left");
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// Summarises the contents of a backup in one line.
pub(super) fn contents(about: &About) -> String {
    let named = [
        ("partner", "partners"),
        ("holder", "accounts"),
        ("submission", "submissions"),
        ("status_entry", "signed credentials"),
        ("share", "shared links"),
        ("webhook", "webhooks"),
        ("signing_key", "signing keys"),
    ];
    let counts: Vec<String> = named.iter().map(|(table, name)| format!("{} {name}", about.count(table))).collect();
    counts.join(", ")
}

fn render(made: &Made, seconds: f64, root: &str) -> String {
    let Made { path, size, about, documents } = made;
    let mut text = format!("{}: {} in {seconds:.1} s\n", path.display(), bytes(*size));
    let _ = writeln!(text, "  holds {}", contents(about));
    let _ = writeln!(text, "  without the data of {} pending submissions, and without sessions", about.waiting);
    match documents {
        Some(copied) if copied.copied + copied.there + copied.missing.len() == 0 => {}
        Some(copied) => {
            let folder = path.with_file_name(FOLDER);
            let (new, old) = (copied.copied, copied.there);
            let _ = writeln!(text, "  documents: {}: {new} copied, {old} already there", folder.display());
            if !copied.missing.is_empty() {
                let _ = writeln!(text, "  documents deleted in the meantime, or missing: {}", copied.missing.len());
            }
        }
        None => text.push_str("  documents are in the bucket, which needs a backup of its own\n"),
    }
    let _ = writeln!(
        text,
        "Without {root}, nothing in the backup can be decrypted. The backup does not contain that file: keep a copy of it elsewhere."
    );
    text
}

fn bytes(count: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    let (mut tenths, mut unit) = (count.saturating_mul(10) / 1024, 0);
    while tenths >= 10_240 && unit + 1 < UNITS.len() {
        tenths /= 1024;
        unit += 1;
    }
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_printed_with_binary_units() {
        assert_eq!(bytes(512), "0.5 KiB");
        assert_eq!(bytes(3 << 20), "3.0 MiB");
        assert_eq!(bytes(u64::MAX / 10), "1677721.5 TiB");
    }
}
