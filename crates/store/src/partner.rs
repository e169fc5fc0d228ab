//! Partners: the OAuth clients.

use std::collections::HashSet;

use sqlx::QueryBuilder;
use url::Url;
use uuid::Uuid;

use super::announcement::Listener;
use super::{StoreError, Tx, from_row, on, push_list};
use ambient::Timestamp;

/// A partner: a payroll provider, HR system, university or test centre that pushes credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partner {
    /// The `client_id`.
    pub id: Uuid,
    /// The name that people read.
    pub name: String,
    /// The scopes it may ask for, separated by spaces (RFC 6749, section 3.3).
    pub scopes: String,
    /// SHA-256 of the `client_secret`.
    pub secret_hash: Vec<u8>,
    /// When it was added.
    pub created_at: Timestamp,
    /// When its secret was last rotated.
    pub rotated_at: Option<Timestamp>,
    /// When it was disabled, if it is.
    pub disabled_at: Option<Timestamp>,
    /// Host names from which its documents may be fetched, separated by spaces; empty: any public host.
    pub document_hosts: String,
    /// Whether it is for trying things out: its people may be played by the server. Never changes.
    pub sandbox: bool,
    /// Addresses to which people may be sent after they answered a verification request or decided about a push, separated by
    /// spaces.
    pub callback_urls: String,
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
    callback_urls,
});

impl Partner {
    /// Whether its documents may be fetched from `host`: one of its hosts, or below one of them.
    pub fn may_fetch_from(&self, host: &str) -> bool {
        let mut hosts = self.document_hosts.split_whitespace().peekable();
        let is_below =
            |known: &str| host.strip_suffix(known).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        hosts.peek().is_none() || hosts.any(is_below)
    }

    /// Whether people may be sent to `address`, which is on its list: the same address, as a browser reads it.
    pub fn may_call_back(&self, address: &Url) -> bool {
        credential::is_listed(&self.callback_urls, address)
    }

    /// Whether it may do anything at all.
    pub fn is_active(&self) -> bool {
        self.disabled_at.is_none()
    }
}

/// Partners that are not disabled, and where they want to be told; as [`Tx::listeners`] finds it too.
#[derive(Debug)]
pub struct Pushers {
    ids: HashSet<Uuid>,
    pub(super) listeners: Vec<Listener>,
}

impl Pushers {
    /// Whether `partner` is one of them.
    pub fn has(&self, partner: Uuid) -> bool {
        self.ids.contains(&partner)
    }
}

impl Tx {
    /// Adds a partner.
    pub async fn add_partner(&mut self, partner: &Partner) -> Result<(), StoreError> {
        on!(self, connection => sqlx::query(
            "INSERT INTO partner (id, name, scopes, secret_hash, created_at, document_hosts, sandbox, callback_urls)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        ).bind(partner.id).bind(&partner.name).bind(&partner.scopes).bind(&partner.secret_hash).bind(partner.created_at)
            .bind(&partner.document_hosts).bind(partner.sandbox).bind(&partner.callback_urls)
            .execute(connection).await.map(drop))?;
        Ok(())
    }

    /// Removes a partner that was just added and has not done anything. False if it is not there.
    pub async fn remove_partner(&mut self, id: Uuid) -> Result<bool, StoreError> {
        let removed = on!(self, connection => sqlx::query("DELETE FROM partner WHERE id = $1")
            .bind(id).execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(removed == 1)
    }

    /// The partner with this `client_id`, disabled or not.
    pub async fn partner(&mut self, id: Uuid) -> Result<Option<Partner>, StoreError> {
        Ok(
            on!(self, connection => sqlx::query_as("SELECT * FROM partner WHERE id = $1").bind(id).fetch_optional(connection).await)?,
        )
    }

    /// All partners, oldest first.
    pub async fn partners(&mut self) -> Result<Vec<Partner>, StoreError> {
        Ok(
            on!(self, connection => sqlx::query_as("SELECT * FROM partner ORDER BY created_at, id").fetch_all(connection).await)?,
        )
    }

    /// Those of `ids` that are not disabled, and where they want to be told: one question, since each push asks it.
    pub async fn active_partners(&mut self, ids: &[Uuid]) -> Result<Pushers, StoreError> {
        struct Row {
            partner_id: Uuid,
            id: Option<Uuid>,
            events: Option<String>,
        }
        from_row!(Row { partner_id, id, events });
        let rows: Vec<Row> = on!(self, connection => {
            let mut query = QueryBuilder::new(
                "SELECT partner.id AS partner_id, webhook.id AS id, webhook.events AS events
                   FROM partner LEFT JOIN webhook ON webhook.partner_id = partner.id
                  WHERE partner.disabled_at IS NULL AND partner.id IN ",
            );
            push_list(&mut query, ids.iter().copied());
            query.push(" ORDER BY webhook.id");
            query.build_query_as().fetch_all(connection).await
        })?;
        let listener =
            |row: &Row| Some(Listener { id: row.id?, partner_id: row.partner_id, events: row.events.clone()? });
        let listeners = rows.iter().filter_map(listener).collect();
        Ok(Pushers { ids: rows.iter().map(|row| row.partner_id).collect(), listeners })
    }

    /// Gives a partner another secret. False if there is no such partner.
    pub async fn rotate_partner(&mut self, id: Uuid, secret_hash: &[u8], now: Timestamp) -> Result<bool, StoreError> {
        let changed = on!(self, connection => sqlx::query("UPDATE partner SET secret_hash = $2, rotated_at = $3 WHERE id = $1")
            .bind(id).bind(secret_hash).bind(now).execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// Gives a partner another secret in the place of the one with the hash `old`. False if that is not its secret (any more).
    pub async fn exchange_partner_secret(
        &mut self,
        id: Uuid,
        old: &[u8],
        new: &[u8],
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let changed = on!(self, connection => sqlx::query("UPDATE partner SET secret_hash = $3, rotated_at = $4 WHERE id = $1 AND secret_hash = $2")
            .bind(id).bind(old).bind(new).bind(now).execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// Says from which hosts a partner's documents may be fetched. False if there is no such partner.
    pub async fn set_document_hosts(&mut self, id: Uuid, hosts: &str) -> Result<bool, StoreError> {
        let changed = on!(self, connection => sqlx::query("UPDATE partner SET document_hosts = $2 WHERE id = $1")
            .bind(id).bind(hosts).execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// Says to which addresses people may be sent back. False if there is no such partner.
    pub async fn set_callback_urls(&mut self, id: Uuid, urls: &str) -> Result<bool, StoreError> {
        let changed = on!(self, connection => sqlx::query("UPDATE partner SET callback_urls = $2 WHERE id = $1")
            .bind(id).bind(urls).execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }

    /// Disables a partner; from now on its tokens are refused. False if there is no such partner.
    pub async fn disable_partner(&mut self, id: Uuid, now: Timestamp) -> Result<bool, StoreError> {
        let changed = on!(self, connection => sqlx::query("UPDATE partner SET disabled_at = COALESCE(disabled_at, $2) WHERE id = $1")
            .bind(id).bind(now).execute(connection).await.map(|done| done.rows_affected()))?;
        Ok(changed == 1)
    }
}
