//! Any bytes are a PDF file that can be delivered, or are refused with a sentence; what is rewritten can be delivered as well.
#![no_main]

use credential::AssetKind;
use libfuzzer_sys::fuzz_target;
use tenure::documents::inspect::{Accepted, inspect};

fuzz_target!(|document: &[u8]| {
    match inspect(AssetKind::Pdf, document) {
        Ok(Accepted::Rewritten(written)) => {
            let again = inspect(AssetKind::Pdf, &written);
            assert!(matches!(again, Ok(Accepted::Rewritten(_))), "{again:?}");
        }
        Ok(accepted) => assert_eq!(accepted, Accepted::Signed),
        Err(refused) => assert!(refused.to_string().ends_with('.')),
    }
});
