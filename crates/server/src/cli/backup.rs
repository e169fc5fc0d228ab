//! `tenure backup`: a copy of data and keys from which a server can be put back; see [`crate::backup`].

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::command::{Outcome, StoreArguments, block_on, print};
use crate::backup::{self, About, FOLDER, Made};
use ambient::Clock;

/// Make a backup, while the server runs or not. Submissions that nobody has accepted yet are not in it, and no copy of
/// their keys. Nor is root.key: keep a copy of it elsewhere.
#[derive(Debug, Args)]
pub struct Backup {
    /// The file to write, with an ending; or a folder, for a file named after the time.
    #[arg(value_name = "FILE_OR_DIR")]
    to: PathBuf,
    /// Write over a file that is there.
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    store: StoreArguments,
}

impl Backup {
    pub(super) fn run(self) -> Outcome {
        let config = self.store.load(&[])?;
        let (clock, bar) = (Clock::System, progress());
        let started = clock.now();
        let made = block_on(async {
            backup::make(&config, &self.to, self.force, &clock, &bar).await.map_err(|error| error.to_string())
        });
        bar.finish_and_clear();
        let root = config.storage.data.join("root.key");
        let seconds = clock.now().since(started).as_secs_f64();
        print(&told(&made?, seconds, &root.display().to_string()))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// How far it is, on a terminal alone.
pub(super) fn progress() -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:16} {wide_bar} {percent:>3} %, {eta} left");
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// What a backup holds, in a line.
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

fn told(made: &Made, seconds: f64, root: &str) -> String {
    let Made { path, size, about, documents } = made;
    let mut text = format!("{}: {} in {seconds:.1} s\n", path.display(), bytes(*size));
    let _ = writeln!(text, "  holds {}", contents(about));
    let _ = writeln!(
        text,
        "  without the data of {} submissions that nobody has accepted yet, and without sessions",
        about.waiting
    );
    match documents {
        Some(copied) if copied.copied + copied.there + copied.missing.len() == 0 => {}
        Some(copied) => {
            let folder = path.with_file_name(FOLDER);
            let (new, old) = (copied.copied, copied.there);
            let _ = writeln!(text, "  documents: {}: {new} copied, {old} were there", folder.display());
            if !copied.missing.is_empty() {
                let _ =
                    writeln!(text, "  documents that were deleted meanwhile, or are missing: {}", copied.missing.len());
            }
        }
        None => text.push_str("  documents are in the bucket, which is backed up by its own means\n"),
    }
    let _ = writeln!(text, "Without {root} nothing in it opens. It is not in the backup: keep a copy of it elsewhere.");
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
