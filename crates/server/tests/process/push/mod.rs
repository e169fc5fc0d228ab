//! `tenure push` against a real server.

mod files;
mod refusals;
mod restart;
mod support;
