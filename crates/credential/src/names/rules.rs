//! The rules that compare two names, in order.

use unicode_script::Script;

use super::comparison::{Comparison, Obstacle, Similarity};
use super::marks::without_lost_marks;
use super::parse::Name;
use super::particles::{child, differ_in_particles, differ_in_titles, whole_words};
use super::spelling::differ_in_spelling;
use super::word::{Word, Words, is_initial, is_whole_name, texts};

/// Minimum length of a name that may have been truncated by a field, in characters.
const SHORTEST_TRUNCATED: usize = 20;

/// Compares two names that have no obstacle of their own.
pub(super) fn compare(a: &Name, b: &Name) -> Comparison {
    let (scripts_of_a, scripts_of_b) = (scripts(a), scripts(b));
    if scripts_of_a == scripts_of_b {
        return compare_in_script(a, b);
    }
    let (a, b) = (written_in(a, &scripts_of_b), written_in(b, &scripts_of_a));
    if !is_enough(&texts(&a.words)) || !is_enough(&texts(&b.words)) {
        return Comparison::NotComparable(Obstacle::Script);
    }
    match compare_in_script(&a, &b) {
        Comparison::Same | Comparison::Similar(_) => Comparison::Similar(Similarity::OtherScript),
        other => other,
    }
}

/// Returns whether the words of two names in the scripts that both have suggest different names.
pub(super) fn contradict_in_shared_scripts(a: &Name, b: &Name) -> bool {
    let shared = compare_in_script(&written_in(a, &scripts(b)), &written_in(b, &scripts(a)));
    !matches!(shared, Comparison::Same | Comparison::Similar(_))
}

/// Returns the scripts of a name, sorted and without duplicates.
fn scripts(name: &Name) -> Vec<Script> {
    let mut scripts: Vec<Script> = name.words.iter().chain(&name.alias).map(|word| word.script).collect();
    scripts.sort_unstable_by_key(|script| script.short_name());
    scripts.dedup();
    scripts
}

/// Returns the words of a name in one of the scripts. If only the alias has any, it replaces the
/// name.
fn written_in(name: &Name, scripts: &[Script]) -> Name {
    let within =
        |words: &[Word]| -> Vec<Word> { words.iter().filter(|word| scripts.contains(&word.script)).cloned().collect() };
    let (words, alias) = (within(&name.words), within(&name.alias));
    let (words, alias) = if words.is_empty() { (alias, words) } else { (words, alias) };
    Name { words, generation: name.generation, alias }
}

/// Returns whether two names look the same, word by word.
fn look_alike(a: &[Word], b: &[Word]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.looks_like(b))
}

fn compare_in_script(a: &Name, b: &Name) -> Comparison {
    if clash(a, b) {
        Comparison::Different
    } else if a.generation == b.generation && a.texts() == b.texts() {
        compare_with_itself(a)
    } else if let Some(similarity) = similarity(a, b) {
        Comparison::Similar(similarity)
    } else if a.alias.is_empty() && b.alias.is_empty() && look_alike(&a.words, &b.words) {
        Comparison::NotComparable(Obstacle::Lookalike)
    } else {
        Comparison::Different
    }
}

/// Returns whether two names contradict each other: Jr and III, bin and binti.
fn clash(a: &Name, b: &Name) -> bool {
    fn differ<T: PartialEq>(a: Option<T>, b: Option<T>) -> bool {
        a.zip(b).is_some_and(|(a, b)| a != b)
    }
    differ(a.generation, b.generation) || differ(child(&texts(&a.words)), child(&texts(&b.words)))
}

/// Returns the result of comparing a name with an equal one.
pub(super) fn compare_with_itself(name: &Name) -> Comparison {
    match weakness(&texts(&name.words)) {
        None => Comparison::Same,
        Some(weakness) => Comparison::Similar(weakness),
    }
}

/// Returns why equal words are not enough for equal names.
fn weakness(words: &[String]) -> Option<Similarity> {
    if is_enough(words) {
        None
    } else if words.iter().any(|word| is_initial(word)) {
        Some(Similarity::Initials)
    } else {
        Some(Similarity::SingleName)
    }
}

/// Returns whether words are a complete name: two words, or one that contains both names.
fn is_enough(words: &[String]) -> bool {
    whole_words(words) >= 2 || words.iter().any(|word| is_whole_name(word))
}

/// Returns why two unequal names are similar.
fn similarity(a: &Name, b: &Name) -> Option<Similarity> {
    let (a, b) = (a.texts(), b.texts());
    // First the words without the marks that one name has lost, then with the spaces of both names.
    let (marked_a, marked_b) = (without_lost_marks(&a, &b), without_lost_marks(&b, &a));
    let (spaced_a, spaced_b) = (with_spaces_of(&marked_a, &marked_b), with_spaces_of(&marked_b, &marked_a));
    if !a.alias.is_empty() || !b.alias.is_empty() {
        let holds = alias_holds(&spaced_a, &spaced_b) || alias_holds(&spaced_b, &spaced_a);
        return holds.then_some(Similarity::Alias);
    }
    if a == b {
        return Some(weakness(&a.name).unwrap_or(Similarity::Suffix));
    }
    if marked_a == marked_b {
        return Some(Similarity::Marks);
    }
    // Truncation does not change spaces, so the words before `with_spaces_of` are compared.
    let is_truncated = || is_truncated(&marked_a.name, &marked_b.name);
    let (a, b) = (&spaced_a.name, &spaced_b.name);
    rearranged(a, b)
        .or_else(|| is_truncated().then_some(Similarity::Truncated))
        .or_else(|| differ_in_spelling(a, b).then_some(Similarity::Spelling))
        .or_else(|| missing_parts(a, b))
}

/// Returns why names with the same words, apart from particles and titles, are similar.
fn rearranged(a: &[String], b: &[String]) -> Option<Similarity> {
    if a == b {
        Some(Similarity::Spacing)
    } else if left_over(a, b).is_empty() && left_over(b, a).is_empty() {
        Some(Similarity::Order)
    } else if differ_in_particles(a, b) {
        Some(Similarity::Particle)
    } else if differ_in_titles(a, b) {
        Some(Similarity::Title)
    } else {
        None
    }
}

/// Splits each word that the other name writes as several adjacent words.
fn with_spaces_of(words: &Words, other: &Words) -> Words {
    words.map(|word| {
        if other.all().any(|other| other == word) {
            return vec![word.clone()];
        }
        let run = run_that_spells(word, &other.name).or_else(|| run_that_spells(word, &other.alias));
        run.map_or_else(|| vec![word.clone()], <[String]>::to_vec)
    })
}

/// Returns the adjacent words that, joined, spell `word`.
fn run_that_spells<'a>(word: &str, words: &'a [String]) -> Option<&'a [String]> {
    (0..words.len()).find_map(|start| {
        let mut left = word;
        let mut end = start;
        while !left.is_empty() {
            left = left.strip_prefix(words.get(end)?.as_str())?;
            end += 1;
        }
        words.get(start..end)
    })
}

/// Returns whether a name and its alias together contain all words of the other name.
fn alias_holds(name: &Words, other: &Words) -> bool {
    let all: Vec<String> = name.all().cloned().collect();
    !name.alias.is_empty() && left_over(&other.name, &all).is_empty()
}

/// Returns the words that the other name lacks. Repeated words count separately.
fn left_over(words: &[String], other: &[String]) -> Vec<String> {
    let mut other: Vec<&String> = other.iter().collect();
    let is_missing = |word: &&String| match other.iter().position(|other| other == word) {
        Some(at) => {
            other.swap_remove(at);
            false
        }
        None => true,
    };
    words.iter().filter(is_missing).cloned().collect()
}

/// Returns whether one name is a prefix of the other that ends inside a word.
fn is_truncated(a: &[String], b: &[String]) -> bool {
    let (a, b) = (a.join(" "), b.join(" "));
    let is_cut = |cut: &str, whole: &str| {
        let rest = whole.strip_prefix(cut).unwrap_or_default();
        !rest.is_empty() && !rest.starts_with(' ') && cut.chars().count() >= SHORTEST_TRUNCATED
    };
    is_cut(&a, &b) || is_cut(&b, &a)
}

/// Compares names of which one lacks words, or has initials instead.
fn missing_parts(a: &[String], b: &[String]) -> Option<Similarity> {
    let (mut left_a, mut left_b) = (left_over(a, b), left_over(b, a));
    let shared = left_over(a, &left_a);
    if !shared.iter().any(|word| !is_initial(word)) {
        return None;
    }
    let matched = match_initials(&mut left_a, &mut left_b) | match_initials(&mut left_b, &mut left_a);
    let smaller = match (left_a.is_empty(), left_b.is_empty()) {
        (true, _) => a,
        (_, true) => b,
        _ => return None,
    };
    if matched { Some(Similarity::Initials) } else { weakness(smaller).or(Some(Similarity::PartMissing)) }
}

/// Removes each initial, and a word that it may abbreviate, from both lists. Returns whether there
/// was one.
fn match_initials(initials: &mut Vec<String>, words: &mut Vec<String>) -> bool {
    let before = initials.len();
    initials.retain(|initial| {
        let stands_for = |word: &String| !is_initial(word) && first_letter(word) == first_letter(initial);
        match words.iter().position(stands_for) {
            Some(at) if is_initial(initial) => {
                words.swap_remove(at);
                false
            }
            _ => true,
        }
    });
    initials.len() < before
}

fn first_letter(word: &str) -> Option<char> {
    super::marks::plain(word).chars().next()
}
