//! Recognises text that is no name, or a damaged one: escapes and markup, signs of another
//! encoding, invisible characters, numbers, logins and placeholders.

use credential::names::{is_garbled, is_mojibake};

use crate::printable::printable;
use crate::row_code::RowCode;

/// A code and a message.
type TextProblem = (RowCode, String);

/// Words that programs write for a missing value. `Null`, `Na`, `Nan` and `Nil` are names.
const MISSING: [&str; 15] = [
    "NULL",
    "null",
    "NaN",
    "nan",
    "None",
    "none",
    "N/A",
    "n/a",
    "#N/A",
    "NIL",
    "undefined",
    "(null)",
    "<null>",
    "<NA>",
    "NaT",
];

/// Values that stand for none, as the whole text of a cell.
const NO_VALUES: [&str; 16] = [
    "TBA", "TBC", "TBD", "tba", "tbc", "tbd", "Unknown", "unknown", "UNKNOWN", "-", "--", "---", "\u{2013}",
    "\u{2014}", ".", "?",
];

/// Words that end a name and are remarks, not names.
const REMARKS: [&str; 13] = [
    "terminated",
    "inactive",
    "resigned",
    "deceased",
    "duplicate",
    "deleted",
    "archived",
    "obsolete",
    "exemployee",
    "ex-employee",
    "ex-staff",
    "ex-worker",
    "former-employee",
];

/// The same of several words.
const PHRASES: [&str; 6] = ["do not use", "ex employee", "former employee", "past employee", "no longer", "on leave"];

/// Words about a person who left. Some are names as well, such as `Left`: they are remarks where
/// the rest of the name is written differently, as in `Ada Example left` and `Ada Example TERM`.
const LEFT: [&str; 14] = [
    "left",
    "term",
    "retired",
    "quit",
    "ended",
    "exit",
    "gone",
    "old",
    "until",
    "bis",
    "rip",
    "dec",
    "ausgeschieden",
    "gek\u{fc}ndigt",
];

/// The same in scripts without spaces.
const LEFT_PARTS: [&str; 5] =
    ["\u{9000}\u{8077}", "\u{9000}\u{793e}", "\u{96e2}\u{8077}", "\u{79bb}\u{804c}", "\u{8f9e}\u{804c}"];

/// Returns whether the text of a field is a placeholder for a missing value.
pub fn is_placeholder(text: &str) -> bool {
    MISSING.contains(&text) || NO_VALUES.contains(&text)
}

/// Explains why a text that is not the name of a person is damaged.
pub fn problem_of_text(text: &str) -> Option<String> {
    if is_mojibake(text) || text.contains('\u{fffd}') {
        return Some(
            "These characters were decoded with the wrong encoding. Export the file again as UTF-8, or set another \
             --encoding."
                .to_owned(),
        );
    }
    if is_quoted(text) {
        let quotes = if text.starts_with('\'') { "single quotes" } else { "quotes" };
        return Some(format!(
            "The text is in {quotes}, which are a part of it: cells are quoted with double quotes (\"). Remove them, or \
             export the file with double quotes."
        ));
    }
    has_text_mark(text).then(|| {
        "The text begins with an apostrophe, with which spreadsheets mark text. Remove it, or write \u{2019} if it \
         belongs there."
            .to_owned()
    })
}

/// Quotes at the start and at the end of a text that CSV does not have.
const QUOTES: [(char, char); 7] = [
    ('\'', '\''),
    ('`', '`'),
    ('\u{201c}', '\u{201d}'),
    ('\u{201e}', '\u{201c}'),
    ('\u{201e}', '\u{201d}'),
    ('\u{ab}', '\u{bb}'),
    ('\u{bb}', '\u{ab}'),
];

/// Returns whether a whole text is in quotes that CSV does not have, as in `'Sample Co'` or
/// `“Sample Co”`.
pub fn is_quoted(text: &str) -> bool {
    let inside = |(first, last): (char, char)| text.strip_prefix(first).and_then(|rest| rest.strip_suffix(last));
    QUOTES.into_iter().filter_map(inside).any(|inside| !inside.is_empty())
}

/// Returns whether an apostrophe is the mark of a spreadsheet, as in `'Ada Example`, and not a part
/// of the text, as in `'t Hooft`.
fn has_text_mark(text: &str) -> bool {
    text.strip_prefix('\'').is_some_and(|rest| rest.starts_with(char::is_uppercase) && !rest.contains('\''))
}

/// Returns the code and the explanation of a problem in the text of a name. `person` is the id of
/// the person.
pub fn problem_of_name(name: &str, person: &str) -> Option<TextProblem> {
    garbled(name)
        .or_else(|| escaped(name))
        .or_else(|| login(name))
        .or_else(|| placeholder(name))
        .or_else(|| separator(name))
        .or_else(|| remark(name, person))
}

fn garbled(name: &str) -> Option<TextProblem> {
    if is_garbled(name) {
        let message = "The name has characters that are in no name: a mark, or letters that were decoded with the \
                       wrong encoding. Remove the mark, or export the file again as UTF-8 or set another --encoding.";
        return Some((RowCode::NameGarbled, message.to_owned()));
    }
    let invisible = name.chars().find(|character| is_invisible(*character))?;
    let code = u32::from(invisible);
    Some((RowCode::NameGarbled, format!("The name has an invisible character (U+{code:04X}). Remove it.")))
}

/// Returns whether a character is drawn as nothing. The joiners of Indic and Persian names are not.
pub fn is_invisible(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}'
        | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

/// Recognises escapes, formulas and markup by the signs that they need and names do not have.
fn escaped(name: &str) -> Option<TextProblem> {
    let sign = name.chars().find(|character| "<>{}\\|=%&#$^~_+".contains(*character));
    let cause = match sign {
        None if has_text_mark(name) || is_quoted(name) => problem_of_text(name)?,
        None => return None,
        Some(sign) => format!(
            "The name has the sign '{sign}', as of a formula, of HTML or of another escape. Export it as plain text, or \
             correct it."
        ),
    };
    Some((RowCode::NameGarbled, cause))
}

fn login(name: &str) -> Option<TextProblem> {
    let is_address = name.split_whitespace().any(|word| word.trim_matches('@').contains('@'))
        || name.starts_with('@')
        || name.contains("://");
    let is_word = !name.contains(char::is_whitespace);
    let has_dot = name.split('.').filter(|part| part.chars().count() > 1).count() > 1 && !name.contains(". ");
    let has_digit = name.contains(|character: char| character.is_ascii_digit());
    let has_capital = name.contains(|character: char| character.is_ascii_uppercase());
    let is_login = is_word && name.is_ascii() && (has_digit || (has_dot && !has_capital));
    (is_address || is_login).then(|| {
        let message = "This is an email address, a web address or a login. Write the name of the person.";
        (RowCode::NameLogin, message.to_owned())
    })
}

fn placeholder(name: &str) -> Option<TextProblem> {
    let words: Vec<&str> = name.split_whitespace().collect();
    let is_blank = |word: &&&str| !word.contains(char::is_alphanumeric) && !word.contains('*');
    let missing = words.iter().find(|word| MISSING.contains(word));
    let mut ends = [words.first(), words.last()].into_iter().flatten();
    let found = missing.or_else(|| ends.find(is_blank))?;
    let found = printable(found);
    Some((RowCode::NamePlaceholder, format!("'{found}' is not a part of a name. Write the whole name, or remove it.")))
}

fn separator(name: &str) -> Option<TextProblem> {
    name.contains([';', '\u{ff1b}', '\u{ff0c}', '\u{3001}', '\u{60c}']).then(|| {
        let message = "The name has a separator, which may stand between the family name and the given name. Write the \
                       name without it.";
        (RowCode::NameOrder, message.to_owned())
    })
}

/// Returns whether a part of the name says that the person left.
fn says_left(name: &str) -> bool {
    let is_capitalised = name.contains(char::is_uppercase) && name.contains(char::is_lowercase);
    let mut words = name.split(|character: char| !character.is_alphanumeric());
    let is_remark = |word: &str| {
        let small = word.to_lowercase();
        LEFT.contains(&small.as_str()) && (word == small || word == word.to_uppercase())
    };
    let is_date = |word: &str| word.contains(|character: char| character.is_ascii_digit()) && word.contains(['.', '/']);
    let is_letter = |inside: &str| inside.trim_end_matches('.').chars().count() == 1;
    // A nickname has a capital like the rest of the name.
    let is_small = |inside: &str| is_capitalised && !inside.is_empty() && inside.chars().all(char::is_lowercase);
    let is_inside = |rest: &str| {
        rest.split_once([')', ']'])
            .is_some_and(|(inside, _)| is_letter(inside) || is_small(inside.trim_end_matches('.')))
    };
    let is_test = is_capitalised && name.starts_with("TEST ");
    is_test
        || (is_capitalised && words.any(is_remark))
        || name.split_whitespace().any(is_date)
        || LEFT_PARTS.iter().any(|part| name.contains(part))
        || name.split(['(', '[']).skip(1).any(is_inside)
        || is_sorted(name)
}

/// Returns whether a name begins with a letter and a dash, which move it within a list.
fn is_sorted(name: &str) -> bool {
    let mut words = name.split_whitespace();
    words.next().is_some_and(|first| first.chars().count() == 1) && words.next() == Some("-")
}

/// Returns whether a word has a digit between letters, as in `Ex4mple`, or is a month and a year,
/// as in `Mar20`, also behind another word.
fn has_digits(word: &str) -> bool {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let letters = word.trim_end_matches(|character: char| character.is_ascii_digit());
    let is_month = matches!(word.len() - letters.len(), 2 | 4) && MONTHS.iter().any(|month| letters.ends_with(month));
    let after = letters.trim_start_matches(|character: char| !character.is_alphabetic());
    let mut parts = after.split(|character: char| character.is_ascii_digit());
    let is_between = parts.next().is_some_and(|first| first.ends_with(char::is_alphabetic))
        && parts.any(|part| part.starts_with(char::is_alphabetic));
    is_month || is_between
}

/// Finds a number, the person's id, a mark or a remark.
fn remark(name: &str, person: &str) -> Option<TextProblem> {
    let words: Vec<String> = name
        .split(|character: char| character.is_whitespace() || "()[]".contains(character))
        .map(str::to_lowercase)
        .filter(|word| !word.is_empty())
        .collect();
    let person = person.to_lowercase();
    let is_number = |word: &String| word.chars().all(|character| character.is_ascii_digit());
    let is_id = |word: &String| *word == person && word.contains(|character: char| character.is_ascii_digit());
    let is_filler = |word: &String| word.len() > 1 && word.chars().all(|character| matches!(character, 'x' | 'z'));
    let is_odd = |word: &String| is_number(word) || is_id(word) || is_filler(word) || has_digits(word);
    let rest = words.get(1..).unwrap_or_default();
    let has_remark = rest.iter().any(|word| REMARKS.contains(&word.as_str()));
    let (all, others) = (words.join(" "), rest.join(" "));
    let has_phrase = PHRASES.iter().any(|phrase| others.contains(phrase)) || all.starts_with("do not use ");
    let is_marked = name.contains(['*', '\u{2217}']);
    (words.iter().any(is_odd) || has_remark || has_phrase || is_marked || says_left(name)).then(|| {
        let message = "The name has a number, a mark or a remark. Write the name only; if the person left, give the job \
                       an end.";
        (RowCode::NameRemark, message.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_is_no_name_is_refused() {
        for (name, code) in [
            ("Zo+AOs- M+APw-ller", "name.garbled"),
            ("ZoÃ« MÃ¼ller", "name.garbled"),
            ("Andr&eacute; Example", "name.garbled"),
            ("Andr&#233; Example", "name.garbled"),
            ("Zo=C3=AB M=C3=BCller", "name.garbled"),
            ("Zo%C3%AB Example", "name.garbled"),
            ("Zo\\u00eb Example", "name.garbled"),
            ("<b>Ada</b> Example", "name.garbled"),
            ("=Ada Example", "name.garbled"),
            ("'Ada Example", "name.garbled"),
            ("'Ada Example'", "name.garbled"),
            ("Ada\u{200b}Example", "name.garbled"),
            ("\u{200e}Ada Example", "name.garbled"),
            ("Pawe³ Nowak", "name.garbled"),
            ("ada@example.org", "name.login"),
            ("aexample01", "name.login"),
            ("ada.example", "name.login"),
            ("None None", "name.placeholder"),
            ("null null", "name.placeholder"),
            ("Ada NULL", "name.placeholder"),
            ("nan Example", "name.placeholder"),
            ("Ada -", "name.placeholder"),
            ("Example; Ada", "name.order"),
            ("例，太郎", "name.order"),
            ("Ada Example (21001)", "name.remark"),
            ("21001 - Ada Example", "name.remark"),
            ("Ada Example E-7", "name.remark"),
            ("Ada Example 1", "name.remark"),
            ("Ada Example ex-employee", "name.remark"),
            ("Ada Example DUPLICATE", "name.remark"),
            ("Ada Example (DO NOT USE)", "name.remark"),
            ("ZZ Ada Example", "name.remark"),
            ("Ada Example *", "name.remark"),
            ("Ada Example left 31.3.2020", "name.remark"),
            ("Ada Example: left", "name.remark"),
            ("Ada Example \u{2013} left", "name.remark"),
            ("Ada Example/left", "name.remark"),
            ("LEFT Ada Example", "name.remark"),
            ("Ada Example TERM", "name.remark"),
            ("(T) Ada Example", "name.remark"),
            ("Ada Example [T]", "name.remark"),
            ("Ada Example Leaver Mar20", "name.remark"),
            ("Ada Example LeftMar20", "name.remark"),
            ("Ada Example Mar2020", "name.remark"),
            ("Z - Ada Example", "name.remark"),
            ("Ada Example (dup)", "name.remark"),
            ("TEST Ada Example", "name.remark"),
            ("Ada Ex4mple", "name.remark"),
            ("Ada Example (dec.)", "name.remark"),
            ("Ada Example until 03/2020", "name.remark"),
            ("Ada Example ausgeschieden", "name.remark"),
            ("Ada Example \u{9000}\u{8077}", "name.remark"),
        ] {
            assert_eq!(problem_of_name(name, "E-7").map(|(code, _)| code.as_str()), Some(code), "{name}");
        }
    }

    #[test]
    fn names_of_people_are_accepted() {
        for name in [
            "Ada",
            "Zoë Müller",
            "O'Brien Ada",
            "'t Hooft",
            "’Abd Allah",
            "Ada Null",
            "Li Na",
            "Nan Example",
            "Ada Leaver",
            "Given7 Family",
            "John Example 3rd",
            "Tan Ah Kow @ Chen",
            "Ada “Addie” Example",
            "Ada (Addie) Example",
            "Ada Example - Sample",
            "J. R. Example",
            "山田 太郎",
            "क्\u{200d}ष Example",
            "Ada M.",
            "J.R.R. Example",
            "Ada Example, PhD",
            "!Xam Example",
            "Bob Left",
            "BOB LEFT",
            "bob old",
        ] {
            assert_eq!(problem_of_name(name, "7"), None, "{name}");
        }
    }

    #[test]
    fn placeholders_and_damaged_texts_of_fields_are_recognised() {
        for text in ["N/A", "NULL", "-", "TBA", "nan", "#N/A", "—"] {
            assert!(is_placeholder(text), "{text}");
        }
        for text in ["NA", "Null & Partner", "Total", "A", "TBA Ltd"] {
            assert!(!is_placeholder(text), "{text}");
        }
        assert!(problem_of_text("CafÃ© Ltd").is_some() && problem_of_text("'Sample Co").is_some());
        assert!(problem_of_text("'Sample Co'").is_some_and(|message| message.contains("single quotes")));
        for text in ["“Sample Co”", "«Sample Co»", "„Sample Co“", "`Sample Co`"] {
            assert!(problem_of_text(text).is_some_and(|message| message.contains("is in quotes")), "{text}");
        }
        for text in ["Café “Äpfel” – Co", "AT&T", "Yahoo!", "'t Hof", "5% Club", "'A' Team", "C++ Developer"] {
            assert_eq!(problem_of_text(text), None, "{text}");
        }
    }
}
