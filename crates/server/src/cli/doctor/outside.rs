//! The server as people, partners, wallets and verifiers see it: its base URL, its certificate, its well-known documents, and
//! the clock.

use std::time::Duration;

use serde_json::Value;
use url::Host;

use super::certificate::validity;
use super::examination::{Examination, told};
use super::finding::Report;
use crate::outbound::look::{Seen, Unseen};
use ambient::Timestamp;

/// A clock that is wrong by this much is worth a word; tokens and webhooks allow more.
const WRONG: Duration = Duration::from_secs(5);
/// A wallet's proofs, codes and webhooks fail from about here.
const USELESS: Duration = Duration::from_secs(60);
/// When a certificate should have been renewed.
const SOON: Duration = Duration::from_secs(14 * 86_400);

/// A document that others look for: its path, the content types it may have, and whether any page may read it.
struct Document {
    path: &'static str,
    content_types: &'static [&'static str],
    is_shared: bool,
    /// What must be in it, or what is wrong.
    check: fn(&Value, &str) -> Result<String, String>,
}

const DOCUMENTS: [Document; 6] = [
    Document {
        path: "/.well-known/jwks.json",
        content_types: &["application/json", "application/jwk-set+json"],
        is_shared: false,
        check: |document, _| match document["keys"].as_array().map(Vec::len) {
            Some(count) if count > 0 => Ok(format!("{count} keys")),
            _ => Err("there is no key in it".to_owned()),
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
            if id == expected { Ok(id.to_owned()) } else { Err(format!("it names {id}, and not {expected}")) }
        },
    },
    Document {
        path: "/api/partner/openapi.json",
        content_types: &["application/json"],
        is_shared: false,
        check: |document, _| match document["openapi"].as_str() {
            Some(version) if version.starts_with("3.1") => Ok(format!("OpenAPI {version}")),
            _ => Err("it is no OpenAPI 3.1 document".to_owned()),
        },
    },
];

fn is_base(value: &Value, base: &str) -> Result<String, String> {
    match value.as_str() {
        Some(named) if named == base => Ok("names the base URL as issuer".to_owned()),
        named => Err(format!("it names {} as issuer, and not {base}", named.unwrap_or("nobody"))),
    }
}

/// Looks; returns whether the clock could be compared.
pub(super) async fn examine(report: &mut Report, it: &Examination) -> bool {
    let base = it.config.base();
    let Ok(address) = format!("{base}/healthz").parse() else { return false };
    let asked = it.now();
    let seen = match it.outbound.look(&address).await {
        Ok(seen) => seen,
        Err(unseen) => {
            cannot_be_seen(report, it, &unseen).await;
            for what in ["TLS", "clock", "well-known documents"] {
                report.skip(what, "the base URL does not answer");
            }
            return false;
        }
    };
    let answered = it.now();
    if seen.status == 200 {
        report.ok("base URL", format!("{base}/healthz answers in {}", told(answered.since(asked))));
    } else {
        report.fail(
            "base URL",
            format!("{base}/healthz is answered {}", seen.status),
            "Whoever answers there is not this server: let the proxy pass every path on to server.listen, unchanged.",
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

async fn cannot_be_seen(report: &mut Report, it: &Examination, unseen: &Unseen) {
    let (base, listen) = (it.config.base(), it.config.server.listen);
    let fix = match unseen {
        Unseen::AddressRefused if it.config.is_https() => {
            "If the server is meant for a private network, name it in outbound.allowed_networks; otherwise let the name lead to a public address."
        }
        Unseen::AddressRefused => {
            "Put a proxy with a certificate in front and set server.base_url to its https address: http is for this machine alone."
        }
        Unseen::Tls(what) if what.contains("xpired") => "Renew the certificate of the proxy in front.",
        Unseen::Tls(what) if what.contains("UnknownIssuer") => {
            "Have the proxy send its whole chain, or name a private authority's certificate in outbound.ca_file."
        }
        Unseen::Tls(what) if what.to_lowercase().contains("name") => {
            "Get a certificate for the host name of server.base_url."
        }
        Unseen::Tls(_) => "Let the proxy in front speak TLS 1.2 or 1.3 on the port of server.base_url.",
        Unseen::TimedOut | Unseen::Unreachable(_) => {
            "Start the server, and let the host name of server.base_url lead to it or to the proxy in front of it."
        }
    };
    report.fail("base URL", format!("{base} cannot be looked at: {unseen}"), fix);
    if tokio::net::TcpStream::connect(listen).await.is_ok() {
        report.ok(
            "listening",
            format!("something listens on {listen}: what is missing lies between there and the base URL"),
        );
    } else {
        report.warn("listening", format!("nothing listens on {listen}"), "Start the server: tenure serve.");
    }
}

fn certificate(report: &mut Report, it: &Examination, seen: &Seen) {
    let Some(certificate) = &seen.certificate else {
        return report.skip("TLS", format!("{} is asked without TLS", it.config.base()));
    };
    let host = it.config.server.base_url.host().map(|host: Host<&str>| host.to_string()).unwrap_or_default();
    let Some(validity) = validity(certificate) else {
        return report.warn(
            "TLS",
            "the certificate's dates cannot be read",
            "Look at the certificate by another tool.",
        );
    };
    let left = validity.until.since(it.now());
    let measured =
        format!("the chain is trusted and good for {host} until {}, {} days", validity.until, left.as_secs() / 86_400);
    if left < SOON {
        report.warn("TLS", measured, "Renew the certificate, and see why that did not happen by itself.");
    } else {
        report.ok("TLS", measured);
    }
}

/// Compares this machine's clock with the `Date` of the answer, which has whole seconds.
fn clock(report: &mut Report, seen: &Seen, asked: Timestamp, answered: Timestamp) -> bool {
    let date = seen.headers.get("date").and_then(|date| date.to_str().ok());
    let Some(date) = date.and_then(|date| jiff::fmt::rfc2822::parse(date).ok()) else {
        report.skip("clock", "the answer has no Date to compare with");
        return false;
    };
    let date = Timestamp::from_micros(date.timestamp().as_microsecond());
    told_apart(report, "the Date of the server's own answer", date, date + Duration::from_secs(1), asked, answered);
    true
}

/// Says how far `theirs`, a time between two, is from ours when it was asked.
pub(super) fn told_apart(
    report: &mut Report,
    what: &str,
    earliest: Timestamp,
    latest: Timestamp,
    asked: Timestamp,
    answered: Timestamp,
) {
    // Whatever it was exactly, it is at least this far away.
    let off = earliest.since(answered).max(asked.since(latest));
    let measured = if off.is_zero() { format!("agrees with {what}") } else { format!("{} off from {what}", told(off)) };
    let fix = "Let both machines follow the same time servers (chrony or systemd-timesyncd).";
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
        Ok(seen) if seen.status == 200 => report.ok("readiness", "/readyz answers 200: its database can be used"),
        Ok(seen) => report.fail(
            "readiness",
            format!("/readyz is answered {}", seen.status),
            "See the server's log: it cannot use its database.",
        ),
        Err(unseen) => report.fail("readiness", unseen.to_string(), "See the server's log."),
    }
}

async fn look_at(report: &mut Report, it: &Examination, document: &Document) {
    let (base, path) = (it.config.base(), document.path);
    let Ok(address) = format!("{base}{path}").parse() else { return };
    let seen = match it.outbound.look(&address).await {
        Ok(seen) => seen,
        Err(unseen) => return report.fail(path, unseen.to_string(), "Let the proxy pass this path on to the server."),
    };
    if seen.status != 200 {
        let fix = "Let the proxy pass this path on to the server, and nobody else answer /.well-known/.";
        return report.fail(path, format!("answered {}", seen.status), fix);
    }
    let header = |name: &str| seen.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let content_type = header("content-type").split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if !document.content_types.contains(&content_type.as_str()) {
        let fix = "Let the proxy keep the Content-Type that the server sends.";
        return report.fail(path, format!("comes as '{content_type}'"), fix);
    }
    let parsed = serde_json::from_slice(&seen.body).map_err(|_| "it is not JSON".to_owned());
    match parsed.and_then(|value| (document.check)(&value, base)) {
        Err(wrong) => report.fail(
            path,
            wrong,
            "Start the server with the same server.base_url as it is reached by, and let the proxy change no answer.",
        ),
        Ok(_) if document.is_shared && header("access-control-allow-origin") != "*" => report.fail(
            path,
            "wallets and verifiers in a browser may not read it",
            "Let the proxy keep the Access-Control-Allow-Origin header that the server sends.",
        ),
        Ok(found) => report.ok(path, found),
    }
}
