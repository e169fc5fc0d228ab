//! Form fields in which a holder confirms that a name or date of birth in a credential is theirs.

use std::collections::BTreeMap;

use credential::{BirthDateReason, NameReason};
use uuid::Uuid;

use crate::flows::consent::Choices;
use crate::flows::names::{BirthDateQuestion, Confirmation, NameQuestion};

/// The name confirmation that a page shows.
#[derive(Debug)]
pub struct NameForm {
    /// The names to compare.
    pub question: NameQuestion,
    pub fields: ConfirmFields,
}

/// The date of birth confirmation that a page shows.
#[derive(Debug)]
pub struct BirthDateForm {
    /// The dates to compare.
    pub question: BirthDateQuestion,
    pub fields: ConfirmFields,
}

/// A checkbox and a choice of reasons.
#[derive(Debug)]
pub struct ConfirmFields {
    /// `name` or `birth-date`: part of the field names.
    pub kind: &'static str,
    /// Text key of the label of the reasons.
    pub why: &'static str,
    /// Text key of the message that a reason is missing.
    pub no_reason: &'static str,
    /// The value of the checkbox. It identifies the values shown beside it, so that a form about
    /// other values confirms nothing.
    pub value: String,
    /// Each reason: its value, and the key of its text.
    reasons: Vec<(&'static str, &'static str)>,
    /// The submitted fields.
    sent: SentFields,
    /// Whether the previous form was rejected.
    is_refused: bool,
}

/// A required field that is missing in a rejected form.
#[derive(Debug)]
pub struct MissingField {
    /// The id of the field's element.
    pub id: String,
    /// Text key of what to do.
    pub said: &'static str,
}

/// The submitted fields about one credential.
#[derive(Clone, Debug, Default)]
struct SentFields {
    value: Option<String>,
    reason: String,
}

/// Submitted confirmations of names and dates of birth, by credential.
#[derive(Debug, Default)]
pub struct NameChoices {
    names: BTreeMap<Uuid, SentFields>,
    birth_dates: BTreeMap<Uuid, SentFields>,
}

impl NameChoices {
    /// Parses the fields of a form: `own-name-{credential}` with the confirmed value,
    /// `name-reason-{credential}` with the reason, and the same for `birth-date`.
    pub fn read(pairs: &[(String, String)]) -> Self {
        let mut choices = Self::default();
        for (name, value) in pairs {
            let id = |prefix: &str| name.strip_prefix(prefix).and_then(|id| id.parse::<Uuid>().ok());
            if let Some(id) = id("own-name-") {
                choices.names.entry(id).or_default().value = Some(value.clone());
            } else if let Some(id) = id("name-reason-") {
                choices.names.entry(id).or_default().reason.clone_from(value);
            } else if let Some(id) = id("own-birth-date-") {
                choices.birth_dates.entry(id).or_default().value = Some(value.clone());
            } else if let Some(id) = id("birth-date-reason-") {
                choices.birth_dates.entry(id).or_default().reason.clone_from(value);
            }
        }
        choices
    }

    /// Adds each confirmation that is both ticked and has a reason.
    pub fn add_to(&self, choices: &mut Choices) {
        for (id, sent) in &self.names {
            choices.entry(*id).or_default().confirmed_name = sent.confirmation(NameReason::parse(&sent.reason));
        }
        for (id, sent) in &self.birth_dates {
            let reason = BirthDateReason::parse(&sent.reason);
            choices.entry(*id).or_default().confirmed_birth_date = sent.confirmation(reason);
        }
    }
}

impl SentFields {
    fn confirmation<R>(&self, reason: Option<R>) -> Option<Confirmation<R>> {
        Some(Confirmation { reason: reason?, question: Some(self.value.clone()?) })
    }
}

impl NameForm {
    /// Creates the form for a name in the credential `id`. `refused` contains the choices of a
    /// rejected form.
    pub fn new(question: NameQuestion, id: Uuid, refused: Option<&NameChoices>) -> Self {
        let sent = refused.map(|choices| choices.names.get(&id).cloned().unwrap_or_default());
        let fields = ConfirmFields {
            kind: "name",
            why: "name-reason",
            no_reason: "name-no-reason",
            value: question.id(),
            reasons: NameReason::ALL.iter().map(|reason| (reason.name(), reason_key(reason))).collect(),
            is_refused: sent.is_some(),
            sent: sent.unwrap_or_default(),
        };
        Self { question, fields }
    }
}

impl BirthDateForm {
    /// As [`NameForm::new`].
    pub fn new(question: BirthDateQuestion, id: Uuid, refused: Option<&NameChoices>) -> Self {
        let sent = refused.map(|choices| choices.birth_dates.get(&id).cloned().unwrap_or_default());
        let fields = ConfirmFields {
            kind: "birth-date",
            why: "birth-date-reason",
            no_reason: "birth-date-no-reason",
            value: question.id(),
            reasons: BirthDateReason::ALL.iter().map(|reason| (reason.name(), birth_date_reason_key(reason))).collect(),
            is_refused: sent.is_some(),
            sent: sent.unwrap_or_default(),
        };
        Self { question, fields }
    }
}

impl ConfirmFields {
    /// Whether the checkbox is ticked for the values that are now shown.
    pub fn is_own(&self) -> bool {
        self.sent.value.as_ref() == Some(&self.value)
    }

    /// Returns each reason with its value, the key of its text, and whether it is chosen.
    pub fn options(&self) -> Vec<(&'static str, &'static str, bool)> {
        self.reasons.iter().map(|(value, key)| (*value, *key, self.sent.reason == *value)).collect()
    }

    /// Whether the required checkbox was left empty.
    pub fn lacks_confirmation(&self) -> bool {
        self.is_refused && !self.is_own()
    }

    /// Returns the text key of the message that the checkbox must be ticked.
    pub fn unconfirmed(&self) -> &'static str {
        match (self.sent.value.is_some(), self.kind) {
            (true, _) => "name-asked-again",
            (false, "birth-date") => "birth-date-unconfirmed",
            (false, _) => "name-unconfirmed",
        }
    }

    /// Whether the required reason is missing.
    pub fn lacks_reason(&self) -> bool {
        self.is_refused && !self.reasons.iter().any(|(value, _)| self.sent.reason == *value)
    }

    /// Returns what is missing for the credential `id`, in the order of the page.
    pub fn missing(&self, id: Uuid) -> Vec<MissingField> {
        let (kind, mut missing) = (self.kind, Vec::new());
        if self.lacks_confirmation() {
            missing.push(MissingField { id: format!("own-{kind}-{id}"), said: self.unconfirmed() });
        }
        if self.lacks_reason() {
            missing.push(MissingField { id: format!("{kind}-reason-{id}"), said: self.no_reason });
        }
        missing
    }
}

/// Returns the text key of a reason.
pub fn reason_key(reason: &NameReason) -> &'static str {
    match reason {
        NameReason::Changed => "name-reason-changed",
        NameReason::Spelling => "name-reason-spelling",
        NameReason::Script => "name-reason-script",
        NameReason::Other => "name-reason-other",
    }
}

/// Returns the text key of a reason.
pub fn birth_date_reason_key(reason: &BirthDateReason) -> &'static str {
    match reason {
        BirthDateReason::Mistake => "birth-date-reason-mistake",
        BirthDateReason::Corrected => "birth-date-reason-corrected",
        BirthDateReason::Other => "birth-date-reason-other",
    }
}
