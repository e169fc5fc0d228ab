//! Standing consents, decisions about versions, and the current versions of a partner in a wallet.

use std::time::Duration;

use store::domain::submission::SubmissionState;
use store::{Decision, NewSubmission, StandingConsent, Superseding, VersionDecision};
use uuid::Uuid;

use super::status_lists::accepted;
use super::support::{LATER, NOW, add_holder, add_partner, id, insert, new_submission};
use crate::both::contract;
use crate::database;
use crate::database::Databases;

fn decided(newer: u128, older: u128, decision: Decision) -> VersionDecision {
    VersionDecision { newer_id: id(newer), older_id: id(older), decision, decided_at: NOW, undone_at: None }
}

contract! {
    async fn standing_consent_needs_a_current_credential(databases: Databases) {
        let store = &databases.data;
        let partner = add_partner(store, 1).await;
        let (ada, eve) = (add_holder(store, 2).await, add_holder(store, 3).await);
        accepted(store, partner, ada, 10..15).await;
        insert(store, &[&new_submission(20, partner, "waiting")]).await;
        let mut tx = store.write().await.expect("a transaction");
        tx.lock_wallet(ada).await.expect("held");
        assert!(tx.bind_submission(id(20), ada, NOW).await.expect("bound"));
        assert!(tx.remove_submission(id(11), ada, NOW).await.expect("removed"));
        assert!(tx.withdraw_submission(id(12), partner, &[7], NOW).await.expect("withdrawn"));
        let pair = Superseding { old: id(13), new: id(14) };
        assert_eq!(tx.supersede(ada, &[pair], NOW).await.expect("superseded"), [id(13)]);
        for (submission, holder, is_given) in [
            (10, eve, false),
            (11, ada, false),
            (12, ada, false),
            (13, ada, false),
            (20, ada, false),
            (99, ada, false),
            (10, ada, true),
            (10, ada, false),
            (14, ada, true),
        ] {
            let consent = id(100 + submission + if holder == ada { 0 } else { 1000 });
            let given = tx.give_standing_consent(consent, holder, id(submission), NOW).await.expect("read");
            assert_eq!(given, is_given, "{submission} of {holder}");
        }
        let given = StandingConsent { submission_id: id(10), given_at: NOW, ended_at: None };
        assert_eq!(tx.standing_consents(id(10)).await.expect("read"), [given]);
        assert_eq!(tx.standing_consents_of(ada).await.expect("read").len(), 2);
        assert_eq!(tx.standing_consents_of(eve).await.expect("read"), []);
    }

    async fn standing_consent_moves_on_and_ends_once(databases: Databases) {
        let store = &databases.data;
        let partner = add_partner(store, 1).await;
        let (ada, eve) = (add_holder(store, 2).await, add_holder(store, 3).await);
        accepted(store, partner, ada, 10..12).await;
        let mut tx = store.write().await.expect("a transaction");
        assert!(tx.give_standing_consent(id(100), ada, id(10), NOW).await.expect("given"));
        assert!(!tx.move_standing_consent(eve, id(10), id(11)).await.expect("not theirs"));
        assert!(tx.move_standing_consent(ada, id(10), id(11)).await.expect("moved"));
        assert!(!tx.move_standing_consent(ada, id(10), id(11)).await.expect("once"));
        assert_eq!(tx.standing_consents(id(10)).await.expect("read"), []);
        assert!(!tx.end_standing_consent(ada, id(10), LATER).await.expect("it is not there any more"));
        assert!(!tx.end_standing_consent(eve, id(11), LATER).await.expect("not theirs"));
        assert!(tx.end_standing_consent(ada, id(11), LATER).await.expect("ended"));
        assert!(!tx.end_standing_consent(ada, id(11), LATER).await.expect("once"));
        assert!(!tx.move_standing_consent(ada, id(11), id(10)).await.expect("it has ended"));
        assert!(tx.give_standing_consent(id(101), ada, id(11), LATER).await.expect("given again"));
        let consents = tx.standing_consents(id(11)).await.expect("read");
        assert_eq!(consents.iter().map(|consent| consent.ended_at).collect::<Vec<_>>(), [Some(LATER), None]);
    }

    async fn version_decision_is_recorded_once_and_undone_once(databases: Databases) {
        let store = &databases.data;
        let (ada, eve) = (add_holder(store, 2).await, add_holder(store, 3).await);
        let mut tx = store.write().await.expect("a transaction");
        let (replaced, kept, standing) =
            (decided(11, 10, Decision::Replaced), decided(12, 10, Decision::Kept), decided(13, 11, Decision::Standing));
        for decision in [replaced, kept, standing, VersionDecision { decided_at: LATER, ..decided(13, 11, Decision::Kept) }] {
            tx.record_version_decision(ada, &decision).await.expect("recorded");
        }
        assert_eq!(tx.version_decisions(id(10)).await.expect("read"), [replaced, kept]);
        assert_eq!(tx.version_decisions(id(11)).await.expect("read"), [replaced, standing], "as the newer and as the older one");
        assert_eq!(tx.version_decisions_of(ada).await.expect("read"), [replaced, kept, standing]);
        assert_eq!(tx.version_decisions_of(eve).await.expect("read"), []);
        assert!(!tx.undo_update(ada, id(11), LATER).await.expect("the holder decided that"));
        assert!(!tx.undo_update(eve, id(13), LATER).await.expect("not theirs"));
        assert!(tx.undo_update(ada, id(13), LATER).await.expect("undone"));
        assert!(!tx.undo_update(ada, id(13), LATER).await.expect("once"));
        let undone = VersionDecision { undone_at: Some(LATER), ..standing };
        assert_eq!(tx.version_decisions(id(13)).await.expect("read"), [undone]);
    }

    async fn updates_are_deleted_with_account_and_submission(databases: Databases) {
        let store = &databases.data;
        let partner = add_partner(store, 1).await;
        let (ada, eve) = (add_holder(store, 2).await, add_holder(store, 3).await);
        accepted(store, partner, ada, 10..12).await;
        accepted(store, partner, eve, 20..22).await;
        let mut tx = store.write().await.expect("a transaction");
        for (holder, older, newer) in [(ada, 10, 11), (eve, 20, 21)] {
            assert!(tx.give_standing_consent(id(100 + older), holder, id(older), NOW).await.expect("given"));
            tx.record_version_decision(holder, &decided(newer, older, Decision::Kept)).await.expect("recorded");
        }
        tx.delete_updates(ada).await.expect("deleted");
        assert_eq!(tx.standing_consents_of(ada).await.expect("read"), []);
        assert_eq!(tx.version_decisions_of(ada).await.expect("read"), []);
        assert_eq!((tx.standing_consents_of(eve).await.expect("read").len(), tx.version_decisions_of(eve).await.expect("read").len()), (1, 1));
        for submission in [20, 21] {
            assert!(tx.remove_submission(id(submission), eve, NOW).await.expect("removed"));
        }
        let after = LATER + Duration::from_secs(1);
        assert_eq!(tx.forget_submissions(after, 10).await.expect("forgotten"), 2);
        assert_eq!(tx.standing_consents_of(eve).await.expect("read"), []);
        assert_eq!(tx.version_decisions_of(eve).await.expect("read"), []);
    }

    async fn current_versions_are_those_of_one_partner(databases: Databases) {
        let store = &databases.data;
        let (one, other) = (add_partner(store, 1).await, add_partner(store, 2).await);
        let (ada, eve) = (add_holder(store, 3).await, add_holder(store, 4).await);
        accepted(store, one, ada, 10..15).await;
        accepted(store, one, eve, 15..16).await;
        accepted(store, other, ada, 16..17).await;
        let waiting = NewSubmission { batch_id: None, ..new_submission(17, one, "waiting") };
        insert(store, &[&waiting]).await;
        let mut tx = store.write().await.expect("a transaction");
        assert!(tx.bind_submission(id(17), ada, NOW).await.expect("bound"));
        assert!(tx.remove_submission(id(11), ada, NOW).await.expect("removed"));
        assert!(tx.withdraw_submission(id(12), one, &[7], NOW).await.expect("withdrawn"));
        tx.supersede(ada, &[Superseding { old: id(13), new: id(14) }], NOW).await.expect("superseded");
        let current: Vec<Uuid> = [10, 12, 14].map(id).to_vec();
        assert_eq!(tx.current_versions(ada, one).await.expect("read"), current, "what is withdrawn is there to be replaced");
        assert_eq!(tx.current_versions(ada, other).await.expect("read"), [id(16)]);
        let superseded = tx.linked_submission(id(13), NOW).await.expect("read").expect("known");
        assert!(matches!(superseded.state, SubmissionState::Accepted { .. }) && superseded.superseded_by == Some(id(14)));
    }
}
