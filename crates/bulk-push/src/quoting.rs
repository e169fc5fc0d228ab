//! The quoting state at a byte of a CSV row (RFC 4180, section 2), and where quotes are malformed.

/// The quoting state at a byte of a row. A quote inside an unquoted cell is an ordinary character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// Before a cell.
    CellStart,
    /// In an unquoted cell.
    Cell,
    /// In a quoted cell.
    Quoted,
    /// After a quote in a quoted cell: the cell ends unless another quote follows.
    QuoteInQuoted,
}

impl At {
    /// Returns the state after `byte`.
    pub fn step(self, byte: u8, separator: u8) -> Self {
        match (self, byte) {
            (Self::Quoted, b'"') => Self::QuoteInQuoted,
            (Self::Quoted, _) | (Self::CellStart | Self::QuoteInQuoted, b'"') => Self::Quoted,
            (_, byte) if byte == separator || byte == b'\n' || byte == b'\r' => Self::CellStart,
            _ => Self::Cell,
        }
    }
}

/// Returns the position of the first quote in a row that would garble its cells: a quote after
/// spaces at the start of a cell, and text after the closing quote.
pub fn malformed(row: &[u8], separator: u8) -> Option<(usize, &'static str)> {
    let (mut at, mut is_blank, mut is_closed) = (At::CellStart, true, false);
    for (index, byte) in row.iter().copied().enumerate() {
        let before = at;
        at = at.step(byte, separator);
        match (before, at) {
            (_, At::CellStart) => (is_blank, is_closed) = (true, false),
            (_, At::QuoteInQuoted) => is_closed = true,
            (At::QuoteInQuoted, At::Quoted) => is_closed = false,
            (_, At::Cell) if is_closed && !byte.is_ascii_whitespace() => {
                return Some((index, "text follows the closing quote; double each quote (\"\") inside a quoted cell"));
            }
            (At::Cell, At::Cell) if is_blank && byte == b'"' => {
                return Some((index, "a quote follows a space; remove the spaces between the separator and the quote"));
            }
            _ => {}
        }
        is_blank &= byte == b' ' || byte == b'\t' || at == At::CellStart;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn malformed_quotes_are_located() {
        let found = |row: &str| malformed(row.as_bytes(), b',').map(|(at, _)| at);
        for row in ["a,\"b, \"\"c\"\"\",d", "5\" pipe,\"x\" ,y", "\"a\nb\",c", "=\"a\",b", "", " a,b"] {
            assert_eq!(found(row), None, "{row}");
        }
        assert_eq!(found("1001, \"Ada Example\""), Some(6));
        assert_eq!(found("1,\"Ada\" Example,x"), Some(8));
        assert_eq!(found("1,\"Ada Example\nx\n2,\"Bo"), Some(20));
    }
}
