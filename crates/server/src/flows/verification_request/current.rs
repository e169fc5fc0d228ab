//! The present state of a presentation: since it was presented, it may have been revoked, replaced
//! or suspended, it may have expired, or its issuer may no longer be trusted.
//!
//! The present state is not stored. Status lists of other issuers are cached, and fetching them
//! counts against the partner's limit of issuer lookups.

use credential::format::sd_jwt::Challenge;
use credential::verification::{Answer, Outcome, Report, Step, Token, VerificationInputs};

use super::records::{Check, Checked, VerificationResult};
use crate::app::App;
use crate::error::Error;
use crate::flows::own_presentation;
use crate::flows::token_verification::{TokenVerdict, Trust};
use store::domain::verification::Verification;

/// Checks whose outcome can change after the presentation.
const CHANGING: [&str; 3] = ["issuer", "status", "dates"];

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
    let found = match (&checked.presentation, &result.issuer_jwt) {
        (Some(presented), _) => {
            let challenge = (Some(&*presented.audience), Some(&*presented.nonce));
            verify(app, verification, &presented.token, challenge).await?
        }
        (None, Some(jwt)) => {
            let found = verify(app, verification, jwt, (None, None)).await?;
            found.map(|(report, trust)| (with_earlier_checks(report, checked), trust))
        }
        (None, None) => None,
    };
    let verdict = match found {
        Some((report, trust)) => {
            if trust == Trust::Unknown {
                checked.trusted_by = None;
            }
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
            verdict.outcome = Outcome::Passed;
            verdict.reason.clone_from(&earlier.reason);
            verdict.code = None;
        }
    }
    report
}

/// Verifies a presentation again, but without a maximum age of the holder's signature. Returns
/// `None` if it cannot be parsed.
async fn verify(
    app: &App,
    verification: &Verification,
    token: &str,
    (audience, nonce): (Option<&str>, Option<&str>),
) -> Result<Option<(Report, Trust)>, Error> {
    let Ok(mut token) = Token::read(token) else { return Ok(None) };
    if let Token::SdJwtVc(credential) = &mut token {
        own_presentation::identify_issuer(app, credential);
    }
    let issuer = token.issuer().unwrap_or_default();
    let known = verification.credential_type;
    let is_listed = |vct| app.trusted_issuers().issues(issuer, known, vct);
    let trust = if own_presentation::is_own_issuer(app, issuer) {
        if token.credential_type() == Some(known) { Trust::Own } else { Trust::Unknown }
    } else if token.vct().is_some_and(is_listed) {
        Trust::Listed
    } else {
        Trust::Unknown
    };
    let mut inputs = match trust {
        Trust::Unknown => VerificationInputs {
            issuer_keys: Answer::None("the issuer is not trusted here for this credential type".to_owned()),
            ..VerificationInputs::default()
        },
        Trust::Own | Trust::Listed => own_presentation::trusted_inputs(app, &token).await?,
    };
    if let (Trust::Listed, Answer::Some(_), Some(list)) = (trust, &inputs.issuer_keys, token.lookups().status) {
        let may_fetch = || app.limits().issuer_lookups.check(&verification.partner_id).is_ok();
        inputs.status = app.issuer_lookup().status_list(&list, app.now(), may_fetch).await;
    }
    let challenge = Challenge { audience, nonce, now: app.now().seconds(), most_age: None };
    Ok(Some((token.verify(&inputs, &challenge), trust)))
}
