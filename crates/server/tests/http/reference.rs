//! `/docs`: everything that the API is, for people.

use crate::support::app::TestApp;
use tenure::api::openapi::DOCUMENT;

#[tokio::test]
async fn every_operation_every_code_and_every_error_is_on_the_page() {
    let test = TestApp::with(&[("server.base_url", "https://passport.example")]).await;
    let page = test.get("/docs").await.expect(200).text;
    for (path, item) in DOCUMENT["paths"].as_object().expect("paths") {
        for method in item.as_object().expect("methods").keys() {
            assert!(
                page.contains(&format!("<strong>{}</strong> {path}</code>", method.to_uppercase())),
                "{method} {path}"
            );
        }
    }
    for code in credential::Code::ALL {
        assert!(page.contains(&format!("id=\"code-{}\"", code.as_str())), "{}", code.as_str());
    }
    assert!(page.contains("curl https://passport.example/api/partner/v1/oauth/token"));
    for path in ["/api/nothing", "/api/partner/v2/add/requests/career_history"] {
        let problem = test.get(path).await.json();
        let anchor = problem["type"].as_str().expect("a type").split_once('#').expect("an anchor").1;
        assert!(page.contains(&format!("id=\"{anchor}\"")), "{anchor}");
    }
    assert!(page.contains("fields.employment[].last_processed_month"));
}
