//! Presentations that the server signs for a holder, and their verification.
//!
//! Shared by links for hirers and responses to verification requests. Each presentation has its own
//! credentials, bound to a new key that signs once and is then dropped. Two presentations therefore
//! cannot be linked to one person by their keys.

use credential::format::sd_jwt::{self, Challenge};
use credential::format::sd_jwt_vc::{SdJwtVc, TypeMetadata};
use credential::format::{Format, ListForm, did_web};
use credential::key::{Algorithm, SoftwareKey};
use credential::status::StatusReference;
use credential::verification::{LookupResult, Report, Token, VerificationInputs};

use crate::app::App;
use crate::error::Error;
use crate::issuing::IssuableCredential;
use ambient::Timestamp;
use store::{IssueRequest, Issued, StatusPlace, WantedEntry};

/// Allocates a status list index for each credential of a presentation.
///
/// # Errors
/// 404 if a credential was deleted or superseded since it was read; the store cannot be used.
pub async fn allocate_status_indices(
    app: &App,
    credentials: &[IssuableCredential],
    expires_at: Timestamp,
) -> Result<Vec<StatusPlace>, Error> {
    let wanted = |credential: &IssuableCredential| WantedEntry {
        submission: credential.submission,
        holder: credential.holder,
        expires_at,
        issuance: None,
    };
    let request = IssueRequest { entries: credentials.iter().map(wanted).collect(), ..IssueRequest::default() };
    let Issued::Places(places) = app.issuing().issue(request).await? else { return Err(Error::not_found()) };
    places.into_iter().map(|place| place.ok_or_else(Error::not_found)).collect()
}

/// Signs a credential and presents the parts for which `shows` returns true for their JSON Pointer
/// into the claims, bound to a new key. Claims that the type always shows are not selectively
/// disclosable. `challenge` is the audience and the nonce.
///
/// # Errors
/// The key cannot sign.
pub fn present(
    app: &App,
    issuable: &IssuableCredential,
    place: (StatusPlace, Timestamp),
    shows: impl Fn(&str) -> bool,
    challenge: (&str, &str),
) -> Result<String, Error> {
    let key = SoftwareKey::from_bytes(Algorithm::Es256, &app.rng().bytes()).map_err(Error::internal)?;
    let signed =
        app.credential_signer().sign(issuable, (Format::SdJwtVc, ListForm::ItemByItem), place, key.public())?;
    let credential = SdJwtVc::read(&signed).map_err(Error::internal)?;
    let shown = credential.sd_jwt.present(|place| shows(place)).map_err(Error::internal)?;
    sd_jwt::bind(&shown, challenge, app.now().seconds(), &key).map_err(Error::internal)
}

/// Verifies a presentation as its reader would, with the keys and the type metadata that this
/// server publishes, and the status in its database. `challenge` is the audience and the nonce.
///
/// # Errors
/// The store cannot be used, or the text is not a presentation.
pub async fn check(app: &App, presentation: &str, challenge: (&str, &str)) -> Result<Report, Error> {
    app.metrics().own_presentations_verified.inc();
    let token = Token::read(presentation).map_err(Error::internal)?;
    let inputs = own_inputs(app, &token).await?;
    let (audience, nonce) = challenge;
    let challenge =
        Challenge { audience: Some(audience), nonce: Some(nonce), now: app.now().seconds(), most_age: None };
    Ok(token.verify(&inputs, &challenge))
}

/// Collects this server's inputs for verifying its own credentials. For other issuers' credentials
/// all inputs are missing.
///
/// The status is read from the database, because the published list is cached: a revocation shows
/// in the first response after its commit.
///
/// # Errors
/// The store cannot be used.
pub async fn own_inputs(app: &App, token: &Token<'_>) -> Result<VerificationInputs, Error> {
    let (base, lookups) = (app.config().base(), token.lookups());
    let unknown = || "the credential was not issued by this server".to_owned();
    let is_own = lookups.issuer.is_some_and(|issuer| is_own_issuer(app, &issuer));
    let issuer_keys = match is_own {
        true => LookupResult::Found(app.issuer_keys().current()?.published.clone()),
        false => LookupResult::Failed(unknown()),
    };
    let place = token.status_reference().filter(|_| is_own).and_then(|reference| own_place(base, &reference));
    let stored_status = match place {
        Some(place) => app.store().read().await?.status_at(place).await?,
        None => None,
    };
    let metadata = lookups.metadata.as_deref().and_then(|vct| TypeMetadata::published(vct, base));
    Ok(VerificationInputs {
        issuer_keys,
        status: LookupResult::Failed(unknown()),
        more_status: Vec::new(),
        stored_status,
        metadata: metadata
            .map_or_else(|| LookupResult::Failed(unknown()), |known| LookupResult::Found(known.document.into_bytes())),
    })
}

/// Collects the inputs for verifying a credential of a trusted issuer: everything for this server's
/// own, only the keys for others, whose status lists have to be fetched. For untrusted issuers all
/// inputs are missing.
///
/// # Errors
/// The store cannot be used.
pub async fn trusted_inputs(app: &App, token: &Token<'_>) -> Result<VerificationInputs, Error> {
    let issuer = token.issuer().unwrap_or_default();
    if is_own_issuer(app, issuer) {
        return own_inputs(app, token).await;
    }
    let issuer_keys = match app.trusted_issuers().keys(issuer, token.certificates(), app.now()) {
        Ok(Some(keys)) => LookupResult::Found(keys),
        Ok(None) => LookupResult::Failed("the issuer is not trusted here".to_owned()),
        Err(why) => LookupResult::Failed(why),
    };
    Ok(VerificationInputs { issuer_keys, ..VerificationInputs::default() })
}

/// Identifies the issuer of a credential without `iss`, such as an EUDI PID, by its certificate.
pub fn identify_issuer(app: &App, credential: &mut SdJwtVc<'_>) {
    if !credential.disclosed.claims.contains_key("iss") {
        let x5c = credential.sd_jwt.jws.header.get("x5c");
        credential.certified_issuer = x5c.and_then(|x5c| app.trusted_issuers().certified_issuer(x5c, app.now()));
    }
}

/// Returns whether `issuer` identifies this server, by its address or its did:web.
pub fn is_own_issuer(app: &App, issuer: &str) -> bool {
    let base = app.config().base();
    issuer == base || issuer == did_web(base)
}

/// Returns the place that `reference` names, if the list is one of this server's.
fn own_place(base: &str, reference: &StatusReference) -> Option<StatusPlace> {
    let path = reference.uri.strip_prefix(base)?.strip_prefix("/status/")?;
    let list = path.strip_suffix("/bitstring").unwrap_or(path).parse().ok()?;
    Some(StatusPlace { list, position: u32::try_from(reference.index).ok()? })
}
