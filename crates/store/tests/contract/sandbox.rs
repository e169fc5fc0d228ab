//! Sandbox partners: their clock, and sign-up by email.

use std::time::Duration;

use store::domain::submission::{Sealed, SubmissionState};
use store::{
    Advanced, LinkRecipient, NewSubmission, OutboxItem, Partner, PreviousSecret, SandboxBounds, SandboxSignUp,
    WARNED_BEFORE, day,
};

use super::support::{NOW, add_partner, id, insert, message, new_submission};
use crate::both::contract;
use crate::database;
use crate::database::Databases;

const HOUR: Duration = Duration::from_secs(3600);
const BOUNDS: SandboxBounds = SandboxBounds { most: 3, per_person: 2 };

fn partner(number: u128) -> Partner {
    Partner {
        id: id(number),
        name: format!("Partner {number}"),
        scopes: "write.career_history".to_owned(),
        secret_hash: vec![7; 32],
        created_at: NOW,
        rotated_at: None,
        disabled_at: None,
        document_hosts: String::new(),
        sandbox: true,
        callback_urls: String::new(),
        previous_secret: PreviousSecret::default(),
    }
}

contract! {
    async fn advanced_clock_moves_only_the_partners_own_times(databases: Databases) {
        let store = &databases.data;
        let (one, other) = (add_partner(store, 1).await, add_partner(store, 2).await);
        let end = NOW + 48 * HOUR;
        let of = |number, partner| NewSubmission { expires_at: end, ..new_submission(number, partner, &format!("c{number}")) };
        insert(store, &[&of(10, one), &of(11, other)]).await;
        let mut tx = store.write().await.expect("a transaction");
        for (number, partner) in [(30, 1), (31, 2)] {
            let item = OutboxItem { lane: "play".to_owned(), due_at: NOW + HOUR, ..message(number, partner) };
            tx.add_to_outbox(&item).await.expect("added");
        }
        tx.add_to_outbox(&OutboxItem { due_at: NOW + HOUR, ..message(32, 1) }).await.expect("added");
        for (link, person) in [(10, 1_u8), (11, 2)] {
            let email = Sealed { period: NOW, bytes: vec![8] };
            let recipient = LinkRecipient { email_fingerprint: vec![person], expires_at: end, email };
            tx.note_link_recipient(id(link), &recipient).await.expect("noted");
        }
        let moved = tx.advance_requests(one, 24 * HOUR, NOW, 10).await.expect("advanced");
        assert_eq!(moved, Some(Advanced { submissions: 1, verifications: 0, actions: 1 }));
        assert_eq!(tx.people_to_warn(&[], (NOW, day(NOW)), 10).await.expect("read"), vec![vec![1_u8]]);
        let links = tx.ending_links(&[1], NOW, end).await.expect("read");
        assert_eq!(links.iter().map(|link| link.ends_at).collect::<Vec<_>>(), [NOW + WARNED_BEFORE]);
        let taken = tx.take_from_outbox("play", id(0), NOW, NOW + HOUR).await.expect("read").expect("due");
        assert_eq!(taken.id, id(30));
        assert!(!tx.is_outbox_due("play", NOW).await.expect("read"), "the other partner's action waits");
        assert!(!tx.is_outbox_due("mail", NOW).await.expect("read"), "a mail is no action of a sandbox user");
        assert_eq!(tx.advance_requests(one, 24 * HOUR, NOW, 0).await.expect("read"), None, "more than allowed");
        assert_eq!(tx.expire_submissions(NOW, 10).await.expect("none yet").len(), 0);
        // Never further back than now, so that the expiry job announces it.
        tx.advance_requests(one, 30 * 24 * HOUR, NOW, 10).await.expect("advanced");
        assert_eq!(tx.expire_submissions(NOW, 10).await.expect("expired"), [id(10)]);
        let found = tx.linked_submission(id(11), NOW).await.expect("read").expect("known");
        assert!(matches!(found.state, SubmissionState::Incomplete { .. }));
        tx.commit().await.expect("committed");
    }

    async fn advanced_submission_expires_after_the_announced_time(databases: Databases) {
        let store = &databases.data;
        let one = add_partner(store, 1).await;
        let ahead = NOW + HOUR;
        insert(store, &[&new_submission(10, one, "a")]).await;
        let mut tx = store.write().await.expect("a transaction");
        // Another node's clock is ahead of this one's.
        assert_eq!(tx.expire_submissions(ahead, 10).await.expect("told"), [id(10)]);
        let later = NewSubmission { expires_at: NOW + 48 * HOUR, ..new_submission(11, one, "b") };
        assert_eq!(tx.insert_submissions(&[&later]).await.expect("in"), [id(11)]);
        tx.advance_requests(one, 48 * HOUR, NOW, 10).await.expect("advanced").expect("moved");
        let told = tx.expire_submissions(ahead + Duration::from_secs(1), 10).await.expect("told");
        assert_eq!(told, [id(11)], "its turn still comes");
        tx.commit().await.expect("committed");
    }

    async fn sandbox_sign_ups_are_bounded_and_work_once(databases: Databases) {
        let store = &databases.data;
        let mut tx = store.write().await.expect("a transaction");
        for (number, person, expected) in [
            (1, b"a", SandboxSignUp::Added),
            (1, b"a", SandboxSignUp::Repeated),
            (2, b"a", SandboxSignUp::Added),
            (3, b"a", SandboxSignUp::TooManyOfPerson),
            (4, b"b", SandboxSignUp::Added),
            (5, b"c", SandboxSignUp::TooMany),
        ] {
            let outcome = tx.add_sandbox_sign_up(&partner(number), person, BOUNDS).await.expect("an outcome");
            assert_eq!(outcome, expected, "{number}");
            assert_eq!(tx.partner(id(number)).await.expect("read").is_some(), [1, 2, 4].contains(&number), "{number}");
        }
        assert!(tx.disable_partner(id(2), NOW).await.expect("disabled"));
        assert_eq!(tx.count_sandbox_sign_ups().await.expect("read"), 2, "without the disabled one");
        let again = tx.add_sandbox_sign_up(&partner(3), b"a", BOUNDS).await.expect("an outcome");
        assert_eq!(again, SandboxSignUp::Added, "a refused one may try again once there is room");
        tx.commit().await.expect("committed");
    }

    async fn signed_up_partner_may_mail_its_own_address_only(databases: Databases) {
        let store = &databases.data;
        let operators = add_partner(store, 9).await;
        let mut tx = store.write().await.expect("a transaction");
        tx.add_sandbox_sign_up(&partner(1), b"a", BOUNDS).await.expect("added");
        assert!(tx.may_mail(id(1), b"a").await.expect("read"));
        assert!(!tx.may_mail(id(1), b"b").await.expect("read"));
        assert!(tx.may_mail(operators, b"b").await.expect("read"));
        tx.commit().await.expect("committed");
    }

    async fn submissions_of_sandbox_partners_are_recognized(databases: Databases) {
        let store = &databases.data;
        let real = add_partner(store, 9).await;
        let mut tx = store.write().await.expect("a transaction");
        tx.add_partner(&partner(1)).await.expect("added");
        tx.commit().await.expect("committed");
        insert(store, &[&new_submission(10, real, "a"), &new_submission(11, id(1), "b")]).await;
        let mut tx = store.read().await.expect("a transaction");
        for (submissions, expected) in [(&[][..], false), (&[10][..], false), (&[10, 11][..], true)] {
            let ids: Vec<_> = submissions.iter().copied().map(id).collect();
            assert_eq!(tx.is_any_of_sandbox(&ids).await.expect("read"), expected, "{submissions:?}");
        }
    }

    async fn unused_sandbox_partners_are_disabled(databases: Databases) {
        let store = &databases.data;
        let operators = add_partner(store, 9).await;
        let mut tx = store.write().await.expect("a transaction");
        for number in [1, 2] {
            tx.add_sandbox_sign_up(&partner(number), b"a", BOUNDS).await.expect("added");
        }
        let later = NOW + 48 * HOUR;
        assert!(tx.is_sandbox_use_due(id(1), later).await.expect("read"));
        assert!(!tx.is_sandbox_use_due(operators, later).await.expect("read"));
        tx.note_sandbox_use(id(1), later).await.expect("noted");
        assert!(!tx.is_sandbox_use_due(id(1), later).await.expect("read"));
        assert!(tx.is_any_sandbox_unused(later).await.expect("read"));
        assert_eq!(tx.disable_unused_sandboxes(later, later).await.expect("disabled"), 1);
        assert!(!tx.is_any_sandbox_unused(later).await.expect("read"));
        for (number, active) in [(1, true), (2, false), (9, true)] {
            assert_eq!(tx.partner(id(number)).await.expect("read").expect("there").is_active(), active, "{number}");
        }
        assert!(!tx.may_mail(id(2), b"a").await.expect("read"), "who signed up is forgotten");
        assert!(tx.enable_partner(id(2)).await.expect("enabled"));
        assert!(!tx.is_any_sandbox_unused(later).await.expect("read"), "its time begins again");
        tx.commit().await.expect("committed");
    }
}
