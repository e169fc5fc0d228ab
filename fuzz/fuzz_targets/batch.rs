//! Parses any bytes as a batch of both versions. Every error pointer must resolve in the body.
#![no_main]

use credential::{BatchBody, BatchForm, Context, ParseError};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    let context = Context::new(jiff::Timestamp::from_second(1_795_000_000).expect("a time"));
    for form in [BatchForm::V2, BatchForm::V1] {
        match BatchBody::read(form, body).and_then(|read| read.check(&context)) {
            Ok(batch) => assert!((1..=100).contains(&batch.items.len())),
            Err(ParseError::Invalid(field_errors)) => {
                let value: serde_json::Value = serde_json::from_slice(body).expect("errors are of JSON");
                assert!(
                    field_errors.iter().all(|field_error| value.pointer(&field_error.pointer).is_some()),
                    "{field_errors:?}"
                );
            }
            Err(ParseError::Malformed(_)) => {}
        }
    }
});
