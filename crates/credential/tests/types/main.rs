//! What every credential type accepts and rejects, with the place and the code of each fault (partner-api, section 5).
//! `career_history` has a file of its own.

mod education;
mod headlines;
mod identity;
mod samples;
mod views;
