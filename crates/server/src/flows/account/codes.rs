//! Sign-in with a six-digit code sent by mail.
//!
//! The responses prevent enumeration of accounts: they never reveal whether an address has one. An
//! account is created when its first code is used, so both cases look the same. Anyone can request
//! a code for any address, so a new request does not invalidate earlier codes. A code is valid only
//! in the browser that requested it; another browser has to request its own.
//!
//! Strangers cannot exhaust the limits of a holder. Each code has its own attempts, which only its
//! browser can use. A network gets codes from a reserve when other networks have exhausted the
//! limit of the address. The number of codes limits the number of guesses (brute force).

use std::net::IpAddr;

use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use super::holder::{self, find_or_create};
use crate::app::App;
use crate::auth::known_browser;
use crate::email::Email;
use crate::error::Error;
use crate::mail::Mail;
use crate::outbox::{OutboxMessage, Routing};
use ambient::Timestamp;
use credential::encoding::sha256;
use store::domain::submission::Sealed;
use store::{Holder, SignIn, StoreError};

/// The browser that requests or enters a code.
#[derive(Clone, Debug)]
pub struct CodeBrowser {
    /// Its network address.
    pub client: IpAddr,
    /// Its secret, if it has requested a code before.
    pub secret: Option<String>,
    /// Its tokens of accounts that it was signed in to before ([`known_browser`]).
    pub known: String,
}

impl CodeBrowser {
    fn hash(&self) -> Option<Vec<u8>> {
        self.secret.as_ref().map(|secret| sha256(secret.as_bytes()).to_vec())
    }

    /// Returns whether this browser requested the code of `sign_in`. Codes of the previous release
    /// name no browser and are valid in any.
    fn asked_for(&self, sign_in: &SignIn) -> bool {
        sign_in.browser_hash.is_none() || sign_in.browser_hash == self.hash()
    }

    /// Returns whether this browser requested the code of `sign_in`, and the code has attempts left
    /// and has not expired. Only then do the code's own attempts limit its guesses.
    fn waits_for(&self, sign_in: &SignIn, attempts: u32, now: Timestamp) -> bool {
        sign_in.browser_hash.is_some()
            && sign_in.browser_hash == self.hash()
            && sign_in.expires_at > now
            && sign_in.attempts < i64::from(attempts)
    }

    /// Returns the rate limit key for `address` and this browser's token of its account, if it has
    /// one.
    fn known_key(&self, app: &App, address: &[u8]) -> Option<[u8; 32]> {
        let token = known_browser::token(app.keyring(), address, &self.known)?;
        Some(sha256(&[address, token.as_bytes()].concat()))
    }

    /// Returns the rate limit key for `address` and this browser's network.
    fn pair_key(&self, address: &[u8]) -> [u8; 32] {
        sha256(&[address, self.client.to_string().as_bytes()].concat())
    }

    /// Returns the rate limit key for `address` and this browser's network block (/24 or /48): the
    /// allocation of one site (RFC 6177), or of a few customers of one provider.
    fn block_key(&self, address: &[u8]) -> [u8; 32] {
        sha256(&[address, b"/", self.network(24, 48).to_string().as_bytes()].concat())
    }

    /// Returns the rate limit key for `address` and the networks of this browser's provider (/16 or
    /// /32), the usual size of a registry's allocation.
    fn provider_key(&self, address: &[u8]) -> [u8; 32] {
        sha256(&[address, b"//", self.network(16, 32).to_string().as_bytes()].concat())
    }

    /// Returns this browser's network with a prefix of `v4` or `v6` bits.
    fn network(&self, v4: u32, v6: u32) -> IpAddr {
        match self.client {
            IpAddr::V4(client) => IpAddr::V4((u32::from(client) & (u32::MAX << (32 - v4))).into()),
            IpAddr::V6(client) => IpAddr::V6((u128::from(client) & (u128::MAX << (128 - v6))).into()),
        }
    }
}

/// A code that was sent.
#[derive(Clone, Debug)]
pub struct SentCode {
    /// Id of the sign-in, whose page asks for the code.
    pub sign_in: Uuid,
    /// The secret for this browser's cookie.
    pub secret: String,
}

/// The reason why a code does not sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeError {
    /// It is not six digits. This counts as no attempt.
    Incomplete,
    Wrong {
        /// Number of attempts left.
        left: u32,
    },
    /// There is no such sign-in, it has expired, or its code was used.
    Expired,
    /// The code was wrong too often.
    TooManyAttempts,
    /// Another browser requested the code.
    OtherBrowser,
}

/// Begins a sign-in of `email` in `browser`, and adds the mail with its code to the outbox. If
/// there is an account, the mail goes to its stored address, not to the one that was entered.
///
/// # Errors
/// 429 if too many codes were sent; the store or the key ring cannot be used.
pub async fn send(
    app: &App,
    browser: &CodeBrowser,
    email: &Email,
    compose: impl FnOnce(&Email, &str) -> Mail,
) -> Result<SentCode, Error> {
    let fingerprint = email.fingerprint(app.keyring());
    count_code(app, browser, &fingerprint).await?;
    let recipient = holder::stored_address(app, email).await?;
    let secret = browser.secret.clone().unwrap_or_else(|| app.rng().secret());
    let (now, id, code) = (app.now(), app.rng().anonymous_id(), app.rng().code());
    let address = app.keyring().seal(now, &label(&id), email.as_str().as_bytes()).await?;
    let mut tx = app.store().write().await?;
    tx.add_sign_in(&SignIn {
        id,
        email_fingerprint: fingerprint.to_vec(),
        code_fingerprint: code_fingerprint(app, id, &code).to_vec(),
        attempts: 0,
        created_at: now,
        expires_at: now + app.config().sign_in.code_lifetime,
        ring_period: address.period,
        sealed: address.bytes,
        browser_hash: Some(sha256(secret.as_bytes()).to_vec()),
    })
    .await?;
    let routing = Routing { expires_at: Some(now + app.config().sign_in.code_lifetime), ..Routing::default() };
    app.outbox().add(&mut tx, &OutboxMessage::Code(compose(&recipient, &code)), routing).await?;
    tx.commit().await?;
    app.outbox().wake();
    app.metrics().sign_in("code_sent");
    Ok(SentCode { sign_in: id, secret })
}

/// Counts a code against the limits for the address with this fingerprint.
///
/// Only the browser's own network, block or account can exhaust its limits. If all networks
/// together have exhausted the limit of the address, the reserve of the browser's block applies.
async fn count_code(app: &App, browser: &CodeBrowser, address: &[u8; 32]) -> Result<(), Error> {
    let limits = app.limits();
    if let Some(known) = browser.known_key(app, address) {
        return limits.codes_per_browser.check_global(&known).await;
    }
    limits.codes_per_ip_per_hour.check_global(&browser.client).await?;
    limits.codes_per_pair.check_global(&browser.pair_key(address)).await?;
    limits.codes_per_block.check_global(&browser.block_key(address)).await?;
    if limits.codes_per_address.check_global(address).await.is_ok() {
        return Ok(());
    }
    limits.reserved_per_block.check_global(&browser.block_key(address)).await?;
    limits.reserved_per_provider.check_global(&browser.provider_key(address)).await
}

/// Begins another sign-in for the address of sign-in `id`, which `browser` must have begun. Earlier
/// codes stay valid. Returns `None` if there is no such sign-in.
///
/// # Errors
/// As [`send`].
pub async fn resend(
    app: &App,
    browser: &CodeBrowser,
    id: Uuid,
    compose: impl FnOnce(&Email, &str) -> Mail,
) -> Result<Option<SentCode>, Error> {
    let sign_in = app.store().read().await?.sign_in(id).await?;
    let Some(sign_in) = sign_in.filter(|sign_in| browser.asked_for(sign_in)) else { return Ok(None) };
    let Some(email) = open_address(app, sign_in).await? else { return Ok(None) };
    Ok(Some(send(app, browser, &email, compose).await?))
}

/// What a browser may see of a code that it requested.
#[derive(Clone, Debug)]
pub struct PendingCode {
    /// The masked address that it was sent to.
    pub address: String,
    pub expires_at: Timestamp,
}

/// Returns what `browser` may see of the code of sign-in `id`; `None` if the sign-in names no
/// browser: then anyone could ask. The inner error is [`CodeError::OtherBrowser`], or
/// [`CodeError::Expired`] if there is no such sign-in.
///
/// # Errors
/// The store or the key ring cannot be used.
pub async fn pending(
    app: &App,
    browser: &CodeBrowser,
    id: Uuid,
) -> Result<Result<Option<PendingCode>, CodeError>, StoreError> {
    let sign_in = app.store().read().await?.sign_in(id).await?;
    Ok(match sign_in {
        Some(sign_in) if !browser.asked_for(&sign_in) => Err(CodeError::OtherBrowser),
        Some(sign_in) if sign_in.expires_at > app.now() => match sign_in.browser_hash {
            Some(_) => {
                let expires_at = sign_in.expires_at;
                let email = open_address(app, sign_in).await?;
                Ok(email.map(|email| PendingCode { address: email.masked(), expires_at }))
            }
            None => Ok(None),
        },
        _ => Err(CodeError::Expired),
    })
}

/// Number of digits in a code.
const CODE_LENGTH: usize = 6;

/// Parses a code as a person types it; `None` if it is not six digits. Spaces and dashes are
/// ignored.
pub fn read_code(typed: &str) -> Option<String> {
    let is_separator =
        |character: char| character.is_whitespace() || matches!(character, '-' | '\u{2010}'..='\u{2015}');
    let code: String = typed.chars().filter(|character| !is_separator(*character)).collect();
    let is_code = code.len() == CODE_LENGTH && code.bytes().all(|byte| byte.is_ascii_digit());
    is_code.then_some(code)
}

/// Tries the code `typed` for the sign-in `id` and for every other sign-in of its address that
/// `browser` began. Returns the account, which the first sign-in creates. An incomplete code counts
/// as no attempt.
///
/// # Errors
/// 429 if too many codes were tried; the store or the key ring cannot be used. The inner error is a
/// [`CodeError`].
pub async fn try_code(
    app: &App,
    browser: &CodeBrowser,
    id: Uuid,
    typed: &str,
) -> Result<Result<Holder, CodeError>, Error> {
    let sign_in = app.store().read().await?.sign_in(id).await?;
    if sign_in.as_ref().is_some_and(|sign_in| !browser.asked_for(sign_in)) {
        return Ok(Err(CodeError::OtherBrowser));
    }
    let Some(code) = read_code(typed) else { return Ok(Err(CodeError::Incomplete)) };
    match &sign_in {
        Some(sign_in) if browser.waits_for(sign_in, app.config().sign_in.max_code_attempts, app.now()) => {}
        _ => app.limits().tries_per_client.check_global(&browser.client).await?,
    }
    let email = match prove_address(app, id, &code).await? {
        Ok(email) => email,
        Err(error) => return Ok(Err(error)),
    };
    let holder = find_or_create(app, &email).await?;
    app.metrics().sign_in("code");
    Ok(Ok(holder))
}

/// Returns the address of a sign-in if `code` is right.
///
/// An attempt is counted before the code is compared, and the comparison takes constant time. Every
/// code compared loses one attempt, so several open codes allow no more guesses than the same codes
/// one after another.
async fn prove_address(app: &App, id: Uuid, code: &str) -> Result<Result<Email, CodeError>, StoreError> {
    let (now, limit) = (app.now(), app.config().sign_in.max_code_attempts);
    let mut tx = app.store().write().await?;
    let Some(sign_in) = tx.sign_in(id).await?.filter(|sign_in| sign_in.expires_at > now) else {
        return Ok(Err(CodeError::Expired));
    };
    let tried = tx.take_sign_in_tries(&sign_in, limit, now).await?;
    let is_right =
        |tried: &SignIn| bool::from(code_fingerprint(app, tried.id, code).as_slice().ct_eq(&tried.code_fingerprint));
    let right = tried.iter().find(|tried| is_right(tried));
    let ended = match right {
        Some(right) => tx.end_sign_in(right.id).await?,
        None => false,
    };
    tx.commit().await?;
    if !ended {
        app.metrics().sign_in("refused");
        let attempts = tried.iter().map(|tried| u32::try_from(tried.attempts).unwrap_or(u32::MAX)).min();
        let left = attempts.map_or(0, |attempts| limit.saturating_sub(attempts));
        return Ok(Err(if left == 0 { CodeError::TooManyAttempts } else { CodeError::Wrong { left } }));
    }
    Ok(open_address(app, sign_in).await?.ok_or(CodeError::Expired))
}

fn code_fingerprint(app: &App, id: Uuid, code: &str) -> [u8; 32] {
    app.keyring().fingerprint("code", &[id.as_bytes(), code.as_bytes()].concat())
}

fn label(id: &Uuid) -> [&[u8]; 2] {
    [b"sign-in", id.as_bytes()]
}

async fn open_address(app: &App, sign_in: SignIn) -> Result<Option<Email>, StoreError> {
    let sealed = Sealed { period: sign_in.ring_period, bytes: sign_in.sealed };
    let address = app.keyring().open_sealed(&sealed, &label(&sign_in.id)).await?;
    Ok(address.and_then(|address| Email::parse(&String::from_utf8_lossy(&address))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_may_contain_spaces_and_dashes_but_nothing_else() {
        for typed in ["123456", " 123 456\n", "123-456", "12\u{a0}34\u{2013}56"] {
            assert_eq!(read_code(typed).as_deref(), Some("123456"), "{typed:?}");
        }
        for typed in ["", "12345", "1234567", "12345a", "abc123456", "12345\u{666}"] {
            assert_eq!(read_code(typed), None, "{typed:?}");
        }
    }
}
