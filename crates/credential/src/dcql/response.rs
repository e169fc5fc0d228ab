//! Matches responses (section 8.1) with a query.

use serde_json::{Map, Value};

use super::path::{ClaimsPath, keep_selected};
use super::query::{ClaimQuery, CredentialQuery, FORMAT, MAX, Query, SetQuery};
use crate::format::sd_jwt_vc::SdJwtVc;
use crate::types::Type;
use crate::verify_error::VerifyError;

impl CredentialQuery {
    /// Returns the claims to disclose from a credential with `claims`: the first claim set that it
    /// matches completely (section 6.4.1). Returns `None` if it matches none; then it must not be
    /// presented.
    pub fn choose(&self, claims: &Map<String, Value>) -> Option<Vec<&ClaimQuery>> {
        let has = |chosen: &Vec<&ClaimQuery>| chosen.iter().all(|claim| claim.is_in(claims));
        if self.claim_sets.is_empty() {
            return Some(self.claims.iter().collect()).filter(has);
        }
        let named = |id: &String| self.claims.iter().find(|claim| claim.id.as_ref() == Some(id));
        self.claim_sets.iter().map(|set| set.iter().filter_map(named).collect()).find(has)
    }

    /// Reduces a presentation to the requested claims and those that a credential of type `known`
    /// always discloses. Does not verify signatures.
    ///
    /// # Errors
    /// [`VerifyError::Claim`] for another format or type or a missing claim,
    /// [`VerifyError::NotBound`] without a required key binding.
    pub fn evaluate(&self, known: Type, shown: &SdJwtVc<'_>) -> Result<Evaluation, VerifyError> {
        let claims = &shown.disclosed.claims;
        let is_of_type = shown.text("vct").is_some_and(|vct| self.vct_values.iter().any(|wanted| wanted == vct));
        if self.format != FORMAT || !is_of_type {
            return Err(VerifyError::Claim("vct was not requested"));
        }
        if self.is_bound && shown.sd_jwt.key_binding.is_none() {
            return Err(VerifyError::NotBound);
        }
        self.choose(claims).ok_or(VerifyError::Claim("a requested claim is not disclosed"))?;
        let always = known.members().filter(|member| known.always_shows(&format!("/{}", member.name)));
        let always: Vec<ClaimsPath> = always.map(|member| ClaimsPath::of(&[member.name], false)).collect();
        let paths = || self.claims.iter().map(|claim| &claim.path).chain(&always);
        let is_exact = shown.disclosed.places.iter().all(|place| paths().any(|path| path.leads_along(place)));
        Ok(Evaluation { claims: keep_selected(claims, paths()), is_exact })
    }
}

/// The requested part of a presentation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluation {
    /// The requested claims and those that are always disclosed, and no others.
    pub claims: Map<String, Value>,
    /// Whether no other claims were disclosed. A wallet must not disclose more (section 6.4); if it
    /// does, the presentation itself contains more than was requested.
    pub is_exact: bool,
}

impl Query {
    /// Parses a `vp_token` (section 8.1): each returned credential query with its presentations.
    /// Does not parse or verify the presentations.
    ///
    /// # Errors
    /// [`VerifyError::Malformed`], if it is not an object of lists of strings, contains something
    /// that was not requested, or lacks something required.
    pub fn answered<'q, 'a>(
        &'q self,
        vp_token: &'a Value,
    ) -> Result<Vec<(&'q CredentialQuery, Vec<&'a str>)>, VerifyError> {
        let answers = vp_token.as_object().ok_or(VerifyError::Malformed("vp_token must be an object"))?;
        let mut found = Vec::new();
        for (id, presentations) in answers {
            let query = self.credentials.iter().find(|query| query.id == *id);
            let query = query.ok_or(VerifyError::Malformed("vp_token has an id that was not requested"))?;
            let texts: Option<Vec<&str>> =
                presentations.as_array().and_then(|all| all.iter().map(Value::as_str).collect());
            let most = if query.multiple { MAX } else { 1 };
            let texts = texts.filter(|texts| (1..=most).contains(&texts.len()));
            found.push((
                query,
                texts.ok_or(VerifyError::Malformed("vp_token must have a list with one presentation for each id"))?,
            ));
        }
        let came = |id: &String| answers.contains_key(id);
        let is_met = |set: &SetQuery| !set.required || set.options.iter().any(|option| option.iter().all(came));
        let is_whole = match self.sets.as_slice() {
            [] => self.credentials.iter().all(|query| came(&query.id)),
            sets => sets.iter().all(is_met),
        };
        if is_whole { Ok(found) } else { Err(VerifyError::Malformed("vp_token lacks a requested credential")) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::build::ID;
    use super::*;

    #[test]
    fn responses_hold_each_requested_credential_once() {
        let query = Query::new(Type::default(), &["full_name"], vec!["vct".to_owned()], Vec::new());
        let found = |vp_token: Value| {
            let answered =
                query.answered(&vp_token).map(|all| all.iter().map(|(_, texts)| texts.len()).collect::<Vec<_>>());
            answered.map_err(|refusal| refusal.code())
        };
        assert_eq!(found(json!({ ID: ["x~"] })), Ok(vec![1]));
        for wrong in [
            json!("x~"),
            json!({}),
            json!({ ID: "x~" }),
            json!({ ID: [] }),
            json!({ ID: ["x~", "y~"] }),
            json!({ ID: [{}] }),
            json!({ "other": ["x~"] }),
            json!({ ID: ["x~"], "other": ["y~"] }),
        ] {
            assert_eq!(found(wrong.clone()), Err("malformed"), "{wrong}");
        }
    }

    /// Section 6.4.2: one of two credentials is enough.
    #[test]
    fn required_sets_need_one_of_their_options() {
        let one = |id: &str| json!({ "id": id, "format": FORMAT, "meta": {} });
        let query = json!({ "credentials": [one("a"), one("b"), one("c")], "credential_sets": [{ "options": [["a"], ["b"]] }, { "options": [["c"]], "required": false }] });
        let query = Query::read(&query).expect("a query");
        assert!(query.answered(&json!({ "b": ["x~"] })).is_ok());
        assert!(query.answered(&json!({ "c": ["x~"] })).is_err());
    }
}
