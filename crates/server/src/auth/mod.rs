//! Who may do what: partners by access token or by the session of their console, people by session.

pub mod console;
pub mod holder;
pub mod partner;
pub mod token;
