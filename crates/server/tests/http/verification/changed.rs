//! Credentials that change while the page of a verification request is open.

use axum::http::Method;
use serde_json::{Value, json};

use super::support::{accept, ask, asker, form, result, send};
use crate::support::app::{PUSH, TestApp, all_scopes, career};
use crate::support::response::content;

#[tokio::test]
async fn update_while_the_request_is_open_keeps_the_choices() {
    let test = TestApp::new().await;
    let (_, token) = asker(&test).await;
    let source = test.token(&test.partner().await).await;
    let mut person = test.signed_in("ada@example.org").await;
    let older = accept(&test, &mut person, &source, PUSH, &career("1")).await;
    let (request_id, asked) = ask(&test, &token, &json!({ "claims": ["employment"] })).await;
    let page = person.open_verification(asked).await;
    let list = format!("{older}/employment");
    let sent = [
        ("credential".to_owned(), older.to_string()),
        (list.clone(), "some".to_owned()),
        ("part".to_owned(), format!("{list}/1")),
    ];
    test.advance(std::time::Duration::from_secs(1));
    let mut body = career("2");
    body["replaces"] = json!("1");
    let newer = content(&test.post(PUSH, &source, &body).await.assert_status(201).json());
    person.accept_with(newer, &[(&format!("version-{newer}-{older}"), "replace")]).await;
    let again = send(&mut person, &format!("{page}/share"), &sent).await.assert_status(422).text;
    for said in [
        "was updated after you opened this page. This is the newer version, with the same choices.",
        "<p class=\"notice\">This is the newer version.</p>",
        &format!("name=\"part\" value=\"{newer}/employment/1\" checked"),
    ] {
        assert!(again.contains(said), "{said}: {again}");
    }
    assert!(!again.contains(&format!("value=\"{newer}/employment/0\" checked")), "{again}");
    assert_eq!(result(&test, &token, &request_id).await["status"], "incomplete", "nothing was shared");
    send(&mut person, &format!("{page}/share"), &form(&again)).await.assert_status(303);
    let shown = result(&test, &token, &request_id).await;
    let second = career("x")["fields"]["employment"][1].clone();
    assert_eq!(shown["credential"]["employment"], Value::Array(vec![second]), "{shown}");
}

#[tokio::test]
async fn withdrawal_while_the_request_is_open_is_explained() {
    let test = TestApp::new().await;
    let (_, token) = asker(&test).await;
    let mut person = test.signed_in("ada@example.org").await;
    let mut held = Vec::new();
    for name in ["Acme", "Beta"] {
        let source = test.token(&test.partner_named(name, &all_scopes()).await).await;
        held.push((accept(&test, &mut person, &source, PUSH, &career(name)).await, source));
        test.advance(std::time::Duration::from_secs(1));
    }
    let (request_id, asked) = ask(&test, &token, &json!({ "claims": ["employment"] })).await;
    let page = person.open_verification(asked).await;
    for (at, name) in [(1, "Beta"), (0, "Acme")] {
        let (id, source) = &held[at];
        let sent = [("credential".to_owned(), id.to_string()), (format!("{id}/employment"), "all".to_owned())];
        let withdrawal = test.api(Method::DELETE, &format!("{PUSH}/{name}"), source, r#"{"reason":"A mistake."}"#);
        test.send(withdrawal).await.assert_status(204);
        let again = send(&mut person, &format!("{page}/share"), &sent).await.assert_status(422).text;
        assert!(again.contains("the credential you chose was withdrawn or is no longer in your wallet"), "{again}");
        assert_eq!(result(&test, &token, &request_id).await["status"], "incomplete", "nothing was shared");
        let left = held[0].0;
        let fields = form(&again);
        let is_offered = fields.contains(&("credential".to_owned(), left.to_string()))
            && fields.contains(&(format!("{left}/employment"), "all".to_owned()));
        assert_eq!(is_offered, at == 1, "the remaining credential is offered with everything ticked: {fields:?}");
        assert_eq!(again.contains("You have nothing to share"), at == 0, "{again}");
    }
}
