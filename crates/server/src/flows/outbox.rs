//! Sends the mail in the outbox and carries out its other messages: at least once, with retries and
//! backoff, until they expire. A key's destruction never expires, because deleted data is gone only
//! once its key is destroyed.
//!
//! Each lane has its own sender with a number of slots. A slot is refilled as soon as it is free,
//! so a slow message delays no other. The transaction that claims the next messages also records
//! the outcomes of finished attempts. Mails whose recipient's domain has its share of the sessions
//! are put back, so that slow domains do not fill the slots.
//!
//! Claims, leases and backoffs follow the clock, as the due times of new messages do. Messages
//! expire by the trusted time, and [`crate::flows::due_times`] repairs what a wrong clock has
//! postponed.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use uuid::Uuid;

use crate::app::App;
use crate::email::Email;
use crate::flows;
use crate::mail::{DomainShares, Mail, SendError, Session, SmtpError, Turn};
use crate::outbox::{Lane, OutboxMessage};
use crate::sandbox;
use ambient::{Backoff, Timestamp};
use store::{OutboxItem, StoreError, Tx, Undelivered};

/// Lease of a claimed message: it is due again after this time unless its outcome was recorded.
/// Must exceed the time that sending takes.
const LEASE: Duration = Duration::from_secs(60);
/// Maximum number of concurrent sandbox actions, key destructions and share updates, each.
const OTHER_PLACES: usize = 2;
const CODE_RETRIES: Backoff = Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(15) };
const RETRIES: Backoff = Backoff { first: Duration::from_secs(4), longest: Duration::from_secs(512) };
/// Longest time for which a link waits for the turn of its domain.
const LONGEST_TURN: Duration = Duration::from_secs(120);

/// Returns the maximum number of concurrent attempts of a lane. Codes have three quarters of the
/// mail sessions reserved.
fn places(app: &App, lane: Lane) -> usize {
    let sessions = usize::try_from(app.config().mail.connections).unwrap_or(usize::MAX);
    match lane {
        Lane::Code => (sessions - sessions / 4).max(1),
        Lane::Mail => (sessions / 4).max(1),
        Lane::Sandbox | Lane::Key | Lane::Share => OTHER_PLACES,
    }
}

/// The outcome of an attempt.
#[derive(Debug)]
enum AttemptOutcome {
    /// Sent, or performed.
    Done,
    /// The recipient is permanently rejected.
    Refused(String),
    /// It has expired, or can no longer be decrypted.
    Expired,
    /// The link in the mail was decided or withdrawn before it was sent.
    Obsolete,
    /// Not tried: it has its turn at this time.
    PutBack(Timestamp),
    /// A temporary error.
    Later(String),
    /// The mail server deferred it.
    Deferred(SmtpError),
    /// The mail server fails.
    RelayFails(SmtpError),
}

/// A finished attempt.
#[derive(Debug)]
struct Attempt {
    item: OutboxItem,
    outcome: AttemptOutcome,
}

/// Sends the messages of one lane.
#[derive(Debug)]
pub struct LaneSender {
    app: App,
    lane: Lane,
    /// The partner whose message was claimed last. The next message is taken from the next partner
    /// in id order, so that partners take turns.
    last: Uuid,
    /// The sessions of its mails by domain.
    shares: Arc<DomainShares>,
    sending: JoinSet<Attempt>,
    /// Finished, but not recorded yet.
    ended: Vec<Attempt>,
}

impl LaneSender {
    pub fn new(app: &App, lane: Lane) -> Self {
        let longest = if lane == Lane::Code { CODE_RETRIES.longest } else { LONGEST_TURN };
        let shares = DomainShares::new(places(app, lane), longest);
        Self { app: app.clone(), lane, last: Uuid::nil(), shares, sending: JoinSet::new(), ended: Vec::new() }
    }

    /// Returns whether mails may be waiting for a session. They are put back once time has passed,
    /// so [`LaneSender::step`] is to be called soon.
    pub fn is_waiting(&self) -> bool {
        matches!(self.lane, Lane::Code | Lane::Mail) && self.sending.len() > self.shares.running()
    }

    /// Returns whether no attempt is running.
    pub fn is_idle(&self) -> bool {
        self.sending.is_empty()
    }

    /// Waits until an attempt has ended. Without a running attempt it waits forever.
    pub async fn attempt_ended(&mut self) {
        match self.sending.join_next().await {
            Some(Ok(attempt)) => self.ended.push(attempt),
            // The message is due again when its lease expires.
            Some(Err(error)) => tracing::error!(%error, "sending a message panicked"),
            None => std::future::pending().await,
        }
    }

    /// Records finished attempts and, if `takes_more`, starts attempts for due messages up to the
    /// limit. Returns the number of attempts started.
    ///
    /// # Errors
    /// The store cannot be used. The next call records the outcomes, and claimed messages are due
    /// again when their leases expire.
    pub async fn step(&mut self, takes_more: bool) -> Result<usize, StoreError> {
        while let Some(ended) = self.sending.try_join_next() {
            self.ended.extend(ended.ok());
        }
        self.shares.wake();
        let app = self.app.clone();
        let wanted = if takes_more { self.free_places() } else { 0 };
        let taken = app.store().cancel_on_disconnect(self.turn(wanted)).await?;
        for attempt in self.ended.drain(..) {
            count(&app, &attempt);
        }
        let begun = taken.len();
        for item in taken {
            self.last = item.partner_id;
            self.sending.spawn(attempt(app.clone(), self.lane, Arc::clone(&self.shares), item));
        }
        Ok(begun)
    }

    fn free_places(&self) -> usize {
        let free = places(&self.app, self.lane).saturating_sub(self.sending.len());
        match self.lane {
            Lane::Code | Lane::Mail => self.app.mailer().health().allows(free, self.sending.len(), self.app.now()),
            Lane::Sandbox | Lane::Key | Lane::Share => free,
        }
    }

    async fn turn(&self, wanted: usize) -> Result<Vec<OutboxItem>, StoreError> {
        let (app, lane, now) = (&self.app, self.lane.name(), self.app.now());
        // Usually nothing is due. Checking first avoids a write transaction that others would wait
        // for.
        let is_due = wanted > 0 && app.store().read().await?.is_outbox_due(lane, now).await?;
        if self.ended.is_empty() && !is_due {
            return Ok(Vec::new());
        }
        let mut tx = app.store().write().await?;
        for attempt in &self.ended {
            finish_attempt(&mut tx, self.lane, attempt, now).await?;
        }
        let (mut taken, mut last) = (Vec::new(), self.last);
        while is_due && taken.len() < wanted {
            let Some(item) = tx.take_from_outbox(lane, last, now, now + LEASE).await? else { break };
            last = item.partner_id;
            taken.push(item);
        }
        tx.commit().await?;
        Ok(taken)
    }
}

/// Sends messages until none is due. Returns the number of attempts.
///
/// # Errors
/// The store or the key ring cannot be used. Claimed messages stay in the outbox.
pub async fn send_due(app: &App) -> Result<usize, StoreError> {
    let mut tried = 0;
    for lane in Lane::ALL {
        let mut sender = LaneSender::new(app, lane);
        loop {
            let begun = sender.step(true).await?;
            tried += begun;
            if begun == 0 && sender.is_idle() {
                break;
            }
            while !sender.is_idle() {
                sender.attempt_ended().await;
            }
        }
    }
    Ok(tried)
}

/// Migrates messages of nodes that run the previous release, closes idle mail sessions, and updates
/// the metrics.
///
/// # Errors
/// The store cannot be used.
pub async fn maintain(app: &App) -> Result<(), StoreError> {
    app.mailer().close_idle();
    app.metrics().mail_failing.set(app.mailer().health().delivers_nothing().into());
    let mut tx = app.store().read().await?;
    app.metrics().outbox_pending.set(tx.outbox_length().await?);
    if !tx.is_old_outbox_due(app.now()).await? {
        return Ok(());
    }
    drop(tx);
    let mut tx = app.store().write().await?;
    tx.take_over_outbox(app.now()).await?;
    tx.commit().await?;
    app.outbox().wake();
    Ok(())
}

async fn attempt(app: App, lane: Lane, shares: Arc<DomainShares>, item: OutboxItem) -> Attempt {
    let tried = try_once(&app, lane, &shares, &item).await;
    let outcome = tried.unwrap_or_else(|error| AttemptOutcome::Later(error.to_string()));
    Attempt { item, outcome }
}

async fn try_once(
    app: &App,
    lane: Lane,
    shares: &Arc<DomainShares>,
    item: &OutboxItem,
) -> Result<AttemptOutcome, StoreError> {
    // An expired message is deleted, so a clock that has jumped ahead must not decide.
    let now = app.trusted_time().now();
    if item.expires_at.is_some_and(|at| at <= now) {
        return Ok(AttemptOutcome::Expired);
    }
    if let Some(request) = item.request_id
        && !app.store().read().await?.is_waiting(request, now).await?
    {
        return Ok(AttemptOutcome::Obsolete);
    }
    Ok(match app.outbox().open(item).await? {
        Some(message) => perform(app, shares, item, message).await,
        None if lane == Lane::Key => AttemptOutcome::Later("it cannot be decrypted".to_owned()),
        None => AttemptOutcome::Expired,
    })
}

async fn perform(app: &App, shares: &Arc<DomainShares>, item: &OutboxItem, message: OutboxMessage) -> AttemptOutcome {
    let done = match message {
        // Mail to sandbox users is dropped, which also prevents signing in as one of them.
        OutboxMessage::Code(mail) | OutboxMessage::Mail(mail)
            if Email::parse(&mail.to).is_some_and(|to| sandbox::is_address(&to)) =>
        {
            Ok(())
        }
        OutboxMessage::Code(mail) | OutboxMessage::Mail(mail) => {
            return match wait_for_turn(app, shares, item, &mail).await {
                Ok(session) => send(app, session, item.id, &mail).await,
                Err(until) => AttemptOutcome::PutBack(until),
            };
        }
        OutboxMessage::DestroyHolderKey(holder) => {
            app.keyring().destroy_holder_key(holder).await.map_err(|error| error.to_string())
        }
        OutboxMessage::SandboxAction(action) => flows::sandbox::act(app, &action).await.map_err(|error| error.detail),
        OutboxMessage::FollowShare { holder, share } => {
            flows::share::follow(app, share, holder).await.map(drop).map_err(|error| error.detail)
        }
    };
    done.map_or_else(AttemptOutcome::Later, |()| AttemptOutcome::Done)
}

/// Waits for a session for a mail. If it is put back instead, returns until when.
async fn wait_for_turn(
    app: &App,
    shares: &Arc<DomainShares>,
    item: &OutboxItem,
    mail: &Mail,
) -> Result<Session, Timestamp> {
    let (domain, is_retry, since) = (mail.domain(), item.attempts > 1, app.now());
    loop {
        let changed = shares.changed();
        match shares.ask(&domain, is_retry, since, app.now()) {
            Turn::Now(session) => return Ok(session),
            Turn::Later(until) => return Err(until),
            Turn::Wait => changed.await,
        }
        if app.mailer().health().is_failing() {
            return Err(app.now() + CODE_RETRIES.first);
        }
    }
}

async fn send(app: &App, session: Session, id: Uuid, mail: &Mail) -> AttemptOutcome {
    let begun = app.now();
    let sent = app.mailer().send(id, mail).await;
    if !matches!(sent, Err(SendError::Relay(_))) {
        session.ended(app.now());
    }
    mail_outcome(app, &mail.to, sent, begun)
}

fn mail_outcome(app: &App, to: &str, sent: Result<(), SendError>, begun: Timestamp) -> AttemptOutcome {
    let health = app.mailer().health();
    let error = match sent {
        Ok(()) => {
            health.delivered();
            return AttemptOutcome::Done;
        }
        Err(error) => error,
    };
    let text = error.to_string();
    match error {
        SendError::Refused(_) => {
            health.works();
            AttemptOutcome::Refused(text)
        }
        SendError::Deferred(trouble) => {
            health.deferred(to, &trouble);
            AttemptOutcome::Deferred(trouble)
        }
        SendError::Relay(trouble) => {
            health.failed(&trouble, begun, app.now());
            AttemptOutcome::RelayFails(trouble)
        }
        SendError::NotConfigured | SendError::Folder(_) => AttemptOutcome::Later(text),
    }
}

/// Records the outcome of an attempt at `now`.
async fn finish_attempt(tx: &mut Tx, lane: Lane, attempt: &Attempt, now: Timestamp) -> Result<(), StoreError> {
    let Attempt { item, outcome } = attempt;
    // One that has expired by a clock that is ahead waits as the others do.
    let end = item.expires_at.filter(|end| *end > now);
    let due_at = |again: Timestamp| end.map_or(again, |end| end.min(again));
    let undelivered = match outcome {
        AttemptOutcome::Done | AttemptOutcome::Obsolete => None,
        AttemptOutcome::Refused(_) => Some(Undelivered::RecipientRejected),
        AttemptOutcome::Expired => Some(Undelivered::Expired),
        AttemptOutcome::Later(_) | AttemptOutcome::Deferred(_) | AttemptOutcome::RelayFails(_) => {
            let retries = if lane == Lane::Code { CODE_RETRIES } else { RETRIES };
            return tx.put_off(item.id, due_at(now + retries.wait(item.attempts))).await;
        }
        AttemptOutcome::PutBack(until) => return tx.put_back(item.id, due_at(*until)).await,
    };
    tx.remove_from_outbox(item.id).await?;
    if let (Some(request), Some(reason)) = (item.request_id, undelivered) {
        tx.note_undelivered(request, reason, now).await?;
    }
    Ok(())
}

/// Counts and logs the outcome of an attempt.
fn count(app: &App, attempt: &Attempt) {
    let Attempt { item, outcome } = attempt;
    let (id, lane, attempts) = (item.id, &*item.lane, item.attempts);
    match outcome {
        AttemptOutcome::Done => {
            app.metrics().outbox_messages("sent");
            app.metrics().mail_failing.set(app.mailer().health().delivers_nothing().into());
        }
        AttemptOutcome::Refused(error) => {
            tracing::warn!(%id, lane, attempts, error, "gave up sending a message");
            app.metrics().outbox_messages("given_up");
        }
        AttemptOutcome::Expired => {
            tracing::warn!(%id, lane, attempts, "a message expired before it was sent");
            app.metrics().outbox_messages("expired");
        }
        AttemptOutcome::Obsolete => app.metrics().outbox_messages("obsolete"),
        AttemptOutcome::PutBack(_) => {}
        AttemptOutcome::Later(error) => {
            tracing::warn!(%id, lane, attempts, error, "sending a message failed; it will be retried");
            app.metrics().outbox_messages("failed");
        }
        AttemptOutcome::Deferred(trouble) => {
            tracing::warn!(%id, lane, attempts, error = %trouble, "sending a message failed; it will be retried");
            count_trouble(app, trouble);
        }
        // The mail server's health check has logged it, once for all mails.
        AttemptOutcome::RelayFails(trouble) => count_trouble(app, trouble),
    }
    if item.request_id.is_some() && matches!(outcome, AttemptOutcome::Refused(_) | AttemptOutcome::Expired) {
        app.deliveries_due().notify_one();
    }
}

fn count_trouble(app: &App, trouble: &SmtpError) {
    app.metrics().mail_error(trouble.phase.name(), trouble.code.unwrap_or_default());
    app.metrics().mail_failing.set(app.mailer().health().delivers_nothing().into());
    app.metrics().outbox_messages("failed");
}
