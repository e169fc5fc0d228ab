//! The notes at each credential of a shared page about what the checks found: who reads or prints
//! only one credential sees its state too.

use super::conclusion::{Cause, Conclusion, Level};
use crate::i18n::{Text, isolated};
use crate::web::people::{Shown, StateNote};

/// Returns the text key of the note about `cause`; `None` if the credential `shown` says it in
/// another way, or it is not about the credential's state.
fn key(cause: Cause, shown: &Shown) -> Option<&'static str> {
    match cause {
        Cause::Invalid => Some("hire-state-invalid"),
        Cause::Revoked => Some("hire-state-revoked"),
        Cause::Suspended => Some("hire-state-suspended"),
        Cause::Expired => shown.expired.is_none().then_some("hire-state-expired"),
        Cause::NotValid => Some("hire-state-not-valid"),
        Cause::Replaced => shown.replaced.is_none().then_some("hire-state-replaced"),
        Cause::Unchecked => Some("hire-state-unchecked"),
        Cause::AwaitingGraduation
        | Cause::OldData
        | Cause::DifferentNames
        | Cause::HolderSays
        | Cause::DifferentBirthDates
        | Cause::NotSigned => None,
    }
}

fn note(cause: Cause, shown: &Shown, text: &Text) -> Option<StateNote> {
    let class = if cause.level() == Level::Failed { "problem" } else { "doubt" };
    let values = [("partner", isolated(&shown.partner)), ("day", shown.day.clone())];
    key(cause, shown).map(|key| StateNote { class, html: text.with_markup(key, &values) })
}

/// Returns the note for each cause that the page's script may find, which finds them again.
pub(super) fn all(shown: &Shown, text: &Text) -> Vec<(Cause, StateNote)> {
    Cause::OF_CHECKS.into_iter().filter_map(|cause| Some((cause, note(cause, shown, text)?))).collect()
}

/// Adds the notes about what was found for the presentation `at`, the worst first.
pub(super) fn noted(shown: Shown, conclusion: &Conclusion, at: usize, text: &Text) -> Shown {
    let reasons = conclusion.reasons.iter().filter(|reason| reason.presentation == Some(at));
    let found: Vec<Cause> = reasons.map(|reason| reason.cause).collect();
    let states = found.iter().filter_map(|cause| note(*cause, &shown, text)).collect();
    let is_refuted = found.iter().any(|cause| cause.level() == Level::Failed);
    Shown { number: at + 1, states, is_refuted, ..shown }
}

#[cfg(test)]
mod tests {
    use credential::names::Comparison;

    use super::super::conclusion::Reason;
    use super::*;

    fn with(cause: Cause, shown: Shown) -> Shown {
        let reason = Reason { cause, presentation: Some(1), is_of_check: true };
        let other = Reason { cause: Cause::Invalid, presentation: Some(0), is_of_check: true };
        let conclusion = Conclusion {
            facts: Vec::new(),
            reasons: vec![other, reason],
            names: Vec::new(),
            comparison: Comparison::Same,
            is_confirmed: None,
        };
        noted(shown, &conclusion, 1, &Text::default())
    }

    fn record() -> Shown {
        Shown { partner: "<Acme>".to_owned(), day: "1 May 2026".to_owned(), ..Shown::default() }
    }

    #[test]
    fn every_state_that_checks_find_is_said_at_the_credential() {
        for (cause, class, start) in [
            (Cause::Revoked, "problem", "Revoked"),
            (Cause::Suspended, "problem", "Suspended"),
            (Cause::Expired, "problem", "Expired"),
            (Cause::NotValid, "problem", "Not valid"),
            (Cause::Invalid, "problem", "Not verified"),
            (Cause::Replaced, "doubt", "Replaced"),
            (Cause::Unchecked, "doubt", "Not fully checked"),
        ] {
            let shown = with(cause, record());
            let [note] = shown.states.as_slice() else { panic!("{cause:?}: {:?}", shown.states) };
            assert_eq!((note.class, shown.is_refuted), (class, class == "problem"), "{cause:?}");
            assert!(note.html.starts_with(start), "{cause:?}: {}", note.html);
            assert!(note.html.contains("<bdi>&lt;Acme&gt;</bdi>") && note.html.contains("1 May 2026"), "{}", note.html);
        }
        for cause in Cause::OF_CHECKS {
            assert!(!with(cause, record()).states.is_empty(), "{cause:?}");
        }
    }

    #[test]
    fn a_state_with_its_day_is_not_said_twice() {
        let expired = Shown { expired: Some("Expired on 1 May 2026".to_owned()), ..record() };
        let replaced = Shown { replaced: Some("A newer version".to_owned()), ..record() };
        assert!(with(Cause::Expired, expired.clone()).states.is_empty());
        assert!(with(Cause::Expired, expired).is_refuted);
        assert!(with(Cause::Replaced, replaced).states.is_empty());
        assert!(with(Cause::OldData, record()).states.is_empty());
    }
}
