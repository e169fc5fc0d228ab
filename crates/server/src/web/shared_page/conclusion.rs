//! The overall conclusion of a shared page: confirmed, doubtful or failed, with the reasons.
//!
//! Pure. The template renders it. The script in the hirer's browser repeats the checks and uses the
//! causes and levels that the page passes to it, so that they are defined here only.

use std::collections::HashSet;

use credential::format::sd_jwt_vc::type_of;
use credential::names::{Comparison, are_in_other_scripts, consistency};
use credential::verification::{Report, Step, StepOutcome, Verdict};
use credential::{CareerData, Date, YearMonth};
use serde_json::Value;

use crate::flows::share::Replacement;
use crate::web::people;
use ambient::Timestamp;

/// How far a hirer can rely on something, from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// Every check passed.
    Confirmed,
    /// No check failed, but the hirer should know or clarify something first.
    Doubtful,
    /// A check failed.
    Failed,
}

impl Level {
    /// Every level, the best first.
    pub(super) const ALL: [Self; 3] = [Self::Confirmed, Self::Doubtful, Self::Failed];

    /// Returns the name in markup.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Doubtful => "doubtful",
            Self::Failed => "failed",
        }
    }
}

/// Why something is not fully confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// Changed after signing, or not signed correctly.
    Invalid,
    Revoked,
    Suspended,
    /// Its last day of validity has passed.
    Expired,
    /// Not valid at present, for another reason.
    NotValid,
    /// A newer version, or another one, took its place.
    Replaced,
    /// A check could not be performed.
    Unchecked,
    /// The course has not been conferred yet.
    AwaitingGraduation,
    /// The data on a job is old and does not reach its end.
    OldData,
    /// The records contain different names.
    DifferentNames,
    /// Only the holder confirms that differently written names are theirs.
    HolderSays,
    /// The records contain different dates of birth.
    DifferentBirthDates,
    /// The page shows a text that was not signed, or lacks one that was. Only the page's script
    /// finds this.
    NotSigned,
}

impl Cause {
    /// The causes that checks can find, which the script in the hirer's browser also finds.
    pub(super) const OF_CHECKS: [Self; 7] =
        [Self::Invalid, Self::Revoked, Self::Suspended, Self::Expired, Self::NotValid, Self::Replaced, Self::Unchecked];

    /// Returns the cause of a failure code. The library and the script use the same codes.
    pub(super) fn of_failure(code: &str) -> Self {
        match code {
            "revoked" => Self::Revoked,
            "suspended" => Self::Suspended,
            "replaced" => Self::Replaced,
            "expired" => Self::Expired,
            "not_yet_valid" | "from_the_future" => Self::NotValid,
            "list_expired" => Self::Unchecked,
            _ => Self::Invalid,
        }
    }

    /// Returns the cause of a verdict; `None` if the check passed.
    pub(super) fn of(verdict: &Verdict) -> Option<Self> {
        match verdict.outcome {
            StepOutcome::Passed => None,
            StepOutcome::NotChecked => Some(Self::Unchecked),
            StepOutcome::Failed => Some(Self::of_failure(failure_code(verdict))),
        }
    }

    pub(crate) fn level(self) -> Level {
        match self {
            Self::Invalid | Self::Revoked | Self::Suspended | Self::Expired | Self::NotValid => Level::Failed,
            Self::Replaced
            | Self::Unchecked
            | Self::AwaitingGraduation
            | Self::OldData
            | Self::DifferentNames
            | Self::HolderSays
            | Self::DifferentBirthDates
            | Self::NotSigned => Level::Doubtful,
        }
    }

    /// Returns the name in markup.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Revoked => "revoked",
            Self::Suspended => "suspended",
            Self::Expired => "expired",
            Self::NotValid => "not-valid",
            Self::Replaced => "replaced",
            Self::Unchecked => "unchecked",
            Self::AwaitingGraduation => "awaiting-graduation",
            Self::OldData => "old-data",
            Self::DifferentNames => "different-names",
            Self::HolderSays => "holder-says",
            Self::DifferentBirthDates => "different-birth-dates",
            Self::NotSigned => "not-signed",
        }
    }
}

/// Returns the code of a failure. An expired status list has a different code from an expired
/// credential.
pub(super) fn failure_code(verdict: &Verdict) -> &'static str {
    match (verdict.step, verdict.code.unwrap_or_default()) {
        (Step::Status, "expired") => "list_expired",
        (_, code) => code,
    }
}

/// A presentation with its verification report and what replaced it, if known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Presented<'a> {
    /// The result of verification.
    pub(super) report: &'a Report,
    /// What replaced it; `None` if nothing did or it is unknown.
    pub(super) replaced: Option<Replacement>,
}

/// The properties of a presentation that matter to a hirer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Facts {
    /// The name that it contains.
    pub(super) name: String,
    /// The partner that confirms it.
    pub(super) partner: String,
    /// How recent the data on its jobs is.
    pub(super) data: CareerData,
    /// The last day of validity, if it has one.
    pub(super) expiry: Option<Date>,
    /// What replaced it, if known.
    pub(super) replaced: Option<Replacement>,
    /// Whether it is an identity check.
    pub(super) is_identity: bool,
    /// Whether it is a course that has not been conferred yet.
    pub(super) awaiting_graduation: bool,
    /// The date of birth, if it is disclosed.
    pub(super) birth_date: Option<String>,
}

/// A reason for the conclusion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reason {
    pub(super) cause: Cause,
    /// The presentation that it concerns, from 0; `None` if it concerns all of them together.
    pub(super) presentation: Option<usize>,
    /// Whether a check found it, as opposed to the content of the presentation.
    pub(super) is_of_check: bool,
}

/// The conclusion from all checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Conclusion {
    /// The properties of each presentation.
    pub(super) facts: Vec<Facts>,
    /// Why not everything is confirmed, the worst first.
    pub(super) reasons: Vec<Reason>,
    /// The distinct names, in order of first occurrence.
    pub(super) names: Vec<String>,
    /// How they compare.
    pub(super) comparison: Comparison,
    /// Whether the holder confirmed that all names are theirs; `None` if that is irrelevant or
    /// unknown.
    pub(super) is_confirmed: Option<bool>,
}

impl Conclusion {
    /// Returns the worst level of all reasons.
    pub(super) fn level(&self) -> Level {
        self.reasons.iter().map(|reason| reason.cause.level()).max().unwrap_or(Level::Confirmed)
    }

    /// Whether every check passed and the only doubt is that the data on jobs is old.
    pub(super) fn is_only_old(&self) -> bool {
        self.is_only(Cause::OldData)
    }

    /// Whether every check passed, except that other versions replaced some of it.
    pub(super) fn is_only_replaced(&self) -> bool {
        self.is_only(Cause::Replaced)
    }

    fn is_only(&self, cause: Cause) -> bool {
        !self.reasons.is_empty() && self.reasons.iter().all(|reason| reason.cause == cause)
    }

    /// Adds the doubt that the holder's identities have different dates of birth, also if the page
    /// shows none or only one of the dates.
    pub(super) fn with_birth_dates(mut self, differ: bool) -> Self {
        let is_known = self.reasons.iter().any(|reason| reason.cause == Cause::DifferentBirthDates);
        if differ && !is_known {
            self.reasons.push(Reason { cause: Cause::DifferentBirthDates, presentation: None, is_of_check: false });
            self.reasons.sort_by_key(|reason| std::cmp::Reverse(reason.cause.level()));
        }
        self
    }

    /// Returns whether the page itself shows different dates of birth.
    pub(super) fn shows_birth_dates(&self) -> bool {
        let mut dates = self.facts.iter().filter_map(|facts| facts.birth_date.as_deref());
        let first = dates.next();
        dates.any(|date| Some(date) != first)
    }

    /// Returns each partner once, with the last month of its data.
    pub(super) fn partners(&self) -> Vec<(&str, Option<YearMonth>)> {
        // Data on a job that goes on counts before data on one that has ended.
        let mut partners: Vec<(&str, Option<(bool, YearMonth)>)> = Vec::new();
        for facts in &self.facts {
            let data = facts.data.data_to.map(|month| (facts.data.goes_on, month));
            match partners.iter_mut().find(|(partner, _)| *partner == facts.partner) {
                Some((_, known)) => *known = (*known).max(data),
                None => partners.push((&facts.partner, data)),
            }
        }
        partners.into_iter().map(|(partner, data)| (partner, data.map(|(_, month)| month))).collect()
    }
}

/// Combines the reports of all presentations of a link into a conclusion at `now`. `is_confirmed`
/// says whether the holder confirmed that all names are theirs.
pub(super) fn conclude(presented: &[Presented<'_>], is_confirmed: Option<bool>, now: Timestamp) -> Conclusion {
    let facts: Vec<Facts> = presented.iter().map(|shown| Facts::new(shown, now)).collect();
    let mut reasons: Vec<Reason> = Vec::new();
    for (at, (shown, facts)) in presented.iter().zip(&facts).enumerate() {
        for cause in facts.causes() {
            reasons.push(Reason { cause, presentation: Some(at), is_of_check: false });
        }
        for cause in worst(shown.report.verdicts.iter().filter_map(Cause::of)) {
            if !reasons.iter().any(|known| known.cause == cause && known.presentation == Some(at)) {
                reasons.push(Reason { cause, presentation: Some(at), is_of_check: true });
            }
        }
    }
    let names = people::different_names(facts.iter().map(|facts| facts.name.as_str()));
    let is_one_in_scripts = is_confirmed == Some(true) && are_in_scripts_of_their_own(&names);
    let birth_dates: HashSet<&str> = facts.iter().filter_map(|facts| facts.birth_date.as_deref()).collect();
    for (is_so, cause) in [
        (names.len() > 1 && !is_one_in_scripts, Cause::DifferentNames),
        (names.len() == 1 && is_confirmed == Some(true), Cause::HolderSays),
        (birth_dates.len() > 1, Cause::DifferentBirthDates),
    ] {
        if is_so {
            reasons.push(Reason { cause, presentation: None, is_of_check: false });
        }
    }
    reasons.sort_by_key(|reason| std::cmp::Reverse(reason.cause.level()));
    let (comparison, names) = (consistency(&names), names.into_iter().map(str::to_owned).collect());
    Conclusion { facts, reasons, names, comparison, is_confirmed }
}

/// Returns whether no two of the names can be compared, because their scripts differ. A name that
/// is similar to another or differs from it is doubtful, even beside a third in another script, and
/// so is one whose words in a script of both do (`Peter 陳大文`, John Smith).
fn are_in_scripts_of_their_own(names: &[&str]) -> bool {
    let rest = |at: usize| names.iter().skip(at + 1);
    names.iter().enumerate().all(|(at, one)| rest(at).all(|other| are_in_other_scripts(one, other)))
}

/// Returns the causes of the worst level: an unchecked step is irrelevant if another has failed.
fn worst(causes: impl Iterator<Item = Cause>) -> Vec<Cause> {
    let mut causes: Vec<Cause> = causes.collect();
    let level = causes.iter().map(|cause| cause.level()).max();
    causes.retain(|cause| Some(cause.level()) == level);
    causes
}

impl Facts {
    fn new(shown: &Presented<'_>, now: Timestamp) -> Self {
        let claims = &shown.report.claims;
        let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
        let known = type_of(text("vct"), text("iss"));
        Self {
            name: text("full_name").to_owned(),
            partner: claims.get("attested_by").and_then(|by| by["name"].as_str()).unwrap_or_default().to_owned(),
            data: CareerData::of(claims, YearMonth::latest_on_earth(now.to_jiff())),
            expiry: known.and_then(|known| known.last_day(claims)),
            replaced: shown.replaced,
            is_identity: known.is_some_and(|known| known.is_identity()),
            awaiting_graduation: claims.get("awaiting_graduation") == Some(&Value::Bool(true)),
            birth_date: claims.get("date_of_birth").and_then(Value::as_str).map(str::to_owned),
        }
    }

    fn causes(&self) -> impl Iterator<Item = Cause> {
        let causes = [
            (self.replaced.is_some(), Cause::Replaced),
            (self.awaiting_graduation, Cause::AwaitingGraduation),
            (!self.data.old_jobs.is_empty(), Cause::OldData),
        ];
        causes.into_iter().filter_map(|(is_so, cause)| is_so.then_some(cause))
    }
}

#[cfg(test)]
mod tests;
