//! Words about employment in the names and cells of columns that no field uses.
//!
//! The list of names for the end of a job cannot be complete, so the lists here are of what is
//! harmless: an unknown name or an unknown value stops the run.

use crate::infer_columns::folded;

/// What the values of an unused column are checked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Its dates have nothing to do with the end of a job.
    Harmless,
    /// A status: every value must mean that the person is employed.
    Status,
    /// A flag such as `Active`.
    Positive,
    /// A flag such as `Terminated`, or a detail of an end.
    Negative,
    /// Hours in parts of a full-time job: zero means none.
    Hours,
    /// Nothing is known about it: it must have no date.
    Other,
}

/// Parts of the names of columns whose dates are not those of an end.
const HARMLESS: &str = "\
    birth dob geburt naissance nacimiento hire start joined joining joindate datejoin seniority anniversary \
    commence eintritt created updated modified changed printed reportdate rundate asof asat effectivefrom \
    validfrom datefrom fromdate payperiod paydate payend payroll paymentdate paymonth lastpa lastprocessed \
    processedmonth periodend checkdate probation review lastraise lastincrease visa permit passport licence \
    license benefit insurance confirmation offer promotion increment lastlogin";

/// Parts of names that are a status or a date of something else than the employment.
const OTHER_THINGS: &str = "\
    marital civil family tax filing visa permit immigration residen citizen veteran military disab union benefit \
    insurance health vaccin exempt probation notice notified leaveend payend period";

/// Words for a status.
const STATUS: &str = "\
    status statut estado stato situation situacion situa\u{e7}\u{e3}o stan \u{72b6}\u{614b} \u{72c0}\u{614b} \
    \u{72b6}\u{6001} \u{441}\u{442}\u{430}\u{442}\u{443}\u{441}";

/// Words that say that somebody is employed.
const POSITIVE: &str = "\
    active current currently employed enabled working aktiv actif activo attivo ativo actief angestellt \
    \u{5728}\u{8077} \u{5728}\u{7c4d} \u{5728}\u{804c} aktywny";

/// Words that stand beside those of [`POSITIVE`] without another meaning.
const NEUTRAL: &str = "\
    is the employee employees employment staff worker person record account user flag yn y n ind indicator in on \
    service still payroll";

/// Words that say that somebody left.
const NEGATIVE: &str = "\
    left leaver leavers leaving former ex inactive archived deleted retired departed deceased exit exited \
    quit ended separated sorti baja cese ausgetreten ausgeschieden inaktiv inactif inactivo cessato \
    \u{9000}\u{8077} \u{96e2}\u{8077} \u{79bb}\u{804c} terminated resigned dismissed redundant";

/// Parts of the names of columns about an end.
const END_PARTS: &str = "\
    terminat leavingdate leavedate dateleft leftdate leftjob relieving separation exitdate dateofexit resign \
    lastday lastworkingday lastworked finishdate datefinished enddate dateended endofemployment cessation \
    departure offboard austritt dismiss";

/// Words of values that mean that a person is employed. A value may combine several.
const EMPLOYED: &str = "\
    active a employed current currently employee full fulltime time part parttime permanent regular \
    temporary temp casual contract fixedterm probation probationary confirmed on leave loa of absence paid \
    unpaid maternity paternity parental sick medical sabbatical furlough working hired engaged in service enabled yes \
    y true 1 x open present ft pt intern apprentice trainee hourly salaried aktiv angestellt besch\u{e4}ftigt vollzeit \
    teilzeit befristet unbefristet festangestellt actif active cdi cdd en poste temps plein partiel activo activa alta \
    tiempo completo parcial indefinido attivo attiva ativo ativa actief dienst anst\u{e4}lld aktywny zatrudniony \
    \u{5728}\u{8077} \u{5728}\u{8077}\u{4e2d} \u{5728}\u{7c4d} \u{5728}\u{804c} and";

/// Single values that say that a person left, in any column.
const LEFT: &str = "\
    terminated inactive notactive left leaver leavers resigned exemployee former formeremployee pastemployee \
    retired dismissed deceased separated ended departed exited nolongeremployed quit redundant discharged \
    offboarded ceased archived notemployed ausgeschieden inaktiv gek\u{fc}ndigt inactif inactivo baja sorti sortie \
    cesado cessato inativo desligado withdrawn \u{9000}\u{8077} \u{96e2}\u{8077} \u{79bb}\u{804c}";

fn is_in(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|known| known == word)
}

/// Splits a name or a value into its words, also `HasLeft` into two.
pub fn words(text: &str) -> Vec<String> {
    let (mut words, mut word, mut was_small) = (Vec::new(), String::new(), false);
    for character in text.chars() {
        if !character.is_alphanumeric() || (was_small && character.is_uppercase()) {
            words.push(std::mem::take(&mut word));
        }
        if character.is_alphanumeric() {
            word.extend(character.to_lowercase());
        }
        was_small = character.is_lowercase();
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

impl Kind {
    /// Returns the kind of a column by its name.
    pub fn of(header: &str) -> Self {
        let (name, words) = (folded(header), words(header));
        let has = |parts: &str| parts.split_whitespace().any(|part| name.contains(part));
        let is_word = |list: &str| words.iter().any(|word| is_in(list, word));
        // MYOB's Card Status is N for a card that is not inactive.
        if name == "cardstatus" {
            return Self::Negative;
        }
        if has(OTHER_THINGS) {
            // A notice period that has ended is the end of the job.
            return if has(HARMLESS) && !has("notice") { Self::Harmless } else { Self::Other };
        }
        let is_neutral = |word: &String| is_in(POSITIVE, word) || is_in(NEUTRAL, word);
        if is_end(header) || is_word(NEGATIVE) || has("\u{9000}\u{8077} \u{96e2}\u{8077} nolonger") {
            return Self::Negative;
        }
        if is_word(STATUS) || has("status") || name == "state" || name == "employmentstate" {
            return Self::Status;
        }
        if is_word(POSITIVE) && words.iter().all(is_neutral) {
            return Self::Positive;
        }
        if name == "fte" {
            Self::Hours
        } else if has(HARMLESS) {
            Self::Harmless
        } else {
            Self::Other
        }
    }

    /// Returns whether a value of a row without an end agrees with an employed person. `name` is the
    /// folded name of its column.
    pub fn agrees(self, name: &str, value: &str) -> bool {
        let text = folded(value);
        match self {
            Self::Harmless | Self::Other => true,
            Self::Hours => !value.replace(',', ".").parse::<f64>().is_ok_and(|hours| hours <= 0.0),
            Self::Negative => {
                let is_empty = matches!(&*text, "" | "none" | "na" | "null" | "00000000");
                is_empty || is_no(&text) || (is_employed(value) && !is_yes(&text))
            }
            Self::Positive => is_employed(value),
            // Most columns called State are a part of the address, such as NY or NSW.
            Self::Status if name == "state" && is_region(value) => true,
            Self::Status => text.is_empty() || is_employed(value),
        }
    }
}

fn is_region(value: &str) -> bool {
    (2..=3).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// Returns whether a name is that of a column with the end of a job.
pub fn is_end(header: &str) -> bool {
    let name = folded(header);
    let has = |parts: &str| parts.split_whitespace().any(|part| name.contains(part));
    (has(END_PARTS) || name == "left") && !has(OTHER_THINGS)
}

fn is_employed(value: &str) -> bool {
    let value = value.to_lowercase().replace("fixed term", "fixedterm").replace("fixed-term", "fixedterm");
    let words = words(&value);
    let is_known = |word: &String| is_in(EMPLOYED, word);
    // The number of a list of choices, such as in "2 - Active".
    let is_number = |word: &String| word.bytes().all(|byte| byte.is_ascii_digit());
    words.iter().any(is_known) && words.iter().all(|word| is_known(word) || (words.len() > 1 && is_number(word)))
}

fn is_no(value: &str) -> bool {
    matches!(value, "no" | "n" | "false" | "f" | "0" | "nein" | "non" | "nee" | "nej")
}

fn is_yes(value: &str) -> bool {
    matches!(value, "yes" | "y" | "true" | "1" | "x")
}

/// Returns whether a value of any column says that a person left: `Left`, or `Resigned 31/03/2020`.
pub fn has_left(value: &str) -> bool {
    let text = folded(value);
    let first = words(&value.to_lowercase()).into_iter().next().unwrap_or_default();
    let is_dated = value.bytes().any(|byte| byte.is_ascii_digit());
    is_in(LEFT, &text) || text.starts_with("terminat") || (is_dated && is_in(LEFT, &first))
}

/// Returns whether a remark beside a name is about the employment, such as `(Past Employee)`.
pub fn is_remark(text: &str) -> bool {
    let about = ["past", "former", "ex", "employee", "leave", "contractor", "term", "inactive"];
    let words = words(&text.to_lowercase());
    has_left(text) || words.iter().any(|word| about.contains(&&**word) || is_in(LEFT, word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_about_employment_are_recognised() {
        for (name, kind) in [
            ("Current", Kind::Positive),
            ("Is active?", Kind::Positive),
            ("Enabled", Kind::Positive),
            ("Current job title", Kind::Other),
            ("HasLeft", Kind::Negative),
            ("Ex-employee", Kind::Negative),
            ("Termination reason", Kind::Negative),
            ("Employment status", Kind::Status),
            ("\u{5728}\u{8077}", Kind::Positive),
            ("Work state", Kind::Other),
            ("Marital status", Kind::Other),
            ("Annual leave", Kind::Other),
            ("Date of birth", Kind::Harmless),
            ("Start date", Kind::Harmless),
            ("FTE", Kind::Hours),
            ("LWD", Kind::Other),
            ("Probation end date", Kind::Harmless),
            ("Notice period end date", Kind::Other),
            ("Date resigned", Kind::Negative),
        ] {
            assert_eq!(Kind::of(name), kind, "{name}");
        }
    }

    #[test]
    fn only_known_values_mean_employed() {
        for (kind, value, agrees) in [
            (Kind::Status, "Full-Time Permanent", true),
            (Kind::Status, "1 - Active", true),
            (Kind::Status, "On leave", true),
            (Kind::Status, "", true),
            (Kind::Status, "3 - Terminated", false),
            (Kind::Status, "Inactive - Resigned", false),
            (Kind::Status, "Sorti", false),
            (Kind::Status, "0", false),
            (Kind::Positive, "Yes", true),
            (Kind::Positive, "No", false),
            (Kind::Positive, "", false),
            (Kind::Negative, "", true),
            (Kind::Negative, "No", true),
            (Kind::Negative, "Yes", false),
            (Kind::Negative, "Resigned", false),
            (Kind::Hours, "0.0", false),
            (Kind::Hours, "0.5", true),
        ] {
            assert_eq!(kind.agrees("status", value), agrees, "{kind:?} {value}");
        }
        assert!(Kind::Status.agrees("state", "NY") && !Kind::Status.agrees("state", "Left"));
    }

    #[test]
    fn remarks_say_that_somebody_left() {
        assert!(has_left("Resigned 31/03/2020") && has_left("LEFT") && !has_left("Left handed"));
        assert!(is_remark("Past Employee") && is_remark("On Leave") && !is_remark("Bob"));
    }
}
