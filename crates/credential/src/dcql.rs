//! DCQL (OpenID4VP 1.0, sections 6 and 7): what a verifier asks a wallet for, and whether an answer is just that.
//!
//! Owns queries of the format `dc+sd-jwt`: written for a type, read from anybody, weighed against what came. Whether what
//! came is genuine is for [`crate::verification`].

use serde_json::{Map, Value, json};

use crate::format::sd_jwt_vc::SdJwtVc;
use crate::pointer::escape;
use crate::refusal::Refusal;
use crate::schema::{Member, Presence, Shape};
use crate::types::Type;

/// The one format that is asked for.
pub const FORMAT: &str = "dc+sd-jwt";

/// Most credentials in a query, presentations in an answer, sets and options.
const MOST: usize = 32;
/// Most claims of one credential, and most sets of them.
const MOST_CLAIMS: usize = 256;
/// Most steps of a path.
const DEPTH: usize = 16;
/// Up to so many optional claims, every choice of them is offered to a wallet.
const MOST_CHOSEN: usize = 4;

/// Why something is no query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is no DCQL query: {0}")]
pub struct Invalid(pub &'static str);

/// A step of a path (section 7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A member of an object.
    Name(String),
    /// An item of a list, counted from 0.
    Index(usize),
    /// Every item of a list.
    All,
}

/// Which claims are meant: a path through a credential (section 7). It has a step at least.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimsPath(Vec<Step>);

impl ClaimsPath {
    /// A path of names, which ends with all items of a list if `items`.
    fn of(names: &[&str], items: bool) -> Self {
        let steps = names.iter().map(|name| Step::Name((*name).to_owned()));
        Self(steps.chain(items.then_some(Step::All)).collect())
    }

    /// Reads a list of texts, numbers and nulls.
    ///
    /// # Errors
    /// [`Invalid`].
    pub fn read(path: &Value) -> Result<Self, Invalid> {
        const WRONG: Invalid = Invalid("a path is a list of names, places and nulls, at least one");
        let steps = path.as_array().filter(|steps| (1..=DEPTH).contains(&steps.len())).ok_or(WRONG)?;
        let step = |step: &Value| match step {
            Value::String(name) => Ok(Step::Name(name.clone())),
            Value::Null => Ok(Step::All),
            other => other.as_u64().and_then(|place| usize::try_from(place).ok()).map(Step::Index).ok_or(WRONG),
        };
        steps.iter().map(step).collect::<Result<_, _>>().map(Self)
    }

    /// As it stands in a query.
    pub fn to_json(&self) -> Value {
        let step = |step: &Step| match step {
            Step::Name(name) => json!(name),
            Step::Index(place) => json!(place),
            Step::All => Value::Null,
        };
        self.0.iter().map(step).collect()
    }

    /// What it selects (section 7.1.1), each as a JSON Pointer with its value; `None` where it selects nothing, or leads
    /// through something that is no object or list as it should be.
    pub fn select<'a>(&self, claims: &'a Map<String, Value>) -> Option<Vec<(String, &'a Value)>> {
        let Some((Step::Name(first), rest)) = self.0.split_first() else { return None };
        let mut selected = vec![(format!("/{}", escape(first)), claims.get(first)?)];
        for step in rest {
            let mut next = Vec::new();
            for (place, value) in selected {
                match step {
                    Step::Name(name) => {
                        let found = value.as_object()?.get(name);
                        next.extend(found.map(|value| (format!("{place}/{}", escape(name)), value)));
                    }
                    Step::Index(at) => {
                        next.extend(value.as_array()?.get(*at).map(|item| (format!("{place}/{at}"), item)));
                    }
                    Step::All => {
                        let items = value.as_array()?.iter().enumerate();
                        next.extend(items.map(|(at, item)| (format!("{place}/{at}"), item)));
                    }
                }
            }
            selected = next;
        }
        Some(selected).filter(|selected| !selected.is_empty())
    }

    /// Whether what stands at `place`, a JSON Pointer, is selected or lies in something that is.
    pub fn selects(&self, place: &str) -> bool {
        place.matches('/').count() >= self.0.len() && self.leads_along(place)
    }

    /// Whether `place` is selected, lies in something that is, or has something selected in it.
    fn leads_along(&self, place: &str) -> bool {
        let fits = |(step, text): (&Step, &str)| match step {
            Step::Name(name) => escape(name) == text,
            Step::Index(at) => text.parse() == Ok(*at),
            Step::All => text.bytes().all(|byte| byte.is_ascii_digit()),
        };
        self.0.iter().zip(place.split('/').skip(1)).all(fits)
    }
}

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
    fn is_in(&self, claims: &Map<String, Value>) -> bool {
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

    /// What of a presentation was asked for, and nothing else. Says nothing of its signatures.
    ///
    /// # Errors
    /// It is of another format or type, or lacks something that was asked for.
    pub fn weigh(&self, shown: &SdJwtVc<'_>) -> Result<Weighed, Refusal> {
        let claims = &shown.disclosed.claims;
        let is_of_type = shown.text("vct").is_some_and(|vct| self.vct_values.iter().any(|wanted| wanted == vct));
        if self.format != FORMAT || !is_of_type {
            return Err(Refusal::Claim("vct is none that was asked for"));
        }
        if self.is_bound && shown.sd_jwt.key_binding.is_none() {
            return Err(Refusal::NotBound);
        }
        self.choose(claims).ok_or(Refusal::Claim("something that was asked for is not shown"))?;
        let is_asked = |place: &String| self.claims.iter().any(|claim| claim.path.leads_along(place));
        let paths: Vec<&[Step]> = self.claims.iter().map(|claim| claim.path.0.as_slice()).collect();
        let is_exact = shown.disclosed.places.iter().all(is_asked);
        Ok(Weighed { claims: narrow_object(claims, &paths), is_exact })
    }
}

/// What of a presentation was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weighed {
    /// The claims that were asked for, and no others.
    pub claims: Map<String, Value>,
    /// Whether nothing was disclosed besides them. A wallet must not do that (section 6.4); where it did, the presentation
    /// itself says more than was asked for.
    pub is_exact: bool,
}

/// Of a value, what `paths` lead to.
fn narrow(value: &Value, paths: &[&[Step]]) -> Value {
    match value {
        _ if paths.iter().any(|path| path.is_empty()) => value.clone(),
        Value::Object(object) => Value::Object(narrow_object(object, paths)),
        Value::Array(items) => {
            let further = |at: usize| further(paths, |step| *step == Step::All || *step == Step::Index(at));
            let kept = items.iter().enumerate().map(|(at, item)| (item, further(at)));
            kept.filter(|(_, paths)| !paths.is_empty()).map(|(item, paths)| narrow(item, &paths)).collect()
        }
        _ => Value::Null,
    }
}

fn narrow_object(object: &Map<String, Value>, paths: &[&[Step]]) -> Map<String, Value> {
    let is_name = |step: &Step, wanted: &String| matches!(step, Step::Name(name) if name == wanted);
    let kept = object.iter().map(|(name, value)| (name, value, further(paths, |step| is_name(step, name))));
    let kept = kept.filter(|(.., paths)| !paths.is_empty());
    kept.map(|(name, value, paths)| (name.clone(), narrow(value, &paths))).collect()
}

/// The rests of those paths whose first step fits.
fn further<'a>(paths: &[&'a [Step]], fits: impl Fn(&Step) -> bool) -> Vec<&'a [Step]> {
    paths.iter().filter_map(|path| path.split_first()).filter(|(first, _)| fits(first)).map(|(_, rest)| rest).collect()
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

/// The id of the one credential in our own queries.
const ID: &str = "credential";

impl Query {
    /// Asks for one credential of a type, whose `vct` is one of these, with those members of its fields that are `asked`
    /// for. A member that the type may lack may be missing from the answer, and with it nothing else. `authorities` are
    /// key identifiers in base64url; empty: anybody's.
    pub fn new(credential_type: Type, asked: &[&str], vct_values: Vec<String>, authorities: Vec<String>) -> Self {
        let mut wanted = Vec::new();
        let asked = credential_type.fields.iter().filter(|member| asked.contains(&member.name));
        asked.for_each(|member| claims_of(member, &[], true, &mut wanted));
        let name = |at: usize| format!("c{at}");
        let claim = |(at, (path, _)): (usize, &(ClaimsPath, bool))| ClaimQuery {
            id: Some(name(at)),
            path: path.clone(),
            values: Vec::new(),
        };
        let claims = wanted.iter().enumerate().map(claim).collect();
        let (must, may): (Vec<usize>, Vec<usize>) = (0..wanted.len()).partition(|at| wanted[*at].1);
        let set = |chosen: Vec<usize>| chosen.into_iter().map(name).collect();
        let claim_sets = if may.is_empty() { Vec::new() } else { choices(&must, &may).into_iter().map(set).collect() };
        let credential = CredentialQuery {
            id: ID.to_owned(),
            format: FORMAT.to_owned(),
            multiple: false,
            is_bound: true,
            vct_values,
            authorities,
            claims,
            claim_sets,
        };
        Self { credentials: vec![credential], sets: Vec::new() }
    }

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

/// The paths of a member, as far down as an issuer of ours discloses apart, each with whether a credential must have it.
fn claims_of(member: &Member, above: &[&str], must: bool, claims: &mut Vec<(ClaimsPath, bool)>) {
    let here = [above, &[member.name]].concat();
    let must = must && member.presence == Presence::Required;
    match member.shape {
        Shape::Object(inner) => inner.iter().for_each(|member| claims_of(member, &here, must, claims)),
        Shape::List { of: Shape::Object(_), .. } => claims.push((ClaimsPath::of(&here, true), must)),
        _ => claims.push((ClaimsPath::of(&here, false), must)),
    }
}

/// Which choices of claims will do, the best first: all; then without some of those that may be missing. Of a few, every
/// choice; of more, without any one of them, and without all.
fn choices(must: &[usize], may: &[usize]) -> Vec<Vec<usize>> {
    let with = |keep: &dyn Fn(usize) -> bool| {
        let mut chosen: Vec<usize> = must.iter().chain(may.iter().filter(|at| keep(**at))).copied().collect();
        chosen.sort_unstable();
        chosen
    };
    let mut all: Vec<Vec<usize>> = if may.len() <= MOST_CHOSEN {
        (0..1_u32 << may.len())
            .map(|without| with(&|at| may.iter().position(|one| *one == at).is_some_and(|bit| without >> bit & 1 == 0)))
            .collect()
    } else {
        let one_less = may.iter().map(|left_out| with(&|at| at != *left_out));
        let one_alone = may.iter().map(|kept| with(&|at| at == *kept));
        std::iter::once(with(&|_| true)).chain(one_less).chain(one_alone).chain([with(&|_| false)]).collect()
    };
    all.retain(|chosen| !chosen.is_empty());
    all.sort_by_key(|chosen| std::cmp::Reverse(chosen.len()));
    all
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        let Value::Object(object) = value else { panic!("no object: {value}") };
        object
    }

    fn path(steps: &Value) -> ClaimsPath {
        ClaimsPath::read(steps).expect("a path")
    }

    /// The credential and the paths of section 7.3.
    #[test]
    fn paths_select_what_the_standards_own_do() {
        let claims = object(json!({
            "name": "Arthur Dent",
            "address": { "street_address": "42 Market Street", "locality": "Milliways", "postal_code": "12345" },
            "degrees": [
                { "type": "Bachelor of Science", "university": "University of Betelgeuse" },
                { "type": "Master of Science", "university": "University of Betelgeuse" },
            ],
            "nationalities": ["British", "Betelgeusian"],
        }));
        let places = |steps| {
            let selected = path(&steps).select(&claims)?;
            Some(selected.into_iter().map(|(place, _)| place).collect::<Vec<_>>())
        };
        let some = |places: &[&str]| Some(places.iter().map(|place| (*place).to_owned()).collect());
        assert_eq!(places(json!(["name"])), some(&["/name"]));
        assert_eq!(places(json!(["address", "street_address"])), some(&["/address/street_address"]));
        assert_eq!(places(json!(["nationalities", 1])), some(&["/nationalities/1"]));
        assert_eq!(places(json!(["degrees", null, "type"])), some(&["/degrees/0/type", "/degrees/1/type"]));
        for nothing in
            [json!(["age"]), json!(["name", "first"]), json!(["address", null]), json!(["degrees", 2]), json!([0])]
        {
            assert_eq!(places(nothing.clone()), None, "{nothing}");
        }
    }

    #[test]
    fn what_is_no_path_and_no_query_is_refused() {
        for wrong in [
            json!([]),
            json!("name"),
            json!([-1]),
            json!([1.5]),
            json!([true]),
            json!([["name"]]),
            json!(vec!["a"; 17]),
        ] {
            assert!(ClaimsPath::read(&wrong).is_err(), "{wrong}");
        }
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

    #[test]
    fn every_types_query_reads_back_and_is_met_by_its_sample() {
        for known in crate::ALL {
            let known: Type = known.name.parse().expect("a type");
            let asked: Vec<&str> = known.fields.iter().map(|member| member.name).collect();
            let query = Query::new(known, &asked, vec!["vct".to_owned()], vec!["aki".to_owned()]);
            assert_eq!(Query::read(&query.to_json()), Ok(query.clone()), "{known}");
            let fields = object((known.sample)()["fields"].clone());
            assert!(query.credentials[0].choose(&fields).is_some(), "{known}");
        }
    }

    #[test]
    fn a_list_is_asked_for_item_by_item_and_what_may_be_missing_may_be_left_out() {
        let career: Type = "career_history".parse().expect("a type");
        let query = Query::new(career, &["full_name", "employment", "salary"], vec!["vct".to_owned()], Vec::new());
        let [credential] = query.credentials.as_slice() else { panic!("one credential") };
        let paths: Vec<Value> = credential.claims.iter().map(|claim| claim.path.to_json()).collect();
        assert_eq!(paths, [json!(["full_name"]), json!(["employment", null])]);
        assert_eq!(credential.choose(&object(json!({ "full_name": "Ada" }))), None);
        assert_eq!(choices(&[0], &[1, 2]), [vec![0, 1, 2], vec![0, 2], vec![0, 1], vec![0]]);
        assert_eq!(choices(&[], &[0, 1]).last(), Some(&vec![0]));
        let many = choices(&[], &[0, 1, 2, 3, 4]);
        assert_eq!((many.len(), many[0].len(), many.iter().all(|chosen| !chosen.is_empty())), (11, 5, true));
    }

    #[test]
    fn what_is_kept_was_asked_for() {
        let claims = object(json!({ "a": { "b": 1, "c": 2 }, "d": [{ "e": 3, "f": 4 }, { "f": 5 }], "g": 6 }));
        let kept = |paths: &[Value]| {
            let paths: Vec<ClaimsPath> = paths.iter().map(path).collect();
            let paths: Vec<&[Step]> = paths.iter().map(|path| path.0.as_slice()).collect();
            Value::Object(narrow_object(&claims, &paths))
        };
        assert_eq!(kept(&[json!(["a", "b"])]), json!({ "a": { "b": 1 } }));
        assert_eq!(kept(&[json!(["a", "b"]), json!(["a"])]), json!({ "a": { "b": 1, "c": 2 } }));
        assert_eq!(kept(&[json!(["d", null, "f"])]), json!({ "d": [{ "f": 4 }, { "f": 5 }] }));
        assert_eq!(kept(&[json!(["d", 1])]), json!({ "d": [{ "f": 5 }] }));
    }

    #[test]
    fn answers_hold_what_was_asked_for_once_each() {
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
    fn sets_say_which_must_come() {
        let one = |id: &str| json!({ "id": id, "format": FORMAT, "meta": {} });
        let query = json!({ "credentials": [one("a"), one("b"), one("c")], "credential_sets": [{ "options": [["a"], ["b"]] }, { "options": [["c"]], "required": false }] });
        let query = Query::read(&query).expect("a query");
        assert!(query.answered(&json!({ "b": ["x~"] })).is_ok());
        assert!(query.answered(&json!({ "c": ["x~"] })).is_err());
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i8>().prop_map(Value::from),
            "[a-c/~]{0,3}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::btree_map("[a-c]", inner, 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_a_path_selects_is_where_it_says_and_is_kept(claims in any_json(), steps in any_json()) {
            let Value::Object(claims) = claims else { return Ok(()) };
            let Ok(path) = ClaimsPath::read(&steps) else { return Ok(()) };
            let whole = Value::Object(claims.clone());
            let kept = Value::Object(narrow_object(&claims, &[path.0.as_slice()]));
            for (place, value) in path.select(&claims).unwrap_or_default() {
                prop_assert_eq!(whole.pointer(&place), Some(value));
                prop_assert!(path.selects(&place));
                prop_assert!(kept.to_string().contains(&value.to_string()));
            }
        }
    }
}
