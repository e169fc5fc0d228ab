//! Titles and organisations that name the end of a job by their form, such as `Clerk to 03/2020`,
//! `Clerk 2018 to 2020` or `Clerk (Mar 2020)`.

use crate::likely_date::earliest;
use crate::misplaced::is_date;
use crate::word_lists::is_in;

/// A year and, if the text names it, a month.
type When = (i32, Option<i32>);

/// Maximum number of words of a date.
const LONGEST_DATE: usize = 3;

/// Years that a title may name.
const YEARS: std::ops::Range<i32> = 1950..2100;

/// Words in front of the end of a job.
const UNTIL: &str = "to until till til thru through upto bis hasta tot ends ended ending end finished left";

/// Words between the start and the end of a job.
const BETWEEN: &str = "- \u{2013} \u{2014} to until till thru through bis";

/// Words in front of a date that is no end.
const SINCE: &str =
    "from since starting started starts start joined of new seit ab von d\u{e8}s depuis desde sejak vanaf";

/// Words that say so at the end of a title or alone in brackets.
const OVER: &str = "ended finished expired";

/// Words before `TERM` that belong to it.
const BEFORE_TERM: &str = "short long fixed limited half full medium spring summer autumn winter school first second";

/// Returns whether a text names an end before a month, given as its year and number.
pub fn ended_before(text: &str, month: (i32, i32)) -> bool {
    let spaced = text.replace(['(', '[', '{', '\u{ff08}'], " ( ").replace([')', ']', '}', '\u{ff09}'], " ) ");
    let small = spaced.replace(',', " ").to_lowercase();
    let words: Vec<&str> = small.split_whitespace().collect();
    (0..words.len()).any(|at| is_end_at(&words, at, month)) || is_over(&words) || ends_in_term(text)
}

/// Returns whether a date at a word closes the text or a bracket, is past, and reads as an end.
fn is_end_at(words: &[&str], at: usize, month: (i32, i32)) -> bool {
    if let Some((_, last)) = range(words[at]) {
        return is_closing(words, at + 1) && is_past(last, month);
    }
    let Some((length, when)) = date_at(words, at) else { return false };
    if !is_closing(words, at + length) || !is_past(when, month) || is_inside_date(words, at) {
        return false;
    }
    let Some(first) = at.checked_sub(1) else { return false };
    let before = words[first];
    let follows_date = || (1..=LONGEST_DATE.min(first)).any(|back| ends_date(words, first - back, first));
    is_in(UNTIL, before) || (is_in(BETWEEN, before) && follows_date()) || (when.1.is_some() && !is_in(SINCE, before))
}

/// Returns whether the words from `at` to `end` are a date.
fn ends_date(words: &[&str], at: usize, end: usize) -> bool {
    date_at(words, at).is_some_and(|(length, _)| at + length == end)
}

/// Returns whether the date at a word is a part of a longer one that begins before it.
fn is_inside_date(words: &[&str], at: usize) -> bool {
    (1..LONGEST_DATE.min(at + 1)).any(|back| date_at(words, at - back).is_some_and(|(length, _)| length > back))
}

/// Reads the longest date that begins at a word, and returns the number of its words.
fn date_at(words: &[&str], at: usize) -> Option<(usize, When)> {
    if !words[at].starts_with(char::is_alphanumeric) {
        return None;
    }
    let most = LONGEST_DATE.min(words.len() - at);
    (1..=most).rev().find_map(|length| date(&words[at..at + length].join(" ")).map(|when| (length, when)))
}

/// Reads a date or a year. Digits without separators are no date.
fn date(text: &str) -> Option<When> {
    let year = text.parse::<i32>().ok().filter(|year| text.len() == 4 && YEARS.contains(year));
    if let Some(year) = year {
        return Some((year, None));
    }
    let (year, month) = earliest(text, "").filter(|_| is_date(text))?;
    YEARS.contains(&year).then_some((year, Some(month)))
}

/// Reads two dates with a dash between them, as in `2018-2020` or `01/2018-03/2020`.
fn range(word: &str) -> Option<(When, When)> {
    let (first, last) = word.split_once(['-', '\u{2013}', '\u{2014}'])?;
    Some((date(first)?, date(last)?))
}

fn is_past((year, month): When, (this_year, this_month): (i32, i32)) -> bool {
    match month {
        Some(month) => (year, month) < (this_year, this_month),
        None => year < this_year,
    }
}

fn is_closing(words: &[&str], after: usize) -> bool {
    words.get(after).is_none_or(|next| *next == ")")
}

/// Returns whether a word at the end or alone in brackets says so.
fn is_over(words: &[&str]) -> bool {
    let is_last = words.len() > 1 && words.last().is_some_and(|last| is_in(OVER, last));
    is_last || words.windows(3).any(|part| part[0] == "(" && is_in(OVER, part[1]) && part[2] == ")")
}

/// Returns whether a text ends in `TERM`, for terminated, behind words in small letters.
fn ends_in_term(text: &str) -> bool {
    let Some(rest) = text.trim_end().strip_suffix(" TERM") else { return false };
    let before = rest.split_whitespace().last().unwrap_or_default().to_lowercase();
    rest.contains(char::is_lowercase) && !is_in(BEFORE_TERM, &before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_in_titles_are_found_by_their_form() {
        for text in [
            "Clerk to Mar 2020",
            "Clerk to 03/2020",
            "Clerk (to 2020)",
            "Clerk (to Mar 2020)",
            "Clerk up to 31/03/2020",
            "Clerk thru 2020",
            "Clerk ended 03/2020",
            "Clerk ended",
            "Clerk (finished)",
            "Clerk, last day 31/03/2020",
            "Clerk (01/2018 - 03/2020)",
            "Clerk 2018 to 2020",
            "Clerk 2018-2020",
            "Clerk contract ends 31/03/2020",
            "Clerk fixed term to 31/03/2020",
            "Clerk from 01/2018 to 31 Mar 2020",
            "Clerk TERM",
        ] {
            assert!(ended_before(text, (2026, 11)), "{text}");
        }
    }

    #[test]
    fn numbers_and_starts_in_titles_are_no_ends() {
        for text in [
            "",
            "Clerk",
            "Level 2 Clerk",
            "24/7 Support",
            "Grade 7 Teacher",
            "2IC",
            "Year 3 Teacher",
            "Class of 2020 Coordinator",
            "Marketing 2020",
            "Assistant to 2020 Committee",
            "Clerk since 03/2020",
            "Clerk (from Mar 2020)",
            "Clerk (2024-2027)",
            "Clerk to 31/03/2027",
            "Clerk to 2026",
            "Clerk Fixed TERM",
            "MID TERM",
            "Manager, 9-5 desk",
            "Clerk May to August",
        ] {
            assert!(!ended_before(text, (2026, 11)), "{text}");
        }
    }
}
