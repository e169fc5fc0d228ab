//! Parses any bytes as a submission of any type in both versions. Every error pointer resolves in
//! the body; an accepted submission survives a round trip and can be displayed.
#![no_main]

use credential::{ALL, Context, ParseError, Payload, Submission};
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
            assert!(!known.headline(&submission.fields()).is_empty() && !known.view(&submission.fields()).is_empty());
            let payload = Payload::from_bytes(&submission.payload()).expect("a payload reads back");
            assert_eq!(payload.fields, submission.fields());
        }
        Err(ParseError::Invalid(field_errors)) => {
            let value: serde_json::Value = serde_json::from_slice(body).expect("errors are of JSON");
            assert!(
                field_errors.iter().all(|field_error| value.pointer(&field_error.pointer).is_some()),
                "{field_errors:?}"
            );
        }
        Err(ParseError::Malformed(_)) => {}
    }
});
