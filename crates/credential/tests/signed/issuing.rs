//! Issuing, and type metadata.

use credential::format::sd_jwt::{Challenge, SdJwt};
use credential::format::sd_jwt_vc::TypeMetadata;
use credential::format::{Configuration, Format, Issuer, ListForm, Statement};
use credential::key::{Algorithm, SignError, Signer};
use credential::verification::{LookupResult, Step, Token, VerificationInputs};
use credential::{ALL, Type};
use serde_json::{Value, json};

use crate::support::{ADDRESS, NOW, bound, failure, fields, inputs, issuer, rng, signed_by};

// Conforms: HAIP 4; HAIP 6.1; SD-JWT VC 2; VC-JOSE-COSE 3.1.1
#[test]
fn every_type_verifies_in_every_format_and_algorithm() {
    for algorithm in Algorithm::ALL {
        let issuer = issuer(algorithm);
        for configuration in Configuration::all() {
            let text = signed_by(&issuer, configuration, None);
            let token = Token::read(&text).unwrap_or_else(|refusal| panic!("{}: {refusal}", configuration.id()));
            let keys = vec![("k1".to_owned(), issuer.signer().public().clone())];
            let inputs = VerificationInputs { issuer_keys: LookupResult::Found(keys), ..VerificationInputs::default() };
            let report = token.verify(&inputs, &Challenge { now: NOW, ..Challenge::default() });
            assert!(report.is_valid(), "{}: {report:?}", configuration.id());
            let said = fields(configuration.credential_type);
            let claims = match configuration.format {
                Format::SdJwtVc => Value::Object(report.claims),
                Format::VcJwt | Format::JwtVcJson => report.claims["credentialSubject"].clone(),
            };
            for (name, value) in said.as_object().expect("an object") {
                assert_eq!(&claims[name], value, "{} {name}", configuration.id());
            }
        }
    }
}

// Conforms: SD-JWT VC 5
#[test]
fn type_metadata_lists_every_claim_of_every_type() {
    for known in ALL {
        let configuration = Configuration { credential_type: *known, format: Format::SdJwtVc };
        let text = signed_by(&issuer(Algorithm::Es256), configuration, None);
        let metadata = TypeMetadata::new(*known, ADDRESS).document.into_bytes();
        let inputs = VerificationInputs { metadata: LookupResult::Found(metadata), ..inputs(&[]) };
        let report = Token::read(&text).expect("read").verify(&inputs, &Challenge { now: NOW, ..Challenge::default() });
        assert_eq!(failure(&report, Step::Schema), None, "{known} {report:?}");
        let mut other: Value = serde_json::from_str(&TypeMetadata::new(*known, ADDRESS).document).expect("JSON");
        other["name"] = "Another".into();
        let inputs = VerificationInputs { metadata: LookupResult::Found(other.to_string().into_bytes()), ..inputs };
        let report = Token::read(&text).expect("read").verify(&inputs, &Challenge { now: NOW, ..Challenge::default() });
        assert_eq!(failure(&report, Step::Schema), Some("claim"), "vct#integrity holds");
    }
}

#[test]
fn details_that_are_not_shown_are_counted() {
    let (text, _) = bound();
    let shown = |keep: &dyn Fn(&str) -> bool| {
        let shown = SdJwt::read(&text).expect("read").present(keep).expect("shown");
        let report =
            Token::read(&shown).expect("read").verify(&inputs(&[]), &Challenge { now: NOW, ..Challenge::default() });
        assert!(!report.not_shown.at_most, "there are no decoys");
        (report.not_shown.count, report.claims.get("employment").cloned())
    };
    let jobs = fields(Type::default())["employment"].clone();
    assert_eq!(shown(&|_| true), (0, Some(jobs.clone())));
    assert_eq!(shown(&|place| place == "/employment/1"), (2, Some(json!([jobs[1]]))), "a job, and the chain");
    assert_eq!(shown(&|place| place == "/employment"), (3, None), "a list of nothing is absent");
    assert_eq!(shown(&|_| false), (2, None), "the list, and the chain");
}

#[test]
fn errors_of_the_signing_key_are_returned() {
    #[derive(Debug)]
    struct Away;
    impl Signer for Away {
        fn algorithm(&self) -> Algorithm {
            Algorithm::Es256
        }
        fn sign(&self, _: &[u8]) -> Result<Vec<u8>, SignError> {
            Err(SignError("the module does not answer".to_owned()))
        }
    }
    let issuer = Issuer::new(ADDRESS, "Tenure", "k1", &[], Away);
    let fields = fields(Type::default());
    let statement = Statement {
        id: "urn:uuid:1",
        credential_type: Type::default(),
        fields: &fields,
        lists: ListForm::AsDeclared,
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
