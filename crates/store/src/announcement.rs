//! Announcements: events for partners' webhooks.
//!
//! Each is stored as one delivery per subscribed webhook, in the transaction that causes it.

use std::collections::BTreeSet;
use std::time::Duration;

use ambient::Timestamp;
use credential::encoding::sha256;
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::{StoreError, Tx, dispatch, from_row, push_list};
use crate::domain::submission::CancelReason;
pub use crate::domain::webhook::AnnouncementKind;

/// How long delivery is attempted.
pub const TRIED_FOR: Duration = Duration::from_secs(3 * 86_400);

/// Most rows per statement.
pub(super) const ROWS: usize = 256;

/// An event for a partner's webhooks.
#[derive(Clone, Copy, Debug)]
pub struct Announcement<'a> {
    pub partner: Uuid,
    /// Kind of event.
    pub kind: AnnouncementKind,
    /// Id of the request that the event is about, as the partner knows it.
    pub request_id: &'a str,
    /// The partner's own id of the credential, if it pushed one.
    pub credential_id: Option<&'a str>,
    /// When the event happened.
    pub at: Timestamp,
    /// When the event is queued, and first due. It can be long after `at`.
    pub told_at: Timestamp,
}

impl Announcement<'_> {
    /// Returns the event's id: a UUIDv8 (RFC 9562, section 5.8) derived from a hash of the event.
    ///
    /// Every webhook, attempt and replay therefore has the same id.
    pub fn event_id(&self) -> Uuid {
        let parts = [
            self.partner.as_bytes().as_slice(),
            self.kind.name().as_bytes(),
            self.request_id.as_bytes(),
            self.credential_id.unwrap_or_default().as_bytes(),
            &self.at.micros().to_be_bytes(),
        ];
        let mut told = Vec::new();
        for part in parts {
            // The length prefix keeps different splits of the same bytes from colliding.
            told.extend((part.len() as u64).to_be_bytes());
            told.extend(part);
        }
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&sha256(&told)[..16]);
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    }
}

/// The columns of a webhook that announcing needs.
#[derive(Debug)]
pub(super) struct Listener {
    pub(super) id: Uuid,
    pub(super) partner_id: Uuid,
    pub(super) events: String,
}
from_row!(Listener { id, partner_id, events });

impl Tx {
    /// Queues one delivery per webhook that subscribed to the event. The caller wakes the sender
    /// after the commit.
    pub async fn announce(&mut self, announcements: &[Announcement<'_>]) -> Result<(), StoreError> {
        let partners = announcements.iter().map(|announcement| announcement.partner).collect();
        let listeners = self.listeners(&partners).await?;
        self.announce_among(&listeners, announcements).await
    }

    /// Returns the webhooks of `partners`.
    pub(super) async fn listeners(&mut self, partners: &BTreeSet<Uuid>) -> Result<Vec<Listener>, StoreError> {
        if partners.is_empty() {
            return Ok(Vec::new());
        }
        Ok(dispatch!(self, connection => {
            let mut query = QueryBuilder::new("SELECT id, partner_id, events FROM webhook WHERE partner_id IN ");
            push_list(&mut query, partners.iter().copied());
            query.push(" ORDER BY id");
            query.build_query_as().fetch_all(connection).await
        })?)
    }

    /// Does the same as [`Tx::announce`], for a caller that has read the partners' webhooks
    /// already.
    pub(super) async fn announce_among(
        &mut self,
        listeners: &[Listener],
        announcements: &[Announcement<'_>],
    ) -> Result<(), StoreError> {
        let wanted: Vec<(Uuid, &Announcement<'_>)> = announcements
            .iter()
            .flat_map(|announcement| {
                let wants = |listener: &&Listener| {
                    listener.partner_id == announcement.partner
                        && listener.events.split(' ').any(|wanted| wanted == announcement.kind.name())
                };
                listeners.iter().filter(wants).map(move |listener| (listener.id, announcement))
            })
            .collect();
        self.add_deliveries(&wanted).await
    }

    /// Queues a delivery for one webhook, whatever it subscribed to.
    pub async fn announce_to(&mut self, webhook: Uuid, announcement: &Announcement<'_>) -> Result<(), StoreError> {
        self.add_deliveries(&[(webhook, announcement)]).await
    }

    async fn add_deliveries(&mut self, wanted: &[(Uuid, &Announcement<'_>)]) -> Result<(), StoreError> {
        for chunk in wanted.chunks(ROWS) {
            dispatch!(self, connection => {
                let mut query = QueryBuilder::new(
                    "INSERT INTO delivery (webhook_id, event_id, type, request_id, credential_id, reason, created_at, state, due_at, give_up_at) ",
                );
                query.push_values(chunk, |mut row, (webhook, announcement)| {
                    row.push_bind(*webhook)
                        .push_bind(announcement.event_id())
                        .push_bind(announcement.kind.name())
                        .push_bind(announcement.request_id)
                        .push_bind(announcement.credential_id)
                        .push_bind(announcement.kind.reason().map(CancelReason::name))
                        .push_bind(announcement.at)
                        .push("'waiting'")
                        .push_bind(announcement.told_at)
                        .push_bind(announcement.told_at + TRIED_FOR);
                });
                query.push(" ON CONFLICT (webhook_id, event_id) DO NOTHING");
                query.build().execute(connection).await.map(drop)
            })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn event_ids_are_stable_and_differ_between_events() {
        let told = Announcement {
            partner: Uuid::from_u128(1),
            kind: AnnouncementKind::AddAccepted,
            request_id: "ab",
            credential_id: Some("c"),
            at: Timestamp::from_micros(1),
            told_at: Timestamp::from_micros(1),
        };
        let id = told.event_id();
        let again = Announcement { told_at: Timestamp::from_micros(2), ..told };
        assert_eq!((id, id.get_version_num()), (again.event_id(), 8));
        for other in [
            Announcement { partner: Uuid::from_u128(2), ..told },
            Announcement { kind: AnnouncementKind::AddDeclined, ..told },
            Announcement { request_id: "a", credential_id: Some("bc"), ..told },
            Announcement { credential_id: None, ..told },
            Announcement { at: Timestamp::from_micros(2), ..told },
        ] {
            assert_ne!(other.event_id(), id, "{other:?}");
        }
    }
}
