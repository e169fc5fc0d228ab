//! `POST /api/partner/v2/verify/token`: a partner has a token verified that it was given (ours).

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
use crate::flows::token_verification::{self, TokenSubject, TokenVerdict, Trust, VerifiedToken};
use crate::flows::verification_request::{Check, NotShown};
use crate::http::JsonBody;
use ambient::Timestamp;

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(verify_token))
}

/// A token to verify.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "documents the body, which is parsed to faults by hand")]
pub struct TokenToVerify {
    /// The token as you were given it: an SD-JWT VC, with or without a key binding, or a W3C credential as a JWT. Quotes, line
    /// breaks, invisible characters and a JSON response around it do no harm.
    #[schema(min_length = 1, max_length = 2_097_152)]
    token: String,
    /// Who the holder must have presented it to. With it, a token without the holder's signature is invalid.
    #[schema(required = false, min_length = 1, max_length = 2000, example = "https://hr.example")]
    audience: Option<String>,
    /// What the holder must have signed with it; likewise. How long ago they signed is not checked: use a nonce once.
    #[schema(required = false, min_length = 1, max_length = 2000, example = "n-0S6_WzA2Mj")]
    nonce: Option<String>,
}

/// What verifying a token found.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenReport {
    /// Whether you can rely on it: true only for the verdict `valid`.
    #[schema(example = true)]
    valid: bool,
    /// `valid`: every check that is needed passed, and this server trusts the issuer. `invalid`: a check failed. `replaced` and
    /// `expired`: nothing is wrong but that a newer version exists, or that its last day is over (`expired_on`).
    /// `not_checkable`: nothing failed, but a check that is needed could not be made; try again later. `issuer_unknown`: every
    /// check that is needed passed, but this server does not know the issuer, so whether to trust it is for you to decide.
    #[schema(example = "valid")]
    verdict: &'static str,
    /// When it was checked (RFC 3339, UTC). A later check may find that it was revoked.
    #[schema(value_type = String, format = "date-time", example = "2026-11-23T09:30:00Z")]
    checked_at: Timestamp,
    /// `dc+sd-jwt` (SD-JWT VC) or `vc+jwt` (W3C); null if it cannot be read.
    #[schema(example = "dc+sd-jwt")]
    format: Option<&'static str>,
    /// Who signed it; null unless the signature is good.
    issuer: Option<TokenIssuer>,
    /// The credential type, if it is one of this API's and the issuer is trusted for it.
    #[schema(example = "career_history")]
    credential_type: Option<&'static str>,
    /// Who attests it: the name of the institution that sent it to the issuer.
    #[schema(example = "Example Payroll")]
    attested_by: Option<String>,
    /// The day on which they said so.
    #[schema(format = "date", example = "2026-11-20")]
    attested_at: Option<String>,
    /// Whose name it carries; null unless the signature is good.
    subject: Option<TokenSubject>,
    /// The last day that the credential counted, if that day is over; then the check `dates` has failed.
    #[schema(value_type = Option<String>, format = "date", example = "2024-05-31")]
    expired_on: Option<String>,
    /// How much of the credential the person did not show; null unless the signature is good.
    not_shown: Option<NotShown>,
    /// Everything that it says, with what its holder disclosed; null unless the signature is good.
    #[schema(value_type = Option<Object>, example = json!({ "iss": "https://passport.example", "full_name": "John Doe" }))]
    claims: Option<Map<String, Value>>,
    /// One result for each check.
    checks: Vec<Check>,
}

/// Who signed a token.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenIssuer {
    /// The issuer's address or DID.
    #[schema(example = "https://passport.example")]
    id: String,
    /// `own`: this server; `listed`: the operator of this server trusts it for this credential type; `unknown`: neither.
    #[schema(example = "own")]
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
        // The W3C form has names in camel case.
        let said = |names: [&str; 2]| names.into_iter().find_map(|name| claims.get(name)).unwrap_or(&Value::Null);
        let attested_by = said(["attested_by", "attestedBy"])["name"].as_str().map(ToOwned::to_owned);
        let attested_at = said(["attested_at", "attestedAt"]).as_str().map(ToOwned::to_owned);
        Self {
            valid: verified.verdict == TokenVerdict::Valid,
            verdict: verified.verdict.name(),
            checked_at,
            format: verified.format.map(credential::format::Format::name),
            credential_type: verified.credential_type.map(credential::Type::name),
            attested_by,
            attested_at,
            subject: verified.subject,
            expired_on: verified.report.expired_on.map(|day| day.to_string()),
            not_shown: is_signed.then(|| NotShown::new(&verified.report.not_shown, &claims)),
            claims: is_signed.then_some(claims),
            issuer: verified.issuer.map(|issuer| TokenIssuer { id: issuer.id, trust: trust(issuer.trust) }),
            checks: verified.report.verdicts.iter().map(Check::from).collect(),
        }
    }
}

/// Verify a token that you were given
///
/// Checks a credential or a presentation that somebody handed you, such as the token of a shared page: its signature, its
/// issuer, its holder, whether it was revoked, its dates, and whether it says what its type says. Any token of yours will do.
/// The token is neither stored nor logged. Each request is checked anew, so an `Idempotency-Key` has no effect.
///
/// A token of another issuer is checked with the keys that the operator of this server lists for it, else with those that the
/// issuer publishes at its own address (JWT VC Issuer Metadata or did:web). 120 such tokens can be checked in a minute.
#[utoipa::path(
    post,
    path = "/api/partner/v2/verify/token",
    request_body(
        content = TokenToVerify,
        content_type = "application/json",
        example = json!({ "token": "eyJhbGciOiJFUzI1NiIsInR5cCI6ImRjK3NkLWp3dCJ9.eyJpc3MiOiJodHRwczovL3Bhc3Nwb3J0LmV4YW1wbGUifQ.c2lnbmF0dXJl~" }),
    ),
    responses(
        (status = 200, description = "What was found, also for what is not a token", body = TokenReport),
        (status = 400, description = "The body is not JSON; line and column are named"),
        (status = 413, description = "The body is too large"),
        (status = 415, description = "The body is not `application/json`"),
        (status = 422, description = "Every fault of the body, each with its place, code and cure"),
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
