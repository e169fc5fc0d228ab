//! Texts that are not what their field has, such as a date as the title of a job: the cells of the
//! row may be shifted.

use crate::date_pattern::Pattern;
use crate::likely_date::earliest;
use crate::month_words;
use crate::name_text::is_invisible;
use crate::unclear_dates::split_time;

/// Formats of dates with the name of a month and a short year.
const SHORT_YEARS: [&str; 3] = ["MMM-YY", "DD-MMM-YY", "DD/MMM/YY"];

/// The characters for year, month and day in dates such as `2020\u{5e74}3\u{6708}31\u{65e5}`.
const CJK: &str = "\u{5e74}\u{6708}\u{65e5}";

/// Number of digits from which a number is no name of a company, as 360 and 24/7 may be.
const LONG: usize = 4;

/// Returns what stands in the place of a field; `None` if it may be right.
pub fn misplaced(field: &str, text: &str) -> Option<&'static str> {
    let is_wrong_date = match field {
        // A classification may be a code such as 11-2021.
        "role_classification" => is_date(text) && groups(text) != 2,
        "role_title" | "organisation" | "education_provider" | "issuer_name" | "course_name" => is_date(text),
        _ => return None,
    };
    if let Some(what) = damaged(text) {
        return Some(what);
    }
    let is_wrong_number = match field {
        "role_title" => is_number(text),
        "organisation" => is_number(text) && is_amount(text),
        _ => false,
    };
    if is_wrong_date {
        Some("a date")
    } else if is_address(text) {
        Some("an email address")
    } else if is_web_address(text) && field != "issuer_name" {
        Some("a web address")
    } else if matches!(field, "role_title" | "organisation") && is_postcode(text) {
        Some("a postcode")
    } else if matches!(field, "role_title" | "organisation") && is_insurance_number(text) {
        Some("a National Insurance number")
    } else {
        is_wrong_number.then_some("a number")
    }
}

/// Returns what a text is that a program damaged.
fn damaged(text: &str) -> Option<&'static str> {
    let is_exponent = text.contains(['E', 'e']) && text.contains(['+', '-']) && text.parse::<f64>().is_ok();
    let lost = |(at, _): (usize, &str)| text[at + 1..].starts_with(char::is_alphabetic);
    if matches!(&*text.to_ascii_lowercase(), "true" | "false") {
        Some("a yes or no")
    } else if is_exponent {
        Some("a number")
    } else if text.starts_with('=') {
        Some("a formula")
    } else if has_markup(text) {
        Some("a text with HTML")
    } else if text.starts_with("[object") || (text.starts_with('{') && text.ends_with('}')) {
        Some("an object of a program")
    } else if text.len() > 1 && text.bytes().all(|byte| byte == b'#') {
        Some("a cell that was too narrow")
    } else if text.match_indices('?').any(lost) || (text.len() > 1 && text.bytes().all(|byte| byte == b'?')) {
        Some("a text with lost characters")
    } else {
        text.contains(is_invisible).then_some("a text with an invisible character")
    }
}

/// Returns whether a text has a tag or an entity of HTML, such as `<b>` or `&amp;`.
fn has_markup(text: &str) -> bool {
    let is_name = |name: &str| (2..=8).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let is_entity = |rest: &str| {
        rest.split_once(';').is_some_and(|(name, _)| is_name(name) || name.strip_prefix('#').is_some_and(is_name))
    };
    let is_tag = |rest: &str| rest.trim_start_matches('/').starts_with(char::is_alphabetic) && rest.contains('>');
    text.split('&').skip(1).any(is_entity) || text.split('<').skip(1).any(is_tag)
}

/// Returns whether a whole text is a date. Digits without separators are a number.
pub fn is_date(text: &str) -> bool {
    let text = text.trim();
    let alone = split_time(text).map_or(text, |(date, _)| date);
    if alone.chars().any(|character| character.is_alphabetic() && !CJK.contains(character)) {
        let is_short = |format: &&str| Pattern::parse(format).is_ok_and(|pattern| pattern.matches(alone));
        return month_words::read(alone).is_some() || SHORT_YEARS.iter().any(is_short);
    }
    groups(alone) > 1 && earliest(alone, "").is_some()
}

/// Returns whether a text has a word that is a date, or a number with nothing beside it.
pub fn has_date_or_number(text: &str) -> bool {
    is_date(text) || text.split_whitespace().any(|word| is_date(word) || is_number(word))
}

/// Returns whether a text has digits, but no letters.
fn is_number(text: &str) -> bool {
    text.contains(|character: char| character.is_ascii_digit()) && !text.contains(char::is_alphabetic)
}

fn is_amount(text: &str) -> bool {
    text.bytes().filter(u8::is_ascii_digit).count() >= LONG || text.contains(['.', ',', '%', '$', '\u{20ac}', '\u{a3}'])
}

fn is_address(text: &str) -> bool {
    let is_host = |host: &str| host.contains('.') && !host.contains('@');
    text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && is_host(host))
        && !text.contains(char::is_whitespace)
}

/// Returns whether a text is the address of a page. A company may be called `www.example.com`.
fn is_web_address(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    ["http://", "https://"].iter().any(|scheme| text.starts_with(scheme)) && !text.contains(char::is_whitespace)
}

/// Returns whether a text has the form, in which `A` is a letter and `9` is a digit.
fn has_form(text: &str, form: &str) -> bool {
    let fits = |(byte, wanted): (u8, u8)| match wanted {
        b'A' => byte.is_ascii_uppercase(),
        b'9' => byte.is_ascii_digit(),
        other => byte == other,
    };
    text.len() == form.len() && text.bytes().zip(form.bytes()).all(fits)
}

/// Returns whether a text is a postcode of the United Kingdom or of Canada.
fn is_postcode(text: &str) -> bool {
    let forms = ["A9 9AA", "A99 9AA", "A9A 9AA", "AA9 9AA", "AA99 9AA", "AA9A 9AA", "A9A 9A9"];
    forms.iter().any(|form| has_form(text, form))
}

/// Returns whether a text is a National Insurance number, such as `QQ 12 34 56 C`.
fn is_insurance_number(text: &str) -> bool {
    let packed: String = text.chars().filter(|character| *character != ' ').collect();
    has_form(&packed, "AA999999A") && packed.ends_with(['A', 'B', 'C', 'D'])
}

/// Counts the groups of digits in a text.
fn groups(text: &str) -> usize {
    text.split(|character: char| !character.is_ascii_digit()).filter(|group| !group.is_empty()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_numbers_and_addresses_are_no_texts_of_a_job() {
        for (field, text, what) in [
            ("role_title", "2018-01-01", "a date"),
            ("role_title", "31/12/2020", "a date"),
            ("role_title", "31.12.2020 00:00", "a date"),
            ("role_title", "1-Jan-18", "a date"),
            ("role_title", "2020\u{5e74}3\u{6708}31\u{65e5}", "a date"),
            ("organisation", "1 Apr 2019", "a date"),
            ("organisation", "Dec-20", "a date"),
            ("role_classification", "2018-01-01", "a date"),
            ("course_name", "2020-07-01", "a date"),
            ("role_title", "4200.00", "a number"),
            ("role_title", "7", "a number"),
            ("organisation", "1000", "a number"),
            ("organisation", "$ 4,200", "a number"),
            ("role_title", "cy@x.example", "an email address"),
            ("organisation", "cy@x.example", "an email address"),
            ("role_title", "http://x", "a web address"),
            ("organisation", "https://x.example/a", "a web address"),
            ("role_title", "SW1A 1AA", "a postcode"),
            ("organisation", "E1 6AN", "a postcode"),
            ("role_title", "K1A 0B1", "a postcode"),
            ("organisation", "QQ123456C", "a National Insurance number"),
            ("role_title", "QQ 12 34 56 C", "a National Insurance number"),
        ] {
            assert_eq!(misplaced(field, text), Some(what), "{field}: {text}");
        }
    }

    #[test]
    fn texts_that_a_program_damaged_are_no_texts_of_a_job() {
        for text in [
            "true",
            "TRUE",
            "=VLOOKUP(A2,B:C,2,0)",
            "=A1&B1",
            "Smith &amp; Co",
            "A&#39;B",
            "A&nbsp;B",
            "<b>Acme</b>",
            "#####",
            "[object Object]",
            "{\"a\":1}",
            "1E+05",
            "???",
            "M?ller GmbH",
            "Acme\u{200b}",
            "Ac\u{ad}me",
        ] {
            assert!(misplaced("organisation", text).is_some(), "{text}");
            assert!(misplaced("role_title", text).is_some(), "{text}");
        }
        for text in
            ["AT&T", "Yahoo!", "C++ Developer", "Guess?", "R&D; Labs", "C# Developer", "A < B", "True North", "E+E"]
        {
            assert_eq!(misplaced("organisation", text), None, "{text}");
        }
    }

    #[test]
    fn texts_of_a_job_may_have_numbers() {
        for (field, text) in [
            ("role_title", "Clerk 2"),
            ("role_title", "Driver Grade 1"),
            ("role_title", "24/7 support"),
            ("role_title", "Marketing 2020"),
            ("role_title", "Clerk May to August"),
            ("role_title", "\u{55b6}\u{696d} 1"),
            ("role_title", ""),
            ("role_classification", "11-2021"),
            ("role_classification", "15-1252.00"),
            ("role_classification", "5"),
            ("organisation", "3"),
            ("organisation", "360"),
            ("organisation", "24/7"),
            ("organisation", "3 Mayfair"),
            ("organisation", "Mayfair 2020"),
            ("organisation", "1&1"),
            ("organisation", "Studio @ 4"),
            ("organisation", "www.sample.example"),
            ("organisation", "E1 Sample"),
            ("organisation", "A9 Media"),
            ("role_title", "HGV1 Driver"),
            ("role_title", "G7"),
            ("role_classification", "E1 6AN"),
            ("education_provider", "42"),
            ("full_name", "2018-01-01"),
        ] {
            assert_eq!(misplaced(field, text), None, "{field}: {text}");
        }
    }

    #[test]
    fn words_of_a_name_are_no_dates() {
        for text in ["2018-01-01 Sample", "Ada 31.12.2020", "4200.00", "Dec-20 Sample", "1 April 2019"] {
            assert!(has_date_or_number(text), "{text}");
        }
        for text in ["Ada Example", "Given7 Sample", "John Example 3rd", "April May", "June"] {
            assert!(!has_date_or_number(text), "{text}");
        }
    }
}
