//! Announcements: what partners are told, written as one delivery for each webhook that wants it, in the transaction that
//! makes it happen.

use std::collections::BTreeSet;
use std::time::Duration;

use ambient::Timestamp;
use credential::encoding::sha256;
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::{StoreError, Tx, from_row, on, push_list};
use crate::domain::submission::CancelReason;
pub use crate::domain::webhook::AnnouncementKind;

/// How long a delivery is tried.
pub const TRIED_FOR: Duration = Duration::from_secs(3 * 86_400);

/// Rows of one statement.
pub(super) const ROWS: usize = 256;

/// An event that partners are told of; written in the transaction that makes it happen.
#[derive(Clone, Copy, Debug)]
pub struct Announcement<'a> {
    /// Who is told.
    pub partner: Uuid,
    /// What happened.
    pub kind: AnnouncementKind,
    /// The request that it is about, as the partner knows it.
    pub request_id: &'a str,
    /// The partner's own id of the credential, where it pushed one.
    pub credential_id: Option<&'a str>,
    /// When it happened.
    pub at: Timestamp,
    /// When it is told, which may be long after that: from then on it is tried.
    pub told_at: Timestamp,
}

impl Announcement<'_> {
    /// The event's id: a UUIDv8 (RFC 9562, section 5.8) of what it says, so that every webhook, every attempt and every
    /// replay has the same, and no chance is needed.
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
            // With its length, so that nothing can move from one part into the next.
            told.extend((part.len() as u64).to_be_bytes());
            told.extend(part);
        }
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&sha256(&told)[..16]);
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    }
}

/// What fanning out needs of a webhook.
#[derive(Debug)]
pub(super) struct Listener {
    pub(super) id: Uuid,
    pub(super) partner_id: Uuid,
    pub(super) events: String,
}
from_row!(Listener { id, partner_id, events });

impl Tx {
    /// Tells partners of what happened: a delivery for each of their webhooks that wants it. Who sends is woken by the
    /// caller, after the commit.
    pub async fn announce(&mut self, announcements: &[Announcement<'_>]) -> Result<(), StoreError> {
        let partners = announcements.iter().map(|announcement| announcement.partner).collect();
        let listeners = self.listeners(&partners).await?;
        self.announce_among(&listeners, announcements).await
    }

    /// The webhooks of `partners`.
    pub(super) async fn listeners(&mut self, partners: &BTreeSet<Uuid>) -> Result<Vec<Listener>, StoreError> {
        if partners.is_empty() {
            return Ok(Vec::new());
        }
        Ok(on!(self, connection => {
            let mut query = QueryBuilder::new("SELECT id, partner_id, events FROM webhook WHERE partner_id IN ");
            push_list(&mut query, partners.iter().copied());
            query.push(" ORDER BY id");
            query.build_query_as().fetch_all(connection).await
        })?)
    }

    /// As [`Tx::announce`], by a caller that knows the partners' webhooks.
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

    /// Tells one webhook, whatever it wants.
    pub async fn announce_to(&mut self, webhook: Uuid, announcement: &Announcement<'_>) -> Result<(), StoreError> {
        self.add_deliveries(&[(webhook, announcement)]).await
    }

    async fn add_deliveries(&mut self, wanted: &[(Uuid, &Announcement<'_>)]) -> Result<(), StoreError> {
        for chunk in wanted.chunks(ROWS) {
            on!(self, connection => {
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
