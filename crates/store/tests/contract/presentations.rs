//! Presentations from outside wallets: look-up by id or browser, one response, one finish.

use std::time::Duration;

use store::Store;
use store::domain::presentation::{Flow, MAX_CODE_ATTEMPTS, MAX_REFUSED, Mode, Presentation, PresentationState};
use store::domain::submission::Sealed;

use super::support::{LATER, NOW, id};
use crate::both::contract;
use crate::database;
use crate::database::Databases;

fn sealed(number: u8) -> Sealed {
    Sealed { period: NOW, bytes: vec![number] }
}

fn question(number: u128) -> Presentation {
    Presentation {
        id: id(number),
        verification: id(number + 1000),
        holder: number.is_multiple_of(2).then(|| id(7)),
        flow: if number.is_multiple_of(2) { Flow::CrossDevice } else { Flow::SameDevice },
        mode: if number.is_multiple_of(3) { Mode::Post } else { Mode::PostJwt },
        client_id: format!("x509_hash:{number}"),
        nonce: format!("n{number}"),
        binding_hash: vec![1, 2, 3],
        created_at: NOW,
        expires_at: LATER,
        refusal: None,
        state: PresentationState::Waiting { key: sealed(1) },
    }
}

async fn add(store: &Store, number: u128) -> Presentation {
    let new = question(number);
    let mut tx = store.write().await.expect("a transaction");
    tx.add_presentation(&new, &sealed(1)).await.expect("added");
    tx.commit().await.expect("committed");
    new
}

async fn answer(store: &Store, number: u128) -> bool {
    let mut tx = store.write().await.expect("a transaction");
    let answered = tx.answer_presentation(id(number), &[4, 5], &sealed(2), NOW).await.expect("answered");
    tx.commit().await.expect("committed");
    answered
}

async fn state(store: &Store, number: u128) -> PresentationState {
    let mut tx = store.read().await.expect("a transaction");
    tx.presentation(id(number), NOW).await.expect("read").expect("it is there").state
}

fn answered() -> PresentationState {
    PresentationState::Answered { response_hash: vec![4, 5], shown: sealed(2) }
}

contract! {
    async fn presentation_is_found_by_id_or_browser(databases: Databases) {
        let store = &databases.data;
        for number in [10, 11, 12] {
            let new = add(store, number).await;
            let mut tx = store.read().await.expect("a transaction");
            assert_eq!(tx.presentation(new.id, NOW).await.expect("read"), Some(new.clone()));
            assert_eq!(tx.bound_presentation(new.id, &[1, 2, 3], NOW).await.expect("read"), Some(new.clone()));
            assert_eq!(tx.bound_presentation(new.id, &[1, 2], NOW).await.expect("read"), None, "another browser");
            let over = tx.presentation(new.id, LATER).await.expect("read").expect("it is there");
            assert_eq!(over.state, PresentationState::Expired);
        }
        let mut tx = store.read().await.expect("a transaction");
        assert_eq!(tx.presentation(id(13), NOW).await.expect("read"), None);
    }

    async fn presentation_gets_one_response_and_finishes_once(databases: Databases) {
        let store = &databases.data;
        add(store, 10).await;
        let mut tx = store.write().await.expect("a transaction");
        assert!(!tx.finish_presentation(id(10), NOW).await.expect("not yet"), "nothing to be finished");
        assert!(!tx.answer_presentation(id(10), &[4, 5], &sealed(2), LATER).await.expect("too late"));
        tx.commit().await.expect("committed");
        assert!(answer(store, 10).await);
        assert!(!answer(store, 10).await, "a second answer");
        assert_eq!(state(store, 10).await, answered());
        let mut tx = store.write().await.expect("a transaction");
        assert!(!tx.decline_presentation(id(10), &[6]).await.expect("declined"), "it was answered");
        tx.refuse_answer(id(10), "nonce").await.expect("noted of none");
        assert!(!tx.finish_presentation(id(10), LATER).await.expect("too late"));
        assert!(tx.finish_presentation(id(10), NOW).await.expect("finished"));
        assert!(!tx.finish_presentation(id(10), NOW).await.expect("not twice"));
        assert!(!tx.reject_presentation(id(10)).await.expect("rejected"), "it counts");
        tx.commit().await.expect("committed");
        assert_eq!(state(store, 10).await, PresentationState::Finished { response_hash: vec![4, 5] });
    }

    async fn failed_responses_and_codes_end_a_presentation(databases: Databases) {
        let store = &databases.data;
        for number in [10, 11, 12, 13] {
            add(store, number).await;
        }
        let mut tx = store.write().await.expect("a transaction");
        for _ in 1..MAX_REFUSED {
            tx.refuse_answer(id(10), "nonce").await.expect("noted");
        }
        let refused = tx.presentation(id(10), NOW).await.expect("read").expect("it is there");
        assert_eq!((refused.refusal.as_deref(), refused.state), (Some("nonce"), PresentationState::Waiting { key: sealed(1) }));
        tx.refuse_answer(id(10), "sd_hash").await.expect("noted");
        assert!(tx.decline_presentation(id(11), &[6]).await.expect("declined"));
        assert!(!tx.decline_presentation(id(11), &[7]).await.expect("not twice"));
        assert!(!tx.take_presentation_try(id(12)).await.expect("no answer, no try"));
        tx.commit().await.expect("committed");
        let declined = PresentationState::Declined { response_hash: Some(vec![6]) };
        assert_eq!((state(store, 10).await, state(store, 11).await), (PresentationState::Rejected, declined));
        assert_eq!(state(store, 12).await, PresentationState::Waiting { key: sealed(1) }, "a try without an answer ends nothing");
        assert!(answer(store, 12).await && answer(store, 13).await);
        let mut tx = store.write().await.expect("a transaction");
        for _ in 0..MAX_CODE_ATTEMPTS {
            assert!(tx.take_presentation_try(id(12)).await.expect("a try"));
        }
        assert!(!tx.take_presentation_try(id(12)).await.expect("too many"));
        assert!(tx.reject_presentation(id(13)).await.expect("rejected"));
        assert!(!tx.reject_presentation(id(13)).await.expect("not twice"));
        tx.commit().await.expect("committed");
        assert_eq!((state(store, 12).await, state(store, 13).await), (PresentationState::Rejected, PresentationState::Rejected));
    }

    async fn response_that_became_invalid_is_refused_with_its_reason(databases: Databases) {
        let store = &databases.data;
        add(store, 10).await;
        let mut tx = store.write().await.expect("a transaction");
        assert!(!tx.refuse_presentation(id(10), "revoked").await.expect("refused"), "no answer");
        tx.commit().await.expect("committed");
        assert!(answer(store, 10).await);
        let mut tx = store.write().await.expect("a transaction");
        assert!(tx.refuse_presentation(id(10), "revoked").await.expect("refused"));
        assert!(!tx.refuse_presentation(id(10), "expired").await.expect("not twice"));
        assert!(!tx.finish_presentation(id(10), NOW).await.expect("not finished"), "it was refused");
        let found = tx.presentation(id(10), NOW).await.expect("read").expect("it is there");
        assert_eq!((found.refusal.as_deref(), found.state), (Some("revoked"), PresentationState::Rejected));
        tx.commit().await.expect("committed");
    }

    async fn presentations_are_deleted_after_expiry(databases: Databases) {
        let store = &databases.data;
        for number in [10, 11, 12] {
            add(store, number).await;
        }
        let mut tx = store.write().await.expect("a transaction");
        assert_eq!(tx.forget_presentations(LATER, 10).await.expect("none"), 0);
        let after = LATER + Duration::from_secs(1);
        assert_eq!(tx.forget_presentations(after, 2).await.expect("two at most"), 2);
        assert_eq!(tx.forget_presentations(after, 2).await.expect("the last"), 1);
        tx.commit().await.expect("committed");
    }
}
