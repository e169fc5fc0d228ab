//! Verification of tokens that a partner was given: by this server, by an issuer that the operator trusts, or by another.
//!
//! Nothing is stored. An unknown issuer's keys are looked up at its own address. This shows that the token is that issuer's, and
//! makes it no more trustworthy.

use credential::format::Format;
use credential::format::sd_jwt::Challenge;
use credential::verification::{Answer, Conclusion, Outcome, Report, Step, Token, VerificationInputs, find_token};
use credential::{Refusal, TokenToVerify, Type, names};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::App;
use crate::error::Error;
use crate::flows::own_presentation;

/// What verifying a token found.
#[derive(Clone, Debug)]
pub struct VerifiedToken {
    /// What the checks say together.
    pub verdict: TokenVerdict,
    /// The checks and the claims. Without a good signature there are no claims.
    pub report: Report,
    /// The format; `None` if it cannot be read.
    pub format: Option<Format>,
    /// The issuer, if the signature is good.
    pub issuer: Option<TokenIssuer>,
    /// The credential type, if the issuer is trusted for it.
    pub credential_type: Option<Type>,
    /// Whose name it carries, if the signature is good.
    pub subject: Option<TokenSubject>,
}

/// What the checks of a token say together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenVerdict {
    /// Every check that is needed passed, and the issuer is trusted.
    Valid,
    /// A check failed.
    Invalid,
    /// Nothing is wrong but that a newer version exists.
    Replaced,
    /// Nothing is wrong but that it has expired.
    Expired,
    /// Nothing failed, but a check that is needed could not be made.
    NotCheckable,
    /// Every check that is needed passed, but the issuer is not trusted here.
    IssuerUnknown,
}

impl TokenVerdict {
    /// What the checks in `report` say together of a token whose issuer is trusted to this degree.
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

    /// Its name in responses.
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
    /// Whether it is trusted.
    pub trust: Trust,
}

/// Whether an issuer is trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// It is this server.
    Own,
    /// The operator lists it, for this credential type.
    Listed,
    /// It is not trusted for this.
    Unknown,
}

/// Whose name a token carries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TokenSubject {
    /// The names, as the issuer writes them; empty if there is none.
    #[schema(example = json!(["John Doe"]))]
    pub names: Vec<String>,
    /// How these names compare with each other: `same`, `similar`, `different` or `not_comparable`; `not_comparable` also if
    /// there is none. It is about the names, not about the person who gave you the token.
    #[schema(example = "same")]
    pub consistency: &'static str,
}

impl TokenSubject {
    /// The subject of `token`, which `report` is about; `None` unless its signature is good.
    pub fn new(token: &Token<'_>, report: &Report) -> Option<Self> {
        has_passed(report, Step::Signature).then(|| {
            let names = Vec::from_iter(token.full_name().map(ToOwned::to_owned));
            Self { consistency: consistency(&names), names }
        })
    }
}

/// How names compare with each other. Without a name they cannot be compared.
pub fn consistency(names: &[String]) -> &'static str {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    if names.is_empty() { "not_comparable" } else { names::consistency(&names).verdict() }
}

/// Verifies the token in `body`, which `partner` was given.
///
/// # Errors
/// 400 or 422 for the body; 429 after too many tokens of other issuers; the store cannot be used.
pub async fn verify(app: &App, partner: Uuid, body: &[u8]) -> Result<VerifiedToken, Error> {
    let given = TokenToVerify::parse(body)?;
    let text = match find_token(given.token.as_bytes()) {
        Ok(text) => text,
        Err(refusal) => return Ok(VerifiedToken::unreadable(&refusal)),
    };
    let token = match Token::read(&text) {
        Ok(token) => token,
        Err(refusal) => return Ok(VerifiedToken::unreadable(&refusal)),
    };
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
    let challenge = Challenge { audience, nonce, now: app.now().seconds(), most_age: None };
    let mut report = token.verify(&inputs, &challenge);
    // Nothing else is looked up before the issuer has proved who it is.
    if trust != Trust::Own && has_passed(&report, Step::Signature) && has_passed(&report, Step::Issuer) {
        (inputs.status, inputs.metadata) = app.issuer_lookup().details(&token.lookups()).await;
        report = token.verify(&inputs, &challenge);
    }
    let issuer = TokenIssuer { id: issuer.to_owned(), trust };
    Ok(VerifiedToken::new(report, &token, issuer, credential_type))
}

/// The keys of another issuer: those that the operator trusts, else those that it publishes.
async fn keys(app: &App, token: &Token<'_>, issuer: &str) -> Answer<Vec<(String, credential::key::PublicKey)>> {
    match app.trusted_issuers().keys(issuer, token.certificates(), app.now()) {
        Ok(Some(keys)) => Answer::Some(keys),
        Err(why) => Answer::None(why),
        Ok(None) if token.lookups().issuer.is_none() => Answer::NotAsked,
        Ok(None) => app.issuer_lookup().keys(issuer).await,
    }
}

/// The type of ours that a token is of, if its issuer is trusted for it.
pub fn credential_type(app: &App, token: &Token<'_>, issuer: &str) -> Option<Type> {
    if own_presentation::is_own_issuer(app, issuer) {
        return token.credential_type();
    }
    let named = token.vct()?;
    credential::ALL.iter().copied().find(|known| app.trusted_issuers().issues(issuer, *known, named))
}

fn has_passed(report: &Report, step: Step) -> bool {
    report.verdict(step).is_some_and(|verdict| verdict.outcome == Outcome::Passed)
}

impl VerifiedToken {
    fn unreadable(refusal: &Refusal) -> Self {
        Self {
            verdict: TokenVerdict::Invalid,
            report: Report::unreadable(refusal),
            format: None,
            issuer: None,
            credential_type: None,
            subject: None,
        }
    }

    fn new(mut report: Report, token: &Token<'_>, issuer: TokenIssuer, credential_type: Option<Type>) -> Self {
        let verdict = TokenVerdict::new(&report, issuer.trust);
        let is_signed = has_passed(&report, Step::Signature);
        let subject = TokenSubject::new(token, &report);
        if !is_signed {
            report = Report { verdicts: report.verdicts, ..Report::unreadable(&Refusal::Signature) };
        }
        Self {
            verdict,
            report,
            format: Some(token.format()),
            issuer: is_signed.then_some(issuer),
            credential_type: credential_type.filter(|_| is_signed),
            subject,
        }
    }
}
