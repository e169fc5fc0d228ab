//! What was answered, on disk: the links for the bureau, and the progress for the next run.
//!
//! A link is brought onto the disk before the progress says that it is there, so a crash in between costs a repeated push, which
//! is answered with the same link, and never a link. Both files are only ever added to; a last line that a crash tore is cut off.

use std::collections::{HashMap, HashSet};
use std::fs::{File, OpenOptions, Permissions, TryLockError};
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use credential::encoding::hex;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::client::Taken;
use crate::entry::{Digest, Entry, digest};
use crate::error::Error;

const LINKS: [&str; 4] = ["person", "credential_id", "redirect_uri", "request_id"];

/// So many answers are brought onto the disk at once, if they come so fast.
const BATCH: usize = 256;

/// What a progress file is the progress of: its first line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Title {
    /// The version of this form.
    pub tenure_push: u8,
    /// SHA-256 of the file that is pushed.
    pub input: String,
    /// SHA-256 of the mapping, with everything that was guessed.
    pub mapping: String,
    /// The server.
    pub server: String,
    /// The client.
    pub client_id: Uuid,
}

/// What earlier runs have done.
#[derive(Debug, Default)]
pub struct Past {
    done: HashSet<Digest>,
    /// By credential id, which request its link is for.
    links: HashMap<Digest, Uuid>,
    /// Whose they are.
    people: HashSet<Digest>,
    /// By credential id, what something else was pushed in the place of, for the same person.
    replaced: HashSet<Digest>,
    title: Option<Title>,
}

impl Past {
    /// Whether this is pushed already.
    pub fn has(&self, digest: &Digest) -> bool {
        self.done.contains(digest)
    }

    /// `entry` as it is pushed: under an id that has not been given up for another. A correction that is undone is a correction
    /// as well, and its link must be a new one: what was said at first may have been accepted, and superseded.
    pub fn renewed(&self, entry: Entry) -> Entry {
        let is_replaced = |entry: &Entry| self.replaced.contains(&digest(&[entry.credential_id.as_bytes()]));
        if !is_replaced(&entry) {
            return entry;
        }
        (1..).map(|number| entry.again(number)).find(|again| !is_replaced(again)).unwrap_or(entry)
    }

    /// Whether there is anything to go on with, and whether that is of the same file and the same mapping.
    pub fn goes_on(&self, title: &Title) -> Option<bool> {
        self.title.as_ref().map(|found| found == title)
    }
}

/// The two files, open.
#[derive(Debug)]
pub struct Journal {
    links: File,
    progress: File,
    paths: (PathBuf, PathBuf),
    known: HashMap<Digest, Uuid>,
    /// Who had a link before this run.
    people: HashSet<Digest>,
    /// Whether an earlier run pushed this very file, with this very mapping.
    goes_on: bool,
    /// What is still to be written.
    rows: Vec<u8>,
    lines: String,
    pending: usize,
}

fn cannot(path: &Path, error: &dyn std::fmt::Display) -> Error {
    Error::Failed(format!("{} cannot be used: {error}", path.display()))
}

/// A whole file up to its last line's end; `None` if there is no file.
fn whole_lines(path: &Path) -> Result<Option<String>, Error> {
    let mut text = match std::fs::read(path) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(cannot(path, &error)),
    };
    text.truncate(text.rfind('\n').map_or(0, |end| end + 1));
    Ok(Some(text))
}

impl Past {
    /// Reads what is there. With `may_differ`, of another file or another mapping too.
    pub fn look(links: &Path, progress: &Path, title: &Title, may_differ: bool) -> Result<Self, Error> {
        let (links_name, progress_name) = (links.display(), progress.display());
        let Some(text) = whole_lines(progress)?.filter(|text| !text.is_empty()) else {
            if std::fs::metadata(links).is_ok_and(|metadata| metadata.len() > 0) {
                return Err(Error::Usage(format!(
                    "{links_name} is there, without {progress_name}, which would say what it holds. Move it away, or name another \
                     by --links"
                )));
            }
            return Ok(Self::default());
        };
        let mut past = Self::default();
        for line in text.lines() {
            if line.starts_with('{') {
                let title = serde_json::from_str(line).map_err(|_| not_progress(progress))?;
                past.title = Some(title);
            } else {
                past.done.insert(from_hex(line).ok_or_else(|| not_progress(progress))?);
            }
        }
        let found = past.title.as_ref().ok_or_else(|| not_progress(progress))?;
        compare(found, title, progress, may_differ)?;
        let Some(text) = whole_lines(links)? else {
            let count = past.done.len();
            return Err(Error::Usage(format!(
                "{links_name} is gone, which held the links of the {count} that are pushed already. Put it back; or delete \
                 {progress_name} to push all of them again: who was pushed in the last 48 hours gets the same link"
            )));
        };
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        if !text.is_empty() && reader.headers().map_err(|error| cannot(links, &error))? != LINKS[..] {
            return Err(Error::Usage(format!("{links_name} is no list of links; name another by --links")));
        }
        let mut last_of: HashMap<Digest, Digest> = HashMap::new();
        for record in reader.records() {
            let record = record.map_err(|error| cannot(links, &error))?;
            if let (Some(person), Some(id), Some(Ok(request))) =
                (record.get(0), record.get(1), record.get(3).map(str::parse))
            {
                let (person, id) = (digest(&[person.as_bytes()]), digest(&[id.as_bytes()]));
                past.links.insert(id, request);
                past.replaced.remove(&id);
                past.replaced.extend(last_of.insert(person, id).filter(|earlier| *earlier != id));
            }
        }
        past.people = last_of.into_keys().collect();
        Ok(past)
    }
}

fn not_progress(path: &Path) -> Error {
    Error::Usage(format!("{} is no progress of tenure push; name another by --state", path.display()))
}

fn compare(found: &Title, title: &Title, progress: &Path, may_differ: bool) -> Result<(), Error> {
    let name = progress.display();
    if found.tenure_push != title.tenure_push {
        return Err(not_progress(progress));
    }
    if (&found.server, found.client_id) != (&title.server, title.client_id) {
        return Err(Error::Usage(format!(
            "{name} is of a push to {} as {}, and not to {} as {}. Name other files by --state and --links, or move these away",
            found.server, found.client_id, title.server, title.client_id
        )));
    }
    let what = match (found.input == title.input, found.mapping == title.mapping) {
        _ if may_differ => return Ok(()),
        (true, true) => return Ok(()),
        (false, _) => "the file has changed",
        (true, false) => "the mapping has changed",
    };
    Err(Error::Usage(format!(
        "{what} since the push that {name} is of. If that is meant, say --changed: whoever was pushed as they stand now is not \
         pushed again, and who is new or corrected is, as new. Otherwise put back what it was, or move {name} and the links away to begin \
         anew"
    )))
}

impl Journal {
    /// Opens both files to go on behind what is in them.
    pub fn open(links: &Path, progress: &Path, title: &Title, may_differ: bool) -> Result<(Past, Self), Error> {
        let mut progress_file = append(progress)?;
        match progress_file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let name = progress.display();
                return Err(Error::Failed(format!("{name} is in use: another tenure push is at work on this file")));
            }
            Err(TryLockError::Error(error)) => return Err(cannot(progress, &error)),
        }
        // Now that nobody else writes to them.
        let mut past = Past::look(links, progress, title, may_differ)?;
        let mut links_file = append(links)?;
        cut(&mut progress_file).map_err(|error| cannot(progress, &error))?;
        let mut journal = Self {
            rows: Vec::new(),
            lines: String::new(),
            pending: 0,
            known: std::mem::take(&mut past.links),
            people: std::mem::take(&mut past.people),
            goes_on: past.goes_on(title) == Some(true),
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
            journal.lines = serde_json::to_string(title).map_err(|error| cannot(progress, &error))? + "\n";
        }
        journal.flush()?;
        for path in [links, progress] {
            sync_folder(path).map_err(|error| cannot(path, &error))?;
        }
        Ok((past, journal))
    }

    /// Whether `entry` can have been pushed as it is without a link having come back: in this run, which has sent it before if it
    /// `is_repeated`, or in one that was stopped. Whatever has a link came back.
    pub fn may_be_lost(&self, entry: &Entry, is_repeated: bool) -> bool {
        (is_repeated || self.goes_on) && !self.known.contains_key(&digest(&[entry.credential_id.as_bytes()]))
    }

    /// Whether the link of `entry` takes the place of one in the file: of the same credential, or of the same person where each
    /// has one alone.
    pub fn replaces(&self, entry: &Entry, taken: &Taken, is_by_person: bool) -> bool {
        match self.known.get(&digest(&[entry.credential_id.as_bytes()])) {
            Some(request) => *request != taken.request_id,
            None => is_by_person && self.people.contains(&digest(&[entry.person.as_bytes()])),
        }
    }

    /// Notes the link of `entry`, and that it is pushed, unless what `stands` behind the link is something else.
    pub fn taken(&mut self, entry: &Entry, taken: &Taken, stands: bool) -> Result<(), Error> {
        // An answer that was written down, but not that it was, is given again; only another request has another link.
        let id = digest(&[entry.credential_id.as_bytes()]);
        if self.known.insert(id, taken.request_id) != Some(taken.request_id) {
            let mut writer = csv::Writer::from_writer(&mut self.rows);
            let row = [&*entry.person, &*entry.credential_id, &*taken.redirect_uri, &taken.request_id.to_string()];
            let written = writer.write_record(row).map_err(|error| cannot(&self.paths.0, &error));
            written.and_then(|()| writer.flush().map_err(|error| cannot(&self.paths.0, &error)))?;
        }
        if stands {
            self.lines.push_str(&hex(&entry.digest()));
            self.lines.push('\n');
        }
        self.pending += 1;
        if self.pending >= BATCH { self.flush() } else { Ok(()) }
    }

    /// Brings what was noted onto the disk.
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

/// A link opens a person's data for whoever signs in first, so the files are for their owner alone.
fn append(path: &Path) -> Result<File, Error> {
    let file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path);
    let file = file.map_err(|error| cannot(path, &error))?;
    // One that was there before may be open to others.
    let is_open = file.metadata().map_err(|error| cannot(path, &error))?.permissions().mode() & 0o077 != 0;
    if is_open {
        let closed = file.set_permissions(Permissions::from_mode(0o600));
        closed.map_err(|error| cannot(path, &format!("others may read it, and that cannot be changed: {error}")))?;
    }
    Ok(file)
}

/// Makes the name of a new file as lasting as what is in it.
fn sync_folder(path: &Path) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

/// Cuts a torn last line off; returns how long the file is then.
fn cut(file: &mut File) -> std::io::Result<u64> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.read_to_end(&mut bytes)?;
    let length = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let length = u64::try_from(length).unwrap_or_default();
    file.set_len(length)?;
    Ok(length)
}

fn from_hex(text: &str) -> Option<Digest> {
    let mut digest = Digest::default();
    if text.len() != 2 * digest.len() || !text.is_ascii() {
        return None;
    }
    for (index, byte) in digest.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16).ok()?;
    }
    Some(digest)
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

        fn look(&self, title: &Title, may_differ: bool) -> Result<Past, String> {
            let past = Past::look(&self.path("links"), &self.path("progress"), title, may_differ);
            past.map_err(|stop| match stop {
                Error::Usage(said) | Error::Failed(said) => said,
            })
        }

        fn open(&self, title: &Title) -> (Past, Journal) {
            Journal::open(&self.path("links"), &self.path("progress"), title, false).expect("usable")
        }

        fn text(&self, name: &str) -> String {
            std::fs::read_to_string(self.path(name)).expect("there")
        }
    }

    fn files() -> Files {
        Files { folder: tempfile::tempdir().expect("a folder") }
    }

    fn title() -> Title {
        let text = |text: &str| text.to_owned();
        Title {
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
            body: Bytes::from(id.to_owned()),
        }
    }

    fn link() -> Taken {
        let redirect_uri = "https://x/partner/add/careerHistory#content=1".to_owned();
        Taken { redirect_uri, request_id: Uuid::max(), ..Taken::default() }
    }

    #[test]
    fn what_was_answered_is_known_to_the_next_run_and_only_to_its_owner() {
        let files = files();
        let (_, mut journal) = files.open(&title());
        journal.taken(&entry("1"), &link(), true).expect("noted");
        journal.flush().expect("written");
        drop(journal);
        let past = files.look(&title(), false).expect("readable");
        assert!(past.has(&entry("1").digest()) && !past.has(&entry("2").digest()));
        assert!(files.text("links").contains("\"person, \"\"1\"\"\",1,https://x/"), "{}", files.text("links"));
        for name in ["links", "progress"] {
            let mode = std::fs::metadata(files.path(name)).expect("there").permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
        // Somebody copied it, and made it readable by all.
        std::fs::set_permissions(files.path("links"), Permissions::from_mode(0o644)).expect("opened");
        let (_, journal) = files.open(&title());
        let mode = std::fs::metadata(files.path("links")).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "closed again");
        // Whose link is there cannot have lost it, and the other one's run was of this file.
        assert!(!journal.may_be_lost(&entry("1"), true) && journal.may_be_lost(&entry("2"), false));
        drop(journal);
        let changed = Title { mapping: "c".to_owned(), ..title() };
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
    fn a_crash_at_any_byte_costs_no_link_and_doubles_none() {
        let files = files();
        let (_, mut journal) = files.open(&title());
        for id in ["1", "Zoë, \"2\""] {
            journal.taken(&entry(id), &link(), true).expect("noted");
        }
        journal.flush().expect("written");
        drop(journal);
        // No person has a line's end, which both kinds of file refuse: a line is a row.
        let (links, progress) = (files.text("links"), files.text("progress"));
        assert_eq!(links.lines().count(), 3);
        let first = progress.find('\n').expect("a title") + 1;
        // The links are written before the progress: a crash leaves them whole and it cut, or them cut and it without both.
        let cuts =
            (first..=progress.len()).map(|end| (links.len(), end)).chain((0..links.len()).map(|end| (end, first)));
        for (links_end, progress_end) in cuts {
            std::fs::write(files.path("links"), &links.as_bytes()[..links_end]).expect("written");
            std::fs::write(files.path("progress"), &progress[..progress_end]).expect("written");
            let (past, mut journal) = files.open(&title());
            for id in ["1", "Zoë, \"2\""] {
                if !past.has(&entry(id).digest()) {
                    journal.taken(&entry(id), &link(), true).expect("noted");
                }
            }
            journal.flush().expect("written");
            assert_eq!(files.text("links"), links, "after a crash at {links_end}, {progress_end}");
        }
    }

    #[test]
    fn another_file_server_or_writer_is_told_apart() {
        let files = files();
        let (_, journal) = files.open(&title());
        let other = Journal::open(&files.path("links"), &files.path("progress"), &title(), false);
        assert!(matches!(other, Err(Error::Failed(said)) if said.contains("another tenure push")));
        drop(journal);
        let changed = Title { input: "c".to_owned(), ..title() };
        assert!(files.look(&changed, false).expect_err("told apart").contains("the file has changed since"));
        assert!(files.look(&changed, true).is_ok());
        let changed = Title { mapping: "c".to_owned(), ..title() };
        assert!(files.look(&changed, false).expect_err("told apart").contains("the mapping has changed since"));
        let elsewhere = Title { server: "https://y".to_owned(), ..title() };
        assert!(files.look(&elsewhere, true).expect_err("never").contains("a push to https://x"));
        std::fs::rename(files.path("links"), files.path("moved")).expect("moved");
        assert!(files.look(&title(), false).expect_err("no links").contains("is gone"));
        std::fs::rename(files.path("moved"), files.path("links")).expect("moved");
        std::fs::remove_file(files.path("progress")).expect("removed");
        assert!(files.look(&title(), false).expect_err("no progress").contains("Move it away"));
        std::fs::write(files.path("progress"), "name,email\n").expect("written");
        assert!(files.look(&title(), false).expect_err("something else").contains("is no progress"));
    }
}
