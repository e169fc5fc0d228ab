//! Finds the header of a table, below a `sep=` line and title rows, and the separator of its cells.

use crate::cells::separator;
use crate::error::Error;
use crate::infer_columns::{folded, is_known};
use crate::leavers::titles::Title;
use crate::mapping::Mapping;
use crate::printable::printable;

/// Number of lines in which the header is looked for.
const SEARCHED: usize = 20;

/// Known names that make the first line a header.
const ENOUGH: usize = 2;

/// Separators that are recognised, but not assumed.
const UNUSUAL: [char; 4] = ['^', '~', ':', '*'];

/// Where the header is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heading {
    /// The separator of cells.
    pub separator: u8,
    /// Lines above the header.
    pub lines_above: usize,
    /// Whether a title says that there are people who left and others.
    pub is_of_both: bool,
}

impl Heading {
    /// Finds the header in the start of a file.
    pub fn find(start: &[u8], mapping: &Mapping) -> Result<Self, Error> {
        let text = String::from_utf8_lossy(start);
        let lines: Vec<&str> = text.split('\n').map(|line| line.trim_end_matches('\r')).take(SEARCHED).collect();
        let declared = lines.first().and_then(|line| declared_separator(line));
        let told = match mapping.separator {
            Some(character) => Some(u8::try_from(character).ok().filter(u8::is_ascii).ok_or_else(|| {
                Error::Usage(format!("'{character}' cannot be a separator; use a comma, a semicolon or a tab"))
            })?),
            None => declared,
        };
        let first = usize::from(declared.is_some());
        let lines_above = match mapping.skip_rows {
            Some(rows) => usize::try_from(rows).unwrap_or(usize::MAX),
            None => first + header(lines.get(first..).unwrap_or_default(), told, mapping),
        };
        let header = lines.get(lines_above).copied().unwrap_or_default();
        let below = text.split_inclusive('\n').take(lines_above).map(str::len).sum::<usize>();
        let separator = told.unwrap_or_else(|| separator(text.get(below..).unwrap_or_default().as_bytes()));
        let mut is_of_both = false;
        if mapping.skip_rows.is_none() {
            let above = lines.get(first..lines_above).unwrap_or_default();
            has_no_table(above, first, header, char::from(separator))?;
            is_of_both = is_not_of_leavers(above, first, char::from(separator))?;
        }
        let is_one = told.is_none() && known(header, char::from(separator), mapping) < ENOUGH;
        match UNUSUAL.into_iter().find(|unusual| is_one && known(header, *unusual, mapping) >= ENOUGH) {
            Some(unusual) => Err(Error::Usage(format!(
                "the columns are separated by '{unusual}'. To read them, add --separator '{unusual}'"
            ))),
            None => Ok(Self { separator, lines_above, is_of_both }),
        }
    }
}

/// Refuses lines above the header that have as many values as rows: they may be people, below a
/// header that is not known.
fn has_no_table(lines: &[&str], first: usize, header: &str, separator: char) -> Result<(), Error> {
    let filled = |line: &str| line.split(separator).filter(|cell| !cell.trim().trim_matches('"').is_empty()).count();
    let usual = filled(header);
    let Some(at) = lines.iter().position(|line| filled(line) > 2 && filled(line) * 2 > usual) else { return Ok(()) };
    Err(Error::Usage(format!(
        "line {} above the header, '{}', looks like a row of another table. To leave out the lines above the header, add \
         --skip-rows {}. To read them, push that table as its own file",
        first + at + 1,
        printable(lines[at]),
        first + lines.len()
    )))
}

/// Refuses a title of people who left, such as `Terminated employees 2020`: their rows may have no
/// end, because all of them left. Returns whether a title names them and others.
fn is_not_of_leavers(lines: &[&str], first: usize, separator: char) -> Result<bool, Error> {
    let has =
        |line: &&str, title: Title| line.split(separator).any(|cell| Title::of(cell.trim().trim_matches('"')) == title);
    let Some(at) = lines.iter().position(|line| has(line, Title::OfLeavers)) else {
        return Ok(lines.iter().any(|line| has(line, Title::OfBoth)));
    };
    Err(Error::Usage(format!(
        "line {} above the header, '{}', may say that these people left. Push people who left with the end of each job. To \
         leave out the lines above the header, add --skip-rows {}",
        first + at + 1,
        printable(lines[at]),
        first + lines.len()
    )))
}

/// Returns the separator of a `sep=;` line, which Excel writes and reads.
pub fn declared_separator(line: &str) -> Option<u8> {
    let line = line.trim_matches('"');
    let value = line.get(..4).filter(|name| name.eq_ignore_ascii_case("sep=")).and(line.get(4..))?;
    match value.as_bytes() {
        [separator] if separator.is_ascii() => Some(*separator),
        _ => None,
    }
}

/// Returns the index of the header: the first line, unless it has no known names and a later line
/// has several.
fn header(lines: &[&str], told: Option<u8>, mapping: &Mapping) -> usize {
    let best = |line: &&str| {
        let usual = [',', ';', '\t', '|'].into_iter().chain(UNUSUAL);
        let separators: Vec<char> = told.map_or_else(|| usual.collect(), |told| vec![char::from(told)]);
        separators.into_iter().map(|separator| known(line, separator, mapping)).max().unwrap_or_default()
    };
    if lines.first().is_none_or(|line| best(line) >= ENOUGH) {
        return 0;
    }
    lines.iter().position(|line| best(line) > ENOUGH).unwrap_or_default()
}

/// Returns how many cells of a line are names of columns.
fn known(line: &str, separator: char, mapping: &Mapping) -> usize {
    let cells = line.split(separator).map(|cell| cell.trim().trim_matches('"'));
    cells.filter(|cell| is_known(cell) || is_named(mapping, cell)).count()
}

/// Returns whether a mapping names a column.
fn is_named(mapping: &Mapping, name: &str) -> bool {
    let singles = [&mapping.person, &mapping.credential_id, &mapping.replaces, &mapping.email];
    let columns = mapping.columns.values().flat_map(|columns| columns.names()).chain(&mapping.ignore);
    let wanted = folded(name);
    !wanted.is_empty() && singles.into_iter().flatten().chain(columns).any(|known| folded(known) == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::Columns;

    fn find(text: &str) -> Result<(char, usize), String> {
        let found = Heading::find(text.as_bytes(), &Mapping::default());
        found.map(|found| (char::from(found.separator), found.lines_above)).map_err(|stop| stop.to_string())
    }

    #[test]
    fn headers_are_found_below_titles_and_sep_lines() {
        let header = "Employee No,Full name,Company,Job title,Start date";
        assert_eq!(find(&format!("{header}\n1,Ada\n")), Ok((',', 0)));
        assert_eq!(find(&format!("sep=;\r\n{}\r\n", header.replace(',', ";"))), Ok((';', 1)));
        assert_eq!(
            find(&format!("Employee Listing Report\nSample Co,,,,\nAs of 31/10/2026,,,,\n\n{header}\n")),
            Ok((',', 4))
        );
        assert_eq!(find(&format!("Company: A, B\n{}\n", header.replace(',', "\t"))), Ok(('\t', 1)));
        assert_eq!(find("Who;What\n1;2\n"), Ok((';', 0)), "unknown names stay where they are");
        assert_eq!(find(""), Ok((',', 0)));
    }

    #[test]
    fn rows_above_the_header_are_not_skipped_silently() {
        let header = "Employee No,Full name,Company,Job title,Start date,End date";
        let other = "Aa,Bb,Cc,Dd,Ee,Ff\n9,Xx Yy,CoX,Clerk,2019-04,2020-01\n";
        let said = find(&format!("{other}\n{header}\n")).expect_err("another table");
        assert!(said.contains("line 1") && said.contains("Aa,Bb") && said.contains("--skip-rows 3"), "{said}");
        assert_eq!(find(&format!("Aa,,Bb,,Cc,\n{header}\n")), Ok((',', 1)), "groups of columns");
        let told = Mapping { skip_rows: Some(3), ..Mapping::default() };
        assert!(Heading::find(format!("{other}\n{header}\n").as_bytes(), &told).is_ok());
    }

    #[test]
    fn titles_of_people_who_left_stop() {
        let header = "Employee No,Full name,Company,Job title,Start date,End date";
        for title in
            ["Terminated employees 2020", "Leavers report,,,,,", "Status: Terminated,,,,,", "Sample Co,Ex-staff"]
        {
            let said = find(&format!("Sample Co\n{title}\n\n{header}\n")).expect_err(title);
            assert!(said.contains("line 2") && said.contains("--skip-rows 3"), "{said}");
        }
        for title in ["Employee listing", "Staff as of 31/10/2026,,", "Employment history"] {
            assert_eq!(find(&format!("{title}\n{header}\n")), Ok((',', 1)), "{title}");
        }
        for title in ["Excludes terminated employees", "Leavers and Starters", "Active and Terminated Workers,,,"] {
            assert_eq!(find(&format!("{title}\n{header}\n")), Ok((',', 1)), "{title}");
            let found = Heading::find(format!("{title}\n{header}\n").as_bytes(), &Mapping::default());
            assert_eq!(found.is_ok_and(|found| found.is_of_both), !title.starts_with("Excludes"), "{title}");
        }
        let told = Mapping { skip_rows: Some(1), ..Mapping::default() };
        assert!(Heading::find(format!("Leavers report\n{header}\n").as_bytes(), &told).is_ok());
    }

    #[test]
    fn unusual_separators_are_named() {
        let said = find("Employee No^Full name^Company\n").expect_err("which?");
        assert!(said.contains("--separator '^'"), "{said}");
        let told = Mapping { separator: Some('^'), skip_rows: Some(2), ..Mapping::default() };
        let found = Heading::find(b"a\nb\nWho^What\n", &told).expect("found");
        assert_eq!((found.separator, found.lines_above), (b'^', 2));
    }

    #[test]
    fn names_of_the_mapping_make_a_header() {
        let columns = ["Vorname", "Nachname", "Firma"].map(|name| (name.to_owned(), Columns::of(name)));
        let mapping = Mapping { columns: columns.into(), ..Mapping::default() };
        let found = Heading::find("Liste\n\nVorname;Nachname;Firma\n".as_bytes(), &mapping).expect("found");
        assert_eq!((found.separator, found.lines_above), (b';', 2));
    }
}
