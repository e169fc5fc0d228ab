//! Rate limits: how many requests a caller may make, and how fast.
//!
//! Owns the buckets. A rate limit works by the generic cell rate algorithm: a bucket is the time at
//! which it is full again. The API writes the [`RateLimitStatus`] of a bucket into headers.
//!
//! Nodes that share a database count together. Each decides by its own buckets, reports the use to
//! the database once a second, and merges the use of other nodes. So a request costs no round trip.
//! If all nodes together allow too many requests within a second, they compensate by refusing
//! longer. [`Limit::check_global`] asks the database first, for cases in which one guess more
//! matters.

mod key;
mod limit;

use std::net::IpAddr;
use std::time::Duration;

use crate::config::Config;
use crate::keys::Keyring;
use ambient::{Clock, DAY, HOUR, MINUTE, Timestamp};
use limit::{Counting, Shared, in_time};
use store::{Debit, Store, StoreError};

pub use key::Key;
pub use limit::{Limit, RateLimitStatus, whole_seconds};

/// Interval at which nodes report their use to each other.
pub const SHARED_EVERY: Duration = Duration::from_secs(1);

/// Number of buckets per statement.
const CHUNK: usize = 256;

/// Passcode attempts per link and hour: enough for typing errors, too few for guessing.
const PASSCODES_PER_SHARE: u32 = 10;
/// Passcode attempts per network address and hour. A whole company may share one address.
const PASSCODES_PER_CLIENT: u32 = 60;

/// Console sign-in attempts per network address and hour.
const CONSOLE_PER_CLIENT: u32 = 60;
/// Sign-ups for a sandbox partner per email address and day, each with one mail.
const SANDBOX_SIGN_UPS_PER_ADDRESS: u32 = 3;
/// Sign-ups for a sandbox partner per network address and day.
const SANDBOX_SIGN_UPS_PER_CLIENT: u32 = 10;
/// Codes per email address and day from all networks together, as a multiple of the limit of one
/// network. Bounds what a flood from many networks sends to one person, and how much it can guess.
/// Browsers that were signed in before are counted separately.
const NETWORKS_PER_ADDRESS: u32 = 10;
/// Codes per email address and day for a network block after all networks together have reached
/// their limit. A stranger cannot keep a person from signing in.
const RESERVED_PER_BLOCK: u32 = 2;
/// Reserved codes per email address and day for all blocks of one provider. Having all addresses of
/// a provider gains little over having a few blocks.
const RESERVED_PER_PROVIDER: u32 = 32;
/// Codes per email address and hour for a network block (256 IPv4 addresses, or an IPv6 /48), as a
/// multiple of the limit of one network. One block cannot use up the limit of other networks.
const NETWORKS_PER_BLOCK: u32 = 2;

/// Pushed authorization requests of wallets per minute, from one network address and in total.
const AUTHORIZATION_REQUESTS_PER_CLIENT: u32 = 60;
const AUTHORIZATION_REQUESTS: u32 = 6_000;
/// Of these, the first ones of each network address, and how many further ones all addresses share.
/// The rest of the total is left to addresses that push few (D-391).
const FIRST_AUTHORIZATION_REQUESTS: u32 = 3;
const FURTHER_AUTHORIZATION_REQUESTS: u32 = AUTHORIZATION_REQUESTS / 2;
/// Credential offers per holder and hour.
const OFFERS_PER_HOLDER: u32 = 60;
/// Credentials that wallets fetch per holder and hour, one for each key. Each uses a status list
/// index.
const CREDENTIALS_PER_HOLDER: u32 = 1_000;
/// Tokens of other issuers that a partner verifies per minute. Each sends requests to the issuer.
const ISSUER_LOOKUPS_PER_PARTNER: u32 = 120;
/// Unit of [`Limits::idempotency_bytes`], in bytes.
pub const STORED_UNIT: usize = 1024;
/// Responses stored per partner and day for Idempotency-Keys, in [`STORED_UNIT`]s: 256 MiB.
const STORED_PER_PARTNER: u32 = 256 * 1024;

/// The key of limits that all callers share.
pub const ALL: [u8; 32] = [0; 32];

/// All limits.
#[derive(Debug)]
pub struct Limits {
    /// API requests of a partner.
    pub partner: Limit,
    /// Token requests from a network address.
    pub token: Limit,
    /// Requests of wallets from a network address.
    pub wallets: Limit,
    /// Authorization requests pushed from a network address.
    pub authorization_requests_per_client: Limit,
    /// Authorization requests from a network address that do not count as further ones.
    first_authorization_requests: Limit,
    /// Authorization requests beyond the first ones of their addresses; the key is [`ALL`].
    further_authorization_requests: Limit,
    /// Authorization requests pushed in total; the key is [`ALL`].
    pub authorization_requests: Limit,
    /// Credential offers created by a holder.
    pub offers_per_holder: Limit,
    /// Credentials that wallets fetch for a holder.
    pub credentials_per_holder: Limit,
    /// Tokens of other issuers that a partner has verified.
    pub issuer_lookups: Limit,
    /// Responses stored for a partner's Idempotency-Keys, in [`STORED_UNIT`]s.
    pub idempotency_bytes: Limit,
    /// Links that a partner has emailed to an address, by a hash of both. Counted separately from
    /// codes, so that a partner cannot keep a person from signing in.
    pub links_per_recipient: Limit,
    /// Codes requested from a network address.
    pub codes_per_ip_per_hour: Limit,
    /// Codes for an email address requested from a network address, by a hash of both.
    pub codes_per_pair: Limit,
    /// Codes for an email address requested from a network block, by a hash of both.
    pub codes_per_block: Limit,
    /// Codes for an email address (by its keyed hash) from all networks. Each code has its own
    /// attempts, so this also bounds guesses.
    pub codes_per_address: Limit,
    /// Codes beyond `codes_per_address` requested from a network block, by a hash of both.
    pub reserved_per_block: Limit,
    /// Codes beyond `codes_per_address` requested from a provider's networks, by a hash of both.
    pub reserved_per_provider: Limit,
    /// Codes for an email address requested in a browser that was signed in to its account, by a
    /// hash of both. No other limit counts them, so a stranger cannot use them up.
    pub codes_per_browser: Limit,
    /// Code attempts from a network address, in browsers that have not requested a code. Browsers
    /// that have requested one use the attempts of that code.
    pub tries_per_client: Limit,
    /// Passcode attempts for a shared link.
    pub passcodes_per_share: Limit,
    /// Passcode attempts from a network address.
    pub passcodes_per_client: Limit,
    /// Console sign-ins from a network address. Not counted by client id, which is public: the
    /// 256-bit secret cannot be guessed, and a partner must not be locked out.
    pub console_per_client: Limit,
    /// Sign-ups for a sandbox partner by an email address (by its keyed hash).
    pub sandbox_sign_ups_per_address: Limit,
    /// Sign-ups for a sandbox partner from a network address.
    pub sandbox_sign_ups_per_client: Limit,
}

impl Limits {
    /// Creates the limits that `config` sets. On PostgreSQL they are counted in `store`, under keys
    /// hashed by `keyring`.
    pub fn new(config: &Config, clock: &Clock, store: &Store, keyring: &Keyring) -> Self {
        let is_shared = !config.storage.database_url.is_empty();
        let counting = Counting {
            clock: clock.clone(),
            is_on: config.rate_limit.enabled,
            shared: is_shared.then(|| Shared { store: store.clone(), keyring: keyring.clone() }),
        };
        let at_once = |name, count, period| Limit::new(name, (count, period), count, &counting);
        let hourly = |name, count| at_once(name, count, HOUR);
        let (sign_in, rates) = (&config.sign_in, &config.rate_limit);
        let partner = (rates.partner_per_second, Duration::from_secs(1));
        Self {
            partner: Limit::new("partner", partner, rates.partner_burst, &counting),
            token: at_once("token", rates.token_requests_per_ip_per_minute, MINUTE),
            wallets: at_once("wallet", rates.wallet_requests_per_ip_per_minute, MINUTE),
            authorization_requests_per_client: at_once("client-par", AUTHORIZATION_REQUESTS_PER_CLIENT, MINUTE),
            first_authorization_requests: at_once("client-par-first", FIRST_AUTHORIZATION_REQUESTS, MINUTE),
            further_authorization_requests: at_once("par-further", FURTHER_AUTHORIZATION_REQUESTS, MINUTE),
            authorization_requests: at_once("par", AUTHORIZATION_REQUESTS, MINUTE),
            offers_per_holder: hourly("offer", OFFERS_PER_HOLDER),
            credentials_per_holder: hourly("credential", CREDENTIALS_PER_HOLDER),
            issuer_lookups: at_once("issuer-lookup", ISSUER_LOOKUPS_PER_PARTNER, MINUTE),
            idempotency_bytes: at_once("idempotency", STORED_PER_PARTNER, DAY),
            links_per_recipient: hourly("link", sign_in.codes_per_address),
            codes_per_ip_per_hour: hourly("client", sign_in.codes_per_ip_per_hour),
            codes_per_pair: hourly("code-pair", sign_in.codes_per_address),
            codes_per_block: hourly("code-block", sign_in.codes_per_address.saturating_mul(NETWORKS_PER_BLOCK)),
            codes_per_address: at_once("code-day", sign_in.codes_per_address.saturating_mul(NETWORKS_PER_ADDRESS), DAY),
            reserved_per_block: at_once("code-reserve", RESERVED_PER_BLOCK, DAY),
            reserved_per_provider: at_once("code-reserve-provider", RESERVED_PER_PROVIDER, DAY),
            codes_per_browser: hourly("code-browser", sign_in.codes_per_address),
            tries_per_client: hourly(
                "client-try",
                sign_in.codes_per_ip_per_hour.saturating_mul(sign_in.max_code_attempts),
            ),
            passcodes_per_share: hourly("passcode", PASSCODES_PER_SHARE),
            passcodes_per_client: hourly("client-passcode", PASSCODES_PER_CLIENT),
            console_per_client: hourly("client-console", CONSOLE_PER_CLIENT),
            sandbox_sign_ups_per_address: at_once("sandbox", SANDBOX_SIGN_UPS_PER_ADDRESS, DAY),
            sandbox_sign_ups_per_client: at_once("client-sandbox", SANDBOX_SIGN_UPS_PER_CLIENT, DAY),
        }
    }

    /// Counts an authorization request that is pushed from a network address.
    ///
    /// # Errors
    /// A limit of the address or of all addresses is exceeded. Many requests from some addresses
    /// leave room for the first ones of others.
    pub fn check_authorization_request(&self, client: &IpAddr) -> Result<(), RateLimitStatus> {
        self.authorization_requests_per_client.check(client)?;
        if self.first_authorization_requests.check(client).is_err() {
            self.further_authorization_requests.check(&ALL)?;
        }
        self.authorization_requests.check(&ALL)?;
        Ok(())
    }

    fn all(&self) -> [&Limit; 25] {
        [
            &self.partner,
            &self.token,
            &self.wallets,
            &self.authorization_requests_per_client,
            &self.first_authorization_requests,
            &self.further_authorization_requests,
            &self.authorization_requests,
            &self.offers_per_holder,
            &self.credentials_per_holder,
            &self.issuer_lookups,
            &self.idempotency_bytes,
            &self.links_per_recipient,
            &self.codes_per_ip_per_hour,
            &self.codes_per_pair,
            &self.codes_per_block,
            &self.codes_per_address,
            &self.reserved_per_block,
            &self.reserved_per_provider,
            &self.codes_per_browser,
            &self.tries_per_client,
            &self.passcodes_per_share,
            &self.passcodes_per_client,
            &self.console_per_client,
            &self.sandbox_sign_ups_per_address,
            &self.sandbox_sign_ups_per_client,
        ]
    }

    /// Reports the use since the last report to other nodes, and merges theirs.
    ///
    /// # Errors
    /// The store is unavailable. The unreported use is reported next time.
    pub async fn share(&self) -> Result<(), StoreError> {
        let Some(Shared { store, keyring }) = &self.partner.counting.shared else { return Ok(()) };
        let mut unreported = Vec::new();
        for limit in self.all() {
            for (key, count, since) in limit.take_unreported() {
                let id = key.fingerprint(keyring, limit.name);
                unreported.push((Debit { id, since, cost: limit.cost(key) * count }, limit, key, count));
            }
        }
        unreported.sort_unstable_by_key(|(charge, ..)| charge.id);
        let mut rest = unreported.as_slice();
        while !rest.is_empty() {
            let (chunk, after) = rest.split_at(rest.len().min(CHUNK));
            let charged = match charge(store, chunk).await {
                Ok(charged) => charged,
                Err(error) => {
                    for (charge, limit, key, count) in rest {
                        limit.put_back(*key, *count, charge.since);
                    }
                    return Err(error);
                }
            };
            for (id, full_at) in charged {
                if let Ok(at) = chunk.binary_search_by_key(&id, |(charge, ..)| charge.id) {
                    let (_, limit, key, _) = &chunk[at];
                    limit.merge(*key, full_at);
                }
            }
            rest = after;
        }
        Ok(())
    }

    /// Removes full buckets.
    pub fn forget_idle(&self) {
        for limit in self.all() {
            limit.forget_idle();
        }
    }
}

/// What a node has admitted of one limit and caller since its last report.
type Unreported<'a> = (Debit, &'a Limit, Key, u32);

/// Reports what a node admitted, and returns when each bucket is full again.
async fn charge(store: &Store, unreported: &[Unreported<'_>]) -> Result<Vec<([u8; 32], Timestamp)>, StoreError> {
    in_time(async {
        let mut tx = store.write().await?;
        let debits: Vec<Debit> = unreported.iter().map(|(debit, ..)| *debit).collect();
        let charged = tx.charge(&debits).await?;
        for (id, full_at) in &charged {
            let known = unreported.binary_search_by_key(id, |(debit, ..)| debit.id);
            let latest = known.ok().map(|at| unreported[at].1).map(|limit| limit.latest(limit.counting.clock.now()));
            if let Some(latest) = latest.filter(|latest| full_at > latest) {
                tx.cap_allowance(id, latest).await?;
            }
        }
        tx.commit().await?;
        Ok(charged)
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use ambient::Rng;
    use store::Part;

    /// Returns the key in the database of an address, with a root key made by `rng`.
    async fn stored_key(address: IpAddr, rng: Rng) -> [u8; 32] {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(Part::Keyring, folder.path(), "", 2).await.expect("a store");
        let keyring = Keyring::open(store, folder.path(), HOUR, rng).await.expect("a key ring");
        Key::from(&address).fingerprint(&keyring, "token")
    }

    /// Without the root key, the addresses cannot be found by trying all of them.
    #[tokio::test]
    async fn stored_keys_of_limits_depend_on_the_root_key() {
        let [address, other] = [1, 2].map(|last| IpAddr::from(Ipv4Addr::new(192, 0, 2, last)));
        let stored = stored_key(address, Rng::seeded(1)).await;
        assert_eq!(stored_key(address, Rng::seeded(1)).await, stored);
        assert_ne!(stored_key(address, Rng::seeded(2)).await, stored);
        assert_ne!(stored_key(other, Rng::seeded(1)).await, stored);
    }
}
