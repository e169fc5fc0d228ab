//! Tokens that mark browsers which were signed in to an account before.
//!
//! A token consists of random bytes and a keyed hash of them and the fingerprint of the account's
//! address. It does not sign in and contains no personal data. The rate limits of sign-in codes
//! count requests with a token separately.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq as _;

use crate::keys::Keyring;
use ambient::Rng;

const RANDOM: usize = 16;
const TAG: usize = 16;
/// Maximum number of accounts that a browser is remembered for; the oldest are dropped.
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

/// Returns the token in `cookie` for the account with this address.
pub fn token<'a>(keyring: &Keyring, email_fingerprint: &[u8], cookie: &'a str) -> Option<&'a str> {
    cookie.split('.').take(MAX_ACCOUNTS).find(|token| is_valid(keyring, email_fingerprint, token))
}

/// Returns the new cookie value of a browser that signs in to the account with this address and
/// sent `cookie`.
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
