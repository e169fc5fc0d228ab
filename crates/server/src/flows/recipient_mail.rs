//! The field `notify` of a push (an extension): mails the link to the holder. A sandbox user gets
//! no mail, but acts.
//!
//! The address is encrypted in the outbox until the mail is sent, and with the link until an
//! account opens it, so that the holder can be warned before it expires
//! ([`end_warning`](super::end_warning)). The mail is stored in the transaction of the push: both
//! or none.

use std::borrow::Cow;

use uuid::Uuid;

use super::warning::Warning;
use crate::app::App;
use crate::email::Email;
use crate::error::Error;
use crate::mail::texts::{self, Offer};
use crate::outbox::{OutboxMessage, Routing};
use crate::sandbox::{SandboxAction, SandboxUser};
use ambient::Timestamp;
use credential::encoding::sha256;
use store::{LinkRecipient, OutboxItem, Tx, WARNED_BEFORE};

/// The outbox message of a push.
#[derive(Debug, Default)]
pub struct RecipientMail {
    /// The mail, or the action of a sandbox user; `None` if nothing is sent.
    pub item: Option<OutboxItem>,
    /// Why nothing is sent although it was requested.
    pub warning: Option<Warning>,
    /// The recipient of the warning before the link expires.
    pub recipient: Option<LinkRecipient>,
}

/// A push whose link may be mailed.
#[derive(Clone, Copy, Debug)]
pub struct PushedLink<'a> {
    /// The holder's address, if the partner sent one.
    pub email: Option<&'a str>,
    pub partner: Uuid,
    /// The partner's id of the submission.
    pub credential_id: &'a str,
    /// What the mail offers.
    pub offer: Offer,
    /// The request: the link's `content`.
    pub request: Uuid,
    pub link: &'a str,
    /// When the link expires.
    pub until: Timestamp,
}

const LIMITED: Warning = Warning {
    code: "notify.rate_limited",
    message: Cow::Borrowed(
        "The link was not mailed: the hourly limit of mails to this address is reached. Deliver the link yourself.",
    ),
    place: String::new(),
};

/// For a push whose id already exists, and whose link was mailed or is still queued.
const EARLIER: Warning = Warning {
    code: "notify.already_sent",
    message: Cow::Borrowed(
        "You have already pushed this credential_id, so the link was not mailed again. Deliver it yourself.",
    ),
    place: String::new(),
};

impl RecipientMail {
    /// Prepares the mail for a push that is about to be stored.
    ///
    /// # Errors
    /// The store or the key ring cannot be used.
    pub async fn prepare(app: &App, pushed: PushedLink<'_>) -> Result<Self, Error> {
        match pushed.email {
            // Boxed because it is rare: otherwise its state would enlarge the future of every push.
            Some(email) => Box::pin(Self::prepare_for(app, email, pushed)).await,
            None => Ok(Self::default()),
        }
    }

    async fn prepare_for(app: &App, email: &str, pushed: PushedLink<'_>) -> Result<Self, Error> {
        let email = Email::parse(email).ok_or_else(|| Error::internal("a validated email address cannot be parsed"))?;
        let (mut tx, now) = (app.store().read().await?, app.trusted_time().now());
        let exists = match tx.current_submission(pushed.partner, pushed.credential_id, now).await? {
            Some(earlier) => !earlier.may_be_replaced(now),
            None => {
                let earlier = tx.current_batch(pushed.partner, pushed.credential_id, now).await?;
                earlier.is_some_and(|earlier| !earlier.may_be_replaced(now))
            }
        };
        // A repeated push does not count against the recipient's rate limit.
        if exists {
            return Ok(Self::default());
        }
        drop(tx);
        Self::compose(app, &email, pushed).await
    }

    /// Composes the mail, or the action of a sandbox user.
    async fn compose(app: &App, email: &Email, pushed: PushedLink<'_>) -> Result<Self, Error> {
        let partner = app.store().read().await?.partner(pushed.partner).await?;
        let routing =
            Routing { partner: Some(pushed.partner), request: Some(pushed.request), expires_at: Some(pushed.until) };
        if let Some(user) = SandboxUser::parse(email)
            && partner.as_ref().is_some_and(|partner| partner.sandbox)
        {
            let action = SandboxAction { user, partner: pushed.partner, request: pushed.request };
            // No mail is sent, so it cannot be undeliverable.
            let routing = Routing { request: None, ..routing };
            let item = app.outbox().seal(&OutboxMessage::SandboxAction(action), routing).await?;
            return Ok(Self { item: Some(item), ..Self::default() });
        }
        let partner = partner.map(|partner| partner.name).unwrap_or_default();
        let recipient = sha256(&[&pushed.partner.as_bytes()[..], &email.fingerprint(app.keyring())].concat());
        if app.limits().links_per_recipient.check_global(&recipient).await.is_err() {
            return Ok(Self { warning: Some(LIMITED), ..Self::default() });
        }
        let to = email.as_str().to_owned();
        let mail = texts::offered(to, &partner, pushed.offer, pushed.link, pushed.until);
        let item = app.outbox().seal(&OutboxMessage::Mail(mail), routing).await?;
        Ok(Self { item: Some(item), warning: None, recipient: to_warn(app, email, pushed).await? })
    }

    /// Mails the link of a push that is already stored. Returns a warning if it is not mailed.
    ///
    /// # Errors
    /// The store or the key ring cannot be used.
    pub async fn send(app: &App, pushed: PushedLink<'_>) -> Result<Option<Warning>, Error> {
        let Some(email) = pushed.email else { return Ok(None) };
        let email = Email::parse(email).ok_or_else(|| Error::internal("a validated email address cannot be parsed"))?;
        let mail = Self::compose(app, &email, pushed).await?;
        if mail.item.is_some() {
            let mut tx = app.store().write().await?;
            mail.store(&mut tx, pushed.request).await?;
            tx.commit().await?;
            app.outbox().wake();
        }
        Ok(mail.warning)
    }

    /// Mails the link of an earlier push again if it was undeliverable. Returns a warning if it is
    /// not mailed.
    ///
    /// # Errors
    /// The store or the key ring cannot be used.
    pub async fn repeat(app: &App, pushed: PushedLink<'_>) -> Result<Option<Warning>, Error> {
        let Some(email) = pushed.email else { return Ok(None) };
        let email = Email::parse(email).ok_or_else(|| Error::internal("a validated email address cannot be parsed"))?;
        let is_undelivered = app.store().read().await?.undelivered(pushed.request).await?.is_some();
        if !is_undelivered || pushed.until <= app.trusted_time().now() {
            return Ok(Some(EARLIER));
        }
        let mail = Self::compose(app, &email, pushed).await?;
        if mail.item.is_none() {
            return Ok(mail.warning);
        }
        let mut tx = app.store().write().await?;
        // A concurrent repeat may have been first.
        if !tx.forget_undelivered(pushed.request).await? {
            return Ok(Some(EARLIER));
        }
        mail.store(&mut tx, pushed.request).await?;
        tx.commit().await?;
        app.outbox().wake();
        Ok(None)
    }

    /// Stores the outbox message of a push that is already stored, and the recipient to warn before
    /// its `link` expires.
    async fn store(&self, tx: &mut Tx, link: Uuid) -> Result<(), Error> {
        if let Some(item) = &self.item {
            tx.add_to_outbox(item).await?;
        }
        if let Some(recipient) = &self.recipient {
            tx.note_link_recipient(link, recipient).await?;
        }
        Ok(())
    }
}

/// Returns the recipient to warn before the link expires; `None` if the lifetime of links is a day
/// or less.
async fn to_warn(app: &App, email: &Email, pushed: PushedLink<'_>) -> Result<Option<LinkRecipient>, Error> {
    if app.config().retention.incomplete <= WARNED_BEFORE {
        return Ok(None);
    }
    let sealed = app.keyring().seal(app.now(), &recipient_label(&pushed.request), email.as_str().as_bytes()).await?;
    let email_fingerprint = email.fingerprint(app.keyring()).to_vec();
    Ok(Some(LinkRecipient { email_fingerprint, expires_at: pushed.until, email: sealed }))
}

/// Binds the encrypted address of a link's recipient to the link.
pub(super) fn recipient_label(link: &Uuid) -> [&[u8]; 2] {
    [b"link-recipient", link.as_bytes()]
}
