//! Any bytes are a batch of either version, or are refused; every fault points into the body.
#![no_main]

use credential::{BatchBody, BatchForm, Context, Rejection};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    let context = Context::new(jiff::Timestamp::from_second(1_795_000_000).expect("a time"));
    for form in [BatchForm::V2, BatchForm::V1] {
        match BatchBody::read(form, body).and_then(|read| read.check(&context)) {
            Ok(batch) => assert!((1..=100).contains(&batch.items.len())),
            Err(Rejection::Invalid(faults)) => {
                let value: serde_json::Value = serde_json::from_slice(body).expect("faults are of JSON");
                assert!(faults.iter().all(|fault| value.pointer(&fault.pointer).is_some()), "{faults:?}");
            }
            Err(Rejection::Malformed(_)) => {}
        }
    }
});
