//! A fair queue for a scarce resource: the waiter with the fewest turns in progress is next.
//!
//! The number of turns for each waiter is limited, so that a new waiter always gets one.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;
use uuid::Uuid;

/// The queue. Cheap to clone.
#[derive(Clone, Debug)]
pub struct FairQueue(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    free: usize,
    most_each: usize,
    running: HashMap<Uuid, usize>,
    waiting: VecDeque<(Uuid, oneshot::Sender<Turn>)>,
}

/// A turn, which ends on drop.
#[derive(Debug)]
pub struct Turn {
    queue: FairQueue,
    of: Uuid,
}

impl FairQueue {
    /// Creates a queue of `turns` concurrent turns, of which each waiter may have `most_each`.
    pub fn new(turns: usize, most_each: usize) -> Self {
        let state = State { free: turns, most_each, running: HashMap::new(), waiting: VecDeque::new() };
        Self(Arc::new(Mutex::new(state)))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
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
        while let Some((of, sender)) = self.next() {
            // If the waiter has gone, the turn is dropped at once, which passes it to another
            // waiter.
            let _ = sender.send(Turn { queue: self.clone(), of });
        }
    }

    fn next(&self) -> Option<(Uuid, oneshot::Sender<Turn>)> {
        let state = &mut *self.lock();
        state.waiting.retain(|(_, sender)| !sender.is_closed());
        if state.free == 0 {
            return None;
        }
        let running = |of: &Uuid| state.running.get(of).copied().unwrap_or_default();
        let waiting = state.waiting.iter().enumerate().map(|(at, (of, _))| (running(of), at));
        let (_, at) = waiting.filter(|(running, _)| *running < state.most_each).min()?;
        let next = state.waiting.remove(at)?;
        state.free -= 1;
        *state.running.entry(next.0).or_default() += 1;
        Some(next)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        {
            let state = &mut *self.queue.lock();
            state.free += 1;
            if let Some(running) = state.running.get_mut(&self.of) {
                *running -= 1;
                if *running == 0 {
                    state.running.remove(&self.of);
                }
            }
        }
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
}
