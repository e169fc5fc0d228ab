//! Names and values of ordinary files that look as if they were about people who left.

use super::column_kind::{ColumnKind, words};
use crate::word_lists::is_in;

/// Parts of the names of columns with a date of birth, without separators.
const BIRTHS: &str = "\
    birth geburt gebdatum gebdat lahir \u{751f}\u{5e74}\u{6708}\u{65e5} \u{51fa}\u{751f}\u{65e5}\u{671f} \
    \u{51fa}\u{751f}\u{5e74}\u{6708} \u{e27}\u{e31}\u{e19}\u{e40}\u{e01}\u{e34}\u{e14} ng\u{e0}ysinh \
    \u{c0dd}\u{b144}\u{c6d4}\u{c77c} \u{c0dd}\u{c77c} \u{751f}\u{65e5} geboorte geboren naissance n\u{e9}ele \
    nacimiento nascita nascimento f\u{f8}dsel f\u{f8}dedato f\u{f6}delse syntym\u{e4}aika urodzenia do\u{11f}um";

/// Whole names of such columns.
const BIRTH_NAMES: &str = "dob geb gebam ddn bday";

/// Parts of the names of columns about the place or the name at birth.
const NOT_BIRTHS: &str = "\
    ort name place country city stadt land stad plaats tempat lieu lugar luogo pays ville state nation \u{5730}";

/// Parts of the names of columns whose dates are not those of an end.
const HARMLESS: &str = "\
    leavereturn returnfromleave returntowork returndate dateofreturn eligib 401k autoenrol autoenroll \
    enrolmentdate enrollmentdate rolesince positionsince jobsince titlesince gradesince dateconfirmed \
    confirmeddate confirmeddt confirmedon appraisal sickday lastsick p60 interview application longservice \
    serviceaward recognisedservice recognizedservice studentloan";

/// Whole names of such columns: dates of a change, as BambooHR writes them, of a permanent
/// residence, and of a signature.
const HARMLESS_NAMES: &str = "\
    employmentstatusdate jobinformationdate compensationdate preffectivedate preffdate signdate signeddate \
    signingdate signaturedate dateofsignature signedon";

/// Words for what ends during an employment.
const ENDING: &str = "trial car vehicle lease loan secondment leave parking";

/// Words for its end.
const ENDS: &str = "end ends ended ending until expiry expires finish";

/// Words beside both with which it may be the end of the job.
const NOT_ENDING: &str = "\
    contract employment service notice garden gardening terminal final last resignation retirement";

/// Words for a remaining amount, as in `Days left`.
const REMAINING: &str = "\
    days hours weeks annual leave holiday holidays vacation pto balance entitlement allowance credits";

/// Words with which such a name may be about a day.
const NOT_REMAINING: &str = "date since when until last";

/// Words for what a person has as long as the employment lasts.
const LASTING: &str = "seniority benefit benefits insurance";

/// Parts of the names of columns with the kind of an end, which is no date.
const DETAILS: &str = "austrittsart austrittsgrund";

/// Parts of the names of columns about the employment, in languages without spaces.
const IN_SERVICE: &str = "\
    \u{5728}\u{7c4d} \u{5728}\u{8077} \u{5728}\u{804c} \u{5458}\u{5de5} \u{54e1}\u{5de5} \u{c7ac}\u{c9c1}";

/// Parts of the names of a status in these languages.
const STATES: &str = "\
    \u{72b6}\u{614b} \u{72b6}\u{51b5} \u{72b6}\u{6cc1} \u{72c0}\u{614b} \u{72c0}\u{6cc1} \u{72b6}\u{6001} \
    \u{533a}\u{5206} \u{c0c1}\u{d0dc}";

/// Words of a status that is not about the employment.
const OTHER_STATUS: &str = "offer";

/// Values of the status of a payment to somebody who is employed.
const PAYMENT_DONE: &str = "paid processed approved complete completed";

/// Parts of the names of columns in which people left something else than the job.
const PRIVATE: &str = "military veteran armedforces";

/// Parts of the names of columns about schemes, which people leave while they are employed.
const SCHEMES: &str = "pension superann";

/// Words of values that mean that a person is employed.
const EMPLOYED: &str = "\
    fmla lwop furloughed contractual internship interns trainees beurlaubt probezeit teilzeitbesch\u{e4}ftigt \
    vollzeitbesch\u{e4}ftigt pr\u{e9}sent pr\u{e9}sente activit\u{e9} cadre etam maternit\u{e9} paternit\u{e9} \
    pkwt pkwtt cuti melahirkan \u{8bd5}\u{7528} \u{8bd5}\u{7528}\u{671f} \u{6b63}\u{5f0f} \
    \u{6b63}\u{5f0f}\u{5458}\u{5de5} \u{5728}\u{5c97} \u{8f6c}\u{6b63} \u{5168}\u{804c} \u{517c}\u{804c} \
    \u{5b9e}\u{4e60} \u{5b9e}\u{4e60}\u{671f} \u{4ea7}\u{5047} \u{75c5}\u{5047} \u{4f11}\u{5047} \
    \u{7559}\u{804c}\u{505c}\u{85aa} \u{5728}\u{7c4d}\u{4e2d} \u{5728}\u{8077}\u{4e2d} \u{4f11}\u{8077} \
    \u{4f11}\u{8077}\u{4e2d} \u{4f11}\u{696d}\u{4e2d} \u{80b2}\u{4f11} \u{80b2}\u{4f11}\u{4e2d} \u{7523}\u{4f11} \
    \u{7523}\u{4f11}\u{4e2d} \u{80b2}\u{5150}\u{4f11}\u{696d} \u{51fa}\u{5411} \u{51fa}\u{5411}\u{4e2d} \
    \u{5951}\u{7d04}\u{793e}\u{54e1} \u{8a66}\u{7528}\u{671f}\u{9593} \u{c7ac}\u{c9c1} \u{c7ac}\u{c9c1}\u{c911} \
    \u{d734}\u{c9c1} \u{d734}\u{c9c1}\u{c911} \u{c218}\u{c2b5} \u{c815}\u{addc}\u{c9c1} \u{acc4}\u{c57d}\u{c9c1}";

/// Phrases of such values. Their single words have other meanings.
const EMPLOYED_PHRASES: [&str; 26] = [
    "serving notice period",
    "serving notice",
    "under notice",
    "under probation",
    "under contract",
    "garden leave",
    "gardening leave",
    "leave with pay",
    "leave without pay",
    "non cadre",
    "agent de ma\u{ee}trise",
    "cong\u{e9} parental",
    "cong\u{e9} maternit\u{e9}",
    "cong\u{e9} de maternit\u{e9}",
    "cong\u{e9} paternit\u{e9}",
    "cong\u{e9} de paternit\u{e9}",
    "cong\u{e9} maladie",
    "cong\u{e9} sabbatique",
    "cong\u{e9} sans solde",
    "arr\u{ea}t maladie",
    "dalam percobaan",
    "masa percobaan",
    "in der probezeit",
    "in probezeit",
    "in elternzeit",
    "in mutterschutz",
];

/// Names of columns with the disability of a person.
const DISABLED: &str = "disabled isdisabled disabledyn disabledperson disabledemployee registereddisabled";

fn has(name: &str, parts: &str) -> bool {
    parts.split_whitespace().any(|part| name.contains(part))
}

fn has_word(words: &[String], list: &str) -> bool {
    words.iter().any(|word| is_in(list, word))
}

/// Returns whether a column has a date of birth. `name` is its folded name.
pub fn is_birth(name: &str) -> bool {
    is_about_birth(name) && !has(name, NOT_BIRTHS)
}

fn is_about_birth(name: &str) -> bool {
    has(name, BIRTHS) || is_in(BIRTH_NAMES, name)
}

/// Returns whether the dates of a column are not those of an end.
pub(super) fn is_harmless(name: &str) -> bool {
    has(name, HARMLESS)
}

/// Returns whether a column has the end of something else than the job, as in `Company car end`.
pub(super) fn is_other_end(words: &[String]) -> bool {
    has_word(words, ENDING) && has_word(words, ENDS) && !has_word(words, NOT_ENDING)
}

/// Returns whether a column has the end of what ends with the job, as in `Benefits end`.
fn is_end_of_lasting(words: &[String]) -> bool {
    has_word(words, LASTING) && has_word(words, "end ends ended ending")
}

/// Returns whether a column has a remaining amount, as in `Annual leave left`.
fn is_balance(words: &[String]) -> bool {
    let is_last = words.last().is_some_and(|last| last == "left");
    is_last && has_word(words, REMAINING) && !has_word(words, NOT_REMAINING)
}

/// Returns whether a column has the kind of an end, which is no date.
pub(super) fn is_detail(name: &str) -> bool {
    has(name, DETAILS)
}

/// Returns whether a word makes a status one of something else than the employment.
pub(super) fn is_other_status(word: &str) -> bool {
    is_in(OTHER_STATUS, word)
}

/// Returns the kind of a column that its other words would mistake.
pub(super) fn kind(name: &str, words: &[String]) -> Option<ColumnKind> {
    if is_about_birth(name) || is_in(HARMLESS_NAMES, name) || is_other_end(words) {
        return Some(ColumnKind::Harmless);
    }
    if is_balance(words) || is_end_of_lasting(words) {
        return Some(ColumnKind::Other);
    }
    if is_detail(name) {
        return Some(ColumnKind::Negative);
    }
    (has(name, IN_SERVICE) && has(name, STATES)).then_some(ColumnKind::Status)
}

/// Returns whether people who are employed may have left what a column is about.
pub(super) fn is_private(name: &str) -> bool {
    has(name, PRIVATE)
}

/// Returns whether a column is about a scheme.
pub(super) fn is_scheme(name: &str) -> bool {
    has(name, SCHEMES)
}

/// Returns whether a word of a status means that a person is employed.
pub(super) fn is_employed_word(word: &str) -> bool {
    is_in(EMPLOYED, word)
}

/// Returns whether the status of a payment, in a column called `name`, says that it was made.
pub(super) fn is_paid(name: &str, text: &str) -> bool {
    is_payment(name) && is_in(PAYMENT_DONE, text)
}

fn is_payment(name: &str) -> bool {
    name.contains("payment")
}

/// Returns a status as words in small letters, with `employed` for a phrase that means it, and
/// without the letter of a code, as in `L - Leave of absence`.
pub(super) fn plain_status(value: &str) -> String {
    let value = value.trim().to_lowercase();
    let mut rest = value.chars();
    // With an x it may be an ex-employee.
    let is_letter = rest.next().is_some_and(|first| first.is_ascii_alphabetic() && first != 'x');
    let has_code = is_letter && [" - ", " \u{2013} ", ": "].iter().any(|mark| rest.as_str().starts_with(*mark));
    let text = if has_code { rest.as_str() } else { value.as_str() };
    let mut sentence = format!(" {} ", words(text).join(" "));
    for phrase in EMPLOYED_PHRASES {
        sentence = sentence.replace(&format!(" {phrase} "), " employed ");
    }
    sentence.trim().to_owned()
}

/// Returns whether a status says of a row without an end that the person is employed. A contract
/// such as `Full time` stays when a person leaves, so it does only in a file that `has_ends`.
pub fn covers(kind: ColumnKind, name: &str, value: &str, has_ends: bool) -> bool {
    let is_of_other = name == "state" || name.contains("record") || name.contains("profile") || is_payment(name);
    let is_clear = || has_ends || ["a", "act", "actv"].iter().any(|code| value.eq_ignore_ascii_case(code));
    kind == ColumnKind::Status && !is_of_other && !value.is_empty() && kind.agrees(name, value) && is_clear()
}

/// Returns whether a column is about a disability, which is a disabled account only if no status
/// says that the person is employed.
pub fn is_disability(name: &str) -> bool {
    is_in(DISABLED, name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::employment_words::{has_left_in, is_end};

    #[test]
    fn ordinary_columns_are_not_about_leaving() {
        let harmless = [
            "Leave Return Date",
            "PR Effective Date",
            "Employment Status: Date",
            "Job Information: Date",
            "Sign Date",
            "401k eligibility",
            "Auto-enrolment date",
            "Trial end",
            "Trial period end date",
            "In role since",
            "Leave end",
            "Company car end date",
            "Lease end",
            "Loan end",
            "Secondment end date",
            "Return to work",
            "Date confirmed",
            "Last appraisal",
            "Last sick day",
            "Last P60",
            "Interview date",
            "Application date",
            "Recognised service date",
            "Long service award",
            "Student loan start",
            "Manager start",
            "Geb.-Datum",
            "Tgl Lahir",
            "\u{751f}\u{5e74}\u{6708}\u{65e5}",
            "\u{51fa}\u{751f}\u{65e5}\u{671f}",
            "\u{e27}\u{e31}\u{e19}\u{e40}\u{e01}\u{e34}\u{e14}",
            "Tarikh Lahir",
        ];
        for name in harmless {
            assert_eq!(ColumnKind::of(name), ColumnKind::Harmless, "{name}");
            assert!(!is_end(name), "{name}");
        }
        for (name, kind) in [
            ("Annual leave left", ColumnKind::Other),
            ("Days left", ColumnKind::Other),
            ("Last day left", ColumnKind::Negative),
            ("Left", ColumnKind::Negative),
            ("Offer status", ColumnKind::Other),
            ("Austrittsart", ColumnKind::Negative),
            ("Exit interview date", ColumnKind::Negative),
            ("Secondment contract end date", ColumnKind::Negative),
            ("Garden leave end date", ColumnKind::Other),
            ("\u{5728}\u{7c4d}\u{72b6}\u{6cc1}", ColumnKind::Status),
            ("\u{5458}\u{5de5}\u{72b6}\u{6001}", ColumnKind::Status),
        ] {
            assert_eq!(ColumnKind::of(name), kind, "{name}");
        }
        assert!(!is_end("Austrittsart") && is_end("Austritt") && is_end("Secondment contract end date"));
        assert!(is_birth("gebdatum") && is_birth("\u{751f}\u{5e74}\u{6708}\u{65e5}"));
        assert!(!is_birth("geburtsort") && !is_birth("tempatlahir"));
    }

    #[test]
    fn statuses_of_people_who_are_absent_or_on_trial_mean_employed() {
        for value in [
            "L - Leave of Absence",
            "A - Active",
            "FMLA",
            "LWOP",
            "Leave With Pay",
            "Leave Without Pay",
            "Garden leave",
            "Furloughed",
            "Serving notice",
            "Under probation",
            "Part-Time Internship",
            "Contractual",
            "Probezeit",
            "beurlaubt",
            "Cong\u{e9} parental",
            "Cong\u{e9} maternit\u{e9}",
            "Pr\u{e9}sent",
            "En activit\u{e9}",
            "Cadre",
            "PKWT",
            "PKWTT",
            "Cuti",
            "\u{8bd5}\u{7528}",
            "\u{8bd5}\u{7528}\u{671f}",
            "\u{6b63}\u{5f0f}",
        ] {
            assert!(ColumnKind::Status.agrees("status", value), "{value}");
            assert!(covers(ColumnKind::Status, "status", value, true), "{value}");
        }
        for value in ["L", "X - Employee", "T - Terminated", "Notice", "Without contract", "Cong\u{e9}", "Non actif"] {
            assert!(!ColumnKind::Status.agrees("status", value), "{value}");
        }
        for (name, value, is_covered) in [
            ("status", "A", true),
            ("status", "Full-time", true),
            ("status", "Kontrak", true),
            ("status", "\u{5728}\u{7c4d}", true),
            ("status", "", false),
            ("status", "Terminated", false),
            ("state", "NY", false),
            ("recordstatus", "Complete", false),
            ("paymentstatus", "Paid", false),
        ] {
            assert_eq!(covers(ColumnKind::Status, name, value, true), is_covered, "{name}: {value}");
        }
        assert!(!covers(ColumnKind::Other, "contracttype", "Full-time", true));
        assert!(covers(ColumnKind::Status, "status", "A", false));
        assert!(!covers(ColumnKind::Status, "status", "Full-time", false), "no column has an end");
        assert!(ColumnKind::Status.agrees("paymentstatus", "Paid") && !ColumnKind::Status.agrees("status", "Paid"));
    }

    #[test]
    fn people_leave_schemes_and_armed_forces_too() {
        for (name, value) in [("pensionscheme", "Left scheme"), ("militarystatus", "Discharged")] {
            assert!(!has_left_in(name, value) && has_left_in("department", value), "{name}: {value}");
        }
        assert!(has_left_in("pensionscheme", "Resigned"));
    }
}
