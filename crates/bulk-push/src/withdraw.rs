//! `tenure withdraw`: withdraws the credentials in a file of links.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bytes::Bytes;
use credential::{ParseError, Type};
use futures::StreamExt as _;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

use crate::calls::{Calls, Done};
use crate::destination::{Destination, DestinationArgs};
use crate::error::Error;
use crate::formula_cells::unguarded;
use crate::links::{self, LinkRow};
use crate::output::print;
use crate::progress::{ask, say};
use crate::summary::counted;
use crate::surroundings::Surroundings;
use crate::withdrawals::{WithdrawalOutcome, Withdrawals, result_path};

/// Concurrent requests.
const CONCURRENCY: usize = 8;

/// Characters that are encoded in a segment of a path: all but the unreserved ones (RFC 3986,
/// section 2.3).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

const NOUNS: (&str, &str) = ("credential", "credentials");

const EXAMPLES: &str = "\
Examples:
  Withdraw everything that was pushed from a wrong file:
    tenure withdraw people.csv.links.csv --reason \"These records were sent by mistake.\"
  Withdraw the credential of one person:
    tenure withdraw people.csv.links.csv --person 1001 --reason \"Sent for another person.\"

People who have accepted a credential keep it, marked as withdrawn with your reason.
Each result is written to FILE.withdrawals.csv. After Ctrl-C or a crash, run the same
command again: what was withdrawn is not withdrawn again.

Exit code: 0 everything was withdrawn, or had already ended; 1 something was not
found, failed or is left, or the file cannot be read; 2 wrong usage, or not a file of
links.";

/// Withdraw the credentials in a file of links.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct WithdrawArgs {
    /// The file of links that `tenure push` wrote: FILE.links.csv.
    file: PathBuf,
    #[command(flatten)]
    destination: DestinationArgs,
    /// The reason, which each person sees: 1 to 500 characters.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Withdraw only the credentials of this person, as the file names them. May be repeated.
    #[arg(long, value_name = "PERSON")]
    person: Vec<String>,
    /// Credential type of links that do not name one.
    #[arg(long = "type", value_name = "TYPE")]
    credential_type: Option<String>,
    /// Result file [default: FILE.withdrawals.csv]
    #[arg(long, value_name = "FILE")]
    results: Option<PathBuf>,
    /// Do not ask for confirmation. Required without a terminal.
    #[arg(long, short)]
    yes: bool,
    /// Print the summary as JSON.
    #[arg(long)]
    json: bool,
    /// Give up after this many seconds without a response, not counting Retry-After.
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    give_up_after: u64,
}

/// The counts of a run.
#[derive(Debug, Default)]
struct Counts {
    total: u64,
    already: u64,
    withdrawn: u64,
    not_found: u64,
    failed: u64,
}

impl Counts {
    fn left(&self) -> u64 {
        self.total - self.already - self.withdrawn - self.not_found - self.failed
    }

    fn add(&mut self, outcome: WithdrawalOutcome) {
        match outcome {
            WithdrawalOutcome::Withdrawn => self.withdrawn += 1,
            WithdrawalOutcome::NotFound => self.not_found += 1,
            WithdrawalOutcome::Failed => self.failed += 1,
        }
    }
}

impl WithdrawArgs {
    /// Runs `tenure withdraw`. Returns success if everything was withdrawn.
    ///
    /// # Errors
    /// [`Error`], if nothing was withdrawn.
    pub fn run(self, surroundings: Surroundings) -> Result<ExitCode, Error> {
        self.destination.has_no_secret_in_sight()?;
        let body = Bytes::from(self.body()?);
        let rows = self.typed(self.chosen(links::read(&self.file)?)?)?;
        let destination = self.destination.read(surroundings.environment)?;
        let path = self.result_path();
        let count = |count: usize| u64::try_from(count).unwrap_or_default();
        let mut counts = Counts { total: count(rows.len()), ..Counts::default() };
        if !self.agreed(counts.total, &destination)? {
            return Err(Error::Failed("nothing was withdrawn".to_owned()));
        }
        let mut results = Withdrawals::open(&path)?;
        let left: Vec<(LinkRow, Type)> = rows.into_iter().filter(|(row, _)| !results.has(row)).collect();
        counts.already = counts.total - count(left.len());
        let mut ended = None;
        if !left.is_empty() {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
            let runtime = runtime.map_err(|error| Error::Failed(error.to_string()))?;
            let limits = (CONCURRENCY, self.give_up_after);
            let calls = runtime.block_on(Calls::begin(destination, scope(&left), surroundings, limits))?;
            let work = withdraw_all(&calls, &left, &body, (&mut results, &mut counts));
            ended = runtime.block_on(work).err().map(|error| error.to_string());
            results.sync()?;
        }
        self.conclude(&counts, &path, ended.as_deref())
    }

    /// Returns the body of each request, after the validation that the server makes too.
    fn body(&self) -> Result<String, Error> {
        let body = json!({ "reason": self.reason }).to_string();
        match credential::parse_withdrawal(body.as_bytes()) {
            Ok(_) => Ok(body),
            Err(ParseError::Invalid(errors)) => {
                let messages: Vec<&str> = errors.iter().map(|error| &*error.message).collect();
                Err(Error::Usage(format!("--reason: {}", messages.join(" "))))
            }
            Err(ParseError::Malformed(malformed)) => Err(Error::Usage(format!("--reason: {malformed}"))),
        }
    }

    /// Returns the rows of the persons that are named, or all.
    fn chosen(&self, rows: Vec<LinkRow>) -> Result<Vec<LinkRow>, Error> {
        if self.person.is_empty() {
            return Ok(rows);
        }
        let named: Vec<&str> = self.person.iter().map(|person| named(&rows, person)).collect();
        if let Some(missing) = named.iter().find(|person| rows.iter().all(|row| row.person != **person)) {
            return Err(Error::Usage(format!("{} has no person '{missing}'", self.file.display())));
        }
        Ok(rows.into_iter().filter(|row| named.contains(&row.person.as_str())).collect())
    }

    /// Adds the credential type of each row.
    fn typed(&self, rows: Vec<LinkRow>) -> Result<Vec<(LinkRow, Type)>, Error> {
        let known = || credential::ALL.iter().map(|known| known.name()).collect::<Vec<_>>().join(", ");
        let given = match &self.credential_type {
            Some(name) => Some(
                name.parse::<Type>()
                    .map_err(|_| Error::Usage(format!("unknown credential type '{name}'. Use one of: {}", known())))?,
            ),
            None => None,
        };
        let typed = |row: LinkRow| match row.credential_type().or(given) {
            Some(credential_type) => Ok((row, credential_type)),
            None => Err(Error::Usage(format!(
                "the link of {} does not name its credential type. Set --type to one of: {}",
                row.credential_id,
                known()
            ))),
        };
        rows.into_iter().map(typed).collect()
    }

    fn result_path(&self) -> PathBuf {
        self.results.clone().unwrap_or_else(|| result_path(&self.file))
    }

    /// Asks for confirmation. Withdrawing cannot be undone.
    fn agreed(&self, count: u64, destination: &Destination) -> Result<bool, Error> {
        if self.yes {
            return Ok(true);
        }
        if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
            return Err(Error::Usage("withdrawing needs a confirmation: without a terminal, add --yes".to_owned()));
        }
        let (count, server) = (counted(count, NOUNS), &destination.base);
        say(&format!("People will see this reason: {}", self.reason.replace(char::is_control, " ")));
        ask(&format!("Withdraw {count} from {server}? This cannot be undone. [y/N] "));
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer).map_err(|error| Error::Failed(error.to_string()))?;
        Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
    }

    fn conclude(&self, counts: &Counts, path: &Path, ended: Option<&str>) -> Result<ExitCode, Error> {
        let is_whole = counts.withdrawn + counts.already == counts.total;
        if self.json {
            let summary = json!({
                "file": self.file,
                "total": counts.total,
                "withdrawn": counts.withdrawn,
                "already_withdrawn": counts.already,
                "not_found": counts.not_found,
                "failed": counts.failed,
                "left": counts.left(),
                "results": path,
                "ended": ended,
            });
            print(&summary.to_string())?;
        } else {
            let mut text = format!("{} withdrawn.", counted(counts.withdrawn, NOUNS));
            for (count, what) in [
                (counts.already, "withdrawn earlier"),
                (counts.not_found, "not found"),
                (counts.failed, "failed at the server"),
                (counts.left(), "not withdrawn yet"),
            ] {
                if count > 0 {
                    let _ = write!(text, " {} {what}.", counted(count, NOUNS));
                }
            }
            print(&format!("{text}\nResults: {}", path.display()))?;
        }
        if let Some(why) = ended {
            say(&format!("tenure: {why}"));
        }
        if counts.left() > 0 {
            say("To resume, run the same command again. What was withdrawn is not withdrawn again.");
        }
        Ok(if is_whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// Returns a person as the rows name them. The file has an apostrophe before a text that a
/// spreadsheet would take for a formula, so that form goes first.
fn named<'a>(rows: &[LinkRow], person: &'a str) -> &'a str {
    let plain = unguarded(person);
    let is_guarded = plain != person && rows.iter().any(|row| row.person == plain);
    if is_guarded { plain } else { person }
}

/// Returns the scopes that the withdrawals need.
fn scope(rows: &[(LinkRow, Type)]) -> String {
    let scopes: BTreeSet<&str> = rows.iter().map(|(_, credential_type)| credential_type.write_scope).collect();
    scopes.into_iter().collect::<Vec<_>>().join(" ")
}

/// Withdraws `rows`, and records each result.
async fn withdraw_all(
    calls: &Calls,
    rows: &[(LinkRow, Type)],
    body: &Bytes,
    (results, counts): (&mut Withdrawals, &mut Counts),
) -> Result<(), Error> {
    let requests = futures::stream::iter(rows).map(|(row, credential_type)| async move {
        let id = utf8_percent_encode(&row.credential_id, SEGMENT);
        let path = format!("/api/partner/v2/add/requests/{credential_type}/{id}/withdraw");
        (row, calls.post(&path, body).await)
    });
    let mut responses = Box::pin(requests.buffer_unordered(CONCURRENCY));
    while let Some((row, response)) = responses.next().await {
        let (outcome, message) = match response? {
            Done::Body(_) => (WithdrawalOutcome::Withdrawn, String::new()),
            Done::Missing => (WithdrawalOutcome::NotFound, String::new()),
            Done::Refused(problem) => {
                (WithdrawalOutcome::Failed, format!("{} (request {})", problem.detail, problem.request_id))
            }
        };
        results.add(row, outcome, &message)?;
        counts.add(outcome);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_encoded_as_one_segment() {
        let segment = |id: &'static str| utf8_percent_encode(id, SEGMENT).to_string();
        assert_eq!(segment("emp.json"), "emp.json");
        assert_eq!(segment("a-b_c~d"), "a-b_c~d");
        assert_eq!(segment("a/b?c#d e%é"), "a%2Fb%3Fc%23d%20e%25%C3%A9");
    }

    #[test]
    fn persons_are_named_as_in_the_file_or_as_they_are() {
        let row = |person: &str| LinkRow { person: person.to_owned(), ..LinkRow::default() };
        let rows = [row("=1+1"), row("E7"), row("'=2")];
        for (person, expected) in [("'=1+1", "=1+1"), ("=1+1", "=1+1"), ("E7", "E7"), ("''=2", "'=2"), ("'=2", "'=2")] {
            assert_eq!(named(&rows, person), expected, "{person}");
        }
        assert_eq!(named(&rows, "'=9"), "'=9", "no such person");
    }

    #[test]
    fn scopes_are_those_of_the_types_once() {
        let row = |name: &str| (LinkRow::default(), name.parse::<Type>().expect("a type"));
        let rows = [row("education"), row("career_history"), row("education")];
        assert_eq!(scope(&rows), "write.career_history write.education");
    }
}
