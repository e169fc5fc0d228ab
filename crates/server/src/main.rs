//! The binary `tenure`: parses the arguments, runs the sub-command, and exits with 0, 1 (failure)
//! or 2 (usage error).

use std::process::ExitCode;

use tenure::cli::Cli;

/// Faster for many small allocations on several threads: measured 8 to 12 % more pushes a second
/// than with the system allocator (docs/operate/performance.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    Cli::read().run()
}
