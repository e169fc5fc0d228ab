//! Why a mail was not sent.

/// Where a session had got to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Connecting, the greeting and EHLO; with `smtps` also TLS.
    Connect,
    /// STARTTLS and the TLS handshake.
    StartTls,
    /// AUTH.
    Auth,
    /// MAIL FROM.
    MailFrom,
    /// RCPT TO.
    RcptTo,
    /// DATA and the message.
    Data,
}

impl Phase {
    /// Its name in logs and metrics.
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

/// What went wrong in a session. It holds no text of the relay, which often repeats the recipient's address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// Where.
    pub phase: Phase,
    /// The relay's status code, if it responded.
    pub code: Option<u16>,
    /// What happened, if it did not.
    pub detail: String,
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.code {
            Some(code) => write!(f, "{}: status {code}", self.phase.name()),
            None => write!(f, "{}: {}", self.phase.name(), self.detail),
        }
    }
}

/// Something could not be sent. No text holds an address.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// It never will be: the recipient is refused for good, or the address is not one.
    #[error("refused: {0}")]
    Refused(String),
    /// This mail has to wait; others may be sent meanwhile.
    #[error("deferred: {0}")]
    Deferred(Trouble),
    /// The mail server fails, so every mail has to wait.
    #[error("the mail server fails: {0}")]
    Relay(Trouble),
    /// The server is public and has no transport for mail.
    #[error(
        "mail.transport is console, which prints sign-in codes; a server with https needs smtp://, smtps:// or dir:"
    )]
    NotConfigured,
    /// The mail cannot be written to the folder now.
    #[error("the mail folder: {0}")]
    Folder(std::io::Error),
}
