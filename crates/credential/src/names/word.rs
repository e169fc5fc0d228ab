//! The words of a name.

use unicode_normalization::UnicodeNormalization as _;
use unicode_script::{Script, ScriptExtension, UnicodeScript as _};

use super::comparison::Obstacle;
use super::lookalike;
use super::signs::is_mark;

#[derive(Clone)]
pub(super) struct Word {
    /// The word in the form of the key.
    pub text: String,
    /// The skeleton of the word: see `lookalike`.
    pub look: String,
    /// The script of its letters. Words that mix Han and kana count as Han.
    pub script: Script,
}

impl Word {
    /// Parses a word in the original case, as returned by `characters::clean`.
    pub fn new(cased: &str) -> Result<Self, Obstacle> {
        let script = script(cased).ok_or(Obstacle::MixedScript)?;
        Ok(Self { text: fold_case(cased), look: fold_case(&lookalike::skeleton(cased)), script })
    }

    /// Returns whether two words are equal or look the same.
    pub fn looks_like(&self, other: &Self) -> bool {
        self.text == other.text || self.look == other.look
    }
}

/// The words of a name and of its alias, for the key and the rules.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Words {
    pub name: Vec<String>,
    pub alias: Vec<String>,
}

impl Words {
    pub fn all(&self) -> impl Iterator<Item = &String> + Clone {
        self.name.iter().chain(&self.alias)
    }

    /// Replaces each word with the words that `change` returns.
    pub fn map(&self, change: impl Fn(&String) -> Vec<String>) -> Self {
        Self {
            name: self.name.iter().flat_map(&change).collect(),
            alias: self.alias.iter().flat_map(&change).collect(),
        }
    }
}

pub(super) fn texts(words: &[Word]) -> Vec<String> {
    words.iter().map(|word| word.text.clone()).collect()
}

/// Lower-cases independently of a language, so that the case never makes a different name.
///
/// The upper case of Turkish `ı` is `I` and that of `i` is `İ`; `ß` becomes `SS`, and `ς` becomes
/// `Σ`.
pub(super) fn fold_case(cased: &str) -> String {
    let mut folded = String::with_capacity(cased.len());
    for character in cased.replace('İ', "i").to_lowercase().chars() {
        match character {
            'ı' => folded.push('i'),
            'ς' => folded.push('σ'),
            'ß' => folded.push_str("ss"),
            // Other programs lower-case `İ` to `i` and this mark.
            '\u{307}' if folded.ends_with('i') => {}
            _ => folded.push(character),
        }
    }
    folded.nfc().collect()
}

/// Returns the script that all letters of a word share.
fn script(word: &str) -> Option<Script> {
    let own = |character: char| {
        // An accent has any script; a vowel sign has its own.
        let inherited = is_mark(character) && matches!(character.script(), Script::Inherited | Script::Common);
        (!inherited).then(|| character.script_extension())
    };
    let scripts = || word.chars().filter_map(own);
    let shared = scripts().fold(ScriptExtension::default(), ScriptExtension::intersection);
    if shared.is_common() || shared.is_inherited() {
        return Some(Script::Common);
    }
    // Japanese mixes Han and kana in one word.
    let is_japanese = |of: ScriptExtension| JAPANESE.iter().any(|script| of.contains_script(*script));
    shared.iter().next().or_else(|| scripts().all(is_japanese).then_some(Script::Han))
}

const JAPANESE: [Script; 3] = [Script::Han, Script::Hiragana, Script::Katakana];

/// Counts the letters, without their marks.
pub(super) fn letters(word: &str) -> usize {
    word.chars().filter(|character| !is_mark(*character)).count()
}

/// Returns whether a word is a single letter. A Han, kana or Hangul character is at least a
/// syllable, so it is not an initial.
pub(super) fn is_initial(word: &str) -> bool {
    letters(word) == 1 && !word.chars().any(is_syllable)
}

/// Returns whether a word may contain a family name and a given name: Chinese and Korean names are
/// written without a space.
pub(super) fn is_whole_name(word: &str) -> bool {
    let is_closed_up = |character: char| matches!(character.script(), Script::Han | Script::Hangul);
    word.chars().filter(|character| is_closed_up(*character)).count() >= 2
}

fn is_syllable(character: char) -> bool {
    matches!(character.script(), Script::Han | Script::Hangul | Script::Hiragana | Script::Katakana)
}
