//! Weighing an answer (OpenID4VP 1.0, section 8.6): what was asked for, from an issuer that is trusted, in its time, not
//! revoked, and signed by its holder for this one question. What cannot be checked does not count.

use std::fmt::Display;

use credential::Refusal;
use credential::Type;
use credential::dcql::Weighed;
use credential::format::sd_jwt::Challenge;
use credential::format::sd_jwt_vc::{SdJwtVc, vct};
use credential::verification::{Answer, Evidence, Outcome as Step, Report, Step as Name, Token, is_of_credential};
use futures::TryStreamExt as _;
use serde_json::Value;

use crate::app::App;
use crate::error::Error;
use crate::presenting;
use crate::verification;
use crate::verification_result::{Check, Checked, Outcome, Presented};
use store::domain::presentation::Presentation;

/// How old a holder's signature may be, in seconds: a wallet signs when it answers.
const MOST_AGE: i64 = 300;
/// Largest status list that is fetched, in bytes.
const MOST: u64 = 4 * 1024 * 1024;

/// Why an answer is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NotTaken {
    /// A stable code.
    pub code: &'static str,
    /// In a sentence.
    pub why: String,
}

impl NotTaken {
    pub(super) fn new(code: &'static str, why: impl Into<String>) -> Self {
        Self { code, why: why.into() }
    }
}

impl From<Refusal> for NotTaken {
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal.code(), refusal.to_string())
    }
}

/// Checks what a wallet shows; what of it was asked for, with the verdicts.
pub(super) async fn check(
    app: &App,
    presentation: &Presentation,
    vp_token: &Value,
) -> Result<Result<Outcome, NotTaken>, Error> {
    let over = || NotTaken::new("over", "The time of this request is over.");
    let found = super::open_question(&mut app.store().read().await?, presentation.verification, app.now()).await?;
    let Some(verification) = found else { return Ok(Err(over())) };
    let Some(asked) = verification::details(app, &verification).await? else { return Ok(Err(over())) };
    let query = super::query(app, verification.credential_type, &asked.claims);
    let read = || {
        let answered = query.answered(vp_token)?;
        let (query, texts) = answered.first().ok_or(Refusal::Malformed("vp_token is empty"))?;
        let text = texts.first().copied().unwrap_or_default();
        let shown = SdJwtVc::read(text)?;
        Ok::<_, Refusal>((text, query.weigh(&shown)?, shown))
    };
    let (text, weighed, shown) = match read() {
        Ok(read) => read,
        Err(refusal) => return Ok(Err(refusal.into())),
    };
    // An issuer may leave claims in the open that were not asked for; then the token says more than it should.
    let is_asked = |name: &String| is_of_credential(name) || asked.claims.contains(name);
    let is_exact = weighed.is_exact && shown.disclosed.claims.keys().all(is_asked);
    if !counts_for(app, &shown, verification.credential_type) {
        return Ok(Err(NotTaken::new("issuer_unknown", "This issuer is not trusted here for what was asked for.")));
    }
    let has_status = shown.disclosed.claims.contains_key("status");
    let token = Token::SdJwtVc(Box::new(shown));
    let mut evidence = evidence(app, &token).await?;
    let challenge = Challenge {
        audience: Some(&presentation.client_id),
        nonce: Some(&presentation.nonce),
        now: app.now().seconds(),
        most_age: Some(MOST_AGE),
    };
    // Nobody is asked for a status at the word of somebody who has not proved to be that issuer, and that holder.
    if let Some(why) = objection(&token.judge(&evidence, &challenge), &PROVED) {
        return Ok(Err(why));
    }
    if let (Answer::NotAsked, Some(address)) = (&evidence.status, token.questions().status) {
        evidence.status = fetch(app, &address).await.map_or_else(Answer::None, Answer::Some);
    }
    let report = token.judge(&evidence, &challenge);
    if let Some(why) = objection(&report, &[(Name::Status, has_status.then_some("status_unknown"))]) {
        return Ok(Err(why));
    }
    Ok(Ok(outcome(app, presentation, &report, Weighed { is_exact, ..weighed }, text)))
}

/// Whether what an issuer says counts for this type, by this `vct`.
fn counts_for(app: &App, shown: &SdJwtVc<'_>, credential_type: Type) -> bool {
    let (issuer, named) = (shown.text("iss").unwrap_or_default(), shown.text("vct").unwrap_or_default());
    let base = app.config().base();
    if issuer == base {
        named == vct(credential_type, base)
    } else {
        app.trusted_issuers().issues(issuer, credential_type, named)
    }
}

/// What must be seen of every answer, with the code for what could not be looked at; where there is none, that is no objection.
const PROVED: [(Name, Option<&str>); 5] = [
    (Name::Issuer, Some("issuer_unknown")),
    (Name::Signature, Some("signature")),
    (Name::Dates, Some("dates")),
    (Name::Holder, Some("not_bound")),
    (Name::Schema, None),
];

/// Why a report is not good enough: what failed, or could not be checked and must be.
fn objection(report: &Report, steps: &[(Name, Option<&'static str>)]) -> Option<NotTaken> {
    steps.iter().find_map(|(name, unchecked)| {
        let Some(verdict) = report.verdict(*name) else {
            return Some(NotTaken::new("not_checked", format!("{} was not checked.", name.name())));
        };
        match (verdict.outcome, unchecked) {
            (Step::Passed, _) | (Step::NotChecked, None) => None,
            (_, unchecked) => {
                let code = verdict.code.or(*unchecked).unwrap_or("not_checked");
                Some(NotTaken::new(code, verdict.reason.clone()))
            }
        }
    })
}

/// What is known here: of our own credentials everything, of trusted issuers' their keys.
async fn evidence(app: &App, token: &Token<'_>) -> Result<Evidence, Error> {
    let Token::SdJwtVc(shown) = token else { return Ok(Evidence::default()) };
    let issuer = shown.text("iss").unwrap_or_default();
    if issuer == app.config().base() {
        return presenting::own_evidence(app, token).await;
    }
    let x5c = shown.sd_jwt.jws.header.get("x5c");
    let issuer_keys = match app.trusted_issuers().keys(issuer, x5c, app.now()) {
        Ok(Some(keys)) => Answer::Some(keys),
        Ok(None) => Answer::None("it is not an issuer that is trusted here".to_owned()),
        Err(why) => Answer::None(why),
    };
    Ok(Evidence { issuer_keys, ..Evidence::default() })
}

async fn fetch(app: &App, address: &str) -> Result<String, String> {
    let said = |failure: &dyn Display| format!("{address}: {failure}");
    let url = address.parse().map_err(|error: url::ParseError| said(&error))?;
    let fetched = app.documents().outbound.fetch(&url, MOST).await.map_err(|failure| said(&failure.name()))?;
    let mut stream = std::pin::pin!(fetched);
    let mut bytes = Vec::new();
    while let Some(piece) = stream.try_next().await.map_err(|failure| said(&failure.name()))? {
        bytes.extend_from_slice(&piece);
        if bytes.len() as u64 > MOST {
            return Err(said(&"longer than 4 MiB"));
        }
    }
    Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
}

fn outcome(app: &App, presentation: &Presentation, report: &Report, weighed: Weighed, token: &str) -> Outcome {
    let said = |name: &str| report.claims.get(name).and_then(Value::as_str).map(ToOwned::to_owned);
    let attested_by = report.claims.get("attested_by").and_then(|by| by["name"].as_str());
    let presented = Presented {
        format: credential::dcql::FORMAT.to_owned(),
        token: token.to_owned(),
        audience: presentation.client_id.clone(),
        nonce: presentation.nonce.clone(),
    };
    Outcome {
        credential: weighed.claims,
        verification: Checked {
            valid: report.is_valid(),
            checked_at: app.now().to_string(),
            issuer: said("iss"),
            attested_by: attested_by.map(ToOwned::to_owned),
            attested_at: said("attested_at"),
            checks: report.verdicts.iter().map(Check::from).collect(),
            // A presentation that says more than was asked for goes no further.
            presentation: weighed.is_exact.then_some(presented),
        },
    }
}
