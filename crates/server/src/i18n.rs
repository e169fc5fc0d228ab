//! The texts of pages and mails, from Fluent files (`locales/`). Templates contain none.
//!
//! Owns the choice of language and the format of months, durations, numbers and moments.

#[cfg(test)]
mod tests;

use std::borrow::Borrow;
use std::sync::LazyLock;
use std::time::Duration;

use credential::{DisplayValue, Type, YearMonth};
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use serde_json::Value;

use ambient::Timestamp;

/// The only language so far.
const LANGUAGE: &str = "en";

const FILES: [&str; 11] = [
    include_str!("../locales/en/console.ftl"),
    include_str!("../locales/en/disclosure.ftl"),
    include_str!("../locales/en/pages.ftl"),
    include_str!("../locales/en/presentations.ftl"),
    include_str!("../locales/en/reference.ftl"),
    include_str!("../locales/en/sandbox.ftl"),
    include_str!("../locales/en/shares.ftl"),
    include_str!("../locales/en/verify.ftl"),
    include_str!("../locales/en/verify_token.ftl"),
    include_str!("../locales/en/wallets.ftl"),
    include_str!("../locales/en/webhooks.ftl"),
];

static WORDS: LazyLock<FluentBundle<FluentResource>> = LazyLock::new(|| {
    let mut bundle = FluentBundle::new_concurrent(vec![LANGUAGE.parse().unwrap_or_default()]);
    // Copied text would contain the marks. Names that need isolation get it one by one.
    bundle.set_use_isolating(false);
    for file in FILES {
        // A test ensures that every file is valid and that no key is defined twice.
        let resource = FluentResource::try_new(file.to_owned()).unwrap_or_else(|(valid_part, _)| valid_part);
        bundle.add_resource_overriding(resource);
    }
    bundle
});

fn format(key: &str, values: &FluentArgs<'_>) -> Option<String> {
    let mut errors = Vec::new();
    let text = WORDS.format_pattern(WORDS.get_message(key)?.value()?, Some(values), &mut errors);
    errors.is_empty().then(|| text.into_owned())
}

/// Delimits the number of a placeholder until the surrounding text is escaped. A private use
/// character, which none of our texts contains.
const MARK: char = '\u{E000}';

/// Begins and ends the isolation of a name in plain text (FIRST STRONG ISOLATE, POP DIRECTIONAL
/// ISOLATE).
const ISOLATES: [char; 2] = ['\u{2068}', '\u{2069}'];

/// Returns a name as HTML that does not reorder the words around it. The element replaces any
/// isolation marks.
pub fn isolated(name: &str) -> String {
    format!("<bdi>{}</bdi>", value_html(&name.replace(ISOLATES, "")))
}

/// Returns a name for text without markup, such as SVG, that does not reorder the words around it.
/// Only names that could do so get isolation marks, because copied text would contain them.
pub fn isolated_text(name: &str) -> String {
    let [begin, end] = ISOLATES;
    if name.chars().any(may_reorder) {
        // A mark inside the name would end its isolation early.
        format!("{begin}{}{end}", name.replace(ISOLATES, ""))
    } else {
        name.to_owned()
    }
}

/// Returns a line with isolated names ([`isolated_text`]) as HTML, in which elements replace the
/// marks.
///
/// A line in a `bdi` element would get the direction of its first name instead.
pub fn line_html(line: &str) -> String {
    let [begin, end] = ISOLATES;
    value_html(line).replace(begin, "<bdi>").replace(end, "</bdi>")
}

/// Returns the headline of a credential, in which each name that needs it is isolated.
pub fn headline(known: Type, fields: &Value) -> String {
    let plain = known.headline(fields);
    if plain.chars().any(may_reorder) { known.headline(&with_isolated_texts(fields)) } else { plain }
}

fn with_isolated_texts(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(isolated_text(text)),
        Value::Array(items) => Value::Array(items.iter().map(with_isolated_texts).collect()),
        Value::Object(members) => {
            Value::Object(members.iter().map(|(name, value)| (name.clone(), with_isolated_texts(value))).collect())
        }
        other => other.clone(),
    }
}

/// Returns whether a character is of a right-to-left script or sets the direction of others. The
/// ranges are those that Unicode reserves for such scripts (DerivedBidiClass.txt).
fn may_reorder(character: char) -> bool {
    matches!(
        character,
        '\u{590}'..='\u{8FF}'
            | '\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2066}'..='\u{2069}'
            | '\u{FB1D}'..='\u{FDFF}'
            | '\u{FE70}'..='\u{FEFF}'
            | '\u{10800}'..='\u{10FFF}'
            | '\u{1E800}'..='\u{1EFFF}'
    )
}

/// Returns the title of a credential type as it is written inside a sentence, like "career
/// history".
pub fn within_sentence(title: &str) -> String {
    let mut letters = title.chars();
    match letters.next() {
        // The name of a language keeps its capital.
        Some(first) if !title.starts_with("English") => first.to_lowercase().chain(letters).collect(),
        _ => title.to_owned(),
    }
}

fn value_html(value: &str) -> String {
    escape(&value.replace(MARK, ""))
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// The texts in one language.
#[derive(Clone, Debug)]
pub struct Text {
    language: &'static str,
}

impl Default for Text {
    fn default() -> Self {
        Self { language: LANGUAGE }
    }
}

impl Text {
    /// Returns the text of `key`.
    pub fn of(&self, key: &str) -> String {
        self.with(key, &[])
    }

    /// Returns the text of `key` with `values` inserted.
    pub fn with(&self, key: &str, values: &[(&'static str, &str)]) -> String {
        self.with_values(key, values)
    }

    /// Returns the text of `key` as HTML. `names` are wrapped in `bdi` elements, so that a name in
    /// a right-to-left script does not reorder the words around it. `values` are our own words, and
    /// lines whose names are isolated already.
    pub fn markup(&self, key: &str, names: &[(&'static str, &str)], values: &[(&'static str, &str)]) -> String {
        let names = names.iter().map(|(name, value)| (*name, isolated(value)));
        let values = values.iter().map(|(name, value)| (*name, line_html(value)));
        self.with_markup(key, &names.chain(values).collect::<Vec<_>>())
    }

    /// Returns the text of `key` as HTML, with values that are HTML.
    pub fn with_markup(&self, key: &str, values: &[(&'static str, String)]) -> String {
        // Each value is replaced by a marked number until the text has been escaped.
        let mark = |at: usize| format!("{MARK}{at}{MARK}");
        let marks: Vec<(&'static str, String)> =
            values.iter().enumerate().map(|(at, (name, _))| (*name, mark(at))).collect();
        let marks: Vec<(&'static str, &str)> = marks.iter().map(|(name, mark)| (*name, mark.as_str())).collect();
        let text = escape(&self.with(key, &marks));
        values.iter().enumerate().fold(text, |text, (at, (_, html))| text.replace(&mark(at), html))
    }

    /// Joins items as a list, like "A, B and C".
    pub fn list(&self, items: &[String]) -> String {
        match items.split_last() {
            Some((last, [])) => last.clone(),
            Some((last, rest)) => self.with_markup("names-and", &[("names", rest.join(", ")), ("last", last.clone())]),
            None => String::new(),
        }
    }

    /// Returns the text of `key` with a number that determines its plural form.
    pub fn count(&self, key: &str, count: i64) -> String {
        self.with_numbers(key, &[("count", count)])
    }

    /// Joins institutions, parent first, as HTML. Empty if there are none.
    pub fn chain(&self, institutions: &[String]) -> String {
        let mut names = institutions.iter().map(|name| isolated(name));
        let first = names.next().unwrap_or_default();
        names.fold(first, |chain, next| self.with_markup("chain-then", &[("chain", chain), ("next", next)]))
    }

    /// Returns the language, for the `lang` attribute of the page.
    pub fn language(&self) -> String {
        self.language.to_owned()
    }

    fn with_numbers(&self, key: &str, values: &[(&'static str, i64)]) -> String {
        self.with_values(key, values)
    }

    fn with_values<'v, V: Into<FluentValue<'v>> + Copy>(&self, key: &str, values: &[(&'static str, V)]) -> String {
        let values = values.iter().map(|(name, value)| (*name, (*value).into())).collect();
        format(key, &values).unwrap_or_else(|| format!("Unknown localization key: {key:?}"))
    }

    /// Formats a month, like "May 2024".
    pub fn month(&self, month: impl Borrow<YearMonth>) -> String {
        let month = month.borrow();
        let name = self.month_name(i64::from(month.month()));
        self.with("month-year", &[("month", &name), ("year", &month.year().to_string())])
    }

    /// Formats a month briefly, like "May 2024" or "Oct 2026".
    pub fn short_month(&self, month: YearMonth) -> String {
        let name = self.with_numbers("month-short", &[("month", i64::from(month.month()))]);
        self.with("month-year", &[("month", &name), ("year", &month.year().to_string())])
    }

    /// Returns the name of a month; 1 is January.
    pub fn month_name(&self, month: impl Borrow<i64>) -> String {
        self.with_numbers("month-name", &[("month", *month.borrow())])
    }

    /// Formats a number of months, like "4 years 2 months".
    pub fn duration(&self, months: impl Borrow<i32>) -> String {
        let months = months.borrow();
        let (years, rest) = (i64::from(months / 12), i64::from(months % 12));
        match (years, rest) {
            (0, rest) => self.count("duration-months", rest),
            (years, 0) => self.count("duration-years", years),
            (years, rest) => format!("{} {}", self.count("duration-years", years), self.count("duration-months", rest)),
        }
    }

    /// Formats a day, like "23 November 2026".
    pub fn day(&self, moment: &Timestamp) -> String {
        let date = jiff::tz::Offset::UTC.to_datetime(moment.to_jiff()).date();
        self.calendar_day(i32::from(date.year()), i32::from(date.month()), i32::from(date.day()))
    }

    /// Formats a day briefly, like "23 Nov".
    pub fn short_day(&self, moment: &Timestamp) -> String {
        let date = jiff::tz::Offset::UTC.to_datetime(moment.to_jiff()).date();
        let name = self.with_numbers("month-short", &[("month", date.month().into())]);
        self.with("day-short", &[("day", &date.day().to_string()), ("month", &name)])
    }

    /// Formats a date from a credential, like "23 November 2026".
    pub fn date(&self, date: credential::Date) -> String {
        self.calendar_day(date.year(), date.month(), date.day())
    }

    /// Returns the text for an expired credential, with the last day on which it was valid.
    pub fn expired(&self, day: &credential::Date) -> String {
        self.with("expired-on", &[("day", &self.date(*day))])
    }

    /// Formats a value for display; a dash if it is missing.
    pub fn datum(&self, datum: &DisplayValue) -> String {
        match datum {
            DisplayValue::Words(words) => words.clone(),
            DisplayValue::Day(date) => self.date(*date),
            DisplayValue::Nothing => "–".to_owned(),
        }
    }

    fn calendar_day(&self, year: i32, month: i32, day: i32) -> String {
        let name = self.month_name(i64::from(month));
        self.with("day", &[("day", &day.to_string()), ("month", &name), ("year", &year.to_string())])
    }

    /// Formats a number of bytes, like "120 kB".
    pub fn size(&self, bytes: &u64) -> String {
        match *bytes {
            bytes if bytes < 1_000_000 => self.with("size-kilobytes", &[("size", &bytes.div_ceil(1000).to_string())]),
            bytes => {
                let tenths = bytes.div_ceil(100_000);
                self.with("size-megabytes", &[("size", &format!("{}.{}", tenths / 10, tenths % 10))])
            }
        }
    }

    /// Formats a number with thousands separators, like "12,034".
    pub fn number(&self, number: impl Borrow<i64>) -> String {
        let digits = number.borrow().unsigned_abs().to_string();
        let mut parts: Vec<&str> =
            digits.as_bytes().rchunks(3).filter_map(|part| std::str::from_utf8(part).ok()).collect();
        parts.reverse();
        let sign = if *number.borrow() < 0 { "−" } else { "" };
        format!("{sign}{}", parts.join(&self.of("number-thousands")))
    }

    /// Formats `part` as a percentage of `whole`, like "65.6 %"; a dash if `whole` is 0.
    pub fn share_of(&self, part: impl Borrow<i64>, whole: impl Borrow<i64>) -> String {
        let (part, whole) = (*part.borrow(), *whole.borrow());
        if whole <= 0 {
            return "–".to_owned();
        }
        let tenths = (part * 1000 + whole / 2) / whole;
        let (whole, rest) = ((tenths / 10).to_string(), (tenths % 10).to_string());
        if rest == "0" {
            self.with("number-per-cent", &[("whole", &whole)])
        } else {
            self.with("number-per-cent-tenths", &[("whole", &whole), ("tenths", &rest)])
        }
    }

    /// Formats the time left until `until`, like "2 days left" or "14 minutes left": the nearest
    /// number of the largest unit of which at least one is left.
    pub fn time_left(&self, now: Timestamp, until: Timestamp) -> String {
        let seconds = until.since(now).as_secs();
        let nearest = |unit: u64| i64::try_from((seconds + unit / 2) / unit).unwrap_or(i64::MAX);
        match (nearest(60), nearest(3600), nearest(86_400)) {
            _ if seconds < 60 => self.of("left-soon"),
            (minutes, _, _) if minutes < 60 => self.count("left-minutes", minutes),
            (_, hours, _) if hours < 24 => self.count("left-hours", hours),
            (_, _, days) => self.count("left-days", days),
        }
    }

    /// Formats the time left for a code, like "10 minutes", rounded as other times left.
    pub fn code_left(&self, left: Duration) -> String {
        match left.as_secs() {
            0..60 => self.of("less-than-a-minute"),
            seconds => self.count("minutes", i64::try_from((seconds + 30) / 60).unwrap_or(i64::MAX)),
        }
    }

    /// Formats a moment, like "23 November 2026, 09:05 UTC".
    pub fn moment(&self, moment: &Timestamp) -> String {
        let time = jiff::tz::Offset::UTC.to_datetime(moment.to_jiff()).time();
        self.with(
            "moment",
            &[("day", &self.day(moment)), ("time", &format!("{:02}:{:02}", time.hour(), time.minute()))],
        )
    }
}
