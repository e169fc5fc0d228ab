//! A fair queue for a scarce resource, with a limited number of turns for each waiter.
//!
//! The waiter with the fewest turns in progress is next, and among equals the one that has used
//! the resource least lately. Some turns can be reserved for waiters with little use, so that they
//! do not wait for those that use it all the time.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;
use uuid::Uuid;

/// Use below which a waiter may take a reserved turn.
const LIGHT: Duration = Duration::from_secs(2);
/// Use is forgotten ten times as slowly as it arises.
const FORGETTING: u32 = 10;
/// Maximum use that is remembered, which is forgotten in ten minutes.
const MAX_USE: Duration = Duration::from_secs(60);

/// The queue. Cheap to clone.
#[derive(Clone, Debug)]
pub struct FairQueue(Arc<Mutex<QueueState>>);

#[derive(Debug)]
struct QueueState {
    free: usize,
    reserved: usize,
    most_each: usize,
    users: HashMap<Uuid, User>,
    waiting: VecDeque<(Uuid, oneshot::Sender<Turn>)>,
}

/// A waiter that has, or lately had, a turn.
#[derive(Debug)]
struct User {
    running: usize,
    /// Duration of its ended turns as remembered at `as_of`.
    used: Duration,
    as_of: Instant,
}

impl User {
    fn new(now: Instant) -> Self {
        Self { running: 0, used: Duration::ZERO, as_of: now }
    }

    /// Returns the use that is remembered at `now`.
    fn used(&self, now: Instant) -> Duration {
        self.used.saturating_sub(now.saturating_duration_since(self.as_of) / FORGETTING)
    }

    fn end_turn(&mut self, began: Instant, now: Instant) {
        self.running -= 1;
        self.used = (self.used(now) + now.saturating_duration_since(began)).min(MAX_USE);
        self.as_of = now;
    }
}

/// A turn, which ends on drop.
#[derive(Debug)]
pub struct Turn {
    queue: FairQueue,
    of: Uuid,
    began: Instant,
}

impl FairQueue {
    /// Creates a queue of `turns` concurrent turns, of which each waiter may have `most_each`.
    pub fn new(turns: usize, most_each: usize) -> Self {
        Self::with_reserve(turns, most_each, 0)
    }

    /// Creates a queue like [`FairQueue::new`] that keeps `reserved` of its turns for waiters that
    /// have none and have used little lately.
    pub fn with_reserve(turns: usize, most_each: usize, reserved: usize) -> Self {
        // All turns reserved would keep other waiters waiting forever.
        let reserved = reserved.min(turns.saturating_sub(1));
        let (users, waiting) = (HashMap::new(), VecDeque::new());
        Self(Arc::new(Mutex::new(QueueState { free: turns, reserved, most_each, users, waiting })))
    }

    fn lock(&self) -> MutexGuard<'_, QueueState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a turn on behalf of `of`. Does not return `None` in practice, since turns are
    /// never lost.
    pub async fn turn(&self, of: Uuid) -> Option<Turn> {
        let (sender, turn) = oneshot::channel();
        self.lock().waiting.push_back((of, sender));
        self.give();
        turn.await.ok()
    }

    /// Gives free turns to waiters.
    fn give(&self) {
        loop {
            let now = Instant::now();
            let next = self.lock().next(now);
            let Some((of, sender)) = next else { return };
            // If the waiter has gone, the turn is dropped at once, which passes it to another
            // waiter.
            let _ = sender.send(Turn { queue: self.clone(), of, began: now });
        }
    }
}

impl QueueState {
    /// Removes the next waiter from the queue and counts its turn.
    fn next(&mut self, now: Instant) -> Option<(Uuid, oneshot::Sender<Turn>)> {
        self.waiting.retain(|(_, sender)| !sender.is_closed());
        if self.free == 0 {
            return None;
        }
        let is_reserved = self.free <= self.reserved;
        let use_of = |of: &Uuid| self.users.get(of).map_or((0, Duration::ZERO), |user| (user.running, user.used(now)));
        let waiting = self.waiting.iter().enumerate().map(|(at, (of, _))| (use_of(of), at));
        let may_run = |(running, used): (usize, Duration)| {
            running < self.most_each && (!is_reserved || (running == 0 && used < LIGHT))
        };
        let (_, at) = waiting.filter(|(usage, _)| may_run(*usage)).min()?;
        let next = self.waiting.remove(at)?;
        self.free -= 1;
        self.users.entry(next.0).or_insert_with(|| User::new(now)).running += 1;
        Some(next)
    }

    fn end_turn(&mut self, of: Uuid, began: Instant, now: Instant) {
        self.free += 1;
        if let Some(user) = self.users.get_mut(&of) {
            user.end_turn(began, now);
        }
        self.users.retain(|_, user| user.running > 0 || !user.used(now).is_zero());
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.queue.lock().end_turn(self.of, self.began, Instant::now());
        self.queue.give();
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn newcomer_goes_before_a_waiter_with_turns() {
        let queue = FairQueue::new(2, 2);
        let (busy, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let first = queue.turn(busy).await.expect("a turn");
        let _second = queue.turn(busy).await.expect("a turn");
        let mut third = Box::pin(queue.turn(busy));
        assert!(third.as_mut().now_or_never().is_none());
        let mut late = Box::pin(queue.turn(other));
        assert!(late.as_mut().now_or_never().is_none());
        drop(first);
        assert!(third.as_mut().now_or_never().is_none(), "it has one turn already");
        let turn = late.await.expect("a turn");
        drop(turn);
        assert!(third.await.is_some());
    }

    #[tokio::test]
    async fn one_waiter_never_has_all_turns() {
        let queue = FairQueue::new(4, 2);
        let (busy, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let turns = [queue.turn(busy).await, queue.turn(busy).await];
        let mut third = Box::pin(queue.turn(busy));
        assert!(third.as_mut().now_or_never().is_none());
        assert!(queue.turn(other).now_or_never().is_some());
        drop(turns);
    }

    #[tokio::test]
    async fn canceled_waiters_lose_no_turn() {
        let queue = FairQueue::new(1, 1);
        let id = Uuid::from_u128(1);
        let turn = queue.turn(id).await;
        for _ in 0..1000 {
            let mut waiting = Box::pin(queue.turn(id));
            assert!(waiting.as_mut().now_or_never().is_none());
        }
        let given = Box::pin(queue.turn(id));
        drop(turn);
        drop(given);
        assert!(queue.turn(id).now_or_never().is_some_and(|turn| turn.is_some()));
    }

    /// Four partners keep a queue like that of inspections full with turns of 0.7 s; returns when
    /// a fifth one, which comes after ten seconds, gets a turn.
    async fn wait_behind_four_busy_partners(queue: FairQueue) -> Duration {
        for partner in 0..32_u128 {
            let queue = queue.clone();
            tokio::spawn(async move {
                while let Some(turn) = queue.turn(Uuid::from_u128(partner % 4)).await {
                    tokio::time::sleep(Duration::from_millis(700)).await;
                    drop(turn);
                }
            });
        }
        tokio::time::sleep(Duration::from_secs(10)).await;
        let came = Instant::now();
        let _turn = queue.turn(Uuid::from_u128(9)).await.expect("a turn");
        came.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn newcomer_waits_for_one_turn_of_busy_partners() {
        let waited = wait_behind_four_busy_partners(FairQueue::new(4, 2)).await;
        assert!(waited <= Duration::from_millis(700), "{waited:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn reserved_turn_is_free_for_a_newcomer() {
        let waited = wait_behind_four_busy_partners(FairQueue::with_reserve(4, 2, 1)).await;
        assert_eq!(waited, Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn third_partner_gets_the_next_of_two_turns() {
        let queue = FairQueue::new(2, 1);
        let [first, second] = [1, 2].map(Uuid::from_u128);
        for partner in [first, first, second, second] {
            let queue = queue.clone();
            tokio::spawn(async move {
                while let Some(turn) = queue.turn(partner).await {
                    tokio::time::sleep(Duration::from_secs(4)).await;
                    drop(turn);
                }
            });
        }
        tokio::time::sleep(Duration::from_secs(9)).await;
        let came = Instant::now();
        assert!(queue.turn(Uuid::from_u128(3)).await.is_some());
        assert!(came.elapsed() <= Duration::from_secs(4), "{:?}", came.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn past_use_expires_and_idle_users_are_dropped() {
        let (queue, busy) = (FairQueue::with_reserve(2, 2, 1), Uuid::from_u128(1));
        let turn = queue.turn(busy).await;
        tokio::time::sleep(Duration::from_secs(30)).await;
        drop(turn);
        let _other = queue.turn(Uuid::from_u128(2)).await;
        assert!(Box::pin(queue.turn(busy)).as_mut().now_or_never().is_none(), "only the reserved turn is free");
        tokio::time::sleep(Duration::from_secs(281)).await;
        let turn = Box::pin(queue.turn(busy)).as_mut().now_or_never().flatten().expect("its use is below the limit");
        drop(turn);
        tokio::time::sleep(Duration::from_secs(60)).await;
        drop(queue.turn(Uuid::from_u128(3)).now_or_never());
        assert_eq!(queue.lock().users.len(), 1, "the one with a turn");
    }
}
