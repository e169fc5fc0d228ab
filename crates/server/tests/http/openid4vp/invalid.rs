//! Presentations that do not verify.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credential::encoding::sha256;
use credential::format::sd_jwt;
use credential::jws;
use serde_json::{Value, json};

use super::support::{Scene, WalletRequest, foreign, refused, scene};
use crate::support::app::TestApp;
use crate::support::wallet::{key, signed};

/// A presentation that must be rejected: name, how to build it, expected reason.
type Change<'a> = (&'a str, Box<dyn Fn(&Scene<'_>, &WalletRequest) -> String + 'a>, &'a str);

/// Builds a presentation whose key binding JWT has a changed header or payload.
fn bound(scene: &Scene<'_>, asked: &WalletRequest, change: impl Fn(&mut Value, &mut Value)) -> String {
    let shown = scene.chosen(asked);
    let hash = URL_SAFE_NO_PAD.encode(sha256(shown.as_bytes()));
    let (mut header, mut payload) = (
        json!({ "typ": "kb+jwt" }),
        json!({ "iat": scene.test.app.now().seconds(), "aud": asked.text("client_id"), "nonce": asked.text("nonce"), "sd_hash": hash }),
    );
    change(&mut header, &mut payload);
    format!("{shown}{}", signed(&scene.holder, header, &payload))
}

// Conforms: OpenID4VP 8.6; OpenID4VP 14.1; RFC 9901 7.3; OIDF verifier: bad credential signature
// Conforms: OIDF verifier: key binding: wrong audience; OIDF verifier: key binding: wrong nonce
// Conforms: OIDF verifier: key binding: bad signature; OIDF verifier: key binding: wrong sd_hash
// Conforms: OIDF verifier: key binding: iat in the future or past
#[tokio::test]
async fn invalid_vp_does_not_consume_the_request() {
    let test = TestApp::new().await;
    let scene = scene(&test).await;
    let (request_id, content) = scene.ask_for_all().await;
    let mut browser = test.browser();
    let now = test.app.now().seconds();
    let changed = |why: &'static str, change: fn(&mut Value, &mut Value)| -> Change<'_> {
        (why, Box::new(move |scene, asked| bound(scene, asked, change)), why)
    };
    let cases: Vec<Change<'_>> = vec![
        changed("issued for another audience", |_, payload| payload["aud"] = "x509_hash:another".into()),
        changed("nonce is wrong", |_, payload| payload["nonce"] = "another".into()),
        changed("sd_hash", |_, payload| payload["sd_hash"] = "AAAA".into()),
        changed("must be kb+jwt", |header, _| header["typ"] = "JWT".into()),
        (
            "in the future",
            Box::new(move |scene, asked| bound(scene, asked, |_, payload| payload["iat"] = (now + 3600).into())),
            "issue time is in the future",
        ),
        (
            "long ago",
            Box::new(move |scene, asked| bound(scene, asked, |_, payload| payload["iat"] = (now - 3600).into())),
            "too long ago",
        ),
        (
            "another's key",
            Box::new(|scene, asked| {
                let challenge = (asked.text("client_id"), asked.text("nonce"));
                sd_jwt::bind(&scene.chosen(asked), challenge, scene.test.app.now().seconds(), &key(22)).expect("signed")
            }),
            "signature is not valid",
        ),
        ("no key binding", Box::new(|scene, asked| scene.chosen(asked)), "not bound"),
        (
            "a changed disclosure",
            Box::new(|scene, asked| {
                let shown = scene.chosen(asked);
                let (first, rest) = shown.split_once('~').expect("parts");
                let forged = jws::protected(&json!(["c2FsdA", "full_name", "Eve"]));
                let shown = format!("{first}~{forged}~{rest}");
                scene.bind(asked, &shown)
            }),
            "no digest",
        ),
        (
            "a bad signature of the issuer",
            Box::new(|scene, asked| {
                let shown = scene.chosen(asked);
                let (signed, rest) = shown.split_once('~').expect("parts");
                let (input, signature) = signed.rsplit_once('.').expect("a JWS");
                let mut bytes = URL_SAFE_NO_PAD.decode(signature).expect("base64url");
                bytes[40] ^= 1;
                let shown = format!("{input}.{}~{rest}", URL_SAFE_NO_PAD.encode(bytes));
                scene.bind(asked, &shown)
            }),
            "signature is not valid",
        ),
        (
            "an unknown issuer",
            Box::new(|scene, asked| foreign(scene, asked, "https://issuer.example", &key(30), json!({ "kid": "1" }))),
            "not trusted for the requested credential type",
        ),
        (
            "our name and another's key",
            Box::new(|scene, asked| {
                foreign(scene, asked, scene.test.app.config().base(), &key(30), json!({ "kid": "1" }))
            }),
            "None of the issuer's keys",
        ),
    ];
    for (what, make, why) in cases {
        let asked = scene.begin(&mut browser, content, "same_device").await;
        let answer = scene.answer(&asked, &make(&scene, &asked)).await;
        assert!(answer.status == 400, "{what} was taken: {}", answer.text);
        refused(&answer, why);
        // The request stays open for another presentation, and the page reports the rejected one.
        assert!(browser.text(&format!("/presentations/{}", asked.id)).await.contains("Nothing was shared"), "{what}");
        scene.answer(&asked, &scene.presentation(&asked)).await.assert_status(200);
    }
    assert_eq!(scene.result(&request_id).await["status"], "incomplete");
}

// Conforms: OpenID4VP 8.6; HAIP 6.1
#[tokio::test]
async fn revoked_or_expired_credential_is_rejected() {
    let test = TestApp::new().await;
    let scene = scene(&test).await;
    let (request_id, content) = scene.ask_for_all().await;
    let mut browser = test.browser();
    let mut person = test.signed_in("ada@example.org").await;
    let wallet = person.text("/wallet").await;
    let id = wallet.split("/wallet/credentials/").nth(1).expect("a credential")[..36].to_owned();
    person.post(&format!("/wallet/credentials/{id}/delete"), &[]).await.assert_status(303);
    let asked = scene.begin(&mut browser, content, "same_device").await;
    test.advance(Duration::from_secs(2));
    refused(&scene.answer(&asked, &scene.presentation(&asked)).await, "was revoked");
    let page = browser.get(&format!("/presentations/{}", asked.id)).await.assert_status(200);
    assert!(page.text.contains("this credential was revoked"), "{}", page.text);
    assert_eq!(scene.result(&request_id).await["status"], "incomplete");
    let test = TestApp::builder().setting("credentials.lifetime", "1h").start().await;
    let scene = self::scene(&test).await;
    test.advance(Duration::from_secs(3 * 3600));
    let scene = Scene { token: test.token(&scene.partner).await, ..scene };
    let (_, content) = scene.ask_for_all().await;
    let asked = scene.begin(&mut test.browser(), content, "same_device").await;
    refused(&scene.answer(&asked, &scene.presentation(&asked)).await, "has expired");
}
