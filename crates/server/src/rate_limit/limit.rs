//! One rate limit, with a bucket for each key.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::error::Elapsed;
use tokio::time::timeout;

use super::key::Key;
use crate::error::{Error, Kind};
use crate::keys::Keyring;
use ambient::{Clock, Timestamp};
use store::{Debit, Store, StoreError};

/// Timeout of counting in the database. After it, the node decides by its own buckets.
const DATABASE_TIMEOUT: Duration = Duration::from_secs(2);

/// The used part of a caller's limit.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    /// When the bucket is full again.
    full_at: Timestamp,
    /// Requests not yet reported to other nodes, and when the first of them arrived.
    unreported: u32,
    since: Timestamp,
}

impl Bucket {
    /// Returns when it is full again, after moving that back to `latest` if it is later.
    fn cap(&mut self, latest: Timestamp) -> Timestamp {
        self.full_at = self.full_at.min(latest);
        self.full_at
    }
}

/// State shared by all limits.
#[derive(Clone, Debug)]
pub(super) struct Counting {
    pub(super) clock: Clock,
    pub(super) is_on: bool,
    /// The database in which nodes count together; `None` on SQLite, which has one node.
    pub(super) shared: Option<Shared>,
}

#[derive(Clone, Debug)]
pub(super) struct Shared {
    pub(super) store: Store,
    pub(super) keyring: Keyring,
}

/// A rate limit with a bucket for each key.
#[derive(Debug)]
pub struct Limit {
    pub(super) name: &'static str,
    burst: u32,
    /// Time in which one request is refilled.
    pub(super) interval: Duration,
    pub(super) counting: Counting,
    buckets: Mutex<HashMap<Key, Bucket>>,
}

/// The state of a limit after a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimitStatus {
    /// The limit's name.
    pub name: &'static str,
    /// Maximum number of requests at once.
    pub burst: u32,
    /// Time in which an empty bucket refills.
    pub window: Duration,
    /// Number of requests that are allowed now.
    pub remaining: u32,
    /// Time until the bucket is full; if the request was refused, until the next one is allowed.
    pub wait: Duration,
}

impl From<RateLimitStatus> for Error {
    fn from(status: RateLimitStatus) -> Self {
        let seconds = whole_seconds(status.wait).max(1);
        let detail = format!("Too many requests. Retry in {seconds} s.");
        Self::new(Kind::TooManyRequests(Duration::from_secs(seconds)), detail)
    }
}

/// Converts `duration` to seconds, rounded up.
pub fn whole_seconds(duration: Duration) -> u64 {
    duration.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX)
}

impl Limit {
    /// Creates a limit of `count` requests in `period`, and `burst` at once.
    pub(super) fn new(name: &'static str, (count, period): (u32, Duration), burst: u32, counting: &Counting) -> Self {
        Self {
            name,
            burst: burst.max(1),
            interval: (period / count.max(1)).max(Duration::from_micros(1)),
            counting: counting.clone(),
            buckets: Mutex::default(),
        }
    }

    fn buckets(&self) -> MutexGuard<'_, HashMap<Key, Bucket>> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn window(&self) -> Duration {
        self.interval * self.burst
    }

    /// Returns the latest time at which a bucket may be full again. Nodes together may admit more
    /// than one of them would, and compensate for one more window. What is later was left by a
    /// clock that was ahead, and must not refuse callers for as long (D-434).
    pub(super) fn latest(&self, now: Timestamp) -> Timestamp {
        let windows = if self.counting.shared.is_some() { 2 } else { 1 };
        now + self.window() * windows
    }

    /// Returns when a bucket is full again, after correcting a time left by a clock that was ahead.
    ///
    /// On one node a time beyond two windows counts as full: no other node has admitted anything.
    /// An earlier one counts as empty, or each small step of the clock would give everybody a new
    /// burst.
    fn corrected(&self, bucket: &mut Bucket, now: Timestamp) -> Timestamp {
        if self.counting.shared.is_none() && bucket.full_at > now + self.window() * 2 {
            bucket.full_at = now;
        }
        bucket.cap(self.latest(now))
    }

    fn status(&self, remaining: u32, wait: Duration) -> RateLimitStatus {
        RateLimitStatus { name: self.name, burst: self.burst, window: self.window(), remaining, wait }
    }

    /// Returns the time in which one request of `key` is refilled.
    pub(super) fn cost(&self, key: Key) -> Duration {
        (self.interval / key.share()).max(Duration::from_micros(1))
    }

    /// Counts one request of `key` on this node. Returns `None` if rate limits are disabled.
    ///
    /// # Errors
    /// The limit is exceeded. The status says when to retry; it converts to a 429 [`Error`].
    pub fn check<'a, K>(&self, key: &'a K) -> Result<Option<RateLimitStatus>, RateLimitStatus>
    where
        Key: From<&'a K>,
    {
        self.spend(key, 1)
    }

    /// Counts `cost` requests of `key` on this node: all of them or none.
    ///
    /// # Errors
    /// As [`Limit::check`].
    pub fn spend<'a, K>(&self, key: &'a K, cost: u32) -> Result<Option<RateLimitStatus>, RateLimitStatus>
    where
        Key: From<&'a K>,
    {
        if !self.counting.is_on {
            return Ok(None);
        }
        let (key, is_reported) = (Key::from(key), self.counting.shared.is_some());
        let status = self.count(key, cost, is_reported)?;
        if let Some(site) = key.site() {
            self.count(site, cost, is_reported)?;
        }
        Ok(Some(status))
    }

    /// Counts one request of `key` in the database for all nodes before it returns. Used for
    /// guesses and for sending email. If the database is unavailable, this node decides by its own
    /// bucket.
    ///
    /// # Errors
    /// The limit is exceeded: 429.
    pub async fn check_global<'a, K>(&self, key: &'a K) -> Result<(), Error>
    where
        Key: From<&'a K>,
    {
        if !self.counting.is_on {
            return Ok(());
        }
        let key = Key::from(key);
        self.count_global(key).await?;
        match key.site() {
            Some(site) => self.count_global(site).await,
            None => Ok(()),
        }
    }

    async fn count_global(&self, key: Key) -> Result<(), Error> {
        let (now, cost) = (self.counting.clock.now(), self.cost(key));
        let Some(Shared { store, keyring }) = &self.counting.shared else {
            return Ok(self.count(key, 1, false).map(drop)?);
        };
        let known = self.buckets().get_mut(&key).map_or(now, |bucket| self.corrected(bucket, now));
        self.after(known, cost, now)?;
        let charge = Debit { id: key.fingerprint(keyring, self.name), since: now, cost };
        match within(store, &charge, [now + self.window(), self.latest(now)]).await {
            Ok(Ok(full_at)) => {
                self.merge(key, full_at);
                Ok(())
            }
            Ok(Err(full_at)) => {
                self.merge(key, full_at);
                let wait = (full_at + cost).since(now + self.window());
                Err(self.status(0, wait).into())
            }
            Err(error) => {
                tracing::warn!(%error, "checking a rate limit with other nodes failed");
                Ok(self.count(key, 1, true).map(drop)?)
            }
        }
    }

    /// Adds `cost` to a bucket that is full at `full_at`, and returns when it is full again.
    fn after(&self, full_at: Timestamp, cost: Duration, now: Timestamp) -> Result<Timestamp, RateLimitStatus> {
        let after = full_at.max(now) + cost;
        let over = after.since(now).saturating_sub(self.window());
        if over.is_zero() { Ok(after) } else { Err(self.status(0, over)) }
    }

    fn count(&self, key: Key, requests: u32, is_reported: bool) -> Result<RateLimitStatus, RateLimitStatus> {
        let (now, cost) = (self.counting.clock.now(), self.cost(key).saturating_mul(requests));
        let mut buckets = self.buckets();
        let bucket = buckets.entry(key).or_insert(Bucket { full_at: now, unreported: 0, since: now });
        bucket.full_at = self.after(self.corrected(bucket, now), cost, now)?;
        let used = bucket.full_at.since(now);
        if is_reported {
            if bucket.unreported == 0 {
                bucket.since = now;
            }
            bucket.unreported = bucket.unreported.saturating_add(requests);
        }
        drop(buckets);
        let left = (self.window().saturating_sub(used).as_micros() / self.interval.as_micros()).try_into();
        let remaining: u32 = left.unwrap_or(self.burst);
        Ok(self.status(remaining, self.interval * (self.burst - remaining.min(self.burst))))
    }

    /// Returns and resets the requests that were not reported to other nodes.
    pub(super) fn take_unreported(&self) -> Vec<(Key, u32, Timestamp)> {
        let mut buckets = self.buckets();
        let unreported = buckets.iter_mut().filter(|(_, bucket)| bucket.unreported > 0);
        unreported.map(|(key, bucket)| (*key, std::mem::take(&mut bucket.unreported), bucket.since)).collect()
    }

    /// Restores requests whose report failed.
    pub(super) fn put_back(&self, key: Key, count: u32, since: Timestamp) {
        let mut buckets = self.buckets();
        let bucket = buckets.entry(key).or_insert(Bucket { full_at: since, unreported: 0, since });
        bucket.since = if bucket.unreported == 0 { since } else { bucket.since.min(since) };
        bucket.unreported += count;
    }

    /// Merges the time at which a bucket is full for all nodes together, as far as reported.
    pub(super) fn merge(&self, key: Key, full_at: Timestamp) {
        let full_at = full_at.min(self.latest(self.counting.clock.now()));
        let mut buckets = self.buckets();
        let bucket = buckets.entry(key).or_insert(Bucket { full_at, unreported: 0, since: full_at });
        bucket.full_at = bucket.full_at.max(full_at + self.cost(key) * bucket.unreported);
    }

    /// Removes full buckets, which bounds the table.
    pub(super) fn forget_idle(&self) {
        let now = self.counting.clock.now();
        self.buckets().retain(|_, bucket| bucket.full_at > now || bucket.unreported > 0);
    }
}

/// Runs `work`, a transaction that counts, with a timeout.
///
/// # Errors
/// Those of `work`, or the store does not respond in time.
pub(super) async fn in_time<T>(work: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    let silent = |_: Elapsed| StoreError::Unavailable("the database does not respond".to_owned());
    timeout(DATABASE_TIMEOUT, work).await.map_err(silent)?
}

/// Debits a bucket that may be full again at `allowed`, and never later than at `latest`.
async fn within(
    store: &Store,
    charge: &Debit,
    [allowed, latest]: [Timestamp; 2],
) -> Result<Result<Timestamp, Timestamp>, StoreError> {
    in_time(async {
        let mut tx = store.write().await?;
        let mut charged = tx.charge_within(charge, allowed).await?;
        if charged.is_err_and(|full_at| full_at > latest) {
            tx.cap_allowance(&charge.id, allowed).await?;
            charged = Err(allowed);
        }
        tx.commit().await?;
        Ok(charged)
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv6Addr};

    use super::*;
    use ambient::HOUR;

    fn limit(count: u32, clock: &Clock) -> Limit {
        let counting = Counting { clock: clock.clone(), is_on: true, shared: None };
        Limit::new("partner", (count, Duration::from_secs(1)), count, &counting)
    }

    #[test]
    fn rate_limit_rejects_when_empty_and_refills_with_time() {
        let clock = Clock::manual(jiff::Timestamp::UNIX_EPOCH);
        let limit = limit(2, &clock);
        let (one, other) = ([1; 32], [2; 32]);
        let first = limit.check(&one).expect("allowed").expect("limits are on");
        assert_eq!(first.remaining, 1);
        assert_eq!((first.burst, first.window, first.wait), (2, Duration::from_secs(1), Duration::from_millis(500)));
        assert!(limit.check(&one).is_ok());
        let error = Error::from(limit.check(&one).expect_err("the third is one too many"));
        assert_eq!(error.kind, Kind::TooManyRequests(Duration::from_secs(1)));
        assert!(limit.check(&other).is_ok(), "another key has its own bucket");
        clock.advance(Duration::from_secs(1));
        assert!(limit.check(&one).is_ok());
        limit.forget_idle();
        assert_eq!(limit.buckets().len(), 1, "the other is full again");
    }

    #[test]
    fn clock_that_was_ahead_costs_at_most_one_request() {
        let clock = Clock::manual(jiff::Timestamp::UNIX_EPOCH);
        let limit = limit(2, &clock);
        let now = clock.now();
        clock.advance(52 * HOUR);
        assert!(limit.check(&[0; 32]).is_ok());
        clock.set(now);
        assert_eq!(limit.check(&[0; 32]).expect("the bucket is full").expect("on").remaining, 1);
        clock.advance(Duration::from_millis(900));
        assert!(limit.check(&[1; 32]).is_ok() && limit.check(&[1; 32]).is_ok());
        clock.set(now);
        let refused = limit.check(&[1; 32]).expect_err("a small step gives no new burst");
        assert_eq!(refused.wait, Duration::from_millis(500));
        clock.advance(Duration::from_millis(500));
        assert!(limit.check(&[1; 32]).is_ok());
    }

    #[test]
    fn several_requests_are_counted_all_or_none() {
        let clock = Clock::manual(jiff::Timestamp::UNIX_EPOCH);
        let limit = limit(5, &clock);
        assert_eq!(limit.spend(&[0; 32], 3).expect("allowed").expect("on").remaining, 2);
        assert!(limit.spend(&[0; 32], 3).is_err());
        assert_eq!(limit.spend(&[0; 32], 2).expect("allowed").expect("on").remaining, 0);
        assert!(limit.spend(&[1; 32], u32::MAX).is_err());
    }

    #[test]
    fn ipv6_networks_of_a_site_share_a_larger_bucket() {
        let clock = Clock::manual(jiff::Timestamp::UNIX_EPOCH);
        let limit = limit(3, &clock);
        let through = |address: IpAddr| (0..5).filter(|_| limit.check(&address).is_ok()).count();
        let network = |number: u16| IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 7, number, 0, 0, 0, 0));
        let counted: Vec<usize> = (0..20).map(|number| through(network(number))).collect();
        assert_eq!(counted, [vec![3; 16], vec![0; 4]].concat());
        assert_eq!(through("2001:db8:8::".parse().expect("an address")), 3, "another site has its own");
        assert_eq!(through("192.0.2.1".parse().expect("an address")), 3);
    }

    #[test]
    fn burst_is_exact_and_refills_over_time() {
        let clock = Clock::manual(jiff::Timestamp::UNIX_EPOCH);
        for count in [1, 3, 7, 100, 999] {
            let limit = limit(count, &clock);
            let through = |tries: u32| (0..tries).filter(|_| limit.check(&[0; 32]).is_ok()).count();
            assert_eq!(through(2 * count), count as usize, "at once");
            clock.advance(Duration::from_secs(10));
            assert_eq!(through(2 * count), count as usize, "nothing is saved up");
            clock.advance(Duration::from_millis(500));
            assert!(through(2 * count).abs_diff(count as usize / 2) <= 1, "half of it is back after half of the time");
        }
    }
}
