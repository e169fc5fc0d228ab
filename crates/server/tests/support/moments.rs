//! The days and moments of pages, which scripts rewrite to the reader's time zone.

/// Returns a page without the tags of its `time` elements. The texts inside stay.
pub fn without_times(page: &str) -> String {
    let mut parts = page.split("<time ");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        text.push_str(part.split_once('>').map_or(part, |(_, rest)| rest));
    }
    text.replace("</time>", "")
}

/// Returns a page without its `time` elements.
pub fn outside_times(page: &str) -> String {
    let mut parts = page.split("<time ");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        text.push_str(part.split_once("</time>").map_or(part, |(_, rest)| rest));
    }
    text
}
