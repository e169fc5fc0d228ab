//! Errors repeat at most 64 characters of what the caller sent, and suggest no longer ids.

use credential::Type;
use serde_json::{Value, json};

use crate::support::app::TestApp;

const EDUCATION: &str = "/api/partner/v2/add/requests/education";
const LONG: usize = 300_000;

fn education() -> Value {
    ("education".parse::<Type>().expect("a type").sample)()
}

#[tokio::test]
async fn errors_repeat_no_long_texts() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let long = "x".repeat(LONG);
    let mut bodies = Vec::new();
    for data in [format!("data:{long}/y;base64,AAAA"), format!("data:application/{long};base64,AAAA")] {
        let mut body = education();
        body["assets"] = json!([{ "asset_id": "a", "asset_type": "pdf", "asset_data": data }]);
        bodies.push(body);
    }
    for id in [format!("{long} "), format!("{long}\u{200b}")] {
        let mut body = education();
        body["credential_id"] = json!(id);
        bodies.push(body);
    }
    for body in bodies {
        let answer = test.post(EDUCATION, &token, &body).await.assert_status(422);
        assert!(!answer.text.contains(&"x".repeat(65)), "{} bytes", answer.bytes.len());
    }
    let mut body = education();
    body["credential_id"] = json!(format!("{} ", "x".repeat(255)));
    let answer = test.post(EDUCATION, &token, &body).await.assert_status(422).json();
    let last = answer["errors"].as_array().and_then(|errors| errors.last()).expect("an error");
    assert_eq!(last["suggestion"], json!("x".repeat(255)), "{answer}");
}
