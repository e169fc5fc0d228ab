//! `tenure status`: the statuses of the credentials in a file of links.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::ExitCode;

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::calls::{Calls, Done};
use crate::destination::DestinationArgs;
use crate::error::Error;
use crate::formula_cells::guarded;
use crate::links::{self, LinkRow};
use crate::output::{print, table};
use crate::progress::say;
use crate::summary::counted;
use crate::surroundings::Surroundings;

/// Maximum number of ids in one request (docs/partner-api.md section 8).
const BULK: usize = 30;
/// Concurrent requests.
const CONCURRENCY: usize = 4;

const HEADER: [&str; 6] = ["person", "credential_id", "status", "reason", "finalized_at", "mail"];

const EXAMPLES: &str = "\
Examples:
  tenure status people.csv.links.csv --client-secret-file secret.txt
  tenure status people.csv.links.csv --csv > statuses.csv

Exit code: 0 every credential was found; 1 some were not, the file cannot be read, or
the server did not respond; 2 wrong usage, or not a file of links.";

/// Ask for the status of every credential in a file of links.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct StatusArgs {
    /// The file of links that `tenure push` wrote: FILE.links.csv.
    file: PathBuf,
    #[command(flatten)]
    destination: DestinationArgs,
    /// Print JSON.
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Print CSV.
    #[arg(long)]
    csv: bool,
    /// Give up after this many seconds without a response, not counting Retry-After.
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    give_up_after: u64,
}

/// A response of the server.
#[derive(Debug, Deserialize)]
struct StatusesResponse {
    credentials: Vec<ReportedStatus>,
}

/// The status of one credential in a response.
#[derive(Debug, Deserialize)]
struct ReportedStatus {
    id: String,
    status: String,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    finalized_at: Option<String>,
    #[serde(default)]
    notify: Option<Undelivered>,
}

/// Why a link could not be mailed.
#[derive(Debug, Deserialize)]
struct Undelivered {
    reason: String,
}

/// One line of the output.
#[derive(Debug, Serialize)]
struct StatusLine<'a> {
    person: &'a str,
    credential_id: &'a str,
    /// As the server names it, or `not_found`.
    status: &'a str,
    reason: Option<&'a str>,
    finalized_at: Option<&'a str>,
    /// Why the link could not be mailed.
    mail: Option<&'a str>,
}

impl StatusArgs {
    /// Runs `tenure status`. Returns success if every credential was found.
    ///
    /// # Errors
    /// [`Error`], if there are no statuses.
    pub fn run(self, surroundings: Surroundings) -> Result<ExitCode, Error> {
        self.destination.has_no_secret_in_sight()?;
        let rows = links::read(&self.file)?;
        let destination = self.destination.read(surroundings.environment)?;
        let work = async {
            let limits = (CONCURRENCY, self.give_up_after);
            let calls = Calls::begin(destination, String::new(), surroundings, limits).await?;
            let asked = futures::stream::iter(rows.chunks(BULK)).map(|rows| ask(&calls, rows));
            asked.buffered(CONCURRENCY).try_collect::<Vec<Vec<ReportedStatus>>>().await
        };
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        let found = runtime.map_err(|error| Error::Failed(error.to_string()))?.block_on(work)?;
        let found: HashMap<String, ReportedStatus> =
            found.into_iter().flatten().map(|status| (status.id.clone(), status)).collect();
        let lines: Vec<StatusLine<'_>> = rows.iter().map(|row| line(row, found.get(&row.credential_id))).collect();
        self.show(&lines)?;
        let is_whole = lines.iter().all(|line| line.status != NOT_FOUND);
        Ok(if is_whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    fn show(&self, lines: &[StatusLine<'_>]) -> Result<(), Error> {
        let counts = counts(lines);
        if self.json {
            let counts: serde_json::Map<String, serde_json::Value> =
                counts.iter().map(|(status, count)| ((*status).to_owned(), json!(count))).collect();
            return print(&json!({ "file": self.file, "counts": counts, "credentials": lines }).to_string());
        }
        let header = HEADER.map(str::to_owned).to_vec();
        let rows: Vec<Vec<String>> = std::iter::once(header).chain(lines.iter().map(StatusLine::cells)).collect();
        if self.csv {
            print(&csv(&rows)?)?;
        } else {
            print(&table(&rows))?;
        }
        let counts: Vec<String> = counts.iter().map(|(status, count)| format!("{count} {status}")).collect();
        let total = u64::try_from(lines.len()).unwrap_or_default();
        say(&format!("{}: {}", counted(total, ("credential", "credentials")), counts.join(", ")));
        Ok(())
    }
}

/// The status of a credential that the server does not know.
const NOT_FOUND: &str = "not_found";

async fn ask(calls: &Calls, rows: &[LinkRow]) -> Result<Vec<ReportedStatus>, Error> {
    let ids: Vec<&str> = rows.iter().map(|row| &*row.credential_id).collect();
    let body = Bytes::from(json!({ "ids": ids }).to_string());
    match calls.post("/api/partner/v2/submissions/status", &body).await? {
        Done::Body(body) => match serde_json::from_slice::<StatusesResponse>(&body) {
            Ok(statuses) => Ok(statuses.credentials),
            Err(_) => Err(Error::Failed("the server sent an unexpected response; is it a Tenure server?".to_owned())),
        },
        Done::Missing => {
            Err(Error::Failed("the server has no endpoint for statuses; is it a Tenure server?".to_owned()))
        }
        Done::Refused(problem) => Err(Error::Failed(format!(
            "the server refused the request for statuses: {} (request {})",
            problem.detail, problem.request_id
        ))),
    }
}

fn line<'a>(row: &'a LinkRow, found: Option<&'a ReportedStatus>) -> StatusLine<'a> {
    StatusLine {
        person: &row.person,
        credential_id: &row.credential_id,
        status: found.map_or(NOT_FOUND, |found| found.status.as_str()),
        reason: found.and_then(|found| found.reason.as_deref()),
        finalized_at: found.and_then(|found| found.finalized_at.as_deref()),
        mail: found.and_then(|found| found.notify.as_ref()).map(|undelivered| undelivered.reason.as_str()),
    }
}

impl StatusLine<'_> {
    fn cells(&self) -> Vec<String> {
        let optional = |cell: Option<&str>| cell.unwrap_or_default().to_owned();
        vec![
            self.person.to_owned(),
            self.credential_id.to_owned(),
            self.status.to_owned(),
            optional(self.reason),
            optional(self.finalized_at),
            optional(self.mail),
        ]
    }
}

/// Counts the lines of each status; the usual ones are always listed.
fn counts<'a>(lines: &[StatusLine<'a>]) -> Vec<(&'a str, usize)> {
    let mut counts: Vec<(&str, usize)> =
        ["incomplete", "verified", "canceled", NOT_FOUND].into_iter().map(|status| (status, 0)).collect();
    for line in lines {
        match counts.iter_mut().find(|(status, _)| *status == line.status) {
            Some((_, count)) => *count += 1,
            None => counts.push((line.status, 1)),
        }
    }
    counts
}

fn csv(rows: &[Vec<String>]) -> Result<String, Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let failed = |error: String| Error::Failed(format!("the statuses cannot be written: {error}"));
    for row in rows {
        let row = row.iter().map(|cell| guarded(cell).into_owned());
        writer.write_record(row).map_err(|error| failed(error.to_string()))?;
    }
    let bytes = writer.into_inner().map_err(|error| failed(error.to_string()))?;
    String::from_utf8(bytes).map_err(|error| failed(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_credentials_and_undelivered_mails_are_shown() {
        let body = r#"{"credentials":[{"id":"a","status":"canceled","reason":"declined","finalized_at":"2026-11-23T09:30:00Z",
            "notify":{"state":"failed","reason":"recipient_rejected"}}],"not_found":["b"]}"#;
        let found: StatusesResponse = serde_json::from_str(body).expect("statuses");
        let row = |id: &str| LinkRow { person: "E1".to_owned(), credential_id: id.to_owned(), ..LinkRow::default() };
        let (known, unknown) = (row("a"), row("b"));
        let lines = [line(&known, found.credentials.first()), line(&unknown, None)];
        assert_eq!(counts(&lines), [("incomplete", 0), ("verified", 0), ("canceled", 1), ("not_found", 1)]);
        let rows: Vec<Vec<String>> = lines.iter().map(StatusLine::cells).collect();
        assert_eq!(
            csv(&rows).expect("text"),
            "E1,a,canceled,declined,2026-11-23T09:30:00Z,recipient_rejected\nE1,b,not_found,,,\n"
        );
        assert_eq!(csv(&[vec!["=1+1".to_owned(), "-5".to_owned()]]).expect("text"), "'=1+1,-5\n", "no formula");
    }
}
