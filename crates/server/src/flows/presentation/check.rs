//! Verification of a wallet's response (OpenID4VP 1.0, section 8.6): it contains what was
//! requested, from a trusted issuer, is valid now, not revoked, and signed by its holder for this
//! request. A check that cannot be performed counts as failed.

use credential::Type;
use credential::VerifyError;
use credential::format::sd_jwt::Challenge;
use credential::format::sd_jwt_vc::{SdJwtVc, vct};
use credential::verification::{Answer, Lookups, Outcome as Step, Report, Step as Name, Token, is_of_credential};
use serde_json::Value;
use uuid::Uuid;

use super::request::{open_request, query};
use crate::app::App;
use crate::error::Error;
use crate::flows::own_presentation;
use crate::flows::verification_request::{self, Presented, VerificationResult};
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

/// Verifies a wallet's response. Returns the requested claims and those that are always shown, with
/// the results of the checks.
pub(super) async fn check(
    app: &App,
    presentation: &Presentation,
    vp_token: &Value,
) -> Result<Result<VerificationResult, PresentationError>, Error> {
    let found = open_request(&mut app.store().read().await?, presentation.verification, app.now()).await?;
    let Some(verification) = found else { return Ok(Err(PresentationError::expired())) };
    let Some(details) = verification_request::details(app, &verification).await? else {
        return Ok(Err(PresentationError::expired()));
    };
    let query = query(app, verification.credential_type, &details.claims);
    let read = || {
        let answered = query.answered(vp_token)?;
        let (query, texts) = answered.first().ok_or(VerifyError::Malformed("vp_token is empty"))?;
        let text = texts.first().copied().unwrap_or_default();
        let shown = SdJwtVc::read(text)?;
        Ok::<_, VerifyError>((text, query.evaluate(verification.credential_type, &shown)?, shown))
    };
    let (text, evaluation, shown) = match read() {
        Ok(read) => read,
        Err(refusal) => return Ok(Err(refusal.into())),
    };
    // Claims that are not selectively disclosable are always visible. The token may then contain
    // more than was requested.
    let covers = |name: &String| details.covers(verification.credential_type, &format!("/{name}"));
    let is_asked = |name: &String| is_of_credential(name) || covers(name);
    let is_exact = evaluation.is_exact && shown.disclosed.claims.keys().all(is_asked);
    if !counts_for(app, &shown, verification.credential_type) {
        let reason = "This issuer is not trusted for the requested credential type.";
        return Ok(Err(PresentationError::new("issuer_unknown", reason)));
    }
    let has_status = shown.disclosed.claims.contains_key("status");
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
    if let Some(error) = objection(&token.verify(&inputs, &challenge), &PROVED) {
        return Ok(Err(error));
    }
    if let Answer::NotAsked = inputs.status {
        let lookups = Lookups { status: token.lookups().status, ..Lookups::default() };
        (inputs.status, _) = app.issuer_lookup().details(&lookups).await;
    }
    let report = token.verify(&inputs, &challenge);
    if let Some(error) = objection(&report, &[(Name::Status, has_status.then_some("status_unknown"))]) {
        return Ok(Err(error));
    }
    // A presentation that contains more than was requested is not passed to the partner.
    let presented = is_exact.then(|| Presented {
        format: credential::dcql::FORMAT.to_owned(),
        token: text.to_owned(),
        audience: presentation.client_id.clone(),
        nonce: presentation.nonce.clone(),
    });
    let issuer_jwt = text.split('~').next().filter(|_| !is_exact).map(|jwt| format!("{jwt}~"));
    Ok(Ok(VerificationResult {
        issuer_jwt,
        ..VerificationResult::new(&report, app.now(), evaluation.claims, presented)
    }))
}

/// Returns whether the issuer is trusted for this type under this `vct`.
fn counts_for(app: &App, shown: &SdJwtVc<'_>, credential_type: Type) -> bool {
    let (issuer, named) = (shown.text("iss").unwrap_or_default(), shown.text("vct").unwrap_or_default());
    let base = app.config().base();
    if issuer == base {
        named == vct(credential_type, base)
    } else {
        app.trusted_issuers().issues(issuer, credential_type, named)
    }
}

/// Checks that every response must pass. Each has the error code for a check that could not be
/// performed; without a code that is accepted.
const PROVED: [(Name, Option<&str>); 5] = [
    (Name::Issuer, Some("issuer_unknown")),
    (Name::Signature, Some("signature")),
    (Name::Dates, Some("dates")),
    (Name::Holder, Some("not_bound")),
    (Name::Schema, None),
];

/// Returns the error of the first check that failed, or that could not be performed although it is
/// required.
fn objection(report: &Report, steps: &[(Name, Option<&'static str>)]) -> Option<PresentationError> {
    steps.iter().find_map(|(name, unchecked)| {
        let Some(verdict) = report.verdict(*name) else {
            return Some(PresentationError::new(
                "not_checked",
                format!("The check {} was not performed.", name.name()),
            ));
        };
        match (verdict.outcome, unchecked) {
            (Step::Passed, _) | (Step::NotChecked, None) => None,
            (_, unchecked) => {
                let code = verdict.code.or(*unchecked).unwrap_or("not_checked");
                Some(PresentationError::new(code, verdict.reason.clone()))
            }
        }
    })
}
