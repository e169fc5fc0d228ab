//! The request log: collects the requests of partners in memory until a job stores them.
//!
//! A request only adds to the memory, which is bounded. Every request is counted by minute, and
//! failed ones are also kept singly: method, route template, status, codes, id and duration. The
//! log contains no path parameter, query or body (D-234).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use uuid::Uuid;

use crate::error::Error;
use ambient::{MINUTE, Timestamp, micros};
use store::{CountedRequests, LoggedRequest};

/// Maximum number of failed requests in memory.
const MAX_FAILED: usize = 10_000;

/// Maximum number of counts in memory.
const MAX_COUNTS: usize = 10_000;

/// Maximum number of failed requests that are kept singly in a minute, for each partner and status.
/// A flood of one kind of failure does not hide another.
const SINGLY: u32 = 20;

/// Maximum number of codes of one request.
const MAX_CODES: usize = 8;

/// The partner of a request, known once the request is authenticated.
#[derive(Clone, Debug, Default)]
pub struct RequestPartner(Arc<OnceLock<Uuid>>);

impl RequestPartner {
    /// Sets the partner. A request has one, so a second call has no effect.
    pub fn set(&self, partner: Uuid) {
        let _ = self.0.set(partner);
    }

    /// Returns the partner; `None` if the request was not authenticated.
    pub fn get(&self) -> Option<Uuid> {
        self.0.get().copied()
    }
}

/// A request of a partner with its response.
#[derive(Clone, Copy, Debug)]
pub struct LoggedResponse<'a> {
    pub partner: Uuid,
    /// When the response was sent.
    pub at: Timestamp,
    /// HTTP method.
    pub method: &'static str,
    /// The route's template.
    pub route: &'a str,
    /// HTTP status.
    pub status: u16,
    /// The error, if the response is one.
    pub error: Option<&'a Error>,
    pub request_id: &'a str,
    /// Time to respond.
    pub elapsed: Duration,
}

/// Requests with the same key are counted together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    partner: Uuid,
    minute: Timestamp,
    method: &'static str,
    route: Box<str>,
    status: u16,
}

#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    count: i64,
    micros: i64,
}

/// Requests that are not stored yet.
#[derive(Debug, Default)]
pub struct Unwritten {
    failed: Vec<LoggedRequest>,
    counts: HashMap<Key, Tally>,
}

impl Unwritten {
    /// Returns the failed requests.
    pub fn failed(&self) -> &[LoggedRequest] {
        &self.failed
    }

    /// Returns the counts, in the same order on every node.
    pub fn counts(&self) -> Vec<CountedRequests> {
        let row = |(key, tally): (&Key, &Tally)| CountedRequests {
            partner_id: key.partner,
            minute: key.minute,
            method: key.method.to_owned(),
            route: key.route.to_string(),
            status: i64::from(key.status),
            count: tally.count,
            duration_us: tally.micros,
        };
        let mut rows: Vec<CountedRequests> = self.counts.iter().map(row).collect();
        rows.sort_unstable();
        rows
    }

    fn is_empty(&self) -> bool {
        self.failed.is_empty() && self.counts.is_empty()
    }

    /// Adds to a count. Returns false if there is no room for another one.
    fn count(&mut self, key: Key, added: Tally) -> bool {
        let has_room = self.counts.len() < MAX_COUNTS;
        if !has_room && !self.counts.contains_key(&key) {
            return false;
        }
        let tally = self.counts.entry(key).or_default();
        tally.count = tally.count.saturating_add(added.count);
        tally.micros = tally.micros.saturating_add(added.micros);
        true
    }
}

#[derive(Debug, Default)]
struct Buffer {
    unwritten: Unwritten,
    /// The minute that `singly` is about.
    minute: Option<Timestamp>,
    singly: HashMap<(Uuid, u16), u32>,
}

impl Buffer {
    /// Returns whether another failed request of this partner and status is kept singly.
    fn may_keep(&mut self, minute: Timestamp, partner: Uuid, status: u16) -> bool {
        if self.minute != Some(minute) {
            self.minute = Some(minute);
            self.singly.clear();
        }
        let kept = self.singly.entry((partner, status)).or_default();
        *kept = kept.saturating_add(1);
        *kept <= SINGLY
    }
}

/// The requests of partners that are not stored yet.
#[derive(Debug, Default)]
pub struct RequestLog(Mutex<Buffer>);

impl RequestLog {
    fn buffer(&self) -> MutexGuard<'_, Buffer> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a request. `id` is only used if it failed. Returns false if there was no room for it.
    pub fn add(&self, response: LoggedResponse<'_>, id: impl FnOnce() -> Uuid) -> bool {
        let LoggedResponse { partner, at, method, route, status, .. } = response;
        let (minute, micros) = (at.floor(MINUTE), micros(response.elapsed));
        let key = Key { partner, minute, method, route: route.into(), status };
        let mut buffer = self.buffer();
        let is_counted = buffer.unwritten.count(key, Tally { count: 1, micros });
        if status < 400 || !buffer.may_keep(minute, partner, status) {
            return is_counted;
        }
        if buffer.unwritten.failed.len() >= MAX_FAILED {
            return false;
        }
        buffer.unwritten.failed.push(LoggedRequest {
            id: id(),
            partner_id: partner,
            at,
            method: method.to_owned(),
            route: route.to_owned(),
            status: i64::from(status),
            codes: response.error.map(codes).unwrap_or_default(),
            request_id: response.request_id.to_owned(),
            duration_us: micros,
        });
        is_counted
    }

    /// Removes and returns the requests that are not stored yet; `None` if there are none.
    pub fn take(&self) -> Option<Unwritten> {
        let taken = std::mem::take(&mut self.buffer().unwritten);
        (!taken.is_empty()).then_some(taken)
    }

    /// Adds requests again that could not be stored. Returns how many had no room.
    pub fn put_back(&self, taken: Unwritten) -> u64 {
        let mut dropped = 0;
        let mut buffer = self.buffer();
        for (key, tally) in taken.counts {
            if !buffer.unwritten.count(key, tally) {
                dropped += tally.count.unsigned_abs();
            }
        }
        for failed in taken.failed {
            if buffer.unwritten.failed.len() < MAX_FAILED {
                buffer.unwritten.failed.push(failed);
            } else {
                dropped += 1;
            }
        }
        dropped
    }
}

/// Returns the kind of an error and the codes of its field errors, each once.
fn codes(error: &Error) -> String {
    let mut codes = vec![error.kind.metadata().1];
    for field_error in &error.field_errors {
        let code = field_error.code.as_str();
        if codes.len() < MAX_CODES && !codes.contains(&code) {
            codes.push(code);
        }
    }
    codes.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    fn response(partner: u128, status: u16) -> LoggedResponse<'static> {
        LoggedResponse {
            partner: Uuid::from_u128(partner),
            at: Timestamp::from_micros(1_795_600_830_000_000),
            method: "POST",
            route: "/api/partner/v2/add/requests/{type}",
            status,
            error: None,
            request_id: "r",
            elapsed: Duration::from_micros(7),
        }
    }

    #[test]
    fn successes_are_counted_and_failures_kept_singly() {
        let log = RequestLog::default();
        assert!(log.take().is_none());
        for _ in 0..1000 {
            assert!(log.add(response(1, 201), || panic!("a success needs no id")));
        }
        let error = Error::new(Kind::Conflict, "A detail is not logged.");
        assert!(log.add(LoggedResponse { error: Some(&error), ..response(1, 409) }, || Uuid::from_u128(9)));
        let taken = log.take().expect("requests");
        let counts: Vec<(i64, i64, i64)> =
            taken.counts().iter().map(|row| (row.status, row.count, row.duration_us)).collect();
        assert_eq!(counts, [(201, 1000, 7000), (409, 1, 7)]);
        assert_eq!(taken.counts()[0].minute.micros() % 60_000_000, 0);
        let failed: Vec<(Uuid, &str)> = taken.failed().iter().map(|row| (row.id, row.codes.as_str())).collect();
        assert_eq!(failed, [(Uuid::from_u128(9), "conflict")]);
        assert!(log.take().is_none());
    }

    #[test]
    fn flood_of_one_failure_does_not_hide_another() {
        let log = RequestLog::default();
        for _ in 0..500 {
            assert!(log.add(response(1, 429), Uuid::nil));
        }
        for (partner, status) in [(1, 422), (2, 429)] {
            assert!(log.add(response(partner, status), Uuid::nil));
        }
        let next = LoggedResponse { at: response(1, 429).at + MINUTE, ..response(1, 429) };
        assert!(log.add(next, Uuid::nil));
        let taken = log.take().expect("requests");
        assert_eq!(taken.failed().len(), 20 + 1 + 1 + 1);
        assert_eq!(taken.counts().iter().map(|row| row.count).sum::<i64>(), 503, "all are counted");
    }

    #[test]
    fn memory_is_bounded_and_returned_requests_are_kept() {
        let log = RequestLog::default();
        let most = u128::try_from(MAX_FAILED).expect("a number");
        for partner in 0..most {
            assert!(log.add(response(partner, 500), Uuid::nil));
        }
        assert!(!log.add(response(most, 500), Uuid::nil));
        assert!(!log.add(response(most, 200), Uuid::nil), "no room for another count");
        let taken = log.take().expect("requests");
        assert!(log.add(response(most, 500), Uuid::nil));
        assert_eq!(log.put_back(taken), 2, "a count and a failed request");
        let taken = log.take().expect("requests");
        assert_eq!((taken.failed().len(), taken.counts().len()), (MAX_FAILED, MAX_COUNTS));
    }
}
