//! Upload URLs.

use std::time::Duration;

use axum::body::{Body, Bytes};
use futures::stream;
use serde_json::{Value, json};

use super::support::{
    EDUCATION, HOUR, MICRO, asset, body, clean, links, objects, open, pdf, push_awaiting_pdf, request_id, walk,
};
use crate::support::app::TestApp;
use crate::support::samples;

#[tokio::test]
async fn upload_is_encrypted_and_visible_to_its_holder_only() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let answer = push_awaiting_pdf(&test, &token).await;
    let link = &answer["assets"][0];
    assert_eq!((&link["asset_id"], &link["content_type"]), (&json!("the-document"), &json!("application/pdf")));
    assert_eq!(link["expires_at"], "2026-11-23T10:00:00Z");
    assert_eq!(test.status(&token, "1").await["assets"], json!([{ "asset_id": "the-document", "state": "awaited" }]));
    let (mut person, location) = open(&test, "ada@example.org", &answer).await;
    let page = person.text(&location).await;
    assert!(page.contains("has not sent this yet") && links(&page).is_empty());

    let bytes = pdf();
    let sent = test.upload(&link["upload_url"], "application/pdf", bytes.clone()).await.assert_status(204);
    assert!(sent.text.is_empty());
    assert_eq!(test.status(&token, "1").await["assets"][0]["state"], "stored");
    let page = person.text(&location).await;
    assert!(page.contains("PDF document “the-document”"), "{page}");
    let path = links(&page).remove(0);
    let shown = person.get(&path).await.assert_status(200);
    assert_eq!(shown.bytes, bytes);
    assert_eq!(shown.header("content-type"), "application/pdf");
    assert_eq!(shown.header("content-disposition"), "attachment; filename=\"document.pdf\"");
    assert_eq!(shown.header("content-security-policy"), "default-src 'none'; sandbox; frame-ancestors 'none'");
    assert_eq!(shown.header("x-content-type-options"), "nosniff");
    for file in walk(test.folder.path()) {
        let content = std::fs::read(&file).expect("a file");
        assert!(!content.windows(5).any(|window| window == b"%PDF-"), "{}", file.display());
    }
    let mut stranger = test.signed_in("eve@example.org").await;
    stranger.get(&path).await.assert_status(404);
    test.browser().get(&path).await.assert_status(303);

    person.post(&format!("{location}/accept"), &[]).await.assert_status(303);
    assert_eq!(person.get(&path).await.assert_status(200).bytes, bytes, "under the holder's key now");
    assert!(person.get("/wallet").await.text.contains("Includes 1 document."));
    let record = person.text(&format!("/wallet/credentials/{}", request_id(&answer))).await;
    assert_eq!(links(&record), std::slice::from_ref(&path));
    test.upload(&link["upload_url"], "application/pdf", pdf()).await.assert_status(409);
    person.post(&format!("/wallet/credentials/{}/delete", request_id(&answer)), &[]).await.assert_status(303);
    person.get(&path).await.assert_status(404);
    clean(&test).await;
    assert_eq!(objects(&test), 0);
}

#[tokio::test]
async fn last_upload_replaces_earlier_ones() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let answer = test
        .post(MICRO, &token, &body("microcredential", "1", &asset("png", Value::Null)))
        .await
        .assert_status(201)
        .json();
    let link = &answer["assets"][0]["upload_url"];
    for width in [10, 20, 30] {
        test.upload(link, "image/png", samples::png(width, 5)).await.assert_status(204);
    }
    clean(&test).await;
    assert_eq!(objects(&test), 1);
    let (mut person, location) = open(&test, "ada@example.org", &answer).await;
    let page = person.text(&location).await;
    let path = links(&page).remove(0);
    assert!(page.contains(&format!("<img src=\"{path}\"")));
    let shown = person.get(&path).await.assert_status(200);
    assert_eq!(shown.bytes, samples::png(30, 5));
    assert_eq!(shown.header("content-disposition"), "inline");
}

#[tokio::test]
async fn uploads_without_a_specific_content_type_are_accepted() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let answer = push_awaiting_pdf(&test, &token).await;
    let link = &answer["assets"][0]["upload_url"];
    test.upload(link, "application/octet-stream", pdf()).await.assert_status(204);
    let refused = test.upload(link, "application/octet-stream", samples::png(10, 5)).await;
    assert_eq!(refused.status, 422, "the declared kind is still checked");
    test.upload(link, "image/png", pdf()).await.assert_status(415);
}

#[tokio::test]
async fn upload_limit_is_ten_mebibytes() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let answer = push_awaiting_pdf(&test, &token).await;
    let link = &answer["assets"][0]["upload_url"];
    let sized = |size: usize| {
        let overhead = samples::filled_pdf(10_000_000).len() - 10_000_000;
        samples::filled_pdf(size - overhead)
    };
    let most = 10 * 1024 * 1024;
    let document = sized(most);
    assert_eq!(document.len(), most);
    test.upload(link, "application/pdf", document).await.assert_status(204);
    let answer = test.upload(link, "application/pdf", sized(most + 1)).await.assert_status(413);
    assert!(answer.text.contains("10485760"));
    clean(&test).await;
    assert_eq!(objects(&test), 1, "the earlier one stays");
}

#[tokio::test]
async fn uploads_with_a_query_or_compressed_are_rejected() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let answer = push_awaiting_pdf(&test, &token).await;
    let link = answer["assets"][0]["upload_url"].as_str().expect("a URL");
    let path = &link[link.find("/api/").expect("a path")..];
    let send = async |path: &str, coding: &str| {
        let request = axum::http::Request::put(path).header("content-type", "application/pdf");
        let request = request.header("content-encoding", coding).body(Body::from(pdf()));
        test.send(request.expect("a request")).await
    };
    let refused = send(&format!("{path}?part=2"), "identity").await.assert_status(400);
    assert!(refused.text.contains("Unknown query parameter"), "{}", refused.text);
    let refused = send(path, "gzip").await.assert_status(415);
    assert_eq!(refused.header("accept-encoding"), "identity");
    clean(&test).await;
    assert_eq!(objects(&test), 0, "nothing was stored");
    send(path, "identity").await.assert_status(204);
}

#[tokio::test]
async fn interrupted_upload_leaves_nothing_and_can_be_repeated() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let answer = push_awaiting_pdf(&test, &token).await;
    let link = &answer["assets"][0]["upload_url"];
    let half = pdf()[..300].to_vec();
    let broken = stream::iter([Ok(Bytes::from(half)), Err(std::io::Error::other("the line is cut"))]);
    test.upload(link, "application/pdf", Body::from_stream(broken)).await.assert_status(400);
    // A dropped connection cancels the request.
    let endless = Body::from_stream(stream::iter([Ok::<_, std::io::Error>(Bytes::from(pdf()))]).chain_pending());
    let waiting = test.upload(link, "application/pdf", endless);
    assert!(tokio::time::timeout(Duration::from_millis(200), waiting).await.is_err());
    while objects(&test) > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(test.status(&token, "1").await["assets"][0]["state"], "awaited");
    test.upload(link, "application/pdf", pdf()).await.assert_status(204);
}

#[tokio::test]
async fn document_has_one_upload_at_a_time() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let answer = push_awaiting_pdf(&test, &token).await;
    let link = &answer["assets"][0]["upload_url"];
    let (reading, is_read) = tokio::sync::oneshot::channel();
    let begun = stream::once(async move {
        reading.send(()).expect("a receiver");
        Ok::<_, std::io::Error>(Bytes::from(pdf()))
    });
    let first = test.upload(link, "application/pdf", Body::from_stream(begun.chain_pending()));
    let second = async {
        is_read.await.expect("the first one is read");
        test.upload(link, "application/pdf", pdf()).await
    };
    let refused = tokio::select! {
        _ = first => panic!("it has no end"),
        refused = second => refused.assert_status(409),
    };
    assert!(refused.text.contains("An upload of this document is in progress"), "{}", refused.text);
    // The first upload was cancelled with its connection.
    test.upload(link, "application/pdf", pdf()).await.assert_status(204);
}

trait ChainPending: futures::Stream + Sized + Send + 'static {
    fn chain_pending(self) -> impl futures::Stream<Item = Self::Item> + Send + 'static
    where
        Self::Item: Send,
    {
        futures::StreamExt::chain(self, stream::pending())
    }
}

impl<S: futures::Stream + Send + 'static> ChainPending for S {}

#[tokio::test]
async fn upload_url_expires_and_a_repeated_push_renews_it() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    let pushed = body("education", "1", &asset("pdf", Value::Null));
    let first = test.post(EDUCATION, &token, &pushed).await.assert_status(201).json();
    let link = first["assets"][0]["upload_url"].clone();
    test.advance(HOUR);
    let answer = test.upload(&link, "application/pdf", pdf()).await.assert_status(410);
    assert!(answer.text.contains("Push the same credential_id again"));
    let token = test.token(&partner).await;
    let again = test.post(EDUCATION, &token, &pushed).await.assert_status(201).json();
    assert_eq!(again["redirect_uri"], first["redirect_uri"]);
    let fresh = &again["assets"][0]["upload_url"];
    test.upload(fresh, "application/pdf", pdf()).await.assert_status(204);
    // Forged upload URLs are rejected.
    let text = fresh.as_str().expect("a link");
    let (start, mac) = text.rsplit_once('.').expect("parts");
    let (rest, expires) = start.rsplit_once('.').expect("parts");
    let later = expires.parse::<i64>().expect("seconds") + 1;
    for forged in [
        format!("{rest}.{later}.{mac}"),
        format!("{start}.{}", "A".repeat(43)),
        format!("{start}."),
        format!("{text}.x"),
        text.replace('.', "-"),
    ] {
        test.upload(&json!(forged), "application/pdf", pdf()).await.assert_status(404);
    }
    test.advance(48 * HOUR);
    test.upload(fresh, "application/pdf", pdf()).await.assert_status(410);
}

#[tokio::test]
async fn renewed_upload_url_replaces_until_partner_is_disabled() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let token = test.token(&partner).await;
    let pushed = body("microcredential", "1", &asset("png", Value::Null));
    let answer = test.post(MICRO, &token, &pushed).await.assert_status(201).json();
    test.upload(&answer["assets"][0]["upload_url"], "image/png", samples::png(5, 5)).await.assert_status(204);
    test.advance(HOUR);
    let token = test.token(&partner).await;
    let again = test.post(MICRO, &token, &pushed).await.assert_status(201).json();
    let link = &again["assets"][0]["upload_url"];
    test.upload(link, "image/png", samples::png(6, 6)).await.assert_status(204);
    test.disable(&partner).await;
    test.upload(link, "image/png", samples::png(7, 7)).await.assert_status(409);
}
