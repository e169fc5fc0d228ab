//! Titles of tables and names of sheets that name people who left.

use crate::employment_words::{has_left_in, words};
use crate::word_lists::is_in;

/// Words for people who are employed.
const CURRENT: &str = "active current employed starter starters joiner joiners hires";

/// Words between both kinds of people, besides the marks for them.
const JOINING: &str = "and und et y en dan or with mit avec including includes incl inklusive inkl";

/// The same as marks.
const MARKS: [char; 4] = ['&', '/', '+', ','];

/// Words in front of people whom a table leaves out.
const WITHOUT: &str = "exclude excludes excluded excluding excl without except ohne hors sans sin zonder tanpa";

/// Words that turn the others around, as in `No longer active`.
const NOT: &str = "no not never nicht only";

/// What a title says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Title {
    /// Nothing about people who left, or that there are none.
    Other,
    /// That there are people who left and people who are employed.
    OfBoth,
    /// That the people left.
    OfLeavers,
}

impl Title {
    /// Reads a title.
    pub fn of(text: &str) -> Self {
        if !has_left_in("", text) {
            return Self::Other;
        }
        let words = words(text);
        let has = |words: &[String], list: &str| words.iter().any(|word| is_in(list, word));
        if let Some(at) = words.iter().position(|word| is_in(WITHOUT, word)) {
            let (before, after) = words.split_at(at);
            let is_left_out = !has_left_in("", &before.join(" ")) && !has(after, CURRENT);
            return if is_left_out { Self::Other } else { Self::OfLeavers };
        }
        let is_joined = has(&words, JOINING) || text.contains(MARKS);
        let is_of_both = has(&words, CURRENT) || has(&words, "all including includes incl inklusive inkl");
        if is_joined && is_of_both && !has(&words, NOT) { Self::OfBoth } else { Self::OfLeavers }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_say_who_is_in_a_table() {
        for (text, title) in [
            ("Staff list", Title::Other),
            ("Excludes terminated employees", Title::Other),
            ("Active employees (excl. leavers)", Title::Other),
            ("Leavers and Starters", Title::OfBoth),
            ("Starters and leavers", Title::OfBoth),
            ("Active and Terminated Workers", Title::OfBoth),
            ("Active/Terminated", Title::OfBoth),
            ("All staff incl. leavers", Title::OfBoth),
            ("Leavers", Title::OfLeavers),
            ("Terminated and retired employees", Title::OfLeavers),
            ("Terminated employees, excluding active", Title::OfLeavers),
            ("Excluding active: terminated 2020", Title::OfLeavers),
            ("Not active and terminated", Title::OfLeavers),
            ("Current leavers", Title::OfLeavers),
        ] {
            assert_eq!(Title::of(text), title, "{text}");
        }
    }
}
