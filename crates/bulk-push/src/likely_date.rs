//! Recognises dates in columns that no field uses, in more forms than a field accepts.

use jiff::civil::Date;

use crate::date_pattern::month_name;
use crate::unclear_dates::split_time;
use crate::word_lists::{BESIDE_MONTH, is_in};

/// Names of the months in further languages, and their usual abbreviations, a month a line. They
/// are compared whole: beginnings would be those of other words.
const FURTHER_MONTHS: [&str; 12] = [
    "gen genn gennaio janeiro stycze\u{144} stycznia ocak leden ledna janu\u{e1}r j\u{e4}nner ianuarie tammikuuta",
    "febbraio fevereiro luty lutego \u{15f}ubat \u{fa}nor \u{fa}nora febru\u{e1}r feber februarie helmikuuta",
    "marzo mar\u{e7}o marco marzec marca mart marts b\u{159}ezna m\u{e1}rcius martie maaliskuuta mrz",
    "aprile abril kwiecie\u{144} kwietnia nisan duben dubna \u{e1}prilis aprilie huhtikuuta",
    "mag magg maggio maio maj maja may\u{131}s kv\u{11b}ten kv\u{11b}tna m\u{e1}jus toukokuuta",
    "giu giugno junho czerwiec czerwca haziran \u{10d}ervna j\u{fa}nius iunie kes\u{e4}kuuta",
    "lug luglio julho lipiec lipca temmuz \u{10d}ervence j\u{fa}lius iulie hein\u{e4}kuuta julai",
    "agosto sierpie\u{144} sierpnia a\u{11f}ustos srpen srpna augusztus augusti elokuuta ogos",
    "set sett settembre setembro wrzesie\u{144} wrze\u{15b}nia eyl\u{fc}l z\u{e1}\u{159}\u{ed} szeptember septembrie \
     syyskuuta",
    "ott out ottobre outubro pa\u{17a}dziernik pa\u{17a}dziernika ekim \u{159}\u{ed}jen \u{159}\u{ed}jna okt\u{f3}ber \
     octombrie lokakuuta",
    "novembre novembro listopad listopada kas\u{131}m november noiembrie marraskuuta",
    "dicembre dezembro grudzie\u{144} grudnia aral\u{131}k prosinec prosince december decembrie joulukuuta disember \
     dis",
];

/// The Malay March, which is a month beside a day only: `Mac 2020` may be a computer.
const MAC: (&str, i32) = ("mac", 3);

/// Parts of the names of columns whose plain numbers are not dates.
const NUMBERS: &[&str] = &[
    "code", "id", "no", "number", "zip", "post", "plz", "salary", "gross", "net", "wage", "rate", "amount", "pay",
    "base", "bonus", "cost", "phone", "mobile", "account", "ref", "iban", "hour", "fte", "percent",
];

/// The characters for year, month and day in dates of East Asia.
const UNITS: &str = "\u{5e74}\u{6708}\u{65e5}\u{b144}\u{c6d4}\u{c77c}";

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
    if !letters.is_empty() && !letters.iter().all(|word| UNITS.contains(word.as_str())) {
        // Free text may mention a date.
        return if letters.len() <= 3 && numbers.len() <= 3 { with_month_name(alone) } else { None };
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

/// Reads `31 mars 2020`, `Mar 1, 2018`, `March 2020` or `Mar-18`. Beside other words the date must
/// have a year of four digits next to it: `5 March Road` is an address.
fn with_month_name(text: &str) -> Option<(i32, i32)> {
    let parts = parts(text);
    let is_number =
        |at: usize| parts.get(at).is_some_and(|part| part.starts_with(|first: char| first.is_ascii_digit()));
    let number = |at: Option<usize>| -> Option<(usize, i32)> {
        let part = parts.get(at.filter(|at| is_number(*at))?)?;
        Some((part.len(), part.parse().ok()?))
    };
    let is_day = |(length, day): (usize, i32)| length <= 2 && (1..=31).contains(&day);
    let year_at = |at: Option<usize>| {
        let (length, year) = number(at)?;
        (length == 4 && (1950..=9999).contains(&year)).then_some(year)
    };
    for at in (0..parts.len()).filter(|at| !is_number(*at)) {
        let (before, next) = (number(at.checked_sub(1)), number(Some(at + 1)));
        let Some(month) = month_of(&parts[at], before.is_some_and(is_day)) else { continue };
        let after_day = || if next.is_some_and(is_day) { year_at(Some(at + 2)) } else { None };
        let year = year_at(Some(at + 1)).or_else(after_day).or_else(|| year_at(at.checked_sub(1)));
        if let Some(year) = year {
            return Some((year, month));
        }
        if (0..parts.len()).filter(|other| !is_number(*other)).count() > 1 {
            continue;
        }
        // `31 March` may be of any year, and `Mar-18` is not of a day.
        let is_plain = month_name(&mut parts[at].as_str()).is_some() || parts[at].chars().count() > 5;
        return match (before, next, parts.len()) {
            (Some(day), None, 2) if is_day(day) && is_plain => Some((1950, month)),
            (None, Some((2, short)), 2) if text.chars().count() <= 9 => Some((century(short), month)),
            (Some(day), Some((2, short)), 3) if is_day(day) => Some((century(short), month)),
            (None, Some(day), 3) if is_day(day) => {
                number(Some(at + 2)).filter(|(length, _)| *length == 2).map(|(_, short)| (century(short), month))
            }
            _ => None,
        };
    }
    None
}

/// Splits a text into its numbers and words in small letters, without the endings of ordinal
/// numbers, and without days of the week and articles. `St` behind a space is a street.
fn parts(text: &str) -> Vec<String> {
    const ENDINGS: &str = "st nd rd th er";
    let (mut parts, mut rest, mut is_behind_number): (Vec<String>, &str, bool) = (Vec::new(), text, false);
    while let Some(first) = rest.chars().next() {
        let is_digit = first.is_ascii_digit();
        let is_part = |character: char| {
            if is_digit { character.is_ascii_digit() } else { character.is_alphabetic() }
        };
        let end = rest.find(|character: char| !is_part(character)).unwrap_or(rest.len());
        let part = rest[..end].to_lowercase();
        let is_ending = is_in(ENDINGS, &part);
        let is_left_out = part.is_empty() || if is_ending { is_behind_number } else { is_in(BESIDE_MONTH, &part) };
        if !is_left_out {
            parts.push(part);
        }
        is_behind_number = end > 0 && is_digit;
        rest = &rest[end.max(first.len_utf8())..];
    }
    parts
}

/// Returns the month that a whole word names, or a beginning of its name such as `Sept`.
fn month_of(word: &str, is_behind_day: bool) -> Option<i32> {
    if word == MAC.0 {
        return is_behind_day.then_some(MAC.1);
    }
    let further = || (1..).zip(FURTHER_MONTHS).find(|(_, names)| is_in(names, word)).map(|(month, _)| month);
    let mut name = word;
    month_name(&mut name).or_else(further)
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
        assert_eq!(earliest("31 Mart 2020", "datum2"), Some((2020, 3)));
        assert_eq!(earliest("2020\u{b144} 3\u{c6d4} 31\u{c77c}", "datum2"), Some((2020, 3)));
        for text in ["Chef des ventes 2020", "Mac 2020", "District 2020", "Discount 10 2020"] {
            assert_eq!(earliest(text, "desk"), None, "{text}");
        }
    }

    #[test]
    fn addresses_and_names_of_teams_are_not_dates() {
        for text in [
            "1 Main St",
            "10 Market St",
            "10 Market St 2000",
            "5 March Road",
            "5 March St 2000",
            "9 Martin Rd",
            "15 Decatur St",
            "1 Junction Rd",
            "6 Augusta Dr",
            "10 Marketing",
            "5 - Marketing",
            "1 Junior",
            "1 Marina Bay",
            "Marketing 2020",
            "Mayfair 2020",
            "Pro 20",
        ] {
            assert_eq!(earliest(text, "workaddress"), None, "{text}");
        }
        for text in ["31 March", "31. M\u{e4}rz", "1st of May", "31 Disember"] {
            assert!(earliest(text, "lwd").is_some_and(|(year, _)| year == 1950), "{text}");
        }
        for text in ["left 31 March 2020", "March 31st, 2020", "31-Mar-20", "2020 Mar 31", "31. marts 2020"] {
            assert_eq!(earliest(text, "lwd"), Some((2020, 3)), "{text}");
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
