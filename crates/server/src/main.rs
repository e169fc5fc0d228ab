//! The binary `tenure`: parse the arguments, run the sub-command, exit 0, 1 (it failed) or 2 (wrong usage).

use std::process::ExitCode;

use clap::Parser as _;
use tenure::cli::Cli;

fn main() -> ExitCode {
    Cli::parse().run()
}
