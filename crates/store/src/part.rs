//! The two databases of a server.

/// Which of the two databases: they differ in place and migrations alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Partners, holders, submissions: what a backup carries.
    Data,
    /// Wrapped keys: what a backup of the data must not carry.
    Keyring,
}

impl Part {
    /// The file of SQLite in the data folder.
    pub fn file(self) -> &'static str {
        match self {
            Self::Data => "tenure.sqlite",
            Self::Keyring => "keyring.sqlite",
        }
    }
}
