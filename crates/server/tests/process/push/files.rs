//! Tables and lines of JSON that are pushed.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use super::support::{Bureau, outcome};
use crate::tenure::{binary, ended};

#[test]
fn spreadsheet_export_gives_each_person_a_link() {
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
    for part in ["2 people in 3 rows", "Unused columns: E-Mail, IBAN", "2 people pushed", "people.csv.links.csv"] {
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
    assert!(code == Some(0) && said.contains("0 people pushed") && said.contains("2 people already pushed"), "{said}");
    // Without the progress file, a repeated push returns the same links.
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
fn manual_examples_are_accepted() {
    let manual = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/integrate/bulk-push.md"))
        .expect("the manual");
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
fn ndjson_lines_are_pushed_as_their_type() {
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
