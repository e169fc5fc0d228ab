//! Claims path pointers (section 7): parsing, selection and filtering.

use serde_json::{Map, Value, json};

use crate::format::sd_jwt::Positions;
use crate::pointer::escape;

/// Maximum number of steps in a path.
const DEPTH: usize = 16;

/// The reason why JSON is not a valid query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid DCQL query: {0}")]
pub struct DcqlError(pub &'static str);

/// A step of a path (section 7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A member of an object.
    Name(String),
    /// An item of a list, by its zero-based position in the issuer's list.
    Index(usize),
    /// Every item of a list.
    All,
}

/// A claims path pointer (section 7). It has at least one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimsPath(Vec<Step>);

impl ClaimsPath {
    /// Creates a path of names. With `items` it ends with all items of a list.
    pub(super) fn of(names: &[&str], items: bool) -> Self {
        let steps = names.iter().map(|name| Step::Name((*name).to_owned()));
        Self(steps.chain(items.then_some(Step::All)).collect())
    }

    /// Parses a list of strings, numbers and nulls.
    ///
    /// # Errors
    /// [`DcqlError`].
    pub fn read(path: &Value) -> Result<Self, DcqlError> {
        const WRONG: DcqlError = DcqlError("a path must be a non-empty list of names, indices and nulls");
        let steps = path.as_array().filter(|steps| (1..=DEPTH).contains(&steps.len())).ok_or(WRONG)?;
        let step = |step: &Value| match step {
            Value::String(name) => Ok(Step::Name(name.clone())),
            Value::Null => Ok(Step::All),
            other => other.as_u64().and_then(|place| usize::try_from(place).ok()).map(Step::Index).ok_or(WRONG),
        };
        steps.iter().map(step).collect::<Result<_, _>>().map(Self)
    }

    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// Returns the path as JSON, as in a query.
    pub fn to_json(&self) -> Value {
        let step = |step: &Step| match step {
            Step::Name(name) => json!(name),
            Step::Index(place) => json!(place),
            Step::All => Value::Null,
        };
        self.0.iter().map(step).collect()
    }

    /// Returns the JSON Pointer to the claim, up to the first step that selects all items.
    pub(super) fn pointer(&self) -> String {
        let steps = self.0.iter().map_while(|step| match step {
            Step::Name(name) => Some(format!("/{}", escape(name))),
            Step::Index(at) => Some(format!("/{at}")),
            Step::All => None,
        });
        steps.collect()
    }

    /// Returns the selected values with their JSON Pointers (section 7.1.1). Returns `None` if
    /// nothing is selected, or if a step does not match the kind of value.
    pub fn select<'a>(&self, claims: &'a Map<String, Value>) -> Option<Vec<(String, &'a Value)>> {
        self.select_shown(claims, &Positions::default())
    }

    /// Like [`select`](Self::select), for claims of which items of lists are withheld. An index
    /// counts in the issuer's list; the pointers are those into `claims`.
    pub(super) fn select_shown<'a>(
        &self,
        claims: &'a Map<String, Value>,
        positions: &Positions,
    ) -> Option<Vec<(String, &'a Value)>> {
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
                    Step::Index(position) => {
                        let items = value.as_array()?;
                        let at = positions.shown_index(&place, *position);
                        next.extend(at.and_then(|at| Some((format!("{place}/{at}"), items.get(at)?))));
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

    /// Returns whether `place`, a JSON Pointer, is selected or inside a selected value.
    pub fn selects(&self, place: &str) -> bool {
        place.matches('/').count() >= self.0.len() && self.leads_along(place)
    }

    /// Returns whether `place` is selected, inside a selected value, or contains one.
    pub(super) fn leads_along(&self, place: &str) -> bool {
        let fits = |(step, text): (&Step, &str)| match step {
            Step::Name(name) => escape(name) == text,
            Step::Index(at) => text.parse() == Ok(*at),
            Step::All => text.bytes().all(|byte| byte.is_ascii_digit()),
        };
        self.0.iter().zip(place.split('/').skip(1)).all(fits)
    }
}

/// Returns the parts of `object` that `paths` select. Indices count in the issuer's lists.
pub(super) fn keep_selected<'a>(
    object: &Map<String, Value>,
    positions: &Positions,
    paths: impl IntoIterator<Item = &'a ClaimsPath>,
) -> Map<String, Value> {
    let paths: Vec<&[Step]> = paths.into_iter().map(|path| path.0.as_slice()).collect();
    Narrowing { positions }.object(object, "", &paths)
}

/// Reduces claims to the parts that paths select.
struct Narrowing<'p> {
    positions: &'p Positions,
}

impl Narrowing<'_> {
    /// Returns the parts of the value at `place` that `paths` select; `None` for a list without any
    /// selected item.
    fn value(&self, value: &Value, place: &str, paths: &[&[Step]]) -> Option<Value> {
        Some(match value {
            _ if paths.iter().any(|path| path.is_empty()) => value.clone(),
            Value::Object(object) => Value::Object(self.object(object, place, paths)),
            Value::Array(items) => Value::Array(self.items(items, place, paths)?),
            _ => Value::Null,
        })
    }

    fn items(&self, items: &[Value], place: &str, paths: &[&[Step]]) -> Option<Vec<Value>> {
        let mut kept = Vec::new();
        for (at, item) in items.iter().enumerate() {
            let position = self.positions.of_shown(place, at);
            let paths = further(paths, |step| *step == Step::All || *step == Step::Index(position));
            if !paths.is_empty() {
                kept.extend(self.value(item, &format!("{place}/{at}"), &paths));
            }
        }
        Some(kept).filter(|kept| items.is_empty() || !kept.is_empty())
    }

    fn object(&self, object: &Map<String, Value>, place: &str, paths: &[&[Step]]) -> Map<String, Value> {
        let is_name = |step: &Step, wanted: &String| matches!(step, Step::Name(name) if name == wanted);
        let kept = object.iter().map(|(name, value)| (name, value, further(paths, |step| is_name(step, name))));
        let kept = kept.filter(|(.., paths)| !paths.is_empty());
        let narrowed = |(name, value, paths): (&String, &Value, Vec<&[Step]>)| {
            Some((name.clone(), self.value(value, &format!("{place}/{}", escape(name)), &paths)?))
        };
        kept.filter_map(narrowed).collect()
    }
}

/// Returns the remaining steps of the paths whose first step matches.
fn further<'a>(paths: &[&'a [Step]], fits: impl Fn(&Step) -> bool) -> Vec<&'a [Step]> {
    paths.iter().filter_map(|path| path.split_first()).filter(|(first, _)| fits(first)).map(|(_, rest)| rest).collect()
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

    /// The credential and the paths are those of section 7.3.
    // Conforms: OpenID4VP 7
    #[test]
    fn paths_select_as_in_the_standards_examples() {
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
    fn invalid_paths_are_rejected() {
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
    }

    #[test]
    fn only_selected_values_are_kept() {
        let claims = object(json!({ "a": { "b": 1, "c": 2 }, "d": [{ "e": 3, "f": 4 }, { "f": 5 }], "g": 6 }));
        let kept = |paths: &[Value]| {
            let paths: Vec<ClaimsPath> = paths.iter().map(path).collect();
            Value::Object(keep_selected(&claims, &Positions::default(), &paths))
        };
        assert_eq!(kept(&[json!(["a", "b"])]), json!({ "a": { "b": 1 } }));
        assert_eq!(kept(&[json!(["a", "b"]), json!(["a"])]), json!({ "a": { "b": 1, "c": 2 } }));
        assert_eq!(kept(&[json!(["d", null, "f"])]), json!({ "d": [{ "f": 4 }, { "f": 5 }] }));
        assert_eq!(kept(&[json!(["d", 1])]), json!({ "d": [{ "f": 5 }] }));
        assert_eq!(kept(&[json!(["d", 2]), json!(["g"])]), json!({ "g": 6 }), "a list of nothing is absent");
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
        fn selected_values_match_their_pointers_and_are_kept(claims in any_json(), steps in any_json()) {
            let Value::Object(claims) = claims else { return Ok(()) };
            let Ok(path) = ClaimsPath::read(&steps) else { return Ok(()) };
            let whole = Value::Object(claims.clone());
            let kept = Value::Object(keep_selected(&claims, &Positions::default(), [&path]));
            for (place, value) in path.select(&claims).unwrap_or_default() {
                prop_assert_eq!(whole.pointer(&place), Some(value));
                prop_assert!(path.selects(&place));
                prop_assert!(kept.to_string().contains(&value.to_string()));
            }
        }
    }
}
