//! Due times that a wrong clock has written.

use std::time::Duration;

use ambient::Timestamp;
use store::domain::asset::Asset;
use store::{Announcement, AnnouncementKind};
use uuid::Uuid;

use super::support::{NOW, add_partner, asset, fetching, id, insert, message, new_submission};
use super::webhooks::webhook;
use crate::both::contract;
use crate::database;
use crate::database::Databases;

const HOUR: Duration = Duration::from_secs(3600);

contract! {
    async fn distant_due_times_are_recalled(databases: Databases) {
        let store = &databases.data;
        let (partner, wrong) = (add_partner(store, 1).await, NOW + 52 * HOUR);
        insert(store, &[&new_submission(10, partner, "a")]).await;
        let mut tx = store.write().await.expect("a transaction");
        tx.add_webhook(&webhook(11, partner, "vwsp_request.verified")).await.expect("added");
        let told = |request_id: &'static str, told_at: Timestamp| Announcement {
            partner,
            kind: AnnouncementKind::RequestVerified,
            request_id,
            credential_id: None,
            at: NOW,
            told_at,
        };
        tx.announce(&[told("soon", NOW + 4 * HOUR), told("late", wrong)]).await.expect("told");
        for number in [1, 2] {
            tx.add_to_outbox(&message(number, 0)).await.expect("added");
        }
        tx.put_off(id(1), NOW + HOUR).await.expect("put off");
        let documents = [(20, 0), (21, 1)].map(|(number, position)| Asset {
            position,
            ..asset(number, id(10), fetching(7))
        });
        tx.insert_assets(&[&documents[0]], NOW + HOUR).await.expect("inserted");
        tx.note_webhook_health(id(11), 9, Some(NOW + HOUR)).await.expect("noted");
        assert!(!tx.has_distant_due_times(wrong).await.expect("read"), "that clock finds nothing");
        assert_eq!(tx.recall_due_times(NOW + HOUR).await.expect("changed"), 1, "only the delivery is further ahead");

        tx.put_off(id(2), wrong).await.expect("put off");
        tx.insert_assets(&[&documents[1]], wrong).await.expect("inserted");
        tx.note_webhook_health(id(11), 9, Some(wrong)).await.expect("noted");
        assert!(tx.has_distant_due_times(NOW).await.expect("read"));
        assert_eq!(tx.recall_due_times(NOW).await.expect("changed"), 3);
        assert!(!tx.has_distant_due_times(NOW).await.expect("read"));
        let taken = tx.take_from_outbox("mail", Uuid::nil(), NOW, NOW + HOUR).await.expect("taken").expect("due");
        assert_eq!(taken.id, id(2));
        let taken = tx.take_assets_to_fetch((NOW, NOW + HOUR), 7, 10).await.expect("taken");
        assert_eq!(taken.iter().map(|(asset, ..)| asset.id).collect::<Vec<_>>(), [id(21)]);
        assert_eq!(tx.lock_webhook(id(11)).await.expect("read").expect("there").paused_until, Some(NOW));
    }

    async fn asset_that_gets_its_host_keeps_its_number_of_attempts(databases: Databases) {
        let store = &databases.data;
        let partner = add_partner(store, 1).await;
        insert(store, &[&new_submission(10, partner, "a")]).await;
        let mut tx = store.write().await.expect("a transaction");
        tx.insert_assets(&[&asset(20, id(10), fetching(0))], NOW).await.expect("inserted");
        for (before, after) in [(0, 7), (7, 8)] {
            let taken = tx.take_assets_to_fetch((NOW, NOW + HOUR), before, 10).await.expect("taken");
            assert_eq!(taken[0].2, 1);
            tx.set_asset_host(id(20), after, NOW).await.expect("stored");
            assert_eq!(tx.hosts_to_fetch(NOW).await.expect("read"), [(after, partner)]);
        }
    }
}
