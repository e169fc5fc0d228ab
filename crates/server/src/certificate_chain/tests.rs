//! Chains and PEM files of any bytes, and the servers that a certificate names.

use credential::key::SoftwareKey;
use proptest::prelude::*;
use serde_json::json;

use super::*;

const NOW: Timestamp = Timestamp::from_micros(1_795_000_000_000_000);

/// Returns a certificate in DER with bytes changed, so that it is parsed far before it is refused.
fn damaged(changes: &[(usize, u8)]) -> Vec<u8> {
    let made = rcgen::generate_simple_self_signed(vec!["issuer.example".to_owned()]).expect("a certificate");
    let mut der = made.cert.der().to_vec();
    for (at, byte) in changes {
        let place = at % der.len();
        der[place] = *byte;
    }
    der
}

proptest! {
    #[test]
    fn chains_of_any_bytes_are_refused(
        bytes in proptest::collection::vec(any::<u8>(), 0..64),
        changes in proptest::collection::vec((0..4096_usize, any::<u8>()), 0..4),
    ) {
        let chains = [vec![bytes.clone()], vec![damaged(&changes)], vec![damaged(&changes), bytes]];
        for chain in chains {
            let x5c: Value = chain.iter().map(|der| STANDARD.encode(der)).collect();
            let chain = Chain::from_x5c(&x5c).expect("base64");
            let _ = chain.validate(NOW);
            prop_assert!(TrustAnchors::default().validate(&chain, NOW).is_err());
            prop_assert_eq!(chain.x5c().into_iter().collect::<Value>(), x5c);
        }
    }

    #[test]
    fn any_pem_is_read_or_refused(
        text in "(-----(BEGIN|END) (CERTIFICATE|PUBLIC KEY|X)-----\\n?|[A-Za-z0-9+/=\\n]{0,20}){0,6}",
    ) {
        let chain = Chain::from_pem(text.as_bytes()).err().map(|error| error.to_string());
        let anchors = TrustAnchors::among(text.as_bytes(), NOW).err();
        prop_assert!(chain.into_iter().chain(anchors).all(|why| !why.is_empty()));
    }
}

#[test]
fn certificates_name_servers_by_url_or_host() {
    let leaf = |uris: &[&str], hosts: &[&str]| Leaf {
        key: SoftwareKey::from_bytes(Algorithm::Es256, &[1; 32]).expect("a key").public().clone(),
        authority: None,
        uris: uris.iter().map(|name| (*name).to_owned()).collect(),
        hosts: hosts.iter().map(|name| (*name).to_owned()).collect(),
    };
    let by_host = leaf(&[], &["Issuer.example"]);
    for address in [
        "https://issuer.example",
        "https://issuer.example:8443/a/b",
        "did:web:issuer.example",
        "did:web:ISSUER.example",
        "did:web:issuer.example%3A8443:a:b",
        "did:web:issuer.example%3a8443",
    ] {
        assert!(by_host.names(address), "{address}");
    }
    for address in [
        "https://a.issuer.example",
        "did:web:a.issuer.example",
        "did:web:issuer.example.org",
        "did:web:other.example:issuer.example",
        "did:web:issuer.example/a",
        "did:web:a@issuer.example",
        "did:web:",
        "did:key:issuer.example",
        "issuer.example",
    ] {
        assert!(!by_host.names(address), "{address}");
    }
    for (uri, address, is_named) in [
        ("https://issuer.example", "https://issuer.example", true),
        ("https://issuer.example", "did:web:issuer.example", true),
        ("http://localhost:8080", "did:web:localhost%3A8080", true),
        ("did:web:issuer.example", "did:web:issuer.example", true),
        ("https://issuer.example/a/b", "did:web:issuer.example:a:b", true),
        ("https://issuer.example/a", "https://issuer.example/b", false),
        ("https://issuer.example/a", "did:web:issuer.example", false),
        ("https://issuer.example", "did:web:issuer.example:a", false),
        ("https://issuer.example:8443", "did:web:issuer.example", false),
        ("ftp://issuer.example", "did:web:issuer.example", false),
        ("urn:issuer.example", "did:web:urn%3Aissuer.example", false),
    ] {
        assert_eq!(leaf(&[uri], &[]).names(address), is_named, "{uri} {address}");
    }
}

#[test]
fn malformed_x5c_is_refused() {
    let many = json!(vec!["AAAA"; 9]);
    for x5c in [json!(null), json!("AAAA"), json!([]), json!([7]), json!(["not base64!"]), json!([""]), many] {
        let refused = Chain::from_x5c(&x5c).and_then(|chain| chain.validate(NOW));
        assert!(refused.is_err(), "{x5c}");
    }
}

/// Returns the parameters of a certificate.
fn named(name: &str, is_ca: rcgen::IsCa) -> rcgen::CertificateParams {
    let mut params = rcgen::CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    params.is_ca = is_ca;
    params
}

#[test]
fn path_length_of_a_trust_anchor_applies() {
    use rcgen::{BasicConstraints, IsCa, Issuer, KeyPair};

    let (root_key, below_key) = (KeyPair::generate().expect("a key"), KeyPair::generate().expect("a key"));
    let root = |limit: BasicConstraints| named("Root", IsCa::Ca(limit));
    let anchor = |limit: BasicConstraints| root(limit).self_signed(&root_key).expect("a certificate").der().clone();
    let anchors = |limits: Vec<BasicConstraints>| TrustAnchors(limits.into_iter().map(anchor).collect());
    let unlimited = || named("Below", IsCa::Ca(BasicConstraints::Unconstrained));
    let same_key = KeyPair::from_pem(&root_key.serialize_pem()).expect("a key");
    let signer = Issuer::new(root(BasicConstraints::Unconstrained), same_key);
    let below = unlimited().signed_by(&below_key, &signer).expect("a certificate").der().clone();
    let leaf = |issuer: &Issuer<'_, KeyPair>| {
        let key = KeyPair::generate().expect("a key");
        named("Signing key", IsCa::NoCa).signed_by(&key, issuer).expect("a certificate").der().clone()
    };
    let direct = Chain(vec![leaf(&signer)]);
    let longer = Chain(vec![leaf(&Issuer::new(unlimited(), below_key)), below]);
    let limited = |limit: u8| BasicConstraints::Constrained(limit);
    for (limits, chain, expected) in [
        (vec![limited(0)], &direct, None),
        (vec![limited(0)], &longer, Some(ChainError::PathLength)),
        (vec![limited(1)], &longer, None),
        (vec![BasicConstraints::Unconstrained], &longer, None),
        (vec![limited(0), limited(1)], &longer, None),
    ] {
        let anchors = anchors(limits);
        assert_eq!(anchors.validate(chain, NOW).err(), expected, "{anchors:?}");
        assert_eq!(anchors.anchor_of(chain, NOW).is_none(), expected.is_some(), "{anchors:?}");
    }
}
