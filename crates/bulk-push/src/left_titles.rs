//! Titles and organisations with words about a person who left beside others, as in `Resigned
//! 31/12/2020`, `Retired driver` or `Driver DO NOT USE`.

use crate::employment_words::{has_left_remark, is_former_title, words};
use crate::ends::{self, END};
use crate::infer_columns::folded;
use crate::left_words;
use crate::misplaced::is_date;
use crate::plan::{Origin, Plan};
use crate::title_ends;
use crate::word_lists::{LEFT, MENTIONS, is_in};

/// The fields whose texts may have such words.
pub const TEXTS: [&str; 3] = ["role_title", "role_classification", "organisation"];

/// Words at the start of a title that are about its holder.
const FIRST: &str = "retired resigned";

/// Words that are so before a single other word, as in `Inactive driver`. In `Inactive records
/// clerk` they are about the work.
const FIRST_OF_TWO: &str = "terminated dismissed deceased inactive redundant retrenched discharged";

/// Words of [`MENTIONS`] that are about the work at the end of a title, as in `School leaver` or
/// `Concrete former`.
const NOT_LAST: &str = "former formerly leaver leavers";

/// Words after `ex` with which it does not mean former.
const AFTER_EX: &str = "officio works vivo situ ante post libris";

/// Phrases that say that a title or an organisation is not in use.
const PHRASES: [&str; 6] = ["do not use", "don t use", "do not pay", "not in use", "no longer", "not active"];

/// Years that a title may name.
const YEARS: std::ops::Range<u32> = 1950..2100;

/// Returns the column of a row without an end whose text has such words.
pub fn column(plan: &Plan, cells: &[String]) -> Option<usize> {
    let end = plan.form.find(END).map(|end| &plan.origins[end]);
    if plan.form.list.is_none() || matches!(end, Some(Origin::Constant(_))) || ends::has(plan, cells) {
        return None;
    }
    let is_told = |text: &str| plan.mapping.employed_status.iter().any(|known| folded(known) == folded(text));
    TEXTS.into_iter().find_map(|field| {
        plan.columns_of(field).unwrap_or_default().iter().copied().find(|column| {
            let text = cells.get(*column).map(|cell| cell.trim()).unwrap_or_default();
            let month = (i32::from(plan.today.year()), i32::from(plan.today.month()));
            (says_left(field, text) || has_ended(field, text, month)) && !is_told(text)
        })
    })
}

/// Returns whether a text of a job names its end, before a month given as its year and number.
pub fn has_ended(field: &str, text: &str, month: (i32, i32)) -> bool {
    let year = i16::try_from(month.0).unwrap_or(i16::MIN);
    // A classification may be a code such as 11-2021.
    let is_free = field != "role_classification";
    left_words::ended_before(text, year) || (is_free && title_ends::ended_before(text, month))
}

/// Returns whether a text of a job has a remark that the person left, of any form.
pub fn has_remark(field: &str, text: &str) -> bool {
    has_left_remark(text) || (field != "organisation" && is_former_title(text)) || says_left(field, text)
}

/// Returns whether words in the text of a field say that the person left.
fn says_left(field: &str, text: &str) -> bool {
    let words = words(&text.to_lowercase());
    let sentence = format!(" {} ", words.join(" "));
    if PHRASES.iter().any(|phrase| sentence.contains(&format!(" {phrase} "))) || left_words::says_left(field, text) {
        return true;
    }
    let [first, .., last] = words.as_slice() else { return false };
    let mentions = is_in(LEFT, first) || words.iter().any(|word| is_in(MENTIONS, word));
    let has_day = text.split_whitespace().any(|word| is_date(word.trim_matches(|mark: char| !mark.is_alphanumeric())));
    if field == "organisation" {
        return mentions && has_day;
    }
    let is_year = |word: &String| word.len() == 4 && word.parse().is_ok_and(|year: u32| YEARS.contains(&year));
    let is_single = words.len() == 2 && !last.ends_with('s');
    (mentions && (has_day || words.iter().any(is_year)))
        || is_in(FIRST, first)
        || (is_in(FIRST_OF_TWO, first) && is_single)
        || (first == "ex" && !is_in(AFTER_EX, &words[1]))
        || (is_in(MENTIONS, last) && !is_in(NOT_LAST, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_of_people_who_left_are_found() {
        for text in [
            "Resigned 31/12/2020",
            "Left 31/12/2020",
            "Terminated 31/12/2020",
            "Left 2020",
            "Retired 31 Dec 2020",
            "Driver left 31.12.20",
            "Retired Driver",
            "Retired Sales Manager",
            "Inactive driver",
            "Ex Driver",
            "EX SALES MANAGER",
            "DO NOT USE",
            "Driver - do not use",
            "Driver resigned",
            "Driver LEFT",
        ] {
            assert!(says_left("role_title", text), "{text}");
        }
        for text in ["Sample Co DO NOT USE", "Left 31/12/2020"] {
            assert!(says_left("organisation", text), "{text}");
        }
    }

    #[test]
    fn titles_about_other_things_are_not() {
        for text in [
            "",
            "Left",
            "Driver",
            "Left Luggage Attendant",
            "Left Winger",
            "Deceased Estates Officer",
            "Inactive Records Clerk",
            "Terminated Accounts",
            "Ex Officio Member",
            "Ex Works Coordinator",
            "School Leaver",
            "Clerk Starters and Leavers",
            "Concrete Former",
            "Driver 2020",
            "Exit Planner",
        ] {
            assert!(!says_left("role_title", text), "{text}");
        }
        for text in ["Retired Greyhound Trust", "Left Bank Brewery 2015", "Former Foods", "Ex Libris"] {
            assert!(!says_left("organisation", text), "{text}");
        }
    }
}
