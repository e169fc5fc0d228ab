//! `locate` does not panic for any text and pointer.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &str)| {
    let (source, pointer) = input;
    if let Some(location) = credential::locate(source, pointer) {
        assert!(source.get(location.value).is_some());
    }
});
