//! Adding, changing and disabling partners, and rotating their secrets.

use std::time::Duration;

use ambient::Timestamp;
use store::{ConsoleSession, Partner, PreviousSecret, Store};
use uuid::Uuid;

use super::support::{LATER, NOW, add_partner, id};
use crate::both::contract;
use crate::database;
use crate::database::Databases;

const DAY: Duration = Duration::from_secs(86_400);

/// The first byte of each secret hash: of the current secret, and of the previous one if it is
/// valid at `now`.
async fn secrets(store: &Store, partner: Uuid, now: Timestamp) -> (u8, Option<u8>) {
    let partner = store.read().await.expect("a transaction").partner(partner).await.expect("read").expect("there");
    (partner.secret_hash[0], partner.previous_secret_at(now).map(|(hash, _)| hash[0]))
}

async fn overlap(store: &Store, partner: Uuid, old: u8, new: u8, until: Timestamp) -> bool {
    let mut tx = store.write().await.expect("a transaction");
    let is_rotated =
        tx.overlap_partner_secrets(partner, &[old; 32], &[new; 32], until, LATER).await.expect("an answer");
    tx.commit().await.expect("committed");
    is_rotated
}

contract! {
    async fn old_secret_is_valid_until_its_time_or_the_next_rotation(databases: Databases) {
        let store = &databases.data;
        let partner = add_partner(store, 1).await;
        assert_eq!(secrets(store, partner, NOW).await, (7, None));
        assert!(!overlap(store, partner, 6, 8, LATER + DAY).await, "not its secret");
        assert!(overlap(store, partner, 7, 8, LATER + DAY).await);
        assert!(!overlap(store, partner, 7, 9, LATER + DAY).await, "of two rotations of one secret, one succeeds");
        let last = Timestamp::from_micros((LATER + DAY).micros() - 1);
        assert_eq!(secrets(store, partner, last).await, (8, Some(7)));
        assert_eq!(secrets(store, partner, LATER + DAY).await, (8, None), "it ends by itself");
        let stored = store.read().await.expect("a transaction").partner(partner).await.expect("read").expect("there");
        assert_eq!((stored.previous_secret.since, stored.secret_since()), (Some(NOW), LATER));
        assert!(overlap(store, partner, 8, 9, LATER + DAY).await);
        assert_eq!(secrets(store, partner, LATER).await, (9, Some(8)), "a third secret ends the first");
        let mut tx = store.write().await.expect("a transaction");
        assert!(tx.exchange_partner_secret(partner, &[9; 32], &[10; 32], LATER).await.expect("exchanged"));
        tx.commit().await.expect("committed");
        assert_eq!(secrets(store, partner, LATER).await, (10, None), "at once");
        assert!(overlap(store, partner, 10, 11, LATER + DAY).await);
        let mut tx = store.write().await.expect("a transaction");
        assert!(tx.rotate_partner(partner, &[12; 32], LATER).await.expect("rotated"));
        tx.commit().await.expect("committed");
        assert_eq!(secrets(store, partner, LATER).await, (12, None), "at once");
    }

    async fn previous_release_rotates_and_ends_the_old_secret(databases: Databases) {
        let store = &databases.data;
        let partner = add_partner(store, 1).await;
        assert!(overlap(store, partner, 7, 8, LATER + DAY).await);
        let mut tx = store.write().await.expect("a transaction");
        let before = tx.lock_partner(partner).await.expect("read").expect("there");
        // The previous release changes the current secret and knows nothing of the other columns.
        let rotated = Partner { secret_hash: vec![9; 32], ..before };
        assert_eq!(rotated.previous_secret_at(LATER), None);
        assert!(tx.restore_partner_secrets(&rotated, &[8; 32]).await.expect("written"));
        assert!(!tx.revoke_previous_secret(partner, LATER).await.expect("an answer"), "there is none");
        tx.commit().await.expect("committed");
        assert_eq!(secrets(store, partner, LATER).await, (9, None));
    }

    async fn old_secret_can_be_revoked_and_a_rotation_undone(databases: Databases) {
        let store = &databases.data;
        let (one, other) = (add_partner(store, 1).await, add_partner(store, 2).await);
        for partner in [one, other] {
            assert!(overlap(store, partner, 7, 8, LATER + DAY).await);
        }
        let mut tx = store.write().await.expect("a transaction");
        assert!(!tx.revoke_previous_secret(one, LATER + DAY).await.expect("an answer"), "it has ended already");
        assert!(tx.revoke_previous_secret(one, LATER).await.expect("revoked"));
        assert!(!tx.revoke_previous_secret(one, LATER).await.expect("an answer"), "once");
        assert!(!tx.revoke_previous_secret(id(99), LATER).await.expect("nobody there"));
        assert_eq!(tx.lock_partner(id(99)).await.expect("read"), None);
        let before = tx.lock_partner(other).await.expect("read").expect("there");
        assert!(tx.rotate_partner(other, &[9; 32], LATER).await.expect("rotated"));
        assert!(!tx.restore_partner_secrets(&before, &[8; 32]).await.expect("an answer"), "rotated again since");
        assert!(tx.restore_partner_secrets(&before, &[9; 32]).await.expect("restored"));
        assert_eq!(tx.partner(other).await.expect("read"), Some(before));
        tx.commit().await.expect("committed");
        assert_eq!(secrets(store, one, LATER).await, (8, None));
        assert_eq!(secrets(store, other, LATER).await, (8, Some(7)));
    }

    async fn partner_can_be_updated_and_enabled(databases: Databases) {
        let store = &databases.data;
        let (one, other) = (add_partner(store, 1).await, add_partner(store, 2).await);
        let session = |token: u8, partner_id| ConsoleSession {
            token_hash: vec![token; 32],
            partner_id,
            secret_hash: vec![7; 32],
            created_at: NOW,
            expires_at: LATER,
        };
        let mut tx = store.write().await.expect("a transaction");
        let before = tx.partner(one).await.expect("read").expect("there");
        let after = Partner {
            name: "Renamed".to_owned(),
            scopes: "write.education".to_owned(),
            document_hosts: "example.edu".to_owned(),
            callback_urls: "https://hr.example/".to_owned(),
            ..before.clone()
        };
        // Secrets and the state have methods of their own.
        let given = Partner { secret_hash: vec![1; 32], disabled_at: Some(NOW), previous_secret: PreviousSecret::default(), ..after.clone() };
        assert!(tx.update_partner(&given).await.expect("updated"));
        assert!(!tx.update_partner(&Partner { id: id(99), ..before }).await.expect("nobody there"));
        assert_eq!(tx.partner(one).await.expect("read"), Some(after));
        for (token, partner) in [(1, one), (2, other)] {
            tx.add_console_session(&session(token, partner)).await.expect("added");
        }
        assert!(tx.disable_partner(one, NOW).await.expect("disabled"));
        for partner in [one, other] {
            assert!(tx.enable_partner(partner).await.expect("enabled"));
        }
        assert!(!tx.enable_partner(id(99)).await.expect("nobody there"));
        assert!(tx.partner(one).await.expect("read").expect("there").is_active());
        assert_eq!(tx.console_session(&[1; 32], NOW).await.expect("read"), None, "it does not return");
        assert!(tx.console_session(&[2; 32], NOW).await.expect("read").is_some(), "it was never disabled");
    }

    async fn partner_can_be_added_rotated_and_disabled(databases: Databases) {
        let store = &databases.data;
        let (one, other) = (add_partner(store, 1).await, add_partner(store, 2).await);
        let mut tx = store.write().await.expect("a transaction");
        assert!(tx.rotate_partner(one, &[8; 32], LATER).await.expect("rotated"));
        assert!(!tx.rotate_partner(id(99), &[8; 32], LATER).await.expect("nobody there"));
        assert!(!tx.exchange_partner_secret(one, &[7; 32], &[9; 32], LATER).await.expect("not its secret"));
        assert!(tx.exchange_partner_secret(one, &[8; 32], &[9; 32], LATER).await.expect("exchanged"));
        assert!(!tx.exchange_partner_secret(one, &[8; 32], &[10; 32], LATER).await.expect("no more"));
        assert!(tx.disable_partner(other, LATER).await.expect("disabled"));
        assert!(!tx.disable_partner(id(99), LATER).await.expect("nobody there"));
        tx.commit().await.expect("committed");
        let mut tx = store.read().await.expect("a transaction");
        let partner = tx.partner(one).await.expect("read").expect("there");
        assert_eq!((partner.secret_hash, partner.rotated_at, partner.disabled_at), (vec![9; 32], Some(LATER), None));
        assert_eq!(tx.partners().await.expect("read").len(), 2);
        assert_eq!(tx.partner(id(99)).await.expect("read"), None);
        let active = tx.active_partners(&[one, other, id(99)]).await.expect("read");
        assert_eq!([one, other, id(99)].map(|partner| active.has(partner)), [true, false, false]);
    }

    async fn document_hosts_belong_to_their_partner(databases: Databases) {
        let store = &databases.data;
        let partner = add_partner(store, 1).await;
        let mut tx = store.write().await.expect("a transaction");
        let stored = tx.partner(partner).await.expect("read").expect("there");
        assert!(stored.may_fetch_from("anywhere.example") && !stored.sandbox);
        tx.add_partner(&Partner { id: id(2), sandbox: true, ..stored }).await.expect("added");
        assert!(tx.partner(id(2)).await.expect("read").expect("there").sandbox, "it is read as it was added");
        assert!(tx.set_document_hosts(partner, "example.edu documents.example.org").await.expect("set"));
        assert!(!tx.set_document_hosts(id(99), "x").await.expect("nobody there"));
        let found = tx.partner(partner).await.expect("read").expect("there");
        for (host, allowed) in [
            ("example.edu", true),
            ("a.b.example.edu", true),
            ("notexample.edu", false),
            ("example.org", false),
            ("documents.example.org", true),
        ] {
            assert_eq!(found.may_fetch_from(host), allowed, "{host}");
        }
    }
}
