//! The request to a wallet: beginning it for one browser, and building the request object that the
//! wallet reads.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credential::Type;
use credential::dcql::Query;
use credential::encoding::sha256;
use credential::format::sd_jwt_vc::requested_vcts;
use credential::jwe::{self, Encryption};
use credential::key::Algorithm;
use serde_json::{Value, json};
use uuid::Uuid;

use super::client_id::{client_id, header};
use crate::app::App;
use crate::error::Error;
use crate::flows::verification_request::{self, RequestDetails};
use crate::keys::Key;
use ambient::Timestamp;
use store::domain::presentation::{Flow, Mode, Presentation, PresentationState};
use store::domain::submission::Sealed;
use store::domain::verification::Verification;
use store::{StoreError, Tx};

/// Audience of a request object for an unknown wallet (OpenID4VP 1.0, section 5.8).
const ANY_WALLET: &str = "https://self-issued.me/v2";

fn key_label(id: &Uuid) -> [&[u8]; 2] {
    [b"presentation", id.as_bytes()]
}

/// Begins a presentation for a verification request. `holder` is the account that is signed in.
/// `browser_secret` is the secret of the browser; only this browser can finish the presentation.
///
/// # Errors
/// 404 if the request is bound to another holder or the flow is disabled, 410 if the request has
/// ended; the store or the key ring cannot be used.
pub async fn begin(
    app: &App,
    request: Uuid,
    holder: Option<Uuid>,
    flow: Flow,
    browser_secret: &str,
) -> Result<Uuid, Error> {
    let (verification, ..) = verification_request::answerable_by(app, request, holder).await?;
    if flow == Flow::CrossDevice && !app.config().openid4vp.cross_device {
        return Err(Error::not_found());
    }
    let (id, now) = (app.rng().anonymous_id(), app.now());
    let key = app.keyring().seal(now, &key_label(&id), Key::random(app.rng()).expose()).await?;
    let new = Presentation {
        id,
        verification: verification.id,
        holder: verification.holder,
        flow,
        mode: app.config().openid4vp.response_mode,
        client_id: client_id(app),
        nonce: app.rng().secret(),
        binding_hash: sha256(browser_secret.as_bytes()).to_vec(),
        created_at: now,
        expires_at: (now + app.config().openid4vp.lifetime).min(verification.expires_at),
        refusal: None,
        state: PresentationState::Waiting { key: key.clone() },
    };
    let mut tx = app.store().write().await?;
    tx.add_presentation(&new, &key).await?;
    tx.commit().await?;
    app.metrics().presentations("asked");
    Ok(id)
}

/// Returns the link that opens a wallet (OpenID4VP 1.0, section 5; RFC 9101, section 5): the client
/// identifier and the address of the request object.
pub fn link(app: &App, presentation: &Presentation) -> String {
    let address = app.links().presentation_request(presentation.id);
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", &presentation.client_id)
        .append_pair("request_uri", &address)
        .append_pair("request_uri_method", "post")
        .finish();
    format!("{}://?{query}", app.config().openid4vp.scheme)
}

/// A request object before it is signed.
#[derive(Clone, Debug)]
pub struct RequestObject {
    /// The claims. The caller may add a wallet's nonce.
    pub payload: Value,
    client_id: String,
}

impl RequestObject {
    /// Signs it with the verifier key.
    ///
    /// # Errors
    /// The key cannot sign.
    pub fn sign(&self, app: &App) -> Result<String, Error> {
        app.verifier_key().sign(&header(app, &self.client_id), &self.payload).map_err(Error::internal)
    }
}

/// Builds the request object of a pending presentation. Returns `None` if there is none, or it has
/// ended.
///
/// # Errors
/// The store or the key ring cannot be used.
pub async fn request_object(app: &App, id: Uuid) -> Result<Option<RequestObject>, Error> {
    let mut tx = app.store().read().await?;
    let Some(presentation) = tx.presentation(id, app.now()).await? else { return Ok(None) };
    let PresentationState::Waiting { key } = &presentation.state else { return Ok(None) };
    let verification = open_request(&mut tx, presentation.verification, app.trusted_time().now()).await?;
    drop(tx);
    let Some(verification) = verification else { return Ok(None) };
    let Some(details) = verification_request::details(app, &verification).await? else { return Ok(None) };
    let mut metadata = json!({
        "vp_formats_supported": {
            "dc+sd-jwt": { "sd-jwt_alg_values": Algorithm::NAMES, "kb-jwt_alg_values": Algorithm::NAMES },
        },
    });
    if presentation.mode == Mode::PostJwt {
        let Some(secret) = secret(app, id, key).await? else { return Ok(None) };
        // The wallet encrypts its response to a key that is used only for this request (HAIP 1.0,
        // section 5).
        let jwk = jwe::encryption_jwk(secret.expose(), &id.to_string());
        let jwk = jwk.ok_or_else(|| StoreError::corrupt_row("presentation", "no key on P-256"))?;
        metadata["jwks"] = json!({ "keys": [jwk] });
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
        "state": state(app, id),
        "dcql_query": query(app, verification.credential_type, &details).to_json(),
        "client_metadata": metadata,
    });
    Ok(Some(RequestObject { payload, client_id: presentation.client_id }))
}

/// Returns the partner's own query, or else one for what a request asks for, from all trusted
/// issuers.
pub(super) fn query(app: &App, credential_type: Type, details: &RequestDetails) -> Query {
    if let Some(query) = &details.query {
        return query.query().clone();
    }
    let requested: Vec<&str> = details.claims.iter().map(String::as_str).collect();
    let mut types = requested_vcts(credential_type, app.config().base());
    types.extend(app.trusted_issuers().vct_values(credential_type));
    let authority = |name: &String| match name.as_str() {
        "own" => own_authorities(app),
        _ => vec![name.clone()],
    };
    let authorities = app.config().openid4vp.trusted_authorities.iter().flat_map(authority).collect();
    Query::new(credential_type, &requested, types, authorities)
}

/// Returns the key identifiers of the authorities under which this server issues: its own, and the
/// operator's while a key of the operator signs.
fn own_authorities(app: &App) -> Vec<String> {
    let operator = app.issuer_keys().current().ok().and_then(|keys| keys.operator_authority.clone());
    operator.into_iter().chain([app.verifier_key().authority.clone()]).collect()
}

/// Returns the `state` of a request, which a response must repeat to prove that its sender has read
/// the request. It is derived, not stored.
pub(super) fn state(app: &App, presentation: Uuid) -> String {
    URL_SAFE_NO_PAD.encode(app.keyring().fingerprint("presentation state", presentation.as_bytes()))
}

/// Decrypts the private key of a pending presentation. Returns `None` once the epoch key that
/// encrypted it is destroyed.
pub(super) async fn secret(app: &App, presentation: Uuid, key: &Sealed) -> Result<Option<Key>, Error> {
    let Some(opened) = app.keyring().open_sealed(key, &key_label(&presentation)).await? else { return Ok(None) };
    let key = Key::from_bytes(&opened).ok_or_else(|| StoreError::corrupt_row("presentation", "a key's length"))?;
    Ok(Some(key))
}

/// Returns a verification request that is open and whose partner is active.
pub(super) async fn open_request(tx: &mut Tx, id: Uuid, now: Timestamp) -> Result<Option<Verification>, StoreError> {
    let found = tx.linked_verification(id, now).await?.filter(Verification::is_open);
    let Some(found) = found else { return Ok(None) };
    let partner = tx.partner(found.partner_id).await?;
    Ok(partner.is_some_and(|partner| partner.is_active()).then_some(found))
}
