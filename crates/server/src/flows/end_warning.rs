//! Warns people by mail a day before something of theirs ends: pending links, documents of
//! unclaimed wallets, and shares.
//!
//! A person gets at most one mail a day. It lists everything that ends before the next mail could
//! warn of it. People are identified by their address: the warning for an unopened link goes to the
//! address that the partner gave, all others to the account's address.

use uuid::Uuid;

use super::account;
use super::recipient_mail::recipient_label;
use crate::app::App;
use crate::mail::texts::{self, Ending, EndingKind, Offer};
use crate::outbox::{OutboxMessage, Routing};
use ambient::{DAY, Timestamp};
use store::domain::submission::{Submission, SubmissionState};
use store::{EndingDocuments, EndingLink, EndingShare, Holder, OutboxItem, StoreError, Tx, Warned, day};

/// Maximum number of people warned by one transaction.
const PEOPLE: i64 = 100;

/// Sends all due warnings that were not sent yet.
///
/// # Errors
/// The store or the key ring cannot be used. The next run sends the remaining warnings.
pub async fn send(app: &App) -> Result<(), StoreError> {
    let now = app.trusted_time().now();
    let mut after = Vec::new();
    loop {
        let people = app.store().read().await?.people_to_warn(&after, (now, day(now)), PEOPLE).await?;
        let Some(last) = people.last() else { return Ok(()) };
        after.clone_from(last);
        let mut warnings = Vec::with_capacity(people.len());
        for person in people {
            match Warning::prepare(app, person, now).await {
                Ok(warning) => warnings.push(warning),
                Err(error) => tracing::warn!(%error, "warning a person failed; it will be retried"),
            }
        }
        if !write(app, &warnings, now).await? {
            return Ok(());
        }
    }
}

/// Stores warnings. Returns false if another node is sending warnings.
async fn write(app: &App, warnings: &[Warning], now: Timestamp) -> Result<bool, StoreError> {
    let mut tx = app.store().write().await?;
    if !tx.lock_warnings().await? {
        return Ok(false);
    }
    for warning in warnings {
        for link in &warning.answered {
            tx.forget_link_recipient(*link).await?;
        }
        if let Some(mail) = &warning.mail
            && tx.note_warned(&warning.person, &warning.of, day(now)).await?
        {
            tx.add_to_outbox(mail).await?;
        }
    }
    tx.commit().await?;
    app.outbox().wake();
    Ok(true)
}

/// The warning of one person.
#[derive(Debug)]
struct Warning {
    /// Keyed hash of the address.
    person: Vec<u8>,
    /// Items that the mail warns of.
    of: Vec<Warned>,
    /// Links that are no longer pending, or whose mail was undeliverable.
    answered: Vec<Uuid>,
    /// The mail; `None` if nothing ends.
    mail: Option<OutboxItem>,
}

impl Warning {
    /// Composes the warning of a person at `now`. It covers everything that ends before the end of
    /// tomorrow: the next mail is sent tomorrow at the earliest, too late to warn of that a day
    /// ahead.
    async fn prepare(app: &App, person: Vec<u8>, now: Timestamp) -> Result<Self, StoreError> {
        let until = now.floor(DAY) + 2 * DAY;
        let mut tx = app.store().read().await?;
        let holder = tx.holder_by_email(&person).await?;
        let links = tx.ending_links(&person, now, until).await?;
        let (mut found, mut address) = (EndingItems::default(), None);
        for link in links {
            let Some(ending) = found.link(app, &mut tx, &link, holder.as_ref()).await? else { continue };
            found.push(ending, Warned::Link(link.link));
            address = address.or(link.email.map(|sealed| (link.link, sealed)));
        }
        if let Some(holder) = &holder {
            for documents in tx.ending_documents(holder.id, now, until, true).await? {
                let ending = documents_ending(&mut tx, &documents).await?;
                found.push(ending, Warned::Documents(documents.submission));
            }
            for share in tx.ending_shares(holder.id, now, until).await? {
                found.push(share_ending(&share), Warned::Share(share.share));
            }
        }
        drop(tx);
        let to = match (&holder, address) {
            _ if found.endings.is_empty() => None,
            (Some(holder), _) => Some(account::email(app, holder).await?),
            (None, Some((link, sealed))) => {
                let opened = app.keyring().open_sealed(&sealed, &recipient_label(&link)).await?;
                opened.map(|plain| String::from_utf8_lossy(&plain).into_owned())
            }
            (None, None) => None,
        };
        let mail = match to {
            Some(to) => Some(compose(app, to, &mut found.endings).await?),
            None => None,
        };
        Ok(Self { person, of: found.of, answered: found.answered, mail })
    }
}

/// Items of a person that end soon.
#[derive(Debug, Default)]
struct EndingItems {
    endings: Vec<Ending>,
    of: Vec<Warned>,
    answered: Vec<Uuid>,
}

impl EndingItems {
    fn push(&mut self, ending: Ending, of: Warned) {
        self.endings.push(ending);
        self.of.push(of);
    }

    /// Returns the entry for a link; `None` if it is no longer pending for this person, or its mail
    /// was undeliverable.
    async fn link(
        &mut self,
        app: &App,
        tx: &mut Tx,
        link: &EndingLink,
        holder: Option<&Holder>,
    ) -> Result<Option<Ending>, StoreError> {
        // The address that the partner gave is used until an account opens the link.
        let whose = if link.email.is_some() { None } else { holder.map(|holder| holder.id) };
        let waits =
            |item: &Submission| matches!(&item.state, SubmissionState::Incomplete { holder, .. } if *holder == whose);
        let (partner, offer, address) = match tx.linked_submission(link.link, app.trusted_time().now()).await? {
            Some(item) if waits(&item) => {
                let document_type = item.document_type.as_deref();
                let address = app.links().push(item.credential_type, item.partner_id, item.id, document_type);
                (item.partner_id, Offer::One(item.credential_type.title), address)
            }
            _ => match tx.linked_batch(link.link, app.trusted_time().now()).await? {
                Some(batch) if batch.items.iter().any(waits) => {
                    let count = batch.items.iter().filter(|item| waits(item)).count();
                    (batch.partner_id, Offer::Several(count), app.links().batch(batch.partner_id, batch.id))
                }
                _ => {
                    self.answered.push(link.link);
                    return Ok(None);
                }
            },
        };
        if link.email.is_some() && tx.undelivered(link.link).await?.is_some() {
            self.answered.push(link.link);
            return Ok(None);
        }
        let kind = EndingKind::Link { partner: partner_name(tx, partner).await?, offer, link: address };
        Ok(Some(Ending { at: link.ends_at, kind }))
    }
}

async fn documents_ending(tx: &mut Tx, documents: &EndingDocuments) -> Result<Ending, StoreError> {
    let (partner, title) = (partner_name(tx, documents.partner).await?, documents.credential_type.title);
    Ok(Ending { at: documents.ends_at, kind: EndingKind::Documents { partner, title } })
}

fn share_ending(share: &EndingShare) -> Ending {
    Ending { at: share.ends_at, kind: EndingKind::Share { created_at: share.created_at } }
}

async fn partner_name(tx: &mut Tx, partner: Uuid) -> Result<String, StoreError> {
    Ok(tx.partner(partner).await?.map(|partner| partner.name).unwrap_or_default())
}

/// Composes the mail about `endings`, sorted by time. It expires when the last of them has ended.
async fn compose(app: &App, to: String, endings: &mut [Ending]) -> Result<OutboxItem, StoreError> {
    endings.sort_by_key(|ending| ending.at);
    let expires_at = endings.last().map(|last| last.at);
    let mail = texts::ends(app.config().base(), to, endings);
    let routing = Routing { partner: None, request: None, expires_at };
    app.outbox().seal(&OutboxMessage::Mail(mail), routing).await
}
