//! Assets and their documents.

use std::time::Duration;

use store::StoredPasskey;
use store::domain::asset::{Asset, AssetState, Failure};

use super::support::{
    LATER, NOW, add_holder, add_partner, asset, fetching, holder, id, insert, new_submission, stored,
};
use crate::both::contract;
use crate::database;
use crate::database::Databases;

contract! {
    async fn assets_change_only_while_their_submission_is_pending(databases: Databases) {
        let store = &databases.data;
        let (partner, holder) = (add_partner(store, 1).await, add_holder(store, 5).await);
        insert(store, &[&new_submission(10, partner, "a"), &new_submission(11, partner, "b")]).await;
        let states = [AssetState::Awaited, fetching(7), stored(900), AssetState::Failed(Failure::TooLarge)];
        let all: Vec<Asset> = states.iter().enumerate().map(|(at, state)| Asset { position: at as i64, ..asset(20 + at as u128, id(10), state.clone()) }).collect();
        let mut tx = store.write().await.expect("a transaction");
        tx.insert_assets(&all.iter().collect::<Vec<_>>(), NOW).await.expect("inserted");
        tx.insert_assets(&[&asset(30, id(11), stored(901))], NOW).await.expect("inserted");
        assert_eq!(tx.assets(&[id(10)]).await.expect("read"), all);
        assert_eq!(tx.asset(id(20)).await.expect("read").as_ref(), Some(&all[0]));
        assert_eq!(tx.asset(id(99)).await.expect("read"), None);
        assert!(tx.assets(&[]).await.expect("read").is_empty());
        assert!(tx.is_object_known(id(900)).await.expect("read") && !tx.is_object_known(id(999)).await.expect("read"));

        assert!(tx.change_asset(id(20), &stored(910), NOW).await.expect("changed"));
        assert!(tx.change_asset(id(20), &stored(911), NOW).await.expect("changed again"));
        assert_eq!(tx.dropped_objects(10).await.expect("read"), [id(910)], "the last one stays");
        assert!(tx.is_object_known(id(910)).await.expect("read"), "it is known until it is deleted");
        assert!(!tx.change_asset(id(20), &stored(912), LATER).await.expect("its time is over"));
        assert!(!tx.change_asset(id(99), &stored(912), NOW).await.expect("nobody there"));
        tx.forget_dropped_object(id(910)).await.expect("forgotten");
        tx.drop_object(id(920)).await.expect("dropped");
        tx.drop_object(id(920)).await.expect("dropped twice");
        assert_eq!(tx.dropped_objects(10).await.expect("read"), [id(920)]);
        tx.forget_dropped_object(id(920)).await.expect("forgotten");

        assert_eq!(tx.hosts_to_fetch(NOW).await.expect("read"), [(7, partner)]);
        let taken = tx.take_assets_to_fetch((NOW, LATER), 7, 10).await.expect("taken");
        assert!(tx.hosts_to_fetch(NOW).await.expect("read").is_empty());
        assert_eq!(taken, [(all[1].clone(), partner, 1)]);
        assert!(tx.take_assets_to_fetch((NOW, LATER), 7, 10).await.expect("read").is_empty(), "it is leased");
        let later = (LATER, LATER + Duration::from_secs(9));
        assert!(tx.take_assets_to_fetch(later, 8, 10).await.expect("read").is_empty(), "not of this host");
        assert_eq!(tx.take_assets_to_fetch(later, 7, 10).await.expect("taken")[0].2, 2);
        tx.put_off_asset(id(21), NOW).await.expect("put off");
        assert_eq!(tx.take_assets_to_fetch((NOW, LATER), 7, 10).await.expect("taken").len(), 1);
        tx.put_off_asset(id(21), NOW).await.expect("put off");
        tx.end_fetching(id(10)).await.expect("ended");
        assert_eq!(tx.asset(id(21)).await.expect("read").expect("there").state, AssetState::Failed(Failure::Late));
        assert!(tx.hosts_to_fetch(LATER).await.expect("read").is_empty(), "nothing is fetched any more");

        assert!(tx.bind_submission(id(10), holder, NOW).await.expect("bound"));
        assert!(tx.accept_submission(id(10), holder, &[4], NOW).await.expect("accepted"));
        assert!(!tx.change_asset(id(20), &stored(913), NOW).await.expect("the person has answered"));
        assert!(tx.hand_over_asset(id(20), id(911), &[8], LATER).await.expect("handed over"));
        assert!(!tx.hand_over_asset(id(20), id(910), &[8], LATER).await.expect("another object"));
        let AssetState::Stored(object) = tx.asset(id(20)).await.expect("read").expect("there").state else { panic!("stored") };
        assert_eq!((object.name, object.sealed_key, object.is_signed), (id(911), vec![8], true));
        assert!(tx.remove_submission(id(10), holder, NOW).await.expect("removed"));
        assert!(tx.assets(&[id(10)]).await.expect("read").is_empty());
        let mut dropped = tx.dropped_objects(10).await.expect("read");
        dropped.sort();
        assert_eq!(dropped, [id(900), id(911)]);
        assert_eq!(tx.expire_submissions(LATER, 10).await.expect("expired"), [id(11)]);
        assert_eq!(tx.dropped_objects(10).await.expect("read").len(), 3);
        tx.commit().await.expect("committed");
    }

    async fn documents_to_fetch_are_found_by_host(databases: Databases) {
        let store = &databases.data;
        let (one, other) = (add_partner(store, 1).await, add_partner(store, 2).await);
        insert(store, &[&new_submission(10, one, "a"), &new_submission(11, other, "a")]).await;
        let mut tx = store.write().await.expect("a transaction");
        let second = Duration::from_secs(1);
        // Two hosts with documents that are due, one whose documents are not due yet, and documents
        // without a host. Hashes may be negative.
        let documents = [(20, -5, NOW), (21, -5, NOW - second), (22, -5, LATER), (23, 0, NOW), (24, 6, LATER)];
        for (number, host, due_at) in documents {
            tx.insert_assets(&[&asset(number, id(10), fetching(host))], due_at).await.expect("inserted");
        }
        let others = [asset(30, id(11), fetching(9)), asset(31, id(11), stored(900))];
        tx.insert_assets(&[&others[0], &others[1]], NOW).await.expect("inserted");
        let mut hosts = tx.hosts_to_fetch(NOW).await.expect("read");
        hosts.sort_unstable();
        assert_eq!(hosts, [(-5, one), (0, one), (9, other)]);
        assert_eq!(tx.hosts_to_fetch(NOW - second).await.expect("read"), [(-5, one)]);
        let mut due = Vec::new();
        for _ in 0..3 {
            let taken = tx.take_assets_to_fetch((NOW, LATER), -5, 1).await.expect("taken");
            due.extend(taken.into_iter().map(|(asset, ..)| asset.id));
        }
        assert_eq!(due, [id(21), id(20)], "in the order in which they were due");
        let mut hosts = tx.hosts_to_fetch(NOW).await.expect("read");
        hosts.sort_unstable();
        assert_eq!(hosts, [(0, one), (9, other)]);
        assert!(tx.change_asset(id(30), &AssetState::Awaited, NOW).await.expect("changed"));
        assert!(tx.change_asset(id(30), &fetching(12), NOW).await.expect("changed"));
        assert_eq!(tx.asset(id(30)).await.expect("read").expect("there").state, fetching(12));
        assert_eq!(tx.hosts_to_fetch(NOW).await.expect("read"), [(0, one)]);
    }

    async fn unclaimed_documents_are_dropped_on_time(databases: Databases) {
        let store = &databases.data;
        let partner = add_partner(store, 1).await;
        let mut tx = store.write().await.expect("a transaction");
        for number in 0..7_u128 {
            let holder = holder(10 + number);
            assert!(tx.add_holder(&holder).await.expect("added"));
            // Two holders have signed in twice, one has a passkey, one came back, and three did
            // nothing.
            for _ in 0..if number < 2 { 2 } else { 1 } {
                tx.count_sign_in(holder.id).await.expect("counted");
            }
            if number == 2 {
                let passkey = StoredPasskey { id: vec![1], holder_id: holder.id, sealed: vec![1], created_at: NOW, used_at: None };
                tx.add_passkey(&passkey).await.expect("added");
            }
            if number == 3 {
                tx.note_return(holder.id, NOW).await.expect("noted");
            }
            let submission = new_submission(20 + number, partner, &format!("c{number}"));
            tx.insert_submissions(&[&submission]).await.expect("inserted");
            tx.insert_assets(&[&asset(30 + number, submission.id, stored(40 + number))], NOW).await.expect("inserted");
            assert!(tx.bind_submission(submission.id, holder.id, NOW).await.expect("bound"));
            assert!(tx.accept_submission(submission.id, holder.id, &[1], NOW).await.expect("accepted"));
            assert!(tx.hand_over_asset(id(30 + number), id(40 + number), &[2], LATER).await.expect("handed over"));
        }
        assert_eq!(tx.end_waits_for_keeping(NOW, 10).await.expect("not yet"), (0, 0));
        let (mut ended, mut deleted) = (0, 0);
        for _ in 0..4 {
            let (some, gone) = tx.end_waits_for_keeping(LATER, 2).await.expect("ended");
            ended += some;
            deleted += gone;
        }
        assert_eq!((ended, deleted), (7, 3), "a few at a time, and none is missed");
        assert_eq!(tx.end_waits_for_keeping(LATER, 10).await.expect("nothing left"), (0, 0));
        let states: Vec<bool> = tx.assets(&(20..27).map(id).collect::<Vec<_>>()).await.expect("read").iter()
            .map(|asset| asset.state == AssetState::Deleted).collect();
        assert_eq!(states, [false, false, false, false, true, true, true]);
        assert_eq!(tx.dropped_objects(10).await.expect("read").len(), 3);
        tx.commit().await.expect("committed");
    }
}
