//! What a person chooses to show of a credential: the fields of a form, and what was sent.
//!
//! What is always shown is no field: nothing that is sent can leave it out. A list is one choice, all or none of it, and
//! its entries are chosen one by one only where the person asks for that.

use std::collections::{BTreeMap, BTreeSet};

use credential::{Payload, Type};
use uuid::Uuid;

use crate::i18n::Text;
use store::domain::share::{Chosen, Part, fixed_parts, parts};

/// What of a credential a form shows as fixed, and what it lets a person choose.
#[derive(Debug)]
pub(super) struct Selection {
    /// The credential.
    pub(super) id: Uuid,
    /// What is always shown.
    pub(super) fixed: Vec<Part>,
    /// What may be left out.
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

/// How much of a part is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    All,
    /// The entries that are ticked.
    Some,
    None,
}

/// The keys of the words for a list: what of it is chosen, and how many entries are not shown.
#[derive(Debug)]
pub(super) struct ListWords {
    list: &'static str,
    all: &'static str,
    some: &'static str,
    none: &'static str,
    pub(super) not_shown: &'static str,
    pub(super) not_shown_at_most: &'static str,
}

const LISTS: [ListWords; 1] = [ListWords {
    list: "employment",
    all: "selection-all-employment",
    some: "selection-some-employment",
    none: "selection-none-employment",
    not_shown: "not-shown-employment",
    not_shown_at_most: "not-shown-employment-at-most",
}];

impl ListWords {
    /// Of the list that a type has as this member of its fields.
    pub(super) fn of(list: &str) -> Option<&'static Self> {
        LISTS.iter().find(|words| words.list == list)
    }
}

/// The fields of a form, as they were sent.
#[derive(Clone, Debug, Default)]
pub(super) struct Sent {
    /// The ids of credentials with a place in them.
    parts: BTreeSet<String>,
    /// How much of a list is shown, by the same name.
    extents: BTreeMap<String, Extent>,
}

impl Sent {
    /// Takes a field that is of a selection; others are ignored.
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
    /// The credentials whose fields were sent.
    pub(super) fn credentials(&self) -> impl Iterator<Item = Uuid> {
        let names = self.parts.iter().chain(self.extents.keys());
        names.filter_map(|name| name.get(..uuid::fmt::Hyphenated::LENGTH)?.parse().ok())
    }

    /// Chooses these places of a credential, as if they had been sent.
    pub(super) fn choose(&mut self, id: Uuid, places: &BTreeSet<String>) {
        self.parts.extend(places.iter().map(|place| format!("{id}{place}")));
    }
}

impl Selection {
    /// Of the credential `id`. `sent` says what is chosen; in a new form everything is.
    pub(super) fn new(id: Uuid, credential_type: Type, payload: &Payload, sent: Option<&Sent>) -> Self {
        let choices = parts(credential_type, payload).into_iter().map(|part| Choice::new(id, part, sent)).collect();
        Self { id, fixed: fixed_parts(credential_type, payload), choices }
    }

    /// Which places are chosen, beside those that are always shown.
    pub(super) fn chosen(&self) -> Chosen {
        let places = self.choices.iter().flat_map(Choice::places).map(ToOwned::to_owned).collect();
        Chosen { submission: self.id, places }
    }

    /// What is shown, each in a few words: what it is, or what an entry of a list says.
    pub(super) fn words(&self) -> Vec<String> {
        let fixed = self.fixed.iter().filter_map(|part| part.meaning.map(ToOwned::to_owned));
        fixed.chain(self.choices.iter().flat_map(Choice::words)).collect()
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

    fn words(&self) -> Vec<String> {
        let said = |part: &Part| part.meaning.map_or_else(|| part.says.clone(), ToOwned::to_owned);
        match self.extent {
            Extent::All if self.entries.is_empty() => vec![said(&self.part)],
            Extent::All => self.part.entries.iter().map(said).collect(),
            Extent::Some => self.ticked().map(said).collect(),
            Extent::None => Vec::new(),
        }
    }

    fn ticked(&self) -> impl Iterator<Item = &Part> {
        self.entries.iter().filter(|(_, ticked)| *ticked).map(|(entry, _)| entry)
    }

    /// Whether a person may want some of it and not the rest.
    pub(super) fn has_several(&self) -> bool {
        self.entries.len() > 1
    }

    /// What the type says of the part.
    pub(super) fn meaning(&self) -> &'static str {
        self.part.meaning.unwrap_or_default()
    }

    /// Whether this much is shown: `all`, `some` or `none`, as in the form.
    pub(super) fn is(&self, extent: &str) -> bool {
        let named = match self.extent {
            Extent::All => "all",
            Extent::Some => "some",
            Extent::None => "none",
        };
        named == extent
    }

    /// The words for all, some or none of the list.
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

    #[test]
    fn every_list_of_every_type_has_its_words() {
        for list in credential::ALL.iter().flat_map(|known| known.lists()) {
            assert!(ListWords::of(list).is_some(), "{list}");
        }
    }
}
