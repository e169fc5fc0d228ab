//! Rejected input, and where each error is reported.

use std::collections::BTreeSet;
use std::process::Command;

use bulk_push::RowCode;

use super::support::{Bureau, outcome, people};
use crate::tenure::{binary, ended, free_port};

#[test]
fn rejected_rows_report_line_and_column() {
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
        "Line 4 has 'Given2' for the same person",
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
    assert!(
        code == Some(2) && said.contains("the file has changed since") && said.contains("--allow-changed-input"),
        "{said}"
    );
    let (code, said) = bureau.push(&["people.csv", "--allow-changed-input"]);
    assert!(code == Some(0) && said.contains("2 people already pushed and unchanged, 2 people to push"), "{said}");
    assert!(!said.contains("replaced: only the last row"), "nobody had a link: {said}");
    bureau.each_has_one_link("people.csv.links.csv", 4);
    assert!(!bureau.path("people.csv.refusals.csv").exists(), "nothing is refused any more");
    bureau.write("people.csv", good.replace("E3,Given3", "E3,Grace"));
    let (code, said) = bureau.push(&["people.csv", "--allow-changed-input"]);
    assert!(code == Some(0) && said.contains("1 link replaced: only the last row"), "{said}");
    let links = bureau.links("people.csv.links.csv");
    assert!(links.len() == 5 && links[4][0] == "E3", "the last row of a person counts: {links:?}");
    // Reverting a correction is a correction too.
    let links = |text: String, pushed: bool| {
        bureau.write("people.csv", text);
        let (code, said) = bureau.push(&["people.csv", "--allow-changed-input"]);
        assert!(code == Some(0) && said.contains("1 link replaced: only the last row") == pushed, "{said}");
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
    assert!(code == Some(1) && said.contains("latin.csv:5:7: invalid UTF-8"), "{said}");
}

/// A row of a table, or a line of NDJSON, for each code that a file alone can cause.
const ROWS: [(&str, &str); 17] = [
    ("row.cells", "1,Ada Example,A,Clerk,2020-01,,2024-05,more"),
    ("rows.differ", "1,Ada Example,A,Clerk,2020-01,2020-12,2024-05\n1,Bo Example,B,Clerk,2021-01,,2024-05"),
    ("cell.formula", "1,Ada Example,#N/A,Clerk,2020-01,,2024-05"),
    ("text.garbled", "1,Ada Example,'Sample Co,Clerk,2020-01,,2024-05"),
    ("person.missing", ",Ada Example,A,Clerk,2020-01,,2024-05"),
    ("person.placeholder", "1.00E+05,Ada Example,A,Clerk,2020-01,,2024-05"),
    ("status.left", "1,Ada Example,A,Driver (left),2020-01,,2024-05"),
    ("name.part", "1,Ada Example,A,Clerk,2020-01,,2024-05,de la Sample"),
    ("name.order", "1,\"Example, Ada\",A,Clerk,2020-01,,2024-05"),
    ("name.remark", "1,Ada Example (1),A,Clerk,2020-01,,2024-05"),
    ("name.placeholder", "1,Ada NULL,A,Clerk,2020-01,,2024-05"),
    ("name.garbled", "1,Andr&eacute; Example,A,Clerk,2020-01,,2024-05"),
    ("name.login", "1,ada.example,A,Clerk,2020-01,,2024-05"),
    ("date.placeholder", "1,Ada Example,A,Clerk,1900-01-01,,2024-05"),
    ("date.future", "1,Ada Example,A,Clerk,2060-01,,2024-05"),
    ("credential_type.unknown", "{\"credential_type\": \"salary\"}"),
    ("json", "{\"credential_id\": }"),
];

#[test]
fn every_code_of_a_file_is_written_to_the_report() {
    let folder = tempfile::tempdir().expect("a folder");
    for (code, row) in ROWS {
        let header = match code {
            "name.part" => "Employee No,Name,Company,Job,Start,End date,Pay period,Second surname\n",
            _ if row.starts_with('{') => "",
            _ => "Employee No,Name,Company,Job,Start,End date,Pay period\n",
        };
        let name = if header.is_empty() { format!("{code}.ndjson") } else { format!("{code}.csv") };
        std::fs::write(folder.path().join(&name), format!("{header}{row}\n")).expect("written");
        let run = ended(binary().current_dir(folder.path()).args(["push", &name, "--dry-run"]));
        let (status, said) = outcome(&run);
        assert_eq!(status, Some(1), "{code}: {said}");
        let report = std::fs::read_to_string(folder.path().join(format!("{name}.refusals.csv"))).unwrap_or_default();
        assert!(report.contains(&format!(",{code},")), "{code}: {report} {said}");
    }
    let covered: BTreeSet<&str> = ROWS.iter().map(|(code, _)| *code).collect();
    let known = RowCode::ALL.iter().filter(|code| **code != RowCode::Http).map(|code| code.as_str());
    assert_eq!(covered, known.collect::<BTreeSet<_>>(), "only a server sends a status");
}

#[test]
fn server_errors_are_reported_with_their_row() {
    let bureau = Bureau::new(&[]);
    let table =
        "Employee No,Name,Company,Job,Start,Pay period,Email\n1,Ada,A,Clerk,2020-01,2024-05,ada@sandbox.invalid\n";
    bureau.write("people.csv", table);
    let (code, said) = bureau.push(&["people.csv", "--mail-links"]);
    assert!(code == Some(1) && said.contains("error[sandbox.only]") && said.contains("people.csv:2:31"), "{said}");
    assert!(said.contains("1 person refused") && bureau.stored() == 0, "{said}");
    assert!(bureau.text("people.csv.refusals.csv").contains("2,1,"), "{}", bureau.text("people.csv.refusals.csv"));
    // A different body under an existing id is reported; the first one is kept.
    let line = |title: &str| {
        let mut body = (credential::Type::default().sample)();
        body["fields"]["employment"][0]["role_title"] = title.into();
        body.to_string()
    };
    bureau.write("one.ndjson", line("Clerk"));
    assert_eq!(bureau.push(&["one.ndjson"]).0, Some(0));
    bureau.write("two.ndjson", line("Chief"));
    let (code, said) = bureau.push(&["two.ndjson"]);
    assert!(
        code == Some(1) && said.contains("duplicate.different_body") && said.contains("1 credential refused"),
        "{said}"
    );
}

#[test]
fn already_sent_links_are_warned_about() {
    let bureau = Bureau::new(&[]);
    let table = |email: &str| {
        format!("Employee No,Name,Company,Job,Start,Pay period,Email\n1,Ada,A,Clerk,2020-01,2024-05,{email}\n")
    };
    bureau.write("people.csv", table("ada@example.org"));
    let (code, said) = bureau.push(&["people.csv"]);
    assert!(code == Some(0) && !said.contains("warning"), "{said}");
    let is_warned = |said: &str| said.contains("notify.already_sent") && said.contains("1 warning from the server");
    let (code, said) = bureau.push(&["people.csv", "--mail-links", "--allow-changed-input"]);
    assert!(code == Some(0) && is_warned(&said) && !said.contains("replaced: only the last row"), "{said}");
    assert!(bureau.text("people.csv.refusals.csv").contains("2,1,"), "{}", bureau.text("people.csv.refusals.csv"));
    bureau.write("people.csv", table("ada@example.net"));
    let (code, said) = bureau.push(&["people.csv", "--mail-links", "--allow-changed-input"]);
    assert!(code == Some(0) && is_warned(&said), "another address is no correction: {said}");
    assert_eq!(bureau.links("people.csv.links.csv").len(), 1, "the link is what it was");
    // A push whose response was lost returns the same response; its mail was sent the first time.
    bureau.write("others.csv", table("bo@example.org").replace("1,Ada", "2,Bo"));
    assert_eq!(bureau.push(&["others.csv", "--mail-links"]).0, Some(0));
    let title = bureau.text("others.csv.progress").lines().next().expect("a title").to_owned();
    bureau.write("others.csv.progress", title + "\n");
    bureau.write("others.csv.links.csv", "");
    let (code, said) = bureau.push(&["others.csv", "--mail-links"]);
    assert!(code == Some(0) && said.contains("1 person pushed") && !said.contains("notify.already_sent"), "{said}");
}

#[test]
fn invalid_options_are_reported_before_pushing() {
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
    check(bureau.command(&people).env("TENURE_CLIENT_SECRET", "wrong"), 1, &["rejected the client id and secret"]);
    check(bureau.command(&people).env_remove("TENURE_CLIENT_SECRET"), 2, &["--client-secret-file"]);
    check(bureau.command(&people).env_remove("TENURE_SERVER"), 2, &["--server URL"]);
    check(bureau.command(&people).env_remove("TENURE_CLIENT_ID"), 2, &["--client-id ID"]);
    check(&mut bureau.command(&["people.csv", "--client-secret", "x"]), 2, &["can be read by every user", "chmod 600"]);
    check(
        &mut bureau.command(&["people.csv", "--server", "http://passport.example"]),
        2,
        &["must start with https://"],
    );
    let nobody = format!("http://localhost:{}", free_port());
    check(&mut bureau.command(&["people.csv", "--server", &nobody]), 1, &["cannot connect to"]);
    check(&mut bureau.command(&["no.csv"]), 1, &["no.csv cannot be read"]);
    check(&mut bureau.command(&["people.csv", "--type", "salary"]), 2, &["unknown credential type 'salary'"]);
    check(&mut bureau.command(&["people.csv", "--person", "Who"]), 2, &["there is no column 'Who'", "Employee No"]);
    check(&mut bureau.command(&["people.csv", "--date-format", "soon"]), 2, &["'soon' is not a date format"]);
    let mut body = ("microcredential".parse::<credential::Type>().expect("a type").sample)();
    body.as_object_mut().expect("an object").remove("assets");
    bureau.write("micro.ndjson", body.to_string());
    let micro = ["micro.ndjson", "--type", "microcredential"];
    check(&mut bureau.command(&micro), 1, &["may not push this file", "the scope write.microcredential"]);
    bureau.write("secret", format!("{}\n", bureau.secret));
    let secret = ["people.csv", "--client-secret-file", "secret"];
    let (code, said) = outcome(&ended(bureau.command(&secret).env_remove("TENURE_CLIENT_SECRET")));
    assert!(code == Some(0) && said.contains("3 people pushed"), "{said}");
    let elsewhere = ["people.csv", "--server", &format!("http://127.0.0.1:{}", bureau.server.port)];
    let (code, said) = bureau.push(&elsewhere);
    assert!(code == Some(2) && said.contains("people.csv.progress belongs to a push to http://localhost"), "{said}");
}
