//! Verification requests: unique ids, binding to one account, one outcome, and expiry.

use std::time::Duration;

use ambient::Timestamp;
use credential::Type;
use store::domain::submission::Sealed;
use store::domain::verification::{Verification, VerificationState};
use store::{AnnouncementKind, EndedVerification, NewVerification, Store, VerificationEnd};
use uuid::Uuid;

use super::support::{LATER, NOW, add_holder, add_partner, id};
use crate::both::contract;
use crate::database;
use crate::database::Databases;

fn sealed(number: u8) -> Sealed {
    Sealed { period: NOW, bytes: vec![number] }
}

pub(super) fn asked(number: u128, partner: Uuid) -> NewVerification {
    NewVerification {
        id: id(number),
        partner_id: partner,
        request_id: format!("r{number}"),
        credential_type: Type::default(),
        created_at: NOW,
        expires_at: LATER,
        request: sealed(1),
    }
}

fn found(new: &NewVerification, holder: Option<Uuid>, state: VerificationState) -> Verification {
    Verification {
        id: new.id,
        partner_id: new.partner_id,
        request_id: new.request_id.clone(),
        credential_type: new.credential_type,
        created_at: new.created_at,
        expires_at: new.expires_at,
        holder,
        request: Some(new.request.clone()),
        state,
    }
}

fn shown() -> VerificationEnd {
    VerificationEnd::Verified { result: sealed(2), memory: Some(vec![3]) }
}

fn ended(new: &NewVerification, finalized_at: Timestamp, kind: AnnouncementKind) -> EndedVerification {
    EndedVerification { partner_id: new.partner_id, request_id: new.request_id.clone(), finalized_at, kind }
}

pub(super) async fn add(store: &Store, new: &NewVerification) -> bool {
    let mut tx = store.write().await.expect("a transaction");
    let added = tx.add_verification(new).await.expect("added");
    tx.commit().await.expect("committed");
    added
}

contract! {
    async fn verification_is_found_by_partner_or_link(databases: Databases) {
        let store = &databases.data;
        let (one, other) = (add_partner(store, 1).await, add_partner(store, 2).await);
        let new = asked(10, one);
        assert!(add(store, &new).await);
        assert!(!add(store, &NewVerification { id: id(11), ..new.clone() }).await, "the id is taken");
        assert!(add(store, &NewVerification { id: id(12), partner_id: other, ..new.clone() }).await, "by another partner it is free");
        let mut tx = store.read().await.expect("a transaction");
        let open = found(&new, None, VerificationState::Open);
        assert_eq!(tx.asked_verification(one, "r10", NOW).await.expect("read"), Some(open.clone()));
        assert_eq!(tx.asked_verification(other, "r10", NOW).await.expect("read").map(|found| found.id), Some(id(12)));
        assert_eq!(tx.asked_verification(one, "r11", NOW).await.expect("read"), None);
        assert_eq!(tx.linked_verification(id(10), NOW).await.expect("read"), Some(open));
        assert_eq!(tx.linked_verification(id(99), NOW).await.expect("read"), None);
        let over = Verification { request: None, ..found(&new, None, VerificationState::Expired { at: LATER }) };
        assert_eq!(tx.linked_verification(id(10), LATER).await.expect("read"), Some(over));
    }

    async fn verification_is_bound_to_one_account_and_ends_once(databases: Databases) {
        let store = &databases.data;
        let partner = add_partner(store, 1).await;
        let (ada, eve) = (add_holder(store, 2).await, add_holder(store, 3).await);
        let (one, other, outside) = (asked(10, partner), asked(11, partner), asked(12, partner));
        for new in [&one, &other, &outside] {
            add(store, new).await;
        }
        let mut tx = store.write().await.expect("a transaction");
        assert!(tx.bind_verification(one.id, ada, NOW).await.expect("bound"));
        assert!(tx.bind_verification(one.id, ada, NOW).await.expect("bound before"));
        assert!(!tx.bind_verification(one.id, eve, NOW).await.expect("refused"), "it is ada's");
        assert!(!tx.bind_verification(other.id, eve, LATER).await.expect("refused"), "its time is over");
        assert!(!tx.finish_verification(one.id, Some(eve), &shown(), NOW).await.expect("refused"), "it is ada's");
        assert!(!tx.finish_verification(one.id, None, &shown(), NOW).await.expect("refused"), "it is somebody's");
        assert!(!tx.finish_verification(one.id, Some(ada), &shown(), LATER).await.expect("refused"), "its time is over");
        assert!(tx.finish_verification(one.id, Some(ada), &shown(), NOW).await.expect("answered"));
        assert!(!tx.finish_verification(one.id, Some(ada), &VerificationEnd::Canceled, NOW).await.expect("once"));
        assert!(!tx.bind_verification(one.id, ada, NOW).await.expect("it is over"));
        assert!(tx.bind_verification(other.id, ada, NOW).await.expect("bound"));
        assert!(tx.finish_verification(other.id, Some(ada), &VerificationEnd::Canceled, NOW).await.expect("canceled"));
        let alone = VerificationEnd::Verified { result: sealed(2), memory: None };
        assert!(tx.finish_verification(outside.id, None, &alone, NOW).await.expect("by an outside wallet"));
        tx.commit().await.expect("committed");
        let mut tx = store.read().await.expect("a transaction");
        let verified = found(&one, Some(ada), VerificationState::Verified { at: NOW, result: Some(sealed(2)), memory: Some(vec![3]) });
        assert_eq!(tx.linked_verification(one.id, LATER).await.expect("read"), Some(verified.clone()));
        let canceled = found(&other, Some(ada), VerificationState::Canceled { at: NOW });
        assert_eq!(tx.linked_verification(other.id, LATER).await.expect("read"), Some(canceled));
        let by_nobody = found(&outside, None, VerificationState::Verified { at: NOW, result: Some(sealed(2)), memory: None });
        assert_eq!(tx.linked_verification(outside.id, LATER).await.expect("read"), Some(by_nobody));
        assert_eq!(tx.shown_verifications(ada, 10).await.expect("read"), [verified]);
        assert_eq!(tx.shown_verifications(ada, 0).await.expect("read"), []);
        assert_eq!(tx.shown_verifications(eve, 10).await.expect("read"), []);
    }

    async fn verifications_expire_and_lose_their_results(databases: Databases) {
        let store = &databases.data;
        let partner = add_partner(store, 1).await;
        let ada = add_holder(store, 2).await;
        let (answered, unanswered) = (asked(10, partner), asked(11, partner));
        add(store, &answered).await;
        add(store, &unanswered).await;
        let mut tx = store.write().await.expect("a transaction");
        tx.bind_verification(answered.id, ada, NOW).await.expect("bound");
        tx.finish_verification(answered.id, Some(ada), &shown(), NOW).await.expect("answered");
        assert_eq!(tx.count_due_verifications(NOW).await.expect("counted"), 0);
        assert_eq!(tx.count_due_verifications(LATER).await.expect("counted"), 1);
        assert_eq!(tx.expire_verifications(NOW, 10).await.expect("expired"), []);
        assert_eq!(tx.expire_verifications(LATER, 10).await.expect("expired"), [ended(&unanswered, LATER, AnnouncementKind::RequestExpired)]);
        assert_eq!(tx.expire_verifications(LATER, 10).await.expect("expired"), [], "once");
        assert_eq!(tx.end_verification_results(NOW - Duration::from_secs(1)).await.expect("ended"), 0);
        assert_eq!(tx.end_verification_results(NOW).await.expect("ended"), 1);
        assert_eq!(tx.end_verification_results(LATER).await.expect("ended"), 0, "the other had nothing");
        let emptied = Verification { request: None, ..found(&answered, Some(ada), VerificationState::Verified { at: NOW, result: None, memory: Some(vec![3]) }) };
        assert_eq!(tx.linked_verification(answered.id, NOW).await.expect("read"), Some(emptied));
        assert_eq!(tx.forget_verifications(NOW, 10).await.expect("forgotten"), 0);
        assert_eq!(tx.forget_verifications(LATER + Duration::from_secs(1), 1).await.expect("forgotten"), 1);
        assert_eq!(tx.forget_verifications(LATER + Duration::from_secs(1), 10).await.expect("forgotten"), 1);
        assert_eq!(tx.asked_verification(partner, "r10", NOW).await.expect("read"), None);
    }

    async fn deleted_account_is_removed_from_verifications(databases: Databases) {
        let store = &databases.data;
        let partner = add_partner(store, 1).await;
        let (ada, eve) = (add_holder(store, 2).await, add_holder(store, 3).await);
        let (answered, waiting, hers) = (asked(10, partner), asked(11, partner), asked(12, partner));
        for (new, holder) in [(&answered, ada), (&waiting, ada), (&hers, eve)] {
            add(store, new).await;
            let mut tx = store.write().await.expect("a transaction");
            assert!(tx.bind_verification(new.id, holder, NOW).await.expect("bound"));
            tx.commit().await.expect("committed");
        }
        let mut tx = store.write().await.expect("a transaction");
        tx.finish_verification(answered.id, Some(ada), &shown(), NOW).await.expect("answered");
        assert_eq!(tx.release_verifications(ada, NOW).await.expect("released"), [ended(&waiting, NOW, AnnouncementKind::RequestDeclined)]);
        tx.delete_holder(ada).await.expect("nothing holds the account any more");
        let gone = Verification { request: None, ..found(&answered, None, VerificationState::Verified { at: NOW, result: None, memory: None }) };
        assert_eq!(tx.linked_verification(answered.id, NOW).await.expect("read"), Some(gone));
        let canceled = Verification { request: None, ..found(&waiting, None, VerificationState::Canceled { at: NOW }) };
        assert_eq!(tx.linked_verification(waiting.id, NOW).await.expect("read"), Some(canceled));
        assert_eq!(tx.linked_verification(hers.id, NOW).await.expect("read"), Some(found(&hers, Some(eve), VerificationState::Open)));
    }

    async fn callback_urls_belong_to_their_partner(databases: Databases) {
        let store = &databases.data;
        let partner = add_partner(store, 1).await;
        let mut tx = store.write().await.expect("a transaction");
        assert!(tx.set_callback_urls(partner, "https://hr.example/back https://hr.example/other?x=1").await.expect("set"));
        assert!(!tx.set_callback_urls(id(99), "https://hr.example/").await.expect("nobody there"));
        let known = tx.partner(partner).await.expect("read").expect("there");
        let may = |address: &str| known.may_call_back(&address.parse().expect("an address"));
        assert!(may("https://hr.example/back") && may("https://HR.example:443/other?x=1"));
        for other in ["https://hr.example/", "https://hr.example/back/", "https://hr.example/back?y=1", "http://hr.example/back", "https://eve.example/back", "https://hr.example/other"] {
            assert!(!may(other), "{other}");
        }
    }

    async fn only_the_owner_may_expire_a_verification_early(databases: Databases) {
        let store = &databases.data;
        let (one, other) = (add_partner(store, 1).await, add_partner(store, 2).await);
        let new = asked(10, one);
        add(store, &new).await;
        let mut tx = store.write().await.expect("a transaction");
        let soon = NOW + Duration::from_secs(1);
        assert!(!tx.cut_verification_short(new.id, other, soon).await.expect("not theirs"));
        assert!(tx.cut_verification_short(new.id, one, soon).await.expect("cut short"));
        assert!(!tx.cut_verification_short(new.id, one, LATER).await.expect("never longer again"));
        assert_eq!(tx.expire_verifications(soon, 10).await.expect("expired"), [ended(&new, soon, AnnouncementKind::RequestExpired)]);
        assert!(!tx.cut_verification_short(new.id, one, NOW).await.expect("over"));
    }
}
