//! Requests of wallets that implement a draft of OpenID4VCI: served where the meaning is clear,
//! otherwise refused with the draft and the change that is needed (D-249).

use std::borrow::Cow;

use credential::format::{Configuration, Format, sd_jwt_vc, vc_jwt};
use serde_json::{Map, Value, json};

use crate::app::App;
use crate::http::OAuthError;
use crate::issuing::PROOF_TYPES;
use store::domain::issuance::WalletAccess;

/// Name of the format `dc+sd-jwt` up to draft 14.
const FORMER_SD_JWT_VC: &str = "vc+sd-jwt";

/// Returns the configurations whose format and type an object names, as credential requests and
/// authorization details could up to draft 14.
pub(super) fn configurations(app: &App, named: &Map<String, Value>) -> Vec<Configuration> {
    let format = named.get("format").and_then(Value::as_str).unwrap_or_default();
    let format = if format == FORMER_SD_JWT_VC { Format::SdJwtVc.name() } else { format };
    let vct = named.get("vct").and_then(Value::as_str);
    let types = types(named);
    let base = app.config().base();
    let has_type = |configuration: &Configuration| match vct {
        Some(vct) => sd_jwt_vc::vct(configuration.credential_type, base) == vct,
        None => {
            let own = vc_jwt::types(configuration.credential_type, configuration.format);
            types.len() == own.len() && own.iter().all(|own| types.contains(&own.as_str()))
        }
    };
    Configuration::all().filter(|known| known.format.name() == format && has_type(known)).collect()
}

/// Returns the types of a W3C credential: of its `credential_definition`, or beside the format as
/// before draft 11.
fn types(named: &Map<String, Value>) -> Vec<&str> {
    let definition = named.get("credential_definition");
    let defined = definition.and_then(|definition| definition.get("type").or_else(|| definition.get("types")));
    let types = defined.or_else(|| named.get("types")).and_then(Value::as_array);
    types.into_iter().flatten().filter_map(Value::as_str).collect()
}

/// Returns the id of the configuration that a credential request selects by format and type. `None`
/// if it selects in another way.
pub(super) fn selected(
    app: &App,
    access: &WalletAccess,
    request: &Map<String, Value>,
) -> Result<Option<String>, OAuthError> {
    let has = |name: &str| request.contains_key(name);
    if !has("format") || has("credential_identifier") || has("credential_configuration_id") {
        return Ok(None);
    }
    let known = configurations(app, request);
    let is_granted = |known: &&Configuration| access.issuance.credentials.iter().any(|it| it.configuration == **known);
    let mut granted = known.iter().filter(is_granted);
    match (granted.next(), granted.next(), known.first()) {
        (Some(_), Some(_), _) => Err(OAuthError::code(
            "invalid_credential_request",
            "The token grants several configurations of this format and type. Requests with format are of OpenID4VCI \
             draft 14 and earlier. Send credential_configuration_id (OpenID4VCI 1.0, section 8.2).",
        )),
        // The flow refuses the known one if it is not granted.
        (Some(only), None, _) | (None, None, Some(only)) => Ok(Some(only.id())),
        _ => Err(OAuthError::code(
            "unknown_credential_configuration",
            "No configuration has this format and type. Requests with format are of OpenID4VCI draft 14 and earlier. \
             Send credential_configuration_id (OpenID4VCI 1.0, section 8.2).",
        )),
    }
}

/// Returns whether a credential request has a single proof, as up to draft 15.
pub(super) fn has_single_proof(request: &Map<String, Value>) -> bool {
    request.contains_key("proof") && !request.contains_key("proofs")
}

/// Returns the `proofs` of a credential request.
pub(super) fn proofs(request: &Map<String, Value>) -> Result<Option<Cow<'_, Value>>, OAuthError> {
    let single = request.get("proof").filter(|_| has_single_proof(request));
    let Some(single) = single else { return Ok(request.get("proofs").map(Cow::Borrowed)) };
    let kind = single.get("proof_type").and_then(Value::as_str);
    match (kind, kind.and_then(|kind| single.get(kind))) {
        (Some(kind), _) if !PROOF_TYPES.contains(&kind) => {
            let shown: String = kind.chars().filter(char::is_ascii_graphic).take(32).collect();
            let why = format!(
                "The proof type '{shown}' is not supported. Use jwt. proof with proof_type is of \
                 OpenID4VCI draft 15 and earlier. Send proofs instead: an object with a list of jwt (OpenID4VCI 1.0, \
                 section 8.2)."
            );
            Err(OAuthError::code("invalid_proof", why))
        }
        (Some(kind), Some(proof)) => Ok(Some(Cow::Owned(json!({ kind: [proof] })))),
        _ => Err(OAuthError::code(
            "invalid_proof",
            "proof, of OpenID4VCI draft 15 and earlier, needs proof_type and a field of that name. Send proofs \
             instead: an object with a list of jwt (OpenID4VCI 1.0, section 8.2).",
        )),
    }
}
