//! The two databases of a server.

/// One of the two databases. They differ only in location and migrations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Partners, holders and submissions, which backups include.
    Data,
    /// Wrapped keys, which a backup of the data must not include.
    Keyring,
}

impl Part {
    /// Returns the name of the SQLite file in the data folder.
    pub fn file(self) -> &'static str {
        match self {
            Self::Data => "tenure.sqlite",
            Self::Keyring => "keyring.sqlite",
        }
    }
}
