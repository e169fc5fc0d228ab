//! The command line: output, exit codes and rejected input.

use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use serde_json::Value;
use sqlx::Connection as _;

use crate::tenure::{Process, Server, binary, ended, free_port, push, request, shown, token, until};

fn run(arguments: &[&str]) -> (Option<i32>, String) {
    let output = ended(binary().args(arguments));
    (output.status.code(), shown(&output))
}

#[test]
fn partners_can_be_managed_while_the_server_runs() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(&folder.path().join("data"), &[], &[]);
    let data = server.data.display().to_string();
    let partner = server.add_partner(&[]);
    let text = |value: &Value, name: &str| value[name].as_str().expect("a text").to_owned();
    let (id, old) = (text(&partner, "client_id"), text(&partner, "client_secret"));
    let bearer = token(server.port, &id, &old).expect("its token works at once");
    assert_eq!(server.push(&bearer, "1").expect("an answer").status, 201);
    let (code, list) = run(&["partner", "list", "--data", &data]);
    assert!(code == Some(0) && list.contains(&id) && list.contains("Acme Payroll") && !list.contains(&old), "{list}");
    let (code, rotated) = run(&["partner", "rotate", "--json", "--data", &data, &id]);
    assert_eq!(code, Some(0));
    let new = text(&serde_json::from_str(&rotated).expect("JSON"), "client_secret");
    assert!(token(server.port, &id, &old).is_none() && token(server.port, &id, &new).is_some());
    let (code, text) =
        run(&["partner", "document-hosts", "--data", &data, &id, "Example.EDU", "documents.example.org"]);
    assert!(code == Some(0) && text.contains("example.edu documents.example.org"), "{text}");
    let (_, list) = run(&["partner", "list", "--json", "--data", &data]);
    assert!(list.contains(r#""document_hosts":"example.edu documents.example.org""#), "{list}");
    let (code, text) = run(&["partner", "document-hosts", "--data", &data, &id]);
    assert!(code == Some(0) && text.contains("any public host"), "{text}");
    assert!(list.contains(r#""sandbox":false"#), "{list}");
    let sandbox =
        ["partner", "add", "--data", &data, "--name", "Trial", "--scope", "write.career_history", "--sandbox"];
    assert_eq!(run(&sandbox).0, Some(0));
    assert!(run(&["partner", "list", "--data", &data]).1.contains("Trial  (sandbox)"));
    for bad in ["https://example.edu", "10.0.0.1", "[::1]", "a b"] {
        let (code, text) = run(&["partner", "document-hosts", "--data", &data, &id, bad]);
        assert!(code == Some(1) && text.contains("is not a host name"), "{bad}: {text}");
    }
    let set =
        ["partner", "callback-urls", "--data", &data, "--json", &id, "https://HR.example", "http://localhost:3000/x"];
    let (code, text) = run(&set);
    assert!(
        code == Some(0) && text.contains(r#""callback_urls":"https://hr.example/ http://localhost:3000/x""#),
        "{text}"
    );
    for bad in ["http://hr.example/", "hr.example", "https://hr.example/#x"] {
        assert_eq!(run(&["partner", "callback-urls", "--data", &data, &id, bad]).0, Some(1), "{bad}");
    }
    assert_eq!(run(&["partner", "disable", "--data", &data, &id]).0, Some(0));
    assert_eq!(server.push(&bearer, "2").expect("an answer").status, 401, "at once");
    assert!(token(server.port, &id, &new).is_none());
}

#[test]
fn invalid_partner_options_are_rejected_with_a_suggestion() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(&folder.path().join("data"), &[], &[]);
    let data = server.data.display().to_string();
    let (code, text) = run(&["partner", "add", "--data", &data, "--name", "A", "--scope", "write.salary"]);
    assert!(code == Some(1) && text.contains("write.career_history"), "{text}");
    assert_eq!(run(&["partner", "add", "--data", &data, "--name", " ", "--scope", "write.career_history"]).0, Some(1));
    let nobody = "00000000-0000-4000-8000-000000000000";
    for command in
        ["rotate", "disable", "enable", "show", "secrets", "revoke-secret", "document-hosts", "callback-urls"]
    {
        let (code, text) = run(&["partner", command, "--data", &data, nobody]);
        assert!(code == Some(1) && text.contains("tenure partner list"), "{text}");
    }
    let (code, text) = run(&["partner", "list", "--data", &data]);
    assert!(code == Some(0) && text.contains("There are no partners yet"), "{text}");
    assert_eq!(run(&["partner", "add"]).0, Some(2));
    assert_eq!(run(&["nonsense"]).0, Some(2));
}

#[test]
fn commands_on_data_that_does_not_exist_create_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let missing = folder.path().join("none").display().to_string();
    let file = folder.path().join("never.backup").display().to_string();
    let empty = tokio::runtime::Runtime::new().expect("a runtime").block_on(crate::database::postgres_url());
    let nobody = "00000000-0000-4000-8000-000000000000";
    for command in [
        &["partner", "list"][..],
        &["partner", "rotate", nobody],
        &["partner", "document-hosts", nobody],
        &["partner", "callback-urls", nobody],
        &["partner", "disable", nobody],
        &["partner", "enable", nobody],
        &["partner", "show", nobody],
        &["partner", "secrets", nobody],
        &["partner", "revoke-secret", nobody],
        &["partner", "update", nobody, "--name", "A"],
        &["backup", &file],
        &["doctor"],
    ] {
        let (code, text) = run(&[command, &["--data", &missing]].concat());
        assert!(code == Some(1) && text.contains("Check --data"), "{command:?}: {text}");
        // The second run finds no tables that the first one created.
        for _ in 0..2 {
            let (code, text) = run(&[command, &["--data", &missing, "--database-url", &empty]].concat());
            assert!(code == Some(1) && text.contains("Check --database-url"), "{command:?}: {text}");
        }
    }
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0, "nothing was created");
    let add = ["partner", "add", "--name", "Acme", "--scope", "write.career_history", "--data", &missing];
    assert_eq!(run(&add).0, Some(0), "a partner may be added before the first start");
    let (code, text) = run(&["partner", "list", "--data", &missing]);
    assert!(code == Some(0) && text.contains("Acme"), "{text}");
}

#[test]
fn secrets_of_a_damaged_settings_file_are_not_printed() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("tenure.toml");
    std::fs::write(&file, "[storage]\ndatabase_url=postgres://u:SECRETPW@h/db\n").expect("written");
    let file = file.display().to_string();
    for command in ["serve", "doctor"] {
        let (code, text) = run(&[command, "--config", &file]);
        let is_told = text.contains(&format!("{file}, line 2, column "));
        assert!(code == Some(1) && is_told && !text.contains("SECRETPW"), "{text}");
    }
    let (code, text) = run(&["serve", "--config", "/no/such/tenure.toml"]);
    assert!(code == Some(1) && text.contains("/no/such/tenure.toml cannot be read"), "{text}");
}

#[test]
fn wrong_arguments_are_explained() {
    let folder = tempfile::tempdir().expect("a folder");
    let table = folder.path().join("people.csv").display().to_string();
    std::fs::write(&table, "Name,Company\nAda,A\n").expect("written");
    let here = folder.path().display().to_string();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let listen = taken.local_addr().expect("an address").to_string();
    for (arguments, code, said) in [
        (&["partner", "disable", "abc"][..], 2, "it must be a UUID, as `tenure partner list` prints it"),
        (&["doctor", "--listen", "foo"], 1, "'foo' must be an address and a port, such as 127.0.0.1:8080"),
        (&["check", &table], 1, "for a CSV file use `tenure push --dry-run`"),
        (&["verify", "hello"], 1, "\"hello\" is neither a file nor a token"),
        (&["verify", "hello", "--at", "foo"], 2, "--at foo is not a time"),
        (&["push", "--dry-run", "/bin/ls"], 1, "/bin/ls is not a text file"),
        (&["push", "--dry-run", &here], 2, "is a folder"),
        (&["serve", "--data", &here, "--listen", &listen], 1, "choose another address with --listen"),
        (&["partner", "callback-urls", "--help"], 0, "return_url"),
    ] {
        let (found, text) = run(arguments);
        assert!(found == Some(code) && text.contains(said), "{arguments:?}: {text}");
    }
}

#[test]
fn every_command_has_help() {
    for command in
        [vec![], vec!["serve"], vec!["demo"], vec!["partner"], vec!["partner", "add"], vec!["check"], vec!["config"]]
    {
        let mut arguments = command.clone();
        arguments.push("--help");
        let (code, text) = run(&arguments);
        assert!(code == Some(0) && text.contains("Usage: tenure"), "{command:?}: {text}");
    }
    let (code, settings) = run(&["config"]);
    assert!(
        code == Some(0) && settings.contains("[retention]") && settings.contains("incomplete = \"48h\""),
        "{settings}"
    );
    assert!(run(&["--version"]).1.starts_with("tenure "));
}

#[test]
fn check_points_at_every_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("push.json");
    let file = path.display().to_string();
    let sample = (credential::Type::default().sample)();
    std::fs::write(&path, serde_json::to_string_pretty(&sample).expect("JSON")).expect("written");
    let (code, text) = run(&["check", &file]);
    assert!(code == Some(0) && text.contains("Senior Software Engineer at Company B, and one earlier job"), "{text}");
    std::fs::write(&path, "{\n  \"credential_id\": \"1\",\n  \"feilds\": {}\n}").expect("written");
    let (code, text) = run(&["check", &file]);
    assert_eq!(code, Some(1));
    for said in [
        "error[field.unknown]",
        &format!("{file}:3:3"),
        "^^^^^^^^",
        "help: write \"fields\"",
        "1 error. Nothing was sent",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    std::fs::write(&path, "{ \"credential_id\": }").expect("written");
    let (code, text) = run(&["check", &file]);
    assert!(code == Some(1) && text.contains("error[json]") && text.contains(":1:20"), "{text}");
    let (code, text) = run(&["check", "/no/such/file"]);
    assert!(code == Some(1) && text.contains("/no/such/file cannot be read"), "{text}");
    let (code, text) = run(&["check", &file, "--type", "salary"]);
    assert!(code == Some(2) && text.contains("Use one of: career_history"), "{text}");
    assert_eq!(check_input(&sample.to_string()), Some(0));
    assert_eq!(check_input("{}"), Some(1));
}

/// Runs `tenure check -` with `text` on standard input.
fn check_input(text: &str) -> Option<i32> {
    let mut command = binary();
    command.args(["check", "-"]).stdin(Stdio::piped()).stdout(Stdio::null());
    let mut process = Process(command.spawn().expect("it starts"));
    std::io::Write::write_all(&mut process.0.stdin.take().expect("a pipe"), text.as_bytes()).expect("written");
    process.wait()
}

#[test]
fn serve_rejects_settings_the_operator_must_fix() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data").display().to_string();
    let listen = format!("127.0.0.1:{}", free_port());
    let serve = ["serve", "--data", &data, "--listen", &listen];
    let refused = |arguments: &[&str], variable: (&str, &str), said: &str| {
        let output = ended(binary().args(serve).args(arguments).env(variable.0, variable.1));
        assert!(output.status.code() == Some(1) && shown(&output).contains(said), "{said}: {}", shown(&output));
    };
    let none = ("LANG", "C");
    refused(&[], ("TENURE_RETENTION__INCOMPLET", "20s"), "incomplet");
    refused(&[], ("TENURE_RETENTION__INCOMPLETE", "soon"), "'soon' must be a duration");
    refused(&["--base-url", "passport.example"], none, "base");
    refused(&["--mail", "pigeon"], none, "mail.transport must be");
    // The first start creates the root key, which is then damaged in several ways.
    let root = folder.path().join("data/root.key");
    drop(Server::start(&folder.path().join("data"), &[], &[]));
    let good = std::fs::read_to_string(&root).expect("a root key");
    assert_eq!(std::fs::metadata(&root).expect("there").permissions().mode() & 0o777, 0o600);
    std::fs::set_permissions(&root, PermissionsExt::from_mode(0o644)).expect("changed");
    refused(&["--mail", "console"], none, "chmod 600");
    std::fs::set_permissions(&root, PermissionsExt::from_mode(0o600)).expect("changed");
    std::fs::write(&root, "not a key").expect("written");
    refused(&["--mail", "console"], none, "not 32 bytes in base64");
    std::fs::remove_file(&root).expect("removed");
    refused(&["--mail", "console"], none, "is missing; put it back");
    assert!(!root.exists(), "a new one would open nothing");
    std::fs::write(&root, good).expect("written");
    std::fs::set_permissions(&root, PermissionsExt::from_mode(0o600)).expect("changed");
    let server = Server::start(&folder.path().join("data"), &[], &[]);
    let output = ended(binary().args(["serve", "--data", &data, "--listen", &format!("127.0.0.1:{}", server.port)]));
    assert!(output.status.code() == Some(1) && shown(&output).contains("cannot listen on"), "{}", shown(&output));
}

#[test]
fn serve_refuses_an_unknown_schema() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    drop(Server::start(&data, &[], &[]));
    let change = |statement: &'static str| {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async {
            let file = data.join("tenure.sqlite").display().to_string();
            let mut connection = sqlx::SqliteConnection::connect(&file).await.expect("opened");
            sqlx::query(statement).execute(&mut connection).await.expect("changed");
            connection.close().await.expect("closed");
        });
    };
    let refused = |said: &str| {
        let output = ended(binary().args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(&data));
        assert!(output.status.code() == Some(1) && shown(&output).contains(said), "{said}: {}", shown(&output));
    };
    change(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (9999, 'contract 9998 what is used', TRUE, x'00', 0)",
    );
    refused("start that version");
    change("DELETE FROM _sqlx_migrations WHERE version = 9999");
    change("UPDATE _sqlx_migrations SET checksum = x'00' WHERE version = 1");
    refused("has been modified");
}

#[test]
fn demo_prints_working_commands_and_keeps_its_data() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("demo").display().to_string();
    let mut links = Vec::new();
    for _ in 0..2 {
        let (port, log) = (free_port(), folder.path().join("output"));
        let output = std::fs::File::create(&log).expect("a file");
        let listen = format!("127.0.0.1:{port}");
        let mut command = binary();
        command.args(["demo", "--data", &data, "--listen", &listen]).stdout(output);
        let _demo = Process(command.spawn().expect("it starts"));
        let text = until("the lines", || std::fs::read_to_string(&log).ok().filter(|text| text.contains("Ctrl-C")));
        let link =
            text.split_whitespace().find(|word| word.contains("/partner/add/careerHistory#clientId=")).expect("a link");
        links.push(link.split_once("content=").expect("an id").1.to_owned());
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| line.contains("curl -s")).collect();
        assert_eq!(lines.len(), 2, "{text}");
        let answer = Command::new("sh").args(["-c", &lines.join("\n")]).output().expect("a shell");
        assert!(shown(&answer).contains("redirect_uri"), "{}", shown(&answer));
        let page = request(port, "GET", "/", &[], "").expect("an answer");
        assert!(
            page.body.contains("This is a demonstration. Do not enter real personal data: it is not protected here.")
        );
        assert_eq!(request(port, "GET", "/dev/inbox", &[], "").expect("an answer").status, 200);
    }
    assert_eq!(links[0], links[1], "the second start knows the first one's push");
    let server = Server::start(&folder.path().join("other"), &[], &[]);
    assert_eq!(server.get("/dev/inbox").expect("an answer").status, 404, "nowhere but in a demonstration");
    assert!(push(server.port, "nonsense", "1").is_some_and(|answer| answer.status == 401));
}
