//! Selective disclosure in forms: the fields for each part of a credential, and the submitted
//! choices.
//!
//! Parts that are always disclosed have no field, so a form cannot omit them. A list is one choice,
//! all or none of it. Its entries are chosen individually only if the person asks for that.

use std::collections::{BTreeMap, BTreeSet};

use credential::{Payload, Type};
use uuid::Uuid;

use super::details::{self, ListWords};
use crate::i18n::Text;
use store::domain::share::{Chosen, Part, fixed_parts, parts};

/// The parts of a credential that a form shows: those that are always disclosed, and those that can
/// be chosen.
#[derive(Debug)]
pub(super) struct Selection {
    pub(super) id: Uuid,
    credential_type: Type,
    /// Parts that are always disclosed.
    pub(super) fixed: Vec<Part>,
    /// Parts that may be left out.
    pub(super) choices: Vec<Choice>,
}

/// A part that may be left out.
#[derive(Debug)]
pub(super) struct Choice {
    pub(super) part: Part,
    pub(super) extent: Extent,
    /// The entries of a list, and whether each is ticked.
    pub(super) entries: Vec<(Part, bool)>,
}

/// How much of a part is disclosed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    All,
    /// The ticked entries only.
    Some,
    None,
}

/// The submitted fields of a selection.
#[derive(Clone, Debug, Default)]
pub(super) struct Sent {
    /// The chosen parts: a credential's id followed by a JSON Pointer.
    parts: BTreeSet<String>,
    /// How much of each list is disclosed, by the same kind of name.
    extents: BTreeMap<String, Extent>,
}

impl Sent {
    /// Reads a form field; ignores fields that do not belong to a selection.
    pub(super) fn take(&mut self, name: &str, value: &str) {
        let extent = match value {
            "all" => Extent::All,
            "some" => Extent::Some,
            "none" => Extent::None,
            _ if name == "part" => {
                self.parts.insert(value.to_owned());
                return;
            }
            _ => return,
        };
        self.extents.insert(name.to_owned(), extent);
    }
}

impl Sent {
    /// Returns the credentials whose fields were submitted.
    pub(super) fn credentials(&self) -> impl Iterator<Item = Uuid> {
        let names = self.parts.iter().chain(self.extents.keys());
        names.filter_map(|name| name.get(..uuid::fmt::Hyphenated::LENGTH)?.parse().ok())
    }

    /// Adds these parts of a credential, as if they had been submitted.
    pub(super) fn choose(&mut self, id: Uuid, places: &BTreeSet<String>) {
        self.parts.extend(places.iter().map(|place| format!("{id}{place}")));
    }
}

impl Selection {
    /// Creates the selection of the credential `id`, with the choices in `sent`. Without `sent`,
    /// everything is chosen.
    pub(super) fn new(id: Uuid, credential_type: Type, payload: &Payload, sent: Option<&Sent>) -> Self {
        let choices = parts(credential_type, payload).into_iter().map(|part| Choice::new(id, part, sent)).collect();
        Self { id, credential_type, fixed: fixed_parts(credential_type, payload), choices }
    }

    /// Returns the chosen parts, without those that are always disclosed.
    pub(super) fn chosen(&self) -> Chosen {
        let places = self.choices.iter().flat_map(Choice::places).map(ToOwned::to_owned).collect();
        Chosen { submission: self.id, places }
    }

    /// Describes each disclosed part, and each disclosed entry of a list: its label and its value.
    pub(super) fn words(&self, text: &Text) -> Vec<String> {
        let disclosed = self.fixed.iter().chain(self.choices.iter().flat_map(Choice::disclosed));
        disclosed.map(|part| details::detail(text, self.credential_type, part)).collect()
    }

    /// Returns the label and the value of a part, as HTML.
    pub(super) fn detail_html(&self, text: &Text, part: &Part) -> String {
        details::detail_html(text, self.credential_type, part)
    }
}

impl Choice {
    fn new(id: Uuid, part: Part, sent: Option<&Sent>) -> Self {
        let name = |place: &str| format!("{id}{place}");
        let is_ticked = |place: &str| sent.is_none_or(|sent| sent.parts.contains(&name(place)));
        let entries: Vec<(Part, bool)> =
            part.entries.iter().map(|entry| (entry.clone(), is_ticked(&entry.place))).collect();
        let named = sent.and_then(|sent| sent.extents.get(&name(&part.place)).copied());
        let extent = match named {
            Some(extent) if !entries.is_empty() => extent,
            _ if is_ticked(&part.place) => Extent::All,
            _ if entries.iter().any(|(_, ticked)| *ticked) => Extent::Some,
            _ => Extent::None,
        };
        Self { part, extent, entries }
    }

    fn places(&self) -> Vec<&str> {
        match self.extent {
            Extent::All => vec![&self.part.place],
            Extent::Some => self.ticked().map(|entry| entry.place.as_str()).collect(),
            Extent::None => Vec::new(),
        }
    }

    /// Returns the disclosed parts: the part itself, or the disclosed entries of a list.
    fn disclosed(&self) -> Vec<&Part> {
        match self.extent {
            Extent::All if self.entries.is_empty() => vec![&self.part],
            Extent::All => self.part.entries.iter().collect(),
            Extent::Some => self.ticked().collect(),
            Extent::None => Vec::new(),
        }
    }

    fn ticked(&self) -> impl Iterator<Item = &Part> {
        self.entries.iter().filter(|(_, ticked)| *ticked).map(|(entry, _)| entry)
    }

    /// Whether a list has several entries to choose from.
    pub(super) fn has_several(&self) -> bool {
        self.entries.len() > 1
    }

    /// Returns the label of the part, as its type declares it.
    pub(super) fn label(&self) -> &'static str {
        self.part.label.unwrap_or_default()
    }

    /// Whether the extent is `extent`: `all`, `some` or `none`, as in the form.
    pub(super) fn is(&self, extent: &str) -> bool {
        let named = match self.extent {
            Extent::All => "all",
            Extent::Some => "some",
            Extent::None => "none",
        };
        named == extent
    }

    /// Returns the label for all, some or none of the list.
    pub(super) fn words_for(&self, text: &Text, extent: &str) -> String {
        let Some(words) = ListWords::of(self.part.member) else { return String::new() };
        let key = match extent {
            "all" => words.all,
            "some" => words.some,
            _ => words.none,
        };
        text.count(key, i64::try_from(self.entries.len()).unwrap_or(i64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn select(sent: Option<&[(&str, &str)]>) -> Vec<String> {
        let known = Type::default();
        let fields = (known.sample)()["fields"].clone();
        let payload = Payload { fields, partner_chain: vec!["Parent".to_owned()], ..Payload::default() };
        let sent = sent.map(|pairs| {
            let mut sent = Sent::default();
            pairs.iter().for_each(|(name, value)| sent.take(&name.replace("ID", NIL), &value.replace("ID", NIL)));
            sent
        });
        Selection::new(Uuid::nil(), known, &payload, sent.as_ref()).chosen().places.into_iter().collect()
    }

    const NIL: &str = "00000000-0000-0000-0000-000000000000";

    #[test]
    fn lists_are_chosen_whole_unless_entries_are() {
        let all = ("ID/employment", "all");
        let (first, second) = (("part", "ID/employment/0"), ("part", "ID/employment/1"));
        for (sent, places) in [
            (None, vec!["/employment", "/partner_chain"]),
            (Some(vec![]), vec![]),
            (Some(vec![all]), vec!["/employment"]),
            (Some(vec![all, first]), vec!["/employment"]),
            (Some(vec![("ID/employment", "some"), second]), vec!["/employment/1"]),
            (Some(vec![("ID/employment", "some")]), vec![]),
            (Some(vec![("ID/employment", "none"), first]), vec![]),
            (Some(vec![first]), vec!["/employment/0"]),
            (Some(vec![("part", "ID/employment")]), vec!["/employment"]),
            (Some(vec![("part", "ID/employment/7"), ("part", "ID/iss"), ("part", "/employment")]), vec![]),
        ] {
            assert_eq!(select(sent.as_deref()), places, "{sent:?}");
        }
    }
}
