//! Parses date patterns such as `DD/MM/YYYY`, and dates by them.

use credential::MONTH_NAMES;

/// How a file writes its dates, such as `DD/MM/YYYY`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(Vec<Piece>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece {
    Year,
    ShortYear,
    Month,
    MonthName,
    Day,
    Text(char),
}

/// A month, or a day, that a pattern matched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DateParts {
    pub year: i32,
    pub month: i32,
    pub day: Option<i32>,
    /// Whether the century was inferred.
    pub is_short: bool,
}

/// Months in other languages, for those whose names do not begin as in English.
const OTHER_MONTHS: &[(&str, i32)] = &[
    ("januar", 1),
    ("janvier", 1),
    ("enero", 1),
    ("januari", 1),
    ("februar", 2),
    ("f\u{e9}vrier", 2),
    ("fevrier", 2),
    ("febrero", 2),
    ("februari", 2),
    ("m\u{e4}rz", 3),
    ("maerz", 3),
    ("mars", 3),
    ("marzo", 3),
    ("maart", 3),
    ("maret", 3),
    ("mrt", 3),
    ("avril", 4),
    ("abril", 4),
    ("mai", 5),
    ("mayo", 5),
    ("mei", 5),
    ("juni", 6),
    ("juin", 6),
    ("junio", 6),
    ("juli", 7),
    ("juillet", 7),
    ("julio", 7),
    ("ao\u{fb}t", 8),
    ("aout", 8),
    ("agosto", 8),
    ("augustus", 8),
    ("agustus", 8),
    ("septembre", 9),
    ("septiembre", 9),
    ("oktober", 10),
    ("octobre", 10),
    ("octubre", 10),
    ("novembre", 11),
    ("noviembre", 11),
    ("dezember", 12),
    ("d\u{e9}cembre", 12),
    ("decembre", 12),
    ("diciembre", 12),
    ("desember", 12),
];

impl Pattern {
    /// Parses a pattern.
    pub fn parse(text: &str) -> Result<Self, String> {
        let known = [
            ("YYYY", Piece::Year),
            ("YY", Piece::ShortYear),
            ("MMM", Piece::MonthName),
            ("MM", Piece::Month),
            ("M", Piece::Month),
            ("DD", Piece::Day),
            ("D", Piece::Day),
        ];
        let (mut pieces, mut rest) = (Vec::new(), text);
        while let Some(first) = rest.chars().next() {
            match known.iter().find(|(name, _)| rest.starts_with(name)) {
                Some((name, piece)) => {
                    pieces.push(*piece);
                    rest = &rest[name.len()..];
                }
                None if first.is_ascii_alphabetic() => return Err(Self::wrong(text)),
                None => {
                    pieces.push(Piece::Text(first));
                    rest = &rest[first.len_utf8()..];
                }
            }
        }
        let count = |wanted: &[Piece]| pieces.iter().filter(|piece| wanted.contains(piece)).count();
        let is_whole = count(&[Piece::Year, Piece::ShortYear]) == 1
            && count(&[Piece::Month, Piece::MonthName]) == 1
            && count(&[Piece::Day]) <= 1;
        if is_whole { Ok(Self(pieces)) } else { Err(Self::wrong(text)) }
    }

    fn wrong(text: &str) -> String {
        format!(
            "'{text}' is not a date format; combine YYYY or YY, MM or MMM (Jan), and DD, such as DD/MM/YYYY or MMM-YY"
        )
    }

    /// Returns whether `text` is a date in this pattern.
    pub fn matches(&self, text: &str) -> bool {
        self.read(text).is_some()
    }

    /// Parses a date.
    pub fn read(&self, text: &str) -> Option<DateParts> {
        let (mut found, mut rest) = (DateParts::default(), text);
        // Without separators, each part has its full number of digits: 43556 is not 4355-6.
        let is_packed = self.0.windows(2).any(|pair| pair.iter().all(|piece| piece.is_number()));
        let least = if is_packed { 2 } else { 1 };
        for piece in &self.0 {
            match piece {
                Piece::Year => found.year = digits(&mut rest, 4, 4)?,
                Piece::ShortYear => {
                    // Two digits below 60 mean 20xx, because no career starts in the far
                    // future or a lifetime ago.
                    let short = digits(&mut rest, 2, 2)?;
                    found.year = if short < 60 { 2000 + short } else { 1900 + short };
                    found.is_short = true;
                }
                Piece::Month => found.month = digits(&mut rest, least, 2)?,
                Piece::Day => found.day = Some(digits(&mut rest, least, 2)?),
                Piece::MonthName => found.month = month_name(&mut rest)?,
                Piece::Text(character) => rest = rest.strip_prefix(*character)?,
            }
        }
        let is_date = (1900..=9999).contains(&found.year)
            && (1..=12).contains(&found.month)
            && found.day.is_none_or(|day| is_day(found.year, found.month, day));
        (rest.is_empty() && is_date).then_some(found)
    }
}

impl Piece {
    fn is_number(self) -> bool {
        matches!(self, Self::Year | Self::ShortYear | Self::Month | Self::Day)
    }
}

/// Returns whether a day exists.
pub fn is_day(year: i32, month: i32, day: i32) -> bool {
    match (i16::try_from(year), i8::try_from(month), i8::try_from(day)) {
        (Ok(year), Ok(month), Ok(day)) => jiff::civil::Date::new(year, month, day).is_ok(),
        _ => false,
    }
}

fn digits(rest: &mut &str, least: usize, most: usize) -> Option<i32> {
    let count = rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
    if count < least {
        return None;
    }
    let (number, behind) = rest.split_at(count);
    *rest = behind;
    number.parse().ok()
}

/// Reads the name of a month, or a beginning of it that no other month has.
pub fn month_name(rest: &mut &str) -> Option<i32> {
    let length = rest.chars().take_while(|character| character.is_alphabetic()).map(char::len_utf8).sum::<usize>();
    let name = rest[..length].to_lowercase();
    let english = (1..).zip(MONTH_NAMES).map(|(number, month)| (month, number));
    let named = english.chain(OTHER_MONTHS.iter().copied());
    let mut found = named.filter(|(month, _)| name.chars().count() >= 3 && month.starts_with(&name));
    let (_, number) = found.next()?;
    if found.any(|(_, other)| other != number) {
        return None;
    }
    *rest = &rest[length..];
    Some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_need_a_year_and_a_month() {
        for bad in ["", "DD/MM", "YYYY", "YYYY-MM-DD HH", "MM/DD/DD/YYYY"] {
            assert!(Pattern::parse(bad).is_err_and(|said| said.contains("DD/MM/YYYY")), "{bad}");
        }
        let days = Pattern::parse("YYYY-MM-DD").expect("a pattern");
        assert!(days.matches("2020-02-29") && !days.matches("2018-02-30") && !days.matches("2019-02-29"));
        let packed = Pattern::parse("YYYYMM").expect("a pattern");
        assert!(packed.matches("202001") && !packed.matches("43556") && !packed.matches("2020011"));
    }

    #[test]
    fn months_have_names_in_several_languages() {
        let pattern = Pattern::parse("DD MMM YYYY").expect("a pattern");
        let month = |text: &str| pattern.read(text).map(|found| found.month);
        for (text, number) in [
            ("1 April 2019", 4),
            ("1 Apr 2019", 4),
            ("1 M\u{e4}rz 2019", 3),
            ("1 avril 2019", 4),
            ("1 ENERO 2019", 1),
            ("1 Agustus 2019", 8),
            ("1 mei 2019", 5),
            ("1 Dez 2019", 12),
            ("1 D\u{c9}CEMBRE 2019", 12),
        ] {
            assert_eq!(month(text), Some(number), "{text}");
        }
        assert_eq!((month("1 Jui 2019"), month("1 Foo 2019"), month("1 Ma 2019")), (None, None, None));
    }
}
