//! Builds DCQL queries for a credential type.

use std::collections::BTreeSet;

use super::path::ClaimsPath;
use super::query::{ClaimQuery, CredentialQuery, FORMAT, Query};
use crate::schema::{Member, Presence, Shape};
use crate::types::Type;

/// Maximum number of optional claims for which every combination is offered to a wallet.
const MAX_CHOSEN: usize = 4;

/// The id of the only credential in the queries that Tenure sends.
pub(super) const ID: &str = "credential";

/// Whether a wallet can omit a requested claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    /// The type always discloses it, and every credential has it.
    Always,
    /// Every credential has it, and the person may withhold it.
    Usual,
    /// Not every credential has it.
    Optional,
}

/// Requested claims that a wallet shows together or not at all.
#[derive(Debug)]
struct Unit {
    /// The JSON Pointer to the claim, or to the object that contains the claims.
    place: String,
    need: Need,
    paths: Vec<ClaimsPath>,
}

impl Query {
    /// Builds a query for one credential with one of the `vct_values`, for the `asked` members of
    /// its fields.
    ///
    /// A wallet may withhold what the person may withhold in their wallet here: all but the members
    /// that the type always discloses. Those are added if every credential has them; optional ones
    /// are in the clear and need no query. `authorities` are key identifiers in base64url; if
    /// empty, any issuer is accepted.
    pub fn new(credential_type: Type, asked: &[&str], vct_values: Vec<String>, authorities: Vec<String>) -> Self {
        let mut units = Vec::new();
        let is_shown = |member: &Member| {
            let always = credential_type.always_shows(&format!("/{}", member.name));
            asked.contains(&member.name) || always && member.presence == Presence::Required
        };
        let fields = credential_type.fields.iter().filter(|member| is_shown(member));
        fields.for_each(|member| add_units(credential_type, member, (&[], ""), true, &mut units));
        let mut count = 0..;
        let ids: Vec<Vec<String>> = units
            .iter()
            .map(|unit| unit.paths.iter().zip(&mut count).map(|(_, at): (_, usize)| format!("c{at}")).collect())
            .collect();
        let paths = units.iter().flat_map(|unit| &unit.paths).zip(ids.iter().flatten());
        let claim = |(path, id): (&ClaimsPath, &String)| ClaimQuery {
            id: Some(id.clone()),
            path: path.clone(),
            values: Vec::new(),
        };
        let claims = paths.map(claim).collect();
        let is_asked = |unit: &Unit| asked.iter().any(|name| unit.place.split('/').nth(1) == Some(*name));
        let set = |chosen: Vec<usize>| chosen.into_iter().flat_map(|at| ids[at].iter().cloned()).collect();
        let claim_sets = combinations(&units, is_asked).into_iter().map(set).collect();
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

/// Adds the claim paths of a member, down to the level at which Tenure discloses claims
/// individually. The members of an object that the type always discloses belong together: they are
/// shown with each of the others. `is_everywhere` is whether every credential has the parent.
fn add_units(
    known: Type,
    member: &Member,
    (above, parent): (&[&str], &str),
    is_everywhere: bool,
    units: &mut Vec<Unit>,
) {
    let (here, place) = ([above, &[member.name]].concat(), format!("{parent}/{}", member.name));
    let is_everywhere = is_everywhere && member.presence == Presence::Required;
    let usual = if is_everywhere { Need::Usual } else { Need::Optional };
    let (place, need, path) = match member.shape {
        _ if known.always_shows(&place) => {
            let path = ClaimsPath::of(&here, false);
            match units.iter_mut().find(|unit| unit.place == parent && unit.need == usual) {
                Some(unit) => return unit.paths.push(path),
                None if above.is_empty() && is_everywhere => (place, Need::Always, path),
                None if above.is_empty() => (place, usual, path),
                None => (parent.to_owned(), usual, path),
            }
        }
        Shape::Object(inner) => {
            return inner.iter().for_each(|member| add_units(known, member, (&here, &place), is_everywhere, units));
        }
        Shape::List { of: Shape::Object(_), .. } => {
            let path = ClaimsPath::of(&here, known.keeps_items_apart(&place));
            (place, usual, path)
        }
        _ => (place, usual, ClaimsPath::of(&here, false)),
    };
    units.push(Unit { place, need, paths: vec![path] });
}

/// Returns the combinations of units that a wallet may show, in order of preference: each has a
/// unit that is asked for, because the other claims say nothing by themselves. Returns none if
/// there is no choice.
fn combinations(units: &[Unit], is_asked: impl Fn(&Unit) -> bool) -> Vec<Vec<usize>> {
    let of = |needs: &[Need]| {
        let found = units.iter().enumerate().filter(|(_, unit)| needs.contains(&unit.need));
        found.map(|(at, _)| at).collect::<Vec<_>>()
    };
    let everywhere = of(&[Need::Always, Need::Usual]);
    let mut all = choices(&everywhere, &of(&[Need::Optional]));
    all.extend(choices(&of(&[Need::Always]), &of(&[Need::Usual, Need::Optional])));
    let without = |left_out: usize| everywhere.iter().copied().filter(|at| *at != left_out).collect::<Vec<_>>();
    all.extend(of(&[Need::Usual]).into_iter().map(without));
    all.sort_by_key(|chosen| std::cmp::Reverse(chosen.len()));
    let mut seen = BTreeSet::new();
    all.retain(|chosen| chosen.iter().any(|at| is_asked(&units[*at])) && seen.insert(chosen.clone()));
    if all.len() > 1 { all } else { Vec::new() }
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
            ["test_scores", "subskills"],
        ]);
        assert_eq!(paths("english_proficiency", &["test_scores"]), (scores, 3));
    }

    #[test]
    fn every_claim_that_is_not_always_shown_can_be_withheld() {
        for known in crate::ALL {
            let known: Type = known.name.parse().expect("a type");
            let asked: Vec<&str> = known.fields.iter().map(|member| member.name).collect();
            let query = Query::new(known, &asked, vec!["vct".to_owned()], Vec::new());
            let sample = object((known.sample)()["fields"].clone());
            for member in known.fields.iter().filter(|member| !known.always_shows(&format!("/{}", member.name))) {
                let mut shown = sample.clone();
                shown.remove(member.name);
                let chosen = query.credentials[0].choose(&shown);
                assert!(chosen.is_some_and(|chosen| !chosen.is_empty()), "{known}: without {}", member.name);
            }
        }
    }

    #[test]
    fn lists_whose_items_are_kept_apart_are_requested_by_item() {
        let apart = Type::default().with_items_apart(&["/employment"]);
        let query = Query::new(apart, &["employment"], vec!["vct".to_owned()], Vec::new());
        let paths: Vec<Value> = query.credentials[0].claims.iter().map(|claim| claim.path.to_json()).collect();
        assert_eq!(paths, [json!(["full_name"]), json!(["employment", null])]);
    }

    #[test]
    fn lists_are_requested_whole_and_claims_may_be_optional() {
        let career: Type = "career_history".parse().expect("a type");
        let query = Query::new(career, &["full_name", "employment", "salary"], vec!["vct".to_owned()], Vec::new());
        let [credential] = query.credentials.as_slice() else { panic!("one credential") };
        let paths: Vec<Value> = credential.claims.iter().map(|claim| claim.path.to_json()).collect();
        assert_eq!(paths, [json!(["full_name"]), json!(["employment"])]);
        assert_eq!(credential.choose(&object(json!({ "employment": [{}] }))), None, "the name is always shown");
        assert_eq!(credential.claim_sets, [vec!["c0", "c1"], vec!["c0"]]);
        assert_eq!(choices(&[0], &[1, 2]), [vec![0, 1, 2], vec![0, 2], vec![0, 1], vec![0]]);
        let query = Query::new(career, &["employment"], vec!["vct".to_owned()], Vec::new());
        assert_eq!(query.credentials[0].claims.len(), 2, "the name is shown with the jobs");
        assert_eq!(query.credentials[0].claim_sets.len(), 0, "nothing else is asked for");
        assert_eq!(choices(&[], &[0, 1]).last(), Some(&vec![0]));
        let many = choices(&[], &[0, 1, 2, 3, 4]);
        assert_eq!((many.len(), many[0].len(), many.iter().all(|chosen| !chosen.is_empty())), (11, 5, true));
    }
}
