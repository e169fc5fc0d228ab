//! Rate limits: who may ask how often.
//!
//! Owns the counters (GCRA, by governor) and what a caller is told of them: the `RateLimit` and `RateLimit-Policy`
//! headers of draft-ietf-httpapi-ratelimit-headers-10 and `Retry-After`.

use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue};
use governor::middleware::{NoOpMiddleware, StateInformationMiddleware};
use governor::nanos::Nanos;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};
use uuid::Uuid;

use crate::config::Config;
use crate::error::{Error, Kind};
use crate::time::Clock;

/// A limit for each key.
#[derive(Debug)]
pub struct Limit<K: Hash + Eq + Clone> {
    name: &'static str,
    quota: Quota,
    clock: Clock,
    limiter: Option<RateLimiter<K, DefaultKeyedStateStore<K>, Clock, StateInformationMiddleware>>,
}

/// What is left after a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    name: &'static str,
    burst: u32,
    window: Duration,
    remaining: u32,
    wait: Duration,
}

impl Allowance {
    /// Writes the two headers.
    pub fn write(&self, headers: &mut HeaderMap) {
        let policy = format!("\"{}\";q={};w={}", self.name, self.burst, self.window.as_secs().max(1));
        let state = format!("\"{}\";r={};t={}", self.name, self.remaining, whole_seconds(self.wait));
        headers.extend(
            HeaderValue::try_from(policy).map(|value| (axum::http::HeaderName::from_static("ratelimit-policy"), value)),
        );
        headers.extend(
            HeaderValue::try_from(state).map(|value| (axum::http::HeaderName::from_static("ratelimit"), value)),
        );
    }
}

impl From<Allowance> for Error {
    fn from(allowance: Allowance) -> Self {
        let seconds = whole_seconds(allowance.wait).max(1);
        let detail = format!("Too many requests; try again in {seconds} s.");
        Self::new(Kind::TooManyRequests(Duration::from_secs(seconds)), detail)
    }
}

fn whole_seconds(duration: Duration) -> u64 {
    duration.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX)
}

impl<K: Hash + Eq + Clone> Limit<K> {
    fn new(name: &'static str, quota: Quota, clock: &Clock, enabled: bool) -> Self {
        let limiter = enabled.then(|| {
            RateLimiter::<K, DefaultKeyedStateStore<K>, Clock, NoOpMiddleware<Nanos>>::new(
                quota,
                DefaultKeyedStateStore::default(),
                clock.clone(),
            )
            .with_middleware::<StateInformationMiddleware>()
        });
        Self { name, quota, clock: clock.clone(), limiter }
    }

    /// Counts one request of `key`. `None` where limits are off.
    ///
    /// # Errors
    /// The allowance that says when to come again; as an [`Error`] it is 429.
    pub fn check(&self, key: &K) -> Result<Option<Allowance>, Allowance> {
        let Some(limiter) = &self.limiter else { return Ok(None) };
        let allowance = |remaining, wait| Allowance {
            name: self.name,
            burst: self.quota.burst_size().get(),
            window: self.quota.burst_size_replenished_in(),
            remaining,
            wait,
        };
        match limiter.check_key(key) {
            Ok(state) => {
                let remaining = state.remaining_burst_capacity();
                let used = self.quota.burst_size().get().saturating_sub(remaining);
                Ok(Some(allowance(remaining, self.quota.replenish_interval() * used)))
            }
            Err(until) => Err(allowance(0, until.wait_time_from(governor::clock::Clock::now(&self.clock)))),
        }
    }

    /// Forgets keys that are back at their full allowance, so that the table does not grow with every caller ever seen.
    pub fn forget_idle(&self) {
        if let Some(limiter) = &self.limiter {
            limiter.retain_recent();
        }
    }
}

/// Passcodes that may be tried for one link in an hour: who mistypes has enough, who guesses has not.
const PASSCODES_PER_SHARE: u32 = 10;
/// Passcodes that may be tried from one network address in an hour, behind which a whole company may sit.
const PASSCODES_PER_CLIENT: u32 = 60;

/// Sign-ins to a console that may be tried from one network address in an hour.
const CONSOLE_PER_CLIENT: u32 = 60;
/// Sign-ins to a console that may be tried for one client id in an hour. Client ids stand in links, so that this is wide:
/// a stranger at one address cannot use it up.
const CONSOLE_PER_PARTNER: u32 = 300;

/// All limits.
#[derive(Debug)]
pub struct Limits {
    /// API requests of a partner.
    pub partner: Limit<Uuid>,
    /// Token requests from a network address.
    pub token: Limit<IpAddr>,
    /// Requests of wallets from a network address.
    pub wallets: Limit<IpAddr>,
    /// Codes mailed to an address (by its keyed hash).
    pub codes_per_address: Limit<[u8; 32]>,
    /// Links that partners have mailed to an address (by its keyed hash). Apart from codes, so that no partner can keep
    /// anybody from signing in.
    pub links_per_address: Limit<[u8; 32]>,
    /// Codes asked for from a network address.
    pub codes_per_client: Limit<IpAddr>,
    /// Codes tried for an address (by its keyed hash), over all attempts.
    pub tries_per_address: Limit<[u8; 32]>,
    /// Codes tried from a network address.
    pub tries_per_client: Limit<IpAddr>,
    /// Passcodes tried for a shared link.
    pub passcodes_per_share: Limit<Uuid>,
    /// Passcodes tried from a network address.
    pub passcodes_per_client: Limit<IpAddr>,
    /// Sign-ins to a console from a network address.
    pub console_per_client: Limit<IpAddr>,
    /// Sign-ins to a console for a client id, by the hash of what was typed.
    pub console_per_partner: Limit<[u8; 32]>,
}

impl Limits {
    /// The limits that `config` sets.
    pub fn new(config: &Config, clock: &Clock) -> Self {
        let enabled = config.rate_limit.enabled;
        let per_hour = |count: u32| Quota::per_hour(at_least_one(count));
        let sign_in = &config.sign_in;
        let partner = Quota::per_second(at_least_one(config.rate_limit.partner_per_second))
            .allow_burst(at_least_one(config.rate_limit.partner_burst));
        Self {
            partner: Limit::new("partner", partner, clock, enabled),
            token: Limit::new(
                "token",
                Quota::per_minute(at_least_one(config.rate_limit.tokens_per_minute)),
                clock,
                enabled,
            ),
            wallets: Limit::new(
                "wallet",
                Quota::per_minute(at_least_one(config.rate_limit.wallets_per_minute)),
                clock,
                enabled,
            ),
            codes_per_address: Limit::new("code", per_hour(sign_in.codes_per_address), clock, enabled),
            links_per_address: Limit::new("link", per_hour(sign_in.codes_per_address), clock, enabled),
            codes_per_client: Limit::new("client", per_hour(sign_in.codes_per_client), clock, enabled),
            tries_per_address: Limit::new(
                "try",
                per_hour(sign_in.codes_per_address * sign_in.code_attempts),
                clock,
                enabled,
            ),
            tries_per_client: Limit::new(
                "client-try",
                per_hour(sign_in.codes_per_client * sign_in.code_attempts),
                clock,
                enabled,
            ),
            passcodes_per_share: Limit::new("passcode", per_hour(PASSCODES_PER_SHARE), clock, enabled),
            passcodes_per_client: Limit::new("client-passcode", per_hour(PASSCODES_PER_CLIENT), clock, enabled),
            console_per_client: Limit::new("client-console", per_hour(CONSOLE_PER_CLIENT), clock, enabled),
            console_per_partner: Limit::new("console", per_hour(CONSOLE_PER_PARTNER), clock, enabled),
        }
    }

    /// Forgets callers that have been quiet.
    pub fn forget_idle(&self) {
        self.partner.forget_idle();
        self.token.forget_idle();
        self.wallets.forget_idle();
        self.codes_per_address.forget_idle();
        self.links_per_address.forget_idle();
        self.codes_per_client.forget_idle();
        self.tries_per_address.forget_idle();
        self.tries_per_client.forget_idle();
        self.passcodes_per_share.forget_idle();
        self.passcodes_per_client.forget_idle();
        self.console_per_client.forget_idle();
        self.console_per_partner.forget_idle();
    }
}

fn at_least_one(count: u32) -> NonZeroU32 {
    NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_counts_down_refuses_and_refills_with_the_clock() {
        let clock = Clock::manual(jiff::Timestamp::UNIX_EPOCH);
        let quota = Quota::per_second(NonZeroU32::new(2).expect("two"));
        let limit = Limit::new("partner", quota, &clock, true);
        let first = limit.check(&1).expect("allowed").expect("limits are on");
        assert_eq!(first.remaining, 1);
        let mut headers = HeaderMap::new();
        first.write(&mut headers);
        assert_eq!(headers["ratelimit-policy"], "\"partner\";q=2;w=1");
        assert_eq!(headers["ratelimit"], "\"partner\";r=1;t=1");
        assert!(limit.check(&1).is_ok());
        let error = Error::from(limit.check(&1).expect_err("the third is one too many"));
        assert_eq!(error.kind, Kind::TooManyRequests(Duration::from_secs(1)));
        assert!(limit.check(&2).is_ok(), "another key has its own allowance");
        clock.advance(Duration::from_secs(1));
        assert!(limit.check(&1).is_ok());
    }
}
