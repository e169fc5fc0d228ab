//! Checks for settings that work but are unsuitable for a public server.

use std::time::Duration;

use super::examination::{Examination, render};
use super::finding::Report;
use crate::issuing::WalletProviders;
use crate::trusted_issuers::TrustedIssuers;

/// What to do about an invalid file that the server reads again when it changes.
const FILES_FIX: &str =
    "Correct the file. A running server uses its earlier content meanwhile; a server does not start with it.";

/// The retention that partners and people are promised.
const PROMISED: Duration = Duration::from_secs(48 * 3600);

pub(super) fn check(report: &mut Report, it: &Examination) {
    base_url(report, it);
    sender(report, it);
    let config = &it.config;
    if config.rate_limit.enabled {
        report.ok("rate limits", format!("{} requests a second for a partner", config.rate_limit.partner_per_second));
    } else {
        report.warn("rate limits", "they are off", "Set rate_limit.enabled = true. Turn it off for load tests only.");
    }
    if config.retention.incomplete == PROMISED {
        report.ok("retention", "pending submissions are deleted after 48 h, as documented");
    } else {
        let measured = format!("pending submissions are deleted after {}", render(config.retention.incomplete));
        report.warn(
            "retention",
            measured,
            "Set retention.incomplete = \"48h\": partners and people are informed of that period.",
        );
    }
    wallets(report, it);
    trusted_issuers(report, it);
    let relic = it.data().join("sandbox-partner.json");
    if relic.exists() {
        let fix = "Disable that partner (tenure partner disable) and delete the file, or start with an empty folder.";
        report.warn("demonstration", format!("{} contains a partner's secret in clear text", relic.display()), fix);
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
                "server.trusted_proxies is 0, although a proxy must terminate TLS",
                "Set server.trusted_proxies to the number of proxies: otherwise all clients share the proxy's rate \
                 limits.",
            );
        }
    } else if is_here {
        report.warn(
            "base URL",
            format!("{base} is reachable on this machine only"),
            "Set server.base_url to the https address that people use.",
        );
    } else {
        report.fail(
            "base URL",
            format!("{base} is http: codes, cookies and credentials cross the network unencrypted"),
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
            "Set mail.from to an address of your own domain, with SPF and DKIM.",
        );
    } else {
        report.ok("sender", "mail.from names a domain");
    }
}

/// Reports the files of trusted issuers, if there are any.
fn trusted_issuers(report: &mut Report, it: &Examination) {
    let settings = &it.config.openid4vp;
    match TrustedIssuers::read(settings, it.now()) {
        Err(error) => report.fail("trusted issuers", error, FILES_FIX),
        Ok(_) if settings.trusted_issuers.is_none() && settings.trust_anchors.is_none() => {}
        Ok(_) => report.ok("trusted issuers", "their files are valid"),
    }
}

fn wallets(report: &mut Report, it: &Examination) {
    let settings = &it.config.oid4vci;
    match WalletProviders::read(settings, it.now()) {
        Err(error) => report.fail("wallets", error, FILES_FIX),
        Ok(providers) if settings.attestation_required => {
            report.ok("wallets", format!("wallets that a trusted provider attests: {}", providers.summary()));
        }
        Ok(_) if settings.dpop_required => {
            report.ok("wallets", "any wallet, with tokens that are bound to its key (DPoP)");
        }
        Ok(_) => report.ok("wallets", "any wallet; oid4vci.attestation_required and oid4vci.dpop_required are off"),
    }
}
