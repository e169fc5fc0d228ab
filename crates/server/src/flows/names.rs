//! Names in a wallet: whether an incoming credential has a different one, and which ones the holder
//! confirmed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credential::encoding::sha256;
use credential::names::{Comparison, compare_names, is_one_name, stand_together};
use credential::{BirthDateReason, ConfirmedBirthDate, ConfirmedName, Date, NameReason, Payload, Type};
use serde_json::Value;
use uuid::Uuid;

use crate::app::App;
use crate::error::Error;
use store::Tx;
use store::domain::submission::{Submission, SubmissionState};

mod birth_dates;

pub use birth_dates::is_other_birth_date;

/// The name in one credential of a wallet.
#[derive(Clone, Debug)]
struct HeldName {
    submission: Uuid,
    name: String,
    partner: String,
    /// Whether it comes from a verified identity.
    is_anchor: bool,
    /// The date of birth in a verified identity, YYYY-MM-DD.
    birth_date: Option<String>,
    /// Whether the credential is current: neither withdrawn nor superseded.
    stands: bool,
    /// Whether a newer version superseded it.
    is_superseded: bool,
    /// Whether the holder confirmed that the name is theirs beside another one, when accepting the
    /// credential.
    is_confirmed: bool,
}

/// The names in a wallet.
#[derive(Clone, Debug, Default)]
pub struct HeldNames {
    /// Ordered by when the credentials were accepted.
    names: Vec<HeldName>,
    /// Whether the holder has deleted a verified identity. Its name is not kept.
    had_identity: bool,
}

/// Asks the holder whether the name in an incoming credential is also theirs.
#[derive(Clone, Debug)]
pub struct NameQuestion {
    /// The name in the incoming credential.
    pub name: String,
    /// The names that it is compared with, without duplicates; at least one.
    pub beside: Vec<NameBeside>,
}

/// A name in the wallet that an incoming one is compared with.
#[derive(Clone, Debug)]
pub struct NameBeside {
    pub name: String,
    /// The partner of the first credential with this name.
    pub partner: String,
    /// Whether that credential is a verified identity.
    pub is_anchor: bool,
    /// The result of comparing it with the incoming name.
    pub comparison: Comparison,
}

/// Asks the holder whether an incoming identity with another date of birth is also theirs.
#[derive(Clone, Debug)]
pub struct BirthDateQuestion {
    /// The date in the incoming identity, YYYY-MM-DD.
    date: String,
    /// The dates in the wallet, without duplicates; at least one.
    pub beside: Vec<BirthDateBeside>,
}

/// A date of birth in a wallet.
#[derive(Clone, Debug)]
pub struct BirthDateBeside {
    date: String,
    /// The partner of the first identity with this date.
    pub partner: String,
}

/// The questions before a credential is accepted.
#[derive(Clone, Debug)]
pub struct HolderQuestions {
    /// About its name.
    pub name: Option<NameQuestion>,
    /// About its date of birth.
    pub birth_date: Option<BirthDateQuestion>,
}

/// A confirmation by the holder.
#[derive(Clone, Debug)]
pub struct Confirmation<R> {
    /// The chosen reason.
    pub reason: R,
    /// The id of the confirmed question; `None` confirms any question.
    pub question: Option<String>,
}

impl<R: Copy> Confirmation<R> {
    /// Returns the reason, if this confirms the question with this id.
    fn reason_for(&self, question: &str) -> Option<R> {
        self.question.as_deref().is_none_or(|asked| asked == question).then_some(self.reason)
    }
}

impl HeldNames {
    /// Reads the names in `holder`'s wallet.
    ///
    /// # Errors
    /// The store or the key ring cannot be used.
    pub async fn of(app: &App, holder: Uuid) -> Result<Self, Error> {
        let held = app.store().read().await?.held_submissions(holder).await?;
        Self::of_submissions(app, holder, &held).await
    }

    /// Reads the names in `held`, which are all submissions in `holder`'s wallet. For callers that
    /// read more of the wallet from the same snapshot.
    ///
    /// # Errors
    /// The store or the key ring cannot be used.
    pub async fn of_submissions(app: &App, holder: Uuid, held: &[Submission]) -> Result<Self, Error> {
        let mut names = Self { names: Vec::new(), had_identity: had_identity(app, holder).await? };
        for submission in held {
            let (SubmissionState::Accepted { sealed, .. } | SubmissionState::Withdrawn { sealed, .. }) =
                &submission.state
            else {
                continue;
            };
            let label: [&[u8]; 2] = [b"submission", submission.id.as_bytes()];
            let opened = app.keyring().open_for_holder(holder, &label, sealed).await?;
            let payload = Payload::from_bytes(&opened).map_err(Error::internal)?;
            names.add(app, submission, &payload, submission.stands()).await?;
        }
        Ok(names)
    }

    /// Adds the name of a credential that is accepted together with others.
    ///
    /// # Errors
    /// The store cannot be used.
    pub async fn add_incoming(&mut self, app: &App, incoming: &Submission, payload: &Payload) -> Result<(), Error> {
        self.add(app, incoming, payload, true).await
    }

    async fn add(&mut self, app: &App, submission: &Submission, payload: &Payload, stands: bool) -> Result<(), Error> {
        let partner = app.store().read().await?.partner(submission.partner_id).await?;
        self.names.push(HeldName {
            submission: submission.id,
            name: payload.full_name().to_owned(),
            partner: partner.map(|partner| partner.name).unwrap_or_default(),
            is_anchor: submission.credential_type.is_identity(),
            birth_date: birth_date(submission.credential_type, payload),
            stands,
            is_superseded: submission.superseded_at.is_some(),
            is_confirmed: payload.confirmed_name.as_ref().is_some_and(|said| concerns(said, payload.full_name())),
        });
        Ok(())
    }

    /// Returns whether the wallet of `holder` still has the same credentials, and the same of them
    /// are current. The caller must hold the wallet's lock.
    ///
    /// # Errors
    /// The store cannot be used.
    pub async fn is_unchanged(&self, tx: &mut Tx, holder: Uuid) -> Result<bool, Error> {
        let now = tx.held_submissions(holder).await?;
        let now = now.iter().map(|held| (held.id, held.stands()));
        Ok(now.eq(self.names.iter().map(|held| (held.submission, held.stands))))
    }

    /// Returns the questions before a credential is accepted.
    pub fn questions(&self, known: Type, payload: &Payload) -> HolderQuestions {
        let birth_date = birth_date(known, payload).and_then(|date| self.birth_date_question(date));
        HolderQuestions { name: self.question(payload.full_name()), birth_date }
    }

    /// Returns the question before an identity with this date of birth is accepted; `None` if the
    /// wallet has no identity with a date of birth, or one with the same.
    fn birth_date_question(&self, date: String) -> Option<BirthDateQuestion> {
        let mut beside: Vec<BirthDateBeside> = Vec::new();
        for held in self.names.iter().filter(|held| held.stands) {
            let Some(known) = &held.birth_date else { continue };
            if !beside.iter().any(|listed| listed.date == *known) {
                beside.push(BirthDateBeside { date: known.clone(), partner: held.partner.clone() });
            }
        }
        let is_known = beside.iter().any(|known| known.date == date);
        (!is_known && !beside.is_empty()).then_some(BirthDateQuestion { date, beside })
    }

    /// Returns the question before a credential with `name` is accepted; `None` if the name is
    /// known to be the holder's.
    ///
    /// The name is compared with those of verified identities, or with every current name if there
    /// is no verified identity. A name that the holder has confirmed before is not asked about
    /// again.
    fn question(&self, name: &str) -> Option<NameQuestion> {
        let standing = || self.names.iter().filter(|held| held.stands);
        let is_anchored = standing().any(|held| held.is_anchor);
        let references = || standing().filter(move |held| !is_anchored || held.is_anchor);
        let is_known = references().any(|held| is_one_name(&held.name, name));
        let is_confirmed = self.names.iter().any(|held| held.is_confirmed && stand_together(&held.name, name));
        if is_known || is_confirmed {
            return None;
        }
        let mut beside: Vec<NameBeside> = Vec::new();
        for held in references() {
            if !beside.iter().any(|known| stand_together(&known.name, &held.name)) {
                beside.push(NameBeside {
                    name: held.name.clone(),
                    partner: held.partner.clone(),
                    is_anchor: held.is_anchor,
                    comparison: compare_names(&held.name, name),
                });
            }
        }
        (!beside.is_empty()).then(|| NameQuestion { name: name.to_owned(), beside })
    }

    /// Returns whether the holder confirmed that `names` are all theirs: they confirmed all but one
    /// of them when accepting a credential with it. False if they confirmed none, as in a wallet
    /// with one name.
    ///
    /// The names are those that were signed, so the result does not depend on whether the shown
    /// version is still in the wallet (D-395).
    pub fn are_confirmed<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> bool {
        let is_confirmed =
            |name: &&str| self.names.iter().any(|held| held.is_confirmed && stand_together(&held.name, name));
        let (confirmed, others): (Vec<&str>, Vec<&str>) = names.into_iter().partition(is_confirmed);
        let is_one_name = others.windows(2).all(|pair| stand_together(pair[0], pair[1]));
        !confirmed.is_empty() && is_one_name
    }

    /// Returns whether only the holder's word supports that `name` is theirs: they confirmed it, or
    /// the wallet has another name that makes it doubtful.
    ///
    /// False if an identity in this name is held, even if it is not shared: it anchors the account.
    pub fn is_only_confirmed(&self, name: &str) -> bool {
        !self.is_of_identity(name) && (self.are_confirmed([name]) || self.is_beside_another(name))
    }

    /// Returns whether the holder's word supports that the name in `submission` is theirs: they
    /// confirmed it, or [`Self::is_only_confirmed`]. The order in which credentials were accepted
    /// is irrelevant.
    pub fn is_said_by_holder(&self, submission: Uuid) -> bool {
        let shown = self.names.iter().find(|held| held.submission == submission);
        let is_confirmed = |name: &str| self.are_confirmed([name]) || self.is_only_confirmed(name);
        shown.is_some_and(|shown| is_confirmed(&shown.name))
    }

    /// Returns whether a current verified identity has `name`.
    pub fn is_of_identity(&self, name: &str) -> bool {
        self.names.iter().any(|held| held.stands && held.is_anchor && stand_together(&held.name, name))
    }

    /// Returns whether the wallet has a name other than `name` that makes it doubtful (D-421).
    ///
    /// The name of a verified identity does, also of one that was withdrawn or superseded. Without
    /// an identity, each name but the first was confirmed beside the others, so the first is not
    /// doubtful. A second unconfirmed name was compared with an identity that was deleted since.
    /// Confirmations do not count then, because they may concern only the deleted name.
    fn is_beside_another(&self, name: &str) -> bool {
        let is_confirmed = |held: &HeldName| !self.had_identity && self.are_confirmed([held.name.as_str()]);
        let mut others = self.names.iter().filter(|held| !stand_together(&held.name, name));
        others.any(|held| held.is_anchor || (held.stands && !is_confirmed(held)))
    }
}

impl NameQuestion {
    /// Returns whether the name is similar to every name in the wallet. The page then words the
    /// question more mildly.
    pub fn is_similar(&self) -> bool {
        self.beside.iter().all(|beside| matches!(beside.comparison, Comparison::Similar(_)))
    }

    /// Returns an id of the question: a hash of the incoming name and those that it is compared
    /// with.
    pub fn id(&self) -> String {
        question_id(&self.name, self.beside.iter().map(|beside| beside.name.as_str()))
    }

    /// Returns the record of the holder's confirmation.
    fn confirmed(&self, reason: NameReason) -> ConfirmedName {
        ConfirmedName { reason, beside: self.beside.iter().map(|beside| beside.name.clone()).collect() }
    }
}

impl BirthDateQuestion {
    /// Returns an id of the question, as [`NameQuestion::id`] does.
    pub fn id(&self) -> String {
        question_id(&self.date, self.beside.iter().map(|beside| beside.date.as_str()))
    }

    /// Returns the date in the incoming identity, in words.
    pub fn day(&self) -> String {
        in_words(&self.date)
    }

    fn confirmed(&self, reason: BirthDateReason) -> ConfirmedBirthDate {
        ConfirmedBirthDate { reason, beside: self.beside.iter().map(|beside| beside.date.clone()).collect() }
    }
}

impl BirthDateBeside {
    /// Returns the date in words.
    pub fn day(&self) -> String {
        in_words(&self.date)
    }
}

impl HolderQuestions {
    /// Records the holder's confirmations in `payload`. Returns false if a question is not
    /// confirmed.
    pub fn record(
        &self,
        payload: &mut Payload,
        name: Option<&Confirmation<NameReason>>,
        birth_date: Option<&Confirmation<BirthDateReason>>,
    ) -> bool {
        if let Some(question) = &self.name {
            let reason = name.and_then(|name| name.reason_for(&question.id()));
            payload.confirmed_name = reason.map(|reason| question.confirmed(reason));
        }
        if let Some(question) = &self.birth_date {
            let reason = birth_date.and_then(|birth_date| birth_date.reason_for(&question.id()));
            payload.confirmed_birth_date = reason.map(|reason| question.confirmed(reason));
        }
        (self.name.is_none() || payload.confirmed_name.is_some())
            && (self.birth_date.is_none() || payload.confirmed_birth_date.is_some())
    }

    /// Returns whether there is no question.
    pub fn is_empty(&self) -> bool {
        self.name.is_none() && self.birth_date.is_none()
    }
}

/// Returns whether `holder` has deleted a verified identity from their wallet, as far as its status
/// is still kept.
async fn had_identity(app: &App, holder: Uuid) -> Result<bool, Error> {
    let mut tx = app.store().acquire().await?;
    for known in credential::ALL.iter().filter(|known| known.is_identity()) {
        if tx.has_removed(holder, *known).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Returns whether a confirmation of `name` concerns another name. Earlier releases also asked
/// about a name that was written identically.
fn concerns(confirmed: &ConfirmedName, name: &str) -> bool {
    confirmed.beside.iter().any(|beside| !is_one_name(beside, name))
}

/// Returns the date of birth, if the credential is a verified identity that has one.
fn birth_date(known: Type, payload: &Payload) -> Option<String> {
    let date = payload.fields.get("date_of_birth").and_then(Value::as_str)?;
    known.is_identity().then(|| date.to_owned())
}

/// Returns a date in words, or the text unchanged if it is not a date.
pub fn in_words(date: &str) -> String {
    Date::parse(date).map_or_else(|_| date.to_owned(), Date::in_words)
}

/// Hashes the compared values. They contain no line breaks, so joining them is unambiguous.
fn question_id<'a>(incoming: &'a str, beside: impl Iterator<Item = &'a str>) -> String {
    let compared: Vec<&str> = std::iter::once(incoming).chain(beside).collect();
    URL_SAFE_NO_PAD.encode(sha256(compared.join("\n").as_bytes()))
}

#[cfg(test)]
mod tests;
