//! Several browsers request codes for one address: a stranger can neither lock the owner out nor
//! sign in.

use std::time::Duration;

use axum::body::Body;
use axum::http::Request;

use crate::support::app::TestApp;
use crate::support::browser::Browser;
use crate::support::response::TestResponse;

const HOUR: Duration = Duration::from_secs(3600);

fn wrong(code: &str) -> String {
    format!("{:06}", (code.parse::<u32>().expect("digits") + 1) % 1_000_000)
}

/// Requests a code for `email` with the cookies of `browser`, from the network address `address`.
async fn ask_from(browser: &Browser<'_>, test: &TestApp, email: &str, address: &str) -> TestResponse {
    let cookies: Vec<String> = browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let request = Request::post("/sign-in")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "same-origin")
        .header("cookie", cookies.join("; "))
        .header("x-forwarded-for", address);
    test.send(request.body(Body::from(format!("email={}", email.replace('@', "%40")))).expect("a request")).await
}

/// Returns a browser without cookies in the network of `address`.
fn browser_at<'a>(test: &'a TestApp, address: &str) -> Browser<'a> {
    let mut browser = test.browser();
    browser.address = Some(address.to_owned());
    browser
}

/// Requests four codes for `email` from each of `networks`, in new browsers; returns how many were
/// sent.
async fn flood(test: &TestApp, email: &str, networks: impl Iterator<Item = String>) -> usize {
    let mut sent = 0;
    for network in networks {
        for _ in 0..4 {
            sent += usize::from(ask_from(&test.browser(), test, email, &network).await.status == 303);
        }
    }
    sent
}

/// Returns a network address in each of `count` blocks of one provider.
fn blocks(provider: u8, count: u8) -> impl Iterator<Item = String> {
    (0..count).map(move |block| format!("10.{provider}.{block}.1"))
}

/// Starts an application behind one proxy.
async fn behind_a_proxy(settings: &[(&str, &str)]) -> TestApp {
    TestApp::builder().setting("server.trusted_proxies", "1").settings(settings).start().await
}

#[tokio::test]
async fn code_requests_of_strangers_leave_earlier_codes_valid() {
    let test = TestApp::new().await;
    let mut person = test.browser();
    let page = person.ask_for_code("ada@example.org").await;
    let code = test.newest_code().await;
    let mut stranger = test.browser();
    let strange_page = stranger.ask_for_code("ada@example.org").await;
    let strange_code = test.newest_code().await;
    for _ in 0..5 {
        stranger.post(&strange_page, &[("code", &wrong(&strange_code))]).await.assert_status(422);
    }
    assert_eq!(person.post(&page, &[("code", &code)]).await.redirect(), "/wallet");
}

#[tokio::test]
async fn code_is_valid_only_in_the_browser_that_requested_it() {
    let test = TestApp::new().await;
    let mut person = test.browser();
    let page = person.ask_for_code("ada@example.org").await;
    let code = test.newest_code().await;
    let mut empty = test.browser();
    let mut busy = test.browser();
    busy.ask_for_code("eve@example.org").await;
    for other in [&mut empty, &mut busy] {
        let shown = other.get(&page).await;
        assert!(shown.text.contains("You asked for this code in another browser"), "{}", shown.text);
        for _ in 0..6 {
            let answer = other.post(&page, &[("code", &code)]).await.assert_status(422);
            assert!(answer.text.contains("another browser") && answer.text.contains("href=\"/sign-in\""));
        }
        assert_eq!(other.post(&format!("{page}/again"), &[]).await.redirect(), "/sign-in");
        other.get("/wallet").await.assert_status(303);
    }
    assert_eq!(test.mails().await.len(), 2, "no other browser has a code mailed to somebody's address");
    assert_eq!(person.post(&page, &[("code", &code)]).await.redirect(), "/wallet");
}

#[tokio::test]
async fn each_code_of_a_browser_works_on_each_of_its_pages() {
    let test = TestApp::new().await;
    for (use_first_code, use_first_page) in [(true, true), (true, false), (false, true), (false, false)] {
        let mut person = test.browser();
        let first_page = person.ask_for_code("ada@example.org").await;
        let first = test.newest_code().await;
        test.advance(Duration::from_secs(1));
        let second_page = person.post(&format!("{first_page}/again"), &[]).await.redirect().to_owned();
        let second = test.newest_code().await;
        let code = if use_first_code { &first } else { &second };
        let page = if use_first_page { &first_page } else { &second_page };
        person.post(page, &[("code", code)]).await.assert_status(303);
        person.get("/wallet").await.assert_status(200);
        test.advance(HOUR);
    }
}

#[tokio::test]
async fn codes_in_parallel_give_no_more_guesses() {
    let test = TestApp::new().await;
    let mut guesser = test.browser();
    let mut pages = Vec::new();
    let mut codes = Vec::new();
    for _ in 0..4 {
        pages.push(guesser.ask_for_code("ada@example.org").await);
        codes.push(test.newest_code().await);
    }
    // A number that is none of the codes.
    let guess = (0..).map(|number| format!("{number:06}")).find(|guess| !codes.contains(guess)).expect("one");
    let mut compared = 0;
    for page in pages.iter().cycle().take(20) {
        let answer = guesser.post(page, &[("code", &guess)]).await.assert_status(422);
        compared += u32::from(answer.text.contains("That code is wrong."));
    }
    assert_eq!(compared, 4, "the fifth guess uses up the tries of all four codes");
    for (page, code) in pages.iter().zip(&codes) {
        guesser.post(page, &[("code", code)]).await.assert_status(422);
    }
}

#[tokio::test]
async fn codes_are_limited_by_address_and_network() {
    let test = behind_a_proxy(&[("sign_in.codes_per_address", "2"), ("sign_in.codes_per_ip_per_hour", "4")]).await;
    let ask = async |email: &str, network: &str| ask_from(&test.browser(), &test, email, network).await;
    ask("ada@example.org", "192.0.2.1").await.assert_status(303);
    ask("ADA@example.org", "192.0.2.1:5432").await.assert_status(303);
    let refused = ask("ada@example.org", "192.0.2.1").await.assert_status(429);
    assert!(refused.header("retry-after").parse::<u32>().expect("seconds") > 60);
    assert!(refused.text.contains("Too many attempts"), "{}", refused.text);
    assert!(refused.text.contains("<a href=\"\">Try again</a>"), "the same page: {}", refused.text);
    ask("ada@example.org", "192.0.2.2").await.assert_status(303);
    ask("eve@example.org", "192.0.2.1").await.assert_status(303);
    ask("bob@example.org", "192.0.2.1").await.assert_status(429);
    // The networks of a block share a limit, which leaves capacity for other blocks.
    ask("ada@example.org", "192.0.2.3").await.assert_status(303);
    ask("ada@example.org", "192.0.2.4").await.assert_status(429);
    for network in ["2001:db8:1:1::1", "2001:db8:1:1::2", "2001:db8:1:2::1", "2001:db8:1:3::1"] {
        ask("ada@example.org", network).await.assert_status(303);
    }
    ask("ada@example.org", "2001:db8:1:4::1").await.assert_status(429);
    test.advance(HOUR);
    ask("ada@example.org", "192.0.2.1").await.assert_status(303);
}

#[tokio::test]
async fn strangers_cannot_use_up_the_limits_of_a_known_browser() {
    let test = behind_a_proxy(&[("sign_in.codes_per_address", "3")]).await;
    let mut known = test.signed_in("ada@example.org").await;
    known.post("/sign-out", &[]).await.assert_status(303);
    for network in 0..20 {
        for _ in 0..4 {
            ask_from(&test.browser(), &test, "ada@example.org", &format!("192.0.{network}.1")).await;
        }
    }
    let email = "ada@example.org";
    // A network without earlier requests has a reserve of two codes.
    for status in [303, 303, 429] {
        ask_from(&test.browser(), &test, email, "198.51.100.1").await.assert_status(status);
    }
    for _ in 0..3 {
        ask_from(&known, &test, email, "192.0.2.1").await.assert_status(303);
    }
    ask_from(&known, &test, email, "192.0.2.1").await.assert_status(429);
    ask_from(&known, &test, "eve@example.org", "192.0.2.1").await.assert_status(303);
    // The cookie of another account and a forged cookie raise no limit.
    for cookie in [test.signed_in("eve@example.org").await.cookies["tenure-known-browser"].clone(), "A".repeat(43)] {
        let mut forger = test.browser();
        forger.cookies.insert("tenure-known-browser".to_owned(), cookie);
        ask_from(&forger, &test, email, "198.51.100.1").await.assert_status(429);
    }
    test.advance(HOUR);
    assert_eq!(known.sign_in(email).await, "/wallet");
}

#[tokio::test]
async fn known_browser_requests_codes_for_each_of_its_accounts() {
    let test = TestApp::builder().setting("sign_in.codes_per_ip_per_hour", "2").start().await;
    let mut family = test.browser();
    for email in ["ada@example.org", "bea@example.org", "ada@example.org", "bea@example.org", "ada@example.org"] {
        family.sign_in(email).await;
        family.post("/sign-out", &[]).await.assert_status(303);
    }
    test.browser().post("/sign-in", &[("email", "ada@example.org")]).await.assert_status(429);
}

#[tokio::test]
async fn wrong_codes_of_strangers_leave_a_code_valid() {
    let test = behind_a_proxy(&[]).await;
    let mut person = browser_at(&test, "198.51.100.1");
    let page = person.ask_for_code("ada@example.org").await;
    let code = test.newest_code().await;
    // Some strangers are in the person's own network.
    for address in (0..3).map(|_| "198.51.100.1".to_owned()).chain(blocks(0, 41)) {
        let mut stranger = browser_at(&test, &address);
        let strange_page = stranger.ask_for_code("ada@example.org").await;
        let strange_code = test.newest_code().await;
        for _ in 0..5 {
            stranger.post(&strange_page, &[("code", &wrong(&strange_code))]).await.assert_status(422);
        }
    }
    assert_eq!(person.post(&page, &[("code", &code)]).await.redirect(), "/wallet");
}

#[tokio::test]
async fn code_requests_of_strangers_leave_codes_for_others() {
    let test = behind_a_proxy(&[]).await;
    let email = "ada@example.org";
    assert!(flood(&test, email, blocks(0, 60)).await >= 60);
    let mut person = browser_at(&test, "198.51.100.1");
    let page = person.ask_for_code(email).await;
    let code = test.newest_code().await;
    for _ in 0..4 {
        person.post(&page, &[("code", &wrong(&code))]).await.assert_status(422);
    }
    assert_eq!(person.post(&page, &[("code", &code)]).await.redirect(), "/wallet");
}

#[tokio::test]
async fn codes_for_an_address_are_bounded_by_networks_and_day() {
    let test = behind_a_proxy(&[]).await;
    let email = "ada@example.org";
    for _ in 0..2 {
        assert_eq!(flood(&test, email, blocks(0, 15)).await, 60, "all networks together");
        assert_eq!(flood(&test, email, blocks(1, 5)).await, 2 * 5, "the reserve of each block");
        assert_eq!(flood(&test, email, blocks(2, 20)).await, 32, "all blocks of a provider");
        let sites = (0..20).map(|site| format!("2001:db8:{site}::1"));
        assert_eq!(flood(&test, email, sites).await, 32, "all sites of a provider");
        test.advance(24 * HOUR);
    }
}

#[tokio::test]
async fn tries_without_a_pending_code_are_limited_by_network() {
    let test = TestApp::builder().setting("sign_in.codes_per_ip_per_hour", "1").start().await;
    let mut guesser = test.browser();
    let page = guesser.ask_for_code("ada@example.org").await;
    let code = test.newest_code().await;
    // Five tries invalidate the code; the network may try five more times without a pending code.
    for _ in 0..10 {
        guesser.post(&page, &[("code", &wrong(&code))]).await.assert_status(422);
    }
    guesser.post(&page, &[("code", &wrong(&code))]).await.assert_status(429);
    test.advance(HOUR);
    test.signed_in("ada@example.org").await;
}

#[tokio::test]
async fn address_that_looks_alike_is_rejected_or_the_same() {
    let test = TestApp::builder().setting("sign_in.codes_per_address", "2").start().await;
    let mut mike = test.signed_in("Mike@Example.org").await;
    let account = mike.get("/wallet/export").await.json()["account"].clone();
    for email in [
        "mi\u{212a}e@example.org",
        "mi\u{ad}ke@example.org",
        "mike\u{200b}@example.org",
        "mike@[192.0.2.1]",
        "mike@relay",
    ] {
        test.browser().post("/sign-in", &[("email", email)]).await.assert_status(422);
    }
    assert_eq!(test.mails().await.len(), 1);
    let mut other = test.browser();
    other.sign_in("MIKE@exam\u{ad}ple.ORG").await;
    assert_eq!(other.get("/wallet/export").await.json()["account"], account);
    let mails = test.mails().await;
    assert!(mails[1].contains("To: Mike@example.org"), "to the address as stored: {}", mails[1]);
    test.browser().post("/sign-in", &[("email", "mike@\u{ff45}xample.org")]).await.assert_status(429);
}

#[tokio::test]
async fn incomplete_code_counts_as_no_attempt() {
    let test = TestApp::new().await;
    let mut person = test.browser();
    let page = person.ask_for_code("ada@example.org").await;
    let code = test.newest_code().await;
    for incomplete in ["", "12345", "1234567", "abcdef", "12345x"] {
        for _ in 0..3 {
            let refused = person.post(&page, &[("code", incomplete)]).await.assert_status(422);
            assert!(refused.text.contains("Enter all 6 digits of the code"), "{incomplete}: {}", refused.text);
            assert!(refused.text.contains("aria-invalid=\"true\" aria-describedby=\"problem\""));
        }
    }
    let typed = format!(" {} {}-{} ", &code[..2], &code[2..4], &code[4..]);
    assert_eq!(person.post(&page, &[("code", &typed)]).await.redirect(), "/wallet");
}

#[tokio::test]
async fn code_page_masks_the_address() {
    let test = TestApp::new().await;
    let mut person = test.browser();
    let page = person.ask_for_code("ada@example.org").await;
    let code = test.newest_code().await;
    let mail = test.mails().await.pop().expect("a mail");
    assert!(mail.contains(&format!("Subject: {code} is your Tenure code")), "{mail}");
    let shown = person.post(&page, &[("code", "1")]).await.assert_status(422).text;
    assert!(shown.contains("We sent a 6-digit code to a***@example.org. It expires in 10 minutes."), "{shown}");
    assert!(!shown.contains("ada@example.org"));
    let other = test.browser().post(&page, &[("code", "1")]).await.assert_status(422).text;
    assert!(!other.contains("example.org"), "{other}");
}

#[tokio::test]
async fn code_page_says_how_much_time_is_left() {
    let test = TestApp::new().await;
    let mut person = test.browser();
    let page = person.ask_for_code("ada@example.org").await;
    for (passed, left) in [(0, "10 minutes"), (65, "9 minutes"), (7 * 60, "2 minutes"), (70, "less than a minute")] {
        test.advance(Duration::from_secs(passed));
        let shown = person.text(&page).await;
        assert!(shown.contains(&format!("It expires in {left}.</time>")), "{left}: {shown}");
        let wrong = person.post(&page, &[("code", "1")]).await.assert_status(422).text;
        assert!(wrong.contains(&format!("It expires in {left}.</time>")), "{left}: {wrong}");
        assert!(wrong.contains("<title>Error: Enter your code"), "{wrong}");
    }
}

#[tokio::test]
async fn code_page_of_no_sign_in_promises_no_code() {
    let test = TestApp::new().await;
    let mut person = test.browser();
    let page = person.ask_for_code("ada@example.org").await;
    let code = test.newest_code().await;
    person.text(&page).await;
    let ended = "This code has expired or was already used.";
    for unknown in ["00000000-0000-4000-8000-000000000007", &page["/sign-in/".len()..]] {
        test.advance(Duration::from_secs(601));
        let shown = person.get(&format!("/sign-in/{unknown}")).await.assert_status(422).text;
        assert!(shown.contains(ended) && !shown.contains("We sent a 6-digit code"), "{unknown}: {shown}");
    }
    assert!(person.post(&page, &[("code", &code)]).await.assert_status(422).text.contains(ended));
}
