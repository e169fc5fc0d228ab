//! The options of `tenure push`.

use std::path::PathBuf;

use clap::ValueEnum;

use crate::destination::DestinationArgs;
use crate::reading::ReadingArgs;

const EXAMPLES: &str = "\
Examples:
  Look whether a file would be taken; nothing is sent:
    tenure push people.csv --set last_processed_month=2026-10 --dry-run
  Push it, and keep what the columns mean for next month:
    export TENURE_SERVER=https://passport.example TENURE_CLIENT_ID=0192f0c1-...
    tenure push people.csv --client-secret-file secret.txt --save-mapping bureau.toml
  Next month:
    tenure push people.csv --client-secret-file secret.txt --mapping bureau.toml

CSV has a header row and a row for each job; rows of one person, by the person
column, become one career, wherever they stand. Columns are known by their usual
names. Without a credential_id column an id follows from the person and what is
said of them: pushing a file again changes nothing, a correction is a new push
with another link, and of a person's links the last one counts.
NDJSON has a v2 body a line; \"credential_type\" and \"person\" may stand beside it.

Everything is checked first, and nothing is pushed if anything would be refused,
unless --skip-refused. Beside FILE appear FILE.links.csv (a link for each person:
secret until used), FILE.refusals.csv (what to mend, by line and column) and
FILE.progress. Stopped by Ctrl-C or a crash, the same command goes on.

Exit code: 0 all is pushed; 1 something was refused, failed or left; 2 wrong usage.";

/// Push a CSV or NDJSON file of any size to a server, and keep the links.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The file: CSV with a header row, or NDJSON with a v2 body a line.
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) destination: DestinationArgs,
    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    /// How many pushes at once.
    #[arg(long, value_name = "COUNT", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) concurrency: u16,
    /// Check alone: here, and nothing is sent; or by the server, which stores nothing.
    #[arg(long, value_name = "WHERE", num_args = 0..=1, require_equals = true, default_missing_value = "here")]
    pub(crate) dry_run: Option<DryRun>,
    /// Push the others if some would be refused.
    #[arg(long)]
    pub(crate) skip_refused: bool,
    /// Go on although the file or the mapping was changed; who was corrected is pushed as new, and has another link.
    #[arg(long)]
    pub(crate) changed: bool,
    /// Give up once the server has answered no push for so many seconds, beside the time that it asked for.
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    pub(crate) patience: u64,
    /// Do not ask before pushing. Where there is no terminal nobody is asked.
    #[arg(long, short)]
    pub(crate) yes: bool,
}

/// What is written where.
#[derive(Debug, clap::Args)]
pub struct OutputArgs {
    /// Where the links go [default: FILE.links.csv]
    #[arg(long, value_name = "FILE")]
    pub(crate) links: Option<PathBuf>,
    /// Where the refusals go [default: FILE.refusals.csv]
    #[arg(long, value_name = "FILE")]
    pub(crate) refusals: Option<PathBuf>,
    /// Where the progress is kept, to go on from [default: FILE.progress]
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
    /// Say nothing but what went wrong.
    #[arg(long, short)]
    pub(crate) quiet: bool,
    /// Print the summary as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Who checks in a dry run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DryRun {
    /// This program checks, and sends nothing.
    Here,
    /// The server checks, and stores nothing.
    Server,
}

impl Args {
    /// Where a file of ours is, unless an option says.
    pub(crate) fn beside(&self, said: &Option<PathBuf>, ending: &str) -> PathBuf {
        let mut name = self.file.clone().into_os_string();
        name.push(ending);
        said.clone().unwrap_or_else(|| name.into())
    }
}
