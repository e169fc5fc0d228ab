//! Parses any JSON as a DCQL query, and checks that a parsed query survives a round trip. Paths
//! select what their pointers say, a chosen claim set is complete, and any JSON can be matched as a
//! response.
#![no_main]

use credential::dcql::{ClaimsPath, Query};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|input: (&str, &str, &str)| {
    let (query, claims, vp_token) = input;
    let json = |text: &str| serde_json::from_str::<Value>(text).unwrap_or(Value::Null);
    let (written, claims, vp_token) = (json(query), json(claims), json(vp_token));
    let Value::Object(claims) = claims else { return };
    let whole = Value::Object(claims.clone());
    let selected = |path: &ClaimsPath| path.select(&claims).unwrap_or_default();

    if let Ok(path) = ClaimsPath::read(&written) {
        assert_eq!(ClaimsPath::read(&path.to_json()), Ok(path.clone()));
        for (place, value) in selected(&path) {
            assert_eq!(whole.pointer(&place), Some(value), "{place}");
            assert!(path.selects(&place), "{place}");
        }
    }
    let Ok(query) = Query::read(&written) else { return };
    assert_eq!(Query::read(&query.to_json()), Ok(query.clone()));
    for credential in &query.credentials {
        let chosen = credential.choose(&claims).unwrap_or_default();
        assert!(chosen.iter().all(|claim| !selected(&claim.path).is_empty()), "a claim was chosen that is not there");
    }
    for (credential, presentations) in query.answered(&vp_token).unwrap_or_default() {
        assert!(credential.multiple || presentations.len() == 1, "more came than was asked for");
    }
});
