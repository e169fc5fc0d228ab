//! Parses any bytes as a verification request with a partner's query. An accepted query has one
//! bound credential, survives storage, is met by claims that have all of it, and has a label for
//! every claim.
#![no_main]

use credential::{PartnerQuery, PresentationRequest, Type};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};

fuzz_target!(|input: (&str, &str)| {
    let (query, claims) = input;
    let body = format!(r#"{{"dcql_query":{query}}}"#);
    let Ok(request) = PresentationRequest::parse(Type::default(), body.as_bytes()) else { return };
    let Some(query) = request.query else { return };
    let [credential] = query.query().credentials.as_slice() else { panic!("not one credential") };
    assert!(credential.is_bound && !credential.multiple && !credential.vct_values.is_empty());
    assert!(!request.claims.is_empty() && !credential.claims.is_empty());
    let stored = serde_json::to_vec(&query).expect("JSON");
    assert_eq!(serde_json::from_slice::<PartnerQuery>(&stored).expect("read back"), query);
    assert!(query.labels(Type::default()).iter().all(|label| !label.is_empty()));
    assert!(query.credential_names().iter().all(|name| !name.is_empty()));
    assert!(query.alternatives(Type::default()).iter().flatten().all(|label| !label.is_empty()));
    let claims: Map<String, Value> = serde_json::from_str(claims).unwrap_or_default();
    if credential.claims.iter().all(|claim| claim.path.select(&claims).is_some()) {
        assert!(credential.choose(&claims).is_some());
    }
});
