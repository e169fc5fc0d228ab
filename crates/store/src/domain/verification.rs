//! A verification request: a partner asks a holder to present a credential. Pure: no I/O.
//!
//! Owns the states, and what each means to the partner and to the holder.

use credential::Type;
use uuid::Uuid;

use super::submission::{CancelReason, Sealed, Status};
use ambient::Timestamp;

/// Most past presentations that a wallet lists.
pub const MAX_SHOWN: i64 = 1000;

/// A verification request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// Server-generated request id: `content` in the link.
    pub id: Uuid,
    /// The partner that created the request.
    pub partner_id: Uuid,
    /// The partner's own id for the request, or one that the server generated.
    pub request_id: String,
    /// Requested credential type.
    pub credential_type: Type,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
    /// The first account that opened it, or that responded. `None` if that account was deleted, or
    /// an external wallet responded.
    pub holder: Option<Uuid>,
    /// Details of the request, encrypted with an epoch key; `None` once they are not needed any
    /// more.
    pub request: Option<Sealed>,
    /// State, with the data that belongs to it.
    pub state: VerificationState,
}

/// State of a verification request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VerificationState {
    /// Waiting for a response.
    Open,
    /// The holder presented a credential.
    Verified {
        /// When it was presented.
        at: Timestamp,
        /// The presented data and the verification result, encrypted with an epoch key; `None` once
        /// they were deleted.
        result: Option<Sealed>,
        /// Record for the holder's wallet, encrypted with the holder's key; `None` if the account
        /// was deleted or there never was one.
        memory: Option<Vec<u8>>,
    },
    /// The holder declined.
    Canceled {
        /// When it was declined.
        at: Timestamp,
    },
    /// Not responded to in time.
    Expired {
        /// When it expired.
        at: Timestamp,
    },
}

impl Verification {
    /// Returns the status that the partner sees.
    pub fn status(&self) -> Status {
        match self.state {
            VerificationState::Open => Status::Incomplete,
            VerificationState::Verified { at, .. } => Status::Verified(at),
            VerificationState::Canceled { at } => Status::Canceled(at, CancelReason::Declined),
            VerificationState::Expired { at } => Status::Canceled(at, CancelReason::Expired),
        }
    }

    /// Returns the request as of `now`: an open one past its expiry time is expired, even if the
    /// expiry job has not run yet.
    #[must_use]
    pub fn as_of(mut self, now: Timestamp) -> Self {
        if self.state == VerificationState::Open && self.expires_at <= now {
            self.state = VerificationState::Expired { at: self.expires_at };
            self.request = None;
        }
        self
    }

    /// Returns whether the holder can still respond.
    pub fn is_open(&self) -> bool {
        self.state == VerificationState::Open
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
            state: VerificationState::Open,
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
        let verified = VerificationState::Verified { at: at(5), result: None, memory: None };
        for (state, status) in [
            (verified, Status::Verified(at(5))),
            (VerificationState::Canceled { at: at(5) }, Status::Canceled(at(5), CancelReason::Declined)),
            (VerificationState::Expired { at: at(100) }, Status::Canceled(at(100), CancelReason::Expired)),
        ] {
            let answered = Verification { state, ..open() }.as_of(at(1000));
            assert_eq!((answered.status(), answered.is_open()), (status, false));
            assert!(answered.request.is_some());
        }
    }
}
