//! Documents for verifiers: the issuer's keys, its DID, the authority's certificate, and the
//! metadata of types.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use credential::Type;
use credential::format::sd_jwt_vc::TypeMetadata;
use credential::format::verification_methods;
use serde_json::json;

use crate::app::App;
use crate::error::Error;
use crate::http::cors::SharedRoutes;
use crate::http::extract::Path;

/// Safe because keys are published a day before they sign, and types change only with a release.
const CACHED: (header::HeaderName, &str) = (header::CACHE_CONTROL, "public, max-age=300");

pub(super) fn routes() -> SharedRoutes {
    SharedRoutes::default()
        .route("/.well-known/jwt-vc-issuer", get(issuer))
        .route("/.well-known/did.json", get(did))
        .route("/.well-known/tenure-authority.pem", get(authority))
        .route("/credentials/{type}", get(first_type_metadata))
        .route("/credentials/{type}/{number}", get(type_metadata))
        .route("/credentials/{type}/schema", get(schema))
}

/// JWT VC Issuer Metadata (SD-JWT VC, section 4). Contains the keys by value, so that one request
/// is sufficient.
async fn issuer(State(app): State<App>) -> Result<Response, Error> {
    let keys = app.issuer_keys().current()?;
    Ok(([CACHED], Json(json!({ "issuer": app.config().base(), "jwks": { "keys": keys.jwks() } }))).into_response())
}

async fn did(State(app): State<App>) -> Result<Response, Error> {
    let mut document = app.issuer_keys().current()?.did_document();
    // The key that signs verification requests is only for authentication, not for assertions
    // (OpenID4VP 1.0, section 5.9.3).
    let did = document["id"].as_str().unwrap_or_default().to_owned();
    let (verifier, name) = (app.verifier_key(), format!("{did}#{}", app.verifier_key().kid));
    if let Some(methods) = document["verificationMethod"].as_array_mut() {
        methods.extend(verification_methods(&did, &verifier.kid, verifier.public()));
    }
    document["authentication"] = json!([name]);
    let document = document.to_string();
    Ok(([CACHED, (header::CONTENT_TYPE, "application/did+ld+json")], document).into_response())
}

async fn authority(State(app): State<App>) -> Result<Response, Error> {
    let text = STANDARD.encode(&app.issuer_keys().current()?.authority);
    let mut lines = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect::<Vec<_>>().join("\n");
    lines.insert_str(0, "-----BEGIN CERTIFICATE-----\n");
    lines.push_str("\n-----END CERTIFICATE-----\n");
    Ok(([CACHED, (header::CONTENT_TYPE, "application/pem-certificate-chain")], lines).into_response())
}

fn known(name: &str) -> Result<Type, Error> {
    name.parse().map_err(|_| Error::unknown_type(name))
}

/// Serves SD-JWT VC type metadata for the first `vct` of a type (section 5.3.1).
async fn first_type_metadata(State(app): State<App>, Path(name): Path<String>) -> Result<Response, Error> {
    serve_metadata(&app, &name, &name)
}

/// Serves SD-JWT VC type metadata for a later `vct` of a type.
async fn type_metadata(
    State(app): State<App>,
    Path((name, number)): Path<(String, String)>,
) -> Result<Response, Error> {
    serve_metadata(&app, &name, &format!("{name}/{number}"))
}

/// Serves the metadata of the present and of earlier releases, byte for byte as hashed in
/// `vct#integrity`.
fn serve_metadata(app: &App, name: &str, path: &str) -> Result<Response, Error> {
    known(name)?;
    let links = app.links();
    let metadata = TypeMetadata::published(&links.type_metadata(path), links.base()).ok_or_else(Error::not_found)?;
    Ok(([CACHED, (header::CONTENT_TYPE, "application/json")], metadata.document).into_response())
}

/// Serves the JSON Schema of the `credentialSubject` of a W3C credential.
async fn schema(Path(name): Path<String>) -> Result<Response, Error> {
    let mut schema = known(&name)?.fields_schema();
    // Besides the fields, a subject may have an id and, in an Open Badge, the achievement.
    schema["additionalProperties"] = true.into();
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": name,
        "type": "object",
        "properties": { "credentialSubject": schema },
        "required": ["credentialSubject"],
    });
    Ok(([CACHED, (header::CONTENT_TYPE, "application/schema+json")], schema.to_string()).into_response())
}
