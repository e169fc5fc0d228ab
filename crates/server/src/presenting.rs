//! Presentations of our own: signing a credential for one showing, and checking a showing as anybody would.
//!
//! Owns what links for hirers and answers to verification requests have in common. Each showing has credentials of its
//! own, bound to a key that is made for it, signs once, and is dropped: so showings cannot be told to be of one person by
//! their keys.

use credential::format::Format;
use credential::format::sd_jwt::{self, Challenge};
use credential::format::sd_jwt_vc::{SdJwtVc, TypeMetadata};
use credential::key::{Algorithm, SoftwareKey};
use credential::verification::{Answer, Evidence, Report, Token};

use crate::app::App;
use crate::error::Error;
use crate::issuing::{IssuableCredential, StatusListFormat};
use ambient::Timestamp;
use store::{IssueRequest, Issued, StatusPlace, WantedEntry};

/// A status entry for each of `materials`, of this showing alone.
///
/// # Errors
/// 404 where one was deleted or replaced since it was opened; the store cannot be used.
pub async fn give_places(
    app: &App,
    materials: &[IssuableCredential],
    expires_at: Timestamp,
) -> Result<Vec<StatusPlace>, Error> {
    let wanted = |material: &IssuableCredential| WantedEntry {
        submission: material.submission,
        holder: material.holder,
        expires_at,
        issuance: None,
    };
    let request = IssueRequest { entries: materials.iter().map(wanted).collect(), ..IssueRequest::default() };
    let Issued::Places(places) = app.issuing().issue(request).await? else { return Err(Error::not_found()) };
    places.into_iter().map(|place| place.ok_or_else(Error::not_found)).collect()
}

/// Signs one credential and shows of it what stands where `shows` says so (at a JSON Pointer into its claims), bound to a
/// key that nothing else is bound to. The challenge is the audience and the nonce.
///
/// # Errors
/// The key cannot sign.
pub fn present(
    app: &App,
    material: &IssuableCredential,
    place: (StatusPlace, Timestamp),
    shows: impl Fn(&str) -> bool,
    challenge: (&str, &str),
) -> Result<String, Error> {
    let key = SoftwareKey::from_bytes(Algorithm::Es256, &app.rng().bytes()).map_err(Error::internal)?;
    let signed = app.credential_signer().sign(material, Format::SdJwtVc, place, key.public())?;
    let credential = SdJwtVc::read(&signed).map_err(Error::internal)?;
    let shown = credential.sd_jwt.present(|place| shows(place)).map_err(Error::internal)?;
    sd_jwt::bind(&shown, challenge, app.now().seconds(), &key).map_err(Error::internal)
}

/// Checks a presentation as its reader would: with the keys, the status list and the type's metadata that the server
/// publishes. The challenge is the audience and the nonce.
///
/// # Errors
/// The store cannot be used, or it is no presentation.
pub async fn check(app: &App, presentation: &str, challenge: (&str, &str)) -> Result<Report, Error> {
    let token = Token::read(presentation).map_err(Error::internal)?;
    let evidence = own_evidence(app, &token).await?;
    let (audience, nonce) = challenge;
    let challenge =
        Challenge { audience: Some(audience), nonce: Some(nonce), now: app.now().seconds(), most_age: None };
    Ok(token.judge(&evidence, &challenge))
}

/// What this server knows of its own credentials, as it publishes it. Of anybody else's it knows nothing.
///
/// # Errors
/// The store cannot be used.
pub async fn own_evidence(app: &App, token: &Token<'_>) -> Result<Evidence, Error> {
    let (base, questions) = (app.config().base(), token.questions());
    let unknown = || "it is not one of this server's".to_owned();
    let issuer_keys = match questions.issuer {
        Some(issuer) if issuer == base => Answer::Some(app.issuer_keys().current()?.published.clone()),
        _ => Answer::None(unknown()),
    };
    let list =
        questions.status.as_deref().and_then(|uri| uri.strip_prefix(base)?.strip_prefix("/status/")?.parse().ok());
    let list = match list {
        Some(list) => app.status_lists().get(list, StatusListFormat::Token).await?,
        None => None,
    };
    let known = credential::ALL.iter().map(|known| TypeMetadata::new(*known, base));
    let metadata = known.into_iter().find(|known| questions.metadata.as_ref() == Some(&known.vct));
    Ok(Evidence {
        issuer_keys,
        status: list.map_or_else(|| Answer::None(unknown()), |list| Answer::Some(list.token.to_string())),
        metadata: metadata.map_or_else(|| Answer::None(unknown()), |known| Answer::Some(known.document.into_bytes())),
    })
}
