//! Documents that inspection changes, rejects, or crashes on.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::support::{EDUCATION, MICRO, asset, body, links, objects, open, pdf, push_awaiting_pdf};
use crate::support::app::TestApp;
use crate::support::samples;

/// Writes a program that runs instead of `tenure inspect-document`.
fn program(folder: &Path, script: &str) -> PathBuf {
    let path = folder.join("inspector");
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("a file");
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).expect("executable");
    path
}

#[tokio::test]
async fn delivered_pdf_holds_only_what_was_inspected() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let link = push_awaiting_pdf(&test, &token).await;
    let movie = include_bytes!("../../fixtures/documents/movie.pdf");
    test.upload(&link["assets"][0]["upload_url"], "application/pdf", movie.to_vec()).await.assert_status(204);
    assert_eq!(objects(&test), 1, "the file as it came is deleted");
    let (mut person, location) = open(&test, "ada@example.org", &link).await;
    let page = person.text(&location).await;
    let shown = person.get(&links(&page)[0]).await.assert_status(200);
    assert!(shown.text.starts_with("%PDF-1.7") && !shown.text.contains("Movie"), "{}", shown.text);
    assert_eq!(shown.header("content-length"), shown.bytes.len().to_string());
    assert!(!page.contains("digitally signed"));

    let data = json!(format!("data:application/pdf;base64,{}", STANDARD.encode(movie)));
    let pushed = body("education", "2", &asset("pdf", data));
    let answer = test.post(EDUCATION, &token, &pushed).await.assert_status(201).json();
    assert_eq!(test.post(EDUCATION, &token, &pushed).await.assert_status(201).json(), answer, "an exact repeat");
    let page = person.open(super::support::request_id(&answer)).await.redirect().to_owned();
    let page = person.text(&page).await;
    assert_eq!(person.get(&links(&page)[0]).await.assert_status(200).bytes, shown.bytes);
}

#[tokio::test]
async fn signed_pdf_is_delivered_unchanged_and_page_says_so() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let link = push_awaiting_pdf(&test, &token).await;
    let signed = include_bytes!("../../fixtures/documents/signed.pdf");
    test.upload(&link["assets"][0]["upload_url"], "application/pdf", signed.to_vec()).await.assert_status(204);
    let (mut person, location) = open(&test, "ada@example.org", &link).await;
    let page = person.text(&location).await;
    assert!(page.contains("digitally signed") && page.contains("We have not checked the signature."), "{page}");
    assert_eq!(person.get(&links(&page)[0]).await.assert_status(200).bytes, &signed[..]);
    person.post(&format!("{location}/accept"), &[]).await.assert_status(303);
    let id = super::support::request_id(&link);
    assert!(person.text(&format!("/wallet/credentials/{id}")).await.contains("digitally signed"));
}

#[tokio::test]
async fn document_that_ends_its_inspection_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    for (script, reason) in [
        ("kill -XCPU $$", "takes more than 5 seconds to parse"),
        ("kill -ABRT $$", "needs more memory to parse than is allowed"),
        ("kill -SEGV $$", "cannot be parsed"),
        ("kill -KILL $$", "cannot be parsed"),
        ("cat >/dev/null; kill -KILL $$", "cannot be parsed"),
        ("exit 101", "cannot be parsed"),
        (
            "cat >/dev/null; echo '{\"verdict\":\"rewritten\",\"size\":9}'; echo short; kill -KILL $$",
            "cannot be parsed",
        ),
    ] {
        let inspector = program(folder.path(), script);
        let test = TestApp::builder().inspector(&inspector).start().await;
        let token = test.token(&test.partner().await).await;
        let link = push_awaiting_pdf(&test, &token).await;
        let answer = test.upload(&link["assets"][0]["upload_url"], "application/pdf", pdf()).await.assert_status(422);
        assert!(answer.text.contains(reason), "{script}: {}", answer.text);
        assert_eq!(objects(&test), 0);
        assert_eq!(test.status(&token, "1").await["assets"][0]["state"], "awaited");
    }
}

#[tokio::test]
async fn inspection_that_cannot_start_is_temporary() {
    let folder = tempfile::tempdir().expect("a folder");
    for inspector in [folder.path().join("missing"), program(folder.path(), "exit 1")] {
        let test = TestApp::builder().inspector(&inspector).start().await;
        let token = test.token(&test.partner().await).await;
        let link = push_awaiting_pdf(&test, &token).await;
        test.upload(&link["assets"][0]["upload_url"], "application/pdf", pdf()).await.assert_status(503);
        assert_eq!(objects(&test), 0);
        let data = json!(format!("data:image/png;base64,{}", STANDARD.encode(samples::png(5, 5))));
        let pushed = body("microcredential", "2", &asset("png", data));
        test.post(MICRO, &token, &pushed).await.assert_status(503);
    }
}
