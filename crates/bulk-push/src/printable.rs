//! Makes text from elsewhere safe to show on a terminal.

/// Returns whether a terminal may interpret a character: a control character, or one that changes
/// the direction of the text around it.
pub fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Replaces the characters of one line that a terminal may interpret.
pub fn printable(line: &str) -> String {
    line.replace(is_unsafe, "\u{fffd}")
}

/// Makes each line safe to show, such as a message with the name of a file.
pub fn printable_lines(text: &str) -> String {
    text.split('\n').map(printable).collect::<Vec<_>>().join("\n")
}

/// Replaces the control characters U+0080 to U+009F, which terminals interpret, with a character of
/// the same length, so that positions in the text do not change.
pub fn without_c1(text: &str) -> String {
    let is_c1 = |character: char| ('\u{80}'..='\u{9f}').contains(&character);
    text.chars().map(|character| if is_c1(character) { '\u{bf}' } else { character }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_replaced() {
        assert_eq!(
            printable("a\u{1b}[2J\u{9b}\u{202e}\r\nZo\u{eb}"),
            "a\u{fffd}[2J\u{fffd}\u{fffd}\u{fffd}\u{fffd}Zo\u{eb}"
        );
        assert_eq!(printable_lines("a\u{1b}b\n\rc"), "a\u{fffd}b\n\u{fffd}c");
        let text = "O\u{92}Example \u{1f469}";
        assert_eq!((without_c1(text).as_str(), without_c1(text).len()), ("O\u{bf}Example \u{1f469}", text.len()));
    }
}
