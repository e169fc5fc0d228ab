//! `tenure man`: writes the man pages into a folder.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory};

use super::command::CommandResult;

/// Write the man pages into a folder.
#[derive(Debug, Args)]
pub struct Man {
    /// The folder, such as /usr/local/share/man/man1. It is created if it is missing.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

impl Man {
    /// Writes one page for each command of `C`.
    pub(super) fn run<C: CommandFactory>(&self) -> CommandResult {
        let folder = &self.out;
        let refuse = |error: std::io::Error| format!("{} cannot be written: {error}", folder.display());
        std::fs::create_dir_all(folder).map_err(refuse)?;
        clap_mangen::generate_to(C::command(), folder).map_err(refuse)?;
        Ok(ExitCode::SUCCESS)
    }
}
