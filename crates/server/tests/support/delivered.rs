//! Documents as they are delivered.

use credential::AssetKind;
use tenure::documents::inspect::{Accepted, inspect};

/// Returns the delivered form of a PDF; inspecting it again gives the same bytes.
pub fn delivered_pdf(bytes: &[u8]) -> Vec<u8> {
    match inspect(AssetKind::Pdf, bytes) {
        Ok(Accepted::Rewritten(bytes)) => bytes,
        other => panic!("{other:?}"),
    }
}
