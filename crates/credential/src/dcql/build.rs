//! Builds DCQL queries for a credential type.

use super::path::ClaimsPath;
use super::query::{ClaimQuery, CredentialQuery, FORMAT, Query};
use crate::schema::{Member, Presence, Shape};
use crate::types::Type;

/// Maximum number of optional claims for which every combination is offered to a wallet.
const MAX_CHOSEN: usize = 4;

/// The id of the only credential in the queries that Tenure sends.
pub(super) const ID: &str = "credential";

impl Query {
    /// Builds a query for one credential with one of the `vct_values`, for the `asked` members of
    /// its fields.
    ///
    /// A wallet may omit optional members. Members that the type always discloses are added if
    /// every credential has them; optional ones are in the clear and need no query. `authorities`
    /// are key identifiers in base64url; if empty, any issuer is accepted.
    pub fn new(credential_type: Type, asked: &[&str], vct_values: Vec<String>, authorities: Vec<String>) -> Self {
        let mut wanted = Vec::new();
        let is_shown = |member: &Member| {
            let always = credential_type.always_shows(&format!("/{}", member.name));
            asked.contains(&member.name) || always && member.presence == Presence::Required
        };
        let fields = credential_type.fields.iter().filter(|member| is_shown(member));
        fields.for_each(|member| claims_of(credential_type, member, (&[], ""), true, &mut wanted));
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
}

/// Collects the claim paths of a member, down to the level at which Tenure discloses claims
/// individually, each with whether every credential has it.
fn claims_of(
    known: Type,
    member: &Member,
    (above, place): (&[&str], &str),
    must: bool,
    claims: &mut Vec<(ClaimsPath, bool)>,
) {
    let (here, place) = ([above, &[member.name]].concat(), format!("{place}/{}", member.name));
    let must = must && member.presence == Presence::Required;
    match member.shape {
        _ if known.always_shows(&place) => claims.push((ClaimsPath::of(&here, false), must)),
        Shape::Object(inner) => {
            inner.iter().for_each(|member| claims_of(known, member, (&here, &place), must, claims));
        }
        Shape::List { of: Shape::Object(_), .. } => claims.push((ClaimsPath::of(&here, true), must)),
        _ => claims.push((ClaimsPath::of(&here, false), must)),
    }
}

/// Returns the claim sets in order of preference: the set of all claims first, then sets with fewer
/// optional claims. Up to [`MAX_CHOSEN`] optional claims, every combination is listed. Beyond that,
/// only the sets that lack one optional claim, have only one, or have none.
fn choices(must: &[usize], may: &[usize]) -> Vec<Vec<usize>> {
    let with = |keep: &dyn Fn(usize) -> bool| {
        let mut chosen: Vec<usize> = must.iter().chain(may.iter().filter(|at| keep(**at))).copied().collect();
        chosen.sort_unstable();
        chosen
    };
    let mut all: Vec<Vec<usize>> = if may.len() <= MAX_CHOSEN {
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
    use serde_json::{Map, Value, json};

    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        let Value::Object(object) = value else { panic!("no object: {value}") };
        object
    }

    #[test]
    fn every_types_query_reads_back_and_matches_its_sample() {
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
    fn always_shown_claims_are_requested_without_a_choice() {
        let paths = |name: &str, asked: &[&str]| {
            let known: Type = name.parse().expect("a type");
            let [credential] =
                Query::new(known, asked, vec!["vct".to_owned()], Vec::new()).credentials.try_into().expect("one");
            let paths: Vec<Value> = credential.claims.iter().map(|claim| claim.path.to_json()).collect();
            (Value::Array(paths), credential.claim_sets.len())
        };
        assert_eq!(paths("universal_credential", &["issuer_name"]), (json!([["full_name"], ["issuer_name"]]), 0));
        assert_eq!(paths("right_to_work", &["full_name"]), (json!([["full_name"], ["country"]]), 0));
        let scores = json!([
            ["full_name"],
            ["completion_date"],
            ["test_scores", "cefr_scores"],
            ["test_scores", "overall"],
            ["test_scores", "subskills", null],
        ]);
        assert_eq!(paths("english_proficiency", &["test_scores"]), (scores, 2));
    }

    #[test]
    fn lists_are_requested_by_item_and_claims_may_be_optional() {
        let career: Type = "career_history".parse().expect("a type");
        let query = Query::new(career, &["full_name", "employment", "salary"], vec!["vct".to_owned()], Vec::new());
        let [credential] = query.credentials.as_slice() else { panic!("one credential") };
        let paths: Vec<Value> = credential.claims.iter().map(|claim| claim.path.to_json()).collect();
        assert_eq!(paths, [json!(["full_name"]), json!(["employment", null])]);
        assert_eq!(credential.choose(&object(json!({ "full_name": "Ada" }))), None);
        assert_eq!(choices(&[0], &[1, 2]), [vec![0, 1, 2], vec![0, 2], vec![0, 1], vec![0]]);
        let query = Query::new(career, &["employment"], vec!["vct".to_owned()], Vec::new());
        assert_eq!(query.credentials[0].claims.len(), 2, "the name is shown with the jobs");
        assert_eq!(choices(&[], &[0, 1]).last(), Some(&vec![0]));
        let many = choices(&[], &[0, 1, 2, 3, 4]);
        assert_eq!((many.len(), many[0].len(), many.iter().all(|chosen| !chosen.is_empty())), (11, 5, true));
    }
}
