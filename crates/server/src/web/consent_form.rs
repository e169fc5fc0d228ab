//! The fields of a consent form.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::name_form::NameChoices;
use crate::flows::consent::Choices;

/// The choices of a form that was rejected, or sent after the session had ended.
pub(super) struct RejectedForm {
    pub names: NameChoices,
    pub choices: Choices,
    /// Text key of a notice on the page that shows the choices again.
    pub notice: Option<&'static str>,
}

impl RejectedForm {
    pub(super) fn read(pairs: &[(String, String)]) -> Self {
        let (names, mut choices) = (NameChoices::read(pairs), read_choices(pairs));
        names.add_to(&mut choices);
        Self { names, choices, notice: None }
    }
}

/// Parses the person's choices: for each pair of versions whether the newer one replaces the older
/// one (`version-{item}-{version}`), and which credentials their partners may update without asking
/// (`current-{item}`).
fn read_choices(pairs: &[(String, String)]) -> Choices {
    let mut choices = Choices::new();
    for (name, value) in pairs {
        if let Some((item, version)) = name.strip_prefix("version-").and_then(read_pair) {
            let replaced = choices.entry(item).or_default().replaced.get_or_insert_default();
            if value == "replace" {
                replaced.insert(version);
            }
        } else if let Some(item) = name.strip_prefix("current-").and_then(|id| id.parse().ok()) {
            choices.entry(item).or_default().is_kept_current = true;
        }
    }
    choices
}

/// Parses the items of a batch that the form is about (`item`); `None` if it is about all.
pub(super) fn read_items(pairs: &[(String, String)]) -> Option<BTreeSet<Uuid>> {
    let items = || pairs.iter().filter(|(name, _)| name == "item");
    items().next().map(|_| items().filter_map(|(_, id)| id.parse().ok()).collect())
}

/// Parses two ids with a dash in between.
fn read_pair(text: &str) -> Option<(Uuid, Uuid)> {
    let (item, version) = text.split_at_checked(uuid::fmt::Hyphenated::LENGTH)?;
    Some((item.parse().ok()?, version.strip_prefix('-')?.parse().ok()?))
}
