//! A webhook: where a partner wants to be told of events, what it is told, and how often that is tried.

use std::time::Duration;

use uuid::Uuid;

use crate::domain::submission::CancelReason;
use crate::from_row;
use ambient::{Backoff, Timestamp};

/// What partners are told of (partner-api section 11).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AnnouncementKind {
    /// A person answered a verification request and shared.
    RequestVerified,
    /// A person declined a verification request.
    RequestDeclined,
    /// Nobody answered a verification request in time.
    RequestExpired,
    /// A push was stored.
    AddPushed,
    /// Somebody's browser handed its link over.
    AddOpened,
    /// A person signed in and it was bound to their account.
    AddSignedIn,
    /// The person accepted it.
    AddAccepted,
    /// The person declined it.
    AddDeclined,
    /// Nobody accepted it in time.
    AddExpired,
    /// The partner withdrew it.
    AddWithdrawn,
    /// Its link could not be mailed.
    AddUndelivered,
    /// Somebody tries the webhook out.
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

    /// The event's `type`. Declined, expired and withdrawn are one, as they are one status; [`Self::reason`] tells them apart.
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

    /// Why the request was canceled; `None` for an event of another type.
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

/// What a webhook is told of unless it says otherwise: what the contract documents.
pub const DEFAULT_EVENTS: &str = "vwsp_request.verified vwsp_request.canceled";

/// Most webhooks of a partner: each event is written once for each of them.
pub const MOST: usize = 20;

/// Where a partner wants to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Its id.
    pub id: Uuid,
    /// Whose it is.
    pub partner_id: Uuid,
    /// Where to.
    pub url: String,
    /// What the partner calls it.
    pub name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// The types it wants, separated by spaces.
    pub events: String,
    /// The secret, sealed for this row.
    pub secret_sealed: Vec<u8>,
    /// The secret before the last rotation, sealed for this row.
    pub previous_secret_sealed: Option<Vec<u8>>,
    /// Until when that one signs too.
    pub previous_until: Option<Timestamp>,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When it was changed.
    pub updated_at: Timestamp,
    /// Deliveries that failed in a row.
    pub failures: i64,
    /// Nothing is sent before.
    pub paused_until: Option<Timestamp>,
    /// When its receiver answered 410 (Gone). Nothing is sent until the partner changes it.
    pub disabled_at: Option<Timestamp>,
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
});

impl Webhook {
    /// The previous secret, while it signs too.
    pub fn previous_secret(&self, now: Timestamp) -> Option<&[u8]> {
        self.previous_until.filter(|until| *until > now).and(self.previous_secret_sealed.as_deref())
    }

    /// Whether nothing is sent at `now`, since too much failed in a row.
    pub fn is_paused(&self, now: Timestamp) -> bool {
        self.paused_until.is_some_and(|until| until > now)
    }

    /// Whether so much failed in a row that one delivery is tried before the others.
    pub fn is_on_probation(&self) -> bool {
        self.failures >= TRIP
    }
}

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    /// It is to be sent, for the first time or again.
    Waiting,
    /// The receiver has it.
    Delivered,
    /// It was given up.
    Failed,
}

impl DeliveryState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Waiting, Self::Delivered, Self::Failed];

    /// Its name, stored and shown.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }

    /// The state with that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// One event for one webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Its place among all deliveries.
    pub sequence: i64,
    /// For which webhook.
    pub webhook_id: Uuid,
    /// The event's id, the same for every webhook and every attempt.
    pub event_id: Uuid,
    /// The event's `type`.
    pub kind: String,
    /// The request that it is about.
    pub request_id: String,
    /// The credential that it is about, in the partner's words.
    pub credential_id: Option<String>,
    /// Why the request was canceled; `None` for an event of another type, and if the release before wrote it.
    pub reason: Option<String>,
    /// When it happened.
    pub created_at: Timestamp,
    /// Where it stands.
    pub state: DeliveryState,
    /// How often it was tried since it was queued.
    pub tries: i64,
    /// How often it was tried ever.
    pub attempts: i64,
    /// When it is tried next, while it waits.
    pub due_at: Timestamp,
    /// When it is given up.
    pub give_up_at: Timestamp,
    /// When the receiver had it.
    pub delivered_at: Option<Timestamp>,
}

/// Why a receiver gave no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoAnswer {
    /// Its address leads to where nothing may be sent to.
    AddressRefused,
    /// Nobody is there, or not with a certificate that counts.
    Unreachable,
    /// It took too long.
    TimedOut,
}

impl NoAnswer {
    /// Its name, stored and shown.
    pub fn name(self) -> &'static str {
        match self {
            Self::AddressRefused => "address_refused",
            Self::Unreachable => "unreachable",
            Self::TimedOut => "timed_out",
        }
    }
}

/// Failures in a row after which a receiver is left alone for a while.
pub const TRIP: i64 = 5;
/// How long, the first time; it doubles with each probe that fails.
const PAUSE: Duration = Duration::from_secs(15);
/// The longest time.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// How long a receiver is left alone after so many failures in a row; `None`: it is not.
pub fn pause_after(failures: i64) -> Option<Duration> {
    let beyond = u32::try_from(failures - TRIP).ok()?;
    // What fails at the same time counts once, so that the first pause is a short one.
    let probes = beyond.saturating_sub(CONCURRENT_FAILURES);
    Some((PAUSE * 2_u32.saturating_pow(probes.min(5))).min(LONGEST_PAUSE))
}

/// So many deliveries more may be under way, and fail, when the last one that was needed fails.
const CONCURRENT_FAILURES: u32 = 8;

/// The longest waits before the retries of a delivery.
pub const RETRIES: Backoff = Backoff { first: Duration::from_secs(10), longest: Duration::from_secs(4 * 3600) };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_start_after_five_failures_and_grow_to_5_minutes() {
        assert_eq!(pause_after(TRIP - 1), None);
        assert_eq!(pause_after(TRIP), Some(PAUSE));
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
