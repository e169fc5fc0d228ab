//! The sandbox: its test users, their reactions to a link, and simulated events.
//!
//! Test users act through the same flows as holders, and only on requests of sandbox partners.

use credential::{BirthDateReason, Code, FieldError, NameReason};
use uuid::Uuid;

use crate::app::App;
use crate::email::Email;
use crate::error::{Error, Kind};
use crate::flows::consent::{Choice, Choices, Linked};
use crate::flows::names::Confirmation;
use crate::flows::verification_request::{self, DisclosureRecord, HolderResponse, RequestDetails};
use crate::flows::{account, consent, expiry};
use crate::outbox::{OutboxMessage, Routing};
use crate::sandbox::{self, Person, SandboxAction, SandboxUser};
use store::domain::share::Chosen;
use store::domain::verification::Verification;
use store::{Announcement, AnnouncementKind, Partner};

/// Checks the address that a push is mailed to. An address of the sandbox must name one of its
/// users, and only sandbox partners may use it.
///
/// # Errors
/// 422 if not; or the store cannot be used.
pub async fn check_recipient(app: &App, partner: Uuid, email: Option<&str>) -> Result<(), Error> {
    match email.filter(|address| Email::parse(address).is_some_and(|email| sandbox::is_address(&email))) {
        // Boxed because it is rare: otherwise its state would enlarge the future of every push.
        Some(address) => Box::pin(check_user(app, partner, address, "/notify/email")).await,
        None => Ok(()),
    }
}

/// Checks that `address`, at `pointer` in the body, names a sandbox user, and that `partner` may
/// use it.
///
/// # Errors
/// 422 if not; or the store cannot be used.
pub async fn check_user(app: &App, partner: Uuid, address: &str, pointer: &str) -> Result<(), Error> {
    let partner = app.store().read().await?.partner(partner).await?;
    let (code, message) = if !partner.is_some_and(|partner| partner.sandbox) {
        let message = "Sandbox users are available to sandbox partners only.";
        (Code::SandboxOnly, message.to_owned())
    } else if Email::parse(address).as_ref().and_then(SandboxUser::parse).is_none() {
        let known: Vec<String> = Person::ALL.into_iter().map(Person::address).collect();
        (Code::ChoiceUnknown, format!("Unknown sandbox user. The sandbox users are: {}.", known.join(", ")))
    } else {
        return Ok(());
    };
    let received = Some(address.chars().take(64).collect());
    Err(Error::invalid(vec![FieldError { pointer: pointer.to_owned(), code, message, received, suggestion: None }]))
}

/// Adds `action` to the outbox, for a request that is already stored. Adding it twice is harmless,
/// since actions are idempotent.
///
/// # Errors
/// The store or the key ring cannot be used.
pub async fn enqueue(app: &App, action: SandboxAction) -> Result<(), Error> {
    let expires_at = Some(app.now() + app.config().retention.epoch_key_lifetime());
    let routing = Routing { partner: Some(action.partner), request: None, expires_at };
    let item = app.outbox().seal(&OutboxMessage::SandboxAction(action), routing).await?;
    let mut tx = app.store().write().await?;
    tx.add_to_outbox(&item).await?;
    tx.commit().await?;
    app.outbox().wake();
    Ok(())
}

/// Performs `action`. Idempotent.
///
/// # Errors
/// The store or the key ring cannot be used.
pub async fn act(app: &App, action: &SandboxAction) -> Result<(), Error> {
    let mut tx = app.store().read().await?;
    let partner = tx.partner(action.partner).await?.filter(|partner| partner.sandbox);
    let requested = tx.linked_verification(action.request, app.now()).await?;
    drop(tx);
    let Some(partner) = partner else { return Ok(()) };
    if action.user.person == Person::Expires {
        return expire_now(app, action).await;
    }
    let address = Email::parse(&action.user.account(action.partner));
    let address = address.ok_or_else(|| Error::internal("a sandbox user has no address"))?;
    let holder = account::find_or_create(app, &address).await?.id;
    match requested {
        Some(_) => answer_verification(app, action, &partner, holder).await,
        None => answer_push(app, action, holder).await,
    }
}

async fn answer_push(app: &App, action: &SandboxAction, holder: Uuid) -> Result<(), Error> {
    consent::note_link_opened(app, action.request).await?;
    consent::open(app, action.request, holder).await?;
    match action.user.person {
        Person::Consents => {
            let choices = confirm_names(app, action.request, holder).await?;
            drop(consent::accept(app, action.request, holder, &choices).await?);
        }
        Person::Declines => drop(consent::decline(app, action.request, holder).await?),
        Person::Stranger | Person::Expires => {}
    }
    Ok(())
}

/// Confirms every name and date of birth, for a user who consents.
async fn confirm_names(app: &App, id: Uuid, holder: Uuid) -> Result<Choices, Error> {
    let linked = consent::find(app, id, holder).await?;
    let items = linked.as_ref().map(Linked::items).unwrap_or_default();
    let choice = || Choice {
        confirmed_name: Some(Confirmation { reason: NameReason::Other, question: None }),
        confirmed_birth_date: Some(Confirmation { reason: BirthDateReason::Other, question: None }),
        ..Choice::default()
    };
    Ok(items.iter().map(|item| (item.id, choice())).collect())
}

/// Responds to a verification request. A user who consents shows everything requested from their
/// newest credential of the type, or cancels if they have none.
async fn answer_verification(app: &App, action: &SandboxAction, partner: &Partner, holder: Uuid) -> Result<(), Error> {
    let mut tx = app.store().write().await?;
    tx.bind_verification(action.request, holder, app.now()).await?;
    let bound = tx.linked_verification(action.request, app.now()).await?;
    tx.commit().await?;
    let Some(bound) = bound.filter(|bound| bound.is_open() && bound.holder == Some(holder)) else { return Ok(()) };
    let answer = match action.user.person {
        Person::Consents => newest_shown(app, partner, &bound, holder).await?,
        Person::Declines => HolderResponse::Canceled,
        Person::Stranger | Person::Expires => return Ok(()),
    };
    verification_request::finish(app, &bound, answer).await?;
    Ok(())
}

async fn newest_shown(
    app: &App,
    partner: &Partner,
    bound: &Verification,
    holder: Uuid,
) -> Result<HolderResponse, Error> {
    let Some(asked) = verification_request::details(app, bound).await? else { return Ok(HolderResponse::Canceled) };
    let held = app.store().read().await?.held_submissions(holder).await?;
    let fitting = held.into_iter().filter(|held| held.stands() && held.credential_type == bound.credential_type);
    let Some(newest) = fitting.max_by_key(|held| held.created_at) else { return Ok(HolderResponse::Canceled) };
    // The empty JSON Pointer is the whole credential.
    let chosen = Chosen { submission: newest.id, places: [String::new()].into() };
    let result = verification_request::present(app, bound, &asked, (holder, &chosen)).await?;
    Ok(match result.map(Box::new) {
        Some(result) => {
            let record = Some(disclosure_record(partner, &asked, bound));
            HolderResponse::Presented { result, record, presentation: None }
        }
        None => HolderResponse::Canceled,
    })
}

/// Returns the record for the wallet, as after a response on the page.
fn disclosure_record(partner: &Partner, asked: &RequestDetails, bound: &Verification) -> DisclosureRecord {
    let is_asked = |name: &str| asked.claims.iter().any(|claim| claim == name);
    let shown = bound.credential_type.fields.iter().filter(|member| is_asked(member.name));
    DisclosureRecord {
        partner: partner.name.clone(),
        purpose: asked.purpose.clone(),
        title: bound.credential_type.title.to_owned(),
        shown: shown.map(|member| member.label.to_owned()).collect(),
    }
}

async fn expire_now(app: &App, action: &SandboxAction) -> Result<(), Error> {
    let mut tx = app.store().write().await?;
    tx.expire_now(action.request, action.partner, app.now()).await?;
    tx.cut_verification_short(action.request, action.partner, app.now()).await?;
    tx.commit().await?;
    expiry::expire_submissions(app).await?;
    Ok(expiry::expire_verifications(app).await.map(drop)?)
}

/// A simulated event.
#[derive(Clone, Debug)]
pub struct SimulatedEvent {
    /// The event's id, the same for every webhook.
    pub event_id: Uuid,
    /// The id of the request in the event.
    pub request_id: String,
    /// Number of the partner's webhooks that receive it.
    pub webhooks: usize,
}

/// Sends the event that `body` describes to `partner`'s webhooks. No request is looked up or
/// changed.
///
/// # Errors
/// 403 if this is not a sandbox partner, which is checked before the body is parsed; 400 or 422 for
/// an invalid body; or the store cannot be used.
pub async fn simulate(app: &App, partner: Uuid, body: &[u8]) -> Result<SimulatedEvent, Error> {
    let known = app.store().read().await?.partner(partner).await?;
    if !known.is_some_and(|known| known.sandbox) {
        let detail = "Events can be simulated by sandbox partners only. Ask the operator for one (tenure partner add \
            --sandbox).";
        return Err(Error::new(Kind::Forbidden, detail));
    }
    let event = credential::parse_simulation(body)?;
    let kind = AnnouncementKind::ALL.into_iter().find(|kind| kind.name() == event.kind);
    let kind = kind.ok_or_else(|| Error::internal("a validated event type is unknown"))?;
    let request_id = event.request_id.unwrap_or_else(|| app.id().to_string());
    let now = app.now();
    let announcement = Announcement {
        partner,
        kind,
        request_id: &request_id,
        credential_id: event.credential_id.as_deref(),
        at: now,
        told_at: now,
    };
    let event_id = announcement.event_id();
    let mut tx = app.store().write().await?;
    let registered = tx.webhooks(partner).await?;
    let webhooks =
        registered.iter().filter(|webhook| webhook.events.split(' ').any(|wanted| wanted == kind.name())).count();
    tx.announce(&[announcement]).await?;
    tx.commit().await?;
    app.deliveries_due().notify_one();
    Ok(SimulatedEvent { event_id, request_id, webhooks })
}
