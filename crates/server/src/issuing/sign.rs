//! From an accepted submission to signed credentials.

use std::time::Duration;

use credential::format::Format;
use credential::key::{CannotSign, PublicKey};
use credential::status::StatusReference;
use credential::{Payload, Type};
use uuid::Uuid;

use super::keys::State as Keys;
use crate::app::App;
use crate::error::Error;
use ambient::Timestamp;
use store::StatusPlace;
use store::domain::submission::{State, Submission};

/// What a credential is made of: an accepted submission, opened for its holder.
#[derive(Clone, Debug)]
pub struct Material {
    /// The submission.
    pub submission: Uuid,
    /// Whose.
    pub holder: Uuid,
    /// Its type.
    pub credential_type: Type,
    /// What was pushed.
    pub payload: Payload,
    /// Who attests it.
    pub attester: String,
    /// When they said so.
    pub pushed_at: Timestamp,
}

impl Material {
    /// Opens `id` for `holder`; `None` if it is not in their wallet, or a newer one stands.
    ///
    /// # Errors
    /// The store or the key ring cannot be used.
    pub async fn open(app: &App, id: Uuid, holder: Uuid) -> Result<Option<Self>, Error> {
        let mut tx = app.store().glance().await?;
        let submission: Option<Submission> = tx.linked_submission(id, app.now()).await?;
        let Some(submission) = submission else { return Ok(None) };
        let State::Accepted { holder: owner, sealed, .. } = &submission.state else { return Ok(None) };
        if *owner != holder || !submission.stands() {
            return Ok(None);
        }
        let partner = tx.partner(submission.partner_id).await?;
        drop(tx);
        let label: [&[u8]; 2] = [b"submission", id.as_bytes()];
        let opened = app.keyring().open_for_holder(holder, &label, sealed).await?;
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
}

const HOUR: Duration = Duration::from_secs(3600);
/// Signs `material` in `format` for the entry at `place`, bound to `key`.
///
/// # Errors
/// [`CannotSign`] as the inner result: it can be tried again later.
pub fn sign(
    app: &App,
    keys: &Keys,
    material: &Material,
    format: Format,
    (place, expires_at): (StatusPlace, Timestamp),
    key: Option<&PublicKey>,
) -> Result<String, CannotSign> {
    let status = StatusReference { uri: app.links().status_list(place.list), index: u64::from(place.position) };
    let id = format!("urn:uuid:{}", app.rng().anonymous_id());
    let attested_at = jiff::tz::Offset::UTC.to_datetime(material.pushed_at.to_jiff()).date().to_string();
    let statement = credential::format::Statement {
        id: &id,
        credential_type: material.credential_type,
        fields: &material.payload.fields,
        partner_chain: &material.payload.partner_chain,
        attester: &material.attester,
        attested_at: &attested_at,
        // To the hour, and no shorter than promised, so that copies made together are not known by it (OpenID4VCI 1.0, section 15.4.1).
        issued_at: app.now().floor(HOUR).seconds(),
        expires_at: (expires_at + HOUR).floor(HOUR).seconds(),
        status: Some(&status),
        holder: key,
    };
    keys.issuer.sign(format, &statement, &mut |bytes| app.rng().fill(bytes))
}
