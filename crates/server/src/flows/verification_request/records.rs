//! The records of a verification request's end: its result and the holder's record of it. They are
//! stored encrypted, so their serialized form must remain readable.

use std::collections::BTreeSet;

use ambient::Timestamp;
use credential::verification::{self, Report, Verdict};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::request_details::field_of;
use crate::flows::token_verification::{TokenVerdict, Trust};
use crate::openapi::values::{CheckName, CheckOutcome, SignedFormat, TrustKind, Verdict as VerdictValue};
use crate::trusted_issuers::TrustSource;

/// The presented claims and the result of their verification.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VerificationResult {
    /// The presented claims. Each is requested and chosen, or always shown.
    pub credential: Map<String, Value>,
    /// The requested fields that are missing from them, as JSON Pointers.
    #[serde(default)]
    pub withheld: Vec<String>,
    /// The result of the verification.
    pub verification: Checked,
    /// Whether a name is shown that the holder confirmed as also theirs, when accepting the
    /// credential or a verified identity in another name.
    #[serde(default)]
    pub confirmed_by_holder: bool,
    /// Whether the holder's wallet had identities with different dates of birth, also if none of
    /// them is shown.
    #[serde(default)]
    pub birth_dates_differ: bool,
    /// The issuer's JWT without disclosures. It is kept to check the present state of a
    /// presentation that contains more than was requested, and never returned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer_jwt: Option<String>,
}

impl VerificationResult {
    /// Creates a result from a verification report. `credential` contains the claims for the
    /// partner, `presentation` what the partner may verify itself. `withheld` is set when the
    /// request ends.
    pub fn new(
        report: &Report,
        (checked_at, trusted_by): (Timestamp, Option<TrustedBy>),
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
                // Presentations from untrusted issuers are rejected earlier.
                verdict: TokenVerdict::new(report, Trust::Listed).name().to_owned(),
                at_consent: AtConsent { valid, checked_at: checked_at.clone() },
                checked_at,
                issuer: text("iss"),
                trusted_by,
                // Only this format is requested.
                format: Some(credential::dcql::FORMAT.to_owned()),
                vct: text("vct"),
                attested_by: attested_by.map(ToOwned::to_owned),
                attested_at: text("attested_at"),
                checks: report.verdicts.iter().map(Check::from).collect(),
                expired_on: report.expired_on.map(|day| day.to_string()),
                not_shown: NotShown::new(&report.not_shown, &report.claims),
                presentation,
            },
            confirmed_by_holder: false,
            birth_dates_differ: false,
            issuer_jwt: None,
        }
    }
}

/// The result of verifying a presentation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Checked {
    /// Whether you can rely on it now: true only if `verdict` is `valid`.
    #[schema(example = true)]
    pub valid: bool,
    /// The overall result of the checks now. `valid`: all required checks passed. `invalid`: a
    /// check failed, for example because the credential was revoked or suspended. `replaced`: the
    /// only problem is that a newer version exists. `expired`: the only problem is that its last
    /// day of validity has passed (`expired_on`). `not_checkable`: no check failed, but the present
    /// state cannot be determined, for example because the issuer's status list cannot be fetched;
    /// `at_consent` is then the last known state. `issuer_unknown`: the operator of this server no
    /// longer trusts the issuer, so its signature is not checked again.
    #[serde(default)]
    #[schema(value_type = VerdictValue, required = true)]
    pub verdict: String,
    /// When it was checked (RFC 3339, UTC). The checks are repeated each time you fetch the result.
    /// The status list of another issuer may be cached for up to half a minute.
    #[schema(format = "date-time", example = "2026-11-23T09:30:00Z")]
    pub checked_at: String,
    /// The result at the time when the person presented it.
    #[serde(default)]
    #[schema(required = true)]
    pub at_consent: AtConsent,
    /// The address of the issuer that signed it.
    #[serde(default)]
    #[schema(example = "https://passport.example")]
    pub issuer: Option<String>,
    /// Why the issuer is trusted; null if the operator no longer trusts it.
    #[serde(default)]
    pub trusted_by: Option<TrustedBy>,
    /// The format of the credential: `dc+sd-jwt` (SD-JWT VC).
    #[serde(default)]
    #[schema(value_type = Option<SignedFormat>)]
    pub format: Option<String>,
    /// The type of the credential, as its issuer names it.
    #[serde(default)]
    #[schema(example = "https://passport.example/credentials/career_history/2")]
    pub vct: Option<String>,
    /// The name of the institution that attests it and sent it to the issuer.
    #[serde(default)]
    #[schema(example = "Example Payroll")]
    pub attested_by: Option<String>,
    /// The date on which the institution attested it.
    #[serde(default)]
    #[schema(format = "date", example = "2026-11-20")]
    pub attested_at: Option<String>,
    /// The result of each check.
    pub checks: Vec<Check>,
    /// The last day of validity, if the credential has expired. The check `dates` has then failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false, format = "date", example = "2024-05-31")]
    pub expired_on: Option<String>,
    /// How much of the credential the person did not show, whether you requested it or not.
    #[serde(default)]
    #[schema(required = true)]
    pub not_shown: NotShown,
    /// The signed presentation, so that you can verify it with your own tools. Null if it contains
    /// more than you requested.
    #[serde(default)]
    pub presentation: Option<Presented>,
}

/// Why an issuer is trusted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TrustedBy {
    /// `own`: this server signed it. `listed_key`: the operator of this server lists the issuer and
    /// its key. `certificate_chain`: the operator lists the issuer, and its certificate leads to an
    /// authority that the operator trusts.
    #[schema(value_type = TrustKind)]
    pub kind: String,
    /// The subject of that authority's certificate; null for the other kinds.
    #[serde(default)]
    #[schema(example = "C=AT, O=Example Authority, CN=PID Root CA")]
    pub anchor: Option<String>,
}

impl TrustedBy {
    /// Returns the trust in this server's own credentials.
    pub fn own() -> Self {
        Self { kind: "own".to_owned(), anchor: None }
    }
}

impl From<TrustSource> for TrustedBy {
    fn from(source: TrustSource) -> Self {
        match source {
            TrustSource::ListedKey => Self { kind: "listed_key".to_owned(), anchor: None },
            TrustSource::Chain { anchor } => Self { kind: "certificate_chain".to_owned(), anchor: Some(anchor) },
        }
    }
}

/// The result at the time when the person presented something.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AtConsent {
    /// Whether no check failed at that time.
    #[schema(example = true)]
    pub valid: bool,
    /// When it was checked (RFC 3339, UTC).
    #[schema(format = "date-time", example = "2026-11-23T09:09:30Z")]
    pub checked_at: String,
}

/// How much of a credential is not shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NotShown {
    /// Number of details that were left out. A whole list or object that was left out counts as
    /// one.
    #[schema(example = 1)]
    pub count: usize,
    /// Whether `count` is an upper bound: other issuers may add decoys to hide the number.
    /// Credentials signed by this server have none.
    #[schema(example = false)]
    pub at_most: bool,
    /// Fields that are shown in part, as JSON Pointers: a list without some of its entries, or an
    /// object without some of its properties. Omitted if there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false, example = json!(["/employment"]))]
    pub in_part: Vec<String>,
}

impl NotShown {
    /// Converts the findings about a credential with these claims.
    pub fn new(found: &verification::NotShown, claims: &Map<String, Value>) -> Self {
        let places = found.by_place.keys().filter(|place| claims.contains_key(&field_of(place)));
        let fields: BTreeSet<&str> = places.filter_map(|place| place.split('/').nth(1)).collect();
        let in_part = fields.into_iter().map(|field| format!("/{field}")).collect();
        Self { count: found.count, at_most: found.at_most, in_part }
    }
}

/// The result of one check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Check {
    /// `signature`, `issuer`, `holder` (the person presented it for this request), `status` (it is
    /// not revoked), `dates`, or `schema` (it conforms to its type).
    #[schema(value_type = CheckName)]
    pub name: String,
    /// `passed`, `failed` or `not_checked`.
    #[schema(value_type = CheckOutcome)]
    pub outcome: String,
    /// The reason, as a sentence.
    #[schema(example = "The ES256 signature is valid.")]
    pub reason: String,
    /// A stable error code: `revoked`, or `replaced` if a newer version exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false, example = "revoked")]
    pub code: Option<String>,
    /// The URL that was queried for this check, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    pub asked: Option<String>,
}

/// A signed presentation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Presented {
    /// Its format.
    #[schema(value_type = SignedFormat)]
    pub format: String,
    /// The presentation.
    #[schema(
        example = "eyJhbGciOiJFUzI1NiIsInR5cCI6ImRjK3NkLWp3dCJ9.eyJpc3MiOiJodHRwczovL3Bhc3Nwb3J0LmV4YW1wbGUifQ.c2lnbmF0dXJl~"
    )]
    pub token: String,
    /// The audience of the holder's signature.
    #[schema(example = "https://passport.example/verifications/0192f0c1-5a77-7e11-8f3a-2b9c4d5e6f70")]
    pub audience: String,
    /// The nonce in the holder's signature.
    #[schema(example = "n-0S6_WzA2Mj")]
    pub nonce: String,
}

impl From<&Verdict> for Check {
    fn from(verdict: &Verdict) -> Self {
        let outcome = match verdict.outcome {
            credential::verification::StepOutcome::Passed => "passed",
            credential::verification::StepOutcome::Failed => "failed",
            credential::verification::StepOutcome::NotChecked => "not_checked",
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

/// The wallet's record of a presentation to a partner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisclosureRecord {
    /// The partner's name.
    pub partner: String,
    /// The purpose in the partner's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// The credential: the title of its type, and its attester.
    pub title: String,
    /// The disclosed parts in words, as the wallet showed them to the person.
    pub shown: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_escaped_in_pointers_only() {
        let found = verification::NotShown { count: 1, at_most: false, by_place: [("/a~1b".to_owned(), 1)].into() };
        let claims = Map::from_iter([("a/b".to_owned(), Value::Null)]);
        assert_eq!(NotShown::new(&found, &claims).in_part, ["/a~1b"]);
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
