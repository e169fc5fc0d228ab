//! Metadata for wallets: the issuer's (OpenID4VCI 1.0, section 12.2) and the authorization server's
//! (RFC 8414).

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use credential::format::sd_jwt_vc::{self, TypeMetadata};
use credential::format::{Configuration, Format, vc_jwt};
use credential::jwe::Encryption;
use credential::key::Algorithm;
use credential::verification::is_of_credential;
use serde_json::{Map, Value, json};

use super::offer::PRE_AUTHORIZED;
use crate::app::App;
use crate::error::Error;
use crate::http::headers::{CACHED, preference};
use crate::issuing::MAX_KEYS;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/.well-known/openid-credential-issuer", get(issuer))
        .route("/.well-known/oauth-authorization-server", get(authorization_server))
}

/// Serves the issuer's metadata as JSON, or signed if the wallet requests that (section 12.2.3).
async fn issuer(State(app): State<App>, headers: HeaderMap) -> Result<Response, Error> {
    let mut metadata = issuer_metadata(&app)?;
    let signed = preference(&headers, "application/jwt");
    if !signed.is_named() || signed < preference(&headers, "application/json") {
        return Ok(([CACHED, (header::VARY, "Accept")], Json(metadata)).into_response());
    }
    metadata["sub"] = app.config().base().into();
    metadata["iss"] = app.config().base().into();
    metadata["iat"] = app.now().seconds().into();
    let keys = app.issuer_keys().current()?;
    let header = keys.header("openidvci-issuer-metadata+jwt");
    let signed = credential::jws::sign(&header, metadata.to_string().as_bytes(), keys.issuer.signer());
    let signed = signed.map_err(Error::internal)?;
    Ok(([CACHED, (header::VARY, "Accept"), (header::CONTENT_TYPE, "application/jwt")], signed).into_response())
}

fn issuer_metadata(app: &App) -> Result<Value, Error> {
    let base = app.config().base();
    let encryptions = Encryption::ALL.map(Encryption::name);
    let configurations: Map<String, Value> =
        Configuration::all().map(|known| (known.id(), configuration(app, known))).collect();
    Ok(json!({
        "credential_issuer": base,
        "credential_endpoint": format!("{base}/oid4vci/credential"),
        "nonce_endpoint": format!("{base}/oid4vci/nonce"),
        "deferred_credential_endpoint": format!("{base}/oid4vci/deferred"),
        "notification_endpoint": format!("{base}/oid4vci/notification"),
        "status_list_aggregation_endpoint": format!("{base}/status"),
        "batch_credential_issuance": { "batch_size": MAX_KEYS },
        "credential_request_encryption": {
            "jwks": { "keys": [app.encryption_key().jwk] },
            "enc_values_supported": encryptions,
            "encryption_required": false,
        },
        "credential_response_encryption": {
            "alg_values_supported": ["ECDH-ES"],
            "enc_values_supported": encryptions,
            "encryption_required": false,
        },
        "display": [{ "name": "Tenure", "locale": "en" }],
        "credential_configurations_supported": configurations,
    }))
}

fn configuration(app: &App, known: Configuration) -> Value {
    let base = app.config().base();
    let credential_type = known.credential_type;
    let algorithms = Algorithm::ALL.map(Algorithm::name);
    let mut proof = json!({ "proof_signing_alg_values_supported": algorithms });
    if app.config().oid4vci.attestation_required {
        proof["key_attestations_required"] = json!({});
    }
    // The type's metadata is the single source for claims.
    let metadata: Value = serde_json::from_str(&TypeMetadata::new(credential_type, base).document).unwrap_or_default();
    let mut configuration = json!({
        "format": known.format.identifier(),
        "scope": known.id(),
        "credential_signing_alg_values_supported": [app.issuer_keys().algorithm().name()],
        "cryptographic_binding_methods_supported": ["jwk", "did:jwk"],
        "proof_types_supported": { "jwt": proof, "attestation": proof },
        "credential_metadata": {
            "display": [{ "name": credential_type.title, "locale": "en", "description": credential_type.summary }],
            "claims": claims(known.format, &metadata["claims"]),
        },
    });
    match known.format {
        Format::SdJwtVc => configuration["vct"] = sd_jwt_vc::vct(credential_type, base).into(),
        Format::VcJwt => configuration["credential_definition"] = json!({ "type": vc_jwt::types(credential_type) }),
    }
    configuration
}

/// Returns claims descriptions (appendix B.2), converted from the type's metadata. The two formats
/// use different names for the language property of a label.
fn claims(format: Format, described: &Value) -> Vec<Value> {
    let described = described.as_array().map(Vec::as_slice).unwrap_or_default();
    let claim = |claim: &Value| {
        let mut path = claim["path"].as_array().cloned().unwrap_or_default();
        if format == Format::VcJwt {
            path.insert(0, "credentialSubject".into());
        }
        let label = &claim["display"][0]["label"];
        json!({ "path": path, "mandatory": claim["mandatory"], "display": [{ "name": label, "locale": "en" }] })
    };
    // In the W3C format, the attester is not part of the subject.
    let is_beside = |name: &str| is_of_credential(name) || name == "partner_chain";
    let fits = |claim: &&Value| format == Format::SdJwtVc || !claim["path"][0].as_str().is_some_and(is_beside);
    described.iter().filter(fits).map(claim).collect()
}

async fn authorization_server(State(app): State<App>) -> Response {
    let base = app.config().base();
    let algorithms = Algorithm::ALL.map(Algorithm::name);
    let scopes: Vec<String> = Configuration::all().map(Configuration::id).collect();
    let methods: &[&str] = if app.config().oid4vci.attestation_required {
        &["attest_jwt_client_auth"]
    } else {
        &["none", "attest_jwt_client_auth"]
    };
    let metadata = json!({
        "issuer": base,
        "authorization_endpoint": format!("{base}/oid4vci/authorize"),
        "token_endpoint": format!("{base}/oid4vci/token"),
        "pushed_authorization_request_endpoint": format!("{base}/oid4vci/par"),
        "require_pushed_authorization_requests": true,
        "challenge_endpoint": format!("{base}/oid4vci/challenge"),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", PRE_AUTHORIZED],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": methods,
        "client_attestation_signing_alg_values_supported": algorithms,
        "client_attestation_pop_signing_alg_values_supported": algorithms,
        "dpop_signing_alg_values_supported": algorithms,
        "authorization_details_types_supported": ["openid_credential"],
        "authorization_response_iss_parameter_supported": true,
        "pre-authorized_grant_anonymous_access_supported": !app.config().oid4vci.attestation_required,
        "status_list_aggregation_endpoint": format!("{base}/status"),
        "scopes_supported": scopes,
    });
    ([CACHED], Json(metadata)).into_response()
}
