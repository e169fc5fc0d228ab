//! Words about employment in the names and cells of columns that no field uses.
//!
//! The list of names for the end of a job cannot be complete, so the lists here are of harmless
//! names and values: an unknown one stops the run.

use crate::infer_columns::folded;
use crate::left_words;
use crate::word_lists::{
    ABOUT_OTHERS, ACCOUNT_INACTIVE, ACCOUNTS, BESIDE_LEFT, CHANGED, EFFECTIVE, EMPLOYED, EMPLOYMENT_FLAGS, END_PARTS,
    FAILED_GRADES, FLAGS, FORMER, GRADES, HARMLESS, HOURS, HOURS_BESIDE, INVALID, LAST_DAY, LEAVE, LEFT, LEFT_ALONE,
    LEFT_IN_BRACKETS, LEFT_PARTS, LEFT_PHRASES, LEFT_STEMS, MENTIONS, NEGATIVE, NEGATIVE_ALONE, NEGATIVE_PARTS,
    NEUTRAL, OTHER_STATUS, OTHER_STATUS_PARTS, OTHER_THINGS, PAID, PEOPLE, POSITIVE, PRIVATE, RECORD_DONE, REMARK,
    SERVICE, SERVICE_BESIDE, SERVICE_DATES, SERVICE_NAMES, SERVICE_STARTS, SERVICE_UNITS, SERVICE_WORDS, SIDES, STATUS,
    STATUS_NAMES, STOPPED, UNTIL, VALID, is_in,
};
pub use column_kind::{ColumnKind, words};
pub use ordinary::{covers, is_birth, is_disability};

mod column_kind;
mod ordinary;

impl ColumnKind {
    /// Returns the kind of a column by its name. A status of something else than the employment is
    /// of no known kind.
    pub fn of(header: &str) -> Self {
        let name = folded(header);
        let is_other = || {
            words(header).iter().any(|word| is_in(OTHER_STATUS, word) || ordinary::is_other_status(word))
                || OTHER_STATUS_PARTS.split_whitespace().any(|part| name.contains(part))
        };
        match Self::of_any_status(header) {
            Self::Status if is_other() => Self::Other,
            kind => kind,
        }
    }

    /// The same, but any status is one: that of a certification is about a credential.
    fn of_any_status(header: &str) -> Self {
        let (name, words) = (folded(header), words(header));
        let has = |parts: &str| parts.split_whitespace().any(|part| name.contains(part));
        let is_word = |list: &str| words.iter().any(|word| is_in(list, word));
        if let Some(kind) = ordinary::kind(&name, &words) {
            return kind;
        }
        let is_harmless = || has(HARMLESS) || ordinary::is_harmless(&name);
        // `Disabled` may be the account; with other words it is a person's disability. MYOB's Card
        // Status is N for a card that is not inactive.
        let is_left = |word: &String| is_in(NEGATIVE, word) || is_in(NEGATIVE_ALONE, word);
        let is_plain = words.iter().any(is_left) && words.iter().all(|word| is_left(word) || is_in(NEUTRAL, word));
        if is_plain || matches!(&*name, "cardstatus" | "reason" | "reasoncode") {
            return Self::Negative;
        }
        if is_in(SERVICE_DATES, &name) || is_change(&words) {
            return Self::Harmless;
        }
        if has(OTHER_THINGS) {
            // A notice period that has ended is the end of the job.
            return if is_harmless() && !has("notice") { Self::Harmless } else { Self::Other };
        }
        let is_neutral = |word: &String| is_in(POSITIVE, word) || is_in(NEUTRAL, word);
        if is_end(header) || is_word(NEGATIVE) || has(NEGATIVE_PARTS) {
            return Self::Negative;
        }
        let is_short = is_in(STATUS_NAMES, &name) || is_sap_status(&name) || header.trim().eq_ignore_ascii_case("a/i");
        if is_word(STATUS) || has("status") || is_short || name == "state" || name == "employmentstate" {
            return Self::Status;
        }
        if is_word(POSITIVE) && words.iter().all(is_neutral) {
            return Self::Positive;
        }
        let is_about_hours = |word: &String| is_in(HOURS, word) || is_in(HOURS_BESIDE, word);
        if name == "fte" || (is_word(HOURS) && words.iter().all(is_about_hours)) {
            Self::Hours
        } else if (has(SERVICE) || is_service(&name, &words)) && !has(SERVICE_STARTS) {
            Self::Service
        } else if is_word(REMARK) {
            Self::Remark
        } else if is_harmless() {
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
            Self::Harmless | Self::Other if is_in(EMPLOYMENT_FLAGS, name) => !is_no(&text) && !is_in(STOPPED, &text),
            Self::Harmless | Self::Other | Self::Service => true,
            Self::Hours => {
                let hours = value.replace([',', ':'], ".").replace(['%', ' ', 'h'], "");
                !hours.parse::<f64>().is_ok_and(|hours| hours <= 0.0)
            }
            Self::Negative if left_words::is_mark(value) => false,
            Self::Negative => is_blank(&text) || is_no(&text) || is_zero(&text),
            Self::Remark => is_blank(&text) || is_no(&text) || is_employed(value),
            Self::Positive => is_yes(&text) || is_employed(value) || left_words::is_mark(value),
            // Most columns called State are a part of the address, such as NY or NSW.
            Self::Status if name == "state" && is_region(value) => true,
            Self::Status if name.contains("record") || name.contains("profile") => {
                text.is_empty() || is_in(RECORD_DONE, &text) || is_employed(value)
            }
            Self::Status if ordinary::is_paid(name, &text) => true,
            Self::Status => text.is_empty() || is_employed(value),
        }
    }
}

fn is_blank(text: &str) -> bool {
    matches!(text, "" | "none" | "na" | "null" | "nil" | "notapplicable" | "00000000")
}

/// Returns whether a folded amount is zero, such as `0.00`.
fn is_zero(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte == b'0')
}

/// Returns whether a folded name is that of SAP's employment status, as in `PA0000-STAT2`.
pub fn is_sap_status(name: &str) -> bool {
    let table = name.strip_suffix("stat2");
    table.is_some_and(|table| table.trim_start_matches(['p', 'a', 'q']).bytes().all(|byte| byte.is_ascii_digit()))
}

/// Returns whether words are those of the date of a change, as in `Position effective date`.
fn is_change(words: &[String]) -> bool {
    let is_known = |word: &String| is_in(CHANGED, word) || is_in(EFFECTIVE, word) || is_in("date dt", word);
    let has = |list: &str| words.iter().any(|word| is_in(list, word));
    has(CHANGED) && has(EFFECTIVE) && words.iter().all(is_known)
}

/// Returns whether a column has a length of service, as in `Yrs of svc` or `Service (days)`.
fn is_service(name: &str, words: &[String]) -> bool {
    let is_known = |word: &String| [SERVICE_WORDS, SERVICE_UNITS, SERVICE_BESIDE].iter().any(|list| is_in(list, word));
    let has = |list: &str| words.iter().any(|word| is_in(list, word));
    is_in(SERVICE_NAMES, name) || (has(SERVICE_WORDS) && has(SERVICE_UNITS) && words.iter().all(is_known))
}

/// Returns whether the values of a column called `name` are about a credential's validity.
pub fn is_outcome(header: &str) -> bool {
    let outcomes = ["result", "results", "outcome", "outcomes", "ergebnis", "resultat", "resultado"];
    let is_status = ColumnKind::of_any_status(header) == ColumnKind::Status;
    is_status || words(header).iter().any(|word| outcomes.contains(&&**word))
}

/// Returns whether a value of an unused column agrees with a credential that is valid.
pub fn is_valid(header: &str, value: &str) -> bool {
    let text = folded(value);
    let words = words(&value.to_lowercase());
    let names = self::words(header);
    let is_flag = names.iter().any(|word| is_in(FLAGS, word))
        && names.iter().all(|word| is_in(FLAGS, word) || is_in(NEUTRAL, word));
    let is_grade = names.iter().any(|word| is_in(GRADES, word));
    if (is_flag && is_no(&text)) || (is_grade && is_in(FAILED_GRADES, &text)) {
        return false;
    }
    let is_score = ColumnKind::of_any_status(header) != ColumnKind::Status && !value.chars().any(char::is_alphabetic);
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
    let is_other = || ordinary::is_detail(&name) || ordinary::is_other_end(&words(header));
    (has(END_PARTS) || name == "left") && !has(OTHER_THINGS) && !is_other()
}

fn is_employed(value: &str) -> bool {
    let mut value = ordinary::plain_status(value);
    for length in ["fixed", "long", "short"] {
        value = value.replace(&format!("{length} term"), &format!("{length}term"));
    }
    let words = words(&value);
    let has = |wanted: &str| words.iter().any(|word| word == wanted);
    // Whether a person who left may come back.
    if has("eligible") && (has("rehire") || has("hire")) {
        return false;
    }
    let is_leave = words.iter().any(|word| is_in(LEAVE, word));
    let is_known =
        |word: &String| is_in(EMPLOYED, word) || ordinary::is_employed_word(word) || (is_leave && is_in(PAID, word));
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
    let is_about =
        |word: &String| is_in(LEFT, word) || is_in(BESIDE_LEFT, word) || word.bytes().all(|byte| byte.is_ascii_digit());
    let is_whole = words.iter().any(|word| is_in(LEFT, word)) && words.iter().all(is_about);
    let starts = |word: &String| LEFT_STEMS.split_whitespace().any(|stem| word.starts_with(stem));
    let is_dated = value.bytes().any(|byte| byte.is_ascii_digit());
    is_in(LEFT, &text)
        || left_words::is_value(value)
        || is_whole
        || is_in(LEFT_ALONE, &text)
        || text.starts_with("terminat")
        || LEFT_PARTS.split_whitespace().any(|part| text.contains(part))
        || words.iter().any(starts)
        || says(LEFT_PHRASES)
        || (is_dated && (says(LAST_DAY) || words.first().is_some_and(|first| is_in(LEFT, first))))
}

/// Returns whether a value mentions that a person left, as in `999 LEFT`, `Ex-staff` or `left in
/// March`.
fn mentions_left(value: &str) -> bool {
    let value = value.to_lowercase();
    let words = words(&value);
    let follows = |at: usize, list: &str| words.get(at + 1).is_some_and(|next| is_in(list, next));
    let is_former = |at: usize| words[at] == "ex" && follows(at, PEOPLE);
    let is_mention = |at: usize| is_in(MENTIONS, &words[at]) && !(words[at] == "left" && follows(at, SIDES));
    let starts_with_ex = |part: &str| part.starts_with("ex-");
    value.split([' ', '(', '[', '/', ',', ';', ':', '_']).any(starts_with_ex)
        || (0..words.len()).any(|at| is_former(at) || is_mention(at))
}

/// Returns whether a value says that a person left, unless the column is about something else, such
/// as a marriage.
pub fn has_left_in(name: &str, value: &str) -> bool {
    let is_about = |parts: &str| parts.split_whitespace().any(|part| name.contains(part));
    if is_about(ACCOUNTS) && is_in(ACCOUNT_INACTIVE, &folded(value)) {
        return false;
    }
    let is_about_others = || is_about(ABOUT_OTHERS) || ordinary::is_scheme(name);
    let is_private = || is_about(PRIVATE) || ordinary::is_private(name);
    let says_so = has_left(value) || left_words::is_value_of(name, value);
    (says_so || (mentions_left(value) && !is_about_others())) && !is_private()
}

/// Returns whether the text of a job has a remark that the person left, as in `Driver (left)`.
/// Words in the text itself may belong to the job, as in `Left Luggage Attendant`.
pub fn has_left_remark(text: &str) -> bool {
    let parts: Vec<&str> = text.split(['(', ')', '[', ']', '{', '}', '*']).flat_map(|part| part.split(" - ")).collect();
    let is_remark = |part: &&str| {
        let words = words(&part.to_lowercase());
        let sentence = format!(" {} ", words.join(" "));
        let is_dated = part.bytes().any(|byte| byte.is_ascii_digit());
        is_in(LEFT, &folded(part))
            || is_in(LEFT_IN_BRACKETS, &folded(part))
            || LEFT_PHRASES.iter().any(|phrase| sentence.contains(&format!(" {phrase} ")))
            || (is_dated && words.iter().any(|word| is_in(MENTIONS, word)))
    };
    is_in(LEFT, &folded(text)) || (parts.len() > 1 && parts.iter().any(is_remark)) || has_last_year(text)
}

/// Returns whether the text of a job names its last year, as in `Clerk until 2020`.
fn has_last_year(text: &str) -> bool {
    let words = words(&text.to_lowercase());
    let is_year = |word: &String| word.len() == 4 && word.parse().is_ok_and(|year: u32| (1950..2100).contains(&year));
    let until = words.iter().position(|word| is_in(UNTIL, word));
    until.is_some_and(|at| words[at..].iter().any(is_year))
}

/// Returns whether a job title is that of an earlier job, as in `Former clerk` or `Ex-driver`.
pub fn is_former_title(title: &str) -> bool {
    let title = title.to_lowercase();
    let has_prefix = title.starts_with("ex-") && !title.starts_with("ex-officio");
    has_prefix || words(&title).first().is_some_and(|first| is_in(FORMER, first))
}

/// Returns whether a status says plainly that the person is employed today.
pub fn is_active(kind: ColumnKind, value: &str) -> bool {
    let text = folded(value);
    let is_word = is_in("active current employed aktiv actif activo attivo ativo actief aktif", &text);
    match kind {
        ColumnKind::Status => is_word,
        ColumnKind::Positive => is_word || is_yes(&text),
        _ => false,
    }
}

/// Returns whether a status or a flag says that the person is employed today or on leave. `Full
/// time` and `Permanent` stay when a person leaves.
pub fn says_employed(kind: ColumnKind, name: &str, value: &str) -> bool {
    let is_word = |word: &String| is_in(POSITIVE, word) || is_in(LEAVE, word);
    let is_flag = matches!(kind, ColumnKind::Status | ColumnKind::Positive) && !value.is_empty();
    is_flag && kind.agrees(name, value) && (is_active(kind, value) || words(&value.to_lowercase()).iter().any(is_word))
}

/// Returns whether a remark beside a name is about the employment, such as `(Past Employee)`.
pub fn is_remark(text: &str) -> bool {
    let about = ["past", "former", "ex", "employee", "leave", "contractor", "term", "inactive"];
    let words = words(&text.to_lowercase());
    has_left(text) || words.iter().any(|word| about.contains(&&**word) || is_in(LEFT, word))
}

#[cfg(test)]
mod tests;
