//! Verification of a wallet's response (OpenID4VP 1.0, section 8.6): it contains what was
//! requested, from a trusted issuer, is valid now, not revoked, and signed by its holder for this
//! request. A check that cannot be performed counts as failed.

use credential::Type;
use credential::VerifyError;
use credential::dcql::{Evaluation, Query};
use credential::format::sd_jwt::Challenge;
use credential::format::sd_jwt_vc::{SdJwtVc, requested_vcts};
use credential::verification::{
    LookupResult, Lookups, Report, StatusKinds, Step, StepOutcome, Token, is_of_credential,
};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::request::{open_request, query};
use crate::app::App;
use crate::error::Error;
use crate::flows::own_presentation;
use crate::flows::verification_request::{self, Presented, TrustedBy, VerificationResult};
use store::domain::presentation::Presentation;

/// Maximum age of the holder's signature, in seconds: wallets sign when they respond.
const MAX_AGE: i64 = 300;

/// The reason why a response is rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PresentationError {
    /// A stable code.
    pub(super) code: &'static str,
    /// The reason in a sentence.
    pub(super) reason: String,
}

impl PresentationError {
    pub(super) fn new(code: &'static str, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into() }
    }

    pub(super) fn expired() -> Self {
        Self::new("over", "This request has expired.")
    }
}

impl From<VerifyError> for PresentationError {
    fn from(refusal: VerifyError) -> Self {
        Self::new(refusal.code(), refusal.to_string())
    }
}

/// Binds an encrypted result to its presentation.
pub(super) fn result_label(id: &Uuid) -> [&[u8]; 2] {
    [b"presentation-shown", id.as_bytes()]
}

/// One presentation of a response, parsed and matched with its credential query. Nothing is
/// verified yet.
struct ParsedPresentation<'a> {
    text: &'a str,
    shown: SdJwtVc<'a>,
    evaluation: Evaluation,
}

impl<'a> ParsedPresentation<'a> {
    /// Reads the presentation of a response to a query for one credential. `known` is its type, if
    /// the query is for one of the types here, whose always-shown claims are then kept.
    fn read(query: &Query, known: Option<Type>, vp_token: &'a Value) -> Result<Self, VerifyError> {
        let answered = query.answered(vp_token)?;
        let (query, texts) = answered.first().ok_or(VerifyError::Malformed("vp_token is empty"))?;
        let text = texts.first().copied().unwrap_or_default();
        let shown = SdJwtVc::read(text)?;
        Ok(Self { text, evaluation: query.evaluate(known, &shown)?, shown })
    }
}

/// Verifies a wallet's response. Returns the requested claims and those that are always shown, with
/// the results of the checks.
pub(super) async fn check(
    app: &App,
    presentation: &Presentation,
    vp_token: &Value,
) -> Result<Result<VerificationResult, PresentationError>, Error> {
    let found =
        open_request(&mut app.store().read().await?, presentation.verification, app.trusted_time().now()).await?;
    let Some(verification) = found else { return Ok(Err(PresentationError::expired())) };
    let Some(details) = verification_request::details(app, &verification).await? else {
        return Ok(Err(PresentationError::expired()));
    };
    let credential_type = verification.credential_type;
    let query = query(app, credential_type, &details);
    let known = details.query.is_none().then_some(credential_type);
    let mut answered = match ParsedPresentation::read(&query, known, vp_token) {
        Ok(answered) => answered,
        Err(refusal) => return Ok(Err(refusal.into())),
    };
    // Claims that are not selectively disclosable are always visible. The token may then contain
    // more than was requested.
    let covers = |name: &String| match details.query {
        Some(_) => answered.evaluation.claims.contains_key(name),
        None => details.covers_field(credential_type, name),
    };
    // An object of which nothing is disclosed says nothing.
    let is_bare = |value: &Value| value.as_object().is_some_and(Map::is_empty);
    let is_asked = |(name, value): (&String, &Value)| is_of_credential(name) || covers(name) || is_bare(value);
    let disclosed = &answered.shown.disclosed.claims;
    let mut is_exact = disclosed.iter().all(is_asked);
    if details.query.is_some() {
        // A query may ask for a part of a claim that its issuer does not disclose in parts.
        let is_whole = |(name, value): (&String, &Value)| disclosed.get(name) == Some(value);
        is_exact &= answered.evaluation.claims.iter().all(is_whole);
    }
    answered.evaluation.is_exact &= is_exact;
    own_presentation::identify_issuer(app, &mut answered.shown);
    if !counts_for(app, &answered.shown, credential_type) {
        let reason = "This issuer is not trusted for the requested credential type.";
        return Ok(Err(PresentationError::new("issuer_unknown", reason)));
    }
    verify(app, presentation, answered).await
}

/// Verifies a presentation of a credential whose issuer is trusted for it.
async fn verify(
    app: &App,
    presentation: &Presentation,
    ParsedPresentation { text, shown, evaluation }: ParsedPresentation<'_>,
) -> Result<Result<VerificationResult, PresentationError>, Error> {
    let token = Token::SdJwtVc(Box::new(shown));
    let mut inputs = own_presentation::trusted_inputs(app, &token).await?;
    let challenge = Challenge {
        audience: Some(&presentation.client_id),
        nonce: Some(&presentation.nonce),
        now: app.now().seconds(),
        most_age: Some(MAX_AGE),
    };
    // The status list is fetched only after the issuer's and the holder's signatures have been
    // verified, so that unauthenticated tokens cannot trigger requests.
    let proof = token.verify(&inputs, &challenge);
    // The issuer of a token with a wrong signature is unknown too, but that is not the reason.
    let error = objection(&proof, &[(Step::Signature, None)]).or_else(|| objection(&proof, &PROVED));
    if let Some(error) = error {
        return Ok(Err(error));
    }
    if let LookupResult::NotAttempted = inputs.status {
        let all = token.lookups();
        let lookups = Lookups { status: all.status, ..Lookups::default() };
        (inputs.status, _) = app.issuer_lookup().details(&lookups).await;
        inputs.more_status = app.issuer_lookup().status_lists(&all.more_status).await;
    }
    let report = token.verify(&inputs, &challenge);
    let has_status = report.status_kinds != StatusKinds::None;
    if let Some(error) = objection(&report, &[(Step::Status, has_status.then_some("status_unknown"))]) {
        return Ok(Err(error));
    }
    // A presentation that contains more than was requested is not passed to the partner.
    let presented = evaluation.is_exact.then(|| Presented {
        format: credential::dcql::FORMAT.to_owned(),
        token: text.to_owned(),
        audience: presentation.client_id.clone(),
        nonce: presentation.nonce.clone(),
    });
    let issuer_jwt = text.split('~').next().filter(|_| !evaluation.is_exact).map(|jwt| format!("{jwt}~"));
    let found = (app.now(), trusted_by(app, &token));
    let mut result = VerificationResult {
        issuer_jwt,
        withheld: evaluation.withheld,
        ..VerificationResult::new(&report, found, evaluation.claims, presented)
    };
    result.verification.issuer = token.issuer().map(ToOwned::to_owned);
    Ok(Ok(result))
}

/// Returns why the issuer of a verified token is trusted.
fn trusted_by(app: &App, token: &Token<'_>) -> Option<TrustedBy> {
    let issuer = token.issuer().unwrap_or_default();
    if own_presentation::is_own_issuer(app, issuer) {
        return Some(TrustedBy::own());
    }
    app.trusted_issuers().source(issuer, token.certificates(), app.now()).map(TrustedBy::from)
}

/// Returns whether the issuer is trusted for this type under this `vct`.
fn counts_for(app: &App, shown: &SdJwtVc<'_>, credential_type: Type) -> bool {
    let (issuer, named) = (shown.issuer().unwrap_or_default(), shown.text("vct").unwrap_or_default());
    let base = app.config().base();
    if issuer == base {
        requested_vcts(credential_type, base).iter().any(|known| known == named)
    } else {
        app.trusted_issuers().issues(issuer, credential_type, named)
    }
}

/// Checks that every response must pass. Each has the error code for a check that could not be
/// performed; without a code that is accepted.
const PROVED: [(Step, Option<&str>); 5] = [
    (Step::Issuer, Some("issuer_unknown")),
    (Step::Signature, Some("signature")),
    (Step::Dates, Some("dates")),
    (Step::Holder, Some("not_bound")),
    (Step::Schema, None),
];

/// Returns the error of the first check that failed, or that could not be performed although it is
/// required.
fn objection(report: &Report, steps: &[(Step, Option<&'static str>)]) -> Option<PresentationError> {
    steps.iter().find_map(|(step, unchecked)| {
        let Some(verdict) = report.verdict(*step) else {
            return Some(PresentationError::new(
                "not_checked",
                format!("The check {} was not performed.", step.name()),
            ));
        };
        match (verdict.outcome, unchecked) {
            (StepOutcome::Passed, _) | (StepOutcome::NotChecked, None) => None,
            (_, unchecked) => {
                let code = verdict.code.or(*unchecked).unwrap_or("not_checked");
                Some(PresentationError::new(code, verdict.reason.clone()))
            }
        }
    })
}
