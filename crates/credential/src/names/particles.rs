//! Particles and titles in names.

use super::lists::{AFTER_VAN, ARABIC_ARTICLE, ATTACHED_TITLES, DAUGHTERS, PARTICLES, SONS, TITLES};
use super::word::{is_initial, letters};

/// Returns the normalized particle at a position, if there is one.
fn particle(words: &[String], at: usize) -> Option<&str> {
    if at == 0 || at + 1 >= words.len() {
        return None;
    }
    if words[at] == "van" {
        return AFTER_VAN.contains(&words[at + 1].as_str()).then_some("van");
    }
    PARTICLES.iter().find(|(particle, _)| *particle == words[at]).map(|(_, form)| *form)
}

/// Counts the words that distinguish people: neither initials nor particles.
pub(super) fn whole_words(words: &[String]) -> usize {
    let is_whole = |at: &usize| !is_initial(&words[*at]) && !is_small(words, *at);
    (0..words.len()).filter(is_whole).count()
}

/// Returns whether a word does not distinguish people. Here `van` is a particle before any word.
fn is_small(words: &[String], at: usize) -> bool {
    particle(words, at).is_some() || at > 0 && at + 1 < words.len() && words[at] == "van"
}

/// The relation in a patronymic: "son of" or "daughter of".
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Child {
    Son,
    Daughter,
}

/// Returns the relation of the first connector. Later ones are about a parent.
pub(super) fn child(words: &[String]) -> Option<Child> {
    (0..words.len()).filter_map(|at| particle(words, at)).find_map(|form| {
        if SONS.contains(&form) { Some(Child::Son) } else { DAUGHTERS.contains(&form).then_some(Child::Daughter) }
    })
}

/// Returns whether two names are equal except for particles that one of them lacks or spells
/// differently.
///
/// A particle in place of another one makes a different name: some are also Chinese or Vietnamese
/// syllables.
pub(super) fn differ_in_particles(a: &[String], b: &[String]) -> bool {
    let (a, b) = (with_particles(a), with_particles(b));
    let within = |few: &[&str], many: &[&str]| few.iter().all(|particle| many.contains(particle));
    a.len() == b.len()
        && a.iter().zip(&b).all(|((word, before), (other, others))| {
            word == other && (within(before, others) || within(others, before))
        })
}

/// Returns every word that is not a particle, with the particles before it.
fn with_particles(words: &[String]) -> Vec<(&str, Vec<&str>)> {
    let mut before = Vec::new();
    let mut named = Vec::new();
    for (at, word) in words.iter().enumerate() {
        match particle(words, at) {
            Some(form) => before.push(form),
            None => {
                let rest = without_article(word);
                before.extend((rest.len() < word.len()).then_some("al"));
                named.push((rest, std::mem::take(&mut before)));
            }
        }
    }
    named
}

/// Returns an Arabic word without its article. A short rest, as in `الله`, is no word.
fn without_article(word: &str) -> &str {
    word.strip_prefix(ARABIC_ARTICLE).filter(|rest| letters(rest) >= 3).unwrap_or(word)
}

/// Returns whether two names are equal without titles, and have other words than titles.
pub(super) fn differ_in_titles(a: &[String], b: &[String]) -> bool {
    let (a, b) = (without_titles(a), without_titles(b));
    !a.is_empty() && a == b
}

fn without_titles(words: &[String]) -> Vec<&str> {
    let mut left: Vec<&str> = Vec::new();
    let mut at = 0;
    while let Some(word) = words.get(at) {
        let stands_here =
            |title: &&&[&str]| words[at..].iter().map(String::as_str).take(title.len()).eq(title.iter().copied());
        // Titles of two words precede their parts in the list.
        match TITLES.iter().find(stands_here) {
            Some(title) => at += title.len(),
            None => {
                left.push(if at == 0 { without_attached_title(word) } else { word });
                at += 1;
            }
        }
    }
    left
}

/// Returns the first word of a Thai name without a title that it begins with.
fn without_attached_title(word: &str) -> &str {
    // A consonant, or a vowel that is written before it. Other letters continue a syllable.
    let begins_word = |first: char| matches!(first, 'ก'..='ฮ' | 'เ'..='ไ');
    let is_word = |rest: &&str| letters(rest) >= 2 && rest.starts_with(begins_word);
    ATTACHED_TITLES.iter().find_map(|title| word.strip_prefix(*title).filter(is_word)).unwrap_or(word)
}
