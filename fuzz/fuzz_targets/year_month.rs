//! Parses any text as a month. A parsed month is written back as the same text.
#![no_main]

use credential::YearMonth;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(month) = text.parse::<YearMonth>() {
        assert_eq!(month.to_string(), text);
        assert_eq!(YearMonth::new(month.year(), month.month()), Some(month));
        assert_eq!(month.plus_months(0), month);
    }
});
