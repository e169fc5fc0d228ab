//! Notations with characters that other names lack: quoted nicknames, and ordinals of generations.

use super::lists::ORDINALS;

/// Quotation marks. Single ones are apostrophes.
const QUOTES: &str = "\"“”„‟«»";

/// Writes the ordinal of a generation at the end of a name as the Roman numeral: `Smith 3rd`,
/// `Smith, 2nd`. A digit elsewhere is not part of a name.
pub(super) fn with_roman_ordinals(text: &str) -> String {
    let words: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
    let written = |(at, word): (usize, &&str)| {
        let follows_name = |next: &&str| word.ends_with([',', ')']) || next.starts_with(['(', '@']);
        let ends_name = words.get(at + 1).is_none_or(follows_name);
        let ordinal = word.trim_end_matches([',', '.', ')']);
        let known = ORDINALS.iter().find(|(known, _)| ordinal.eq_ignore_ascii_case(known));
        match known.filter(|_| ends_name && at > 0) {
            Some((_, roman)) => format!("{roman}{}", &word[ordinal.len()..]),
            None => (*word).to_owned(),
        }
    };
    words.iter().enumerate().map(written).collect::<Vec<_>>().join(" ")
}

/// Writes quoted nicknames in brackets, which mark an alias: `Wei Ming "Jason" Tan`. Returns `None`
/// if quotation marks are within a word, open, or around the whole text.
pub(super) fn with_bracketed_nicknames(text: &str) -> Option<String> {
    if !text.contains(is_quote) {
        return Some(text.to_owned());
    }
    let mut written = String::with_capacity(text.len());
    let (mut is_open, mut is_in_brackets, mut has_more) = (false, false, false);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            // Brackets already mark the alias.
            _ if is_quote(character) && is_in_brackets => {}
            _ if is_quote(character) && is_open => {
                let ends_word = characters.peek().is_none_or(|next| " ,.".contains(*next));
                if !ends_word {
                    return None;
                }
                is_open = false;
                written.push(')');
            }
            _ if is_quote(character) => {
                if written.ends_with(|before: char| before != ' ' && before != ',') {
                    return None;
                }
                is_open = true;
                written.push('(');
            }
            '(' | ')' if is_open => return None,
            _ => {
                is_in_brackets = character == '(' || is_in_brackets && character != ')';
                has_more |= !is_open && !is_in_brackets && character.is_alphabetic();
                written.push(character);
            }
        }
    }
    (!is_open && has_more).then_some(written)
}

fn is_quote(character: char) -> bool {
    QUOTES.contains(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinals_at_the_end_of_a_name_are_roman() {
        for (text, expected) in [
            ("Jon Smith 3rd", "Jon Smith III"),
            ("Smith 2ND, Jon", "Smith II, Jon"),
            ("Smith, Jon, 4th.", "Smith, Jon, IV."),
            ("Jon Smith 3rd (Jack)", "Jon Smith III (Jack)"),
            ("Smith (Jon Smith 3rd) Cruz", "Smith (Jon Smith III) Cruz"),
            ("3rd", "3rd"),
            ("Jon 3rd Floor", "Jon 3rd Floor"),
            ("Jon Smith 5th", "Jon Smith 5th"),
            ("Jon Smith 3", "Jon Smith 3"),
        ] {
            assert_eq!(with_roman_ordinals(text), expected);
        }
    }

    #[test]
    fn quoted_words_are_in_brackets() {
        for (text, expected) in [
            ("Wei Ming \"Jason\" Tan", Some("Wei Ming (Jason) Tan")),
            ("“Jason” Tan, Wei", Some("(Jason) Tan, Wei")),
            ("Tan „Jason”, Wei", Some("Tan (Jason), Wei")),
            ("Tan (\"Jason\") Wei", Some("Tan (Jason) Wei")),
            ("Tan (Jason)", Some("Tan (Jason)")),
            ("\"Wei Ming Tan\"", None),
            ("Wei \"Jason Tan", None),
            ("Wei\"Jason\" Tan", None),
            ("Wei \"Jason\"Tan", None),
            ("Wei \"Jason (Jay)\" Tan", None),
        ] {
            assert_eq!(with_bracketed_nicknames(text).as_deref(), expected, "{text}");
        }
    }
}
