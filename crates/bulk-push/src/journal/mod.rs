//! The results on disk: the links for the caller, and the progress for the next run.
//!
//! Invariant: a link is synced to disk before the progress records it. After a crash in between,
//! the push is repeated and returns the same link, so no link is lost. Both files are append-only;
//! an incomplete last line is truncated.

mod previous_run;

use std::collections::{HashMap, HashSet};
use std::fs::{File, OpenOptions, Permissions, TryLockError};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use credential::encoding::hex;
use uuid::Uuid;

use crate::client::Taken;
use crate::entry::{Digest, Entry, digest};
use crate::error::Error;
use crate::formula_cells::guarded;

pub use self::previous_run::{JournalHeader, PreviousRun};
use self::previous_run::{LINKS, cannot, is_regular};

/// Maximum number of results that are buffered before they are written to disk.
const BATCH: usize = 256;

/// The two files, opened for appending.
#[derive(Debug)]
pub struct Journal {
    links: File,
    progress: File,
    paths: (PathBuf, PathBuf),
    known: HashMap<Digest, Uuid>,
    /// People who had a link before this run.
    people: HashSet<Digest>,
    /// Whether an earlier run pushed this file with this mapping.
    goes_on: bool,
    /// How many columns the file of links has.
    columns: usize,
    /// Buffered output.
    rows: Vec<u8>,
    lines: String,
    pending: usize,
}

impl Journal {
    /// Opens both files for appending.
    pub fn open(
        links: &Path,
        progress: &Path,
        header: &JournalHeader,
        may_differ: bool,
    ) -> Result<(PreviousRun, Self), Error> {
        let mut progress_file = append(progress)?;
        match progress_file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let name = progress.display();
                return Err(Error::Failed(format!("{name} is in use: another tenure push is using this file")));
            }
            Err(TryLockError::Error(error)) => return Err(cannot(progress, &error)),
        }
        // This process holds the lock, so no other run writes to the files.
        let mut previous = PreviousRun::look(links, progress, header, may_differ)?;
        let mut links_file = append(links)?;
        cut(&mut progress_file).map_err(|error| cannot(progress, &error))?;
        let mut journal = Self {
            rows: Vec::new(),
            lines: String::new(),
            pending: 0,
            known: std::mem::take(&mut previous.links),
            people: std::mem::take(&mut previous.people),
            goes_on: previous.goes_on(header) == Some(true),
            columns: previous.columns.unwrap_or(LINKS.len()),
            paths: (links.to_owned(), progress.to_owned()),
            progress: progress_file,
            links: {
                let is_new = cut(&mut links_file).map_err(|error| cannot(links, &error))? == 0;
                if is_new {
                    let head = LINKS.join(",") + "\n";
                    links_file.write_all(head.as_bytes()).map_err(|error| cannot(links, &error))?;
                }
                links_file
            },
        };
        if !journal.goes_on {
            journal.lines = serde_json::to_string(header).map_err(|error| cannot(progress, &error))? + "\n";
        }
        journal.flush()?;
        for path in [links, progress] {
            sync_folder(path).map_err(|error| cannot(path, &error))?;
        }
        Ok((previous, journal))
    }

    /// Returns whether an earlier push of `entry` may have succeeded although its response was
    /// lost: in this run if it `is_repeated`, or in one that was stopped. A recorded link proves
    /// that the response arrived.
    pub fn may_be_lost(&self, entry: &Entry, is_repeated: bool) -> bool {
        (is_repeated || self.goes_on) && !self.known.contains_key(&digest(&[entry.credential_id.as_bytes()]))
    }

    /// Returns whether the link of `entry` replaces one in the file: for the same credential, or,
    /// with `is_by_person`, for the same person.
    pub fn replaces(&self, entry: &Entry, taken: &Taken, is_by_person: bool) -> bool {
        match self.known.get(&digest(&[entry.credential_id.as_bytes()])) {
            Some(request) => *request != taken.request_id,
            None => is_by_person && self.people.contains(&digest(&[entry.person.as_bytes()])),
        }
    }

    /// Records the link. If it `stands` for the content of `entry`, records that `entry` is pushed.
    pub fn taken(&mut self, entry: &Entry, taken: &Taken, stands: bool) -> Result<(), Error> {
        // The server repeats a response whose progress was not recorded. Only another request has
        // another link.
        let id = digest(&[entry.credential_id.as_bytes()]);
        if self.known.insert(id, taken.request_id) != Some(taken.request_id) {
            let mut writer = csv::Writer::from_writer(&mut self.rows);
            let request_id = taken.request_id.to_string();
            let (person, credential_id) = (guarded(&entry.person), guarded(&entry.credential_id));
            let row = [&*person, &*credential_id, &*taken.redirect_uri, &*request_id, &*taken.status];
            let written = writer.write_record(&row[..self.columns]).map_err(|error| cannot(&self.paths.0, &error));
            written.and_then(|()| writer.flush().map_err(|error| cannot(&self.paths.0, &error)))?;
        }
        if stands {
            self.lines.push_str(&hex(&entry.digest()));
            self.lines.push('\n');
        }
        self.pending += 1;
        if self.pending >= BATCH { self.flush() } else { Ok(()) }
    }

    /// Writes the buffers and syncs them to disk.
    pub fn flush(&mut self) -> Result<(), Error> {
        let (links, progress) = (&self.paths.0, &self.paths.1);
        if !self.rows.is_empty() {
            let written = self.links.write_all(&self.rows).and_then(|()| self.links.sync_data());
            written.map_err(|error| cannot(links, &error))?;
            self.rows.clear();
        }
        if !self.lines.is_empty() {
            let written = self.progress.write_all(self.lines.as_bytes()).and_then(|()| self.progress.sync_data());
            written.map_err(|error| cannot(progress, &error))?;
            self.lines.clear();
        }
        self.pending = 0;
        Ok(())
    }
}

/// Opens a file for appending, readable only by its owner: the first person to sign in with a link
/// gets access to its data.
pub fn append(path: &Path) -> Result<File, Error> {
    is_regular(path)?;
    let file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path);
    let file = file.map_err(|error| cannot(path, &error))?;
    // An existing file may be readable by others.
    let is_open = file.metadata().map_err(|error| cannot(path, &error))?.permissions().mode() & 0o077 != 0;
    if is_open {
        let closed = file.set_permissions(Permissions::from_mode(0o600));
        closed.map_err(|error| {
            cannot(path, &format!("other users can read it, and its mode cannot be changed: {error}"))
        })?;
    }
    Ok(file)
}

/// Takes the rights of other users from an existing file. A run that pushes nothing does not open
/// it.
pub fn keep_private(path: &Path) -> Result<(), Error> {
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.permissions().mode() & 0o077 != 0 => {
            std::fs::set_permissions(path, Permissions::from_mode(0o600)).map_err(|error| cannot(path, &error))
        }
        _ => Ok(()),
    }
}

/// Syncs the directory, so that a new file survives a crash.
fn sync_folder(path: &Path) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

/// Truncates an incomplete last line and returns the remaining length.
pub fn cut(file: &mut File) -> std::io::Result<u64> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.read_to_end(&mut bytes)?;
    let length = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let length = u64::try_from(length).unwrap_or_default();
    file.set_len(length)?;
    Ok(length)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use credential::Type;

    use super::*;

    struct Files {
        folder: tempfile::TempDir,
    }

    impl Files {
        fn path(&self, name: &str) -> PathBuf {
            self.folder.path().join(name)
        }

        fn look(&self, header: &JournalHeader, may_differ: bool) -> Result<PreviousRun, String> {
            let previous = PreviousRun::look(&self.path("links"), &self.path("progress"), header, may_differ);
            previous.map_err(|stop| match stop {
                Error::Usage(said) | Error::Failed(said) => said,
            })
        }

        fn open(&self, header: &JournalHeader) -> (PreviousRun, Journal) {
            Journal::open(&self.path("links"), &self.path("progress"), header, false).expect("usable")
        }

        fn text(&self, name: &str) -> String {
            std::fs::read_to_string(self.path(name)).expect("there")
        }
    }

    fn files() -> Files {
        Files { folder: tempfile::tempdir().expect("a folder") }
    }

    fn header() -> JournalHeader {
        let text = |text: &str| text.to_owned();
        JournalHeader {
            tenure_push: 1,
            input: text("a"),
            mapping: text("b"),
            server: text("https://x"),
            client_id: Uuid::nil(),
        }
    }

    fn entry(id: &str) -> Entry {
        Entry {
            line: 2,
            person: format!("person, \"{id}\""),
            credential_id: id.to_owned(),
            credential_type: Type::default(),
            is_update: false,
            body: Bytes::from(id.to_owned()),
            notes: crate::entry::Notes::default(),
        }
    }

    fn link() -> Taken {
        let redirect_uri = "https://x/partner/add/careerHistory#content=1".to_owned();
        Taken { redirect_uri, request_id: Uuid::max(), ..Taken::default() }
    }

    #[test]
    fn journal_is_private_and_read_by_the_next_run() {
        let files = files();
        let (_, mut journal) = files.open(&header());
        journal.taken(&entry("1"), &link(), true).expect("noted");
        journal.flush().expect("written");
        drop(journal);
        let previous = files.look(&header(), false).expect("readable");
        assert!(previous.is_done(&entry("1")) && !previous.is_done(&entry("2")));
        assert!(!previous.has_lost_its_link(&entry("1")) && !previous.has_lost_its_link(&entry("2")));
        assert!(files.text("links").contains("\"person, \"\"1\"\"\",1,https://x/"), "{}", files.text("links"));
        for name in ["links", "progress"] {
            let mode = std::fs::metadata(files.path(name)).expect("there").permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
        // Simulates a file that was copied and made readable by all.
        std::fs::set_permissions(files.path("links"), Permissions::from_mode(0o644)).expect("opened");
        let (_, journal) = files.open(&header());
        let mode = std::fs::metadata(files.path("links")).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "closed again");
        std::fs::set_permissions(files.path("links"), Permissions::from_mode(0o640)).expect("opened");
        keep_private(&files.path("links")).expect("closed");
        let mode = std::fs::metadata(files.path("links")).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "also if nothing is pushed");
        // The first has a link, so its response was not lost. The earlier run may have pushed the
        // second.
        assert!(!journal.may_be_lost(&entry("1"), true) && journal.may_be_lost(&entry("2"), false));
        drop(journal);
        let changed = JournalHeader { mapping: "c".to_owned(), ..header() };
        let (_, journal) = Journal::open(&files.path("links"), &files.path("progress"), &changed, true)
            .unwrap_or_else(|_| panic!("open"));
        assert!(!journal.may_be_lost(&entry("2"), false) && journal.may_be_lost(&entry("2"), true));
        let corrected = Entry { credential_id: "3".to_owned(), ..entry("1") };
        let later = Taken { request_id: Uuid::from_u128(1), ..link() };
        assert!(journal.replaces(&corrected, &later, true) && !journal.replaces(&corrected, &later, false));
        assert!(journal.replaces(&entry("1"), &later, false) && !journal.replaces(&entry("1"), &link(), true));
        assert!(!journal.replaces(&entry("2"), &later, true), "who is new");
    }

    #[test]
    fn crash_at_any_byte_loses_and_duplicates_no_link() {
        let files = files();
        let (_, mut journal) = files.open(&header());
        for id in ["1", "Zoë, \"2\""] {
            journal.taken(&entry(id), &link(), true).expect("noted");
        }
        journal.flush().expect("written");
        drop(journal);
        // Both input formats reject line endings in a person, so that a line is a row.
        let (links, progress) = (files.text("links"), files.text("progress"));
        assert_eq!(links.lines().count(), 3);
        let first = progress.find('\n').expect("a title") + 1;
        // Links are written before progress: a crash truncates the progress, or truncates the links
        // and leaves only the header of the progress.
        let cuts =
            (first..=progress.len()).map(|end| (links.len(), end)).chain((0..links.len()).map(|end| (end, first)));
        for (links_end, progress_end) in cuts {
            std::fs::write(files.path("links"), &links.as_bytes()[..links_end]).expect("written");
            std::fs::write(files.path("progress"), &progress[..progress_end]).expect("written");
            let (previous, mut journal) = files.open(&header());
            for id in ["1", "Zoë, \"2\""] {
                if !previous.is_done(&entry(id)) {
                    journal.taken(&entry(id), &link(), true).expect("noted");
                }
            }
            journal.flush().expect("written");
            assert_eq!(files.text("links"), links, "after a crash at {links_end}, {progress_end}");
        }
    }

    #[test]
    fn links_that_were_removed_are_requested_again() {
        let files = files();
        let (_, mut journal) = files.open(&header());
        for id in ["1", "=2"] {
            journal.taken(&entry(id), &link(), true).expect("noted");
        }
        journal.flush().expect("written");
        drop(journal);
        assert!(files.text("links").contains(",'=2,https://x/"), "no formula: {}", files.text("links"));
        let whole = files.look(&header(), false).expect("readable");
        assert!(whole.is_done(&entry("1")) && whole.is_done(&entry("=2")));
        let kept: String = files.text("links").lines().take(2).map(|line| format!("{line}\n")).collect();
        std::fs::write(files.path("links"), kept).expect("written");
        let previous = files.look(&header(), false).expect("readable");
        assert!(previous.is_done(&entry("1")) && !previous.is_done(&entry("=2")));
        assert!(previous.has_lost_its_link(&entry("=2")) && !previous.has_lost_its_link(&entry("1")));
    }

    #[test]
    fn devices_and_damaged_files_are_refused() {
        let files = files();
        let opened = Journal::open(Path::new("/dev/null"), &files.path("progress"), &header(), false);
        assert!(
            matches!(opened, Err(Error::Failed(said)) if said.contains("/dev/null") && said.contains("regular file"))
        );
        std::fs::remove_file(files.path("progress")).expect("removed");
        drop(files.open(&header()));
        let text = files.text("progress");
        std::fs::write(files.path("progress"), &text[..20]).expect("cut");
        assert!(files.look(&header(), false).expect_err("cut").contains("is damaged"));
        std::fs::write(files.path("progress"), format!("{text}00ff\n")).expect("cut");
        assert!(files.look(&header(), false).expect_err("cut").contains("is damaged"));
    }

    #[test]
    fn journal_rejects_changed_inputs_and_concurrent_runs() {
        let files = files();
        let (_, journal) = files.open(&header());
        let other = Journal::open(&files.path("links"), &files.path("progress"), &header(), false);
        assert!(matches!(other, Err(Error::Failed(said)) if said.contains("another tenure push")));
        drop(journal);
        let changed = JournalHeader { input: "c".to_owned(), ..header() };
        assert!(files.look(&changed, false).expect_err("told apart").contains("the file has changed since"));
        assert!(files.look(&changed, true).is_ok());
        let changed = JournalHeader { mapping: "c".to_owned(), ..header() };
        assert!(files.look(&changed, false).expect_err("told apart").contains("the mapping has changed since"));
        let elsewhere = JournalHeader { server: "https://y".to_owned(), ..header() };
        assert!(files.look(&elsewhere, true).expect_err("never").contains("belongs to a push to https://x"));
        std::fs::rename(files.path("links"), files.path("moved")).expect("moved");
        assert!(files.look(&header(), false).expect_err("no links").contains("is missing"));
        std::fs::rename(files.path("moved"), files.path("links")).expect("moved");
        std::fs::remove_file(files.path("progress")).expect("removed");
        assert!(files.look(&header(), false).expect_err("no progress").contains("Move it away"));
        std::fs::write(files.path("progress"), "name,email\n").expect("written");
        assert!(files.look(&header(), false).expect_err("something else").contains("is not a progress file"));
    }
}
