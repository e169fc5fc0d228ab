//! Browsers that were signed in to an account before: each has a token for it, in a cookie.
//!
//! A token is random bytes and a keyed hash of them and the address's fingerprint. It does not sign in and
//! holds no personal data. Rate limits of codes count requests with a token separately.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq as _;

use crate::keys::Keyring;
use ambient::Rng;

const RANDOM: usize = 16;
const TAG: usize = 16;
/// Accounts that a browser is remembered for; the last ones count.
const MAX_ACCOUNTS: usize = 4;

fn tag(keyring: &Keyring, email_fingerprint: &[u8], random: &[u8]) -> [u8; TAG] {
    let hash = keyring.fingerprint("known browser", &[random, email_fingerprint].concat());
    hash.first_chunk().copied().unwrap_or_default()
}

fn is_valid(keyring: &Keyring, email_fingerprint: &[u8], token: &str) -> bool {
    let bytes = URL_SAFE_NO_PAD.decode(token).unwrap_or_default();
    let Some((random, mac)) = bytes.split_first_chunk::<RANDOM>() else { return false };
    tag(keyring, email_fingerprint, random).ct_eq(mac).into()
}

/// The token in `cookie` for the account of this address, if there is one.
pub fn token<'a>(keyring: &Keyring, email_fingerprint: &[u8], cookie: &'a str) -> Option<&'a str> {
    cookie.split('.').take(MAX_ACCOUNTS).find(|token| is_valid(keyring, email_fingerprint, token))
}

/// The cookie of a browser that is being signed in to the account of this address, and had `cookie` until now.
pub fn remember(keyring: &Keyring, rng: &Rng, email_fingerprint: &[u8], cookie: &str) -> String {
    let known = token(keyring, email_fingerprint, cookie);
    let this = known.map_or_else(
        || {
            let random = rng.bytes::<RANDOM>();
            URL_SAFE_NO_PAD.encode([random, tag(keyring, email_fingerprint, &random)].concat())
        },
        ToOwned::to_owned,
    );
    let others = cookie.split('.').filter(|other| other.len() == this.len() && *other != this).take(MAX_ACCOUNTS - 1);
    std::iter::once(this.as_str()).chain(others).collect::<Vec<_>>().join(".")
}
