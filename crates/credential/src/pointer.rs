//! JSON Pointer (RFC 6901).

/// Marks a step of a pointer that was cut because the name is too long to repeat.
pub(crate) const CUT: char = '…';

/// A position in a body, as a linked list of steps on the stack. It is formatted as a JSON Pointer
/// only when an error is added.
#[derive(Clone, Copy, Debug)]
pub enum Path<'a> {
    /// The whole body.
    Root,
    /// A member of an object.
    Member(&'a Path<'a>, &'a str),
    /// An item of a list.
    Item(&'a Path<'a>, usize),
    /// A pointer that is already formatted.
    Pointer(&'a str),
}

impl Path<'_> {
    /// Returns the JSON Pointer.
    pub fn pointer(&self) -> String {
        match self {
            Self::Root => String::new(),
            Self::Member(parent, name) => format!("{}/{}", parent.pointer(), escape(name)),
            Self::Item(parent, index) => format!("{}/{index}", parent.pointer()),
            Self::Pointer(pointer) => (*pointer).to_owned(),
        }
    }
}

/// Returns the JSON Pointer to a submission, from that to its id.
pub(crate) fn submission_pointer(id_pointer: &str) -> &str {
    id_pointer.rsplit_once('/').map_or("", |(submission, _)| submission)
}

/// Returns the JSON Pointer to the fields of a submission, from that to its id. v1 and v2 have
/// different names for both.
pub(crate) fn fields_pointer(id_pointer: &str) -> String {
    let fields = if id_pointer.ends_with("/credential_id") { "fields" } else { "data/credential" };
    format!("{}/{fields}", submission_pointer(id_pointer))
}

/// Escapes a member's name as a step of a pointer (RFC 6901, section 3).
pub(crate) fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Unescapes a step of a pointer (RFC 6901, section 4).
pub(crate) fn unescape(step: &str) -> String {
    // `~1` is replaced first, because `~01` means `~1`, not `/`.
    step.replace("~1", "/").replace("~0", "~")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_are_escaped() {
        let member = Path::Member(&Path::Root, "a/b~c");
        assert_eq!(Path::Item(&member, 3).pointer(), "/a~1b~0c/3");
    }

    #[test]
    fn fields_are_beside_the_id() {
        for (id, fields) in [
            ("/credential_id", "/fields"),
            ("/education_items/3/credential_id", "/education_items/3/fields"),
            ("/id", "/data/credential"),
            ("/credentials/3/id", "/credentials/3/data/credential"),
        ] {
            assert_eq!(fields_pointer(id), fields);
        }
    }

    #[test]
    fn escaped_names_are_read_back() {
        for name in ["a/b~c", "~1", "~0", "/", ""] {
            assert_eq!(unescape(&escape(name)), name);
        }
    }
}
