//! Signatures, JWKs, and the keys that are rejected.

use super::*;

fn keys() -> [SoftwareKey; 2] {
    Algorithm::ALL.map(|algorithm| SoftwareKey::from_bytes(algorithm, &[7; 32]).expect("a key"))
}

#[test]
fn signatures_verify_only_with_their_key_and_message() {
    for key in keys() {
        let other = SoftwareKey::from_bytes(key.algorithm(), &[8; 32]).expect("a key");
        let signature = key.sign(b"message").expect("signed");
        assert_eq!(signature.len(), 64);
        assert!(key.public().verify(b"message", &signature));
        assert!(!key.public().verify(b"massage", &signature));
        assert!(!other.public().verify(b"message", &signature));
        assert!(!key.public().verify(b"message", &[0; 64]));
    }
}

#[test]
fn private_keys_read_back_from_pkcs8_as_the_same_key() {
    for key in keys() {
        let der = key.pkcs8().expect("PKCS #8");
        for algorithm in Algorithm::ALL {
            let read = SoftwareKey::from_der(algorithm, &der).map(|read| read.public().clone());
            let expected = if algorithm == key.algorithm() { Ok(key.public().clone()) } else { Err(NoPrivateKeyError) };
            assert_eq!(read, expected, "{algorithm:?}");
        }
        assert_eq!(SoftwareKey::from_der(key.algorithm(), &der[..20]).err(), Some(NoPrivateKeyError));
    }
}

#[test]
fn jwks_and_did_jwks_read_back_as_the_same_key() {
    for key in keys() {
        let public = key.public();
        assert_eq!(PublicKey::from_jwk(&public.jwk()).as_ref(), Ok(public));
        assert_eq!(PublicKey::from_jwk(&public.published_jwk("1")).as_ref(), Ok(public));
        assert_eq!(PublicKey::from_did_jwk(&public.did_jwk()).as_ref(), Ok(public));
        assert_eq!(PublicKey::from_did_jwk(&format!("{}#0", public.did_jwk())).as_ref(), Ok(public));
    }
}

// Conforms: RFC 9864 2.2
#[test]
fn ed25519_is_a_name_of_eddsa() {
    assert_eq!(Algorithm::from_name("Ed25519"), Some(Algorithm::EdDsa));
    assert!(Algorithm::NAMES.iter().all(|name| Algorithm::from_name(name).is_some()));
    assert!(Algorithm::ALL.iter().all(|known| Algorithm::NAMES.contains(&known.name())));
    for other in ["none", "Ed448", "ESP256", "ed25519", "HS256", ""] {
        assert_eq!(Algorithm::from_name(other), None, "{other}");
    }
    let [es256, eddsa] = keys();
    let with = |key: &SoftwareKey, name: &str| {
        let mut jwk = key.public().jwk();
        jwk["alg"] = name.into();
        PublicKey::from_jwk(&jwk)
    };
    assert_eq!(with(&eddsa, "Ed25519").as_ref(), Ok(eddsa.public()));
    assert_eq!(with(&es256, "Ed25519"), Err(InvalidKey::OtherUse));
    assert_eq!(eddsa.public().published_jwk("1")["alg"], "EdDSA", "what is published keeps its name");
}

#[test]
fn null_members_of_a_jwk_count_as_absent() {
    for key in keys() {
        let mut jwk = key.public().jwk();
        for name in ["d", "k", "use", "alg", "kid", "key_ops"] {
            jwk[name] = Value::Null;
        }
        assert_eq!(PublicKey::from_jwk(&jwk).as_ref(), Ok(key.public()));
    }
}

/// RFC 8037, appendix A.3, and its key in A.2.
#[test]
fn thumbprints_match_rfc_8037() {
    let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "kid": "x" });
    let key = PublicKey::from_jwk(&jwk).expect("a key");
    assert_eq!(key.thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

#[test]
fn unusable_jwks_are_rejected_with_their_reason() {
    let [es256, _] = keys();
    let with = |name: &str, value: Value| {
        let mut jwk = es256.public().jwk();
        jwk[name] = value;
        PublicKey::from_jwk(&jwk)
    };
    assert_eq!(with("d", "AA".into()), Err(InvalidKey::Private));
    assert_eq!(with("k", "AA".into()), Err(InvalidKey::Private));
    assert_eq!(with("alg", "HS256".into()), Err(InvalidKey::OtherUse));
    assert_eq!(with("use", "enc".into()), Err(InvalidKey::OtherUse));
    assert_eq!(with("crv", "P-384".into()), Err(InvalidKey::Unsupported));
    assert_eq!(with("y", encode(&[1; 32]).into()), Err(InvalidKey::Malformed));
    assert_eq!(with("x", "short".into()), Err(InvalidKey::Malformed));
    assert_eq!(PublicKey::from_jwk(&json!({ "kty": "oct", "kid": "1" })), Err(InvalidKey::Unsupported));
    assert_eq!(PublicKey::from_did_jwk("did:web:example.org"), Err(InvalidKey::Unsupported));
    assert_eq!(SoftwareKey::from_bytes(Algorithm::Es256, &[0; 32]).err(), Some(NoPrivateKeyError));
}
