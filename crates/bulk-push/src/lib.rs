//! The client behind `tenure push`: pushes a file of people to a Tenure server and writes their
//! links to a file.
//!
//! It depends on the Partner API, not on the server. [`Args`] is the command line, and
//! [`Args::run`] does the work with the injected [`Surroundings`]. The modules, in the order of a
//! run:
//!
//! - `args`, `destination`, `reading`: the options
//! - `spreadsheet`, `encodings`: files that are converted to text first
//! - `input`, `quoting`, `cells`, `lines`, `other_json`, `heading`, `table`: rows and cells of the
//!   file
//! - `form`, `infer_columns`, `mapping`, `plan`: the meaning of the columns
//! - `leavers`, `employment_words`, `likely_date`, `second_columns`, `extra_rows`: columns and rows
//!   that must not be left out silently
//! - `dates`, `date_pattern`, `unclear_dates`, `names`, `repeated_jobs`, `group`: from cells to the
//!   body of a push
//! - `entry`, `source`, `precheck`, `preview`: one credential, all of them, and what is checked and
//!   shown before pushing
//! - `http`, `client`, `retry`, `run`: the requests
//! - `journal`, `rejected_row`, `progress`, `summary`, `output`, `terminal`: the files and the
//!   terminal output
//!
//! [`ListenArgs`] forwards the events of webhooks to a receiver on this machine.
//!
//! [`StatusArgs`] and [`WithdrawArgs`] are the commands for a file of links: `links` reads it,
//! `calls` sends the requests, and `withdrawals` is the result file.

mod args;
mod calls;
#[cfg(test)]
mod cases;
mod cells;
mod client;
mod command;
mod counts;
mod date_pattern;
mod dates;
mod destination;
pub mod diagnostic;
mod employment_words;
mod encodings;
mod entry;
mod error;
mod extra_rows;
mod form;
mod group;
mod heading;
mod http;
mod infer_columns;
mod input;
mod journal;
mod leavers;
mod likely_date;
mod lines;
mod links;
mod listen;
mod mapping;
mod names;
mod other_json;
mod output;
mod plan;
mod precheck;
mod preview;
mod printable;
mod progress;
mod quoting;
mod reading;
mod rejected_row;
mod repeated_jobs;
mod retry;
mod run;
mod second_columns;
mod source;
mod spreadsheet;
mod status;
mod summary;
mod surroundings;
mod table;
mod terminal;
mod unclear_dates;
mod withdraw;
mod withdrawals;

pub use args::Args;
pub use error::Error;
pub use lines::as_sent;
pub use listen::ListenArgs;
pub use other_json::shell_word;
pub use status::StatusArgs;
pub use surroundings::Surroundings;
pub use withdraw::WithdrawArgs;
