//! Declares the shape of JSON values once, for validation, normalization and JSON Schema.
//!
//! Validation collects every error in one pass and brings values into their normal form: texts are
//! trimmed and in NFC (Unicode Annex 15), and nullable members that are null are removed. A new
//! kind of value is one more [`Shape`].

mod check;
mod dates;
mod id;
mod json_schema;
mod shape;
mod suggestion;
mod text;

pub use check::{check_object, is_misspelt};
pub use json_schema::object_schema;
pub use shape::{Choice, ListRules, Member, Presence, Shape};
pub(crate) use suggestion::nearest;
pub use text::parse_text;
pub(crate) use text::{is_bidi_control, is_invisible};
