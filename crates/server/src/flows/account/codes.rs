//! Sign-in by a six-digit code that is mailed.
//!
//! Whether an address has an account is never shown: an account is created when its first code is used, so both cases
//! look alike. Anyone may ask for a code for any address, so a request ends no earlier code, and a code counts only in the
//! browser that asked for it: whoever reads the mail elsewhere asks for another one there.
//!
//! Strangers cannot use up what a person needs. Each code has attempts of its own, which only its browser can use, and a network
//! gets a code from a reserve when others have used up the limit of the address. Guesses are bounded by the number of codes.

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

/// The browser that asks for a code or types one.
#[derive(Clone, Debug)]
pub struct CodeBrowser {
    /// Its network address.
    pub client: IpAddr,
    /// Its secret, if it asked for a code before.
    pub secret: Option<String>,
    /// Its tokens of accounts that it was signed in to ([`known_browser`]).
    pub known: String,
}

impl CodeBrowser {
    fn hash(&self) -> Option<Vec<u8>> {
        self.secret.as_ref().map(|secret| sha256(secret.as_bytes()).to_vec())
    }

    /// Whether this browser asked for the code of `sign_in`. A code of the release before counts in any.
    fn asked_for(&self, sign_in: &SignIn) -> bool {
        sign_in.browser_hash.is_none() || sign_in.browser_hash == self.hash()
    }

    /// Whether this browser waits for the code of `sign_in` and has attempts left: only then are its guesses bounded by the code.
    fn waits_for(&self, sign_in: &SignIn, attempts: u32, now: Timestamp) -> bool {
        sign_in.browser_hash.is_some()
            && sign_in.browser_hash == self.hash()
            && sign_in.expires_at > now
            && sign_in.attempts < i64::from(attempts)
    }

    /// What the limits of `address` count by where this browser is known to its account.
    fn known_key(&self, app: &App, address: &[u8]) -> Option<[u8; 32]> {
        let token = known_browser::token(app.keyring(), address, &self.known)?;
        Some(sha256(&[address, token.as_bytes()].concat()))
    }

    /// What limits count by for `address` and this browser's network.
    fn pair_key(&self, address: &[u8]) -> [u8; 32] {
        sha256(&[address, self.client.to_string().as_bytes()].concat())
    }

    /// What limits count by for `address` and the block of this browser's network, which one site gets (RFC 6177) or one
    /// provider gives to a few.
    fn block_key(&self, address: &[u8]) -> [u8; 32] {
        sha256(&[address, b"/", self.network(24, 48).to_string().as_bytes()].concat())
    }

    /// What limits count by for `address` and the networks of this browser's provider, as large as registries give them.
    fn provider_key(&self, address: &[u8]) -> [u8; 32] {
        sha256(&[address, b"//", self.network(16, 32).to_string().as_bytes()].concat())
    }

    /// The network of this browser with prefixes of `v4` and `v6` bits.
    fn network(&self, v4: u32, v6: u32) -> IpAddr {
        match self.client {
            IpAddr::V4(client) => IpAddr::V4((u32::from(client) & (u32::MAX << (32 - v4))).into()),
            IpAddr::V6(client) => IpAddr::V6((u128::from(client) & (u128::MAX << (128 - v6))).into()),
        }
    }
}

/// A code that was mailed.
#[derive(Clone, Debug)]
pub struct SentCode {
    /// The sign-in: its page asks for the code.
    pub sign_in: Uuid,
    /// The secret that the browser keeps.
    pub secret: String,
}

/// Why a code did not sign anybody in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeError {
    /// The code is wrong.
    Wrong {
        /// How many more attempts are allowed.
        left: u32,
    },
    /// There is no such sign-in, it has expired, or its code was used.
    Expired,
    /// The code was wrong too often.
    TooManyAttempts,
    /// Another browser asked for the code.
    OtherBrowser,
}

/// Begins a sign-in of `email` in `browser`, and puts the mail with its code into the outbox. Where there is an account, the
/// mail goes to its address as it is stored, not as it was typed.
///
/// # Errors
/// 429 where too many codes were mailed; the store or the key ring cannot be used.
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

/// Counts a code for the address with this fingerprint. Only its own network, block or account can use up what a browser needs:
/// where all networks together have used up the limit of the address, the reserve of its block decides.
async fn count_code(app: &App, browser: &CodeBrowser, address: &[u8; 32]) -> Result<(), Error> {
    let limits = app.limits();
    if let Some(known) = browser.known_key(app, address) {
        return limits.codes_per_browser.check_global(&known).await;
    }
    limits.codes_per_client.check_global(&browser.client).await?;
    limits.codes_per_pair.check_global(&browser.pair_key(address)).await?;
    limits.codes_per_block.check_global(&browser.block_key(address)).await?;
    if limits.codes_per_address.check_global(address).await.is_ok() {
        return Ok(());
    }
    limits.reserved_per_block.check_global(&browser.block_key(address)).await?;
    limits.reserved_per_provider.check_global(&browser.provider_key(address)).await
}

/// Begins another sign-in of the address of sign-in `id`, which `browser` must have begun; earlier codes stay valid. `None` if
/// there is no such sign-in any more.
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

/// Whether another browser than `browser` asked for the code of sign-in `id`.
///
/// # Errors
/// The store cannot be used.
pub async fn is_of_another_browser(app: &App, browser: &CodeBrowser, id: Uuid) -> Result<bool, StoreError> {
    let sign_in = app.store().read().await?.sign_in(id).await?;
    Ok(sign_in.is_some_and(|sign_in| !browser.asked_for(&sign_in)))
}

/// Tries `code` for the sign-in `id` and for every other one of its address that `browser` began; returns the account, which is
/// created by its first sign-in.
///
/// # Errors
/// 429 where too many codes were tried; the store or the key ring cannot be used. [`CodeError`] inside.
pub async fn try_code(
    app: &App,
    browser: &CodeBrowser,
    id: Uuid,
    code: &str,
) -> Result<Result<Holder, CodeError>, Error> {
    let sign_in = app.store().read().await?.sign_in(id).await?;
    match &sign_in {
        Some(sign_in) if !browser.asked_for(sign_in) => return Ok(Err(CodeError::OtherBrowser)),
        Some(sign_in) if browser.waits_for(sign_in, app.config().sign_in.code_attempts, app.now()) => {}
        _ => app.limits().tries_per_client.check_global(&browser.client).await?,
    }
    let email = match prove_address(app, id, code).await? {
        Ok(email) => email,
        Err(error) => return Ok(Err(error)),
    };
    let holder = find_or_create(app, &email).await?;
    app.metrics().sign_in("code");
    Ok(Ok(holder))
}

/// An attempt is counted before the code is compared, and the comparison takes constant time. Each code has its own count, and an
/// attempt counts for all that it is compared with, so that many codes give no more guesses than one after another.
async fn prove_address(app: &App, id: Uuid, code: &str) -> Result<Result<Email, CodeError>, StoreError> {
    let (now, limit) = (app.now(), app.config().sign_in.code_attempts);
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
