//! Holders and their sign-in methods.

use std::collections::BTreeSet;
use std::time::Duration;

use store::{Ceremony, Holder, Session, SignIn, StoredPasskey};

use super::support::{LATER, NOW, add_holder, holder, id};
use crate::both::contract;
use crate::database;
use crate::database::Databases;

contract! {
    async fn email_has_one_account(databases: Databases) {
        let store = &databases.data;
        let ada = add_holder(store, 1).await;
        let mut tx = store.write().await.expect("a transaction");
        let again = Holder { id: id(2), ..holder(1) };
        assert!(!tx.add_holder(&again).await.expect("taken"));
        tx.count_sign_in(ada).await.expect("counted");
        tx.decline_passkey_offer(ada, LATER).await.expect("noted");
        let found = tx.holder_by_email(&1u128.to_be_bytes()).await.expect("read").expect("there");
        assert_eq!((found.id, found.sign_ins, found.passkey_offer_declined_at), (ada, 1, Some(LATER)));
        assert_eq!(tx.holder_by_email(b"nobody").await.expect("read"), None);
        assert_eq!(found.returned_at, None);
        for at in [LATER, LATER + Duration::from_secs(1)] {
            tx.note_return(ada, at).await.expect("noted");
        }
        assert_eq!(tx.holder(ada).await.expect("read").expect("there").returned_at, Some(LATER), "the first time");
    }

    async fn code_has_limited_attempts_and_ends_once(databases: Databases) {
        let mut tx = databases.data.write().await.expect("a transaction");
        let sign_in = |number, browser: &[u8]| SignIn {
            id: id(number), email_fingerprint: vec![1], code_fingerprint: vec![2], attempts: 0, created_at: NOW, expires_at: LATER,
            ring_period: NOW, sealed: vec![3], browser_hash: Some(browser.to_vec()),
        };
        let tried = |tried: Vec<SignIn>| tried.into_iter().map(|tried| (tried.id, tried.attempts)).collect::<BTreeSet<_>>();
        tx.add_sign_in(&sign_in(1, b"ada")).await.expect("added");
        assert_eq!(tx.sign_in(id(1)).await.expect("read"), Some(sign_in(1, b"ada")));
        for attempts in 1..=3 {
            let taken = tx.take_sign_in_tries(&sign_in(1, b"ada"), 3, NOW).await.expect("a try");
            assert_eq!(tried(taken), [(id(1), attempts)].into());
        }
        assert_eq!(tx.take_sign_in_tries(&sign_in(1, b"ada"), 3, NOW).await.expect("none left"), []);
        tx.add_sign_in(&sign_in(2, b"ada")).await.expect("added");
        tx.add_sign_in(&sign_in(4, b"ada")).await.expect("added");
        tx.add_sign_in(&sign_in(5, b"eve")).await.expect("added");
        let taken = tx.take_sign_in_tries(&sign_in(4, b"ada"), 3, NOW).await.expect("a try");
        assert_eq!(tried(taken), [(id(2), 1), (id(4), 1)].into(), "all of this browser, none of another");
        assert_eq!(tx.take_sign_in_tries(&sign_in(4, b"ada"), 3, LATER).await.expect("over"), []);
        assert!(tx.sign_in(id(1)).await.expect("read").is_some(), "a new code leaves the old one");
        for number in [1, 2, 4, 5] {
            assert!(tx.end_sign_in(id(number)).await.expect("ended"));
        }
        assert!(!tx.end_sign_in(id(2)).await.expect("once"));
        tx.add_sign_in(&sign_in(3, b"ada")).await.expect("added");
        assert_eq!(tx.forget_sign_ins(LATER).await.expect("not over"), 0);
        assert_eq!(tx.forget_sign_ins(LATER + Duration::from_secs(1)).await.expect("over"), 1);
    }

    async fn sessions_are_created_extended_and_ended(databases: Databases) {
        let store = &databases.data;
        let ada = add_holder(store, 1).await;
        let session = |number: u8| Session { token_hash: vec![number], holder_id: ada, created_at: NOW, expires_at: LATER };
        let mut tx = store.write().await.expect("a transaction");
        for number in 1..=3 {
            tx.add_session(&session(number)).await.expect("begun");
        }
        assert_eq!(tx.session(&[1], NOW).await.expect("read"), Some(session(1)));
        assert_eq!(tx.session(&[1], LATER).await.expect("over"), None);
        tx.extend_session(&[1], LATER + Duration::from_secs(1)).await.expect("extended");
        assert!(tx.session(&[1], LATER).await.expect("read").is_some());
        assert_eq!(tx.count_sessions(ada, NOW).await.expect("counted"), 3);
        tx.end_session(&[1]).await.expect("ended");
        assert_eq!(tx.count_sessions(ada, NOW).await.expect("counted"), 2);
        assert_eq!(tx.forget_sessions(LATER).await.expect("not over"), 0);
        tx.end_sessions(ada).await.expect("all ended");
        assert_eq!(tx.count_sessions(ada, NOW).await.expect("counted"), 0);
        tx.add_session(&session(4)).await.expect("begun");
        assert_eq!(tx.forget_sessions(LATER + Duration::from_secs(1)).await.expect("over"), 1);
    }

    async fn passkeys_belong_to_their_holder(databases: Databases) {
        let store = &databases.data;
        let (ada, eve) = (add_holder(store, 1).await, add_holder(store, 2).await);
        let passkey = StoredPasskey { id: vec![1, 2], holder_id: ada, sealed: vec![3], created_at: NOW, used_at: None };
        let mut tx = store.write().await.expect("a transaction");
        assert!(tx.add_passkey(&passkey).await.expect("added"));
        assert!(!tx.add_passkey(&StoredPasskey { holder_id: eve, ..passkey.clone() }).await.expect("known"));
        tx.use_passkey(&[1, 2], eve, &[9], LATER).await.expect("not theirs: nothing happens");
        assert_eq!(tx.passkeys(ada).await.expect("read"), std::slice::from_ref(&passkey));
        tx.use_passkey(&[1, 2], ada, &[4], LATER).await.expect("used");
        assert_eq!(tx.passkeys(ada).await.expect("read"), [StoredPasskey { sealed: vec![4], used_at: Some(LATER), ..passkey }]);
        assert!(!tx.remove_passkey(&[1, 2], eve).await.expect("not theirs"));
        assert!(tx.remove_passkey(&[1, 2], ada).await.expect("removed"));
        assert_eq!(tx.passkeys(ada).await.expect("read"), []);
    }

    async fn ceremony_is_finished_once(databases: Databases) {
        let mut tx = databases.data.write().await.expect("a transaction");
        let ceremony = Ceremony { token_hash: vec![1], expires_at: LATER, ring_period: NOW, sealed: vec![2] };
        tx.add_ceremony(&ceremony).await.expect("begun");
        assert_eq!(tx.take_ceremony(&[1], LATER).await.expect("over"), None);
        assert_eq!(tx.take_ceremony(&[1], NOW).await.expect("taken"), Some(ceremony.clone()));
        assert_eq!(tx.take_ceremony(&[1], NOW).await.expect("once"), None);
        tx.add_ceremony(&ceremony).await.expect("begun");
        assert_eq!(tx.forget_ceremonies(LATER).await.expect("not over"), 0);
        assert_eq!(tx.forget_ceremonies(LATER + Duration::from_secs(1)).await.expect("over"), 1);
    }
}
