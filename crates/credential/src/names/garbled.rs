//! Detects text that was decoded with the wrong encoding.

use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory as _};

use super::signs::{is_apostrophe, is_dash, is_unreadable};

/// Signs beyond the symbols that no name has, but that letters become in another encoding.
const SIGNS: &str = "¡¿§¶†‡•…‰‹›ƒˆµ";

/// Letters of Windows-1252 that stand for lower-case letters of older encodings, as in `JŸrgen`.
const CAPITALS: &str = "ŠŽŒŸ";

/// Returns whether a name was decoded with the wrong encoding: it has characters that no name has,
/// such as `³` in `Pawe³`, or has them where no name has them, such as `”` in `Gr”áe`.
///
/// It is stricter than [`super::compare_names`], for text that comes from a file.
pub fn is_garbled(name: &str) -> bool {
    let characters: Vec<char> = name.chars().collect();
    let at = |index: Option<usize>| index.and_then(|index| characters.get(index)).copied().unwrap_or(' ');
    let is_wrong = |index: usize| {
        is_sign(characters[index])
            || is_misplaced(at(index.checked_sub(1)), characters[index], at(index.checked_add(1)))
    };
    is_mojibake(name) || (0..characters.len()).any(is_wrong)
}

/// Returns whether a character is in no name.
fn is_sign(character: char) -> bool {
    let is_symbol = character.general_category_group() == GeneralCategoryGroup::Symbol;
    (is_unreadable(character) && !character.is_whitespace())
        || SIGNS.contains(character)
        || (!character.is_ascii() && is_symbol && !is_apostrophe(character) && !is_dash(character))
        || character.general_category() == GeneralCategory::OtherNumber
}

/// Returns whether a quotation mark stands within a word, or a capital before a lower-case letter.
fn is_misplaced(before: char, character: char, after: char) -> bool {
    match character {
        '‚' | '„' => before.is_alphabetic(),
        '“' | '”' | '«' | '»' => before.is_alphabetic() && after.is_alphabetic(),
        // DŽ is a letter of its own, also in other cases.
        _ if CAPITALS.contains(character) => {
            let is_inside = before.is_alphabetic() && !"DLN".contains(before);
            before.is_lowercase() || (is_inside && after.is_lowercase())
        }
        _ => false,
    }
}

/// The Windows-1252 characters for the bytes 0x80 to 0x9F. U+0000 marks its five undefined bytes:
/// they decode to control characters, which are rejected anyway.
const UPPER_CONTROLS: [char; 32] = [
    '€', '\0', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\0', 'Ž', '\0', //
    '\0', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\0', 'ž', 'Ÿ',
];

/// Returns whether a part of `text` is UTF-8 that was decoded as Windows-1252, such as `Ã©` for
/// `é`.
///
/// Must run before NFKC, because some of these characters have compatibility forms.
pub fn is_mojibake(text: &str) -> bool {
    let characters: Vec<char> = text.chars().collect();
    (0..characters.len()).any(|at| starts_mojibake(&characters[at..]))
}

fn starts_mojibake(characters: &[char]) -> bool {
    let Some((lead, rest)) = characters.split_first() else { return false };
    let Some(lead) = byte(*lead) else { return false };
    let more = match lead {
        0xC2..=0xDF => 1,
        0xE0..=0xEF => 2,
        0xF0..=0xF4 => 3,
        _ => return false,
    };
    let Some(rest) = rest.get(..more) else { return false };
    let Some(mut bytes) = rest.iter().map(|character| byte(*character)).collect::<Option<Vec<u8>>>() else {
        return false;
    };
    bytes.insert(0, lead);
    // Names can have an accented capital before one of these letters or signs: LÍŠKA, RENÉ–LUC. The
    // lead bytes that decode to `Ã`, `Ä` and `Å` begin nearly all accented letters of Europe, and
    // no language writes these three before them.
    let begins_an_accented_letter = (0xC3..=0xC5).contains(&lead);
    let has_a_sign = rest.iter().any(|character| {
        !character.is_alphabetic() && !is_apostrophe(*character) && !is_dash(*character) && *character != '\u{AD}'
    });
    (begins_an_accented_letter || has_a_sign) && std::str::from_utf8(&bytes).is_ok()
}

/// Returns the Windows-1252 byte of a non-ASCII character. The no-break space is excluded, because
/// it is a space in a name.
fn byte(character: char) -> Option<u8> {
    match character {
        '\u{A1}'..='\u{FF}' => u8::try_from(u32::from(character)).ok(),
        '\0' => None,
        _ => {
            let at = UPPER_CONTROLS.iter().position(|upper| *upper == character)?;
            u8::try_from(at).ok().map(|at| 0x80 + at)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf8_read_as_windows_1252_is_recognised() {
        let damaged =
            ["JosÃ© PeÃ±a", "GarcÃ\u{AD}a", "MÃœLLER", "WeiÃŸ", "AyÅŸe", "Sean Oâ€™Dara", "Nguyá»…n", "JosÃƒÂ©"];
        for text in damaged {
            assert!(is_mojibake(text), "{text:?}");
        }
    }

    #[test]
    fn accented_names_are_not_taken_for_a_wrong_encoding() {
        let sound =
            ["LÍŠKA", "KŘÍŽ", "ÚŽAS", "RENÉ–LUC", "JOSÉ\u{A0}LUIS", "JOÃO GUIMARÃES", "SÖDERSTRÖM", "IRMÃ", "MÄÄR"];
        for text in sound {
            assert!(!is_mojibake(text), "{text:?}");
        }
    }

    #[test]
    fn signs_of_another_encoding_are_recognised() {
        for text in [
            "Pawe³ Nowak",
            "Ren‚",
            "Gr”áe",
            "JŸrgen",
            "HélŠne",
            "AndrŽ",
            "FranŽois",
            "ZoÃ« MÃ¼ller",
            "Zo√´",
            "J„ger",
            "Lo‹c",
            "Jos\u{fffd}",
            "M\u{9f}ller",
            "Pe¤a",
            "Zo├½",
        ] {
            assert!(is_garbled(text), "{text:?}");
        }
    }

    #[test]
    fn marks_of_real_names_are_not_signs() {
        for text in [
            "Ada “Addie” Example",
            "Adam „Bob” Kowalski",
            "Siân O’Dara",
            "Gal·la Roig",
            "Mª José",
            "Šárka Žižková",
            "Jean-Œuvre",
            "Dariusz DŽemal",
            "Caoimhe Ní hÉigeartaigh",
            "Ɓa ʻOkina",
            "L'HAŸ",
            "山田・太郎",
            "Ayşe d´Arc",
            "Nguyễn Thị Hà",
        ] {
            assert!(!is_garbled(text), "{text:?}");
        }
    }
}
