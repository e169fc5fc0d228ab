//! Tests that a refusal because of a limit names the limit.

use super::hostile::{CATALOG, PAGE, PAGES, PLACES, file};
use super::*;

fn expect_reason(file: &[u8], why: &str) {
    let reason = reason(AssetKind::Pdf, file);
    assert!(reason.contains(why) && !reason.contains("damaged"), "{why}: {reason}");
}

#[test]
fn pdf_with_too_many_pages_is_told_the_maximum() {
    let pages = format!("2 0 obj << /Type /Pages /Kids [{}] /Count 20001 >> endobj", "3 0 R ".repeat(20_001));
    let file = file(&[CATALOG, &pages, PAGE, "4 0 obj (en) endobj"], &PLACES);
    expect_reason(&file, "more than 20000 pages");
}

#[test]
fn pdf_with_too_many_revisions_is_told_the_maximum() {
    let mut file = file(&[CATALOG, PAGES, PAGE, "4 0 obj (en) endobj"], &PLACES);
    let mut previous = file.windows(5).rposition(|window| window == b"xref\n").expect("a table");
    // The last match is the end of `startxref`.
    previous = file[..previous].windows(5).rposition(|window| window == b"xref\n").unwrap_or(previous);
    for revision in 2..=201 {
        let start = file.len();
        let table = format!("xref\n0 0\ntrailer << /Root 1 0 R /Prev {previous} >>\nstartxref\n{start}\n%%EOF\n");
        file.extend_from_slice(table.as_bytes());
        previous = start;
        match revision {
            ..=200 => drop(rewritten(&file)),
            _ => expect_reason(&file, "more than 200 revisions"),
        }
    }
}

#[test]
fn pdf_with_too_many_objects_is_told_the_maximum() {
    let rows = "0 0 f ".repeat(1_000_001);
    let table = format!("%PDF-1.7\nxref\n0 1000001\n{rows}trailer << /Root 1 0 R >>\nstartxref\n9\n%%EOF\n");
    expect_reason(table.as_bytes(), "too many objects: more than 1000000");
}

#[test]
fn pdf_objects_beyond_a_limit_are_told_which() {
    let fields = format!("<< /Fields [{}] >>", "<< /FT /Sig >> ".repeat(51));
    let catalog = |entry: &str| CATALOG.replace(" >>", &format!(" {entry} >>"));
    let form = catalog(&format!("/AcroForm {fields}"));
    expect_reason(&file(&[&form, PAGES, PAGE, "4 0 obj (en) endobj"], &PLACES), "more than 50 signature fields");
    for (object, why) in [
        (format!("{}{}", "[".repeat(100), "]".repeat(100)), "nested too deeply: more than 60 levels"),
        (format!("/{}", "a".repeat(513)), "a name of more than 512 bytes"),
        ("1".repeat(41), "a number of more than 40 characters"),
    ] {
        let object = format!("4 0 obj {object} endobj");
        expect_reason(&file(&[CATALOG, PAGES, PAGE, &object], &PLACES), why);
    }
    let chain = "<< /S /GoTo /D [0 /Fit] /Next ".repeat(22) + "null" + &" >>".repeat(22);
    let opened = catalog(&format!("/OpenAction {chain}"));
    expect_reason(&file(&[&opened, PAGES, PAGE, "4 0 obj (en) endobj"], &PLACES), "more than 20 steps");
}
