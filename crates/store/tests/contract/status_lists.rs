//! Status lists: indices are allocated once, for current credentials, and revocation is permanent.

use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ambient::{Clock, Rng};
use credential::status::Status as IndexStatus;
use store::domain::submission::{CancelReason, Sealed, Status, SubmissionState};
use store::{Issuing, NewSubmission, StatusPlace, Store, Tx, WantedEntry};
use uuid::Uuid;

use super::support::{LATER, NONCE_LIFETIME, NOW, add_holder, add_partner, asset, id, insert, new_submission, stored};
use crate::both::contract;
use crate::database;
use crate::database::Databases;

fn capacity(positions: u32) -> NonZeroU32 {
    NonZeroU32::new(positions).expect("not zero")
}

pub(super) fn wanted(submission: u128, holder: Uuid) -> WantedEntry {
    WantedEntry { submission: id(submission), holder, expires_at: LATER, issuance: None }
}

/// The positions of a list that are revoked and not replaced.
async fn revoked_positions(tx: &mut Tx, list: Uuid) -> Vec<u32> {
    let ended = tx.ended_positions(list).await.expect("read");
    ended.into_iter().filter(|(_, replaced)| !replaced).map(|(position, _)| position).collect()
}

/// Inserts submissions that `holder` has accepted.
pub(super) async fn accepted(store: &Store, partner: Uuid, holder: Uuid, numbers: impl Iterator<Item = u128>) {
    let mut tx = store.write().await.expect("a transaction");
    for number in numbers {
        let new = new_submission(number, partner, &format!("c{number}"));
        tx.insert_submissions(&[&new]).await.expect("inserted");
        assert!(tx.bind_submission(new.id, holder, NOW).await.expect("bound"));
        assert!(tx.accept_submission(new.id, holder, &[4], NOW).await.expect("accepted"));
    }
    tx.commit().await.expect("committed");
}

contract! {
    async fn status_entries_require_an_accepted_submission(databases: Databases) {
        let store = &databases.data;
        let partner = add_partner(store, 1).await;
        let (ada, eve) = (add_holder(store, 2).await, add_holder(store, 3).await);
        accepted(store, partner, ada, 10..13).await;
        insert(store, &[&new_submission(20, partner, "waiting")]).await;
        let rng = Rng::seeded(1);
        let mut tx = store.write().await.expect("a transaction");
        assert!(tx.bind_submission(id(20), ada, NOW).await.expect("bound"));
        assert!(tx.remove_submission(id(12), ada, NOW).await.expect("removed"));
        let asked = [wanted(10, ada), wanted(11, eve), wanted(10, ada), wanted(12, ada), wanted(20, ada), wanted(99, ada), wanted(11, ada)];
        let places = tx.give_status_entries(&asked, capacity(100), &rng, NOW).await.expect("given");
        let given: Vec<bool> = places.iter().map(Option::is_some).collect();
        assert_eq!(given, [true, false, true, false, false, false, true], "not another's, not what is removed, waits or is unknown");
        assert_eq!(tx.give_status_entries(&[], capacity(100), &rng, NOW).await.expect("nothing to do"), []);
        let lists = tx.status_lists().await.expect("read");
        assert_eq!(lists.len(), 1);
        assert_eq!((lists[0].capacity, lists[0].given, lists[0].opened_at, lists[0].changed_at), (capacity(100), 3, NOW, NOW));
        assert_eq!(tx.status_list(lists[0].id).await.expect("read").as_ref(), Some(&lists[0]));
        assert_eq!(tx.status_list(id(7)).await.expect("read"), None);
        let entries = tx.status_entries(id(10)).await.expect("read");
        let expected: BTreeSet<StatusPlace> = [places[0], places[2]].into_iter().flatten().collect();
        assert_eq!(entries.iter().map(|entry| entry.place).collect::<BTreeSet<_>>(), expected);
        assert!(entries.iter().all(|entry| (entry.issued_at, entry.expires_at, entry.revoked_at) == (NOW, LATER, None)));
        assert!(expected.iter().all(|place| place.list == lists[0].id && place.position < 100));
        tx.commit().await.expect("committed");
    }

    async fn half_full_status_list_is_followed_by_another(databases: Databases) {
        let store = &databases.data;
        let (partner, ada) = (add_partner(store, 1).await, add_holder(store, 2).await);
        accepted(store, partner, ada, 10..11).await;
        let rng = Rng::seeded(2);
        let mut tx = store.write().await.expect("a transaction");
        let asked = vec![wanted(10, ada); 23];
        let places = tx.give_status_entries(&asked, capacity(15), &rng, NOW).await.expect("given");
        let mut places: Vec<StatusPlace> = places.into_iter().flatten().collect();
        let mut given: Vec<u32> = tx.status_lists().await.expect("read").iter().map(|list| list.given).collect();
        given.sort_unstable();
        assert_eq!(given, [7, 8, 8], "eight are half of fifteen, and more");
        places.extend(tx.give_status_entries(&asked[..2], capacity(4), &rng, LATER).await.expect("given").into_iter().flatten());
        let lists = tx.status_lists().await.expect("read");
        assert_eq!(lists.iter().map(|list| (list.capacity.get(), list.given)).collect::<Vec<_>>(), [(15, 8), (15, 8), (15, 8), (4, 1)]);
        assert_eq!(places.iter().collect::<BTreeSet<_>>().len(), 25, "none twice");
        for place in &places {
            let list = lists.iter().find(|list| list.id == place.list).expect("a list");
            assert!(place.position < list.capacity.get());
        }
        assert_eq!(tx.status_entries(id(10)).await.expect("read").len(), 25);
        tx.commit().await.expect("committed");
    }

    async fn revocation_is_permanent_and_updates_its_lists(databases: Databases) {
        let store = &databases.data;
        let (partner, ada) = (add_partner(store, 1).await, add_holder(store, 2).await);
        accepted(store, partner, ada, 10..13).await;
        let rng = Rng::seeded(3);
        let mut tx = store.write().await.expect("a transaction");
        let asked = [wanted(10, ada), wanted(11, ada), wanted(10, ada), wanted(12, ada)];
        let places = tx.give_status_entries(&asked, capacity(50), &rng, NOW).await.expect("given");
        let places: Vec<StatusPlace> = places.into_iter().flatten().collect();
        let list = places[0].list;
        let changed_at = |lists: Vec<store::StatusList>| lists[0].changed_at;
        assert_eq!(tx.revoke_status_entries(&[], NOW).await.expect("nothing to do"), 0);
        assert_eq!(tx.revoke_status_entries(&[id(99)], LATER).await.expect("nobody there"), 0);
        assert_eq!(changed_at(tx.status_lists().await.expect("read")), NOW);
        assert_eq!(tx.revoke_status_entries(&[id(10), id(99)], LATER).await.expect("revoked"), 2);
        assert_eq!(changed_at(tx.status_lists().await.expect("read")), LATER);
        assert_eq!(tx.revoke_status_entries(&[id(10)], NOW).await.expect("they are"), 0);
        assert!(tx.status_entries(id(10)).await.expect("read").iter().all(|entry| entry.revoked_at == Some(LATER)), "the first time stands");
        assert!(!tx.revoke_status_entry(places[1], id(10), NOW).await.expect("another's"));
        assert!(!tx.revoke_status_entry(places[0], id(10), NOW).await.expect("it is"));
        assert!(!tx.revoke_status_entry(StatusPlace { position: 60, ..places[1] }, id(11), NOW).await.expect("no such place"));
        assert!(tx.revoke_status_entry(places[1], id(11), NOW).await.expect("revoked"));
        let after = tx.status_list(list).await.expect("read").expect("there");
        assert!(after.changed_at > LATER, "it grows, although this node's clock is behind");
        let mut revoked = vec![places[0].position, places[1].position, places[2].position];
        revoked.sort_unstable();
        assert_eq!(revoked_positions(&mut tx, list).await, revoked);
        assert_eq!(tx.ended_positions(id(99)).await.expect("read"), []);
        tx.commit().await.expect("committed");
    }

    async fn status_of_an_index_is_read_from_its_row(databases: Databases) {
        let store = &databases.data;
        let (partner, ada) = (add_partner(store, 1).await, add_holder(store, 2).await);
        accepted(store, partner, ada, 10..12).await;
        let mut tx = store.write().await.expect("a transaction");
        let places = tx.give_status_entries(&[wanted(10, ada), wanted(11, ada)], capacity(50), &Rng::seeded(8), NOW).await.expect("given");
        let places: Vec<StatusPlace> = places.into_iter().flatten().collect();
        let beyond = StatusPlace { position: 50, ..places[0] };
        let unknown = StatusPlace { list: id(7), ..places[0] };
        let free = (0..50).find(|free| places.iter().all(|place| place.position != *free)).expect("a free index");
        assert_eq!(tx.revoke_status_entries(&[id(10)], LATER).await.expect("revoked"), 1);
        for (place, status) in [
            (places[0], Some(IndexStatus::Invalid)),
            (places[1], Some(IndexStatus::Valid)),
            (StatusPlace { position: free, ..places[0] }, Some(IndexStatus::Valid)),
            (beyond, None),
            (unknown, None),
        ] {
            assert_eq!(tx.status_at(place).await.expect("read"), status, "{place:?}");
        }
        tx.commit().await.expect("committed");
    }

    async fn deletion_revokes_status_entries(databases: Databases) {
        let store = &databases.data;
        let (partner, ada, eve) = (add_partner(store, 1).await, add_holder(store, 2).await, add_holder(store, 3).await);
        accepted(store, partner, ada, 10..13).await;
        accepted(store, partner, eve, 20..21).await;
        let mut tx = store.write().await.expect("a transaction");
        let asked = [wanted(10, ada), wanted(11, ada), wanted(11, ada), wanted(12, ada), wanted(20, eve)];
        let places = tx.give_status_entries(&asked, capacity(50), &Rng::seeded(5), NOW).await.expect("given");
        let list = places[0].expect("given").list;
        assert!(!tx.remove_submission(id(10), eve, LATER).await.expect("not hers"));
        assert_eq!(revoked_positions(&mut tx, list).await, Vec::<u32>::new());
        assert!(tx.remove_submission(id(10), ada, NOW).await.expect("removed"));
        assert_eq!(revoked_positions(&mut tx, list).await, [places[0].expect("given").position]);
        tx.release_submissions(ada, LATER).await.expect("released");
        let mut revoked_at = Vec::new();
        for submission in [10, 11, 12, 20] {
            revoked_at.extend(tx.status_entries(id(submission)).await.expect("read").into_iter().map(|entry| entry.revoked_at));
        }
        assert_eq!(revoked_at, [Some(NOW), Some(LATER), Some(LATER), Some(LATER), None]);
        tx.commit().await.expect("committed");
    }

    async fn withdrawal_deletes_pending_and_revokes_accepted(databases: Databases) {
        let store = &databases.data;
        let (one, other, ada) = (add_partner(store, 1).await, add_partner(store, 2).await, add_holder(store, 3).await);
        accepted(store, one, ada, 10..12).await;
        let waiting = NewSubmission { assets: vec![asset(40, id(20), stored(50))], ..new_submission(20, one, "waiting") };
        insert(store, &[&waiting, &new_submission(21, one, "late")]).await;
        let mut tx = store.write().await.expect("a transaction");
        tx.insert_assets(&[&waiting.assets[0], &asset(41, id(10), stored(51))], NOW).await.expect("inserted");
        assert!(tx.bind_submission(id(20), ada, NOW).await.expect("bound"));
        let places = tx.give_status_entries(&[wanted(10, ada), wanted(11, ada)], capacity(50), &Rng::seeded(6), NOW).await.expect("given");
        let list = places[0].expect("given").list;

        assert!(!tx.withdraw_pending_submission(id(20), other, Some(&[7]), NOW).await.expect("not theirs"));
        assert!(!tx.withdraw_pending_submission(id(10), one, Some(&[7]), NOW).await.expect("it is accepted"));
        assert!(!tx.withdraw_pending_submission(id(21), one, Some(&[7]), LATER).await.expect("its time is over"));
        assert!(tx.withdraw_pending_submission(id(20), one, Some(&[7]), NOW).await.expect("taken back"));
        assert!(!tx.withdraw_pending_submission(id(20), one, Some(&[8]), NOW).await.expect("once"));
        assert!(tx.withdraw_pending_submission(id(21), one, None, NOW).await.expect("without a reason that could be sealed"));
        let state = |found: Option<store::domain::submission::Submission>| found.expect("known").state;
        let reason = Some(Sealed { period: NOW, bytes: vec![7] });
        assert_eq!(state(tx.linked_submission(id(20), LATER).await.expect("read")), SubmissionState::WithdrawnPending { holder: Some(ada), at: NOW, reason });
        assert_eq!(state(tx.linked_submission(id(21), LATER).await.expect("read")), SubmissionState::WithdrawnPending { holder: None, at: NOW, reason: None });
        assert_eq!(tx.dropped_objects(10).await.expect("read"), [id(50)], "its documents go with it");
        assert!(tx.waiting_submissions(ada, NOW).await.expect("read").is_empty());

        let after = NOW + Duration::from_secs(1);
        assert!(!tx.withdraw_submission(id(10), other, &[9], after).await.expect("not theirs"));
        assert!(!tx.withdraw_submission(id(20), one, &[9], after).await.expect("not accepted"));
        assert_eq!(revoked_positions(&mut tx, list).await, Vec::<u32>::new());
        assert!(tx.withdraw_submission(id(10), one, &[9], after).await.expect("withdrawn"));
        assert!(!tx.withdraw_submission(id(10), one, &[8], LATER).await.expect("once"));
        let withdrawn = SubmissionState::Withdrawn { holder: ada, accepted_at: NOW, at: after, sealed: vec![4], reason: vec![9] };
        assert_eq!(state(tx.linked_submission(id(10), LATER).await.expect("read")), withdrawn);
        assert_eq!(revoked_positions(&mut tx, list).await, [places[0].expect("given").position]);
        assert_eq!(tx.give_status_entries(&[wanted(10, ada)], capacity(50), &Rng::System, NOW).await.expect("read"), [None]);
        assert_eq!(tx.held_submissions(ada).await.expect("read").len(), 2, "it stays in the wallet");

        assert!(tx.remove_submission(id(11), ada, NOW).await.expect("removed"));
        assert!(!tx.note_withdrawal(id(11), other, LATER).await.expect("not theirs"));
        assert!(!tx.note_withdrawal(id(10), one, LATER).await.expect("not removed"));
        assert!(tx.note_withdrawal(id(11), one, LATER).await.expect("noted"));
        assert!(!tx.note_withdrawal(id(11), one, NOW).await.expect("once"));
        let removed = |withdrawn_at| SubmissionState::Removed { holder: Some(ada), at: NOW, withdrawn_at: Some(withdrawn_at) };
        assert_eq!(state(tx.linked_submission(id(11), LATER).await.expect("read")), removed(LATER));

        let asked = ["c10", "c11", "late", "waiting"].map(|id| (one, id));
        let told = tx.credential_statuses(&asked, LATER).await.expect("read");
        let told: Vec<Status> = told.into_iter().map(|told| told.expect("known").status).collect();
        let reason = CancelReason::Withdrawn;
        assert_eq!(told, [after, LATER, NOW, NOW].map(|at| Status::Canceled(at, reason)));

        tx.replace_submission(id(10), one, LATER).await.expect("out of the way");
        assert_eq!(state(tx.linked_submission(id(10), LATER).await.expect("read")), withdrawn, "nothing is taken from the wallet");
        assert_eq!(tx.assets(&[id(10)]).await.expect("read").len(), 1);
        assert_eq!(tx.current_submission(one, "c10", LATER).await.expect("read"), None);
        assert!(tx.remove_submission(id(10), ada, LATER).await.expect("removed"));
        assert_eq!(state(tx.linked_submission(id(10), LATER).await.expect("read")), removed(after));
        tx.release_submissions(ada, LATER).await.expect("released");
        let gone = SubmissionState::WithdrawnPending { holder: None, at: NOW, reason: None };
        assert_eq!(state(tx.linked_submission(id(20), LATER).await.expect("read")), gone, "nothing that was said of the person stays");
        tx.commit().await.expect("committed");
    }

    async fn status_list_is_dropped_when_all_entries_ended(databases: Databases) {
        let store = &databases.data;
        let (partner, ada) = (add_partner(store, 1).await, add_holder(store, 2).await);
        accepted(store, partner, ada, 10..11).await;
        let rng = Rng::seeded(4);
        let much_later = LATER + Duration::from_secs(10);
        let mut tx = store.write().await.expect("a transaction");
        let mut asked = vec![wanted(10, ada); 9];
        // The first list is full and has the entry that expires last. The second is full, the third
        // is open.
        asked[2].expires_at = much_later;
        for (start, list) in asked.chunks(4).enumerate() {
            let now = NOW + Duration::from_secs(start as u64);
            tx.give_status_entries(list, capacity(8), &rng, now).await.expect("given");
        }
        let lists = tx.status_lists().await.expect("read");
        assert_eq!(lists.iter().map(|list| list.given).collect::<Vec<_>>(), [4, 4, 1]);
        assert_eq!(tx.drop_status_lists(LATER, LATER, 10).await.expect("they end just now"), 0);
        let after = LATER + Duration::from_secs(1);
        assert_eq!(tx.drop_status_lists(after, after, 3).await.expect("three of the second's"), 3);
        assert_eq!(tx.status_list(lists[1].id).await.expect("read"), None, "it is not shown by halves");
        assert_eq!(tx.status_lists().await.expect("read").len(), 2);
        assert_eq!(tx.drop_status_lists(after, after, 3).await.expect("its last, and itself"), 2);
        assert_eq!(tx.drop_status_lists(after, after, 3).await.expect("nothing left"), 0);
        let end = much_later + Duration::from_secs(1);
        assert_eq!(tx.drop_status_lists(end, end, 10).await.expect("the first"), 5);
        let left = tx.status_lists().await.expect("read");
        assert_eq!(left, [lists[2]], "one that still gives positions stays");
        assert_eq!(tx.status_entries(id(10)).await.expect("read").len(), 1);
        tx.commit().await.expect("committed");
    }

    // Conforms: Token Status List 13.3; HAIP 6.1
    async fn concurrent_issuance_gives_distinct_indices(databases: Databases) {
        let store = &databases.data;
        let (partner, ada) = (add_partner(store, 1).await, add_holder(store, 2).await);
        accepted(store, partner, ada, 10..15).await;
        let clock = Clock::manual(NOW.to_jiff());
        // Two tasks, as on two nodes.
        let nodes: Vec<Issuing> = (0..2).map(|_| Issuing::start(store.clone(), clock.clone(), Rng::System, NONCE_LIFETIME, capacity(500))).collect();
        let mut callers = tokio::task::JoinSet::new();
        for number in 0..600_usize {
            let issuing = nodes[number % 2].clone();
            let mut entries = vec![wanted(10 + number as u128 % 5, ada); number % 4];
            if number % 10 == 0 {
                entries.push(wanted(99, ada));
            }
            callers.spawn(async move {
                let places = issuing.give(entries.clone()).await.expect("issued");
                entries.into_iter().zip(places).collect::<Vec<_>>()
            });
        }
        let given: Vec<(WantedEntry, Option<StatusPlace>)> = callers.join_all().await.concat();
        let mut tx = store.read().await.expect("a transaction");
        let mut seen = BTreeSet::new();
        for (entry, place) in given {
            assert_eq!(place.is_some(), entry.submission != id(99));
            seen.extend(place.map(|place| (entry.submission, place)));
        }
        let mut stored = BTreeSet::new();
        for submission in (10..15).map(id) {
            stored.extend(tx.status_entries(submission).await.expect("read").into_iter().map(|entry| (submission, entry.place)));
        }
        assert_eq!(seen.len(), 900);
        assert_eq!(seen, stored, "each was told the places of its own submission");
        assert!(tx.status_lists().await.expect("read").iter().all(|list| list.given <= 250));
    }

    async fn renewal_racing_revocation_stays_revoked(databases: Databases) {
        let store = &databases.data;
        let (partner, ada) = (add_partner(store, 1).await, add_holder(store, 2).await);
        accepted(store, partner, ada, 100..140).await;
        let over = Arc::new(AtomicBool::new(false));
        let mut renewals = tokio::task::JoinSet::new();
        for node in 0..2 {
            let issuing = Issuing::start(store.clone(), Clock::manual(NOW.to_jiff()), Rng::System, NONCE_LIFETIME, capacity(2_000));
            for start in 0..4_u128 {
                let (issuing, over) = (issuing.clone(), over.clone());
                renewals.spawn(async move {
                    let mut given = 0;
                    for turn in 0.. {
                        if over.load(Ordering::SeqCst) {
                            break;
                        }
                        let asked = (0..8).map(|step| wanted(100 + (turn * 8 + step + start * 10 + node * 5) % 40, ada));
                        let places = issuing.give(asked.collect()).await.expect("issued");
                        given += places.iter().flatten().count();
                    }
                    given
                });
            }
        }
        // Newest first, which is the reverse of the renewals' lock order.
        for number in (100..140).rev() {
            let mut tx = store.write().await.expect("a transaction");
            assert!(tx.remove_submission(id(number), ada, NOW).await.expect("removed"));
            tx.commit().await.expect("committed");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        over.store(true, Ordering::SeqCst);
        let given: usize = renewals.join_all().await.into_iter().sum();
        let mut tx = store.read().await.expect("a transaction");
        let (mut revoked, mut standing) = (0, 0);
        for number in 100..140 {
            for entry in tx.status_entries(id(number)).await.expect("read") {
                *if entry.revoked_at.is_some() { &mut revoked } else { &mut standing } += 1;
            }
        }
        assert_eq!((standing, revoked), (0, given));
        assert!(given > 40, "the two did race: {given}");
    }
}
