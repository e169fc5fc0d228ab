//! Metrics in OpenMetrics text: counters and durations without personal data.

use std::sync::OnceLock;
use std::time::Duration;

use axum::http::{Method, StatusCode};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use tracing_appender::non_blocking::ErrorCounter;

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OutcomeLabels {
    outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct SettingLabels {
    setting: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct MailErrorLabels {
    phase: &'static str,
    code: u16,
}

/// Buckets double from a quarter of a millisecond to eight seconds.
fn duration_histogram() -> Histogram {
    Histogram::new((0..16).map(|power| 0.000_25 * f64::from(1 << power)))
}

/// Returns the method as a label. Clients can send any token as a method, so unknown ones share a
/// label.
pub fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        Method::PATCH => "PATCH",
        _ => "other",
    }
}

/// All metrics of the server.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    durations: Family<RequestLabels, Histogram, fn() -> Histogram>,
    submissions: Family<OutcomeLabels, Counter>,
    credentials: Family<OutcomeLabels, Counter>,
    sign_ins: Family<OutcomeLabels, Counter>,
    shares: Family<OutcomeLabels, Counter>,
    presentations: Family<OutcomeLabels, Counter>,
    /// Number of presentations signed by this server that it verified.
    pub own_presentations_verified: Counter,
    verifications: Family<OutcomeLabels, Counter>,
    outbox_messages: Family<OutcomeLabels, Counter>,
    mail_errors: Family<MailErrorLabels, Counter>,
    /// 1 while the mail server fails, otherwise 0.
    pub mail_failing: Gauge,
    /// Number of groups of files whose present content is invalid, so that earlier content is used.
    pub stale_files: Gauge,
    certificate_remaining: Family<SettingLabels, Gauge>,
    documents: Family<OutcomeLabels, Counter>,
    webhook_deliveries: Family<OutcomeLabels, Counter>,
    requests_not_logged: Counter,
    destroyed_keys: Counter,
    clock_ahead: Gauge,
    /// Number of messages waiting to be sent.
    pub outbox_pending: Gauge,
    log_lines_dropped: Counter,
    log: OnceLock<ErrorCounter>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("tenure"),
            requests: Family::default(),
            durations: Family::new_with_constructor(duration_histogram),
            submissions: Family::default(),
            credentials: Family::default(),
            sign_ins: Family::default(),
            shares: Family::default(),
            presentations: Family::default(),
            own_presentations_verified: Counter::default(),
            verifications: Family::default(),
            outbox_messages: Family::default(),
            mail_errors: Family::default(),
            mail_failing: Gauge::default(),
            stale_files: Gauge::default(),
            certificate_remaining: Family::default(),
            documents: Family::default(),
            webhook_deliveries: Family::default(),
            requests_not_logged: Counter::default(),
            destroyed_keys: Counter::default(),
            clock_ahead: Gauge::default(),
            outbox_pending: Gauge::default(),
            log_lines_dropped: Counter::default(),
            log: OnceLock::new(),
        };
        let registry = &mut metrics.registry;
        let requests = metrics.requests.clone();
        registry.register("http_requests", "HTTP responses, by method, route template and status", requests);
        registry.register_with_unit("http_request_duration", "Response time", Unit::Seconds, metrics.durations.clone());
        registry.register("credentials", "Signed credentials, by outcome", metrics.credentials.clone());
        registry.register("submissions", "Submissions, by outcome", metrics.submissions.clone());
        registry.register("sign_ins", "Sign-ins, by outcome", metrics.sign_ins.clone());
        let presentations = metrics.presentations.clone();
        registry.register("presentations", "Presentation requests to other wallets, by outcome", presentations);
        let (help, own) = ("Presentations of this server that it verified", metrics.own_presentations_verified.clone());
        registry.register("own_presentations_verified", help, own);
        registry.register("shares", "Shared links, by outcome", metrics.shares.clone());
        registry.register("verifications", "Verification requests, by outcome", metrics.verifications.clone());
        registry.register("outbox_messages", "Outbox messages, by outcome", metrics.outbox_messages.clone());
        let mail_errors = metrics.mail_errors.clone();
        registry.register("mail_errors", "Failed attempts to send a mail, by SMTP phase and status code", mail_errors);
        registry.register(
            "mail_failing",
            "1 while the mail server fails or delivers nothing",
            metrics.mail_failing.clone(),
        );
        let help = "Invalid files of keys, certificates or trusted issuers whose earlier content is in use";
        registry.register("stale_files", help, metrics.stale_files.clone());
        let (help, remaining) = ("Time until the operator's chain expires", metrics.certificate_remaining.clone());
        registry.register_with_unit("certificate_remaining", help, Unit::Seconds, remaining);
        registry.register("documents", "Documents, by outcome", metrics.documents.clone());
        let deliveries = metrics.webhook_deliveries.clone();
        registry.register("webhook_deliveries", "Webhook delivery attempts, by outcome", deliveries);
        let not_logged = metrics.requests_not_logged.clone();
        let help = "Requests missing in the request log: its memory was full";
        registry.register("request_log_dropped", help, not_logged);
        registry.register("epoch_keys_destroyed", "Destroyed expired epoch keys", metrics.destroyed_keys.clone());
        let clock_ahead = metrics.clock_ahead.clone();
        let help = "How far the clock is ahead of the time that retention uses";
        registry.register_with_unit("clock_ahead", help, Unit::Seconds, clock_ahead);
        registry.register("outbox_pending", "Outbox messages that wait to be sent", metrics.outbox_pending.clone());
        let dropped = metrics.log_lines_dropped.clone();
        registry.register("log_lines_dropped", "Log lines dropped because standard error was read too slowly", dropped);
        metrics
    }
}

impl Metrics {
    /// Counts a request whose response has been sent.
    pub fn request(&self, method: &Method, route: &str, status: StatusCode, elapsed: Duration) {
        let labels = RequestLabels { method: method_label(method), route: route.to_owned(), status: status.as_u16() };
        self.requests.get_or_create(&labels).inc();
        self.durations.get_or_create(&labels).observe(elapsed.as_secs_f64());
    }

    /// Counts submissions: created, existing, refused, accepted, declined, expired, removed.
    pub fn submissions(&self, outcome: &'static str, count: u64) {
        self.submissions.get_or_create(&OutcomeLabels { outcome }).inc_by(count);
    }

    /// Counts signed credentials: issued, deferred.
    pub fn credentials(&self, outcome: &'static str, count: u64) {
        self.credentials.get_or_create(&OutcomeLabels { outcome }).inc_by(count);
    }

    /// Counts a sign-in: code_sent, code, passkey, refused; console, console_passkey,
    /// console_refused.
    pub fn sign_in(&self, outcome: &'static str) {
        self.sign_ins.get_or_create(&OutcomeLabels { outcome }).inc();
    }

    /// Counts shared links: made, viewed, updated, revoked, refused.
    pub fn shares(&self, outcome: &'static str) {
        self.shares.get_or_create(&OutcomeLabels { outcome }).inc();
    }

    /// Counts presentation requests to other wallets: asked, answered, refused, declined, rejected,
    /// finished.
    pub fn presentations(&self, outcome: &'static str) {
        self.presentations.get_or_create(&OutcomeLabels { outcome }).inc();
    }

    /// Counts verification requests: asked, verified, canceled, expired.
    pub fn verifications(&self, outcome: &'static str, count: u64) {
        self.verifications.get_or_create(&OutcomeLabels { outcome }).inc_by(count);
    }

    /// Counts a failed attempt to send a mail, by the phase of the session and the mail server's
    /// status code (0: none).
    pub fn mail_error(&self, phase: &'static str, code: u16) {
        self.mail_errors.get_or_create(&MailErrorLabels { phase, code }).inc();
    }

    /// Counts outbox messages: sent, failed, given_up, expired, obsolete.
    pub fn outbox_messages(&self, outcome: &'static str) {
        self.outbox_messages.get_or_create(&OutcomeLabels { outcome }).inc();
    }

    /// Sets in how many seconds the operator's certificate chain expires, a negative number once it
    /// has expired. The metric is absent for `None`, without a chain.
    pub fn certificate_remaining(&self, seconds: Option<i64>) {
        let setting = "credentials.certificate_chain_file";
        match seconds {
            None => self.certificate_remaining.clear(),
            Some(seconds) => {
                self.certificate_remaining.get_or_create(&SettingLabels { setting }).set(seconds);
            }
        }
    }

    /// Counts documents: uploaded, fetched, failed, deleted, orphaned.
    pub fn documents(&self, outcome: &'static str) {
        self.documents.get_or_create(&OutcomeLabels { outcome }).inc();
    }

    /// Counts webhook delivery attempts: delivered, failed, refused (its address), given_up.
    pub fn webhook_deliveries(&self, outcome: &'static str) {
        self.webhook_deliveries.get_or_create(&OutcomeLabels { outcome }).inc();
    }

    /// Counts requests that are missing in the request log of their partner.
    pub fn requests_not_logged(&self, count: u64) {
        self.requests_not_logged.inc_by(count);
    }

    /// Sets how far the clock is ahead of the trusted time that retention uses.
    pub fn clock_ahead(&self, by: Duration) {
        self.clock_ahead.set(i64::try_from(by.as_secs()).unwrap_or(i64::MAX));
    }

    /// Counts destroyed epoch keys.
    pub fn destroyed_keys(&self, count: u64) {
        self.destroyed_keys.inc_by(count);
    }

    /// Exports the counter `log` as `log_lines_dropped`.
    pub fn count_dropped_log_lines(&self, log: ErrorCounter) {
        // A process has one log; the first caller sets it.
        let _ = self.log.set(log);
    }

    /// Returns the body of `/metrics`.
    pub fn encode(&self) -> String {
        let dropped = self.log.get().map_or(0, |log| log.dropped_lines() as u64);
        self.log_lines_dropped.inc_by(dropped.saturating_sub(self.log_lines_dropped.get()));
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("writing into a string does not fail");
        text
    }
}
