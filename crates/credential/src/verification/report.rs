//! The verdicts.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::date::Date;
use crate::refusal::Refusal;

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// As it should be.
    Passed,
    /// Not as it should be.
    Failed,
    /// Nobody looked, or could.
    NotChecked,
}

/// The steps, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// That the key signed it.
    Signature,
    /// That the key is the issuer's.
    Issuer,
    /// That the holder showed it, for this purpose.
    Holder,
    /// That it was neither revoked nor replaced.
    Status,
    /// That it is in its time.
    Dates,
    /// That it says what its type says.
    Schema,
}

impl Step {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Signature, Self::Issuer, Self::Holder, Self::Status, Self::Dates, Self::Schema];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Signature => "signature",
            Self::Issuer => "issuer",
            Self::Holder => "holder",
            Self::Status => "status",
            Self::Dates => "dates",
            Self::Schema => "schema",
        }
    }
}

/// What one step found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Which step.
    #[serde(rename = "name")]
    pub step: Step,
    /// How it ended.
    pub outcome: Outcome,
    /// Why, in a sentence.
    pub reason: String,
    /// The stable code of a failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
    /// The address that was asked, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked: Option<String>,
}

/// How much of a credential is not shown: digests without a disclosure.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NotShown {
    /// How many details.
    pub count: usize,
    /// Whether there may be fewer, because the issuer may have added decoys.
    pub at_most: bool,
    /// The same by the object or list that they belong to, a JSON Pointer into the claims.
    #[serde(skip)]
    pub by_place: BTreeMap<String, usize>,
}

/// What all verdicts say together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Conclusion {
    /// Signature, issuer, dates and status passed, and nothing failed.
    Valid,
    /// A check failed.
    Invalid,
    /// Nothing failed, but a check that is needed could not be made.
    NotCheckable,
}

/// All verdicts, and what the token says.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// One for each step.
    pub verdicts: Vec<Verdict>,
    /// The claims; not to be believed unless the signature and the issuer passed.
    pub claims: Map<String, Value>,
    /// The last day that the credential counted, if that day is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expired_on: Option<Date>,
    /// What the holder left out.
    pub not_shown: NotShown,
}

impl Report {
    /// Whether no step failed, and the signature was checked and is good.
    pub fn is_valid(&self) -> bool {
        self.is_genuine() && self.verdicts.iter().all(|verdict| verdict.outcome != Outcome::Failed)
    }

    /// Whether the signature was checked and is good, and nothing is wrong but that the credential has expired.
    pub fn is_genuine(&self) -> bool {
        let signed = |verdict: &Verdict| verdict.step == Step::Signature && verdict.outcome == Outcome::Passed;
        let stands = |verdict: &Verdict| {
            verdict.outcome != Outcome::Failed || verdict.step == Step::Dates && self.expired_on.is_some()
        };
        self.verdicts.iter().any(signed) && self.verdicts.iter().all(stands)
    }

    /// Whether nothing is wrong with it but that a newer version exists.
    pub fn is_replaced(&self) -> bool {
        let signed = |verdict: &Verdict| verdict.step == Step::Signature && verdict.outcome == Outcome::Passed;
        let mut failed = self.verdicts.iter().filter(|verdict| verdict.outcome == Outcome::Failed).peekable();
        self.verdicts.iter().any(signed)
            && failed.peek().is_some()
            && failed.all(|verdict| verdict.code == Some(Refusal::Replaced.code()))
    }

    /// What the verdicts say together. A check that could not be made is no failure, and proves nothing either.
    pub fn conclusion(&self) -> Conclusion {
        if self.verdicts.iter().any(|verdict| verdict.outcome == Outcome::Failed) {
            return Conclusion::Invalid;
        }
        let has_status = ["status", "credentialStatus"].iter().any(|name| self.claims.contains_key(*name));
        let needed = [Step::Signature, Step::Issuer, Step::Dates].into_iter().chain(has_status.then_some(Step::Status));
        let has_passed = |step| self.verdict(step).is_some_and(|verdict| verdict.outcome == Outcome::Passed);
        if needed.into_iter().all(has_passed) { Conclusion::Valid } else { Conclusion::NotCheckable }
    }

    /// Of something whose form is wrong: its signature cannot be looked at, and neither can the rest.
    pub fn unreadable(refusal: &Refusal) -> Self {
        let finding = |step: Step| match step {
            Step::Signature => Finding::Failed(refusal.clone()),
            _ => Finding::NotChecked("It cannot be read.".to_owned()),
        };
        let verdicts = Step::ALL.map(|step| finding(step).verdict(step, None)).to_vec();
        Self { verdicts, claims: Map::new(), expired_on: None, not_shown: NotShown::default() }
    }

    /// What a step found.
    pub fn verdict(&self, step: Step) -> Option<&Verdict> {
        self.verdicts.iter().find(|verdict| verdict.step == step)
    }
}

/// What came of a step, before it is a verdict.
pub(super) enum Finding {
    Passed(String),
    Failed(Refusal),
    NotChecked(String),
}

impl Finding {
    pub(super) fn verdict(self, step: Step, asked: Option<&String>) -> Verdict {
        let (outcome, reason, code) = match self {
            Self::Passed(reason) => (Outcome::Passed, reason, None),
            Self::Failed(refusal) => (Outcome::Failed, refusal.to_string(), Some(refusal.code())),
            Self::NotChecked(reason) => (Outcome::NotChecked, reason, None),
        };
        Verdict { step, outcome, reason, code, asked: asked.cloned() }
    }
}
