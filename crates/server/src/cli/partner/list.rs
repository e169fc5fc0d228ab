//! Partners as the operator sees them: all in a list, or one with everything about it.

use serde_json::{Value, json};
use uuid::Uuid;

use super::output::{OutputArguments, found, shown};
use ambient::Timestamp;
use store::Partner;

impl OutputArguments {
    /// Prints all partners, one a line.
    pub(super) async fn list(&self, now: Timestamp) -> Result<(), String> {
        let partners = self.open().await?.read().await.map_err(shown)?.partners().await.map_err(shown)?;
        let rows: Vec<Value> = partners.iter().map(|partner| value(partner, now)).collect();
        let mut lines: Vec<String> = partners.iter().map(|partner| line(partner, now)).collect();
        if lines.is_empty() {
            lines.push(
                "There are no partners yet. Add one: tenure partner add --name NAME --scope write.career_history"
                    .to_owned(),
            );
        }
        self.say(&json!(rows), &lines.join("\n"))
    }

    /// Prints everything about a partner except its secrets.
    pub(super) async fn show(&self, id: Uuid, now: Timestamp) -> Result<(), String> {
        let mut tx = self.open().await?.read().await.map_err(shown)?;
        let partner = found(tx.partner(id).await)?;
        self.say(&value(&partner, now), &facts(&partner, now))
    }
}

fn value(partner: &Partner, now: Timestamp) -> Value {
    json!({
        "client_id": partner.id,
        "name": partner.name,
        "scope": partner.scopes,
        "created_at": partner.created_at,
        "rotated_at": partner.rotated_at,
        "old_secret_until": old_until(partner, now),
        "disabled_at": partner.disabled_at,
        "document_hosts": partner.document_hosts,
        "callback_urls": partner.callback_urls,
        "sandbox": partner.sandbox,
    })
}

fn line(partner: &Partner, now: Timestamp) -> String {
    let Partner { id, name, scopes, .. } = partner;
    let sandbox = if partner.sandbox { "  (sandbox)" } else { "" };
    let secret = age(partner.secret_since(), now);
    let old = old_until(partner, now).map_or_else(String::new, |until| format!(", old one until {until}"));
    format!("{id}  {:<29}  {name}{sandbox}  [{scopes}]  secret {secret}{old}", state(partner))
}

fn facts(partner: &Partner, now: Timestamp) -> String {
    let since = partner.secret_since();
    let mut secret = format!("since {since}, {}", age(since, now));
    if let Some(until) = old_until(partner, now) {
        secret += &format!("; the old one works until {until}");
    }
    let or = |text: &str, otherwise: &str| if text.is_empty() { otherwise.to_owned() } else { text.to_owned() };
    [
        ("client_id:", partner.id.to_string()),
        ("name:", partner.name.clone()),
        ("state:", state(partner)),
        ("sandbox:", if partner.sandbox { "yes" } else { "no" }.to_owned()),
        ("scope:", partner.scopes.clone()),
        ("added:", partner.created_at.to_string()),
        ("secret:", secret),
        ("document hosts:", or(&partner.document_hosts, "any public host")),
        ("callback URLs:", or(&partner.callback_urls, "none")),
    ]
    .map(|(name, value)| format!("{name:<16}{value}"))
    .join("\n")
}

fn state(partner: &Partner) -> String {
    partner.disabled_at.map_or_else(|| "active".to_owned(), |at| format!("disabled {at}"))
}

fn old_until(partner: &Partner, now: Timestamp) -> Option<Timestamp> {
    partner.previous_secret_at(now).map(|(_, until)| until)
}

/// Describes the age of a secret in days.
pub(super) fn age(since: Timestamp, now: Timestamp) -> String {
    match now.since(since).as_secs() / 86_400 {
        0 => "less than a day old".to_owned(),
        1 => "1 day old".to_owned(),
        days => format!("{days} days old"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn ages_are_in_whole_days() {
        let start = Timestamp::from_micros(0);
        let after = |hours: u64| age(start, start + Duration::from_secs(hours * 3_600));
        assert_eq!(
            [0, 23, 24, 47, 48].map(after),
            ["less than a day old", "less than a day old", "1 day old", "1 day old", "2 days old"]
        );
    }
}
