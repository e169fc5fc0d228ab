//! Further words about people who left, in columns of which the name must fit, in further
//! languages, and in titles.

use crate::infer_columns::folded;
use crate::word_lists::{LEFT, MENTIONS, is_in};

/// Single values that say so in any column, without case and punctuation.
const VALUES: &str = "\
    deactivated neverstarted didnotstart voluntaryseverance involuntaryseverance p45issued p45sent p45done \
    separation exit offboarding past historical pastemployee prioremployee \
    decd fallecido fallecida meninggal meninggaldunia overleden deceduto deceduta falecido falecida d\u{e9}funt \
    ehemalig ehemalige ehemaliger ehemaligen ehemaligemitarbeiter ehemals bajas";

/// The same in Korean, where longer words are about a pension.
const KOREAN: &str = "\
    \u{d1f4}\u{c9c1} \u{d1f4}\u{c0ac} \u{d1f4}\u{c9c1}\u{c790} \u{d1f4}\u{c0ac}\u{c790} \u{d574}\u{ace0} \
    \u{c0ac}\u{c9c1} \u{c815}\u{b144}\u{d1f4}\u{c9c1}";

/// The same in Vietnamese, Turkish and Malay.
const OTHER_LANGUAGES: &str = "\
    ngh\u{1ec9}vi\u{1ec7}c \u{111}\u{e3}ngh\u{1ec9}vi\u{1ec7}c th\u{f4}ivi\u{1ec7}c \u{111}\u{e3}th\u{f4}ivi\u{1ec7}c \
    \u{111}\u{e3}ngh\u{1ec9} ayr\u{131}ld\u{131} ayrildi i\u{15f}tenayr\u{131}ld\u{131} istifa istifaetti \
    meletakjawatan letakjawatan bersara ditamatkan diberhentikan berhentikerja";

/// Parts of values in Thai, which has no spaces: resigned, no longer a member, dismissed, died.
const THAI: [&str; 4] = [
    "\u{e25}\u{e32}\u{e2d}\u{e2d}\u{e01}",
    "\u{e1e}\u{e49}\u{e19}\u{e2a}\u{e20}\u{e32}\u{e1e}",
    "\u{e40}\u{e25}\u{e34}\u{e01}\u{e08}\u{e49}\u{e32}\u{e07}",
    "\u{e40}\u{e2a}\u{e35}\u{e22}\u{e0a}\u{e35}\u{e27}\u{e34}\u{e15}",
];

/// Values that say so unless the name of the column has one of the parts.
const UNLESS: [(&str, &str); 5] = [
    ("deleted", "document doc file form record leave request payslip address bank"),
    ("released", "pay salar wage bonus letter offer hold fund form version report document stock share leave budget"),
    ("noshow noshown", "interview training course event induction appointment medical exam shift meeting test orient"),
    ("p45", "start tax form doc source basis declaration statement previous prior checklist receiv new join code"),
    ("rip", "initial code centre center site desk location dept department team unit branch project name ref"),
];

/// Names of columns about an account or a badge, which is closed when a person leaves.
const ACCOUNTS: &str = "\
    access systemaccess buildingaccess accessstatus account accountstatus useraccount useraccountstatus adaccount \
    adaccountstatus adstatus user userstatus aduser windowsuser networkuser sso ssostatus login loginstatus badge \
    badgestatus mailbox mailboxstatus";

/// Values of such columns.
const CLOSED: &str = "revoked disabled deactivated locked closed removed deleted withdrawn terminated";

/// Words of columns with a flag that such an account is closed.
const ACCOUNT_WORDS: &str = "ad account accounts user login mailbox windows network azure directory badge";
const CLOSED_WORDS: &str = "disabled deactivated revoked removed deleted";

/// Names of columns about the last settlement, without separators, in which only a no says nothing.
const SETTLEMENTS: &str = "\
    fullfinal fullandfinal fullfinalstatus fullandfinalstatus fullfinalsettlement fullandfinalsettlement fnf fnfstatus \
    fnfsettlement fnfdone";

/// Values of such columns that say nothing.
const NOT_SETTLED: &str = "no n false none na nil notapplicable notdue 0 nein";

/// Values of a flag that mean yes.
const YES: &str = "yes y true 1 x ja oui si s\u{ed} sim";

/// Parts of the names of columns that say whether a person who left may come back.
const REHIRE: &str = "donotrehire norehire rehireeligib eligibleforrehire eligibletorehire rehirable rehireable";

/// Values of such columns that say nothing.
const NO_REHIRE: &str = "none na nil notapplicable";

/// Names of columns with a yes for people who left.
const PAID_AT_END: &str = "gratuitypaid gratuitysettled finalgratuitypaid gratuityreleased";

/// Returns whether a whole value says that a person left, in any column.
pub fn is_value(value: &str) -> bool {
    let text = folded(value);
    let is_known = [VALUES, KOREAN, OTHER_LANGUAGES].iter().any(|list| is_in(list, &text));
    is_known || THAI.iter().any(|part| value.contains(part))
}

/// Returns whether a value says that a person left in a column with this folded name.
pub fn is_value_of(name: &str, value: &str) -> bool {
    let text = folded(value);
    let is_free = |parts: &str| !parts.split_whitespace().any(|part| name.contains(part));
    let is_flag = is_in(YES, &text);
    UNLESS.iter().any(|(values, parts)| is_in(values, &text) && is_free(parts))
        || (is_in(ACCOUNTS, name) && is_in(CLOSED, &text))
        || (is_in(SETTLEMENTS, name) && !text.is_empty() && !is_in(NOT_SETTLED, &text))
        || (is_in(PAID_AT_END, name) && is_flag)
        || (!text.is_empty() && !is_in(NO_REHIRE, &text) && REHIRE.split_whitespace().any(|part| name.contains(part)))
        || (is_flag && is_closed_account(name))
}

/// Returns whether an account is locked, which a wrong password does too: it says something only if
/// no status says that the person is employed.
pub fn is_locked(name: &str, value: &str) -> bool {
    is_in(ACCOUNTS, name) && folded(value) == "locked"
}

/// Returns whether a folded name consists of words for an account that is closed.
fn is_closed_account(name: &str) -> bool {
    let account = CLOSED_WORDS.split_whitespace().find_map(|closed| name.strip_suffix(closed));
    account.filter(|account| !account.is_empty()).is_some_and(|mut account| {
        while let Some(rest) = ACCOUNT_WORDS.split_whitespace().find_map(|word| account.strip_prefix(word)) {
            account = rest;
        }
        account.is_empty()
    })
}

/// Returns whether a mark stands for a yes, as in a column of circles.
pub fn is_mark(value: &str) -> bool {
    let marks = ["\u{25cb}", "\u{25ef}", "\u{3007}", "\u{25cf}", "\u{25ce}", "\u{2713}", "\u{2714}", "\u{2611}"];
    marks.contains(&value.trim())
}

/// Words at the start of a title that say so.
const FIRST: &str = "was previously ehem ehemalig ehemaligen";

/// Words after `previous` that belong to it.
const AFTER_PREVIOUS: &str = "year years period periods owner owners employer";

/// Endings of titles of people who retired, in German, where case matters: `I.R.` may be industrial
/// relations.
const RETIRED: [&str; 4] = [" i.R.", " i. R.", " a.D.", " a. D."];

/// Words in brackets that say so.
const IN_BRACKETS: &str = "ex former previous previously past retd decd";

/// Brackets, those of East Asian scripts too.
const OPENING: [char; 6] = ['(', '[', '{', '\u{ff08}', '\u{3010}', '\u{ff3b}'];
const CLOSING: [char; 6] = [')', ']', '}', '\u{ff09}', '\u{3011}', '\u{ff3d}'];

/// Returns the texts in brackets.
fn bracketed(text: &str) -> impl Iterator<Item = &str> {
    text.split(OPENING).skip(1).filter_map(|part| part.split_once(CLOSING)).map(|(inside, _)| inside.trim())
}

/// Returns whether the text of a field says that the person left.
pub fn says_left(field: &str, text: &str) -> bool {
    let small = text.to_lowercase();
    let words = small.split(|end: char| !end.is_alphanumeric()).filter(|word| !word.is_empty());
    let words: Vec<&str> = words.collect();
    let is_remark = |inside: &str| {
        let inside = folded(inside);
        is_in(IN_BRACKETS, &inside) || is_in(LEFT, &inside) || is_value(&inside)
    };
    // Such letters sort unused entries to the end.
    let is_sorted_last = |first: &&str| first.len() > 1 && first.bytes().all(|byte| byte == b'z');
    let is_unused = words.first().is_some_and(is_sorted_last) && words.iter().any(|word| is_in(MENTIONS, word));
    if is_unused || bracketed(text).any(is_remark) {
        return true;
    }
    let [first, second, ..] = words.as_slice() else { return false };
    let is_previous = *first == "previous" && !is_in(AFTER_PREVIOUS, second);
    field != "organisation"
        && (is_previous || is_in(FIRST, first) || RETIRED.iter().any(|ending| text.trim_end().ends_with(ending)))
}

/// Returns whether brackets in a text name a last year before `year`, as in `Driver (2015-2020)` or
/// `Driver (through 2020)`.
pub fn ended_before(text: &str, year: i16) -> bool {
    const UNTIL: &str = "through thru till until bis hasta";
    bracketed(text).any(|inside| {
        let parts = inside.split(|end: char| !end.is_alphanumeric());
        let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
        let is_year = |year: &i16| (1950..2100).contains(year);
        let number = |part: &str| part.parse::<i16>().ok().filter(is_year);
        let is_until = |word: &str| is_in(UNTIL, &word.to_lowercase());
        let last = match parts.as_slice() {
            [first, last] if number(first).is_some() => number(last),
            [first, word, last] if number(first).is_some() && (*word == "to" || is_until(word)) => number(last),
            [until, .., last] if is_until(until) => number(last),
            _ => None,
        };
        last.is_some_and(|last| last < year)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_people_who_left_are_known_in_further_languages() {
        for value in [
            "\u{e25}\u{e32}\u{e2d}\u{e2d}\u{e01}",
            "\u{e1e}\u{e49}\u{e19}\u{e2a}\u{e20}\u{e32}\u{e1e}\u{e41}\u{e25}\u{e49}\u{e27}",
            "\u{d1f4}\u{c9c1}",
            "\u{d1f4}\u{c0ac}",
            "\u{110}\u{e3} ngh\u{1ec9} vi\u{1ec7}c",
            "Ayr\u{131}ld\u{131}",
            "Meletak jawatan",
            "Bersara",
            "Ehemalig",
            "Ehemalige",
            "Bajas",
            "Deactivated",
            "Never started",
            "Voluntary severance",
            "P45 issued",
        ] {
            assert!(is_value(value), "{value}");
        }
        for value in ["", "Active", "\u{d1f4}\u{c9c1}\u{c5f0}\u{ae08} DB", "Cuti bersalin", "P45", "\u{c7ac}\u{c9c1}"] {
            assert!(!is_value(value), "{value}");
        }
    }

    #[test]
    fn values_say_so_where_the_column_fits() {
        for (name, value) in [
            ("Group", "Deleted"),
            ("Group", "Released"),
            ("Info", "No show"),
            ("Info", "P45"),
            ("Info", "RIP"),
            ("Access", "Revoked"),
            ("Account", "Locked"),
            ("AD Account disabled", "Yes"),
            ("User account deactivated", "Y"),
            ("Full & final", "Done"),
            ("Full and final settlement", "Pending"),
            ("Gratuity paid", "Yes"),
        ] {
            assert!(is_value_of(&folded(name), value), "{name}: {value}");
        }
        for (name, value) in [
            ("Payslip status", "Released"),
            ("Offer letter", "Released"),
            ("Interview", "No show"),
            ("Starter declaration", "P45"),
            ("Initials", "RIP"),
            ("Cost centre", "RIP"),
            ("Access", "Full"),
            ("Bank account", "Locked"),
            ("AD Account disabled", "No"),
            ("Disabled", "Yes"),
            ("Registered disabled", "Yes"),
            ("Full & final", ""),
            ("Full & final", "No"),
            ("Gratuity paid", "120.50"),
        ] {
            assert!(!is_value_of(&folded(name), value), "{name}: {value}");
        }
    }

    #[test]
    fn titles_of_people_who_left_are_found_by_their_form() {
        for title in [
            "Driver (ex)",
            "Previous Driver",
            "was Driver",
            "ehem. Fahrer",
            "Fahrer i.R.",
            "Fahrer a. D.",
            "\u{904b}\u{8ee2}\u{624b}\u{ff08}\u{9000}\u{8077}\u{ff09}",
            "ZZ Leavers",
        ] {
            assert!(says_left("role_title", title), "{title}");
        }
        assert!(says_left("organisation", "ZZ Leavers") && says_left("organisation", "Sample Co (ex)"));
        for title in [
            "Driver",
            "Driver (HGV)",
            "Manager I.R.",
            "Previous Year Auditor",
            "Ex Works Coordinator",
            "Wash Bay Attendant",
            "ZZ Guitarist",
            "\u{9000}\u{8077}\u{91d1}\u{62c5}\u{5f53}",
            "Clerk (ex Works)",
            "",
        ] {
            assert!(!says_left("role_title", title), "{title}");
        }
        assert!(!says_left("organisation", "Previous Ltd") && !says_left("organisation", "Was Co"));
    }

    #[test]
    fn years_in_brackets_end_a_job_if_they_are_past() {
        for text in ["Driver (2015-2020)", "Driver (through 2020)", "Driver (2015 to 2020)", "Driver (until June 2020)"]
        {
            assert!(ended_before(text, 2026), "{text}");
        }
        for text in
            ["Driver (2024-2027)", "Driver (through 2026)", "Driver (2015)", "Driver 2015-2020", "Clerk (A-2020)"]
        {
            assert!(!ended_before(text, 2026), "{text}");
        }
    }
}
