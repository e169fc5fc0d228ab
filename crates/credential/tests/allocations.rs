//! The number of allocations that a push needs, which is the same on every machine.

use std::hint::black_box;

use credential::{ALL, Context, Submission, Type};

/// Maximum number of allocations for the sample with two jobs: the body, its fields, the list, two
/// jobs, the canonical fields, the id and the payload.
const PER_PUSH: u64 = 8;

/// Returns the number of allocations of parsing `body` and making its payload.
fn count(known: Type, body: &str) -> u64 {
    let context = Context::new("2026-11-23T09:00:00Z".parse().expect("a time"));
    let parse = || Submission::parse_v2(known, body.as_bytes(), &context).expect("a valid body");
    allocation_counter::measure(|| drop(black_box(parse().payload()))).count_total
}

#[test]
fn pushes_need_few_allocations() {
    let known = Type::default();
    let sample = (known.sample)();
    let counted = count(known, &sample.to_string());
    assert!((1..=PER_PUSH).contains(&counted), "{counted}");
    // Spaces between the values cost nothing.
    assert_eq!(count(known, &serde_json::to_string_pretty(&sample).expect("JSON")), counted);
}

#[test]
fn each_further_job_needs_one_allocation() {
    let known = Type::default();
    let with = |count: usize| {
        let mut sample = (known.sample)();
        let job = sample["fields"]["employment"][0].clone();
        sample["fields"]["employment"] = vec![job; count].into();
        sample.to_string()
    };
    // The list itself grows from time to time.
    let (few, many) = (count(known, &with(4)), count(known, &with(100)));
    assert!((96..=104).contains(&(many - few)), "{few}, {many}");
}

#[test]
fn every_type_needs_few_allocations() {
    for known in ALL {
        let counted = count(*known, &(known.sample)().to_string());
        assert!((1..=24).contains(&counted), "{known}: {counted}");
    }
}
