//! Verification of tokens that a partner received: from this server, from an issuer that the
//! operator trusts, or from another.
//!
//! Nothing is stored. An unknown issuer's keys are fetched from its own address. This proves that
//! the issuer signed the token, but not that the issuer is trustworthy.

use credential::format::Format;
use credential::format::sd_jwt::Challenge;
use credential::jws::Jws;
use credential::verification::{
    Conclusion, LookupResult, Report, Step, StepOutcome, Token, VerificationInputs, find_token,
};
use credential::{CareerData, OldJob, TokenToVerify, Type, VerifyError, YearMonth, names};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::App;
use crate::error::Error;
use crate::flows::old_data::{self, TextFormat};
use crate::flows::own_presentation;
use crate::i18n::Text;
use crate::openapi::values::{CheckOutcome, NameConsistency};
use ambient::Timestamp;

/// Result of verifying a token.
#[derive(Clone, Debug)]
pub struct VerifiedToken {
    /// The overall result.
    pub verdict: TokenVerdict,
    /// The checks and the claims. There are no claims if the signature is invalid.
    pub report: Report,
    /// The format; `None` if the token cannot be parsed.
    pub format: Option<Format>,
    /// The issuer, if the signature is valid.
    pub issuer: Option<TokenIssuer>,
    /// The credential type, if the issuer is trusted for it.
    pub credential_type: Option<Type>,
    /// The names in it, if the signature is valid.
    pub subject: Option<TokenSubject>,
    /// How recent the data on its jobs is, if the signature is valid and it has any.
    pub career_data: Option<TokenCareerData>,
}

/// The overall result of a token's checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenVerdict {
    /// All required checks passed, and the issuer is trusted.
    Valid,
    /// A check failed.
    Invalid,
    /// Valid except that a newer version exists.
    Replaced,
    /// Valid except that it has expired.
    Expired,
    /// No check failed, but a required check could not be performed.
    NotCheckable,
    /// No check failed, but the issuer is not trusted here.
    IssuerUnknown,
}

impl TokenVerdict {
    /// Summarizes `report` for a token whose issuer has this trust.
    pub fn new(report: &Report, trust: Trust) -> Self {
        match report.conclusion() {
            Conclusion::Invalid if report.is_replaced() => Self::Replaced,
            Conclusion::Invalid if report.is_genuine() => Self::Expired,
            Conclusion::Invalid => Self::Invalid,
            Conclusion::NotCheckable => Self::NotCheckable,
            Conclusion::Valid if trust == Trust::Unknown => Self::IssuerUnknown,
            Conclusion::Valid => Self::Valid,
        }
    }

    /// Returns its name in responses.
    pub fn name(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Invalid => "invalid",
            Self::Replaced => "replaced",
            Self::Expired => "expired",
            Self::NotCheckable => "not_checkable",
            Self::IssuerUnknown => "issuer_unknown",
        }
    }
}

/// The issuer of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenIssuer {
    /// Its address or DID.
    pub id: String,
    /// Whether and why it is trusted.
    pub trust: Trust,
}

/// The trust in an issuer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// This server.
    Own,
    /// Listed by the operator for this credential type.
    Listed,
    /// Not trusted for this credential type.
    Unknown,
}

/// The person named in a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TokenSubject {
    /// The names, as the issuer writes them; empty if there are none.
    #[schema(example = json!(["John Doe"]))]
    pub names: Vec<String>,
    /// The result of comparing these names with each other: `same`, `similar`, `different` or
    /// `not_comparable`; also `not_comparable` if there are none. It says nothing about the person
    /// who gave you the token.
    #[schema(value_type = NameConsistency)]
    pub consistency: &'static str,
}

impl TokenSubject {
    /// Returns the subject of `token`, which `report` is about; `None` if its signature is invalid.
    pub fn new(token: &Token<'_>, report: &Report) -> Option<Self> {
        has_passed(report, Step::Signature).then(|| {
            let full = token.full_name().map(ToOwned::to_owned);
            let names = Vec::from_iter(full.or_else(|| names::name_in(&report.claims)));
            Self { consistency: consistency(&names), names }
        })
    }
}

/// The result about the names in a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct NamesCheck {
    /// Always `not_checked`: only you can compare the names with the person who gave you the token.
    #[schema(value_type = CheckOutcome)]
    pub outcome: &'static str,
    /// The number of names, how they compare if there are several, and what was not checked.
    #[schema(example = "It contains one name. Whether it is that of the person who gave it to you was not checked.")]
    pub reason: String,
}

impl From<&TokenSubject> for NamesCheck {
    fn from(subject: &TokenSubject) -> Self {
        let reason = match (subject.names.len(), subject.consistency) {
            (0, _) => "It contains no name, so it does not say who it is about.".to_owned(),
            (1, _) => {
                "It contains one name. Whether it is that of the person who gave it to you was not checked.".to_owned()
            }
            (count, consistency) => format!(
                "It contains {count} names ({}). Whether they are those of the person who gave it to you was not \
                 checked.",
                consistency.replace('_', " ")
            ),
        };
        Self { outcome: "not_checked", reason }
    }
}

/// How recent the data on the jobs in a token is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TokenCareerData {
    /// The last month with data on a job that goes on; without such a job, on one that has ended.
    #[schema(example = "2025-10")]
    pub data_to: String,
    /// The jobs whose data is more than six months old and does not reach their end, those with the
    /// oldest data first. Such a job may have ended since.
    pub old_jobs: Vec<TokenOldJob>,
    /// These jobs in a sentence, of which three are named; null if there are none.
    #[schema(example = "A has no data on B after October 2025, so the job may have ended since. Ask C for an update.")]
    pub reason: Option<String>,
}

/// A job with old data in a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TokenOldJob {
    /// The employer.
    #[schema(example = "Company A")]
    pub organisation: String,
    /// The last month with data on it.
    #[schema(example = "2025-10")]
    pub data_to: String,
    /// Its planned end, if that month has passed. It is not confirmed, because the data ends before
    /// it.
    #[schema(example = "2026-01")]
    pub passed_end: Option<String>,
}

impl From<&OldJob> for TokenOldJob {
    fn from(job: &OldJob) -> Self {
        Self {
            organisation: job.organisation.clone(),
            data_to: job.data_to.to_string(),
            passed_end: job.passed_end.map(|end| end.to_string()),
        }
    }
}

impl TokenCareerData {
    /// Reads the jobs in `token`, which `report` is about, at `now`; `None` if it has none, or if
    /// its signature is invalid.
    pub fn new(token: &Token<'_>, report: &Report, now: Timestamp) -> Option<Self> {
        if !has_passed(report, Step::Signature) {
            return None;
        }
        let fields = match token {
            Token::SdJwtVc(_) => &report.claims,
            Token::VcJwt(_) => report.claims.get("credentialSubject")?.as_object()?,
        };
        let data = CareerData::of(fields, YearMonth::latest_on_earth(now.to_jiff()));
        let subject = TokenSubject::new(token, report);
        let name = subject.as_ref().and_then(|subject| subject.names.first()).map_or("the holder", String::as_str);
        let partner = attester(&report.claims).unwrap_or("The issuer");
        let reason = old_data::sentence(&data.old_jobs, partner, name, &Text::default(), TextFormat::Plain);
        // A job that has not begun counts once its data is old.
        let data_to = data.data_to.or_else(|| data.old_jobs.last().map(|job| job.data_to))?;
        Some(Self {
            data_to: data_to.to_string(),
            old_jobs: data.old_jobs.iter().map(TokenOldJob::from).collect(),
            reason: Some(reason).filter(|reason| !reason.is_empty()),
        })
    }
}

/// Returns the name of the institution that attests a token with these claims. The W3C format has
/// names in camel case.
pub fn attester(claims: &Map<String, Value>) -> Option<&str> {
    ["attested_by", "attestedBy"].into_iter().find_map(|name| claims.get(name))?["name"].as_str()
}

/// Compares names with each other. Without names the result is `not_comparable`.
pub fn consistency(names: &[String]) -> &'static str {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    if names.is_empty() { "not_comparable" } else { names::consistency(&names).verdict() }
}

/// Verifies the token in `body`, which `partner` received.
///
/// # Errors
/// 400 or 422 for an invalid body; 429 after too many tokens of other issuers; the store cannot be
/// used.
pub async fn verify(app: &App, partner: Uuid, body: &[u8]) -> Result<VerifiedToken, Error> {
    let given = TokenToVerify::parse(body)?;
    let text = match find_token(given.token.as_bytes()) {
        Ok(text) => text,
        Err(refusal) => return Ok(VerifiedToken::unreadable(Report::unreadable(&refusal))),
    };
    let now = app.now().seconds();
    let mut token = match Token::read(&text) {
        Ok(token) => token,
        Err(refusal) => return Ok(VerifiedToken::unreadable(Report::refused(&text, &refusal, now))),
    };
    if let Token::SdJwtVc(credential) = &mut token {
        own_presentation::identify_issuer(app, credential);
    }
    let issuer = token.issuer().unwrap_or_default();
    let credential_type = credential_type(app, &token, issuer);
    let (trust, mut inputs) = if own_presentation::is_own_issuer(app, issuer) {
        (Trust::Own, own_presentation::own_inputs(app, &token).await?)
    } else {
        app.limits().issuer_lookups.check(&partner)?;
        let trust = if credential_type.is_some() { Trust::Listed } else { Trust::Unknown };
        (trust, VerificationInputs { issuer_keys: keys(app, &token, issuer).await, ..VerificationInputs::default() })
    };
    let (audience, nonce) = (given.audience.as_deref(), given.nonce.as_deref());
    let challenge = Challenge { audience, nonce, now, most_age: None };
    let mut report = token.verify(&inputs, &challenge);
    let lacks_key = code(&report, Step::Signature) == Some(VerifyError::UnknownKey.code());
    if lacks_key && trust != Trust::Own && has_listed_keys(app, &token, issuer) {
        // The operator's list may lack the issuer's newest key, so this says nothing about the
        // token.
        let why = "the list of trusted issuers has no key with the token's key ID";
        inputs.issuer_keys = LookupResult::Failed(why.to_owned());
        report = token.verify(&inputs, &challenge);
    }
    // The status list and the metadata are fetched only after the issuer's signature is verified,
    // so that forged tokens cannot trigger requests.
    if trust != Trust::Own && has_passed(&report, Step::Signature) && has_passed(&report, Step::Issuer) {
        let lookups = token.lookups();
        (inputs.status, inputs.metadata) = app.issuer_lookup().details(&lookups).await;
        inputs.more_status = app.issuer_lookup().status_lists(&lookups.more_status).await;
        add_keys_of_lists(app, issuer, &mut inputs);
        report = token.verify(&inputs, &challenge);
    }
    let issuer = TokenIssuer { id: issuer.to_owned(), trust };
    Ok(VerifiedToken::new(report, &token, (issuer, credential_type), app.now()))
}

/// Returns the keys of another issuer: those that the operator trusts, otherwise those that it
/// publishes.
async fn keys(app: &App, token: &Token<'_>, issuer: &str) -> LookupResult<Vec<(String, credential::key::PublicKey)>> {
    match app.trusted_issuers().keys(issuer, token.certificates(), app.now()) {
        Ok(Some(keys)) => LookupResult::Found(keys),
        Err(why) => LookupResult::Failed(why),
        Ok(None) if token.lookups().issuer.is_none() => LookupResult::NotAttempted,
        Ok(None) => app.issuer_lookup().keys(issuer, token.jws(), app.now()).await,
    }
}

/// Adds the keys in the certificates of fetched status lists to those of a listed issuer, if the
/// certificates lead to a trust anchor and name the issuer, as that of a token must.
fn add_keys_of_lists(app: &App, issuer: &str, inputs: &mut VerificationInputs) {
    let mut certified = Vec::new();
    for list in [&inputs.status].into_iter().chain(&inputs.more_status) {
        let LookupResult::Found(list) = list else { continue };
        if let Ok(list) = Jws::read(list.trim())
            && let Some(x5c) = list.header.get("x5c")
            && let Ok(Some(keys)) = app.trusted_issuers().keys(issuer, Some(x5c), app.now())
        {
            certified.extend(keys);
        }
    }
    if let LookupResult::Found(keys) = &mut inputs.issuer_keys {
        for key in certified {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
    }
}

/// Returns whether the keys of another issuer are those that the operator trusts.
fn has_listed_keys(app: &App, token: &Token<'_>, issuer: &str) -> bool {
    matches!(app.trusted_issuers().keys(issuer, token.certificates(), app.now()), Ok(Some(_)))
}

/// Returns the credential type of a token, if its issuer is trusted for it.
fn credential_type(app: &App, token: &Token<'_>, issuer: &str) -> Option<Type> {
    if own_presentation::is_own_issuer(app, issuer) {
        return token.credential_type();
    }
    let named = token.vct()?;
    credential::ALL.iter().copied().find(|known| app.trusted_issuers().issues(issuer, *known, named))
}

fn has_passed(report: &Report, step: Step) -> bool {
    report.verdict(step).is_some_and(|verdict| verdict.outcome == StepOutcome::Passed)
}

fn code(report: &Report, step: Step) -> Option<&'static str> {
    report.verdict(step).and_then(|verdict| verdict.code)
}

impl VerifiedToken {
    fn unreadable(report: Report) -> Self {
        Self {
            verdict: TokenVerdict::new(&report, Trust::Unknown),
            report,
            format: None,
            issuer: None,
            credential_type: None,
            subject: None,
            career_data: None,
        }
    }

    fn new(
        mut report: Report,
        token: &Token<'_>,
        (issuer, credential_type): (TokenIssuer, Option<Type>),
        now: Timestamp,
    ) -> Self {
        let verdict = TokenVerdict::new(&report, issuer.trust);
        let is_signed = has_passed(&report, Step::Signature);
        let subject = TokenSubject::new(token, &report);
        let career_data = TokenCareerData::new(token, &report, now);
        if !is_signed {
            report = Report { verdicts: report.verdicts, ..Report::unreadable(&VerifyError::Signature) };
        }
        Self {
            verdict,
            report,
            format: Some(token.format()),
            issuer: is_signed.then_some(issuer),
            credential_type: credential_type.filter(|_| is_signed),
            subject,
            career_data,
        }
    }
}
