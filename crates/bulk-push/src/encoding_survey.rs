//! Tells in which encodings a file that is not UTF-8 may be, from its cells that are not ASCII.
//!
//! An encoding is never chosen: several read most files without an error, and garble the names. So
//! the message shows what each of them makes of a cell.

use std::collections::BTreeSet;

use credential::names::is_garbled;

use crate::code_pages::Encoding;

/// The encodings that are tried, the most likely first.
const CANDIDATES: [&str; 16] = [
    "windows-1252",
    "windows-1250",
    "windows-1254",
    "windows-1257",
    "windows-1258",
    "iso-8859-2",
    "macintosh",
    "cp850",
    "windows-1251",
    "koi8-r",
    "windows-1253",
    "shift_jis",
    "euc-jp",
    "gbk",
    "big5",
    "euc-kr",
];

/// Maximum number of cells that are kept, and the length of each in bytes.
const CELLS: usize = 4096;
const LONGEST_CELL: usize = 120;

/// Maximum number of readings that are shown.
const SHOWN: usize = 6;

/// Line numbers: the first ones, and how many there are.
#[derive(Debug, Default)]
struct Places {
    first: Vec<u32>,
    count: usize,
}

impl Places {
    fn add(&mut self, line: u32) {
        if self.first.len() < 3 {
            self.first.push(line);
        }
        self.count += 1;
    }

    fn listed(&self) -> String {
        let first: Vec<String> = self.first.iter().map(u32::to_string).collect();
        let noun = if self.count == 1 { "line" } else { "lines" };
        match self.count - self.first.len() {
            0 => format!("{noun} {}", first.join(", ")),
            more => format!("{noun} {} and {more} more", first.join(", ")),
        }
    }
}

/// What the lines of a file say about its encoding.
#[derive(Debug, Default)]
pub struct Survey {
    /// Lines that are UTF-8, but not ASCII.
    utf8: Places,
    /// Lines that are not UTF-8.
    other: Places,
    first: Option<Vec<u8>>,
    cells: BTreeSet<Vec<u8>>,
}

/// How some encodings read the cells.
struct Reading {
    labels: Vec<&'static str>,
    cells: Vec<String>,
    implausibility: usize,
}

impl Survey {
    /// Surveys all lines of a file.
    pub fn of(bytes: &[u8]) -> Self {
        let mut survey = Self::default();
        (1..).zip(bytes.split(|byte| *byte == b'\n')).for_each(|(number, line)| survey.line(number, line));
        survey
    }

    /// Adds a line.
    pub fn line(&mut self, number: u32, line: &[u8]) {
        if line.is_ascii() {
            return;
        }
        if std::str::from_utf8(line).is_ok() {
            return self.utf8.add(number);
        }
        self.other.add(number);
        // A space may be within a name, and letters of multi-byte encodings may have any other
        // byte.
        for cell in line.split(|byte| b",;\t\"\r\n".contains(byte)) {
            if !cell.is_ascii() && cell.len() <= LONGEST_CELL && self.cells.len() < CELLS {
                if self.first.is_none() {
                    self.first = Some(cell.to_vec());
                }
                self.cells.insert(cell.to_vec());
            }
        }
    }

    /// Describes a file of which some lines are UTF-8 and others are not.
    pub fn mixture(&self) -> Option<String> {
        (self.utf8.count > 0 && self.other.count > 0).then(|| {
            format!(
                "the file mixes encodings: UTF-8 on {}, another one on {}. No --encoding reads both. Correct these \
                 lines, or export the file again",
                self.utf8.listed(),
                self.other.listed()
            )
        })
    }

    /// Says which encodings fit, and what the wrong byte would be in each.
    pub fn advice(&self, byte: u8) -> String {
        // A few lines of a file in a multi-byte encoding may be UTF-8 by accident.
        if let Some(mixture) = self.mixture().filter(|_| self.other.count <= 4 * self.utf8.count) {
            return mixture.replacen("the file", "The file", 1);
        }
        let readings = self.readings();
        if let [only] = readings.as_slice()
            && only.labels.contains(&"windows-1252")
        {
            let letter = letter("windows-1252", byte).unwrap_or('?');
            let shown = only.cells.first().map(String::as_str).unwrap_or_default();
            return format!(
                "The file seems to be Windows-1252 (the byte {byte:#04X} would be '{letter}', as in \"{shown}\"). Add \
                 --encoding windows-1252"
            );
        }
        let lines: Vec<String> = readings.iter().take(SHOWN).map(|reading| reading.shown(byte, &readings)).collect();
        format!(
            "The byte {byte:#04X} may be of several encodings. Add --encoding with the one that reads the names \
             right:\n{}\nOthers, such as windows-1251, Shift-JIS (shift_jis), gbk or big5, can be read too",
            lines.join("\n")
        )
    }

    /// Returns the most plausible readings. Encodings with the same reading share one.
    fn readings(&self) -> Vec<Reading> {
        let cells: Vec<&[u8]> = self.first.iter().chain(&self.cells).map(Vec::as_slice).collect();
        let mut readings: Vec<Reading> = Vec::new();
        for label in CANDIDATES {
            let Some(encoding) = Encoding::of(label) else { continue };
            let Some(decoded) = cells.iter().map(|cell| encoding.decode(cell)).collect::<Option<Vec<String>>>() else {
                continue;
            };
            match readings.iter_mut().find(|reading| reading.cells == decoded) {
                Some(same) => same.labels.push(label),
                None => {
                    let implausibility = decoded.iter().map(|cell| implausibility(cell)).sum();
                    readings.push(Reading { labels: vec![label], cells: decoded, implausibility });
                }
            }
        }
        let least = readings.iter().map(|reading| reading.implausibility).min().unwrap_or_default();
        readings.retain(|reading| reading.implausibility == least);
        readings
    }
}

impl Reading {
    /// Shows the first cell, and the first one that other readings have differently.
    fn shown(&self, byte: u8, readings: &[Self]) -> String {
        let differs = |at: &usize| readings.iter().any(|other| other.cells[*at] != self.cells[*at]);
        let at = (0..self.cells.len()).find(differs).unwrap_or_default();
        let mut cells: Vec<String> =
            [0, at].iter().filter_map(|at| Some(format!("\"{}\"", self.cells.get(*at)?))).collect();
        cells.dedup();
        let (label, others) = self.labels.split_first().map_or(("", &[][..]), |(label, others)| (*label, others));
        let same = if others.is_empty() { String::new() } else { format!(" (like {})", others.join(", ")) };
        let letter = letter(label, byte).map(|letter| format!(", {byte:#04X} is '{letter}'")).unwrap_or_default();
        format!("  --encoding {label}{same}: {}{letter}", cells.join(", "))
    }
}

/// Returns the printable character of a single byte.
fn letter(label: &str, byte: u8) -> Option<char> {
    let text = Encoding::of(label)?.decode(&[byte])?;
    text.chars().next().filter(|character| !character.is_control())
}

/// Returns how implausible the text of a cell is; 0 if nothing in it is unusual.
fn implausibility(cell: &str) -> usize {
    let words = cell.split(|character: char| !is_letter(character));
    usize::from(is_garbled(cell)) * 3 + words.map(implausibility_of_word).sum::<usize>()
}

fn is_letter(character: char) -> bool {
    character.is_alphabetic() || ('\u{300}'..='\u{36f}').contains(&character)
}

fn implausibility_of_word(word: &str) -> usize {
    let is_latin = |character: char| character <= '\u{24f}' || ('\u{1e00}'..='\u{1eff}').contains(&character);
    let has_ascii = word.chars().any(|character| character.is_ascii_alphabetic());
    let mixes_scripts = has_ascii && word.chars().any(|character| character.is_alphabetic() && !is_latin(character));
    let has_lower = word.chars().any(char::is_lowercase);
    let pairs = || word.chars().zip(word.chars().skip(1));
    // As in `AndrÚ`, and in `OíExample`.
    let is_capital_inside = has_lower && pairs().any(|(_, after)| !after.is_ascii() && after.is_uppercase());
    let is_capital_after =
        pairs().any(|(before, after)| !before.is_ascii() && before.is_lowercase() && after.is_ascii_uppercase());
    let accents = word.split(|character: char| character.is_ascii() || !is_latin(character));
    let longest = accents.map(|run| run.chars().count()).max().unwrap_or_default();
    usize::from(mixes_scripts) * 3
        + usize::from(is_capital_inside)
        + usize::from(is_capital_after)
        + usize::from(longest > 2) * 2
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the advice for a file with these lines.
    fn advice(lines: &[&[u8]]) -> String {
        let survey = Survey::of(&lines.join(&b'\n'));
        survey.advice(lines.concat().iter().copied().find(|byte| !byte.is_ascii()).expect("a byte"))
    }

    #[test]
    fn unambiguous_encodings_are_named() {
        let curly = advice(&[b"1001,Ada O\x92Example"]);
        assert!(curly.contains("seems to be Windows-1252") && curly.contains("'\u{2019}'"), "{curly}");
        let undefined = advice(&[b"a\x81"]);
        assert!(undefined.contains("0x81"), "{undefined}");
        assert!(!undefined.chars().any(|character| character.is_control() && character != '\n'), "{undefined}");
        let japanese = advice(&[b"1001,\x8e\x52\x93\x63\x91\xbe\x98\x59,\x8a\x94\x8e\xae"]);
        assert!(japanese.contains("--encoding shift_jis") && japanese.contains("\u{5c71}\u{7530}"), "{japanese}");
        assert!(!advice(&[b"Ren\xe9e Pr\xe9ville"]).contains("--encoding shift_jis"));
    }

    #[test]
    fn ambiguous_encodings_are_not_guessed() {
        for (row, reading) in [
            (&b"Andr\x8e Example"[..], "--encoding macintosh: \"Andr\u{e9} Example\""),
            (
                &b"\xc8\xe2\xe0\xed\xee\xe2"[..],
                "--encoding windows-1251: \"\u{418}\u{432}\u{430}\u{43d}\u{43e}\u{432}\"",
            ),
            (&b"\xa6W\xa4l"[..], "--encoding big5: \"\u{540d}\u{5b50}\""),
            (&b"Pawe\xb3 Nowak"[..], "--encoding windows-1250 (like iso-8859-2): \"Pawe\u{142} Nowak\""),
            (&b"Ji\xf8\xed Dvo\xf8\xe1k"[..], "(like iso-8859-2): \"Ji\u{159}\u{ed} Dvo\u{159}\u{e1}k\""),
            (&b"Ay\xfee Demir"[..], "--encoding windows-1254: \"Ay\u{15f}e Demir\""),
            (&b"Ren\x82 Sample"[..], "--encoding cp850: \"Ren\u{e9} Sample\""),
            (&b"J\x9frgen Sample"[..], "--encoding macintosh: \"J\u{fc}rgen Sample\""),
        ] {
            let said = advice(&[row]);
            assert!(said.contains("several encodings") && said.contains("windows-1251"), "{said}");
            assert!(said.contains(reading), "{reading}: {said}");
        }
    }

    #[test]
    fn mixed_encodings_are_reported_by_line() {
        let utf8 = "1,Zo\u{eb}".as_bytes();
        let said = advice(&[b"Name", utf8, b"2,Andr\xe9", b"3,Zo\xeb", utf8, b"4,Zo\xeb", b"5,Zo\xeb"]);
        assert!(said.contains("UTF-8 on lines 2, 5") && said.contains("lines 3, 4, 6 and 1 more"), "{said}");
        assert!(Survey::of(b"1,Zo\xeb\n2,Ada").mixture().is_none());
    }
}
