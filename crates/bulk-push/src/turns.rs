//! Pushes of one person happen in the order of the file, so that the last row of the file of links
//! is that of the last version. Pushes of different people are concurrent.

use std::collections::HashMap;

use tokio::sync::oneshot::{self, Receiver, Sender};

use crate::entry::{Digest, digest};

/// Number of people from which those whose pushes are done are forgotten.
const MANY: usize = 4096;

/// The turn of one push. Dropping it begins the next one of the person.
#[derive(Debug)]
pub struct Turn {
    earlier: Option<Receiver<()>>,
    /// Closes the channel when it is dropped.
    _done: Option<Sender<()>>,
}

impl Turn {
    /// Waits until the earlier push of the person is done.
    pub async fn begin(&mut self) {
        if let Some(earlier) = self.earlier.take() {
            // The sender is dropped without a message.
            let _closed = earlier.await;
        }
    }
}

/// The last pushes of each person.
#[derive(Debug, Default)]
pub struct Turns(HashMap<Digest, Receiver<()>>);

impl Turns {
    /// Returns the turn of the next push of `person`; without one it waits for none.
    pub fn next(&mut self, person: &str) -> Turn {
        if person.is_empty() {
            return Turn { earlier: None, _done: None };
        }
        if self.0.len() >= MANY {
            self.0.retain(|_, last| !is_done(last));
        }
        let (sender, receiver) = oneshot::channel();
        let earlier = self.0.insert(digest(&[person.as_bytes()]), receiver);
        Turn { earlier, _done: Some(sender) }
    }
}

fn is_done(last: &mut Receiver<()>) -> bool {
    last.try_recv().is_err_and(|error| error == oneshot::error::TryRecvError::Closed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn pushes_of_one_person_wait_for_each_other() {
        let mut turns = Turns::default();
        let (first, mut second, mut other) = (turns.next("E1"), turns.next("E1"), turns.next("E2"));
        let (mut one, mut unnamed) = (turns.next(""), turns.next(""));
        other.begin().await;
        one.begin().await;
        unnamed.begin().await;
        let is_waiting = tokio::time::timeout(std::time::Duration::from_millis(20), second.begin()).await;
        assert!(is_waiting.is_err(), "the first push is not done");
        drop(first);
        let mut third = turns.next("E1");
        drop(second);
        third.begin().await;
    }

    #[test]
    fn people_whose_pushes_are_done_are_forgotten() {
        let mut turns = Turns::default();
        let held = turns.next("held");
        for number in 0..2 * MANY {
            drop(turns.next(&number.to_string()));
        }
        assert!(turns.0.len() <= MANY && turns.0.contains_key(&digest(&[b"held"])));
        drop(held);
    }
}
