//! The rows of verification steps: those that the server verified, and the texts for those that the
//! page's script repeats.

use credential::NumericDate;
use credential::verification::{Step, StepOutcome, Verdict};
use serde_json::{Map, Value};

use super::conclusion::{Cause, Level, failure_code};
use crate::i18n::Text;
use ambient::Timestamp;

/// A verification step and its outcome, as shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Check {
    /// The step's name in markup.
    pub(super) step: &'static str,
    /// Text key of the step's name.
    pub(super) name: &'static str,
    /// Text key of the outcome, also its class in markup.
    pub(super) outcome: &'static str,
    /// Text key of the reason.
    pub(super) reason: &'static str,
    /// A description of the data that it was checked against.
    pub(super) evidence: Option<String>,
    /// The address that the data was fetched from, if it was.
    pub(super) asked: Option<String>,
}

/// Text keys of the reasons why a step passed (`passed-` and the step), was not checked
/// (`unchecked-` and a code) or failed (`refused-` and a code). The script uses the same codes, and
/// some keys end in a detail that it found.
const REASONS: [&str; 95] = [
    "passed-signature",
    "passed-issuer",
    "passed-holder",
    "passed-status",
    "passed-dates",
    "passed-old-list",
    "passed-unit",
    "passed-late",
    "passed-last-day",
    "passed-schema",
    "passed-partly",
    "unchecked-unread",
    "unchecked-browser",
    "unchecked-algorithm",
    "unchecked-type",
    "unchecked-hash-algorithm",
    "unchecked-unsigned",
    "unchecked-no-list",
    "unchecked-list-expired",
    "unchecked-list-not-yet-valid",
    "unchecked-elsewhere",
    "unchecked-not-https",
    "unchecked-unanswered",
    "unchecked-unanswered-status",
    "unchecked-no-address",
    "unchecked-no-status",
    "unchecked-status-kind",
    "unchecked-bare-key",
    "unchecked-not-shown",
    "unchecked-no-metadata",
    "unchecked-digest-algorithm",
    "unchecked-extends",
    "unchecked-metadata-size",
    "unchecked-issuer-name",
    "unchecked-holder-key",
    "unchecked-list-key",
    "unchecked-list-size",
    "unchecked-list-unreadable",
    "unchecked-unknown-status",
    "unchecked-no-key",
    "unchecked-no-key-revoked",
    "unchecked-no-key-expired",
    "unchecked-no-key-date",
    "unchecked-too-many-keys",
    "unchecked-other-issuer",
    "unchecked-date",
    "unchecked-limit-size",
    "unchecked-limit-values",
    "unchecked-limit-depth",
    "unchecked-limit-levels",
    "unchecked-limit-disclosures",
    "refused-not-a-token",
    "refused-several-tokens",
    "refused-too-long",
    "refused-issuer-name",
    "refused-malformed",
    "refused-algorithm",
    "refused-critical-header",
    "refused-type",
    "refused-key-confusion",
    "refused-signature",
    "refused-signature-missing",
    "refused-unknown-key",
    "refused-unknown-issuer",
    "refused-hash-algorithm",
    "refused-duplicate-digest",
    "refused-stray-disclosure",
    "refused-disclosure",
    "refused-must-not-be-disclosed",
    "refused-claim",
    "refused-claim-holder",
    "refused-expired",
    "refused-expired-unit",
    "refused-not-yet-valid",
    "refused-not-yet-valid-unit",
    "refused-from-the-future",
    "refused-from-the-future-unit",
    "refused-too-old",
    "refused-audience",
    "refused-nonce",
    "refused-sd-hash",
    "refused-not-bound",
    "refused-binding-expired",
    "refused-binding-not-yet-valid",
    "refused-revoked",
    "refused-suspended",
    "refused-replaced",
    "refused-unknown-status",
    "refused-list-expired",
    "refused-integrity",
    "refused-claim-metadata",
    "refused-claim-metadata-missing",
    "refused-claim-metadata-open",
    "refused-claim-metadata-apart",
    "refused-claim-metadata-path",
];

/// The details of failures, which do not change the cause: a date is probably in another unit than
/// seconds, the signature is missing, the claim is the holder's key, or a claim breaks a rule of
/// its type's metadata.
const DETAILS: [&str; 6] = ["-unit", "-missing", "-holder", "-open", "-apart", "-path"];

/// Other text keys that the page's script uses.
const REST: [&str; 18] = [
    "outcome-passed",
    "outcome-failed",
    "outcome-doubtful",
    "outcome-unchecked",
    "hire-all-passed",
    "hire-some-failed",
    "hire-some-doubtful",
    "hire-some-unchecked",
    "hire-asked",
    "refused-names",
    "names-compared-browser",
    "names-compared-apart",
    "names-compared-site",
    "shown-compared-browser",
    "hire-now-browser",
    "hire-paper-browser",
    "hire-checked-browser",
    "hire-browser-failed",
];

/// A text that a page passes to its script.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Word {
    /// The name that the script uses.
    pub(crate) key: &'static str,
    /// The text key.
    pub(crate) text: &'static str,
    /// The cause that the text describes.
    pub(crate) cause: Option<Cause>,
}

/// Placeholders that scripts replace in texts.
pub(crate) const PLACEHOLDERS: &[(&str, &str)] = &[
    ("address", "{address}"),
    ("algorithm", "{algorithm}"),
    ("audience", "{audience}"),
    ("claim", "{claim}"),
    ("count", "{count}"),
    ("end", "{end}"),
    ("issuer", "{issuer}"),
    ("jobs", "{jobs}"),
    ("moment", "{moment}"),
    ("month", "{month}"),
    ("name", "{name}"),
    ("organisation", "{organisation}"),
    ("partner", "{partner}"),
    ("reason", "{reason}"),
    ("status", "{status}"),
    ("year", "{year}"),
];

/// Returns all texts that a script may need when it verifies tokens.
pub(crate) fn words() -> impl Iterator<Item = Word> {
    REASONS.into_iter().chain(REST).map(|key| Word {
        key,
        text: key,
        cause: cause_of(key).filter(|_| REASONS.contains(&key)),
    })
}

fn cause_of(key: &str) -> Option<Cause> {
    match key.split_once('-')? {
        ("unchecked", _) => Some(Cause::Unchecked),
        ("refused", code) => {
            let code = DETAILS.into_iter().find_map(|detail| code.strip_suffix(detail)).unwrap_or(code);
            Some(Cause::of_failure(&code.replace('-', "_")))
        }
        _ => None,
    }
}

/// Returns the text key of the summary of all checks.
pub(super) fn together(checks: &[Check]) -> &'static str {
    let any = |outcome: &str| checks.iter().any(|check| check.outcome == outcome);
    if any("outcome-failed") {
        "hire-some-failed"
    } else if any("outcome-doubtful") {
        "hire-some-doubtful"
    } else if any("outcome-unchecked") {
        "hire-some-unchecked"
    } else {
        "hire-all-passed"
    }
}

impl Check {
    /// Creates the row of `verdict` about a credential with these claims.
    pub(super) fn new(verdict: &Verdict, claims: &Map<String, Value>, text: &Text) -> Self {
        let (step, name, passed) = match verdict.step {
            Step::Signature => ("signature", "step-signature", "passed-signature"),
            Step::Issuer => ("issuer", "step-issuer", "passed-issuer"),
            Step::Holder => ("holder", "step-holder", "passed-holder"),
            Step::Status => ("status", "step-status", "passed-status"),
            Step::Dates => ("dates", "step-dates", "passed-dates"),
            Step::Schema => ("schema", "step-schema", "passed-schema"),
        };
        let (outcome, reason) = match verdict.outcome {
            StepOutcome::Passed => ("outcome-passed", passed),
            StepOutcome::NotChecked => ("outcome-unchecked", "unchecked-unanswered"),
            StepOutcome::Failed => {
                let code = failure_code(verdict).replace('_', "-");
                let known = REASONS.into_iter().find(|key| key.strip_prefix("refused-") == Some(&code));
                let is_doubtful = Cause::of(verdict).is_some_and(|cause| cause.level() == Level::Doubtful);
                (if is_doubtful { "outcome-doubtful" } else { "outcome-failed" }, known.unwrap_or("refused-claim"))
            }
        };
        Self {
            step,
            name,
            outcome,
            reason,
            evidence: evidence(verdict.step, claims, text),
            asked: verdict.asked.clone(),
        }
    }
}

/// Describes the data that a step is checked against, as HTML, if the token contains it.
fn evidence(step: Step, claims: &Map<String, Value>, text: &Text) -> Option<String> {
    let moment = |name: &str| {
        let seconds = NumericDate::read(claims.get(name)?).ok()?.seconds();
        // A page shows no year after 9999.
        jiff::Timestamp::from_second(seconds).ok()?;
        Some(text.local_moment(&Timestamp::from_micros(seconds.checked_mul(1_000_000)?)))
    };
    match step {
        Step::Dates => Some(text.with_markup("evidence-dates", &[("from", moment("iat")?), ("until", moment("exp")?)])),
        Step::Status => {
            let entry = claims.get("status")?["status_list"]["idx"].as_i64()?;
            Some(text.markup("evidence-status", &[], &[("entry", &text.number(entry))]))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_use_the_message_of_their_code() {
        let failed = |code| Verdict {
            step: Step::Status,
            outcome: StepOutcome::Failed,
            reason: String::new(),
            code: Some(code),
            asked: None,
        };
        for (code, reason, outcome) in [
            ("revoked", "refused-revoked", "outcome-failed"),
            ("replaced", "refused-replaced", "outcome-doubtful"),
            ("expired", "refused-list-expired", "outcome-doubtful"),
            ("must_not_be_disclosed", "refused-must-not-be-disclosed", "outcome-failed"),
            ("never heard of", "refused-claim", "outcome-failed"),
        ] {
            let check = Check::new(&failed(code), &Map::new(), &Text::default());
            assert_eq!((check.reason, check.outcome), (reason, outcome), "{code}");
        }
    }

    /// The script reads the cause of each code from the texts that the page passes to it.
    #[test]
    fn every_message_of_a_failure_has_a_cause() {
        for Word { key, cause, .. } in words() {
            let is_result = REASONS.contains(&key) && !key.starts_with("passed-");
            assert_eq!(cause.is_some(), is_result, "{key}");
            assert!(cause.is_none_or(|cause| Cause::OF_CHECKS.contains(&cause)), "{key}");
        }
    }

    #[test]
    fn every_code_of_the_script_has_a_message() {
        let script = [
            include_str!("../../../static/claim-rules.js"),
            include_str!("../../../static/dates.js"),
            include_str!("../../../static/signatures.js"),
            include_str!("../../../static/status-lists.js"),
            include_str!("../../../static/verify.js"),
            include_str!("../../../static/sd-jwt.js"),
            include_str!("../../../static/did-keys.js"),
            include_str!("../../../static/issuer.js"),
            include_str!("../../../static/json.js"),
            include_str!("../../../static/lookup.js"),
            include_str!("../../../static/other-content.js"),
            include_str!("../../../static/pasted.js"),
            include_str!("../../../static/status-entries.js"),
            include_str!("../../../static/vc-jwt.js"),
        ]
        .concat();
        for (call, prefix) in [
            ("Refusal(\"", "refused-"),
            ("Unanswered(\"", "unchecked-"),
            ("TooLarge(\"", "unchecked-limit-"),
            (" limit(\"", "unchecked-limit-"),
        ] {
            for after in script.split(call).skip(1) {
                let code = after.split('"').next().unwrap_or_default().replace('_', "-");
                assert!(REASONS.contains(&format!("{prefix}{code}").as_str()), "{prefix}{code}");
            }
        }
    }
}
