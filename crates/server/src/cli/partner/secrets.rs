//! Secrets of partners: creating, rotating, listing and revoking them.

use std::time::Duration;

use credential::encoding::sha256;
use serde_json::json;
use uuid::Uuid;

use super::list::age;
use super::output::{OutputArguments, found, shown};
use crate::cli::command::write_stdout;
use ambient::{Rng, Timestamp};
use store::{Partner, PreviousSecret, StoreError, Tx};

/// Adds a partner. Returns its id and its secret, which is not stored.
pub(crate) async fn add(
    tx: &mut Tx,
    rng: &Rng,
    now: Timestamp,
    name: &str,
    scopes: &str,
    sandbox: bool,
) -> Result<(Uuid, String), StoreError> {
    let (id, secret) = (rng.anonymous_id(), rng.secret());
    let partner = Partner {
        id,
        name: name.to_owned(),
        scopes: scopes.to_owned(),
        secret_hash: sha256(secret.as_bytes()).to_vec(),
        created_at: now,
        rotated_at: None,
        disabled_at: None,
        document_hosts: String::new(),
        sandbox,
        callback_urls: String::new(),
        previous_secret: PreviousSecret::default(),
    };
    tx.add_partner(&partner).await?;
    Ok((id, secret))
}

impl OutputArguments {
    /// Adds a partner and prints its secret. The secret is printed after the commit, so that a
    /// printed secret always works. If printing fails, the partner is removed again.
    pub(super) async fn add(&self, now: Timestamp, name: &str, scopes: &str, sandbox: bool) -> Result<(), String> {
        let store = self.open_or_create().await?;
        let mut tx = store.write().await.map_err(shown)?;
        let added = add(&mut tx, &Rng::System, now, name, scopes, sandbox).await;
        let (id, secret) = added.map_err(shown)?;
        tx.commit().await.map_err(shown)?;
        let Err(error) = self.print_secret(id, &secret, None) else { return Ok(()) };
        let undo = async {
            let mut tx = store.write().await?;
            let is_removed = tx.remove_partner(id).await?;
            tx.commit().await?;
            Ok::<_, StoreError>(is_removed)
        };
        Err(not_written(&error, undo.await, &format!("Disable it: tenure partner disable {id}")))
    }

    /// Gives a partner a new secret and prints it after the commit. The old secret keeps working
    /// for `keep_old`. If printing fails, the secrets are restored.
    pub(super) async fn rotate(&self, id: Uuid, keep_old: Option<Duration>, now: Timestamp) -> Result<(), String> {
        let (store, secret) = (self.open().await?, Rng::System.secret());
        let (new, old_until) = (sha256(secret.as_bytes()), keep_old.map(|kept| now + kept));
        let mut tx = store.write().await.map_err(shown)?;
        let before = found(tx.lock_partner(id).await)?;
        // The row is locked, so the secret is the one that was read.
        let rotated = match old_until {
            Some(until) => tx.overlap_partner_secrets(id, &before.secret_hash, &new, until, now).await,
            None => tx.rotate_partner(id, &new, now).await,
        };
        rotated.map_err(shown)?;
        tx.commit().await.map_err(shown)?;
        let Err(error) = self.print_secret(id, &secret, old_until) else { return Ok(()) };
        let undo = async {
            let mut tx = store.write().await?;
            let is_restored = tx.restore_partner_secrets(&before, &new).await?;
            tx.commit().await?;
            Ok::<_, StoreError>(is_restored)
        };
        Err(not_written(&error, undo.await, &format!("Rotate again: tenure partner rotate {id}")))
    }

    /// Prints a new secret on the first line. It cannot be printed again, and a reader such as
    /// `head` may read only that line.
    fn print_secret(&self, id: Uuid, secret: &str, old_until: Option<Timestamp>) -> std::io::Result<()> {
        let mut value = json!({ "client_id": id, "client_secret": secret });
        let mut text =
            format!("client_secret: {secret}\nclient_id:     {id}\n\nSave the secret now: it is not shown again.");
        if let Some(until) = old_until {
            value["old_secret_until"] = json!(until);
            text += &format!("\nThe old secret works until {until}. End it now: tenure partner revoke-secret {id}");
        }
        write_stdout(&if self.json { value.to_string() } else { text })
    }

    /// Prints when the secrets of a partner were created and when the old one ends.
    pub(super) async fn secrets(&self, id: Uuid, now: Timestamp) -> Result<(), String> {
        let mut tx = self.open().await?.read().await.map_err(shown)?;
        let partner = found(tx.partner(id).await)?;
        let since = partner.secret_since();
        let mut values = vec![json!({ "state": "current", "since": since, "until": null })];
        let mut text = format!("current secret: since {since}, {}", age(since, now));
        if let Some((_, until)) = partner.previous_secret_at(now) {
            let since = partner.previous_secret.since.unwrap_or(partner.created_at);
            values.push(json!({ "state": "old", "since": since, "until": until }));
            text += &format!("\nold secret:     since {since}, {}, works until {until}", age(since, now));
        }
        self.say(&json!({ "client_id": id, "secrets": values }), &text)
    }

    /// Ends the old secret of a partner before its time.
    pub(super) async fn revoke_secret(&self, id: Uuid, now: Timestamp) -> Result<(), String> {
        let mut tx = self.open().await?.write().await.map_err(shown)?;
        found(tx.lock_partner(id).await)?;
        if !tx.revoke_previous_secret(id, now).await.map_err(shown)? {
            return Err(format!(
                "this partner has only its current secret. Replace it at once: tenure partner rotate {id}"
            ));
        }
        tx.commit().await.map_err(shown)?;
        let text = format!("The old secret of {id} is revoked. Its current secret works.");
        self.say(&json!({ "client_id": id, "old_secret_until": null }), &text)
    }
}

/// Composes the error message if a new secret could not be printed: the change was undone, or the
/// operator has to act.
fn not_written(error: &std::io::Error, undone: Result<bool, StoreError>, otherwise: &str) -> String {
    match undone {
        Ok(true) => format!("the secret could not be written, so nothing was changed: {error}"),
        Ok(false) => format!("the secret could not be written: {error}. {otherwise}"),
        Err(store) => {
            format!("the secret could not be written: {error}. The change could not be undone: {store}. {otherwise}")
        }
    }
}
