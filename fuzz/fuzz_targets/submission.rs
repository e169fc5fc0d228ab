//! Any bytes are taken or refused; every fault points into the body, and what is taken reads back.
#![no_main]

use credential::{CareerHistory, Context, Payload, Rejection, Submission, Type};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    let context = Context { now: jiff::Timestamp::from_second(1_795_000_000).expect("a time") };
    match Submission::parse_v2(Type::default(), body, &context) {
        Ok(submission) => {
            CareerHistory::from_fields(&submission.fields).expect("what is taken is a career history");
            let payload = Payload::from_bytes(&submission.payload()).expect("a payload reads back");
            assert_eq!(payload.fields, submission.fields);
        }
        Err(Rejection::Invalid(faults)) => {
            let value: serde_json::Value = serde_json::from_slice(body).expect("faults are of JSON");
            assert!(faults.iter().all(|fault| value.pointer(&fault.pointer).is_some()), "{faults:?}");
        }
        Err(Rejection::Malformed(_)) => {}
    }
});
