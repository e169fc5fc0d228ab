//! `/openid4vp/requests/{id}`: the signed request object (OpenID4VP 1.0, sections 5 and 5.10; RFC
//! 9101). A wallet may read it repeatedly, by GET, or by POST with its own metadata.

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use credential::dcql::FORMAT;
use credential::jwe::{self, Encryption};
use credential::key::Algorithm;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::ended::ended;
use crate::app::App;
use crate::flows::presentation::request_object;
use crate::http::cors::SharedRoutes;
use crate::http::extract::Path;
use crate::http::{AnyBody, Client, FormParameters, OAuthError, parse_without_nulls};

const MEDIA_TYPE: &str = "application/oauth-authz-req+jwt";

/// Maximum length of `wallet_nonce`, in characters.
const NONCE_LENGTH: usize = 512;

pub(super) fn routes() -> SharedRoutes {
    SharedRoutes::default().route("/openid4vp/requests/{id}", get(by_get).post(by_post))
}

async fn by_get(State(app): State<App>, client: Client, Path(id): Path<Uuid>) -> Result<Response, OAuthError> {
    app.limits().wallets.check(&client.0)?;
    let object = request_object(&app, id).await?.ok_or_else(ended)?;
    Ok(respond(object.sign(&app)?))
}

async fn by_post(
    State(app): State<App>,
    client: Client,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    AnyBody(body): AnyBody,
) -> Result<Response, OAuthError> {
    app.limits().wallets.check(&client.0)?;
    let form = FormParameters::read(&headers, &body)?;
    let mut object = request_object(&app, id).await?.ok_or_else(ended)?;
    let wallet = Wallet::read(form.get("wallet_metadata"), &object.payload)?;
    if let Some(nonce) = form.get("wallet_nonce") {
        if nonce.chars().count() > NONCE_LENGTH {
            return Err(OAuthError::code(
                "invalid_request",
                format!("wallet_nonce must have at most {NONCE_LENGTH} characters."),
            ));
        }
        object.payload["wallet_nonce"] = nonce.into();
    }
    Ok(respond(wallet.encrypt(object.sign(&app)?)?))
}

fn respond(object: String) -> Response {
    ([(header::CONTENT_TYPE, MEDIA_TYPE), (header::CACHE_CONTROL, "no-store")], object).into_response()
}

/// The relevant parts of the wallet's metadata (section 5.10, RFC 8414).
struct Wallet {
    /// The key to encrypt the request object to, and the algorithm.
    encryption: Option<(Value, Encryption)>,
}

impl Wallet {
    /// Parses `wallet_metadata`, and checks that the wallet can use the request with this payload.
    /// Null members count as absent. An absent member says nothing, even where a standard gives it
    /// a default value: the defaults exclude requests that wallets without the member accept.
    fn read(metadata: Option<&str>, request: &Value) -> Result<Self, OAuthError> {
        let Some(text) = metadata else { return Ok(Self { encryption: None }) };
        let metadata: Map<String, Value> =
            parse_without_nulls(text.as_bytes()).map_err(|_| refused("wallet_metadata must be a JSON object."))?;
        require_formats(&metadata)?;
        let prefix = request["client_id"].as_str().and_then(|id| id.split(':').next()).unwrap_or_default();
        let text = |name: &str| request[name].as_str().unwrap_or_default();
        for (name, needed) in [
            ("request_object_signing_alg_values_supported", "ES256"),
            ("client_id_prefixes_supported", prefix),
            // The name of earlier drafts.
            ("client_id_schemes_supported", prefix),
            ("response_types_supported", text("response_type")),
            ("response_modes_supported", text("response_mode")),
        ] {
            require(&metadata, name, needed)?;
        }
        Ok(Self { encryption: encryption(&metadata)? })
    }

    fn encrypt(&self, signed: String) -> Result<String, OAuthError> {
        let Some((key, encryption)) = &self.encryption else { return Ok(signed) };
        let header = [("cty", "oauth-authz-req+jwt"), ("typ", "oauth-authz-req+jwt")];
        let header = header.map(|(name, value)| (name.to_owned(), Value::from(value))).into_iter().collect();
        let sealed = jwe::encrypt(signed.as_bytes(), key, *encryption, header);
        sealed.map_err(|error| OAuthError::code("invalid_request", format!("wallet_metadata: {error}.")))
    }
}

fn refused(why: impl Into<String>) -> OAuthError {
    OAuthError::code("invalid_request", why)
}

/// Returns whether the list `name`, if present, lacks `needed`.
fn lacks(metadata: &Map<String, Value>, name: &str, needed: &str) -> bool {
    let listed = metadata.get(name).and_then(Value::as_array);
    listed.is_some_and(|listed| !listed.iter().any(|value| value == needed))
}

/// Checks that the list `name`, if present, contains `needed`.
fn require(metadata: &Map<String, Value>, name: &str, needed: &str) -> Result<(), OAuthError> {
    if lacks(metadata, name, needed) {
        return Err(refused(format!("The wallet must support {needed}: wallet_metadata lacks it in {name}.")));
    }
    Ok(())
}

/// Checks that the wallet can present the requested format, with one of the algorithms that are
/// accepted (appendix B.3.4).
fn require_formats(metadata: &Map<String, Value>) -> Result<(), OAuthError> {
    let Some(formats) = metadata.get("vp_formats_supported") else { return Ok(()) };
    let Some(format) = formats.get(FORMAT) else {
        return Err(refused(format!(
            "The wallet must support the format {FORMAT}: wallet_metadata lacks it in vp_formats_supported."
        )));
    };
    for name in ["sd-jwt_alg_values", "kb-jwt_alg_values"] {
        let listed = format.get(name).and_then(Value::as_array);
        let is_known = |listed: &Value| listed.as_str().and_then(Algorithm::from_name).is_some();
        if listed.is_some_and(|listed| !listed.iter().any(is_known)) {
            let known = Algorithm::NAMES.join(", ");
            return Err(refused(format!(
                "The wallet must support one of {known}: wallet_metadata lacks them in {name} of vp_formats_supported."
            )));
        }
    }
    Ok(())
}

/// Returns whether a key is for signatures by its `use`, `key_ops` or `alg` (RFC 7517, section 4).
/// `ES`, `PS`, `RS` with digits and `Ed` begin the names of signature algorithms.
fn is_for_signatures(jwk: &Value) -> bool {
    let signs = |alg: &str| {
        let (kind, rest) = alg.split_at_checked(2).unwrap_or_default();
        kind == "Ed" || matches!(kind, "ES" | "PS" | "RS") && rest.starts_with(|first: char| first.is_ascii_digit())
    };
    let verifies = |operations: &Vec<Value>| operations.iter().any(|operation| operation == "verify");
    jwk["use"] == "sig" || jwk["key_ops"].as_array().is_some_and(verifies) || jwk["alg"].as_str().is_some_and(signs)
}

/// Returns the key to encrypt the request object to, and the algorithm. A wallet requests
/// encryption by sending encryption keys (section 5.10); keys for signatures request nothing.
fn encryption(metadata: &Map<String, Value>) -> Result<Option<(Value, Encryption)>, OAuthError> {
    let keys = metadata.get("jwks").and_then(|jwks| jwks["keys"].as_array()).into_iter().flatten();
    let keys: Vec<Value> = keys.filter(|jwk| !jwk.is_null() && !is_for_signatures(jwk)).cloned().collect();
    if keys.is_empty() {
        return Ok(None);
    }
    let key = jwe::recipient(&keys).cloned();
    let key = key.ok_or_else(|| refused("The wallet's encryption key must be on P-256 (ECDH-ES)."))?;
    let name = "request_object_encryption_enc_values_supported";
    let offered = |encryption: &Encryption| !lacks(metadata, name, encryption.name());
    let encryption = [Encryption::A256Gcm, Encryption::A128Gcm].into_iter().find(offered);
    let encryption =
        encryption.ok_or_else(|| refused("The wallet must support A128GCM or A256GCM to encrypt requests."))?;
    Ok(Some((key, encryption)))
}
