//! A holder with an offer, and a verifier.

use credential::format::sd_jwt::Challenge;
use credential::verification::{LookupResult, Report, Token, VerificationInputs, keys_of};
use uuid::Uuid;

use crate::support::app::TestApp;
use crate::support::browser::Browser;
use crate::support::response::TestResponse;
use crate::support::wallet::{TestOffer, make_offer};

pub const SD_JWT: &str = "career_history_dc+sd-jwt";

pub const VC_JWT: &str = "career_history_vc+jwt";

/// Signs in a holder with one accepted career history; returns the browser and the credential's id.
pub async fn holder(test: &TestApp) -> (Browser<'_>, Uuid) {
    let token = test.token(&test.partner().await).await;
    let id = test.push(&token, "1").await;
    let mut person = test.signed_in("ada@example.org").await;
    person.accept(id).await;
    (person, id)
}

pub async fn offered(test: &TestApp) -> (Browser<'_>, Uuid, TestOffer) {
    let (mut person, id) = holder(test).await;
    let offer = make_offer(test, &mut person, id).await;
    (person, id, offer)
}

/// Verifies a credential with keys, status list and metadata fetched from the server.
pub async fn verify(test: &TestApp, text: &str) -> Report {
    let token = Token::read(text).unwrap_or_else(|refusal| panic!("{refusal}: {text}"));
    let issuer = test.get("/.well-known/jwt-vc-issuer").await.assert_status(200).json();
    let path = |address: &String| address.strip_prefix(test.app.config().base()).expect("here").to_owned();
    let lookups = token.lookups();
    let status = test.text(&path(&lookups.status.expect("a status"))).await;
    let metadata = match &lookups.metadata {
        Some(address) => LookupResult::Found(test.get(&path(address)).await.assert_status(200).bytes.to_vec()),
        None => LookupResult::NotAttempted,
    };
    let issuer_keys = LookupResult::Found(keys_of(&issuer["jwks"]));
    let inputs = VerificationInputs {
        issuer_keys,
        status: LookupResult::Found(status),
        more_status: Vec::new(),
        stored_status: None,
        metadata,
    };
    token.verify(&inputs, &Challenge { now: test.app.now().seconds(), ..Challenge::default() })
}

pub fn credential(answer: &TestResponse) -> String {
    answer.json()["credentials"][0]["credential"].as_str().unwrap_or_else(|| panic!("{}", answer.text)).to_owned()
}

#[track_caller]
pub fn refused(answer: &TestResponse, status: u16, code: &str) {
    assert_eq!((answer.status.as_u16(), answer.json()["error"].as_str()), (status, Some(code)), "{}", answer.text);
    let description = answer.json()["error_description"].as_str().expect("words").to_owned();
    assert!(!description.is_empty() && description.is_ascii(), "{description}");
}

pub async fn second_credential(test: &TestApp) -> (Browser<'_>, Uuid) {
    let token = test.token(&test.partner().await).await;
    let id = test.push(&token, "2").await;
    let mut person = test.signed_in("grace@example.org").await;
    person.accept(id).await;
    (person, id)
}
