//! Credentials grouped by the name that they contain. Different names never share a heading, a
//! timeline, a total or a document.

use credential::names::{Comparison, compare_names, stand_together};
use credential::{Block, DisplayValue, EarlierTitle, Presence, Type};
use serde_json::Value;

use super::career::{CareerView, said_by};
use crate::flows::credential_view::CredentialView;
use crate::i18n::{self, Text, isolated};

/// A credential as shown under a name.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// The name in the credential.
    pub name: String,
    /// A short description, with isolation marks around names that need them.
    pub title: String,
    /// The partner that confirms it.
    pub partner: String,
    /// The day of the confirmation, as HTML; empty if unknown.
    pub day: String,
    /// The institutions between the integrating partner and the credential's issuer, parent
    /// first.
    pub chain: Vec<String>,
    /// The content, as blocks to render.
    pub view: Vec<Block>,
    /// The text that it has expired, if it has.
    pub expired: Option<String>,
    /// The text that a newer version exists or that this one is not current, as HTML, if so.
    pub replaced: Option<String>,
    /// Its number on a shared page, from 1; 0 in a wallet.
    pub number: usize,
    /// What checks found about it: revoked, suspended or not verified, for example.
    pub states: Vec<StateNote>,
    /// Whether a check failed, so that its confirmation does not count any more.
    pub is_refuted: bool,
    /// Whether any of its jobs are not shown.
    pub withholds_jobs: bool,
    /// The text about details that are not shown, if there are any.
    pub left_out: Option<String>,
    /// The texts that were signed, which the shared page marks for its script; empty in a wallet.
    pub signed: Vec<String>,
    /// The titles that its jobs had in earlier versions.
    pub earlier_titles: Vec<EarlierTitle>,
}

/// A note at a credential about its state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateNote {
    /// The class in markup.
    pub class: &'static str,
    /// The sentence, as HTML.
    pub html: String,
}

/// The signed texts on a page without a script that compares them.
pub const UNSIGNED: &[String] = &[];

/// Returns whether `value` is shown exactly as it was signed. A value in words of this server, such
/// as a date or the name of a country, is not.
pub fn is_signed(signed: &[String], value: &DisplayValue) -> bool {
    matches!(value, DisplayValue::Words(words) if signed.contains(words))
}

/// The credentials under one name.
#[derive(Clone, Debug)]
pub struct Person {
    /// The name, as written in the first of the credentials.
    pub name: String,
    /// The notes beside the heading.
    pub notes: Notes,
    /// Their combined career; `None` if they contain none.
    pub career: Option<CareerView>,
    /// The credentials, in the given order.
    pub credentials: Vec<Shown>,
}

/// Notes beside the name in a heading, as HTML.
#[derive(Clone, Debug, Default)]
pub struct Notes {
    /// Other spellings of the name.
    pub also_written: Option<String>,
    /// Why the records may belong to several people although the names are written alike.
    pub doubt: Option<String>,
}

impl Notes {
    /// Creates the notes for credentials with these names, which are grouped under one heading.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>, text: &Text) -> Self {
        let names: Vec<&str> = names.into_iter().map(str::trim).collect();
        let Some((heading, others)) = names.split_first() else { return Self::default() };
        let mut written: Vec<&str> = Vec::new();
        for other in others {
            if other != heading && !written.contains(other) {
                written.push(*other);
            }
        }
        let written: Vec<String> = written.into_iter().map(isolated).collect();
        let also_written =
            (!written.is_empty()).then(|| text.with_markup("name-also-written", &[("names", text.list(&written))]));
        // A single word, initials or an empty name is too ambiguous to compare, even with itself.
        let comparison = compare_names(heading, heading);
        let is_weak = !others.is_empty() && comparison != Comparison::Same;
        let doubt = is_weak.then(|| text.markup("name-weak", &[], &[("reason", comparison.sentence())]));
        Self { also_written, doubt }
    }
}

/// Returns the distinct names among `names`, each in its first spelling.
pub fn different_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let mut different: Vec<&str> = Vec::new();
    for name in names {
        if !different.iter().any(|known| stand_together(known, name)) {
            different.push(name);
        }
    }
    different
}

/// Returns a short description of a credential of type `known`: its headline, unless a part of that
/// is not in `fields`. For a career it is the title, because the headline names one job only.
pub fn title(known: Type, fields: &Value, view: &[Block]) -> String {
    let is_career = view.iter().any(|block| matches!(block, Block::Career(_)));
    let headline = if is_career { None } else { headline(known, fields) };
    headline.unwrap_or_else(|| known.title.to_owned())
}

/// Returns the headline of a credential of type `known`; `None` if a part of it is not in `fields`.
pub fn headline(known: Type, fields: &Value) -> Option<String> {
    let is_whole = known.fields.iter().all(|member| {
        member.presence != Presence::Required || fields.get(member.name).is_some_and(|value| !value.is_null())
    });
    is_whole.then(|| i18n::headline(known, fields))
}

impl Shown {
    /// Converts a credential in its holder's wallet.
    pub fn of_wallet(held: &CredentialView, text: &Text) -> Self {
        Self {
            name: held.full_name().to_owned(),
            title: title(held.known, &held.payload.fields, &held.view),
            partner: held.partner.clone(),
            day: text.local_day(&held.pushed_at),
            chain: held.payload.partner_chain.clone(),
            view: held.view.clone(),
            expired: held.expired_on.map(|day| text.expired(&day)),
            replaced: None,
            number: 0,
            states: Vec::new(),
            is_refuted: false,
            withholds_jobs: false,
            left_out: None,
            signed: Vec::new(),
            earlier_titles: Vec::new(),
        }
    }

    /// Returns whether the title is a text that was signed, as opposed to one of this server.
    pub fn has_signed_title(&self) -> bool {
        self.signed.iter().any(|signed| i18n::isolated_text(signed) == self.title)
    }

    /// Returns the text key of the line that says who confirmed it.
    pub fn confirmed_key(&self) -> &'static str {
        if self.is_refuted { "hire-confirmed-before" } else { "hire-confirmed-by" }
    }

    fn is_only_career(&self) -> bool {
        !self.view.is_empty() && self.view.iter().all(|block| matches!(block, Block::Career(_)))
    }
}

impl Person {
    /// Groups `credentials` by name, in order of first occurrence.
    pub fn group(credentials: Vec<Shown>, text: &Text) -> Vec<Self> {
        let mut people: Vec<Self> = Vec::new();
        for shown in credentials {
            match people.iter_mut().find(|person| stand_together(&person.name, &shown.name)) {
                Some(person) => person.credentials.push(shown),
                None => people.push(Self {
                    name: shown.name.clone(),
                    notes: Notes::default(),
                    career: None,
                    credentials: vec![shown],
                }),
            }
        }
        for (index, person) in people.iter_mut().enumerate() {
            person.notes = Notes::new(person.credentials.iter().map(|shown| shown.name.as_str()), text);
            let histories: Vec<_> =
                person.credentials.iter().flat_map(|shown| said_by(&shown.partner, &shown.view)).collect();
            let is_part = person.credentials.iter().any(|shown| shown.withholds_jobs);
            let combined = if is_part { CareerView::of_part } else { CareerView::of };
            person.career = combined(&histories, index + 1, text);
            if let Some(career) = &mut person.career {
                person.credentials.iter().for_each(|shown| career.add_earlier(&shown.partner, &shown.earlier_titles));
            }
        }
        people
    }

    /// Returns the credentials whose content is completely in the combined career.
    pub fn careers(&self) -> impl Iterator<Item = &Shown> {
        self.credentials.iter().filter(|shown| self.career.is_some() && shown.is_only_career())
    }

    /// Returns the other credentials.
    pub fn others(&self) -> impl Iterator<Item = &Shown> {
        self.credentials.iter().filter(|shown| self.career.is_none() || !shown.is_only_career())
    }
}

#[cfg(test)]
mod tests {
    use credential::CareerHistory;
    use serde_json::json;

    use super::*;

    fn career(name: &str, start: &str, end: &str) -> Shown {
        let job = json!({ "organisation": "A", "role_title": "B", "start_date": start, "end_date": end, "last_processed_month": end });
        let history = CareerHistory::from_fields(&json!({ "full_name": name, "employment": [job] }));
        let view = vec![Block::Career(history.expect("a career"))];
        Shown { name: name.to_owned(), partner: "Acme Payroll".to_owned(), view, ..Shown::default() }
    }

    fn licence(name: &str) -> Shown {
        let view = vec![Block::Facts(vec![("What", DisplayValue::Words("Licence".to_owned()))])];
        Shown { name: name.to_owned(), view, ..Shown::default() }
    }

    #[test]
    fn different_names_have_careers_and_totals_of_their_own() {
        let shown = vec![
            career("John Doe", "2020-01", "2020-12"),
            career("Jane Roe", "2021-01", "2021-03"),
            licence("Jane Roe"),
            career("JOHN DOE", "2022-01", "2022-02"),
        ];
        let people = Person::group(shown, &Text::default());
        let found: Vec<(&str, usize, Option<i32>)> = people
            .iter()
            .map(|person| {
                let total = person.career.as_ref().map(|view| view.career.total_months);
                (person.name.as_str(), person.credentials.len(), total)
            })
            .collect();
        assert_eq!(found, [("John Doe", 2, Some(14)), ("Jane Roe", 2, Some(3))]);
        assert_eq!((people[1].others().count(), people[1].careers().count()), (1, 1));
        let ids = people.iter().filter_map(|person| person.career.as_ref()).map(|view| {
            let (_, id) = view.timeline.split_once("<title id=\"").expect("a title");
            id.split('"').next().expect("an id")
        });
        assert_eq!(ids.collect::<Vec<_>>(), ["timeline-wide-1-title", "timeline-wide-2-title"]);
    }

    #[test]
    fn withheld_jobs_leave_no_gap_under_their_name() {
        let part = Shown { withholds_jobs: true, ..career("JOHN DOE", "2020-01", "2020-12") };
        let shown = vec![
            career("John Doe", "2008-01", "2009-12"),
            part,
            career("Jane Roe", "2008-01", "2009-12"),
            career("Jane Roe", "2020-01", "2020-12"),
        ];
        let people = Person::group(shown, &Text::default());
        let gaps = people.iter().filter_map(|person| person.career.as_ref()).map(|view| view.career.gaps.len());
        assert_eq!(gaps.collect::<Vec<_>>(), [0, 1]);
    }

    #[test]
    fn a_name_without_a_career_has_no_timeline() {
        let people = Person::group(vec![licence("Jane Roe")], &Text::default());
        assert!(people[0].career.is_none());
    }

    #[test]
    fn same_names_share_a_heading_and_similar_ones_do_not() {
        let different = |names: &[&'static str]| different_names(names.iter().copied()).len();
        assert_eq!(different(&["HALE, Dr Jon", "Jon Hale", "jon hale"]), 1);
        assert_eq!(different(&["Suharjo", "Suharjo "]), 1);
        assert_eq!(different(&["Võ Đức Mạnh", "VO DUC MANH"]), 2);
    }

    #[test]
    fn headings_name_other_spellings_and_doubts() {
        let text = Text::default();
        let notes = |names: &[&'static str]| {
            let notes = Notes::new(names.iter().copied(), &text);
            (notes.also_written.unwrap_or_default(), notes.doubt.unwrap_or_default())
        };
        assert_eq!(notes(&["Jon Doe"]), (String::new(), String::new()));
        assert_eq!(notes(&["Jon Doe", "Jon Doe "]), (String::new(), String::new()));
        let (written, doubt) = notes(&["Jon Doe", "JON DOE", "DOE, Jon", "JON DOE"]);
        assert!(written.contains("<bdi>JON DOE</bdi> and <bdi>DOE, Jon</bdi>"), "{written}");
        assert_eq!(doubt, "");
        for weak in ["J. Doe", "Suharjo", "N/A"] {
            let (written, doubt) = notes(&[weak, weak]);
            assert!(written.is_empty() && doubt.contains("may belong to different people"), "{weak}: {doubt}");
            assert_eq!(notes(&[weak]).1, "", "one record is no doubt: {weak}");
        }
    }

    #[test]
    fn titles_are_headlines_unless_something_is_withheld() {
        let known: Type = "universal_credential".parse().expect("a type");
        let mut fields = (known.sample)()["fields"].clone();
        let titled = |fields: &Value| title(known, fields, &known.view(fields));
        assert_eq!(titled(&fields), known.headline(&fields));
        fields.as_object_mut().expect("an object").remove("issuer_name");
        assert_eq!(titled(&fields), known.title);
        let career = Type::default();
        let fields = (career.sample)()["fields"].clone();
        assert_eq!(title(career, &fields, &career.view(&fields)), "Career history");
    }
}
