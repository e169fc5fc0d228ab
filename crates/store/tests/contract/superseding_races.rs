//! Superseding racing revocation, sharing and deletion: a revocation or deletion always wins, and
//! no share is missed.

use std::sync::Arc;

use store::{Store, Tx};
use tokio::sync::Barrier;
use uuid::Uuid;

use super::shares::add;
use super::status_lists::accepted;
use super::superseding::{entry, following, pair, sign, update};
use super::support::{LATER, NOW, add_holder, add_partner, id};
use crate::both::contract;
use crate::database;
use crate::database::Databases;

/// How many pairs of versions race; each race starts at a barrier.
const RACES: u128 = 24;

fn older(race: u128) -> u128 {
    1_000 + race * 2
}

fn newer(race: u128) -> u128 {
    older(race) + 1
}

/// A store in which `holder` has accepted two versions for each race.
async fn versions(databases: &Databases) -> (Arc<Store>, Uuid, Uuid) {
    let store = Arc::new(databases.data.clone());
    let (partner, holder) = (add_partner(&store, 1).await, add_holder(&store, 2).await);
    accepted(&store, partner, holder, older(0)..older(RACES)).await;
    (store, partner, holder)
}

/// Runs both at the same time.
async fn race(one: impl Future<Output = ()> + Send + 'static, other: impl Future<Output = ()> + Send + 'static) {
    let start = Arc::new(Barrier::new(2));
    let begin = start.clone();
    let one = tokio::spawn(async move {
        begin.wait().await;
        one.await;
    });
    start.wait().await;
    other.await;
    one.await.expect("no panic");
}

async fn supersede(store: Arc<Store>, holder: Uuid, race: u128) {
    let mut tx = store.write().await.expect("a transaction");
    tx.lock_wallet(holder).await.expect("held");
    tx.supersede(holder, &[pair(older(race), newer(race))], NOW).await.expect("superseded");
    tx.commit().await.expect("committed");
}

/// Whether every entry of a submission is revoked.
async fn is_revoked(tx: &mut Tx, submission: u128) -> bool {
    let entries = tx.status_entries(id(submission)).await.expect("read");
    !entries.is_empty() && entries.iter().all(|entry| entry.revoked_at.is_some() && entry.replaced_at.is_none())
}

contract! {
    async fn snapshot_does_not_see_a_later_update_of_a_share(databases: Databases) {
        let store = &databases.data;
        let (partner, ada) = (add_partner(store, 1).await, add_holder(store, 2).await);
        accepted(store, partner, ada, 20..22).await;
        let places = sign(store, ada, &[20, 21]).await;
        let (older, newer) = (entry(20, places[0]), entry(21, places[1]));
        let one = following(10, ada);
        add(store, &one, &[older]).await;
        let mut snapshot = store.snapshot().await.expect("a snapshot");
        assert_eq!(snapshot.share(one.id, ada).await.expect("read"), Some(one.clone()));
        let mut tx = store.write().await.expect("a transaction");
        tx.lock_wallet(ada).await.expect("held");
        tx.supersede(ada, &[pair(20, 21)], NOW).await.expect("superseded");
        assert!(tx.update_share(&one, &update(older, newer), NOW).await.expect("updated"));
        tx.commit().await.expect("committed");
        let shown = snapshot.shown_entries(one.id).await.expect("read");
        assert!(matches!(shown.as_slice(), [shown] if shown.entry == older && !shown.is_behind()), "{shown:?}");
        let held = snapshot.held_submissions(ada).await.expect("read");
        assert!(held.len() == 2 && held.iter().all(|held| held.stands()), "{held:?}");
        let mut later = store.snapshot().await.expect("a snapshot");
        let shown = later.shown_entries(one.id).await.expect("read");
        assert!(matches!(shown.as_slice(), [shown] if shown.entry == newer), "{shown:?}");
    }

    async fn supersession_racing_revocation_stays_revoked(databases: Databases) {
        let (store, partner, ada) = versions(&databases).await;
        for number in 0..RACES {
            let place = sign(&store, ada, &[older(number)]).await[0];
            let share = following(number + 1, ada);
            add(&store, &share, &[entry(older(number), place)]).await;
            let other = store.clone();
            let revoke = async move {
                let mut tx = other.write().await.expect("a transaction");
                let done = match number % 3 {
                    0 => tx.withdraw_submission(id(older(number)), partner, &[1], LATER).await,
                    1 => tx.remove_submission(id(older(number)), ada, LATER).await,
                    _ => tx.revoke_share(share.id, ada, LATER).await,
                };
                assert!(done.expect("revoked"));
                tx.commit().await.expect("committed");
            };
            race(revoke, supersede(store.clone(), ada, number)).await;
            let mut tx = store.read().await.expect("a transaction");
            assert!(is_revoked(&mut tx, older(number)).await, "{number}");
        }
    }

    async fn share_racing_supersession_is_never_forgotten(databases: Databases) {
        let (store, _, ada) = versions(&databases).await;
        let mut orders = [0, 0];
        for number in 0..RACES {
            let place = sign(&store, ada, &[older(number)]).await[0];
            let share = following(number + 1, ada);
            let (one, other) = (store.clone(), store.clone());
            let (told, seen) = (Arc::new(std::sync::Mutex::new(None)), Arc::new(std::sync::Mutex::new(None)));
            let (tell, see) = (told.clone(), seen.clone());
            let create = async move {
                let mut tx = one.write().await.expect("a transaction");
                let stands = tx.add_share(&share, &[entry(older(number), place)]).await.expect("added");
                tx.commit().await.expect("committed");
                *tell.lock().expect("no panic") = Some(stands);
            };
            let supersede = async move {
                let mut tx = other.write().await.expect("a transaction");
                tx.lock_wallet(ada).await.expect("held");
                let superseded = tx.supersede(ada, &[pair(older(number), newer(number))], NOW).await.expect("superseded");
                let showing = tx.shares_showing(ada, &superseded, NOW).await.expect("read");
                tx.commit().await.expect("committed");
                *see.lock().expect("no panic") = Some(showing.len());
            };
            race(create, supersede).await;
            let stands = told.lock().expect("no panic").expect("told");
            assert_eq!(*seen.lock().expect("no panic"), Some(usize::from(stands)), "one of the two knows of the other");
            orders[usize::from(stands)] += 1;
            let mut tx = store.read().await.expect("a transaction");
            assert!(tx.shown_entries(id(number + 1)).await.expect("read")[0].replaced_at.is_some());
        }
        assert_eq!(orders.iter().sum::<u128>(), RACES, "{orders:?}");
    }

    async fn update_racing_an_end_leaves_nothing_valid(databases: Databases) {
        let (store, _, ada) = versions(&databases).await;
        for number in 0..RACES {
            let places = sign(&store, ada, &[older(number), newer(number)]).await;
            let (old, new) = (entry(older(number), places[0]), entry(newer(number), places[1]));
            let share = following(number + 1, ada);
            add(&store, &share, &[old]).await;
            supersede(store.clone(), ada, number).await;
            let (one, other, following) = (store.clone(), store.clone(), share.clone());
            let go_on = async move {
                let mut tx = one.write().await.expect("a transaction");
                if tx.update_share(&following, &update(old, new), NOW).await.expect("decided") {
                    tx.commit().await.expect("committed");
                }
            };
            let end = async move {
                let mut tx = other.write().await.expect("a transaction");
                let done = match number % 2 {
                    0 => tx.revoke_share(share.id, ada, LATER).await,
                    _ => tx.remove_submission(new.submission, ada, LATER).await,
                };
                assert!(done.expect("ended"));
                tx.commit().await.expect("committed");
            };
            race(go_on, end).await;
            let mut tx = store.read().await.expect("a transaction");
            let shown = tx.shown_entries(id(number + 1)).await.expect("read");
            for shown in shown {
                let ended = tx.ended_positions(shown.entry.place.list).await.expect("read");
                assert!(ended.iter().any(|(position, _)| *position == shown.entry.place.position), "{number}: {shown:?}");
            }
            if number % 2 == 0 {
                let share = tx.share(id(number + 1), ada).await.expect("read").expect("there");
                assert!(share.sealed.is_none() && share.revoked_at.is_some(), "it is not revived");
            }
        }
    }

    async fn concurrent_updates_show_the_newer_version_once(databases: Databases) {
        let (store, _, ada) = versions(&databases).await;
        for number in 0..RACES {
            let places = sign(&store, ada, &[older(number), newer(number), newer(number)]).await;
            let old = entry(older(number), places[0]);
            let share = following(number + 1, ada);
            add(&store, &share, &[old]).await;
            supersede(store.clone(), ada, number).await;
            let go_on = |place| {
                let (store, share) = (store.clone(), share.clone());
                async move {
                    let mut tx = store.write().await.expect("a transaction");
                    if tx.update_share(&share, &update(old, entry(newer(number), place)), NOW).await.expect("decided") {
                        tx.commit().await.expect("committed");
                    }
                }
            };
            race(go_on(places[1]), go_on(places[2])).await;
            let mut tx = store.read().await.expect("a transaction");
            assert_eq!(tx.shown_entries(share.id).await.expect("read").len(), 1);
            assert_eq!(tx.share_entries(share.id).await.expect("read").len(), 2);
        }
    }
}
