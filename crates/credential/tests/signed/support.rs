//! An issuer, a holder and a verifier with fixed keys, randomness and time.

use base64::Engine as _;
use credential::format::sd_jwt::Challenge;
use credential::format::sd_jwt_vc::TypeMetadata;
use credential::format::{Configuration, Format, Issuer, ListForm, Statement};
use credential::jws;
use credential::key::{Algorithm, PublicKey, SoftwareKey};
use credential::status::{StatusList, StatusReference, token_payload};
use credential::verification::{LookupResult, Report, Step, StepOutcome, VerificationInputs};
use credential::{Context, Submission, Type};
use serde_json::{Value, json};

pub const ADDRESS: &str = "https://passport.example";
pub const NOW: i64 = 1_795_000_000;
pub const YEAR: i64 = 365 * 86_400;

pub fn key(number: u8, algorithm: Algorithm) -> SoftwareKey {
    SoftwareKey::from_bytes(algorithm, &[number; 32]).expect("a key")
}

pub fn issuer(algorithm: Algorithm) -> Issuer<SoftwareKey> {
    Issuer::new(ADDRESS, "Tenure", "k1", &[], key(1, algorithm))
}

/// Returns a repeatable generator.
pub fn rng() -> impl FnMut(&mut [u8]) {
    let mut state = 0_u64;
    move |bytes: &mut [u8]| {
        for byte in bytes {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *byte = state.to_be_bytes()[0];
        }
    }
}

pub fn fields(known: Type) -> Value {
    let context = Context::new("2026-11-23T09:00:00Z".parse().expect("a time"));
    let body = (known.sample)().to_string();
    Submission::parse_v2(known, body.as_bytes(), &context).expect("the sample is good").fields()
}

pub fn signed_by(issuer: &Issuer<SoftwareKey>, configuration: Configuration, holder: Option<&PublicKey>) -> String {
    let fields = fields(configuration.credential_type);
    let status = StatusReference { uri: format!("{ADDRESS}/status/1"), index: 7 };
    let statement = Statement {
        id: "urn:uuid:00000000-0000-4000-8000-000000000001",
        credential_type: configuration.credential_type,
        fields: &fields,
        lists: ListForm::ItemByItem,
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

pub fn career(format: Format) -> Configuration {
    Configuration { credential_type: Type::default(), format }
}

/// Returns a career history that is bound to the holder's key, and the key.
pub fn bound() -> (String, SoftwareKey) {
    let holder = key(2, Algorithm::Es256);
    (signed_by(&issuer(Algorithm::Es256), career(Format::SdJwtVc), Some(holder.public())), holder)
}

pub fn status_token(revoked: &[u32]) -> String {
    let list = StatusList::of_revoked(131_072, revoked.iter().copied());
    let payload = token_payload(&list, &format!("{ADDRESS}/status/1"), (NOW, NOW + 3600), 300);
    let header = jws::protected(&json!({ "alg": "ES256", "typ": "statuslist+jwt", "kid": "k1" }));
    jws::sign(&header, payload.to_string().as_bytes(), &key(1, Algorithm::Es256)).expect("signed")
}

pub fn inputs(revoked: &[u32]) -> VerificationInputs {
    let metadata = TypeMetadata::new(Type::default(), ADDRESS).document;
    VerificationInputs {
        issuer_keys: LookupResult::Found(vec![("k1".to_owned(), key(1, Algorithm::Es256).public().clone())]),
        status: LookupResult::Found(status_token(revoked)),
        more_status: Vec::new(),
        stored_status: None,
        metadata: LookupResult::Found(metadata.into_bytes()),
    }
}

pub fn challenge() -> Challenge<'static> {
    Challenge { audience: Some("https://hirer.example"), nonce: Some("n-1"), now: NOW, most_age: Some(300) }
}

pub fn failure(report: &Report, step: Step) -> Option<&'static str> {
    let verdict = report.verdict(step).expect("every step has a verdict");
    assert_eq!(verdict.outcome == StepOutcome::Failed, verdict.code.is_some(), "{verdict:?}");
    verdict.code
}

/// Signs any header and payload with the issuer's key.
pub fn forged(header: &Value, payload: &Value) -> String {
    let signer = key(1, Algorithm::Es256);
    jws::sign(&jws::protected(header), payload.to_string().as_bytes(), &signer).expect("signed")
}

/// Returns an SD-JWT VC of the issuer with any payload and disclosures.
pub fn crafted(payload: &Value, disclosures: &[&Value]) -> String {
    let encoded =
        disclosures.iter().map(|value| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(value.to_string()));
    let header = json!({ "alg": "ES256", "typ": "dc+sd-jwt", "kid": "k1" });
    encoded.fold(format!("{}~", forged(&header, payload)), |text, disclosure| format!("{text}{disclosure}~"))
}

pub fn digest(disclosure: &Value) -> String {
    let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let text = engine.encode(disclosure.to_string());
    engine.encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes()))
}
