//! Partners: the OAuth clients.

use std::collections::HashSet;

use sqlx::QueryBuilder;
use url::Url;
use uuid::Uuid;

use super::announcement::Listener;
use super::{StoreError, Tx, dispatch, from_row, push_list};
use ambient::Timestamp;

/// A partner: a payroll provider, HR system, university or test centre that pushes credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partner {
    /// The `client_id`.
    pub id: Uuid,
    /// The display name.
    pub name: String,
    /// The scopes that it may request, separated by spaces (RFC 6749, section 3.3).
    pub scopes: String,
    /// SHA-256 of the `client_secret`.
    pub secret_hash: Vec<u8>,
    /// When it was added.
    pub created_at: Timestamp,
    /// When its secret was last rotated.
    pub rotated_at: Option<Timestamp>,
    /// When it was disabled.
    pub disabled_at: Option<Timestamp>,
    /// Hosts that its documents may be fetched from, separated by spaces. If empty, any public
    /// host.
    pub document_hosts: String,
    /// Whether it is a sandbox partner, whose holders the server can simulate. Never changes.
    pub sandbox: bool,
    /// URLs that people may be redirected to after they decide about a push or respond to a
    /// verification request, separated by spaces.
    pub callback_urls: String,
    /// Its previous secret, after a rotation with an overlap.
    pub previous_secret: PreviousSecret,
}
from_row!(Partner {
    id,
    name,
    scopes,
    secret_hash,
    created_at,
    rotated_at,
    disabled_at,
    document_hosts,
    sandbox,
    callback_urls;
    flatten previous_secret
});

/// A partner's secret before the current one, as it is stored. [`Partner::previous_secret_at`] says
/// whether it is valid.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PreviousSecret {
    /// SHA-256 of the secret. `None` if there is none.
    pub hash: Option<Vec<u8>>,
    /// When it was created.
    pub since: Option<Timestamp>,
    /// When it stops working.
    pub until: Option<Timestamp>,
    /// SHA-256 of the secret that replaced it. The previous release rotates without these columns,
    /// so the previous secret is valid only while this is the current one.
    pub beside: Option<Vec<u8>>,
}
from_row!(PreviousSecret {
    hash: "previous_secret_hash",
    since: "previous_secret_since",
    until: "previous_secret_until",
    beside: "previous_secret_beside",
});

impl Partner {
    /// Returns when its current secret was created.
    pub fn secret_since(&self) -> Timestamp {
        self.rotated_at.unwrap_or(self.created_at)
    }

    /// Returns the hash of its previous secret and when that stops working, if it is valid at
    /// `now`.
    pub fn previous_secret_at(&self, now: Timestamp) -> Option<(&[u8], Timestamp)> {
        let PreviousSecret { hash, until, beside, .. } = &self.previous_secret;
        let is_beside = beside.as_deref() == Some(self.secret_hash.as_slice());
        let until = until.filter(|until| is_beside && *until > now)?;
        Some((hash.as_deref()?, until))
    }

    /// Returns whether its documents may be fetched from `host`: one of its hosts or a subdomain.
    pub fn may_fetch_from(&self, host: &str) -> bool {
        let mut hosts = self.document_hosts.split_whitespace().peekable();
        let is_below =
            |known: &str| host.strip_suffix(known).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        hosts.peek().is_none() || hosts.any(is_below)
    }

    /// Returns whether `address` is one of its callback URLs, compared as browsers parse them.
    pub fn may_call_back(&self, address: &Url) -> bool {
        credential::is_listed(&self.callback_urls, address)
    }

    /// Returns whether it is enabled.
    pub fn is_active(&self) -> bool {
        self.disabled_at.is_none()
    }
}

/// Selects enabled partners with their webhooks. A list of partners' ids follows.
pub(super) const ACTIVE_PARTNERS: &str = "SELECT partner.id AS partner_id, webhook.id AS id, webhook.events AS events
     FROM partner LEFT JOIN webhook ON webhook.partner_id = partner.id
    WHERE partner.disabled_at IS NULL AND partner.id IN ";

/// Enabled partners and their webhooks, as [`Tx::listeners`] finds them too.
#[derive(Debug)]
pub struct Pushers {
    ids: HashSet<Uuid>,
    pub(super) listeners: Vec<Listener>,
}

impl Pushers {
    /// Returns whether `partner` is enabled.
    pub fn has(&self, partner: Uuid) -> bool {
        self.ids.contains(&partner)
    }
}

impl Tx {
    pub async fn add_partner(&mut self, partner: &Partner) -> Result<(), StoreError> {
        dispatch!(self, connection => sqlx::query(
            "INSERT INTO partner (id, name, scopes, secret_hash, created_at, document_hosts, sandbox, callback_urls)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        ).bind(partner.id).bind(&partner.name).bind(&partner.scopes).bind(&partner.secret_hash).bind(partner.created_at)
            .bind(&partner.document_hosts).bind(partner.sandbox).bind(&partner.callback_urls)
            .execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Deletes a partner that was just added and is not referenced yet. Returns false if there is
    /// none.
    pub async fn remove_partner(&mut self, id: Uuid) -> Result<bool, StoreError> {
        let removed = dispatch!(self, connection => sqlx::query("DELETE FROM partner WHERE id = $1")
            .bind(id).execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(removed == 1)
    }

    /// Returns the partner with this `client_id`, even if it is disabled.
    pub async fn partner(&mut self, id: Uuid) -> Result<Option<Partner>, StoreError> {
        Ok(
            dispatch!(self, connection => sqlx::query_as("SELECT * FROM partner WHERE id = $1").bind(id).fetch_optional(connection).await)?,
        )
    }

    /// Returns a partner and locks it until the end of the transaction, so that a change can depend
    /// on what was read.
    pub async fn lock_partner(&mut self, id: Uuid) -> Result<Option<Partner>, StoreError> {
        Ok(dispatch!(self, connection => sqlx::query_as("UPDATE partner SET name = name WHERE id = $1 RETURNING *")
            .bind(id).fetch_optional(connection).await)?)
    }

    /// Returns all partners, oldest first.
    pub async fn partners(&mut self) -> Result<Vec<Partner>, StoreError> {
        Ok(
            dispatch!(self, connection => sqlx::query_as("SELECT * FROM partner ORDER BY created_at, id").fetch_all(connection).await)?,
        )
    }

    /// Returns those of `ids` that are enabled, with their webhooks. It is one query because every
    /// push runs it.
    pub async fn active_partners(&mut self, ids: &[Uuid]) -> Result<Pushers, StoreError> {
        struct PusherRow {
            partner_id: Uuid,
            id: Option<Uuid>,
            events: Option<String>,
        }
        from_row!(PusherRow { partner_id, id, events });
        let rows: Vec<PusherRow> = dispatch!(self, connection => {
            let mut query = QueryBuilder::new(ACTIVE_PARTNERS);
            push_list(&mut query, ids.iter().copied());
            query.push(" ORDER BY webhook.id");
            query.build_query_as().fetch_all(connection).await
        })?;
        let listener =
            |row: &PusherRow| Some(Listener { id: row.id?, partner_id: row.partner_id, events: row.events.clone()? });
        let listeners = rows.iter().filter_map(listener).collect();
        Ok(Pushers { ids: rows.iter().map(|row| row.partner_id).collect(), listeners })
    }

    /// Replaces all secrets of a partner with a new one. Returns false if there is no such partner.
    pub async fn rotate_partner(&mut self, id: Uuid, secret_hash: &[u8], now: Timestamp) -> Result<bool, StoreError> {
        let changed = dispatch!(self, connection => sqlx::query(
            "UPDATE partner SET secret_hash = $2, rotated_at = $3, previous_secret_hash = NULL, previous_secret_since = NULL,
                    previous_secret_until = NULL, previous_secret_beside = NULL
              WHERE id = $1",
        ).bind(id).bind(secret_hash).bind(now).execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// Like [`Tx::rotate_partner`], but only if the current secret has the hash `old`; otherwise
    /// returns false.
    pub async fn exchange_partner_secret(
        &mut self,
        id: Uuid,
        old: &[u8],
        new: &[u8],
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let changed = dispatch!(self, connection => sqlx::query(
            "UPDATE partner SET secret_hash = $3, rotated_at = $4, previous_secret_hash = NULL, previous_secret_since = NULL,
                    previous_secret_until = NULL, previous_secret_beside = NULL
              WHERE id = $1 AND secret_hash = $2",
        ).bind(id).bind(old).bind(new).bind(now).execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// Like [`Tx::exchange_partner_secret`], but the secret `old` also works until `old_until`. A
    /// secret before `old` stops working.
    pub async fn overlap_partner_secrets(
        &mut self,
        id: Uuid,
        old: &[u8],
        new: &[u8],
        old_until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let changed = dispatch!(self, connection => sqlx::query(
            "UPDATE partner SET previous_secret_hash = secret_hash, previous_secret_since = COALESCE(rotated_at, created_at),
                    previous_secret_until = $4, previous_secret_beside = $3, secret_hash = $3, rotated_at = $5
              WHERE id = $1 AND secret_hash = $2",
        ).bind(id).bind(old).bind(new).bind(old_until).bind(now).execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// Undoes a rotation to the secret `new`: restores the secrets that `before` has. Returns false
    /// if the current secret is another one.
    pub async fn restore_partner_secrets(&mut self, before: &Partner, new: &[u8]) -> Result<bool, StoreError> {
        let previous = &before.previous_secret;
        let changed = dispatch!(self, connection => sqlx::query(
            "UPDATE partner SET secret_hash = $3, rotated_at = $4, previous_secret_hash = $5, previous_secret_since = $6,
                    previous_secret_until = $7, previous_secret_beside = $8
              WHERE id = $1 AND secret_hash = $2",
        ).bind(before.id).bind(new).bind(&before.secret_hash).bind(before.rotated_at).bind(previous.hash.as_deref())
            .bind(previous.since).bind(previous.until).bind(previous.beside.as_deref())
            .execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// Ends the previous secret of a partner. Returns false if none is valid at `now`.
    pub async fn revoke_previous_secret(&mut self, id: Uuid, now: Timestamp) -> Result<bool, StoreError> {
        let changed = dispatch!(self, connection => sqlx::query(
            "UPDATE partner SET previous_secret_hash = NULL, previous_secret_since = NULL, previous_secret_until = NULL,
                    previous_secret_beside = NULL
              WHERE id = $1 AND previous_secret_until > $2 AND previous_secret_beside = secret_hash",
        ).bind(id).bind(now).execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// Sets the name, scopes, document hosts and callback URLs of a partner. Returns false if there
    /// is no such partner.
    pub async fn update_partner(&mut self, partner: &Partner) -> Result<bool, StoreError> {
        let changed = dispatch!(self, connection => sqlx::query(
            "UPDATE partner SET name = $2, scopes = $3, document_hosts = $4, callback_urls = $5 WHERE id = $1",
        ).bind(partner.id).bind(&partner.name).bind(&partner.scopes).bind(&partner.document_hosts)
            .bind(&partner.callback_urls).execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// Sets the hosts that a partner's documents may be fetched from. Returns false if there is no
    /// such partner.
    pub async fn set_document_hosts(&mut self, id: Uuid, hosts: &str) -> Result<bool, StoreError> {
        let changed = dispatch!(self, connection => sqlx::query("UPDATE partner SET document_hosts = $2 WHERE id = $1")
            .bind(id).bind(hosts).execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// Sets the callback URLs of a partner. Returns false if there is no such partner.
    pub async fn set_callback_urls(&mut self, id: Uuid, urls: &str) -> Result<bool, StoreError> {
        let changed = dispatch!(self, connection => sqlx::query("UPDATE partner SET callback_urls = $2 WHERE id = $1")
            .bind(id).bind(urls).execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// Disables a partner, whose tokens are rejected from now on. Returns false if there is no such
    /// partner.
    pub async fn disable_partner(&mut self, id: Uuid, now: Timestamp) -> Result<bool, StoreError> {
        let changed = dispatch!(self, connection => sqlx::query("UPDATE partner SET disabled_at = COALESCE(disabled_at, $2) WHERE id = $1")
            .bind(id).bind(now).execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// Enables a partner again. Ends the console sessions from before it was disabled, so that a
    /// stolen one does not return. Returns false if there is no such partner.
    pub async fn enable_partner(&mut self, id: Uuid) -> Result<bool, StoreError> {
        let changed = dispatch!(self, connection => {
            sqlx::query(
                "DELETE FROM console_session WHERE partner_id = $1
                    AND EXISTS (SELECT 1 FROM partner WHERE partner.id = $1 AND partner.disabled_at IS NOT NULL)",
            ).bind(id).execute(&mut *connection).await?;
            sqlx::query("UPDATE partner SET disabled_at = NULL WHERE id = $1").bind(id).execute(connection).await
                .map(|done| done.rows_affected())
        })?;
        Ok(changed == 1)
    }
}
