//! Kill -9 while status list indices are allocated: no index is allocated twice, and every index
//! that was returned is in
//! the database.
//!
//! Each round runs this test binary as a separate process: it requests 10,000 indices at once and
//! prints each one that it
//! gets. TENURE_ROUNDS sets the number of rounds (default 2).

use std::collections::HashSet;
use std::io::{BufRead as _, BufReader};
use std::num::NonZeroU32;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use ::ambient::Rng;
use ::ambient::{Clock, Timestamp};
use ::store::domain::submission::Sealed;
use ::store::{Holder, Issuing, NewSubmission, Part, StatusPlace, Store, StoreError, WantedEntry};
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::database;
use crate::tenure::{Process, TIMEOUT};

const ALLOCATIONS: u32 = 10_000;
const SUBMISSIONS: u32 = 50;
/// Small, so that rounds share lists, fill them and collide.
const CAPACITY: NonZeroU32 = NonZeroU32::new(16_384).expect("not zero");
const NOW: Timestamp = Timestamp::from_micros(1_700_000_000_000_000);

#[expect(clippy::disallowed_methods, reason = "a setting of the tests, not of the server")]
fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn submission(number: u32) -> Uuid {
    Uuid::from_u128(1_000 + u128::from(number))
}

const HOLDER: Uuid = Uuid::from_u128(1);

/// Inserts an accepted submission.
async fn prepare(store: &Store) -> Result<(), StoreError> {
    let later = NOW + Duration::from_secs(60);
    let mut tx = store.write().await?;
    tx.add_holder(&Holder {
        id: HOLDER,
        email_fingerprint: vec![1],
        email_sealed: vec![1],
        created_at: NOW,
        sign_ins: 0,
        passkey_offer_declined_at: None,
        returned_at: None,
    })
    .await?;
    for number in 0..SUBMISSIONS {
        let id = submission(number);
        let new = NewSubmission {
            id,
            partner_id: Uuid::from_u128(2),
            credential_id: number.to_string(),
            credential_type: credential::Type::default(),
            document_type: None,
            batch_id: None,
            partner_chain: None,
            assets: Vec::new(),
            created_at: NOW,
            expires_at: later,
            sealed: Sealed { period: NOW, bytes: vec![1] },
        };
        tx.insert_submissions(&[&new]).await?;
        assert!(tx.bind_submission(id, HOLDER, NOW).await? && tx.accept_submission(id, HOLDER, &[1], NOW).await?);
    }
    tx.commit().await
}

/// One round, in a process that is killed.
#[test]
#[ignore = "a part of the tests in this file, which start it as a process of its own"]
fn one_round() {
    let Some(data) = setting("TENURE_ROUND_DATA") else { return };
    let url = setting("TENURE_ROUND_URL").unwrap_or_default();
    let runtime = Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let store = Store::open(Part::Data, Path::new(&data), &url, 4).await.expect("the data opens");
        let issuing =
            Issuing::start(store, Clock::manual(NOW.to_jiff()), Rng::System, Duration::from_secs(300), CAPACITY);
        let turns = Arc::new(Semaphore::new(4_096));
        let mut callers = tokio::task::JoinSet::new();
        for number in 0..ALLOCATIONS {
            let (issuing, turns) = (issuing.clone(), turns.clone());
            callers.spawn(async move {
                let entry = WantedEntry {
                    submission: submission(number % SUBMISSIONS),
                    holder: HOLDER,
                    expires_at: NOW,
                    issuance: None,
                };
                // The queue holds this many requests; further ones wait here.
                let _turn = turns.acquire().await.expect("it is open");
                let places = issuing.give(vec![entry]).await.expect("issued");
                let place = places[0].expect("it may be signed");
                println!("place {} {}", place.list, place.position);
            });
        }
        callers.join_all().await;
    });
}

/// Runs a round, kills it after it has printed `last` indices, and returns all printed indices.
fn killed_round(data: &Path, url: &str, last: usize) -> Vec<StatusPlace> {
    let mut command = Command::new(std::env::current_exe().expect("this binary"));
    command.args(["--exact", "indices::one_round", "--ignored", "--nocapture"]);
    command.env("TENURE_ROUND_DATA", data).env("TENURE_ROUND_URL", url);
    let mut process = Process(command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("it starts"));
    let mut output = BufReader::new(process.0.stdout.take().expect("a pipe"));
    let (mut told, mut line) = (Vec::new(), String::new());
    while output.read_line(&mut line).expect("it can be read") > 0 {
        // The test runner may print before the first index. An incomplete last line is ignored.
        let place = line.strip_suffix('\n').and_then(|line| line.split_once("place ")?.1.split_once(' '));
        if let Some((list, position)) = place {
            let place =
                StatusPlace { list: list.parse().expect("an id"), position: position.parse().expect("a number") };
            told.push(place);
        }
        if told.len() == last {
            process.0.kill().expect("killed");
        }
        line.clear();
    }
    let deadline = std::time::Instant::now() + TIMEOUT;
    while process.0.try_wait().expect("it can be waited for").is_none() {
        assert!(std::time::Instant::now() < deadline, "it has ended");
        std::thread::sleep(Duration::from_millis(1));
    }
    told
}

fn no_place_is_given_twice(url: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let rounds: u32 = setting("TENURE_ROUNDS").map_or(2, |rounds| rounds.parse().expect("a number of rounds"));
    let runtime = Runtime::new().expect("a runtime");
    let store = runtime.block_on(async {
        let store = Store::open(Part::Data, &data, url, 4).await.expect("the data opens");
        prepare(&store).await.expect("prepared");
        store
    });
    let mut told: HashSet<StatusPlace> = HashSet::new();
    for round in 0..rounds {
        let last = Rng::System.below(NonZeroU32::new(ALLOCATIONS).expect("not zero")) as usize + 1;
        for place in killed_round(&data, url, last) {
            assert!(told.insert(place), "round {round}: {place:?} was given twice");
        }
    }
    runtime.block_on(async {
        let mut tx = store.read().await.expect("a transaction");
        let mut stored = HashSet::new();
        for number in 0..SUBMISSIONS {
            let entries = tx.status_entries(submission(number)).await.expect("read");
            stored.extend(entries.into_iter().map(|entry| entry.place));
        }
        assert!(told.is_subset(&stored), "every place that was told is in the database");
        let lists = tx.status_lists().await.expect("read");
        let given: usize = lists.iter().map(|list| list.given as usize).sum();
        assert_eq!(given, stored.len(), "what the lists say they gave is what there is");
        assert!(lists.iter().all(|list| list.given <= CAPACITY.get() / 2));
    });
    assert!(told.len() > rounds as usize, "{} places in {rounds} rounds", told.len());
}

#[test]
fn status_list_index_is_never_reused_on_sqlite() {
    no_place_is_given_twice("");
}

#[test]
fn status_list_index_is_never_reused_on_postgres() {
    let runtime = Runtime::new().expect("a runtime");
    let url = runtime.block_on(database::postgres_url());
    runtime.shutdown_timeout(Duration::from_secs(1));
    no_place_is_given_twice(&url);
}
