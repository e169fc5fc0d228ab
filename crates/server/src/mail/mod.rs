//! Mail: messages and their transports (SMTP, folder, terminal).
//!
//! Composes and sends messages. Requests never send one: messages go through the
//! [outbox](crate::outbox).

mod domains;
mod error;
mod folder;
mod health;
mod relay_url;
mod reply;
mod smtp;
pub mod texts;

use std::path::PathBuf;
use std::sync::Arc;

use lettre::Message;
use lettre::message::{Mailbox, SinglePart, header::ContentType};
use lettre::transport::smtp::client::Certificate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::config::Outbound;
use crate::outbound;
use smtp::Smtp;

pub use domains::{DomainShares, Session, Turn};
pub use error::{SendError, SmtpError};
pub use health::RelayHealth;

/// A message in the outbox, where it is encrypted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// The recipient's address.
    pub to: String,
    pub subject: String,
    /// The plain-text body.
    pub text: String,
}

impl Mail {
    /// Returns the domain of the recipient's address in lower case.
    pub fn domain(&self) -> String {
        self.to.rsplit_once('@').map_or_else(String::new, |(_, domain)| domain.to_lowercase())
    }
}

/// How messages are sent.
#[derive(Clone, Debug)]
pub enum Transport {
    /// Printed on standard output, for development.
    Console,
    /// Disabled: the server is public, and messages would be printed into its log.
    None,
    /// One `.eml` file per message in this folder.
    Folder(PathBuf),
    /// An SMTP server.
    Smtp(Smtp),
}

/// The result of a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    /// Messages are printed.
    Console,
    /// The folder is writable.
    Folder,
    /// The server would accept a message.
    Smtp,
}

/// Sends messages from one address. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Mailer {
    transport: Transport,
    from: Mailbox,
    health: Arc<RelayHealth>,
}

impl Mailer {
    /// Creates a mailer for the setting `transport` (`console`, `dir:FOLDER`, `smtp://..`,
    /// `smtps://..`) and the sender `from`.
    ///
    /// The certificate authorities of `outbound` are trusted in addition to the public ones.
    /// Messages are printed only if `may_print`.
    ///
    /// # Errors
    /// Describes the invalid setting.
    pub fn new(transport: &str, from: &str, outbound: &Outbound, may_print: bool) -> Result<Self, String> {
        let from = sender(from)?;
        let transport = match transport.split_once(':') {
            None if transport == "console" => {
                if may_print {
                    Transport::Console
                } else {
                    Transport::None
                }
            }
            Some(("dir", folder)) if folder.trim().is_empty() => {
                return Err("mail.transport dir: needs a folder, such as dir:/var/lib/tenure-mail".to_owned());
            }
            Some(("dir", folder)) => {
                folder::create(folder)
                    .map_err(|error| format!("the mail folder {folder} cannot be created: {error}"))?;
                Transport::Folder(folder.into())
            }
            Some(("smtp" | "smtps", _)) => {
                let authorities: Result<Vec<_>, _> = outbound::extra_authorities(outbound)?
                    .iter()
                    .map(|authority| Certificate::from_der(authority.to_vec()))
                    .collect();
                let authorities = authorities.map_err(|error| format!("outbound.ca_file: {error}"))?;
                let smtp = Smtp::new(transport, &authorities).map_err(|error| format!("mail.transport: {error}"))?;
                Transport::Smtp(smtp)
            }
            _ => return Err(unknown_transport(transport)),
        };
        Ok(Self { transport, from, health: Arc::default() })
    }

    /// Returns the health of the mail server.
    pub fn health(&self) -> &RelayHealth {
        &self.health
    }

    /// Sends `mail`. The Message-ID contains `id`, so that a repeated delivery can be recognised.
    ///
    /// # Errors
    /// See [`SendError`].
    pub async fn send(&self, id: Uuid, mail: &Mail) -> Result<(), SendError> {
        let message = self.compose(id, mail)?;
        match &self.transport {
            Transport::Console => {
                print_mail(mail);
                Ok(())
            }
            Transport::None => Err(SendError::NotConfigured),
            Transport::Folder(folder) => {
                folder::write(folder, id, &message.formatted()).await.map_err(SendError::Folder)
            }
            Transport::Smtp(smtp) => smtp.send(&message).await,
        }
    }

    /// Closes SMTP sessions that have been idle for too long.
    pub fn close_idle(&self) {
        if let Transport::Smtp(smtp) = &self.transport {
            smtp.close_idle();
        }
    }

    /// Tests the transport without sending a message. With SMTP this covers the greeting, TLS and
    /// authentication.
    ///
    /// # Errors
    /// Describes why no message could be sent. Contains no address.
    pub async fn probe(&self) -> Result<Probe, String> {
        match &self.transport {
            Transport::Console => Ok(Probe::Console),
            Transport::None => Err(SendError::NotConfigured.to_string()),
            Transport::Folder(folder) => {
                let probe = folder.join(".probe");
                let written = async {
                    tokio::fs::write(&probe, b"").await?;
                    tokio::fs::remove_file(&probe).await
                };
                written.await.map(|()| Probe::Folder).map_err(|error| format!("{}: {error}", folder.display()))
            }
            Transport::Smtp(smtp) => match smtp.probe().await {
                Ok(()) => Ok(Probe::Smtp),
                Err(trouble) => Err(format!("the server would not accept mail: {trouble}")),
            },
        }
    }

    fn compose(&self, id: Uuid, mail: &Mail) -> Result<Message, SendError> {
        let to: Mailbox = mail.to.parse().map_err(|_| SendError::Refused("the address is invalid".to_owned()))?;
        Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(&mail.subject)
            .message_id(Some(format!("<{id}@tenure>")))
            .singlepart(SinglePart::builder().header(ContentType::TEXT_PLAIN).body(mail.text.clone()))
            .map_err(|error| SendError::Refused(error.to_string()))
    }
}

#[expect(clippy::print_stdout, reason = "this transport is for a person at a terminal")]
fn print_mail(mail: &Mail) {
    println!("--- mail ---\nTo: {}\nSubject: {}\n\n{}\n------------", mail.to, mail.subject, mail.text);
}

fn sender(from: &str) -> Result<Mailbox, String> {
    let like = "such as Tenure <noreply@passport.example>";
    from.parse().map_err(|_| format!("mail.from must be an email address, {like}; it is '{from}'"))
}

fn unknown_transport(transport: &str) -> String {
    // The rest of the URL may contain a password.
    let way = transport.split(':').next().filter(|way| !way.contains('@')).unwrap_or("this value");
    format!("mail.transport must be console, dir:FOLDER, smtp://host:port or smtps://host:port, not '{way}'")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outbound() -> Outbound {
        crate::config::Config::load(None, [], &[]).expect("the default is good").outbound
    }

    #[tokio::test]
    async fn invalid_mailer_settings_are_rejected() {
        assert!(Mailer::new("console", "Tenure <a@b.example>", &outbound(), true).is_ok());
        assert!(Mailer::new("smtp://localhost:25", "a@b.example", &outbound(), true).is_ok());
        for (transport, from) in [
            ("console", "not an address"),
            ("carrier-pigeon", "a@b.example"),
            ("pigeon:coop", "a@b.example"),
            ("dir:", "a@b.example"),
            ("smpt://ada:secret@localhost", "a@b.example"),
            ("ada:secret@localhost:587", "a@b.example"),
            ("secret@localhost", "a@b.example"),
            ("smtp://ada:25?secret@localhost", "a@b.example"),
            ("smtp://localhost?tsl=required", "a@b.example"),
        ] {
            let error = Mailer::new(transport, from, &outbound(), true).expect_err(transport);
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[tokio::test]
    async fn directory_transport_writes_the_mail_to_a_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let mailer =
            Mailer::new(&format!("dir:{}", folder.path().display()), "Tenure <a@b.example>", &outbound(), true)
                .expect("settings are good");
        let mail =
            Mail { to: "ada@example.org".to_owned(), subject: "Your code".to_owned(), text: "123456".to_owned() };
        mailer.send(Uuid::nil(), &mail).await.expect("sent");
        let text = std::fs::read_to_string(folder.path().join(format!("{}.eml", Uuid::nil()))).expect("written");
        assert!(text.contains("To: ada@example.org") && text.contains("123456"), "{text}");
    }

    #[tokio::test]
    async fn recipients_with_line_breaks_are_rejected() {
        let mailer = Mailer::new("console", "a@b.example", &outbound(), true).expect("settings are good");
        let mail = Mail {
            to: "ada@example.org\r\nBcc: eve@example.org".to_owned(),
            subject: String::new(),
            text: String::new(),
        };
        assert!(matches!(mailer.send(Uuid::nil(), &mail).await, Err(SendError::Refused(_))));
    }
}
