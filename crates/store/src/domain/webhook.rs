//! A webhook: the URL and events that a partner subscribed to, and the retry of its deliveries.

use std::time::Duration;

use uuid::Uuid;

use crate::domain::submission::CancelReason;
use crate::from_row;
use ambient::{Backoff, Timestamp};

/// Kind of event that a partner can subscribe to (docs/partner-api.md section 11).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AnnouncementKind {
    /// The holder presented a credential for a verification request.
    RequestVerified,
    /// The holder declined a verification request.
    RequestDeclined,
    /// A verification request expired.
    RequestExpired,
    /// A push was stored.
    AddPushed,
    /// A browser opened the link of a push.
    AddOpened,
    /// A person signed in, and the push was bound to their account.
    AddSignedIn,
    /// The holder accepted the push.
    AddAccepted,
    /// The holder declined the push.
    AddDeclined,
    /// The push expired.
    AddExpired,
    /// The partner withdrew the push.
    AddWithdrawn,
    /// The link could not be emailed.
    AddUndelivered,
    /// The partner sent a test event.
    Test,
}

impl AnnouncementKind {
    /// Every kind.
    pub const ALL: [Self; 12] = [
        Self::RequestVerified,
        Self::RequestDeclined,
        Self::RequestExpired,
        Self::AddPushed,
        Self::AddOpened,
        Self::AddSignedIn,
        Self::AddAccepted,
        Self::AddDeclined,
        Self::AddExpired,
        Self::AddWithdrawn,
        Self::AddUndelivered,
        Self::Test,
    ];

    /// Returns the event's `type`. Declined, expired and withdrawn have the same one, as they have
    /// the same status; [`Self::reason`] tells them apart.
    pub fn name(self) -> &'static str {
        match self {
            Self::RequestVerified => "vwsp_request.verified",
            Self::RequestDeclined | Self::RequestExpired => "vwsp_request.canceled",
            Self::AddPushed => "atsp_request.created",
            Self::AddOpened => "atsp_request.opened",
            Self::AddSignedIn => "atsp_request.signed_in",
            Self::AddAccepted => "atsp_request.verified",
            Self::AddDeclined | Self::AddExpired | Self::AddWithdrawn => "atsp_request.canceled",
            Self::AddUndelivered => "atsp_request.notify_failed",
            Self::Test => "tenure.test",
        }
    }

    /// Returns why the request was canceled; `None` for other types.
    pub fn reason(self) -> Option<CancelReason> {
        match self {
            Self::RequestDeclined | Self::AddDeclined => Some(CancelReason::Declined),
            Self::RequestExpired | Self::AddExpired => Some(CancelReason::Expired),
            Self::AddWithdrawn => Some(CancelReason::Withdrawn),
            Self::RequestVerified
            | Self::AddPushed
            | Self::AddOpened
            | Self::AddSignedIn
            | Self::AddAccepted
            | Self::AddUndelivered
            | Self::Test => None,
        }
    }
}

/// Events of a webhook that does not choose any: those that the contract documents.
pub const DEFAULT_EVENTS: &str = "vwsp_request.verified vwsp_request.canceled";

/// Most webhooks per partner. Each event is stored once per webhook.
pub const MAX: usize = 20;

/// A partner's subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Server-generated id.
    pub id: Uuid,
    /// The partner that registered it.
    pub partner_id: Uuid,
    /// URL that receives the events.
    pub url: String,
    /// Name that the partner gave it.
    pub name: Option<String>,
    /// Description that the partner gave it.
    pub description: Option<String>,
    /// Subscribed event types, separated by spaces.
    pub events: String,
    /// The signing secret, encrypted for this row.
    pub secret_sealed: Vec<u8>,
    /// The signing secret before the last rotation, encrypted for this row.
    pub previous_secret_sealed: Option<Vec<u8>>,
    /// Until when events are also signed with the previous secret.
    pub previous_until: Option<Timestamp>,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Failed deliveries in a row.
    pub failures: i64,
    /// Nothing is sent before this time.
    pub paused_until: Option<Timestamp>,
    /// When the receiver returned 410 (Gone). Nothing is sent until the partner changes the
    /// webhook.
    pub disabled_at: Option<Timestamp>,
    /// Until when it is a listener: its partner fetches the events, and nothing is sent. `None` for
    /// an ordinary webhook.
    pub listens_until: Option<Timestamp>,
}
from_row!(Webhook {
    id,
    partner_id,
    url,
    name,
    description,
    events,
    secret_sealed,
    previous_secret_sealed,
    previous_until,
    created_at,
    updated_at,
    failures,
    paused_until,
    disabled_at,
    listens_until,
});

impl Webhook {
    /// Returns the previous secret if it is still used at `now`.
    pub fn previous_secret(&self, now: Timestamp) -> Option<&[u8]> {
        self.previous_until.filter(|until| *until > now).and(self.previous_secret_sealed.as_deref())
    }

    /// Returns whether it is a listener, which may have ended.
    pub fn is_listener(&self) -> bool {
        self.listens_until.is_some()
    }

    /// Returns whether it is a listener that has not ended at `now`.
    pub fn is_listening(&self, now: Timestamp) -> bool {
        self.listens_until.is_some_and(|until| until > now)
    }

    /// Returns whether sending is paused at `now` after too many failures.
    pub fn is_paused(&self, now: Timestamp) -> bool {
        self.paused_until.is_some_and(|until| until > now)
    }

    /// Returns whether the failures in a row reach [`TRIP`]. A single delivery is then sent as a
    /// probe before the others.
    pub fn is_on_probation(&self) -> bool {
        self.failures >= TRIP
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    /// To be sent, for the first time or again.
    Waiting,
    /// The receiver accepted it.
    Delivered,
    /// Given up.
    Failed,
}

impl DeliveryState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Waiting, Self::Delivered, Self::Failed];

    /// Returns the name that is stored and shown.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// One event for one webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Sequence number among all deliveries.
    pub sequence: i64,
    pub webhook_id: Uuid,
    /// The event's id, the same for every webhook and every attempt.
    pub event_id: Uuid,
    /// The event's `type`.
    pub kind: String,
    /// Id of the request that the event is about.
    pub request_id: String,
    /// The partner's own id of the credential that the event is about, if any.
    pub credential_id: Option<String>,
    /// Why the request was canceled; `None` for other types, and in rows of an earlier release.
    pub reason: Option<String>,
    /// When the event happened.
    pub created_at: Timestamp,
    pub state: DeliveryState,
    /// Attempts since it was last queued.
    pub tries: i64,
    /// Attempts in total.
    pub attempts: i64,
    /// When the next attempt is due, while it waits.
    pub due_at: Timestamp,
    /// When it is given up.
    pub give_up_at: Timestamp,
    /// When the receiver accepted it.
    pub delivered_at: Option<Timestamp>,
}

/// Why there was no response from the receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryError {
    /// The address resolves to a network that the server must not send to.
    AddressRefused,
    /// The connection failed, or the certificate is not trusted.
    Unreachable,
    /// The request timed out.
    TimedOut,
}

impl DeliveryError {
    /// Returns the name that is stored and shown.
    pub fn name(self) -> &'static str {
        match self {
            Self::AddressRefused => "address_refused",
            Self::Unreachable => "unreachable",
            Self::TimedOut => "timed_out",
        }
    }
}

/// Failures in a row after which a webhook is paused.
pub const TRIP: i64 = 5;
/// Most deliveries that can be in flight, and fail, besides the one that trips the limit.
const CONCURRENT_FAILURES: i64 = 8;

/// Pauses of a webhook: they double with each probe that fails.
const PAUSES: Backoff = Backoff { first: Duration::from_secs(15), longest: Duration::from_secs(300) };

/// Returns the pause after this number of failures in a row; `None` if there are too few.
pub fn pause_after(failures: i64) -> Option<Duration> {
    // Deliveries that failed at the same time count as one failure. The first pause stays short.
    (failures >= TRIP).then(|| PAUSES.wait(failures - TRIP - CONCURRENT_FAILURES + 1))
}

/// Backoff between the retries of a webhook delivery. It bounds the random part of each wait.
pub const RETRIES: Backoff = Backoff { first: Duration::from_secs(10), longest: Duration::from_secs(4 * 3600) };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_start_after_five_failures_and_grow_to_5_minutes() {
        assert_eq!(pause_after(TRIP - 1), None);
        assert_eq!(pause_after(TRIP), Some(PAUSES.first));
        let pauses: Vec<u64> = (13..20).filter_map(pause_after).map(|pause| pause.as_secs()).collect();
        assert_eq!(pauses, [15, 30, 60, 120, 240, 300, 300]);
    }

    #[test]
    fn retries_continue_for_three_days() {
        assert_eq!(RETRIES.wait(14), RETRIES.longest);
        let total: u64 = (1..30).map(|tries| RETRIES.wait(tries).as_secs()).sum();
        assert!(total > 3 * 86_400 / 2, "29 retries, each after half of its longest wait on average");
    }

    #[test]
    fn canceled_events_have_a_reason_and_no_others() {
        for kind in AnnouncementKind::ALL {
            assert_eq!(kind.reason().is_some(), kind.name().ends_with(".canceled"), "{kind:?}");
        }
    }

    #[test]
    fn selectable_events_match_the_announcement_kinds() {
        let mut names: Vec<&str> = AnnouncementKind::ALL.iter().map(|kind| kind.name()).collect();
        names.dedup();
        assert_eq!(names.pop(), Some("tenure.test"), "it is sent whatever was chosen");
        assert_eq!(names, credential::EVENT_TYPES.values);
        assert!(DEFAULT_EVENTS.split(' ').all(|name| names.contains(&name)));
    }
}
