//! Validation of the options of `tenure partner`.

use std::borrow::Cow;
use std::ops::RangeInclusive;
use std::time::Duration;

use credential::parse_period;
use uuid::Uuid;

use crate::addresses;

/// How long the old secret may keep working after a rotation.
const OVERLAP: RangeInclusive<Duration> = Duration::from_secs(60)..=Duration::from_secs(30 * 86_400);

pub(super) fn check_name(name: &str) -> Result<String, String> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 200 || name.chars().any(char::is_control) {
        return Err("--name must have 1 to 200 characters, without control characters".to_owned());
    }
    // People read it, as they read the texts of pushes.
    credential::parse_text(name).map_err(|why| format!("--name is not valid. {why}"))
}

/// Joins the values of an option, each once.
fn distinct(values: Vec<String>) -> String {
    let mut kept: Vec<String> = Vec::with_capacity(values.len());
    for value in values {
        if !kept.contains(&value) {
            kept.push(value);
        }
    }
    kept.join(" ")
}

pub(super) fn parse_client_id(text: &str) -> Result<Uuid, &'static str> {
    text.parse().map_err(|_| "it must be a UUID, as `tenure partner list` prints it")
}

/// Parses how long the old secret keeps working after a rotation.
pub(super) fn parse_overlap(text: &str) -> Result<Duration, &'static str> {
    let parsed = parse_period(text).filter(|kept| OVERLAP.contains(kept));
    parsed.ok_or("it must be a duration from 1m to 30d, such as 24h")
}

/// Normalises host names to the form that they have in URLs.
pub(super) fn check_hosts(hosts: &[String]) -> Result<String, String> {
    let named = |host: &String| match url::Host::parse(host) {
        Ok(url::Host::Domain(name)) => Ok(name),
        _ => Err(format!("'{host}' is not a host name such as documents.example.edu")),
    };
    hosts.iter().map(named).collect::<Result<_, _>>().map(distinct)
}

/// Normalises addresses to the form that browsers use. http is allowed only on this machine, and
/// only if the server itself is reached by http.
pub(super) fn check_callbacks(urls: &[String], is_https: bool) -> Result<String, String> {
    let checked = urls.iter().map(|text| {
        let url = addresses::parse(text).map_err(|why| format!("'{text}' {why}, like https://hr.example/verified"))?;
        let is_allowed = addresses::is_web(&url) && (url.scheme() == "https" || !is_https);
        let is_ours = |(name, _): (Cow<'_, str>, _)| name == "request_id" || name == "status";
        if !is_allowed {
            Err(format!("'{text}' must start with https://"))
        } else if url.query_pairs().any(is_ours) {
            Err(format!("'{text}' must not have request_id or status in its query: the server adds them"))
        } else {
            Ok(url.to_string())
        }
    });
    checked.collect::<Result<_, _>>().map(distinct)
}

pub(super) fn check_scopes(scopes: &str) -> Result<String, String> {
    let known: Vec<&str> = credential::ALL.iter().flat_map(|known| [known.write_scope, known.read_scope]).collect();
    let asked: Vec<&str> = scopes.split_whitespace().collect();
    match asked.iter().find(|scope| !known.contains(scope)) {
        Some(list) if list.contains(',') => {
            let like = "like \"write.career_history write.education\"";
            Err(format!("unknown scope '{list}'. Separate scopes with spaces, {like}"))
        }
        Some(unknown) => Err(format!("unknown scope '{unknown}'. The scopes are: {}", known.join(" "))),
        None if asked.is_empty() => Err(format!("--scope must have at least one of: {}", known.join(" "))),
        None => Ok(asked.join(" ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partner_names_are_readable_text() {
        assert_eq!(check_name("  Ame\u{301}lie & Co.  "), Ok("Am\u{e9}lie & Co.".to_owned()));
        for bad in ["", "  ", "a\nb", "\u{202e}knaB", "Bank\u{200f}", "\u{200b}\u{2060}", &"a".repeat(201)] {
            assert!(check_name(bad).is_err_and(|said| said.starts_with("--name")), "{bad:?}");
        }
    }

    #[test]
    fn addresses_are_listed_once() {
        let twice = |text: &str| [text.to_owned(), text.to_uppercase()];
        assert_eq!(check_hosts(&twice("documents.example.edu")), Ok("documents.example.edu".to_owned()));
        let urls = ["https://hr.example/", "https://HR.example", "https://hr.example/b"].map(ToOwned::to_owned);
        assert_eq!(check_callbacks(&urls, true), Ok("https://hr.example/ https://hr.example/b".to_owned()));
    }

    #[test]
    fn http_callback_urls_need_loopback_and_an_http_server() {
        let check = |url: &str, is_https| check_callbacks(&[url.to_owned()], is_https);
        assert_eq!(check("https://HR.example", true), Ok("https://hr.example/".to_owned()));
        assert_eq!(check("https://hr.example/back?x=1", false), Ok("https://hr.example/back?x=1".to_owned()));
        for local in ["http://localhost:3000/", "http://127.0.0.1:3000/", "http://[::1]/"] {
            assert_eq!(check(local, false), Ok(local.to_owned()));
            assert!(check(local, true).is_err(), "{local}");
        }
        for bad in [
            "hr.example/back",
            "http://hr.example/",
            "http://10.0.0.1/",
            "javascript:alert(1)",
            "data:text/html,x",
            "https://hr.example/#here",
            "https://ada@hr.example/",
            "https://hr.example/?status=verified",
            "",
        ] {
            assert!(check(bad, false).is_err(), "{bad}");
        }
        assert_eq!(check_callbacks(&[], true), Ok(String::new()));
    }

    #[test]
    fn overlaps_are_from_a_minute_to_thirty_days() {
        assert_eq!(parse_overlap("24h"), Ok(Duration::from_secs(86_400)));
        for good in ["1m", "60s", "30d"] {
            assert!(parse_overlap(good).is_ok(), "{good}");
        }
        for bad in ["", "0s", "59s", "31d", "720h1m", "24", "forever", "-1h"] {
            assert!(parse_overlap(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn unknown_and_empty_scopes_are_rejected() {
        assert_eq!(check_scopes(" write.education  read.universal"), Ok("write.education read.universal".to_owned()));
        assert!(check_scopes("read.salary").is_err_and(|said| said.contains("read.digital_identity")));
        assert!(check_scopes(" ").is_err());
        for list in ["write.career_history,write.education", "write.education, read.universal"] {
            assert!(check_scopes(list).is_err_and(|said| said.contains("Separate scopes with spaces")), "{list}");
        }
    }
}
