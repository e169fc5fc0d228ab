//! Logs and metrics contain no personal data, and every log line of a request has its id.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::tenure::{PUSH, Server, request, until};

const ASK: &str = "/api/partner/v2/verify/requests/career_history";

/// Secrets that no log may contain, besides the markers.
struct Secrets {
    client: String,
    token: String,
    /// The secret part of the link.
    content: String,
    code: String,
    session: String,
    /// The secret part of the verification request's link.
    asked: String,
    /// The secret of a shared link.
    share: String,
}

/// A minimal browser for signing in: the location and the cookies.
fn form(server: &Server, path: &str, cookies: &str, body: &str) -> (String, String) {
    let headers =
        [("Cookie", cookies), ("Content-Type", "application/x-www-form-urlencoded"), ("Sec-Fetch-Site", "same-origin")];
    let answer = request(server.port, "POST", path, &headers, body).expect("an answer");
    let value = |name: &str| {
        let lines = answer.head.lines().filter_map(|line| line.strip_prefix(name));
        lines.map(|value| value.trim().split(';').next().unwrap_or_default().to_owned()).collect::<Vec<_>>().join("; ")
    };
    (value("location:"), value("set-cookie:"))
}

fn mailed_code(server: &Server) -> String {
    until("the code", || {
        let mail = std::fs::read_dir(server.data.join("mail"))
            .ok()?
            .filter_map(Result::ok)
            .find(|entry| entry.path().extension().is_some_and(|extension| extension == "eml"))?;
        let text = std::fs::read_to_string(mail.path()).ok()?;
        text.split("Your code is ").nth(1).map(|rest| rest[..6].to_owned())
    })
}

/// A partner pushes, and a holder signs in and accepts; every value has a marker.
fn push_and_accept(server: &Server) -> Secrets {
    let partner = server.add_partner(&[]);
    let text = |value: &Value, name: &str| value[name].as_str().expect("a text").to_owned();
    let client = text(&partner, "client_secret");
    let token = crate::tenure::token(server.port, &text(&partner, "client_id"), &client).expect("a token");
    let pushed = server.push(&token, "marked-credential").expect("an answer");
    assert_eq!(pushed.status, 201);
    let content = text(&pushed.json(), "request_id");
    let (location, link) = form(server, "/partner/add/careerHistory", "", &format!("content={content}"));
    assert_eq!(location, "/sign-in");
    let (page, asked) = form(server, "/sign-in", &link, "email=marked-address%40example.org");
    let link = format!("{link}; {asked}");
    let code = mailed_code(server);
    let wrong = if code == "000000" { "000001" } else { "000000" };
    assert_eq!(form(server, &page, &link, &format!("code={wrong}")).0, "", "a wrong code stays on the page");
    let (location, cookies) = form(server, &page, &link, &format!("code={code}"));
    assert_eq!(location, format!("/requests/{content}"));
    let session = cookies.split("session=").nth(1).expect("a session").split(';').next().expect("a value").to_owned();
    assert_eq!(form(server, &format!("/requests/{content}/accept"), &cookies, "").0, "/wallet");
    let asked = ask_and_share(server, &token, &cookies, &content);
    let share = share(server, &cookies, &content);
    Secrets { client, token, content, code, session, asked, share }
}

/// The holder shares the credential accepted as `content`, and a hirer opens the link; returns the
/// link's secret.
fn share(server: &Server, cookies: &str, content: &str) -> String {
    let parts = format!("part={content}/employment/0&days=14&purpose=marked-purpose");
    let (page, _) = form(server, &format!("/wallet/credentials/{content}/share"), cookies, &parts);
    let page = request(server.port, "GET", &page, &[("Cookie", cookies)], "").expect("an answer").body;
    let secret = page.split("/share/").nth(1).expect("a link");
    let secret: String =
        secret.chars().take_while(|next| next.is_ascii_alphanumeric() || "-_".contains(*next)).collect();
    assert_eq!(server.get(&format!("/share/{secret}")).expect("an answer").status, 200);
    secret
}

/// A partner requests the credential accepted as `content`, and the holder shares it; returns the
/// link's secret.
fn ask_and_share(server: &Server, token: &str, cookies: &str, content: &str) -> String {
    let bearer = format!("Bearer {token}");
    let headers = [("Authorization", &*bearer), ("Content-Type", "application/json")];
    let body = r#"{"request_id": "marked-request", "purpose": "marked-purpose"}"#;
    let answer = request(server.port, "POST", ASK, &headers, body).expect("an answer");
    let link = answer.json()["redirect_uri"].as_str().expect("a link").to_owned();
    let asked = link.rsplit_once("content=").expect("a content").1.to_owned();
    let (page, _) = form(server, "/partner/verify/careerHistory", cookies, &format!("content={asked}"));
    let parts = format!("credential={content}&part={content}/full_name");
    assert_eq!(form(server, &format!("{page}/share"), cookies, &parts).0, page);
    asked
}

/// Returns a token with markers everywhere. Its issuer is on this machine, so it is not contacted.
fn marked_token() -> String {
    let payload = json!({
        "iss": "https://127.0.0.1/marked-issuer",
        "vct": "https://127.0.0.1/marked-type",
        "full_name": "marked-name",
    });
    let part = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
    format!("{}.{}.AA~", part(&json!({ "alg": "ES256", "typ": "dc+sd-jwt" })), part(&payload))
}

/// Sends failing requests with markers everywhere.
fn go_wrong(server: &Server, token: &str) {
    let bearer = format!("Bearer {token}");
    let marked = [
        ("Authorization", &*bearer),
        ("Content-Type", "application/json"),
        ("X-Request-Id", "marked-header@example.org"),
        ("Idempotency-Key", "marked-key"),
        ("User-Agent", "marked-agent"),
        ("Referer", "https://marked-referer.example/"),
    ];
    for (method, path, body) in [
        ("POST", &*format!("{PUSH}?marked-query"), "{\"marked-member\": \"marked-value\""),
        ("POST", PUSH, "{\"marked-member\": \"marked-value\"}"),
        ("GET", "/marked-path", ""),
        ("MARKED", "/wallet", ""),
        ("GET", "/api/partner/v1/submissions/marked-id/status", ""),
        ("POST", "/api/partner/v1/submissions/status", "{\"ids\": [\"marked-id\"]}"),
        ("POST", ASK, "{\"purpose\": \"marked-purpose\", \"callback_url\": \"https://marked.example/\"}"),
        ("GET", "/api/partner/v2/verify/requests/marked-id", ""),
        (
            "POST",
            "/api/partner/v2/verify/token",
            &json!({ "token": marked_token(), "nonce": "marked-nonce" }).to_string(),
        ),
        ("POST", "/api/partner/v1/oauth/token", "marked-form"),
        ("POST", "/sign-in", "email=marked-no-address"),
    ] {
        request(server.port, method, path, &marked, body).expect("an answer");
    }
    let wrong = [("Authorization", "Bearer marked.forged.token")];
    assert_eq!(request(server.port, "POST", PUSH, &wrong, "{}").expect("an answer").status, 401);
    let chosen = [("X-Request-Id", "chosen:by.the_caller-7")];
    assert_eq!(request(server.port, "GET", "/nothing", &chosen, "").expect("an answer").status, 404);
}

/// Returns whether `text` contains `secret` as a word; six digits may also be part of a time.
fn is_in(text: &str, secret: &str) -> bool {
    let is_edge = |next: Option<char>| next.is_none_or(|next| !next.is_ascii_alphanumeric());
    text.match_indices(secret)
        .any(|(at, found)| is_edge(text[..at].chars().next_back()) && is_edge(text[at + found.len()..].chars().next()))
}

/// Asserts that every line is a JSON object, and that every line of a request has its id.
fn check_lines(log: &str) {
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect("a JSON object a line")).collect();
    let mut answered = 0;
    for line in &lines {
        let target = line["target"].as_str().expect("a target");
        let outside = ["tenure::server", "tenure::cli", "tenure::jobs"].iter().any(|module| target.starts_with(module));
        if target.starts_with("tenure::") && !outside {
            assert!(line["span"]["id"].as_str().is_some_and(|id| !id.is_empty()), "no request id in {line}");
        }
        answered += usize::from(line["message"] == "answered");
    }
    assert!(answered > 15, "{log}");
    let chosen = lines.iter().filter(|line| line["span"]["id"] == "chosen:by.the_caller-7");
    assert_eq!(chosen.filter(|line| line["message"] == "answered").count(), 1, "{log}");
}

#[test]
fn logs_and_metrics_contain_no_personal_data() {
    let folder = tempfile::tempdir().expect("a folder");
    let filter = [("TENURE_LOG__FILTER", "trace")];
    let server = Server::start(&folder.path().join("data"), &[], &filter);
    let secrets = push_and_accept(&server);
    go_wrong(&server, &secrets.token);
    let metrics = server.get("/metrics").expect("an answer").body;
    assert!(metrics.contains("tenure_http_requests_total"), "{metrics}");
    assert!(metrics.contains("tenure_verifications_total{outcome=\"verified\"} 1"), "{metrics}");
    // Waits for the last request's line, because a separate thread writes the log.
    let log = until("the whole log", || Some(server.log()).filter(|log| log.contains("chosen:by.the_caller-7")));
    let Secrets { client, token, content, code, session, asked, share } = &secrets;
    let verified = marked_token();
    for (text, name) in [(&log, "the log"), (&metrics, "the metrics"), (&server.output(), "standard output")] {
        assert!(!text.to_lowercase().contains("marked"), "a mark in {name}: {text}");
        for secret in [client, token, content, code, session, asked, share, &verified] {
            assert!(!is_in(text, secret), "{secret} in {name}: {text}");
        }
    }
    check_lines(&log);
}
