//! What tells the credentials of a form apart whose titles do not: the name in them, and when they
//! were sent. And which of them is preselected.

use uuid::Uuid;

use super::people::different_names;
use crate::app::App;
use crate::error::Error;
use crate::flows::credential_view::CredentialView;
use crate::flows::names::HeldNames;
use crate::i18n::Text;
use ambient::Timestamp;

/// The properties of a credential that its choice names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Described<'a> {
    title: &'a str,
    partner: &'a str,
    headline: &'a str,
    name: &'a str,
}

impl<'a> Described<'a> {
    fn new(shown: &'a CredentialView) -> Self {
        Self { title: shown.title, partner: &shown.partner, headline: &shown.headline, name: shown.full_name() }
    }
}

/// Returns a note for each of `shown`, as HTML; empty if its title, partner and headline suffice.
pub(super) fn notes(shown: &[CredentialView], text: &Text) -> Vec<String> {
    let described: Vec<(Described<'_>, Timestamp)> =
        shown.iter().map(|shown| (Described::new(shown), shown.pushed_at)).collect();
    notes_of(&described, text)
}

/// Returns the credential of `offered` to preselect: the newest in the name of the verified
/// identity or, without one, the newest. `offered` are ids of `shown`, oldest first.
///
/// # Errors
/// The store or the key ring cannot be used.
pub(super) async fn preferred(
    app: &App,
    holder: Uuid,
    shown: &[CredentialView],
    offered: &[Uuid],
) -> Result<Option<Uuid>, Error> {
    let newest = offered.last().copied();
    if offered.len() < 2 {
        return Ok(newest);
    }
    let names = HeldNames::of(app, holder).await?;
    let is_own = |shown: &&CredentialView| offered.contains(&shown.id) && names.is_of_identity(shown.full_name());
    Ok(shown.iter().rev().find(is_own).map(|shown| shown.id).or(newest))
}

fn notes_of(described: &[(Described<'_>, Timestamp)], text: &Text) -> Vec<String> {
    let has_names = different_names(described.iter().map(|(one, _)| one.name)).len() > 1;
    let note = |(at, (one, sent)): (usize, &(Described<'_>, Timestamp))| {
        let name = has_names.then(|| text.markup("choice-name", &[("name", one.name)], &[]));
        let is_unique = described.iter().filter(|(other, _)| other == one).count() == 1;
        let values = [("number", (at + 1).to_string()), ("moment", text.local_moment(sent))];
        let sent = (!is_unique).then(|| text.with_markup("choice-sent", &values));
        name.into_iter().chain(sent).collect::<Vec<_>>().join(", ")
    };
    described.iter().enumerate().map(note).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(names: &[&str]) -> Vec<String> {
        let described: Vec<_> = names.iter().map(|name| (described_as(name), Timestamp::from_micros(0))).collect();
        notes_of(&described, &Text::default())
    }

    fn described_as(name: &str) -> Described<'_> {
        Described { title: "English Test", partner: "Acme", headline: "7.5", name }
    }

    #[test]
    fn different_names_are_said() {
        assert_eq!(
            said(&["Ada Example", "Bob <Different>"]),
            ["in the name <bdi>Ada Example</bdi>", "in the name <bdi>Bob &lt;Different&gt;</bdi>"]
        );
        assert_eq!(said(&["Ada Example"]), [""]);
    }

    #[test]
    fn credentials_alike_in_everything_are_numbered() {
        let notes = said(&["Ada Example", "Ada Example"]);
        assert!(notes[0].starts_with("no. 1, sent on ") && notes[1].starts_with("no. 2, sent on "), "{notes:?}");
        assert!(!notes[0].contains("name"), "{notes:?}");
    }
}
