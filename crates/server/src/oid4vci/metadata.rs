//! Metadata for wallets: the issuer's (OpenID4VCI 1.0, section 12.2) and the authorization server's
//! (RFC 8414).

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use credential::format::sd_jwt_vc::{self, TypeMetadata};
use credential::format::{Configuration, Format, vc_jwt};
use credential::jwe::Encryption;
use credential::key::Algorithm;
use credential::verification::is_of_credential;
use serde_json::{Map, Value, json};

use super::offer::PRE_AUTHORIZED;
use crate::app::App;
use crate::config::{Colors, Display};
use crate::error::Error;
use crate::http::cors::SharedRoutes;
use crate::http::headers::{CACHED, preference};
use crate::issuing::MAX_KEYS;

pub(super) fn routes() -> SharedRoutes {
    SharedRoutes::default()
        .route("/.well-known/openid-credential-issuer", get(issuer))
        .route("/.well-known/oauth-authorization-server", get(authorization_server))
}

/// Serves the issuer's metadata as JSON, or signed if the wallet requests that (section 12.2.3).
async fn issuer(State(app): State<App>, headers: HeaderMap) -> Result<Response, Error> {
    let mut metadata = issuer_metadata(&app)?;
    let (signed, plain) = (preference(&headers, "application/jwt"), preference(&headers, "application/json"));
    let wants_signed = match plain.is_acceptable() {
        true => signed.is_named() && signed >= plain,
        false => signed.is_acceptable(),
    };
    if !wants_signed {
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
    let (links, display) = (app.links(), &app.config().display);
    let encryptions = Encryption::ALL.map(Encryption::name);
    let configurations: Map<String, Value> = listed(app).map(|known| (known.id(), configuration(app, known))).collect();
    Ok(json!({
        "credential_issuer": links.base(),
        "credential_endpoint": links.oid4vci("credential"),
        "nonce_endpoint": links.oid4vci("nonce"),
        "deferred_credential_endpoint": links.oid4vci("deferred"),
        "notification_endpoint": links.oid4vci("notification"),
        "status_list_aggregation_endpoint": links.status_lists(),
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
        "display": [decorated(json!({ "name": display.name, "locale": "en" }), display, display.colors())],
        "credential_configurations_supported": configurations,
    }))
}

/// Returns the configurations that the operator lists.
fn listed(app: &App) -> impl Iterator<Item = Configuration> {
    Configuration::all().filter(move |known| app.config().oid4vci.formats.contains(&known.format))
}

fn configuration(app: &App, known: Configuration) -> Value {
    let base = app.config().base();
    let credential_type = known.credential_type;
    let algorithms = Algorithm::NAMES;
    let mut proof = json!({ "proof_signing_alg_values_supported": algorithms });
    if app.config().oid4vci.attestation_required {
        proof["key_attestations_required"] = json!({});
    }
    // The type's metadata is the single source for claims.
    let metadata: Value = serde_json::from_str(&TypeMetadata::new(credential_type, base).document).unwrap_or_default();
    let display = &app.config().display;
    let shown = json!({ "name": credential_type.title, "locale": "en", "description": credential_type.summary });
    let mut configuration = json!({
        "format": known.format.name(),
        "scope": known.id(),
        "credential_signing_alg_values_supported": [app.issuer_keys().algorithm().name()],
        "cryptographic_binding_methods_supported": ["jwk", "did:jwk"],
        "proof_types_supported": { "jwt": proof.clone() },
        "credential_metadata": {
            "display": [decorated(shown, display, display.colors_of(credential_type))],
            "claims": claims(known.format, &metadata["claims"]),
        },
    });
    // Wallets that find this proof type choose it, and fail if their provider is not trusted. It is
    // nothing but a key attestation, so it always requires one.
    if !app.proofs().providers().is_empty() {
        proof["key_attestations_required"] = json!({});
        configuration["proof_types_supported"]["attestation"] = proof;
    }
    match known.format {
        Format::SdJwtVc => configuration["vct"] = sd_jwt_vc::vct(credential_type, base).into(),
        Format::VcJwt | Format::JwtVcJson => {
            let types = vc_jwt::types(credential_type, known.format);
            configuration["credential_definition"] = json!({ "type": types });
        }
    }
    configuration
}

/// Adds the operator's logo and colours to a `display` object. They are not in the types' metadata,
/// which never changes (D-254).
fn decorated(mut shown: Value, display: &Display, colors: Option<Colors>) -> Value {
    if !display.logo.is_empty() {
        shown["logo"] = json!({ "uri": display.logo });
        if !display.logo_alt_text.is_empty() {
            shown["logo"]["alt_text"] = display.logo_alt_text.as_str().into();
        }
    }
    if let Some(Colors { background, text }) = colors {
        shown["background_color"] = background.to_string().into();
        shown["text_color"] = text.to_string().into();
    }
    shown
}

/// Returns claims descriptions (appendix B.2), converted from the type's metadata. Both name the
/// label of a claim differently.
fn claims(format: Format, described: &Value) -> Vec<Value> {
    let described = described.as_array().map(Vec::as_slice).unwrap_or_default();
    let claim = |claim: &Value| {
        let mut path = claim["path"].as_array().cloned().unwrap_or_default();
        if format != Format::SdJwtVc {
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
    let links = app.links();
    let algorithms = Algorithm::NAMES;
    let scopes: Vec<String> = listed(&app).map(Configuration::id).collect();
    let mut metadata = json!({
        "issuer": links.base(),
        "authorization_endpoint": links.oid4vci("authorize"),
        "token_endpoint": links.oid4vci("token"),
        "pushed_authorization_request_endpoint": links.oid4vci("par"),
        "require_pushed_authorization_requests": true,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", PRE_AUTHORIZED],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["none"],
        "dpop_signing_alg_values_supported": algorithms,
        "authorization_details_types_supported": ["openid_credential"],
        "authorization_response_iss_parameter_supported": true,
        "pre-authorized_grant_anonymous_access_supported": !app.config().oid4vci.attestation_required,
        "status_list_aggregation_endpoint": links.status_lists(),
        "scopes_supported": scopes,
    });
    // Attestations are offered only if a wallet's provider can be trusted.
    if !app.proofs().providers().is_empty() {
        metadata["token_endpoint_auth_methods_supported"] = match app.config().oid4vci.attestation_required {
            true => json!(["attest_jwt_client_auth"]),
            false => json!(["none", "attest_jwt_client_auth"]),
        };
        metadata["client_attestation_signing_alg_values_supported"] = json!(algorithms);
        metadata["client_attestation_pop_signing_alg_values_supported"] = json!(algorithms);
        metadata["challenge_endpoint"] = links.oid4vci("challenge").into();
    }
    ([CACHED], Json(metadata)).into_response()
}
