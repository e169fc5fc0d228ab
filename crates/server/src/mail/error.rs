//! Errors of sending email.

/// The step of an SMTP session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Connecting, the greeting and EHLO; with `smtps` also the TLS handshake.
    Connect,
    /// STARTTLS and the TLS handshake.
    StartTls,
    Auth,
    MailFrom,
    RcptTo,
    /// DATA and the message.
    Data,
}

impl Phase {
    /// Returns the step's name in logs and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::StartTls => "starttls",
            Self::Auth => "auth",
            Self::MailFrom => "mail_from",
            Self::RcptTo => "rcpt_to",
            Self::Data => "data",
        }
    }
}

/// A failed step of a session. Contains no text from the relay, which often repeats the recipient's
/// address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmtpError {
    /// The step that failed.
    pub phase: Phase,
    /// The relay's status code, if it responded.
    pub code: Option<u16>,
    /// What happened, if the relay did not respond.
    pub detail: String,
}

impl std::fmt::Display for SmtpError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.code {
            Some(code) => write!(f, "{}: status {code}", self.phase.name()),
            None => write!(f, "{}: {}", self.phase.name(), self.detail),
        }
    }
}

/// A message could not be sent. No error text contains an address.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// Permanent: the recipient is rejected, or the address is invalid.
    #[error("refused: {0}")]
    Refused(String),
    /// Temporary, for this message only.
    #[error("deferred: {0}")]
    Deferred(SmtpError),
    /// Temporary, for all messages: the mail server fails.
    #[error("the mail server fails: {0}")]
    Relay(SmtpError),
    /// The server is public, and no mail transport is configured.
    #[error(
        "mail.transport is console, which prints sign-in codes; a server with https must use smtp://, smtps:// or dir:"
    )]
    NotConfigured,
    /// The message could not be written to the folder.
    #[error("the mail folder: {0}")]
    Folder(std::io::Error),
}
