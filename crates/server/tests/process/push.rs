//! `tenure push` against a real server: each person gets one link, whatever is killed meanwhile, and who is refused is told where.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::tenure::{Process, Server, binary, ended, free_port, known, shown, token, until};

/// A bureau with a folder of its own, and the server that it pushes to.
struct Bureau {
    folder: tempfile::TempDir,
    server: Server,
    client_id: String,
    secret: String,
}

impl Bureau {
    fn new(variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let server = Server::start(&folder.path().join("data"), &[], variables);
        let partner = server.add_partner(&[]);
        let text = |name: &str| partner[name].as_str().expect("a text").to_owned();
        Self { client_id: text("client_id"), secret: text("client_secret"), folder, server }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), content).expect("written");
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// `tenure push`, in the bureau's folder.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = binary();
        command.current_dir(self.folder.path()).arg("push").args(arguments).stdin(Stdio::null());
        command.env("TENURE_SERVER", format!("http://localhost:{}", self.server.port));
        command.env("TENURE_CLIENT_ID", &self.client_id).env("TENURE_CLIENT_SECRET", &self.secret);
        command
    }

    fn push(&self, arguments: &[&str]) -> (Option<i32>, String) {
        outcome(&ended(&mut self.command(arguments)))
    }

    fn spawn(&self, arguments: &[&str]) -> Process {
        let log = std::fs::File::create(self.path("output")).expect("a file");
        let other = log.try_clone().expect("a file");
        Process(self.command(arguments).stdout(log).stderr(other).spawn().expect("it starts"))
    }

    /// The rows of a file of links: person, credential id, link.
    fn links(&self, name: &str) -> Vec<[String; 3]> {
        let text = self.text(name);
        assert!(text.is_empty() || text.ends_with('\n'), "no line is torn: {text:?}");
        let rows = text.lines().skip(1).map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            assert_eq!(cells.len(), 4, "{line}");
            [cells[0].to_owned(), cells[1].to_owned(), cells[2].to_owned()]
        });
        rows.collect()
    }

    /// Each of so many people has one link, which the server knows, and the server has nobody else.
    fn each_has_one_link(&self, name: &str, people: usize) {
        let links = self.links(name);
        let distinct = |column: usize| links.iter().map(|row| &row[column]).collect::<BTreeSet<_>>().len();
        assert_eq!((links.len(), distinct(0), distinct(1), distinct(2)), (people, people, people, people));
        let ids: Vec<String> = links.into_iter().map(|[_, id, _]| id).collect();
        let bearer = token(self.server.port, &self.client_id, &self.secret).expect("a token");
        assert_eq!(known(self.server.port, &bearer, &ids).len(), people);
        assert_eq!(self.stored(), i64::try_from(people).expect("few"));
    }

    /// How many submissions the database has.
    fn stored(&self) -> i64 {
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

fn outcome(output: &Output) -> (Option<i32>, String) {
    (output.status.code(), shown(output))
}

fn signal(process: &Process, name: &str) {
    let sent = Command::new("kill").args([&format!("-{name}"), &process.0.id().to_string()]).status();
    assert!(sent.expect("kill is there").success());
}

/// A table of so many people with two jobs each, which do not stand together.
fn people(count: usize) -> String {
    let mut text = String::from("Employee No,First name,Last name,Company,Job title,Start date,End date,Pay period\n");
    for (company, start, end) in [("Old, Inc", "2015-01", "2019-12"), ("New Ltd", "2020-01", "")] {
        for number in 0..count {
            let _ = writeln!(text, "E{number},Given{number},Family,\"{company}\",Clerk,{start},{end},2024-05");
        }
    }
    text
}

#[test]
fn a_table_as_spreadsheets_write_it_becomes_a_link_for_each_person() {
    let bureau = Bureau::new(&[]);
    let table = "\u{feff}Personnel No;Name;Employer;Position;From;To;Pay period;E-Mail;IBAN\r\n\
        7;Zoë Example;\"Bäckerei; Süd\";Baker;01.02.2015;31.12.2019;2024-05;zoe@example.org;X1\r\n\
        8;Ada Example;Company B;Clerk;2020-01;present;2024-05;ada@example.org;X2\r\n\
        7;Zoë Example;Company B;Manager;2020-01;;2024-05;zoe@example.org;X1\r\n";
    bureau.write("people.csv", table);
    let (code, said) = bureau.push(&["people.csv", "--dry-run"]);
    assert!(code == Some(0) && said.contains("2 people would be pushed. Nothing was sent."), "{said}");
    assert!(!bureau.path("people.csv.links.csv").exists() && !bureau.path("people.csv.progress").exists());
    let (code, said) = bureau.push(&["people.csv", "--dry-run=server", "--json"]);
    assert!(code == Some(0) && said.contains(r#""pushed":2"#) && bureau.stored() == 0, "{said}");
    let (code, said) = bureau.push(&["people.csv", "--save-mapping", "bureau.toml"]);
    assert_eq!(code, Some(0), "{said}");
    for part in
        ["2 people in 3 rows", "Columns that are not sent: E-Mail, IBAN", "2 people pushed", "people.csv.links.csv"]
    {
        assert!(said.contains(part), "{part}: {said}");
    }
    bureau.each_has_one_link("people.csv.links.csv", 2);
    let links = bureau.links("people.csv.links.csv");
    assert_eq!(links.iter().map(|row| &*row[0]).collect::<BTreeSet<_>>(), BTreeSet::from(["7", "8"]));
    for secret in ["people.csv.links.csv", "people.csv.progress"] {
        assert_eq!(
            std::fs::metadata(bureau.path(secret)).expect("there").permissions().mode() & 0o777,
            0o600,
            "{secret}"
        );
    }
    let (code, said) = bureau.push(&["people.csv", "--mapping", "bureau.toml"]);
    assert!(code == Some(0) && said.contains("0 people pushed") && said.contains("2 people pushed before"), "{said}");
    // Without what was noted, everybody gets the link that they have.
    for name in ["people.csv.links.csv", "people.csv.progress"] {
        std::fs::rename(bureau.path(name), bureau.path(&format!("old.{name}"))).expect("moved");
    }
    let (code, said) = bureau.push(&["people.csv", "--mapping", "bureau.toml", "--quiet"]);
    assert!(code == Some(0) && said.is_empty(), "{said}");
    bureau.each_has_one_link("people.csv.links.csv", 2);
    let sorted = |mut links: Vec<[String; 3]>| {
        links.sort();
        links
    };
    assert_eq!(sorted(bureau.links("people.csv.links.csv")), sorted(links));
}

#[test]
fn the_manuals_examples_are_taken() {
    let manual =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/push.md")).expect("the manual");
    let block = |kind: &str| {
        manual.split(&format!("```{kind}\n")).nth(1).expect("a block").split("```").next().expect("its end")
    };
    let folder = tempfile::tempdir().expect("a folder");
    let dry = |arguments: &[&str]| {
        outcome(&ended(binary().current_dir(folder.path()).args(["push", "people.csv", "--dry-run"]).args(arguments)))
    };
    std::fs::write(folder.path().join("people.csv"), block("csv")).expect("written");
    let (code, said) = dry(&[]);
    assert!(code == Some(0) && said.contains("2 people would be pushed"), "{said}");
    std::fs::write(folder.path().join("bureau.toml"), block("toml")).expect("written");
    let table = "Persnr;Vorname;Nachname;Firma;Stelle;Eintritt;Austritt\n1;Ada;Beispiel;A;Chefin;01/02/2020;\n";
    std::fs::write(folder.path().join("people.csv"), table).expect("written");
    let (code, said) = dry(&["--mapping", "bureau.toml"]);
    assert!(code == Some(0) && said.contains("1 person would be pushed"), "{said}");
}

#[test]
fn lines_of_bodies_are_pushed_each_as_its_type() {
    let bureau = Bureau::new(&[]);
    let sample = |name: &str, id: &str| {
        let known: credential::Type = name.parse().expect("a type");
        let mut body = (known.sample)();
        body["credential_id"] = id.into();
        body
    };
    let (career, mut education) = (sample("career_history", "c-1"), sample("education", "e-1"));
    education["credential_type"] = "education".into();
    education["person"] = "E7".into();
    education.as_object_mut().expect("an object").remove("assets");
    bureau.write("people.ndjson", format!("{career}\n\n{education}\r\n"));
    let (code, said) = bureau.push(&["people.ndjson", "--json"]);
    assert_eq!(code, Some(0), "{said}");
    let summary: Value = said.lines().find_map(|line| serde_json::from_str(line).ok()).expect("a summary");
    assert_eq!(
        (&summary["total"], &summary["pushed"], &summary["refused"], &summary["left"]),
        (&json!(2), &json!(2), &json!(0), &json!(0))
    );
    let links = bureau.links("people.ndjson.links.csv");
    let link = |id: &str| links.iter().find(|row| row[1] == id).expect("a link");
    assert!(link("e-1")[0] == "E7" && link("e-1")[2].contains("/partner/add/education#"), "{links:?}");
    assert!(link("c-1")[2].contains("/partner/add/careerHistory#"), "{links:?}");
    bureau.write(
        "bad.ndjson",
        format!(
            "{career}\n{career}\n{{\"credential_id\": }}\n{{\"credential_type\": \"salary\"}}\n{{\"person\": \"E\\n8\"}}\n"
        ),
    );
    let (code, said) = bureau.push(&["bad.ndjson"]);
    assert!(code == Some(1) && said.contains("bad.ndjson:3:") && said.contains("error[json]"), "{said}");
    let refusals = bureau.text("bad.ndjson.refusals.csv");
    for part in [
        "2,,c-1,refused,,/credential_id,credential_id.duplicate",
        "3,,,refused,,,json,",
        "4,,,refused,,/credential_type,credential_type.unknown",
        "8\",,refused,,/person,text.control,",
    ] {
        assert!(refusals.lines().any(|line| line.starts_with(part)), "{part}: {refusals}");
    }
}

#[test]
fn who_would_be_refused_is_told_by_line_and_column_and_mended_in_a_second_run() {
    let bureau = Bureau::new(&[]);
    let good = people(4);
    let bad =
        good.replace("E1,Given1,Family,\"Old, Inc\",Clerk,2015-01", "E1,Given1,Family,\"Old, Inc\",Clerk,01/02/2015");
    bureau.write("people.csv", bad.replace("E2,Given2,Family,\"New", "E2,Gwen,Family,\"New"));
    let (code, said) = bureau.push(&["people.csv"]);
    assert_eq!(code, Some(1), "{said}");
    for part in [
        "error[date.format]",
        "people.csv:3:35",
        "01/02/2015",
        "^^^^^^^^^^",
        "--date-format DD/MM/YYYY (column Start date)",
        "error[rows.differ]",
        "Line 4 says 'Given2' of the same person",
        "2 of 4 people would be refused, so nothing was pushed",
        "--skip-refused",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let refusals = bureau.text("people.csv.refusals.csv");
    let mended = "3,E1,,refused,Start date,/fields/employment/0/start_date,date.format,";
    assert!(refusals.contains(mended) && refusals.contains("\n8,E2,,refused,First name,,rows.differ,"), "{refusals}");
    assert!(bureau.stored() == 0 && !bureau.path("people.csv.progress").exists());
    let (code, said) = bureau.push(&["people.csv", "--skip-refused"]);
    assert!(code == Some(1) && said.contains("2 people pushed") && said.contains("2 people refused"), "{said}");
    bureau.each_has_one_link("people.csv.links.csv", 2);
    bureau.write("people.csv", &good);
    let (code, said) = bureau.push(&["people.csv"]);
    assert!(code == Some(2) && said.contains("the file has changed since") && said.contains("--changed"), "{said}");
    let (code, said) = bureau.push(&["people.csv", "--changed"]);
    assert!(code == Some(0) && said.contains("2 people pushed before as they stand now, 2 people to push"), "{said}");
    assert!(!said.contains("in place of earlier ones"), "nobody had a link: {said}");
    bureau.each_has_one_link("people.csv.links.csv", 4);
    assert!(!bureau.path("people.csv.refusals.csv").exists(), "nothing is refused any more");
    bureau.write("people.csv", good.replace("E3,Given3", "E3,Grace"));
    let (code, said) = bureau.push(&["people.csv", "--changed"]);
    assert!(code == Some(0) && said.contains("1 link in place of earlier ones"), "{said}");
    let links = bureau.links("people.csv.links.csv");
    assert!(links.len() == 5 && links[4][0] == "E3", "the last row of a person counts: {links:?}");
    // Undone, it is a correction as well; and undone again.
    let links = |text: String, pushed: bool| {
        bureau.write("people.csv", text);
        let (code, said) = bureau.push(&["people.csv", "--changed"]);
        assert!(code == Some(0) && said.contains("1 link in place of earlier ones") == pushed, "{said}");
        bureau.links("people.csv.links.csv")
    };
    let grace = good.replace("E3,Given3", "E3,Grace");
    assert_eq!(links(good.clone(), true).len(), 6);
    assert_eq!(links(good.clone() + "\n", false).len(), 6, "it is what was pushed last");
    assert_eq!(links(grace, true).len(), 7);
    let links = links(good.clone(), true);
    let given = links.iter().filter(|link| link[0] == "E3");
    let (ids, addresses): (BTreeSet<_>, BTreeSet<_>) = given.map(|link| (&link[1], &link[2])).unzip();
    assert!(links.len() == 8 && ids.len() == 5 && addresses.len() == 5, "each has a link of its own: {links:?}");
    let latin =
        good.replace("Given3", "Ren\u{e9}e").chars().map(|c| u8::try_from(c).expect("Latin-1")).collect::<Vec<u8>>();
    bureau.write("latin.csv", latin);
    let (code, said) = bureau.push(&["latin.csv"]);
    assert!(code == Some(1) && said.contains("latin.csv:5:7: this is not UTF-8"), "{said}");
}

#[test]
fn the_servers_refusals_are_told_with_their_place() {
    let bureau = Bureau::new(&[]);
    let table =
        "Employee No,Name,Company,Job,Start,Pay period,Email\n1,Ada,A,Clerk,2020-01,2024-05,ada@sandbox.invalid\n";
    bureau.write("people.csv", table);
    let (code, said) = bureau.push(&["people.csv", "--mail-links"]);
    assert!(code == Some(1) && said.contains("error[sandbox.only]") && said.contains("people.csv:2:31"), "{said}");
    assert!(said.contains("1 person refused") && bureau.stored() == 0, "{said}");
    assert!(bureau.text("people.csv.refusals.csv").contains("2,1,"), "{}", bureau.text("people.csv.refusals.csv"));
    // Who says something else under an id that stands is told that the first still does.
    let line = |title: &str| {
        let mut body = (credential::Type::default().sample)();
        body["fields"]["employment"][0]["role_title"] = title.into();
        body.to_string()
    };
    bureau.write("one.ndjson", line("Clerk"));
    assert_eq!(bureau.push(&["one.ndjson"]).0, Some(0));
    bureau.write("two.ndjson", line("Chief"));
    let (code, said) = bureau.push(&["two.ndjson"]);
    assert!(code == Some(1) && said.contains("submission.differs") && said.contains("1 credential refused"), "{said}");
}

#[test]
fn who_is_not_mailed_because_their_link_is_out_already_is_named() {
    let bureau = Bureau::new(&[]);
    let table = |email: &str| {
        format!("Employee No,Name,Company,Job,Start,Pay period,Email\n1,Ada,A,Clerk,2020-01,2024-05,{email}\n")
    };
    bureau.write("people.csv", table("ada@example.org"));
    let (code, said) = bureau.push(&["people.csv"]);
    assert!(code == Some(0) && !said.contains("warning"), "{said}");
    let is_warned = |said: &str| said.contains("claim.earlier") && said.contains("1 warning of the server");
    let (code, said) = bureau.push(&["people.csv", "--mail-links", "--changed"]);
    assert!(code == Some(0) && is_warned(&said) && !said.contains("in place of"), "{said}");
    assert!(bureau.text("people.csv.refusals.csv").contains("2,1,"), "{}", bureau.text("people.csv.refusals.csv"));
    bureau.write("people.csv", table("ada@example.net"));
    let (code, said) = bureau.push(&["people.csv", "--mail-links", "--changed"]);
    assert!(code == Some(0) && is_warned(&said), "another address is no correction: {said}");
    assert_eq!(bureau.links("people.csv.links.csv").len(), 1, "the link is what it was");
    // An answer that was lost is given again, and the mail has left with the first.
    bureau.write("others.csv", table("bo@example.org").replace("1,Ada", "2,Bo"));
    assert_eq!(bureau.push(&["others.csv", "--mail-links"]).0, Some(0));
    let title = bureau.text("others.csv.progress").lines().next().expect("a title").to_owned();
    bureau.write("others.csv.progress", title + "\n");
    bureau.write("others.csv.links.csv", "");
    let (code, said) = bureau.push(&["others.csv", "--mail-links"]);
    assert!(code == Some(0) && said.contains("1 person pushed") && !said.contains("claim.earlier"), "{said}");
}

#[test]
fn a_limit_is_kept_to_and_a_token_that_ends_is_followed_by_another() {
    let limit = [
        ("TENURE_RATE_LIMIT__ENABLED", "true"),
        ("TENURE_RATE_LIMIT__PARTNER_PER_SECOND", "20"),
        ("TENURE_RATE_LIMIT__PARTNER_BURST", "10"),
        ("TENURE_TOKENS__LIFETIME", "1s"),
    ];
    let bureau = Bureau::new(&limit);
    bureau.write("people.csv", people(60));
    let began = Instant::now();
    let (code, said) = bureau.push(&["people.csv"]);
    assert!(code == Some(0) && said.contains("60 people pushed"), "{said}");
    assert!(began.elapsed() > Duration::from_secs(2), "50 beyond the burst, 20 a second");
    assert_eq!(bureau.links("people.csv.links.csv").len(), 60);
    assert_eq!(bureau.stored(), 60);
}

/// Slow enough to be stopped in the middle.
const SLOW: [(&str, &str); 3] = [
    ("TENURE_RATE_LIMIT__ENABLED", "true"),
    ("TENURE_RATE_LIMIT__PARTNER_PER_SECOND", "60"),
    ("TENURE_RATE_LIMIT__PARTNER_BURST", "30"),
];

fn some_links(bureau: &Bureau, more_than: usize) {
    until("some links", || (bureau.text("people.csv.links.csv").lines().count() > more_than).then_some(()));
}

#[test]
fn a_client_that_is_killed_goes_on_and_nobody_gets_two_links() {
    let bureau = Bureau::new(&SLOW);
    bureau.write("people.csv", people(250));
    let mut least = 0;
    for _ in 0..3 {
        let mut client = bureau.spawn(&["people.csv"]);
        some_links(&bureau, least + 30);
        signal(&client, "KILL");
        assert_eq!(client.wait(), None);
        least = bureau.text("people.csv.links.csv").lines().count();
        assert!(least < 250, "it was stopped in the middle");
    }
    let (code, said) = bureau.push(&["people.csv"]);
    assert!(code == Some(0) && said.contains("Going on: ") && said.contains("pushed before"), "{said}");
    bureau.each_has_one_link("people.csv.links.csv", 250);
}

#[test]
fn a_client_that_is_interrupted_ends_in_order_and_says_how_to_go_on() {
    let bureau = Bureau::new(&SLOW);
    bureau.write("people.csv", people(250));
    let mut client = bureau.spawn(&["people.csv"]);
    some_links(&bureau, 30);
    let (code, said) = bureau.push(&["people.csv"]);
    assert!(code == Some(1) && said.contains("another tenure push is at work"), "{said}");
    signal(&client, "INT");
    assert_eq!(client.wait(), Some(1));
    let said = bureau.text("output");
    assert!(said.contains("not pushed yet") && said.contains("run the same command again"), "{said}");
    let links = bureau.links("people.csv.links.csv").len();
    assert!(said.contains(&format!("{links} people pushed")), "all that was answered is noted: {said}");
    let (code, said) = bureau.push(&["people.csv"]);
    assert!(code == Some(0) && said.contains(&format!("{links} people pushed before")), "{said}");
    bureau.each_has_one_link("people.csv.links.csv", 250);
}

#[test]
fn a_server_that_is_killed_and_comes_back_is_waited_for() {
    let mut bureau = Bureau::new(&SLOW);
    bureau.write("people.csv", people(250));
    let mut client = bureau.spawn(&["people.csv"]);
    some_links(&bureau, 30);
    bureau.server.signal("KILL");
    bureau.server.wait();
    let (port, data) = (bureau.server.port, bureau.server.data.clone());
    bureau.server = Server::start_on(port, &data, &[], &SLOW);
    assert_eq!(client.wait(), Some(0), "{}", bureau.text("output"));
    bureau.each_has_one_link("people.csv.links.csv", 250);
}

#[test]
fn what_cannot_work_is_said_before_anything_is_pushed() {
    let bureau = Bureau::new(&[]);
    bureau.write("people.csv", people(3));
    let check = |command: &mut Command, code: i32, parts: &[&str]| {
        let (found, said) = outcome(&ended(command));
        assert_eq!(found, Some(code), "{said}");
        for part in parts {
            assert!(said.contains(part), "{part}: {said}");
        }
        assert!(!said.contains(&bureau.secret), "no secret is told on");
        assert!(!bureau.path("people.csv.progress").exists(), "there is nothing to go on from");
    };
    let people = ["people.csv"];
    check(
        bureau.command(&people).env("TENURE_CLIENT_SECRET", "wrong"),
        1,
        &["does not know this client id and secret"],
    );
    check(bureau.command(&people).env_remove("TENURE_CLIENT_SECRET"), 2, &["--client-secret-file"]);
    check(bureau.command(&people).env_remove("TENURE_SERVER"), 2, &["--server URL"]);
    check(bureau.command(&people).env_remove("TENURE_CLIENT_ID"), 2, &["--client-id ID"]);
    check(&mut bureau.command(&["people.csv", "--client-secret", "x"]), 2, &["can be read by everybody", "chmod 600"]);
    check(
        &mut bureau.command(&["people.csv", "--server", "http://passport.example"]),
        2,
        &["must begin with https://"],
    );
    let nobody = format!("http://localhost:{}", free_port());
    check(&mut bureau.command(&["people.csv", "--server", &nobody]), 1, &["cannot be reached"]);
    check(&mut bureau.command(&["no.csv"]), 1, &["no.csv cannot be read"]);
    check(&mut bureau.command(&["people.csv", "--type", "salary"]), 2, &["there is no credential type 'salary'"]);
    check(&mut bureau.command(&["people.csv", "--person", "Who"]), 2, &["there is no column 'Who'", "Employee No"]);
    check(&mut bureau.command(&["people.csv", "--date-format", "soon"]), 2, &["'soon' is no way to write dates"]);
    let mut body = ("microcredential".parse::<credential::Type>().expect("a type").sample)();
    body.as_object_mut().expect("an object").remove("assets");
    bureau.write("micro.ndjson", body.to_string());
    let micro = ["micro.ndjson", "--type", "microcredential"];
    check(&mut bureau.command(&micro), 1, &["may not push that", "the scope write.microcredential"]);
    bureau.write("secret", format!("{}\n", bureau.secret));
    let secret = ["people.csv", "--client-secret-file", "secret"];
    let (code, said) = outcome(&ended(bureau.command(&secret).env_remove("TENURE_CLIENT_SECRET")));
    assert!(code == Some(0) && said.contains("3 people pushed"), "{said}");
    let elsewhere = ["people.csv", "--server", &format!("http://127.0.0.1:{}", bureau.server.port)];
    let (code, said) = bureau.push(&elsewhere);
    assert!(code == Some(2) && said.contains("people.csv.progress is of a push to http://localhost"), "{said}");
}
