//! Letters of the Latin script that look alike.
//!
//! Letters of other scripts need no table: a name that mixes them with Latin is rejected, and a
//! name without Latin is not compared with one in Latin. Digits (`1`, `0`) are rejected too.

/// The character in a skeleton for letters that are one vertical stroke.
const STROKE: char = '|';

/// Letters and the letter that they look like.
const LETTERS: &[(char, char)] = &[
    ('I', STROKE), // capital i, in most sans serif fonts
    ('l', STROKE), // small L
    ('ǀ', STROKE), // dental click
    ('ɩ', 'i'),    // Latin iota
    ('ɑ', 'a'),    // Latin alpha: the `a` of handwriting and of some fonts
    ('ɡ', 'g'),    // script g: the `g` of most fonts
    ('ʋ', 'v'),    // v with hook
    ('ɴ', 'N'),    // small capital, reads as the capital
    ('ɪ', STROKE), // small capital, reads as capital i
    ('ᴄ', 'c'),    // small capital of the same shape as the small letter
    ('ᴏ', 'o'),    // the same
    ('ᴠ', 'v'),    // the same
    ('ᴡ', 'w'),    // the same
    ('ᴢ', 'z'),    // the same
    ('ꜱ', 's'),    // the same
];

/// Pairs of letters and the letter that they look like when they touch.
const PAIRS: &[(&str, &str)] = &[
    ("rn", "m"), // Barnes, Bames
    ("vv", "w"), // evvan, ewan
    ("Vv", "W"), // Vvang, Wang
    ("VV", "W"), // VVANG, WANG
    ("c|", "d"), // Claire, daire; `|` is the stroke of `l`
];

/// Returns the skeleton of a word: what it looks like. The case matters, because `I` looks like `l`
/// and `i` does not.
pub(super) fn skeleton(cased: &str) -> String {
    let letter =
        |character| LETTERS.iter().find(|(letter, _)| *letter == character).map_or(character, |(_, like)| *like);
    let mut skeleton: String = cased.chars().map(letter).collect();
    for (pair, like) in PAIRS {
        skeleton = skeleton.replace(pair, like);
    }
    skeleton
}
