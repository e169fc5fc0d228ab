//! Shares: look-up by link or owner, counters, and revocation with their status entries.

use std::num::NonZeroU32;
use std::time::Duration;

use ambient::Rng;
use store::domain::share::Share;
use store::{ShareEntry, StatusPlace, Store};
use uuid::Uuid;

use super::status_lists::{accepted, wanted};
use super::support::{LATER, NOW, add_holder, add_partner, id};
use crate::both::contract;
use crate::database;
use crate::database::Databases;

pub(super) fn share(number: u128, holder: Uuid) -> Share {
    Share {
        id: id(number),
        holder,
        token_hash: number.to_be_bytes().to_vec(),
        nonce: format!("nonce {number}"),
        created_at: NOW,
        expires_at: LATER,
        revoked_at: None,
        passcode: Some(vec![5]),
        passcode_tries: 0,
        views: 0,
        viewed_at: None,
        keep_current: false,
        updated_at: None,
        sealed: Some(vec![1, 2]),
        holder_sealed: vec![3],
    }
}

pub(super) async fn add(store: &Store, share: &Share, entries: &[ShareEntry]) {
    let mut tx = store.write().await.expect("a transaction");
    assert!(tx.add_share(share, entries).await.expect("added"));
    tx.commit().await.expect("committed");
}

contract! {
    async fn shares_are_found_by_link_or_owner(databases: Databases) {
        let store = &databases.data;
        let (ada, eve) = (add_holder(store, 2).await, add_holder(store, 3).await);
        let (one, other) = (share(10, ada), Share { passcode: None, ..share(11, ada) });
        add(store, &one, &[]).await;
        add(store, &other, &[]).await;
        let mut tx = store.read().await.expect("a transaction");
        assert_eq!(tx.linked_share(&one.token_hash).await.expect("read"), Some(one.clone()));
        assert_eq!(tx.linked_share(b"unknown").await.expect("read"), None);
        assert_eq!(tx.share(other.id, ada).await.expect("read"), Some(other.clone()));
        assert_eq!(tx.share(other.id, eve).await.expect("read"), None, "not hers");
        assert_eq!(tx.shares(ada).await.expect("read"), [one, other]);
        assert_eq!(tx.shares(eve).await.expect("read"), []);
        assert_eq!(tx.count_active_shares(ada, NOW).await.expect("counted"), 2);
        assert_eq!(tx.count_active_shares(ada, LATER).await.expect("counted"), 0);
    }

    async fn share_views_and_attempts_are_counted(databases: Databases) {
        let store = &databases.data;
        let ada = add_holder(store, 2).await;
        let one = share(10, ada);
        add(store, &one, &[]).await;
        let mut tx = store.write().await.expect("a transaction");
        tx.count_share_view(one.id, NOW).await.expect("counted");
        tx.count_share_view(one.id, LATER).await.expect("counted");
        for at in 0..3 {
            assert_eq!(tx.take_passcode_try(one.id, 2).await.expect("counted"), at < 2);
        }
        let counted = tx.share(one.id, ada).await.expect("read").expect("there");
        assert_eq!((counted.views, counted.viewed_at, counted.passcode_tries), (2, Some(LATER), 2));
        tx.forgive_passcode_tries(one.id).await.expect("forgiven");
        assert!(tx.take_passcode_try(one.id, 2).await.expect("counted"));
    }

    async fn revoked_share_revokes_its_status_entries(databases: Databases) {
        let store = &databases.data;
        let partner = add_partner(store, 1).await;
        let (ada, eve) = (add_holder(store, 2).await, add_holder(store, 3).await);
        accepted(store, partner, ada, 20..22).await;
        let mut tx = store.write().await.expect("a transaction");
        let capacity = NonZeroU32::new(4).expect("not zero");
        let wanted = [wanted(20, ada), wanted(21, ada), wanted(21, ada)];
        let places = tx.give_status_entries(&wanted, capacity, &Rng::seeded(1), NOW).await.expect("given");
        let places: Vec<StatusPlace> = places.into_iter().flatten().collect();
        tx.commit().await.expect("committed");
        let entries: Vec<ShareEntry> = places.iter().zip([20, 21]).map(|(place, submission)| ShareEntry { place: *place, submission: id(submission) }).collect();
        let one = share(10, ada);
        add(store, &one, &entries).await;
        let mut tx = store.write().await.expect("a transaction");
        let mut kept = tx.share_entries(one.id).await.expect("read");
        kept.sort_by_key(|entry| entry.submission);
        assert_eq!(kept, entries);
        assert!(!tx.revoke_share(one.id, eve, LATER).await.expect("refused"), "not hers");
        assert!(tx.revoke_share(one.id, ada, LATER).await.expect("revoked"));
        assert!(!tx.revoke_share(one.id, ada, LATER).await.expect("revoked before"));
        let gone = tx.share(one.id, ada).await.expect("read").expect("there");
        assert_eq!((gone.revoked_at, gone.sealed), (Some(LATER), None));
        assert_eq!(tx.count_active_shares(ada, NOW).await.expect("counted"), 0);
        let revoked = |entries: Vec<store::StatusEntry>| entries.into_iter().filter(|entry| entry.revoked_at.is_some()).map(|entry| entry.place).collect::<Vec<_>>();
        assert_eq!(revoked(tx.status_entries(id(20)).await.expect("read")), [places[0]]);
        assert_eq!(revoked(tx.status_entries(id(21)).await.expect("read")), [places[1]], "the third is not its own");
    }

    async fn shares_expire_and_are_deleted_with_their_owner(databases: Databases) {
        let store = &databases.data;
        let (ada, eve) = (add_holder(store, 2).await, add_holder(store, 3).await);
        add(store, &share(10, ada), &[]).await;
        add(store, &share(11, eve), &[]).await;
        let mut tx = store.write().await.expect("a transaction");
        assert_eq!(tx.end_shares(NOW).await.expect("ended"), 0);
        assert_eq!(tx.end_shares(LATER).await.expect("ended"), 2);
        assert_eq!(tx.end_shares(LATER).await.expect("ended"), 0, "once");
        assert_eq!(tx.share(id(10), ada).await.expect("read").expect("there").sealed, None);
        tx.delete_shares(ada).await.expect("deleted");
        tx.delete_holder(ada).await.expect("nothing holds the account any more");
        assert_eq!(tx.linked_share(&share(10, ada).token_hash).await.expect("read"), None);
        assert_eq!(tx.shares(eve).await.expect("read").len(), 1);
        assert_eq!(tx.forget_shares(LATER, 10).await.expect("forgotten"), 0);
        assert_eq!(tx.forget_shares(LATER + Duration::from_secs(1), 10).await.expect("forgotten"), 1);
    }
}
