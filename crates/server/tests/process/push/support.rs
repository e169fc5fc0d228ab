//! A payroll bureau that runs `tenure push` against a real server.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use crate::tenure::{Process, Server, binary, ended, known, shown, token};

/// A bureau with its own folder, and the server that it pushes to.
pub struct Bureau {
    pub folder: tempfile::TempDir,
    pub server: Server,
    pub client_id: String,
    pub secret: String,
}

impl Bureau {
    pub fn new(variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let server = Server::start(&folder.path().join("data"), &[], variables);
        let partner = server.add_partner(&[]);
        let text = |name: &str| partner[name].as_str().expect("a text").to_owned();
        Self { client_id: text("client_id"), secret: text("client_secret"), folder, server }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), content).expect("written");
    }

    pub fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// Returns `tenure push --yes` in the bureau's folder: a test has no terminal.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.unconfirmed(arguments);
        if !arguments.contains(&"--yes") {
            command.arg("--yes");
        }
        command
    }

    /// Returns `tenure push` in the bureau's folder, without a confirmation.
    pub fn unconfirmed(&self, arguments: &[&str]) -> Command {
        let mut command = binary();
        command.current_dir(self.folder.path()).arg("push").args(arguments).stdin(Stdio::null());
        command.env("TENURE_SERVER", format!("http://localhost:{}", self.server.port));
        command.env("TENURE_CLIENT_ID", &self.client_id).env("TENURE_CLIENT_SECRET", &self.secret);
        command
    }

    pub fn push(&self, arguments: &[&str]) -> (Option<i32>, String) {
        outcome(&ended(&mut self.command(arguments)))
    }

    pub fn spawn(&self, arguments: &[&str]) -> Process {
        let log = std::fs::File::create(self.path("output")).expect("a file");
        let other = log.try_clone().expect("a file");
        Process(self.command(arguments).stdout(log).stderr(other).spawn().expect("it starts"))
    }

    /// Reads the rows of a file of links: person, credential id, link.
    pub fn links(&self, name: &str) -> Vec<[String; 3]> {
        let text = self.text(name);
        assert!(text.is_empty() || text.ends_with('\n'), "no line is torn: {text:?}");
        let rows = text.lines().skip(1).map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            assert_eq!(cells.len(), 5, "{line}");
            [cells[0].to_owned(), cells[1].to_owned(), cells[2].to_owned()]
        });
        rows.collect()
    }

    /// Asserts that each of `people` people has one link, and that the server has no other
    /// submission.
    pub fn each_has_one_link(&self, name: &str, people: usize) {
        let links = self.links(name);
        let distinct = |column: usize| links.iter().map(|row| &row[column]).collect::<BTreeSet<_>>().len();
        assert_eq!((links.len(), distinct(0), distinct(1), distinct(2)), (people, people, people, people));
        let ids: Vec<String> = links.into_iter().map(|[_, id, _]| id).collect();
        let bearer = token(self.server.port, &self.client_id, &self.secret).expect("a token");
        assert_eq!(known(self.server.port, &bearer, &ids).len(), people);
        assert_eq!(self.stored(), i64::try_from(people).expect("few"));
    }

    /// Counts the submissions in the database.
    pub fn stored(&self) -> i64 {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async {
            use sqlx::ConnectOptions as _;
            let file = self.server.data.join("tenure.sqlite");
            let mut connection = sqlx::sqlite::SqliteConnectOptions::new()
                .filename(file)
                .read_only(true)
                .connect()
                .await
                .expect("a database");
            sqlx::query_scalar("SELECT count(*) FROM submission").fetch_one(&mut connection).await.expect("a count")
        })
    }
}

pub fn outcome(output: &Output) -> (Option<i32>, String) {
    (output.status.code(), shown(output))
}

pub fn signal(process: &Process, name: &str) {
    let sent = Command::new("kill").args([&format!("-{name}"), &process.0.id().to_string()]).status();
    assert!(sent.expect("kill is there").success());
}

/// Returns a table of `count` people with two jobs each, in rows that are not adjacent.
pub fn people(count: usize) -> String {
    let mut text = String::from("Employee No,First name,Last name,Company,Job title,Start date,End date,Pay period\n");
    for (company, start, end) in [("Old, Inc", "2015-01", "2019-12"), ("New Ltd", "2020-01", "")] {
        for number in 0..count {
            let _ = writeln!(text, "E{number},Given{number},Family,\"{company}\",Clerk,{start},{end},2024-05");
        }
    }
    text
}
