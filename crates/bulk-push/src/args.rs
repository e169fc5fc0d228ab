//! The options of `tenure push`.

use std::path::PathBuf;

use clap::ValueEnum;

use crate::destination::DestinationArgs;
use crate::reading::ReadingArgs;

const EXAMPLES: &str = "\
Examples:
  Check a file without sending anything:
    tenure push people.csv --set last_processed_month=2026-10 --dry-run
  Push it and save the column mapping for next month:
    export TENURE_SERVER=https://passport.example TENURE_CLIENT_ID=0192f0c1-...
    tenure push people.csv --client-secret-file secret.txt --save-mapping bureau.toml
  Next month:
    tenure push people.csv --client-secret-file secret.txt --mapping bureau.toml
  Push a sheet of a workbook, with data up to last month:
    tenure push people.xlsx --sheet Staff --set last_processed_month=last-month

A CSV file has a header row and one row per job. Rows with the same value in the
person column become one career. Columns are recognised by their usual names.
Without a credential_id column, the id is derived from the person and the data:
pushing the same file again changes nothing, and a correction is a new push with
a new link. Each person's last link is the current one.
An NDJSON file has one v2 body per line; \"credential_type\" and \"person\" may be
added to it.

Before anything is sent, the meaning of each column and the first people are shown
to be confirmed. Without a terminal, add --yes after a look at a --dry-run.

The whole file is checked first. If any row would be refused, nothing is pushed,
unless --skip-refused is given. Output: FILE.links.csv (one link per person,
secret until used), FILE.refusals.csv (what to correct, by line and column) and
FILE.progress. After Ctrl-C or a crash, run the same command again to resume.

Exit code: 0 everything was pushed; 1 some rows were refused, failed or are left;
2 wrong usage.";

/// Push a CSV, Excel or NDJSON file of any size to a server, and write the links to a file.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The input file: CSV or .xlsx with a header row, or NDJSON with one v2 body per line.
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) destination: DestinationArgs,
    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    /// Maximum number of concurrent requests.
    #[arg(long, value_name = "COUNT", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) concurrency: u16,
    /// Only check the file: here without sending anything, or on the server, which stores nothing.
    #[arg(long, value_name = "MODE", num_args = 0..=1, require_equals = true, default_missing_value = "here")]
    pub(crate) dry_run: Option<DryRun>,
    /// Push the valid rows even if others would be refused.
    #[arg(long)]
    pub(crate) skip_refused: bool,
    /// Resume even though the file or the mapping changed. Corrected people are pushed as new and
    /// get a new link.
    #[arg(long)]
    pub(crate) allow_changed_input: bool,
    /// Give up after this many seconds without a response to any push, not counting Retry-After.
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    pub(crate) give_up_after: u64,
    /// Do not ask for confirmation. Required without a terminal, unless --mapping names a saved
    /// mapping, or a stopped run is resumed.
    #[arg(long, short)]
    pub(crate) yes: bool,
}

/// The output files and the format of the output.
#[derive(Debug, clap::Args)]
pub struct OutputArgs {
    /// Output file for the links [default: FILE.links.csv]
    #[arg(long, value_name = "FILE")]
    pub(crate) links: Option<PathBuf>,
    /// Output file for refused rows [default: FILE.refusals.csv]
    #[arg(long, value_name = "FILE")]
    pub(crate) refusals: Option<PathBuf>,
    /// Journal from which a stopped run resumes [default: FILE.progress]
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
    /// Print errors only.
    #[arg(long, short)]
    pub(crate) quiet: bool,
    /// Print the summary as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Where the file is checked in a dry run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DryRun {
    /// In this program; nothing is sent.
    Here,
    /// On the server, which stores nothing.
    Server,
}

impl Args {
    /// Returns the path from the option, or else the input file's path with `ending` added.
    pub(crate) fn beside(&self, option: &Option<PathBuf>, ending: &str) -> PathBuf {
        let mut name = self.file.clone().into_os_string();
        name.push(ending);
        option.clone().unwrap_or_else(|| name.into())
    }
}
