//! What is sealed of a verification request: what was asked, what was shown and how it was checked, and what the wallet
//! remembers of it.

use credential::verification::Verdict;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

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
}
