//! Where partners are told of events: whether each address can be sent to, what waits, and what is disabled.

use std::time::Duration;

use url::Url;

use super::examination::{Examination, told};
use super::finding::Report;
use crate::outbound::{Lookup, Outbound};
use store::domain::webhook::Webhook;
use store::{Partner, Store, StoreError};

/// What has waited longer than this was tried several times, or nobody sends.
const LATE: Duration = Duration::from_secs(3600);

pub(super) async fn examine(report: &mut Report, it: &Examination, store: Option<Store>) {
    let Some(store) = store else {
        return report.skip("webhooks", "the database cannot be used");
    };
    if let Err(error) = each(report, it, &store).await {
        report.fail("webhooks", error.to_string(), "Mend what the database complains of.");
    }
}

async fn each(report: &mut Report, it: &Examination, store: &Store) -> Result<(), StoreError> {
    // What the server would be let to, and not what a person at a terminal is.
    let receivers = Outbound::to_receivers(&it.config.outbound, &it.config.webhooks, Lookup::System);
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
        report.ok("webhooks", "no active partner has any");
    }
    let sandboxes = partners.iter().filter(|partner| partner.sandbox && partner.is_active()).count();
    if sandboxes > 0 {
        report.ok("sandbox partners", format!("{sandboxes} active; nothing they do is sent to anybody"));
    }
    Ok(())
}

/// An address may hold a secret in its path, so of that only the host is shown.
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
        let fix = "Tell the partner that its receiver answered 410 (Gone): to update the webhook, or to delete it.";
        return report.warn(name, format!("{host}, disabled since {at}"), fix);
    }
    let resolved = match &address {
        Some(address) if receivers.may_ask(address) => {
            receivers.addresses(address).await.map_err(|error| error.to_string())
        }
        _ => Ok((1, 0)),
    };
    let told_of = format!("{host}, {count} waiting");
    match resolved {
        Err(error) => {
            let fix = "Tell the partner that its host name means nothing; deliveries are tried for three days.";
            return report.warn(name, format!("{told_of}; {error}"), fix);
        }
        Ok((_, 0)) => {
            let fix = "Tell the partner to name a public https address: nothing is sent to others.";
            return report.warn(name, format!("{told_of}; no address of it is public"), fix);
        }
        Ok(_) => {}
    }
    let now = it.now();
    if webhook.is_paused(now) {
        let until = webhook.paused_until.map(|until| until.to_string()).unwrap_or_default();
        let measured = format!("{told_of}; {} in a row failed, paused until {until}", webhook.failures);
        return report.warn(
            name,
            measured,
            "Tell the partner that its receiver fails; its log of deliveries says how.",
        );
    }
    let waited = oldest.map(|oldest| now.since(oldest)).unwrap_or_default();
    if waited > LATE {
        let fix = "Start the server, or tell the partner that its receiver refuses what is sent.";
        return report.warn(name, format!("{told_of}, the oldest for {}", told(waited)), fix);
    }
    report.ok(name, told_of);
}
