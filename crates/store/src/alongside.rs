//! Data stored together with a push, keyed by the id of its link: a submission's or a batch's.

use uuid::Uuid;

use super::{LinkRecipient, OutboxItem, StoreError, Tx, dispatch};

/// Data stored in the transaction of a push, and only if the push is stored.
#[derive(Clone, Debug, Default)]
pub struct Alongside {
    /// Message to send.
    pub outgoing: Option<OutboxItem>,
    /// URL that the person is sent to after deciding.
    pub return_url: Option<String>,
    /// Person to warn before the link expires.
    pub recipient: Option<LinkRecipient>,
}

impl Alongside {
    /// Returns whether there is nothing to store.
    pub fn is_empty(&self) -> bool {
        self.outgoing.is_none() && self.return_url.is_none() && self.recipient.is_none()
    }
}

impl Tx {
    /// Stores the data of the push with this link.
    pub(super) async fn add_alongside(&mut self, link: Uuid, alongside: &Alongside) -> Result<(), StoreError> {
        if let Some(outgoing) = &alongside.outgoing {
            self.add_to_outbox(outgoing).await?;
        }
        if let Some(url) = &alongside.return_url {
            dispatch!(self, connection => sqlx::query("INSERT INTO return_url (request_id, url) VALUES ($1, $2)")
                .bind(link).bind(url).execute(connection).await.map(drop))?;
        }
        if let Some(recipient) = &alongside.recipient {
            self.note_link_recipient(link, recipient).await?;
        }
        Ok(())
    }

    /// Returns the URL that the person is sent to after deciding on the push with this link.
    pub async fn return_url(&mut self, link: Uuid) -> Result<Option<String>, StoreError> {
        Ok(
            dispatch!(self, connection => sqlx::query_scalar("SELECT url FROM return_url WHERE request_id = $1").bind(link).fetch_optional(connection).await)?,
        )
    }
}
