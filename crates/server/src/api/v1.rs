//! Headers of v1 responses, which say that v2 has replaced it (docs/partner-api.md section 1), and
//! what v2 returns in `warnings`.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use credential::Type;

use crate::flows::warning::Warning;
use crate::http::ascii;

/// The start of v1 paths.
pub(super) const V1: &str = "/api/partner/v1/";

/// The token endpoint, which v2 has not replaced.
const TOKEN: &str = "oauth/token";

/// Adds `Deprecation` (RFC 9745), the date on which v2 covered everything, and `Link` (RFC 8288),
/// which names the successor of `path`, to the response of a v1 path.
pub(super) fn mark(path: &str, headers: &mut HeaderMap) {
    let Some(path) = path.strip_prefix(V1).filter(|path| *path != TOKEN) else { return };
    headers.insert(HeaderName::from_static("deprecation"), HeaderValue::from_static("@1795392000"));
    if let Some(successor) = successor(path)
        && let Ok(link) = HeaderValue::try_from(format!("<{successor}>; rel=\"successor-version\""))
    {
        headers.insert(header::LINK, link);
    }
}

/// Returns the path that replaces a path of v1; `None` if v2 has none either.
fn successor(path: &str) -> Option<String> {
    match path.strip_prefix("add/") {
        Some(name) if name == "batch" || name.parse::<Type>().is_ok() => {
            Some(format!("/api/partner/v2/add/requests/{name}"))
        }
        Some(_) => None,
        None => Some(format!("/api/partner/v2/{path}")),
    }
}

/// A warning about a v1 push.
const WARNING: HeaderName = HeaderName::from_static("tenure-warning");

/// Maximum number of warning headers of one response, and of their bytes. Clients and proxies
/// refuse responses with long headers, and their caller would not see the 201.
const MAX_HEADERS: usize = 8;
const BYTES: usize = 2048;

/// Bytes that are kept for the header that counts the warnings without one.
const REST: usize = 200;

/// Maximum number of bytes of the places in one header, and of one place.
const PLACES: usize = 400;
const PLACE: usize = 200;

/// Adds the warnings of a push: lists of RFC 9651, each with one code as a token and its message as
/// a parameter. Warnings that differ only in their places share a header.
pub(super) fn add_warnings(warnings: &[Warning], headers: &mut HeaderMap) {
    let groups = grouped(warnings);
    let (mut bytes, mut shown) = (0, 0);
    let mut append = |value: String| {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.append(WARNING, value);
        }
    };
    for (index, group) in groups.iter().enumerate() {
        let value = written(group[0].code, &joined(group));
        let is_last = index + 1 == groups.len();
        let (most, room) = if is_last { (MAX_HEADERS, BYTES) } else { (MAX_HEADERS - 1, BYTES - REST) };
        bytes += WARNING.as_str().len() + value.len();
        if index >= most || bytes > room {
            break;
        }
        shown += group.len();
        append(value);
    }
    if shown < warnings.len() {
        let rest = warnings.len() - shown;
        append(written("warnings.truncated", &format!("{rest} more have no header. v2 lists all in warnings.")));
    }
}

/// Groups warnings that differ only in their places.
fn grouped(warnings: &[Warning]) -> Vec<Vec<&Warning>> {
    let mut groups: Vec<(String, Vec<&Warning>)> = Vec::new();
    for warning in warnings {
        let text = warning.message.replacen(&warning.place, "", 1);
        let same = groups.iter_mut().find(|(known, group)| *known == text && group[0].code == warning.code);
        match same {
            Some((_, group)) => group.push(warning),
            None => groups.push((text, vec![warning])),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

/// Returns the message of the first warning of a group, with the places of all.
fn joined(group: &[&Warning]) -> String {
    let first = group[0];
    if first.place.is_empty() {
        return first.message.to_string();
    }
    let mut places: Vec<String> = Vec::new();
    let mut bytes = 0;
    for warning in group {
        let place = cut(&warning.place);
        bytes += place.chars().map(written_bytes).sum::<usize>();
        if bytes > PLACES {
            break;
        }
        places.push(place);
    }
    let more = match group.len() - places.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    first.message.replacen(&first.place, &format!("{}{more}", places.join(", ")), 1)
}

/// Cuts a place with a long id.
fn cut(place: &str) -> String {
    let mut bytes = 0;
    let is_within = |character: &char| {
        bytes += written_bytes(*character);
        bytes <= PLACE
    };
    let kept: String = place.chars().take_while(is_within).collect();
    if kept.len() < place.len() { format!("{kept}...") } else { kept }
}

/// Returns the number of bytes of a character in a header, at most.
fn written_bytes(character: char) -> usize {
    if matches!(character, ' '..='~') && !matches!(character, '%' | '"') { 1 } else { 3 * character.len_utf8() }
}

/// Writes a warning. A message in ASCII is a String (RFC 9651, section 3.3.3), any other a Display
/// String (section 3.3.8), so that ids in other scripts can be read back.
fn written(code: &str, message: &str) -> String {
    if message.chars().all(|character| matches!(character, ' '..='~') && character != '\\') {
        return format!("{code};message=\"{}\"", ascii(message));
    }
    let mut encoded = String::with_capacity(message.len());
    for byte in message.bytes() {
        match byte {
            b' '..=b'~' if byte != b'%' && byte != b'"' => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02x}")),
        }
    }
    format!("{code};message=%\"{encoded}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warning(code: &'static str, place: &str) -> Warning {
        Warning { code, message: format!("The name at {place} is vague.").into(), place: place.to_owned() }
    }

    fn values(warnings: &[Warning]) -> Vec<String> {
        let mut headers = HeaderMap::new();
        add_warnings(warnings, &mut headers);
        headers.get_all(WARNING).iter().map(|value| value.to_str().expect("ASCII").to_owned()).collect()
    }

    #[test]
    fn v1_warnings_that_differ_only_in_place_share_a_header() {
        let two = [warning("a.b", "/x/0 (id 1)"), warning("a.b", "/x/1 (id 2)")];
        assert_eq!(values(&two), ["a.b;message=\"The name at /x/0 (id 1), /x/1 (id 2) is vague.\""]);
        let many = Vec::from_iter((0..100).map(|index| warning("a.b", &format!("/x/{index}"))));
        let found = values(&many);
        assert!(found.len() == 1 && found[0].contains(", /x/9,") && found[0].contains(" more is vague."), "{found:?}");
        assert_eq!(values(&[warning("a.b", "/x"), warning("c.d", "/x")]).len(), 2);
    }

    #[test]
    fn v1_warning_headers_are_bounded() {
        let long = "\u{e9}".repeat(255);
        let different = |index: usize| Warning {
            message: format!("The {index}. name at {long} is vague.").into(),
            ..warning("a.b", &long)
        };
        for count in [1, 2, 7, 8, 9, 200] {
            for warnings in [
                Vec::from_iter((0..count).map(different)),
                Vec::from_iter((0..count).map(|index| warning("a.b", &format!("/{index}{long}")))),
            ] {
                let found = values(&warnings);
                let bytes: usize = found.iter().map(|value| value.len() + "tenure-warning".len()).sum();
                assert!(!found.is_empty() && found.len() <= 8 && bytes <= 2048, "{count}: {bytes}");
            }
        }
        let last = values(&Vec::from_iter((0..200).map(different))).pop().expect("a header");
        assert!(last.starts_with("warnings.truncated;message=\"19") && last.contains("v2 lists all"), "{last}");
    }

    #[test]
    fn v1_warnings_keep_ids_of_every_script_apart() {
        let found = values(&[warning("a.b", "/x (id \u{e9}%\")")]);
        assert_eq!(found, ["a.b;message=%\"The name at /x (id %c3%a9%25%22) is vague.\""]);
        assert_eq!(written("a.b", "Say \"x\""), "a.b;message=\"Say 'x'\"");
    }

    #[test]
    fn only_paths_that_exist_are_named_as_successors() {
        for (path, expected) in [
            ("add/education", Some("/api/partner/v2/add/requests/education")),
            ("add/universal_credential", Some("/api/partner/v2/add/requests/universal_credential")),
            ("add/batch", Some("/api/partner/v2/add/requests/batch")),
            ("add/salary", None),
            ("submissions/1/status", Some("/api/partner/v2/submissions/1/status")),
        ] {
            assert_eq!(successor(path).as_deref(), expected, "{path}");
        }
    }
}
