//! Sign-up for a sandbox partner by email, where the operator allows it.
//!
//! The link in the mail contains everything that the sign-up needs, encrypted, so nothing is stored
//! before it is opened. It names the partner that it creates, so it works once. Nothing tells
//! whether an address has signed up before, except to its owner.

use std::net::IpAddr;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credential::encoding::sha256;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::App;
use crate::email::Email;
use crate::error::Error;
use crate::mail::texts;
use crate::outbox::{OutboxMessage, Routing};
use ambient::{DAY, HOUR, Timestamp};
use store::{Partner, PreviousSecret, SandboxBounds, SandboxSignUp, StoreError};

/// How long the link in the mail works.
const LINK_LIFETIME: Duration = HOUR;

/// Time without an access token after which a partner is disabled.
const UNUSED: Duration = Duration::from_secs(90 * 86_400);

/// The use of a partner is recorded once in this time.
const USE_RECORDED_EVERY: Duration = DAY;

/// Maximum number of active partners of one email address.
const PER_PERSON: i64 = 3;

/// Maximum number of characters in the name of a partner.
const NAME_LENGTH: usize = 60;

/// The name of this software, which no partner may use.
const RESERVED: &str = "tenure";

/// Ends the name of every partner that signed up, so that people see that it is not a real one.
const SUFFIX: &str = " (sandbox)";

/// Binds the encrypted content of a link to its purpose.
const LABEL: [&[u8]; 1] = [b"sandbox-sign-up"];

/// The content of a link.
#[derive(Debug, Serialize, Deserialize)]
struct Invitation {
    /// The id of the partner that it creates.
    partner: Uuid,
    name: String,
    /// Keyed hash of the email address, in base64url.
    person: String,
    /// When it expires, in microseconds.
    until: i64,
}

/// The result of opening a link.
#[derive(Debug)]
pub enum Creation {
    /// The partner was created.
    Created {
        client_id: Uuid,
        /// Its secret, which is not stored.
        secret: String,
    },
    /// The link has expired, was used, or is not one of ours.
    Gone,
    /// This person has as many partners as allowed.
    TooManyOfPerson,
    /// There are as many partners as the operator allows.
    TooMany,
}

/// Why the name of a partner is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameError {
    /// It is empty or too long.
    Length,
    /// It has this character, which is not a letter, a digit, a space or simple punctuation.
    Character(char),
    /// It contains the name of this software, so that it could pass for the operator.
    Reserved,
}

/// Returns the name of a partner as it will be shown.
///
/// # Errors
/// [`NameError`], if it cannot be used.
pub fn parse_name(text: &str) -> Result<String, NameError> {
    let name = text.trim();
    let is_allowed = |c: char| c.is_alphanumeric() || " -.,&'".contains(c);
    if name.is_empty() || name.chars().count() > NAME_LENGTH {
        return Err(NameError::Length);
    }
    if let Some(other) = name.chars().find(|c| !is_allowed(*c)) {
        return Err(NameError::Character(other));
    }
    // Some letters are invisible: a name of these only is empty.
    let name = credential::parse_text(name).map_err(|_| NameError::Length)?;
    let lower = name.to_lowercase();
    let mut words = lower.split(|c: char| !c.is_alphanumeric());
    let joined: String = lower.chars().filter(|c| c.is_alphanumeric()).collect();
    if joined == RESERVED || words.any(|word| word == RESERVED) {
        return Err(NameError::Reserved);
    }
    Ok(format!("{name}{SUFFIX}"))
}

/// The result of asking for a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// The link is mailed.
    Mailed,
    /// No link is mailed, because there are as many partners as the operator allows.
    TooMany,
}

/// Returns whether there are as many partners as the operator allows.
///
/// # Errors
/// The store cannot be used.
pub async fn is_full(app: &App) -> Result<bool, Error> {
    let count = app.store().read().await?.count_sandbox_sign_ups().await?;
    Ok(count >= i64::from(app.config().sandbox.max_partners))
}

/// Mails a link that creates a sandbox partner called `name` to `email`, unless there are as many
/// as the operator allows.
///
/// # Errors
/// 429 if the address or the network has asked too often; the store or the key ring cannot be used.
pub async fn send_link(app: &App, client: IpAddr, email: &Email, name: &str) -> Result<Sent, Error> {
    let person = email.fingerprint(app.keyring());
    // The address first: what its limit refuses does not count against the network.
    app.limits().sandbox_sign_ups_per_address.check_global(&person).await?;
    app.limits().sandbox_sign_ups_per_client.check_global(&client).await?;
    if is_full(app).await? {
        return Ok(Sent::TooMany);
    }
    let until = app.now() + LINK_LIFETIME;
    let invitation = Invitation {
        partner: app.rng().anonymous_id(),
        name: name.to_owned(),
        person: URL_SAFE_NO_PAD.encode(person),
        until: until.micros(),
    };
    let plain = serde_json::to_vec(&invitation).map_err(Error::internal)?;
    let token = URL_SAFE_NO_PAD.encode(app.keyring().seal_permanent(&LABEL, &plain));
    let mail = texts::sandbox_sign_up(email.as_str().to_owned(), name, &app.links().sandbox_sign_up(&token));
    let routing = Routing { expires_at: Some(until), ..Routing::default() };
    let mut tx = app.store().write().await?;
    app.outbox().add(&mut tx, &OutboxMessage::Mail(mail), routing).await?;
    tx.commit().await?;
    app.outbox().wake();
    Ok(Sent::Mailed)
}

fn open(app: &App, token: &str) -> Option<Invitation> {
    let sealed = URL_SAFE_NO_PAD.decode(token).ok()?;
    let plain = app.keyring().open_permanent(&LABEL, &sealed).ok()?;
    let invitation: Invitation = serde_json::from_slice(&plain).ok()?;
    (Timestamp::from_micros(invitation.until) > app.now()).then_some(invitation)
}

/// Returns the name of the partner that the link creates; `None` if it has expired, was used, or is
/// not one of ours.
///
/// # Errors
/// The store cannot be used.
pub async fn offered_name(app: &App, token: &str) -> Result<Option<String>, Error> {
    let Some(invitation) = open(app, token) else { return Ok(None) };
    let known = app.store().read().await?.partner(invitation.partner).await?;
    Ok(known.is_none().then_some(invitation.name))
}

/// Creates the partner of the link. A link works once.
///
/// # Errors
/// The store cannot be used.
pub async fn create(app: &App, token: &str) -> Result<Creation, Error> {
    let Some(Invitation { partner, name, person, .. }) = open(app, token) else { return Ok(Creation::Gone) };
    let person = URL_SAFE_NO_PAD.decode(person).map_err(Error::internal)?;
    let scopes: Vec<&str> = credential::ALL.iter().flat_map(|known| [known.write_scope, known.read_scope]).collect();
    let secret = app.rng().secret();
    let partner = Partner {
        id: partner,
        name,
        scopes: scopes.join(" "),
        secret_hash: sha256(secret.as_bytes()).to_vec(),
        created_at: app.now(),
        rotated_at: None,
        disabled_at: None,
        document_hosts: String::new(),
        sandbox: true,
        callback_urls: String::new(),
        previous_secret: PreviousSecret::default(),
    };
    let bounds = SandboxBounds { most: app.config().sandbox.max_partners.into(), per_person: PER_PERSON };
    let mut tx = app.store().write().await?;
    let outcome = tx.add_sandbox_sign_up(&partner, &person, bounds).await?;
    tx.commit().await?;
    Ok(match outcome {
        SandboxSignUp::Added => Creation::Created { client_id: partner.id, secret },
        SandboxSignUp::Repeated => Creation::Gone,
        SandboxSignUp::TooManyOfPerson => Creation::TooManyOfPerson,
        SandboxSignUp::TooMany => Creation::TooMany,
    })
}

/// Records, once a day, that a partner which signed up is used.
///
/// # Errors
/// The store cannot be used.
pub async fn note_use(app: &App, partner: Uuid) -> Result<(), StoreError> {
    let now = app.now();
    if !app.store().read().await?.is_sandbox_use_due(partner, now - USE_RECORDED_EVERY).await? {
        return Ok(());
    }
    let mut tx = app.store().write().await?;
    tx.note_sandbox_use(partner, now).await?;
    tx.commit().await
}

/// Disables partners that signed up and have not been used for 90 days.
///
/// # Errors
/// The store cannot be used.
pub async fn disable_unused(app: &App) -> Result<(), StoreError> {
    let now = app.trusted_time().now();
    if !app.store().read().await?.is_any_sandbox_unused(now - UNUSED).await? {
        return Ok(());
    }
    let mut tx = app.store().write().await?;
    let disabled = tx.disable_unused_sandboxes(now - UNUSED, now).await?;
    tx.commit().await?;
    app.active_partners().clear();
    tracing::info!(disabled, "disabled unused sandbox partners");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_say_that_they_are_of_the_sandbox() {
        assert_eq!(parse_name(" Dana & Co. ").as_deref(), Ok("Dana & Co. (sandbox)"));
        for bad in ["", "  ", "\u{3164}\u{115f}", &"a".repeat(61)] {
            assert_eq!(parse_name(bad), Err(NameError::Length), "{bad:?}");
        }
        for (bad, other) in [("<b>", '<'), ("a\nb", '\n'), ("Bank (real)", '('), ("\u{202e}knaB", '\u{202e}')] {
            assert_eq!(parse_name(bad), Err(NameError::Character(other)), "{bad:?}");
        }
    }

    #[test]
    fn names_do_not_contain_that_of_the_software() {
        for bad in ["Tenure", "TENURE", "t e n u r e", "Tenure Support", "t-e-n-u-r-e", "The.Tenure"] {
            assert_eq!(parse_name(bad), Err(NameError::Reserved), "{bad:?}");
        }
        assert!(parse_name("Tenured Staff").is_ok());
    }
}
