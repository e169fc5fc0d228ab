//! Client identifiers with their prefixes, and the JWS headers that prove them (OpenID4VP 1.0,
//! section 5.9).

use credential::format::did_web;
use serde_json::{Value, json};

use crate::app::App;
use crate::config::ClientIdPrefix;

const DID: &str = "decentralized_identifier:";

/// Returns the server's client identifier.
pub(super) fn client_id(app: &App) -> String {
    match app.config().openid4vp.client_id_prefix {
        ClientIdPrefix::X509Hash => format!("x509_hash:{}", app.verifier_key().hash()),
        ClientIdPrefix::X509SanDns => {
            format!("x509_san_dns:{}", app.config().server.base_url.domain().unwrap_or_default())
        }
        ClientIdPrefix::DecentralizedIdentifier => format!("{DID}{}", did_web(app.config().base())),
    }
}

/// Returns the JWS header of a request object for one of our client identifiers. It contains the
/// key's id in the DID document, or the certificate.
pub(super) fn header(app: &App, client_id: &str) -> Value {
    let mut header = json!({ "alg": "ES256", "typ": "oauth-authz-req+jwt" });
    match client_id.strip_prefix(DID) {
        Some(did) => header["kid"] = format!("{did}#{}", app.verifier_key().kid).into(),
        None => header["x5c"] = json!(app.verifier_key().x5c()),
    }
    header
}
