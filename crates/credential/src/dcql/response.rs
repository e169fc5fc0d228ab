//! Responses (section 8.1), compared with what was asked for.

use serde_json::{Map, Value};

use super::path::{ClaimsPath, keep_selected};
use super::query::{ClaimQuery, CredentialQuery, FORMAT, MOST, Query, SetQuery};
use crate::format::sd_jwt_vc::SdJwtVc;
use crate::refusal::Refusal;
use crate::types::Type;

impl CredentialQuery {
    /// The claims that a credential which holds `claims` is to show: the first choice that it has whole (section 6.4.1);
    /// `None` where it has none, and must not be shown.
    pub fn choose(&self, claims: &Map<String, Value>) -> Option<Vec<&ClaimQuery>> {
        let has = |chosen: &Vec<&ClaimQuery>| chosen.iter().all(|claim| claim.is_in(claims));
        if self.claim_sets.is_empty() {
            return Some(self.claims.iter().collect()).filter(has);
        }
        let named = |id: &String| self.claims.iter().find(|claim| claim.id.as_ref() == Some(id));
        self.claim_sets.iter().map(|set| set.iter().filter_map(named).collect()).find(has)
    }

    /// What of a presentation was asked for, with what a credential of `known` always shows, and nothing else. Says nothing
    /// of its signatures.
    ///
    /// # Errors
    /// It is of another format or type, or lacks something that was asked for.
    pub fn weigh(&self, known: Type, shown: &SdJwtVc<'_>) -> Result<Weighed, Refusal> {
        let claims = &shown.disclosed.claims;
        let is_of_type = shown.text("vct").is_some_and(|vct| self.vct_values.iter().any(|wanted| wanted == vct));
        if self.format != FORMAT || !is_of_type {
            return Err(Refusal::Claim("vct is none that was asked for"));
        }
        if self.is_bound && shown.sd_jwt.key_binding.is_none() {
            return Err(Refusal::NotBound);
        }
        self.choose(claims).ok_or(Refusal::Claim("something that was asked for is not shown"))?;
        let always = known.members().filter(|member| known.always_shows(&format!("/{}", member.name)));
        let always: Vec<ClaimsPath> = always.map(|member| ClaimsPath::of(&[member.name], false)).collect();
        let paths = || self.claims.iter().map(|claim| &claim.path).chain(&always);
        let is_exact = shown.disclosed.places.iter().all(|place| paths().any(|path| path.leads_along(place)));
        Ok(Weighed { claims: keep_selected(claims, paths()), is_exact })
    }
}

/// What of a presentation was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weighed {
    /// The claims that were asked for, with those that are always shown, and no others.
    pub claims: Map<String, Value>,
    /// Whether nothing was disclosed besides them. A wallet must not do that (section 6.4); where it did, the presentation
    /// itself says more than was asked for.
    pub is_exact: bool,
}

impl Query {
    /// Reads a `vp_token` (section 8.1): for each credential that came, its query and its presentations. Their form and
    /// their signatures are not looked at.
    ///
    /// # Errors
    /// [`Refusal::Malformed`]: it is no object of lists of texts, something in it was not asked for, or something is missing.
    pub fn answered<'q, 'a>(
        &'q self,
        vp_token: &'a Value,
    ) -> Result<Vec<(&'q CredentialQuery, Vec<&'a str>)>, Refusal> {
        let answers = vp_token.as_object().ok_or(Refusal::Malformed("vp_token is not an object"))?;
        let mut found = Vec::new();
        for (id, presentations) in answers {
            let query = self.credentials.iter().find(|query| query.id == *id);
            let query = query.ok_or(Refusal::Malformed("vp_token has an id that was not asked for"))?;
            let texts: Option<Vec<&str>> =
                presentations.as_array().and_then(|all| all.iter().map(Value::as_str).collect());
            let most = if query.multiple { MOST } else { 1 };
            let texts = texts.filter(|texts| (1..=most).contains(&texts.len()));
            found.push((
                query,
                texts.ok_or(Refusal::Malformed("vp_token has a list with one presentation for each id"))?,
            ));
        }
        let came = |id: &String| answers.contains_key(id);
        let is_met = |set: &SetQuery| !set.required || set.options.iter().any(|option| option.iter().all(came));
        let is_whole = match self.sets.as_slice() {
            [] => self.credentials.iter().all(|query| came(&query.id)),
            sets => sets.iter().all(is_met),
        };
        if is_whole { Ok(found) } else { Err(Refusal::Malformed("vp_token lacks something that was asked for")) }
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

    /// Section 6.4.2: of two credentials, one will do.
    #[test]
    fn required_sets_need_one_of_their_options() {
        let one = |id: &str| json!({ "id": id, "format": FORMAT, "meta": {} });
        let query = json!({ "credentials": [one("a"), one("b"), one("c")], "credential_sets": [{ "options": [["a"], ["b"]] }, { "options": [["c"]], "required": false }] });
        let query = Query::read(&query).expect("a query");
        assert!(query.answered(&json!({ "b": ["x~"] })).is_ok());
        assert!(query.answered(&json!({ "c": ["x~"] })).is_err());
    }
}
