//! The step for the dates: since when and until when a token is valid.
//!
//! The formats have different names for the same dates, and issuers mix them: the body of a W3C
//! credential in an SD-JWT VC, or a claim `vc` beside the credential. All of them count (D-423).
//! Credentials of data model 1.1 are read in the form of 2.0, so their dates have its names.
//!
//! The page for tokens has the same rules in `crates/server/static/dates.js`. Both are tested with
//! the cases in `tests/signed/verified.json`.

use serde_json::{Map, Value};

use super::finding::Finding;
use super::moment::{in_words, parse_time};
use crate::date::Date;
use crate::format::Format;
use crate::format::sd_jwt_vc::require_time;
use crate::jws::CLOCK_SKEW;
use crate::numeric_date::{NumericDate, PLAUSIBLE};
use crate::verify_error::VerifyError;

/// Claims for the last day of validity: that of our own types, and that of person identification
/// data (PID), which has its name in ISO mdoc and another one as an SD-JWT VC.
const LAST_DAYS: [&str; 2] = ["expiry_date", "date_of_expiry"];

/// Claims for the start of validity, in data model 2.0 and in 1.1.
const STARTS: [&str; 2] = ["validFrom", "issuanceDate"];

/// Claims for the end of validity, in data model 2.0 and in 1.1.
const ENDS: [&str; 2] = ["validUntil", "expirationDate"];

/// The first second after the year 9999, which some issuers write for no end.
const NO_END: i64 = 253_402_300_800;

/// Checks the dates of claims at `now`.
pub(super) fn finding(claims: &Map<String, Value>, format: Format, now: i64) -> Finding {
    if let Err(refusal) = require_current(claims, format, now) {
        return Finding::Failed(refusal);
    }
    let unread = Times::read(claims, format).map(|times| times.unread).unwrap_or_default();
    match unread.first() {
        Some(name) => Finding::NotChecked(format!(
            "{name} is neither a day nor a time with a time zone, so it does not show whether the token is valid now."
        )),
        None => Finding::Passed(end_in_words(claims, format)),
    }
}

/// Checks that claims are valid at `now`.
///
/// The last day of validity is more informative than the expiry of the signature, so it is checked
/// first. Earlier releases issued signatures that outlive it; this detects them too.
pub(super) fn require_current(claims: &Map<String, Value>, format: Format, now: i64) -> Result<(), VerifyError> {
    if let Some(day) = last_day(claims).filter(|day| has_ended(*day, now)) {
        return Err(VerifyError::ExpiredOn(day));
    }
    if let Some((unit, end)) = in_other_unit(claims, "exp").filter(|(_, end)| has_passed(*end, now)) {
        return Err(VerifyError::ExpiredInOtherUnit(unit, in_words(end)));
    }
    require_time(claims, now).map_err(|refusal| explained(refusal, claims))?;
    require_validity(claims, format, now)
}

/// Checks that claims are valid at `now` by the dates of a W3C credential (VCDM 2.0, section 4.9).
pub(super) fn require_validity(claims: &Map<String, Value>, format: Format, now: i64) -> Result<(), VerifyError> {
    let times = Times::read(claims, format)?;
    if times.ends.iter().any(|(end, _)| has_passed(*end, now)) {
        return Err(VerifyError::Expired);
    }
    let is_future = |start: i64| start > now.saturating_add(CLOCK_SKEW);
    if times.starts.into_iter().any(is_future) { Err(VerifyError::NotYetValid) } else { Ok(()) }
}

/// Adds to a refusal that the date that it is about is probably in another unit than seconds.
pub(super) fn explained(refusal: VerifyError, claims: &Map<String, Value>) -> VerifyError {
    let (name, in_other): (&'static str, fn(&'static str, String) -> VerifyError) = match refusal {
        VerifyError::NotYetValid => ("nbf", VerifyError::NotYetValidInOtherUnit),
        VerifyError::FromTheFuture => ("iat", VerifyError::FromTheFutureInOtherUnit),
        other => return other,
    };
    match in_other_unit(claims, name) {
        Some((unit, seconds)) => in_other(unit, in_words(seconds)),
        None => refusal,
    }
}

/// Returns the last day of validity of a credential that has expired by its dates: its own one, or
/// that of the first end that has passed, in UTC.
pub(super) fn expired_on(claims: &Map<String, Value>, format: Format, now: i64) -> Option<Date> {
    if let Some(day) = last_day(claims).filter(|day| has_ended(*day, now)) {
        return Some(day);
    }
    let exp = NumericDate::of_claim(claims, "exp").ok().flatten().map(NumericDate::seconds);
    let meant = in_other_unit(claims, "exp").map(|(_, seconds)| seconds);
    let until = Times::read(claims, format).map(|times| times.ends).unwrap_or_default();
    let ends = exp.into_iter().chain(meant).chain(until.into_iter().map(|(end, _)| end));
    ends.filter(|end| has_passed(*end, now)).min().and_then(Date::in_utc)
}

/// Returns the earliest last day of validity among claims and those about the subject of a W3C
/// credential. A value that is no day is ignored.
pub(super) fn last_day(claims: &Map<String, Value>) -> Option<Date> {
    last_days(claims).into_iter().filter_map(|(_, value)| day(value)).min()
}

/// The dates of W3C credentials in claims, in seconds since the Unix epoch.
#[derive(Debug, Default)]
struct Times {
    starts: Vec<i64>,
    /// The ends of validity, with the names of their claims.
    ends: Vec<(i64, &'static str)>,
    /// The claims that are neither times nor days, and that the format does not define.
    unread: Vec<&'static str>,
}

impl Times {
    /// Reads the dates.
    ///
    /// # Errors
    /// [`VerifyError::Claim`], if a date that the format defines is no time with a time zone.
    fn read(claims: &Map<String, Value>, format: Format) -> Result<Self, VerifyError> {
        let mut times = Self::default();
        for (name, is_defined, value) in dates(claims, STARTS, format).into_iter().chain(dates(claims, ENDS, format)) {
            let (text, is_end) = (value.as_str().unwrap_or_default(), ENDS.contains(&name));
            let day = Date::parse(text).ok().filter(|_| !is_defined);
            match parse_time(text).or(day.map(|day| moment_of(day, is_end))) {
                Some(seconds) if is_end => times.ends.push((seconds, name)),
                Some(seconds) => times.starts.push(seconds),
                None if is_defined => return Err(VerifyError::Claim(no_time(name))),
                // Outside W3C credentials it is a claim like any other.
                None if name == "issuanceDate" => {}
                None => times.unread.push(name),
            }
        }
        Ok(times)
    }
}

/// Returns the dates that have one of `names`, also in a claim `vc`, each with whether the format
/// defines it. `null` counts as absent.
fn dates<'a>(
    claims: &'a Map<String, Value>,
    names: [&'static str; 2],
    format: Format,
) -> Vec<(&'static str, bool, &'a Value)> {
    let [newer, older] = names;
    let mut found = Vec::new();
    for (place, is_own) in bodies(claims) {
        let given = |name: &str| place.get(name).filter(|value| !value.is_null());
        if let Some(value) = given(newer) {
            // Model 1.1 is read in the form of 2.0, but its issuer wrote the older name.
            let name = if is_own && format == Format::JwtVcJson { older } else { newer };
            found.push((name, is_own && format != Format::SdJwtVc, value));
        }
        found.extend(given(older).map(|value| (older, false, value)));
    }
    found
}

/// Returns the claims, and those in a claim `vc`, each with whether they are the token's own.
fn bodies(claims: &Map<String, Value>) -> impl Iterator<Item = (&Map<String, Value>, bool)> {
    let vc = claims.get("vc").and_then(Value::as_object);
    std::iter::once((claims, true)).chain(vc.map(|vc| (vc, false)))
}

/// Returns when a day has ended everywhere on earth, or begun anywhere.
fn moment_of(day: Date, is_end: bool) -> i64 {
    let end = day.end_on_earth().as_second();
    // A day has 24 hours, and begins 26 hours earlier in the first time zone than in the last one.
    if is_end { end } else { end - 50 * 3600 }
}

fn no_time(name: &str) -> &'static str {
    match name {
        "validFrom" => "validFrom must be a time with a time zone, such as 2026-01-31T12:00:00Z",
        "issuanceDate" => "issuanceDate must be a time with a time zone, such as 2026-01-31T12:00:00Z",
        "expirationDate" => "expirationDate must be a time with a time zone, such as 2026-01-31T12:00:00Z",
        _ => "validUntil must be a time with a time zone, such as 2026-01-31T12:00:00Z",
    }
}

/// Returns the values of [`LAST_DAYS`] among claims, and those about the subject of a W3C
/// credential.
fn last_days(claims: &Map<String, Value>) -> Vec<(&'static str, &Value)> {
    let mut found = Vec::new();
    for (body, _) in bodies(claims) {
        let subject = body.get("credentialSubject");
        // A list of one subject means the same as that subject (JSON-LD 1.1, section 4.3).
        let subject = subject.map(|subject| match subject.as_array().map(Vec::as_slice) {
            Some([only]) => only,
            _ => subject,
        });
        for place in std::iter::once(body).chain(subject.and_then(Value::as_object)) {
            let given = |name: &'static str| Some((name, place.get(name).filter(|value| !value.is_null())?));
            found.extend(LAST_DAYS.into_iter().filter_map(given));
        }
    }
    found
}

/// Reads a last day of validity: a day, the day of a date with a time, the last day of a month, or
/// the day of a moment in seconds. Smaller numbers are years or days in digits.
fn day(value: &Value) -> Option<Date> {
    if let Some(text) = value.as_str() {
        let text = text.trim();
        let day = text.split_once(['T', 't']).map_or(text, |(day, _)| day);
        return Date::parse(day).ok().or_else(|| Date::end_of_month(day));
    }
    let seconds = NumericDate::read(value).ok()?.seconds();
    Date::in_utc(seconds).filter(|_| PLAUSIBLE.contains(&seconds))
}

/// Returns whether a last day has ended everywhere on earth.
fn has_ended(day: Date, now: i64) -> bool {
    has_passed(day.end_on_earth().as_second(), now)
}

fn has_passed(end: i64, now: i64) -> bool {
    end.saturating_add(CLOCK_SKEW) <= now
}

/// Returns the unit that a date is probably in, if it is not in seconds, and the seconds that it
/// means then.
fn in_other_unit(claims: &Map<String, Value>, name: &'static str) -> Option<(&'static str, i64)> {
    NumericDate::of_claim(claims, name).ok().flatten()?.in_other_unit()
}

/// Describes the end of validity of claims that are valid: the earliest end, and what about the
/// dates is doubtful.
fn end_in_words(claims: &Map<String, Value>, format: Format) -> String {
    let exp = NumericDate::of_claim(claims, "exp").ok().flatten();
    let mut ends = Times::read(claims, format).map(|times| times.ends).unwrap_or_default();
    ends.extend(exp.map(|end| (end.seconds(), "exp")));
    ends.sort_unstable();
    let mut words = match ends.as_slice() {
        [] => "Valid now, with no end date.".to_owned(),
        [(end, name), (other, other_name), ..] if other.saturating_sub(*end) > CLOCK_SKEW => {
            format!("Valid until {}, by {name}; {other_name} is {}.", in_words(*end), in_words(*other))
        }
        [(end, _), ..] => format!("Valid until {}.", in_words(*end)),
    };
    match exp.map(|end| (end.in_other_unit(), end.seconds() > NO_END)) {
        Some((Some((unit, _)), _)) => {
            words.push_str(&format!(" The issuer probably wrote exp in {unit}, but it is in seconds."));
        }
        Some((None, true)) => {
            words.push_str(" So late an exp is probably a mistake of the issuer, or means that there is no end.");
        }
        _ => {}
    }
    if let Some((name, _)) = last_days(claims).into_iter().find(|(_, value)| day(value).is_none()) {
        words.push_str(&format!(" {name} is not a day (YYYY-MM-DD), so it was not compared."));
    }
    words
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// 2026-11-18T11:06:40Z.
    const NOW: i64 = 1_795_000_000;

    fn said(claims: &Value, format: Format) -> (&'static str, String) {
        match finding(claims.as_object().expect("an object"), format, NOW) {
            Finding::Passed(reason) => ("passed", reason),
            Finding::Failed(refusal) => (refusal.code(), refusal.to_string()),
            Finding::NotChecked(reason) => ("not checked", reason),
        }
    }

    #[test]
    fn dates_count_in_every_format_and_place() {
        let (past, future) = ("2020-01-01T00:00:00Z", "2040-01-01T00:00:00Z");
        for format in Format::ALL {
            for (claims, expected) in [
                (json!({ "validUntil": past }), "expired"),
                (json!({ "expirationDate": past }), "expired"),
                (json!({ "validUntil": future, "expirationDate": past }), "expired"),
                (json!({ "exp": NOW + 99, "vc": { "expirationDate": past } }), "expired"),
                (json!({ "vc": { "validUntil": past } }), "expired"),
                (json!({ "validFrom": future }), "not_yet_valid"),
                (json!({ "issuanceDate": future }), "not_yet_valid"),
                (json!({ "vc": { "validFrom": future } }), "not_yet_valid"),
                (json!({ "credentialSubject": { "expiry_date": "2020-01-01" } }), "expired"),
                (json!({ "credentialSubject": [{ "date_of_expiry": "2020-01-01" }] }), "expired"),
                (json!({ "vc": { "credentialSubject": { "expiry_date": "2020-01-01" } } }), "expired"),
                (json!({ "validUntil": null, "vc": { "validUntil": null } }), "passed"),
                (json!({ "validFrom": past, "validUntil": future, "vc": "x" }), "passed"),
                (json!({ "expirationDate": "soon" }), "not checked"),
                (json!({ "issuanceDate": "May 2024" }), "passed"),
                (json!({ "expirationDate": "2026-11-16" }), "expired"),
                (json!({ "expirationDate": "2026-11-17" }), "passed"),
                (json!({ "issuanceDate": "2026-11-19" }), "passed"),
                (json!({ "issuanceDate": "2026-11-20" }), "not_yet_valid"),
                (json!({ "vc": { "validUntil": 1_900_000_000 } }), "not checked"),
                (json!({ "vc": { "validUntil": "soon" }, "expirationDate": past }), "expired"),
            ] {
                assert_eq!(said(&claims, format).0, expected, "{format:?} {claims}");
            }
        }
    }

    #[test]
    fn dates_that_no_one_understands_are_named() {
        for (format, code, name) in [
            (Format::SdJwtVc, "not checked", "validUntil is neither a day nor a time"),
            (Format::VcJwt, "claim", "validUntil must be a time"),
            (Format::JwtVcJson, "claim", "expirationDate must be a time"),
        ] {
            let (found, reason) = said(&json!({ "validUntil": "2027-01-01T00:00:00" }), format);
            assert_eq!(found, code, "{format:?}");
            assert!(reason.contains(name), "{format:?}: {reason}");
        }
    }

    #[test]
    fn last_days_are_read_in_the_forms_that_mean_one_day() {
        for (value, expected) in [
            (json!("2020-01-01"), "expired"),
            (json!(" 2020-01-01 "), "expired"),
            (json!("2020-01-01T10:00:00"), "expired"),
            (json!("2020-01"), "expired"),
            (json!(1_577_836_800), "expired"),
            (json!("2099-01"), "passed"),
            (json!(4_000_000_000_i64), "passed"),
            (json!(null), "passed"),
        ] {
            let (code, reason) = said(&json!({ "expiry_date": value }), Format::SdJwtVc);
            assert_eq!((code, reason.contains("not compared")), (expected, false), "{value}: {reason}");
        }
        for value in [json!("01/02/2020"), json!("2020-02-31"), json!(2019), json!(20_200_101), json!(["2020-01-01"])] {
            let (code, reason) = said(&json!({ "date_of_expiry": value }), Format::SdJwtVc);
            assert_eq!(code, "passed", "{value}");
            assert!(reason.contains("date_of_expiry is not a day (YYYY-MM-DD), so it was not compared."), "{reason}");
        }
    }

    #[test]
    fn late_ends_are_explained() {
        for (exp, code, reason) in [
            (1_577_836_800_000_000_i64, "expired", "as microseconds it would be 2020-01-01T00:00:00Z"),
            (1_577_836_800_000_000_000, "expired", "as nanoseconds it would be 2020-01-01T00:00:00Z"),
            (1_900_000_000_000_000, "passed", "probably wrote exp in microseconds"),
            (20_200_101_000_000, "passed", "a mistake of the issuer, or means that there is no end"),
        ] {
            let (found, said) = said(&json!({ "exp": exp }), Format::SdJwtVc);
            assert_eq!(found, code, "{exp}: {said}");
            assert!(said.contains(reason), "{exp}: {said}");
        }
    }

    #[test]
    fn expired_credentials_have_a_last_day() {
        for (claims, expected) in [
            (json!({ "exp": NOW - 99 }), Some("2026-11-18")),
            (json!({ "exp": (NOW - 99) * 1000 }), Some("2026-11-18")),
            (json!({ "exp": NOW - 99, "expiry_date": "2020-01-31" }), Some("2020-01-31")),
            (json!({ "exp": NOW - 99, "validUntil": "2020-01-01T00:00:00Z" }), Some("2020-01-01")),
            (json!({ "exp": NOW + 99, "expiry_date": "2099-01-31" }), None),
            (json!({ "validUntil": "-0044-03-15T12:00:00Z" }), None),
        ] {
            let found = expired_on(claims.as_object().expect("an object"), Format::SdJwtVc, NOW);
            assert_eq!(found.map(|day| day.to_string()).as_deref(), expected, "{claims}");
        }
    }
}
