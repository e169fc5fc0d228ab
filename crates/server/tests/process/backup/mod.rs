//! `tenure backup` and `tenure restore`.

mod interrupted;
mod keys;
mod refusals;
mod restore;
mod support;
mod world;
