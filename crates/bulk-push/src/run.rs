//! Pushes concurrently, retries until each credential has a final result, and records every result
//! on disk.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ambient::{Clock, Rng};
use credential::Context;
use futures::StreamExt as _;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::client::{Client, Problem, PushResponse, Taken};
use crate::counts::Counts;
use crate::entry::Entry;
use crate::error::Error;
use crate::journal::{Journal, PreviousRun};
use crate::progress::{Progress, lasting};
use crate::rejected_row::{RejectedRow, RejectedRows, Severity};
use crate::retry::{Gate, backoff};
use crate::row_code::RowCode;
use crate::source::Source;
use crate::turns::{Turn, Turns};

/// Interval of progress updates and of writing results to disk.
const TICK: Duration = Duration::from_millis(250);

/// Maximum number of responses with status 500 for a row. The row itself may cause them.
const MAX_ATTEMPTS: u32 = 6;

/// Requests that waited for the gate start within this time of its opening.
const SPREAD: Duration = Duration::from_millis(50);

/// Warning code: the link is valid, but for the content of an earlier push with this id.
const EARLIER: &str = "duplicate.different_body";

/// Warning code: pushed earlier with this id, so no email is sent now.
const NOT_MAILED: &str = "notify.already_sent";

/// The inputs of a run.
pub struct Run {
    pub client: Client,
    /// The credentials.
    pub source: Source,
    /// Which of them are skipped.
    pub skip: Vec<bool>,
    /// What earlier runs pushed.
    pub previous: PreviousRun,
    /// Records the results; `None` in a dry run.
    pub journal: Option<Journal>,
    /// The report.
    pub rejected: RejectedRows,
    /// The counts so far.
    pub counts: Counts,
    /// The categories of a `universal_credential`.
    pub categories: Vec<String>,
    /// The clock, for the check.
    pub clock: Clock,
    /// The RNG, for backoff.
    pub rng: Rng,
    /// Concurrent pushes.
    pub concurrency: usize,
    /// How long the server may be unresponsive.
    pub give_up_after: Duration,
    /// Cancelled to stop after the requests in flight.
    pub stop: CancellationToken,
    /// Cancelled to stop immediately.
    pub drop: CancellationToken,
}

/// The result of a run.
pub struct Ran {
    pub counts: Counts,
    /// The report.
    pub rejected: RejectedRows,
    /// Why the run ended early, if it did.
    pub ended: Option<String>,
}

/// The final result of one credential.
enum PushOutcome {
    /// The last value is true if an earlier request of this run had no response.
    Taken(Entry, Taken, bool),
    Refused(usize, Entry, Problem, Severity),
    /// The run ended before a final result.
    Left,
    /// The whole run must stop.
    Hopeless(String),
}

/// State that all pushes share.
struct Shared {
    client: Client,
    gate: Gate,
    give_up_after: Duration,
    stop: CancellationToken,
    rng: Rng,
}

impl Run {
    /// Pushes everything that is not skipped.
    pub async fn run(self, mut progress: Progress) -> Result<Ran, Error> {
        let Self { client, source, skip, previous, mut journal, rejected, counts, categories, clock, rng, .. } = self;
        let is_by_person = source.is_by_person();
        let mut state = RunState { source: Arc::new(Mutex::new(source)), rejected, counts, is_by_person };
        let stop = self.stop.clone();
        let shared = Shared { client, gate: Gate::new(), give_up_after: self.give_up_after, stop: stop.clone(), rng };
        let (sender, receiver) = mpsc::channel(self.concurrency * 2);
        let feeder = tokio::task::spawn_blocking({
            let (stop, source) = (stop.clone(), state.source.clone());
            move || {
                let context = Context { now: clock.now().to_jiff(), categories: Some(&categories), return_urls: None };
                feed(&source, &skip, &previous, &context, &sender, &stop)
            }
        });
        let entries = futures::stream::unfold(receiver, async |mut receiver| Some((receiver.recv().await?, receiver)));
        let pushes = entries.map(|(index, entry, turn)| shared.push(index, entry, turn));
        let pushes = pushes.buffer_unordered(self.concurrency);
        let mut outcomes = Box::pin(pushes);
        let (mut ended, mut is_stopping) = (None, false);
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                outcome = outcomes.next() => match outcome {
                    None => break,
                    Some(PushOutcome::Left) => {}
                    Some(PushOutcome::Taken(entry, mut taken, is_repeated)) => {
                        state.take(journal.as_mut(), &entry, &mut taken, is_repeated)?;
                        state.write(None, warnings(&entry, &taken), &progress)?;
                    }
                    Some(PushOutcome::Refused(index, entry, problem, severity)) => {
                        if severity == Severity::Failed { state.counts.failed += 1 } else { state.counts.refused += 1 }
                        state.write(Some(index), told(&entry, problem, severity), &progress)?;
                    }
                    Some(PushOutcome::Hopeless(why)) => {
                        ended.get_or_insert(why);
                        stop.cancel();
                    }
                },
                _ = tick.tick() => {
                    progress.show(&state.counts, shared.gate.opens().saturating_duration_since(Instant::now()));
                    if let Some(journal) = &mut journal {
                        tokio::task::block_in_place(|| journal.flush())?;
                    }
                }
                () = stop.cancelled(), if !is_stopping => {
                    is_stopping = true;
                    progress.tell("Stopping after the requests in flight. Press Ctrl-C again to stop at once.");
                }
                () = self.drop.cancelled() => break,
            }
        }
        drop(outcomes);
        progress.show(&state.counts, Duration::ZERO);
        if let Some(journal) = &mut journal {
            journal.flush()?;
        }
        state.rejected.flush()?;
        state.counts.seconds = progress.end().as_secs_f64();
        let (pushed_meanwhile, changed) = fed(feeder).await?;
        state.counts.already += pushed_meanwhile;
        let ended = changed.or(ended);
        Ok(Ran { counts: state.counts, rejected: state.rejected, ended })
    }
}

/// The counts and reports of a running push.
struct RunState {
    source: Arc<Mutex<Source>>,
    rejected: RejectedRows,
    counts: Counts,
    is_by_person: bool,
}

impl RunState {
    /// Counts a push and records its link.
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
        if entry.is_update && stands {
            let count = if taken.is_verified() { &mut self.counts.updated } else { &mut self.counts.asked };
            *count += 1;
        }
        // If an earlier response was lost, that request already sent the email. Otherwise the
        // warning stays, because no email was sent.
        if journal.may_be_lost(entry, is_repeated) {
            taken.warnings.retain(|warning| warning.code != NOT_MAILED);
        }
        self.counts.replaced += u64::from(journal.replaces(entry, taken, self.is_by_person));
        tokio::task::block_in_place(|| journal.taken(entry, taken, stands))
    }

    /// Reports problems from the server, with their position in the file if `index` is given.
    fn write(&mut self, index: Option<usize>, found: Vec<RejectedRow>, progress: &Progress) -> Result<(), Error> {
        for rejected_row in found {
            self.counts.warnings += u64::from(rejected_row.severity == Severity::Warning);
            let rejected_row = match index {
                Some(index) => {
                    let mut source = self.source.lock().unwrap_or_else(PoisonError::into_inner);
                    // Without its position, if the file has changed.
                    source.located(index, rejected_row.clone()).unwrap_or(rejected_row)
                }
                None => rejected_row,
            };
            if let Some(shown) = self.rejected.add(&rejected_row)? {
                progress.tell(&shown);
            }
        }
        Ok(())
    }
}

/// Returns the result of [`feed`], and why the input could not be read to its end. A file that
/// changed ends a run like a server that fails: what was pushed before is counted.
async fn fed(feeder: JoinHandle<Result<u64, Error>>) -> Result<(u64, Option<String>), Error> {
    let fed = feeder.await.map_err(|error| Error::Failed(error.to_string()))?;
    Ok(fed.map_or_else(|error| (0, Some(error.to_string())), |pushed_meanwhile| (pushed_meanwhile, None)))
}

/// Reads credentials as fast as they are pushed. Returns how many of them another run has pushed
/// since they were checked: that run ended before this one had the lock.
fn feed(
    source: &Mutex<Source>,
    skip: &[bool],
    previous: &PreviousRun,
    context: &Context<'_>,
    sender: &mpsc::Sender<(usize, Entry, Turn)>,
    stop: &CancellationToken,
) -> Result<u64, Error> {
    let (mut pushed_meanwhile, mut turns) = (0, Turns::default());
    let has_its_length = || source.lock().unwrap_or_else(PoisonError::into_inner).input().has_its_length();
    has_its_length()?;
    for index in (0..skip.len()).filter(|index| !skip[*index]) {
        let entry = {
            let mut source = source.lock().unwrap_or_else(PoisonError::into_inner);
            // It was valid in the check, so the file has changed if it is invalid now.
            source.read(index, context, previous)?.map_err(|_| source.input().changed())?
        };
        if previous.is_done(&entry) {
            pushed_meanwhile += 1;
            continue;
        }
        let turn = turns.next(&entry.person);
        if stop.is_cancelled() || sender.blocking_send((index, entry, turn)).is_err() {
            return Ok(pushed_meanwhile);
        }
    }
    has_its_length().map(|()| pushed_meanwhile)
}

impl Shared {
    /// Pushes one credential until there is a final result or the run stops.
    async fn push(&self, index: usize, entry: Entry, mut turn: Turn) -> PushOutcome {
        turn.begin().await;
        let (mut failures, mut broken, mut is_repeated) = (0, 0, false);
        loop {
            if !self.wait(failures).await {
                return PushOutcome::Left;
            }
            let answer = self.client.push(&entry).await;
            if let PushResponse::Slower(wait) | PushResponse::Later(wait) = answer {
                self.gate.close(wait);
            }
            if !matches!(answer, PushResponse::Lost(_) | PushResponse::Later(_)) {
                self.gate.answered();
            }
            match answer {
                PushResponse::Taken(taken) => return PushOutcome::Taken(entry, taken, is_repeated),
                PushResponse::Refused(problem) => {
                    return PushOutcome::Refused(index, entry, problem, Severity::Refused);
                }
                PushResponse::Hopeless(why) => return PushOutcome::Hopeless(why),
                PushResponse::Broken(problem) => {
                    (failures, broken) = (failures + 1, broken + 1);
                    if broken == MAX_ATTEMPTS {
                        return PushOutcome::Refused(index, entry, problem, Severity::Failed);
                    }
                }
                PushResponse::Slower(_) => {
                    failures = 0;
                    // A rate-limited request was not processed, so it does not count as repeated.
                    continue;
                }
                PushResponse::Later(_) => {
                    failures += 1;
                    if let Some(why) = self.is_silent("status 503") {
                        return why;
                    }
                }
                PushResponse::Lost(why) => {
                    failures += 1;
                    if let Some(why) = self.is_silent(&why) {
                        return why;
                    }
                }
            }
            is_repeated = true;
        }
    }

    fn is_silent(&self, why: &str) -> Option<PushOutcome> {
        let silence = self.gate.silence();
        let silent_for = lasting(silence);
        (silence > self.give_up_after)
            .then(|| PushOutcome::Hopeless(format!("no response to any push for {silent_for}: {why}")))
    }

    /// Waits until a request may be sent; returns false if the run stops.
    async fn wait(&self, failures: u32) -> bool {
        let now = Instant::now();
        let own = if failures > 0 { now + backoff(failures, &self.rng) } else { now };
        loop {
            let opens = self.gate.opens();
            // Adds jitter, so that not all requests start when the gate opens.
            let spread = if opens > Instant::now() { self.rng.duration_below(SPREAD) } else { Duration::ZERO };
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

/// Lists the warnings of a push that succeeded.
fn warnings(entry: &Entry, taken: &Taken) -> Vec<RejectedRow> {
    let told = taken.warnings.iter().map(|warning| {
        let (code, message) = (warning.code.clone(), warning.message.clone());
        let severity = if code == EARLIER { Severity::Refused } else { Severity::Warning };
        RejectedRow { severity, code, message, ..entry.rejected_row() }
    });
    told.collect()
}

/// Lists the problems of a push that failed.
fn told(entry: &Entry, problem: Problem, severity: Severity) -> Vec<RejectedRow> {
    let of_all = || RejectedRow {
        severity,
        code: RowCode::of_status(problem.status),
        message: format!("{} (request {})", problem.detail, problem.request_id),
        ..entry.rejected_row()
    };
    let mut rejected = Vec::new();
    if problem.errors.is_empty() {
        rejected.push(of_all());
    }
    rejected.extend(problem.errors.into_iter().map(|field_error| RejectedRow {
        severity,
        pointer: field_error.pointer,
        code: field_error.code,
        message: field_error.message,
        value: field_error.received,
        suggestion: field_error.suggestion,
        ..entry.rejected_row()
    }));
    rejected
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Notes;

    #[test]
    fn responses_without_field_errors_report_their_status() {
        let entry = Entry {
            line: 2,
            person: "E1".to_owned(),
            credential_id: "c-1".to_owned(),
            credential_type: credential::Type::default(),
            is_update: false,
            body: bytes::Bytes::new(),
            notes: Notes::default(),
        };
        let problem = Problem { status: 413, detail: "Too large.".to_owned(), ..Problem::default() };
        let found = told(&entry, problem, Severity::Refused);
        assert_eq!((found.len(), &*found[0].code, found[0].line), (1, "http.413", 2));
    }
}
