//! The shape of JSON: declared once, and from it validation, normalisation and JSON Schema.
//!
//! Owns the walk that gathers every fault in one pass and brings values into their normal form: texts trimmed and in
//! NFC (Unicode Annex 15), optional members that are null left out. A further kind of value is one more [`Shape`].

mod check;
mod id;
mod json_schema;
mod shape;
mod suggestion;
mod text;

pub use check::check_object;
pub use json_schema::object_schema;
pub use shape::{Choice, ListRules, Member, Presence, Shape};
pub(crate) use suggestion::nearest;
