//! Checks that a full name is whole, in the usual order and that of a person.

use crate::employment_words::{is_remark, words};
use crate::infer_columns::{FAMILY_FIRST, folded, is_given_name, is_known_part};
use crate::name_text::fault_of_name;
use crate::plan::Plan;

/// The order in which a comma separates the family name from the given name.
pub const FAMILY_GIVEN: &str = "family-given";
/// Names are pushed as they are written, commas included.
pub const AS_WRITTEN: &str = "as-written";

/// Names that stand for no name.
const NO_NAMES: [&str; 20] = [
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
];

/// Cells that stand for no part of a name. `Null` and `Na` are names.
const NO_PARTS: [&str; 9] = ["N/A", "n/a", "NULL", "NaN", "None", "-", "--", "#N/A", "?"];

/// Cells that mean that there is no given or middle name.
const NO_GIVEN_NAMES: [&str; 6] = ["N/A", "n/a", "-", "--", ".", "None"];

/// Other names of columns with a part of the full name, which are never joined without being told.
const PARTS: &str = "\
    name, payroll name, first, last, family, given, other name, additional name, name 2, given name 2, first \
    name 2, surname 2, last name 2, family name 2, second last name, second surname, second family name, \
    maternal name, maternal surname, maternal last name, paternal surname, paternal last name, patronymic, \
    apellido, apellidos, apellido 1, apellido 2, primer apellido, segundo apellido, apellido paterno, apellido \
    materno, nombre, nombres, segundo nombre, tussenvoegsel, voorvoegsel, infix, name infix, name suffix, \
    suffix, generation, vorname, nachname, namenszusatz, vorsatzwort, prenom, pr\u{e9}nom, nom, nom de famille, \
    cognome, nome, sobrenome";

/// A problem with a name: its column, code and message.
pub type Problem = (usize, &'static str, String);

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
        return Some((column, "name.placeholder", "This is not a name. Write the name, or empty the cell.".to_owned()));
    }
    let has_letters = name.chars().any(char::is_alphabetic);
    if !has_letters || NO_NAMES.contains(&&*folded(&name)) || name.contains(['\u{fffd}', '?']) {
        let message = "This is not a name, or characters of it were lost. Write the whole name.".to_owned();
        return Some((first, "name.placeholder", message));
    }
    if let Some(column) = filled.iter().copied().find(|column| has_remark(cell(*column))) {
        let message = "The name has a remark. If the person left, give the job an end, and remove the remark.";
        return Some((column, "name.remark", message.to_owned()));
    }
    let person = plan.person.map(cell).unwrap_or_default();
    if let Some((code, message)) = fault_of_name(&name, person) {
        return Some((first, code, message));
    }
    order(plan, columns, &name)
        .map(|message| (first, "name.order", message))
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
fn has_remark(name: &str) -> bool {
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
    is_known_part(&name) || PARTS.split(", ").any(|part| folded(part) == name)
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
        !NO_PARTS.contains(&text) && !words(&text.to_lowercase()).iter().all(is_known)
    })?;
    let label = plan.label(column);
    let message = format!(
        "This part of the name is not in full_name, which would be '{name}'. Join the columns in their order with \
         --column full_name=FIRST+{label}+LAST, or exclude the column with --ignore-column \"{label}\"."
    );
    Some((column, "name.part", message))
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
            .map(|(_, code, _)| code)
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
        ] {
            assert_eq!(check(&Mapping::default(), header, row), code, "{header}: {row}");
        }
    }

    #[test]
    fn the_order_of_names_is_told() {
        let told = |order: &str| Mapping { name_order: Some(order.to_owned()), ..Mapping::default() };
        assert_eq!(check(&told(FAMILY_GIVEN), "Name", "Example, Ada"), None);
        assert_eq!(check(&told(FAMILY_GIVEN), "Name", "Ada Example"), Some("name.order"));
        assert_eq!(check(&told(AS_WRITTEN), "Name", "Ada Example, Jr."), None);
    }
}
