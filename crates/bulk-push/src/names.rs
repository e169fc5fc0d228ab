//! Checks that a full name is whole, in the usual order and that of a person.

use crate::employment_words::{is_remark, words};
use crate::infer_columns::{FAMILY_FIRST, folded, is_given_name, is_known_part};
use crate::misplaced::has_date_or_number;
use crate::name_text::problem_of_name;
use crate::plan::Plan;
use crate::row_code::RowCode;
use crate::word_lists::{HONORIFICS, is_in};

/// The order in which a comma separates the family name from the given name.
pub const FAMILY_GIVEN: &str = "family-given";
/// Names are pushed as they are written, commas included.
pub const AS_WRITTEN: &str = "as-written";

/// Names that stand for no name.
const NO_NAMES: [&str; 27] = [
    "na",
    "null",
    "none",
    "nil",
    "nan",
    "total",
    "grandtotal",
    "unknown",
    "tba",
    "tbc",
    "tbd",
    "noname",
    "undefined",
    "test",
    "testuser",
    "vacant",
    "vacancy",
    "deleted",
    "dummy",
    "anonymous",
    "female",
    "male",
    "true",
    "false",
    "yes",
    "fulltime",
    "parttime",
];

/// Words of which a whole name may consist, as in `TBC TBC`, and which are none of its parts.
const NO_WORDS: &str = "unknown tba tbc tbd undefined vacant dummy anonymous deleted test x";

/// Cells that stand for no part of a name. `Null` and `Na` are names.
const NO_PARTS: [&str; 9] = ["N/A", "n/a", "NULL", "NaN", "None", "-", "--", "#N/A", "?"];

/// Cells that mean that there is no given or middle name.
const NO_GIVEN_NAMES: [&str; 6] = ["N/A", "n/a", "-", "--", ".", "None"];

/// Other names of columns with a part of the full name, which are joined only on request.
const PARTS: &str = "\
    name, payroll name, first, last, family, given, other name, additional name, name 2, given name 2, first \
    name 2, surname 2, last name 2, family name 2, second last name, second surname, second family name, \
    maternal name, maternal surname, maternal last name, paternal surname, paternal last name, patronymic, \
    apellido, apellidos, apellido 1, apellido 2, primer apellido, segundo apellido, apellido paterno, apellido \
    materno, nombre, nombres, segundo nombre, tussenvoegsel, voorvoegsel, infix, name infix, name suffix, \
    prefix, suffix, generation, vorname, nachname, namenszusatz, vorsatzwort, prenom, pr\u{e9}nom, nom, nom de famille, \
    cognome, nome, sobrenome";

/// Words in the names of columns with a part of the full name, whatever stands beside them.
const PART_WORDS: &str = "\
    forename forenames infix tussenvoegsel tussenvoegsels voorvoegsel voorvoegsels particle particles \
    vorsatzwort namenszusatz";

/// Words that say so beside one of [`NAMES`].
const PART_WORDS_OF_NAMES: &str = "prefix middle mid second 2nd third 3rd additional";

/// Words for a name in the names of columns.
const NAMES: &str = "name names nm surname surnames lastname familyname initial initials";

/// Words for the names of other people and things, and for other names of the person.
const OTHER_NAMES: &str = "\
    preferred known nick nickname alias previous former maiden birth spouse mother father parent child emergency \
    contact manager supervisor approver partner kin reference bank user company file job product";

/// A problem with a name: its column, code and message.
pub type Problem = (usize, RowCode, String);

/// The unused columns with a part of the full name.
#[derive(Debug)]
pub struct NameParts(Vec<usize>);

impl NameParts {
    /// Finds the columns.
    pub fn new(plan: &Plan) -> Self {
        let unused = plan.unmapped().filter(|column| !plan.ignored.contains(column));
        Self(unused.filter(|column| is_part_of_name(&plan.header[*column])).collect())
    }
}

/// Returns the first problem with the name in a row.
pub fn problem(plan: &Plan, parts: &NameParts, cells: &[String]) -> Option<Problem> {
    let columns = plan.columns_of("full_name")?;
    let cell = |column: usize| trimmed(cells, column);
    let is_filled = |column: &usize| !cell(*column).is_empty() && !is_no_part(plan, columns, *column, cell(*column));
    let filled: Vec<usize> = columns.iter().copied().filter(is_filled).collect();
    let first = filled.first().copied()?;
    let name = filled.iter().map(|column| cell(*column)).collect::<Vec<_>>().join(" ");
    if let Some(column) = filled.iter().copied().find(|column| NO_PARTS.contains(&cell(*column))) {
        return Some((
            column,
            RowCode::NamePlaceholder,
            "This is not a name. Write the name, or empty the cell.".to_owned(),
        ));
    }
    let has_letters = name.chars().any(char::is_alphabetic);
    let is_filler = |word: &String| is_in(NO_WORDS, word);
    let is_none = NO_NAMES.contains(&&*folded(&name)) || words(&name.to_lowercase()).iter().all(is_filler);
    if !has_letters || is_none || name.contains(['\u{fffd}', '?']) {
        let message = "This is not a name, or characters of it were lost. Write the whole name.".to_owned();
        return Some((first, RowCode::NamePlaceholder, message));
    }
    if let Some(column) = filled.iter().copied().find(|column| has_remark(cell(*column))) {
        let message = "The name has a remark. If the person left, give the job an end, and remove the remark.";
        return Some((column, RowCode::NameRemark, message.to_owned()));
    }
    if let Some(column) = filled.iter().copied().find(|column| has_date_or_number(cell(*column))) {
        let message = "The name has a date or a number. Write the name only, and check that the cells are not shifted.";
        return Some((column, RowCode::NameRemark, message.to_owned()));
    }
    let person = plan.person.map(cell).unwrap_or_default();
    if let Some((code, message)) = problem_of_name(&name, person) {
        return Some((first, code, message));
    }
    order(plan, columns, &name)
        .map(|message| (first, RowCode::NameOrder, message))
        .or_else(|| left_out(plan, parts, cells, &name))
}

/// Returns whether a cell means that there is no given or middle name, where the name is joined
/// from several columns.
pub fn is_no_part(plan: &Plan, columns: &[usize], column: usize, text: &str) -> bool {
    let is_split = columns.len() > 1 && plan.columns_of("full_name") == Some(columns);
    is_split && NO_GIVEN_NAMES.contains(&text) && is_given_name(&plan.header[column])
}

fn trimmed(cells: &[String], column: usize) -> &str {
    cells.get(column).map(|cell| cell.trim()).unwrap_or_default()
}

/// Returns whether a name has a remark, such as `(Terminated)` or `- LEFT`.
pub fn has_remark(name: &str) -> bool {
    let brackets = |character: char| "()[]{}*".contains(character);
    let parts: Vec<&str> = name.split(brackets).flat_map(|part| part.split(" - ")).collect();
    parts.len() > 1 && parts.iter().any(|part| !part.trim().is_empty() && is_remark(part))
}

/// Returns whether the column has "Family, Given".
fn is_family_first(plan: &Plan, columns: &[usize]) -> bool {
    match (plan.mapping.name_order.as_deref(), columns) {
        (Some(AS_WRITTEN), _) | (_, [] | [_, _, ..]) => false,
        (Some(_), [_]) => true,
        (None, [column]) => folded(&plan.header[*column]) == folded(FAMILY_FIRST),
    }
}

fn order(plan: &Plan, columns: &[usize], name: &str) -> Option<String> {
    if plan.mapping.name_order.as_deref() == Some(AS_WRITTEN) {
        return None;
    }
    let parts: Vec<&str> = name.split(',').map(str::trim).collect();
    match (is_family_first(plan, columns), parts.as_slice()) {
        (false, [_]) => None,
        (true, [one]) if !one.contains(char::is_whitespace) => None,
        (true, [family, given]) if !family.is_empty() && !given.is_empty() => None,
        (true, _) => Some(format!(
            "This name is not of the form \"Family, Given\". Correct it, or add --name-order {AS_WRITTEN} if no \
             name is."
        )),
        (false, _) => Some(format!(
            "The comma may separate the family name from the given name. Add --name-order {FAMILY_GIVEN} to turn all \
             names round, or --name-order {AS_WRITTEN} to keep them."
        )),
    }
}

/// Puts the given name first if the column has "Family, Given".
pub fn in_order(plan: &Plan, columns: &[usize], text: String) -> String {
    let is_name = plan.columns_of("full_name") == Some(columns);
    match text.split_once(',') {
        Some((family, given)) if is_name && is_family_first(plan, columns) => {
            format!("{} {}", given.trim(), family.trim())
        }
        _ => text,
    }
}

fn is_part_of_name(header: &str) -> bool {
    let name = folded(header);
    let words = words(header);
    let has = |list: &str| words.iter().any(|word| is_in(list, word));
    let is_part = has(PART_WORDS) || (has(PART_WORDS_OF_NAMES) && has(NAMES));
    is_known_part(&name) || PARTS.split(", ").any(|part| folded(part) == name) || (is_part && !has(OTHER_NAMES))
}

/// Returns whether a prefix of a name is an honorific such as `Ms` or `Prof. Dr.`, which is not
/// pushed.
fn is_honorific(header: &str, text: &str) -> bool {
    let is_known = |word: &String| is_in(HONORIFICS, word);
    words(header).iter().any(|word| word == "prefix") && words(&text.to_lowercase()).iter().all(is_known)
}

/// Finds a part of the name that stands in a column that is not used.
fn left_out(plan: &Plan, parts: &NameParts, cells: &[String], name: &str) -> Option<Problem> {
    let known = words(&name.to_lowercase());
    let is_known = |word: &String| {
        let is_initial = word.chars().count() == 1;
        known.iter().any(|known| known == word || (is_initial && known.starts_with(word.as_str())))
    };
    let column = parts.0.iter().copied().find(|column| {
        let text = trimmed(cells, *column);
        let has_letters = text.contains(char::is_alphabetic);
        let is_left_out = has_letters && !words(&text.to_lowercase()).iter().all(is_known);
        is_left_out && !NO_PARTS.contains(&text) && !is_honorific(&plan.header[*column], text)
    })?;
    let label = plan.label(column);
    let message = format!(
        "This part of the name is not in full_name, which would be '{name}'. Join the columns in their order with \
         --column full_name=FIRST+{label}+LAST, or exclude the column with --ignore-column \"{label}\"."
    );
    Some((column, RowCode::NamePart, message))
}

#[cfg(test)]
mod tests {
    use credential::Type;

    use super::*;
    use crate::mapping::Mapping;

    fn check(mapping: &Mapping, header: &str, row: &str) -> Option<&'static str> {
        let cells = |text: &str| -> Vec<String> { text.split(';').map(str::to_owned).collect() };
        let header = cells(&format!("Emp ID;Company;Job;Start;Pay period;{header}"));
        let plan = Plan::new(mapping, Type::default(), header, false, jiff::civil::date(2026, 11, 23)).expect("whole");
        problem(&plan, &NameParts::new(&plan), &cells(&format!("1;A;Clerk;2020-01;2026-10;{row}")))
            .map(|(_, code, _)| code.as_str())
    }

    #[test]
    fn names_are_whole_or_refused() {
        for (header, row, code) in [
            ("First name;MI;Last name", "Ada;M;Example", None),
            ("First name;Last name;Second surname", "Ada;Example;de la Sample", Some("name.part")),
            ("First name;Last name;Second surname", "Ada;Example;", None),
            ("First name;Last name;Family name 2", "Ada;Example;Sample", Some("name.part")),
            ("Name;Surname", "Ada;Example", Some("name.part")),
            ("Full name;First name;Last name", "Ada M Example;Ada;Example", None),
            ("Full name;First name;Last name", "Ada Example;Bo;Example", Some("name.part")),
            ("First name;Last name;Suffix", "Ada;Example;Jr.", Some("name.part")),
            ("Name", "Ada Example (Past Employee)", Some("name.remark")),
            ("Name", "Ada Example - LEFT", Some("name.remark")),
            ("Name", "Ada Example (Bob)", None),
            ("Name", "Example, Ada", Some("name.order")),
            ("Payroll Name", "Example, Ada", None),
            ("Payroll Name", "Example, Ada, Jr.", Some("name.order")),
            ("Name", "N/A", Some("name.placeholder")),
            ("Name", "12345", Some("name.placeholder")),
            ("Name", "Jos\u{fffd}", Some("name.placeholder")),
            ("First name;Last name", "Ada;NULL", Some("name.placeholder")),
            ("First name;Last name", "Ada;Null", None),
            ("Name", "Vacant", Some("name.placeholder")),
            ("Name", "Ada Example (1)", Some("name.remark")),
            ("Name", "ada@example.org", Some("name.login")),
            ("First name;Last name", "Pawe\u{b3};Nowak", Some("name.garbled")),
            ("First name;Middle name;Last name", "Ada;N/A;Example", None),
            ("First name;Last name", "-;Example", None),
            ("First name;Last name", "Ada;-", Some("name.placeholder")),
            ("Forename;Second forename;Family name", "Ada;Marie;Example", None),
            ("First name;Last name prefix;Last name", "Jan;van der;Berg", Some("name.part")),
            ("First name;Last name prefix;Last name", "Jan;;Berg", None),
            ("Name prefix;First name;Last name", "Prof. Dr.;Ada;Example", None),
            ("Phone prefix;First name;Last name", "+31;Ada;Example", None),
            ("Third forename;First name;Last name", "Mia;Ada;Example", Some("name.part")),
            ("Preferred forename;First name;Last name", "Addy;Ada;Example", None),
            ("Particle;First name;Last name", "de la;Ada;Example", Some("name.part")),
            ("Name", "'Ada Example'", Some("name.garbled")),
            ("Name", "“Ada Example”", Some("name.garbled")),
            ("First name;Last name", "“Ada”;“Example”", Some("name.garbled")),
            ("First name;Last name", "TBC;TBC", Some("name.placeholder")),
            ("First name;Last name", "Unknown;unknown", Some("name.placeholder")),
            ("Name", "x x", Some("name.placeholder")),
            ("Name", "Na Na", None),
            ("Name", "Malcolm X", None),
            ("Prefix;First name;Last name", "van der;Ada;Example", Some("name.part")),
            ("Prefix;First name;Last name", "Ms;Ada;Example", None),
            ("Prefix;First name;Last name", "+31;Ada;Example", None),
            ("Mid Nm;First name;Last name", "Marie;Ada;Example", Some("name.part")),
            ("2nd name;First name;Last name", "Marie;Ada;Example", Some("name.part")),
            ("2nd approver name;First name;Last name", "Bo;Ada;Example", None),
            ("First name;Last name", "2018-01-01;Example", Some("name.remark")),
            ("First name;Last name", "4200.00;Example", Some("name.remark")),
            ("First name;Last name", "Ada;1 Apr 2019", Some("name.remark")),
            ("First name;Last name", "April;May", None),
            ("Name", "John Example 3rd", None),
            ("Name", "Female", Some("name.placeholder")),
            ("Name", "TRUE", Some("name.placeholder")),
            ("Name", "http://x", Some("name.login")),
            ("Name", "DO NOT USE Ada", Some("name.remark")),
            ("First name;Last name", "Ada;Male", None),
            ("First name;Last name", "Ada;True", None),
        ] {
            assert_eq!(check(&Mapping::default(), header, row), code, "{header}: {row}");
        }
    }

    #[test]
    fn names_must_fit_the_given_order() {
        let told = |order: &str| Mapping { name_order: Some(order.to_owned()), ..Mapping::default() };
        assert_eq!(check(&told(FAMILY_GIVEN), "Name", "Example, Ada"), None);
        assert_eq!(check(&told(FAMILY_GIVEN), "Name", "Ada Example"), Some("name.order"));
        assert_eq!(check(&told(AS_WRITTEN), "Name", "Ada Example, Jr."), None);
    }
}
