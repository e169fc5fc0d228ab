//! Statuses: ownership, combined reads and the cache.

use std::future::Future as _;
use std::task::Poll;
use std::time::Duration;

use ambient::{Clock, Timestamp};
use store::domain::asset::{Asset, AssetStage, AssetState, Failure};
use store::domain::submission::{CancelReason, Status};
use store::{EventKind, NewSubmission, StatusCache, Tx};
use uuid::Uuid;

use super::support::{LATER, NOW, add_holder, add_partner, asset, id, insert, new_submission, open_again, stored};
use crate::both::contract;
use crate::database;
use crate::database::Databases;

contract! {
    async fn statuses_belong_to_their_partner(databases: Databases) {
        let store = &databases.data;
        let (one, other) = (add_partner(store, 1).await, add_partner(store, 2).await);
        let ada = add_holder(store, 3).await;
        let rows = [new_submission(10, one, "a"), new_submission(11, one, "b"), new_submission(12, one, "c"), new_submission(13, other, "d")];
        insert(store, &rows.iter().collect::<Vec<_>>()).await;
        let mut tx = store.write().await.expect("a transaction");
        for submission in [id(11), id(12)] {
            tx.bind_submission(submission, ada, NOW).await.expect("bound");
        }
        tx.accept_submission(id(11), ada, &[4], NOW).await.expect("accepted");
        tx.decline_submission(id(12), ada, NOW).await.expect("declined");
        tx.commit().await.expect("committed");
        let mut tx = store.read().await.expect("a transaction");
        let mut told = async |asked: &[(Uuid, &str)], now| {
            let told = tx.credential_statuses(asked, now).await.expect("read");
            told.into_iter().map(|told| told.map(|told| (told.credential_id, told.status))).collect::<Vec<_>>()
        };
        let said = |id: &str, status| Some((id.to_owned(), status));
        assert_eq!(
            told(&[(one, "c"), (one, "d"), (other, "d"), (one, "a"), (other, "a"), (one, "e"), (one, "b")], NOW).await,
            [
                said("c", Status::Canceled(NOW, CancelReason::Declined)),
                None,
                said("d", Status::Incomplete),
                said("a", Status::Incomplete),
                None,
                None,
                said("b", Status::Verified(NOW)),
            ]
        );
        assert_eq!(told(&[(one, "a")], LATER).await, [said("a", Status::Canceled(LATER, CancelReason::Expired))]);
        assert_eq!(told(&[], NOW).await, []);
    }

    async fn status_and_documents_outlive_deletion_by_the_holder(databases: Databases) {
        let store = &databases.data;
        let (partner, ada) = (add_partner(store, 1).await, add_holder(store, 3).await);
        let day = Duration::from_secs(86_400);
        let rows = [10, 11, 12].map(|number| {
            NewSubmission { credential_type: "microcredential".parse().expect("a type"), ..new_submission(number, partner, &format!("c{number}")) }
        });
        insert(store, &rows.iter().collect::<Vec<_>>()).await;
        let mut tx = store.write().await.expect("a transaction");
        for number in 10..13 {
            let late = asset(20 + number, id(number), AssetState::Failed(Failure::Late));
            let assets = [asset(30 + number, id(number), stored(40 + number)), Asset { position: 1, ..late }];
            tx.insert_assets(&assets.iter().collect::<Vec<_>>(), NOW).await.expect("inserted");
            tx.bind_submission(id(number), ada, NOW).await.expect("bound");
        }
        for number in [10, 11] {
            assert!(tx.accept_submission(id(number), ada, &[4], NOW).await.expect("accepted"));
        }
        let told = async |tx: &mut Tx| {
            let told = tx.credential_statuses(&[(partner, "c10"), (partner, "c11")], NOW).await.expect("read");
            told.into_iter().map(|told| told.expect("known")).collect::<Vec<_>>()
        };
        let before = told(&mut tx).await;
        assert_eq!(before[0].assets.iter().map(|asset| asset.stage).collect::<Vec<_>>(), [AssetStage::Stored, AssetStage::Failed(Failure::Late)]);
        assert!(tx.remove_submission(id(10), ada, NOW + 500 * day).await.expect("removed"));
        tx.record_events(&[id(10)], EventKind::Removed, NOW + 500 * day).await.expect("recorded");
        tx.release_submissions(ada, NOW + 600 * day).await.expect("released");
        assert_eq!(told(&mut tx).await, before, "as if nothing had happened");
        assert_eq!(tx.asset_statuses(&[id(12)]).await.expect("read"), [], "it was never accepted");
        assert!(tx.assets(&[id(10), id(11)]).await.expect("read").is_empty());
        let forget = async |tx: &mut Tx, day: Timestamp| tx.forget_submissions(day, 10).await.expect("forgotten");
        assert_eq!(forget(&mut tx, NOW + 500 * day).await, 1, "the one that expired");
        assert_eq!(forget(&mut tx, NOW + 501 * day).await, 1);
        assert_eq!(tx.asset_statuses(&[id(10)]).await.expect("read"), []);
        assert_eq!(forget(&mut tx, NOW + 601 * day).await, 1);
        tx.commit().await.expect("committed");
    }

    async fn concurrent_status_reads_have_separate_results(databases: Databases) {
        let store = &databases.data;
        let (one, other) = (add_partner(store, 1).await, add_partner(store, 2).await);
        let rows: Vec<NewSubmission> = (0..40).map(|number| new_submission(100 + number, if number % 2 == 0 { one } else { other }, &format!("c{number}"))).collect();
        insert(store, &rows.iter().collect::<Vec<_>>()).await;
        let statuses = StatusCache::start(store.clone(), Clock::manual(NOW.to_jiff()));
        let mut questions = tokio::task::JoinSet::new();
        for number in 0..40 {
            let statuses = statuses.clone();
            questions.spawn(async move {
                let ids = vec!["c0".to_owned(), "nothing".to_owned(), format!("c{number}")];
                let told = statuses.of(one, &ids).await.expect("an answer");
                let known: Vec<Option<String>> = told.into_iter().map(|told| told.map(|told| told.credential_id)).collect();
                let own = (number % 2 == 0).then(|| format!("c{number}"));
                assert_eq!(known, [Some("c0".to_owned()), None, own]);
            });
        }
        questions.join_all().await;
    }

    async fn cached_status_is_never_older_than_the_last_commit(databases: Databases) {
        let store = &databases.data;
        let (partner, ada) = (add_partner(store, 1).await, add_holder(store, 3).await);
        let ids: Vec<String> = (0..6).map(|number| format!("c{number}")).collect();
        let rows: Vec<NewSubmission> = ids.iter().zip(10..).map(|(credential_id, number)| new_submission(number, partner, credential_id)).collect();
        insert(store, &rows.iter().collect::<Vec<_>>()).await;
        store.changes().follow();
        let statuses = StatusCache::start(store.clone(), Clock::manual(NOW.to_jiff()));
        let told = async || {
            let told = statuses.of(partner, &ids).await.expect("an answer");
            let read = store.acquire().await.expect("a connection").credential_statuses(&ids.iter().map(|id| (partner, id.as_str())).collect::<Vec<_>>(), NOW).await.expect("read");
            assert_eq!(told, read);
            told.into_iter().map(|told| told.expect("known").status).collect::<Vec<_>>()
        };
        assert_eq!(told().await, [Status::Incomplete; 6]);
        let other = add_partner(store, 2).await;
        assert_eq!(statuses.of(other, &ids).await.expect("an answer"), vec![None; 6], "what is remembered is its partner's alone");
        let mut tx = store.write().await.expect("a transaction");
        for number in 10..15 {
            tx.bind_submission(id(number), ada, NOW).await.expect("bound");
        }
        assert!(tx.accept_submission(id(10), ada, &[4], NOW).await.expect("accepted"));
        assert!(tx.accept_submission(id(11), ada, &[4], NOW).await.expect("accepted"));
        assert!(tx.decline_submission(id(12), ada, NOW).await.expect("declined"));
        assert!(tx.withdraw_pending_submission(id(13), partner, None, NOW).await.expect("taken back"));
        assert_eq!(told().await, [Status::Incomplete; 6], "nothing is committed");
        tx.commit().await.expect("committed");
        let verified = Status::Verified(NOW);
        let [declined, expired, withdrawn] = [CancelReason::Declined, CancelReason::Expired, CancelReason::Withdrawn].map(|reason| Status::Canceled(NOW, reason));
        assert_eq!(told().await, [verified, verified, declined, withdrawn, Status::Incomplete, Status::Incomplete]);
        let mut tx = store.write().await.expect("a transaction");
        assert!(tx.withdraw_submission(id(10), partner, &[5], NOW).await.expect("withdrawn"));
        assert!(tx.remove_submission(id(11), ada, NOW).await.expect("removed"));
        assert!(tx.expire_now(id(15), partner, NOW).await.expect("cut short"));
        tx.commit().await.expect("committed");
        assert_eq!(told().await, [withdrawn, verified, declined, withdrawn, Status::Incomplete, expired]);
        let mut tx = store.write().await.expect("a transaction");
        assert!(tx.note_withdrawal(id(11), partner, NOW).await.expect("noted"));
        tx.release_submissions(ada, NOW).await.expect("released");
        assert!(tx.replace_submission(id(13), partner, NOW).await.expect("replaced"));
        assert_eq!(tx.insert_submissions(&[&new_submission(20, partner, "c3")]).await.expect("pushed again"), [id(20)]);
        tx.commit().await.expect("committed");
        assert_eq!(told().await, [withdrawn, withdrawn, declined, Status::Incomplete, declined, expired]);
        let mut tx = store.write().await.expect("a transaction");
        assert_eq!(tx.forget_submissions(NOW + Duration::from_secs(1), 10).await.expect("forgotten"), 6, "and the one that was replaced");
        assert_eq!(tx.insert_submissions(&[&new_submission(21, partner, "c2")]).await.expect("pushed again"), [id(21)]);
        tx.commit().await.expect("committed");
        let told = statuses.of(partner, &ids).await.expect("an answer");
        let told: Vec<_> = told.into_iter().map(|told| told.map(|told| told.status)).collect();
        assert_eq!(told, [None, None, Some(Status::Incomplete), Some(Status::Incomplete), None, None]);
    }

    async fn cache_reports_expiry_and_unawaited_commits(databases: Databases) {
        let store = &databases.data;
        let partner = add_partner(store, 1).await;
        let over = NewSubmission { expires_at: NOW + Duration::from_secs(30), ..new_submission(10, partner, "10") };
        let others: Vec<NewSubmission> = (11..31).map(|number| new_submission(number, partner, &number.to_string())).collect();
        insert(store, &[&over]).await;
        insert(store, &others.iter().collect::<Vec<_>>()).await;
        let clock = Clock::manual(NOW.to_jiff());
        store.changes().follow();
        let statuses = StatusCache::start(store.clone(), clock.clone());
        let told = async |credential_id: &str| {
            let told = statuses.of(partner, &[credential_id.to_owned()]).await.expect("an answer").remove(0);
            told.expect("known").status
        };
        assert_eq!(told("10").await, Status::Incomplete);
        clock.advance(Duration::from_secs(30));
        assert_eq!(told("10").await, Status::Canceled(over.expires_at, CancelReason::Expired));
        // The caller is cancelled during the commit, or after it.
        let mut was_under_way = false;
        for other in &others {
            assert_eq!(told(&other.credential_id).await, Status::Incomplete);
            let mut tx = store.write().await.expect("a transaction");
            assert!(tx.withdraw_pending_submission(other.id, partner, None, NOW).await.expect("taken back"));
            let mut commit = Box::pin(tx.commit());
            was_under_way |= std::future::poll_fn(|context| Poll::Ready(commit.as_mut().poll(context).is_pending())).await;
            drop(commit);
            let followed = async {
                while told(&other.credential_id).await != Status::Canceled(NOW, CancelReason::Withdrawn) {
                    tokio::task::yield_now().await;
                }
            };
            tokio::time::timeout(Duration::from_secs(10), followed).await.expect("told as it is, and not as it was");
        }
        assert!(was_under_way, "not once in twenty times");
    }

    async fn unnotified_changes_are_cached_for_a_minute_at_most(databases: Databases) {
        let store = &databases.data;
        let partner = add_partner(store, 1).await;
        let [one, second] = [10, 11].map(|number| new_submission(number, partner, &number.to_string()));
        insert(store, &[&one, &second]).await;
        let clock = Clock::manual(NOW.to_jiff());
        let statuses = StatusCache::start(store.clone(), clock.clone());
        store.changes().follow();
        let told = async |credential_id: &str| {
            let told = statuses.of(partner, &[credential_id.to_owned()]).await.expect("an answer").remove(0);
            told.expect("known").status
        };
        assert_eq!(told("10").await, Status::Incomplete);
        let elsewhere = open_again(&databases).await.expect("opened");
        let take_back = async |number: u128| {
            let mut tx = elsewhere.write().await.expect("a transaction");
            assert!(tx.withdraw_pending_submission(id(number), partner, None, NOW).await.expect("taken back"));
            tx.commit().await.expect("committed");
        };
        take_back(10).await;
        assert_eq!(told("10").await, Status::Incomplete, "remembered, and nobody was told");
        clock.advance(Duration::from_secs(60));
        assert_eq!(told("10").await, Status::Canceled(NOW, CancelReason::Withdrawn));
        assert_eq!(told("11").await, Status::Incomplete);
        take_back(11).await;
        store.changes().lose();
        assert_eq!(told("11").await, Status::Canceled(NOW, CancelReason::Withdrawn), "whoever hears nothing asks");
    }
}
