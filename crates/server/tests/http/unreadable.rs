//! Requests that cannot be read, and the form in which their errors are shown.

use crate::support::app::TestApp;
use axum::body::Body;
use axum::http::Request;

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
