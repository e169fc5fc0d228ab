//! An older release on a newer schema: it works unless the schema removed something.

use store::Tx;

use super::support::open_again;
use crate::both::contract;
use crate::database;
use crate::database::Databases;

const FORGET: &str = "DELETE FROM _sqlx_migrations WHERE version = 9000";

const NOTE: &str = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9000, $1, TRUE, $2, 1)";

contract! {
    async fn newer_schema_is_accepted_unless_it_removed_something(databases: Databases) {
        for (description, is_opened) in
            [("notes of partners", true), ("contract 0003 old columns", true), ("contract 8999 old columns", false)]
        {
            let mut tx = databases.data.write().await.expect("a transaction");
            match &mut tx {
                Tx::Sqlite(connection) => {
                    sqlx::query(FORGET).execute(&mut **connection).await.map(drop).expect("forgotten");
                    sqlx::query(NOTE).bind(description).bind(vec![1_u8]).execute(&mut **connection).await.map(drop).expect("noted");
                }
                Tx::Postgres(connection) => {
                    sqlx::query(FORGET).execute(&mut **connection).await.map(drop).expect("forgotten");
                    sqlx::query(NOTE).bind(description).bind(vec![1_u8]).execute(&mut **connection).await.map(drop).expect("noted");
                }
            }
            tx.commit().await.expect("committed");
            let opened = open_again(&databases).await;
            assert_eq!(opened.is_ok(), is_opened, "{description}: {opened:?}");
            let mut tx = databases.data.read().await.expect("a transaction");
            assert_eq!(tx.described_migrations(8999).await.expect("read"), [(9000, description.to_owned())]);
        }
    }
}
