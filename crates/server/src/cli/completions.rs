//! `tenure completions SHELL`: prints the completions of a shell.

use std::process::ExitCode;

use clap::{Args, CommandFactory};
use clap_complete::{Shell, generate};

use super::command::{CommandResult, print};

const EXAMPLES: &str = "\
Examples:
  tenure completions bash > ~/.local/share/bash-completion/completions/tenure
  tenure completions zsh > ~/.zfunc/_tenure
  tenure completions fish > ~/.config/fish/completions/tenure.fish";

/// Print the completions of a shell.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Completions {
    /// The shell.
    shell: Shell,
}

impl Completions {
    /// Prints the completions of the commands of `C`.
    pub(super) fn run<C: CommandFactory>(&self) -> CommandResult {
        let mut script = Vec::new();
        generate(self.shell, &mut C::command(), "tenure", &mut script);
        print(&String::from_utf8_lossy(&script)).map(|()| ExitCode::SUCCESS)
    }
}
