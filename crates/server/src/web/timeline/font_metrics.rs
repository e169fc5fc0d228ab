//! Estimates the width of a label on the server, which cannot measure it.
//!
//! The reader's font is unknown, so widths are those of the widest common fonts (Verdana, DejaVu
//! Sans), rounded up. A label may be narrower than estimated, but never overlaps its neighbour.

/// Returns the maximum width of `label` in CSS pixels, at a font size of `size` CSS pixels.
pub fn width(label: &str, size: f64) -> f64 {
    label.chars().map(ems).sum::<f64>() * size
}

/// Cuts `label` with an ellipsis to fit into `room`; `None` if not even two characters fit.
pub fn cut(label: &str, room: f64, size: f64) -> Option<String> {
    let mut kept = String::new();
    let mut taken = ems('…') * size;
    for character in label.chars() {
        taken += ems(character) * size;
        if taken > room {
            break;
        }
        kept.push(character);
    }
    (kept.chars().count() > 1).then(|| kept.trim_end().to_owned() + "…")
}

/// Returns the width of a character in ems.
fn ems(character: char) -> f64 {
    match character {
        // Marks that isolate a right-to-left name have no width.
        '\u{2066}'..='\u{2069}' => 0.0,
        ' ' | 'f' | 'i' | 'j' | 'l' | 't' | 'I' | '.' | ',' | ':' | ';' | '\'' | '!' | '|' | '(' | ')' => 0.4,
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '…' | '—' => 1.0,
        other if other.is_uppercase() => 0.85,
        // Latin letters, digits and punctuation. Characters of other scripts are treated as square.
        '\0'..'\u{250}' => 0.66,
        _ => 1.1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truncated_labels_fit_and_end_in_an_ellipsis() {
        let label = "Ministry of Infrastructure";
        for room in [40.0, 60.0, 90.0, 120.0] {
            let cut = cut(label, room, 13.0).expect("two characters fit");
            assert!(width(&cut, 13.0) <= room, "{cut} in {room}");
            assert!(label.starts_with(cut.trim_end_matches('…')) && cut.ends_with('…'), "{cut}");
        }
        assert_eq!(cut(label, 20.0, 13.0), None);
    }

    #[test]
    fn truncated_labels_drop_trailing_spaces() {
        assert_eq!(cut("Ministry of Infrastructure", width("Ministry …", 13.0), 13.0).as_deref(), Some("Ministry…"));
    }
}
