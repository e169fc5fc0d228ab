//! NumericDates (RFC 7519, section 2), and the dates of a JWT.

use serde_json::{Map, Value};

use crate::jws::CLOCK_SKEW;
use crate::verify_error::{InvalidDate, VerifyError};

/// The last second of the year 9999 in UTC.
const END_OF_9999: i64 = 253_402_300_799;

/// The seconds of the years 2001 to 2099.
pub(crate) const PLAUSIBLE: std::ops::Range<i64> = 1_000_000_000..4_102_444_800;

/// Units that libraries have for times, and how many of them are a second.
const OTHER_UNITS: [(&str, i64); 3] =
    [("milliseconds", 1_000), ("microseconds", 1_000_000), ("nanoseconds", 1_000_000_000)];

/// A NumericDate: seconds since the Unix epoch. A fraction of a second is dropped, and a date
/// beyond 63 bits is the first or the last one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NumericDate(i64);

impl NumericDate {
    /// Reads a NumericDate, which may have a fraction and may be before 1970.
    ///
    /// # Errors
    /// See [`InvalidDate`].
    #[expect(clippy::cast_possible_truncation, reason = "a fraction of a second is dropped, and the cast saturates")]
    pub fn read(value: &Value) -> Result<Self, InvalidDate> {
        if let Some(seconds) = value.as_i64() {
            return Ok(Self(seconds));
        }
        value.as_f64().map(|seconds| Self(seconds as i64)).ok_or(InvalidDate::NotANumber)
    }

    /// Reads the claim `name`. `null` counts as absent.
    ///
    /// # Errors
    /// [`VerifyError::Date`], which names the claim.
    pub fn of_claim(claims: &Map<String, Value>, name: &'static str) -> Result<Option<Self>, VerifyError> {
        match claims.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => Self::read(value).map(Some).map_err(|why| VerifyError::Date(name, why)),
        }
    }

    /// Returns the seconds since the Unix epoch.
    pub fn seconds(self) -> i64 {
        self.0
    }

    /// Returns the unit that it is probably in, and the seconds that it means then, if its seconds
    /// are those of a [`PLAUSIBLE`] time in that unit.
    pub(crate) fn in_other_unit(self) -> Option<(&'static str, i64)> {
        let mut meant = OTHER_UNITS.into_iter().map(|(unit, factor)| (unit, self.0 / factor));
        meant.find(|(_, seconds)| PLAUSIBLE.contains(seconds))
    }

    /// Returns whether it is after the year 9999, as a date in milliseconds is.
    pub fn is_after_9999(self) -> bool {
        self.0 > END_OF_9999
    }
}

/// The dates of a JWT (RFC 7519, sections 4.1.4 to 4.1.6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JwtDates {
    /// `exp`.
    pub expires_at: Option<NumericDate>,
    /// `nbf`.
    pub not_before: Option<NumericDate>,
    /// `iat`.
    pub issued_at: Option<NumericDate>,
}

impl JwtDates {
    /// Reads the dates among `claims`.
    ///
    /// # Errors
    /// [`VerifyError::Date`].
    pub fn read(claims: &Map<String, Value>) -> Result<Self, VerifyError> {
        Ok(Self {
            expires_at: NumericDate::of_claim(claims, "exp")?,
            not_before: NumericDate::of_claim(claims, "nbf")?,
            issued_at: NumericDate::of_claim(claims, "iat")?,
        })
    }

    /// Returns `iat`.
    ///
    /// # Errors
    /// [`VerifyError::Claim`], if it is absent.
    pub fn require_issued_at(&self) -> Result<NumericDate, VerifyError> {
        self.issued_at.ok_or(VerifyError::Claim("iat must be a number of seconds"))
    }

    /// Checks that the dates that are present allow it at `now`, in seconds since the Unix epoch.
    /// An `exp` that is probably in another unit and has passed as such has expired.
    ///
    /// # Errors
    /// [`VerifyError::Expired`], [`VerifyError::NotYetValid`], [`VerifyError::FromTheFuture`].
    pub fn require_current(&self, now: i64) -> Result<(), VerifyError> {
        let begun = now.saturating_add(CLOCK_SKEW);
        let has_passed = |end: i64| end.saturating_add(CLOCK_SKEW) <= now;
        let has_ended =
            |end: NumericDate| has_passed(end.0) || end.in_other_unit().is_some_and(|(_, seconds)| has_passed(seconds));
        if self.expires_at.is_some_and(has_ended) {
            return Err(VerifyError::Expired);
        }
        if self.not_before.is_some_and(|start| start.0 > begun) {
            return Err(VerifyError::NotYetValid);
        }
        if self.issued_at.is_some_and(|made| made.0 > begun) { Err(VerifyError::FromTheFuture) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_795_000_000;

    // Conforms: RFC 7519 2
    #[test]
    fn dates_may_have_a_fraction() {
        for (text, seconds) in [
            ("1795000000", NOW),
            ("1795000000.0", NOW),
            ("1795000000.999", NOW),
            ("1.795e9", NOW),
            ("0", 0),
            ("-0", 0),
            ("0.5", 0),
            ("9223372036854775807", i64::MAX),
            ("9223372036854775808", i64::MAX),
            ("18446744073709551615", i64::MAX),
            ("1e300", i64::MAX),
            ("-1", -1),
            ("-0.5", 0),
            ("-1795000000.9", -NOW),
            ("-9223372036854775808", i64::MIN),
            ("-1e300", i64::MIN),
        ] {
            let value: Value = serde_json::from_str(text).expect("JSON");
            assert_eq!(NumericDate::read(&value).map(NumericDate::seconds), Ok(seconds), "{text}");
        }
    }

    #[test]
    fn values_that_are_no_dates_are_rejected_by_reason() {
        for (text, why) in [
            ("\"1795000000\"", InvalidDate::NotANumber),
            ("\"NaN\"", InvalidDate::NotANumber),
            ("\"2026-11-23T09:00:00Z\"", InvalidDate::NotANumber),
            ("true", InvalidDate::NotANumber),
            ("null", InvalidDate::NotANumber),
            ("[1795000000]", InvalidDate::NotANumber),
            ("{}", InvalidDate::NotANumber),
        ] {
            let value: Value = serde_json::from_str(text).expect("JSON");
            assert_eq!(NumericDate::read(&value), Err(why), "{text}");
        }
        let claims = Map::from_iter([("exp".to_owned(), json!("tomorrow"))]);
        let refusal = NumericDate::of_claim(&claims, "exp").expect_err("a text");
        assert_eq!(refusal, VerifyError::Date("exp", InvalidDate::NotANumber));
        assert_eq!(refusal.to_string(), "A claim is missing or invalid: exp must be a number of seconds.");
    }

    #[test]
    fn dates_in_milliseconds_are_after_the_year_9999() {
        let is_late = |seconds: i64| NumericDate::read(&json!(seconds)).expect("a date").is_after_9999();
        assert_eq!([NOW, 253_402_300_799, 253_402_300_800, NOW * 1000].map(is_late), [false, false, true, true]);
    }

    #[test]
    fn null_dates_count_as_absent() {
        let claims = json!({ "exp": null, "nbf": null, "iat": null });
        let dates = JwtDates::read(claims.as_object().expect("an object"));
        assert_eq!(dates, Ok(JwtDates::default()));
        assert_eq!(dates.and_then(|dates| dates.require_current(NOW)), Ok(()));
        assert!(matches!(JwtDates::default().require_issued_at(), Err(VerifyError::Claim(_))));
    }

    // Conforms: RFC 7519 4.1.4; RFC 7519 4.1.5
    #[test]
    fn every_date_is_compared_with_the_same_tolerance() {
        let at = |name: &str, seconds: i64| {
            let claims = Map::from_iter([(name.to_owned(), json!(seconds))]);
            JwtDates::read(&claims).and_then(|dates| dates.require_current(NOW))
        };
        assert_eq!((at("exp", NOW - 59), at("exp", NOW - 60)), (Ok(()), Err(VerifyError::Expired)));
        assert_eq!((at("nbf", NOW + 60), at("nbf", NOW + 61)), (Ok(()), Err(VerifyError::NotYetValid)));
        assert_eq!((at("iat", NOW + 60), at("iat", NOW + 61)), (Ok(()), Err(VerifyError::FromTheFuture)));
        assert_eq!(at("exp", i64::MAX), Ok(()));
        assert_eq!((at("exp", -1), at("exp", i64::MIN)), (Err(VerifyError::Expired), Err(VerifyError::Expired)));
        assert_eq!((at("nbf", i64::MIN), at("iat", i64::MIN)), (Ok(()), Ok(())));
        assert_eq!(at("nbf", i64::MAX), Err(VerifyError::NotYetValid));
        let milliseconds = [at("exp", (NOW - 59) * 1000), at("exp", (NOW - 60) * 1000)];
        assert_eq!(milliseconds, [Ok(()), Err(VerifyError::Expired)]);
        let nanoseconds = [at("exp", (NOW - 59) * 1_000_000_000), at("exp", (NOW - 60) * 1_000_000_000)];
        assert_eq!(nanoseconds, [Ok(()), Err(VerifyError::Expired)]);
    }

    #[test]
    fn units_of_late_dates_are_recognised() {
        for (number, expected) in [
            (NOW, None),
            (NOW * 1_000, Some(("milliseconds", NOW))),
            (NOW * 1_000_000, Some(("microseconds", NOW))),
            (NOW * 1_000_000_000, Some(("nanoseconds", NOW))),
            (999_999_999_999, None),
            (4_102_444_800_000, None),
            (20_200_101_000_000, None),
            (9_000_000_000_000_000, None),
            (i64::MAX, None),
            (i64::MIN, None),
            (-NOW * 1_000, None),
        ] {
            let date = NumericDate::read(&json!(number)).expect("a date");
            assert_eq!(date.in_other_unit(), expected, "{number}");
        }
    }

    proptest! {
        #[test]
        fn every_number_is_a_date_or_refused(number in any::<f64>()) {
            let value = json!(number);
            match NumericDate::read(&value) {
                Ok(date) => {
                    prop_assert!(number.is_finite());
                    prop_assert!((number >= 0.0 || date.seconds() <= 0) && (number <= 0.0 || date.seconds() >= 0));
                }
                // JSON has no infinity and no NaN.
                Err(InvalidDate::NotANumber) => prop_assert!(!number.is_finite()),
            }
        }
    }
}
