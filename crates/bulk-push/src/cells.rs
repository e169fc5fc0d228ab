//! Splits a row into cells.

use std::ops::Range;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use crate::quoting::At;

/// Splits rows. Reused between rows, because csv-core builds its tables on construction.
#[derive(Debug)]
pub struct Cells {
    reader: Reader,
    separator: u8,
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl Cells {
    /// Creates a splitter for cells that `separator` separates.
    pub fn new(separator: u8) -> Self {
        let reader = ReaderBuilder::new().delimiter(separator).build();
        Self { reader, separator, text: Vec::new(), ends: Vec::new() }
    }

    /// Returns the unquoted cells of one row.
    pub fn split(&mut self, row: &str) -> Vec<String> {
        self.reader.reset();
        self.text.resize(row.len() + 1, 0);
        self.ends.resize(row.bytes().filter(|byte| *byte == self.separator).count() + 2, 0);
        let (mut input, mut written, mut count) = (row.as_bytes(), 0, 0);
        loop {
            // An empty input tells csv-core that the row ends.
            let (result, read, more, ends) =
                self.reader.read_record(input, &mut self.text[written..], &mut self.ends[count..]);
            (input, written, count) = (&input[read..], written + more, count + ends);
            if result != ReadRecordResult::InputEmpty {
                break;
            }
        }
        let mut start = 0;
        let cut = self.ends[..count].iter().map(|end| {
            let cell = String::from_utf8_lossy(&self.text[start..*end]);
            start = *end;
            // Excel writes ="00123" to keep the text of a cell as it is.
            let formula = cell.trim().strip_prefix("=\"").and_then(|text| text.strip_suffix('"'));
            formula.map_or_else(|| cell.to_string(), |text| text.replace("\"\"", "\""))
        });
        cut.collect()
    }

    /// Returns the byte range of cell `wanted` in a row, quotes included.
    pub fn place(&self, row: &str, wanted: usize) -> Range<usize> {
        let (mut at, mut number, mut start) = (At::CellStart, 0, 0);
        for (index, byte) in row.bytes().enumerate() {
            let is_open = at == At::Quoted;
            at = at.step(byte, self.separator);
            if byte == self.separator && !is_open {
                if number == wanted {
                    return start..index;
                }
                (number, start) = (number + 1, index + 1);
            }
        }
        if number == wanted { start..row.len() } else { row.len()..row.len() }
    }
}

/// Returns the most frequent separator in the first row, outside quotes.
pub fn separator(start: &[u8]) -> u8 {
    let mut is_quoted = false;
    let mut counts = [(b',', 0_usize), (b';', 0), (b'\t', 0), (b'|', 0)];
    for byte in start {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b'\n' if !is_quoted => break,
            _ if is_quoted => {}
            byte => counts.iter_mut().filter(|(separator, _)| separator == byte).for_each(|(_, count)| *count += 1),
        }
    }
    // On a tie the first one wins. Without `rev`, `max_by_key` would return the last.
    counts.iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(separator, _)| *separator)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_unquoted_and_located_in_the_row() {
        let mut cells = Cells::new(b';');
        let row = "E1;\"Doe; \"\"JD\"\"\";;5\" pipe";
        assert_eq!(cells.split(row), ["E1", "Doe; \"JD\"", "", "5\" pipe"]);
        let shown = |wanted| &row[cells.place(row, wanted)];
        assert_eq!((shown(0), shown(1), shown(2), shown(3)), ("E1", "\"Doe; \"\"JD\"\"\"", "", "5\" pipe"));
        assert_eq!(cells.place(row, 9), row.len()..row.len());
        assert_eq!(cells.split("Zoë"), ["Zoë"], "it can be used again");
        assert_eq!(cells.split("=\"007\";\"=\"\"Ada\"\"\";=1;=\""), ["007", "Ada", "=1", "=\""]);
    }

    #[test]
    fn separators_are_detected_outside_quotes() {
        for (header, expected) in [
            ("a,b;c,d\n;;;;", b','),
            ("a;b;c", b';'),
            ("a\tb", b'\t'),
            ("\"a,b,c\";d", b';'),
            ("a|b", b'|'),
            ("a", b','),
        ] {
            assert_eq!(separator(header.as_bytes()), expected, "{header}");
        }
    }
}
