//! Verdicts and reports.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use super::dates;
use super::finding::Finding;
use super::status_entries::StatusKinds;
use crate::date::Date;
use crate::format::{Format, vc_jwt};
use crate::jws;
use crate::verify_error::VerifyError;

/// The result of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StepOutcome {
    /// The check passed.
    Passed,
    /// The check failed.
    Failed,
    /// The check was not requested or not possible.
    NotChecked,
}

/// The steps, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// The signature is valid.
    Signature,
    /// The key belongs to the issuer.
    Issuer,
    /// The holder presented it for this challenge.
    Holder,
    /// It was neither revoked nor replaced.
    Status,
    /// It is currently valid.
    Dates,
    /// Its claims match its type.
    Schema,
}

impl Step {
    pub const ALL: [Self; 6] = [Self::Signature, Self::Issuer, Self::Holder, Self::Status, Self::Dates, Self::Schema];

    /// Returns the name in the API.
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

/// The result of one step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    #[serde(rename = "name")]
    pub step: Step,
    /// Its result.
    pub outcome: StepOutcome,
    /// The reason, as a sentence.
    pub reason: String,
    /// The stable code of a failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
    /// The URL that the step depends on, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked: Option<String>,
}

impl Verdict {
    /// Returns whether it says that the token has expired.
    pub(super) fn is_expiry(&self) -> bool {
        self.step == Step::Dates && self.code == Some(VerifyError::Expired.code())
    }
}

/// The withheld part of a credential: digests without a disclosure.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NotShown {
    /// Number of withheld claims.
    pub count: usize,
    /// Whether there may be fewer, because the issuer may have added decoys.
    pub at_most: bool,
    /// The number by object or list, as a JSON Pointer into the claims.
    #[serde(skip)]
    pub by_place: BTreeMap<String, usize>,
}

/// The overall result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Conclusion {
    /// Signature, issuer and dates passed, the status and the holder's signature too if there are
    /// any, and nothing failed.
    Valid,
    /// A check failed.
    Invalid,
    /// Nothing failed, but a required check could not be made.
    NotCheckable,
}

/// All verdicts, and the claims of the token.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// One verdict for each step.
    pub verdicts: Vec<Verdict>,
    /// The claims. Do not trust them unless the signature and the issuer passed.
    pub claims: Map<String, Value>,
    /// The last day of validity, if the token has expired; that of an end that is a time in UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expired_on: Option<Date>,
    /// The withheld part.
    pub not_shown: NotShown,
    /// The kinds of status that it has.
    #[serde(skip)]
    pub status_kinds: StatusKinds,
    /// Whether it has a holder's signature, which then has to be verified.
    #[serde(skip)]
    pub has_binding: bool,
}

impl Report {
    /// Returns whether no step failed and the signature was verified.
    pub fn is_valid(&self) -> bool {
        self.is_genuine() && self.verdicts.iter().all(|verdict| verdict.outcome != StepOutcome::Failed)
    }

    /// Returns whether the signature was verified, that of the holder too if there is one, and no
    /// step failed, except that the credential may have expired.
    pub fn is_genuine(&self) -> bool {
        let signed = |verdict: &Verdict| verdict.step == Step::Signature && verdict.outcome == StepOutcome::Passed;
        let stands = |verdict: &Verdict| verdict.outcome != StepOutcome::Failed || verdict.is_expiry();
        let is_bound = !self.has_binding || self.has_passed(Step::Holder);
        is_bound && self.verdicts.iter().any(signed) && self.verdicts.iter().all(stands)
    }

    /// Returns whether the signature was verified and the only failure is that a newer version
    /// exists.
    pub fn is_replaced(&self) -> bool {
        let signed = |verdict: &Verdict| verdict.step == Step::Signature && verdict.outcome == StepOutcome::Passed;
        let mut failed = self.verdicts.iter().filter(|verdict| verdict.outcome == StepOutcome::Failed).peekable();
        self.verdicts.iter().any(signed)
            && failed.peek().is_some()
            && failed.all(|verdict| verdict.code == Some(VerifyError::Replaced.code()))
    }

    /// Returns the overall result. A check that could not be made is not a failure, but it proves
    /// nothing either.
    pub fn conclusion(&self) -> Conclusion {
        if self.verdicts.iter().any(|verdict| verdict.outcome == StepOutcome::Failed) {
            return Conclusion::Invalid;
        }
        let has_status = self.status_kinds != StatusKinds::None;
        let if_present = [has_status.then_some(Step::Status), self.has_binding.then_some(Step::Holder)];
        let mut needed =
            [Step::Signature, Step::Issuer, Step::Dates].into_iter().chain(if_present.into_iter().flatten());
        if needed.all(|step| self.has_passed(step)) { Conclusion::Valid } else { Conclusion::NotCheckable }
    }

    /// Returns whether a step passed.
    pub fn has_passed(&self, step: Step) -> bool {
        self.verdict(step).is_some_and(|verdict| verdict.outcome == StepOutcome::Passed)
    }

    /// Creates the report for a malformed token: the signature step fails, and no other check is
    /// possible. The signature step is not checked if the token's kind is not supported.
    pub fn unreadable(refusal: &VerifyError) -> Self {
        let finding = |step: Step| match step {
            Step::Signature if refusal.is_unsupported() => Finding::NotChecked(refusal.to_string()),
            Step::Signature => Finding::Failed(refusal.clone()),
            _ => Finding::NotChecked("The token cannot be parsed.".to_owned()),
        };
        let verdicts = Step::ALL.map(|step| finding(step).verdict(step, None)).to_vec();
        Self {
            verdicts,
            claims: Map::new(),
            expired_on: None,
            not_shown: NotShown::default(),
            status_kinds: StatusKinds::None,
            has_binding: false,
        }
    }

    /// Creates the report for `text`, which was refused. If only its kind is not supported, its
    /// dates are still checked: an expired token is not valid under any signature.
    pub fn refused(text: &str, refusal: &VerifyError, now: i64) -> Self {
        let mut report = Self::unreadable(refusal);
        let may_be_valid = refusal.is_unsupported() && !matches!(refusal, VerifyError::OtherToken(_));
        let claims = jws::unverified_payload(text).filter(|_| may_be_valid);
        let Some(claims) = claims else { return report };
        let format = match (text.contains('~'), claims.contains_key("vc")) {
            (true, _) => Format::SdJwtVc,
            (false, true) => Format::JwtVcJson,
            (false, false) => Format::VcJwt,
        };
        let claims = if format == Format::JwtVcJson { vc_jwt::newer_form(claims) } else { claims };
        let verdict = report.verdicts.iter_mut().find(|verdict| verdict.step == Step::Dates);
        if let (Some(verdict), Err(refusal)) = (verdict, dates::require_current(&claims, format, now)) {
            *verdict = Finding::Failed(refusal).verdict(Step::Dates, None);
        }
        report
    }

    /// Returns the verdict of a step.
    pub fn verdict(&self, step: Step) -> Option<&Verdict> {
        self.verdicts.iter().find(|verdict| verdict.step == step)
    }
}

impl Finding {
    pub(super) fn verdict(self, step: Step, asked: Option<&String>) -> Verdict {
        let (outcome, reason, code) = match self {
            Self::Passed(reason) => (StepOutcome::Passed, reason, None),
            Self::Failed(refusal) => (StepOutcome::Failed, refusal.to_string(), Some(refusal.code())),
            Self::NotChecked(reason) => (StepOutcome::NotChecked, reason, None),
        };
        Verdict { step, outcome, reason, code, asked: asked.cloned() }
    }
}
