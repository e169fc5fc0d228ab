//! How URLs in bodies must be written: as they are parsed, so that the URL that was sent is used.

/// Returns whether a URL is written as it is parsed. The URL standard accepts `https:\\host` and
/// `https:host` for `https://host`, and removes spaces around a URL and line breaks within it.
pub fn is_plain_url(text: &str) -> bool {
    let is_odd = |character: char| character == '\\' || character.is_whitespace() || character.is_control();
    let after_scheme = text.split_once(':').and_then(|(_, rest)| rest.strip_prefix("//"));
    after_scheme.is_some_and(|rest| !rest.starts_with('/')) && !text.contains(is_odd)
}

/// Returns the authority of a plain URL: host and port, and the user and password, even if they are
/// empty.
pub fn url_authority(text: &str) -> &str {
    let (_, rest) = text.split_once("//").unwrap_or_default();
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}
