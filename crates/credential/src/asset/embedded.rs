//! Documents that are embedded in a body as data URLs.

use super::kind::{AssetKind, MAX_BYTES};
use crate::field_error::Code;

/// Returns whether `text` is a data URL. A scheme is case-insensitive (RFC 3986, section 3.1).
pub(crate) fn is_data_url(text: &str) -> bool {
    text.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"))
}

/// Returns the start of a caller's text, for a message.
pub(super) fn short(text: &str) -> String {
    text.chars().take(64).collect()
}

/// Passes the bytes of a data URL to `write`, piece by piece, also if it then turns out to be
/// invalid.
pub(super) fn decode_data_url(text: &str, kind: AssetKind, mut write: impl FnMut(&[u8])) -> Result<(), (Code, String)> {
    let wanted = kind.content_type();
    let refuse = |message: String| (Code::AssetDataFormat, message);
    let url = data_url::DataUrl::process(text)
        .map_err(|_| refuse(format!("Invalid data URL. It must start with data:{wanted};base64,")))?;
    let media = url.mime_type();
    let found = format!("{}/{}", media.type_, media.subtype);
    if found != wanted {
        return Err(refuse(format!(
            "The data URL has the media type {}; an asset of type {} must have {wanted}.",
            short(&found),
            kind.name()
        )));
    }
    let mut count = 0;
    let decoded = url.decode(|part| {
        count += part.len();
        write(part);
        Ok::<_, std::convert::Infallible>(())
    });
    decoded.map_err(|_| refuse("The base64 of the data URL is invalid or incomplete.".to_owned()))?;
    match count {
        0 => Err(refuse("The data URL is empty. Send null to get an upload URL.".to_owned())),
        count if count > MAX_BYTES => {
            Err(refuse(format!("The document has {count} bytes; the maximum is {MAX_BYTES}.")))
        }
        _ => Ok(()),
    }
}
