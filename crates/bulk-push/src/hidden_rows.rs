//! Counts the rows of a workbook that a spreadsheet does not show.

use std::io::Write;

/// Maximum length of a tag that is kept; bounds memory.
const LONGEST_TAG: usize = 1024;

/// Counts hidden rows with values in the XML of sheets that is written to it.
#[derive(Debug, Default)]
pub struct HiddenRows {
    /// The number so far.
    pub count: u64,
    /// The start of the tag in which the XML stands, without its `<`.
    tag: Option<Vec<u8>>,
    is_hidden: bool,
}

impl HiddenRows {
    /// Begins another file.
    pub fn begin(&mut self) {
        (self.tag, self.is_hidden) = (None, false);
    }

    fn end_tag(&mut self, tag: &[u8]) {
        let text = String::from_utf8_lossy(tag);
        let name = text.split([' ', '\t', '\n', '\r', '/']).next().unwrap_or_default();
        let local = name.rsplit(':').next().unwrap_or_default();
        let values = ["hidden=\"1\"", "hidden='1'", "hidden=\"true\"", "hidden='true'"];
        match local {
            "row" => self.is_hidden = values.iter().any(|value| text.contains(value)),
            // The value of a cell.
            "v" | "t" if self.is_hidden => {
                self.count += 1;
                self.is_hidden = false;
            }
            _ => {}
        }
    }
}

impl Write for HiddenRows {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        for byte in bytes {
            match (*byte, &mut self.tag) {
                (b'<', _) => self.tag = Some(Vec::new()),
                (b'>', tag) => {
                    if let Some(tag) = tag.take() {
                        self.end_tag(&tag);
                    }
                }
                (byte, Some(tag)) if tag.len() < LONGEST_TAG => tag.push(byte),
                _ => {}
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_may_be_written_in_parts() {
        let sheet = "<row r=\"1\" hidden=\"1\"><c><v>1</v></c><c><v>2</v></c></row><x:row hidden='true'><x:v/></x:row>";
        for size in 1..sheet.len() {
            let mut hidden = HiddenRows::default();
            for part in sheet.as_bytes().chunks(size) {
                hidden.write_all(part).expect("counted");
            }
            assert_eq!(hidden.count, 2, "in parts of {size}");
        }
    }
}
