//! Words about employment in the names and cells of columns that no field uses.
//!
//! The list of names for the end of a job cannot be complete, so the lists here are of what is
//! harmless: an unknown name or an unknown value stops the run.

use crate::infer_columns::folded;
use crate::word_lists::{
    EMPLOYED, END_PARTS, HARMLESS, INVALID, LAST_DAY, LEFT, LEFT_PARTS, LEFT_PHRASES, LEFT_STEMS, NEGATIVE,
    NEGATIVE_PARTS, NEUTRAL, OTHER_THINGS, POSITIVE, PRIVATE, REMARK, STATUS, VALID,
};

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
    /// Free text, which no rule can read.
    Remark,
    /// Nothing is known about it: it must have no date.
    Other,
}

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
        if is_end(header) || is_word(NEGATIVE) || has(NEGATIVE_PARTS) {
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
        } else if is_word(REMARK) {
            Self::Remark
        } else if has(HARMLESS) {
            Self::Harmless
        } else {
            Self::Other
        }
    }

    /// Returns whether a value of a row without an end agrees with an employed person. `name` is
    /// the folded name of its column.
    pub fn agrees(self, name: &str, value: &str) -> bool {
        let text = folded(value);
        match self {
            Self::Harmless | Self::Other => true,
            Self::Hours => {
                let hours = value.replace(',', ".").replace(['%', ' '], "");
                !hours.parse::<f64>().is_ok_and(|hours| hours <= 0.0)
            }
            Self::Negative => is_blank(&text) || is_no(&text) || (is_employed(value) && !is_yes(&text)),
            Self::Remark => is_blank(&text) || is_no(&text) || is_employed(value),
            Self::Positive => is_yes(&text) || is_employed(value) || ["\u{2713}", "\u{2714}"].contains(&value.trim()),
            // Most columns called State are a part of the address, such as NY or NSW.
            Self::Status if name == "state" && is_region(value) => true,
            Self::Status => text.is_empty() || is_employed(value),
        }
    }
}

fn is_blank(text: &str) -> bool {
    matches!(text, "" | "none" | "na" | "null" | "nil" | "00000000")
}

/// Returns whether the values of a column called `name` are about a credential's validity.
pub fn is_outcome(header: &str) -> bool {
    let outcomes = ["result", "results", "outcome", "outcomes", "ergebnis", "resultat", "resultado"];
    Kind::of(header) == Kind::Status || words(header).iter().any(|word| outcomes.contains(&&**word))
}

/// Returns whether a value of an unused column agrees with a credential that is valid.
pub fn is_valid(header: &str, value: &str) -> bool {
    let text = folded(value);
    let words = words(&value.to_lowercase());
    let is_score = Kind::of(header) != Kind::Status && !value.chars().any(char::is_alphabetic);
    let is_good = is_blank(&text) || is_score || words.iter().all(|word| is_in(VALID, word));
    !is_in(INVALID, &text) && (is_good || !is_outcome(header))
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

/// Returns whether a folded value is a no.
pub fn is_no(value: &str) -> bool {
    matches!(value, "no" | "n" | "false" | "f" | "0" | "nein" | "non" | "nee" | "nej" | "tidak" | "n\u{e3}o")
}

/// Returns whether a folded value is a yes.
pub fn is_yes(value: &str) -> bool {
    matches!(value, "yes" | "y" | "true" | "1" | "x" | "ja" | "oui" | "si" | "s\u{ed}" | "sim" | "tak" | "ya")
}

/// Returns whether a value of any column says that a person left: `Left`, `Laid off in March`, or
/// `Resigned 31/03/2020`.
pub fn has_left(value: &str) -> bool {
    let text = folded(value);
    let words = words(&value.to_lowercase());
    let sentence = format!(" {} ", words.join(" "));
    let has = |phrase: &&str| sentence.contains(*phrase) && sentence.contains(&format!(" {phrase} "));
    let says = |phrases: &[&str]| words.len() > 1 && phrases.iter().any(has);
    let starts = |word: &String| LEFT_STEMS.split_whitespace().any(|stem| word.starts_with(stem));
    let is_dated = value.bytes().any(|byte| byte.is_ascii_digit());
    is_in(LEFT, &text)
        || text.starts_with("terminat")
        || LEFT_PARTS.split_whitespace().any(|part| text.contains(part))
        || words.iter().any(starts)
        || says(LEFT_PHRASES)
        || (is_dated && (says(LAST_DAY) || words.first().is_some_and(|first| is_in(LEFT, first))))
}

/// Returns whether a value says that a person left, unless the column is about something else, such
/// as a marriage.
pub fn has_left_in(name: &str, value: &str) -> bool {
    has_left(value) && !PRIVATE.split_whitespace().any(|part| name.contains(part))
}

/// Returns whether a status says plainly that the person is employed today.
pub fn is_active(kind: Kind, value: &str) -> bool {
    let text = folded(value);
    let is_word = is_in("active current employed aktiv actif activo attivo ativo actief aktif", &text);
    match kind {
        Kind::Status => is_word,
        Kind::Positive => is_word || is_yes(&text),
        _ => false,
    }
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
            ("P45 issued", Kind::Negative),
            ("Last day worked", Kind::Negative),
            ("HR Notes", Kind::Remark),
            ("1st Aid", Kind::Harmless),
            ("Salary effective date", Kind::Harmless),
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
            (Kind::Hours, "0%", false),
            (Kind::Status, "X", false),
            (Kind::Status, "Kontrak", true),
            (Kind::Status, "Active - Payroll Eligible", true),
            (Kind::Status, "INACTIVE_PROCESS", false),
            (Kind::Positive, "ja", true),
            (Kind::Remark, "Works from home", false),
            (Kind::Remark, "-", true),
        ] {
            assert_eq!(kind.agrees("status", value), agrees, "{kind:?} {value}");
        }
        assert!(Kind::Status.agrees("state", "NY") && !Kind::Status.agrees("state", "Left"));
    }

    #[test]
    fn remarks_say_that_somebody_left() {
        assert!(has_left("Resigned 31/03/2020") && has_left("LEFT") && !has_left("Left handed"));
        for text in [
            "Left the company",
            "laid off",
            "Employee absconded",
            "last day 31/03/2020",
            "Entlassen",
            "En retraite",
            "Mengundurkan diri",
            "2020\u{5e74}\u{9000}\u{8077}",
        ] {
            assert!(has_left(text), "{text}");
        }
        assert!(!has_left("Last day of the month") && !has_left("Payroll Clerk"));
        assert!(has_left_in("type", "Separated") && !has_left_in("maritalstatus", "Separated"));
        assert!(is_remark("Past Employee") && is_remark("On Leave") && !is_remark("Bob"));
    }

    #[test]
    fn only_known_values_mean_a_valid_credential() {
        for (header, value, is_good) in [
            ("Status", "Revoked", false),
            ("Status", "Issued", true),
            ("Result", "Not yet competent", false),
            ("Result", "Competent", true),
            ("Outcome", "Failed", false),
            ("Result", "85%", true),
            ("Campus", "North", true),
            ("Campus", "Withdrawn", false),
        ] {
            assert_eq!(is_valid(header, value), is_good, "{header}: {value}");
        }
    }
}
