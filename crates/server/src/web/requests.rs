//! `/requests/{id}`: the page behind a partner's link, for the person it is about: consent, and the
//! outcome.
//!
//! A batch has one page, on which each item is accepted or declined separately.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use url::Url;
use uuid::Uuid;

use super::career::CareerView;
use super::consent_form::{RejectedForm, read_items};
use super::name_form::{BirthDateForm, MissingField, NameForm};
use super::redirects::{self, allow_form_to, destination};
use super::versions::VersionView;
use super::{Layout, kept_form, page};
use crate::app::App;
use crate::error::Error;
use crate::flows::consent::{self, LinkError, Linked};
use crate::flows::credential_view::{CredentialView, Withdrawal};
use crate::flows::names::HeldNames;
use crate::flows::return_url;
use crate::flows::standing_consent;
use crate::flows::versions::HeldVersions;
use crate::flows::wallet;
use crate::http::cookies::NOTICE;
use crate::http::extract::{Form, Path};
use crate::http::session::SignedIn;
use crate::i18n::Text;
use ambient::Timestamp;
use store::domain::submission::{Submission, SubmissionState};

#[derive(Template)]
#[template(path = "consent.html")]
struct Consent {
    layout: Layout,
    item: Item,
    /// The time left to decide.
    left: String,
    /// The destination after deciding, in a form that a person recognises; empty if they stay here.
    destination: String,
}

/// A pending credential with the choices beside it.
#[derive(Debug)]
struct Item {
    shown: CredentialView,
    career: Option<CareerView>,
    /// The confirmation of its name, if one is needed.
    name: Option<NameForm>,
    /// The confirmation of its date of birth, if one is needed.
    birth_date: Option<BirthDateForm>,
    /// The related credentials in the wallet.
    versions: Vec<VersionView>,
    /// Whether the holder may allow its partner to update it without asking.
    may_continue: bool,
    /// Whether this is preselected: as in a rejected form or, in an unanswered one, because it
    /// holds for the version that is replaced.
    is_kept_current: bool,
    /// Since when its partner may update the version that is replaced, if it may.
    allowed_since: Option<Timestamp>,
    /// Whether it must be accepted by itself, because it asks for a choice.
    needs_choice: bool,
}

/// The contents of the wallet that incoming credentials are compared with.
struct Held {
    holder: Uuid,
    versions: HeldVersions,
    names: HeldNames,
    /// The names once all items that need no choice are accepted.
    names_of_others: HeldNames,
}

impl Held {
    async fn of(app: &App, holder: Uuid, partner: Uuid) -> Result<Self, Error> {
        let versions = HeldVersions::of(app, holder, partner).await?;
        let names = HeldNames::of(app, holder).await?;
        Ok(Self { holder, versions, names_of_others: names.clone(), names })
    }
}

impl Item {
    /// Returns `None` if the item's data is deleted. Adds the item to the names that are `held`.
    async fn new(
        app: &App,
        submission: &Submission,
        held: &mut Held,
        refused: Option<&RejectedForm>,
        text: &Text,
    ) -> Result<Option<Self>, Error> {
        let Some(shown) = CredentialView::open(app, submission).await? else { return Ok(None) };
        let names = refused.map(|refused| &refused.names);
        let questions = held.names.questions(submission.credential_type, &shown.payload);
        let name = questions.name.map(|question| NameForm::new(question, submission.id, names));
        let birth_date = questions.birth_date.map(|question| BirthDateForm::new(question, submission.id, names));
        held.names.add_incoming(app, submission, &shown.payload).await?;
        let chosen = refused.and_then(|refused| refused.choices.get(&submission.id));
        let (mut versions, mut allowed_since) = (Vec::new(), None);
        for version in held.versions.related(app, submission, &shown.payload).await? {
            let incoming = (shown.id, &shown.payload.fields);
            let mut view = VersionView::new(app, held.holder, &version, incoming, text).await?;
            if let Some(replaced) = chosen.and_then(|chosen| chosen.replaced.as_ref()) {
                view.is_replacement = replaced.contains(&version.submission.id);
            }
            if view.is_replacement && !view.is_newer && allowed_since.is_none() {
                allowed_since = standing_consent::given_at(app, version.submission.id).await?;
            }
            versions.push(view);
        }
        let of_others = held.names_of_others.questions(submission.credential_type, &shown.payload);
        let needs_choice = name.is_some() || birth_date.is_some() || !versions.is_empty() || !of_others.is_empty();
        if !needs_choice {
            held.names_of_others.add_incoming(app, submission, &shown.payload).await?;
        }
        Ok(Some(Self {
            career: CareerView::new(std::slice::from_ref(&shown), text),
            name,
            birth_date,
            versions,
            may_continue: submission.credential_type.may_continue(&shown.payload.fields),
            is_kept_current: chosen.map_or(allowed_since.is_some(), |chosen| chosen.is_kept_current),
            allowed_since,
            needs_choice,
            shown,
        }))
    }

    /// Returns what is missing in a rejected form.
    fn missing(&self) -> Vec<MissingField> {
        let fields = [self.name.as_ref().map(|form| &form.fields), self.birth_date.as_ref().map(|form| &form.fields)];
        fields.into_iter().flatten().flat_map(|fields| fields.missing(self.shown.id)).collect()
    }
}

#[derive(Template)]
#[template(path = "batch.html")]
struct BatchConsent {
    layout: Layout,
    id: Uuid,
    partner: String,
    waiting: Vec<Item>,
    answered: Vec<DecidedItem>,
    expires_at: Timestamp,
    /// The time left to decide.
    left: String,
    pushed_at: Timestamp,
    /// The destination after deciding, in a form that a person recognises; empty if they stay here.
    destination: String,
}

impl BatchConsent {
    fn missing(&self) -> Vec<MissingField> {
        self.waiting.iter().flat_map(Item::missing).collect()
    }

    /// Returns the pending items that can be accepted at once. An item that is related to others,
    /// or carries another name, must be accepted by itself.
    fn at_once(&self) -> Vec<&Item> {
        self.waiting.iter().filter(|item| !item.needs_choice).collect()
    }

    fn with_choice(&self) -> Vec<&Item> {
        self.waiting.iter().filter(|item| item.needs_choice).collect()
    }

    fn choice_count(&self) -> i64 {
        i64::try_from(self.with_choice().len()).unwrap_or(i64::MAX)
    }
}

/// An item of a batch that is no longer pending.
#[derive(Debug)]
struct DecidedItem {
    title: &'static str,
    /// Text key of the outcome.
    outcome: &'static str,
    /// The credential, if it is in the wallet.
    held: Option<CredentialView>,
}

#[derive(Template)]
#[template(path = "taken_back.html")]
struct WithdrawnPage {
    layout: Layout,
    partner: String,
    withdrawal: Withdrawal,
}

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/requests/{id}", get(consent))
        .route("/requests/{id}/accept", post(accept))
        .route("/requests/{id}/decline", post(decline))
}

async fn consent(
    State(app): State<App>,
    signed_in: SignedIn,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let holder = signed_in.holder.id;
    let linked = match consent::find(&app, id, holder).await? {
        Ok(linked) => linked,
        Err(error) => return Ok(error.page(&app)),
    };
    let Some(fields) = kept_form::find(&app, &headers, &signed_in.holder, &format!("/requests/{id}")).await else {
        return show(&app, holder, (id, &linked), None).await;
    };
    let kept = RejectedForm { notice: Some("form-kept"), ..RejectedForm::read(&fields) };
    Ok(kept_form::shown(&app, show(&app, holder, (id, &linked), Some(&kept)).await?))
}

/// Renders the page behind a link, with the person's choices if their form was `refused`.
async fn show(
    app: &App,
    holder: Uuid,
    (id, linked): (Uuid, &Linked),
    refused: Option<&RejectedForm>,
) -> Result<Response, Error> {
    match linked {
        Linked::One(submission) => consent_to_one(app, holder, submission, refused).await,
        Linked::Batch(items) => consent_to_batch(app, holder, (id, items), refused).await,
    }
}

async fn consent_to_one(
    app: &App,
    holder: Uuid,
    submission: &Submission,
    refused: Option<&RejectedForm>,
) -> Result<Response, Error> {
    match submission.state {
        SubmissionState::Incomplete { .. } => {}
        SubmissionState::Accepted { .. } | SubmissionState::Withdrawn { .. } => {
            return Ok(Redirect::to(&format!("/wallet/credentials/{}", submission.id)).into_response());
        }
        SubmissionState::Declined { .. } => return Ok(LinkError::Declined.page(app)),
        SubmissionState::Expired { .. } => return Ok(LinkError::Expired.page(app)),
        SubmissionState::Removed { .. } => return Ok(LinkError::Deleted.page(app)),
        SubmissionState::WithdrawnPending { .. } => return taken_back(app, submission).await,
    }
    let notice = refused.and_then(|refused| refused.notice);
    let layout = Layout { notice, ..Layout::new(app, true) };
    let mut held = Held::of(app, holder, submission.partner_id).await?;
    let item = Item::new(app, submission, &mut held, refused, &layout.text).await?;
    let Some(item) = item else { return Ok(LinkError::Expired.page(app)) };
    let return_url = return_url::of(app, submission).await?;
    let destination = return_url.as_ref().map(|url| destination(url.as_str())).unwrap_or_default();
    let left = layout.text.time_left(app.now(), item.shown.expires_at);
    let response = page(app, &Consent { layout: layout.clone(), item, left, destination }, &layout);
    Ok(allowing(response, return_url.as_ref()))
}

/// Allows the forms of a page to redirect to `return_url`.
fn allowing(mut response: Response, return_url: Option<&Url>) -> Response {
    if let Some(url) = return_url {
        allow_form_to(&mut response, url.as_str());
    }
    response
}

/// Renders the page for a withdrawn submission: who withdrew it, and why.
async fn taken_back(app: &App, submission: &Submission) -> Result<Response, Error> {
    let withdrawal = Withdrawal::of(app, submission).await?.filter(|withdrawal| !withdrawal.reason.is_empty());
    let Some(withdrawal) = withdrawal else { return Ok(LinkError::Withdrawn.page(app)) };
    let partner = consent::partner_name(app, submission).await?;
    let layout = Layout::new(app, true);
    let template = WithdrawnPage { layout: layout.clone(), partner, withdrawal };
    Ok(page(app, &template, &layout))
}

async fn consent_to_batch(
    app: &App,
    holder: Uuid,
    (id, items): (Uuid, &[Submission]),
    refused: Option<&RejectedForm>,
) -> Result<Response, Error> {
    let Some(first) = items.first() else { return Ok(LinkError::Unknown.page(app)) };
    let notice = refused.and_then(|refused| refused.notice);
    let layout = Layout { notice, ..Layout::new(app, true) };
    let partner = consent::partner_name(app, first).await?;
    let mut held = Held::of(app, holder, first.partner_id).await?;
    let (mut waiting, mut answered) = (Vec::new(), Vec::new());
    for item in items {
        let title = item.credential_type.title;
        let outcome = match item.state {
            SubmissionState::Incomplete { .. } => {
                waiting.extend(Item::new(app, item, &mut held, refused, &layout.text).await?);
                continue;
            }
            SubmissionState::Accepted { .. } => "batch-accepted",
            SubmissionState::Declined { .. } => "batch-declined",
            SubmissionState::Expired { .. } => "batch-expired",
            SubmissionState::Removed { .. } => "batch-removed",
            SubmissionState::Withdrawn { .. } => "batch-withdrawn",
            SubmissionState::WithdrawnPending { .. } => "batch-taken-back",
        };
        // Empty unless it is in the wallet: all other ends delete the data.
        let held = CredentialView::open_all(app, std::slice::from_ref(item)).await?.pop();
        answered.push(DecidedItem { title, outcome, held });
    }
    let return_url = return_url::of(app, first).await?;
    let template = BatchConsent {
        layout: layout.clone(),
        id,
        partner,
        waiting,
        answered,
        expires_at: first.expires_at,
        left: layout.text.time_left(app.now(), first.expires_at),
        pushed_at: first.created_at,
        destination: return_url.as_ref().map(|url| destination(url.as_str())).unwrap_or_default(),
    };
    Ok(allowing(page(app, &template, &layout), return_url.as_ref()))
}

async fn accept(
    State(app): State<App>,
    signed_in: SignedIn,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Error> {
    let (sent, only) = (RejectedForm::read(&pairs), read_items(&pairs));
    let decided = match consent::accept(&app, id, signed_in.holder.id, &sent.choices, only.as_ref()).await? {
        Ok(decided) => decided,
        Err(error) => return Ok(error.page(&app)),
    };
    if !decided.unconfirmed.is_empty() {
        let page = show(&app, signed_in.holder.id, (id, &decided.linked), Some(&sent)).await?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    }
    let was_accepted = decided.linked.items().iter().any(|item| item.is_held_by(signed_in.holder.id));
    let waiting = redirects::waiting(&app, &headers).await;
    if decided.count == 0 && !was_accepted {
        // It was declined, withdrawn or expired in the meantime. Its page shows the outcome; that
        // of a wallet's request leads back to the wallet.
        let page = waiting.map_or(format!("/requests/{id}"), |request| format!("/oid4vci/authorize/{request}"));
        return Ok(Redirect::to(&page).into_response());
    }
    // If a wallet's authorization request led here, it continues with the accepted credential.
    let next = match waiting {
        Some(request) => next_page(&app, &decided.linked, &format!("/oid4vci/authorize/{request}")).await?,
        None => match return_url::after(&app, &decided.linked).await? {
            Some(url) => return Ok(Redirect::to(url.as_str()).into_response()),
            None => next_page(&app, &decided.linked, "/wallet").await?,
        },
    };
    Ok((NOTICE.set(&app, "notice-accepted"), Redirect::to(&next)).into_response())
}

async fn decline(
    State(app): State<App>,
    signed_in: SignedIn,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let decided = match consent::decline(&app, id, signed_in.holder.id).await? {
        Ok(decided) => decided,
        Err(error) => return Ok(error.page(&app)),
    };
    // If a wallet's authorization request led here, its page leads back to the wallet.
    let next = match redirects::waiting(&app, &headers).await {
        Some(request) => next_page(&app, &decided.linked, &format!("/oid4vci/authorize/{request}")).await?,
        None => match return_url::after(&app, &decided.linked).await? {
            Some(url) => url.into(),
            None => next_page(&app, &decided.linked, &format!("/requests/{id}")).await?,
        },
    };
    Ok(Redirect::to(&next).into_response())
}

/// Returns the next page after an item of a batch: the batch's page while another item is pending,
/// otherwise `done`.
async fn next_page(app: &App, linked: &Linked, done: &str) -> Result<String, Error> {
    let batch = linked.items().first().and_then(|item| item.batch_id);
    let Some(batch) = batch else { return Ok(done.to_owned()) };
    Ok(if wallet::is_waiting(app, batch).await? { format!("/requests/{batch}") } else { done.to_owned() })
}
