//! The present state of a presentation: since it was presented, it may have been revoked, replaced
//! or suspended, it may have expired, or its issuer may no longer be trusted.
//!
//! The present state is not stored. Status lists of other issuers are cached, and fetching them
//! counts against the partner's limit of issuer lookups.

use credential::VerifyError;
use credential::format::sd_jwt::Challenge;
use credential::verification::{LookupResult, Report, Step, StepOutcome, Token, VerificationInputs};

use super::records::{Check, Checked, TrustedBy, VerificationResult};
use crate::app::App;
use crate::error::Error;
use crate::flows::own_presentation;
use crate::flows::token_verification::{TokenVerdict, Trust};
use crate::trusted_issuers::TrustSource;
use ambient::Timestamp;
use store::domain::verification::Verification;

/// Checks whose outcome can change after the presentation.
const CHANGING: [&str; 3] = ["issuer", "status", "dates"];

/// A presentation that was verified again, and the trust in its issuer now.
struct Verified {
    report: Report,
    trust: Trust,
    trusted_by: Option<TrustedBy>,
}

/// Repeats the checks of the presentation for `verification`, and updates `result`. The earlier
/// outcome is kept in `at_consent`.
///
/// # Errors
/// The store cannot be used.
pub(super) async fn refresh(
    app: &App,
    verification: &Verification,
    result: &mut VerificationResult,
) -> Result<(), Error> {
    let now = app.now().to_string();
    let checked = &mut result.verification;
    checked.at_consent.valid = checked.valid;
    checked.at_consent.checked_at.clone_from(&checked.checked_at);
    let presented_at = moment(&checked.at_consent.checked_at);
    let found = match (&checked.presentation, &result.issuer_jwt) {
        (Some(presented), _) => {
            let challenge = (Some(&*presented.audience), Some(&*presented.nonce));
            verify(app, verification, (&*presented.token, presented_at), challenge).await?
        }
        (None, Some(jwt)) => {
            let found = verify(app, verification, (jwt.as_str(), presented_at), (None, None)).await?;
            found.map(|found| Verified { report: with_earlier_checks(found.report, checked), ..found })
        }
        (None, None) => None,
    };
    let verdict = match found {
        Some(Verified { report, trust, trusted_by }) => {
            checked.trusted_by = trusted_by;
            checked.checks = report.verdicts.iter().map(Check::from).collect();
            checked.expired_on = report.expired_on.map(|day| day.to_string());
            verdict(&report, trust)
        }
        None => undetermined(checked),
    };
    checked.valid = verdict == TokenVerdict::Valid;
    checked.verdict = verdict.name().to_owned();
    checked.checked_at = now;
    Ok(())
}

/// Repeats the checks of a presentation that has not taken effect yet. Returns the code of the
/// check that fails now. A status that cannot be determined now is no objection: it was known when
/// the wallet responded, and each result says that it was not checked.
///
/// # Errors
/// The store cannot be used.
pub async fn objection(
    app: &App,
    verification: &Verification,
    result: &VerificationResult,
) -> Result<Option<String>, Error> {
    let mut now = result.clone();
    // Boxed because its state would enlarge the future of the request.
    Box::pin(refresh(app, verification, &mut now)).await?;
    let Checked { verdict, checks, .. } = &now.verification;
    if [TokenVerdict::Valid, TokenVerdict::NotCheckable].iter().any(|known| known.name() == verdict) {
        return Ok(None);
    }
    let failed = checks.iter().find(|check| check.outcome == "failed").and_then(|check| check.code.clone());
    Ok(Some(failed.unwrap_or_else(|| verdict.clone())))
}

/// Returns the overall result. Without trust in the issuer there are no keys, so nothing else could
/// be checked.
fn verdict(report: &Report, trust: Trust) -> TokenVerdict {
    match TokenVerdict::new(report, trust) {
        TokenVerdict::NotCheckable if trust == Trust::Unknown => TokenVerdict::IssuerUnknown,
        verdict => verdict,
    }
}

/// Marks checks whose outcome could have changed as not checked. An expired credential stays
/// expired.
fn undetermined(checked: &mut Checked) -> TokenVerdict {
    let since = &checked.at_consent.checked_at;
    let may_have_changed = |check: &&mut Check| check.outcome == "passed" && CHANGING.contains(&check.name.as_str());
    for check in checked.checks.iter_mut().filter(may_have_changed) {
        "not_checked".clone_into(&mut check.outcome);
        check.reason = format!("The presentation is no longer stored. It was last checked at {since}.");
    }
    if checked.expired_on.is_some() { TokenVerdict::Expired } else { TokenVerdict::NotCheckable }
}

/// Copies the earlier outcome of checks that need the whole presentation: the holder's signature,
/// and the schema.
fn with_earlier_checks(mut report: Report, checked: &Checked) -> Report {
    for verdict in report.verdicts.iter_mut().filter(|verdict| matches!(verdict.step, Step::Holder | Step::Schema)) {
        let earlier = checked.checks.iter().find(|check| check.name == verdict.step.name());
        if let Some(earlier) = earlier.filter(|check| check.outcome == "passed") {
            verdict.outcome = StepOutcome::Passed;
            verdict.reason.clone_from(&earlier.reason);
            verdict.code = None;
        }
    }
    report
}

/// Returns the time of a stored result.
fn moment(text: &str) -> Option<Timestamp> {
    let time = text.parse::<jiff::Timestamp>().ok()?;
    Some(Timestamp::from_micros(time.as_microsecond()))
}

/// Returns the trust in the issuer of a token for its credential type, and why.
fn trust(
    app: &App,
    verification: &Verification,
    token: &Token<'_>,
    presented_at: Option<Timestamp>,
) -> (Trust, Option<TrustedBy>) {
    let (issuer, known) = (token.issuer().unwrap_or_default(), verification.credential_type);
    if own_presentation::is_own_issuer(app, issuer) {
        let is_known = token.credential_type() == Some(known);
        return if is_known { (Trust::Own, Some(TrustedBy::own())) } else { (Trust::Unknown, None) };
    }
    let is_listed = token.vct().is_some_and(|vct| app.trusted_issuers().issues(issuer, known, vct));
    match source(app, token, presented_at).filter(|_| is_listed) {
        Some(source) => (Trust::Listed, Some(source.into())),
        None => (Trust::Unknown, None),
    }
}

/// Returns why the operator trusts a listed issuer now. The operator still trusts an issuer whose
/// certificate has only expired since the presentation (D-404).
fn source(app: &App, token: &Token<'_>, presented_at: Option<Timestamp>) -> Option<TrustSource> {
    let issuer = token.issuer().unwrap_or_default();
    let at = |time| app.trusted_issuers().source(issuer, token.certificates(), time);
    at(app.now()).or_else(|| at(presented_at?))
}

/// Returns the inputs for a token of an issuer that is not trusted.
fn untrusted_inputs() -> VerificationInputs {
    let why = "the issuer is not trusted here for this credential type, or not with this key";
    VerificationInputs { issuer_keys: LookupResult::Failed(why.to_owned()), ..VerificationInputs::default() }
}

/// Verifies a presentation again, but without a maximum age of the holder's signature. Returns
/// `None` if it cannot be parsed.
async fn verify(
    app: &App,
    verification: &Verification,
    (token, presented_at): (&str, Option<Timestamp>),
    (audience, nonce): (Option<&str>, Option<&str>),
) -> Result<Option<Verified>, Error> {
    let Ok(mut token) = Token::read(token) else { return Ok(None) };
    if let Token::SdJwtVc(credential) = &mut token {
        own_presentation::identify_issuer(app, credential);
    }
    let (trust, trusted_by) = trust(app, verification, &token, presented_at);
    let mut inputs = match trust {
        Trust::Unknown => untrusted_inputs(),
        Trust::Own | Trust::Listed => own_presentation::trusted_inputs(app, &token).await?,
    };
    let lookups = token.lookups();
    if let (Trust::Listed, LookupResult::Found(_), Some(list)) = (trust, &inputs.issuer_keys, lookups.status) {
        let may_fetch = || app.limits().issuer_lookups.check(&verification.partner_id).is_ok();
        inputs.status = app.issuer_lookup().status_list(&list, app.now(), may_fetch).await;
        for list in &lookups.more_status {
            inputs.more_status.push(app.issuer_lookup().status_list(list, app.now(), may_fetch).await);
        }
    }
    let challenge = Challenge { audience, nonce, now: app.now().seconds(), most_age: None };
    let report = token.verify(&inputs, &challenge);
    let signature = report.verdict(Step::Signature);
    if trust == Trust::Listed && signature.is_some_and(|found| found.code == Some(VerifyError::UnknownKey.code())) {
        // The operator has removed the key, which says nothing about the presentation.
        let report = token.verify(&untrusted_inputs(), &challenge);
        return Ok(Some(Verified { report, trust: Trust::Unknown, trusted_by: None }));
    }
    // Another key of that name proves no trust.
    let is_refuted = signature.is_some_and(|found| found.outcome == StepOutcome::Failed);
    Ok(Some(Verified { trusted_by: trusted_by.filter(|_| !is_refuted), report, trust }))
}
