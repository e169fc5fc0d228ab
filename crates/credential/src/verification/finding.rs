//! The finding of a step.

use crate::verify_error::VerifyError;

/// The finding of a step, from which its verdict is created.
pub(super) enum Finding {
    Passed(String),
    Failed(VerifyError),
    NotChecked(String),
}
