//! Settings that work and are still not what a server for people should have.

use std::time::Duration;

use super::examination::{Examination, told};
use super::finding::Report;

/// What partners and people are promised.
const PROMISED: Duration = Duration::from_secs(48 * 3600);

pub(super) fn examine(report: &mut Report, it: &Examination) {
    base_url(report, it);
    sender(report, it);
    let config = &it.config;
    if config.rate_limit.enabled {
        report.ok("rate limits", format!("{} requests a second for a partner", config.rate_limit.partner_per_second));
    } else {
        report.warn("rate limits", "they are off", "Set rate_limit.enabled = true: off is for load tests alone.");
    }
    if config.retention.incomplete == PROMISED {
        report.ok("retention", "what nobody accepts is deleted after 48 h, as documented");
    } else {
        let measured = format!("what nobody accepts is deleted after {}", told(config.retention.incomplete));
        report.warn(
            "retention",
            measured,
            "Set retention.incomplete = \"48h\": that is what partners and people read.",
        );
    }
    wallets(report, it);
    let relic = it.data().join("sandbox-partner.json");
    if relic.exists() {
        let fix = "Disable that partner (tenure partner disable) and delete the file, or start on a fresh folder.";
        report.warn("demonstration", format!("{} holds a partner's secret in clear text", relic.display()), fix);
    }
}

fn base_url(report: &mut Report, it: &Examination) {
    let (base, server) = (it.config.base(), &it.config.server);
    let is_here = matches!(server.base_url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    if it.config.is_https() {
        report.ok("base URL", base);
        if server.trusted_proxies == 0 {
            report.warn(
                "proxies",
                "server.trusted_proxies is 0, although somebody in front must speak TLS",
                "Set server.trusted_proxies to the number of proxies: else all clients share the proxy's limits.",
            );
        }
    } else if is_here {
        report.warn(
            "base URL",
            format!("{base} is reached on this machine alone"),
            "Set server.base_url to the https address that people use.",
        );
    } else {
        report.fail(
            "base URL",
            format!("{base} is http: codes, cookies and credentials go over the network in clear text"),
            "Put a proxy with a certificate in front and set server.base_url to its https address.",
        );
    }
}

fn sender(report: &mut Report, it: &Examination) {
    let from = &it.config.mail.from;
    if from.contains("@localhost") {
        report.warn(
            "sender",
            format!("mail.from is {from}"),
            "Set mail.from to an address of a domain of yours, with SPF and DKIM.",
        );
    } else {
        report.ok("sender", "mail.from names a domain");
    }
}

fn wallets(report: &mut Report, it: &Examination) {
    let settings = &it.config.wallets;
    match settings.provider_keys() {
        Err(error) => report.fail("wallets", error, "Correct wallets.providers: a server does not start so."),
        Ok(keys) if settings.attestation_required => {
            report.ok("wallets", format!("those that {} known providers vouch for", keys.len()));
        }
        Ok(_) if settings.dpop_required => report.ok("wallets", "any, each with a key that its token is bound to"),
        Ok(_) => report.ok("wallets", "any; wallets.attestation_required and wallets.dpop_required are off"),
    }
}
