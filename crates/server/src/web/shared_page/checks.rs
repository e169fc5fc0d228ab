//! The verdicts of a check in words: those that the server found, and those that the page's script may find.

use credential::verification::{Outcome, Step, Verdict};

/// A verdict, ready to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Check {
    /// The step's name in markup.
    pub(super) step: &'static str,
    /// The key of the step's name.
    pub(super) name: &'static str,
    /// How it ended.
    pub(super) outcome: Outcome,
    /// The key of why.
    pub(super) reason: &'static str,
    /// Who was asked.
    pub(super) asked: Option<String>,
}

/// Why a step passed, by its name; why one was not checked; why one failed. The part behind the first word is the code,
/// which is the same here and in the script.
const REASONS: [&str; 40] = [
    "passed-signature",
    "passed-issuer",
    "passed-holder",
    "passed-status",
    "passed-dates",
    "passed-schema",
    "unchecked-unread",
    "unchecked-browser",
    "unchecked-elsewhere",
    "unchecked-unanswered",
    "unchecked-no-status",
    "refused-malformed",
    "refused-algorithm",
    "refused-critical-header",
    "refused-type",
    "refused-key-confusion",
    "refused-signature",
    "refused-unknown-key",
    "refused-unknown-issuer",
    "refused-hash-algorithm",
    "refused-duplicate-digest",
    "refused-stray-disclosure",
    "refused-disclosure",
    "refused-must-not-be-disclosed",
    "refused-claim",
    "refused-expired",
    "refused-not-yet-valid",
    "refused-from-the-future",
    "refused-too-old",
    "refused-audience",
    "refused-nonce",
    "refused-sd-hash",
    "refused-not-bound",
    "refused-revoked",
    "refused-suspended",
    "refused-replaced",
    "refused-unknown-status",
    "refused-list-expired",
    "refused-integrity",
    "refused-unknown-claim",
];

/// What else the page's script says.
const REST: [&str; 15] = [
    "step-signature",
    "step-issuer",
    "step-holder",
    "step-status",
    "step-dates",
    "step-schema",
    "outcome-passed",
    "outcome-failed",
    "outcome-doubtful",
    "outcome-unchecked",
    "hire-all-passed",
    "hire-some-failed",
    "hire-some-doubtful",
    "hire-some-unchecked",
    "hire-asked",
];

/// The keys of all words that the page's script may need.
pub(super) fn words() -> impl Iterator<Item = &'static str> {
    REASONS.into_iter().chain(REST)
}

/// The key of what the checks say together.
pub(super) fn together(checks: &[Check]) -> &'static str {
    let any = |key: &str| checks.iter().any(|check| check.outcome_key() == key);
    if any("outcome-failed") {
        "hire-some-failed"
    } else if any("outcome-doubtful") {
        "hire-some-doubtful"
    } else if checks.iter().all(|check| check.outcome == Outcome::Passed) {
        "hire-all-passed"
    } else {
        "hire-some-unchecked"
    }
}

impl Check {
    pub(super) fn new(verdict: &Verdict) -> Self {
        let (step, name, passed) = match verdict.step {
            Step::Signature => ("signature", "step-signature", "passed-signature"),
            Step::Issuer => ("issuer", "step-issuer", "passed-issuer"),
            Step::Holder => ("holder", "step-holder", "passed-holder"),
            Step::Status => ("status", "step-status", "passed-status"),
            Step::Dates => ("dates", "step-dates", "passed-dates"),
            Step::Schema => ("schema", "step-schema", "passed-schema"),
        };
        let reason = match verdict.outcome {
            Outcome::Passed => passed,
            Outcome::NotChecked => "unchecked-unanswered",
            Outcome::Failed => {
                let code = verdict.code.unwrap_or_default().replace('_', "-");
                let known = REASONS.into_iter().find(|key| key.strip_prefix("refused-") == Some(&code));
                known.unwrap_or("refused-claim")
            }
        };
        Self { step, name, outcome: verdict.outcome, reason, asked: verdict.asked.clone() }
    }

    /// The key of the outcome's word, which is its class in markup as well. That a newer version exists is no alarm.
    pub(super) fn outcome_key(&self) -> &'static str {
        match self.outcome {
            Outcome::Failed if self.reason == "refused-replaced" => "outcome-doubtful",
            Outcome::Passed => "outcome-passed",
            Outcome::Failed => "outcome-failed",
            Outcome::NotChecked => "outcome-unchecked",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_use_the_message_of_their_code() {
        let failed = |code| Verdict {
            step: Step::Status,
            outcome: Outcome::Failed,
            reason: String::new(),
            code: Some(code),
            asked: None,
        };
        assert_eq!(Check::new(&failed("revoked")).reason, "refused-revoked");
        let (revoked, replaced) = (Check::new(&failed("revoked")), Check::new(&failed("replaced")));
        assert_eq!((replaced.reason, replaced.outcome_key()), ("refused-replaced", "outcome-doubtful"));
        assert_eq!(together(std::slice::from_ref(&replaced)), "hire-some-doubtful");
        assert_eq!(together(&[replaced, revoked]), "hire-some-failed", "the worse one counts");
        assert_eq!(Check::new(&failed("must_not_be_disclosed")).reason, "refused-must-not-be-disclosed");
        assert_eq!(Check::new(&failed("never heard of")).reason, "refused-claim");
    }

    #[test]
    fn every_code_of_the_script_has_a_message() {
        let script = [include_str!("../../../static/verify.js"), include_str!("../../../static/sd-jwt.js")].concat();
        for (call, prefix) in [("Refusal(\"", "refused-"), ("Unanswered(\"", "unchecked-")] {
            for after in script.split(call).skip(1) {
                let code = after.split('"').next().unwrap_or_default().replace('_', "-");
                assert!(REASONS.contains(&format!("{prefix}{code}").as_str()), "{prefix}{code}");
            }
        }
    }
}
