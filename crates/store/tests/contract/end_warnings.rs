//! Warnings before a link, a share or the documents of a holder expire.

use std::sync::Arc;
use std::time::Duration;

use ambient::Timestamp;
use store::domain::share::{MAX_PASSCODE_ATTEMPTS, Share};
use store::domain::submission::Sealed;
use store::{
    Alongside, EndingDocuments, EndingLink, EndingShare, LinkRecipient, NewBatch, NewRequest, NewSubmission,
    PushWriter, Pushed, Store, StoredPasskey, Tx, WARNED_BEFORE, Warned, day,
};
use uuid::Uuid;

use super::support::{NOW, add_holder, add_partner, asset, holder, id, new_submission, stored};
use crate::both::contract;
use crate::database;
use crate::database::Databases;

const HOUR: Duration = Duration::from_secs(3600);
const END: Timestamp = Timestamp::from_micros(1_700_000_000_000_000 + 48 * 3_600_000_000);

fn pushed(number: u128, partner: Uuid) -> NewSubmission {
    NewSubmission { expires_at: END, ..new_submission(number, partner, &format!("c{number}")) }
}

fn recipient(person: u128) -> LinkRecipient {
    LinkRecipient {
        email_fingerprint: holder(person).email_fingerprint,
        expires_at: END,
        email: Sealed { period: NOW, bytes: vec![8] },
    }
}

fn share(number: u128, holder: Uuid, days: u64) -> Share {
    Share {
        id: id(number),
        holder,
        token_hash: number.to_be_bytes().to_vec(),
        nonce: String::new(),
        created_at: END - Duration::from_secs(days * 86_400),
        expires_at: END,
        revoked_at: None,
        passcode: None,
        passcode_tries: 0,
        views: 0,
        viewed_at: None,
        keep_current: false,
        updated_at: None,
        sealed: Some(vec![1]),
        holder_sealed: vec![3],
    }
}

/// Stores pushes as partners send them.
async fn push(store: &Store, new: NewRequest, recipient: Option<LinkRecipient>, return_url: Option<&str>) {
    let committer = PushWriter::start(store.clone(), ambient::Clock::manual(NOW.to_jiff()));
    let alongside = Alongside { recipient, return_url: return_url.map(str::to_owned), ..Alongside::default() };
    assert_eq!(committer.push_with(new, alongside).await.expect("an outcome"), Pushed::Created);
}

async fn due(tx: &mut Tx, now: Timestamp) -> Vec<Vec<u8>> {
    tx.people_to_warn(&[], (now, day(now)), 10).await.expect("read")
}

fn people(numbers: &[u128]) -> Vec<Vec<u8>> {
    numbers.iter().map(|number| holder(*number).email_fingerprint).collect()
}

contract! {
    async fn links_are_warned_of_until_they_are_opened_by_their_recipient(databases: Databases) {
        let store = &databases.data;
        let partner = add_partner(store, 1).await;
        let (ada, eve) = (add_holder(store, 2).await, add_holder(store, 3).await);
        for number in [10, 11] {
            push(store, NewRequest::One(Arc::new(pushed(number, partner))), Some(recipient(9)), None).await;
        }
        let items = vec![NewSubmission { batch_id: Some(id(20)), ..pushed(21, partner) }];
        push(store, NewRequest::Batch(NewBatch { id: id(20), credential_id: "batch".to_owned(), items }), None, None).await;
        let mut tx = store.write().await.expect("a transaction");
        let early = END - WARNED_BEFORE - Duration::from_secs(1);
        let (late, almost) = (END - WARNED_BEFORE, END - Duration::from_secs(1));
        assert_eq!(due(&mut tx, early).await, people(&[]));
        assert_eq!(due(&mut tx, late).await, people(&[9]), "nobody has opened the batch");
        assert_eq!(due(&mut tx, END).await, people(&[]), "they have expired");
        let named = |link: u128| EndingLink { link: id(link), ends_at: END, email: Some(Sealed { period: NOW, bytes: vec![8] }) };
        let of = async |tx: &mut Tx, person: u128| tx.ending_links(&holder(person).email_fingerprint, early, END + HOUR).await.expect("read");
        assert_eq!(of(&mut tx, 9).await, [named(10), named(11)]);
        assert_eq!(tx.ending_links(&holder(9).email_fingerprint, early, END).await.expect("read"), [], "they end later");
        // An account opens a link: it counts, and the address is deleted.
        assert!(tx.bind_submission(id(10), ada, NOW).await.expect("bound"));
        assert_eq!(tx.bind_batch(id(20), eve, almost).await.expect("bound"), [id(21)]);
        let opened = |link: u128| EndingLink { link: id(link), ends_at: END, email: None };
        assert_eq!((of(&mut tx, 9).await, of(&mut tx, 2).await, of(&mut tx, 3).await), (vec![named(11)], vec![opened(10)], vec![opened(20)]));
        tx.note_link_recipient(id(10), &recipient(9)).await.expect("nothing happens");
        tx.note_link_recipient(id(11), &recipient(8)).await.expect("noted");
        assert_eq!((of(&mut tx, 9).await, of(&mut tx, 8).await), (vec![], vec![named(11)]), "another address of an unopened one");
        assert_eq!(due(&mut tx, late).await, people(&[2, 8]));
        assert_eq!(due(&mut tx, almost).await, people(&[2, 8]), "who has just opened one is not warned of it");
        tx.forget_link_recipient(id(11)).await.expect("forgotten");
        assert_eq!(due(&mut tx, late).await, people(&[2]));
        tx.forget_warnings(0, END).await.expect("forgotten");
        assert_eq!((of(&mut tx, 2).await, of(&mut tx, 3).await.len()), (vec![], 1), "by the time that a warning was due");
        tx.commit().await.expect("committed");
    }

    async fn short_lives_are_not_warned_of(databases: Databases) {
        let store = &databases.data;
        let (partner, ada) = (add_partner(store, 1).await, add_holder(store, 2).await);
        let short = NewSubmission { expires_at: NOW + WARNED_BEFORE, ..new_submission(10, partner, "short") };
        push(store, NewRequest::One(Arc::new(short)), None, None).await;
        let mut tx = store.write().await.expect("a transaction");
        assert!(tx.bind_submission(id(10), ada, NOW).await.expect("bound"));
        tx.add_share(&share(30, ada, 1), &[]).await.expect("added");
        for hours in 0..48 {
            assert_eq!(due(&mut tx, NOW + hours * HOUR).await, people(&[]), "{hours}");
        }
        tx.commit().await.expect("committed");
    }

    async fn documents_of_unkept_wallets_are_warned_of(databases: Databases) {
        let store = &databases.data;
        let partner = add_partner(store, 1).await;
        let mut tx = store.write().await.expect("a transaction");
        for number in 2..6_u128 {
            assert!(tx.add_holder(&holder(number)).await.expect("added"));
            let submission = pushed(10 + number, partner);
            tx.insert_submissions(&[&submission]).await.expect("inserted");
            let assets = [asset(20 + number, submission.id, stored(30 + number)), asset(40 + number, submission.id, stored(50 + number))];
            tx.insert_assets(&assets.iter().collect::<Vec<_>>(), NOW).await.expect("inserted");
            assert!(tx.bind_submission(submission.id, id(number), NOW).await.expect("bound"));
            assert!(tx.accept_submission(submission.id, id(number), &[1], NOW).await.expect("accepted"));
            assert!(tx.hand_over_asset(id(20 + number), id(30 + number), &[2], END).await.expect("handed over"));
            assert!(tx.hand_over_asset(id(40 + number), id(50 + number), &[2], END + HOUR).await.expect("handed over"));
            tx.forget_link_recipient(submission.id).await.expect("forgotten");
        }
        // One holder signs in again, one comes back, one adds a passkey, and one does nothing.
        for _ in 0..2 {
            tx.count_sign_in(id(2)).await.expect("counted");
        }
        tx.note_return(id(3), NOW).await.expect("noted");
        let passkey = StoredPasskey { id: vec![1], holder_id: id(4), sealed: vec![1], created_at: NOW, used_at: None };
        assert!(tx.add_passkey(&passkey).await.expect("added"));
        let late = END - WARNED_BEFORE;
        assert_eq!(due(&mut tx, late - HOUR).await, people(&[]));
        assert_eq!(due(&mut tx, late).await, people(&[5]));
        let ending = EndingDocuments { submission: id(15), partner, credential_type: pushed(15, partner).credential_type, ends_at: END };
        for is_new in [true, false] {
            assert_eq!(tx.ending_documents(id(5), late, END + HOUR, is_new).await.expect("read"), std::slice::from_ref(&ending));
            assert_eq!(tx.ending_documents(id(4), late, END + HOUR, is_new).await.expect("read"), []);
            assert_eq!(tx.ending_documents(id(5), late, END, is_new).await.expect("read"), [], "they end later");
        }
        assert!(tx.note_warned(&holder(5).email_fingerprint, &[Warned::Documents(id(15))], day(late)).await.expect("noted"));
        assert_eq!(tx.ending_documents(id(5), late, END + HOUR, true).await.expect("read"), []);
        assert_eq!(tx.ending_documents(id(5), late, END + HOUR, false).await.expect("read"), [ending], "pages still say so");
        tx.commit().await.expect("committed");
    }

    async fn shares_are_warned_of_while_they_can_be_opened(databases: Databases) {
        let store = &databases.data;
        let (ada, eve) = (add_holder(store, 2).await, add_holder(store, 3).await);
        let mut tx = store.write().await.expect("a transaction");
        for (number, owner) in [(30, ada), (31, ada), (32, ada), (33, eve)] {
            tx.add_share(&share(number, owner, 7), &[]).await.expect("added");
        }
        assert!(tx.revoke_share(id(31), ada, NOW).await.expect("revoked"));
        for _ in 0..MAX_PASSCODE_ATTEMPTS {
            assert!(tx.take_passcode_try(id(32), MAX_PASSCODE_ATTEMPTS).await.expect("a try"));
        }
        let late = END - WARNED_BEFORE;
        assert_eq!(due(&mut tx, late - HOUR).await, people(&[]));
        assert_eq!(due(&mut tx, late).await, people(&[2, 3]));
        let ending = |number: u128| EndingShare { share: id(number), created_at: share(number, ada, 7).created_at, ends_at: END };
        assert_eq!(tx.ending_shares(ada, late, END + HOUR).await.expect("read"), [ending(30)]);
        assert_eq!(tx.ending_shares(ada, late, END).await.expect("read"), [], "it ends later");
        assert_eq!(tx.people_to_warn(&holder(2).email_fingerprint, (late, day(late)), 10).await.expect("read"), people(&[3]), "from there on");
        assert_eq!(tx.people_to_warn(&[], (late, day(late)), 1).await.expect("read"), people(&[2]));
        assert!(tx.note_warned(&holder(2).email_fingerprint, &[Warned::Share(id(30))], day(late)).await.expect("noted"));
        assert_eq!(tx.ending_shares(ada, late, END + HOUR).await.expect("read"), []);
        assert_eq!(due(&mut tx, late).await, people(&[3]));
        tx.commit().await.expect("committed");
    }

    async fn people_are_warned_once_a_day_and_once_of_each_end(databases: Databases) {
        let store = &databases.data;
        let (partner, ada) = (add_partner(store, 1).await, add_holder(store, 2).await);
        for number in [10, 11] {
            push(store, NewRequest::One(Arc::new(pushed(number, partner))), None, None).await;
        }
        let mut tx = store.write().await.expect("a transaction");
        assert!(tx.lock_warnings().await.expect("held"));
        assert!(tx.bind_submission(id(10), ada, NOW).await.expect("bound"));
        let (late, person) = (END - WARNED_BEFORE, holder(2).email_fingerprint);
        let today = day(late);
        assert!(tx.note_warned(&person, &[Warned::Link(id(10))], today).await.expect("noted"));
        assert!(!tx.note_warned(&person, &[Warned::Link(id(11))], today).await.expect("one mail a day"));
        assert!(tx.bind_submission(id(11), ada, NOW).await.expect("bound"));
        let named = |found: Vec<EndingLink>| found.into_iter().map(|link| link.link).collect::<Vec<_>>();
        assert_eq!(named(tx.ending_links(&person, late, END + HOUR).await.expect("read")), [id(11)], "the other was told");
        assert_eq!(due(&mut tx, late).await, people(&[]));
        let tomorrow = (END - HOUR, day(END - HOUR));
        assert_eq!(tx.people_to_warn(&[], tomorrow, 10).await.expect("read"), people(&[2]));
        assert!(tx.note_warned(&person, &[Warned::Link(id(11))], tomorrow.1).await.expect("noted"));
        assert_eq!(tx.people_to_warn(&[], tomorrow, 10).await.expect("read"), people(&[]));
        tx.forget_warnings(today + 1, NOW).await.expect("forgotten");
        assert!(tx.note_warned(&person, &[], today).await.expect("it is forgotten"));
        assert!(!tx.note_warned(&person, &[], tomorrow.1).await.expect("that one is not"));
        tx.release_submissions(ada, NOW).await.expect("released");
        tx.delete_holder(ada).await.expect("deleted");
        assert!(tx.note_warned(&person, &[], tomorrow.1).await.expect("it went with the account"));
        tx.commit().await.expect("committed");
    }

    async fn return_urls_are_kept_with_their_link(databases: Databases) {
        let store = &databases.data;
        let partner = add_partner(store, 1).await;
        push(store, NewRequest::One(Arc::new(pushed(10, partner))), None, Some("https://hr.example/a")).await;
        let items = vec![NewSubmission { batch_id: Some(id(20)), ..pushed(21, partner) }];
        let batch = NewBatch { id: id(20), credential_id: "batch".to_owned(), items };
        push(store, NewRequest::Batch(batch), None, Some("https://hr.example/b")).await;
        let committer = PushWriter::start(store.clone(), ambient::Clock::manual(NOW.to_jiff()));
        let again = Alongside { return_url: Some("https://hr.example/other".to_owned()), ..Alongside::default() };
        let repeated = committer.push_with(NewRequest::One(Arc::new(NewSubmission { id: id(12), ..pushed(10, partner) })), again).await;
        assert!(matches!(repeated, Ok(Pushed::Existing(_))), "{repeated:?}");
        let mut tx = store.write().await.expect("a transaction");
        let urls = async |tx: &mut Tx| {
            let mut urls = Vec::new();
            for link in [10, 12, 20, 21] {
                urls.push(tx.return_url(id(link)).await.expect("read"));
            }
            urls
        };
        assert_eq!(urls(&mut tx).await, [Some("https://hr.example/a".to_owned()), None, Some("https://hr.example/b".to_owned()), None]);
        tx.forget_submissions(END + HOUR, 10).await.expect("forgotten");
        assert_eq!(urls(&mut tx).await, [None, None, None, None]);
        tx.commit().await.expect("committed");
    }
}
