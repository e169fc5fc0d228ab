//! `tenure backup` and `tenure restore`.

mod interrupted;
mod refusals;
mod restore;
mod support;
mod world;
