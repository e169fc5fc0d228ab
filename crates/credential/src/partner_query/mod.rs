//! Partner queries: a partner asks for claims of another issuer's credential, in DCQL (OpenID4VP
//! 1.0, section 6).
//!
//! A query asks for one credential of the format `dc+sd-jwt`. It is stricter than DCQL, which
//! ignores unknown members: an option that would have no effect is an error.

mod shape;

pub(crate) use shape::{DCQL_QUERY, QUERY};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::claim_label::{claim_labels, credential_name};
use crate::dcql::{ClaimQuery, CredentialQuery, DcqlError, Query, Step};
use crate::field_error::{Code, FieldErrors};
use crate::json::Node;
use crate::pointer::Path;
use crate::schema::nearest;
use crate::types::Type;

/// A partner's query for claims of one credential of another issuer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Value", into = "Value")]
pub struct PartnerQuery(Query);

impl TryFrom<Value> for PartnerQuery {
    type Error = DcqlError;

    fn try_from(value: Value) -> Result<Self, DcqlError> {
        let query = Query::read(&value)?;
        match query.credentials.as_slice() {
            [only] if query.sets.is_empty() && only.is_bound && !only.multiple => Ok(Self(query)),
            _ => Err(DcqlError("it must ask for one credential with holder binding")),
        }
    }
}

impl From<PartnerQuery> for Value {
    fn from(query: PartnerQuery) -> Self {
        query.0.to_json()
    }
}

impl PartnerQuery {
    /// Parses a query whose shape, [`QUERY`], was checked. Adds errors to `field_errors`.
    pub(crate) fn read(query: &Node<'_>, field_errors: &mut FieldErrors) -> Option<Self> {
        let path = Path::Member(&Path::Root, DCQL_QUERY);
        let credential = &query["credentials"][0];
        let credentials = Path::Member(&path, "credentials");
        let here = Path::Item(&credentials, 0);
        for (name, needed) in [("multiple", false), ("require_cryptographic_holder_binding", true)] {
            let is_refused = credential[name].as_bool().is_some_and(|set| set != needed);
            if is_refused {
                let message = || format!("Must be {needed}, or left out.");
                field_errors.add(&Path::Member(&here, name), Code::DcqlInvalid, message).received(&credential[name]);
            }
        }
        if field_errors.none_below(&path) {
            add_unknown_ids(credential, &here, field_errors);
        }
        if !field_errors.none_below(&path) {
            return None;
        }
        match Self::try_from(Value::from(query.clone())) {
            Ok(query) => Some(query),
            Err(invalid) => {
                field_errors.add(&path, Code::DcqlInvalid, || format!("This is an {invalid}."));
                None
            }
        }
    }

    fn credentials(&self) -> impl Iterator<Item = &CredentialQuery> {
        self.0.credentials.iter()
    }

    fn claims(&self) -> impl Iterator<Item = &ClaimQuery> {
        self.credentials().flat_map(|credential| &credential.claims)
    }

    /// Returns the query as it is sent to a wallet.
    pub fn query(&self) -> &Query {
        &self.0
    }

    /// Returns the accepted values of `vct`.
    pub fn vct_values(&self) -> impl Iterator<Item = &str> {
        self.credentials().flat_map(|credential| &credential.vct_values).map(String::as_str)
    }

    /// Returns the names of the requested claims at the top level of the credential, without
    /// duplicates.
    pub fn claim_names(&self) -> Vec<String> {
        let first = |claim: &ClaimQuery| match claim.path.steps().first() {
            Some(Step::Name(name)) => Some(name.clone()),
            _ => None,
        };
        unique(self.claims().filter_map(first))
    }

    /// Returns the labels of the requested claims in a credential that stands for the type `known`.
    pub fn labels(&self, known: Type) -> Vec<String> {
        unique(claim_labels(known, self.claims().map(|claim| &claim.path)).into_iter())
    }

    /// Returns the labels of each combination of claims of which a person shows one. There is one
    /// combination, of all claims, if the query has no claim sets.
    pub fn alternatives(&self, known: Type) -> Vec<Vec<String>> {
        let labels = claim_labels(known, self.claims().map(|claim| &claim.path));
        let labelled = || self.claims().zip(&labels);
        let sets = || self.credentials().flat_map(|credential| &credential.claim_sets);
        if sets().next().is_none() {
            return vec![unique(labels.iter().cloned())];
        }
        let is_in = |set: &[String], claim: &ClaimQuery| claim.id.as_ref().is_some_and(|id| set.contains(id));
        let label = |set: &Vec<String>| {
            unique(labelled().filter(|(claim, _)| is_in(set, claim)).map(|(_, label)| label.clone()))
        };
        sets().map(label).collect()
    }

    /// Returns the names of the accepted credentials for people.
    pub fn credential_names(&self) -> Vec<String> {
        unique(self.vct_values().map(credential_name))
    }
}

/// Adds an error for each id in the claim sets that no claim has.
fn add_unknown_ids(credential: &Node<'_>, here: &Path<'_>, field_errors: &mut FieldErrors) {
    let claims = credential["claims"].as_array().into_iter().flatten();
    let known: Vec<&str> = claims.filter_map(|claim| claim["id"].as_str()).collect();
    let sets = Path::Member(here, "claim_sets");
    for (at, set) in credential["claim_sets"].as_array().into_iter().flatten().enumerate() {
        let set_path = Path::Item(&sets, at);
        for (at, id) in set.as_array().into_iter().flatten().enumerate() {
            let Some(name) = id.as_str().filter(|name| !name.is_empty() && !known.contains(name)) else { continue };
            let message = || match known.as_slice() {
                [] => "No claim has an id. Give each claim that claim_sets name an id.".to_owned(),
                known => format!("No claim has this id. The ids of the claims are: {}.", known.join(", ")),
            };
            let meant = nearest(name, known.iter().copied()).map(ToOwned::to_owned);
            field_errors.add(&Path::Item(&set_path, at), Code::DcqlInvalid, message).received(id).suggest(meant);
        }
    }
}

/// Returns the values in their order, each once.
fn unique(values: impl Iterator<Item = String>) -> Vec<String> {
    let mut found = Vec::new();
    for value in values {
        if !found.contains(&value) {
            found.push(value);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::shape::{MAX_CHOICES, MAX_CLAIMS, MAX_NAME, MAX_STEPS};
    use super::*;
    use crate::dcql::FORMAT;
    use crate::presentation_request::PresentationRequest;
    use crate::submission::ParseError;

    fn pid() -> Value {
        json!({
            "id": "pid",
            "format": FORMAT,
            "meta": { "vct_values": ["urn:eudi:pid:1"] },
            "claims": [
                { "id": "given", "path": ["given_name"] },
                { "path": ["family_name"] },
                { "path": ["address", "locality"] },
                { "path": ["nationalities", null] },
            ],
        })
    }

    fn digital_identity() -> Type {
        "digital_identity".parse().expect("a type")
    }

    /// Parses a request with this query; returns the pointers and codes of the errors.
    fn parse(query: &Value) -> Result<PresentationRequest, Vec<(String, &'static str)>> {
        let body = json!({ "dcql_query": query }).to_string();
        PresentationRequest::parse(digital_identity(), body.as_bytes()).map_err(|error| match error {
            ParseError::Invalid(errors) => {
                errors.into_iter().map(|error| (error.pointer, error.code.as_str())).collect()
            }
            ParseError::Malformed(malformed) => panic!("{malformed:?}"),
        })
    }

    #[test]
    fn queries_are_normalised_and_keep_their_claims() {
        let mut wordy = pid();
        wordy["multiple"] = false.into();
        wordy["require_cryptographic_holder_binding"] = true.into();
        wordy["claim_sets"] = Value::Null;
        let [plain, wordy] = [pid(), wordy].map(|one| parse(&json!({ "credentials": [one] })).expect("valid"));
        assert_eq!(plain, wordy);
        let query = plain.query.expect("a query");
        assert_eq!(query.query().to_json(), json!({ "credentials": [pid()] }));
        assert_eq!(plain.claims, ["given_name", "family_name", "address", "nationalities"]);
        let stored = serde_json::to_value(&query).expect("JSON");
        assert_eq!(serde_json::from_value::<PartnerQuery>(stored).expect("read back"), query);
        let labels = ["First names", "Surname", "Address: town or city", "Nationalities"];
        assert_eq!(query.labels(digital_identity()), labels);
        assert_eq!(query.credential_names(), ["Person identification data (PID)"]);
    }

    #[test]
    fn claim_sets_are_read_as_alternatives() {
        let mut query = pid();
        query["claims"][1]["id"] = "family".into();
        query["claims"][2]["id"] = "place".into();
        let alternatives = |query: &Value| {
            let parsed = parse(&json!({ "credentials": [query] })).expect("valid").query.expect("a query");
            parsed.alternatives(digital_identity())
        };
        let all = ["First names", "Surname", "Address: town or city", "Nationalities"];
        assert_eq!(alternatives(&query), [all.to_vec()]);
        query["claim_sets"] = json!([["given", "family"], ["place"]]);
        assert_eq!(alternatives(&query), [vec!["First names", "Surname"], vec!["Address: town or city"]]);
    }

    #[test]
    fn claims_with_equal_labels_are_distinguished() {
        let mut query = pid();
        query["claims"] = json!([{ "path": ["birthdate"] }, { "path": ["birth_date"] }, { "path": ["a", 0] }, { "path": ["a", null] }]);
        let query = parse(&json!({ "credentials": [query] })).expect("valid").query.expect("a query");
        let labels = ["birthdate", "birth_date"].map(|name| format!("Date of birth (“\u{2068}{name}\u{2069}”)"));
        let unknown = ["a (entry 1)", "a"].map(|name| format!("“\u{2068}{name}\u{2069}”"));
        assert_eq!(query.labels(digital_identity()), [labels, unknown].concat());
    }

    #[test]
    fn unsupported_queries_are_rejected_with_their_pointer() {
        let path = |steps: Value| json!([{ "path": steps }]);
        let long = "n".repeat(MAX_NAME + 1);
        let many: Vec<Value> = (0..=MAX_CLAIMS).map(|at| json!({ "path": [format!("claim{at}")] })).collect();
        let twice = json!([{ "id": "a", "path": ["a"] }, { "id": "a", "path": ["b"] }]);
        for (member, value, place, code) in [
            ("format", json!("mso_mdoc"), "/format", "choice.unknown"),
            ("format", json!("jwt_vc_json"), "/format", "choice.unknown"),
            ("multiple", json!(true), "/multiple", "dcql.invalid"),
            (
                "require_cryptographic_holder_binding",
                json!(false),
                "/require_cryptographic_holder_binding",
                "dcql.invalid",
            ),
            ("trusted_authorities", json!([]), "/trusted_authorities", "field.unknown"),
            ("meta", json!({}), "/meta", "field.missing"),
            ("meta", json!({ "vct_values": [] }), "/meta/vct_values", "list.too_short"),
            ("meta", json!({ "vct_values": vec!["x"; MAX_CHOICES + 1] }), "/meta/vct_values", "list.too_long"),
            ("claims", json!([]), "/claims", "list.too_short"),
            ("claims", json!(many), "/claims", "list.too_long"),
            ("claims", path(json!([])), "/claims/0/path", "list.too_short"),
            ("claims", path(json!(vec!["n"; MAX_STEPS + 1])), "/claims/0/path", "list.too_long"),
            ("claims", path(json!([null])), "/claims/0/path/0", "type.mismatch"),
            ("claims", path(json!([0])), "/claims/0/path/0", "type.mismatch"),
            ("claims", path(json!(["a", -1])), "/claims/0/path/1", "type.mismatch"),
            ("claims", path(json!(["a", ""])), "/claims/0/path/1", "text.empty"),
            ("claims", path(json!([long])), "/claims/0/path/0", "text.too_long"),
            ("claims", path(json!(["a\u{202e}b"])), "/claims/0/path/0", "text.control"),
            ("claims", path(json!(["a\u{200b}b"])), "/claims/0/path/0", "text.control"),
            ("claims", path(json!(["\u{200b}"])), "/claims/0/path/0", "text.empty"),
            ("claims", path(json!(["a", "  "])), "/claims/0/path/1", "text.empty"),
            ("claims", path(json!(["iss"])), "/claims/0/path/0", "dcql.invalid"),
            ("claims", path(json!(["cnf", "jwk"])), "/claims/0/path/0", "dcql.invalid"),
            ("claims", path(json!(["status"])), "/claims/0/path/0", "dcql.invalid"),
            ("claims", path(json!(["vct#integrity"])), "/claims/0/path/0", "dcql.invalid"),
            ("claims", path(json!(["_sd"])), "/claims/0/path/0", "dcql.invalid"),
            ("claims", path(json!(["a", "..."])), "/claims/0/path/1", "dcql.invalid"),
            ("claims", path(json!(["_sd_alg"])), "/claims/0/path/0", "dcql.invalid"),
            ("claim_sets", json!([["given"], ["given", "unknown"]]), "/claim_sets/1/1", "dcql.invalid"),
            ("claims", json!([{ "path": ["a"], "values": ["x"] }]), "/claims/0/values", "field.unknown"),
        ] {
            let mut query = pid();
            query[member] = value;
            let expected = (format!("/dcql_query/credentials/0{place}"), code);
            assert_eq!(parse(&json!({ "credentials": [query] })), Err(vec![expected]), "{member}");
        }
        for (member, value) in [("claims", twice), ("id", json!("a b"))] {
            let mut query = pid();
            query[member] = value;
            let expected = ("/dcql_query".to_owned(), "dcql.invalid");
            assert_eq!(parse(&json!({ "credentials": [query] })), Err(vec![expected]), "{member}");
        }
    }

    #[test]
    fn queries_request_one_credential() {
        for (query, place, code) in [
            (json!({}), "/dcql_query", "field.missing"),
            (json!({ "credentials": [] }), "/dcql_query/credentials", "list.too_short"),
            (json!({ "credentials": [pid(), pid()] }), "/dcql_query/credentials", "list.too_long"),
            (
                json!({ "credentials": [pid()], "credential_sets": [{ "options": [["pid"]] }] }),
                "/dcql_query/credential_sets",
                "field.unknown",
            ),
            (json!("x"), "/dcql_query", "type.mismatch"),
        ] {
            assert_eq!(parse(&query), Err(vec![(place.to_owned(), code)]), "{query}");
        }
        let body = json!({ "dcql_query": { "credentials": [pid()] }, "claims": ["full_name"] }).to_string();
        let Err(ParseError::Invalid(errors)) = PresentationRequest::parse(digital_identity(), body.as_bytes()) else {
            panic!("claims beside a query");
        };
        assert_eq!((errors.len(), &*errors[0].pointer, errors[0].code), (1, "/claims", Code::FieldForbidden));
    }
}
