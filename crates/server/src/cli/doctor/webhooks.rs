//! Checks webhooks: whether each URL can be reached, the backlog, and disabled webhooks.

use std::time::Duration;

use url::Url;

use super::examination::{Examination, render};
use super::finding::Report;
use crate::outbound::{Lookup, Outbound};
use store::domain::webhook::Webhook;
use store::{Partner, Store, StoreError};

/// Age from which a pending delivery is reported: it has failed several times, or no server sends.
const LATE: Duration = Duration::from_secs(3600);

pub(super) async fn check(report: &mut Report, it: &Examination, store: Option<Store>) {
    let Some(store) = store else {
        return report.skip("webhooks", "the database cannot be used");
    };
    if let Err(error) = each(report, it, &store).await {
        report.fail("webhooks", error.to_string(), "Resolve the database error.");
    }
}

async fn each(report: &mut Report, it: &Examination, store: &Store) -> Result<(), StoreError> {
    // The limits of the server, not those of a person at a terminal.
    let receivers = Outbound::for_webhooks(&it.config.outbound, &it.config.webhooks, Lookup::System);
    let receivers = receivers.map_err(StoreError::Unavailable)?;
    let mut tx = store.read().await?;
    let partners = tx.partners().await?;
    let mut found = 0;
    for partner in partners.iter().filter(|partner| partner.is_active()) {
        for webhook in tx.webhooks(partner.id).await? {
            found += 1;
            let waiting = tx.waiting_deliveries(webhook.id, partner.id).await?;
            one(report, it, &receivers, partner, &webhook, waiting).await;
        }
    }
    if found == 0 {
        report.ok("webhooks", "no active partner has a webhook");
    }
    let sandboxes = partners.iter().filter(|partner| partner.sandbox && partner.is_active()).count();
    if sandboxes > 0 {
        report.ok("sandbox partners", format!("{sandboxes} active; nothing is mailed to people for them"));
    }
    Ok(())
}

/// Checks one webhook. Its URL may contain a secret in the path, so only the host is shown.
async fn one(
    report: &mut Report,
    it: &Examination,
    receivers: &Outbound,
    partner: &Partner,
    webhook: &Webhook,
    (count, oldest): (i64, Option<ambient::Timestamp>),
) {
    let name = format!("{}, {}", partner.name, webhook.name.as_deref().unwrap_or("a webhook"));
    let address = webhook.url.parse::<Url>().ok();
    let host = address.as_ref().and_then(Url::host_str).unwrap_or("nowhere").to_owned();
    if let Some(at) = webhook.disabled_at {
        let fix = "Ask the partner to update or delete the webhook: its receiver answered 410 (Gone).";
        return report.warn(name, format!("{host}, disabled since {at}"), fix);
    }
    let resolved = match &address {
        Some(address) if receivers.is_allowed(address) => {
            receivers.addresses(address).await.map_err(|error| error.to_string())
        }
        _ => Ok((1, 0)),
    };
    let told_of = format!("{host}, {count} pending");
    match resolved {
        Err(error) => {
            let fix = "Tell the partner that the host name of its webhook does not resolve. Deliveries are retried for three days.";
            return report.warn(name, format!("{told_of}; {error}"), fix);
        }
        Ok((_, 0)) => {
            let fix = "Ask the partner for a public https address: nothing is sent to other addresses.";
            return report.warn(name, format!("{told_of}; it has no public address"), fix);
        }
        Ok(_) => {}
    }
    let now = it.now();
    if webhook.is_paused(now) {
        let until = webhook.paused_until.map(|until| until.to_string()).unwrap_or_default();
        let measured = format!("{told_of}; {} consecutive failures, paused until {until}", webhook.failures);
        return report.warn(
            name,
            measured,
            "Tell the partner that its receiver fails. Its delivery log has the details.",
        );
    }
    let waited = oldest.map(|oldest| now.since(oldest)).unwrap_or_default();
    if waited > LATE {
        let fix = "Start the server, or tell the partner that its receiver rejects deliveries.";
        return report.warn(name, format!("{told_of}, the oldest for {}", render(waited)), fix);
    }
    report.ok(name, told_of);
}
