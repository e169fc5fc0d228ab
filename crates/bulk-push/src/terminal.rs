//! What the terminal supports: colours and a progress bar, unless `NO_COLOR` or `TERM=dumb` is set.
//! Both need escape sequences.

use std::io::IsTerminal;

/// Returns whether `output` is a terminal that shows colours (<https://no-color.org>).
pub fn has_colours(output: &impl IsTerminal) -> bool {
    output.is_terminal() && allows_colours(variable)
}

/// Returns whether `output` is a terminal that can move its cursor, as a progress bar needs. With
/// `NO_COLOR` there are no escape sequences at all.
pub fn moves_cursor(output: &impl IsTerminal) -> bool {
    has_colours(output)
}

fn allows_colours(variable: fn(&str) -> Option<String>) -> bool {
    variable("NO_COLOR").is_none_or(|value| value.is_empty()) && !is_dumb(variable)
}

fn is_dumb(variable: fn(&str) -> Option<String>) -> bool {
    variable("TERM").is_some_and(|value| value == "dumb")
}

#[expect(clippy::disallowed_methods, reason = "properties of the terminal, not settings")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_color_and_dumb_terminals_turn_colours_off() {
        assert!(allows_colours(|_| None));
        assert!(allows_colours(|name| (name == "TERM").then(|| "xterm".to_owned())));
        assert!(allows_colours(|name| (name == "NO_COLOR").then(String::new)), "an empty value is ignored");
        assert!(!allows_colours(|name| (name == "NO_COLOR").then(|| "1".to_owned())));
        assert!(!allows_colours(|name| (name == "TERM").then(|| "dumb".to_owned())));
    }
}
