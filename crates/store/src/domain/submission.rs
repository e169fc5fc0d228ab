//! A submission: one credential that a partner pushed, from its arrival to its end.
//!
//! Owns the states and what each of them means to the partner (status) and to the person (who may open it).

use credential::Type;
use uuid::Uuid;

use ambient::Timestamp;

/// One pushed credential.
#[derive(Clone, Debug, PartialEq)]
pub struct Submission {
    /// The server's request id: `content` in the link.
    pub id: Uuid,
    /// Who pushed it.
    pub partner_id: Uuid,
    /// The partner's own id for it.
    pub credential_id: String,
    /// Which type it is.
    pub credential_type: Type,
    /// The link's `documentType`; `None`: no document.
    pub document_type: Option<String>,
    /// The batch that it came in, if any: then that is the link's `content`.
    pub batch_id: Option<Uuid>,
    /// When it was pushed.
    pub created_at: Timestamp,
    /// When it is given up if nobody accepts it.
    pub expires_at: Timestamp,
    /// When a newer version took its place in the wallet.
    pub superseded_at: Option<Timestamp>,
    /// That version; `None` also if an earlier release superseded it.
    pub superseded_by: Option<Uuid>,
    /// Where it stands.
    pub state: State,
}

/// Where a submission stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Waiting for the person.
    Incomplete {
        /// The account that opened it first; from then on it is that account's alone.
        holder: Option<Uuid>,
        /// What was pushed, sealed under the ring key of its period.
        sealed: Sealed,
    },
    /// In the person's wallet.
    Accepted {
        /// Whose wallet.
        holder: Uuid,
        /// When.
        at: Timestamp,
        /// What was pushed, sealed under the holder's own key.
        sealed: Vec<u8>,
    },
    /// The person said no; the data is gone.
    Declined {
        /// Who, unless the account is gone too.
        holder: Option<Uuid>,
        /// When.
        at: Timestamp,
    },
    /// Nobody accepted it in time; the data is gone, or goes with its period.
    Expired {
        /// The account it was bound to, if any.
        holder: Option<Uuid>,
        /// When its time was over.
        at: Timestamp,
    },
    /// Accepted, and deleted from the wallet later; the data is gone.
    Removed {
        /// Who, unless the account is gone too.
        holder: Option<Uuid>,
        /// When it was accepted: that is what stays final for the partner.
        at: Timestamp,
        /// When the partner withdrew it, before or after that, if it did.
        withdrawn_at: Option<Timestamp>,
    },
    /// In the person's wallet, and withdrawn by the partner since: the person keeps it, but nothing is signed of it.
    Withdrawn {
        /// Whose wallet.
        holder: Uuid,
        /// When it was accepted.
        accepted_at: Timestamp,
        /// When it was withdrawn.
        at: Timestamp,
        /// What was pushed, sealed under the holder's own key.
        sealed: Vec<u8>,
        /// What the partner gave as its reason, sealed likewise.
        reason: Vec<u8>,
    },
    /// Withdrawn by the partner before the person had answered; the data is gone.
    TakenBack {
        /// The account it was bound to, if any.
        holder: Option<Uuid>,
        /// When.
        at: Timestamp,
        /// What the partner gave as its reason, unless the account it was for is gone.
        reason: Option<Sealed>,
    },
}

/// Bytes sealed under a ring key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// The period whose key sealed them.
    pub period: Timestamp,
    /// Nonce, ciphertext and tag.
    pub bytes: Vec<u8>,
}

/// What a partner is told of a submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Nothing final yet.
    Incomplete,
    /// Accepted, at this time.
    Verified(Timestamp),
    /// Declined, expired or withdrawn, at this time.
    Canceled(Timestamp, CancelReason),
}

/// Why a request was canceled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CancelReason {
    /// The person declined.
    Declined,
    /// Nobody answered in time.
    Expired,
    /// The partner withdrew it.
    Withdrawn,
}

impl CancelReason {
    /// The wire's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Declined => "declined",
            Self::Expired => "expired",
            Self::Withdrawn => "withdrawn",
        }
    }
}

impl Status {
    /// The wire's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Incomplete => "incomplete",
            Self::Verified(_) => "verified",
            Self::Canceled(..) => "canceled",
        }
    }

    /// When it became final; `None` while it is not.
    pub fn finalized_at(self) -> Option<Timestamp> {
        match self {
            Self::Incomplete => None,
            Self::Verified(at) | Self::Canceled(at, _) => Some(at),
        }
    }

    /// Why it was canceled; `None` if it was not.
    pub fn reason(self) -> Option<CancelReason> {
        match self {
            Self::Canceled(_, reason) => Some(reason),
            Self::Incomplete | Self::Verified(_) => None,
        }
    }
}

impl Submission {
    /// What the partner is told.
    pub fn status(&self) -> Status {
        match self.state {
            State::Incomplete { .. } => Status::Incomplete,
            State::Accepted { at, .. } | State::Removed { at, withdrawn_at: None, .. } => Status::Verified(at),
            State::Declined { at, .. } => Status::Canceled(at, CancelReason::Declined),
            State::Expired { at, .. } => Status::Canceled(at, CancelReason::Expired),
            State::Withdrawn { at, .. }
            | State::TakenBack { at, .. }
            | State::Removed { withdrawn_at: Some(at), .. } => Status::Canceled(at, CancelReason::Withdrawn),
        }
    }

    /// Whether the partner has withdrawn it.
    pub fn is_withdrawn(&self) -> bool {
        matches!(
            self.state,
            State::Withdrawn { .. } | State::TakenBack { .. } | State::Removed { withdrawn_at: Some(_), .. }
        )
    }

    /// Whether another push of the same id starts anew at `now`: it was withdrawn, or it was never completed and its 48
    /// hours are over.
    pub fn may_be_replaced(&self, now: Timestamp) -> bool {
        let is_over = self.expires_at <= now && matches!(self.status(), Status::Incomplete | Status::Canceled(..));
        is_over || self.is_withdrawn()
    }

    /// The account it belongs to, once one has opened it.
    pub fn holder(&self) -> Option<Uuid> {
        match self.state {
            State::Incomplete { holder, .. }
            | State::Declined { holder, .. }
            | State::Expired { holder, .. }
            | State::Removed { holder, .. }
            | State::TakenBack { holder, .. } => holder,
            State::Accepted { holder, .. } | State::Withdrawn { holder, .. } => Some(holder),
        }
    }

    /// Whether it is what its partner says now: accepted, neither withdrawn nor superseded. Nothing else is signed or shown
    /// to others.
    pub fn stands(&self) -> bool {
        matches!(self.state, State::Accepted { .. }) && self.superseded_at.is_none()
    }

    /// Whether it is in `holder`'s wallet.
    pub fn is_held_by(&self, holder: Uuid) -> bool {
        matches!(self.state, State::Accepted { .. } | State::Withdrawn { .. }) && self.holder() == Some(holder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn submission(state: State) -> Submission {
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
        submission(State::Incomplete {
            holder: None,
            sealed: Sealed { period: Timestamp::from_micros(0), bytes: vec![] },
        })
    }

    #[test]
    fn unaccepted_submissions_are_replaceable_after_expiry() {
        let (before, after) = (Timestamp::from_micros(99), Timestamp::from_micros(100));
        let declined = submission(State::Declined { holder: None, at: Timestamp::from_micros(5) });
        let accepted =
            submission(State::Accepted { holder: Uuid::nil(), at: Timestamp::from_micros(5), sealed: vec![] });
        let removed = submission(State::Removed { holder: None, at: Timestamp::from_micros(5), withdrawn_at: None });
        assert!(!waiting().may_be_replaced(before) && waiting().may_be_replaced(after));
        assert!(!declined.may_be_replaced(before) && declined.may_be_replaced(after));
        assert!(!accepted.may_be_replaced(after) && !removed.may_be_replaced(after));
    }

    #[test]
    fn withdrawn_submissions_are_canceled_and_replaceable() {
        let (at, holder) = (Timestamp::from_micros(7), Uuid::nil());
        let accepted_at = Timestamp::from_micros(5);
        for (state, held) in [
            (State::Withdrawn { holder, accepted_at, at, sealed: vec![], reason: vec![] }, true),
            (State::TakenBack { holder: Some(holder), at, reason: None }, false),
            (State::Removed { holder: Some(holder), at: accepted_at, withdrawn_at: Some(at) }, false),
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
        let accepted = submission(State::Accepted { holder: Uuid::nil(), at, sealed: vec![] });
        assert!(accepted.stands() && !waiting().stands());
        let superseded = Submission { superseded_at: Some(at), ..accepted };
        assert!(!superseded.stands() && superseded.is_held_by(Uuid::nil()));
    }
}
