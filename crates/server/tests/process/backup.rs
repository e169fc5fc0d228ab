//! Backups, rehearsed: made of a real server under load, put back into another place, and looked at by everybody who has
//! anything there.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection, SqliteConnection};

use crate::database;
use crate::person::Person;
use crate::samples;
use crate::tenure::{Answer, Server, binary, ended, known, push, request, request_bytes, shown, token, until};
use crate::webhooks::{Manner, Receiver, register};

const CAREER: &str = "/partner/add/careerHistory";
const EDUCATION: &str = "/api/partner/v2/add/requests/education";
const SETTINGS: [(&str, &str); 1] = [("TENURE_WEBHOOKS__ALLOW_LOOPBACK", "true")];

/// Where a server's data is.
#[derive(Clone, Debug)]
struct Place {
    data: PathBuf,
    store: Vec<String>,
}

impl Place {
    fn sqlite(folder: &Path, name: &str) -> Self {
        Self { data: folder.join(name), store: Vec::new() }
    }

    fn postgres(folder: &Path, name: &str) -> Self {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let url = runtime.block_on(database::postgres_url());
        runtime.shutdown_timeout(Duration::from_secs(1));
        Self { data: folder.join(name), store: vec!["--database-url".to_owned(), url] }
    }

    fn store(&self) -> Vec<&str> {
        self.store.iter().map(String::as_str).collect()
    }

    fn start(&self) -> Server {
        Server::start(&self.data, &self.store(), &SETTINGS)
    }

    /// `tenure backup` or `tenure restore` with this place.
    fn command(&self, name: &str, file: &Path) -> Command {
        let mut command = binary();
        command.arg(name).arg(file).arg("--data").arg(&self.data).args(&self.store);
        command
    }

    fn back_up(&self, file: &Path) {
        let output = ended(&mut self.command("backup", file));
        assert!(output.status.success(), "{}", shown(&output));
    }

    fn restore(&self, file: &Path) -> String {
        let output = ended(&mut self.command("restore", file));
        assert!(output.status.success(), "{}", shown(&output));
        shown(&output)
    }

    /// Makes the folder, with the root key of `other`.
    fn with_root_key_of(self, other: &Self) -> Self {
        std::fs::create_dir_all(&self.data).expect("a folder");
        std::fs::copy(other.data.join("root.key"), self.data.join("root.key")).expect("copied");
        make_private(&self.data.join("root.key"));
        self
    }

    /// Values of one column.
    fn bytes(&self, is_keyring: bool, query: &'static str) -> Vec<Vec<u8>> {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async {
            match self.store.get(1) {
                Some(url) => {
                    let mut connection = PgConnection::connect(url).await.expect("connected");
                    let path = if is_keyring { "SET search_path = tenure_keyring" } else { "SET search_path = public" };
                    sqlx::query(path).execute(&mut connection).await.expect("set");
                    sqlx::query_scalar(query).fetch_all(&mut connection).await.expect("read")
                }
                None => {
                    let file = self.data.join(if is_keyring { "keyring.sqlite" } else { "tenure.sqlite" });
                    let mut connection = SqliteConnection::connect(&file.display().to_string()).await.expect("opened");
                    sqlx::query_scalar(query).fetch_all(&mut connection).await.expect("read")
                }
            }
        })
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

fn request_id(answer: &Answer) -> String {
    assert_eq!(answer.status, 201, "{}", answer.body);
    text(&answer.json()["request_id"]).to_owned()
}

fn status(server: &Server, token: &str, id: &str) -> Value {
    api_get(server, token, &format!("/api/partner/v1/submissions/{id}/status"))
}

fn api_get(server: &Server, token: &str, path: &str) -> Value {
    let headers = [("Authorization", &*format!("Bearer {token}"))];
    let answer = request(server.port, "GET", path, &headers, "").expect("an answer");
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

fn contains(whole: &[u8], part: &[u8]) -> bool {
    assert!(part.len() > 16, "nothing is proved by a part of {} bytes", part.len());
    memchr(whole, part)
}

/// A plain search would take minutes in a test build: looks where the first byte stands.
fn memchr(whole: &[u8], part: &[u8]) -> bool {
    let mut rest = whole;
    while let Some(at) = rest.iter().position(|byte| *byte == part[0]) {
        if rest[at..].starts_with(part) {
            return true;
        }
        rest = &rest[at + 1..];
    }
    false
}

/// `tenure serve` where it must not start.
fn serve(place: &Place) -> Command {
    let mut command = binary();
    command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(&place.data).args(&place.store);
    command
}

/// What people have on a server before the backup.
struct World {
    token: String,
    receiver: Receiver,
    document: Vec<u8>,
    /// Where the document is read.
    document_path: String,
    /// The link for a hirer, and what is signed behind it.
    share: String,
    signed: String,
    waiting_link: String,
    kept_link: String,
}

impl World {
    fn new(server: &Server, store: &[&str]) -> Self {
        let token = partner(server, store);
        let receiver = Receiver::start(Manner::Answers(0), true);
        register(server, &token, &receiver, &["atsp_request.created", "atsp_request.canceled"]);
        let kept = server.push(&token, "kept").expect("an answer");
        let (mut ada, page) = Person::sign_in(server, "ada@example.org", Some((CAREER, &request_id(&kept))));
        let answer = ada.post(server, &format!("{page}/accept"), &[]);
        assert_eq!(answer.status, 303, "{}", answer.body);
        let (document, document_path) = accept_document(server, &token, &mut ada);
        let (share, signed) = share(server, &mut ada, &request_id(&kept));
        for (id, email) in [("deleted", "cy@example.org"), ("opened", "dan@example.org")] {
            let pushed = server.push(&token, id).expect("an answer");
            let (mut person, page) = Person::sign_in(server, email, Some((CAREER, &request_id(&pushed))));
            if id == "deleted" {
                person.post(server, &format!("{page}/accept"), &[]);
            }
        }
        let waiting = server.push(&token, "waiting").expect("an answer");
        let asked = json!({ "request_id": "asked", "purpose": "Marked Purpose" }).to_string();
        let headers = [("Authorization", &*format!("Bearer {token}")), ("Content-Type", "application/json")];
        let ask = request(server.port, "POST", "/api/partner/v2/verify/requests/career_history", &headers, &asked);
        let ask = ask.expect("an answer");
        assert_eq!(ask.status, 201, "{}", ask.body);
        let link = |answer: &Answer| text(&answer.json()["redirect_uri"]).to_owned();
        Self {
            waiting_link: link(&waiting),
            kept_link: link(&kept),
            token,
            receiver,
            document,
            document_path,
            share,
            signed,
        }
    }
}

/// A token of a partner that may ask people to show something, too.
fn partner(server: &Server, store: &[&str]) -> String {
    let scopes = "write.career_history write.education read.career_history";
    let mut command = binary();
    command.args(["partner", "add", "--json", "--name", "Acme Payroll", "--scope", scopes, "--data"]).arg(&server.data);
    let added: Value = serde_json::from_slice(&ended(command.args(store)).stdout).expect("JSON");
    token(server.port, text(&added["client_id"]), text(&added["client_secret"])).expect("a token")
}

/// Pushes an education with a document, which `person` accepts.
fn accept_document(server: &Server, token: &str, person: &mut Person) -> (Vec<u8>, String) {
    let mut body = ("education".parse::<credential::Type>().expect("a type").sample)();
    body["credential_id"] = json!("degree");
    body["assets"] = json!([{ "asset_id": "the-document", "asset_type": "pdf", "asset_data": null }]);
    let headers = [("Authorization", &*format!("Bearer {token}")), ("Content-Type", "application/json")];
    let pushed = request(server.port, "POST", EDUCATION, &headers, &body.to_string()).expect("an answer");
    let content = request_id(&pushed);
    let link = text(&pushed.json()["assets"][0]["upload_url"]).to_owned();
    let document = samples::bytes(&mut samples::pdf(|_, _| {}));
    let path = link.strip_prefix("http://localhost:8080").expect("a link of this server");
    let sent = request_bytes(server.port, "PUT", path, &[("Content-Type", "application/pdf")], &document);
    assert_eq!(sent.expect("an answer").status, 204);
    person.accept(server, "/partner/add/education", &content);
    let record = person.get(server, &format!("/wallet/credentials/{content}")).body;
    let id = record.split("href=\"/documents/").nth(1).and_then(|rest| rest.split('"').next());
    let path = format!("/documents/{}", id.unwrap_or_else(|| panic!("{record}")));
    assert!(person.get(server, &path).body.starts_with("%PDF"));
    (document, path)
}

/// Shares a job with a hirer; returns the link's path and what is signed behind it.
fn share(server: &Server, person: &mut Person, submission: &str) -> (String, String) {
    let part = format!("{submission}/employment/0");
    let form = [("part", &*part), ("days", "14"), ("purpose", "A post")];
    let answer = person.post(server, &format!("/wallet/credentials/{submission}/share"), &form);
    let own = answer.head.lines().find_map(|line| line.strip_prefix("location: ")).expect("a page").to_owned();
    let page = person.get(server, &own).body;
    let link = page.split("<code id=\"share-link\">").nth(1).and_then(|rest| rest.split('<').next()).expect("a link");
    let path = link[link.find("/share/").expect("a path")..].to_owned();
    let signed = server.get(&format!("{path}/token/1")).expect("an answer");
    assert_eq!(signed.status, 200, "{}", signed.body);
    (path, signed.body)
}

/// The address of the status list that a signed credential has its place in.
fn status_list(signed: &str) -> String {
    let payload = signed.split('.').nth(1).expect("a payload");
    let payload = URL_SAFE_NO_PAD.decode(payload).expect("base64url");
    let payload: Value = serde_json::from_slice(&payload).expect("JSON");
    text(&payload["status"]["status_list"]["uri"]).strip_prefix("http://localhost:8080").expect("here").to_owned()
}

/// Backs up while pushes go on; returns the ids that were acknowledged before.
fn back_up_under_load(place: &Place, server: &Server, token: &str, file: &Path) -> Vec<String> {
    let (acknowledged, stop) = (Mutex::new(Vec::new()), AtomicBool::new(false));
    std::thread::scope(|scope| {
        for client in 0..4 {
            let (acknowledged, stop, port) = (&acknowledged, &stop, server.port);
            scope.spawn(move || {
                for number in 0.. {
                    let id = format!("load-{client}-{number}");
                    let answer = push(port, token, &id).expect("an answer");
                    assert_eq!(answer.status, 201, "{}", answer.body);
                    acknowledged.lock().expect("no panic").push(id);
                    if stop.load(Ordering::SeqCst) {
                        break;
                    }
                }
            });
        }
        until("some load", || (acknowledged.lock().expect("no panic").len() > 100).then_some(()));
        let before = acknowledged.lock().expect("no panic").clone();
        place.back_up(file);
        stop.store(true, Ordering::SeqCst);
        before
    })
}

/// Neither what nobody has accepted nor any key to it is in the backup; what was accepted is.
fn holds_nothing_unaccepted(place: &Place, file: &Path) {
    let backup = std::fs::read(file).expect("a backup");
    let keys = place.bytes(true, "SELECT wrapped FROM ring_key");
    assert!(!keys.is_empty());
    assert!(keys.iter().all(|key| !contains(&backup, key)), "a ring key is in the backup");
    let waiting = place.bytes(false, if place.store.is_empty() { WAITING } else { WAITING_ON_POSTGRESQL });
    assert!(waiting.len() > 100, "{}", waiting.len());
    assert!(waiting.iter().all(|sealed| !contains(&backup, sealed)), "something unaccepted is in the backup");
    for (what, query) in [
        ("a mail", "SELECT sealed FROM outbox"),
        ("a sign-in", "SELECT sealed FROM sign_in"),
        ("a question", "SELECT request_sealed FROM verification WHERE request_sealed IS NOT NULL"),
        ("a session", "SELECT token_hash FROM session"),
    ] {
        assert!(place.bytes(false, query).iter().all(|bytes| !contains(&backup, bytes)), "{what} is in the backup");
    }
    let holder_keys = place.bytes(true, "SELECT wrapped FROM holder_key");
    assert!(holder_keys.iter().all(|key| contains(&backup, key)), "this search finds what is there");
    let root = std::fs::read_to_string(place.data.join("root.key")).expect("the root key");
    assert!(!contains(&backup, root.trim().as_bytes()));
}

/// What is sealed under ring keys of submissions: in their rows on SQLite, in a table of its own on PostgreSQL.
const WAITING: &str = "SELECT sealed FROM submission WHERE state = 'incomplete' AND sealed IS NOT NULL";
const WAITING_ON_POSTGRESQL: &str = "SELECT sealed FROM payload";

/// From one database to another, and everything that must be true on both sides.
fn rehearse(from: &Place, to: &Place, knows_deleted: bool) {
    let file = from.data.with_extension("backup");
    let mut server = from.start();
    let world = World::new(&server, &from.store());
    let before = back_up_under_load(from, &server, &world.token, &file);
    assert_eq!(mode(&file), 0o600);
    holds_nothing_unaccepted(from, &file);
    // After the backup: somebody deletes the account, and what waited is accepted.
    let (mut cy, _) = Person::sign_in(&server, "cy@example.org", None);
    assert_eq!(cy.post(&server, "/account/delete", &[("understood", "yes")]).status, 303);
    server.signal("KILL");
    server.wait();
    let to = to.clone().with_root_key_of(from);
    if knows_deleted {
        std::fs::copy(from.data.join("deleted-accounts"), to.data.join("deleted-accounts")).expect("copied");
    }
    let told = to.restore(&file);
    assert!(told.contains("submissions that nobody had accepted are over"), "{told}");
    let restored = to.start();
    people_find_what_they_had(&restored, &world);
    partners_are_told_the_truth(&restored, &world, &before);
    what_was_signed_is_good(&restored, &world);
    let (mut cy, _) = Person::sign_in(&restored, "cy@example.org", None);
    assert_eq!(cy.get(&restored, "/wallet").body.contains("Marked Employer"), !knows_deleted);
    assert_eq!(told.contains("1 accounts that were deleted since are deleted again"), knows_deleted, "{told}");
}

fn mode(file: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(file).expect("a file").permissions().mode() & 0o777
}

fn people_find_what_they_had(server: &Server, world: &World) {
    let (mut ada, _) = Person::sign_in(server, "ada@example.org", None);
    let wallet = ada.get(server, "/wallet").body;
    assert!(wallet.contains("Marked Employer") && wallet.contains("With a document."), "{wallet}");
    let document = ada.get(server, &world.document_path);
    assert_eq!((document.status, document.body), (200, String::from_utf8_lossy(&world.document).into_owned()));
}

fn partners_are_told_the_truth(server: &Server, world: &World, before: &[String]) {
    // The token that was given before the backup is good: its key is there.
    let token = &world.token;
    assert_eq!(status(server, token, "kept")["status"], "verified");
    assert_eq!(status(server, token, "degree")["status"], "verified");
    let asked = api_get(server, token, "/api/partner/v2/verify/requests/asked");
    assert_eq!(asked["status"], "canceled", "{asked}");
    for id in ["waiting", "opened"] {
        assert_eq!(status(server, token, id)["status"], "canceled", "{id}");
    }
    assert_eq!(known(server.port, token, before).len(), before.len(), "each push from before the backup is known");
    let again = server.push(token, "kept").expect("an answer");
    assert_eq!(text(&again.json()["redirect_uri"]), world.kept_link, "what was accepted is not asked again");
    let again = server.push(token, "waiting").expect("an answer");
    let link = again.json();
    assert_ne!(text(&link["redirect_uri"]), world.waiting_link, "a new link");
    let (mut bob, page) = Person::sign_in(server, "bob@example.org", Some((CAREER, &request_id(&again))));
    assert!(bob.get(server, &page).body.contains("Marked Employer"), "and its data is there");
    bob.post(server, &format!("{page}/accept"), &[]);
    assert_eq!(status(server, token, "waiting")["status"], "verified");
    let old = world.waiting_link.rsplit_once("content=").expect("a content").1;
    let dead = bob.post(server, CAREER, &[("content", old)]);
    assert_eq!(dead.status, 303);
    until("partners to be told that what waited is over", || {
        let events = world.receiver.events.lock().expect("no panic");
        let told: HashSet<&str> = events
            .iter()
            .filter(|event| event["type"] == "atsp_request.canceled")
            .filter_map(|event| event["credential_id"].as_str())
            .collect();
        ["waiting", "opened"].iter().all(|id| told.contains(id)).then_some(())
    });
}

fn what_was_signed_is_good(server: &Server, world: &World) {
    let page = server.get(&world.share).expect("an answer").body;
    assert!(page.contains("data-together=\"hire-all-passed\""), "{page}");
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, body: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, body).expect("written");
        path
    };
    let issuer = server.get("/.well-known/jwt-vc-issuer").expect("an answer").json();
    let keys = write("keys", &issuer["jwks"].to_string());
    let list = status_list(&world.signed);
    let status = write("status", &server.get(&list).expect("an answer").body);
    let verified = ended(binary().arg("verify").arg(&world.signed).arg("--keys").arg(keys).arg("--status").arg(status));
    assert!(shown(&verified).contains("signature"), "{}", shown(&verified));
    assert!(!shown(&verified).to_lowercase().contains("failed"), "{}", shown(&verified));
    // Nobody knows which places were given after the backup, so none is given in the lists of before.
    let (mut ada, _) = Person::sign_in(server, "ada@example.org", None);
    let id = world.kept_link.rsplit_once("content=").expect("a content").1;
    let (_, signed) = share(server, &mut ada, id);
    assert_ne!(status_list(&signed), list, "a new list");
}

#[test]
fn a_server_is_put_back_from_sqlite_to_sqlite() {
    let folder = tempfile::tempdir().expect("a folder");
    rehearse(&Place::sqlite(folder.path(), "old"), &Place::sqlite(folder.path(), "new"), true);
}

#[test]
fn a_server_is_put_back_from_postgresql_to_postgresql() {
    let folder = tempfile::tempdir().expect("a folder");
    rehearse(&Place::postgres(folder.path(), "old"), &Place::postgres(folder.path(), "new"), false);
}

#[test]
fn a_server_moves_from_sqlite_to_postgresql() {
    let folder = tempfile::tempdir().expect("a folder");
    rehearse(&Place::sqlite(folder.path(), "old"), &Place::postgres(folder.path(), "new"), true);
}

#[test]
fn a_server_moves_from_postgresql_to_sqlite() {
    let folder = tempfile::tempdir().expect("a folder");
    rehearse(&Place::postgres(folder.path(), "old"), &Place::sqlite(folder.path(), "new"), false);
}

/// A server with one accepted push, and a backup of it.
fn small(folder: &Path) -> (Place, PathBuf) {
    let (place, file) = (Place::sqlite(folder, "old"), folder.join("old.backup"));
    let server = place.start();
    let token = server.token(&[]);
    let kept = server.push(&token, "kept").expect("an answer");
    let (mut person, page) = Person::sign_in(&server, "ada@example.org", Some((CAREER, &request_id(&kept))));
    person.post(&server, &format!("{page}/accept"), &[]);
    place.back_up(&file);
    (place, file)
}

fn refused(command: &mut Command, why: &str) {
    let output = ended(command);
    assert_eq!(output.status.code(), Some(1), "{}", shown(&output));
    assert!(shown(&output).contains(why), "{why}: {}", shown(&output));
}

#[test]
fn what_must_not_be_done_is_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let (old, file) = small(folder.path());
    refused(&mut old.command("backup", &file), "--force");
    assert!(ended(old.command("backup", &file).arg("--force")).status.success());
    refused(&mut old.command("restore", &file), "empty folder alone");
    let new = Place::sqlite(folder.path(), "new");
    std::fs::create_dir_all(&new.data).expect("a folder");
    refused(&mut new.command("restore", &file), "Put the root.key");
    let other = Place::sqlite(folder.path(), "other");
    drop(other.start());
    let new = new.with_root_key_of(&other);
    refused(&mut new.command("restore", &file), "another root key");
    let new = new.with_root_key_of(&old);
    let whole = std::fs::read(&file).expect("a backup");
    let damaged = folder.path().join("damaged.backup");
    for (at, why) in
        [(whole.len() / 2, "is damaged"), (whole.len() - 5, "another root key"), (whole.len() - 70, "its end")]
    {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        std::fs::write(&damaged, bytes).expect("written");
        refused(&mut new.command("restore", &damaged), why);
    }
    std::fs::write(&damaged, &whole[..whole.len() - 4096]).expect("written");
    refused(&mut new.command("restore", &damaged), "its end is missing");
    std::fs::write(&damaged, b"short").expect("written");
    refused(&mut new.command("restore", &damaged), "is no backup");
    let at_work = std::fs::File::open(&new.data).expect("a folder");
    at_work.try_lock().expect("alone");
    refused(&mut new.command("restore", &file), "another tenure restore is at work");
    drop(at_work);
    // SQLite would play these into the database that is put back.
    for name in ["tenure.sqlite-wal", "tenure.sqlite-shm", "keyring.sqlite-journal"] {
        std::fs::write(new.data.join(name), b"an earlier server's").expect("written");
        refused(&mut new.command("restore", &file), "empty folder alone");
        std::fs::remove_file(new.data.join(name)).expect("it is untouched");
    }
    let names: Vec<_> =
        std::fs::read_dir(&new.data).expect("a folder").map(|entry| entry.expect("an entry").file_name()).collect();
    assert_eq!(names, ["root.key"], "nothing was written");
    let no_folder = folder.path().join("backups");
    refused(&mut old.command("backup", &no_folder), "there is no folder");
    assert!(!no_folder.exists(), "no file in its place");
    // A root key that opens nothing is found out when the backup is made.
    std::fs::copy(other.data.join("root.key"), old.data.join("root.key")).expect("copied");
    refused(&mut old.command("backup", &folder.path().join("never.backup")), "does not open the key ring");
    assert!(!folder.path().join("never.backup").exists() && !folder.path().join("never.backup.part").exists());
}

#[test]
fn a_rehearsal_leaves_the_bucket_to_the_server_that_uses_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let (old, file) = small(folder.path());
    let name = "SELECT id FROM instance";
    for (option, is_its_own, said) in [(None, true, "WARNING: documents"), (Some("--rehearsal"), false, "left alone")] {
        let new = Place::sqlite(folder.path(), option.unwrap_or("new")).with_root_key_of(&old);
        let mut command = new.command("restore", &file);
        let output = ended(command.args(option).env("TENURE_OBJECTS__KIND", "s3"));
        assert!(output.status.success() && shown(&output).contains(said), "{said}: {}", shown(&output));
        assert_eq!(new.bytes(false, name) == old.bytes(false, name), is_its_own, "whose objects it takes for its own");
    }
}

#[test]
fn a_restore_that_is_killed_leaves_nothing_that_a_server_would_take_for_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let (old, file) = small(folder.path());
    let (mut broke_off, mut round) = (0, 0);
    while broke_off < 4 && round < 60 {
        round += 1;
        let new = Place::sqlite(folder.path(), &format!("new-{round}")).with_root_key_of(&old);
        let mut process = crate::tenure::Process(new.command("restore", &file).spawn().expect("it starts"));
        std::thread::sleep(Duration::from_millis(3 * round));
        process.0.kill().expect("killed");
        process.0.wait().expect("it has ended");
        let is_whole = new.data.join("tenure.sqlite").exists();
        if !is_whole {
            broke_off += usize::from(new.data.join("restoring").exists());
            if new.data.join("restoring").exists() {
                refused(&mut serve(&new), "broke off");
            }
            new.restore(&file);
        }
        let server = new.start();
        let (mut ada, _) = Person::sign_in(&server, "ada@example.org", None);
        assert!(ada.get(&server, "/wallet").body.contains("Marked Employer"), "round {round}");
    }
    assert!(broke_off > 0, "no kill was in the middle of it");
}

#[test]
fn a_server_does_not_start_on_what_a_killed_restore_was_to_write_to_postgresql() {
    let folder = tempfile::tempdir().expect("a folder");
    let (old, file) = small(folder.path());
    let new = Place::postgres(folder.path(), "new").with_root_key_of(&old);
    let restoring = new.data.join("restoring");
    let mut process = crate::tenure::Process(new.command("restore", &file).spawn().expect("it starts"));
    until("the restore to prepare", || restoring.exists().then_some(()));
    process.0.kill().expect("killed");
    process.0.wait().expect("it has ended");
    assert!(restoring.exists(), "the kill came too late");
    refused(&mut serve(&new), "broke off");
    new.restore(&file);
    assert!(!restoring.exists());
    let server = new.start();
    let (mut ada, _) = Person::sign_in(&server, "ada@example.org", None);
    assert!(ada.get(&server, "/wallet").body.contains("Marked Employer"));
    drop(server);
    // As a kill between the commit and the clean-up leaves it.
    std::fs::create_dir(&restoring).expect("a folder");
    refused(&mut serve(&new), "broke off");
    refused(&mut new.command("restore", &file), "had finished");
    std::fs::remove_dir(&restoring).expect("it is left as it was");
    drop(new.start());
}

#[test]
fn what_a_node_writes_while_a_restore_prepares_is_not_written_over() {
    let folder = tempfile::tempdir().expect("a folder");
    let (old, file) = small(folder.path());
    let new = Place::postgres(folder.path(), "new").with_root_key_of(&old);
    drop(new.start());
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let connect = || runtime.block_on(PgConnection::connect(&new.store[1])).expect("connected");
    let (mut node, mut observer) = (connect(), connect());
    for statement in [
        "DELETE FROM instance",
        "DELETE FROM tenure_keyring.signing_key",
        "BEGIN",
        "INSERT INTO instance (place, id) VALUES (1, '00000000-0000-0000-0000-000000000007')",
    ] {
        runtime.block_on(sqlx::query(statement).execute(&mut node)).expect("done");
    }
    let mut restore = new.command("restore", &file);
    let restore = std::thread::spawn(move || ended(&mut restore));
    let waits = "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'relation' AND NOT granted
                         AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))";
    until("the restore to come to the database", || {
        let waits = runtime.block_on(sqlx::query_scalar::<_, bool>(waits).fetch_one(&mut observer));
        waits.expect("read").then_some(())
    });
    runtime.block_on(sqlx::query("COMMIT").execute(&mut node)).expect("committed");
    let output = restore.join().expect("no panic");
    assert_eq!(output.status.code(), Some(1), "{}", shown(&output));
    assert!(shown(&output).contains("there are rows in instance"), "{}", shown(&output));
    let id = new.bytes(false, "SELECT uuid_send(id) FROM instance");
    assert_eq!(id, [uuid::Uuid::from_u128(7).as_bytes().to_vec()]);
    assert!(!new.data.join("restoring").exists(), "a restore that has failed leaves nothing");
}

#[test]
fn a_backup_of_the_first_release_is_brought_up_to_date_when_it_is_put_back() {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/first-release");
    let folder = tempfile::tempdir().expect("a folder");
    let old = Place::sqlite(folder.path(), "old");
    std::fs::create_dir_all(&old.data).expect("a folder");
    for (file, name) in
        [("tenure.sqlite", "tenure.sqlite"), ("keyring.sqlite", "keyring.sqlite"), ("sqlite.root.key", "root.key")]
    {
        std::fs::copy(fixture.join(file), old.data.join(name)).expect("copied");
    }
    make_private(&old.data.join("root.key"));
    let file = folder.path().join("first.backup");
    old.back_up(&file);
    let known: Value =
        serde_json::from_str(&std::fs::read_to_string(fixture.join("sqlite.json")).expect("what is known"))
            .expect("JSON");
    for new in [Place::sqlite(folder.path(), "new"), Place::postgres(folder.path(), "moved")] {
        let new = new.with_root_key_of(&old);
        let told = new.restore(&file);
        assert!(told.contains("WARNING: accounts that were deleted since are back"), "{told}");
        let server = new.start();
        let (mut ada, _) = Person::sign_in(&server, "ada@example.org", None);
        assert!(ada.get(&server, "/wallet").body.contains("Engineer at Company A"));
        let token = token(server.port, text(&known["client_id"]), text(&known["client_secret"])).expect("a token");
        assert_eq!(status(&server, &token, "accepted")["status"], "verified");
        for id in ["opened", "waiting"] {
            assert_eq!(status(&server, &token, id)["status"], "canceled");
            let again = server.push(&token, id).expect("an answer");
            assert_ne!(text(&again.json()["redirect_uri"]), text(&known["links"][id]));
        }
    }
}

fn make_private(file: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).expect("private");
}
