//! Updates that race with actions of their holder, on both databases.

use std::collections::BTreeSet;

use axum::http::Method;
use futures::future::join_all;
use serde_json::json;
use tenure::flows::{outbox, share as links};

use super::support::{Job, career_of, current, push, push_and_allow, replacing, share};
use crate::both::contract;
use crate::shares::look;
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

/// Pushes the updates `from + 1` to `to` of one career, one right after the other.
async fn push_updates(test: &TestApp, token: &str, (from, to): (usize, usize)) {
    for number in from..to {
        let (id, earlier) = ((number + 1).to_string(), number.to_string());
        let update = push(test, token, &replacing(career_of(&id, &JOBS), &earlier)).await;
        assert_eq!(update["status"], "verified", "{update}");
    }
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
            assert_eq!(join_all(accepted).await, [303; 3]);
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

    async fn readers_of_a_link_see_no_alarm_during_updates(databases: Databases) {
        let test = start(&databases).await;
        let token = test.token(&test.partner().await).await;
        let mut person = test.signed_in("ada@example.org").await;
        let id = push_and_allow(&test, &token, &mut person, &career_of("0", &JOBS)).await;
        let path = share(&mut person, id, &[("keep_current", "yes")]).await;
        let secret = path.strip_prefix("/share/").expect("a secret");
        let links::Access::Open(link) = links::access(&test.app, secret, None).await.expect("read") else {
            panic!("it has no passcode");
        };
        for round in 0..ROUNDS {
            let pages = [(); 3].map(|()| look(&test, &path));
            let followed = [(); 2].map(|()| links::follow(&test.app, link.id, link.holder));
            let updates = push_updates(&test, &token, (2 * round, 2 * round + 2));
            let (pages, followed, ()) = tokio::join!(join_all(pages), join_all(followed), updates);
            for page in pages {
                let page = page.assert_status(200).text;
                assert!(page.contains("data-together=\"hire-all-passed\""), "round {round}: {page}");
                assert!(!page.contains("A newer version has been available since"), "round {round}: {page}");
            }
            for followed in followed {
                followed.expect("a newer version is no failure");
            }
        }
        // Updates in a row, before the outbox moves the link.
        push_updates(&test, &token, (2 * ROUNDS, 2 * ROUNDS + 3)).await;
        while outbox::send_due(&test.app).await.expect("sent") > 0 {}
        let mut tx = test.app.store().read().await.expect("a transaction");
        let shown = tx.shown_entries(link.id).await.expect("read");
        assert!(shown.len() == 1 && !shown[0].is_behind(), "{shown:?}");
    }
}
