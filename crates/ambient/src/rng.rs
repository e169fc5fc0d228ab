//! Random bytes from the operating system, or from a seed in tests.
//!
//! All random draws of the server come from here: identifiers, secrets, codes, nonces. No other
//! code uses a random number generator directly.

use std::cell::RefCell;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use crate::clock::Timestamp;

/// A source of random bytes.
#[derive(Clone, Debug)]
pub enum Rng {
    /// The cryptographic generator of aws-lc, seeded by the operating system.
    System,
    /// SHA-256 in counter mode over a seed. Repeatable; only for tests.
    Seeded(Arc<Mutex<Seeded>>),
}

/// The state of a seeded source.
#[derive(Debug)]
pub struct Seeded {
    seed: u64,
    counter: u64,
}

/// Number of random bytes that are drawn at once.
const RESERVED: usize = 1024;

/// A thread-local buffer of random bytes for ids and nonces. A call to the generator costs about as
/// much for one of them as for all.
struct Reserve {
    bytes: [u8; RESERVED],
    used: usize,
}

thread_local! {
    static RESERVE: RefCell<Reserve> = const { RefCell::new(Reserve { bytes: [0; RESERVED], used: RESERVED }) };
}

impl Reserve {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        if self.bytes.len() - self.used < N {
            Rng::System.fill(&mut self.bytes);
            self.used = 0;
        }
        let mut taken = [0; N];
        taken.copy_from_slice(&self.bytes[self.used..self.used + N]);
        self.used += N;
        taken
    }
}

impl Rng {
    /// Creates a repeatable source.
    pub fn seeded(seed: u64) -> Self {
        Self::Seeded(Arc::new(Mutex::new(Seeded { seed, counter: 0 })))
    }

    /// Returns `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// Returns at most 1024 random bytes that will not be secret: a nonce, or the random part of an
    /// id. They stay in memory until others replace them.
    pub fn public_bytes<const N: usize>(&self) -> [u8; N] {
        const { assert!(N <= RESERVED) };
        match self {
            Self::System => RESERVE.with_borrow_mut(Reserve::take),
            Self::Seeded(_) => self.bytes(),
        }
    }

    /// Fills `bytes` with random bytes.
    pub fn fill(&self, bytes: &mut [u8]) {
        match self {
            Self::System => aws_lc_rs::rand::fill(bytes).expect("the operating system gives random bytes"),
            Self::Seeded(state) => {
                let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
                for chunk in bytes.chunks_mut(digest::SHA256_OUTPUT_LEN) {
                    state.counter += 1;
                    let block = [state.seed.to_be_bytes(), state.counter.to_be_bytes()].concat();
                    chunk.copy_from_slice(&digest::digest(&digest::SHA256, &block).as_ref()[..chunk.len()]);
                }
            }
        }
    }

    /// Creates a UUIDv7 (RFC 9562, section 5.7) for `now`. It sorts by time, so that index inserts
    /// stay at one end, and has 74 random bits, so that ids cannot be guessed.
    pub fn id(&self, now: Timestamp) -> Uuid {
        let millis = u64::try_from(now.micros() / 1000).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &self.public_bytes()).into_uuid()
    }

    /// Creates a UUIDv7 that sorts after those of the same millisecond with a lower `place`, for
    /// rows that keep an order. A 12-bit counter precedes 62 random bits (RFC 9562, section 6.2,
    /// method 1).
    pub fn ordered_id(&self, now: Timestamp, place: u16) -> Uuid {
        let millis = u64::try_from(now.micros() / 1000).unwrap_or(0);
        let mut random = self.public_bytes::<10>();
        random[..2].copy_from_slice(&place.to_be_bytes());
        uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }

    /// Creates a UUIDv4 (RFC 9562, section 5.4), which does not reveal when it was created.
    pub fn anonymous_id(&self) -> Uuid {
        uuid::Builder::from_random_bytes(self.bytes()).into_uuid()
    }

    /// Creates a secret of 256 bits in base64url without padding: 43 characters.
    pub fn secret(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.bytes::<32>())
    }

    /// Returns a uniformly distributed number below `end`.
    pub fn below(&self, end: NonZeroU32) -> u32 {
        // Rejection sampling: values above the last multiple of `end` would favour small numbers.
        // At most about half of the draws are rejected.
        let limit = u32::MAX - u32::MAX % end;
        loop {
            let draw = u32::from_be_bytes(self.bytes());
            if draw < limit {
                return draw % end;
            }
        }
    }

    /// Returns a random duration below `end`, in whole milliseconds; zero if `end` is shorter than
    /// one.
    pub fn duration_below(&self, end: Duration) -> Duration {
        let millis = u32::try_from(end.as_millis()).unwrap_or(u32::MAX);
        NonZeroU32::new(millis).map_or(Duration::ZERO, |end| Duration::from_millis(self.below(end).into()))
    }

    /// Returns a uniformly distributed six-digit code.
    pub fn code(&self) -> String {
        const MILLION: NonZeroU32 = NonZeroU32::new(1_000_000).expect("it is not zero");
        format!("{:06}", self.below(MILLION))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeded_rng_repeats_its_output() {
        let (one, other) = (Rng::seeded(7), Rng::seeded(7));
        let first: [u8; 48] = one.bytes();
        assert_eq!(first, other.bytes());
        assert_ne!(first, one.bytes());
        assert_ne!(Rng::seeded(8).bytes::<48>(), first);
    }

    #[test]
    fn ids_are_version_7_and_sort_by_time() {
        let rng = Rng::System;
        let early = rng.id(Timestamp::from_micros(1_000_000));
        let late = rng.id(Timestamp::from_micros(2_000_000));
        assert_eq!(early.get_version_num(), 7);
        assert!(early < late);
        assert_eq!(rng.anonymous_id().get_version_num(), 4);
        let ordered: Vec<Uuid> = (0..300).map(|place| rng.ordered_id(Timestamp::from_micros(1), place)).collect();
        assert!(ordered.is_sorted() && ordered.iter().all(|id| id.get_version_num() == 7));
    }

    #[test]
    fn ids_drawn_on_two_threads_are_distinct() {
        let draw = || (0..1_000).map(|_| Rng::System.id(Timestamp::from_micros(0)));
        let ids: std::collections::HashSet<Uuid> = std::thread::scope(|scope| {
            let other = scope.spawn(|| draw().collect::<Vec<_>>());
            draw().chain(other.join().expect("it draws")).collect()
        });
        assert_eq!(ids.len(), 2_000);
    }

    #[test]
    fn codes_have_six_digits_and_secrets_256_bits() {
        let rng = Rng::System;
        for _ in 0..100 {
            let code = rng.code();
            assert_eq!(code.len(), 6);
            assert!(code.bytes().all(|byte| byte.is_ascii_digit()));
        }
        assert_eq!(rng.secret().len(), 43);
        assert_ne!(rng.secret(), rng.secret());
    }

    #[test]
    fn random_numbers_below_a_bound_are_uniform() {
        let rng = Rng::seeded(3);
        let end = |end| NonZeroU32::new(end).expect("not zero");
        let mut counts = [0_u32; 6];
        for _ in 0..6_000 {
            counts[usize::try_from(rng.below(end(6))).expect("small")] += 1;
        }
        // Five standard deviations for a fair die are 144.
        assert!(counts.iter().all(|count| count.abs_diff(1_000) < 144), "{counts:?}");
        assert_eq!(rng.below(end(1)), 0);
        // With a plain remainder for this `end`, the lower half would come up twice as often.
        let end = end(u32::MAX / 3 * 2);
        let low = (0..3_000).filter(|_| rng.below(end) < u32::MAX / 3).count();
        assert!(low.abs_diff(1_500) < 137, "{low}");
    }
}
