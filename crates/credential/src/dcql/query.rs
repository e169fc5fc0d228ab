//! Queries (section 6): parsing and serialization.

use serde_json::{Map, Value, json};

use super::path::{ClaimsPath, DcqlError};
use crate::format::sd_jwt::Positions;

/// The credential format that Tenure requests.
pub const FORMAT: &str = "dc+sd-jwt";

/// Maximum number of credentials, credential sets and trusted authorities in a query, and of
/// presentations in a response.
pub(super) const MAX: usize = 32;
/// Maximum number of claims of one credential, and length of the lists of ids and strings.
const MAX_CLAIMS: usize = 256;

/// A claims query (section 6.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimQuery {
    /// The id by which `claim_sets` refer to it.
    pub id: Option<String>,
    pub path: ClaimsPath,
    /// The accepted values; if empty, any value is accepted.
    pub values: Vec<Value>,
}

impl ClaimQuery {
    fn read(claim: &Value) -> Result<Self, DcqlError> {
        let path = ClaimsPath::read(&claim["path"])?;
        let values = match claim.get("values") {
            None => Vec::new(),
            Some(values) => {
                let scalar =
                    |value: &Value| value.is_string() || value.is_boolean() || value.is_i64() || value.is_u64();
                let values = values.as_array().filter(|values| !values.is_empty() && values.iter().all(scalar));
                values.cloned().ok_or(DcqlError("values must be a non-empty list of strings, integers or booleans"))?
            }
        };
        let id = claim.get("id").map(identifier).transpose()?;
        Ok(Self { id, path, values })
    }

    fn to_json(&self) -> Value {
        let mut claim = json!({ "path": self.path.to_json() });
        if let Some(id) = &self.id {
            claim["id"] = json!(id);
        }
        if !self.values.is_empty() {
            claim["values"] = json!(self.values);
        }
        claim
    }

    /// Returns whether a credential with `claims` matches it.
    pub(super) fn is_in(&self, claims: &Map<String, Value>, positions: &Positions) -> bool {
        let fits = |value: &Value| self.values.is_empty() || self.values.contains(value);
        self.path.select_shown(claims, positions).is_some_and(|selected| selected.iter().any(|(_, value)| fits(value)))
    }
}

/// Parses an id: letters, digits, underscores and hyphens (sections 6.1 and 6.3).
fn identifier(value: &Value) -> Result<String, DcqlError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    let id = value.as_str().filter(|id| (1..=128).contains(&id.len()) && id.bytes().all(plain));
    id.map(ToOwned::to_owned).ok_or(DcqlError("an id must consist of letters, digits, underscores and hyphens"))
}

/// Parses a list of lists of ids, each of which must be in `known`.
fn options(value: &Value, known: &[&str]) -> Result<Vec<Vec<String>>, DcqlError> {
    const WRONG: DcqlError = DcqlError("options must be non-empty lists of ids in the query");
    let name = |id: &Value| id.as_str().filter(|id| known.contains(id)).map(ToOwned::to_owned).ok_or(WRONG);
    let option = |option: &Value| {
        let ids = option.as_array().filter(|ids| (1..=MAX_CLAIMS).contains(&ids.len())).ok_or(WRONG)?;
        ids.iter().map(name).collect()
    };
    let list = value.as_array().filter(|list| (1..=MAX_CLAIMS).contains(&list.len())).ok_or(WRONG)?;
    list.iter().map(option).collect()
}

/// Parses an optional list of strings, which must not be empty if present.
fn texts(value: Option<&Value>, wrong: DcqlError) -> Result<Vec<String>, DcqlError> {
    let Some(value) = value else { return Ok(Vec::new()) };
    let texts: Option<Vec<String>> =
        value.as_array().and_then(|all| all.iter().map(|text| text.as_str().map(ToOwned::to_owned)).collect());
    texts.filter(|texts| (1..=MAX_CLAIMS).contains(&texts.len())).ok_or(wrong)
}

/// A credential query (section 6.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialQuery {
    /// The id by which a response refers to it.
    pub id: String,
    pub format: String,
    /// Whether several presentations may be returned.
    pub multiple: bool,
    /// Whether the presentation must have a key binding.
    pub is_bound: bool,
    /// The accepted `vct` values; empty if the format has none.
    pub vct_values: Vec<String>,
    /// Trusted authorities: key identifiers in base64url (section 6.1.1.1). If empty, any issuer is
    /// accepted.
    pub authorities: Vec<String>,
    /// The requested claims; if empty, no selectively disclosable claims.
    pub claims: Vec<ClaimQuery>,
    /// The accepted combinations of claims, in order of preference; if empty, all claims are
    /// required.
    pub claim_sets: Vec<Vec<String>>,
}

impl CredentialQuery {
    fn read(query: &Value) -> Result<Self, DcqlError> {
        let truth = |name: &str, default: bool| match query.get(name) {
            None => Ok(default),
            Some(value) => {
                value.as_bool().ok_or(DcqlError("multiple and require_cryptographic_holder_binding must be booleans"))
            }
        };
        let meta = query["meta"].as_object().ok_or(DcqlError("meta is missing"))?;
        let claims = match query.get("claims") {
            None => Vec::new(),
            Some(claims) => {
                let claims = claims.as_array().filter(|claims| (1..=MAX_CLAIMS).contains(&claims.len()));
                let claims = claims.ok_or(DcqlError("claims must be a non-empty list"))?;
                claims.iter().map(ClaimQuery::read).collect::<Result<_, _>>()?
            }
        };
        let named: Vec<&str> = claims.iter().filter_map(|claim| claim.id.as_deref()).collect();
        if named.iter().enumerate().any(|(at, id)| named[..at].contains(id)) {
            return Err(DcqlError("two claims have the same id"));
        }
        let claim_sets = query.get("claim_sets").map_or_else(|| Ok(Vec::new()), |sets| options(sets, &named))?;
        let mut authorities = Vec::new();
        if let Some(trusted) = query.get("trusted_authorities") {
            let trusted = trusted.as_array().filter(|trusted| (1..=MAX).contains(&trusted.len()));
            for authority in trusted.ok_or(DcqlError("trusted_authorities must be a non-empty list"))? {
                let values = texts(
                    authority.get("values"),
                    DcqlError("values of trusted_authorities must be a list of strings"),
                )?;
                if authority["type"] == "aki" {
                    authorities.extend(values);
                }
            }
        }
        Ok(Self {
            id: identifier(&query["id"])?,
            format: query["format"].as_str().ok_or(DcqlError("format is missing"))?.to_owned(),
            multiple: truth("multiple", false)?,
            is_bound: truth("require_cryptographic_holder_binding", true)?,
            vct_values: texts(meta.get("vct_values"), DcqlError("vct_values must be a non-empty list of strings"))?,
            authorities,
            claims,
            claim_sets,
        })
    }

    fn to_json(&self) -> Value {
        let mut query = json!({ "id": self.id, "format": self.format, "meta": {} });
        if !self.vct_values.is_empty() {
            query["meta"]["vct_values"] = json!(self.vct_values);
        }
        if self.multiple {
            query["multiple"] = true.into();
        }
        if !self.is_bound {
            query["require_cryptographic_holder_binding"] = false.into();
        }
        if !self.authorities.is_empty() {
            query["trusted_authorities"] = json!([{ "type": "aki", "values": self.authorities }]);
        }
        if !self.claims.is_empty() {
            query["claims"] = self.claims.iter().map(ClaimQuery::to_json).collect();
        }
        if !self.claim_sets.is_empty() {
            query["claim_sets"] = json!(self.claim_sets);
        }
        query
    }
}

/// A credential set query (section 6.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetQuery {
    /// The alternatives, any one of which is enough.
    pub options: Vec<Vec<String>>,
    /// Whether one of the options must be returned.
    pub required: bool,
}

/// A DCQL query (section 6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// The credential queries, with unique ids.
    pub credentials: Vec<CredentialQuery>,
    /// Combinations of the credentials; if empty, all are required.
    pub sets: Vec<SetQuery>,
}

impl Query {
    /// Parses a query. Unknown members are ignored (section 6).
    ///
    /// # Errors
    /// [`DcqlError`].
    pub fn read(query: &Value) -> Result<Self, DcqlError> {
        let credentials = query["credentials"].as_array().filter(|all| (1..=MAX).contains(&all.len()));
        let credentials = credentials.ok_or(DcqlError("credentials must be a non-empty list"))?;
        let credentials: Vec<_> = credentials.iter().map(CredentialQuery::read).collect::<Result<_, _>>()?;
        let ids: Vec<&str> = credentials.iter().map(|credential| credential.id.as_str()).collect();
        if ids.iter().enumerate().any(|(at, id)| ids[..at].contains(id)) {
            return Err(DcqlError("two credentials have the same id"));
        }
        let set = |set: &Value| {
            let required = match set.get("required") {
                None => true,
                Some(required) => required.as_bool().ok_or(DcqlError("required must be a boolean"))?,
            };
            Ok(SetQuery { options: options(&set["options"], &ids)?, required })
        };
        let sets = match query.get("credential_sets") {
            None => Vec::new(),
            Some(sets) => {
                let sets = sets.as_array().filter(|sets| (1..=MAX).contains(&sets.len()));
                sets.ok_or(DcqlError("credential_sets must be a non-empty list"))?
                    .iter()
                    .map(set)
                    .collect::<Result<_, _>>()?
            }
        };
        Ok(Self { credentials, sets })
    }

    /// Returns the query as JSON, as in a request.
    pub fn to_json(&self) -> Value {
        let credentials: Value = self.credentials.iter().map(CredentialQuery::to_json).collect();
        let mut query = json!({ "credentials": credentials });
        if !self.sets.is_empty() {
            let set = |set: &SetQuery| json!({ "options": set.options, "required": set.required });
            query["credential_sets"] = self.sets.iter().map(set).collect();
        }
        query
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Conforms: OpenID4VP 6
    #[test]
    fn invalid_queries_are_rejected() {
        let good = json!({ "id": "a", "format": FORMAT, "meta": { "vct_values": ["x"] }, "claims": [{ "id": "n", "path": ["name"] }] });
        assert!(Query::read(&json!({ "credentials": [good] })).is_ok());
        let with = |name: &str, value: Value| {
            let mut query = good.clone();
            query[name] = value;
            Query::read(&json!({ "credentials": [query] }))
        };
        for (name, value) in [
            ("id", json!("a b")),
            ("id", json!("")),
            ("format", json!(null)),
            ("meta", json!([])),
            ("meta", json!({ "vct_values": [] })),
            ("multiple", json!("yes")),
            ("claims", json!([])),
            ("claims", json!([{ "path": ["name"], "values": [] }])),
            ("claims", json!([{ "path": ["name"], "values": [1.5] }])),
            ("claims", json!([{ "id": "n", "path": ["name"] }, { "id": "n", "path": ["other"] }])),
            ("claim_sets", json!([["m"]])),
            ("claim_sets", json!([[]])),
            ("trusted_authorities", json!([])),
        ] {
            assert!(with(name, value.clone()).is_err(), "{name}: {value}");
        }
        for wrong in [
            json!({}),
            json!({ "credentials": [] }),
            json!({ "credentials": [good, good] }),
            json!({ "credentials": [good], "credential_sets": [{ "options": [["b"]] }] }),
        ] {
            assert!(Query::read(&wrong).is_err(), "{wrong}");
        }
    }
}
