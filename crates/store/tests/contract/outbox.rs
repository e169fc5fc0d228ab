//! The outbox.

use std::time::Duration;

use store::OutboxItem;

use super::support::{LATER, NOW, id};
use crate::both::contract;
use crate::database;
use crate::database::Databases;

contract! {
    async fn outbox_item_is_leased_to_one_worker(databases: Databases) {
        let mut tx = databases.data.write().await.expect("a transaction");
        let item = |number| OutboxItem { id: id(number), kind: "mail".to_owned(), due_at: NOW, attempts: 0, ring_period: NOW, sealed: vec![1] };
        for number in 1..=3 {
            tx.add_to_outbox(&item(number)).await.expect("added");
        }
        assert_eq!(tx.take_from_outbox(NOW - Duration::from_secs(1), LATER, 10).await.expect("not due"), []);
        let taken = tx.take_from_outbox(NOW, LATER, 2).await.expect("taken");
        assert_eq!(taken.len(), 2);
        assert!(taken.iter().all(|item| item.attempts == 1 && item.due_at == LATER));
        assert_eq!(tx.take_from_outbox(NOW, LATER, 10).await.expect("the rest").len(), 1);
        assert_eq!(tx.take_from_outbox(NOW, LATER, 10).await.expect("all are taken"), []);
        tx.put_off(id(1), NOW).await.expect("due again");
        assert_eq!(tx.take_from_outbox(NOW, LATER, 10).await.expect("again")[0].attempts, 2);
        tx.remove_from_outbox(id(1)).await.expect("done");
        assert_eq!(tx.outbox_length().await.expect("counted"), 2);
    }
}
