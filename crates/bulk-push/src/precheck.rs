//! Validates the whole file before anything is sent, with the same library as the server.

use std::collections::{BTreeSet, HashMap};

use credential::Context;

use crate::counts::Counts;
use crate::entry::{Digest, Entry, digest};
use crate::error::Error;
use crate::journal::PreviousRun;
use crate::progress::say;
use crate::rejected_row::{RejectedRow, RejectedRows};
use crate::source::Source;

/// The result of the validation.
#[derive(Debug)]
pub struct Checked {
    /// Which credentials would be refused or have been pushed.
    pub skip: Vec<bool>,
    /// The OAuth scopes that the valid ones need.
    pub scopes: BTreeSet<&'static str>,
    /// The counts so far.
    pub counts: Counts,
    /// The first credentials that would be pushed.
    pub first: Vec<Entry>,
}

/// Number of credentials that are shown before anything is sent.
const SHOWN: usize = 3;

/// Validates every credential and reports problems to `rejected`.
pub fn check(
    source: &mut Source,
    previous: &PreviousRun,
    rejected: &mut RejectedRows,
    context: &Context<'_>,
) -> Result<Checked, Error> {
    let total = source.len();
    let (skip, counts) = (vec![false; total], Counts { extra: source.extra(), ..Counts::of(total) });
    let mut checked = Checked { skip, scopes: BTreeSet::new(), counts, first: Vec::new() };
    let mut lines: HashMap<Digest, u32> = HashMap::with_capacity(total);
    for index in 0..total {
        let found = match source.read(index, context, previous)? {
            Err(found) => found,
            Ok(entry) => match lines.insert(digest(&[entry.credential_id.as_bytes()]), entry.line) {
                None => {
                    checked.scopes.insert(entry.credential_type.write_scope);
                    // It is not read again, because the run counts what others pushed meanwhile.
                    let is_done = previous.is_done(&entry);
                    checked.skip[index] = is_done;
                    checked.counts.already += u64::from(is_done);
                    checked.counts.lost_links += u64::from(previous.has_lost_its_link(&entry));
                    checked.counts.far_ends += u64::try_from(entry.notes.far_ends).unwrap_or_default();
                    checked.counts.merged += u64::try_from(entry.notes.merged).unwrap_or_default();
                    if checked.first.len() < SHOWN {
                        checked.first.push(entry);
                    }
                    continue;
                }
                Some(line) => {
                    let message = format!(
                        "The credential on line {line} has the same credential_id, or the same person and data."
                    );
                    let pointer = "/credential_id".to_owned();
                    let code = credential::Code::CredentialIdDuplicate.as_str().to_owned();
                    vec![source.located(index, RejectedRow { pointer, code, message, ..entry.rejected_row() })?]
                }
            },
        };
        checked.skip[index] = true;
        checked.counts.skipped += 1;
        for rejected_row in &found {
            if let Some(shown) = rejected.add(rejected_row)? {
                say(&shown);
            }
        }
    }
    rejected.flush()?;
    Ok(checked)
}

#[cfg(test)]
mod tests {
    use credential::Type;
    use uuid::Uuid;

    use super::*;
    use crate::client::Taken;
    use crate::input::Scan;
    use crate::journal::{Journal, JournalHeader};
    use crate::lines::Lines;

    #[test]
    fn what_was_pushed_is_counted_once_and_not_read_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        let line = |id: &str| {
            let mut body = (Type::default().sample)();
            body["credential_id"] = id.into();
            body.to_string()
        };
        std::fs::write(path("people.ndjson"), format!("{}\n{}\n", line("a"), line("b"))).expect("written");
        let scan = Scan::open(&path("people.ndjson")).expect("there");
        let mut source = Source::Lines(Lines::open(scan, Type::default(), &[]).expect("lines"));
        let context = Context::new("2026-11-23T09:00:00Z".parse().expect("a time"));
        let read = source.read(0, &context, &PreviousRun::default()).expect("readable");
        let text = |text: &str| text.to_owned();
        let header = JournalHeader {
            tenure_push: 1,
            input: text("a"),
            mapping: text("b"),
            server: text("https://x"),
            client_id: Uuid::nil(),
        };
        let (_, mut journal) = Journal::open(&path("links"), &path("progress"), &header, false).expect("usable");
        journal.taken(&read.expect("valid"), &Taken::default(), true).expect("noted");
        journal.flush().expect("written");
        drop(journal);
        let previous = PreviousRun::look(&path("links"), &path("progress"), &header, false).expect("readable");
        let mut rejected = RejectedRows::begin("people.ndjson", &path("refusals"), true).expect("begun");
        let checked = check(&mut source, &previous, &mut rejected, &context).expect("checked");
        assert_eq!((checked.counts.already, checked.counts.left(), checked.skip), (1, 1, vec![true, false]));
    }
}
