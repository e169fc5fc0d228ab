//! A submission: one credential that a partner pushed, from the push to its end.
//!
//! Owns the states, the status that each has for the partner, and the access that each gives to the
//! holder.

use credential::Type;
use uuid::Uuid;

use ambient::Timestamp;

/// One pushed credential.
#[derive(Clone, Debug, PartialEq)]
pub struct Submission {
    /// Server-generated request id: `content` in the link.
    pub id: Uuid,
    /// The partner that pushed it.
    pub partner_id: Uuid,
    /// The partner's own id for the credential.
    pub credential_id: String,
    pub credential_type: Type,
    /// The link's `documentType`; `None` if there is no document.
    pub document_type: Option<String>,
    /// The batch, if it was pushed in one. Its id is then the link's `content`.
    pub batch_id: Option<Uuid>,
    /// When it was pushed.
    pub created_at: Timestamp,
    /// When it expires unless it was accepted.
    pub expires_at: Timestamp,
    /// When a newer version superseded it.
    pub superseded_at: Option<Timestamp>,
    /// The version that superseded it; `None` also if an earlier release recorded it.
    pub superseded_by: Option<Uuid>,
    /// State, with the data that belongs to it.
    pub state: SubmissionState,
}

/// State of a submission, with the data that belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubmissionState {
    /// Waiting for the holder's decision.
    Incomplete {
        /// The first account that opened it. Other accounts are denied from then on.
        holder: Option<Uuid>,
        /// The payload, encrypted with the epoch key of its period.
        sealed: Sealed,
    },
    /// In the holder's wallet.
    Accepted {
        /// The account that accepted it.
        holder: Uuid,
        /// When it was accepted.
        at: Timestamp,
        /// The payload, encrypted with the holder's own key.
        sealed: Vec<u8>,
    },
    /// Declined by the holder; the payload is deleted.
    Declined {
        /// The account that declined it; `None` if the account was deleted.
        holder: Option<Uuid>,
        /// When it was declined.
        at: Timestamp,
    },
    /// Not accepted in time. The payload is deleted now or with its period's key.
    Expired {
        /// The account that it was bound to, if any.
        holder: Option<Uuid>,
        /// When it expired.
        at: Timestamp,
    },
    /// Accepted, and later deleted from the wallet; the payload is deleted.
    Removed {
        /// The account that deleted it; `None` if the account was deleted.
        holder: Option<Uuid>,
        /// When it was accepted. The partner's status stays verified at this time.
        at: Timestamp,
        /// When the partner withdrew it, before or after the deletion, if it did.
        withdrawn_at: Option<Timestamp>,
    },
    /// Accepted, and later withdrawn by the partner. It stays in the wallet but is not signed any
    /// more.
    Withdrawn {
        /// The account that accepted it.
        holder: Uuid,
        /// When it was accepted.
        accepted_at: Timestamp,
        /// When it was withdrawn.
        at: Timestamp,
        /// The payload, encrypted with the holder's own key.
        sealed: Vec<u8>,
        /// The partner's reason, encrypted with the holder's own key.
        reason: Vec<u8>,
    },
    /// Withdrawn by the partner before the holder decided; the payload is deleted.
    WithdrawnPending {
        /// The account that it was bound to, if any.
        holder: Option<Uuid>,
        /// When it was withdrawn.
        at: Timestamp,
        /// The partner's reason; `None` if the account that it was bound to was deleted.
        reason: Option<Sealed>,
    },
}

/// Bytes encrypted with an epoch key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// Period of the epoch key.
    pub period: Timestamp,
    /// Nonce, ciphertext and tag.
    pub bytes: Vec<u8>,
}

/// Status of a submission or request, as its partner sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Not final yet.
    Incomplete,
    /// Accepted, at this time.
    Verified(Timestamp),
    /// Declined, expired or withdrawn, at this time.
    Canceled(Timestamp, CancelReason),
}

/// Why a submission or request was canceled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CancelReason {
    /// The holder declined.
    Declined,
    Expired,
    /// The partner withdrew it.
    Withdrawn,
}

impl CancelReason {
    /// Returns the name used on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Declined => "declined",
            Self::Expired => "expired",
            Self::Withdrawn => "withdrawn",
        }
    }
}

impl Status {
    /// Returns the name used on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Incomplete => "incomplete",
            Self::Verified(_) => "verified",
            Self::Canceled(..) => "canceled",
        }
    }

    /// Returns when the status became final; `None` while it is not.
    pub fn finalized_at(self) -> Option<Timestamp> {
        match self {
            Self::Incomplete => None,
            Self::Verified(at) | Self::Canceled(at, _) => Some(at),
        }
    }

    /// Returns the reason; `None` if it was not canceled.
    pub fn reason(self) -> Option<CancelReason> {
        match self {
            Self::Canceled(_, reason) => Some(reason),
            Self::Incomplete | Self::Verified(_) => None,
        }
    }
}

impl Submission {
    /// Returns the status that the partner sees.
    pub fn status(&self) -> Status {
        match self.state {
            SubmissionState::Incomplete { .. } => Status::Incomplete,
            SubmissionState::Accepted { at, .. } | SubmissionState::Removed { at, withdrawn_at: None, .. } => {
                Status::Verified(at)
            }
            SubmissionState::Declined { at, .. } => Status::Canceled(at, CancelReason::Declined),
            SubmissionState::Expired { at, .. } => Status::Canceled(at, CancelReason::Expired),
            SubmissionState::Withdrawn { at, .. }
            | SubmissionState::WithdrawnPending { at, .. }
            | SubmissionState::Removed { withdrawn_at: Some(at), .. } => Status::Canceled(at, CancelReason::Withdrawn),
        }
    }

    /// Returns whether the partner has withdrawn it.
    pub fn is_withdrawn(&self) -> bool {
        matches!(
            self.state,
            SubmissionState::Withdrawn { .. }
                | SubmissionState::WithdrawnPending { .. }
                | SubmissionState::Removed { withdrawn_at: Some(_), .. }
        )
    }

    /// Returns whether a push with the same id replaces this submission at `now`. It does if this
    /// one was withdrawn, or if it has expired without being accepted.
    pub fn may_be_replaced(&self, now: Timestamp) -> bool {
        let is_over = self.expires_at <= now && matches!(self.status(), Status::Incomplete | Status::Canceled(..));
        is_over || self.is_withdrawn()
    }

    /// Returns the account that it is bound to, if any.
    pub fn holder(&self) -> Option<Uuid> {
        match self.state {
            SubmissionState::Incomplete { holder, .. }
            | SubmissionState::Declined { holder, .. }
            | SubmissionState::Expired { holder, .. }
            | SubmissionState::Removed { holder, .. }
            | SubmissionState::WithdrawnPending { holder, .. } => holder,
            SubmissionState::Accepted { holder, .. } | SubmissionState::Withdrawn { holder, .. } => Some(holder),
        }
    }

    /// Returns whether it is accepted, not withdrawn and not superseded. Only such a submission is
    /// signed or shown to others.
    pub fn stands(&self) -> bool {
        matches!(self.state, SubmissionState::Accepted { .. }) && self.superseded_at.is_none()
    }

    /// Returns whether it is in the wallet of `holder`.
    pub fn is_held_by(&self, holder: Uuid) -> bool {
        matches!(self.state, SubmissionState::Accepted { .. } | SubmissionState::Withdrawn { .. })
            && self.holder() == Some(holder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn submission(state: SubmissionState) -> Submission {
        Submission {
            id: Uuid::nil(),
            partner_id: Uuid::nil(),
            credential_id: "1".to_owned(),
            credential_type: "career_history".parse().expect("a known type"),
            document_type: None,
            batch_id: None,
            created_at: Timestamp::from_micros(0),
            expires_at: Timestamp::from_micros(100),
            superseded_at: None,
            superseded_by: None,
            state,
        }
    }

    fn waiting() -> Submission {
        submission(SubmissionState::Incomplete {
            holder: None,
            sealed: Sealed { period: Timestamp::from_micros(0), bytes: vec![] },
        })
    }

    #[test]
    fn unaccepted_submissions_are_replaceable_after_expiry() {
        let (before, after) = (Timestamp::from_micros(99), Timestamp::from_micros(100));
        let declined = submission(SubmissionState::Declined { holder: None, at: Timestamp::from_micros(5) });
        let accepted = submission(SubmissionState::Accepted {
            holder: Uuid::nil(),
            at: Timestamp::from_micros(5),
            sealed: vec![],
        });
        let removed =
            submission(SubmissionState::Removed { holder: None, at: Timestamp::from_micros(5), withdrawn_at: None });
        assert!(!waiting().may_be_replaced(before) && waiting().may_be_replaced(after));
        assert!(!declined.may_be_replaced(before) && declined.may_be_replaced(after));
        assert!(!accepted.may_be_replaced(after) && !removed.may_be_replaced(after));
    }

    #[test]
    fn withdrawn_submissions_are_canceled_and_replaceable() {
        let (at, holder) = (Timestamp::from_micros(7), Uuid::nil());
        let accepted_at = Timestamp::from_micros(5);
        for (state, held) in [
            (SubmissionState::Withdrawn { holder, accepted_at, at, sealed: vec![], reason: vec![] }, true),
            (SubmissionState::WithdrawnPending { holder: Some(holder), at, reason: None }, false),
            (SubmissionState::Removed { holder: Some(holder), at: accepted_at, withdrawn_at: Some(at) }, false),
        ] {
            let withdrawn = submission(state);
            assert_eq!(withdrawn.status(), Status::Canceled(at, CancelReason::Withdrawn));
            assert!(withdrawn.may_be_replaced(at));
            assert_eq!((withdrawn.is_held_by(holder), withdrawn.stands()), (held, false));
            assert!(!withdrawn.is_held_by(Uuid::max()));
        }
    }

    #[test]
    fn accepted_submissions_are_current_until_superseded() {
        let at = Timestamp::from_micros(5);
        let accepted = submission(SubmissionState::Accepted { holder: Uuid::nil(), at, sealed: vec![] });
        assert!(accepted.stands() && !waiting().stands());
        let superseded = Submission { superseded_at: Some(at), ..accepted };
        assert!(!superseded.stands() && superseded.is_held_by(Uuid::nil()));
    }
}
