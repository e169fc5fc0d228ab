//! No log line and no metric holds what belongs to a person, and every line of a request carries its id.

use serde_json::Value;

use crate::tenure::{Server, request, until};

/// A person's browser, as far as the sign-in needs one.
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

#[test]
fn logs_and_metrics_know_nothing_of_people() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(
        &folder.path().join("data"),
        &[],
        &[("TENURE_LOG__FILTER", "info,tenure=trace,tower_http=trace")],
    );
    let partner = server.add_partner(&[]);
    let secret = partner["client_secret"].as_str().expect("a secret").to_owned();
    let token =
        crate::tenure::token(server.port, partner["client_id"].as_str().expect("an id"), &secret).expect("a token");
    let pushed = server.push(&token, "marked-credential").expect("an answer");
    assert_eq!(pushed.status, 201);
    let content = pushed.json()["request_id"].as_str().expect("an id").to_owned();

    // A person signs in and accepts.
    let (location, link) = form(&server, "/partner/add/careerHistory", "", &format!("content={content}"));
    assert_eq!(location, "/sign-in");
    let (page, _) = form(&server, "/sign-in", &link, "email=marked-address%40example.org");
    let code = until("the code", || {
        let mail = std::fs::read_dir(server.data.join("mail"))
            .ok()?
            .filter_map(Result::ok)
            .find(|entry| entry.path().extension().is_some_and(|extension| extension == "eml"))?;
        let text = std::fs::read_to_string(mail.path()).ok()?;
        text.split("Your code is ").nth(1).map(|rest| rest[..6].to_owned())
    });
    let (location, session) = form(&server, &page, &link, &format!("code={code}"));
    assert_eq!(location, format!("/requests/{content}"));
    let session_secret =
        session.split("session=").nth(1).expect("a session").split(';').next().expect("a value").to_owned();
    assert_eq!(form(&server, &format!("/requests/{content}/accept"), &session, "").0, "/wallet");

    // Requests that go wrong with the marks everywhere.
    let bearer = format!("Bearer {token}");
    let marked = [
        ("Authorization", &*bearer),
        ("Content-Type", "application/json"),
        ("X-Request-Id", "marked-header@example.org"),
        ("User-Agent", "marked-agent"),
    ];
    for (method, path, body) in [
        ("POST", "/api/partner/v2/add/requests/career_history?marked-query", "{\"marked-member\": \"marked-value\""),
        ("POST", "/api/partner/v2/add/requests/career_history", "{\"marked-member\": \"marked-value\"}"),
        ("GET", "/marked-path", ""),
        ("GET", "/api/partner/v1/submissions/marked-id/status", ""),
        ("POST", "/api/partner/v1/oauth/token", "marked-form"),
        ("POST", "/sign-in", "email=marked-no-address"),
    ] {
        request(server.port, method, path, &marked, body).expect("an answer");
    }

    let (log, metrics) = (server.log(), server.get("/metrics").expect("an answer").body);
    assert!(log.lines().count() > 10 && metrics.contains("tenure_requests_total"), "{log}");
    for secret in ["arked", &code, &secret, &token, &session_secret] {
        for text in [&log, &metrics] {
            assert!(!text.to_lowercase().contains(&secret.to_lowercase()), "{secret} in {text}");
        }
    }
    for line in log.lines() {
        let line: Value = serde_json::from_str(line).expect("a JSON object a line");
        if line["message"] == "answered" {
            let id = line["span"]["id"].as_str().unwrap_or_else(|| panic!("no request id in {line}"));
            assert!(!id.is_empty());
        }
    }
}
