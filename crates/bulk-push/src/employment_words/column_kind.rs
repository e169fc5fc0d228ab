//! The kinds of unused columns, and the words of their names and cells.

/// What the values of an unused column are checked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// Its dates have nothing to do with the end of a job.
    Harmless,
    /// A status: every value must mean that the person is employed.
    Status,
    /// A flag such as `Active`.
    Positive,
    /// A flag such as `Terminated`, or a detail of an end.
    Negative,
    /// Hours, parts of a full-time job or a headcount: zero means none.
    Hours,
    /// A length of service, which grows as long as the person is employed.
    Service,
    /// Free text, which no rule can read.
    Remark,
    /// Nothing is known about it: it must have no date.
    Other,
}

/// Splits a name or a value into its words, also `HasLeft` into two.
pub fn words(text: &str) -> Vec<String> {
    let (mut words, mut word, mut was_small) = (Vec::new(), String::new(), false);
    for character in text.chars() {
        if !character.is_alphanumeric() || (was_small && character.is_uppercase()) {
            words.push(std::mem::take(&mut word));
        }
        if character.is_alphanumeric() {
            word.extend(character.to_lowercase());
        }
        was_small = character.is_lowercase();
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}
