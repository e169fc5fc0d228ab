//! `/openid4vp/requests/{id}`: the question, signed (OpenID4VP 1.0, sections 5 and 5.10; RFC 9101). It may be read as often as
//! a wallet likes, by GET or by POST with what the wallet says of itself.

use axum::Router;
use axum::extract::{Path, State as AppState};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use credential::jwe::{self, Encryption};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::client;
use crate::app::App;
use crate::error::Error;
use crate::http::{AnyBody, Client, Form, OAuthError};
use crate::verification;
use store::StoreError;
use store::domain::presentation::{Mode, Presentation, State};
use store::domain::submission::Sealed;

const MEDIA_TYPE: &str = "application/oauth-authz-req+jwt";

/// Longest `wallet_nonce`, in characters.
const NONCE_LENGTH: usize = 512;

/// Whom a question is for that does not know the wallet (section 5.8).
const ANY_WALLET: &str = "https://self-issued.me/v2";

pub(super) fn routes() -> Router<App> {
    Router::new().route("/openid4vp/requests/{id}", get(by_get).post(by_post))
}

async fn by_get(AppState(app): AppState<App>, client: Client, Path(id): Path<Uuid>) -> Result<Response, OAuthError> {
    app.limits().wallets.check(&client.0)?;
    let (presentation, payload) = question(&app, id).await?;
    answer(sign(&app, &presentation, &payload)?)
}

async fn by_post(
    AppState(app): AppState<App>,
    client: Client,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    AnyBody(body): AnyBody,
) -> Result<Response, OAuthError> {
    app.limits().wallets.check(&client.0)?;
    let form = Form::read(&headers, &body)?;
    let wallet = Wallet::read(form.get("wallet_metadata"))?;
    let (presentation, mut payload) = question(&app, id).await?;
    if let Some(nonce) = form.get("wallet_nonce") {
        if nonce.chars().count() > NONCE_LENGTH {
            return Err(OAuthError::code(
                "invalid_request",
                format!("wallet_nonce is longer than {NONCE_LENGTH} characters."),
            ));
        }
        payload["wallet_nonce"] = nonce.into();
    }
    let signed = sign(&app, &presentation, &payload)?;
    answer(wallet.seal(signed)?)
}

fn answer(object: String) -> Result<Response, OAuthError> {
    Ok(([(header::CONTENT_TYPE, MEDIA_TYPE), (header::CACHE_CONTROL, "no-store")], object).into_response())
}

fn over() -> OAuthError {
    OAuthError::code("invalid_request", "This request is not known, was answered, or its time is over.")
}

/// The question that waits under this id, and its payload.
async fn question(app: &App, id: Uuid) -> Result<(Presentation, Value), OAuthError> {
    let mut tx = app.store().read().await?;
    let presentation = tx.presentation(id, app.now()).await?.ok_or_else(over)?;
    let State::Waiting { key } = &presentation.state else { return Err(over()) };
    let verification = super::open_question(&mut tx, presentation.verification, app.now()).await?.ok_or_else(over)?;
    drop(tx);
    let asked = verification::details(app, &verification).await?.ok_or_else(over)?;
    let query = super::query(app, verification.credential_type, &asked.claims);
    let algorithms = ["ES256", "EdDSA"];
    let mut metadata = json!({
        "vp_formats_supported": {
            "dc+sd-jwt": { "sd-jwt_alg_values": algorithms, "kb-jwt_alg_values": algorithms },
        },
    });
    if presentation.mode == Mode::PostJwt {
        metadata["jwks"] = json!({ "keys": [public_key(app, id, key).await?] });
        metadata["encrypted_response_enc_values_supported"] = json!(Encryption::ALL.map(Encryption::name));
    }
    let payload = json!({
        "aud": ANY_WALLET,
        "iat": app.now().seconds(),
        "exp": presentation.expires_at.seconds(),
        "client_id": presentation.client_id,
        "response_type": "vp_token",
        "response_mode": presentation.mode.name(),
        "response_uri": app.links().presentation_response(id),
        "nonce": presentation.nonce,
        "state": super::state(app, id),
        "dcql_query": query.to_json(),
        "client_metadata": metadata,
    });
    Ok((presentation, payload))
}

/// The key that this one answer is encrypted for (HAIP 1.0, section 5).
async fn public_key(app: &App, id: Uuid, key: &Sealed) -> Result<Value, OAuthError> {
    let secret = super::secret(app, id, key).await?.ok_or_else(over)?;
    let jwk = jwe::encryption_jwk(secret.expose(), &id.to_string());
    Ok(jwk.ok_or_else(|| StoreError::nonsense("presentation", "no key on P-256"))?)
}

fn sign(app: &App, presentation: &Presentation, payload: &Value) -> Result<String, OAuthError> {
    let signed = app.verifier_key().sign(&client::header(app, &presentation.client_id), payload);
    Ok(signed.map_err(Error::internal)?)
}

/// What a wallet says of itself (section 5.10, RFC 8414), as far as it matters here.
struct Wallet {
    /// The key that it wants the question encrypted for, and how.
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
            return Err(refused("What is asked for here comes as dc+sd-jwt, which the wallet does not have."));
        }
        if lacks("request_object_signing_alg_values_supported", "ES256") {
            return Err(refused("Requests are signed by ES256 here, which the wallet does not check."));
        }
        // Encrypted is what the wallet asks to have encrypted, by sending a key (section 5.10).
        let keys = metadata.get("jwks").map(|jwks| jwks["keys"].as_array().cloned().unwrap_or_default());
        let fits = |jwk: &&Value| jwk["kty"] == "EC" && jwk["crv"] == "P-256" && jwk["use"] != "sig";
        let Some(keys) = keys.filter(|keys| !keys.is_empty()) else { return Ok(Self { encryption: None }) };
        let key = keys.iter().find(fits).cloned();
        let key = key.ok_or_else(|| refused("Requests are encrypted for keys on P-256 (ECDH-ES) here."))?;
        let offered =
            |encryption: &Encryption| !lacks("request_object_encryption_enc_values_supported", encryption.name());
        let encryption = [Encryption::A256Gcm, Encryption::A128Gcm].into_iter().find(offered);
        let encryption = encryption.ok_or_else(|| refused("Requests are encrypted by A128GCM or A256GCM here."))?;
        Ok(Self { encryption: Some((key, encryption)) })
    }

    fn seal(&self, signed: String) -> Result<String, OAuthError> {
        let Some((key, encryption)) = &self.encryption else { return Ok(signed) };
        let header = [("cty", "oauth-authz-req+jwt"), ("typ", "oauth-authz-req+jwt")];
        let header = header.map(|(name, value)| (name.to_owned(), Value::from(value))).into_iter().collect();
        let sealed = jwe::encrypt(signed.as_bytes(), key, *encryption, header);
        sealed.map_err(|error| OAuthError::code("invalid_request", format!("wallet_metadata: {error}.")))
    }
}
