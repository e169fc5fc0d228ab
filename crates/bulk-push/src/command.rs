//! The steps of a run: the whole file is read and checked before anything is sent.

use std::io::IsTerminal as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use credential::encoding::{hex, sha256};
use indicatif::HumanCount;
use tokio_util::sync::CancellationToken;

use crate::args::{Args, DryRun};
use crate::client::Client;
use crate::counts::Counts;
use crate::destination::Destination;
use crate::distinct_files::are_distinct;
use crate::error::Error;
use crate::http::Http;
use crate::journal::{Journal, JournalHeader, PreviousRun, keep_private};
use crate::output;
use crate::precheck::{Checked, check};
use crate::preview::preview;
use crate::printable::printable_lines;
use crate::progress::{Progress, ask, say};
use crate::rejected_row::RejectedRows;
use crate::run::{Ran, Run};
use crate::source::Source;
use crate::stop_signals::stop_on_signals;
use crate::summary::{Summary, counted, notes};
use crate::surroundings::Surroundings;
use crate::withdrawals;

impl Args {
    /// Runs `tenure push`. Returns success if everything was pushed.
    ///
    /// # Errors
    /// [`Error`], if the run ended before its summary.
    pub fn run(self, surroundings: Surroundings) -> Result<ExitCode, Error> {
        let json_of = self.output.json.then(|| self.file.clone());
        self.steps(surroundings).map_err(|error| {
            if let Some(file) = json_of {
                print(&serde_json::json!({ "file": file, "error": error.to_string() }).to_string());
            }
            match error {
                Error::Usage(text) => Error::Usage(printable_lines(&text)),
                Error::Failed(text) => Error::Failed(printable_lines(&text)),
            }
        })
    }

    fn steps(self, surroundings: Surroundings) -> Result<ExitCode, Error> {
        self.destination.has_no_secret_in_sight()?;
        let links = self.beside(&self.output.links, ".links.csv");
        let progress = self.beside(&self.output.state, ".progress");
        let rejected_path = self.beside(&self.output.refusals, ".refusals.csv");
        self.are_distinct(&links, &progress, &rejected_path)?;
        let mut source = self.reading.open(&self.file, surroundings.clock.now().to_jiff())?;
        self.introduce(&source)?;
        let target = match self.dry_run {
            Some(DryRun::Here) => None,
            _ => Some(self.destination.read(surroundings.environment)?),
        };
        let header = target.as_ref().map(|target| self.header(&source, target)).transpose()?;
        let previous = match &header {
            Some(header) if self.dry_run.is_none() => self.previous(&links, &progress, header)?,
            _ => PreviousRun::default(),
        };
        let mut rejected = RejectedRows::begin(&source.input().name, &rejected_path, self.output.quiet)?;
        let checked = check(&mut source, &previous, &mut rejected, &surroundings.context())?;
        self.show(&source, &checked);
        let (Some(target), Some(header)) = (target, header) else { return Ok(self.dry(&source, checked, &rejected)) };
        if checked.counts.skipped > 0 && !self.skip_refused {
            return Err(self.would_be_refused(&source, &checked, &rejected));
        }
        if !self.agreed(&source, &checked, &previous, &header)? {
            return Err(Error::Failed("nothing was pushed".to_owned()));
        }
        let journal = match self.dry_run {
            None => Some((links.as_path(), progress.as_path(), header)),
            Some(_) => None,
        };
        let nouns = source.nouns();
        let ran = self.push(source, checked, rejected, (target, surroundings), journal)?;
        Ok(self.conclude(&ran, nouns, &links))
    }

    /// Refuses names of files of which a run would write one over another.
    fn are_distinct(&self, links: &Path, progress: &Path, rejected: &Path) -> Result<(), Error> {
        let mut files =
            vec![("the file", &*self.file), ("--links", links), ("--state", progress), ("--refusals", rejected)];
        files.extend(
            self.reading.save_mapping.as_deref().or(self.reading.mapping.as_deref()).map(|path| ("the mapping", path)),
        );
        are_distinct(&files)
    }

    /// Reads what earlier runs pushed, and takes the rights of other users from its files.
    fn previous(&self, links: &Path, progress: &Path, header: &JournalHeader) -> Result<PreviousRun, Error> {
        let previous = PreviousRun::look(links, progress, header, self.allow_changed_input)?;
        keep_private(links)?;
        keep_private(progress)?;
        Ok(previous)
    }

    fn note(&self, text: &str) {
        if !self.output.quiet {
            say(&printable_lines(text));
        }
    }

    /// Prints how the file was interpreted, and saves the mapping if requested.
    fn introduce(&self, source: &Source) -> Result<(), Error> {
        let count = counted(u64::try_from(source.len()).unwrap_or_default(), source.nouns());
        let name = &source.input().name;
        match source {
            Source::Lines(_) if self.reading.save_mapping.is_some() => {
                return Err(Error::Usage("--save-mapping needs a CSV file: NDJSON has no columns".to_owned()));
            }
            Source::Lines(_) => self.note(&format!("{name}: {count}")),
            Source::Table(table) => {
                let rows = counted(u64::try_from(table.rows()).unwrap_or_default(), ("row", "rows"));
                self.note(&format!("{name}: {count} in {rows}"));
                if table.lines_above > 0 {
                    let lines = u64::try_from(table.lines_above).unwrap_or_default();
                    let lines = counted(lines, ("line", "lines"));
                    self.note(&format!("Skipped {lines} above the header (see --skip-rows)"));
                }
                table.skipped.iter().flatten().for_each(|text| self.note(&format!("  not a row: {text}")));
                self.note(&format!("Column mapping:\n{}", table.plan.explained()));
                let unused = table.plan.unused();
                if !unused.is_empty() {
                    self.note(&format!("Unused columns: {}", unused.join(", ")));
                }
                if let Some(warning) = &table.warning {
                    say(&printable_lines(warning));
                }
                if let Some(path) = &self.reading.save_mapping {
                    table.plan.mapping.save(path)?;
                    self.note(&format!("Column mapping saved to {}", path.display()));
                    if table.plan.mapping.forgets_the_month() {
                        self.note(
                            "last_processed_month was not saved: set it for each file, or set it to last-month or \
                             this-month",
                        );
                    }
                }
            }
        }
        if source.len() == 0 {
            return Err(Error::Failed(format!("{name} has no rows to push")));
        }
        Ok(())
    }

    fn header(&self, source: &Source, target: &Destination) -> Result<JournalHeader, Error> {
        let mapping = match source {
            Source::Table(table) => serde_json::to_vec(&table.plan.mapping),
            Source::Lines(_) => serde_json::to_vec(&self.reading.credential_type),
        };
        let mapping = mapping.map_err(|error| Error::Failed(error.to_string()))?;
        Ok(JournalHeader {
            tenure_push: 1,
            input: source.input().digest.clone(),
            mapping: hex(&sha256(&mapping)),
            server: target.base.clone(),
            client_id: target.client_id,
        })
    }

    fn dry(&self, source: &Source, checked: Checked, rejected: &RejectedRows) -> ExitCode {
        let Checked { mut counts, .. } = checked;
        let is_good = counts.skipped == 0;
        self.unshown(rejected);
        counts.pushed = counts.total - counts.skipped;
        if self.output.json {
            let summary = self.summary(&counts, source.nouns(), None, rejected, None);
            let mut json = summary.json();
            (json["pushed"], json["would_be_pushed"]) = (0.into(), counts.pushed.into());
            print(&json.to_string());
        } else {
            let (taken, refused) = (counted(counts.pushed, source.nouns()), counted(counts.skipped, source.nouns()));
            let listed = rejected.path().map(|path| format!("; see {}", path.display())).unwrap_or_default();
            let refused = if is_good { String::new() } else { format!(", {refused} refused{listed}") };
            print(&format!("{taken} would be pushed{refused}. Nothing was sent."));
        }
        if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    /// Shows the first people as they will be pushed.
    fn show(&self, source: &Source, checked: &Checked) {
        if checked.first.is_empty() || matches!(source, Source::Lines(_)) {
            return;
        }
        let count = u64::try_from(checked.first.len()).unwrap_or_default();
        let (first, shown) = (counted(count, source.nouns()), preview(&checked.first));
        self.note(&format!("The first {first} as they will be pushed:\n{shown}"));
        notes(&checked.counts).iter().for_each(|note| self.note(note));
    }

    fn unshown(&self, rejected: &RejectedRows) {
        if let (count @ 1.., Some(path)) = (rejected.unshown(), rejected.path()) {
            self.note(&format!("... and {count} more in {}\n", path.display()));
        }
    }

    fn would_be_refused(&self, source: &Source, checked: &Checked, rejected: &RejectedRows) -> Error {
        self.unshown(rejected);
        let counts = &checked.counts;
        let refused = HumanCount(counts.skipped);
        let others = counts.total - counts.skipped;
        let list = rejected.path().map(|path| path.display().to_string()).unwrap_or_default();
        if self.output.json {
            print(&self.summary(counts, source.nouns(), None, rejected, Some("refused")).json().to_string());
        }
        let skip = if others > 0 {
            format!(", or push the other {} with --skip-refused", HumanCount(others))
        } else {
            String::new()
        };
        Error::Failed(format!(
            "{refused} of {} would be refused, so nothing was pushed. Correct the rows listed in {list}{skip}",
            counted(counts.total, source.nouns())
        ))
    }

    /// Asks for confirmation. Without a terminal, `--yes` confirms the columns and people that were
    /// shown, and so do a mapping that was saved before, if nothing is unusual, and a stopped run.
    fn agreed(
        &self,
        source: &Source,
        checked: &Checked,
        previous: &PreviousRun,
        header: &JournalHeader,
    ) -> Result<bool, Error> {
        let Counts { already, .. } = checked.counts;
        let to_push = checked.counts.left();
        let (done, left) = (counted(already, source.nouns()), counted(to_push, source.nouns()));
        match previous.goes_on(header) {
            Some(true) => self.note(&format!("Resuming: {done} already pushed, {left} to push.")),
            Some(false) => {
                self.note(&format!(
                    "Resuming with changed input: {done} already pushed and unchanged, {left} to push."
                ));
            }
            None => {}
        }
        let is_mailed = matches!(source, Source::Table(table) if table.plan.email.is_some());
        if self.yes || to_push == 0 || self.dry_run.is_some() {
            return Ok(true);
        }
        if !std::io::stdin().is_terminal() {
            let has_warning = matches!(source, Source::Table(table) if table.warning.is_some());
            let is_saved = self.reading.mapping.is_some() && !has_warning;
            if is_saved || previous.goes_on(header) == Some(true) {
                return Ok(true);
            }
            let cause = "nothing was pushed, because a push needs a confirmation. Without a terminal, check what a \
                         --dry-run shows and add --yes, or use a saved --mapping; a warning needs --yes in any case";
            return Err(Error::Usage(cause.to_owned()));
        }
        let mailed = if is_mailed { " and mail each of them their link" } else { "" };
        ask(&format!("Push {left} to {}{mailed}? [y/N] ", header.server));
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer).map_err(|error| Error::Failed(error.to_string()))?;
        Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
    }

    fn push(
        &self,
        source: Source,
        checked: Checked,
        rejected: RejectedRows,
        (target, surroundings): (Destination, Surroundings),
        journal: Option<(&Path, &Path, JournalHeader)>,
    ) -> Result<Ran, Error> {
        let Checked { skip, scopes, counts, .. } = checked;
        if counts.left() == 0 {
            return Ok(Ran { counts, rejected, ended: None });
        }
        let scope = scopes.into_iter().collect::<Vec<_>>().join(" ");
        let concurrency = usize::from(self.concurrency);
        let Surroundings { categories, tls, timeout, clock, rng, .. } = surroundings;
        let http = Http::new(tls, timeout, concurrency);
        let client = Client::new(http, target, scope, self.dry_run.is_some(), clock.clone());
        let (stop, drop) = (CancellationToken::new(), CancellationToken::new());
        let nouns = source.nouns();
        let work = async {
            client.begin().await.map_err(Error::Failed)?;
            // The journal is created only after the server has issued a token.
            let opened = journal
                .map(|(links, progress, header)| Journal::open(links, progress, &header, self.allow_changed_input));
            let (previous, journal) = opened.transpose()?.unzip();
            let previous = previous.unwrap_or_default();
            stop_on_signals(&stop, &drop).map_err(Error::Failed)?;
            let progress = Progress::begin(source.len(), nouns.1, self.output.quiet);
            let run = Run {
                client,
                source,
                skip,
                previous,
                journal,
                rejected,
                counts,
                categories,
                clock,
                rng,
                concurrency,
                give_up_after: Duration::from_secs(self.give_up_after),
                stop,
                drop,
            };
            run.run(progress).await
        };
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        runtime.map_err(|error| Error::Failed(error.to_string()))?.block_on(work)
    }

    fn summary<'a>(
        &'a self,
        counts: &Counts,
        nouns: (&'static str, &'static str),
        links: Option<&'a Path>,
        rejected: &'a RejectedRows,
        ended: Option<&'a str>,
    ) -> Summary<'a> {
        let done = if self.dry_run.is_some() { "would be accepted by the server" } else { "pushed" };
        Summary { counts: counts.clone(), nouns, file: &self.file, links, rejected: rejected.path(), ended, done }
    }

    fn conclude(&self, ran: &Ran, nouns: (&'static str, &'static str), links: &Path) -> ExitCode {
        let Ran { counts, rejected, ended } = ran;
        self.unshown(rejected);
        let links = self.dry_run.is_none().then_some(links);
        let summary = self.summary(counts, nouns, links, rejected, ended.as_deref());
        let withdrawn = links.filter(|_| counts.already > 0).map_or(0, withdrawals::count);
        if self.output.json {
            let mut summary = summary.json();
            summary["withdrawn"] = serde_json::json!(withdrawn);
            print(&summary.to_string());
        } else if !self.output.quiet {
            print(&printable_lines(&summary.text()));
        }
        if withdrawn > 0 {
            let withdrawn = counted(withdrawn, ("credential", "credentials"));
            self.note(&format!("{withdrawn} in the file of links were withdrawn since, and not pushed again."));
        }
        if let Some(why) = ended {
            say(&format!("tenure: {why}"));
        }
        if counts.left() > 0 && self.dry_run.is_none() {
            self.note("To resume, run the same command again. What was pushed is not pushed again.");
        }
        let is_whole = counts.left() + counts.skipped + counts.refused + counts.failed == 0 && ended.is_none();
        if is_whole { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

fn print(text: &str) {
    if let Err(error) = output::print(text) {
        say(&format!("tenure: {error}"));
    }
}
