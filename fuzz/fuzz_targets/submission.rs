//! Any bytes are taken or refused, as any type, in either version; every fault points into the body, and what is taken
//! reads back and can be shown.
#![no_main]

use credential::{ALL, Context, Payload, Rejection, Submission};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    let context = Context::new(jiff::Timestamp::from_second(1_795_000_000).expect("a time"));
    let Some((first, body)) = body.split_first() else { return };
    let known = ALL[usize::from(first >> 1) % ALL.len()];
    let parsed = if first & 1 == 1 && known.v1.is_some() {
        Submission::parse_v1(known, body, &context)
    } else {
        Submission::parse_v2(known, body, &context)
    };
    match parsed {
        Ok(submission) => {
            assert!(!known.headline(&submission.fields).is_empty() && !known.view(&submission.fields).is_empty());
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
