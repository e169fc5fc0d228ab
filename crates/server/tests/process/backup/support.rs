//! Data folders and databases that are backed up and restored.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use sqlx::{Connection as _, PgConnection, SqliteConnection};

use super::world::api_get;
use crate::database;
use crate::person::Person;
use crate::tenure::{HttpResponse, Server, binary, ended, shown};

pub const CAREER: &str = "/partner/add/careerHistory";

const SETTINGS: [(&str, &str); 1] = [("TENURE_WEBHOOKS__ALLOW_LOOPBACK", "true")];

/// The data of a server.
#[derive(Clone, Debug)]
pub struct Place {
    pub data: PathBuf,
    pub store: Vec<String>,
}

impl Place {
    pub fn sqlite(folder: &Path, name: &str) -> Self {
        Self { data: folder.join(name), store: Vec::new() }
    }

    pub fn postgres(folder: &Path, name: &str) -> Self {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let url = runtime.block_on(database::postgres_url());
        runtime.shutdown_timeout(Duration::from_secs(1));
        Self { data: folder.join(name), store: vec!["--database-url".to_owned(), url] }
    }

    pub fn store(&self) -> Vec<&str> {
        self.store.iter().map(String::as_str).collect()
    }

    pub fn start(&self) -> Server {
        Server::start(&self.data, &self.store(), &SETTINGS)
    }

    /// Returns `tenure backup` or `tenure restore` with this data.
    pub fn command(&self, name: &str, file: &Path) -> Command {
        let mut command = binary();
        command.arg(name).arg(file).arg("--data").arg(&self.data).args(&self.store);
        command
    }

    pub fn back_up(&self, file: &Path) {
        let output = ended(&mut self.command("backup", file));
        assert!(output.status.success(), "{}", shown(&output));
    }

    pub fn restore(&self, file: &Path) -> String {
        let output = ended(&mut self.command("restore", file));
        assert!(output.status.success(), "{}", shown(&output));
        shown(&output)
    }

    /// Creates the folder with the root key of `other`.
    pub fn with_root_key_of(self, other: &Self) -> Self {
        std::fs::create_dir_all(&self.data).expect("a folder");
        std::fs::copy(other.data.join("root.key"), self.data.join("root.key")).expect("copied");
        make_private(&self.data.join("root.key"));
        self
    }

    /// Reads the values of one column.
    pub fn bytes(&self, is_keyring: bool, query: &'static str) -> Vec<Vec<u8>> {
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

pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

pub fn request_id(answer: &HttpResponse) -> String {
    assert_eq!(answer.status, 201, "{}", answer.body);
    text(&answer.json()["request_id"]).to_owned()
}

pub fn status(server: &Server, token: &str, id: &str) -> Value {
    api_get(server, token, &format!("/api/partner/v1/submissions/{id}/status"))
}

/// Returns `tenure serve` for data that it must not start on.
pub fn serve(place: &Place) -> Command {
    let mut command = binary();
    command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(&place.data).args(&place.store);
    command
}

/// Backs up a server with one accepted push.
pub fn small(folder: &Path) -> (Place, PathBuf) {
    let (place, file) = (Place::sqlite(folder, "old"), folder.join("old.backup"));
    let server = place.start();
    let token = server.token(&[]);
    let kept = server.push(&token, "kept").expect("an answer");
    let (mut person, page) = Person::sign_in(&server, "ada@example.org", Some((CAREER, &request_id(&kept))));
    person.post(&server, &format!("{page}/accept"), &[]);
    place.back_up(&file);
    (place, file)
}

pub fn refused(command: &mut Command, why: &str) {
    let output = ended(command);
    assert_eq!(output.status.code(), Some(1), "{}", shown(&output));
    assert!(shown(&output).contains(why), "{why}: {}", shown(&output));
}

pub fn make_private(file: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).expect("private");
}
