//! Verification requests with a DCQL query of the partner: claims of another issuer's credential,
//! such as an EUDI PID.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use credential::Type;
use credential::status::{StatusList, token_payload};
use serde_json::{Value, json};
use tenure::flows::outbox::send_due;
use tenure::outbound::Lookup;

use super::pid::{CERTIFIED, LISTED, PID, Person, begin, certified_key, names, present, query, trusting};
use super::support::{refused, scene, sent_to};
use crate::console::support::console;
use crate::support::app::TestApp;
use crate::support::https::serve;
use crate::support::names::{addresses, table};
use crate::support::wallet::{key, signed};

// Conforms: OpenID4VP 6; OpenID4VP 8.6
#[tokio::test]
async fn claims_of_a_pid_are_verified_and_their_trust_is_named() {
    let (test, chain) = trusting().await;
    let scene = scene(&test).await;
    let anchor = "CN=PID Root CA";
    for (issuer, by, trusted_by) in [
        (LISTED, (&key(30), json!({ "kid": "k1" })), json!({ "kind": "listed_key", "anchor": null })),
        (
            CERTIFIED,
            (&certified_key(), json!({ "x5c": chain })),
            json!({ "kind": "certificate_chain", "anchor": anchor }),
        ),
    ] {
        let found = present(&scene, &names(), &Person::new(&scene, issuer), by).await;
        assert_eq!(found["credential"], json!({ "given_name": "Ada", "family_name": "Marker-Lovelace" }), "{found}");
        assert_eq!(found["subject"]["names"], json!(["Ada Marker-Lovelace"]));
        assert_eq!(found.get("withheld"), None);
        let checked = &found["verification"];
        assert_eq!((&checked["valid"], &checked["verdict"]), (&json!(true), &json!("valid")), "{found}");
        let credential = [&checked["issuer"], &checked["vct"], &checked["format"], &checked["trusted_by"]];
        assert_eq!(credential, [&json!(issuer), &json!(PID), &json!("dc+sd-jwt"), &trusted_by]);
        assert_eq!(checked["presentation"]["format"], "dc+sd-jwt");
    }
    let own = scene.ask(&json!({ "claims": ["full_name"] })).await;
    let mut browser = test.browser();
    let asked = scene.begin(&mut browser, own.1, "same_device").await;
    let answer = scene.answer(&asked, &scene.presentation(&asked)).await.assert_status(200);
    browser.get(&sent_to(&test, &answer)).await.assert_status(303);
    let checked = &scene.result(&own.0).await["verification"];
    assert_eq!(checked["trusted_by"], json!({ "kind": "own", "anchor": null }));
}

#[tokio::test]
async fn wallet_receives_the_partners_query_and_the_person_reads_it() {
    let (test, _) = trusting().await;
    let scene = scene(&test).await;
    let paths = json!([["given_name"], ["address", "locality"], ["age_equal_or_over", "18"], ["tax_number"]]);
    let mut wordy = query(&paths);
    wordy["credentials"][0]["multiple"] = false.into();
    let body = json!({ "dcql_query": wordy, "purpose": "To open your account" });
    let (_, content) = scene.ask_for("digital_identity", &body).await;
    let mut browser = test.browser();
    let page = browser.text(&format!("/verifications/{content}/other-wallet")).await;
    let words = [
        "Harbour Hiring",
        "To open your account",
        "Person identification data (PID)",
        "<li>First names</li>",
        "<li>Address: town or city</li>",
        "<li>Whether you are 18 or older</li>",
        "<li>“\u{2068}tax_number\u{2069}”</li>",
    ];
    for shown in words {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    assert!(!page.contains("Full name"), "{page}");
    let asked = scene.begin(&mut browser, content, "same_device").await;
    assert_eq!(asked.request["dcql_query"], query(&paths));
}

#[tokio::test]
async fn only_another_wallet_can_respond_to_a_query() {
    let (test, _) = trusting().await;
    let scene = scene(&test).await;
    let (request_id, content) = scene.ask_for("digital_identity", &json!({ "dcql_query": names() })).await;
    let mut person = test.signed_in("ada@example.org").await;
    let page = person.open_verification(content).await;
    let shown = person.text(&page).await;
    for words in ["This credential is in another wallet", "Person identification data (PID)", "First names<br>Surname"]
    {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    let sent = person.post(&format!("{page}/share"), &[]).await.assert_status(422);
    assert!(sent.text.contains("Choose one of your credentials, or cancel."), "{}", sent.text);
    assert_eq!(scene.result(&request_id).await["status"], "incomplete");
    person.post(&format!("{page}/cancel"), &[]).await.assert_status(303);
    let found = scene.result(&request_id).await;
    assert_eq!((&found["status"], &found["reason"]), (&json!("canceled"), &json!("declined")));
}

// Conforms: OpenID4VP 6; OpenID4VP 8.6
#[tokio::test]
async fn presentations_that_do_not_match_the_query_are_refused() {
    let (test, chain) = trusting().await;
    let scene = scene(&test).await;
    let now = test.app.now().seconds();
    let good = || (key(30), json!({ "kid": "k1" }));
    for (issuer, (by, header), change, why) in [
        ("https://other.example", good(), json!({}), "not trusted for the requested credential type"),
        (LISTED, (key(31), json!({ "kid": "k1" })), json!({}), "signature is not valid"),
        (CERTIFIED, (key(31), json!({ "x5c": chain })), json!({}), "signature is not valid"),
        (CERTIFIED, (certified_key(), json!({})), json!({}), "no certificate"),
        (LISTED, good(), json!({ "vct": "urn:eudi:other:1" }), "vct was not requested"),
        (LISTED, good(), json!({ "exp": now - 86_400 }), "expired"),
        (LISTED, good(), json!({ "nbf": now + 86_400 }), "not valid yet"),
        (LISTED, good(), json!({ "status": { "of_another_kind": {} } }), "status"),
    ] {
        let (request_id, asked) = begin(&scene, &names()).await;
        let mut person = Person::new(&scene, issuer);
        person.open.extend(change.as_object().expect("an object").clone());
        refused(&scene.answer(&asked, &scene.bind(&asked, &person.disclosed(&by, header))).await, why);
        assert_eq!(scene.result(&request_id).await["status"], "incomplete", "{why}: nothing was stored");
    }
    let (_, asked) = begin(&scene, &names()).await;
    let mut person = Person::new(&scene, LISTED);
    let unbound = person.disclosed(&key(30), json!({ "kid": "k1" }));
    refused(&scene.answer(&asked, &unbound).await, "bound");
    person.shown = vec!["/given_name"];
    let partial = person.disclosed(&key(30), json!({ "kid": "k1" }));
    refused(&scene.answer(&asked, &scene.bind(&asked, &partial)).await, "a requested claim is not disclosed");
}

// Conforms: OpenID4VP 15.4
#[tokio::test]
async fn claims_that_were_not_requested_never_reach_the_partner() {
    let (test, _) = trusting().await;
    let scene = scene(&test).await;
    let by = || (key(30), json!({ "kid": "k1" }));
    let name = json!({ "given_name": "Ada", "family_name": "Marker-Lovelace" });
    let place = json!({ "address": { "locality": "London" } });
    for (asked, shown, open, credential) in [
        (names(), vec!["/given_name", "/family_name", "/birthdate"], json!({}), &name),
        (names(), vec!["/given_name", "/family_name"], json!({ "issuing_authority": "GB", "full_name": "A" }), &name),
        (query(&json!([["address", "locality"]])), vec!["/address"], json!({}), &place),
    ] {
        let mut person = Person::new(&scene, LISTED);
        person.shown = shown;
        person.open.extend(open.as_object().expect("an object").clone());
        let (key, header) = by();
        let found = present(&scene, &asked, &person, (&key, header)).await;
        assert_eq!((&found["credential"], &found["verification"]["presentation"]), (credential, &Value::Null));
        assert_eq!(found["verification"]["verdict"], "valid", "{found}");
    }
}

// Conforms: OpenID4VP 6
#[tokio::test]
async fn claims_of_an_accepted_set_are_enough() {
    let (test, _) = trusting().await;
    let scene = scene(&test).await;
    let mut asked = query(&json!([["given_name"], ["birthdate"], ["nationalities", null]]));
    for (at, id) in ["given", "born", "of"].into_iter().enumerate() {
        asked["credentials"][0]["claims"][at]["id"] = id.into();
    }
    asked["credentials"][0]["claim_sets"] = json!([["given", "born", "of"], ["given"]]);
    let mut person = Person::new(&scene, LISTED);
    person.shown = vec!["/given_name"];
    let found = present(&scene, &asked, &person, (&key(30), json!({ "kid": "k1" }))).await;
    assert_eq!(found["credential"], json!({ "given_name": "Ada" }));
    assert_eq!(found["withheld"], json!(["/birthdate", "/nationalities"]));
    assert_eq!(found["subject"]["names"], json!([]), "half a name is no name");
}

#[tokio::test]
async fn queries_are_limited_by_scope_and_by_the_operators_list() {
    let (test, _) = trusting().await;
    let path = |name: &str| format!("/api/partner/v2/verify/requests/{name}");
    let other = test.token(&test.partner_with("write.career_history").await).await;
    let refusal = test.post(&path("digital_identity"), &other, &json!({ "dcql_query": names() })).await;
    refusal.assert_status(403);
    let token = test.token(&test.partner_with("write.career_history write.digital_identity").await).await;
    let base = test.app.config().base();
    let vct = "/dcql_query/credentials/0/meta/vct_values/0";
    let own = |name: &str| format!("{base}/credentials/{name}/2");
    for (known, named, why) in [
        ("digital_identity", "*".to_owned(), "Accepted values: urn:eudi:pid:1"),
        ("digital_identity", "urn:eudi:pid:2".to_owned(), "Accepted values: urn:eudi:pid:1"),
        ("digital_identity", own("career_history"), "This server issues it"),
        ("digital_identity", own("education"), "This server issues it"),
        ("career_history", PID.to_owned(), "trusts no other issuer for career_history"),
    ] {
        let mut asked = names();
        asked["credentials"][0]["meta"]["vct_values"] = json!([named]);
        let answer = test.post(&path(known), &token, &json!({ "dcql_query": asked })).await.assert_status(422);
        assert_eq!(answer.errors(), [("choice.unknown".to_owned(), vct.to_owned())], "{named}");
        assert!(answer.text.contains(why), "{why}: {}", answer.text);
    }
    let asked = json!({ "request_id": "PID-1", "dcql_query": names() });
    test.post(&path("digital_identity"), &token, &asked).await.assert_status(201);
    test.get_with(&path("PID-1"), &token).await.assert_status(403);
}

#[tokio::test]
async fn unsupported_queries_are_refused_with_their_pointer() {
    let (test, _) = trusting().await;
    let scene = scene(&test).await;
    let many: Vec<Value> = (0..33).map(|at| json!([format!("claim{at}")])).collect();
    let deep = json!([["a", "b", "c", "d", "e", "f", "g", "h", "i"]]);
    let changed = |name: &str, value: Value| {
        let mut asked = names();
        asked["credentials"][0][name] = value;
        asked
    };
    let here = "/dcql_query/credentials/0";
    for (asked, code, place) in [
        (changed("format", json!("mso_mdoc")), "choice.unknown", format!("{here}/format")),
        (
            changed("require_cryptographic_holder_binding", json!(false)),
            "dcql.invalid",
            format!("{here}/require_cryptographic_holder_binding"),
        ),
        (changed("claim_sets", json!([["unknown"]])), "dcql.invalid", format!("{here}/claim_sets/0/0")),
        (query(&json!(many)), "list.too_long", format!("{here}/claims")),
        (query(&deep), "list.too_long", format!("{here}/claims/0/path")),
    ] {
        let path = "/api/partner/v2/verify/requests/digital_identity";
        let body = json!({ "dcql_query": asked });
        let answer = scene.test.post(path, &scene.token, &body).await.assert_status(422);
        assert_eq!(answer.errors(), [(code.to_owned(), place)]);
    }
}

#[tokio::test]
async fn sandbox_user_declines_a_query() {
    let (test, _) = trusting().await;
    let partner = test.sandbox_partner().await;
    let token = test.token(&partner).await;
    // The user holds a credential of the type, but it is not the requested one.
    let known: Type = "digital_identity".parse().expect("a type");
    let mut pushed = (known.sample)();
    pushed["notify"] = json!({ "email": "consents@sandbox.invalid" });
    test.post("/api/partner/v2/add/requests/digital_identity", &token, &pushed).await.assert_status(201);
    while send_due(&test.app).await.expect("sent") > 0 {}
    let body = json!({ "request_id": "PID-1", "sandbox_person": "consents@sandbox.invalid", "dcql_query": names() });
    test.post("/api/partner/v2/verify/requests/digital_identity", &token, &body).await.assert_status(201);
    while send_due(&test.app).await.expect("sent") > 0 {}
    let found = test.get_with("/api/partner/v2/verify/requests/PID-1", &token).await.assert_status(200).json();
    assert_eq!((&found["status"], &found["reason"]), (&json!("canceled"), &json!("declined")));
}

#[tokio::test]
async fn console_shows_the_claims_of_a_query() {
    let (test, _) = trusting().await;
    let scene = scene(&test).await;
    let body = json!({ "request_id": "PID-1", "dcql_query": names(), "purpose": "To open your account" });
    scene.ask_for("digital_identity", &body).await;
    let mut browser = console(&test, &scene.partner).await;
    let found = browser.post("/console/verifications/find", &[("id", "PID-1")]).await.redirect().to_owned();
    let page = browser.text(&found).await;
    for words in ["Person identification data (PID)", "First names<br>Surname"] {
        assert!(page.contains(words), "{words}: {page}");
    }
}

#[tokio::test]
async fn verified_pid_names_its_person() {
    let (test, _) = trusting().await;
    let scene = scene(&test).await;
    let token = Person::new(&scene, LISTED).disclosed(&key(30), json!({ "kid": "k1" }));
    let found = test.post("/api/partner/v2/verify/token", &scene.token, &json!({ "token": token })).await;
    let found = found.assert_status(200).json();
    assert_eq!(
        (&found["verdict"], &found["credential_type"]),
        (&json!("valid"), &json!("digital_identity")),
        "{found}"
    );
    assert_eq!(found["subject"]["names"], json!(["Ada Marker-Lovelace"]));
}

type Published = Arc<Mutex<String>>;

async fn status_list(State(published): State<Published>) -> String {
    published.lock().expect("a list").clone()
}

#[tokio::test]
async fn revoked_pid_is_refused_and_invalidates_the_result() {
    const HOST: &str = "issuer.example";
    let published = Published::default();
    let server = serve(&[HOST], Router::new().fallback(status_list).with_state(published.clone())).await;
    let issuer = format!("https://{HOST}:{}", server.port);
    let list = format!("{issuer}/status/1");
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (roots, listed) = (path("roots.pem"), path("issuers.json"));
    std::fs::write(&roots, &server.certificate).expect("written");
    let keys = json!({ "keys": [key(30).public().published_jwk("k1")] });
    let mut issuers = json!({});
    issuers[&issuer] = json!({ "jwks": keys, "types": { "digital_identity": [PID] } });
    std::fs::write(&listed, issuers.to_string()).expect("written");
    let settings = [
        ("outbound.allowed_networks", "127.0.0.0/8"),
        ("outbound.allowed_ports", "1-65535"),
        ("outbound.ca_file", roots.as_str()),
        ("openid4vp.trusted_issuers", listed.as_str()),
    ];
    let names_of = table(&[(HOST, vec![addresses(&["127.0.0.1"])])]);
    let test = TestApp::builder().settings(&settings).folder(folder).lookup(Lookup::Table(names_of)).start().await;
    let scene = scene(&test).await;
    let publish = |revoked: &[u32]| {
        let now = test.app.now().seconds();
        let revoked = StatusList::of_revoked(64, revoked.iter().copied());
        let header = json!({ "typ": "statuslist+jwt", "kid": "k1" });
        *published.lock().expect("a list") =
            signed(&key(30), header, &token_payload(&revoked, &list, (now, now + 600), 60));
    };
    let mut person = Person::new(&scene, &issuer);
    person.open.insert("status".to_owned(), json!({ "status_list": { "idx": 3, "uri": list } }));
    publish(&[]);
    let found = present(&scene, &names(), &person, (&key(30), json!({ "kid": "k1" }))).await;
    assert_eq!(found["verification"]["verdict"], "valid", "{found}");
    // Longer than a status list of another issuer is cached.
    test.advance(Duration::from_secs(31));
    publish(&[3]);
    let request_id = found["request_id"].as_str().expect("an id");
    let found = scene.result(request_id).await;
    assert_eq!(found["verification"]["verdict"], "invalid", "{found}");
    assert_eq!(found["verification"]["at_consent"]["valid"], true);
    let (_, asked) = begin(&scene, &names()).await;
    let shown = scene.bind(&asked, &person.disclosed(&key(30), json!({ "kid": "k1" })));
    refused(&scene.answer(&asked, &shown).await, "revoked");
}
