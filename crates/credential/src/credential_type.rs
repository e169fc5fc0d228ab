//! The declaration of a credential type, and helpers for rules that several types share.

use serde::Serialize;
use serde_json::Value;

use crate::asset::{AssetKind, AssetRules};
use crate::context::Context;
use crate::date::{Date, parse_year};
use crate::field_error::{Code, FieldErrors};
use crate::json::Node;
use crate::pointer::Path;
use crate::relation::Relation;
use crate::schema::{Member, Presence, Shape};
use crate::view::Block;

/// The member that every type has.
pub(crate) const FULL_NAME: Member = Member {
    name: "full_name",
    shape: Shape::Text,
    presence: Presence::Required,
    label: "Full name",
    meaning: "The person's full name.",
    example: r#""John Doe""#,
};

/// The declaration of a credential type.
#[derive(Debug)]
pub struct CredentialType {
    /// The name in the API, such as `career_history`.
    pub name: &'static str,
    /// The name in the link's path, such as `careerHistory` (docs/partner-api.md section 8).
    pub redirect_name: &'static str,
    /// The OAuth scope for a push, such as `write.career_history` (docs/partner-api.md section 3).
    pub write_scope: &'static str,
    /// The OAuth scope for the result of a verification request, such as `read.career_history`
    /// (docs/partner-api.md section 3).
    pub read_scope: &'static str,
    /// The title for people.
    pub title: &'static str,
    /// The purpose, in one or two sentences.
    pub summary: &'static str,
    /// The members of `fields`.
    pub fields: &'static [Member],
    /// The assets that it accepts.
    pub assets: &'static AssetRules,
    /// The v1 form; `None` if v1 does not support the type.
    pub v1: Option<V1>,
    /// The member of a v2 batch that holds it.
    pub batch: BatchMember,
    /// Checks rules that involve several members of `fields`. Runs after the shapes were checked,
    /// which may have added errors.
    pub rules: fn(&Node<'_>, &Path<'_>, &Context<'_>, &mut FieldErrors),
    /// Returns warnings for the partner about valid fields. The second argument is the JSON Pointer
    /// to the id in the caller's body, from which that to the fields follows.
    pub advice: fn(&Node<'_>, &str) -> Vec<Hint>,
    /// Returns a one-line summary of valid fields for hirers.
    pub headline: fn(&Value) -> String,
    /// Returns the blocks that a page shows of valid fields.
    pub view: fn(&Value) -> Vec<Block>,
    /// Returns the value of the member with this name in words for people; `None` if the value is
    /// readable as it is. Codes and booleans are not.
    pub words: fn(&str, &Value) -> Option<String>,
    /// Members of `fields` that an OpenCerts document states too, each with its path in the
    /// document's data.
    pub compared: &'static [(&'static str, &'static str)],
    /// The mapping to an achievement (Open Badges 3.0), if the type is one.
    pub achievement: Option<Achievement>,
    /// Returns how a newer credential relates to an older one of the same person, from the fields
    /// of both.
    pub relation: fn(&Value, &Value) -> Relation,
    /// Members of `fields` that are always disclosed because they qualify others, as JSON Pointers
    /// (RFC 6901). Each is shown wherever its parent object is shown (docs/partner-api.md section
    /// 5).
    pub always_shown: &'static [&'static str],
    /// Lists of objects whose items an outside wallet can disclose individually, as JSON Pointers.
    /// Every other list in an outside wallet's credential is one disclosure, which wallets that
    /// cannot select items can present (D-256).
    pub items_apart: &'static [&'static str],
    /// The label for people of one item of each list in `fields`, by the list's JSON Pointer.
    pub item_labels: &'static [(&'static str, &'static str)],
    /// The member of `fields` with the last day of validity; `None` if the type does not expire.
    pub last_day: Option<&'static str>,
    /// The type metadata that was published under earlier `vct`s, oldest first, with `{address}`
    /// for the issuer's URL. Credentials contain the hash of their metadata, so a published
    /// document must never change.
    pub earlier_metadata: &'static [&'static str],
    /// Returns a complete valid v2 body.
    pub sample: fn() -> Value,
}

impl CredentialType {
    /// Returns the members that `fields` may have, including those of an older form.
    pub fn members(&self) -> impl Iterator<Item = &'static Member> {
        let (fields, older) = (self.fields, self.older_fields().unwrap_or_default());
        fields.iter().chain(older.iter().filter(|member| fields.iter().all(|known| known.name != member.name)))
    }

    /// Returns the names of the members that are lists of objects, whose items can be disclosed
    /// individually.
    pub fn lists(&self) -> impl Iterator<Item = &'static str> {
        let is_list = |member: &&Member| matches!(member.shape, Shape::List { of: Shape::Object(_), .. });
        self.members().filter(is_list).map(|member| member.name)
    }

    fn older_fields(&self) -> Option<&'static [Member]> {
        let (_, older) = self.v1.as_ref()?.older?;
        Some(older)
    }

    /// Returns whether every credential has this member of `fields`, in both forms.
    pub(crate) fn requires(&self, name: &str) -> bool {
        let requires = |fields: &[Member]| {
            fields.iter().any(|member| member.name == name && member.presence == Presence::Required)
        };
        requires(self.fields) && self.older_fields().is_none_or(requires)
    }

    /// Returns whether outside wallets can disclose the items of the list at `place`, a JSON
    /// Pointer into `fields`, individually.
    pub fn keeps_items_apart(&self, place: &str) -> bool {
        self.items_apart.contains(&place)
    }

    /// Returns the label for people of one item of the list at `place`, a JSON Pointer into
    /// `fields`; empty if there is no such list.
    pub fn item_label(&self, place: &str) -> &'static str {
        self.item_labels.iter().find(|(list, _)| *list == place).map_or("", |(_, label)| *label)
    }

    /// Returns whether `place`, a JSON Pointer into `fields`, is shown wherever its parent is.
    pub fn always_shows(&self, place: &str) -> bool {
        self.always_shown.contains(&place)
    }
}

/// How a type's fields map to an achievement (Open Badges 3.0, appendix B.1.2).
#[derive(Debug)]
pub struct Achievement {
    /// The member with the achievement's name.
    pub name: &'static str,
    /// The member with the name of the awarding organisation.
    pub creator: &'static str,
    /// The standard's `achievementType`, if it is known for every credential of the type.
    pub achievement_type: Option<&'static str>,
}

/// The v1 form of a type (docs/partner-api.md section 6).
#[derive(Debug)]
pub struct V1 {
    /// The values of `document_type`, each with its kind of document.
    pub document_types: &'static [(&'static str, Option<AssetKind>)],
    /// An older form of `credential`: the member that identifies it, and its members.
    pub older: Option<(&'static str, &'static [Member])>,
}

/// The member of a v2 batch for a type (docs/partner-api.md section 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchMember {
    /// A member with one submission.
    One(&'static str),
    /// A member with a list of submissions.
    Many(&'static str),
}

impl BatchMember {
    /// Returns the name of the member.
    pub fn member(self) -> &'static str {
        match self {
            Self::One(name) | Self::Many(name) => name,
        }
    }
}

/// A warning about a submission that was accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hint {
    /// A stable code.
    pub code: &'static str,
    /// The JSON Pointer to what it is about, in the caller's body.
    pub pointer: String,
    /// The text for the partner, which contains the pointer once.
    pub message: String,
}

pub(crate) fn no_advice(_: &Node<'_>, _: &str) -> Vec<Hint> {
    Vec::new()
}

pub(crate) fn no_words(_: &str, _: &Value) -> Option<String> {
    None
}

pub(crate) fn text<'a>(object: &'a Value, name: &str) -> &'a str {
    object[name].as_str().unwrap_or_default()
}

/// Adds an error if the day or the year in `name` has not begun anywhere on earth.
pub(crate) fn not_future(object: &Node<'_>, name: &str, path: &Path<'_>, today: Date, field_errors: &mut FieldErrors) {
    let text = object[name].as_str().unwrap_or_default();
    let lies_ahead = match parse_year(text) {
        Ok(year) => year > today.year(),
        Err(_) => Date::parse(text).is_ok_and(|day| day > today),
    };
    if lies_ahead {
        let message = || format!("{text} is in the future.");
        field_errors.add(&Path::Member(path, name), Code::DateFuture, message).received(&object[name]);
    }
}

/// Adds an error if the second day is before the first.
pub(crate) fn in_order(
    object: &Node<'_>,
    (first, second): (&str, &str),
    path: &Path<'_>,
    field_errors: &mut FieldErrors,
) {
    let day = |name: &str| object[name].as_str().and_then(|text| Date::parse(text).ok());
    if let (Some(earlier), Some(later)) = (day(first), day(second))
        && later < earlier
    {
        let message = || format!("{second} ({later}) must not be before {first} ({earlier}).");
        field_errors.add(&Path::Member(path, second), Code::DateOrder, message).received(&object[second]);
    }
}
