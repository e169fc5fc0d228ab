//! Parses any bytes as a request for several statuses.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    if let Ok(ids) = credential::parse_status_question(body) {
        assert!(ids.len() <= 30 && ids.iter().all(|id| credential::is_identifier(id)));
    }
});
