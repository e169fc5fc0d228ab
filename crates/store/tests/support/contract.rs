//! Tests that run on both databases.

/// Each test runs on both databases, as `name::sqlite` and `name::postgres`.
macro_rules! contract {
    ($($(#[$doc:meta])* async fn $name:ident($databases:ident: Databases) $body:block)+) => {
        $(
            mod $name {
                use super::*;

                async fn check($databases: Databases) $body

                #[tokio::test(flavor = "multi_thread")]
                async fn sqlite() {
                    check(database::sqlite().await).await;
                }

                #[tokio::test(flavor = "multi_thread")]
                async fn postgres() {
                    check(database::postgres().await).await;
                }
            }
        )+
    };
}
pub(crate) use contract;
