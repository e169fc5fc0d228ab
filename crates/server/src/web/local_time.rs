//! Moments and days as HTML. The script `local-time.js` rewrites them to the reader's time zone;
//! without scripts they stay in UTC.

use crate::i18n::{Text, isolated};
use ambient::Timestamp;

impl Text {
    /// Returns a moment as HTML.
    pub fn local_moment(&self, moment: &Timestamp) -> String {
        format!("<time datetime=\"{moment}\" data-local>{}</time>", self.moment(moment))
    }

    /// Returns the day of a moment as HTML.
    pub fn local_day(&self, moment: &Timestamp) -> String {
        format!("<time datetime=\"{moment}\" data-local=\"day\">{}</time>", self.day(moment))
    }

    /// Returns the time left until a moment as HTML. `left` is that time when the page is rendered;
    /// the script keeps it current.
    pub fn local_left(&self, left: &str, until: &Timestamp) -> String {
        format!("<time datetime=\"{until}\" data-left>{left}</time>")
    }

    /// Returns the text of `key` as HTML, with a moment.
    pub fn with_moment(&self, key: &str, moment: &Timestamp) -> String {
        self.with_markup(key, &[("moment", self.local_moment(moment))])
    }

    /// Returns the text of `key` as HTML, with the time left until a moment, and the moment.
    pub fn with_left(&self, key: &str, left: &str, until: &Timestamp) -> String {
        self.with_markup(key, &[("left", self.local_left(left, until)), ("moment", self.local_moment(until))])
    }

    /// Returns the text of `key` as HTML, with the day of a moment.
    pub fn with_day(&self, key: &str, moment: &Timestamp) -> String {
        self.names_and_day(key, &[], moment)
    }

    /// Returns the text of `key` as HTML, with isolated names and the day of a moment.
    pub fn names_and_day(&self, key: &str, names: &[(&'static str, &str)], moment: &Timestamp) -> String {
        let names = names.iter().map(|(name, value)| (*name, isolated(value)));
        let day = ("day", self.local_day(moment));
        self.with_markup(key, &names.chain([day]).collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_carry_the_exact_time_and_show_utc() {
        let (text, moment) = (Text::default(), Timestamp::from_micros(1_706_000_000_000_000));
        let shown = "<time datetime=\"2024-01-23T08:53:20Z\" data-local>23 January 2024, 08:53 UTC</time>";
        assert_eq!(text.local_moment(&moment), shown);
        assert_eq!(text.with_moment("share-viewed", &moment), format!("Last viewed on {shown}."));
        let left = "<time datetime=\"2024-01-23T08:53:20Z\" data-left>2 days left</time>";
        assert_eq!(text.local_left("2 days left", &moment), left);
        let said = text.with_left("choice-later", "2 days left", &moment);
        assert_eq!(said, format!("You have {left} (until {shown}). Then it is deleted."));
    }

    #[test]
    fn days_carry_the_exact_time_and_isolate_names() {
        let (text, moment) = (Text::default(), Timestamp::from_micros(1_706_000_000_000_000));
        let shown = "<time datetime=\"2024-01-23T08:53:20Z\" data-local=\"day\">23 January 2024</time>";
        assert_eq!(text.local_day(&moment), shown);
        assert_eq!(text.with_day("credential-added", &moment), format!("Added on {shown}"));
        let said = text.names_and_day("credential-updated", &[("partner", "A & B")], &moment);
        assert_eq!(said, format!("Updated by <bdi>A &amp; B</bdi> on {shown}"));
    }
}
