//! The settings of the sandbox.

use serde::Deserialize;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sandbox {
    /// Whether anyone may sign up for a sandbox partner by email.
    pub sign_up: bool,
    /// Maximum number of active sandbox partners that signed up by email.
    pub max_partners: u32,
}
