//! Minimum transfer rate of uploads, fetches and bodies with documents.

use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use tokio::time::{Instant, timeout};

use store::domain::asset::Failure;

/// Waiting time after which the rate is checked. Only waiting for the sender counts.
const WINDOW: Duration = Duration::from_secs(10);
/// Minimum number of bytes in a second.
const MIN_BYTES: u64 = 1024;

/// A document as it arrives. Fails if the sender is slower than the minimum rate, because it would
/// occupy one of the few upload slots, or turns of large bodies.
#[derive(Debug)]
pub struct Paced<S> {
    source: Pin<Box<S>>,
    window: Duration,
    waited: Duration,
    received: u64,
}

impl<S: Stream<Item = Result<Bytes, Failure>>> Paced<S> {
    pub(super) fn new(source: S) -> Self {
        Self::with_window(source, WINDOW)
    }

    /// Checks the rate each time that `window`, whole seconds, was spent waiting for the sender.
    pub fn with_window(source: S, window: Duration) -> Self {
        Self { source: Box::pin(source), window, waited: Duration::ZERO, received: 0 }
    }

    /// Returns the next piece, or `None` at the end.
    ///
    /// # Errors
    /// Those of the source, or the sender is too slow.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        loop {
            if self.waited >= self.window {
                if self.received < MIN_BYTES * self.window.as_secs() {
                    return Err(Failure::Unreachable);
                }
                (self.waited, self.received) = (Duration::ZERO, 0);
            }
            let started = Instant::now();
            let piece = timeout(self.window - self.waited, self.source.next()).await;
            self.waited += started.elapsed();
            let Ok(piece) = piece else { continue };
            let piece = piece.transpose()?;
            self.received += piece.as_ref().map_or(0, |piece| piece.len() as u64);
            return Ok(piece);
        }
    }
}

/// The clock is paused in these tests, and advances when all tasks wait.
#[cfg(test)]
mod tests {
    use futures::stream;

    use super::*;

    /// Yields pieces of `size` bytes, one each `interval`.
    fn pieces(size: usize, interval: Duration, count: usize) -> impl Stream<Item = Result<Bytes, Failure>> {
        stream::iter(0..count).then(move |_| async move {
            tokio::time::sleep(interval).await;
            Ok(Bytes::from(vec![0; size]))
        })
    }

    /// Returns the number of bytes that arrive, and the second at which the document ends or fails.
    async fn received(source: impl Stream<Item = Result<Bytes, Failure>>) -> (Result<usize, usize>, u64) {
        let (mut paced, started, mut size) = (Paced::new(source), Instant::now(), 0);
        let ended = loop {
            match paced.next().await {
                Ok(Some(piece)) => size += piece.len(),
                Ok(None) => break Ok(size),
                Err(_) => break Err(size),
            }
        };
        (ended, started.elapsed().as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn uploads_below_the_minimum_rate_end() {
        let second = Duration::from_secs(1);
        assert_eq!(received(stream::pending()).await, (Err(0), 10));
        assert_eq!(received(pieces(1, 9 * second, 100)).await, (Err(1), 10), "a byte now and then");
        let trickle = received(pieces(100, second / 10, 1000)).await.0;
        assert!(trickle.is_err_and(|size| size <= 10_000), "a steady trickle");
        let fast_then_silent = stream::iter([Ok(Bytes::from(vec![0; 1 << 20]))]).chain(stream::pending());
        assert_eq!(received(fast_then_silent).await, (Err(1 << 20), 20));
    }

    #[tokio::test(start_paused = true)]
    async fn shorter_window_ends_slow_senders_sooner() {
        let (second, started) = (Duration::from_secs(1), Instant::now());
        let mut paced = Paced::with_window(pieces(1, 2 * second, 100), 5 * second);
        while paced.next().await.is_ok_and(|piece| piece.is_some()) {}
        assert_eq!(started.elapsed().as_secs(), 5);
    }

    #[tokio::test(start_paused = true)]
    async fn slow_storage_does_not_count_as_a_slow_upload() {
        let mut paced = Paced::new(pieces(10, Duration::from_millis(1), 20));
        for _ in 0..20 {
            assert!(paced.next().await.expect("a piece").is_some());
            tokio::time::sleep(Duration::from_secs(60)).await;
        }
        assert!(paced.next().await.expect("the end").is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn uploads_at_the_minimum_rate_complete() {
        let second = Duration::from_secs(1);
        assert_eq!(received(pieces(1100, second, 60)).await, (Ok(66_000), 60));
        assert_eq!(received(pieces(1, second, 9)).await, (Ok(9), 9), "a small document may be slow");
    }
}
