//! A mail relay that fails in a chosen step.

use std::sync::{Arc, Mutex};

use rustls::ServerConfig;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

/// A step of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Greeting,
    Ehlo,
    StartTls,
    Handshake,
    Auth,
    MailFrom,
    RcptTo,
    Data,
    Content,
    /// After the mail is accepted: QUIT or the next command.
    Afterwards,
}

/// How TLS begins.
#[derive(Clone)]
pub enum Tls {
    None,
    Upgrade(Arc<ServerConfig>),
    Implicit(Arc<ServerConfig>),
}

#[derive(Default)]
struct RelayState {
    /// The failing step and its response; without one the connection is closed.
    fault: Option<(Step, Option<&'static str>)>,
    /// The recipients and texts of accepted mails, in order.
    accepted: Vec<(String, String)>,
    sessions: usize,
    /// Number of mails that have been held so far.
    held: usize,
    /// Number of failures set so far; sessions that began before the last one are closed.
    faults: usize,
}

/// A running relay.
#[derive(Clone)]
pub struct Relay {
    pub port: u16,
    state: Arc<Mutex<RelayState>>,
    /// Recipients that begin with `held` wait for this to change.
    released: watch::Sender<bool>,
}

impl Relay {
    pub async fn start(tls: Tls) -> Self {
        Self::listen(0, tls).await
    }

    pub async fn listen(port: u16, tls: Tls) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.expect("the port is free");
        let port = listener.local_addr().expect("an address").port();
        let relay = Self { port, state: Arc::default(), released: watch::Sender::new(false) };
        let accepting = relay.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (relay, tls) = (accepting.clone(), tls.clone());
                relay.state.lock().expect("no panic").sessions += 1;
                tokio::spawn(async move {
                    match tls {
                        Tls::Implicit(config) => {
                            let Ok(stream) = TlsAcceptor::from(config).accept(stream).await else { return };
                            relay.converse(BufReader::new(stream), false).await;
                        }
                        Tls::Upgrade(config) => {
                            let Some(stream) = relay.converse(BufReader::new(stream), true).await else { return };
                            if relay.fault(Step::Handshake).is_some() {
                                return;
                            }
                            let Ok(stream) = TlsAcceptor::from(config).accept(stream).await else { return };
                            relay.serve(BufReader::new(stream), false).await;
                        }
                        Tls::None => drop(relay.converse(BufReader::new(stream), false).await),
                    }
                });
            }
        });
        relay
    }

    /// Makes `step` fail with `response`, or by closing the connection, until the next call. Closes
    /// open sessions.
    pub fn fail(&self, fault: Option<(Step, Option<&'static str>)>) {
        let mut state = self.state.lock().expect("no panic");
        state.fault = fault;
        state.faults += usize::from(fault.is_some());
    }

    /// Releases the recipients that are held.
    pub fn release(&self) {
        self.released.send_replace(true);
    }

    /// Returns the number of mails that have been held so far.
    pub fn held(&self) -> usize {
        self.state.lock().expect("no panic").held
    }

    /// Returns the recipients and texts of the mails accepted since the last call.
    pub fn accepted(&self) -> Vec<(String, String)> {
        std::mem::take(&mut self.state.lock().expect("no panic").accepted)
    }

    /// Returns the number of connections so far.
    pub fn sessions(&self) -> usize {
        self.state.lock().expect("no panic").sessions
    }

    fn fault(&self, step: Step) -> Option<Option<&'static str>> {
        let fault = self.state.lock().expect("no panic").fault;
        fault.filter(|(failing, _)| *failing == step).map(|(_, response)| response)
    }

    async fn converse<S: AsyncRead + AsyncWrite + Unpin>(&self, mut stream: BufReader<S>, tls: bool) -> Option<S> {
        say(&mut stream, self.fault(Step::Greeting), "220 localhost ready").await?;
        self.serve(stream, tls).await
    }

    /// Responds to commands; returns the stream when TLS begins on it.
    async fn serve<S: AsyncRead + AsyncWrite + Unpin>(&self, mut stream: BufReader<S>, offers_tls: bool) -> Option<S> {
        let (mut recipient, mut line) = (String::new(), String::new());
        let faults = || self.state.lock().expect("no panic").faults;
        let known = faults();
        let mut is_done = false;
        loop {
            line.clear();
            let is_closed = stream.read_line(&mut line).await.ok()? == 0;
            if is_closed || faults() != known || (is_done && self.fault(Step::Afterwards).is_some()) {
                return None;
            }
            match line.split([' ', '\r']).next().unwrap_or_default() {
                "EHLO" if offers_tls => {
                    say(&mut stream, self.fault(Step::Ehlo), "250-localhost\r\n250-AUTH PLAIN\r\n250 STARTTLS").await?;
                }
                "EHLO" => say(&mut stream, self.fault(Step::Ehlo), "250-localhost\r\n250 AUTH PLAIN").await?,
                "STARTTLS" => {
                    let failed = self.fault(Step::StartTls);
                    say(&mut stream, failed, "220 go on").await?;
                    if failed.is_none() {
                        return Some(stream.into_inner());
                    }
                }
                "AUTH" => say(&mut stream, self.fault(Step::Auth), "235 welcome").await?,
                "MAIL" => say(&mut stream, self.fault(Step::MailFrom), "250 fine").await?,
                "RCPT" => {
                    line.split(['<', '>']).nth(1).expect("a recipient").clone_into(&mut recipient);
                    if recipient.starts_with("held") {
                        self.state.lock().expect("no panic").held += 1;
                        self.released.subscribe().wait_for(|released| *released).await.ok()?;
                    }
                    say(&mut stream, self.fault(Step::RcptTo), "250 fine").await?;
                }
                "DATA" => {
                    let failed = self.fault(Step::Data);
                    say(&mut stream, failed, "354 go on").await?;
                    if failed.is_some() {
                        continue;
                    }
                    let text = content(&mut stream).await?;
                    let failed = self.fault(Step::Content);
                    if failed.is_none() {
                        self.state.lock().expect("no panic").accepted.push((recipient.clone(), text));
                    }
                    say(&mut stream, failed, "250 accepted").await?;
                    is_done = true;
                }
                "QUIT" => return None,
                _ => say(&mut stream, None, "250 fine").await?,
            }
        }
    }
}

/// Sends the response of the failing step, or `usual`; `None` if the connection is to be closed.
async fn say<S: AsyncWrite + Unpin>(stream: &mut S, fault: Option<Option<&str>>, usual: &str) -> Option<()> {
    let line = match fault {
        Some(response) => response?,
        None => usual,
    };
    stream.write_all(format!("{line}\r\n").as_bytes()).await.ok()
}

/// Reads the message, up to the line with a single dot.
async fn content<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> Option<String> {
    let mut text = String::new();
    while !text.ends_with("\r\n.\r\n") {
        if stream.read_line(&mut text).await.ok()? == 0 {
            return None;
        }
    }
    Some(text)
}
