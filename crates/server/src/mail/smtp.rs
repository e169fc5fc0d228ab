//! SMTP: the sessions with one relay.
//!
//! Owns connecting, the order of commands, and the classification of errors: the relay fails, this
//! message is deferred, or the recipient is permanently rejected. A session that ends well is
//! reused for the next message.

use std::error::Error as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use lettre::transport::smtp::Error as LettreError;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, Tls, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use lettre::{Address, Message};

use super::error::{Phase, SendError, SmtpError};
use super::relay_url::{Protection, RelayUrl};
use super::reply::refuses_recipient;

/// Timeout of sending one message, from connecting to the relay's last response. Shorter than the
/// lease of an outbox message.
const SEND_TIMEOUT: Duration = Duration::from_secs(40);
/// Timeout of a TCP connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Time that a session is kept without a message. Relays close theirs after a few minutes.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);
/// Timeout of the relay's response to QUIT.
const QUIT_TIMEOUT: Duration = Duration::from_secs(5);

/// Connection to a relay. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Smtp(Arc<Relay>);

struct Relay {
    host: String,
    port: u16,
    tls: Tls,
    credentials: Option<Credentials>,
    hello: ClientId,
    idle: Mutex<Vec<(AsyncSmtpConnection, Instant)>>,
}

impl std::fmt::Debug for Relay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Relay").field("host", &self.host).field("port", &self.port).finish_non_exhaustive()
    }
}

impl Smtp {
    /// Creates the client of the relay at `address`, see `RelayUrl`. Trusts `authorities` in
    /// addition to the public certificate authorities.
    ///
    /// # Errors
    /// Describes why the address is invalid.
    pub fn new(address: &str, authorities: &[Certificate]) -> Result<Self, String> {
        let RelayUrl { host, port, protection, credentials, ehlo } = RelayUrl::parse(address)?;
        let parameters = || {
            let mut builder = TlsParameters::builder(host.clone());
            for authority in authorities {
                builder = builder.add_root_certificate(authority.clone());
            }
            builder.build().map_err(|error| format!("outbound.ca_file: {error}"))
        };
        let tls = match protection {
            Protection::Implicit => Tls::Wrapper(parameters()?),
            Protection::Required => Tls::Required(parameters()?),
            Protection::Opportunistic => Tls::Opportunistic(parameters()?),
            Protection::Plain => Tls::None,
        };
        Ok(Self(Arc::new(Relay {
            host,
            port,
            tls,
            credentials,
            hello: ehlo.map_or_else(ClientId::default, ClientId::Domain),
            idle: Mutex::default(),
        })))
    }

    /// Sends a message to its one recipient.
    ///
    /// # Errors
    /// See [`SendError`].
    pub async fn send(&self, message: &Message) -> Result<(), SendError> {
        let mut phase = Phase::Connect;
        match tokio::time::timeout(SEND_TIMEOUT, self.deliver(message, &mut phase)).await {
            Ok(sent) => sent,
            Err(_) => Err(of_phase(SmtpError { phase, code: None, detail: "timed out".to_owned() })),
        }
    }

    /// Opens a session and closes it.
    ///
    /// # Errors
    /// The step that failed.
    pub async fn probe(&self) -> Result<(), SmtpError> {
        let mut phase = Phase::Connect;
        match tokio::time::timeout(SEND_TIMEOUT, self.0.connect(&mut phase)).await {
            Ok(Ok(session)) => {
                quit(session);
                Ok(())
            }
            Ok(Err(error)) => Err(trouble(phase, &error)),
            Err(_) => Err(SmtpError { phase, code: None, detail: "timed out".to_owned() }),
        }
    }

    /// Closes the sessions that have been idle for too long.
    pub fn close_idle(&self) {
        let mut idle = self.0.idle();
        let (old, kept) = std::mem::take(&mut *idle).into_iter().partition(|(_, since)| since.elapsed() > IDLE_TIMEOUT);
        *idle = kept;
        drop(idle);
        let old: Vec<(AsyncSmtpConnection, Instant)> = old;
        old.into_iter().for_each(|(session, _)| quit(session));
    }

    async fn deliver(&self, message: &Message, phase: &mut Phase) -> Result<(), SendError> {
        let bytes = message.formatted();
        let mut session = self.0.begin(message, &bytes, phase).await.map_err(|error| failed(*phase, &error))?;
        let handed_over = hand_over(&mut session, message, &bytes, phase).await;
        match handed_over {
            Ok(()) => {
                self.0.idle().push((session, Instant::now()));
                Ok(())
            }
            Err(error) => {
                quit(session);
                Err(match (*phase, error.status()) {
                    (Phase::RcptTo, Some(code)) => rejected(u16::from(code), &error, message),
                    _ => failed(*phase, &error),
                })
            }
        }
    }
}

impl Relay {
    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<(AsyncSmtpConnection, Instant)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a session in which the relay has accepted the sender. Errors of a reused session are
    /// ignored, because the relay may have closed it; a new one is opened instead.
    async fn begin(
        &self,
        message: &Message,
        bytes: &[u8],
        phase: &mut Phase,
    ) -> Result<AsyncSmtpConnection, LettreError> {
        loop {
            let kept = self.idle().pop();
            let Some((mut session, since)) = kept else { break };
            *phase = Phase::MailFrom;
            if since.elapsed() < IDLE_TIMEOUT && mail_from(&mut session, message, bytes).await.is_ok() {
                return Ok(session);
            }
            quit(session);
        }
        *phase = Phase::Connect;
        let mut session = self.connect(phase).await?;
        *phase = Phase::MailFrom;
        mail_from(&mut session, message, bytes).await?;
        Ok(session)
    }

    async fn connect(&self, phase: &mut Phase) -> Result<AsyncSmtpConnection, LettreError> {
        let wrapper = if let Tls::Wrapper(parameters) = &self.tls { Some(parameters.clone()) } else { None };
        let server = (self.host.as_str(), self.port);
        let mut session =
            AsyncSmtpConnection::connect_tokio1(server, Some(CONNECT_TIMEOUT), &self.hello, wrapper, None).await?;
        let start_tls = match &self.tls {
            Tls::Required(parameters) => Some(parameters),
            Tls::Opportunistic(parameters) => Some(parameters).filter(|_| session.can_starttls()),
            Tls::None | Tls::Wrapper(_) => None,
        };
        if let Some(parameters) = start_tls {
            *phase = Phase::StartTls;
            session.starttls(parameters.clone(), &self.hello).await?;
        }
        if let Some(credentials) = &self.credentials {
            *phase = Phase::Auth;
            session.auth(&[Mechanism::Plain, Mechanism::Login], credentials).await?;
        }
        Ok(session)
    }
}

async fn mail_from(session: &mut AsyncSmtpConnection, message: &Message, bytes: &[u8]) -> Result<(), LettreError> {
    let mut parameters = Vec::new();
    let envelope = message.envelope();
    let is_ascii = |address: &Address| AsRef::<str>::as_ref(address).is_ascii();
    if !envelope.to().iter().chain(envelope.from()).all(is_ascii)
        && session.server_info().supports_feature(Extension::SmtpUtfEight)
    {
        parameters.push(MailParameter::SmtpUtfEight);
    }
    if !bytes.is_ascii() && session.server_info().supports_feature(Extension::EightBitMime) {
        parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    session.command(Mail::new(envelope.from().cloned(), parameters)).await.map(drop)
}

/// Performs the steps after MAIL FROM.
async fn hand_over(
    session: &mut AsyncSmtpConnection,
    message: &Message,
    bytes: &[u8],
    phase: &mut Phase,
) -> Result<(), LettreError> {
    *phase = Phase::RcptTo;
    for recipient in message.envelope().to() {
        session.command(Rcpt::new(recipient.clone(), Vec::new())).await?;
    }
    *phase = Phase::Data;
    session.command(Data).await?;
    session.message(bytes).await.map(drop)
}

/// Closes a session in the background.
fn quit(mut session: AsyncSmtpConnection) {
    tokio::spawn(async move { tokio::time::timeout(QUIT_TIMEOUT, session.abort()).await });
}

/// Classifies an error that is not a response to RCPT TO. Once the relay has accepted the sender,
/// an error is about this message: if the relay itself fails, the next connection shows it.
/// Otherwise messages that a relay rejects would delay all others.
fn failed(phase: Phase, error: &LettreError) -> SendError {
    of_phase(trouble(phase, error))
}

fn of_phase(trouble: SmtpError) -> SendError {
    match (trouble.phase, trouble.code) {
        (_, Some(421)) => SendError::Relay(trouble),
        (Phase::RcptTo | Phase::Data, _) => SendError::Deferred(trouble),
        _ => SendError::Relay(trouble),
    }
}

/// Classifies a negative response to RCPT TO.
fn rejected(code: u16, error: &LettreError, message: &Message) -> SendError {
    let trouble = trouble(Phase::RcptTo, error);
    let recipient = message.envelope().to().first().map(ToString::to_string).unwrap_or_default();
    let text = error.source().map(ToString::to_string).unwrap_or_default();
    if refuses_recipient(code, &text, &recipient) { SendError::Refused(trouble.to_string()) } else { of_phase(trouble) }
}

fn trouble(phase: Phase, error: &LettreError) -> SmtpError {
    let code = error.status().map(u16::from);
    let detail = if error.is_timeout() {
        "timed out".to_owned()
    } else if error.is_response() {
        "the connection was closed, or the response is not SMTP".to_owned()
    } else {
        error.to_string()
    };
    SmtpError { phase, code, detail: if code.is_some() { String::new() } else { detail } }
}
