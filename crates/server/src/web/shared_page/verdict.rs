//! The texts of the verdict at the top of the shared page.

use credential::OldJob;
use credential::names::{Comparison, Similarity, compare_names};

use super::conclusion::{Cause, Conclusion, Facts, Level};
use crate::flows::old_data::{self, TextFormat};
use crate::i18n::{Text, isolated};

/// Maximum number of partners named in the verdict; the others are counted.
const MAX_PARTNERS: usize = 3;

/// The name of the sentence for a page whose only doubt is old data on jobs.
const ONLY_OLD: &str = "old-data";

/// The verdict. Texts are HTML.
#[derive(Clone, Debug)]
pub(super) struct VerdictView {
    /// How far the hirer can rely on the page.
    pub(super) level: Level,
    /// The name of the sentence that applies.
    said: &'static str,
    /// Every sentence with its name: one for each level, and [`ONLY_OLD`]. The page's script may
    /// conclude another one than the server.
    pub(super) sentences: [(&'static str, String); 4],
    /// Why not everything is confirmed.
    pub(super) reasons: Vec<ReasonView>,
    /// Whether the names differ, or it is doubtful that they belong to one person.
    pub(super) names_differ: bool,
    /// Whether the names cannot be compared, and nothing else about them is doubtful.
    pub(super) names_incomparable: bool,
    /// The note about the names.
    pub(super) names: String,
    /// How and by whom each identity that is shown was checked.
    pub(super) identities: Vec<String>,
}

#[derive(Clone, Debug)]
pub(super) struct ReasonView {
    pub(super) cause: Cause,
    /// The presentation that it concerns, from 1; `None` if it concerns all of them together.
    pub(super) presentation: Option<usize>,
    /// The sentence, as HTML.
    pub(super) html: String,
    /// Whether a check found it, which the page's script repeats.
    pub(super) is_of_check: bool,
}

impl VerdictView {
    /// Creates the texts of `conclusion`. `titles` are short descriptions of the credentials.
    pub(super) fn new(conclusion: &Conclusion, titles: &[String], text: &Text) -> Self {
        let reasons = conclusion.reasons.iter().map(|reason| {
            let html = match reason.presentation {
                Some(at) => sentence(reason.cause, &conclusion.facts[at], &titles[at], text),
                None => together(reason.cause, conclusion, text),
            };
            ReasonView {
                cause: reason.cause,
                presentation: reason.presentation.map(|at| at + 1),
                html,
                is_of_check: reason.is_of_check,
            }
        });
        let level = conclusion.level();
        let names_differ = conclusion.reasons.iter().any(|reason| reason.presentation.is_none());
        let [confirmed, doubtful, failed] = Level::ALL.map(|level| (level.name(), of_level(level, conclusion, text)));
        Self {
            level,
            said: if conclusion.is_only_old() { ONLY_OLD } else { level.name() },
            sentences: [confirmed, doubtful, failed, (ONLY_OLD, only_old(conclusion, text))],
            reasons: reasons.collect(),
            names_differ,
            names_incomparable: !names_differ && conclusion.names.len() > 1,
            names: names(conclusion, text),
            identities: identities(conclusion, titles, text),
        }
    }

    pub(super) fn sentence(&self) -> &str {
        self.sentences.iter().find(|(name, _)| *name == self.said).map_or("", |(_, html)| html)
    }
}

/// Returns why a presentation is not fully confirmed, and what to do, as HTML.
pub(super) fn sentence(cause: Cause, facts: &Facts, title: &str, text: &Text) -> String {
    let about = [("title", title), ("partner", facts.partner.as_str()), ("name", facts.name.as_str())];
    let day = |key, day: String| text.markup(key, &about, &[("day", &day)]);
    match cause {
        Cause::Invalid => text.markup("verdict-invalid", &about, &[]),
        Cause::Revoked => text.markup("verdict-revoked", &about, &[]),
        Cause::Suspended => text.markup("verdict-suspended", &about, &[]),
        Cause::NotValid => text.markup("verdict-not-valid", &about, &[]),
        Cause::Unchecked => text.markup("verdict-unchecked", &about, &[]),
        Cause::AwaitingGraduation => text.markup("verdict-awaiting-graduation", &about, &[]),
        Cause::Expired => match facts.expiry {
            Some(expiry) => day("verdict-expired", text.date(expiry)),
            None => text.markup("verdict-not-valid", &about, &[]),
        },
        Cause::Replaced => match &facts.replaced {
            Some(replaced) => {
                let key = if replaced.has_newer { "verdict-replaced-since" } else { "verdict-not-current-since" };
                text.names_and_day(key, &about, &replaced.since)
            }
            None => text.markup("verdict-replaced", &about, &[]),
        },
        Cause::OldData => old_data::sentence(&facts.data.old_jobs, &facts.partner, &facts.name, text, TextFormat::Html),
        // These causes concern all presentations together.
        Cause::DifferentNames | Cause::HolderSays | Cause::DifferentBirthDates | Cause::NotSigned => String::new(),
    }
}

fn of_level(level: Level, conclusion: &Conclusion, text: &Text) -> String {
    match level {
        Level::Confirmed => confirmed(conclusion, text),
        Level::Doubtful => text.markup("verdict-doubtful", &[], &[]),
        Level::Failed => text.markup("verdict-failed", &[], &[]),
    }
}

/// Returns a sentence like "Confirmed by A, data to October 2026. Not revoked."
fn confirmed(conclusion: &Conclusion, text: &Text) -> String {
    if let [(partner, Some(month))] = conclusion.partners().as_slice() {
        return text.markup("verdict-confirmed-data", &[("partner", partner)], &[("month", &text.month(month))]);
    }
    text.with_markup("verdict-confirmed", &[("partners", partners(conclusion, text))])
}

/// Returns a sentence like "Confirmed by A, with data to May 2024. The current job may have ended
/// since." It is less specific for several jobs, and if newer data exists, which is about other
/// jobs. A job whose planned end has passed is not called current.
fn only_old(conclusion: &Conclusion, text: &Text) -> String {
    let old: Vec<&OldJob> = conclusion.facts.iter().flat_map(|facts| &facts.data.old_jobs).collect();
    let current = old.iter().filter(|job| job.passed_end.is_none()).count();
    if let ([job], [(partner, Some(month))]) = (old.as_slice(), conclusion.partners().as_slice())
        && current == 1
        && job.data_to == *month
    {
        return text.markup("verdict-only-old-data", &[("partner", partner)], &[("month", &text.month(month))]);
    }
    let key = match current {
        0 => "verdict-only-planned",
        1 => "verdict-only-old",
        _ => "verdict-only-old-jobs",
    };
    text.with_markup(key, &[("partners", partners(conclusion, text))])
}

/// Returns the partners as a list, with the last month of their data.
fn partners(conclusion: &Conclusion, text: &Text) -> String {
    let partners = conclusion.partners();
    let named = if partners.len() > MAX_PARTNERS { MAX_PARTNERS - 1 } else { partners.len() };
    let mut list: Vec<String> = partners[..named]
        .iter()
        .map(|(partner, month)| match month {
            Some(month) => {
                text.markup("verdict-partner-data", &[("partner", partner)], &[("month", &text.month(month))])
            }
            None => isolated(partner),
        })
        .collect();
    if partners.len() > named {
        list.push(text.count("verdict-more", count(partners.len() - named)));
    }
    text.list(&list)
}

/// Returns the sentence of a reason that concerns all presentations together.
fn together(cause: Cause, conclusion: &Conclusion, text: &Text) -> String {
    match cause {
        Cause::HolderSays => text.with_markup(holder_says(conclusion), &[("names", all_names(conclusion, text))]),
        Cause::DifferentBirthDates => birth_dates(conclusion, text),
        _ => different_names(conclusion, text),
    }
}

/// Returns why dates of birth are doubtful. A date that is not shown is not told.
fn birth_dates(conclusion: &Conclusion, text: &Text) -> String {
    if conclusion.shows_birth_dates() {
        return text.markup("verdict-birth-dates", &[], &[]);
    }
    text.markup("verdict-birth-dates-held", &[], &[])
}

fn different_names(conclusion: &Conclusion, text: &Text) -> String {
    let key = match conclusion.comparison {
        Comparison::Same | Comparison::Different => "verdict-names",
        Comparison::Similar(_) => "verdict-names-similar",
        Comparison::NotComparable(_) => "verdict-names-incomparable",
    };
    let said = text.with_markup(key, &[("names", all_names(conclusion, text))]);
    match conclusion.is_confirmed {
        Some(true) => format!("{said} {}", text.markup("verdict-names-confirmed", &[], &[])),
        Some(false) => format!("{said} {}", text.markup("verdict-names-unconfirmed", &[], &[])),
        None => said,
    }
}

/// Returns the text key about a name that only the holder's word supports. A single name needs that
/// word each time, because it is too little to distinguish people: nothing follows about other
/// names.
fn holder_says(conclusion: &Conclusion) -> &'static str {
    const SINGLE: Comparison = Comparison::Similar(Similarity::SingleName);
    match conclusion.names.as_slice() {
        [name] if compare_names(name, name) == SINGLE => "verdict-holder-says-single",
        _ => "verdict-holder-says",
    }
}

fn all_names(conclusion: &Conclusion, text: &Text) -> String {
    text.list(&conclusion.names.iter().map(|name| isolated(name)).collect::<Vec<_>>())
}

fn names(conclusion: &Conclusion, text: &Text) -> String {
    if conclusion.names.len() > 1 {
        let reason = isolated(conclusion.comparison.sentence());
        let said = text.with_markup("names-differ", &[("names", all_names(conclusion, text)), ("reason", reason)]);
        // Where the names are doubtful, the verdict says who confirmed them.
        if conclusion.reasons.iter().any(|reason| reason.cause == Cause::DifferentNames) {
            return said;
        }
        format!("{said} {}", text.markup("verdict-names-confirmed", &[], &[]))
    } else if conclusion.is_confirmed == Some(true) {
        text.of("names-holder-says")
    } else if conclusion.reasons.iter().any(|reason| reason.cause == Cause::DifferentBirthDates) {
        text.of("names-birth-dates")
    } else {
        text.count("names-same", count(conclusion.partners().len()))
    }
}

fn identities(conclusion: &Conclusion, titles: &[String], text: &Text) -> Vec<String> {
    let shown = conclusion.facts.iter().zip(titles).filter(|(facts, _)| facts.is_identity);
    let said = shown.map(|(facts, how)| {
        text.markup("names-identity", &[("how", how), ("partner", &facts.partner), ("name", &facts.name)], &[])
    });
    said.collect()
}

fn count(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
