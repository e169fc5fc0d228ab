//! `tenure push`, `tenure status`, `tenure withdraw` and `tenure listen`: pass settings to the
//! client in [`bulk_push`].

use std::process::ExitCode;

use ambient::{Clock, Rng};
use bulk_push::{Error, Surroundings};

use super::command::{CommandResult, StoreArguments, variable};
use crate::outbound;

#[expect(clippy::print_stderr, reason = "failures are for the person at the terminal")]
pub(super) fn run(command: impl FnOnce(Surroundings) -> Result<ExitCode, Error>) -> CommandResult {
    match surroundings().and_then(command) {
        Ok(code) => Ok(code),
        Err(Error::Failed(message)) => Err(message),
        Err(Error::Usage(message)) => {
            eprintln!("tenure: {message}");
            Ok(ExitCode::from(2))
        }
    }
}

fn surroundings() -> Result<Surroundings, Error> {
    let arguments = StoreArguments { data: None, database_url: None, config: None };
    let config = arguments.load(&[]).map_err(Error::Usage)?;
    Ok(Surroundings {
        tls: outbound::tls(&config.outbound).map_err(Error::Failed)?,
        categories: config.credentials.categories,
        timeout: config.outbound.timeout,
        clock: Clock::System,
        rng: Rng::System,
        environment: variable,
    })
}
