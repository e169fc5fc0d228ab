//! Metrics in OpenMetrics text: counters and durations without personal data.

use std::sync::OnceLock;
use std::time::Duration;

use axum::http::StatusCode;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use tracing_appender::non_blocking::ErrorCounter;

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RouteLabels {
    route: String,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OutcomeLabels {
    outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct MailErrorLabels {
    phase: &'static str,
    code: u16,
}

/// All metrics of the server.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<RouteLabels, Counter>,
    durations: Histogram,
    submissions: Family<OutcomeLabels, Counter>,
    credentials: Family<OutcomeLabels, Counter>,
    sign_ins: Family<OutcomeLabels, Counter>,
    shares: Family<OutcomeLabels, Counter>,
    presentations: Family<OutcomeLabels, Counter>,
    verifications: Family<OutcomeLabels, Counter>,
    outgoing: Family<OutcomeLabels, Counter>,
    mail_errors: Family<MailErrorLabels, Counter>,
    /// 1 while the mail server fails.
    pub mail_failing: Gauge,
    documents: Family<OutcomeLabels, Counter>,
    deliveries: Family<OutcomeLabels, Counter>,
    destroyed_keys: Counter,
    clock_ahead: Gauge,
    /// Things that wait to be sent.
    pub outbox: Gauge,
    log_lines_dropped: Counter,
    log: OnceLock<ErrorCounter>,
}

impl Default for Metrics {
    fn default() -> Self {
        // From a quarter of a millisecond to eight seconds, doubling.
        let durations = Histogram::new((0..16).map(|power| 0.000_25 * f64::from(1 << power)));
        let mut metrics = Self {
            registry: Registry::with_prefix("tenure"),
            requests: Family::default(),
            durations,
            submissions: Family::default(),
            credentials: Family::default(),
            sign_ins: Family::default(),
            shares: Family::default(),
            presentations: Family::default(),
            verifications: Family::default(),
            outgoing: Family::default(),
            mail_errors: Family::default(),
            mail_failing: Gauge::default(),
            documents: Family::default(),
            deliveries: Family::default(),
            destroyed_keys: Counter::default(),
            clock_ahead: Gauge::default(),
            outbox: Gauge::default(),
            log_lines_dropped: Counter::default(),
            log: OnceLock::new(),
        };
        let registry = &mut metrics.registry;
        registry.register("requests", "Requests answered, by route template and status", metrics.requests.clone());
        registry.register_with_unit("request_duration", "Time to answer", Unit::Seconds, metrics.durations.clone());
        registry.register("credentials", "Signed credentials, by what happened to them", metrics.credentials.clone());
        registry.register("submissions", "Submissions, by what happened to them", metrics.submissions.clone());
        registry.register("sign_ins", "Sign-ins of people, by outcome", metrics.sign_ins.clone());
        let presentations = metrics.presentations.clone();
        registry.register("presentations", "Questions to outside wallets, by what happened to them", presentations);
        registry.register("shares", "Links for hirers, by what happened to them", metrics.shares.clone());
        let verifications = metrics.verifications.clone();
        registry.register("verifications", "Verification requests, by what happened to them", verifications);
        registry.register("outgoing", "What the outbox sent, by outcome", metrics.outgoing.clone());
        let mail_errors = metrics.mail_errors.clone();
        registry.register("mail_errors", "Failed attempts to send a mail, by SMTP phase and status code", mail_errors);
        registry.register("mail_failing", "Whether the mail server fails", metrics.mail_failing.clone());
        registry.register("documents", "Documents, by what happened to them", metrics.documents.clone());
        registry.register("deliveries", "Attempts to tell webhooks, by outcome", metrics.deliveries.clone());
        registry.register(
            "ring_keys_destroyed",
            "Ring keys destroyed because their time was over",
            metrics.destroyed_keys.clone(),
        );
        let clock_ahead = metrics.clock_ahead.clone();
        registry.register_with_unit(
            "clock_ahead",
            "By how much the clock is ahead of retention",
            Unit::Seconds,
            clock_ahead,
        );
        registry.register("outbox_length", "Things that wait to be sent", metrics.outbox.clone());
        registry.register(
            "log_lines_dropped",
            "Log lines that were dropped because standard error was not read fast enough",
            metrics.log_lines_dropped.clone(),
        );
        metrics
    }
}

impl Metrics {
    /// Counts an answered request.
    pub fn request(&self, route: &str, status: StatusCode, elapsed: Duration) {
        self.requests.get_or_create(&RouteLabels { route: route.to_owned(), status: status.as_u16() }).inc();
        self.durations.observe(elapsed.as_secs_f64());
    }

    /// Counts what happened to submissions: created, existing, refused, accepted, declined, expired, removed.
    pub fn submissions(&self, outcome: &'static str, count: u64) {
        self.submissions.get_or_create(&OutcomeLabels { outcome }).inc_by(count);
    }

    /// Counts signed credentials: issued, deferred.
    pub fn credentials(&self, outcome: &'static str, count: u64) {
        self.credentials.get_or_create(&OutcomeLabels { outcome }).inc_by(count);
    }

    /// Counts a sign-in: code_sent, code, passkey, refused; console, console_passkey, console_refused.
    pub fn sign_in(&self, outcome: &'static str) {
        self.sign_ins.get_or_create(&OutcomeLabels { outcome }).inc();
    }

    /// Counts what happened to links for hirers: made, viewed, updated, revoked, refused.
    pub fn shares(&self, outcome: &'static str) {
        self.shares.get_or_create(&OutcomeLabels { outcome }).inc();
    }

    /// Counts what happened to questions to outside wallets: asked, answered, refused, declined, rejected, finished.
    pub fn presentations(&self, outcome: &'static str) {
        self.presentations.get_or_create(&OutcomeLabels { outcome }).inc();
    }

    /// Counts what happened to verification requests: asked, verified, canceled, expired.
    pub fn verifications(&self, outcome: &'static str, count: u64) {
        self.verifications.get_or_create(&OutcomeLabels { outcome }).inc_by(count);
    }

    /// Counts an attempt to send a mail that failed, by the phase of the session and the mail server's status code (0: none).
    pub fn mail_error(&self, phase: &'static str, code: u16) {
        self.mail_errors.get_or_create(&MailErrorLabels { phase, code }).inc();
    }

    /// Counts what the outbox did: sent, failed, given_up, expired, obsolete.
    pub fn outgoing(&self, outcome: &'static str) {
        self.outgoing.get_or_create(&OutcomeLabels { outcome }).inc();
    }

    /// Counts what happened to a document: uploaded, fetched, failed, deleted, orphaned.
    pub fn documents(&self, outcome: &'static str) {
        self.documents.get_or_create(&OutcomeLabels { outcome }).inc();
    }

    /// Counts what became of an attempt to deliver to a webhook: delivered, failed, refused (its address), given_up.
    pub fn deliveries(&self, outcome: &'static str) {
        self.deliveries.get_or_create(&OutcomeLabels { outcome }).inc();
    }

    /// Notes by how much the clock is ahead of the time by which data is destroyed.
    pub fn clock_ahead(&self, by: Duration) {
        self.clock_ahead.set(i64::try_from(by.as_secs()).unwrap_or(i64::MAX));
    }

    /// Counts destroyed ring keys.
    pub fn destroyed_keys(&self, count: u64) {
        self.destroyed_keys.inc_by(count);
    }

    /// Exports what `log` counts as `log_lines_dropped`.
    pub fn count_dropped_log_lines(&self, log: ErrorCounter) {
        // There is one log for a process; whoever comes first has it.
        let _ = self.log.set(log);
    }

    /// The text that `/metrics` answers.
    pub fn encode(&self) -> String {
        let dropped = self.log.get().map_or(0, |log| log.dropped_lines() as u64);
        self.log_lines_dropped.inc_by(dropped.saturating_sub(self.log_lines_dropped.get()));
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("writing into a string does not fail");
        text
    }
}
