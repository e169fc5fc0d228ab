//! `POST /api/partner/v2/verify/token`: verifies a token that a partner received (an extension).

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::partner::{Own, Partner};
use crate::app::App;
use crate::error::Error;
use crate::flows::token_verification::{
    self, NamesCheck, TokenCareerData, TokenSubject, TokenVerdict, Trust, VerifiedToken, attester,
};
use crate::flows::verification_request::{Check, NotShown};
use crate::http::JsonBody;
use crate::openapi::values::{IssuerTrust, SignedFormat, Verdict};
use ambient::Timestamp;

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(verify_token))
}

/// A token to verify.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "documents the body, which is parsed to errors by hand")]
pub struct TokenToVerify {
    /// The token as you received it: an SD-JWT VC, with or without key binding, or a W3C credential
    /// as a JWT. Surrounding quotes, line breaks, invisible characters and a JSON response around
    /// the token are ignored.
    #[schema(min_length = 1, max_length = 2_097_152)]
    token: String,
    /// The audience that the holder must have presented it to. If set, a token without the holder's
    /// signature is invalid.
    #[schema(required = false, min_length = 1, max_length = 2000, example = "https://hr.example")]
    audience: Option<String>,
    /// The nonce that the holder must have signed. If set, a token without the holder's signature
    /// is invalid. The age of the signature is not checked, so use each nonce only once.
    #[schema(required = false, min_length = 1, max_length = 2000, example = "n-0S6_WzA2Mj")]
    nonce: Option<String>,
}

/// Result of verifying a token.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenReport {
    /// Whether you can rely on it: true only if `verdict` is `valid`.
    #[schema(example = true)]
    valid: bool,
    /// `valid`: all required checks passed, and this server trusts the issuer. `invalid`: a check
    /// failed. `replaced`: the only problem is that a newer version exists. `expired`: the only
    /// problem is that its last day of validity has passed (`expired_on`). `not_checkable`: no
    /// check failed, but a required check could not be performed; try again later.
    /// `issuer_unknown`: all required checks passed, but this server does not know the issuer, so
    /// you must decide whether to trust it.
    #[schema(value_type = Verdict)]
    verdict: &'static str,
    /// When it was checked (RFC 3339, UTC). It may be revoked later.
    #[schema(value_type = String, format = "date-time", example = "2026-11-23T09:30:00Z")]
    checked_at: Timestamp,
    /// `dc+sd-jwt` (SD-JWT VC), `vc+jwt` (W3C 2.0) or `jwt_vc_json` (W3C 1.1); null if the token
    /// cannot be parsed.
    #[schema(value_type = Option<SignedFormat>)]
    format: Option<&'static str>,
    /// The issuer that signed it; null unless the signature is valid.
    issuer: Option<TokenIssuer>,
    /// The credential type, if it is one of this API's types and the issuer is trusted for it.
    #[schema(example = "career_history")]
    credential_type: Option<&'static str>,
    /// The name of the institution that attests it and sent it to the issuer.
    #[schema(example = "Example Payroll")]
    attested_by: Option<String>,
    /// The date on which the institution attested it.
    #[schema(format = "date", example = "2026-11-20")]
    attested_at: Option<String>,
    /// The names in it; null unless the signature is valid.
    subject: Option<TokenSubject>,
    /// The result about these names, which `verdict` does not include; null unless the signature is
    /// valid.
    names_check: Option<NamesCheck>,
    /// How recent the data on jobs is, which `verdict` does not include; null if it has no jobs,
    /// or unless the signature is valid.
    career_data: Option<TokenCareerData>,
    /// The last day of validity, if the credential has expired. The check `dates` has then failed.
    #[schema(value_type = Option<String>, format = "date")]
    expired_on: Option<String>,
    /// How much of the credential the person did not show; null unless the signature is valid.
    not_shown: Option<NotShown>,
    /// All claims in the token, including those that its holder disclosed; null unless the
    /// signature is valid.
    #[schema(value_type = Option<Claims>)]
    claims: Option<Map<String, Value>>,
    /// The result of each check.
    checks: Vec<Check>,
}

/// The claims in a token.
#[derive(Debug, ToSchema)]
#[schema(value_type = Object, example = json!({ "iss": "https://passport.example", "full_name": "John Doe" }))]
#[expect(dead_code, reason = "documents a map, whose members depend on the token")]
pub struct Claims(Map<String, Value>);

/// The issuer that signed a token.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenIssuer {
    /// The issuer's address or DID.
    #[schema(example = "https://passport.example")]
    id: String,
    /// `own`: this server; `listed`: the operator of this server trusts it for this credential
    /// type; `unknown`: neither.
    #[schema(value_type = IssuerTrust)]
    trust: &'static str,
}

impl TokenReport {
    fn new(verified: VerifiedToken, checked_at: Timestamp) -> Self {
        let trust = |trust| match trust {
            Trust::Own => "own",
            Trust::Listed => "listed",
            Trust::Unknown => "unknown",
        };
        let (claims, is_signed) = (verified.report.claims, verified.issuer.is_some());
        let attested_by = attester(&claims).map(ToOwned::to_owned);
        let attested_at = ["attested_at", "attestedAt"].into_iter().find_map(|name| claims.get(name));
        let attested_at = attested_at.and_then(Value::as_str).map(ToOwned::to_owned);
        Self {
            valid: verified.verdict == TokenVerdict::Valid,
            verdict: verified.verdict.name(),
            checked_at,
            format: verified.format.map(credential::format::Format::name),
            credential_type: verified.credential_type.map(credential::Type::name),
            attested_by,
            attested_at,
            names_check: verified.subject.as_ref().map(NamesCheck::from),
            subject: verified.subject,
            career_data: verified.career_data,
            expired_on: verified.report.expired_on.map(|day| day.to_string()),
            not_shown: is_signed.then(|| NotShown::new(&verified.report.not_shown, &claims)),
            claims: is_signed.then_some(claims),
            issuer: verified.issuer.map(|issuer| TokenIssuer { id: issuer.id, trust: trust(issuer.trust) }),
            checks: verified.report.verdicts.iter().map(Check::from).collect(),
        }
    }
}

/// Verify a token
///
/// Verifies a credential or a presentation that you received, such as the token of a shared page:
/// its signature, issuer, holder, revocation status, dates, and whether it conforms to its type. It
/// needs no particular scope. The token is neither stored nor logged. Each request is checked
/// again, so an `Idempotency-Key` has no effect.
///
/// For a token of another issuer, the keys are those that the operator of this server lists for it,
/// otherwise those that the issuer publishes at its own address (JWT VC Issuer Metadata or
/// did:web). The limit is 120 such tokens per minute.
#[utoipa::path(
    post,
    path = "/api/partner/v2/verify/token",
    operation_id = "verifyToken",
    request_body(
        content = TokenToVerify,
        content_type = "application/json",
        example = json!({ "token": "eyJhbGciOiJFUzI1NiIsInR5cCI6ImRjK3NkLWp3dCJ9.eyJpc3MiOiJodHRwczovL3Bhc3Nwb3J0LmV4YW1wbGUifQ.c2lnbmF0dXJl~" }),
    ),
    responses(
        (status = 200, description = "The verification result. Also returned for text that is not a token", body = TokenReport),
        (status = 400, description = "The body is not valid JSON. The error has the line and column"),
        (status = 413, description = "The body is too large"),
        (status = 415, description = "The body is not `application/json`"),
        (status = 422, description = "Validation failed. `errors` lists each problem with its JSON Pointer, code and suggested fix"),
    ),
    tag = "Verify"
)]
async fn verify_token(
    State(app): State<App>,
    partner: Partner<Own>,
    JsonBody(body): JsonBody,
) -> Result<Json<TokenReport>, Error> {
    let verified = token_verification::verify(&app, partner.id, &body).await?;
    Ok(Json(TokenReport::new(verified, app.now())))
}
