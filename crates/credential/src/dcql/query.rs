//! Queries (section 6): what is asked for, read and written.

use serde_json::{Map, Value, json};

use super::path::{ClaimsPath, Invalid};

/// The one format that is asked for.
pub const FORMAT: &str = "dc+sd-jwt";

/// Most credentials in a query, presentations in an answer, sets and options.
pub(super) const MOST: usize = 32;
/// Most claims of one credential, and most sets of them.
const MOST_CLAIMS: usize = 256;

/// One claim that is asked for (section 6.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimQuery {
    /// Its name in `claim_sets`.
    pub id: Option<String>,
    /// Where it is.
    pub path: ClaimsPath,
    /// What it may be; empty: whatever it is.
    pub values: Vec<Value>,
}

impl ClaimQuery {
    fn read(claim: &Value) -> Result<Self, Invalid> {
        let path = ClaimsPath::read(&claim["path"])?;
        let values = match claim.get("values") {
            None => Vec::new(),
            Some(values) => {
                let scalar =
                    |value: &Value| value.is_string() || value.is_boolean() || value.is_i64() || value.is_u64();
                let values = values.as_array().filter(|values| !values.is_empty() && values.iter().all(scalar));
                values.cloned().ok_or(Invalid("values are texts, whole numbers or truth values, at least one"))?
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

    /// Whether a credential with `claims` has it.
    pub(super) fn is_in(&self, claims: &Map<String, Value>) -> bool {
        let fits = |value: &Value| self.values.is_empty() || self.values.contains(value);
        self.path.select(claims).is_some_and(|selected| selected.iter().any(|(_, value)| fits(value)))
    }
}

/// Letters, digits, underscores and hyphens (sections 6.1 and 6.3).
fn identifier(value: &Value) -> Result<String, Invalid> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    let id = value.as_str().filter(|id| (1..=128).contains(&id.len()) && id.bytes().all(plain));
    id.map(ToOwned::to_owned).ok_or(Invalid("an id is made of letters, digits, underscores and hyphens"))
}

/// A list of lists of names that `known` has.
fn options(value: &Value, known: &[&str]) -> Result<Vec<Vec<String>>, Invalid> {
    const WRONG: Invalid = Invalid("options are lists of ids that the query has, at least one in each");
    let name = |id: &Value| id.as_str().filter(|id| known.contains(id)).map(ToOwned::to_owned).ok_or(WRONG);
    let option = |option: &Value| {
        let ids = option.as_array().filter(|ids| (1..=MOST_CLAIMS).contains(&ids.len())).ok_or(WRONG)?;
        ids.iter().map(name).collect()
    };
    let list = value.as_array().filter(|list| (1..=MOST_CLAIMS).contains(&list.len())).ok_or(WRONG)?;
    list.iter().map(option).collect()
}

/// An optional list of texts, which has one at least if it is there.
fn texts(value: Option<&Value>, wrong: Invalid) -> Result<Vec<String>, Invalid> {
    let Some(value) = value else { return Ok(Vec::new()) };
    let texts: Option<Vec<String>> =
        value.as_array().and_then(|all| all.iter().map(|text| text.as_str().map(ToOwned::to_owned)).collect());
    texts.filter(|texts| (1..=MOST_CLAIMS).contains(&texts.len())).ok_or(wrong)
}

/// One credential that is asked for (section 6.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialQuery {
    /// Its name in the answer.
    pub id: String,
    /// In which format.
    pub format: String,
    /// Whether several may come.
    pub multiple: bool,
    /// Whether its holder must have signed the presentation.
    pub is_bound: bool,
    /// Of which types; empty where the format has none.
    pub vct_values: Vec<String>,
    /// Under whose authority: key identifiers in base64url (section 6.1.1.1); empty: anybody's.
    pub authorities: Vec<String>,
    /// What of it; empty: nothing that can be disclosed apart.
    pub claims: Vec<ClaimQuery>,
    /// Which choices of them will do, the best first; empty: all of them.
    pub claim_sets: Vec<Vec<String>>,
}

impl CredentialQuery {
    fn read(query: &Value) -> Result<Self, Invalid> {
        let truth = |name: &str, default: bool| match query.get(name) {
            None => Ok(default),
            Some(value) => value.as_bool().ok_or(Invalid("multiple and the like are truth values")),
        };
        let meta = query["meta"].as_object().ok_or(Invalid("meta is missing"))?;
        let claims = match query.get("claims") {
            None => Vec::new(),
            Some(claims) => {
                let claims = claims.as_array().filter(|claims| (1..=MOST_CLAIMS).contains(&claims.len()));
                let claims = claims.ok_or(Invalid("claims is a list with one at least"))?;
                claims.iter().map(ClaimQuery::read).collect::<Result<_, _>>()?
            }
        };
        let named: Vec<&str> = claims.iter().filter_map(|claim| claim.id.as_deref()).collect();
        if named.iter().enumerate().any(|(at, id)| named[..at].contains(id)) {
            return Err(Invalid("two claims have one id"));
        }
        let claim_sets = query.get("claim_sets").map_or_else(|| Ok(Vec::new()), |sets| options(sets, &named))?;
        let mut authorities = Vec::new();
        if let Some(trusted) = query.get("trusted_authorities") {
            let trusted = trusted.as_array().filter(|trusted| (1..=MOST).contains(&trusted.len()));
            for authority in trusted.ok_or(Invalid("trusted_authorities is a list with one at least"))? {
                let values = texts(authority.get("values"), Invalid("values of trusted_authorities are texts"))?;
                if authority["type"] == "aki" {
                    authorities.extend(values);
                }
            }
        }
        Ok(Self {
            id: identifier(&query["id"])?,
            format: query["format"].as_str().ok_or(Invalid("format is missing"))?.to_owned(),
            multiple: truth("multiple", false)?,
            is_bound: truth("require_cryptographic_holder_binding", true)?,
            vct_values: texts(meta.get("vct_values"), Invalid("vct_values are texts, at least one"))?,
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

/// Which of the credentials are to come (section 6.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetQuery {
    /// Any one of these will do.
    pub options: Vec<Vec<String>>,
    /// Whether one must come.
    pub required: bool,
}

/// A whole query (section 6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// The credentials, each by its id.
    pub credentials: Vec<CredentialQuery>,
    /// Which of them; empty: all.
    pub sets: Vec<SetQuery>,
}

impl Query {
    /// Reads a query; what nobody knows in it is passed over (section 6).
    ///
    /// # Errors
    /// [`Invalid`].
    pub fn read(query: &Value) -> Result<Self, Invalid> {
        let credentials = query["credentials"].as_array().filter(|all| (1..=MOST).contains(&all.len()));
        let credentials = credentials.ok_or(Invalid("credentials is a list with one at least"))?;
        let credentials: Vec<_> = credentials.iter().map(CredentialQuery::read).collect::<Result<_, _>>()?;
        let ids: Vec<&str> = credentials.iter().map(|credential| credential.id.as_str()).collect();
        if ids.iter().enumerate().any(|(at, id)| ids[..at].contains(id)) {
            return Err(Invalid("two credentials have one id"));
        }
        let set = |set: &Value| {
            let required = match set.get("required") {
                None => true,
                Some(required) => required.as_bool().ok_or(Invalid("required is a truth value"))?,
            };
            Ok(SetQuery { options: options(&set["options"], &ids)?, required })
        };
        let sets = match query.get("credential_sets") {
            None => Vec::new(),
            Some(sets) => {
                let sets = sets.as_array().filter(|sets| (1..=MOST).contains(&sets.len()));
                sets.ok_or(Invalid("credential_sets is a list with one at least"))?
                    .iter()
                    .map(set)
                    .collect::<Result<_, _>>()?
            }
        };
        Ok(Self { credentials, sets })
    }

    /// As it stands in a request.
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
