//! The push itself: so many at once, each until it is answered for good, and every answer onto the disk.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ambient::{Clock, Rng};
use credential::Context;
use futures::StreamExt as _;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::client::{Answer, Client, Problem, Taken};
use crate::counts::Counts;
use crate::entry::Entry;
use crate::error::Error;
use crate::journal::{Journal, Past};
use crate::progress::{Progress, lasting};
use crate::rejected_row::{Refusal, Refusals, Weight};
use crate::retry::{Gate, backoff, within};
use crate::source::Source;

/// How often it is shown how far it is, and answers are brought onto the disk.
const TICK: Duration = Duration::from_millis(250);

/// After so many answers of 500 a row is given up: it may be the one that breaks the server.
const TRIES: u32 = 6;

/// The server's code for: the link is good, and what stands behind it is what was pushed earlier under this id.
const EARLIER: &str = "submission.differs";

/// The server's code for: it was pushed earlier under this id, and so is mailed to nobody now.
const NOT_MAILED: &str = "claim.earlier";

/// What a run needs.
pub struct Run {
    /// The server.
    pub client: Client,
    /// What is pushed.
    pub source: Source,
    /// Which of it is not to be pushed.
    pub skip: Vec<bool>,
    /// What was pushed before.
    pub past: Past,
    /// Where the answers go; nowhere in a dry run.
    pub journal: Option<Journal>,
    /// Where refusals go.
    pub refusals: Refusals,
    /// What was counted so far.
    pub counts: Counts,
    /// The categories of a `universal_credential`.
    pub categories: Vec<String>,
    /// The time.
    pub clock: Clock,
    /// Random bytes, for waits.
    pub rng: Rng,
    /// How many at once.
    pub concurrency: usize,
    /// How long a server may be silent.
    pub patience: Duration,
    /// Set when the person wants it to stop.
    pub stop: CancellationToken,
    /// Set when they want it to stop now.
    pub drop: CancellationToken,
}

/// What is left of a run.
pub struct Ran {
    /// What was counted.
    pub counts: Counts,
    /// The refusals.
    pub refusals: Refusals,
    /// Why it ended early, if it did.
    pub ended: Option<String>,
}

/// What became of one credential.
enum Outcome {
    /// Whether it was sent before in this run, too, and not answered.
    Taken(Entry, Taken, bool),
    Refused(usize, Entry, Problem, Weight),
    /// It was not answered for good.
    Left,
    /// Nor will anything else be.
    Hopeless(String),
}

/// What all pushes of a run share.
struct Shared {
    client: Client,
    gate: Gate,
    patience: Duration,
    stop: CancellationToken,
    rng: Rng,
}

impl Run {
    /// Pushes everything that is to be pushed.
    pub async fn run(self, mut progress: Progress) -> Result<Ran, Error> {
        let Self { client, source, skip, past, mut journal, refusals, counts, categories, clock, rng, .. } = self;
        let is_by_person = source.is_by_person();
        let mut book = Book { source: Arc::new(Mutex::new(source)), refusals, counts, is_by_person };
        let stop = self.stop.clone();
        let shared = Shared { client, gate: Gate::new(), patience: self.patience, stop: stop.clone(), rng };
        let (sender, receiver) = mpsc::channel(self.concurrency * 2);
        let feeder = tokio::task::spawn_blocking({
            let (stop, source) = (stop.clone(), book.source.clone());
            move || {
                let context = Context { now: clock.now().to_jiff(), categories: Some(&categories) };
                feed(&source, &skip, &past, &context, &sender, &stop)
            }
        });
        let entries = futures::stream::unfold(receiver, async |mut receiver| Some((receiver.recv().await?, receiver)));
        let pushes = entries.map(|(index, entry)| shared.push(index, entry)).buffer_unordered(self.concurrency);
        let mut outcomes = Box::pin(pushes);
        let (mut ended, mut is_stopping) = (None, false);
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                outcome = outcomes.next() => match outcome {
                    None => break,
                    Some(Outcome::Left) => {}
                    Some(Outcome::Taken(entry, mut taken, is_repeated)) => {
                        book.take(journal.as_mut(), &entry, &mut taken, is_repeated)?;
                        book.write(None, warnings(&entry, &taken), &progress)?;
                    }
                    Some(Outcome::Refused(index, entry, problem, weight)) => {
                        if weight == Weight::Failed { book.counts.failed += 1 } else { book.counts.refused += 1 }
                        book.write(Some(index), told(&entry, problem, weight), &progress)?;
                    }
                    Some(Outcome::Hopeless(why)) => {
                        ended.get_or_insert(why);
                        stop.cancel();
                    }
                },
                _ = tick.tick() => {
                    progress.show(&book.counts, shared.gate.opens().saturating_duration_since(Instant::now()));
                    if let Some(journal) = &mut journal {
                        tokio::task::block_in_place(|| journal.flush())?;
                    }
                }
                () = stop.cancelled(), if !is_stopping => {
                    is_stopping = true;
                    progress.tell("Stopping: waiting for what is under way. Once more to stop at once.");
                }
                () = self.drop.cancelled() => break,
            }
        }
        drop(outcomes);
        progress.show(&book.counts, Duration::ZERO);
        if let Some(journal) = &mut journal {
            journal.flush()?;
        }
        book.refusals.flush()?;
        book.counts.seconds = progress.end().as_secs_f64();
        feeder.await.map_err(|error| Error::Failed(error.to_string()))??;
        Ok(Ran { counts: book.counts, refusals: book.refusals, ended })
    }
}

/// What is counted and written down while it runs.
struct Book {
    source: Arc<Mutex<Source>>,
    refusals: Refusals,
    counts: Counts,
    is_by_person: bool,
}

impl Book {
    /// Counts what was taken, and notes its link.
    fn take(
        &mut self,
        journal: Option<&mut Journal>,
        entry: &Entry,
        taken: &mut Taken,
        is_repeated: bool,
    ) -> Result<(), Error> {
        let stands = !taken.warnings.iter().any(|warning| warning.code == EARLIER);
        if stands {
            self.counts.pushed += 1;
        } else {
            self.counts.refused += 1;
        }
        let Some(journal) = journal else { return Ok(()) };
        // If the answer was lost, it was mailed then. Otherwise somebody waits for a mail that does not come.
        if journal.may_be_lost(entry, is_repeated) {
            taken.warnings.retain(|warning| warning.code != NOT_MAILED);
        }
        self.counts.replaced += u64::from(journal.replaces(entry, taken, self.is_by_person));
        tokio::task::block_in_place(|| journal.taken(entry, taken, stands))
    }

    /// Writes down what the server said, with its place in the file where `index` says whose it is.
    fn write(&mut self, index: Option<usize>, found: Vec<Refusal>, progress: &Progress) -> Result<(), Error> {
        for refusal in found {
            self.counts.warnings += u64::from(refusal.weight == Weight::Warning);
            let refusal = match index {
                Some(index) => self.source.lock().unwrap_or_else(PoisonError::into_inner).located(index, refusal)?,
                None => refusal,
            };
            if let Some(shown) = self.refusals.add(&refusal)? {
                progress.tell(&shown);
            }
        }
        Ok(())
    }
}

/// Reads what is to be pushed, as fast as it is pushed.
fn feed(
    source: &Mutex<Source>,
    skip: &[bool],
    past: &Past,
    context: &Context<'_>,
    sender: &mpsc::Sender<(usize, Entry)>,
    stop: &CancellationToken,
) -> Result<(), Error> {
    for index in (0..skip.len()).filter(|index| !skip[*index]) {
        let entry = {
            let mut source = source.lock().unwrap_or_else(PoisonError::into_inner);
            // What was good a while ago is good still, unless the file was changed.
            source.read(index, context, past)?.map_err(|_| source.input().changed())?
        };
        if past.has(&entry.digest()) {
            continue;
        }
        if stop.is_cancelled() || sender.blocking_send((index, entry)).is_err() {
            break;
        }
    }
    Ok(())
}

impl Shared {
    /// Pushes one until it is answered for good, or all is to stop.
    async fn push(&self, index: usize, entry: Entry) -> Outcome {
        let (mut failures, mut broken, mut is_repeated) = (0, 0, false);
        loop {
            if !self.wait(failures).await {
                return Outcome::Left;
            }
            let answer = self.client.push(&entry).await;
            if let Answer::Slower(wait) | Answer::Later(wait) = answer {
                self.gate.close(wait);
            }
            if !matches!(answer, Answer::Lost(_) | Answer::Later(_)) {
                self.gate.answered();
            }
            match answer {
                Answer::Taken(taken) => return Outcome::Taken(entry, taken, is_repeated),
                Answer::Refused(problem) => return Outcome::Refused(index, entry, problem, Weight::Refused),
                Answer::Hopeless(why) => return Outcome::Hopeless(why),
                Answer::Broken(problem) => {
                    (failures, broken) = (failures + 1, broken + 1);
                    if broken == TRIES {
                        return Outcome::Refused(index, entry, problem, Weight::Failed);
                    }
                }
                Answer::Slower(_) => {
                    failures = 0;
                    // Whoever is too fast was not pushed.
                    continue;
                }
                Answer::Later(_) => {
                    failures += 1;
                    if let Some(why) = self.is_silent("it answers 503") {
                        return why;
                    }
                }
                Answer::Lost(why) => {
                    failures += 1;
                    if let Some(why) = self.is_silent(&why) {
                        return why;
                    }
                }
            }
            is_repeated = true;
        }
    }

    fn is_silent(&self, why: &str) -> Option<Outcome> {
        let silence = self.gate.silence();
        let silent_for = lasting(silence);
        (silence > self.patience)
            .then(|| Outcome::Hopeless(format!("the server has answered no push for {silent_for}: {why}")))
    }

    /// Waits until it may be asked; false if all is to stop.
    async fn wait(&self, failures: u32) -> bool {
        let now = Instant::now();
        let own = if failures > 0 { now + backoff(failures, &self.rng) } else { now };
        loop {
            let opens = self.gate.opens();
            // Not all at the same instant when the gate opens.
            let spread =
                if opens > Instant::now() { within(Duration::from_millis(50), &self.rng) } else { Duration::ZERO };
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return false,
                () = sleep_until(own.max(opens + spread)) => {}
            }
            if self.gate.opens() <= Instant::now() {
                return true;
            }
        }
    }
}

/// What the server says of a push that it took.
fn warnings(entry: &Entry, taken: &Taken) -> Vec<Refusal> {
    let told = taken.warnings.iter().map(|warning| {
        let (code, message) = (warning.code.clone(), warning.message.clone());
        let weight = if code == EARLIER { Weight::Refused } else { Weight::Warning };
        Refusal { weight, code, message, ..entry.refusal() }
    });
    told.collect()
}

/// What the server says of a push that it did not take.
fn told(entry: &Entry, problem: Problem, weight: Weight) -> Vec<Refusal> {
    let of_all = || Refusal {
        weight,
        code: format!("http.{}", problem.status),
        message: format!("{} (request {})", problem.detail, problem.request_id),
        ..entry.refusal()
    };
    let mut refusals = Vec::new();
    if problem.errors.is_empty() {
        refusals.push(of_all());
    }
    refusals.extend(problem.errors.into_iter().map(|fault| Refusal {
        weight,
        pointer: fault.pointer,
        code: fault.code,
        message: fault.message,
        value: fault.received,
        suggestion: fault.suggestion,
        ..entry.refusal()
    }));
    refusals
}
