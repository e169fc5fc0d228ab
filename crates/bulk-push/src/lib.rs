//! The client behind `tenure push`: pushes a file of people to a Tenure server and writes their
//! links to a file.
//!
//! It depends on the Partner API, not on the server. [`Args`] is the command line, and
//! [`Args::run`] does the work with the injected [`Surroundings`]. The modules, in the order of a
//! run:
//!
//! - `args`, `destination`, `reading`: the options
//! - `file_kind`, `spreadsheet`, `padded_numbers`, `hidden_rows`, `code_pages`, `encodings`,
//!   `encoding_survey`: files that are converted to text first
//! - `input`, `quoting`, `cells`, `lines`, `json_texts`, `other_json`, `heading`, `table`,
//!   `table_checks`, `cut_end`, `short_dates`: rows and cells of the file
//! - `form`, `column_names`, `infer_columns`, `mapping`, `resolver`, `plan`: the meaning of the
//!   columns
//! - `row_checks`, `leavers`, `findings`, `employment_words`, `word_lists`, `likely_date`,
//!   `second_columns`, `people`, `rounded_ids`, `similar_ids`, `open_jobs`, `shifted_values`,
//!   `extra_cells`, `extra_rows`, `report_dates`, `text_hash`: columns and rows that must not be
//!   left out silently
//! - `dates`, `date_pattern`, `month_words`, `cjk_dates`, `date_formats`, `unclear_dates`,
//!   `starts`, `ends`, `names`, `name_text`, `left_titles`, `left_words`, `misplaced`,
//!   `row_problems`, `repeated_jobs`, `group`: from cells to the body of a push
//! - `entry`, `source`, `precheck`, `preview`: one credential, all of them, and the checks and
//!   the preview before pushing
//! - `http`, `client`, `retry`, `turns`, `run`, `stop_signals`: the requests
//! - `distinct_files`, `journal`, `rejected_row`, `row_code`, `formula_cells`, `progress`,
//!   `summary`, `output`, `terminal`: the files and the terminal output
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
mod cjk_dates;
mod client;
mod code_pages;
#[cfg(test)]
mod column_cases;
mod column_names;
mod command;
mod counts;
mod cut_end;
mod date_formats;
mod date_pattern;
mod dates;
mod destination;
pub mod diagnostic;
mod distinct_files;
mod employment_words;
mod encoding_survey;
mod encodings;
mod ends;
mod entry;
mod error;
mod extra_cells;
mod extra_rows;
mod file_kind;
mod findings;
mod form;
mod formula_cells;
mod group;
mod heading;
mod hidden_rows;
mod http;
mod infer_columns;
mod input;
mod journal;
mod json_texts;
#[cfg(test)]
mod leaver_cases;
mod leavers;
mod left_titles;
mod left_words;
mod likely_date;
mod lines;
mod links;
mod listen;
mod mapping;
mod misplaced;
mod month_words;
mod name_text;
mod names;
mod open_jobs;
mod other_json;
mod output;
mod padded_numbers;
mod people;
mod plan;
mod precheck;
mod preview;
mod printable;
mod progress;
mod quoting;
mod reading;
mod rejected_row;
mod repeated_jobs;
mod report_dates;
mod resolver;
mod retry;
mod rounded_ids;
mod row_checks;
mod row_code;
mod row_problems;
mod run;
mod second_columns;
mod shifted_values;
mod short_dates;
mod similar_ids;
mod source;
mod spreadsheet;
mod starts;
mod status;
mod stop_signals;
mod summary;
mod surroundings;
mod table;
mod table_checks;
mod terminal;
mod text_hash;
mod title_ends;
mod turns;
mod unclear_dates;
mod withdraw;
mod withdrawals;
mod word_lists;
#[cfg(test)]
mod wrong_data_cases;

pub use args::Args;
pub use error::Error;
pub use lines::as_sent;
pub use listen::ListenArgs;
pub use other_json::shell_word;
pub use printable::{is_unsafe, printable};
pub use row_code::RowCode;
pub use status::StatusArgs;
pub use surroundings::Surroundings;
pub use withdraw::WithdrawArgs;
