//! Reads the links and the progress that earlier runs have written.

use std::collections::{HashMap, HashSet};
use std::io::ErrorKind;
use std::path::Path;

use credential::encoding::from_hex;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::entry::{Digest, Entry, digest};
use crate::error::Error;
use crate::formula_cells::unguarded;

/// The header of the file of links.
pub(super) const LINKS: [&str; 5] = ["person", "credential_id", "redirect_uri", "request_id", "status"];

/// Number of columns that the previous release wrote to the file of links.
const OLD_LINKS: usize = 4;

/// The first line of a progress file, which identifies the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalHeader {
    /// The version of the format.
    pub tenure_push: u8,
    /// SHA-256 of the input file.
    pub input: String,
    /// SHA-256 of the mapping, inferred columns included.
    pub mapping: String,
    /// The server's address.
    pub server: String,
    pub client_id: Uuid,
}

/// The results of earlier runs.
#[derive(Debug, Default)]
pub struct PreviousRun {
    done: HashSet<Digest>,
    /// The request of each link, by credential id. The journal takes it over.
    pub(super) links: HashMap<Digest, Uuid>,
    /// The credential ids of all links.
    linked: HashSet<Digest>,
    /// People with a link.
    pub(super) people: HashSet<Digest>,
    /// Ids of credentials that a later one of the same person replaced.
    replaced: HashSet<Digest>,
    header: Option<JournalHeader>,
    /// How many of [`LINKS`] the file of links has, if it exists.
    pub(super) columns: Option<usize>,
}

impl PreviousRun {
    /// Returns whether `entry` was pushed and the file of links has its link.
    pub fn is_done(&self, entry: &Entry) -> bool {
        self.done.contains(&entry.digest()) && self.linked.contains(&digest(&[entry.credential_id.as_bytes()]))
    }

    /// Returns whether `entry` was pushed, but its link is not in the file: somebody removed its
    /// row.
    pub fn has_lost_its_link(&self, entry: &Entry) -> bool {
        self.done.contains(&entry.digest()) && !self.is_done(entry)
    }

    /// Returns `entry` under an id that was not replaced. Reverting a correction is a correction
    /// too and needs a new link, because the first version may have been accepted and superseded.
    pub fn renewed(&self, entry: Entry) -> Entry {
        let is_replaced = |entry: &Entry| self.replaced.contains(&digest(&[entry.credential_id.as_bytes()]));
        if !is_replaced(&entry) {
            return entry;
        }
        (1..).map(|number| entry.again(number)).find(|again| !is_replaced(again)).unwrap_or(entry)
    }

    /// Returns whether an earlier run can be resumed: `Some(true)` with the same file and mapping,
    /// `Some(false)` if either changed.
    pub fn goes_on(&self, header: &JournalHeader) -> Option<bool> {
        self.header.as_ref().map(|found| found == header)
    }
}

pub(super) fn cannot(path: &Path, error: &dyn std::fmt::Display) -> Error {
    Error::Failed(format!("{} cannot be used: {error}", path.display()))
}

/// Refuses a device, such as `/dev/full`, which never ends, and a pipe.
pub(super) fn is_regular(path: &Path) -> Result<(), Error> {
    match std::fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => Err(cannot(path, &"it is not a regular file")),
        _ => Ok(()),
    }
}

/// Returns the complete lines of a file; `None` if the file does not exist.
fn whole_lines(path: &Path) -> Result<Option<String>, Error> {
    is_regular(path)?;
    let mut text = match std::fs::read(path) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(cannot(path, &error)),
    };
    text.truncate(text.rfind('\n').map_or(0, |end| end + 1));
    Ok(Some(text))
}

impl PreviousRun {
    /// Reads both files. With `may_differ` the input file or the mapping may have changed.
    pub fn look(links: &Path, progress: &Path, header: &JournalHeader, may_differ: bool) -> Result<Self, Error> {
        let (links_name, progress_name) = (links.display(), progress.display());
        let Some(text) = whole_lines(progress)?.filter(|text| !text.is_empty()) else {
            is_regular(links)?;
            if std::fs::metadata(links).is_ok_and(|metadata| metadata.len() > 0) {
                // A run that was stopped at its start leaves a part of the first line.
                if std::fs::metadata(progress).is_ok_and(|metadata| metadata.len() > 0) {
                    return Err(damaged(progress));
                }
                return Err(Error::Usage(format!(
                    "{links_name} exists without its progress file {progress_name}. Move it away, or set another \
                     file with --links"
                )));
            }
            return Ok(Self::default());
        };
        let mut previous = Self::default();
        for line in text.lines() {
            if line.starts_with('{') {
                let header = serde_json::from_str(line).map_err(|_| damaged(progress))?;
                previous.header = Some(header);
            } else {
                let wrong = if previous.header.is_some() { damaged } else { not_progress };
                previous.done.insert(from_hex(line).ok_or_else(|| wrong(progress))?);
            }
        }
        let found = previous.header.as_ref().ok_or_else(|| not_progress(progress))?;
        compare(found, header, progress, may_differ)?;
        let Some(text) = whole_lines(links)? else {
            let count = previous.done.len();
            return Err(Error::Usage(format!(
                "{links_name} with the links of the {count} already pushed is missing. Put it back, or delete \
                 {progress_name} to push all of them again; those pushed in the last 48 hours get the same link"
            )));
        };
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let header = reader.headers().map_err(|error| cannot(links, &error))?;
        let is_header = |count: usize| header == LINKS[..count];
        previous.columns = [LINKS.len(), OLD_LINKS].into_iter().find(|count| is_header(*count));
        if !text.is_empty() && previous.columns.is_none() {
            return Err(Error::Usage(format!("{links_name} is not a list of links; set another file with --links")));
        }
        let mut last_of: HashMap<Digest, Digest> = HashMap::new();
        for record in reader.records() {
            let record = record.map_err(|error| cannot(links, &error))?;
            if let (Some(person), Some(id), Some(Ok(request))) =
                (record.get(0), record.get(1), record.get(3).map(str::parse))
            {
                let (person, id) = (unguarded(person), unguarded(id));
                let (person, id) = (digest(&[person.as_bytes()]), digest(&[id.as_bytes()]));
                previous.links.insert(id, request);
                previous.linked.insert(id);
                previous.replaced.remove(&id);
                previous.replaced.extend(last_of.insert(person, id).filter(|earlier| *earlier != id));
            }
        }
        previous.people = last_of.into_keys().collect();
        Ok(previous)
    }
}

fn damaged(path: &Path) -> Error {
    Error::Usage(format!(
        "{} is damaged: a line is incomplete. Restore it, or move it and the links away to start again; those pushed in \
         the last 48 hours get the same link",
        path.display()
    ))
}

fn not_progress(path: &Path) -> Error {
    Error::Usage(format!("{} is not a progress file of tenure push; set another file with --state", path.display()))
}

fn compare(found: &JournalHeader, header: &JournalHeader, progress: &Path, may_differ: bool) -> Result<(), Error> {
    let name = progress.display();
    if found.tenure_push != header.tenure_push {
        return Err(not_progress(progress));
    }
    if (&found.server, found.client_id) != (&header.server, header.client_id) {
        return Err(Error::Usage(format!(
            "{name} belongs to a push to {} as {}, not to {} as {}. Set other files with --state and --links, or \
             move these away",
            found.server, found.client_id, header.server, header.client_id
        )));
    }
    let what = match (found.input == header.input, found.mapping == header.mapping) {
        _ if may_differ => return Ok(()),
        (true, true) => return Ok(()),
        (false, _) => "the file has changed",
        (true, false) => "the mapping has changed",
    };
    Err(Error::Usage(format!(
        "{what} since the push recorded in {name}. To resume with the new one, add --allow-changed-input: unchanged \
         people are not pushed again, new and corrected people are pushed as new. Otherwise restore the earlier \
         version, or move {name} and the links away to start again"
    )))
}
