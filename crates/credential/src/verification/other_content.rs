//! Recognises what an input without a token is, so that the message can say what to do.
//!
//! The page for tokens has the same rules in `crates/server/static/other-content.js`. Both are
//! tested with the cases in `tests/signed/pasted.json`.

use serde_json::{Map, Value};

use crate::encoding::decode;
use crate::json::parse_limited;
use crate::verify_error::OtherContent;

/// Shortest word that is taken for base64. No word of a language is this long.
const SHORTEST_BASE64: usize = 40;

/// The first bytes of files.
const FILES: [(&[u8], OtherContent); 7] = [
    (b"%PDF-", OtherContent::Pdf),
    (b"\x89PNG", OtherContent::Image),
    (b"\xff\xd8\xff", OtherContent::Image),
    (b"GIF8", OtherContent::Image),
    (b"RIFF", OtherContent::Image),
    (b"BM", OtherContent::Image),
    (b"PK\x03\x04", OtherContent::Archive),
];

/// The beginnings of files in base64.
const FILES_IN_BASE64: [(&str, OtherContent); 5] = [
    ("JVBERi0", OtherContent::Pdf),
    ("iVBORw0KGgo", OtherContent::Image),
    ("/9j/", OtherContent::Image),
    ("R0lGOD", OtherContent::Image),
    ("UEsDB", OtherContent::Archive),
];

/// The beginnings of links that open a wallet.
const WALLET_LINKS: [&str; 5] = ["openid-credential-offer:", "openid4vp:", "haip:", "haip-vci:", "haip-vp:"];

/// The parameters of links that open a wallet, also of those that begin with https.
const WALLET_PARAMETERS: [&str; 3] = ["credential_offer=", "credential_offer_uri=", "request_uri="];

/// Recognises a file by its first bytes.
pub(super) fn of_file(bytes: &[u8]) -> Option<OtherContent> {
    // The signature of a bitmap is short, so its reserved bytes are compared too.
    let is_bitmap = bytes.get(6..10).is_some_and(|reserved| *reserved == [0; 4]);
    let found = FILES.iter().find(|(start, _)| bytes.starts_with(start) && (*start != b"BM" || is_bitmap));
    found.map(|(_, content)| *content)
}

/// Recognises a text.
pub(super) fn of_text(text: &str) -> Option<OtherContent> {
    let text = text.trim_matches(|character: char| character.is_whitespace() || "\"'`“”‘’«»".contains(character));
    if text.starts_with("%PDF-") {
        return Some(OtherContent::Pdf);
    }
    if text.starts_with("data:image/") {
        return Some(OtherContent::Image);
    }
    if text.starts_with(['{', '[']) {
        return parse_limited::<Value>(text.as_bytes()).ok().and_then(|value| of_json(&value));
    }
    let lower = text.to_ascii_lowercase();
    if WALLET_LINKS.iter().any(|link| lower.starts_with(link))
        || WALLET_PARAMETERS.iter().any(|parameter| lower.contains(parameter))
    {
        return Some(OtherContent::WalletLink);
    }
    of_words(&text.split_whitespace().collect::<Vec<_>>())
}

/// Returns whether a run of token characters is a compact JWE (RFC 7516, section 7.1): five parts,
/// with `enc` in the header.
pub(super) fn is_jwe(run: &str) -> bool {
    let header = run.split('.').next().and_then(decode);
    let header = header.and_then(|bytes| parse_limited::<Value>(&bytes).ok());
    run.split('.').count() == 5 && header.is_some_and(|header| header.get("enc").is_some())
}

/// Returns whether a text is JSON with a signed token in the JSON serialization. It may contain a
/// key binding, which looks like a token.
pub(super) fn is_json_jws(text: &str) -> bool {
    let text = text.trim();
    let value = text.starts_with(['{', '[']).then(|| parse_limited::<Value>(text.as_bytes()).ok()).flatten();
    value.and_then(|value| of_json(&value)) == Some(OtherContent::JsonJws)
}

/// Returns whether an object is a JWS in the JSON serialization (RFC 7515, section 7.2).
fn is_jws(object: &Map<String, Value>) -> bool {
    let is = |name: &str, is_form: fn(&Value) -> bool| object.get(name).is_some_and(is_form);
    is("payload", Value::is_string) && (is("signatures", Value::is_array) || is("signature", Value::is_string))
}

fn of_json(value: &Value) -> Option<OtherContent> {
    match value {
        Value::Array(items) => items.iter().find_map(of_json),
        Value::Object(object) if is_jws(object) => Some(OtherContent::JsonJws),
        Value::Object(object) if object.contains_key("proof") => Some(OtherContent::JsonLd),
        Value::Object(object) if object.contains_key("kty") || object.get("keys").is_some_and(Value::is_array) => {
            Some(OtherContent::Keys)
        }
        Value::Object(object) => object.values().filter(|value| !value.is_string()).find_map(of_json),
        _ => None,
    }
}

fn of_words(words: &[&str]) -> Option<OtherContent> {
    let (first, last) = (words.first()?, words.last()?);
    if let Some((_, content)) = FILES_IN_BASE64.iter().find(|(start, _)| first.starts_with(start)) {
        return Some(*content);
    }
    let is_of_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    if first.starts_with("ey") && first.len() > 20 && words.iter().all(|word| word.bytes().all(is_of_token)) {
        return Some(OtherContent::CutToken);
    }
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"+/-_".contains(&byte);
    let is_long = |word: &&str| word.len() >= SHORTEST_BASE64;
    let (most, end) = (&words[..words.len() - 1], last.trim_end_matches('='));
    let are_long = if most.is_empty() { is_long(last) } else { most.iter().all(is_long) };
    (are_long && most.iter().chain([&end]).all(|word| word.bytes().all(is_base64))).then_some(OtherContent::Base64)
}
