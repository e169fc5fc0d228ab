//! The declaration of a credential type, and what the rules of several types share.

use serde::Serialize;
use serde_json::Value;

use crate::asset::{AssetKind, AssetRules};
use crate::context::Context;
use crate::date::{Date, parse_year};
use crate::fault::{Code, Faults};
use crate::pointer::Path;
use crate::relation::Relation;
use crate::schema::{Member, Presence, Shape};
use crate::view::Block;

/// The member that every type has.
pub(crate) const FULL_NAME: Member = Member {
    name: "full_name",
    shape: Shape::Text,
    presence: Presence::Required,
    meaning: "The person's full name.",
    example: r#""John Doe""#,
};

/// What a credential type declares.
#[derive(Debug)]
pub struct CredentialType {
    /// The wire's name, such as `career_history`.
    pub name: &'static str,
    /// The name in the link's path, such as `careerHistory` (partner-api, section 8).
    pub redirect_name: &'static str,
    /// The OAuth scope that a push needs, such as `write.career_history` (partner-api, section 3).
    pub write_scope: &'static str,
    /// The OAuth scope that the result of a verification request needs, such as `read.career_history` (partner-api, section 3).
    pub read_scope: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// What it is for, in a sentence or two.
    pub summary: &'static str,
    /// The members of `fields`.
    pub fields: &'static [Member],
    /// The documents that it takes.
    pub assets: &'static AssetRules,
    /// How v1 of the API takes it; `None` where it does not.
    pub v1: Option<V1>,
    /// How a v2 batch names it.
    pub batch: BatchMember,
    /// The rules that tie several members of `fields` together; shapes have been checked before, and may have faults.
    pub rules: fn(&Value, &Path<'_>, &Context<'_>, &mut Faults),
    /// What a partner should know although fields without faults are taken.
    pub advice: fn(&Value) -> Vec<Advice>,
    /// What a hirer would read, from fields without faults.
    pub headline: fn(&Value) -> String,
    /// What a page shows of fields without faults.
    pub view: fn(&Value) -> Vec<Block>,
    /// Which members of `fields` an OpenCerts document says too, and under which path of its data.
    pub compared: &'static [(&'static str, &'static str)],
    /// What it is as an achievement (Open Badges 3.0); `None` where it is none.
    pub achievement: Option<Achievement>,
    /// How a newer credential relates to an older one of the same person, from the fields of both.
    pub relation: fn(&Value, &Value) -> Relation,
    /// Members of `fields` that are always disclosed because they qualify others, as JSON Pointers (RFC 6901).
    /// Each is shown wherever the object that it belongs to is shown (partner-api, section 5).
    pub always_shown: &'static [&'static str],
    /// The member of `fields` with the last day that the credential counts; `None` where it does not expire.
    pub last_day: Option<&'static str>,
    /// The type metadata that was published under earlier `vct`s, oldest first, with `{address}` for the issuer's address.
    /// What was signed under them names their hash, so a published document is never changed.
    pub earlier_metadata: &'static [&'static str],
    /// A whole v2 body that is taken.
    pub sample: fn() -> Value,
}

impl CredentialType {
    /// The members that `fields` may have, those of an older form included.
    pub fn members(&self) -> impl Iterator<Item = &'static Member> {
        let (fields, older) = (self.fields, self.older_fields().unwrap_or_default());
        fields.iter().chain(older.iter().filter(|member| fields.iter().all(|known| known.name != member.name)))
    }

    /// The names of those members that are lists of objects, whose items can be shown one by one.
    pub fn lists(&self) -> impl Iterator<Item = &'static str> {
        let is_list = |member: &&Member| matches!(member.shape, Shape::List { of: Shape::Object(_), .. });
        self.members().filter(is_list).map(|member| member.name)
    }

    fn older_fields(&self) -> Option<&'static [Member]> {
        let (_, older) = self.v1.as_ref()?.older?;
        Some(older)
    }

    /// Whether every credential has this member of `fields`, in whichever form it was pushed.
    pub(crate) fn requires(&self, name: &str) -> bool {
        let requires = |fields: &[Member]| {
            fields.iter().any(|member| member.name == name && member.presence == Presence::Required)
        };
        requires(self.fields) && self.older_fields().is_none_or(requires)
    }

    /// Whether what stands at `place`, a JSON Pointer into `fields`, is shown wherever its parent is.
    pub fn always_shows(&self, place: &str) -> bool {
        self.always_shown.contains(&place)
    }
}

/// What of a type's fields makes it an achievement (Open Badges 3.0, appendix B.1.2).
#[derive(Debug)]
pub struct Achievement {
    /// The member with the achievement's name.
    pub name: &'static str,
    /// The member with the name of who awarded it.
    pub creator: &'static str,
    /// The kind, of those that the standard lists, where it is sure.
    pub achievement_type: Option<&'static str>,
}

/// How v1 of the API takes a type (partner-api, section 6).
#[derive(Debug)]
pub struct V1 {
    /// The values of `document_type`, and what kind of document each is.
    pub document_types: &'static [(&'static str, Option<AssetKind>)],
    /// An older form of `credential`: the member by which it is known, and its members.
    pub older: Option<(&'static str, &'static [Member])>,
}

/// How a v2 batch names the items of a type (partner-api, section 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchMember {
    /// By this member, which is one submission.
    One(&'static str),
    /// By this member, which is a list of submissions.
    Many(&'static str),
}

impl BatchMember {
    /// The member.
    pub fn member(self) -> &'static str {
        match self {
            Self::One(name) | Self::Many(name) => name,
        }
    }
}

/// Something to know about a submission that is taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Advice {
    /// A stable code.
    pub code: &'static str,
    /// In words.
    pub message: String,
}

pub(crate) fn no_advice(_: &Value) -> Vec<Advice> {
    Vec::new()
}

pub(crate) fn text<'a>(object: &'a Value, name: &str) -> &'a str {
    object[name].as_str().unwrap_or_default()
}

/// A fault if the day or the year in `name` has not begun anywhere on earth.
pub(crate) fn not_future(object: &Value, name: &str, path: &Path<'_>, today: Date, faults: &mut Faults) {
    let text = text(object, name);
    let lies_ahead = match parse_year(text) {
        Ok(year) => year > today.year(),
        Err(_) => Date::parse(text).is_ok_and(|day| day > today),
    };
    if lies_ahead {
        let message = || format!("{text} has not begun anywhere on earth.");
        faults.add(&Path::Member(path, name), Code::DateFuture, message).received(&object[name]);
    }
}

/// A fault if the second day lies before the first.
pub(crate) fn in_order(object: &Value, (first, second): (&str, &str), path: &Path<'_>, faults: &mut Faults) {
    if let (Ok(earlier), Ok(later)) = (Date::parse(text(object, first)), Date::parse(text(object, second)))
        && later < earlier
    {
        let message = || format!("{second}, {later}, lies before {first}, {earlier}.");
        faults.add(&Path::Member(path, second), Code::DateOrder, message).received(&object[second]);
    }
}
