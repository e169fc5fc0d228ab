//! Checks the server from outside: its base URL, its certificate, its well-known documents, and the
//! clock.

use std::time::Duration;

use serde_json::Value;
use url::Host;

use super::certificate::validity;
use super::examination::{Examination, render};
use super::finding::Report;
use crate::http::headers::media_type;
use crate::outbound::probe::{FetchError, Seen};
use ambient::Timestamp;

/// Clock difference from which a warning is given. Tokens and webhooks tolerate more.
const WRONG: Duration = Duration::from_secs(5);
/// Clock difference from which proofs of wallets, codes and webhooks begin to fail.
const USELESS: Duration = Duration::from_secs(60);
/// Remaining validity at which a certificate should have been renewed.
const SOON: Duration = Duration::from_secs(14 * 86_400);

/// A well-known document: its path, its allowed content types, and whether CORS must allow any page
/// to read it.
struct Document {
    path: &'static str,
    content_types: &'static [&'static str],
    is_shared: bool,
    /// Checks the content. Returns a description, or the problem.
    check: fn(&Value, &str) -> Result<String, String>,
}

const DOCUMENTS: [Document; 6] = [
    Document {
        path: "/.well-known/jwks.json",
        content_types: &["application/json", "application/jwk-set+json"],
        is_shared: false,
        check: |document, _| match document["keys"].as_array().map(Vec::len) {
            Some(count) if count > 0 => Ok(format!("{count} keys")),
            _ => Err("it has no keys".to_owned()),
        },
    },
    Document {
        path: "/.well-known/openid-credential-issuer",
        content_types: &["application/json", "application/jwt"],
        is_shared: true,
        check: |document, base| is_base(&document["credential_issuer"], base),
    },
    Document {
        path: "/.well-known/oauth-authorization-server",
        content_types: &["application/json"],
        is_shared: true,
        check: |document, base| is_base(&document["issuer"], base),
    },
    Document {
        path: "/.well-known/jwt-vc-issuer",
        content_types: &["application/json"],
        is_shared: true,
        check: |document, base| is_base(&document["issuer"], base),
    },
    Document {
        path: "/.well-known/did.json",
        content_types: &["application/did+ld+json", "application/did+json", "application/json"],
        is_shared: true,
        check: |document, base| {
            let (id, expected) = (document["id"].as_str().unwrap_or_default(), credential::format::did_web(base));
            if id == expected { Ok(id.to_owned()) } else { Err(format!("it names {id} instead of {expected}")) }
        },
    },
    Document {
        path: "/api/partner/openapi.json",
        content_types: &["application/json"],
        is_shared: false,
        check: |document, _| match document["openapi"].as_str() {
            Some(version) if version.starts_with("3.1") => Ok(format!("OpenAPI {version}")),
            _ => Err("it is not an OpenAPI 3.1 document".to_owned()),
        },
    },
];

fn is_base(value: &Value, base: &str) -> Result<String, String> {
    match value.as_str() {
        Some(named) if named == base => Ok("names the base URL as issuer".to_owned()),
        named => Err(format!("it names {} as issuer instead of {base}", named.unwrap_or("nobody"))),
    }
}

/// Checks the server from outside. Returns whether the clock could be compared.
pub(super) async fn check(report: &mut Report, it: &Examination) -> bool {
    let base = it.config.base();
    let Ok(address) = format!("{base}/healthz").parse() else { return false };
    let asked = it.now();
    let seen = match it.outbound.look(&address).await {
        Ok(seen) => seen,
        Err(fetch_error) => {
            cannot_be_seen(report, it, &fetch_error).await;
            for what in ["TLS", "clock", "well-known documents"] {
                report.skip(what, "the base URL is unreachable");
            }
            return false;
        }
    };
    let answered = it.now();
    if seen.status == 200 {
        report.ok("base URL", format!("{base}/healthz responded in {}", render(answered.since(asked))));
    } else {
        report.fail(
            "base URL",
            format!("{base}/healthz returned {}", seen.status),
            "Another server responds at this URL. Make the proxy forward every path to server.listen, unchanged.",
        );
    }
    certificate(report, it, &seen);
    let compared = clock(report, &seen, asked, answered);
    ready(report, it).await;
    for document in &DOCUMENTS {
        look_at(report, it, document).await;
    }
    compared
}

async fn cannot_be_seen(report: &mut Report, it: &Examination, fetch_error: &FetchError) {
    let (base, listen) = (it.config.base(), it.config.server.listen);
    let fix = match fetch_error {
        FetchError::AddressRefused if it.config.is_https() => {
            "If the server is meant for a private network, add that to outbound.allowed_networks. Otherwise make the \
             host name resolve to a public address."
        }
        FetchError::AddressRefused => {
            "Put a proxy with a certificate in front and set server.base_url to its https address: http works on \
             this machine only."
        }
        FetchError::Tls(what) if what.contains("xpired") => "Renew the certificate of the proxy in front.",
        FetchError::Tls(what) if what.contains("UnknownIssuer") => {
            "Make the proxy send its whole certificate chain, or add the certificate of a private authority to \
             outbound.ca_file."
        }
        FetchError::Tls(what) if what.to_lowercase().contains("name") => {
            "Get a certificate for the host name of server.base_url."
        }
        FetchError::Tls(_) => "Make the proxy in front support TLS 1.2 or 1.3 on the port of server.base_url.",
        FetchError::TimedOut | FetchError::Unreachable(_) => {
            "Start the server, and make the host name of server.base_url resolve to it or to the proxy in front of it."
        }
    };
    report.fail("base URL", format!("{base} is unreachable: {fetch_error}"), fix);
    if tokio::net::TcpStream::connect(listen).await.is_ok() {
        report.ok("listening", format!("something listens on {listen}: the problem is between there and the base URL"));
    } else {
        report.warn("listening", format!("nothing listens on {listen}"), "Start the server: tenure serve.");
    }
}

fn certificate(report: &mut Report, it: &Examination, seen: &Seen) {
    let Some(certificate) = &seen.certificate else {
        return report.skip("TLS", format!("{} does not use TLS", it.config.base()));
    };
    let host = it.config.server.base_url.host().map(|host: Host<&str>| host.to_string()).unwrap_or_default();
    let Some(validity) = validity(certificate) else {
        return report.warn(
            "TLS",
            "the certificate's dates cannot be read",
            "Examine the certificate with another tool.",
        );
    };
    let left = validity.until.since(it.now());
    let measured =
        format!("the chain is trusted and valid for {host} until {}, {} days", validity.until, left.as_secs() / 86_400);
    if left < SOON {
        report.warn("TLS", measured, "Renew the certificate, and find out why it was not renewed automatically.");
    } else {
        report.ok("TLS", measured);
    }
}

/// Compares this machine's clock with the `Date` of a response, which has whole seconds.
fn clock(report: &mut Report, seen: &Seen, asked: Timestamp, answered: Timestamp) -> bool {
    let date = seen.headers.get("date").and_then(|date| date.to_str().ok());
    let Some(date) = date.and_then(|date| jiff::fmt::rfc2822::parse(date).ok()) else {
        report.skip("clock", "the response has no Date header");
        return false;
    };
    let date = Timestamp::from_micros(date.timestamp().as_microsecond());
    told_apart(
        report,
        "the Date header of the server's own response",
        date,
        date + Duration::from_secs(1),
        asked,
        answered,
    );
    true
}

/// Reports the difference of `theirs`, a time between two bounds, from this clock.
pub(super) fn told_apart(
    report: &mut Report,
    what: &str,
    earliest: Timestamp,
    latest: Timestamp,
    asked: Timestamp,
    answered: Timestamp,
) {
    // The exact difference is unknown; this is its lower bound.
    let off = earliest.since(answered).max(asked.since(latest));
    let measured =
        if off.is_zero() { format!("agrees with {what}") } else { format!("{} off from {what}", render(off)) };
    let fix = "Synchronize both machines with the same time servers (chrony or systemd-timesyncd).";
    if off >= USELESS {
        report.fail("clock", measured, fix);
    } else if off >= WRONG {
        report.warn("clock", measured, fix);
    } else {
        report.ok("clock", measured);
    }
}

async fn ready(report: &mut Report, it: &Examination) {
    let Ok(address) = format!("{}/readyz", it.config.base()).parse() else { return };
    match it.outbound.look(&address).await {
        Ok(seen) if seen.status == 200 => report.ok("readiness", "/readyz returned 200: the databases are usable"),
        Ok(seen) => report.fail(
            "readiness",
            format!("/readyz returned {}", seen.status),
            "Check the server's log: it cannot use its database.",
        ),
        Err(fetch_error) => report.fail("readiness", fetch_error.to_string(), "Check the server's log."),
    }
}

async fn look_at(report: &mut Report, it: &Examination, document: &Document) {
    let (base, path) = (it.config.base(), document.path);
    let Ok(address) = format!("{base}{path}").parse() else { return };
    let seen = match it.outbound.look(&address).await {
        Ok(seen) => seen,
        Err(fetch_error) => {
            return report.fail(path, fetch_error.to_string(), "Make the proxy forward this path to the server.");
        }
    };
    if seen.status != 200 {
        let fix = "Make the proxy forward this path to the server, and nothing else serve /.well-known/.";
        return report.fail(path, format!("answered {}", seen.status), fix);
    }
    let header = |name: &str| seen.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let content_type = media_type(&seen.headers).to_ascii_lowercase();
    if !document.content_types.contains(&content_type.as_str()) {
        let fix = "Make the proxy keep the Content-Type that the server sends.";
        return report.fail(path, format!("has the Content-Type '{content_type}'"), fix);
    }
    let parsed = serde_json::from_slice(&seen.body).map_err(|_| "it is not JSON".to_owned());
    match parsed.and_then(|value| (document.check)(&value, base)) {
        Err(wrong) => report.fail(
            path,
            wrong,
            "Start the server with the server.base_url under which it is reached, and make the proxy forward \
             responses unchanged.",
        ),
        Ok(_) if document.is_shared && header("access-control-allow-origin") != "*" => report.fail(
            path,
            "wallets and verifiers in a browser cannot read it",
            "Make the proxy keep the Access-Control-Allow-Origin header that the server sends.",
        ),
        Ok(found) => report.ok(path, found),
    }
}
