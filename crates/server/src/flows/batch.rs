//! Batches: several submissions of one person behind one link, stored all or none.

use credential::{Batch, BatchBody, BatchForm, Context, FieldError, ParseError, Submission, Type};
use uuid::Uuid;

use super::documents::{self, InspectedDocuments, upload_links};
use super::push::{
    PushPreview, StoredPush, context, existing_uploads, id_taken, is_same, is_unopened, item_preview, prepare,
    repeat_warnings, returns_elsewhere, wake,
};
use super::recipient_mail::{PushedLink, RecipientMail};
use super::return_url;
use super::sandbox;
use super::standing_consent::{self, Covered, StoredUpdate};
use super::warning::item_advice;
use crate::app::App;
use crate::error::Error;
use crate::mail::texts::Offer;
use store::domain;
use store::domain::asset::Asset;
use store::domain::submission::Status;
use store::{Alongside, NewBatch, NewRequest, NewSubmission, Pushed};

/// A batch as received from a partner.
#[derive(Clone, Copy, Debug)]
pub struct BatchPush<'a> {
    pub body: &'a [u8],
    /// The API version's format of the body.
    pub form: BatchForm,
}

/// A batch that a push would store.
#[derive(Debug)]
pub struct BatchPreview {
    /// The partner's id of the batch.
    pub credential_id: String,
    /// The items, ordered by type.
    pub items: Vec<PushPreview>,
}

/// Validates and stores a batch, if `authorize` permits the types in it. Returns once it is
/// durable.
///
/// # Errors
/// 400 or 422 for an invalid body, 401 if the partner was disabled meanwhile, 503 if nothing can be
/// stored now; or the error of `authorize`.
pub async fn push(
    app: &App,
    partner: Uuid,
    push: BatchPush<'_>,
    authorize: impl FnOnce(&[Type]) -> Result<(), Error>,
) -> Result<StoredPush, Error> {
    let (batch, inspected) = validated(app, partner, push, authorize).await?;
    let mut stored = store(app, partner, &batch, &inspected).await?;
    stored.warnings.extend(batch.items.iter().flat_map(item_advice));
    Ok(stored)
}

/// Validates a batch as [`push`] does, without storing anything.
///
/// # Errors
/// As [`push`].
pub async fn dry_run(
    app: &App,
    partner: Uuid,
    push: BatchPush<'_>,
    authorize: impl FnOnce(&[Type]) -> Result<(), Error>,
) -> Result<BatchPreview, Error> {
    let (batch, _) = validated(app, partner, push, authorize).await?;
    Ok(BatchPreview { items: batch.items.iter().map(item_preview).collect(), credential_id: batch.credential_id })
}

async fn validated(
    app: &App,
    partner: Uuid,
    push: BatchPush<'_>,
    authorize: impl FnOnce(&[Type]) -> Result<(), Error>,
) -> Result<(Batch, InspectedDocuments), Error> {
    let count_refused = |_: &ParseError| app.metrics().submissions("refused", 1);
    let body = BatchBody::read(push.form, push.body).inspect_err(count_refused)?;
    authorize(&body.types())?;
    let mut batch = body.check(&context(app));
    let names_one = |parsed: &Batch| parsed.return_url.is_some();
    if let Some(list) = return_url::list_for(app, partner, push.body, &batch, names_one).await? {
        let context = Context { return_urls: Some(&list), ..context(app) };
        batch = BatchBody::read(push.form, push.body).and_then(|body| body.check(&context));
    }
    let mut batch = batch.inspect_err(count_refused)?;
    sandbox::check_recipient(app, partner, batch.notify.as_deref()).await?;
    standing_consent::check_replaced(app, partner, &batch.items).await?;
    let inspected = documents::check(app, partner, &mut batch.items).await?;
    Ok((batch, inspected))
}

/// Encrypts and stores a batch. Returns once it is durable.
async fn store(app: &App, partner: Uuid, batch: &Batch, inspected: &InspectedDocuments) -> Result<StoredPush, Error> {
    let (id, now) = (app.id(), app.now());
    let mut items: Vec<NewSubmission> = Vec::with_capacity(batch.items.len());
    for (place, item) in (0..).zip(&batch.items) {
        // Pages list the items in the order of their ids.
        let item_id = app.rng().ordered_id(now, place);
        // If a later item fails, the sweep deletes the documents of the earlier ones.
        items.push(prepare(app, partner, (item, inspected), &item.payload(), item_id, Some(id)).await?);
    }
    let assets: Vec<(String, Vec<Asset>)> =
        items.iter().map(|item| (item.credential_id.clone(), item.assets.clone())).collect();
    let ids: Vec<Option<Uuid>> = items.iter().map(|item| Some(item.id)).collect();
    let covered = covered_items(app, partner, &batch.items).await?;
    let email = batch.notify.as_deref();
    let new = NewBatch { id, credential_id: batch.credential_id.clone(), items };
    let link = app.links().batch(partner, id);
    let pushed_link = PushedLink {
        // If all items are accepted immediately, there is no link that the holder must open.
        email: email.filter(|_| covered.len() < batch.items.len()),
        partner,
        credential_id: &batch.credential_id,
        offer: Offer::Several(batch.items.len()),
        request: id,
        link: &link,
        until: now + app.config().retention.incomplete,
    };
    let RecipientMail { item, mut warning, recipient } = RecipientMail::prepare(app, pushed_link).await?;
    let alongside = Alongside { outgoing: item, return_url: batch.return_url.clone(), recipient };
    let pushed = app.committer().push_with(NewRequest::Batch(new), alongside).await;
    // On an error the outcome is unknown; the sweep deletes orphaned documents.
    if matches!(&pushed, Ok(outcome) if *outcome != Pushed::Created) {
        for (_, assets) in &assets {
            app.documents().discard_rows(assets).await;
        }
    }
    match pushed? {
        Pushed::Created => {
            app.metrics().submissions("created", batch.items.len() as u64);
            let mut uploads = Vec::new();
            for (item, (credential_id, assets)) in batch.items.iter().zip(&assets) {
                wake(app, assets, email.is_some());
                uploads.extend(upload_links(app, assets, item, Some(credential_id)));
            }
            let is_verified = accept_items(app, (id, &batch.items), &ids, &covered).await? == batch.items.len();
            if !is_verified && pushed_link.email.is_none() {
                warning = RecipientMail::send(app, PushedLink { email, ..pushed_link }).await?;
            }
            let warnings = warning.into_iter().collect();
            let credential_id = batch.credential_id.clone();
            Ok(StoredPush { credential_id, request_id: id, redirect_uri: link, is_verified, uploads, warnings })
        }
        Pushed::ExistingBatch(existing) => repeated(app, partner, &existing, batch, &covered).await,
        Pushed::Taken(ids) => Err(Error::invalid(taken_ids(batch, &ids))),
        Pushed::Existing(_) => Err(Error::internal("a batch was stored as one submission")),
        Pushed::PartnerDisabled => Err(Error::disabled_client()),
    }
}

/// Returns the items that their holder's standing consents cover, with their indexes. Returns none
/// if they belong to several holders, since a batch is about one person.
async fn covered_items(app: &App, partner: Uuid, items: &[Submission]) -> Result<Vec<(usize, Covered)>, Error> {
    let mut covered = Vec::new();
    for (place, item) in items.iter().enumerate() {
        covered.extend(standing_consent::covered(app, partner, item).await?.map(|covered| (place, covered)));
    }
    let is_of_one = covered.windows(2).all(|pair| pair[0].1.holder == pair[1].1.holder);
    Ok(if is_of_one { covered } else { Vec::new() })
}

/// Accepts the covered items of a stored batch, and returns their number. An item whose id in `ids`
/// is `None` is skipped.
async fn accept_items(
    app: &App,
    (batch, items): (Uuid, &[Submission]),
    ids: &[Option<Uuid>],
    covered: &[(usize, Covered)],
) -> Result<usize, Error> {
    let mut accepted = 0;
    for (place, covered) in covered {
        let Some(id) = ids[*place] else { continue };
        let payload = items[*place].payload();
        let update = StoredUpdate { id, batch: Some(batch), payload: &payload };
        accepted += usize::from(standing_consent::accept(app, *covered, update).await?);
    }
    Ok(accepted)
}

/// Returns the response to a batch whose id already exists.
async fn repeated(
    app: &App,
    partner: Uuid,
    existing: &domain::batch::Batch,
    batch: &Batch,
    covered: &[(usize, Covered)],
) -> Result<StoredPush, Error> {
    let other_types = items_of_other_types(existing, batch);
    if !other_types.is_empty() {
        return Err(Error::invalid(other_types));
    }
    app.metrics().submissions("existing", batch.items.len() as u64);
    let mut uploads = Vec::new();
    for item in &batch.items {
        let earlier = existing.items.iter().find(|earlier| earlier.credential_id == item.credential_id);
        if let Some(earlier) = earlier {
            uploads.extend(existing_uploads(app, earlier, item, Some(&item.credential_id)).await?);
        }
    }
    let differs = differs(app, existing, batch).await?;
    // Accepting some items may have failed after the batch was stored.
    let unopened = |item: &Submission| {
        let is_it = |earlier: &&domain::submission::Submission| {
            earlier.credential_id == item.credential_id && !differs && is_unopened(earlier)
        };
        existing.items.iter().find(is_it).map(|earlier| earlier.id)
    };
    let ids: Vec<Option<Uuid>> = batch.items.iter().map(unopened).collect();
    let accepted = accept_items(app, (existing.id, &batch.items), &ids, covered).await?;
    let verified = existing.items.iter().filter(|item| matches!(item.status(), Status::Verified(_))).count();
    let is_verified = accepted + verified == existing.items.len();
    let differs = differs || returns_elsewhere(app, existing.id, batch.return_url.as_deref()).await?;
    let link = app.links().batch(partner, existing.id);
    let pushed = PushedLink {
        email: batch.notify.as_deref().filter(|_| !is_verified),
        partner,
        credential_id: &batch.credential_id,
        offer: Offer::Several(existing.items.len()),
        request: existing.id,
        link: &link,
        until: existing.expires_at,
    };
    let warnings = repeat_warnings(differs, RecipientMail::repeat(app, pushed).await?);
    let credential_id = batch.credential_id.clone();
    Ok(StoredPush { credential_id, request_id: existing.id, redirect_uri: link, is_verified, uploads, warnings })
}

/// Returns an error for each id of the batch that another request already uses.
fn taken_ids(batch: &Batch, ids: &[String]) -> Vec<FieldError> {
    let own = ids.contains(&batch.credential_id).then(|| id_taken(batch.id_pointer));
    let items = batch.items.iter().filter(|item| ids.contains(&item.credential_id));
    own.into_iter().chain(items.map(|item| id_taken(&item.id_pointer))).collect()
}

/// Returns an error for each item whose id has another type in the earlier batch.
fn items_of_other_types(existing: &domain::batch::Batch, batch: &Batch) -> Vec<FieldError> {
    let has_other_type = |item: &&Submission| {
        let mut earlier = existing.items.iter().filter(|earlier| earlier.credential_id == item.credential_id);
        earlier.any(|earlier| earlier.credential_type != item.credential_type)
    };
    batch.items.iter().filter(has_other_type).map(|item| id_taken(&item.id_pointer)).collect()
}

/// Returns whether an earlier batch had other items.
async fn differs(app: &App, existing: &domain::batch::Batch, batch: &Batch) -> Result<bool, Error> {
    if existing.items.len() != batch.items.len() {
        return Ok(true);
    }
    for item in &batch.items {
        let earlier = existing.items.iter().find(|earlier| earlier.credential_id == item.credential_id);
        match earlier {
            Some(earlier) if is_same(app, earlier, &item.payload()).await? => {}
            _ => return Ok(true),
        }
    }
    Ok(false)
}
