//! The real binary as a process: crashes, full disks, logs, shutdown and the command line.

#[path = "../../../store/tests/support/postgres.rs"]
mod database;
#[path = "../support/pdf_samples.rs"]
mod samples;
mod tenure;
#[path = "../support/tls.rs"]
mod tls;

mod backup;
mod check;
mod cli;
mod commands;
mod crash;
mod disk;
mod doctor;
mod doctor_chain;
mod documents;
mod folder;
mod indices;
mod listen;
mod mail;
mod nodes;
mod partners;
mod person;
mod privacy;
mod proxy;
mod push;
mod rolling;
mod standard_streams;
mod stop;
mod verify;
mod verify_certificates;
mod verify_did_web;
mod verify_keys;
mod verify_kinds;
mod webhooks;
