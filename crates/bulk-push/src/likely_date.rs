//! Recognises dates in columns that no field uses, in more forms than a field accepts.

use jiff::civil::Date;

use crate::date_pattern::month_name;
use crate::unclear_dates::split_time;
use crate::word_lists::BESIDE_MONTH;

/// Beginnings of the names of months in common languages.
const MONTHS: &[(&str, i32)] = &[
    ("jan", 1),
    ("ene", 1),
    ("gen", 1),
    ("feb", 2),
    ("fev", 2),
    ("f\u{e9}v", 2),
    ("mar", 3),
    ("m\u{e4}r", 3),
    ("mrt", 3),
    ("mrz", 3),
    ("maa", 3),
    ("apr", 4),
    ("avr", 4),
    ("abr", 4),
    ("may", 5),
    ("mai", 5),
    ("maj", 5),
    ("mei", 5),
    ("mag", 5),
    ("jun", 6),
    ("juin", 6),
    ("giu", 6),
    ("jul", 7),
    ("juil", 7),
    ("lug", 7),
    ("aug", 8),
    ("aou", 8),
    ("ao\u{fb}", 8),
    ("ago", 8),
    ("sep", 9),
    ("set", 9),
    ("oct", 10),
    ("okt", 10),
    ("ott", 10),
    ("out", 10),
    ("nov", 11),
    ("dec", 12),
    ("d\u{e9}c", 12),
    ("dez", 12),
];

/// Whole names of months in further languages. As beginnings they would be those of other words.
const WHOLE_MONTHS: &[(&str, i32)] = &[
    ("ogos", 8),
    ("disember", 12),
    ("dis", 12),
    ("stycznia", 1),
    ("lutego", 2),
    ("kwietnia", 4),
    ("czerwca", 6),
    ("lipca", 7),
    ("sierpnia", 8),
    ("wrze\u{15b}nia", 9),
    ("pa\u{17a}dziernika", 10),
    ("listopada", 11),
    ("grudnia", 12),
];

/// The Malay March, which is a month beside a day only: `Mac 2020` may be a computer.
const MAC: (&str, i32) = ("mac", 3);

/// Parts of the names of columns whose plain numbers are not dates.
const NUMBERS: &[&str] = &[
    "code", "id", "no", "number", "zip", "post", "plz", "salary", "gross", "net", "wage", "rate", "amount", "pay",
    "base", "bonus", "cost", "phone", "mobile", "account", "ref", "iban", "hour", "fte", "percent",
];

/// Returns the month of a date in a form that no field accepts, as `YYYY-MM`.
pub fn likely_month(text: &str) -> Option<String> {
    earliest(text, "").map(|(year, month)| format!("{year:04}-{month:02}"))
}

/// Returns the year and the earliest month that a text may mean, if it reads as a date.
/// `name` is the folded name of its column.
pub fn earliest(text: &str, name: &str) -> Option<(i32, i32)> {
    let text = text.trim();
    let alone = split_time(text).map_or(text, |(date, _)| date);
    let numbers: Vec<&str> =
        alone.split(|character: char| !character.is_ascii_digit()).filter(|run| !run.is_empty()).collect();
    let letters: Vec<String> = alone
        .split(|character: char| !character.is_alphabetic())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    if alone.chars().count() > 40 || numbers.is_empty() {
        return None;
    }
    if !letters.is_empty() && !letters.iter().all(|word| "\u{5e74}\u{6708}\u{65e5}".contains(word.as_str())) {
        return with_month_name(&letters, &numbers, alone);
    }
    let values: Vec<i32> = numbers.iter().filter_map(|run| run.parse().ok()).collect();
    if values.len() != numbers.len() {
        return None;
    }
    let is_numbers = NUMBERS.iter().any(|part| name.contains(part));
    match (values.as_slice(), numbers.iter().map(|run| run.len()).collect::<Vec<_>>().as_slice()) {
        ([year, month, day], [4, 1..=2, 1..=2]) => of([(*year, *month, *day)]),
        ([first, second, year], [1..=2, 1..=2, 4]) => of([(*year, *first, *second), (*year, *second, *first)]),
        ([first, second, year], [1..=2, 1..=2, 2]) if alone.len() <= 8 => {
            let (late, early) = (century(*year), century(*first));
            of([(late, *first, *second), (late, *second, *first), (early, *second, *year)])
        }
        ([_] | [_, _], _) if is_numbers && (numbers.len() == 1 || alone.contains('.')) => None,
        ([year, month], [4, 1..=2]) | ([month, year], [1..=2, 4]) => of([(*year, *month, 1)]),
        ([packed], [8]) => of([
            (packed / 10_000, packed / 100 % 100, packed % 100),
            (packed % 10_000, packed / 10_000 % 100, packed / 1_000_000),
        ]),
        ([packed], [6]) => of([(packed / 100, packed % 100, 1)]),
        // A spreadsheet's day number, counted from 1899-12-30.
        ([day @ 20_000..=60_000], [5]) => {
            let date = Date::new(1899, 12, 30).ok()?.checked_add(jiff::Span::new().days(*day)).ok()?;
            Some((i32::from(date.year()), i32::from(date.month())))
        }
        _ => None,
    }
}

fn century(short: i32) -> i32 {
    if short < 60 { 2000 + short } else { 1900 + short }
}

/// Returns the earliest month of the readings that are dates of a career.
fn of<const COUNT: usize>(readings: [(i32, i32, i32); COUNT]) -> Option<(i32, i32)> {
    // A day that does not exist, such as 30 February, is a date all the same.
    let is_date =
        |(year, month, day): &(i32, i32, i32)| *year >= 1950 && (1..=12).contains(month) && (1..=31).contains(day);
    readings.iter().filter(|reading| is_date(reading)).map(|(year, month, _)| (*year, *month)).min()
}

/// Reads `31 mars 2020`, `Mar 1, 2018`, `March 2018` or `Mar-18`.
fn with_month_name(letters: &[String], numbers: &[&str], text: &str) -> Option<(i32, i32)> {
    let month = letters.iter().find_map(|word| {
        let is_short = word.chars().count() <= 10;
        MONTHS.iter().rev().find(|(start, _)| is_short && word.starts_with(*start)).map(|(_, month)| *month)
    });
    let month = month.or_else(|| whole_month(letters, numbers.len()))?;
    let year = numbers.iter().find(|run| run.len() == 4).and_then(|run| run.parse().ok());
    // `31 March` may be of any year.
    let is_day = numbers.len() == 1 && text.starts_with(|first: char| first.is_ascii_digit());
    if is_day && numbers.iter().all(|run| run.parse().is_ok_and(|day: i32| (1..=31).contains(&day))) {
        return Some((1950, month));
    }
    let short = || {
        let last = numbers.last().filter(|run| run.len() == 2 && text.chars().count() <= 9)?;
        last.parse().ok().map(century)
    };
    let year = year.or_else(short).filter(|year| (1950..=9999).contains(year))?;
    (letters.len() <= 3 && numbers.len() <= 3).then_some((year, month))
}

/// Returns the month of words that are its name, or its beginning, and nothing else: `31 de
/// diciembre de 2020` or `31 Agu 2020`. `Chef des ventes 2020` has none.
fn whole_month(letters: &[String], numbers: usize) -> Option<i32> {
    let is_beside = |word: &&String| BESIDE_MONTH.split_whitespace().any(|known| known == *word);
    let mut names = letters.iter().filter(|word| !is_beside(word));
    let (Some(name), None) = (names.next(), names.next()) else { return None };
    let known = WHOLE_MONTHS.iter().find(|(month, _)| month == name).map(|(_, month)| *month);
    known.or_else(|| (name == MAC.0 && numbers > 1).then_some(MAC.1)).or_else(|| month_name(&mut name.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_recognised_in_many_forms() {
        for text in [
            "2020-03-31",
            "31/03/2020",
            "3/31/2020",
            "31.03.20",
            "2020/03",
            "03/2020",
            "20200331",
            "31032020",
            "202003",
            "43921",
            "31 mars 2020",
            "Mar 31, 2020",
            "March 2020",
            "Mar-20",
            "2020\u{5e74}3\u{6708}31\u{65e5}",
            "2020-03-31 00:00:00",
            "2020-03-31T17:00:00Z",
        ] {
            assert_eq!(earliest(text, "lwd"), Some((2020, 3)), "{text}");
        }
        assert_eq!(earliest("05/03/2020", "lwd"), Some((2020, 3)), "the earlier reading counts");
    }

    #[test]
    fn months_in_words_are_recognised_in_many_languages() {
        for text in [
            "31 Desember 2020",
            "31 de diciembre de 2020",
            "dic 2020",
            "31 Disember 2020",
            "31. Dez. 2020",
            "31 grudnia 2020",
        ] {
            assert_eq!(earliest(text, "datum2"), Some((2020, 12)), "{text}");
        }
        assert_eq!(earliest("31 Agustus 2020", "datum2"), Some((2020, 8)));
        assert_eq!(earliest("31 Mac 2020", "datum2"), Some((2020, 3)));
        for text in ["Chef des ventes 2020", "Mac 2020", "District 2020", "Discount 10 2020"] {
            assert_eq!(earliest(text, "desk"), None, "{text}");
        }
    }

    #[test]
    fn other_texts_are_not_dates() {
        for text in ["", "Left", "A-1", "2020-13-45", "12", "2020", "0000-00-00", "1900-01-01", "X1"] {
            assert_eq!(earliest(text, "lwd"), None, "{text}");
        }
        assert_eq!((earliest("43921", "zipcode"), earliest("43921", "annualsalary")), (None, None));
    }
}
