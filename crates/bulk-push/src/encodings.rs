//! Decodes a file that is not UTF-8, if the caller says which encoding it has.

use std::path::Path;

use crate::code_pages::Encoding;
use crate::encoding_survey::Survey;
use crate::error::Error;

/// Maximum size of a file that is decoded in memory.
const LARGEST_FILE: u64 = 256 * 1024 * 1024;

/// Reads a file in the named encoding, such as `windows-1252`, and returns it as UTF-8.
pub fn read(path: &Path, label: &str) -> Result<Vec<u8>, Error> {
    let name = path.display();
    let encoding = Encoding::of(label).ok_or_else(|| {
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
    // A byte order mark is more certain than the label.
    let is_utf16 = encoding.name().starts_with("UTF-16");
    let is_marked = bytes.starts_with(&[0xfe, 0xff]) || bytes.starts_with(&[0xff, 0xfe]);
    let marked = utf16(&bytes).filter(|_| is_utf16 && is_marked).and_then(Encoding::of);
    let encoding = marked.unwrap_or(encoding);
    let is_utf8 = !bytes.is_ascii() && !bytes.contains(&0) && std::str::from_utf8(&bytes).is_ok();
    // A file of an ISO-2022 encoding has ASCII bytes only.
    if is_utf8 && encoding != Encoding::Standard(encoding_rs::UTF_8) {
        return Err(Error::Usage(format!(
            "{name} is valid UTF-8, which {} would garble; push it without --encoding",
            encoding.name()
        )));
    }
    // A single-byte encoding reads any bytes, so it would garble the lines in UTF-8. In others a
    // line may be valid UTF-8 by accident.
    let mixture = if encoding.is_single_byte() { Survey::of(&bytes).mixture() } else { None };
    if let Some(mixture) = mixture {
        return Err(Error::Failed(format!("{name}: {mixture}")));
    }
    let text = encoding.decode(&bytes);
    let text = text.ok_or_else(|| Error::Failed(format!("{name} is not {}; set another --encoding", encoding.name())));
    text.map(String::into_bytes)
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

/// Returns the name of an encoding of Unicode that is not supported: UTF-32, or UTF-7 with its
/// mark.
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
    }

    #[test]
    fn other_encodings_of_unicode_are_named() {
        assert_eq!(other_unicode(b"\xff\xfe\0\0a\0\0\0"), Some("UTF-32"));
        assert_eq!(other_unicode(b"E\0\0\0m\0\0\0"), Some("UTF-32"));
        assert_eq!((other_unicode(b"+/v8-Name"), other_unicode(b"Name,Job")), (Some("UTF-7"), None));
    }

    #[test]
    fn files_are_decoded_in_the_given_encoding() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("people.csv");
        std::fs::write(&path, b"name\nZo\xeb\n").expect("written");
        assert_eq!(read(&path, "Windows-1252").expect("decoded"), "name\nZo\u{eb}\n".as_bytes());
        assert!(matches!(read(&path, "utf-8"), Err(Error::Failed(said)) if said.contains("is not UTF-8")));
        let wide: Vec<u8> = "\u{feff}name\n".encode_utf16().flat_map(u16::to_be_bytes).collect();
        std::fs::write(&path, wide).expect("written");
        for label in ["utf-16", "utf-16le", "utf-16be"] {
            let text = String::from_utf8(read(&path, label).expect("decoded")).expect("UTF-8");
            assert_eq!(text.trim_start_matches('\u{feff}'), "name\n", "{label}");
        }
        std::fs::write(&path, b"name\nRen\x82 \xff\n").expect("written");
        assert_eq!(read(&path, "CP850").expect("decoded"), "name\nRen\u{e9} \u{a0}\n".as_bytes());
        std::fs::write(&path, b"name\nZo\xc3\xab\nAndr\xe9\n").expect("written");
        let mixed = read(&path, "windows-1252").expect_err("mixed").to_string();
        assert!(mixed.contains("UTF-8 on line 2, another one on line 3"), "{mixed}");
        std::fs::write(&path, "name\nZo\u{eb}\n").expect("written");
        assert!(matches!(read(&path, "windows-1252"), Err(Error::Usage(said)) if said.contains("valid UTF-8")));
        assert!(matches!(read(&path, "utf-99"), Err(Error::Usage(said)) if said.contains("windows-1252")));
    }
}
