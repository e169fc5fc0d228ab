//! `tenure push` against a real server.

mod changes;
mod exports;
mod files;
mod links;
mod refusals;
mod restart;
mod support;
