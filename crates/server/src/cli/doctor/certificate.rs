//! Until when a certificate is good: the little of X.509 (RFC 5280, section 4.1) that the doctor reads by itself. Whether a
//! certificate is to be trusted is decided elsewhere.

use ambient::Timestamp;

/// The time between which a certificate is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Validity {
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
}

/// One element of DER: its tag, its content, and what follows it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = if *first < 0x80 {
        (usize::from(*first), rest)
    } else {
        let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        let is_short = bytes.len() <= 4;
        (is_short.then(|| bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)))?, rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// The validity in a certificate, DER.
pub(super) fn validity(certificate: &[u8]) -> Option<Validity> {
    let (SEQUENCE, certificate, _) = element(certificate)? else { return None };
    let (SEQUENCE, mut body, _) = element(certificate)? else { return None };
    if let (VERSION, _, rest) = element(body)? {
        body = rest;
    }
    // Serial number, algorithm, issuer.
    for _ in 0..3 {
        body = element(body)?.2;
    }
    let (SEQUENCE, validity, _) = element(body)? else { return None };
    let (tag, from, rest) = element(validity)?;
    let from = time(tag, from)?;
    let (tag, until, _) = element(rest)?;
    Some(Validity { from, until: time(tag, until)? })
}

/// `YYMMDDHHMMSSZ`, of 1950 to 2049, or `YYYYMMDDHHMMSSZ` (RFC 5280, section 4.1.2.5).
fn time(tag: u8, text: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let text = match tag {
        UTC_TIME => format!("{}{text}", if text < "50" { "20" } else { "19" }),
        GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    let time = jiff::civil::DateTime::strptime("%Y%m%d%H%M%S", text).ok()?;
    let time = jiff::tz::Offset::UTC.to_timestamp(time).ok()?;
    Some(Timestamp::from_micros(time.as_microsecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_to_write_a_time_are_read() {
        let mut params = rcgen::CertificateParams::new(vec!["passport.example".to_owned()]).expect("a name");
        params.not_before = rcgen::date_time_ymd(2026, 11, 25);
        params.not_after = rcgen::date_time_ymd(2055, 1, 2);
        let key = rcgen::KeyPair::generate().expect("a key");
        let made = params.self_signed(&key).expect("a certificate");
        let found = validity(made.der()).expect("it is read");
        assert_eq!(found.from.to_string(), "2026-11-25T00:00:00Z");
        assert_eq!(found.until.to_string(), "2055-01-02T00:00:00Z");
        for length in 0..made.der().len().min(200) {
            let _ = validity(&made.der()[..length]);
        }
        assert_eq!(validity(b"nonsense"), None);
    }
}
