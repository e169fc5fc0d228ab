//! The limits on the size of an image.

use super::error::InspectError;

/// Maximum number of pixels of an image. An A3 page at 400 dpi has 31 million.
const PIXELS: u64 = 32_000_000;
/// Maximum width and height of a JPEG image.
pub const SIDE: u16 = 16_384;

/// Refuses an image with too many pixels.
pub fn check(width: u64, height: u64) -> Result<(), InspectError> {
    if width.saturating_mul(height) > PIXELS {
        return Err(InspectError(format!(
            "The image has {width} by {height} pixels; the maximum is {PIXELS} in total."
        )));
    }
    Ok(())
}

/// Refuses a JPEG image that is too wide or too high.
pub fn check_sides(width: u16, height: u16) -> Result<(), InspectError> {
    if width.max(height) > SIDE {
        return Err(InspectError(format!(
            "The image has {width} by {height} pixels; the maximum is {SIDE} for the width and for the height."
        )));
    }
    Ok(())
}
