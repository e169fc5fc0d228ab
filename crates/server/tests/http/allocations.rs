//! The number of allocations that a push needs, which is the same on every machine.

use axum::body::Body;
use axum::http::{Method, Request};
use credential::Type;
use tower::ServiceExt as _;

use crate::support::app::{PUSH, TestApp};

/// Maximum number of allocations of one push of the sample on the runtime's thread, from the router
/// to the response: authentication, validation, encryption, the group and the headers. The thread
/// that inserts into SQLite is not counted.
const PER_PUSH: u64 = 84;

/// Number of pushes whose mean is measured.
const PUSHES: u64 = 100;

#[test]
fn pushes_need_few_allocations() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (test, token) = runtime.block_on(async {
        let test = TestApp::new().await;
        let token = test.token(&test.partner().await).await;
        (test, token)
    });
    let mut sample = (Type::default().sample)();
    let mut requests = |name: &str| -> Vec<Request<Body>> {
        let push = |number| {
            sample["credential_id"] = format!("{name}-{number}").into();
            test.api(Method::POST, PUSH, &token, &sample.to_string())
        };
        (0..PUSHES).map(push).collect()
    };
    let (warm_up, measured) = (requests("warm-up"), requests("measured"));
    let router = test.router();
    let push = |requests: Vec<Request<Body>>| {
        runtime.block_on(async {
            for request in requests {
                let response = router.clone().oneshot(request).await.expect("a response");
                assert_eq!(response.status(), 201);
            }
        });
    };
    push(warm_up);
    let counted = allocation_counter::measure(|| push(measured)).count_total / PUSHES;
    assert!((1..=PER_PUSH).contains(&counted), "{counted}");
}
