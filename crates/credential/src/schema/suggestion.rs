//! Suggestions for misspelled names.

/// Returns the known name closest to `name`, ignoring case and separators, if it is close enough.
pub(crate) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if name.len() > 64 {
        return None;
    }
    let folded = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let wanted = folded(name);
    known
        .map(|candidate| (strsim::osa_distance(&wanted, &folded(candidate)), candidate))
        // Short names, such as country codes, are all close to each other, so only an exact match
        // is suggested.
        .filter(|(distance, candidate)| *distance <= if candidate.len() < 5 { 0 } else { candidate.len() / 4 + 1 })
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_similar_names_are_suggested() {
        let known = || ["start_date", "end_date", "role_title", "organisation"].into_iter();
        for (name, nearest_name) in
            [("startDate", "start_date"), ("organization", "organisation"), ("role_titel", "role_title")]
        {
            assert_eq!(nearest(name, known()), Some(nearest_name));
        }
        assert_eq!(nearest("salary", known()), None);
    }
}
