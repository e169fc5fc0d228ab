//! `/openid4vp/requests/{id}`: the signed request object (OpenID4VP 1.0, sections 5 and 5.10; RFC
//! 9101). A wallet may read it repeatedly, by GET, or by POST with its own metadata.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use credential::jwe::{self, Encryption};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::ended::ended;
use crate::app::App;
use crate::flows::presentation::request_object;
use crate::http::extract::Path;
use crate::http::{AnyBody, Client, Form, OAuthError};

const MEDIA_TYPE: &str = "application/oauth-authz-req+jwt";

/// Maximum length of `wallet_nonce`, in characters.
const NONCE_LENGTH: usize = 512;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/openid4vp/requests/{id}", get(by_get).post(by_post))
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
    let form = Form::read(&headers, &body)?;
    let wallet = Wallet::read(form.get("wallet_metadata"))?;
    let mut object = request_object(&app, id).await?.ok_or_else(ended)?;
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
    fn read(metadata: Option<&str>) -> Result<Self, OAuthError> {
        let refused = |why: &str| OAuthError::code("invalid_request", why);
        let Some(text) = metadata else { return Ok(Self { encryption: None }) };
        let metadata: Map<String, Value> =
            serde_json::from_str(text).map_err(|_| refused("wallet_metadata must be a JSON object."))?;
        let lacks = |name: &str, wanted: &str| {
            let known = metadata.get(name).and_then(Value::as_array);
            known.is_some_and(|known| !known.iter().any(|value| value == wanted))
        };
        if metadata.get("vp_formats_supported").is_some_and(|formats| formats.get("dc+sd-jwt").is_none()) {
            return Err(refused("The wallet must support the format dc+sd-jwt."));
        }
        if lacks("request_object_signing_alg_values_supported", "ES256") {
            return Err(refused("The wallet must support requests that are signed with ES256."));
        }
        // A wallet requests encryption by sending a key (section 5.10).
        let keys = metadata.get("jwks").map(|jwks| jwks["keys"].as_array().cloned().unwrap_or_default());
        let fits = |jwk: &&Value| jwk["kty"] == "EC" && jwk["crv"] == "P-256" && jwk["use"] != "sig";
        let Some(keys) = keys.filter(|keys| !keys.is_empty()) else { return Ok(Self { encryption: None }) };
        let key = keys.iter().find(fits).cloned();
        let key = key.ok_or_else(|| refused("The wallet's encryption key must be on P-256 (ECDH-ES)."))?;
        let offered =
            |encryption: &Encryption| !lacks("request_object_encryption_enc_values_supported", encryption.name());
        let encryption = [Encryption::A256Gcm, Encryption::A128Gcm].into_iter().find(offered);
        let encryption =
            encryption.ok_or_else(|| refused("The wallet must support A128GCM or A256GCM to encrypt requests."))?;
        Ok(Self { encryption: Some((key, encryption)) })
    }

    fn encrypt(&self, signed: String) -> Result<String, OAuthError> {
        let Some((key, encryption)) = &self.encryption else { return Ok(signed) };
        let header = [("cty", "oauth-authz-req+jwt"), ("typ", "oauth-authz-req+jwt")];
        let header = header.map(|(name, value)| (name.to_owned(), Value::from(value))).into_iter().collect();
        let sealed = jwe::encrypt(signed.as_bytes(), key, *encryption, header);
        sealed.map_err(|error| OAuthError::code("invalid_request", format!("wallet_metadata: {error}.")))
    }
}
