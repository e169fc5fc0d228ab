//! Sign-in by emailed code, and sessions.

use std::time::Duration;

use crate::support::app::TestApp;
use crate::support::browser::Browser;
use axum::body::Body;
use axum::http::Request;

const MINUTE: Duration = Duration::from_secs(60);

/// Returns a code that differs from `code`.
fn wrong(code: &str) -> String {
    format!("{:06}", (code.parse::<u32>().expect("digits") + 1) % 1_000_000)
}

async fn is_signed_in(browser: &mut Browser<'_>) -> bool {
    browser.get("/wallet").await.status == 200
}

#[tokio::test]
async fn mailed_code_signs_in_once() {
    let test = TestApp::new().await;
    let mut person = test.browser();
    let page = person.ask_for_code("ada@example.org").await;
    let code = test.newest_code().await;
    let mail = test.mails().await.pop().expect("a mail");
    assert!(mail.contains("To: ada@example.org"), "{mail}");
    let form = person.get(&page).await.assert_status(200);
    assert!(form.text.contains("autocomplete=\"one-time-code\"") && !form.text.contains("ada@example.org"));
    assert_eq!(person.post(&page, &[("code", &code)]).await.redirect(), "/wallet");
    assert!(is_signed_in(&mut person).await);
    let mut thief = test.browser();
    thief.post(&page, &[("code", &code)]).await.assert_status(422);
    assert!(!is_signed_in(&mut thief).await);
}

#[tokio::test]
async fn spaces_in_a_code_are_ignored() {
    let test = TestApp::new().await;
    let mut person = test.browser();
    let page = person.ask_for_code("ada@example.org").await;
    let code = test.newest_code().await;
    person.post(&page, &[("code", &format!(" {} {} ", &code[..3], &code[3..]))]).await.assert_status(303);
}

#[tokio::test]
async fn five_wrong_codes_invalidate_the_code() {
    let test = TestApp::new().await;
    let mut person = test.browser();
    let page = person.ask_for_code("ada@example.org").await;
    let code = test.newest_code().await;
    for left in ["4 attempts left", "3 attempts left", "2 attempts left", "1 attempt left"] {
        let answer = person.post(&page, &[("code", &wrong(&code))]).await.assert_status(422);
        assert!(answer.text.contains(left), "{left}: {}", answer.text);
    }
    let last = person.post(&page, &[("code", &wrong(&code))]).await.assert_status(422);
    assert!(last.text.contains("Too many wrong codes"));
    person.post(&page, &[("code", &code)]).await.assert_status(422);
    assert!(!is_signed_in(&mut person).await);
}

#[tokio::test]
async fn concurrent_code_attempts_are_counted_separately() {
    let test = TestApp::new().await;
    let mut person = test.browser();
    let page = person.ask_for_code("ada@example.org").await;
    let code = test.newest_code().await;
    let tries = (0..20).map(|_| async {
        let mut tab = test.browser();
        tab.cookies.clone_from(&person.cookies);
        let answer = tab.post(&page, &[("code", &wrong(&code))]).await;
        answer.text.contains("That code is wrong.") as u32
    });
    let counted: u32 = futures::future::join_all(tries).await.into_iter().sum();
    assert_eq!(counted, 4);
    person.post(&page, &[("code", &code)]).await.assert_status(422);
}

#[tokio::test]
async fn code_expires_after_ten_minutes() {
    let test = TestApp::new().await;
    for (age, status) in [(10 * MINUTE - Duration::from_secs(1), 303), (10 * MINUTE, 422)] {
        let mut person = test.browser();
        let page = person.ask_for_code("ada@example.org").await;
        let code = test.newest_code().await;
        test.advance(age);
        person.post(&page, &[("code", &code)]).await.assert_status(status);
    }
}

#[tokio::test]
async fn sign_in_does_not_reveal_whether_an_account_exists() {
    let test = TestApp::new().await;
    test.signed_in("known@example.org").await;
    let before = test.mails().await.len();
    let mut pages = Vec::new();
    for email in ["known@example.org", "stranger@example.org"] {
        let mut person = test.browser();
        let location = person.ask_for_code(email).await;
        let page = person.get(&location).await.assert_status(200);
        let id = location.rsplit('/').next().expect("an id").to_owned();
        let masked = format!("{}***@example.org", &email[..1]);
        assert!(page.text.contains(&masked), "{masked}: {}", page.text);
        pages.push(page.text.replace(&id, "ID").replace(&masked, "ADDRESS"));
    }
    assert_eq!(pages[0], pages[1]);
    let mails = test.mails().await.split_off(before);
    assert_eq!(mails.len(), 2);
    let text = |mail: &str| mail.split_once("\r\n\r\n").expect("a body").1.replace(|c: char| c.is_ascii_digit(), "0");
    assert_eq!(text(&mails[0]), text(&mails[1]));
}

#[tokio::test]
async fn email_spellings_lead_to_one_account() {
    let test = TestApp::new().await;
    let holder = async |email: &str| {
        let export = test.signed_in(email).await.get("/wallet/export").await.assert_status(200).json();
        export["account"].clone()
    };
    let first = holder("ada@example.org").await;
    assert_eq!(holder("  ADA@Example.ORG ").await, first);
    assert_ne!(holder("eve@example.org").await, first);
}

#[tokio::test]
async fn invalid_email_is_rejected_and_the_form_is_kept() {
    let test = TestApp::new().await;
    for email in ["", "ada", "ada@", "a b@example.org", "<script>@"] {
        let answer = test.browser().post("/sign-in", &[("email", email)]).await.assert_status(422);
        assert!(answer.text.contains("aria-invalid=\"true\"") && !answer.text.contains("<script>@"), "{email}");
    }
    assert!(test.mails().await.is_empty());
}

#[tokio::test]
async fn cross_site_form_is_rejected() {
    let test = TestApp::new().await;
    let mut person = test.signed_in("ada@example.org").await;
    let cookie: Vec<String> = person.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    for (name, value) in
        [("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site"), ("origin", "https://evil.example")]
    {
        let request = Request::post("/account/delete")
            .header("cookie", cookie.join("; "))
            .header("host", "localhost:8080")
            .header("content-type", "application/x-www-form-urlencoded")
            .header(name, value);
        test.send(request.body(Body::from("understood=yes")).expect("a request")).await.assert_status(403);
    }
    assert!(is_signed_in(&mut person).await);
}

#[tokio::test]
async fn own_form_with_an_opaque_origin_is_accepted() {
    let test = TestApp::new().await;
    let request = |site: Option<&str>| {
        let request = Request::post("/sign-in")
            .header("host", "localhost:8080")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("origin", "null");
        let request = match site {
            Some(site) => request.header("sec-fetch-site", site),
            None => request,
        };
        request.body(Body::from("email=ada%40example.org")).expect("a request")
    };
    for (site, status) in [(None, 303), (Some("same-origin"), 303), (Some("cross-site"), 403), (Some("same-site"), 403)]
    {
        test.send(request(site)).await.assert_status(status);
    }
}

#[tokio::test]
async fn session_cookie_is_host_only_and_secure() {
    let test = TestApp::builder().setting("server.base_url", "https://passport.example").start().await;
    let mut person = test.browser();
    let page = person.ask_for_code("ada@example.org").await;
    let code = test.newest_code().await;
    let answer = person.post(&page, &[("code", &code)]).await.assert_status(303);
    let cookies: Vec<_> =
        answer.headers.get_all("set-cookie").iter().map(|value| value.to_str().expect("readable")).collect();
    let session = cookies.iter().find(|cookie| cookie.starts_with("__Host-tenure-session=")).expect("a session");
    for attribute in ["; Path=/", "; HttpOnly", "; SameSite=Lax", "; Secure"] {
        assert!(session.contains(attribute), "{session}");
    }
    assert_eq!(answer.header("strict-transport-security"), "max-age=31536000");
    assert!(is_signed_in(&mut person).await);
}

#[tokio::test]
async fn sessions_end_by_sign_out_and_by_inactivity() {
    let test = TestApp::new().await;
    let mut phone = test.signed_in("ada@example.org").await;
    let mut desktop = test.signed_in("ada@example.org").await;
    let mut tablet = test.signed_in("ada@example.org").await;
    let stolen = tablet.cookies.clone();
    assert!(tablet.text("/account").await.contains("3 browsers"));
    tablet.post("/sign-out", &[]).await.assert_status(303);
    tablet.cookies = stolen;
    assert!(!is_signed_in(&mut tablet).await, "the cookie is worth nothing after sign-out");
    phone.post("/account/sign-out-everywhere", &[]).await.assert_status(303);
    assert!(!is_signed_in(&mut phone).await && !is_signed_in(&mut desktop).await);
    let mut again = test.signed_in("ada@example.org").await;
    for _ in 0..3 {
        test.advance(Duration::from_secs(29 * 86_400));
        assert!(is_signed_in(&mut again).await, "each visit prolongs it");
    }
    test.advance(Duration::from_secs(30 * 86_400));
    assert!(!is_signed_in(&mut again).await);
}
