//! Changes of a partner: its name, scopes and addresses, and whether it is enabled.

use clap::Args;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::checks::{check_callbacks, check_hosts, check_name, check_scopes};
use super::output::{OutputArguments, found, known, shown};
use ambient::Timestamp;
use store::Partner;

/// The changes of `tenure partner update`; at least one.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(super) struct Changes {
    /// Name that people read on the consent page.
    #[arg(long)]
    name: Option<String>,
    /// All scopes that the partner may request, separated by spaces. Tokens that were issued
    /// earlier lose a removed scope too.
    #[arg(long)]
    scope: Option<String>,
    /// All hosts from which the partner's documents are fetched, separated by spaces. "" allows
    /// every public host.
    #[arg(long, value_name = "HOSTS")]
    document_hosts: Option<String>,
    /// All addresses for callback_url and return_url, separated by spaces. "" allows none.
    #[arg(long, value_name = "URLS")]
    callback_urls: Option<String>,
}

impl Changes {
    /// Returns `partner` with the changes.
    fn applied(&self, partner: &Partner, is_https: bool) -> Result<Partner, String> {
        let words = |text: &String| text.split_whitespace().map(ToOwned::to_owned).collect::<Vec<_>>();
        let mut changed = partner.clone();
        if let Some(name) = &self.name {
            changed.name = check_name(name)?;
        }
        if let Some(scope) = &self.scope {
            changed.scopes = check_scopes(scope)?;
        }
        if let Some(hosts) = &self.document_hosts {
            changed.document_hosts = check_hosts(&words(hosts))?;
        }
        if let Some(urls) = &self.callback_urls {
            changed.callback_urls = check_callbacks(&words(urls), is_https)?;
        }
        Ok(changed)
    }
}

impl OutputArguments {
    /// Changes a partner and prints the fields that differ.
    pub(super) async fn update(&self, id: Uuid, changes: &Changes) -> Result<(), String> {
        let is_https = self.store.load(&[])?.is_https();
        let mut tx = self.open().await?.write().await.map_err(shown)?;
        let before = found(tx.lock_partner(id).await)?;
        let after = changes.applied(&before, is_https)?;
        known(tx.update_partner(&after).await)?;
        tx.commit().await.map_err(shown)?;
        let (changed, text) = difference(&before, &after);
        self.say(&json!({ "client_id": id, "changed": changed }), &text)
    }

    pub(super) async fn set_document_hosts(&self, id: Uuid, hosts: &[String]) -> Result<(), String> {
        let hosts = check_hosts(hosts)?;
        let mut tx = self.open().await?.write().await.map_err(shown)?;
        known(tx.set_document_hosts(id, &hosts).await)?;
        tx.commit().await.map_err(shown)?;
        let said = if hosts.is_empty() { "any public host" } else { &hosts };
        let text = format!("Documents of {id} are fetched from: {said}");
        self.say(&json!({ "client_id": id, "document_hosts": hosts }), &text)
    }

    pub(super) async fn set_callback_urls(&self, id: Uuid, urls: &[String]) -> Result<(), String> {
        let urls = check_callbacks(urls, self.store.load(&[])?.is_https())?;
        let mut tx = self.open().await?.write().await.map_err(shown)?;
        known(tx.set_callback_urls(id, &urls).await)?;
        tx.commit().await.map_err(shown)?;
        let said = if urls.is_empty() { "nowhere" } else { &urls };
        let text = format!("Allowed callback URLs of {id}: {said}");
        self.say(&json!({ "client_id": id, "callback_urls": urls }), &text)
    }

    pub(super) async fn disable(&self, id: Uuid, now: Timestamp) -> Result<(), String> {
        let mut tx = self.open().await?.write().await.map_err(shown)?;
        known(tx.disable_partner(id, now).await)?;
        tx.commit().await.map_err(shown)?;
        self.say(&json!({ "client_id": id, "disabled": true }), &format!("{id} is disabled."))
    }

    pub(super) async fn enable(&self, id: Uuid) -> Result<(), String> {
        let mut tx = self.open().await?.write().await.map_err(shown)?;
        known(tx.enable_partner(id).await)?;
        tx.commit().await.map_err(shown)?;
        let text = format!("{id} is enabled. Its secret works, and so do tokens that have not expired yet.");
        self.say(&json!({ "client_id": id, "disabled": false }), &text)
    }
}

/// Returns the fields that differ, with their old and new values, as JSON and as text.
fn difference(before: &Partner, after: &Partner) -> (Value, String) {
    let fields = [
        ("name", &before.name, &after.name),
        ("scope", &before.scopes, &after.scopes),
        ("document_hosts", &before.document_hosts, &after.document_hosts),
        ("callback_urls", &before.callback_urls, &after.callback_urls),
    ];
    let (mut changed, mut lines) = (Map::new(), Vec::new());
    for (name, from, to) in fields.into_iter().filter(|(_, from, to)| from != to) {
        lines.push(format!("{name}: {from:?} -> {to:?}"));
        changed.insert(name.to_owned(), json!({ "from": from, "to": to }));
    }
    let kept: Vec<&str> = after.scopes.split(' ').collect();
    let removed: Vec<&str> = before.scopes.split(' ').filter(|scope| !kept.contains(scope)).collect();
    if !removed.is_empty() {
        lines.push(format!("Tokens that were issued earlier lose {} within a second.", removed.join(" ")));
    }
    if lines.is_empty() {
        lines.push(format!("Nothing changed: {} has these values already.", before.id));
    }
    (Value::Object(changed), lines.join("\n"))
}
