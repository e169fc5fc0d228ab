//! The details of a verification request. They are stored encrypted, so their serialized form must
//! remain readable.

use credential::{PartnerQuery, Type};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The details of a partner's verification request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestDetails {
    /// The URL that the holder is redirected to after the response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback_url: Option<String>,
    /// The purpose in the partner's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// The requested fields, in the type's order. Only these are ever disclosed, and those that the
    /// type always shows. With a `query`, the requested claims at the top level instead.
    pub claims: Vec<String>,
    /// The partner's query for claims of another issuer's credential. Only these are ever
    /// disclosed, and only by an outside wallet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<PartnerQuery>,
}

impl RequestDetails {
    /// Returns whether the field that contains `place`, a JSON Pointer into a credential's claims,
    /// is requested.
    pub fn asks_for(&self, place: &str) -> bool {
        let field = field_of(place);
        self.claims.contains(&field)
    }

    /// Returns whether the partner receives that field of a credential of type `known`: it is
    /// requested, or always shown. Credentials of another kind, which a query asks for, have no
    /// fields that are always shown.
    pub fn covers(&self, known: Type, place: &str) -> bool {
        self.covers_field(known, &field_of(place))
    }

    /// Like [`covers`](Self::covers), for the name of a field.
    pub fn covers_field(&self, known: Type, name: &str) -> bool {
        let always = || self.query.is_none() && known.always_shows(&format!("/{name}"));
        self.claims.iter().any(|claim| claim == name) || always()
    }

    /// Returns the requested fields of a credential of one of the types here that are not in
    /// `shown`, as JSON Pointers.
    pub(super) fn missing(&self, shown: &Map<String, Value>) -> Vec<String> {
        self.claims.iter().filter(|claim| !shown.contains_key(*claim)).map(|claim| format!("/{claim}")).collect()
    }
}

/// Returns the name of the field that contains `place`, a JSON Pointer.
pub(super) fn field_of(place: &str) -> String {
    let step = place.split('/').nth(1).unwrap_or_default();
    // `~1` is replaced first, because `~01` means `~1`, not `/` (RFC 6901, section 4).
    step.replace("~1", "/").replace("~0", "~")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requested_and_always_shown_fields_are_covered() {
        let details = RequestDetails { claims: vec!["employment".to_owned()], ..RequestDetails::default() };
        for (place, covered) in [
            ("/employment", true),
            ("/employment/0/organisation", true),
            ("/full_name", true),
            ("/employment2", false),
            ("/partner_chain/employment", false),
            ("employment", false),
            ("", false),
        ] {
            assert_eq!(details.covers(Type::default(), place), covered, "{place}");
        }
        assert!(details.asks_for("/employment/0") && !details.asks_for("/full_name"));
        let shown = Map::from_iter([("full_name".to_owned(), Value::from("Ada"))]);
        assert_eq!(details.missing(&shown), ["/employment"]);
    }

    #[test]
    fn queries_cover_their_claims_only() {
        let query = serde_json::json!({ "credentials": [{
            "id": "pid",
            "format": "dc+sd-jwt",
            "meta": { "vct_values": ["urn:eudi:pid:1"] },
            "claims": [{ "path": ["given_name"] }, { "path": ["address", "locality"] }],
        }] });
        let query: PartnerQuery = serde_json::from_value(query).expect("a query");
        let details = RequestDetails { claims: query.claim_names(), query: Some(query), ..RequestDetails::default() };
        let stored = serde_json::to_vec(&details).expect("JSON");
        assert_eq!(serde_json::from_slice::<RequestDetails>(&stored).expect("read back"), details);
        let covers = |place: &str| details.covers(Type::default(), place);
        assert!(covers("/given_name") && covers("/address/country") && !covers("/full_name"));
    }

    #[test]
    fn names_with_slashes_are_escaped_in_pointers_only() {
        let claims = ["https://ns.example/role", "a~1b"].map(ToOwned::to_owned).to_vec();
        let details = RequestDetails { claims, ..RequestDetails::default() };
        for (place, name) in [("/https:~1~1ns.example~1role/0", "https://ns.example/role"), ("/a~01b", "a~1b")] {
            assert!(details.covers(Type::default(), place), "{place}");
            assert!(details.covers_field(Type::default(), name), "{name}");
        }
        assert!(!details.covers(Type::default(), "/https://ns.example/role") && !details.asks_for("/a~1b"));
    }
}
