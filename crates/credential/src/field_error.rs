//! Field errors: the problems of a body, each with its JSON Pointer, error code and suggestion.
//!
//! The codes are stable. A code never changes its meaning; a new meaning gets a new code.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use crate::json::{self, Node};
use crate::locate::{starts, text_at};
use crate::pointer::{CUT, Path};

/// Maximum number of errors in one response. Beyond it, a last error says that there are more.
const MAX: usize = 100;

/// Maximum number of characters of a caller's value that a response repeats (docs/partner-api.md
/// section 9).
const ECHOED: usize = 64;

/// Maximum number of characters of a suggestion: the longest id. A longer one is left out, because
/// a cut one would be wrong.
const SUGGESTED: usize = 255;

/// One error of a body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// A JSON Pointer (RFC 6901) that resolves in the caller's own body. For a missing field it
    /// points to the object that lacks it.
    pub pointer: String,
    /// The kind of error.
    pub code: Code,
    /// An explanation for integrators of how to correct it.
    pub message: String,
    /// The start of the received value, at most 64 characters: of a string its text, of another
    /// value its JSON as it was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub received: Option<String>,
    /// The value that was probably meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<String>,
}

macro_rules! codes {
    ($($variant:ident $name:literal $explanation:literal)+) => {
        /// A stable name for a kind of error.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $(#[doc = $explanation] $variant,)+
        }

        impl Code {
            /// All codes, in the order of the reference.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Returns the name in the API, such as `date.format`.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// Returns one sentence for the reference.
            pub fn explanation(self) -> &'static str {
                match self { $(Self::$variant => $explanation,)+ }
            }
        }
    };
}

codes! {
    TypeMismatch "type.mismatch" "The value has the wrong JSON type."
    FieldMissing "field.missing" "A required field is missing. The pointer names the object that lacks it, the suggestion names the field."
    FieldUnknown "field.unknown" "The field is unknown. The suggestion is the closest known name."
    FieldNull "field.null" "The field must not be null. Set a value, or leave the field out if it is optional."
    TextEmpty "text.empty" "The text is empty, or consists of spaces and invisible characters only."
    TextTooLong "text.too_long" "The text is longer than the maximum."
    TextControl "text.control" "The text contains a control character, or one that changes the direction of the text."
    EmailFormat "email.format" "The text is not a valid email address."
    SandboxOnly "sandbox.only" "Sandbox users (addresses at sandbox.invalid) are available to sandbox partners only."
    SandboxRecipient "sandbox.recipient" "A sandbox partner that signed up by email can have links mailed only to sandbox users and to its own address."
    FieldForbidden "field.forbidden" "The field must not be set, because of the value of another field."
    FieldConflict "field.conflict" "The same field is at two places in the body, with different values."
    DateFormat "date.format" "The date has the wrong format. It must be YYYY-MM, YYYY-MM-DD or YYYY, as the field requires."
    DateRange "date.range" "The date does not exist, or its year is before 1900."
    DateOrder "date.order" "The date is before another date that it must not precede."
    DateFuture "date.future" "The date is in the future."
    ChoiceUnknown "choice.unknown" "The value is not one of the allowed values. The suggestion is the closest one."
    ListTooShort "list.too_short" "The list has too few items."
    ListTooLong "list.too_long" "The list has too many items."
    AnyOfMissing "any_of.missing" "At least one of several fields is required, and all are missing."
    CredentialIdDuplicate "credential_id.duplicate" "The id is used twice in one batch."
    CredentialIdTaken "credential_id.taken" "You have already used this id for another request or another credential type."
    ReplacesUnknown "replaces.unknown" "You have no credential with this id. The id of a batch is not the id of a credential."
    ReplacesType "replaces.type" "The credential to replace has another credential type."
    ReplacesSelf "replaces.self" "replaces is the id of this request, or of another item of the same batch."
    CredentialTypeMismatch "credential_type.mismatch" "The credential type in the body differs from the one in the path."
    VersionMismatch "version.mismatch" "The body belongs to another version of the API than the path."
    BatchMismatch "batch.mismatch" "The body is a batch, but the path is for one credential, or the other way round."
    BatchEmpty "batch.empty" "The batch has no items."
    AssetsNotAllowed "assets.not_allowed" "This credential type does not accept assets."
    AssetIdDuplicate "asset_id.duplicate" "The asset_id is used twice in one credential."
    AssetDataFormat "asset_data.format" "asset_data is neither an https URL nor a data URL of the asset's type."
    AssetDataAddress "asset_data.address" "Documents cannot be fetched from this URL."
    AssetDataContent "asset_data.content" "The document has another format than declared, is damaged, or contains active content."
    CallbackUrlUnknown "callback_url.unknown" "The callback URL is not on your list of registered URLs."
    ReturnUrlUnknown "return_url.unknown" "The return URL is not on your list of registered URLs."
    UrlFormat "url.format" "The text is not an absolute https URL, or it contains a user name, a password or a fragment."
    UrlAddress "url.address" "The URL does not lead to a public address."
    TimeFormat "time.format" "The time is not in RFC 3339 format, such as 2026-11-25T09:30:00Z."
    PeriodFormat "period.format" "The text is not a period of time that is allowed here, such as 30s, 5m or 48h."
    TimeOrder "time.order" "The time is before another time that it must not precede."
    IdForm "id.form" "The id starts or ends with white space, contains an invisible character, or is not in NFC. The suggestion is a valid form."
    IdMismatch "id.mismatch" "The id in the body differs from the one in the path."
    DcqlInvalid "dcql.invalid" "The DCQL query is not valid, or has an option that verification requests do not support."
    ErrorsTruncated "errors.truncated" "There are more errors than a response lists. Correct the listed ones first."
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Collects at most 100 errors.
#[derive(Debug, Default)]
pub struct FieldErrors {
    found: Vec<FieldError>,
    /// Positions in `found` of the errors whose received value is not a string.
    with_json: Vec<usize>,
}

impl FieldErrors {
    /// Adds an error at `path`. Calls `message` only if the error will be listed.
    pub fn add(&mut self, path: &Path<'_>, code: Code, message: impl FnOnce() -> String) -> &mut Self {
        if self.has_room() {
            self.found.push(FieldError {
                pointer: path.pointer(),
                code,
                message: message(),
                received: None,
                suggestion: None,
            });
        } else if self.found.len() == MAX {
            let message = format!(
                "There are more than {MAX} errors; only the first ones are listed. Correct them and send the request again."
            );
            self.found.push(FieldError {
                pointer: String::new(),
                code: Code::ErrorsTruncated,
                message,
                received: None,
                suggestion: None,
            });
        }
        self
    }

    /// Returns whether another error would be listed.
    pub fn has_room(&self) -> bool {
        self.found.len() < MAX
    }

    /// Returns whether there is no error at `path` or below it.
    pub(crate) fn none_below(&self, path: &Path<'_>) -> bool {
        let pointer = path.pointer();
        let is_below = |found: &FieldError| {
            found.pointer.strip_prefix(&*pointer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        !self.found.iter().any(is_below)
    }

    /// Sets the received value of the error that was added last.
    pub fn received(&mut self, value: &Node<'_>) -> &mut Self {
        let last = self.found.len().saturating_sub(1);
        if !value.is_string() && self.with_json.last() != Some(&last) {
            self.with_json.push(last);
        }
        self.last(|field_error| {
            field_error.received = Some(value.as_str().map_or_else(|| echoed(&value.to_json()), echoed));
        })
    }

    /// Sets the suggestion of the error that was added last, unless it is too long.
    pub fn suggest(&mut self, suggestion: Option<String>) -> &mut Self {
        let suggestion = suggestion.filter(|text| text.chars().nth(SUGGESTED).is_none());
        self.last(|field_error| field_error.suggestion = suggestion)
    }

    fn last(&mut self, change: impl FnOnce(&mut FieldError)) -> &mut Self {
        if let Some(field_error) = self.found.last_mut().filter(|field_error| field_error.code != Code::ErrorsTruncated)
        {
            change(field_error);
        }
        self
    }

    /// Returns `Ok` if there are no errors.
    ///
    /// # Errors
    /// The errors in the order of their positions in `body`. If some were omitted, the last one
    /// says so.
    pub fn into_result(mut self, body: &[u8]) -> Result<(), Vec<FieldError>> {
        if self.found.is_empty() {
            return Ok(());
        }
        // Objects are sorted by name and numbers are parsed, so the source is scanned again for the
        // order and for what was sent. The error about omitted errors stays behind the first `MAX`.
        let listed = self.found.len().min(MAX);
        let source = std::str::from_utf8(body).unwrap_or_default();
        let starts = starts(source, self.found[..listed].iter().map(|field_error| &*field_error.pointer));
        for at in self.with_json.iter().filter(|at| **at < listed) {
            show_source(source, &starts, &mut self.found[*at]);
        }
        self.found[..listed].sort_by_key(|field_error| starts.get(&field_error.pointer).copied());
        for field_error in &mut self.found {
            field_error.pointer = shortened(&field_error.pointer);
        }
        Err(self.found)
    }
}

/// Returns the start of a caller's value, as much as a response repeats.
fn echoed(value: &str) -> String {
    value.chars().take(ECHOED).collect()
}

/// Maximum length of a text in the source that is compared with a received value, in bytes. To
/// compare a longer one, as large a tree as that of the body would be built again.
const COMPARED: usize = 1024;

/// Replaces the received value, which was written from the parsed one, by its text in the source:
/// `1E5` would be `100000.0`. It stays if another value is at the pointer.
fn show_source(source: &str, starts: &BTreeMap<String, usize>, field_error: &mut FieldError) {
    let text = starts.get(&field_error.pointer).and_then(|start| text_at(source, *start));
    let received = field_error.received.as_deref().unwrap_or_default();
    let is_received =
        |text: &&str| json::parse(text.as_bytes()).is_ok_and(|value| echoed(&value.to_json()) == received);
    if let Some(text) = text.filter(|text| text.len() <= COMPARED).filter(is_received) {
        field_error.received = Some(echoed(text));
    }
}

/// Returns the pointer with each step cut after [`ECHOED`] characters. Only unknown names are
/// longer.
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
        let mut field_errors = FieldErrors::default();
        let unknown = Path::Member(&Path::Root, &name);
        field_errors.add(&Path::Member(&unknown, "b"), Code::FieldUnknown, String::new);
        field_errors.add(&Path::Member(&Path::Root, "a"), Code::FieldUnknown, String::new);
        let found = field_errors.into_result(body.as_bytes()).expect_err("there are errors");
        let pointers: Vec<&str> = found.iter().map(|field_error| &*field_error.pointer).collect();
        assert_eq!(pointers, ["/a", &format!("/{}…/b", "n".repeat(64))]);
        let located = crate::locate(&body, pointers[1]).expect("a shortened name is still found");
        assert_eq!(&body[located.value], "2");
    }

    #[test]
    fn received_values_are_shown_as_they_were_sent() {
        let long = "123456789".repeat(9);
        let numbers = ["1E5", "1.0", "-0", "0.10", "123456789012345678901234567890", &*long];
        for sent in numbers.into_iter().chain(["true", "null", "[1.0, 2E0]", r#"{"b": 1, "a":2}"#]) {
            let body = format!("{{\"x\": [0, {sent} ]}}");
            let parsed = json::parse(body.as_bytes()).expect("JSON");
            let mut field_errors = FieldErrors::default();
            let list = Path::Member(&Path::Root, "x");
            field_errors.add(&Path::Item(&list, 1), Code::TypeMismatch, String::new).received(&parsed["x"][1]);
            // The value of this one is not at its pointer.
            field_errors.add(&Path::Item(&list, 0), Code::TypeMismatch, String::new).received(&parsed["x"][1]);
            field_errors.add(&Path::Root, Code::TypeMismatch, String::new).received(&Node::from("1.0"));
            let found = field_errors.into_result(body.as_bytes()).expect_err("there are errors");
            let received = [0, 1, 2].map(|at| found[at].received.as_deref());
            assert_eq!(received, [Some("1.0"), Some(&*echoed(&parsed["x"][1].to_json())), Some(&*echoed(sent))]);
        }
    }

    #[test]
    fn long_suggestions_are_left_out() {
        let mut field_errors = FieldErrors::default();
        for length in [255, 256] {
            field_errors.add(&Path::Root, Code::IdForm, String::new).suggest(Some("\u{e9}".repeat(length)));
        }
        let found = field_errors.into_result(b"0").expect_err("there are errors");
        assert_eq!([0, 1].map(|at| found[at].suggestion.is_some()), [true, false]);
    }

    #[test]
    fn at_most_100_field_errors_are_listed() {
        let mut field_errors = FieldErrors::default();
        for _ in 0..250 {
            field_errors.add(&Path::Root, Code::TextEmpty, || "x".to_owned()).received(&Node::from(&*"y".repeat(100)));
        }
        let found = field_errors.into_result(b"0").expect_err("there are errors");
        assert_eq!(found.len(), 101);
        assert_eq!((found[100].code, &found[100].received), (Code::ErrorsTruncated, &None));
        assert_eq!(found[0].received.as_ref().map(String::len), Some(64));
    }
}
