//! Names the encoding of a file that is not UTF-8, and decodes it if the caller says which it is.

use std::path::Path;

use encoding_rs::{Encoding, SHIFT_JIS, WINDOWS_1252};

use crate::error::Error;

/// Maximum size of a file that is decoded in memory.
const LARGEST_FILE: u64 = 256 * 1024 * 1024;

/// Reads a file in the named encoding, such as `windows-1252`, and returns it as UTF-8.
pub fn read(path: &Path, label: &str) -> Result<Vec<u8>, Error> {
    let name = path.display();
    let encoding = Encoding::for_label_no_replacement(label.as_bytes()).ok_or_else(|| {
        Error::Usage(format!("unknown encoding '{label}'. Use one such as windows-1252, utf-16le or shift_jis"))
    })?;
    let refuse = |error: std::io::Error| Error::Failed(format!("{name} cannot be read: {error}"));
    let size = std::fs::metadata(path).map_err(refuse)?.len();
    if size > LARGEST_FILE {
        return Err(Error::Failed(format!(
            "{name} is larger than {} MiB; save it as UTF-8 and push it without --encoding",
            LARGEST_FILE / 1024 / 1024
        )));
    }
    let bytes = std::fs::read(path).map_err(refuse)?;
    let is_utf8 = !bytes.is_ascii() && !bytes.contains(&0) && std::str::from_utf8(&bytes).is_ok();
    // A file of an ISO-2022 encoding has ASCII bytes only.
    if is_utf8 && encoding != encoding_rs::UTF_8 {
        return Err(Error::Usage(format!(
            "{name} is valid UTF-8, which {} would garble; push it without --encoding",
            encoding.name()
        )));
    }
    let (text, has_errors) = encoding.decode_with_bom_removal(&bytes);
    if has_errors {
        return Err(Error::Failed(format!("{name} is not {}; set another --encoding", encoding.name())));
    }
    Ok(text.into_owned().into_bytes())
}

/// Returns the label of UTF-16 if the file starts with a byte order mark, or if every other byte of
/// its start is zero, as in UTF-16 without one.
pub fn utf16(start: &[u8]) -> Option<&'static str> {
    if start.starts_with(&[0xff, 0xfe]) {
        return Some("utf-16le");
    }
    if start.starts_with(&[0xfe, 0xff]) {
        return Some("utf-16be");
    }
    let start = &start[..start.len().min(4096) / 2 * 2];
    let zeros = |offset| start.iter().skip(offset).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd, least) = (zeros(0), zeros(1), (start.len() / 8).max(1));
    if odd >= least && even * 8 < odd {
        return Some("utf-16le");
    }
    (even >= least && odd * 8 < even).then_some("utf-16be")
}

/// Returns the name of an encoding of Unicode that is not supported: UTF-32, or UTF-7 with its mark.
pub fn other_unicode(start: &[u8]) -> Option<&'static str> {
    let is_utf32 = start.starts_with(&[0xff, 0xfe, 0, 0])
        || start.starts_with(&[0, 0, 0xfe, 0xff])
        || (start.len() >= 8
            && (start[..8].chunks(4).all(|unit| unit[1..] == [0, 0, 0] && unit[0] != 0)
                || start[..8].chunks(4).all(|unit| unit[..3] == [0, 0, 0] && unit[3] != 0)));
    if is_utf32 {
        return Some("UTF-32");
    }
    start.starts_with(b"+/v").then_some("UTF-7")
}

/// Describes the encoding of a row that is not UTF-8, and what its wrong byte would be in it.
pub fn describe(row: &[u8], byte: u8) -> String {
    if is_shift_jis(row) {
        return "The file seems to be Shift-JIS. Add --encoding shift_jis".to_owned();
    }
    let (character, _) = WINDOWS_1252.decode_without_bom_handling(std::slice::from_ref(&byte));
    let (text, _) = WINDOWS_1252.decode_without_bom_handling(row);
    // Windows-1252 leaves a few bytes undefined, which must not reach the terminal. Few names have
    // its symbols, so they belong to another encoding.
    let is_improbable = |character: char| {
        (character.is_control() && !character.is_whitespace())
            || "\u{a4}\u{a6}\u{a7}\u{ac}\u{b6}\u{b1}\u{a5}\u{d7}\u{f7}\u{2020}\u{2021}\u{2030}".contains(character)
    };
    let run = text.split(|character: char| character.is_ascii()).map(|run| run.chars().count()).max();
    let follows = |(before, after): (char, char)| before.is_lowercase() && !after.is_ascii() && after.is_uppercase();
    let is_mixed = text.chars().zip(text.chars().skip(1)).any(follows);
    if text.chars().any(is_improbable) || is_mixed || run.unwrap_or_default() > 2 {
        return format!(
            "The byte {byte:#04X} may be of several encodings. Add --encoding with the right one, such as windows-1250, \
             windows-1251, windows-1252, macintosh, shift_jis, gbk or big5, and compare the names that are shown"
        );
    }
    let shown = character.chars().next().unwrap_or_default();
    format!("The file seems to be Windows-1252 (the byte {byte:#04X} would be '{shown}'). Add --encoding windows-1252")
}

/// Returns whether a row decodes as Shift-JIS and has the lead bytes of Japanese. In Windows-1252
/// most of those are punctuation.
fn is_shift_jis(row: &[u8]) -> bool {
    let leads = row.iter().filter(|byte| (0x81..=0x9f).contains(*byte)).count();
    let Some(text) = SHIFT_JIS.decode_without_bom_handling_and_without_replacement(row) else { return false };
    let is_japanese = |character: &char| matches!(character, '\u{3040}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}');
    leads >= 2 && text.chars().filter(is_japanese).count() >= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_named() {
        let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        assert_eq!(utf16(&wide("Employee No,Full name\n")), Some("utf-16le"));
        let swapped: Vec<u8> = wide("Employee No").chunks(2).flat_map(|pair| [pair[1], pair[0]]).collect();
        assert_eq!(utf16(&swapped), Some("utf-16be"));
        assert_eq!((utf16(b"\xff\xfea\0"), utf16(b"Employee No"), utf16(b"")), (Some("utf-16le"), None, None));
        let japanese = b"1001,\x8e\x52\x93\x63\x91\xbe\x98\x59,\x8a\x94\x8e\xae";
        assert!(describe(japanese, 0x8e).contains("Shift-JIS"));
        let curly = describe(b"1001,Ada O\x92Example", 0x92);
        assert!(curly.contains("Windows-1252") && curly.contains("'\u{2019}'"), "{curly}");
        let undefined = describe(b"a\x81", 0x81);
        assert!(undefined.contains("0x81") && !undefined.chars().any(char::is_control), "{undefined}");
        assert!(!describe(b"Ren\xe9e Pr\xe9ville", 0xe9).contains("Shift-JIS"));
    }

    #[test]
    fn ambiguous_encodings_are_not_guessed() {
        for row in [&b"Andr\x8e Example"[..], &b"\xc8\xe2\xe0\xed\xee\xe2"[..], &b"\xa6W\xa4l"[..]] {
            let said = describe(row, 0x8e);
            assert!(said.contains("several encodings") && said.contains("windows-1251"), "{said}");
        }
        assert_eq!(other_unicode(b"\xff\xfe\0\0a\0\0\0"), Some("UTF-32"));
        assert_eq!(other_unicode(b"E\0\0\0m\0\0\0"), Some("UTF-32"));
        assert_eq!((other_unicode(b"+/v8-Name"), other_unicode(b"Name,Job")), (Some("UTF-7"), None));
    }

    #[test]
    fn files_are_decoded_as_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("people.csv");
        std::fs::write(&path, b"name\nZo\xeb\n").expect("written");
        assert_eq!(read(&path, "Windows-1252").expect("decoded"), "name\nZo\u{eb}\n".as_bytes());
        assert!(matches!(read(&path, "utf-8"), Err(Error::Failed(said)) if said.contains("is not UTF-8")));
        std::fs::write(&path, "name\nZo\u{eb}\n").expect("written");
        assert!(matches!(read(&path, "windows-1252"), Err(Error::Usage(said)) if said.contains("valid UTF-8")));
        assert!(matches!(read(&path, "utf-99"), Err(Error::Usage(said)) if said.contains("windows-1252")));
    }
}
