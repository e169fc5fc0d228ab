//! The question whether the name in a credential is also its holder's: its form fields, and what a person chose in them.

use std::collections::BTreeMap;

use credential::NameReason;
use uuid::Uuid;

use crate::flows::names::NameQuestion;

/// The question about a name, as a page shows it.
#[derive(Debug)]
pub struct NameForm {
    /// The question.
    pub question: NameQuestion,
    /// What was chosen when the form was refused.
    chosen: NameChoice,
    /// Whether the form was refused.
    is_refused: bool,
}

/// What a person chose about one name.
#[derive(Clone, Copy, Debug, Default)]
struct NameChoice {
    is_own: bool,
    reason: Option<NameReason>,
}

/// What a person chose about names, by credential.
#[derive(Debug, Default)]
pub struct NameChoices(BTreeMap<Uuid, NameChoice>);

impl NameChoices {
    /// Reads the fields of a form: `own-name-{credential}`, and `name-reason-{credential}` with the reason.
    pub fn read(pairs: &[(String, String)]) -> Self {
        let mut choices = BTreeMap::<Uuid, NameChoice>::new();
        for (name, value) in pairs {
            if let Some(id) = name.strip_prefix("own-name-").and_then(|id| id.parse().ok()) {
                choices.entry(id).or_default().is_own = true;
            } else if let Some(id) = name.strip_prefix("name-reason-").and_then(|id| id.parse().ok()) {
                choices.entry(id).or_default().reason = NameReason::parse(value);
            }
        }
        Self(choices)
    }

    /// The names that were confirmed: ticked, with a reason.
    pub fn confirmed(&self) -> impl Iterator<Item = (Uuid, NameReason)> {
        self.0.iter().filter_map(|(id, chosen)| Some((*id, chosen.reason.filter(|_| chosen.is_own)?)))
    }
}

impl NameForm {
    /// The form for a question about the credential `id`; `refused` is what was chosen in a form that was refused.
    pub fn new(question: NameQuestion, id: Uuid, refused: Option<&NameChoices>) -> Self {
        let chosen = refused.and_then(|choices| choices.0.get(&id)).copied().unwrap_or_default();
        Self { question, chosen, is_refused: refused.is_some() }
    }

    /// Whether the box is ticked.
    pub fn is_own(&self) -> bool {
        self.chosen.is_own
    }

    /// Whether this reason is chosen.
    pub fn is_chosen(&self, reason: &NameReason) -> bool {
        self.chosen.reason == Some(*reason)
    }

    /// Whether the box must be ticked, and was not.
    pub fn lacks_confirmation(&self) -> bool {
        self.is_refused && !self.chosen.is_own
    }

    /// Whether a reason must be chosen, and was not.
    pub fn lacks_reason(&self) -> bool {
        self.is_refused && self.chosen.reason.is_none()
    }

    /// The reasons to choose from.
    pub fn reasons(&self) -> [NameReason; 4] {
        NameReason::ALL
    }
}

/// The key of a reason's text.
pub fn reason_key(reason: &NameReason) -> &'static str {
    match reason {
        NameReason::Changed => "name-reason-changed",
        NameReason::Spelling => "name-reason-spelling",
        NameReason::Script => "name-reason-script",
        NameReason::Other => "name-reason-other",
    }
}
