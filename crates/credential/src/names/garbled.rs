//! Detects text that was decoded with the wrong encoding.

use super::signs::{is_apostrophe, is_dash};

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
pub(super) fn is_mojibake(text: &str) -> bool {
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
}
