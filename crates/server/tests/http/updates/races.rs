//! Updates that race with actions of their holder, on both databases.

use std::collections::BTreeSet;

use axum::http::Method;
use serde_json::json;

use super::support::{Job, career_of, current, push, push_and_allow, replacing};
use crate::both::contract;
use crate::support::app::{PUSH, TestApp};
use crate::support::database::{self, Databases};
use crate::support::response::content;

const JOBS: [Job; 1] = [("Company A", "Clerk", "2020-01", "", "2026-09")];

/// Repetitions of each race.
const ROUNDS: usize = 8;

async fn start(databases: &Databases) -> TestApp {
    TestApp::builder()
        .settings(&[("storage.database_url", &databases.url), ("rate_limit.enabled", "false")])
        .start()
        .await
}

contract! {
    async fn versions_accepted_at_once_leave_one_current(databases: Databases) {
        let test = start(&databases).await;
        let token = test.token(&test.partner().await).await;
        for round in 0..ROUNDS {
            let mut person = test.signed_in(&format!("ada-{round}@example.org")).await;
            let mut pages = Vec::new();
            for number in 0..3 {
                let pushed = content(&push(&test, &token, &career_of(&format!("{round}-{number}"), &JOBS)).await);
                pages.push(format!("{}/accept", person.open(pushed).await.redirect()));
            }
            let accepted = pages.iter().map(|page| {
                let mut tab = test.browser();
                tab.cookies.clone_from(&person.cookies);
                async move { tab.post(page, &[]).await.status.as_u16() }
            });
            assert_eq!(futures::future::join_all(accepted).await, [303; 3]);
            assert_eq!(current(&mut person).await, [format!("{round}-2")], "round {round}: the newest covers the others");
        }
    }

    async fn deletion_wins_over_an_update(databases: Databases) {
        let test = start(&databases).await;
        let token = test.token(&test.partner().await).await;
        for round in 0..ROUNDS {
            let mut person = test.signed_in(&format!("ada-{round}@example.org")).await;
            let (first, second) = (format!("{round}-1"), format!("{round}-2"));
            let id = push_and_allow(&test, &token, &mut person, &career_of(&first, &JOBS)).await;
            let form = [("current", "true")];
            let path = format!("/wallet/credentials/{id}/delete");
            let body = replacing(career_of(&second, &JOBS), &first);
            let mut tab = test.browser();
            tab.cookies.clone_from(&person.cookies);
            let (deleted, pushed) = tokio::join!(tab.post(&path, &form), test.post(PUSH, &token, &body));
            deleted.assert_status(303);
            let pushed = pushed.assert_status(201).json();
            assert!([json!("verified"), json!(null)].contains(&pushed["status"]), "{pushed}");
            assert_eq!(current(&mut person).await, Vec::<String>::new(), "round {round}: {pushed}");
            assert_eq!((test.sign(id).await, test.sign(content(&pushed)).await), (None, None));
        }
    }

    async fn stopping_wins_over_later_updates(databases: Databases) {
        let test = start(&databases).await;
        let token = test.token(&test.partner().await).await;
        for round in 0..ROUNDS {
            let mut person = test.signed_in(&format!("ada-{round}@example.org")).await;
            let ids: Vec<String> = (1..=3).map(|number| format!("{round}-{number}")).collect();
            let id = push_and_allow(&test, &token, &mut person, &career_of(&ids[0], &JOBS)).await;
            let path = format!("/wallet/credentials/{id}/updates/stop");
            let body = replacing(career_of(&ids[1], &JOBS), &ids[0]);
            let (stopped, pushed) = tokio::join!(person.post(&path, &[]), test.post(PUSH, &token, &body));
            stopped.assert_status(303);
            pushed.assert_status(201);
            let later = push(&test, &token, &replacing(career_of(&ids[2], &JOBS), &ids[1])).await;
            assert_eq!(later["status"], json!(null), "round {round}");
            assert_eq!(current(&mut person).await.len(), 1);
        }
    }

    async fn update_racing_with_withdrawal_and_undo_stays_consistent(databases: Databases) {
        let test = start(&databases).await;
        let token = test.token(&test.partner().await).await;
        for round in 0..ROUNDS {
            let mut person = test.signed_in(&format!("ada-{round}@example.org")).await;
            let ids: Vec<String> = (1..=3).map(|number| format!("{round}-{number}")).collect();
            push_and_allow(&test, &token, &mut person, &career_of(&ids[0], &JOBS)).await;
            let second = push(&test, &token, &replacing(career_of(&ids[1], &JOBS), &ids[0])).await;
            assert_eq!(second["status"], "verified");
            let undo = format!("/wallet/credentials/{}/updates/undo", content(&second));
            let withdrawal = test.api(Method::DELETE, &format!("{PUSH}/{}", ids[0]), &token, r#"{"reason":"A mistake."}"#);
            let third = replacing(career_of(&ids[2], &JOBS), &ids[1]);
            let (undone, withdrawn, pushed) =
                tokio::join!(person.post(&undo, &[]), test.send(withdrawal), test.post(PUSH, &token, &third));
            undone.assert_status(303);
            withdrawn.assert_status(204);
            let pushed = pushed.assert_status(201).json();
            let current: BTreeSet<String> = current(&mut person).await.into_iter().collect();
            // The first version is withdrawn in any case and never current. At most one of the
            // others is current.
            assert!(current.len() <= 1 && !current.contains(&ids[0]), "round {round}: {current:?}, {pushed}");
            let first = test.status(&token, &ids[0]).await;
            assert_eq!(first["status"], "canceled", "round {round}");
        }
    }
}
