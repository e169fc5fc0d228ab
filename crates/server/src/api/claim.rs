//! The member `claim` of a push (ours): the link is mailed to the person, beside being answered to the partner. A person of
//! the sandbox gets no mail, and answers.
//!
//! The address is sealed in the outbox until the mail has left, and is kept nowhere else. The mail is stored with the
//! push, in its transaction: both or none.

use std::borrow::Cow;

use uuid::Uuid;

use super::push::Warning;
use crate::app::App;
use crate::email::Email;
use crate::error::Error;
use crate::mail::texts::{self, Offer};
use crate::outbox::OutboxMessage;
use crate::sandbox::{SandboxAction, SandboxUser};
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
        if let Some(user) = SandboxUser::parse(email.as_str())
            && partner.as_ref().is_some_and(|partner| partner.sandbox)
        {
            let action = SandboxAction { user, partner: wished.partner, request: wished.request };
            return Ok(Self {
                mail: Some(app.outbox().seal(&OutboxMessage::SandboxAction(action)).await?),
                warning: None,
            });
        }
        let partner = partner.map(|partner| partner.name).unwrap_or_default();
        if app.limits().links_per_address.check_global(&email.fingerprint(app.keyring())).await.is_err() {
            return Ok(Self { mail: None, warning: Some(LIMITED) });
        }
        let to = email.as_str().to_owned();
        let mail = texts::offered(to, &partner, wished.offer, wished.link, wished.until);
        Ok(Self { mail: Some(app.outbox().seal(&OutboxMessage::Mail(mail)).await?), warning: None })
    }
}
