//! Issuances: single-use codes, single-use nonces and reissued credentials.

use std::time::Duration;

use ambient::{Clock, Rng, Timestamp};
use credential::Type;
use credential::format::{Configuration, Format};
use store::domain::issuance::{AuthorizationRequest, CODE_ATTEMPTS, Grant, Issuance, IssuanceKind};
use store::domain::submission::Sealed;
use store::{Deferred, GrantIssued, IssueRequest, Issued, Issuing, Redemption, STATUS_LIST_CAPACITY, WantedEntry};
use uuid::Uuid;

use super::support::{LATER, NONCE_LIFETIME, NOW, add_holder, add_partner, id, new_submission};
use crate::both::contract;
use crate::database;
use crate::database::Databases;

const SOON: Timestamp = Timestamp::from_micros(1_700_000_100_000_000);

fn grant(submission: u128) -> Grant {
    Grant {
        submission_id: id(submission),
        configuration: Configuration { credential_type: Type::default(), format: Format::SdJwtVc },
    }
}

fn offer(number: u128, holder: Uuid, grants: &[Grant]) -> Issuance {
    Issuance {
        id: id(number),
        kind: IssuanceKind::Offer { holder },
        created_at: NOW,
        expires_at: LATER,
        credentials: grants.to_vec(),
    }
}

fn asked(number: u128) -> Issuance {
    let request = AuthorizationRequest {
        client_id: "wallet".to_owned(),
        redirect_uri: "https://wallet.example/done".to_owned(),
        state: Some("s".to_owned()),
        code_challenge: "c".repeat(43),
        configurations: vec![grant(1).configuration.id()],
        by_details: true,
        issuer_state: Some(id(9)),
        key: Some("k".to_owned()),
    };
    let kind = IssuanceKind::Authorization { holder: None, request };
    Issuance { id: id(number), kind, created_at: NOW, expires_at: SOON, credentials: Vec::new() }
}

fn redemption(issuance: u128, token: u8) -> Redemption {
    Redemption {
        issuance: id(issuance),
        token_hash: [token; 32],
        token_key: Some("key".to_owned()),
        token_expires_at: LATER,
        is_proven: true,
    }
}

/// Returns the revoked indices of a submission.
async fn revoked(tx: &mut store::Tx, submission: Uuid) -> Vec<store::StatusPlace> {
    let entries = tx.status_entries(submission).await.expect("read");
    entries.into_iter().filter(|entry| entry.revoked_at.is_some()).map(|entry| entry.place).collect()
}

contract! {
    async fn offer_code_is_single_use_and_expires(databases: Databases) {
        let store = &databases.data;
        let ada = add_holder(store, 2).await;
        let mut tx = store.write().await.expect("a transaction");
        for number in [30, 31, 32] {
            tx.add_issuance(&offer(number, ada, &[grant(10), grant(11)])).await.expect("added");
        }
        assert_eq!(tx.issuance(id(30)).await.expect("read"), Some(offer(30, ada, &[grant(10), grant(11)])));
        assert_eq!(tx.issuance(id(99)).await.expect("read"), None);
        tx.add_grants(id(30), &[grant(11), grant(12)]).await.expect("added, the known one not twice");
        tx.add_grants(id(30), &[]).await.expect("nothing to do");
        assert_eq!(tx.issuance(id(30)).await.expect("read").expect("there").credentials.len(), 3);
        assert!(tx.redeem_issuance(&redemption(30, 1), NOW).await.expect("handed in"));
        assert!(!tx.redeem_issuance(&redemption(30, 2), NOW).await.expect("once"));
        assert!(!tx.redeem_issuance(&redemption(31, 3), LATER).await.expect("over"));
        let access = tx.wallet_access(&[1; 32], NOW).await.expect("read").expect("a token");
        assert_eq!((access.issuance.id, access.token_expires_at, access.key.as_deref()), (id(30), LATER, Some("key")));
        assert_eq!(access.issuance.holder(), Some(ada));
        assert_eq!(tx.wallet_access(&[1; 32], LATER).await.expect("over"), None);
        assert_eq!(tx.wallet_access(&[2; 32], NOW).await.expect("never given"), None);
        for _ in 0..CODE_ATTEMPTS {
            let wrong = Redemption { is_proven: false, ..redemption(32, 4) };
            assert!(!tx.redeem_issuance(&wrong, NOW).await.expect("a try"));
        }
        assert!(!tx.redeem_issuance(&redemption(32, 4), NOW).await.expect("the right one comes too late"));
        tx.release_issuances(ada).await.expect("let go");
        assert_eq!(tx.issuance(id(30)).await.expect("read"), None);
        tx.commit().await.expect("committed");
    }

    async fn authorization_request_is_bound_to_one_account(databases: Databases) {
        let store = &databases.data;
        let (ada, eve) = (add_holder(store, 2).await, add_holder(store, 3).await);
        let mut tx = store.write().await.expect("a transaction");
        for number in [40, 41, 42] {
            tx.add_issuance(&asked(number)).await.expect("added");
        }
        assert_eq!(tx.issuance(id(40)).await.expect("read"), Some(asked(40)));
        assert!(tx.await_answer(id(40), LATER, NOW).await.expect("extended"));
        assert!(tx.await_answer(id(40), SOON, NOW).await.expect("never shortened"));
        assert!(!tx.await_answer(id(41), LATER, LATER).await.expect("it was over"));
        assert_eq!(tx.issuance(id(40)).await.expect("read").expect("there").expires_at, LATER);
        assert_eq!(tx.issuance(id(41)).await.expect("read").expect("there").expires_at, SOON);
        assert!(tx.bind_issuance(id(40), ada, NOW).await.expect("bound"));
        assert!(tx.bind_issuance(id(40), ada, NOW).await.expect("again"));
        assert!(!tx.bind_issuance(id(40), eve, NOW).await.expect("another's"));
        assert!(!tx.bind_issuance(id(41), ada, SOON).await.expect("over"));
        assert!(!tx.authorize_issuance((id(40), eve), &[7; 32], LATER, NOW).await.expect("not hers"));
        assert!(tx.authorize_issuance((id(40), ada), &[7; 32], LATER, NOW).await.expect("answered"));
        assert!(!tx.authorize_issuance((id(40), ada), &[8; 32], LATER, NOW).await.expect("once"));
        assert!(!tx.bind_issuance(id(40), ada, NOW).await.expect("answered"));
        assert!(!tx.await_answer(id(40), LATER, NOW).await.expect("answered"));
        assert!(!tx.deny_issuance(id(40), ada, NOW).await.expect("answered"));
        assert_eq!(tx.issuance_by_code(&[7; 32]).await.expect("read").map(|issuance| issuance.id), Some(id(40)));
        assert_eq!(tx.issuance_by_code(&[8; 32]).await.expect("read"), None);
        assert!(tx.bind_issuance(id(42), ada, NOW).await.expect("bound"));
        assert!(tx.deny_issuance(id(42), ada, NOW).await.expect("denied"));
        assert!(!tx.authorize_issuance((id(42), ada), &[9; 32], LATER, NOW).await.expect("denied before"));
        tx.commit().await.expect("committed");
    }

    async fn reissue_replaces_and_code_reuse_ends_the_issuance(databases: Databases) {
        let store = &databases.data;
        let (partner, ada) = (add_partner(store, 1).await, add_holder(store, 2).await);
        let mut tx = store.write().await.expect("a transaction");
        let new = new_submission(10, partner, "c10");
        tx.insert_submissions(&[&new]).await.expect("inserted");
        assert!(tx.bind_submission(new.id, ada, NOW).await.expect("bound"));
        assert!(tx.accept_submission(new.id, ada, &[4], NOW).await.expect("accepted"));
        tx.add_issuance(&offer(30, ada, &[grant(10)])).await.expect("added");
        tx.commit().await.expect("committed");
        let issuing = Issuing::start(store.clone(), Clock::manual(NOW.to_jiff()), Rng::System, NONCE_LIFETIME, STATUS_LIST_CAPACITY);
        assert!(issuing.redeem(redemption(30, 1)).await.expect("handed in"));
        let entry = WantedEntry {
            submission: id(10),
            holder: ada,
            expires_at: LATER,
            issuance: Some((id(30), grant(10).configuration)),
        };
        let request = |nonce: u8, notification: u128| IssueRequest {
            entries: vec![entry; 2],
            nonces: vec![[nonce; 32]],
            grant: Some(GrantIssued { issuance: id(30), grant: grant(10), notification: id(notification) }),
        };
        let places = |issued: Issued| match issued {
            Issued::Places(places) => places.into_iter().map(|place| place.expect("given")).collect::<Vec<_>>(),
            Issued::NonceUsed => panic!("the challenge was fresh"),
        };
        let first = places(issuing.issue(request(1, 50)).await.expect("given"));
        assert_eq!(issuing.issue(request(1, 51)).await.expect("an answer"), Issued::NonceUsed);
        let mut tx = store.write().await.expect("a transaction");
        assert_eq!(tx.issuance_progress(id(30)).await.expect("read"), (true, false));
        assert!(tx.notify_issued(id(30), id(50), "credential_accepted").await.expect("noted"));
        assert!(!tx.notify_issued(id(30), id(51), "credential_accepted").await.expect("unknown"));
        assert!(!tx.notify_issued(id(31), id(50), "credential_accepted").await.expect("another's"));
        assert_eq!(tx.issuance_progress(id(30)).await.expect("read"), (true, true));
        tx.commit().await.expect("committed");
        let second = places(issuing.issue(request(2, 52)).await.expect("given"));
        let mut tx = store.write().await.expect("a transaction");
        let mut expected = first.clone();
        expected.sort();
        let mut found = revoked(&mut tx, id(10)).await;
        found.sort();
        assert_eq!(found, expected, "the second answer replaced the first");
        tx.end_issuance(id(30), NOW).await.expect("ended");
        assert_eq!(revoked(&mut tx, id(10)).await.len(), first.len() + second.len());
        assert_eq!(tx.wallet_access(&[1; 32], NOW).await.expect("read"), None);
        tx.commit().await.expect("committed");
    }

    async fn nonces_are_single_use_and_deleted(databases: Databases) {
        let store = &databases.data;
        let ada = add_holder(store, 2).await;
        let mut tx = store.write().await.expect("a transaction");
        assert_eq!(tx.take_nonces(&[], SOON).await.expect("nothing to do"), Vec::<Vec<u8>>::new());
        assert_eq!(tx.take_nonces(&[[1; 32], [2; 32]], SOON).await.expect("taken").len(), 2);
        assert_eq!(tx.take_nonces(&[[2; 32], [3; 32]], LATER).await.expect("taken"), [vec![3; 32]]);
        tx.add_issuance(&offer(30, ada, &[grant(10)])).await.expect("added");
        let deferred = Deferred {
            transaction_hash: vec![5; 32],
            issuance: id(30),
            expires_at: LATER,
            sealed: Sealed { period: NOW, bytes: vec![1] },
        };
        tx.add_deferred(&deferred).await.expect("added");
        assert_eq!(tx.deferred(&[5; 32], id(30), NOW).await.expect("read"), Some(deferred));
        assert_eq!(tx.deferred(&[5; 32], id(31), NOW).await.expect("another's"), None);
        assert_eq!(tx.deferred(&[5; 32], id(30), LATER).await.expect("over"), None);
        assert_eq!(tx.forget_issuances(LATER, SOON, 10).await.expect("not yet"), 0);
        assert_eq!(tx.take_nonces(&[[1; 32]], LATER).await.expect("read"), Vec::<Vec<u8>>::new());
        let end = LATER + Duration::from_secs(1);
        assert_eq!(tx.forget_issuances(end, end, 10).await.expect("forgotten"), 1);
        assert_eq!(tx.issuance(id(30)).await.expect("read"), None);
        assert_eq!(tx.take_nonces(&[[1; 32]], LATER).await.expect("read").len(), 1, "long after its time");
        tx.add_issuance(&offer(31, ada, &[])).await.expect("added");
        let again = Deferred { transaction_hash: vec![6; 32], issuance: id(31), expires_at: LATER, sealed: Sealed { period: NOW, bytes: vec![1] } };
        tx.add_deferred(&again).await.expect("added");
        assert!(tx.end_deferred(&[6; 32]).await.expect("ended"));
        assert!(!tx.end_deferred(&[6; 32]).await.expect("once"));
        tx.commit().await.expect("committed");
    }
}
