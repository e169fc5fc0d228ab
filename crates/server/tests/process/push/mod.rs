//! `tenure push` against a real server.

mod exports;
mod files;
mod links;
mod refusals;
mod restart;
mod support;
