//! Requests with a method that a page or a route for wallets does not have.

use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::json;

use crate::support::app::TestApp;

const ID: &str = "00000000-0000-4000-8000-000000000000";

#[tokio::test]
async fn wrong_methods_on_pages_lead_to_a_page() {
    let test = TestApp::new().await;
    let mut visitor = test.browser();
    for (path, page, link) in [
        ("/account/sign-out-everywhere", "/account", "Open the page"),
        (&*format!("/requests/{ID}/accept"), &*format!("/requests/{ID}"), "Open the page"),
        (&*format!("/wallet/credentials/{ID}/updates/undo"), &*format!("/wallet/credentials/{ID}"), "Open the page"),
        (&*format!("/oid4vci/authorize/{ID}/allow"), &*format!("/oid4vci/authorize/{ID}"), "Open the page"),
        ("/console/credentials/revoke-old", "/console/credentials", "Open the page"),
        ("/console/passkey/register/start", "/console", "Open the page"),
        ("/sign-out", "/", "Go to the start page"),
    ] {
        let answer = visitor.get(path).await.assert_status(405);
        assert_eq!(answer.header("allow"), "POST", "{path}");
        assert!(answer.text.contains("This page cannot be opened like this"), "{path}: {}", answer.text);
        let link = format!("<p><a href=\"{page}\">{link}</a></p>");
        assert!(answer.text.contains(&link), "{path}: {link} in {}", answer.text);
    }
    let answer = visitor.post("/wallet/print", &[]).await.assert_status(405);
    assert_eq!(answer.header("allow"), "GET,HEAD");
    assert!(answer.text.contains("<p><a href=\"/wallet/print\">Open the page</a></p>"), "{}", answer.text);
}

#[tokio::test]
async fn wrong_methods_on_wallet_routes_name_the_right_ones() {
    let test = TestApp::new().await;
    let routes = [tenure::oid4vci::routes(), tenure::openid4vp::routes()];
    let paths: Vec<String> = routes.iter().flat_map(|routes| routes.paths().to_vec()).collect();
    assert!(paths.len() >= 20, "{paths:?}");
    for path in paths {
        let path = path.replace("{id}", ID).replace("{type}", "career_history").replace("{number}", "2");
        let request = Request::builder().method(Method::PATCH).uri(&path).body(Body::empty()).expect("a request");
        let answer = test.send(request).await.assert_status(405);
        let mut allowed: Vec<&str> = answer.header("allow").split(',').collect();
        allowed.retain(|method| !["HEAD", "OPTIONS"].contains(method));
        allowed.sort_unstable();
        let said = format!("PATCH is not supported for this path. Use {}.", allowed.join(" or "));
        let body = answer.json();
        assert_eq!(body, json!({ "error": "invalid_request", "error_description": said }), "{path}");
        assert_eq!(answer.header("content-type"), "application/json", "{path}");
    }
    let answer = test.get("/oid4vci/token").await.assert_status(405);
    let body = answer.json();
    assert_eq!(body["error_description"], "GET is not supported for this path. Use POST.");
}
