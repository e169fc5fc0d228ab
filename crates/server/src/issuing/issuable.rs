//! The content from which credentials are signed.

use credential::{Date, Payload, Type};
use uuid::Uuid;

use crate::error::Error;
use crate::keys::Keyring;
use ambient::Timestamp;
use store::Store;
use store::domain::submission::SubmissionState;

/// An accepted submission, decrypted for its holder.
#[derive(Clone, Debug)]
pub struct IssuableCredential {
    pub submission: Uuid,
    pub holder: Uuid,
    pub credential_type: Type,
    /// Its content.
    pub payload: Payload,
    /// The name of the partner that pushed it.
    pub attester: String,
    /// When it was pushed.
    pub pushed_at: Timestamp,
}

impl IssuableCredential {
    /// Decrypts the submission `id` of `holder`. Returns `None` if it is not in their wallet, or is
    /// superseded.
    ///
    /// # Errors
    /// The store or the key ring is unavailable.
    pub async fn open(
        store: &Store,
        keyring: &Keyring,
        (id, holder): (Uuid, Uuid),
        now: Timestamp,
    ) -> Result<Option<Self>, Error> {
        let mut tx = store.acquire().await?;
        let Some(submission) = tx.linked_submission(id, now).await? else { return Ok(None) };
        let SubmissionState::Accepted { holder: owner, sealed, .. } = &submission.state else { return Ok(None) };
        if *owner != holder || !submission.stands() {
            return Ok(None);
        }
        let partner = tx.partner(submission.partner_id).await?;
        drop(tx);
        let label: [&[u8]; 2] = [b"submission", id.as_bytes()];
        let opened = keyring.open_for_holder(holder, &label, sealed).await?;
        let payload = Payload::from_bytes(&opened).map_err(Error::internal)?;
        Ok(Some(Self {
            submission: id,
            holder,
            credential_type: submission.credential_type,
            payload,
            attester: partner.map(|partner| partner.name).unwrap_or_default(),
            pushed_at: submission.created_at,
        }))
    }

    /// Returns the last day of validity, if the credential has expired at `now`.
    pub fn expired_on(&self, now: Timestamp) -> Option<Date> {
        self.credential_type.expired_on(&self.payload.fields, now.to_jiff())
    }
}
