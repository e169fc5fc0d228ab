//! The page `/verify`.

use crate::support::app::TestApp;

#[tokio::test]
async fn only_the_verify_page_may_contact_other_sites() {
    let test = TestApp::new().await;
    let page = test.get("/verify").await.assert_status(200);
    let policy = page.header("content-security-policy");
    assert!(policy.contains("connect-src 'self' https:;"), "{policy}");
    for kept in ["default-src 'none'", "script-src 'self';", "form-action 'self'", "frame-ancestors 'none'"] {
        assert!(policy.contains(kept), "{kept}: {policy}");
    }
    let other = test.get("/").await.assert_status(200);
    assert!(other.header("content-security-policy").contains("connect-src 'self';"));
    assert!(other.text.contains("<a href=\"/verify\">Verify a token</a>"), "{}", other.text);
}

#[tokio::test]
async fn page_sends_nothing_and_explains_itself_without_scripts() {
    let test = TestApp::new().await;
    let page = test.text("/verify").await;
    assert!(page.contains("<form id=\"token-form\" hidden>"), "{page}");
    let form = page.split("<form id=\"token-form\"").nth(1).and_then(|after| after.split("</form>").next());
    assert!(!form.expect("the form").contains(" name="), "what has no name is not sent");
    let without = page.split("<noscript>").nth(1).and_then(|after| after.split("</noscript>").next());
    assert!(without.is_some_and(|text| text.contains("JavaScript") && text.contains("tenure verify")), "{page}");
    assert!(!page.contains("Unknown localization key"), "{page}");
}
