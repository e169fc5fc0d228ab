//! Finds the position of a value in the source of a JSON text, for diagnostics.
//!
//! The text must be valid JSON. For any other text the result is `None` or a wrong position, but
//! never a panic.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::pointer::{CUT, escape, unescape};

/// Byte ranges in the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The member's name with its quotes, if the value is a member of an object.
    pub name: Option<Range<usize>>,
    pub value: Range<usize>,
}

/// Finds the value at `pointer` (RFC 6901) in `source`.
///
/// ```
/// let source = r#"{ "a": [1, "two"] }"#;
/// let location = credential::locate(source, "/a/1").unwrap();
/// assert_eq!(&source[location.value], "\"two\"");
/// ```
pub fn locate(source: &str, pointer: &str) -> Option<Location> {
    let mut scanner = Scanner { bytes: source.as_bytes(), at: 0 };
    scanner.space();
    let mut name = None;
    if !pointer.is_empty() {
        for step in pointer.strip_prefix('/')?.split('/') {
            name = scanner.enter(source, &unescape(step))?;
        }
    }
    let start = scanner.at;
    scanner.skip_value()?;
    Some(Location { name, value: start..scanner.at })
}

/// Returns where in `source` the value at each of `pointers` starts; `usize::MAX` if there is none.
pub(crate) fn starts<'a>(source: &str, pointers: impl Iterator<Item = &'a str>) -> BTreeMap<String, usize> {
    let mut starts: BTreeMap<String, usize> = pointers.map(|pointer| (pointer.to_owned(), usize::MAX)).collect();
    each_value(source, |pointer, start| {
        if let Some(known) = starts.get_mut(pointer) {
            *known = start;
        }
    });
    starts
}

/// Returns the text of the value that starts at `start` in `source`.
pub(crate) fn text_at(source: &str, start: usize) -> Option<&str> {
    let mut scanner = Scanner { bytes: source.as_bytes(), at: start };
    scanner.skip_value()?;
    source.get(start..scanner.at)
}

/// Calls `visit` with the pointer and the start of every value, in the order of the source.
fn each_value(source: &str, mut visit: impl FnMut(&str, usize)) {
    let mut scanner = Scanner { bytes: source.as_bytes(), at: 0 };
    scanner.space();
    // `None` means that the text ended early; so do the visits.
    let _ = scanner.walk(source, &mut String::new(), &mut visit);
}

struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Scanner<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn space(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    /// Consumes `byte` and the following whitespace, if it is next.
    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        if found {
            self.at += 1;
            self.space();
        }
        found
    }

    /// Moves to the start of the child `step`. Returns the range of its name if it is a member.
    fn enter(&mut self, source: &str, step: &str) -> Option<Option<Range<usize>>> {
        if self.take(b'{') {
            loop {
                let (name, found) = self.name(source)?;
                if found == step || step.strip_suffix(CUT).is_some_and(|start| found.starts_with(start)) {
                    return Some(Some(name));
                }
                self.skip_value()?;
                self.space();
                if !self.take(b',') {
                    return None;
                }
            }
        }
        if !self.take(b'[') {
            return None;
        }
        for _ in 0..step.parse::<usize>().ok()? {
            self.skip_value()?;
            self.space();
            if !self.take(b',') {
                return None;
            }
        }
        (self.peek()? != b']').then_some(None)
    }

    /// Consumes a member's name and its colon. Returns the range and the unescaped name.
    fn name(&mut self, source: &str) -> Option<(Range<usize>, String)> {
        let start = self.at;
        self.skip_string()?;
        let range = start..self.at;
        self.space();
        let name = serde_json::from_str(source.get(range.clone())?).ok()?;
        self.take(b':').then_some((range, name))
    }

    /// Visits the value that starts here, whose pointer is `here`, and everything inside it.
    fn walk(&mut self, source: &str, here: &mut String, visit: &mut impl FnMut(&str, usize)) -> Option<()> {
        visit(here, self.at);
        let (open, close) = match self.peek()? {
            b'{' => (b'{', b'}'),
            b'[' => (b'[', b']'),
            _ => return self.skip_value(),
        };
        self.take(open);
        let length = here.len();
        for index in 0_usize.. {
            if self.peek()? == close {
                break;
            }
            let step = if open == b'{' { escape(&self.name(source)?.1) } else { index.to_string() };
            here.push('/');
            here.push_str(&step);
            self.walk(source, here, visit)?;
            here.truncate(length);
            self.space();
            if !self.take(b',') {
                break;
            }
        }
        (self.peek()? == close).then(|| self.at += 1)
    }

    fn skip_string(&mut self) -> Option<()> {
        if self.peek()? != b'"' {
            return None;
        }
        self.at += 1;
        loop {
            match self.peek()? {
                b'"' => break,
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        Some(())
    }

    /// Skips one value: a string, an object or list, or a bare word.
    fn skip_value(&mut self) -> Option<()> {
        match self.peek()? {
            b'"' => self.skip_string(),
            b'{' | b'[' => {
                let mut depth = 0_usize;
                loop {
                    match self.peek()? {
                        b'"' => {
                            self.skip_string()?;
                            continue;
                        }
                        b'{' | b'[' => depth += 1,
                        b'}' | b']' => depth -= 1,
                        _ => {}
                    }
                    self.at += 1;
                    if depth == 0 {
                        return Some(());
                    }
                }
            }
            _ => {
                while self.peek().is_some_and(|byte| !byte.is_ascii_whitespace() && !b",]}".contains(&byte)) {
                    self.at += 1;
                }
                Some(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    #[test]
    fn members_are_located_with_their_names() {
        let source = "{\n  \"x\\\"y\": {\"a/b\": null}, \"n\" : [ {}, 12 ] }";
        let text = |pointer: &str| locate(source, pointer).map(|location| &source[location.value]);
        assert_eq!(text("/x\"y/a~1b"), Some("null"));
        assert_eq!(text("/n/1"), Some("12"));
        assert_eq!(text("/n"), Some("[ {}, 12 ]"));
        assert_eq!(text("/n/2"), None);
        assert_eq!(text("/m"), None);
        assert_eq!(locate(source, "/n").and_then(|found| found.name).map(|name| &source[name]), Some("\"n\""));
    }

    /// Generates any JSON value of limited size.
    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 5, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                proptest::collection::btree_map(".{0,6}", inner, 0..5)
                    .prop_map(|members| members.into_iter().collect()),
            ]
        })
    }

    fn pointers(value: &Value, here: &str, all: &mut Vec<String>) {
        all.push(here.to_owned());
        match value {
            Value::Array(items) => {
                items.iter().enumerate().for_each(|(index, item)| pointers(item, &format!("{here}/{index}"), all));
            }
            Value::Object(members) => members.iter().for_each(|(name, item)| {
                pointers(item, &format!("{here}/{}", name.replace('~', "~0").replace('/', "~1")), all);
            }),
            _ => {}
        }
    }

    proptest! {
        #[test]
        fn every_pointer_locates_its_value(value in json(), pretty in any::<bool>()) {
            let source = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.expect("JSON");
            let mut all = Vec::new();
            pointers(&value, "", &mut all);
            for pointer in all {
                let location = locate(&source, &pointer).expect("found");
                let found: Value = serde_json::from_str(&source[location.value]).expect("a whole value");
                prop_assert_eq!(Some(&found), value.pointer(&pointer));
            }
        }

        #[test]
        fn every_value_is_visited_once_in_source_order(value in json(), pretty in any::<bool>()) {
            let source = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.expect("JSON");
            let mut visited = Vec::new();
            each_value(&source, |pointer, start| visited.push((pointer.to_owned(), start)));
            prop_assert!(visited.is_sorted_by(|(_, one), (_, next)| one < next));
            for (pointer, start) in &visited {
                prop_assert_eq!(locate(&source, pointer).map(|found| found.value.start), Some(*start));
            }
            let mut all = Vec::new();
            pointers(&value, "", &mut all);
            prop_assert_eq!(visited.len(), all.len());
        }

        #[test]
        fn locating_in_any_text_never_panics(source in prop_oneof![".{0,60}", "[\\[\\]{}:,\"a1 ]{0,60}"], pointer in "(/[a-z0-9]{0,3}){0,3}") {
            let _ = locate(&source, &pointer);
            each_value(&source, |_, _| {});
        }
    }
}
