//! A partner's lists of submissions and verification requests, page by page.

use std::time::Duration;

use ambient::Timestamp;
use store::domain::submission::{CancelReason, Status};
use store::{ListFilter, NewSubmission, NewVerification, Page, StatusFilter, Store, VerificationEnd};
use uuid::Uuid;

use super::support::{LATER, NOW, add_holder, add_partner, id, insert, new_submission};
use super::verifications::{add, asked};
use crate::both::contract;
use crate::database;
use crate::database::Databases;

const MINUTE: Duration = Duration::from_secs(60);

fn of_status(status: StatusFilter) -> ListFilter {
    ListFilter { status: Some(status), ..ListFilter::default() }
}

fn of_type(name: &str) -> ListFilter {
    ListFilter { types: Some(vec![name.parse().expect("a type")]), ..ListFilter::default() }
}

fn of_id(own_id: &str) -> ListFilter {
    ListFilter { own_id: Some(own_id.to_owned()), ..ListFilter::default() }
}

fn created(after: Option<Timestamp>, before: Option<Timestamp>) -> ListFilter {
    ListFilter { created_after: after, created_before: before, ..ListFilter::default() }
}

/// Returns the ids and statuses of one page of `partner`'s submissions, and the next page's start.
async fn submissions(
    store: &Store,
    partner: Uuid,
    filter: &ListFilter,
    before: Option<Uuid>,
    limit: usize,
) -> (Vec<(String, Status)>, Option<Uuid>) {
    let mut tx = store.read().await.expect("a transaction");
    let page = tx.filtered_submissions(partner, filter, before, NOW, limit).await.expect("read");
    (page.rows.into_iter().map(|row| (row.credential_id, row.status)).collect(), page.next)
}

/// As [`submissions`], for verification requests.
async fn verifications(
    store: &Store,
    partner: Uuid,
    filter: &ListFilter,
    before: Option<Uuid>,
    limit: usize,
) -> (Vec<(String, Status)>, Option<Uuid>) {
    let mut tx = store.read().await.expect("a transaction");
    let page = tx.list_verifications(partner, filter, before, NOW, limit).await.expect("read");
    (page.rows.into_iter().map(|row| (row.request_id, row.status)).collect(), page.next)
}

fn names(page: (Vec<(String, Status)>, Option<Uuid>)) -> Vec<String> {
    page.0.into_iter().map(|(name, _)| name).collect()
}

/// A submission of a minute counted from [`NOW`].
fn pushed(minute: u32, partner: Uuid) -> NewSubmission {
    let at = NOW + MINUTE * minute;
    NewSubmission { id: at.lowest_id(), created_at: at, ..new_submission(1, partner, &format!("c{minute}")) }
}

/// A verification request of a minute counted from [`NOW`].
fn requested(minute: u32, partner: Uuid) -> NewVerification {
    let at = NOW + MINUTE * minute;
    NewVerification { id: at.lowest_id(), created_at: at, request_id: format!("r{minute}"), ..asked(1, partner) }
}

contract! {
    async fn submissions_are_listed_with_their_status(databases: Databases) {
        let store = &databases.data;
        let (one, other) = (add_partner(store, 1).await, add_partner(store, 2).await);
        let ada = add_holder(store, 3).await;
        let mut new: Vec<NewSubmission> = (10..16).map(|number| new_submission(number, one, &format!("c{number}"))).collect();
        new[5].expires_at = NOW;
        new[0].credential_type = "education".parse().expect("a type");
        insert(store, &new.iter().collect::<Vec<_>>()).await;
        insert(store, &[&new_submission(20, other, "c20")]).await;
        let mut tx = store.write().await.expect("a transaction");
        for number in [11, 12, 13] {
            assert!(tx.bind_submission(id(number), ada, NOW).await.expect("bound"));
        }
        for number in [11, 12] {
            assert!(tx.accept_submission(id(number), ada, &[4], NOW).await.expect("accepted"));
        }
        assert!(tx.withdraw_submission(id(12), one, &[5], NOW + MINUTE).await.expect("withdrawn"));
        assert!(tx.decline_submission(id(13), ada, NOW).await.expect("declined"));
        tx.commit().await.expect("committed");
        let canceled = Status::Canceled;
        let expected: Vec<(String, Status)> = [
            ("c15", canceled(NOW, CancelReason::Expired)),
            ("c14", Status::Incomplete),
            ("c13", canceled(NOW, CancelReason::Declined)),
            ("c12", canceled(NOW + MINUTE, CancelReason::Withdrawn)),
            ("c11", Status::Verified(NOW)),
            ("c10", Status::Incomplete),
        ].map(|(name, status)| (name.to_owned(), status)).into();
        let all = ListFilter::default();
        assert_eq!(submissions(store, one, &all, None, 10).await, (expected.clone(), None));
        let (first, next) = submissions(store, one, &all, None, 4).await;
        assert_eq!((&first[..], next), (&expected[..4], Some(id(12))));
        assert_eq!(submissions(store, one, &all, next, 4).await, (expected[4..].to_vec(), None));
        assert_eq!(names(submissions(store, other, &all, None, 10).await), ["c20"]);
        for (filter, expected) in [
            (of_status(StatusFilter::Incomplete), vec!["c14", "c10"]),
            (of_status(StatusFilter::Verified), vec!["c11"]),
            (of_status(StatusFilter::Canceled), vec!["c15", "c13", "c12"]),
            (of_type("education"), vec!["c10"]),
            (ListFilter { status: Some(StatusFilter::Verified), ..of_type("education") }, vec![]),
            (ListFilter { types: Some(Vec::new()), ..ListFilter::default() }, vec![]),
            (of_id("c12"), vec!["c12"]),
            (of_id("c20"), vec![]),
            (ListFilter { status: Some(StatusFilter::Verified), ..of_id("c12") }, vec![]),
        ] {
            assert_eq!(names(submissions(store, one, &filter, None, 10).await), expected, "{filter:?}");
        }
    }

    async fn submission_that_was_pushed_again_is_listed_once(databases: Databases) {
        let store = &databases.data;
        let partner = add_partner(store, 1).await;
        insert(store, &[&NewSubmission { expires_at: NOW, ..new_submission(10, partner, "c") }]).await;
        let mut tx = store.write().await.expect("a transaction");
        assert!(tx.replace_submission(id(10), partner, NOW).await.expect("replaced"));
        tx.commit().await.expect("committed");
        insert(store, &[&new_submission(11, partner, "c")]).await;
        let found = submissions(store, partner, &ListFilter::default(), None, 10).await;
        assert_eq!(found, (vec![("c".to_owned(), Status::Incomplete)], None));
        let mut tx = store.read().await.expect("a transaction");
        assert_eq!(tx.list_submissions(partner, None, None, NOW, 10).await.expect("read").rows.len(), 2, "the console lists both");
    }

    async fn lists_are_filtered_by_creation_time(databases: Databases) {
        let store = &databases.data;
        let partner = add_partner(store, 1).await;
        let new: Vec<NewSubmission> = (0..6).map(|minute| pushed(minute, partner)).collect();
        insert(store, &new.iter().collect::<Vec<_>>()).await;
        for minute in 0..6 {
            assert!(add(store, &requested(minute, partner)).await);
        }
        let at = |minute| Some(NOW + MINUTE * minute);
        for (filter, minutes) in [
            (created(at(2), None), vec![5, 4, 3, 2]),
            (created(None, at(2)), vec![1, 0]),
            (created(at(2), at(4)), vec![3, 2]),
            (created(at(2).map(|time| time + Duration::from_micros(1)), at(4)), vec![3]),
            (created(at(4), at(2)), vec![]),
        ] {
            let expected = |letter: &str| minutes.iter().map(|minute: &u32| format!("{letter}{minute}")).collect::<Vec<_>>();
            assert_eq!(names(submissions(store, partner, &filter, None, 10).await), expected("c"), "{filter:?}");
            assert_eq!(names(verifications(store, partner, &filter, None, 10).await), expected("r"), "{filter:?}");
        }
        let (first, next) = verifications(store, partner, &created(at(1), at(5)), None, 3).await;
        assert_eq!(first.len(), 3);
        assert_eq!(names(verifications(store, partner, &created(at(1), at(5)), next, 3).await), ["r1"]);
    }

    async fn verification_requests_are_listed_with_their_status(databases: Databases) {
        let store = &databases.data;
        let (one, other) = (add_partner(store, 1).await, add_partner(store, 2).await);
        for number in 10..15 {
            let mut new = asked(number, one);
            if number == 14 {
                new.expires_at = NOW;
                new.credential_type = "education".parse().expect("a type");
            }
            assert!(add(store, &new).await);
        }
        assert!(add(store, &asked(20, other)).await);
        let mut tx = store.write().await.expect("a transaction");
        assert!(tx.finish_verification(id(11), None, &VerificationEnd::Canceled, NOW).await.expect("declined"));
        let shown = VerificationEnd::Verified { result: asked(12, one).request, memory: None };
        assert!(tx.finish_verification(id(12), None, &shown, NOW).await.expect("presented"));
        tx.end_verification_results(LATER).await.expect("ended");
        tx.commit().await.expect("committed");
        let expected: Vec<(String, Status)> = [
            ("r14", Status::Canceled(NOW, CancelReason::Expired)),
            ("r13", Status::Incomplete),
            ("r12", Status::Verified(NOW)),
            ("r11", Status::Canceled(NOW, CancelReason::Declined)),
            ("r10", Status::Incomplete),
        ].map(|(name, status)| (name.to_owned(), status)).into();
        let all = ListFilter::default();
        assert_eq!(verifications(store, one, &all, None, 5).await, (expected.clone(), None));
        let (first, next) = verifications(store, one, &all, None, 2).await;
        assert_eq!((&first[..], next), (&expected[..2], Some(id(13))));
        assert!(add(store, &asked(30, one)).await, "a newer one");
        assert_eq!(verifications(store, one, &all, next, 3).await, (expected[2..].to_vec(), None));
        assert_eq!(names(verifications(store, other, &all, None, 10).await), ["r20"]);
        for (filter, expected) in [
            (of_status(StatusFilter::Incomplete), vec!["r30", "r13", "r10"]),
            (of_status(StatusFilter::Verified), vec!["r12"]),
            (of_status(StatusFilter::Canceled), vec!["r14", "r11"]),
            (of_type("education"), vec!["r14"]),
            (ListFilter { types: Some(Vec::new()), ..ListFilter::default() }, vec![]),
        ] {
            assert_eq!(names(verifications(store, one, &filter, None, 10).await), expected, "{filter:?}");
        }
        let mut tx = store.write().await.expect("a transaction");
        assert_eq!(tx.expire_verifications(NOW, 10).await.expect("expired").len(), 1);
        tx.commit().await.expect("committed");
        let found = verifications(store, one, &of_type("education"), None, 10).await;
        assert_eq!(found, (expected[..1].to_vec(), None), "the same before and after the job");
        let empty = store.read().await.expect("a transaction").list_verifications(id(9), &all, None, NOW, 10).await;
        assert_eq!(empty.expect("read"), Page::default());
    }
}
