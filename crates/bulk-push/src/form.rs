//! The fields of a credential type that table cells can fill: the leaves of `fields`.
//!
//! Derived from the type's declaration. If `fields` requires a list of objects, such as the
//! employment list of a career, a row is an item of that list and all rows of one person form one
//! credential. Otherwise a row is a credential.

use credential::{Member, Presence, Shape, Type};
use serde_json::{Map, Value};

/// A field that a column can fill.
#[derive(Clone, Debug)]
pub struct Target {
    /// The field names that lead to it, from `fields` or from an item of the list.
    pub path: Vec<&'static str>,
    /// The shape of its value.
    pub shape: Shape,
    /// Whether a credential requires it.
    pub is_required: bool,
    /// Whether it belongs to an item of the list.
    pub is_of_item: bool,
    /// Its description.
    pub meaning: &'static str,
}

/// A credential type as a table.
#[derive(Clone, Debug)]
pub struct TableForm {
    pub credential_type: Type,
    /// The list whose items are rows, and the fields of an item.
    pub list: Option<(&'static str, &'static [Member])>,
    /// The fields that columns can fill.
    pub targets: Vec<Target>,
}

impl TableForm {
    /// Returns the form of a type.
    pub fn of(credential_type: Type) -> Self {
        let list = credential_type.fields.iter().find_map(|member| match (member.shape, member.presence) {
            (Shape::List { of: Shape::Object(members), .. }, Presence::Required) => Some((member.name, *members)),
            _ => None,
        });
        let mut targets = Vec::new();
        leaves(credential_type.fields, &[], (true, false), &mut targets);
        if let Some((_, members)) = list {
            leaves(members, &[], (true, true), &mut targets);
        }
        Self { credential_type, list, targets }
    }

    /// Returns the name of a target: its field name, or its full path if the name is not unique.
    pub fn name(&self, target: usize) -> String {
        let target = &self.targets[target];
        let leaf = target.path.last().copied().unwrap_or_default();
        let count = self.targets.iter().filter(|other| other.path.last() == Some(&leaf)).count();
        if count == 1 { leaf.to_owned() } else { target.path.join(".") }
    }

    /// Finds a target by its name or its full path.
    pub fn find(&self, name: &str) -> Option<usize> {
        let name = self.list.and_then(|(list, _)| name.strip_prefix(list)?.strip_prefix('.')).unwrap_or(name);
        let is_it = |target: &Target| target.path.join(".") == name;
        let by_path = self.targets.iter().position(is_it);
        by_path.or_else(|| (0..self.targets.len()).find(|target| self.name(*target) == name))
    }

    /// Returns all names, for messages.
    pub fn names(&self) -> String {
        (0..self.targets.len()).map(|target| self.name(target)).collect::<Vec<_>>().join(", ")
    }
}

fn leaves(members: &[Member], path: &[&'static str], (required, of_item): (bool, bool), targets: &mut Vec<Target>) {
    for member in members {
        let is_required = required && member.presence == Presence::Required;
        let path = [path, &[member.name]].concat();
        match member.shape {
            Shape::Object(members) => leaves(members, &path, (is_required, of_item), targets),
            // Other lists of objects cannot be expressed in a table; NDJSON supports them.
            Shape::List { of: Shape::Object(_), .. } | Shape::Listed(_) | Shape::Anything => {}
            shape => targets.push(Target { path, shape, is_required, is_of_item: of_item, meaning: member.meaning }),
        }
    }
}

/// Inserts `value` at `path` and creates the objects on the way.
pub fn put(object: &mut Map<String, Value>, path: &[&str], value: Value) {
    match path {
        [] => {}
        [leaf] => drop(object.insert((*leaf).to_owned(), value)),
        [first, rest @ ..] => {
            let inner = object.entry(*first).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(inner) = inner {
                put(inner, rest, value);
            }
        }
    }
}

/// Adds required objects even if they are empty.
pub fn complete(object: &mut Map<String, Value>, members: &[Member]) {
    for member in members {
        if let (Shape::Object(members), Presence::Required) = (member.shape, member.presence)
            && let Value::Object(inner) = object.entry(member.name).or_insert_with(|| Value::Object(Map::new()))
        {
            complete(inner, members);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_career_history_uses_several_rows_per_person() {
        for known in credential::ALL {
            let form = TableForm::of(*known);
            assert_eq!(form.list.is_some(), known.name() == "career_history", "{known}");
            for target in 0..form.targets.len() {
                assert_eq!(form.find(&form.name(target)), Some(target), "{known}: {}", form.name(target));
            }
        }
        let form = TableForm::of(Type::default());
        assert_eq!(form.find("employment.end_date"), form.find("end_date"));
        assert_eq!(form.find("salary"), None);
    }

    #[test]
    fn nested_fields_are_set_at_their_path() {
        let english: Type = "english_proficiency".parse().expect("a type");
        let form = TableForm::of(english);
        let target = form.find("scale").expect("a leaf");
        assert_eq!(form.targets[target].path, ["test_scores", "overall", "scale"]);
        let mut fields = Map::new();
        put(&mut fields, &form.targets[target].path, json!("0-9"));
        complete(&mut fields, english.fields);
        assert_eq!(json!(fields), json!({ "test_scores": { "overall": { "scale": "0-9" }, "cefr_scores": {} } }));
    }
}
