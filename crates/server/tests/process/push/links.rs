//! `tenure status` and `tenure withdraw` for the file of links of a push.

use std::process::Stdio;

use serde_json::{Value, json};

use super::support::{Bureau, outcome, people};
use crate::tenure::{binary, ended};

const LINKS: &str = "people.csv.links.csv";
const RESULTS: &str = "people.csv.links.csv.withdrawals.csv";

fn run(bureau: &Bureau, command: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let mut process = binary();
    process.current_dir(bureau.folder.path()).arg(command).args(arguments).stdin(Stdio::null());
    process.env("TENURE_SERVER", format!("http://localhost:{}", bureau.server.port));
    process.env("TENURE_CLIENT_ID", &bureau.client_id).env("TENURE_CLIENT_SECRET", &bureau.secret);
    outcome(&ended(&mut process))
}

fn statuses(bureau: &Bureau) -> Value {
    let (_, said) = run(bureau, "status", &[LINKS, "--json"]);
    serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"))
}

#[test]
fn every_credential_of_a_file_has_a_status() {
    let bureau = Bureau::new(&[]);
    bureau.write("people.csv", people(35));
    assert_eq!(bureau.push(&["people.csv", "--yes"]).0, Some(0));
    let (code, said) = run(&bureau, "status", &[LINKS]);
    assert!(code == Some(0) && said.contains("35 credentials: 35 incomplete, 0 verified"), "{said}");
    let (code, said) = run(&bureau, "status", &[LINKS, "--csv"]);
    let head = "person,credential_id,status,reason,finalized_at,mail\n";
    assert!(code == Some(0) && said.starts_with(head) && said.matches(",incomplete,,,").count() == 35, "{said}");
    let unknown = "person,credential_id,redirect_uri,request_id,status\nE1,unknown,,,\n";
    bureau.write("unknown.csv", unknown);
    let (code, said) = run(&bureau, "status", &["unknown.csv"]);
    assert!(code == Some(1) && said.contains("not_found"), "{said}");
    let (code, said) = run(&bureau, "status", &["people.csv"]);
    assert!(code == Some(2) && said.contains("no column credential_id"), "{said}");
    let links = std::fs::read(bureau.folder.path().join(LINKS)).expect("the links");
    let text = String::from_utf8(links).expect("UTF-8");
    bureau.write("cut.csv", &text[..text.len() - 9]);
    let (code, said) = run(&bureau, "status", &["cut.csv"]);
    assert!(code == Some(2) && said.contains("is cut"), "{said}");
    bureau.write("tabs.csv", format!("sep=\t\n{}", text.replace(',', "\t")));
    let (code, said) = run(&bureau, "status", &["tabs.csv"]);
    assert!(code == Some(0) && said.contains("35 credentials: 35 incomplete"), "{said}");
}

#[test]
fn withdrawals_prompt_once_and_resume_after_an_interruption() {
    let bureau = Bureau::new(&[]);
    bureau.write("people.csv", people(12));
    assert_eq!(bureau.push(&["people.csv", "--yes"]).0, Some(0));
    let (code, said) = run(&bureau, "withdraw", &[LINKS, "--reason", "Sent by mistake."]);
    assert!(code == Some(2) && said.contains("add --yes"), "{said}");
    assert_eq!(statuses(&bureau)["counts"]["canceled"], 0, "nothing was withdrawn");
    let (code, said) = run(&bureau, "withdraw", &[LINKS, "--reason", "x", "--yes", "--person", "E99"]);
    assert!(code == Some(2) && said.contains("no person 'E99'"), "{said}");
    let one = [LINKS, "--reason", "Sent by mistake.", "--yes", "--person", "E1"];
    let (code, said) = run(&bureau, "withdraw", &one);
    assert!(code == Some(0) && said.contains("1 credential withdrawn."), "{said}");
    let found = statuses(&bureau);
    assert_eq!((&found["counts"]["canceled"], &found["counts"]["incomplete"]), (&json!(1), &json!(11)), "{found}");
    let all = [LINKS, "--reason", "Sent by mistake.", "--yes"];
    let (code, said) = run(&bureau, "withdraw", &all);
    assert!(code == Some(0) && said.contains("11 credentials withdrawn. 1 credential withdrawn earlier."), "{said}");
    // A run that was killed has recorded some results, and half of one.
    let results = bureau.text(RESULTS);
    assert_eq!(results.lines().count(), 13, "{results}");
    let lines: Vec<&str> = results.lines().collect();
    bureau.write(RESULTS, format!("{}\n{}", lines[..6].join("\n"), &lines[6][..4]));
    let (code, said) = run(&bureau, "withdraw", &all);
    assert!(code == Some(0) && said.contains("7 credentials withdrawn. 5 credentials withdrawn earlier."), "{said}");
    assert_eq!(bureau.text(RESULTS).lines().count(), 13);
    let (code, said) = bureau.push(&["people.csv", "--yes"]);
    assert!(code == Some(0) && said.contains("12 credentials in the file of links were withdrawn since"), "{said}");
}

#[test]
fn withdrawing_unknown_credentials_is_reported() {
    let bureau = Bureau::new(&[]);
    let link = "https://x/partner/add/careerHistory#clientId=1";
    bureau.write("unknown.csv", format!("person,credential_id,redirect_uri,request_id\nE1,unknown,{link},1\n"));
    let (code, said) = run(&bureau, "withdraw", &["unknown.csv", "--reason", "x", "--yes", "--json"]);
    assert!(code == Some(1) && said.contains(r#""not_found":1"#), "{said}");
    bureau.write("untyped.csv", "person,credential_id\nE1,unknown\n");
    let (code, said) = run(&bureau, "withdraw", &["untyped.csv", "--reason", "x", "--yes"]);
    assert!(code == Some(2) && said.contains("Set --type"), "{said}");
    let (code, said) = run(&bureau, "withdraw", &["untyped.csv", "--reason", " ", "--yes"]);
    assert!(code == Some(2) && said.contains("--reason"), "{said}");
}
