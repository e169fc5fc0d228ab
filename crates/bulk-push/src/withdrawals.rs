//! The result file of `tenure withdraw`, from which an interrupted run resumes.
//!
//! A row is written after the response. Repeating a withdrawal changes nothing, so a response that
//! was not recorded costs one more request.

use std::collections::HashSet;
use std::fs::{File, TryLockError};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::formula_cells::{guarded, unguarded};
use crate::journal::{append, cut};
use crate::links::{self, LinkRow};

const HEADER: [&str; 5] = ["person", "credential_id", "request_id", "outcome", "message"];

/// The result of one withdrawal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WithdrawalOutcome {
    /// Withdrawn now or earlier, or it had already ended.
    Withdrawn,
    /// The server does not know the credential.
    NotFound,
    /// The server refused the withdrawal, or failed on it.
    Failed,
}

impl WithdrawalOutcome {
    /// Returns the name in the result file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Withdrawn => "withdrawn",
            Self::NotFound => "not_found",
            Self::Failed => "failed",
        }
    }
}

/// The result file, opened for appending.
#[derive(Debug)]
pub struct Withdrawals {
    file: File,
    path: PathBuf,
    /// Credential id and request id of each withdrawn credential. An id that was pushed again has
    /// another request.
    done: HashSet<(String, String)>,
}

impl Withdrawals {
    /// Opens the result file, and reads the results of earlier runs.
    ///
    /// # Errors
    /// The file cannot be used, is in use, or is another file.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let refuse =
            |error: &dyn std::fmt::Display| Error::Failed(format!("{} cannot be used: {error}", path.display()));
        let mut file = append(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(refuse(&"another tenure withdraw is using it")),
            Err(TryLockError::Error(error)) => return Err(refuse(&error)),
        }
        let text = String::from_utf8_lossy(&std::fs::read(path).map_err(|error| refuse(&error))?).into_owned();
        let head = HEADER.join(",") + "\n";
        if !(text.starts_with(&head) || head.starts_with(&text)) {
            return Err(Error::Usage(format!(
                "{} exists and is not a result file of tenure withdraw; set another file with --results",
                path.display()
            )));
        }
        // After a crash the last line may be incomplete.
        if cut(&mut file).map_err(|error| refuse(&error))? == 0 {
            file.write_all(head.as_bytes()).map_err(|error| refuse(&error))?;
        }
        let done = done(&text).map_err(|error| refuse(&error))?;
        Ok(Self { file, path: path.to_owned(), done })
    }

    /// Returns whether an earlier run has withdrawn the credential of `row`.
    pub fn has(&self, row: &LinkRow) -> bool {
        self.done.contains(&(row.credential_id.clone(), row.request_id.clone()))
    }

    /// Records one result.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn add(&mut self, row: &LinkRow, outcome: WithdrawalOutcome, message: &str) -> Result<(), Error> {
        let refuse = |error: &dyn std::fmt::Display| {
            Error::Failed(format!("{} cannot be written: {error}", self.path.display()))
        };
        let mut writer = csv::Writer::from_writer(Vec::new());
        // A line is a row, so that an incomplete one can be recognised.
        let message = message.replace(char::is_control, " ");
        let (person, credential_id) = (guarded(&row.person), guarded(&row.credential_id));
        let message = guarded(&message);
        let record = [&*person, &*credential_id, &*row.request_id, outcome.name(), &*message];
        writer.write_record(record).map_err(|error| refuse(&error))?;
        let line = writer.into_inner().map_err(|error| refuse(&error))?;
        self.file.write_all(&line).map_err(|error| refuse(&error))
    }

    /// Syncs the file to disk.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn sync(&self) -> Result<(), Error> {
        let path = self.path.display();
        self.file.sync_data().map_err(|error| Error::Failed(format!("{path} cannot be written: {error}")))
    }
}

/// Returns the credential id and request id of each withdrawn credential in the text of a result
/// file. Its last line may be incomplete.
fn done(text: &str) -> Result<HashSet<(String, String)>, csv::Error> {
    let mut done = HashSet::new();
    let whole = text.rfind('\n').map_or("", |end| &text[..=end]);
    for record in csv::Reader::from_reader(whole.as_bytes()).records() {
        let record = record?;
        let cell = |at: usize| record.get(at).unwrap_or_default().to_owned();
        if cell(3) == WithdrawalOutcome::Withdrawn.name() {
            done.insert((unguarded(&cell(1)).to_owned(), cell(2)));
        }
    }
    Ok(done)
}

/// Returns the name of the result file of a file of links.
pub fn result_path(links: &Path) -> PathBuf {
    let mut name = links.as_os_str().to_owned();
    name.push(".withdrawals.csv");
    name.into()
}

/// Counts the links that `tenure withdraw` has withdrawn, by the result file beside them.
pub fn count(links: &Path) -> u64 {
    let Ok(text) = std::fs::read_to_string(result_path(links)) else { return 0 };
    let (Ok(done), Ok(rows)) = (done(&text), links::read(links)) else { return 0 };
    let is_withdrawn = |row: &&LinkRow| done.contains(&(row.credential_id.clone(), row.request_id.clone()));
    u64::try_from(rows.iter().filter(is_withdrawn).count()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: &str, request: &str) -> LinkRow {
        LinkRow {
            person: "E1".to_owned(),
            credential_id: id.to_owned(),
            request_id: request.to_owned(),
            ..LinkRow::default()
        }
    }

    #[test]
    fn only_withdrawn_requests_are_skipped_by_the_next_run() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("results.csv");
        let mut results = Withdrawals::open(&path).expect("opened");
        assert!(Withdrawals::open(&path).expect_err("in use").to_string().contains("another tenure withdraw"));
        results.add(&row("a", "1"), WithdrawalOutcome::Withdrawn, "").expect("written");
        results.add(&row("b", "2"), WithdrawalOutcome::Failed, "The server\nfailed.").expect("written");
        results.sync().expect("synced");
        drop(results);
        let results = Withdrawals::open(&path).expect("opened");
        assert!(results.has(&row("a", "1")));
        assert!(!results.has(&row("b", "2")), "it is tried again");
        assert!(!results.has(&row("a", "3")), "it was pushed again");
    }

    #[test]
    fn formulas_are_written_as_text_and_read_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("results.csv");
        let formula = LinkRow { person: "@SUM(1)".to_owned(), ..row("=1+1", "1") };
        let mut results = Withdrawals::open(&path).expect("opened");
        results.add(&formula, WithdrawalOutcome::Withdrawn, "").expect("written");
        drop(results);
        let text = std::fs::read_to_string(&path).expect("there");
        assert!(text.ends_with("'@SUM(1),'=1+1,1,withdrawn,\n"), "{text}");
        assert!(Withdrawals::open(&path).expect("opened").has(&formula));
    }

    #[test]
    fn withdrawn_links_are_counted_until_they_are_pushed_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let links = folder.path().join("links.csv");
        let head = "person,credential_id,redirect_uri,request_id,status\n";
        let text = format!("{head}E1,a,https://x/1,1,\nE1,b,https://x/2,2,\n");
        std::fs::write(&links, &text).expect("written");
        assert_eq!(count(&links), 0, "no result file");
        let mut results = Withdrawals::open(&result_path(&links)).expect("opened");
        results.add(&row("a", "1"), WithdrawalOutcome::Withdrawn, "").expect("written");
        assert_eq!(count(&links), 1);
        std::fs::write(&links, format!("{text}E1,a,https://x/3,3,\n")).expect("written");
        assert_eq!(count(&links), 0);
    }

    #[test]
    fn results_survive_a_crash_at_any_byte() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("results.csv");
        let mut results = Withdrawals::open(&path).expect("opened");
        results.add(&row("a", "1"), WithdrawalOutcome::Withdrawn, "").expect("written");
        drop(results);
        let whole = std::fs::read(&path).expect("there");
        for end in 0..whole.len() {
            std::fs::write(&path, &whole[..end]).expect("written");
            let mut results = Withdrawals::open(&path).expect("opened");
            assert!(!results.has(&row("a", "1")), "at {end}");
            results.add(&row("a", "1"), WithdrawalOutcome::Withdrawn, "").expect("written");
            drop(results);
            assert_eq!(std::fs::read(&path).expect("there"), whole, "at {end}");
        }
    }

    #[test]
    fn other_files_are_not_overwritten() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("people.csv");
        std::fs::write(&path, "Name,Company\n").expect("written");
        assert!(Withdrawals::open(&path).expect_err("another file").to_string().contains("--results"));
        assert_eq!(std::fs::read_to_string(&path).expect("there"), "Name,Company\n");
    }
}
