//! W3C credentials of data models 1.1 and 2.0.

use credential::format::sd_jwt::Challenge;
use credential::format::vc_jwt::{IssuerProfile, status_list_credential};
use credential::format::{Configuration, Format};
use credential::jws::Jws;
use credential::key::Algorithm;
use credential::status::StatusList;
use credential::verification::{LookupResult, Step, Token, VerificationInputs};
use credential::{ALL, Type, VerifyError};
use serde_json::{Value, json};

use crate::support::{ADDRESS, NOW, YEAR, career, failure, fields, forged, inputs, issuer, key, signed_by};

fn older(known: Type) -> Configuration {
    Configuration { credential_type: known, format: Format::JwtVcJson }
}

// Conforms: OpenID4VCI A.1.1; VCDM 1.1 6.3.1
#[test]
fn credential_of_model_1_1_is_the_claim_vc() {
    let holder = key(2, Algorithm::Es256);
    for known in ALL {
        let text = signed_by(&issuer(Algorithm::Es256), older(*known), Some(holder.public()));
        let jws = Jws::read(&text).expect("read");
        assert_eq!((&jws.header["typ"], jws.header.get("cty")), (&json!("JWT"), None));
        let (payload, vc) = (&jws.payload, &jws.payload["vc"]);
        assert_eq!(vc["@context"][0], "https://www.w3.org/2018/credentials/v1");
        assert_eq!(vc["type"][0], "VerifiableCredential");
        assert_ne!(vc["type"][1], "OpenBadgeCredential", "an Open Badge needs data model 2.0");
        for name in ["type", "@context", "issuer", "credentialSubject", "validFrom", "iat"] {
            assert!(!payload.contains_key(name), "{name}");
        }
        let seconds =
            |name: &str| vc[name].as_str().expect("a time").parse::<jiff::Timestamp>().expect("a time").as_second();
        assert_eq!((&payload["iss"], &payload["jti"]), (&vc["issuer"]["id"], &vc["id"]));
        assert_eq!(payload["sub"], vc["credentialSubject"]["id"]);
        assert_eq!((payload["nbf"].as_i64(), payload["exp"].as_i64()), (Some(NOW), Some(seconds("expirationDate"))));
        assert_eq!(seconds("issuanceDate"), NOW);
        assert!(vc.get("validFrom").is_none() && vc.get("validUntil").is_none());
        assert_eq!(vc["credentialStatus"]["type"], "BitstringStatusListEntry");
        let mut subject = vc["credentialSubject"].clone();
        assert!(subject.as_object_mut().expect("an object").remove("id").is_some());
        assert_eq!(subject, fields(*known), "{known}");
    }
}

// Conforms: VC-JOSE-COSE 3.1.1; VCDM 1.1 6.3.1
#[test]
fn formats_are_distinguished() {
    let names = [(Format::SdJwtVc, "dc+sd-jwt"), (Format::VcJwt, "vc+jwt"), (Format::JwtVcJson, "jwt_vc_json")];
    for (format, name) in names {
        let text = signed_by(&issuer(Algorithm::Es256), career(format), None);
        let token = Token::read(&text).expect("read");
        assert_eq!((token.format(), format.name()), (format, name));
        assert_eq!(token.credential_type(), Some(Type::default()));
        assert_eq!(token.full_name(), Some("John Doe"));
    }
}

// Conforms: VCDM 1.1 6.3.1; Bitstring Status List 3.2
#[test]
fn credential_of_model_1_1_expires_and_is_revoked() {
    let issuer = issuer(Algorithm::Es256);
    let text = signed_by(&issuer, older(Type::default()), None);
    let at = |text: &str, inputs: &VerificationInputs, now: i64| {
        Token::read(text).expect("read").verify(inputs, &Challenge { now, ..Challenge::default() })
    };
    assert!(at(&text, &inputs(&[]), NOW).is_valid());
    assert_eq!(failure(&at(&text, &inputs(&[7]), NOW), Step::Status), Some("revoked"));
    assert_eq!(failure(&at(&text, &inputs(&[]), NOW + YEAR + 61), Step::Dates), Some("expired"));
    assert_eq!(failure(&at(&text, &inputs(&[]), NOW - 61), Step::Dates), Some("not_yet_valid"));
    // Without the claim of the Token Status List, the bitstring decides.
    let header = json!({ "alg": "ES256", "typ": "JWT", "kid": "did:web:passport.example#k1" });
    let mut payload = Jws::read(&text).expect("read").payload;
    assert!(payload.remove("status").is_some());
    let text = forged(&header, &Value::Object(payload));
    let uri = format!("{ADDRESS}/status/1/bitstring");
    let profile = IssuerProfile { id: "did:web:passport.example", name: "T", address: ADDRESS };
    let list = status_list_credential(&profile, &uri, &StatusList::of_revoked(131_072, [7]), (NOW, NOW + 60));
    let list = forged(&json!({ "alg": "ES256", "typ": "vc+jwt", "kid": "did:web:passport.example#k1" }), &list);
    let inputs = VerificationInputs { status: LookupResult::Found(list), ..inputs(&[]) };
    assert_eq!(failure(&at(&text, &inputs, NOW), Step::Status), Some("revoked"));
}

#[test]
fn other_jwts_are_not_credentials() {
    let vc = json!({ "type": ["VerifiableCredential"], "issuer": "did:web:passport.example" });
    for (typ, payload, is_type) in [
        (json!("JWT"), json!({ "iss": ADDRESS, "sub": "ada" }), true),
        (json!("at+jwt"), json!({ "vc": vc }), true),
        (json!("vc+jwt"), json!({ "vc": vc }), false),
        (json!("JWT"), json!({ "vc": { "type": ["Other"] } }), false),
        (json!("JWT"), json!({ "iss": "did:web:other.example", "vc": vc }), false),
    ] {
        let header = json!({ "alg": "ES256", "typ": typ, "kid": "k1" });
        let refusal = Token::read(&forged(&header, &payload)).map(|_| ()).expect_err("another kind of token");
        assert_eq!(matches!(refusal, VerifyError::Type { .. }), is_type, "{payload}: {refusal}");
    }
}
