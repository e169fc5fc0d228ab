//! Matches responses (section 8.1) with a query.

use serde_json::{Map, Value};

use super::path::{ClaimsPath, keep_selected};
use super::query::{ClaimQuery, CredentialQuery, FORMAT, MAX, Query, SetQuery};
use crate::format::sd_jwt::{Disclosed, Positions};
use crate::format::sd_jwt_vc::SdJwtVc;
use crate::pointer::unescape;
use crate::types::Type;
use crate::verify_error::VerifyError;

impl CredentialQuery {
    /// Returns the claims to disclose from a credential with `claims`: the first claim set that it
    /// matches completely (section 6.4.1). Returns `None` if it matches none; then it must not be
    /// presented.
    pub fn choose(&self, claims: &Map<String, Value>) -> Option<Vec<&ClaimQuery>> {
        self.choose_shown(claims, &Positions::default())
    }

    /// Like [`choose`](Self::choose), for claims of which items of lists are withheld.
    fn choose_shown(&self, claims: &Map<String, Value>, positions: &Positions) -> Option<Vec<&ClaimQuery>> {
        let has = |chosen: &Vec<&ClaimQuery>| chosen.iter().all(|claim| claim.is_in(claims, positions));
        if self.claim_sets.is_empty() {
            return Some(self.claims.iter().collect()).filter(has);
        }
        let named = |id: &String| self.claims.iter().find(|claim| claim.id.as_ref() == Some(id));
        self.claim_sets.iter().map(|set| set.iter().filter_map(named).collect()).find(has)
    }

    /// Reduces a presentation to the requested claims. Does not verify signatures.
    ///
    /// If it is of a type `known` here, every claim set is the person's choice among the claims, so
    /// all that are shown are kept, and those that the type always discloses. Otherwise the claim
    /// sets are alternatives, of which only the first that is met is kept (section 6.4.1).
    ///
    /// # Errors
    /// [`VerifyError::Claim`] for another format or type or a missing claim,
    /// [`VerifyError::NotBound`] without a required key binding.
    pub fn evaluate(&self, known: Option<Type>, shown: &SdJwtVc<'_>) -> Result<Evaluation, VerifyError> {
        let Disclosed { claims, places, positions, .. } = &shown.disclosed;
        let is_of_type = shown.text("vct").is_some_and(|vct| self.vct_values.iter().any(|wanted| wanted == vct));
        if self.format != FORMAT || !is_of_type {
            return Err(VerifyError::Claim("vct was not requested"));
        }
        if self.is_bound && shown.sd_jwt.key_binding.is_none() {
            return Err(VerifyError::NotBound);
        }
        let chosen = self.choose_shown(claims, positions);
        let chosen = chosen.ok_or(VerifyError::Claim("a requested claim is not disclosed"))?;
        let mut paths: Vec<ClaimsPath> = match known {
            Some(_) => self.claims.iter().map(|claim| claim.path.clone()).collect(),
            None => chosen.iter().map(|claim| claim.path.clone()).collect(),
        };
        if let Some(known) = known {
            let always = known.members().filter(|member| known.always_shows(&format!("/{}", member.name)));
            paths.extend(always.map(|member| ClaimsPath::of(&[member.name], false)));
        }
        let is_asked = |place: &String| {
            let counted = positions.in_issuers_lists(place);
            // A list of which nothing is shown says nothing.
            let is_empty =
                || lookup(claims, place).is_none() && self.claims.iter().any(|claim| claim.path.leads_along(&counted));
            paths.iter().any(|path| path.leads_along(&counted)) || is_empty()
        };
        Ok(Evaluation {
            claims: keep_selected(claims, positions, &paths),
            is_exact: places.iter().all(is_asked),
            withheld: self.withheld(claims, positions, &paths),
        })
    }

    /// Returns the requested claims of which `kept` contains nothing.
    fn withheld(&self, claims: &Map<String, Value>, positions: &Positions, kept: &[ClaimsPath]) -> Vec<String> {
        let selected = |path: &ClaimsPath| {
            let selected = path.select_shown(claims, positions).unwrap_or_default();
            selected.into_iter().map(|(place, _)| place).collect::<Vec<_>>()
        };
        let kept: Vec<String> = kept.iter().flat_map(selected).collect();
        let lies_in = |outer: &str, inner: &str| {
            inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let is_kept = |place: &String| kept.iter().any(|kept| lies_in(kept, place) || lies_in(place, kept));
        let mut withheld: Vec<String> = Vec::new();
        for claim in self.claims.iter().filter(|claim| !selected(&claim.path).iter().any(is_kept)) {
            let pointer = claim.path.pointer();
            if !withheld.contains(&pointer) {
                withheld.push(pointer);
            }
        }
        withheld
    }
}

/// Returns the value at a JSON Pointer into `claims`.
fn lookup<'a>(claims: &'a Map<String, Value>, place: &str) -> Option<&'a Value> {
    let mut steps = place.split('/').skip(1);
    let first = claims.get(&unescape(steps.next()?))?;
    steps.try_fold(first, |value, step| match value {
        Value::Object(object) => object.get(&unescape(step)),
        Value::Array(items) => items.get(step.parse::<usize>().ok()?),
        _ => None,
    })
}

/// The requested part of a presentation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluation {
    /// The requested claims and those that are always disclosed, and no others.
    pub claims: Map<String, Value>,
    /// Whether no other claims were disclosed. A wallet must not disclose more (section 6.4); if it
    /// does, the presentation itself contains more than was requested.
    pub is_exact: bool,
    /// The requested claims that are not in `claims`, as JSON Pointers. The pointer to all items of
    /// a list is that to the list. An index counts in the issuer's list.
    pub withheld: Vec<String>,
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
            if presentations.is_string() {
                return Err(VerifyError::Malformed(
                    "vp_token must have a list with one presentation for each id, as in OpenID4VP 1.0; a string is the \
                     form of drafts 22 to 24",
                ));
            }
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
    use crate::format::sd_jwt::{self, Claim};
    use crate::jws;
    use crate::key::{Algorithm, SoftwareKey};

    // Conforms: OpenID4VP 8.1
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

    /// Credentials of other issuers, and earlier ones of this server, keep the items of lists
    /// apart.
    #[test]
    fn list_without_disclosed_items_is_left_out() {
        let key = SoftwareKey::from_bytes(Algorithm::Es256, &[7; 32]).expect("a key");
        let (name, jobs) = (json!("Ada"), [json!({ "organisation": "A" }), json!({ "organisation": "B" })]);
        let claims =
            [("full_name", Claim::Open(&name)), ("employment", Claim::Items(jobs.iter().map(Claim::Whole).collect()))];
        let open = Map::from_iter([("vct".to_owned(), json!("vct"))]);
        let header = jws::protected(&json!({ "alg": "ES256", "typ": "dc+sd-jwt" }));
        let text = sd_jwt::issue(&header, &open, &claims, &key, &mut |bytes| bytes.fill(1)).expect("signed");
        let claim = |id: &str| json!({ "id": id, "path": [id] });
        let query = json!({ "credentials": [{
            "id": "one", "format": FORMAT, "meta": { "vct_values": ["vct"] },
            "require_cryptographic_holder_binding": false,
            "claims": [claim("full_name"), claim("employment")],
            "claim_sets": [["full_name", "employment"], ["full_name"]],
        }] });
        let query = Query::read(&query).expect("a query");
        for (kept, employment) in [("/employment/1", Some(json!([jobs[1]]))), ("/employment", None), ("", None)] {
            let shown = SdJwtVc::read(&text).expect("read").sd_jwt.present(|place| place == kept).expect("shown");
            let shown = SdJwtVc::read(&shown).expect("a presentation");
            let found = query.credentials[0].evaluate(None, &shown).expect("it matches");
            assert_eq!(found.claims.get("employment").cloned(), employment, "{kept}");
            assert_eq!((found.claims.get("full_name"), found.is_exact), (Some(&name), true), "{kept}");
        }
    }

    /// Section 6.4.2: one of two credentials is enough.
    // Conforms: OpenID4VP 6
    #[test]
    fn required_sets_need_one_of_their_options() {
        let one = |id: &str| json!({ "id": id, "format": FORMAT, "meta": {} });
        let query = json!({ "credentials": [one("a"), one("b"), one("c")], "credential_sets": [{ "options": [["a"], ["b"]] }, { "options": [["c"]], "required": false }] });
        let query = Query::read(&query).expect("a query");
        assert!(query.answered(&json!({ "b": ["x~"] })).is_ok());
        assert!(query.answered(&json!({ "c": ["x~"] })).is_err());
    }

    /// Returns a credential with three claims that are disclosed one by one, and whose
    /// nationalities are DE, FR and AT, each disclosed by itself.
    fn issued() -> String {
        let key = SoftwareKey::from_bytes(Algorithm::Es256, &[7; 32]).expect("a key");
        let nationalities = ["DE", "FR", "AT"].map(Value::from);
        let text = json!("x");
        let mut claims: Vec<(&str, Claim<'_>)> =
            ["given_name", "family_name", "a/b"].into_iter().map(|name| (name, Claim::Whole(&text))).collect();
        claims.push(("nationalities", Claim::Items(nationalities.iter().map(Claim::Whole).collect())));
        let header = jws::protected(&json!({ "alg": "ES256", "typ": "dc+sd-jwt" }));
        let open = Map::from_iter([("vct".to_owned(), json!("vct"))]);
        let mut salt = 0;
        let mut rng = |bytes: &mut [u8]| {
            salt += 1;
            bytes.fill(salt);
        };
        sd_jwt::issue(&header, &open, &claims, &key, &mut rng).expect("signed")
    }

    /// Evaluates a presentation of what `shown` names.
    fn evaluated(paths: &[Value], claim_sets: &[&[&str]], shown: &[&str]) -> Result<Evaluation, VerifyError> {
        let claims: Vec<Value> =
            paths.iter().enumerate().map(|(at, path)| json!({ "id": format!("c{at}"), "path": path })).collect();
        let mut query = json!({
            "id": "one", "format": FORMAT, "meta": { "vct_values": ["vct"] },
            "require_cryptographic_holder_binding": false, "claims": claims,
        });
        if !claim_sets.is_empty() {
            query["claim_sets"] = json!(claim_sets);
        }
        let query = Query::read(&json!({ "credentials": [query] })).expect("a query");
        let issued = issued();
        let read = SdJwtVc::read(&issued).expect("a credential");
        let text = read.sd_jwt.present(|place| shown.contains(&place)).expect("shown");
        query.credentials[0].evaluate(None, &SdJwtVc::read(&text).expect("a presentation"))
    }

    // Conforms: OpenID4VP 7
    #[test]
    fn indices_count_in_the_issuers_list() {
        let at = |position: usize| json!(["nationalities", position]);
        let found = |position: usize, shown: &[&str]| {
            let found = evaluated(&[at(position)], &[], shown).map_err(|refusal| refusal.code())?;
            Ok((found.claims["nationalities"].clone(), found.is_exact, found.withheld))
        };
        let exactly = |items: Value| Ok((items, true, Vec::new()));
        assert_eq!(found(1, &["/nationalities/1"]), exactly(json!(["FR"])));
        assert_eq!(found(2, &["/nationalities/2"]), exactly(json!(["AT"])));
        assert_eq!(found(0, &["/nationalities/1"]), Err("claim"), "the second is not the first");
        let all = ["/nationalities/0", "/nationalities/1", "/nationalities/2"];
        assert_eq!(found(1, &all), Ok((json!(["FR"]), false, Vec::new())), "more was shown");
        assert_eq!(found(3, &all), Err("claim"));
        let sets: &[&[&str]] = &[&["c0", "c1"], &["c1"]];
        let found = evaluated(&[at(0), at(1)], sets, &["/nationalities/1"]).expect("the second set");
        assert_eq!((&found.claims["nationalities"], found.is_exact), (&json!(["FR"]), true));
        assert_eq!(found.withheld, ["/nationalities/0"]);
    }

    // Conforms: OpenID4VP 6
    #[test]
    fn only_the_first_claim_set_that_is_met_is_returned() {
        let paths = [json!(["given_name"]), json!(["a/b"]), json!(["nationalities", null])];
        let sets: &[&[&str]] = &[&["c0", "c1"], &["c2"]];
        let everything = ["/given_name", "/a~1b", "/nationalities/0"];
        for (shown, names, is_exact, withheld) in [
            (&everything[..], vec!["a/b", "given_name"], false, vec!["/nationalities"]),
            (&everything[..2], vec!["a/b", "given_name"], true, vec!["/nationalities"]),
            (&everything[1..], vec!["nationalities"], false, vec!["/given_name", "/a~1b"]),
            (&everything[2..], vec!["nationalities"], true, vec!["/given_name", "/a~1b"]),
        ] {
            let found = evaluated(&paths, sets, shown).expect("a set is met");
            let mut kept: Vec<&str> = found.claims.keys().map(String::as_str).collect();
            kept.sort_unstable();
            assert_eq!((kept, found.is_exact), (names, is_exact));
            assert_eq!(found.withheld, withheld);
        }
    }

    #[test]
    fn claims_that_are_not_shown_are_withheld() {
        let paths = [
            json!(["given_name"]),
            json!(["family_name"]),
            json!(["nationalities", null]),
            json!(["address", "locality"]),
        ];
        let found = evaluated(&paths, &[&["c0", "c1", "c2", "c3"], &["c0"]], &["/given_name"]).expect("the second set");
        assert_eq!(found.withheld, ["/family_name", "/nationalities", "/address/locality"]);
    }
}
