//! Titles that tell the credentials of a shared page apart in its checks and reasons.

use crate::i18n::Text;
use crate::web::people::Shown;

/// Returns the title of each credential. A title that its partner's other credentials have too is
/// followed by the credential's headline, and by its number if that is not enough.
pub(super) fn distinct(credentials: &[Shown], headlines: &[Option<String>], text: &Text) -> Vec<String> {
    let titles: Vec<String> = credentials.iter().map(|shown| shown.title.clone()).collect();
    let with_headline = |at: usize| match &headlines[at] {
        Some(headline) if *headline != titles[at] && !is_unique(credentials, &titles, at) => {
            text.with("hire-title-of", &[("title", &titles[at]), ("headline", headline)])
        }
        _ => titles[at].clone(),
    };
    let described: Vec<String> = (0..titles.len()).map(with_headline).collect();
    let with_number = |at: usize| {
        if is_unique(credentials, &described, at) {
            return described[at].clone();
        }
        text.with("hire-title-of", &[("title", &described[at]), ("headline", &(at + 1).to_string())])
    };
    (0..described.len()).map(with_number).collect()
}

/// Returns whether no other credential of the same partner has the same title.
fn is_unique(credentials: &[Shown], titles: &[String], at: usize) -> bool {
    let key = |at: usize| (credentials[at].partner.as_str(), titles[at].as_str());
    (0..titles.len()).all(|other| other == at || key(other) != key(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn titled(shown: &[(&str, &str, Option<&str>)]) -> Vec<String> {
        let credential = |(title, partner, _): &(&str, &str, Option<&str>)| Shown {
            title: (*title).to_owned(),
            partner: (*partner).to_owned(),
            ..Shown::default()
        };
        let credentials: Vec<Shown> = shown.iter().map(credential).collect();
        let headlines: Vec<Option<String>> = shown.iter().map(|(_, _, headline)| headline.map(str::to_owned)).collect();
        distinct(&credentials, &headlines, &Text::default())
    }

    #[test]
    fn titles_of_one_partner_are_told_apart_by_headlines() {
        let career = "Career history";
        let found = titled(&[
            (career, "Acme", Some("Cook at A")),
            (career, "Acme", Some("Clerk at B")),
            (career, "Other", Some("Cook at A")),
            ("Bachelor of Arts", "Acme", Some("Bachelor of Arts")),
        ]);
        assert_eq!(
            found,
            ["Career history (Cook at A)", "Career history (Clerk at B)", "Career history", "Bachelor of Arts"]
        );
    }

    #[test]
    fn titles_with_equal_or_no_headlines_are_numbered() {
        let career = "Career history";
        let found = titled(&[(career, "Acme", Some("Cook at A")), (career, "Acme", Some("Cook at A"))]);
        assert_eq!(found, ["Career history (Cook at A) (1)", "Career history (Cook at A) (2)"]);
        assert_eq!(
            titled(&[(career, "Acme", None), (career, "Acme", None)]),
            ["Career history (1)", "Career history (2)"]
        );
        assert_eq!(
            titled(&[(career, "Acme", Some("Cook at A")), (career, "Acme", None)]),
            ["Career history (Cook at A)", "Career history"]
        );
    }
}
