//! Inspects any bytes as a PDF file; every error message is a sentence. A rewritten file is
//! accepted as well.
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
