//! A person's account: created by the first sign-in, used by sessions, and deleted with everything
//! in it.

pub mod codes;
mod delete;
mod export;
mod holder;
pub mod passkeys;
pub mod sessions;

pub use delete::{delete, release};
pub use export::export;
pub use holder::{AccountView, email, find_or_create, view};
