//! Documents attached to credentials (docs/partner-api.md sections 4, 6 and 8).

mod bodies;
mod content;
mod inspection;
mod retention;
mod support;
mod uploads;
