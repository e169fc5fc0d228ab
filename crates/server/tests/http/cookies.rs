//! Browsers that do not keep cookies get an explanation instead of the same form again.

use crate::support::app::TestApp;
use crate::support::response::TestResponse;

#[track_caller]
fn assert_explained(response: TestResponse, again: &str) {
    let page = response.assert_status(400).text;
    assert!(page.contains("<h1>Allow cookies for this site</h1>"), "{page}");
    assert!(page.contains(&format!("href=\"{again}\"")) && !page.contains("<form"), "{page}");
}

#[tokio::test]
async fn sign_in_without_cookies_asks_to_allow_them() {
    let test = TestApp::new().await;
    let mut person = test.browser();
    let sent = person.post("/sign-in", &[("email", "ada@example.org")]).await.redirect().to_owned();
    let page = person.get(&sent).await.redirect().to_owned();
    assert!(page.starts_with("/sign-in/") && !page.contains('?'), "an address to reload: {page}");
    assert!(person.text(&page).await.contains("name=\"code\""));
    person.cookies.clear();
    assert_explained(person.get(&sent).await, "/sign-in");
}

#[tokio::test]
async fn console_sign_in_without_cookies_asks_to_allow_them() {
    let test = TestApp::new().await;
    let partner = test.partner().await;
    let mut browser = test.browser();
    let id = partner.id.to_string();
    let form = [("client_id", &*id), ("client_secret", &*partner.secret), ("to", "/console/webhooks")];
    let sent = browser.post("/console/sign-in", &form).await.redirect().to_owned();
    assert_eq!(browser.get(&sent).await.redirect(), "/console/webhooks");
    browser.cookies.clear();
    assert_explained(browser.get(&sent).await, "/console/sign-in");
}

#[tokio::test]
async fn shared_page_without_cookies_asks_to_allow_them() {
    let test = TestApp::new().await;
    let token = test.token(&test.partner().await).await;
    let id = test.push(&token, "1").await;
    let mut person = test.signed_in("ada@example.org").await;
    person.accept(id).await;
    let part = format!("{id}/employment/0");
    let form = [("part", &*part), ("days", "14"), ("passcode", "open sesame")];
    let own = person.post(&format!("/wallet/credentials/{id}/share"), &form).await.redirect().to_owned();
    let page = person.text(&own).await;
    let link = page.split("<code id=\"share-link\">").nth(1).and_then(|after| after.split('<').next()).expect("a link");
    let link = &link[link.find("/share/").expect("a path")..];
    let mut hirer = test.browser();
    let sent = hirer.post(link, &[("passcode", "open sesame")]).await.redirect().to_owned();
    hirer.cookies.clear();
    assert_explained(hirer.get(&sent).await, link);
}
