//! The sandbox: its test users, their reactions to a link, simulated events, and a clock.
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
use crate::flows::{account, consent, end_warning, expiry, standing_consent, versions};
use crate::outbox::{OutboxMessage, Routing};
use crate::sandbox::{self, Person, SandboxAction, SandboxUser};
use store::domain::share::Chosen;
use store::domain::verification::Verification;
use store::{Advanced, Announcement, AnnouncementKind, Partner};

/// Maximum number of pending submissions of a partner whose clock is advanced. Bounds how long
/// other writers wait.
const MAX_ADVANCED: i64 = 10_000;

/// Checks the address that a push is mailed to. An address of the sandbox must name one of its
/// users, and only sandbox partners may use it. A partner that signed up by email has no links
/// mailed to other people.
///
/// # Errors
/// 422 if not; or the store cannot be used.
pub async fn check_recipient(app: &App, partner: Uuid, email: Option<&str>) -> Result<(), Error> {
    match email {
        // Boxed because it is rare: otherwise its state would enlarge the future of every push.
        Some(address) => Box::pin(check_address(app, partner, address)).await,
        None => Ok(()),
    }
}

async fn check_address(app: &App, partner: Uuid, address: &str) -> Result<(), Error> {
    let Some(email) = Email::parse(address) else { return Ok(()) };
    if sandbox::is_address(&email) {
        return check_user(app, partner, address, "/notify/email").await;
    }
    if app.store().read().await?.may_mail(partner, &email.fingerprint(app.keyring())).await? {
        return Ok(());
    }
    Err(Error::invalid(vec![FieldError {
        pointer: "/notify/email".to_owned(),
        code: Code::SandboxRecipient,
        message: "Links are mailed only to sandbox users and to the address that you signed up with.".to_owned(),
        received: Some(address.chars().take(64).collect()),
        suggestion: None,
    }]))
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
        let delay = format!("For a delay of at most 24 hours, write one as in consents.5m@{}.", sandbox::DOMAIN);
        (Code::ChoiceUnknown, format!("Unknown sandbox user. The sandbox users are: {}. {delay}", known.join(", ")))
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
    let requested = tx.linked_verification(action.request, app.trusted_time().now()).await?;
    drop(tx);
    let Some(partner) = partner else { return Ok(()) };
    match action.user.person {
        Person::Expires => return expire_now(app, action).await,
        Person::Ignores => return Ok(()),
        _ => {}
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
    let person = action.user.person;
    if person == Person::StopsUpdates && Box::pin(is_update(app, action.request, holder)).await? {
        return Ok(());
    }
    match person {
        Person::Declines => drop(consent::decline(app, action.request, holder).await?),
        Person::Stranger | Person::Unconfirmed | Person::Expires | Person::Ignores => {}
        Person::Consents | Person::Deletes | Person::KeepsCurrent | Person::StopsUpdates => {
            let keeps_current = matches!(person, Person::KeepsCurrent | Person::StopsUpdates);
            for id in accept(app, action.request, holder, keeps_current).await? {
                match person {
                    Person::Deletes => consent::delete(app, id, holder, false).await?,
                    Person::StopsUpdates => standing_consent::end(app, holder, id).await?,
                    _ => {}
                }
            }
        }
    }
    Ok(())
}

/// Returns whether a submission behind the link names one in `replaces`.
async fn is_update(app: &App, link: Uuid, holder: Uuid) -> Result<bool, Error> {
    let Ok(linked) = consent::find(app, link, holder).await? else { return Ok(false) };
    for item in linked.items() {
        if versions::open(app, item).await?.is_some_and(|payload| payload.replaces.is_some()) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Accepts for a user who confirms every name and date of birth. Returns the ids of the
/// submissions behind the link, also if they were accepted before: a repeat of the action then
/// completes it.
async fn accept(app: &App, link: Uuid, holder: Uuid, keeps_current: bool) -> Result<Vec<Uuid>, Error> {
    let linked = consent::find(app, link, holder).await?;
    let ids: Vec<Uuid> = linked.iter().flat_map(Linked::items).map(|item| item.id).collect();
    let choice = || Choice {
        is_kept_current: keeps_current,
        confirmed_name: Some(Confirmation { reason: NameReason::Other, question: None }),
        confirmed_birth_date: Some(Confirmation { reason: BirthDateReason::Other, question: None }),
        ..Choice::default()
    };
    let choices: Choices = ids.iter().map(|id| (*id, choice())).collect();
    drop(consent::accept(app, link, holder, &choices, None).await?);
    Ok(ids)
}

/// Responds to a verification request. A user who consents shows everything requested from their
/// newest credential of the type, or cancels if they have none.
async fn answer_verification(app: &App, action: &SandboxAction, partner: &Partner, holder: Uuid) -> Result<(), Error> {
    let mut tx = app.store().write().await?;
    tx.bind_verification(action.request, holder, app.trusted_time().now()).await?;
    let bound = tx.linked_verification(action.request, app.trusted_time().now()).await?;
    tx.commit().await?;
    let Some(bound) = bound.filter(|bound| bound.is_open() && bound.holder == Some(holder)) else { return Ok(()) };
    let answer = match action.user.person {
        Person::Consents | Person::Deletes | Person::KeepsCurrent | Person::StopsUpdates => {
            newest_shown(app, partner, &bound, holder).await?
        }
        Person::Declines => HolderResponse::Canceled,
        Person::Stranger | Person::Unconfirmed | Person::Expires | Person::Ignores => return Ok(()),
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
    tx.expire_now(action.request, action.partner, app.trusted_time().now()).await?;
    tx.cut_verification_short(action.request, action.partner, app.trusted_time().now()).await?;
    tx.commit().await?;
    expiry::expire_submissions(app).await?;
    Ok(expiry::expire_verifications(app).await.map(drop)?)
}

#[derive(Clone, Debug)]
pub struct SimulatedEvent {
    /// The event's id, the same for every webhook.
    pub event_id: Uuid,
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
    check_sandbox(app, partner, "Events can be simulated by sandbox partners only.").await?;
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

/// Advances the clock of a sandbox partner: moves back by the period in `body` the times of its
/// pending submissions, open verification requests and delayed sandbox users. Then sends the
/// warnings and expires due ones, as the jobs do. The server's clock does not change.
///
/// Nothing gets more time by it, and epoch keys live as long as before, so data encrypted under
/// them is destroyed no later than it would have been.
///
/// # Errors
/// 403 if this is not a sandbox partner, which is checked before the body is parsed; 400 or 422 for
/// an invalid body; 409 if too much is pending; or the store cannot be used.
pub async fn advance(app: &App, partner: Uuid, body: &[u8]) -> Result<Advanced, Error> {
    check_sandbox(app, partner, "The clock can be advanced by sandbox partners only.").await?;
    let by = credential::parse_advance(body)?;
    let mut tx = app.store().write().await?;
    let Some(advanced) = tx.advance_requests(partner, by, app.trusted_time().now(), MAX_ADVANCED).await? else {
        let detail =
            format!("You have more than {MAX_ADVANCED} pending submissions. Withdraw some, or wait until they expire.");
        return Err(Error::new(Kind::Conflict, detail));
    };
    tx.commit().await?;
    app.outbox().wake();
    // Warnings are sent before anything expires.
    Box::pin(end_warning::send(app)).await?;
    expiry::expire_submissions(app).await?;
    expiry::expire_verifications(app).await?;
    Ok(advanced)
}

async fn check_sandbox(app: &App, partner: Uuid, refusal: &str) -> Result<(), Error> {
    let known = app.store().read().await?.partner(partner).await?;
    if known.is_some_and(|known| known.sandbox) {
        return Ok(());
    }
    let detail = format!("{refusal} Ask the operator for one (tenure partner add --sandbox).");
    Err(Error::new(Kind::Forbidden, detail))
}
