//! A verification request: a partner asks a person to show something, from the question to its end. Pure.
//!
//! Owns the states, what each of them means to the partner (status) and to the person.

use credential::Type;
use uuid::Uuid;

use super::submission::{CancelReason, Sealed, Status};
use ambient::Timestamp;

/// Most answers that a wallet looks back at.
pub const MOST_SHOWN: i64 = 1000;

/// A question to a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// `content` in the link.
    pub id: Uuid,
    /// Who asks.
    pub partner_id: Uuid,
    /// The partner's own id for it, or the one that we gave it.
    pub request_id: String,
    /// What is asked for.
    pub credential_type: Type,
    /// When it was asked.
    pub created_at: Timestamp,
    /// Until when it can be answered.
    pub expires_at: Timestamp,
    /// The account that opened it first, or that answered; `None` if that is gone, or an outside wallet answered.
    pub holder: Option<Uuid>,
    /// The question in detail, under a ring key; `None` once nobody needs it any more.
    pub request: Option<Sealed>,
    /// Where it stands.
    pub state: State,
}

/// Where a question stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It can be answered.
    Open,
    /// The person showed something.
    Verified {
        /// When.
        at: Timestamp,
        /// What, and how it was checked, under a ring key; `None` once its time is over.
        result: Option<Sealed>,
        /// What the wallet says of it, under the holder's key; `None` if the account is gone or there never was one.
        memory: Option<Vec<u8>>,
    },
    /// The person said no.
    Canceled {
        /// When.
        at: Timestamp,
    },
    /// Nobody answered in time.
    Expired {
        /// When its time was over.
        at: Timestamp,
    },
}

impl Verification {
    /// What the partner is told.
    pub fn status(&self) -> Status {
        match self.state {
            State::Open => Status::Incomplete,
            State::Verified { at, .. } => Status::Verified(at),
            State::Canceled { at } => Status::Canceled(at, CancelReason::Declined),
            State::Expired { at } => Status::Canceled(at, CancelReason::Expired),
        }
    }

    /// The same as it stands at `now`: one whose time is over is expired, whether or not the job that writes this down has
    /// come by.
    #[must_use]
    pub fn as_of(mut self, now: Timestamp) -> Self {
        if self.state == State::Open && self.expires_at <= now {
            self.state = State::Expired { at: self.expires_at };
            self.request = None;
        }
        self
    }

    /// Whether it can be answered.
    pub fn is_open(&self) -> bool {
        self.state == State::Open
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open() -> Verification {
        let at = Timestamp::from_micros;
        Verification {
            id: Uuid::nil(),
            partner_id: Uuid::nil(),
            request_id: "1".to_owned(),
            credential_type: Type::default(),
            created_at: at(0),
            expires_at: at(100),
            holder: None,
            request: Some(Sealed { period: at(0), bytes: Vec::new() }),
            state: State::Open,
        }
    }

    #[test]
    fn requests_expire_on_time_without_a_background_job() {
        let at = Timestamp::from_micros;
        assert_eq!(open().as_of(at(99)).status(), Status::Incomplete);
        let over = open().as_of(at(100));
        assert_eq!((over.status(), over.request), (Status::Canceled(at(100), CancelReason::Expired), None));
    }

    #[test]
    fn closed_requests_keep_their_state_after_expiry() {
        let at = Timestamp::from_micros;
        let verified = State::Verified { at: at(5), result: None, memory: None };
        for (state, status) in [
            (verified, Status::Verified(at(5))),
            (State::Canceled { at: at(5) }, Status::Canceled(at(5), CancelReason::Declined)),
            (State::Expired { at: at(100) }, Status::Canceled(at(100), CancelReason::Expired)),
        ] {
            let answered = Verification { state, ..open() }.as_of(at(1000));
            assert_eq!((answered.status(), answered.is_open()), (status, false));
            assert!(answered.request.is_some());
        }
    }
}
