//! Verifies any bytes as an OpenCerts document. Every error message is a sentence.
#![no_main]

use credential::opencerts::OpenCert;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|document: &[u8]| {
    match OpenCert::verify(document) {
        Ok(document) => drop(document.value("recipient.name").map(str::len)),
        Err(refusal) => assert!(refusal.to_string().ends_with('.')),
    }
});
