//! Reads any JSON as a NumericDate and as the dates of a JWT. A date is a number, and dates that
//! are read are compared without overflow.
#![no_main]

use credential::{InvalidDate, JwtDates, NumericDate};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|input: (&str, i64)| {
    let (text, now) = input;
    let Ok(value) = serde_json::from_str::<Value>(text) else { return };
    match NumericDate::read(&value) {
        Ok(date) => {
            let number = value.as_f64().expect("a number");
            assert!((number >= 0.0 || date.seconds() <= 0) && (number <= 0.0 || date.seconds() >= 0));
            assert_eq!(date.is_after_9999(), date.seconds() > 253_402_300_799);
        }
        Err(InvalidDate::NotANumber) => assert!(!value.is_number()),
    }
    let Some(claims) = value.as_object() else { return };
    match JwtDates::read(claims) {
        Ok(dates) => {
            let is_current = dates.require_current(now).is_ok();
            let is_late = |date: Option<NumericDate>| date.is_some_and(|date| date.seconds() > now.saturating_add(60));
            assert!(!is_current || !is_late(dates.not_before) && !is_late(dates.issued_at));
        }
        Err(refusal) => assert!(refusal.to_string().ends_with('.') && refusal.code() == "claim"),
    }
});
