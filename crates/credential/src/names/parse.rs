//! Parses a name into words, generation and alias.

use unicode_script::Script;

use super::characters;
use super::comparison::Obstacle;
use super::lists::{
    ALIAS_STARTS, ALIAS_WORDS, CONNECTORS, DEGREES, Generation, MISSING_PARTS, PLACEHOLDERS, SALUTATIONS, SLASHED,
    generation,
};
use super::word::{Word, Words, fold_case, is_initial, letters, texts};

/// A name that can be compared.
#[derive(Clone)]
pub(super) struct Name {
    pub words: Vec<Word>,
    pub generation: Option<Generation>,
    /// The words of all aliases.
    pub alias: Vec<Word>,
}

impl Name {
    pub fn parse(raw: &str) -> Result<Self, Obstacle> {
        let text = characters::clean(raw)?;
        let (name, aliases) = split_alias(&text)?;
        let (words, generation) = read(&name)?;
        let mut alias = Vec::new();
        for text in aliases {
            alias.extend(read(&text)?.0);
        }
        if is_placeholder(&words) {
            return Err(Obstacle::Placeholder);
        }
        if words.iter().chain(&alias).any(|word| word.text.contains('/') && !SLASHED.contains(&word.text.as_str())) {
            return Err(Obstacle::NotAName);
        }
        if mixes_alphabets(&words) || mixes_alphabets(&alias) {
            return Err(Obstacle::MixedScript);
        }
        if words.iter().all(|word| is_initial(&word.text)) {
            return Err(Obstacle::InitialsOnly);
        }
        Ok(Self { words, generation, alias })
    }

    /// Returns the words in the form of the key.
    pub fn texts(&self) -> Words {
        Words { name: texts(&self.words), alias: texts(&self.alias) }
    }
}

/// Splits off aliases: text in brackets, after `@`, or after a word such as née.
fn split_alias(text: &str) -> Result<(String, Vec<String>), Obstacle> {
    let mut name = String::new();
    let mut aliases: Vec<String> = Vec::new();
    let (mut in_alias, mut before_bracket) = (false, None);
    for character in text.chars() {
        match character {
            '(' => {
                before_bracket.get_or_insert(in_alias);
                in_alias = true;
                aliases.push(String::new());
            }
            ')' => {
                in_alias = before_bracket.take().ok_or(Obstacle::NotAName)?;
                name.push(' ');
            }
            '@' => {
                in_alias = true;
                aliases.push(String::new());
            }
            _ => match aliases.last_mut() {
                Some(alias) if in_alias => alias.push(character),
                _ => name.push(character),
            },
        }
    }
    let aliases = aliases.iter().map(|alias| without_alias_word(alias));
    let (name, last) = split_at_alias_start(&name);
    Ok((name, aliases.chain(last).collect()))
}

/// Splits at née or aka without brackets.
fn split_at_alias_start(name: &str) -> (String, Option<String>) {
    let words: Vec<&str> = name.split_whitespace().collect();
    let starts = |word: &&str| ALIAS_STARTS.contains(&fold_case(&word.replace(['.', ','], "")).as_str());
    match words.iter().skip(1).position(starts) {
        Some(at) => (words[..=at].join(" "), Some(words[at + 2..].join(" "))),
        None => (name.to_owned(), None),
    }
}

fn without_alias_word(alias: &str) -> String {
    let alias = alias.trim();
    let (first, rest) = alias.split_once(' ').unwrap_or((alias, ""));
    let is_known = ALIAS_WORDS.contains(&fold_case(&first.replace('.', "")).as_str());
    if is_known && !rest.is_empty() { rest.to_owned() } else { alias.to_owned() }
}

/// Parses a name without alias.
fn read(text: &str) -> Result<(Vec<Word>, Option<Generation>), Obstacle> {
    let (text, mut suffix) = resolve_commas(text);
    let text = with_closed_slashes(&text);
    let mut words = Vec::new();
    for cased in text.split([' ', '.', ',']).filter(|part| !part.is_empty()) {
        let mut word = Word::new(cased)?;
        if MISSING_PARTS.contains(&word.text.as_str()) {
            continue;
        }
        if suffix.is_none() && !words.is_empty() {
            suffix = generation(&word.text);
            if suffix.is_some() {
                continue;
            }
        }
        if let Some((_, connector)) = CONNECTORS.iter().find(|(other, _)| *other == word.text) {
            word.text = (*connector).to_owned();
        }
        words.push(word);
    }
    let salutations = words.iter().take_while(|word| SALUTATIONS.contains(&word.text.as_str())).count();
    words.drain(..salutations);
    Ok((words, suffix))
}

/// Resolves commas: `Hale, Jon` becomes `Jon Hale`, degrees are removed, and a generation is
/// returned separately.
fn resolve_commas(text: &str) -> (String, Option<Generation>) {
    let mut parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    let family = parts.next().unwrap_or_default();
    let mut suffix = None;
    let mut given: Vec<&str> = Vec::new();
    for part in parts.filter(|part| !is_degrees(part)) {
        match generation(&fold_case(&part.replace('.', ""))) {
            Some(found) if suffix.is_none() => suffix = Some(found),
            _ => given.push(part),
        }
    }
    given.push(family);
    (given.join(" "), suffix)
}

/// Returns whether a part after a comma has only degrees.
fn is_degrees(part: &str) -> bool {
    !degrees(part).is_empty()
}

/// Returns the degrees in a part after a comma; none if it has anything else. Single letters with
/// dots are initials: `M.B.A.`
pub(super) fn degrees(part: &str) -> Vec<String> {
    let degree = |text: &str| {
        let has_long_piece = text.split(['.', ' ']).any(|piece| letters(piece) > 1);
        let folded = fold_case(&text.replace(['.', ' '], ""));
        (has_long_piece && DEGREES.contains(&folded.as_str())).then_some(folded)
    };
    let several = || part.split(' ').map(degree).collect::<Option<Vec<String>>>();
    degree(part).map(|one| vec![one]).or_else(several).unwrap_or_default()
}

/// Removes spaces around slashes, and dots before them: `w / o`, `S./O.`
fn with_closed_slashes(text: &str) -> String {
    let last = text.matches('/').count();
    let closed = text.split('/').enumerate().map(|(at, piece)| {
        let piece = if at == 0 { piece } else { piece.trim_start() };
        if at == last { piece } else { piece.trim_end_matches([' ', '.']) }
    });
    closed.collect::<Vec<_>>().join("/")
}

fn is_placeholder(words: &[Word]) -> bool {
    match words {
        [] => true,
        [word] => PLACEHOLDERS.contains(&word.text.as_str()),
        _ => false,
    }
}

/// Returns whether Latin occurs beside an alphabet with similar letters.
fn mixes_alphabets(words: &[Word]) -> bool {
    let has = |script| words.iter().any(|word| word.script == script);
    has(Script::Latin) && (has(Script::Cyrillic) || has(Script::Greek))
}
