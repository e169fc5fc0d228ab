//! Signed credentials: what is issued verifies, what is changed does not, and the reason names what was changed.

use credential::format::sd_jwt::{self, Challenge, SdJwt};
use credential::format::sd_jwt_vc::{SdJwtVc, TypeMetadata};
use credential::format::{Configuration, Format, Issuer, Statement};
use credential::jws;
use credential::key::{Algorithm, CannotSign, PublicKey, Signer, SoftwareKey};
use credential::status::{StatusList, StatusReference, token_payload};
use credential::verification::{Answer, Evidence, Outcome, Report, Step, Token};
use credential::{ALL, Context, Refusal, Submission, Type};
use proptest::prelude::*;
use serde_json::{Value, json};

const ADDRESS: &str = "https://passport.example";
const NOW: i64 = 1_795_000_000;
const YEAR: i64 = 365 * 86_400;

fn key(number: u8, algorithm: Algorithm) -> SoftwareKey {
    SoftwareKey::from_bytes(algorithm, &[number; 32]).expect("a key")
}

fn issuer(algorithm: Algorithm) -> Issuer<SoftwareKey> {
    Issuer::new(ADDRESS, "Tenure", "k1", &[], key(1, algorithm))
}

/// Repeatable chance.
fn rng() -> impl FnMut(&mut [u8]) {
    let mut state = 0_u64;
    move |bytes: &mut [u8]| {
        for byte in bytes {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *byte = state.to_be_bytes()[0];
        }
    }
}

fn fields(known: Type) -> Value {
    let context = Context::new("2026-11-23T09:00:00Z".parse().expect("a time"));
    let body = (known.sample)().to_string();
    Submission::parse_v2(known, body.as_bytes(), &context).expect("the sample is good").fields
}

fn signed_by(issuer: &Issuer<SoftwareKey>, configuration: Configuration, holder: Option<&PublicKey>) -> String {
    let fields = fields(configuration.credential_type);
    let status = StatusReference { uri: format!("{ADDRESS}/status/1"), index: 7 };
    let statement = Statement {
        id: "urn:uuid:00000000-0000-4000-8000-000000000001",
        credential_type: configuration.credential_type,
        fields: &fields,
        partner_chain: &["Bureau".to_owned()],
        attester: "Acme Payroll",
        attested_at: "2026-11-20",
        issued_at: NOW,
        expires_at: NOW + YEAR,
        status: Some(&status),
        holder,
    };
    issuer.sign(configuration.format, &statement, &mut rng()).expect("signed")
}

fn career(format: Format) -> Configuration {
    Configuration { credential_type: Type::default(), format }
}

/// A career history bound to the holder's key.
fn bound() -> (String, SoftwareKey) {
    let holder = key(2, Algorithm::Es256);
    (signed_by(&issuer(Algorithm::Es256), career(Format::SdJwtVc), Some(holder.public())), holder)
}

fn status_token(revoked: &[u32]) -> String {
    let list = StatusList::of_revoked(131_072, revoked.iter().copied());
    let payload = token_payload(&list, &format!("{ADDRESS}/status/1"), (NOW, NOW + 3600), 300);
    let header = jws::protected(&json!({ "alg": "ES256", "typ": "statuslist+jwt", "kid": "k1" }));
    jws::sign(&header, payload.to_string().as_bytes(), &key(1, Algorithm::Es256)).expect("signed")
}

fn evidence(revoked: &[u32]) -> Evidence {
    let metadata = TypeMetadata::new(Type::default(), ADDRESS).document;
    Evidence {
        issuer_keys: Answer::Some(vec![("k1".to_owned(), key(1, Algorithm::Es256).public().clone())]),
        status: Answer::Some(status_token(revoked)),
        metadata: Answer::Some(metadata.into_bytes()),
    }
}

fn challenge() -> Challenge<'static> {
    Challenge { audience: Some("https://hirer.example"), nonce: Some("n-1"), now: NOW, most_age: Some(300) }
}

fn failure(report: &Report, step: Step) -> Option<&'static str> {
    let verdict = report.verdict(step).expect("every step has a verdict");
    assert_eq!(verdict.outcome == Outcome::Failed, verdict.code.is_some(), "{verdict:?}");
    verdict.code
}

/// Signs a header and payload as they are, by the issuer's key.
fn forged(header: &Value, payload: &Value) -> String {
    let signer = key(1, Algorithm::Es256);
    jws::sign(&jws::protected(header), payload.to_string().as_bytes(), &signer).expect("signed")
}

#[test]
fn every_type_is_signed_in_every_format_by_both_algorithms_and_read_again() {
    for algorithm in Algorithm::ALL {
        let issuer = issuer(algorithm);
        for configuration in Configuration::all() {
            let text = signed_by(&issuer, configuration, None);
            let token = Token::read(&text).unwrap_or_else(|refusal| panic!("{}: {refusal}", configuration.id()));
            let keys = vec![("k1".to_owned(), issuer.signer().public().clone())];
            let evidence = Evidence { issuer_keys: Answer::Some(keys), ..Evidence::default() };
            let report = token.judge(&evidence, &Challenge { now: NOW, ..Challenge::default() });
            assert!(report.is_valid(), "{}: {report:?}", configuration.id());
            let said = fields(configuration.credential_type);
            let claims = match configuration.format {
                Format::SdJwtVc => Value::Object(report.claims),
                Format::VcJwt => report.claims["credentialSubject"].clone(),
            };
            for (name, value) in said.as_object().expect("an object") {
                assert_eq!(&claims[name], value, "{} {name}", configuration.id());
            }
        }
    }
}

#[test]
fn type_metadata_knows_every_claim_of_every_type() {
    for known in ALL {
        let configuration = Configuration { credential_type: *known, format: Format::SdJwtVc };
        let text = signed_by(&issuer(Algorithm::Es256), configuration, None);
        let metadata = TypeMetadata::new(*known, ADDRESS).document.into_bytes();
        let evidence = Evidence { metadata: Answer::Some(metadata), ..evidence(&[]) };
        let report =
            Token::read(&text).expect("read").judge(&evidence, &Challenge { now: NOW, ..Challenge::default() });
        assert_eq!(failure(&report, Step::Schema), None, "{known} {report:?}");
        let mut other: Value = serde_json::from_str(&TypeMetadata::new(*known, ADDRESS).document).expect("JSON");
        other["name"] = "Another".into();
        let evidence = Evidence { metadata: Answer::Some(other.to_string().into_bytes()), ..evidence };
        let report =
            Token::read(&text).expect("read").judge(&evidence, &Challenge { now: NOW, ..Challenge::default() });
        assert_eq!(failure(&report, Step::Schema), Some("claim"), "vct#integrity holds");
    }
}

#[test]
fn a_presentation_shows_what_was_chosen_and_is_bound_to_its_challenge() {
    let (text, holder) = bound();
    let credential = SdJwt::read(&text).expect("read");
    let shown = credential.present(|place| place == "/employment/0" || place == "/full_name").expect("shown");
    assert!(shown.len() < text.len());
    let presentation = sd_jwt::bind(&shown, ("https://hirer.example", "n-1"), NOW, &holder).expect("bound");
    let report = Token::read(&presentation).expect("read").judge(&evidence(&[]), &challenge());
    assert!(report.is_valid(), "{report:?}");
    assert!(report.verdicts.iter().all(|verdict| verdict.outcome == Outcome::Passed), "{report:?}");
    let said = fields(Type::default());
    assert_eq!(report.claims["employment"], json!([said["employment"][0]]));
    assert_eq!(report.claims["full_name"], said["full_name"]);
    assert!(!report.claims.contains_key("partner_chain") && !report.claims.contains_key("_sd"));
    assert_eq!(report.claims["attested_by"], json!({ "name": "Acme Payroll" }));
}

#[test]
fn what_answers_another_challenge_is_refused_by_name() {
    let (text, holder) = bound();
    let bind = |audience: &str, nonce: &str, at: i64, by: &SoftwareKey| {
        sd_jwt::bind(&text, (audience, nonce), at, by).expect("bound")
    };
    let judge = |presentation: &str| {
        failure(&Token::read(presentation).expect("read").judge(&evidence(&[]), &challenge()), Step::Holder)
    };
    let right = "https://hirer.example";
    assert_eq!(judge(&bind(right, "n-1", NOW, &holder)), None);
    assert_eq!(judge(&bind("https://other.example", "n-1", NOW, &holder)), Some("audience"));
    assert_eq!(judge(&bind(right, "n-0", NOW, &holder)), Some("nonce"));
    assert_eq!(judge(&bind(right, "n-1", NOW - 1000, &holder)), Some("too_old"));
    assert_eq!(judge(&bind(right, "n-1", NOW + 1000, &holder)), Some("from_the_future"));
    assert_eq!(judge(&bind(right, "n-1", NOW, &key(3, Algorithm::Es256))), Some("signature"));
    assert_eq!(judge(&bind(right, "n-1", NOW, &key(3, Algorithm::EdDsa))), Some("key_confusion"));
    assert_eq!(judge(&text), Some("not_bound"));
    let less = SdJwt::read(&text).expect("read").present(|place| place == "/full_name").expect("shown");
    let binding = bind(right, "n-1", NOW, &holder);
    let moved = format!("{less}{}", binding.rsplit_once('~').expect("a tilde").1);
    assert_eq!(judge(&moved), Some("sd_hash"), "a binding of more than is shown");
    let unbound = signed_by(&issuer(Algorithm::Es256), career(Format::SdJwtVc), None);
    assert_eq!(judge(&sd_jwt::bind(&unbound, (right, "n-1"), NOW, &holder).expect("bound")), Some("not_bound"));
    let header = jws::protected(&json!({ "alg": "ES256", "typ": "JWT" }));
    let payload = SdJwt::read(&binding).expect("read").key_binding.expect("bound").payload;
    let payload = Value::Object(payload).to_string();
    let untyped = format!("{text}{}", jws::sign(&header, payload.as_bytes(), &holder).expect("signed"));
    assert_eq!(judge(&untyped), Some("type"));
}

#[test]
fn status_and_time_are_checked() {
    let (text, _) = bound();
    let token = Token::read(&text).expect("read");
    let at = |now: i64| Challenge { now, ..Challenge::default() };
    let status = |evidence: &Evidence| failure(&token.judge(evidence, &at(NOW)), Step::Status);
    assert_eq!(status(&evidence(&[6, 8])), None);
    assert_eq!(status(&evidence(&[7])), Some("revoked"));
    let other_list = |change: &dyn Fn(&mut Value)| {
        let mut payload =
            token_payload(&StatusList::of_revoked(8, []), &format!("{ADDRESS}/status/1"), (NOW, NOW + 60), 60);
        change(&mut payload);
        let token = forged(&json!({ "alg": "ES256", "typ": "statuslist+jwt", "kid": "k1" }), &payload);
        status(&Evidence { status: Answer::Some(token), ..evidence(&[]) })
    };
    assert_eq!(other_list(&|_| {}), None);
    assert_eq!(other_list(&|payload| payload["sub"] = "https://other.example".into()), Some("claim"));
    assert_eq!(other_list(&|payload| payload["exp"] = (NOW - 100).into()), Some("expired"));
    assert_eq!(other_list(&|payload| payload["iat"] = (NOW + 100).into()), Some("from_the_future"));
    assert_eq!(other_list(&|payload| payload["status_list"]["lst"] = "eNpjAAAAAQAB".into()), None);
    let untyped = forged(&json!({ "alg": "ES256", "typ": "JWT", "kid": "k1" }), &json!({}));
    assert_eq!(status(&Evidence { status: Answer::Some(untyped), ..evidence(&[]) }), Some("type"));
    for (now, code) in [(NOW, None), (NOW + YEAR + 61, Some("expired")), (NOW - 61, Some("from_the_future"))] {
        assert_eq!(failure(&token.judge(&evidence(&[]), &at(now)), Step::Dates), code, "{now}");
    }
}

#[test]
fn a_w3c_credential_is_revoked_by_its_bitstring() {
    let issuer = issuer(Algorithm::Es256);
    let text = signed_by(&issuer, career(Format::VcJwt), None);
    let uri = format!("{ADDRESS}/status/1/bitstring");
    let profile =
        credential::format::vc_jwt::IssuerProfile { id: "did:web:passport.example", name: "T", address: ADDRESS };
    for (revoked, code) in [(vec![], None), (vec![7], Some("revoked"))] {
        let list = StatusList::of_revoked(131_072, revoked);
        let list = credential::format::vc_jwt::status_list_credential(&profile, &uri, &list, (NOW, NOW + 60));
        let list = forged(&json!({ "alg": "ES256", "typ": "vc+jwt", "kid": "did:web:passport.example#k1" }), &list);
        let evidence = Evidence { status: Answer::Some(list), ..evidence(&[]) };
        let report =
            Token::read(&text).expect("read").judge(&evidence, &Challenge { now: NOW, ..Challenge::default() });
        assert_eq!(failure(&report, Step::Status), code, "{report:?}");
    }
}

#[test]
fn headers_that_mislead_are_refused() {
    let (text, _) = bound();
    let (issued, disclosures) = text.split_once('~').expect("a tilde");
    let payload = Value::Object(SdJwt::read(&text).expect("read").jws.payload);
    let with = |header: Value| {
        let text = format!("{}~{disclosures}", forged(&header, &payload));
        Token::read(&text).map(|token| {
            failure(&token.judge(&evidence(&[]), &Challenge { now: NOW, ..Challenge::default() }), Step::Signature)
        })
    };
    let header = |alg: &str, typ: &str| json!({ "alg": alg, "typ": typ, "kid": "k1" });
    assert_eq!(with(header("ES256", "dc+sd-jwt")), Ok(None));
    for alg in ["none", "None", "HS256", "RS256", "ES256K", ""] {
        assert_eq!(with(header(alg, "dc+sd-jwt")), Err(Refusal::Algorithm(alg.to_owned())));
    }
    assert_eq!(with(header("EdDSA", "dc+sd-jwt")), Ok(Some("key_confusion")));
    for typ in ["vc+sd-jwt", "JWT", "", "kb+jwt"] {
        assert!(matches!(with(header("ES256", typ)), Err(Refusal::Type { .. })), "{typ}");
    }
    assert_eq!(with(json!({ "alg": "ES256", "typ": "dc+sd-jwt", "kid": "k2" })), Ok(Some("unknown_key")));
    assert_eq!(
        with(json!({ "alg": "ES256", "typ": "dc+sd-jwt", "kid": "k1", "crit": ["b64"] })),
        Err(Refusal::Critical)
    );
    let unsigned = format!("{}.~{disclosures}", issued.rsplit_once('.').expect("three parts").0);
    let report =
        Token::read(&unsigned).expect("read").judge(&evidence(&[]), &Challenge { now: NOW, ..Challenge::default() });
    assert_eq!(failure(&report, Step::Signature), Some("signature"));
}

/// An SD-JWT VC of the issuer with any payload and disclosures.
fn crafted(payload: &Value, disclosures: &[&Value]) -> String {
    use base64::Engine as _;
    let encoded =
        disclosures.iter().map(|value| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(value.to_string()));
    let header = json!({ "alg": "ES256", "typ": "dc+sd-jwt", "kid": "k1" });
    encoded.fold(format!("{}~", forged(&header, payload)), |text, disclosure| format!("{text}{disclosure}~"))
}

fn digest(disclosure: &Value) -> String {
    use base64::Engine as _;
    let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let text = engine.encode(disclosure.to_string());
    engine.encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes()))
}

#[test]
fn disclosures_that_do_not_belong_are_refused_by_name() {
    let name = json!(["salt", "full_name", "Jane"]);
    let item = json!(["salt", "Jane"]);
    let read = |payload: &Value, disclosures: &[&Value]| SdJwtVc::read(&crafted(payload, disclosures)).map(|_| ());
    let plain = json!({ "vct": "v", "_sd": [digest(&name)], "_sd_alg": "sha-256" });
    assert_eq!(read(&plain, &[&name]), Ok(()));
    assert_eq!(read(&plain, &[]), Ok(()));
    assert_eq!(read(&plain, &[&json!(["salt", "full_name", "Joan"])]), Err(Refusal::StrayDisclosure));
    assert_eq!(read(&plain, &[&name, &name]), Err(Refusal::DuplicateDigest));
    let twice = json!({ "vct": "v", "_sd": [digest(&name), digest(&name)] });
    assert_eq!(read(&twice, &[]), Err(Refusal::DuplicateDigest));
    let nested_twice = json!({ "vct": "v", "_sd": [digest(&name)], "more": { "_sd": [digest(&name)] } });
    assert_eq!(read(&nested_twice, &[&name]), Err(Refusal::DuplicateDigest));
    let hashed = json!({ "vct": "v", "_sd": [digest(&name)], "_sd_alg": "sha-1" });
    assert_eq!(read(&hashed, &[]), Err(Refusal::HashAlgorithm("sha-1".to_owned())));
    let taken = json!({ "vct": "v", "full_name": "Joan", "_sd": [digest(&name)] });
    assert!(matches!(read(&taken, &[&name]), Err(Refusal::Disclosure(_))));
    let as_member = json!({ "vct": "v", "_sd": [digest(&item)] });
    assert!(matches!(read(&as_member, &[&item]), Err(Refusal::Disclosure(_))));
    let as_item = json!({ "vct": "v", "list": [{ "...": digest(&name) }] });
    assert!(matches!(read(&as_item, &[&name]), Err(Refusal::Disclosure(_))));
    for hidden in ["_sd", "..."] {
        let disclosure = json!(["salt", hidden, ["x"]]);
        let payload = json!({ "vct": "v", "_sd": [digest(&disclosure)] });
        assert!(matches!(read(&payload, &[&disclosure]), Err(Refusal::Disclosure(_))), "{hidden}");
    }
    for open in ["iss", "exp", "nbf", "cnf", "vct", "vct#integrity", "aka_vcts", "status"] {
        let disclosure = json!(["salt", open, 1]);
        let payload = json!({ "_sd": [digest(&disclosure)] });
        assert_eq!(read(&payload, &[&disclosure]), Err(Refusal::MustNotBeDisclosed(open.to_owned())));
    }
    for broken in
        [json!("text"), json!(["salt"]), json!([1, "name", 2]), json!(["salt", 1, 2]), json!(["a", "b", 1, 2])]
    {
        assert!(matches!(read(&json!({ "vct": "v" }), &[&broken]), Err(Refusal::Disclosure(_))), "{broken}");
    }
}

#[test]
fn disclosures_that_hide_in_one_another_are_followed_only_so_far() {
    let mut disclosures = vec![json!(["salt", "end", 1])];
    for _ in 0..60 {
        let last = digest(disclosures.last().expect("one"));
        disclosures.push(json!(["salt", "more", { "_sd": [last] }]));
    }
    let payload = json!({ "vct": "v", "_sd": [digest(disclosures.last().expect("one"))] });
    let all: Vec<&Value> = disclosures.iter().collect();
    assert!(matches!(SdJwtVc::read(&crafted(&payload, &all)), Err(Refusal::Disclosure(_))));
}

#[test]
fn how_many_jobs_there_are_is_hidden() {
    let (text, _) = bound();
    let nothing = SdJwt::read(&text).expect("read").present(|place| place == "/employment").expect("shown");
    let shown = SdJwt::read(&nothing).expect("read").disclose().expect("shown").claims;
    assert_eq!(shown["employment"], json!([]), "no job is shown");
    let decoded = nothing.split('~').nth(1).expect("the list");
    use base64::Engine as _;
    let plain = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(decoded).expect("base64url");
    let list: Value = serde_json::from_slice(&plain).expect("JSON");
    assert_eq!(list[2].as_array().map(Vec::len), Some(4), "two jobs among decoys");
}

#[test]
fn a_key_elsewhere_that_cannot_sign_now_says_so() {
    #[derive(Debug)]
    struct Away;
    impl Signer for Away {
        fn algorithm(&self) -> Algorithm {
            Algorithm::Es256
        }
        fn sign(&self, _: &[u8]) -> Result<Vec<u8>, CannotSign> {
            Err(CannotSign("the module does not answer".to_owned()))
        }
    }
    let issuer = Issuer::new(ADDRESS, "Tenure", "k1", &[], Away);
    let fields = fields(Type::default());
    let statement = Statement {
        id: "urn:uuid:1",
        credential_type: Type::default(),
        fields: &fields,
        partner_chain: &[],
        attester: "A",
        attested_at: "2026-11-20",
        issued_at: NOW,
        expires_at: NOW,
        status: None,
        holder: None,
    };
    for format in Format::ALL {
        assert!(issuer.sign(format, &statement, &mut rng()).is_err());
    }
}

proptest! {
    #[test]
    fn any_changed_character_is_noticed(place in 0..4000_usize, replacement in "[A-Za-z0-9_.~-]") {
        let (text, holder) = bound();
        let presentation = sd_jwt::bind(&text, ("https://hirer.example", "n-1"), NOW, &holder).expect("bound");
        let place = place % presentation.len();
        let mut changed = presentation.clone();
        changed.replace_range(place..=place, &replacement);
        prop_assume!(changed != presentation);
        if let Ok(token) = Token::read(&changed) {
            prop_assert!(!token.judge(&evidence(&[]), &challenge()).is_valid());
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[A-Za-z0-9_=.~{}\"-]{0,200}") {
        let _ = Token::read(&text);
    }

    #[test]
    fn every_choice_of_places_is_shown_and_no_more(chosen in proptest::collection::btree_set(0..20_usize, 0..10)) {
        let (text, _) = bound();
        let credential = SdJwt::read(&text).expect("read");
        let places = credential.disclose().expect("shown").places;
        let kept: Vec<&String> = places.iter().enumerate().filter(|(at, _)| chosen.contains(at)).map(|(_, place)| place).collect();
        let shown = credential.present(|place| kept.iter().any(|kept| *kept == place)).expect("shown");
        let disclosed = SdJwt::read(&shown).expect("read").disclose().expect("shown");
        let wanted = |place: &&String| kept.iter().any(|kept| kept == place || kept.starts_with(&format!("{place}/")));
        prop_assert_eq!(disclosed.places.len(), places.iter().filter(wanted).count());
    }
}
