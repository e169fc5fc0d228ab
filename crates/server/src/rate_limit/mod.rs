//! Rate limits: how many requests a caller may make, and how fast.
//!
//! Owns the buckets (the generic cell rate algorithm: a bucket is the time at which it is full again). What is left of a bucket is
//! a [`RateLimitStatus`]; the API writes it into headers.
//!
//! Nodes that share a database count together. Each decides by its own buckets, reports to the database once a second what was
//! used of them, and merges what was used of the same ones elsewhere: a request costs no round trip, and what all nodes together
//! let through too much in a second, they make up for by refusing longer. Where one guess more matters, the database is
//! asked before the response: [`Limit::check_global`].

mod limit;

use std::time::Duration;

use crate::config::Config;
use crate::keys::Keyring;
use ambient::{Clock, Timestamp};
use limit::{Counting, Shared, in_time};
use store::{Charge, Store, StoreError};

pub use limit::{Key, Limit, RateLimitStatus, whole_seconds};

/// How often nodes report to each other what was used.
pub const SHARED_EVERY: Duration = Duration::from_secs(1);

/// Buckets in one statement.
const CHUNK: usize = 256;

/// Passcodes that may be tried for one link in an hour: enough for typing errors, too few for guessing.
const PASSCODES_PER_SHARE: u32 = 10;
/// Passcodes that may be tried from one network address in an hour, behind which a whole company may sit.
const PASSCODES_PER_CLIENT: u32 = 60;

/// Sign-ins to a console that may be tried from one network address in an hour.
const CONSOLE_PER_CLIENT: u32 = 60;
/// Codes mailed to an address within a day for all networks together, in limits of one network: bounds what a flood from many
/// networks sends to one person, and what guessing can gain. Browsers that were signed in before count apart.
const NETWORKS_PER_ADDRESS: u32 = 10;
/// Codes that a block of networks gets for an address in a day after all networks together have used up theirs: no stranger can
/// keep a person from signing in.
const RESERVED_PER_BLOCK: u32 = 2;
/// Codes in reserve that all blocks of one provider get for an address in a day: who has a whole provider's addresses has little
/// more than a few blocks.
const RESERVED_PER_PROVIDER: u32 = 32;
/// Codes that a block of networks (IPv4: 256 addresses, IPv6: 48 bits) gets for an address in an hour, in limits of one network:
/// nobody who has one block can use up what others need.
const NETWORKS_PER_BLOCK: u32 = 2;

/// Authorization requests that wallets may push from one network address in a minute, and from all together.
const AUTHORIZATION_REQUESTS_PER_CLIENT: u32 = 60;
const AUTHORIZATION_REQUESTS: u32 = 6_000;
/// Credential offers that a holder may make in an hour.
const OFFERS_PER_HOLDER: u32 = 60;
/// Credentials that wallets may fetch for a holder in an hour, one for each key: each takes a place in a status list.
const CREDENTIALS_PER_HOLDER: u32 = 1_000;
/// Tokens of other issuers that a partner may have verified in a minute: each sends requests to the issuer's server.
const ISSUER_LOOKUPS_PER_PARTNER: u32 = 120;
/// What [`Limits::idempotency_bytes`] counts in, bytes.
pub const STORED_UNIT: usize = 1024;
/// How much of responses is stored for a partner's Idempotency-Keys in a day, in [`STORED_UNIT`]s: 256 MiB.
const STORED_PER_PARTNER: u32 = 256 * 1024;

const DAY: Duration = Duration::from_secs(86_400);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// The key of a limit that everybody shares.
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
    /// Authorization requests pushed from everywhere; the key is [`ALL`].
    pub authorization_requests: Limit,
    /// Credential offers made by a holder.
    pub offers_per_holder: Limit,
    /// Credentials that wallets fetch for a holder.
    pub credentials_per_holder: Limit,
    /// Tokens of other issuers that a partner has verified.
    pub issuer_lookups: Limit,
    /// What is stored for a partner's Idempotency-Keys, in [`STORED_UNIT`]s.
    pub idempotency_bytes: Limit,
    /// Links that a partner has mailed to an address, by a hash of both. Apart from codes, so that no partner can keep a person
    /// from signing in.
    pub links_per_recipient: Limit,
    /// Codes asked for from a network address.
    pub codes_per_client: Limit,
    /// Codes mailed to an address as asked for from a network address, by a hash of both.
    pub codes_per_pair: Limit,
    /// Codes mailed to an address as asked for from a block of networks, by a hash of both.
    pub codes_per_block: Limit,
    /// Codes mailed to an address (by its keyed hash), whoever asked. Each has its own attempts, so this also bounds guesses.
    pub codes_per_address: Limit,
    /// Codes mailed to an address beyond `codes_per_address`, as asked for from a block of networks, by a hash of both.
    pub reserved_per_block: Limit,
    /// Codes mailed to an address beyond `codes_per_address`, as asked for from a provider's networks, by a hash of both.
    pub reserved_per_provider: Limit,
    /// Codes mailed to an address as asked for in a browser that was signed in to its account, by a hash of both. These count
    /// here only, so that no stranger can use them up.
    pub codes_per_browser: Limit,
    /// Codes tried from a network address, in browsers that wait for no code. A browser that waits for one has the attempts of its
    /// code, which nobody else can use up.
    pub tries_per_client: Limit,
    /// Passcodes tried for a shared link.
    pub passcodes_per_share: Limit,
    /// Passcodes tried from a network address.
    pub passcodes_per_client: Limit,
    /// Sign-ins to a console from a network address. Nothing counts by client id, which anyone may know: a secret of 256 bits
    /// cannot be guessed, and a partner must not be locked out.
    pub console_per_client: Limit,
}

impl Limits {
    /// The limits that `config` sets. On PostgreSQL they are counted in `store`, under keys hashed by `keyring`.
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
            token: at_once("token", rates.tokens_per_minute, MINUTE),
            wallets: at_once("wallet", rates.wallets_per_minute, MINUTE),
            authorization_requests_per_client: at_once("client-par", AUTHORIZATION_REQUESTS_PER_CLIENT, MINUTE),
            authorization_requests: at_once("par", AUTHORIZATION_REQUESTS, MINUTE),
            offers_per_holder: hourly("offer", OFFERS_PER_HOLDER),
            credentials_per_holder: hourly("credential", CREDENTIALS_PER_HOLDER),
            issuer_lookups: at_once("issuer-lookup", ISSUER_LOOKUPS_PER_PARTNER, MINUTE),
            idempotency_bytes: at_once("idempotency", STORED_PER_PARTNER, DAY),
            links_per_recipient: hourly("link", sign_in.codes_per_address),
            codes_per_client: hourly("client", sign_in.codes_per_client),
            codes_per_pair: hourly("code-pair", sign_in.codes_per_address),
            codes_per_block: hourly("code-block", sign_in.codes_per_address.saturating_mul(NETWORKS_PER_BLOCK)),
            codes_per_address: at_once("code-day", sign_in.codes_per_address.saturating_mul(NETWORKS_PER_ADDRESS), DAY),
            reserved_per_block: at_once("code-reserve", RESERVED_PER_BLOCK, DAY),
            reserved_per_provider: at_once("code-reserve-provider", RESERVED_PER_PROVIDER, DAY),
            codes_per_browser: hourly("code-browser", sign_in.codes_per_address),
            tries_per_client: hourly("client-try", sign_in.codes_per_client.saturating_mul(sign_in.code_attempts)),
            passcodes_per_share: hourly("passcode", PASSCODES_PER_SHARE),
            passcodes_per_client: hourly("client-passcode", PASSCODES_PER_CLIENT),
            console_per_client: hourly("client-console", CONSOLE_PER_CLIENT),
        }
    }

    fn all(&self) -> [&Limit; 21] {
        [
            &self.partner,
            &self.token,
            &self.wallets,
            &self.authorization_requests_per_client,
            &self.authorization_requests,
            &self.offers_per_holder,
            &self.credentials_per_holder,
            &self.issuer_lookups,
            &self.idempotency_bytes,
            &self.links_per_recipient,
            &self.codes_per_client,
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
        ]
    }

    /// Reports to other nodes what was used since the last time, and merges what they have used of the same.
    ///
    /// # Errors
    /// The store cannot be used; what was not reported is reported the next time.
    pub async fn share(&self) -> Result<(), StoreError> {
        let Some(Shared { store, keyring }) = &self.partner.counting.shared else { return Ok(()) };
        let mut unreported = Vec::new();
        for limit in self.all() {
            for (key, count, since) in limit.take_unreported() {
                let id = key.fingerprint(keyring, limit.name);
                unreported.push((Charge { id, since, cost: limit.cost(key) * count }, limit, key, count));
            }
        }
        unreported.sort_unstable_by_key(|(charge, ..)| charge.id);
        let mut rest = unreported.as_slice();
        while !rest.is_empty() {
            let (chunk, after) = rest.split_at(rest.len().min(CHUNK));
            let charged = match charge(store, &chunk.iter().map(|(charge, ..)| *charge).collect::<Vec<_>>()).await {
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

    /// Removes the buckets that are full again.
    pub fn forget_idle(&self) {
        for limit in self.all() {
            limit.forget_idle();
        }
    }
}

async fn charge(store: &Store, charges: &[Charge]) -> Result<Vec<([u8; 32], Timestamp)>, StoreError> {
    in_time(async {
        let mut tx = store.write().await?;
        let charged = tx.charge(charges).await?;
        tx.commit().await?;
        Ok(charged)
    })
    .await
}
