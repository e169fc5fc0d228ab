//! Faults: what is wrong with a body, where, and what to write instead.
//!
//! Owns the stable codes. A code never changes its meaning; a new meaning is a new code.

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::locate::sort_by_position;
use crate::pointer::{CUT, Path};

/// Most faults that one answer lists; a last one says that there are more.
const MOST: usize = 100;

/// Most characters of a caller's value that an answer repeats (partner-api, section 9).
const ECHOED: usize = 64;

/// One fault of a body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// Where, as a JSON Pointer (RFC 6901) that resolves in the caller's own body. For a missing member it is the
    /// object that lacks it.
    pub pointer: String,
    /// Which kind of fault.
    pub code: Code,
    /// What is wrong and what to write instead, for an integrator.
    pub message: String,
    /// The start of what was sent, 64 characters at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub received: Option<String>,
    /// What was probably meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<String>,
}

macro_rules! codes {
    ($($variant:ident $name:literal $explanation:literal)+) => {
        /// A stable name for a kind of fault.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $(#[doc = $explanation] $variant,)+
        }

        impl Code {
            /// Every code, in the order of the reference.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name on the wire, such as `date.format`.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// One sentence for the reference.
            pub fn explanation(self) -> &'static str {
                match self { $(Self::$variant => $explanation,)+ }
            }
        }
    };
}

codes! {
    TypeMismatch "type.mismatch" "The value has another JSON type than the one asked for."
    MemberMissing "member.missing" "An object lacks a required member; the pointer names the object, the suggestion the member."
    MemberUnknown "member.unknown" "An object has a member that nobody reads; the nearest known name is suggested."
    MemberNull "member.null" "A member is null that must have a value, or be left out."
    TextEmpty "text.empty" "A text is empty, or has nothing but spaces and invisible characters."
    TextTooLong "text.too_long" "A text has more characters than allowed."
    TextControl "text.control" "A text holds a control character, or one that turns the direction of the text."
    EmailFormat "email.format" "A text is not an e-mail address that can be written to."
    SandboxOnly "sandbox.only" "An address at sandbox.invalid stands for a person whom the server plays, for sandbox partners alone."
    MemberForbidden "member.forbidden" "A member is there although another value rules it out."
    MemberConflict "member.conflict" "The same thing stands in two places, and the two differ."
    DateFormat "date.format" "A date is not written as asked for: YYYY-MM, YYYY-MM-DD or YYYY."
    DateRange "date.range" "A date does not exist, or its year is before 1900."
    DateOrder "date.order" "A date lies before the date that it must follow."
    DateFuture "date.future" "A date has not begun anywhere on earth."
    ChoiceUnknown "choice.unknown" "A value is not one of those that are allowed; the nearest is suggested."
    ListTooShort "list.too_short" "A list has fewer items than needed."
    ListTooLong "list.too_long" "A list has more items than allowed."
    OneOfMissing "one_of.missing" "None of several members is there, of which at least one is needed."
    CredentialIdDuplicate "credential_id.duplicate" "Two parts of one batch have the same id."
    CredentialIdTaken "credential_id.taken" "You have used this id for another request or another type, and that stands."
    ReplacesUnknown "replaces.unknown" "You have no credential of this id; a batch has an id but is none."
    ReplacesType "replaces.type" "The credential that is to be replaced is of another type."
    ReplacesSelf "replaces.self" "The id in replaces is that of the request itself, or of a part of it."
    CredentialTypeOther "credential_type.other" "The body names another credential type than the path."
    BatchEmpty "batch.empty" "A batch has no item."
    AssetsNotAllowed "assets.not_allowed" "This credential type takes no assets."
    AssetIdDuplicate "asset_id.duplicate" "Two assets of one credential have the same id."
    AssetDataFormat "asset_data.format" "asset_data is no https URL and no data URL of the asset's type."
    AssetDataAddress "asset_data.address" "A document cannot be fetched from this address."
    AssetDataContent "asset_data.content" "The document is not what its type says, is damaged, or holds something active."
    CallbackUrlUnknown "callback_url.unknown" "The address is not on the list of addresses to which people may be sent back to you."
    ReturnUrlUnknown "return_url.unknown" "The address is not on the list of addresses to which people may be sent on to you."
    UrlFormat "url.format" "A text is not an absolute https URL, or holds a user, a password or a fragment."
    UrlAddress "url.address" "An address leads to where nothing may be sent to: it is not public."
    TimeFormat "time.format" "A time is not written as RFC 3339 asks, such as 2026-11-25T09:30:00Z."
    TimeOrder "time.order" "A time lies before the time that it must follow."
    IdForm "id.form" "An id has white space at an end, holds a character that shows nothing, or is not in NFC; its printable form is suggested."
    IdMismatch "id.mismatch" "The body names another id than the path."
    FaultsMore "faults.more" "There are more faults than one answer lists; mend these first."
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Gathers faults, up to a hundred.
#[derive(Debug, Default)]
pub struct Faults {
    found: Vec<Fault>,
}

impl Faults {
    /// Adds a fault at `path`; `message` is only made while there is room.
    pub fn add(&mut self, path: &Path<'_>, code: Code, message: impl FnOnce() -> String) -> &mut Self {
        if self.has_room() {
            self.found.push(Fault {
                pointer: path.pointer(),
                code,
                message: message(),
                received: None,
                suggestion: None,
            });
        } else if self.found.len() == MOST {
            let message =
                format!("There are more than {MOST} faults; these are the first. Mend them and send it again.");
            self.found.push(Fault {
                pointer: String::new(),
                code: Code::FaultsMore,
                message,
                received: None,
                suggestion: None,
            });
        }
        self
    }

    /// Whether a further fault would be listed.
    pub fn has_room(&self) -> bool {
        self.found.len() < MOST
    }

    /// Says what was sent instead, for the fault that was added last.
    pub fn received(&mut self, value: &Value) -> &mut Self {
        self.last(|fault| {
            let text = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
            fault.received = Some(text.chars().take(ECHOED).collect());
        })
    }

    /// Says what was probably meant, for the fault that was added last.
    pub fn suggest(&mut self, suggestion: Option<String>) -> &mut Self {
        self.last(|fault| fault.suggestion = suggestion)
    }

    fn last(&mut self, change: impl FnOnce(&mut Fault)) -> &mut Self {
        if let Some(fault) = self.found.last_mut().filter(|fault| fault.code != Code::FaultsMore) {
            change(fault);
        }
        self
    }

    /// `Ok` if there are no faults.
    ///
    /// # Errors
    /// The faults, in the order in which `body`, where they were found, has their places; that there are more comes last.
    pub fn into_result(mut self, body: &[u8]) -> Result<(), Vec<Fault>> {
        if self.found.is_empty() {
            return Ok(());
        }
        // serde_json's maps are sorted by name, so the order of the source is only known by reading it again. The fault
        // that says there are more stands behind the first `MOST`.
        let listed = self.found.len().min(MOST);
        sort_by_position(std::str::from_utf8(body).unwrap_or_default(), &mut self.found[..listed], |fault| {
            &fault.pointer
        });
        for fault in &mut self.found {
            fault.pointer = shortened(&fault.pointer);
        }
        Err(self.found)
    }
}

/// The pointer with each step cut after [`ECHOED`] characters. Only unknown names are that long.
fn shortened(pointer: &str) -> String {
    let step = |step: &str| match step.char_indices().nth(ECHOED) {
        Some((end, _)) => format!("{}{CUT}", &step[..end]),
        None => step.to_owned(),
    };
    pointer.split('/').map(step).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_have_explanations() {
        let mut names: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Code::ALL.len());
        assert!(Code::ALL.iter().all(|code| code.explanation().ends_with('.')));
    }

    #[test]
    fn long_names_are_cut_in_pointers() {
        let name = "n".repeat(1_000_000);
        let body = format!(r#"{{"a": 1, "{name}": {{"b": 2}}}}"#);
        let mut faults = Faults::default();
        let unknown = Path::Member(&Path::Root, &name);
        faults.add(&Path::Member(&unknown, "b"), Code::MemberUnknown, String::new);
        faults.add(&Path::Member(&Path::Root, "a"), Code::MemberUnknown, String::new);
        let found = faults.into_result(body.as_bytes()).expect_err("there are faults");
        let pointers: Vec<&str> = found.iter().map(|fault| &*fault.pointer).collect();
        assert_eq!(pointers, ["/a", &format!("/{}…/b", "n".repeat(64))]);
        let located = crate::locate(&body, pointers[1]).expect("it is found by what is left of its name");
        assert_eq!(&body[located.value], "2");
    }

    #[test]
    fn at_most_100_field_errors_are_listed() {
        let mut faults = Faults::default();
        for _ in 0..250 {
            faults.add(&Path::Root, Code::TextEmpty, || "x".to_owned()).received(&Value::from("y".repeat(100)));
        }
        let found = faults.into_result(b"0").expect_err("there are faults");
        assert_eq!(found.len(), 101);
        assert_eq!((found[100].code, &found[100].received), (Code::FaultsMore, &None));
        assert_eq!(found[0].received.as_ref().map(String::len), Some(64));
    }
}
