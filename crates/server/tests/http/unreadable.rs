//! Requests that cannot be parsed, and the format of the error responses.

use crate::support::app::TestApp;
use crate::support::response::TestResponse;
use axum::body::Body;
use axum::http::{Request, header};

const FORM: &str = "application/x-www-form-urlencoded";

#[track_caller]
fn assert_error_page(response: TestResponse, status: u16) {
    let response = response.assert_status(status);
    assert_eq!(response.header("content-type"), "text/html; charset=utf-8");
    assert!(response.text.contains("<title>"), "{}", response.text);
}

#[tokio::test]
async fn unknown_path_is_a_page_only_if_html_is_preferred() {
    let test = TestApp::new().await;
    let get = async |accept: &[&str]| {
        let request = accept.iter().fold(Request::get("/nothing"), |request, value| request.header("accept", *value));
        test.send(request.body(Body::empty()).expect("a request")).await.assert_status(404)
    };
    for accept in [&["text/html"][..], &["Text/HTML"], &["text/*"], &["application/json;q=0.1", "text/html"]] {
        assert_eq!(get(accept).await.header("content-type"), "text/html; charset=utf-8", "{accept:?}");
    }
    for accept in [&[][..], &["*/*"], &["text/html;q=0"], &["application/json, text/html;q=0.9"], &["text/htmlx"]] {
        assert_eq!(get(accept).await.header("content-type"), "application/problem+json", "{accept:?}");
    }
}

#[tokio::test]
async fn unreadable_requests_of_pages_get_an_error_page() {
    let test = TestApp::new().await;
    let post = async |path: &str, content_type: &str, body: &'static str| {
        let request = Request::post(path).header("sec-fetch-site", "same-origin");
        let request = request.header(header::CONTENT_TYPE, content_type).body(Body::from(body));
        test.send(request.expect("a request")).await
    };
    assert_error_page(post("/sign-in", FORM, "email=a%40example.org&email=b%40example.org").await, 422);
    assert_error_page(post("/sign-in", FORM, "mail=a%40example.org").await, 422);
    for content_type in ["application/x-www-form-urlencodedX", "application/json", "text/plain"] {
        for path in ["/sign-in", "/console/sign-in"] {
            assert_error_page(post(path, content_type, "email=a%40example.org").await, 415);
        }
    }
    let upper_case = "APPLICATION/x-www-form-urlencoded; charset=UTF-8";
    post("/sign-in", upper_case, "email=a%40example.org").await.assert_status(303);
    assert_error_page(post("/console/sign-in", FORM, "client_id=a&client_id=b").await, 422);
    assert_error_page(test.get("/console/sign-in?to=a&to=b").await, 400);
    assert_error_page(test.get("/sign-in/no-id").await, 404);
}

#[tokio::test]
async fn unreadable_requests_of_programs_get_problem_details() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    for (path, status) in [("/api/partner/v1/submissions/%ff/status", 404), ("/oid4vci/offers/%ff", 404)] {
        let response = test.get_with(path, &token).await.assert_status(status);
        assert_eq!(response.header("content-type"), "application/problem+json", "{path}");
    }
}
