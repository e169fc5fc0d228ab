//! Superseding: entries become replaced, a revocation overrides that, and shares switch to newer
//! versions.

use std::num::NonZeroU32;
use std::time::Duration;

use ambient::{Rng, Timestamp};
use credential::status::Status;
use store::domain::share::Share;
use store::{ShareEntry, ShareUpdate, ShowingShare, StatusEntry, StatusPlace, Store, Superseding, Tx};
use uuid::Uuid;

use super::shares::{add, share};
use super::status_lists::{accepted, wanted};
use super::support::{LATER, NOW, add_holder, add_partner, id};
use crate::both::contract;
use crate::database;
use crate::database::Databases;

pub(super) fn pair(old: u128, new: u128) -> Superseding {
    Superseding { old: id(old), new: id(new) }
}

pub(super) fn entry(submission: u128, place: StatusPlace) -> ShareEntry {
    ShareEntry { place, submission: id(submission) }
}

/// Allocates a status entry for each submission, all of which `holder` has accepted.
pub(super) async fn sign(store: &Store, holder: Uuid, submissions: &[u128]) -> Vec<StatusPlace> {
    let capacity = NonZeroU32::new(4_000).expect("not zero");
    let wanted: Vec<_> = submissions.iter().map(|number| wanted(*number, holder)).collect();
    let mut tx = store.write().await.expect("a transaction");
    let places = tx.give_status_entries(&wanted, capacity, &Rng::System, NOW).await.expect("given");
    tx.commit().await.expect("committed");
    places.into_iter().flatten().collect()
}

/// When the entries of a submission were revoked and replaced.
async fn ends(tx: &mut Tx, submission: u128) -> Vec<(Option<Timestamp>, Option<Timestamp>)> {
    let entries = tx.status_entries(id(submission)).await.expect("read");
    entries.into_iter().map(|StatusEntry { revoked_at, replaced_at, .. }| (revoked_at, replaced_at)).collect()
}

pub(super) fn following(number: u128, holder: Uuid) -> Share {
    Share { keep_current: true, ..share(number, holder) }
}

pub(super) fn update(from: ShareEntry, to: ShareEntry) -> ShareUpdate {
    ShareUpdate { moved: vec![(from, to)], sealed: vec![6], holder_sealed: vec![7] }
}

const REVOKED: [(Option<Timestamp>, Option<Timestamp>); 1] = [(Some(LATER), None)];

contract! {
    async fn only_held_submissions_of_the_holder_are_superseded(databases: Databases) {
        let store = &databases.data;
        let partner = add_partner(store, 1).await;
        let (ada, eve) = (add_holder(store, 2).await, add_holder(store, 3).await);
        accepted(store, partner, ada, 10..16).await;
        accepted(store, partner, eve, 20..22).await;
        let mut tx = store.write().await.expect("a transaction");
        tx.lock_wallet(ada).await.expect("held");
        assert!(tx.withdraw_submission(id(11), partner, &[1], NOW).await.expect("withdrawn"));
        assert!(tx.remove_submission(id(12), ada, NOW).await.expect("removed"));
        let pairs = [pair(14, 15), pair(20, 10), pair(10, 21), pair(13, 13), pair(12, 15), pair(11, 12), pair(99, 10), pair(14, 10)];
        assert_eq!(tx.supersede(ada, &pairs, NOW).await.expect("superseded"), [id(11), id(14)], "what is withdrawn too");
        assert_eq!(tx.supersede(ada, &[pair(14, 15)], LATER).await.expect("once"), Vec::<Uuid>::new());
        assert_eq!(tx.supersede(ada, &[], NOW).await.expect("nothing to do"), Vec::<Uuid>::new());
        let found = tx.linked_submission(id(14), NOW).await.expect("read").expect("known");
        assert_eq!((found.superseded_at, found.superseded_by), (Some(NOW), Some(id(10))), "the last pair counts");
        tx.commit().await.expect("committed");
    }

    async fn versions_form_a_chain(databases: Databases) {
        let store = &databases.data;
        let (partner, ada) = (add_partner(store, 1).await, add_holder(store, 2).await);
        accepted(store, partner, ada, 10..15).await;
        let mut tx = store.write().await.expect("a transaction");
        assert_eq!(tx.newest_version(id(10)).await.expect("read"), Some(id(10)));
        assert_eq!(tx.newest_version(id(99)).await.expect("read"), None);
        for step in 10..13 {
            assert_eq!(tx.supersede(ada, &[pair(step, step + 1)], NOW).await.expect("superseded"), [id(step)]);
        }
        for start in 10..=13 {
            assert_eq!(tx.newest_version(id(start)).await.expect("read"), Some(id(13)));
        }
        assert!(tx.remove_submission(id(11), ada, NOW).await.expect("removed"));
        assert_eq!(tx.newest_version(id(10)).await.expect("read"), Some(id(13)), "also over what was deleted");

        assert!(!tx.reinstate_submission(id(13), ada, LATER).await.expect("it stands"));
        assert!(!tx.reinstate_submission(id(11), ada, LATER).await.expect("it is deleted"));
        assert!(!tx.reinstate_submission(id(12), id(3), LATER).await.expect("another's"));
        assert!(tx.reinstate_submission(id(12), ada, LATER).await.expect("reinstated"));
        let found = tx.linked_submission(id(12), NOW).await.expect("read").expect("known");
        assert!(found.stands() && found.superseded_by.is_none());
        assert_eq!(tx.supersede(ada, &[pair(13, 12)], LATER).await.expect("the other way round"), [id(13)]);
        assert_eq!(tx.newest_version(id(10)).await.expect("read"), Some(id(12)));
        assert_eq!(tx.supersede(ada, &[pair(12, 13)], LATER).await.expect("a circle"), [id(12)]);
        assert_eq!(tx.newest_version(id(10)).await.expect("it ends"), None);
        tx.commit().await.expect("committed");
    }

    async fn revocation_overrides_replacement_in_either_order(databases: Databases) {
        let store = &databases.data;
        let (partner, ada) = (add_partner(store, 1).await, add_holder(store, 2).await);
        accepted(store, partner, ada, 10..20).await;
        let places = sign(store, ada, &[10, 11, 12, 13, 14]).await;
        let list = places[0].list;
        let mut tx = store.write().await.expect("a transaction");
        // 10 stays replaced. 11 to 13 are ended afterwards by the partner, the holder and the
        // share, and 14 before.
        assert!(tx.withdraw_submission(id(14), partner, &[1], LATER).await.expect("withdrawn"));
        let before = tx.status_list(list).await.expect("read").expect("there").changed_at;
        let pairs: Vec<Superseding> = (10..15).map(|old| pair(old, 19)).collect();
        assert_eq!(tx.supersede(ada, &pairs, NOW).await.expect("superseded").len(), 5);
        assert!(tx.status_list(list).await.expect("read").expect("there").changed_at > before, "verifiers learn of it");
        assert_eq!(ends(&mut tx, 13).await, [(None, Some(NOW))]);
        assert_eq!(ends(&mut tx, 14).await, REVOKED);
        assert!(tx.withdraw_submission(id(11), partner, &[1], LATER).await.expect("withdrawn"));
        assert!(tx.remove_submission(id(12), ada, LATER).await.expect("removed"));
        assert!(tx.revoke_status_entry(places[3], id(13), LATER).await.expect("revoked"));
        assert_eq!(ends(&mut tx, 10).await, [(None, Some(NOW))]);
        for revoked in 11..15 {
            assert_eq!(ends(&mut tx, revoked).await, REVOKED, "{revoked}");
        }
        let ended = tx.ended_positions(list).await.expect("read");
        assert_eq!(ended.iter().filter(|(_, replaced)| *replaced).collect::<Vec<_>>(), [&(places[0].position, true)]);
        assert_eq!(ended.len(), 5);
        assert_eq!(tx.revoke_status_entries(&[id(10), id(11)], LATER).await.expect("revoked"), 1, "the other one was");
        assert_eq!(ends(&mut tx, 10).await, REVOKED);
        assert!(tx.reinstate_submission(id(13), ada, LATER).await.expect("reinstated"));
        assert_eq!(ends(&mut tx, 13).await, REVOKED, "nothing revoked is revived");
        tx.commit().await.expect("committed");
    }

    async fn shares_showing_a_submission_are_found(databases: Databases) {
        let store = &databases.data;
        let (partner, ada, eve) = (add_partner(store, 1).await, add_holder(store, 2).await, add_holder(store, 3).await);
        accepted(store, partner, ada, 20..24).await;
        let places = sign(store, ada, &[20, 21, 20, 22]).await;
        add(store, &following(10, ada), &[entry(20, places[0]), entry(21, places[1])]).await;
        add(store, &share(11, ada), &[entry(20, places[2])]).await;
        add(store, &following(12, ada), &[entry(22, places[3])]).await;
        let mut tx = store.write().await.expect("a transaction");
        let showing = |share, submission, keep_current| ShowingShare { share: id(share), submission: id(submission), keep_current };
        let all = [showing(10, 20, true), showing(10, 21, true), showing(11, 20, false)];
        let asked = [id(20), id(21), id(99)];
        assert_eq!(tx.shares_showing(ada, &asked, NOW).await.expect("read"), all);
        assert_eq!(tx.shares_showing(eve, &asked, NOW).await.expect("read"), [], "another's");
        assert_eq!(tx.shares_showing(ada, &asked, LATER).await.expect("read"), [], "they have ended");
        assert_eq!(tx.shares_showing(ada, &[], NOW).await.expect("read"), []);
        assert!(tx.revoke_share(id(10), ada, NOW).await.expect("revoked"));
        assert_eq!(tx.shares_showing(ada, &asked, NOW).await.expect("read"), [all[2]]);
        tx.commit().await.expect("committed");
    }

    async fn share_moves_to_a_newer_version(databases: Databases) {
        let store = &databases.data;
        let (partner, ada) = (add_partner(store, 1).await, add_holder(store, 2).await);
        accepted(store, partner, ada, 20..24).await;
        let places = sign(store, ada, &[20, 21, 22]).await;
        let (old, kept, new) = (entry(20, places[0]), entry(21, places[1]), entry(22, places[2]));
        let one = following(10, ada);
        add(store, &one, &[old, kept]).await;
        let mut tx = store.write().await.expect("a transaction");
        assert!(!tx.update_share(&one, &update(old, new), NOW).await.expect("nothing was replaced"));
        drop(tx);
        let mut tx = store.write().await.expect("a transaction");
        assert_eq!(tx.supersede(ada, &[pair(20, 22)], NOW).await.expect("superseded"), [id(20)]);
        assert!(!tx.update_share(&one, &ShareUpdate { moved: vec![], ..update(old, new) }, NOW).await.expect("nothing to do"));
        assert!(tx.update_share(&one, &update(old, new), NOW).await.expect("updated"));
        tx.commit().await.expect("committed");

        let mut tx = store.write().await.expect("a transaction");
        let updated = tx.share(one.id, ada).await.expect("read").expect("there");
        assert_eq!(updated, Share { updated_at: Some(NOW), sealed: Some(vec![6]), holder_sealed: vec![7], ..one.clone() });
        let mut shown: Vec<ShareEntry> = tx.shown_entries(one.id).await.expect("read").into_iter().map(|shown| shown.entry).collect();
        shown.sort_by_key(|entry| entry.submission);
        assert_eq!(shown, [kept, new]);
        assert_eq!(tx.share_updates(one.id).await.expect("read"), [NOW]);
        assert!(!tx.update_share(&one, &update(old, new), NOW).await.expect("it was read before the update"));
        drop(tx);

        let newest = entry(23, sign(store, ada, &[23]).await[0]);
        let mut tx = store.write().await.expect("a transaction");
        assert_eq!(tx.supersede(ada, &[pair(22, 23)], NOW).await.expect("superseded"), [id(22)]);
        assert!(tx.update_share(&updated, &update(new, newest), NOW).await.expect("updated"));
        let after = tx.share(one.id, ada).await.expect("read").expect("there").updated_at;
        assert_eq!(after, Some(NOW + Duration::from_micros(1)), "it grows, although the clock stands still");
        assert_eq!(tx.share_updates(one.id).await.expect("read").len(), 2);
        assert_eq!(tx.shares_showing(ada, &[id(20), id(22), id(23)], NOW).await.expect("read").len(), 1);
        assert!(tx.revoke_share(one.id, ada, LATER).await.expect("revoked"));
        for version in [20, 21, 22, 23] {
            assert_eq!(ends(&mut tx, version).await, REVOKED, "{version}: whatever the link has shown");
        }
        tx.commit().await.expect("committed");
    }

    async fn ended_share_is_not_updated(databases: Databases) {
        let store = &databases.data;
        let (partner, ada) = (add_partner(store, 1).await, add_holder(store, 2).await);
        accepted(store, partner, ada, 20..40).await;
        let refused = async |number: u128, share: Share, at: Timestamp, end: &str| {
            let (older, newer) = (20 + number * 2, 21 + number * 2);
            let places = sign(store, ada, &[older, newer]).await;
            let (old, new) = (entry(older, places[0]), entry(newer, places[1]));
            add(store, &share, &[old]).await;
            let mut tx = store.write().await.expect("a transaction");
            tx.supersede(ada, &[pair(older, newer)], NOW).await.expect("superseded");
            match end {
                "revoked" => assert!(tx.revoke_share(share.id, ada, NOW).await.expect("revoked")),
                "new deleted" => assert!(tx.remove_submission(new.submission, ada, NOW).await.expect("removed")),
                "new withdrawn" => assert!(tx.withdraw_submission(new.submission, partner, &[1], NOW).await.expect("withdrawn")),
                "new superseded" => assert_eq!(tx.supersede(ada, &[pair(newer, 39)], NOW).await.expect("superseded").len(), 1),
                _ => {}
            }
            tx.commit().await.expect("committed");
            let mut tx = store.write().await.expect("a transaction");
            assert!(!tx.update_share(&share, &update(old, new), at).await.expect("refused"), "{end}");
            drop(tx);
            let mut tx = store.read().await.expect("a transaction");
            assert_eq!(tx.shown_entries(share.id).await.expect("read")[0].entry, old, "{end}");
        };
        for (number, end) in (0..).zip(["revoked", "new deleted", "new withdrawn", "new superseded"]) {
            refused(number, following(100 + number, ada), NOW, end).await;
        }
        refused(6, share(106, ada), NOW, "not following").await;
        refused(7, following(107, ada), LATER, "expired").await;
    }

    async fn share_moves_on_although_its_older_version_ended(databases: Databases) {
        let store = &databases.data;
        let (partner, ada) = (add_partner(store, 1).await, add_holder(store, 2).await);
        accepted(store, partner, ada, 20..26).await;
        for (number, end) in (0..).zip(["withdrawn", "deleted", "never superseded"]) {
            let (older, newer) = (20 + number * 2, 21 + number * 2);
            let places = sign(store, ada, &[older, newer]).await;
            let (old, new) = (entry(older, places[0]), entry(newer, places[1]));
            let one = following(100 + number, ada);
            add(store, &one, &[old]).await;
            let mut tx = store.write().await.expect("a transaction");
            if end != "never superseded" {
                tx.supersede(ada, &[pair(older, newer)], NOW).await.expect("superseded");
            }
            match end {
                "deleted" => assert!(tx.remove_submission(id(older), ada, NOW).await.expect("removed")),
                _ => assert!(tx.withdraw_submission(id(older), partner, &[1], NOW).await.expect("withdrawn")),
            }
            let shown = tx.shown_entries(one.id).await.expect("read")[0];
            assert_eq!((shown.replaced_at, shown.is_superseded), (None, end != "never superseded"), "{end}");
            let goes_on = tx.update_share(&one, &update(old, new), NOW).await.expect("no error");
            assert_eq!(goes_on, shown.is_superseded, "{end}");
            assert_eq!(ends(&mut tx, older).await, [(Some(NOW), None)], "{end}: copies of it stay revoked");
            tx.commit().await.expect("committed");
        }
    }

    async fn reinstated_version_is_valid_unless_revoked(databases: Databases) {
        let store = &databases.data;
        let (partner, ada) = (add_partner(store, 1).await, add_holder(store, 2).await);
        accepted(store, partner, ada, 20..24).await;
        let places = sign(store, ada, &[20, 20, 21, 22]).await;
        let (kept, revoked, newer, other) = (places[0], places[1], places[2], places[3]);
        let mut tx = store.write().await.expect("a transaction");
        tx.lock_wallet(ada).await.expect("held");
        assert_eq!(tx.supersede(ada, &[pair(20, 21), pair(22, 23)], NOW).await.expect("superseded").len(), 2);
        assert!(tx.revoke_status_entry(revoked, id(20), NOW).await.expect("revoked"));
        for (place, status) in [(kept, Status::Replaced), (revoked, Status::Invalid), (newer, Status::Valid)] {
            assert_eq!(tx.status_at(place).await.expect("read"), Some(status));
        }
        let before = tx.status_list(kept.list).await.expect("read").expect("there").changed_at;
        assert!(tx.reinstate_submission(id(20), ada, NOW).await.expect("reinstated"));
        assert_eq!(tx.supersede(ada, &[pair(21, 20)], NOW).await.expect("superseded"), [id(21)]);
        let after = tx.status_list(kept.list).await.expect("read").expect("there").changed_at;
        assert!(after > before, "verifiers learn of it");
        let now = [(kept, Status::Valid), (revoked, Status::Invalid), (newer, Status::Replaced), (other, Status::Replaced)];
        for (place, status) in now {
            assert_eq!(tx.status_at(place).await.expect("read"), Some(status), "nothing revoked is revived");
        }
        assert_eq!(tx.ended_positions(kept.list).await.expect("read").len(), 3, "the list says the same");
        assert!(tx.withdraw_submission(id(20), partner, &[1], LATER).await.expect("withdrawn"));
        assert_eq!(tx.status_at(kept).await.expect("read"), Some(Status::Invalid));
        assert!(!tx.reinstate_submission(id(20), ada, LATER).await.expect("it was withdrawn"));
        assert_eq!(tx.status_at(kept).await.expect("read"), Some(Status::Invalid));
        tx.commit().await.expect("committed");
    }

    async fn share_of_a_superseded_version_is_reported(databases: Databases) {
        let store = &databases.data;
        let (partner, ada) = (add_partner(store, 1).await, add_holder(store, 2).await);
        accepted(store, partner, ada, 20..22).await;
        let places = sign(store, ada, &[20]).await;
        let mut tx = store.write().await.expect("a transaction");
        tx.supersede(ada, &[pair(20, 21)], NOW).await.expect("superseded");
        assert!(!tx.add_share(&following(10, ada), &[entry(20, places[0])]).await.expect("added"));
        assert_eq!(tx.shown_entries(id(10)).await.expect("read")[0].replaced_at, Some(NOW));
        tx.commit().await.expect("committed");
    }
}
