//! The records of a verification request: its details, its result and the holder's record of it. They are stored encrypted,
//! so their serialized form must stay readable.

use std::collections::BTreeSet;

use ambient::Timestamp;
use credential::Type;
use credential::verification::{self, Report, Verdict};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::flows::token_verification::{TokenVerdict, Trust};

/// What a partner requests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestDetails {
    /// Where the holder is redirected to after the response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback_url: Option<String>,
    /// The purpose in the partner's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// The requested fields, in the type's order. Nothing else is ever disclosed but what the type always shows.
    pub claims: Vec<String>,
}

impl RequestDetails {
    /// Whether the field that holds `place`, a JSON Pointer into a credential's claims, is requested.
    pub fn asks_for(&self, place: &str) -> bool {
        self.claims.iter().any(|claim| claim == field_of(place))
    }

    /// Whether that field of a credential of `known` goes to the partner: it is requested, or always shown.
    pub fn covers(&self, known: Type, place: &str) -> bool {
        self.asks_for(place) || known.always_shows(&format!("/{}", field_of(place)))
    }

    /// The requested fields that are not among `shown`, as JSON Pointers.
    pub(super) fn missing(&self, shown: &Map<String, Value>) -> Vec<String> {
        self.claims.iter().filter(|claim| !shown.contains_key(*claim)).map(|claim| format!("/{claim}")).collect()
    }
}

fn field_of(place: &str) -> &str {
    place.split('/').nth(1).unwrap_or_default()
}

/// What was presented and how it was verified.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VerificationResult {
    /// The presented claims, each of them requested and chosen, or always shown.
    pub credential: Map<String, Value>,
    /// The requested fields that are not among them, as JSON Pointers.
    #[serde(default)]
    pub withheld: Vec<String>,
    /// How they were verified.
    pub verification: Checked,
    /// Whether a name is shown, and the holder confirmed when they accepted the credential that it is also theirs.
    #[serde(default)]
    pub confirmed_by_holder: bool,
    /// The JWT of the issuer without its disclosures, kept to check the present state of a presentation that contains more
    /// than was requested. It is never returned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer_jwt: Option<String>,
}

impl VerificationResult {
    /// Assembles the result from a verification report. `credential` holds the claims that go to the partner; `presentation`
    /// is what the partner may verify itself. What is withheld is known when the request ends.
    pub fn new(
        report: &Report,
        checked_at: Timestamp,
        credential: Map<String, Value>,
        presentation: Option<Presented>,
    ) -> Self {
        let text = |name: &str| report.claims.get(name).and_then(Value::as_str).map(ToOwned::to_owned);
        let attested_by = report.claims.get("attested_by").and_then(|by| by["name"].as_str());
        let (valid, checked_at) = (report.is_valid(), checked_at.to_string());
        Self {
            credential,
            withheld: Vec::new(),
            verification: Checked {
                valid,
                // What is presented from an issuer that is not trusted is refused.
                verdict: TokenVerdict::new(report, Trust::Listed).name().to_owned(),
                at_consent: AtConsent { valid, checked_at: checked_at.clone() },
                checked_at,
                issuer: text("iss"),
                attested_by: attested_by.map(ToOwned::to_owned),
                attested_at: text("attested_at"),
                checks: report.verdicts.iter().map(Check::from).collect(),
                expired_on: report.expired_on.map(|day| day.to_string()),
                not_shown: NotShown::new(&report.not_shown, &report.claims),
                presentation,
            },
            confirmed_by_holder: false,
            issuer_jwt: None,
        }
    }
}

/// How something shown was checked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Checked {
    /// Whether you can rely on it now: true only for the verdict `valid`.
    pub valid: bool,
    /// What the checks say together now. `valid`: every check that is needed passed. `invalid`: a check failed, for example because
    /// it was revoked or suspended. `replaced` and `expired`: nothing is wrong but that a newer version exists, or that its last
    /// day is over (`expired_on`). `not_checkable`: nothing failed, but the present state cannot be determined, for example because
    /// the issuer's status list cannot be fetched; then `at_consent` is what was last known. `issuer_unknown`: the operator of
    /// this server no longer trusts the issuer.
    #[serde(default)]
    #[schema(example = "valid")]
    pub verdict: String,
    /// When it was checked (RFC 3339, UTC): now, each time that you fetch the result. The status list of another issuer may be
    /// half a minute old.
    #[schema(format = "date-time", example = "2026-11-23T09:30:00Z")]
    pub checked_at: String,
    /// What was found when the person showed it.
    #[serde(default)]
    pub at_consent: AtConsent,
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
    /// The last day that the credential counted, if that day is over; then the check `dates` has failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false, format = "date", example = "2024-05-31")]
    pub expired_on: Option<String>,
    /// How much of the credential the person did not show, whether you asked for it or not.
    #[serde(default)]
    pub not_shown: NotShown,
    /// The signed presentation itself, so that you can check it with your own tools; null where it holds more than you
    /// asked for.
    #[serde(default)]
    pub presentation: Option<Presented>,
}

/// What was found when the person showed something.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AtConsent {
    /// Whether no check failed then.
    pub valid: bool,
    /// When that was checked (RFC 3339, UTC).
    #[schema(format = "date-time", example = "2026-11-23T09:09:30Z")]
    pub checked_at: String,
}

/// How much of a credential is not shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NotShown {
    /// How many details were left out. A whole list or object that was left out is one.
    #[schema(example = 1)]
    pub count: usize,
    /// Whether there may be fewer: issuers may hide the number by decoys. What this server signs has none.
    #[schema(example = false)]
    pub at_most: bool,
    /// The fields that are shown in part, as JSON Pointers: a list without some of its entries, or an object without some of
    /// its members. Left out where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false, example = json!(["/employment"]))]
    pub in_part: Vec<String>,
}

impl NotShown {
    /// What `found` says of a credential with these claims.
    pub fn new(found: &verification::NotShown, claims: &Map<String, Value>) -> Self {
        let fields: BTreeSet<&str> = found.by_place.keys().map(|place| field_of(place)).collect();
        let in_part = fields.into_iter().filter(|field| claims.contains_key(*field));
        Self { count: found.count, at_most: found.at_most, in_part: in_part.map(|field| format!("/{field}")).collect() }
    }
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
    /// The stable code of a failure: `revoked`, or `replaced` where a newer version exists.
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

/// What the holder's wallet records of a presentation to a partner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisclosureRecord {
    /// The partner's name.
    pub partner: String,
    /// The purpose in the partner's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// The credential: its type's title and who attests it.
    pub title: String,
    /// The disclosed parts, each in a few words.
    pub shown: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requested_and_always_shown_fields_are_covered() {
        let details = RequestDetails { claims: vec!["employment".to_owned()], ..RequestDetails::default() };
        for (place, covered) in [
            ("/employment", true),
            ("/employment/0/organisation", true),
            ("/full_name", true),
            ("/employment2", false),
            ("/partner_chain/employment", false),
            ("employment", false),
            ("", false),
        ] {
            assert_eq!(details.covers(Type::default(), place), covered, "{place}");
        }
        assert!(details.asks_for("/employment/0") && !details.asks_for("/full_name"));
        let shown = Map::from_iter([("full_name".to_owned(), Value::from("Ada"))]);
        assert_eq!(details.missing(&shown), ["/employment"]);
    }

    #[test]
    fn fields_that_are_shown_in_part_are_named_once() {
        let places = [("", 1), ("/employment", 2), ("/test_scores", 1), ("/test_scores/overall", 1), ("/majors", 2)];
        let by_place = places.map(|(place, count)| (place.to_owned(), count)).into_iter().collect();
        let found = verification::NotShown { count: 7, at_most: false, by_place };
        let claims = ["full_name", "employment", "test_scores"].map(|name| (name.to_owned(), Value::Null));
        let not_shown = NotShown::new(&found, &Map::from_iter(claims));
        assert_eq!(not_shown.in_part, ["/employment", "/test_scores"], "of the majors nothing is shown");
        let whole = NotShown { in_part: Vec::new(), ..not_shown };
        let written = serde_json::to_value(&whole).expect("JSON");
        assert_eq!(written, serde_json::json!({ "count": 7, "at_most": false }));
        assert_eq!(serde_json::from_value::<NotShown>(written).expect("records of before"), whole);
    }
}
