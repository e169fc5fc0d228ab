/// Where in a row a byte stands (RFC 4180, section 2; a quote within a bare cell is a character like any other).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// Before a cell.
    CellStart,
    /// In a bare cell.
    Cell,
    /// In quotes.
    Quoted,
    /// Behind a quote within quotes, which ends them unless another follows.
    QuoteInQuoted,
}

impl At {
    /// Where it is after `byte`.
    pub fn step(self, byte: u8, separator: u8) -> Self {
        match (self, byte) {
            (Self::Quoted, b'"') => Self::QuoteInQuoted,
            (Self::Quoted, _) | (Self::CellStart | Self::QuoteInQuoted, b'"') => Self::Quoted,
            (_, byte) if byte == separator || byte == b'\n' || byte == b'\r' => Self::CellStart,
            _ => Self::Cell,
        }
    }
}
