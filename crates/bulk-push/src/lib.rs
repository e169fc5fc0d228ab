//! The client behind `tenure push`: pushes a file of people to a Tenure server and writes their
//! links to a file.
//!
//! It depends on the Partner API, not on the server. [`Args`] is the command line, and
//! [`Args::run`] does the work with the injected [`Surroundings`]. The modules, in the order of a
//! run:
//!
//! - `args`, `destination`, `reading`: the options
//! - `input`, `quoting`, `cells`, `lines`, `table`: rows and cells of the file
//! - `form`, `infer_columns`, `mapping`, `dates`, `group`: from cells to the body of a push
//! - `entry`, `source`, `precheck`: one credential, all of them, and the validation before pushing
//! - `http`, `client`, `retry`, `run`: the requests
//! - `journal`, `rejected_row`, `progress`, `summary`: the files and the terminal output

mod args;
mod cells;
mod client;
mod command;
mod counts;
mod dates;
mod destination;
pub mod diagnostic;
mod entry;
mod error;
mod form;
mod group;
mod http;
mod infer_columns;
mod input;
mod journal;
mod lines;
mod mapping;
mod precheck;
mod progress;
mod quoting;
mod reading;
mod rejected_row;
mod retry;
mod run;
mod source;
mod summary;
mod surroundings;
mod table;

pub use args::Args;
pub use error::Error;
pub use surroundings::Surroundings;
