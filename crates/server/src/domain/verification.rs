//! A verification request: a partner asks a person to show something, from the question to its end. Pure.
//!
//! Owns the states, what each of them means to the partner (status) and to the person, and the form of what is sealed.

use credential::Type;
use credential::verification::Verdict;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use super::submission::{Sealed, Status};
use crate::time::Timestamp;

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
            State::Canceled { at } | State::Expired { at } => Status::Canceled(at),
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

/// A question in detail: what is sealed of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Where the person is sent back to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback_url: Option<String>,
    /// What it is for, in the partner's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// The members of the type's fields that are asked for, in the type's order; nothing else is ever shown.
    pub claims: Vec<String>,
}

impl Asked {
    /// Whether what stands at `place`, a JSON Pointer into a credential's claims, is or lies in something asked for.
    pub fn covers(&self, place: &str) -> bool {
        let member = place.split('/').nth(1).unwrap_or_default();
        self.claims.iter().any(|claim| claim == member)
    }
}

/// What was shown and how it was checked: what is sealed of a result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// What was shown: members of the type's fields, each asked for and chosen.
    pub credential: Map<String, Value>,
    /// How it was checked.
    pub verification: Checked,
}

/// How something shown was checked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Checked {
    /// Whether no check failed, and the signature was checked and is good.
    pub valid: bool,
    /// When it was checked (RFC 3339, UTC).
    #[schema(format = "date-time", example = "2026-11-23T09:30:00Z")]
    pub checked_at: String,
    /// Who signed it: the issuer's address.
    #[serde(default)]
    #[schema(example = "https://passport.example")]
    pub issuer: Option<String>,
    /// Who attests it: the name of the institution that sent it to the issuer.
    #[serde(default)]
    #[schema(example = "Example Payroll")]
    pub attested_by: Option<String>,
    /// The day on which they said so.
    #[serde(default)]
    #[schema(format = "date", example = "2026-11-20")]
    pub attested_at: Option<String>,
    /// One verdict for each check.
    pub checks: Vec<Check>,
    /// The signed presentation itself, so that you can check it with your own tools; null where it holds more than you
    /// asked for.
    #[serde(default)]
    pub presentation: Option<Presented>,
}

/// What one check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Check {
    /// `signature`, `issuer`, `holder` (the person showed it, for this request), `status` (it was not revoked), `dates`,
    /// or `schema` (it says what its type says).
    #[schema(example = "signature")]
    pub name: String,
    /// `passed`, `failed` or `not_checked`.
    #[schema(example = "passed")]
    pub outcome: String,
    /// Why, in a sentence.
    #[schema(example = "The ES256 signature is good.")]
    pub reason: String,
    /// The stable code of a failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false, example = "revoked")]
    pub code: Option<String>,
    /// The address that was asked, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    pub asked: Option<String>,
}

/// A signed presentation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Presented {
    /// Its format.
    #[schema(example = "dc+sd-jwt")]
    pub format: String,
    /// The presentation.
    pub token: String,
    /// Whom the holder's signature is for.
    #[schema(example = "https://passport.example/verifications/0192f0c1-5a77-7e11-8f3a-2b9c4d5e6f70")]
    pub audience: String,
    /// What the holder's signature answers.
    pub nonce: String,
}

impl From<&Verdict> for Check {
    fn from(verdict: &Verdict) -> Self {
        let outcome = match verdict.outcome {
            credential::verification::Outcome::Passed => "passed",
            credential::verification::Outcome::Failed => "failed",
            credential::verification::Outcome::NotChecked => "not_checked",
        };
        Self {
            name: verdict.step.name().to_owned(),
            outcome: outcome.to_owned(),
            reason: verdict.reason.clone(),
            code: verdict.code.map(ToOwned::to_owned),
            asked: verdict.asked.clone(),
        }
    }
}

/// What the wallet remembers of what its holder showed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// Who asked.
    pub partner: String,
    /// What it was for, in their words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// What was shown: the type's title and who attests it.
    pub title: String,
    /// What of it, each in a few words.
    pub shown: Vec<String>,
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
    fn time_runs_out_at_the_minute_not_when_the_job_comes_by() {
        let at = Timestamp::from_micros;
        assert_eq!(open().as_of(at(99)).status(), Status::Incomplete);
        let over = open().as_of(at(100));
        assert_eq!((over.status(), over.request), (Status::Canceled(at(100)), None));
    }

    #[test]
    fn what_was_not_asked_for_is_not_covered() {
        let asked = Asked { claims: vec!["employment".to_owned()], ..Asked::default() };
        for (place, covered) in [
            ("/employment", true),
            ("/employment/0/organisation", true),
            ("/full_name", false),
            ("/employment2", false),
            ("/partner_chain/employment", false),
            ("employment", false),
            ("", false),
        ] {
            assert_eq!(asked.covers(place), covered, "{place}");
        }
    }

    #[test]
    fn what_was_answered_stays_answered() {
        let at = Timestamp::from_micros;
        let verified = State::Verified { at: at(5), result: None, memory: None };
        for (state, status) in [
            (verified, Status::Verified(at(5))),
            (State::Canceled { at: at(5) }, Status::Canceled(at(5))),
            (State::Expired { at: at(100) }, Status::Canceled(at(100))),
        ] {
            let answered = Verification { state, ..open() }.as_of(at(1000));
            assert_eq!((answered.status(), answered.is_open()), (status, false));
            assert!(answered.request.is_some());
        }
    }
}
