//! The quoting state at a byte of a CSV row (RFC 4180, section 2).

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
