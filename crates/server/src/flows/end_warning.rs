//! Warns people by mail a day before something of theirs ends: links that they have not answered, documents of a wallet that was
//! not kept, and shares.
//!
//! A person gets one mail a day, which lists all that ends before the next one could warn of it. People are told apart by
//! their address: a link that nobody has opened is mailed to the one that its partner named, everything else to the account's.

use std::time::Duration;

use uuid::Uuid;

use super::account;
use super::recipient_mail::recipient_label;
use crate::app::App;
use crate::mail::texts::{self, Ending, EndingKind, Offer};
use crate::outbox::{OutboxMessage, Routing};
use ambient::Timestamp;
use store::domain::submission::{State, Submission};
use store::{EndingDocuments, EndingLink, EndingShare, Holder, OutboxItem, StoreError, Tx, Warned, day};

/// How many people one transaction warns.
const PEOPLE: i64 = 100;

const DAY: Duration = Duration::from_secs(86_400);

/// Mails everybody who has to be warned and was not yet.
///
/// # Errors
/// The store or the key ring cannot be used; who was not warned is warned by the next run.
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
                Err(error) => tracing::warn!(%error, "a person could not be warned; it is tried again"),
            }
        }
        if !write(app, &warnings, now).await? {
            return Ok(());
        }
    }
}

/// Stores warnings. False if another node is at it.
async fn write(app: &App, warnings: &[Warning], now: Timestamp) -> Result<bool, StoreError> {
    let mut tx = app.store().write().await?;
    if !tx.hold_warnings().await? {
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

/// One person's mail.
#[derive(Debug)]
struct Warning {
    /// Keyed hash of the address.
    person: Vec<u8>,
    /// What is warned of.
    of: Vec<Warned>,
    /// Links that were answered, or could not be mailed.
    answered: Vec<Uuid>,
    /// The mail; `None` if nothing ends.
    mail: Option<OutboxItem>,
}

impl Warning {
    /// Reads and composes what a person is warned of at `now`: everything that ends before the end of tomorrow, since the next
    /// mail may be sent at its beginning.
    async fn prepare(app: &App, person: Vec<u8>, now: Timestamp) -> Result<Self, StoreError> {
        let until = now.floor(DAY) + 2 * DAY;
        let mut tx = app.store().read().await?;
        let holder = tx.holder_by_email(&person).await?;
        let links = tx.ending_links(&person, now, until).await?;
        let (mut found, mut address) = (Found::default(), None);
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

/// What ends of a person.
#[derive(Debug, Default)]
struct Found {
    endings: Vec<Ending>,
    of: Vec<Warned>,
    answered: Vec<Uuid>,
}

impl Found {
    fn push(&mut self, ending: Ending, of: Warned) {
        self.endings.push(ending);
        self.of.push(of);
    }

    /// What is said of a link; `None` if it does not wait for this person any more, or could not be mailed.
    async fn link(
        &mut self,
        app: &App,
        tx: &mut Tx,
        link: &EndingLink,
        holder: Option<&Holder>,
    ) -> Result<Option<Ending>, StoreError> {
        // An address that the partner named counts until an account opens the link.
        let whose = if link.email.is_some() { None } else { holder.map(|holder| holder.id) };
        let waits = |item: &Submission| matches!(&item.state, State::Incomplete { holder, .. } if *holder == whose);
        let (partner, offer, address) = match tx.linked_submission(link.link, app.now()).await? {
            Some(item) if waits(&item) => {
                let document_type = item.document_type.as_deref();
                let address = app.links().push(item.credential_type, item.partner_id, item.id, document_type);
                (item.partner_id, Offer::One(item.credential_type.title), address)
            }
            _ => match tx.linked_batch(link.link, app.now()).await? {
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

/// The mail about `endings`, the first to end first. It is of use until the last of them has ended.
async fn compose(app: &App, to: String, endings: &mut [Ending]) -> Result<OutboxItem, StoreError> {
    endings.sort_by_key(|ending| ending.at);
    let expires_at = endings.last().map(|last| last.at);
    let mail = texts::ends(app.config().base(), to, endings);
    let routing = Routing { partner: None, request: None, expires_at };
    app.outbox().seal(&OutboxMessage::Mail(mail), routing).await
}
