//! `tenure push FILE`: a whole file of people to a server, and their links back: what a payroll bureau runs.
//!
//! Owns the options and the order of things: the file is read and checked from its first row to its last before anything is
//! sent. Each step has its file. It is a client of the Partner API like any other, and knows nothing that others cannot know.

mod cells;
mod checking;
mod client;
mod dates;
mod destination;
mod form;
mod group;
mod guess;
mod input;
mod journal;
mod lines;
mod mapping;
mod patience;
mod progress;
mod reading;
mod refusal;
mod run;
mod source;
mod summary;
mod table;

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, ValueEnum};
use credential::encoding::hex;
use indicatif::HumanCount;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use self::checking::{Checked, check};
use self::client::Client;
use self::journal::{Journal, Past, Title};
use self::progress::{Progress, ask, say};
use self::reading::Reading;
use self::refusal::Refusals;
use self::run::{Ran, Run};
use self::source::Source;
use self::summary::{Summary, counted};
use super::{Outcome, StoreArguments, block_on, variable};
use crate::config::Config;

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
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Push {
    /// The file: CSV with a header row, or NDJSON with a v2 body a line.
    file: PathBuf,
    #[command(flatten)]
    destination: destination::Destination,
    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    output: Output,
    /// How many pushes at once.
    #[arg(long, value_name = "COUNT", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    concurrency: u16,
    /// Check alone: here, and nothing is sent; or by the server, which stores nothing.
    #[arg(long, value_name = "WHERE", num_args = 0..=1, require_equals = true, default_missing_value = "here")]
    dry_run: Option<DryRun>,
    /// Push the others if some would be refused.
    #[arg(long)]
    skip_refused: bool,
    /// Go on although the file or the mapping was changed; who was corrected is pushed as new, and has another link.
    #[arg(long)]
    changed: bool,
    /// Give up once the server has answered no push for so many seconds, beside the time that it asked for.
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    patience: u64,
    /// Do not ask before pushing. Where there is no terminal nobody is asked.
    #[arg(long, short)]
    yes: bool,
}

/// What is written where.
#[derive(Debug, Args)]
struct Output {
    /// Where the links go [default: FILE.links.csv]
    #[arg(long, value_name = "FILE")]
    links: Option<PathBuf>,
    /// Where the refusals go [default: FILE.refusals.csv]
    #[arg(long, value_name = "FILE")]
    refusals: Option<PathBuf>,
    /// Where the progress is kept, to go on from [default: FILE.progress]
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Say nothing but what went wrong.
    #[arg(long, short)]
    quiet: bool,
    /// Print the summary as JSON.
    #[arg(long)]
    json: bool,
}

/// Who checks in a dry run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum DryRun {
    /// This program checks, and sends nothing.
    Here,
    /// The server checks, and stores nothing.
    Server,
}

/// Why it goes no further; in words for the person at the terminal.
#[derive(Debug)]
enum Stop {
    /// The command must be another one.
    Usage(String),
    /// It did not work.
    Failed(String),
}

/// How many of what.
#[derive(Clone, Debug, Default)]
struct Counts {
    total: u64,
    /// By this run.
    pushed: u64,
    /// By earlier ones.
    already: u64,
    /// Refused before anything was sent.
    skipped: u64,
    /// Refused by the server.
    refused: u64,
    failed: u64,
    /// Links that take the place of earlier ones.
    replaced: u64,
    warnings: u64,
    seconds: f64,
}

impl Counts {
    fn of(total: usize) -> Self {
        Self { total: u64::try_from(total).unwrap_or(u64::MAX), ..Self::default() }
    }

    /// What this run has sent.
    fn here(&self) -> u64 {
        self.pushed + self.refused + self.failed
    }

    fn done(&self) -> u64 {
        self.here() + self.already + self.skipped
    }

    fn left(&self) -> u64 {
        self.total.saturating_sub(self.done())
    }
}

impl Push {
    pub(super) fn run(self) -> Outcome {
        match self.execute() {
            Ok(code) => Ok(code),
            Err(Stop::Failed(said)) => Err(said),
            Err(Stop::Usage(said)) => {
                say(&format!("tenure: {said}"));
                Ok(ExitCode::from(2))
            }
        }
    }

    fn execute(self) -> Result<ExitCode, Stop> {
        self.destination.has_no_secret_in_sight()?;
        let config = StoreArguments { data: None, database_url: None, config: None }.load(&[]).map_err(Stop::Usage)?;
        let mut source = self.reading.open(&self.file)?;
        self.introduce(&source)?;
        let whither = if self.dry_run == Some(DryRun::Here) { None } else { Some(self.destination.read()?) };
        let title = whither.as_ref().map(|(server, id, _)| self.title(&source, server, *id)).transpose()?;
        let (links, progress) =
            (self.beside(&self.output.links, ".links.csv"), self.beside(&self.output.state, ".progress"));
        let past = match &title {
            Some(title) if self.dry_run.is_none() => Past::look(&links, &progress, title, self.changed)?,
            _ => Past::default(),
        };
        let refusals_path = self.beside(&self.output.refusals, ".refusals.csv");
        let mut refusals = Refusals::begin(&source.input().name, &refusals_path, self.output.quiet)?;
        let checked = check(&mut source, &past, &mut refusals, &config)?;
        let (Some(whither), Some(title)) = (whither, title) else { return Ok(self.dry(&source, checked, &refusals)) };
        if checked.counts.skipped > 0 && !self.skip_refused {
            return Err(self.would_be_refused(&source, &checked, &refusals));
        }
        if !self.agreed(&source, &checked, &past, &title)? {
            return Err(Stop::Failed("nothing was pushed".to_owned()));
        }
        let journal = match self.dry_run {
            None => Some((links.as_path(), progress.as_path(), title)),
            Some(_) => None,
        };
        let nouns = source.nouns();
        let ran = self.push(source, checked, refusals, (whither, config), journal)?;
        Ok(self.conclude(&ran, nouns, &links))
    }

    /// Where a file of ours is, unless an option says.
    fn beside(&self, said: &Option<PathBuf>, ending: &str) -> PathBuf {
        let mut name = self.file.clone().into_os_string();
        name.push(ending);
        said.clone().unwrap_or_else(|| name.into())
    }

    fn note(&self, text: &str) {
        if !self.output.quiet {
            say(text);
        }
    }

    /// Says what was understood of the file, and writes the mapping if that was asked for.
    fn introduce(&self, source: &Source) -> Result<(), Stop> {
        let count = counted(u64::try_from(source.len()).unwrap_or_default(), source.nouns());
        let name = &source.input().name;
        match source {
            Source::Lines(_) if self.reading.save_mapping.is_some() => {
                return Err(Stop::Usage("NDJSON has no columns, and so no mapping".to_owned()));
            }
            Source::Lines(_) => self.note(&format!("{name}: {count}")),
            Source::Table(table) => {
                let rows = counted(u64::try_from(table.rows()).unwrap_or_default(), ("row", "rows"));
                self.note(&format!("{name}: {count} in {rows}"));
                // Who brings a mapping knows what the columns mean.
                if self.reading.mapping.is_none() {
                    self.note(&format!("What the columns mean:\n{}", table.plan.explained()));
                }
                let unused = table.plan.unused();
                if !unused.is_empty() {
                    self.note(&format!("Columns that are not sent: {}", unused.join(", ")));
                }
                if let Some(path) = &self.reading.save_mapping {
                    table.plan.mapping.save(path)?;
                    self.note(&format!("What the columns mean is in {}", path.display()));
                }
            }
        }
        if source.len() == 0 {
            return Err(Stop::Failed(format!("{name} has nothing in it to push")));
        }
        Ok(())
    }

    fn title(&self, source: &Source, server: &str, client_id: uuid::Uuid) -> Result<Title, Stop> {
        let mapping = match source {
            Source::Table(table) => serde_json::to_vec(&table.plan.mapping),
            Source::Lines(_) => serde_json::to_vec(&self.reading.credential_type),
        };
        let mapping = mapping.map_err(|error| Stop::Failed(error.to_string()))?;
        let mapping = hex(&crate::seal::sha256(&mapping));
        Ok(Title {
            tenure_push: 1,
            input: source.input().digest.clone(),
            mapping,
            server: server.to_owned(),
            client_id,
        })
    }

    fn dry(&self, source: &Source, checked: Checked, refusals: &Refusals) -> ExitCode {
        let Checked { mut counts, .. } = checked;
        let is_good = counts.skipped == 0;
        self.unshown(refusals);
        counts.pushed = counts.total - counts.skipped;
        if self.output.json {
            let summary = self.summary(&counts, source.nouns(), None, refusals, None);
            let mut json = summary.json();
            (json["pushed"], json["would_be_pushed"]) = (0.into(), counts.pushed.into());
            print(&json.to_string());
        } else {
            let (taken, refused) = (counted(counts.pushed, source.nouns()), counted(counts.skipped, source.nouns()));
            let listed = refusals.path().map(|path| format!("; see {}", path.display())).unwrap_or_default();
            let refused = if is_good { String::new() } else { format!(", and {refused} refused{listed}") };
            print(&format!("{taken} would be pushed{refused}. Nothing was sent."));
        }
        if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    fn unshown(&self, refusals: &Refusals) {
        if let (count @ 1.., Some(path)) = (refusals.unshown(), refusals.path()) {
            self.note(&format!("... and {count} more in {}\n", path.display()));
        }
    }

    fn would_be_refused(&self, source: &Source, checked: &Checked, refusals: &Refusals) -> Stop {
        self.unshown(refusals);
        let counts = &checked.counts;
        let refused = HumanCount(counts.skipped);
        let others = counts.total - counts.skipped;
        let list = refusals.path().map(|path| path.display().to_string()).unwrap_or_default();
        if self.output.json {
            print(&self.summary(counts, source.nouns(), None, refusals, Some("refused")).json().to_string());
        }
        let skip = if others > 0 {
            format!(", or push the other {} by --skip-refused", HumanCount(others))
        } else {
            String::new()
        };
        Stop::Failed(format!(
            "{refused} of {} would be refused, so nothing was pushed. Mend what {list} lists{skip}",
            counted(counts.total, source.nouns())
        ))
    }

    /// Asks the person, where there is one.
    fn agreed(&self, source: &Source, checked: &Checked, past: &Past, title: &Title) -> Result<bool, Stop> {
        let Counts { already, .. } = checked.counts;
        let to_push = checked.counts.left();
        let (done, left) = (counted(already, source.nouns()), counted(to_push, source.nouns()));
        match past.goes_on(title) {
            Some(true) => self.note(&format!("Going on: {done} pushed before, {left} to push.")),
            Some(false) => {
                self.note(&format!("Changed since: {done} pushed before as they stand now, {left} to push."));
            }
            None => {}
        }
        let is_mailed = matches!(source, Source::Table(table) if table.plan.email.is_some());
        let has_nobody = !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal();
        if self.yes || has_nobody || to_push == 0 || self.dry_run.is_some() {
            return Ok(true);
        }
        let mailed = if is_mailed { ", and have each be mailed" } else { "" };
        ask(&format!("Push {left} to {}{mailed}? [y/N] ", title.server));
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer).map_err(|error| Stop::Failed(error.to_string()))?;
        Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
    }

    fn push(
        &self,
        source: Source,
        checked: Checked,
        refusals: Refusals,
        ((server, id, secret), config): ((String, uuid::Uuid, secrecy::SecretString), Config),
        journal: Option<(&Path, &Path, Title)>,
    ) -> Result<Ran, Stop> {
        let Checked { skip, scopes, counts } = checked;
        if counts.left() == 0 {
            return Ok(Ran { counts, refusals, ended: None });
        }
        let scope = scopes.into_iter().collect::<Vec<_>>().join(" ");
        let concurrency = usize::from(self.concurrency);
        let is_dry = self.dry_run.is_some();
        let client = Client::new((server, id, secret), scope, concurrency, is_dry, &config).map_err(Stop::Failed)?;
        let (stop, drop) = (CancellationToken::new(), CancellationToken::new());
        let (nouns, patience) = (source.nouns(), Duration::from_secs(self.patience));
        let work = async {
            client.begin().await.map_err(Stop::Failed)?;
            // Only now is there something to go on from.
            let opened = journal.map(|(links, progress, title)| Journal::open(links, progress, &title, self.changed));
            let (past, journal) = opened.transpose()?.unzip();
            let past = past.unwrap_or_default();
            stop_on_signals(&stop, &drop).map_err(Stop::Failed)?;
            let progress = Progress::begin(source.len(), nouns.1, self.output.quiet);
            let run = Run {
                client,
                source,
                skip,
                past,
                journal,
                refusals,
                counts,
                config,
                concurrency,
                patience,
                stop,
                drop,
            };
            run.run(progress).await
        };
        block_on(async { Ok(work.await) }).map_err(Stop::Failed)?
    }

    fn summary<'a>(
        &'a self,
        counts: &Counts,
        nouns: (&'static str, &'static str),
        links: Option<&'a Path>,
        refusals: &'a Refusals,
        ended: Option<&'a str>,
    ) -> Summary<'a> {
        let done = if self.dry_run.is_some() { "would be taken by the server" } else { "pushed" };
        Summary { counts: counts.clone(), nouns, file: &self.file, links, refusals: refusals.path(), ended, done }
    }

    fn conclude(&self, ran: &Ran, nouns: (&'static str, &'static str), links: &Path) -> ExitCode {
        let Ran { counts, refusals, ended } = ran;
        self.unshown(refusals);
        let links = self.dry_run.is_none().then_some(links);
        let summary = self.summary(counts, nouns, links, refusals, ended.as_deref());
        if self.output.json {
            print(&summary.json().to_string());
        } else if !self.output.quiet {
            print(&summary.text());
        }
        if let Some(why) = ended {
            say(&format!("tenure: {why}"));
        }
        if counts.left() > 0 && self.dry_run.is_none() {
            self.note("To go on, run the same command again: what is pushed is not pushed again.");
        }
        let is_whole = counts.left() + counts.skipped + counts.refused + counts.failed == 0 && ended.is_none();
        if is_whole { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

#[expect(clippy::print_stdout, reason = "the answer of the sub-command")]
fn print(text: &str) {
    println!("{text}");
}

/// The first signal lets what is under way be answered, the second does not.
fn stop_on_signals(stop: &CancellationToken, drop: &CancellationToken) -> Result<(), String> {
    let mut terminate = signal(SignalKind::terminate()).map_err(|error| error.to_string())?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(|error| error.to_string())?;
    let (stop, drop) = (stop.clone(), drop.clone());
    tokio::spawn(async move {
        for token in [stop, drop] {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            token.cancel();
        }
    });
    Ok(())
}
