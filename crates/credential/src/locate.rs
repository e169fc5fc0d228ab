//! Where in the source of a JSON text a value stands: for diagnostics that point at it.
//!
//! Reads JSON that has been parsed before; on anything else it finds nothing, or the wrong place, but never panics.

use std::ops::Range;

/// Byte ranges in the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The member's name with its quotes, if the value is a member of an object.
    pub name: Option<Range<usize>>,
    /// The value.
    pub value: Range<usize>,
}

/// Finds the value that `pointer` (RFC 6901) points to in `source`.
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
            name = scanner.enter(source, &step.replace("~1", "/").replace("~0", "~"))?;
        }
    }
    let start = scanner.at;
    scanner.skip_value()?;
    Some(Location { name, value: start..scanner.at })
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

    /// Goes past `byte` and the space behind it, if it is next.
    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        if found {
            self.at += 1;
            self.space();
        }
        found
    }

    /// Goes to the start of the child `step`; gives the name's range if it is a member.
    fn enter(&mut self, source: &str, step: &str) -> Option<Option<Range<usize>>> {
        if self.take(b'{') {
            loop {
                let start = self.at;
                self.skip_string()?;
                let name = start..self.at;
                self.space();
                if !self.take(b':') {
                    return None;
                }
                if serde_json::from_str::<String>(source.get(name.clone())?).is_ok_and(|found| found == step) {
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

    /// Goes past one value: a string, or everything up to its closing bracket, or a bare word.
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
    fn a_member_is_found_with_its_name() {
        let source = "{\n  \"x\\\"y\": {\"a/b\": null}, \"n\" : [ {}, 12 ] }";
        let text = |pointer: &str| locate(source, pointer).map(|location| &source[location.value]);
        assert_eq!(text("/x\"y/a~1b"), Some("null"));
        assert_eq!(text("/n/1"), Some("12"));
        assert_eq!(text("/n"), Some("[ {}, 12 ]"));
        assert_eq!(text("/n/2"), None);
        assert_eq!(text("/m"), None);
        assert_eq!(locate(source, "/n").and_then(|found| found.name).map(|name| &source[name]), Some("\"n\""));
    }

    /// Any JSON value, not too large.
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
        fn every_pointer_leads_to_its_value(value in json(), pretty in any::<bool>()) {
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
        fn nothing_panics_on_other_texts(source in ".{0,60}", pointer in "(/[a-z0-9]{0,3}){0,3}") {
            let _ = locate(&source, &pointer);
        }
    }
}
