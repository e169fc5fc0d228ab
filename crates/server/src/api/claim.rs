//! The member `claim` of a push (ours): the link is mailed to the person, beside being answered to the partner. A person of
//! the sandbox gets no mail, and answers.
//!
//! The address is sealed in the outbox until the mail has left, and is kept nowhere else. The mail is stored with the
//! push, in its transaction: both or none.

use std::borrow::Cow;

use credential::{Code, Fault};
use uuid::Uuid;

use super::push::Warning;
use crate::app::App;
use crate::auth::holder::Email;
use crate::error::Error;
use crate::jobs::Outgoing;
use crate::sandbox::{self, Person, Play, Player};
use crate::web::mails::{self, Offer};
use ambient::Timestamp;
use store::OutboxItem;

/// What a push has to send beside being stored.
#[derive(Debug, Default)]
pub struct Claim {
    /// The mail, or that the person answers, unless there is neither.
    pub mail: Option<OutboxItem>,
    /// Why there is none although one was wished for.
    pub warning: Option<Warning>,
}

/// What is to be mailed.
#[derive(Clone, Copy, Debug)]
pub struct Wished<'a> {
    /// To whom.
    pub email: Option<&'a str>,
    /// Who pushes.
    pub partner: Uuid,
    /// Under which id.
    pub credential_id: &'a str,
    /// What is offered.
    pub offer: Offer,
    /// What the link has as `content`.
    pub request: Uuid,
    /// Where the person finds it.
    pub link: &'a str,
    /// Until when.
    pub until: Timestamp,
}

const LIMITED: Warning = Warning {
    code: "claim.limited",
    message: Cow::Borrowed(
        "The link was not mailed: this address was sent as many within the hour as it may be. Hand the link over yourself.",
    ),
};

/// For a push whose id stands already.
pub const EARLIER: Warning = Warning {
    code: "claim.earlier",
    message: Cow::Borrowed(
        "You have pushed this credential_id before, and the link was not mailed again. Hand it over yourself.",
    ),
};

/// That an address of the sandbox is named by a sandbox partner, and is of somebody there.
///
/// # Errors
/// 422 if not; or the store cannot be used.
pub async fn check(app: &App, partner: Uuid, email: Option<&str>) -> Result<(), Error> {
    match email.filter(|address| sandbox::is_address(address)) {
        Some(address) => Box::pin(check_person(app, partner, address, "/claim/email")).await,
        None => Ok(()),
    }
}

/// That `address`, which stands at `pointer`, is of somebody in the sandbox, and that `partner` may name such people.
///
/// # Errors
/// 422 if not; or the store cannot be used.
pub async fn check_person(app: &App, partner: Uuid, address: &str, pointer: &str) -> Result<(), Error> {
    let partner = app.store().read().await?.partner(partner).await?;
    let (code, message) = if !partner.is_some_and(|partner| partner.sandbox) {
        let message = "People of the sandbox are played by the server, for sandbox partners alone.";
        (Code::SandboxOnly, message.to_owned())
    } else if Player::of(address).is_none() {
        let known: Vec<String> = Person::ALL.into_iter().map(Person::address).collect();
        (
            Code::ChoiceUnknown,
            format!("There is nobody of this name in the sandbox. The people there are: {}.", known.join(", ")),
        )
    } else {
        return Ok(());
    };
    let received = Some(address.chars().take(64).collect());
    Err(Error::invalid(vec![Fault { pointer: pointer.to_owned(), code, message, received, suggestion: None }]))
}

impl Claim {
    /// The mail for a push that is about to be stored.
    ///
    /// # Errors
    /// The store or the key ring cannot be used.
    pub async fn prepare(app: &App, wished: Wished<'_>) -> Result<Self, Error> {
        match wished.email {
            // In a box: a push without one would be moved about with room for it.
            Some(email) => Box::pin(Self::prepare_for(app, email, wished)).await,
            None => Ok(Self::default()),
        }
    }

    async fn prepare_for(app: &App, email: &str, wished: Wished<'_>) -> Result<Self, Error> {
        let email = Email::parse(email).ok_or_else(|| Error::internal("an address that was checked is none"))?;
        let (mut tx, now) = (app.store().read().await?, app.now());
        let stands = match tx.current_submission(wished.partner, wished.credential_id, now).await? {
            Some(earlier) => !earlier.may_be_replaced(now),
            None => {
                let earlier = tx.current_batch(wished.partner, wished.credential_id, now).await?;
                earlier.is_some_and(|earlier| !earlier.may_be_replaced(now))
            }
        };
        // Who repeats a push does not use up what its person may be mailed.
        if stands {
            return Ok(Self::default());
        }
        let partner = tx.partner(wished.partner).await?;
        drop(tx);
        if let Some(player) = Player::of(email.as_str())
            && partner.as_ref().is_some_and(|partner| partner.sandbox)
        {
            let play = Play { player, partner: wished.partner, request: wished.request };
            return Ok(Self { mail: Some(Outgoing::Play(play).sealed(app).await?), warning: None });
        }
        let partner = partner.map(|partner| partner.name).unwrap_or_default();
        if app.limits().links_per_address.check_with_others(app, &email.fingerprint(app)).await.is_err() {
            return Ok(Self { mail: None, warning: Some(LIMITED) });
        }
        let mail = mails::offered(&email, &partner, wished.offer, wished.link, wished.until);
        Ok(Self { mail: Some(Outgoing::Mail(mail).sealed(app).await?), warning: None })
    }
}
