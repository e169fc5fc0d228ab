//! The real binary as a process: what it keeps through crashes and full disks, what it says in its log, how it stops,
//! and its command line.

#[path = "../support/database.rs"]
#[allow(dead_code, reason = "the contract suite uses the rest")]
mod database;
mod tenure;

mod cli;
mod crash;
mod disk;
mod mail;
mod privacy;
mod stop;
