//! The bodies that every credential type accepts and rejects, with the pointer and the code of each
//! error (docs/partner-api.md section 5). `career_history` has its own file.

mod education;
mod headlines;
mod identity;
mod messages;
mod samples;
mod views;
