//! Transactions, the schema and the instance id.

use std::time::Duration;

use store::{Migrations, OutboxItem, Part, Tx};

use super::support::{NOW, holder, id, message};
use crate::both::contract;
use crate::database;
use crate::database::Databases;

contract! {
    async fn dropped_transaction_is_rolled_back(databases: Databases) {
        let store = &databases.data;
        let mut tx = store.write().await.expect("a transaction");
        tx.add_holder(&holder(1)).await.expect("added");
        drop(tx);
        let mut tx = store.read().await.expect("a transaction");
        assert_eq!(tx.holder(id(1)).await.expect("read"), None);
        let mut ring = databases.keyring.write().await.expect("a transaction");
        ring.probe_write().await.expect("written");
    }

    async fn database_check_reports_the_schema_state(databases: Databases) {
        for (part, store) in [(Part::Data, &databases.data), (Part::Keyring, &databases.keyring)] {
            let found = store.migrations(part).await.expect("read");
            let expected = Migrations { applied: found.applied, ..Migrations::default() };
            assert!(found.applied > 0 && found == expected, "{found:?}");
            let applied = store.read().await.expect("a transaction").applied_migrations().await.expect("read");
            assert!(applied.iter().all(|(_, whole)| *whole));
        }
        assert_ne!(databases.data.migrations(Part::Keyring).await.ok(), databases.keyring.migrations(Part::Keyring).await.ok());
        let mut tx = databases.data.write().await.expect("a transaction");
        assert_eq!(tx.clock_mark().await.expect("read"), None);
        for number in 1..=2 {
            tx.probe_write().await.expect("written");
            tx.set_clock_mark(NOW + Duration::from_secs(number)).await.expect("written");
            assert_eq!(tx.clock_mark().await.expect("read"), Some(NOW + Duration::from_secs(number)));
        }
        let settings = tx.durability().await.expect("read");
        assert!(settings.iter().any(|(name, value)| name.starts_with("synchronous") && value != "off"), "{settings:?}");
        let time = tx.server_time().await.expect("read");
        assert_eq!(time.is_some(), matches!(tx, Tx::Postgres(_)), "SQLite has no clock of its own");
        assert_eq!(tx.oldest_in_outbox().await.expect("read"), None);
        for number in [2, 1] {
            let due_at = NOW + Duration::from_secs(number);
            let item = OutboxItem { due_at, ..message(number.into(), 0) };
            tx.add_to_outbox(&item).await.expect("added");
        }
        assert_eq!(tx.oldest_in_outbox().await.expect("read"), Some(NOW + Duration::from_secs(1)));
    }

    async fn database_has_one_instance_id(databases: Databases) {
        let mut tx = databases.data.write().await.expect("a transaction");
        assert_eq!(tx.instance(id(1)).await.expect("named"), id(1));
        assert_eq!(tx.instance(id(2)).await.expect("named before"), id(1));
    }
}
