//! `/partner/verify/{name}` and `/verifications/{id}`: a partner asks to be shown something; the person picks what, shares or
//! cancels, and is sent back. `/wallet/shown`: what became of it.

use std::collections::BTreeSet;

use askama::Template;
use axum::Router;
use axum::extract::{Form, Path, State as AppState};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use uuid::Uuid;

use super::authorize::{allow_form_to, destination};
use super::link::{self, LinkForm};
use super::shown::Shown;
use super::{Layout, page};
use crate::app::App;
use crate::auth::holder::{SignedIn, Visitor};
use crate::error::Error;
use crate::verification::{self, Answer};
use crate::verification_result::{Asked, Memory};
use ambient::Timestamp;
use store::domain::share::{self, Chosen, Part};
use store::domain::verification::{MOST_SHOWN, State, Verification};

#[derive(Template)]
#[template(path = "verify.html")]
struct VerifyPage {
    layout: Layout,
    id: Uuid,
    partner: String,
    purpose: Option<String>,
    title: &'static str,
    /// What is asked for, in the type's words.
    wanted: Vec<&'static str>,
    offers: Vec<Offer>,
    /// Whether the person holds anything of the type.
    holds_any: bool,
    /// Where they go afterwards, as they can judge it; empty if they stay.
    destination: String,
    expires_at: Timestamp,
    /// The key of what is wrong with what was sent.
    problem: Option<&'static str>,
}

/// A credential that says something of what is asked for.
#[derive(Debug)]
struct Offer {
    id: Uuid,
    title: &'static str,
    partner: String,
    headline: String,
    /// What it says of that, and whether each is ticked.
    parts: Vec<(Part, bool)>,
    picked: bool,
}

/// What the person sent.
#[derive(Debug, Default)]
struct Picked {
    credential: Option<Uuid>,
    /// The id of a credential and a place in it, together.
    parts: BTreeSet<String>,
}

impl Picked {
    fn read(pairs: Vec<(String, String)>) -> Self {
        let mut picked = Self::default();
        for (name, value) in pairs {
            match name.as_str() {
                "credential" => picked.credential = value.parse().ok(),
                "part" => drop(picked.parts.insert(value)),
                _ => {}
            }
        }
        picked
    }
}

impl Offer {
    /// `picked` is what the person sent; in a new page everything that was asked for is ticked, and of one credential.
    fn new(shown: &Shown, verification: &Verification, asked: &Asked, picked: Option<&Picked>) -> Self {
        let parts = share::every_part(verification.credential_type, &shown.payload);
        let is_ticked =
            |place: &str| picked.is_none_or(|picked| picked.parts.contains(&format!("{}{place}", shown.id)));
        let parts = parts.into_iter().filter(|part| asked.covers(&part.place));
        Self {
            id: shown.id,
            title: shown.title,
            partner: shown.partner.clone(),
            headline: shown.headline.clone(),
            parts: parts.map(|part| (is_ticked(&part.place), part)).map(|(ticked, part)| (part, ticked)).collect(),
            picked: picked.is_some_and(|picked| picked.credential == Some(shown.id)),
        }
    }

    fn chosen(&self) -> Chosen {
        let places = self.parts.iter().filter(|(_, ticked)| *ticked).map(|(part, _)| part.place.clone()).collect();
        Chosen { submission: self.id, places }
    }

    /// What the wallet is to remember of showing it to `partner`.
    fn memory(&self, partner: &str, asked: &Asked) -> Memory {
        let words = |(part, _): &(Part, bool)| match part.meaning {
            Some(meaning) => meaning.to_owned(),
            None => part.says.clone(),
        };
        Memory {
            partner: partner.to_owned(),
            purpose: asked.purpose.clone(),
            title: format!("{} ({})", self.title, self.partner),
            shown: self.parts.iter().filter(|(_, ticked)| *ticked).map(words).collect(),
        }
    }
}

#[derive(Template)]
#[template(path = "verify_done.html")]
struct DonePage {
    layout: Layout,
    partner: String,
    /// What was shown; `None` if the person said no.
    memory: Option<Memory>,
    at: Timestamp,
    /// Back to the partner, while that is known.
    back: Option<String>,
}

#[derive(Template)]
#[template(path = "outcome.html")]
struct OverPage {
    layout: Layout,
    title: &'static str,
    body: &'static str,
}

#[derive(Template)]
#[template(path = "shown_to.html")]
struct ShownTo {
    layout: Layout,
    shown: Vec<(Timestamp, Memory)>,
}

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/partner/verify/{name}", get(landing).post(open))
        .route("/verifications/{id}", get(ask))
        .route("/verifications/{id}/share", post(share))
        .route("/verifications/{id}/cancel", post(cancel))
        .route("/wallet/shown", get(shown_to))
}

fn known(name: &str) -> Result<(), Error> {
    let is_known = credential::ALL.iter().any(|known| known.redirect_name == name);
    is_known.then_some(()).ok_or_else(Error::not_found)
}

async fn landing(
    AppState(app): AppState<App>,
    Visitor(visitor): Visitor,
    Path(name): Path<String>,
) -> Result<Response, Error> {
    known(&name)?;
    Ok(link::landing_page(&app, visitor.is_some()))
}

async fn open(
    AppState(app): AppState<App>,
    Visitor(visitor): Visitor,
    Path(name): Path<String>,
    Form(form): Form<LinkForm>,
) -> Result<Response, Error> {
    known(&name)?;
    link::take_over(&app, visitor, &form).await
}

/// Binds the request to `holder` if nobody has it yet, and says where to go: always to its page, which tells what it may.
/// `None` if there is no such request.
pub(super) async fn open_for(app: &App, id: Uuid, holder: Uuid) -> Result<Option<Redirect>, Error> {
    let now = app.now();
    let Some(found) = app.store().read().await?.linked_verification(id, now).await? else { return Ok(None) };
    if found.is_open() && found.holder.is_none() {
        let mut tx = app.store().write().await?;
        tx.bind_verification(id, holder, now).await?;
        tx.commit().await?;
    }
    Ok(Some(Redirect::to(&page_of(id))))
}

fn page_of(id: Uuid) -> String {
    format!("/verifications/{id}")
}

/// Why a request's page has nothing to ask.
#[derive(Clone, Copy, Debug)]
enum Over {
    Unknown,
    AnotherPersons,
    Expired,
    /// Answered elsewhere.
    Answered,
}

impl Over {
    fn page(self, app: &App) -> Response {
        let (status, title, body) = match self {
            Self::Unknown => (StatusCode::NOT_FOUND, "outcome-unknown-title", "outcome-unknown"),
            Self::AnotherPersons => (StatusCode::FORBIDDEN, "outcome-another-title", "outcome-another"),
            Self::Expired => (StatusCode::GONE, "verify-expired-title", "verify-expired"),
            Self::Answered => (StatusCode::GONE, "verify-answered-title", "verify-answered"),
        };
        let layout = Layout::new(app, true);
        (status, page(app, &OverPage { layout: layout.clone(), title, body }, &layout)).into_response()
    }
}

/// A request that is `holder`'s, with the name of who asks.
struct Found {
    verification: Verification,
    partner: String,
    holder: Uuid,
}

async fn find(app: &App, id: Uuid, holder: Uuid) -> Result<Result<Found, Over>, Error> {
    let mut tx = app.store().read().await?;
    let Some(verification) = tx.linked_verification(id, app.now()).await? else { return Ok(Err(Over::Unknown)) };
    let partner = tx.partner(verification.partner_id).await?.filter(|partner| partner.is_active());
    Ok(match (verification.holder, partner, &verification.state) {
        (Some(owner), ..) if owner != holder => Err(Over::AnotherPersons),
        // Without its partner there is nobody to show anything to.
        (_, None, State::Open) | (_, _, State::Expired { .. }) => Err(Over::Expired),
        (None, _, State::Open) => Err(Over::Unknown),
        (None, ..) => Err(Over::Answered),
        (Some(_), partner, _) => {
            Ok(Found { partner: partner.map(|partner| partner.name).unwrap_or_default(), verification, holder })
        }
    })
}

/// Whoever is not signed in comes back here once they are.
async fn ask(AppState(app): AppState<App>, Visitor(visitor): Visitor, Path(id): Path<Uuid>) -> Result<Response, Error> {
    let Some(signed_in) = visitor else { return Ok(link::wait(&app, id)) };
    let found = match find(&app, id, signed_in.holder.id).await? {
        Ok(found) => found,
        Err(over) => return Ok(over.page(&app)),
    };
    if !found.verification.is_open() {
        return found.done_page(&app).await;
    }
    let Some(asked) = verification::details(&app, &found.verification).await? else {
        return Ok(Over::Expired.page(&app));
    };
    let offers = found.offers(&app, &asked, None).await?;
    found.question_page(&app, &asked, offers, None)
}

/// What can be shown, and whether the person holds anything of the type at all.
struct Offers {
    all: Vec<Offer>,
    holds_any: bool,
}

impl Found {
    async fn offers(&self, app: &App, asked: &Asked, picked: Option<&Picked>) -> Result<Offers, Error> {
        let mut held = app.store().read().await?.held_submissions(self.holder).await?;
        held.retain(|held| held.stands() && held.credential_type == self.verification.credential_type);
        let shown = Shown::open_all(app, &held).await?;
        let offers = shown.iter().map(|shown| Offer::new(shown, &self.verification, asked, picked));
        let mut all: Vec<Offer> = offers.filter(|offer| !offer.parts.is_empty()).collect();
        if let (None, Some(newest)) = (picked, all.last_mut()) {
            newest.picked = true;
        }
        Ok(Offers { all, holds_any: !held.is_empty() })
    }

    fn question_page(
        &self,
        app: &App,
        asked: &Asked,
        offers: Offers,
        problem: Option<&'static str>,
    ) -> Result<Response, Error> {
        let layout = Layout::new(app, true);
        let known = self.verification.credential_type;
        let wanted = known.fields.iter().filter(|member| asked.claims.iter().any(|claim| claim == member.name));
        let template = VerifyPage {
            layout: layout.clone(),
            id: self.verification.id,
            partner: self.partner.clone(),
            purpose: asked.purpose.clone(),
            title: known.title,
            wanted: wanted.map(|member| member.meaning.trim_end_matches('.')).collect(),
            offers: offers.all,
            holds_any: offers.holds_any,
            destination: asked.callback_url.as_deref().map(destination).unwrap_or_default(),
            expires_at: self.verification.expires_at,
            problem,
        };
        let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
        let mut response = (status, page(app, &template, &layout)).into_response();
        if let Some(url) = &asked.callback_url {
            allow_form_to(&mut response, url);
        }
        Ok(response)
    }

    /// Tells the person what they answered.
    async fn done_page(&self, app: &App) -> Result<Response, Error> {
        let asked = verification::details(app, &self.verification).await?;
        let layout = Layout::new(app, true);
        let template = DonePage {
            layout: layout.clone(),
            partner: self.partner.clone(),
            memory: verification::remember(app, &self.verification).await?,
            at: self.verification.status().finalized_at().unwrap_or(self.verification.created_at),
            back: asked.and_then(|asked| verification::callback(&asked, &self.verification)).map(String::from),
        };
        Ok(page(app, &template, &layout))
    }
}

/// After an answer, the first or a repeated one: to where the partner wants its person, or to the page that tells.
async fn go_on(app: &App, id: Uuid, holder: Uuid) -> Result<Response, Error> {
    let found = match find(app, id, holder).await? {
        Ok(found) => found,
        Err(over) => return Ok(over.page(app)),
    };
    let here = page_of(id);
    let asked = verification::details(app, &found.verification).await?.filter(|_| !found.verification.is_open());
    let Some(back) = asked.and_then(|asked| verification::callback(&asked, &found.verification)) else {
        return Ok(Redirect::to(&here).into_response());
    };
    let location = HeaderValue::try_from(back.as_str()).map_err(Error::internal)?;
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response())
}

async fn share(
    AppState(app): AppState<App>,
    signed_in: SignedIn,
    Path(id): Path<Uuid>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Error> {
    let holder = signed_in.holder.id;
    let found = match find(&app, id, holder).await? {
        Ok(found) if found.verification.is_open() => found,
        _ => return go_on(&app, id, holder).await,
    };
    let Some(asked) = verification::details(&app, &found.verification).await? else {
        return Ok(Over::Expired.page(&app));
    };
    let offers = found.offers(&app, &asked, Some(&Picked::read(pairs))).await?;
    let Some(offer) = offers.all.iter().find(|offer| offer.picked) else {
        return found.question_page(&app, &asked, offers, Some("verify-problem-credential"));
    };
    let chosen = offer.chosen();
    if chosen.places.is_empty() {
        return found.question_page(&app, &asked, offers, Some("verify-problem-nothing"));
    }
    let memory = offer.memory(&found.partner, &asked);
    let shown = verification::present(&app, &found.verification, &asked, (holder, &chosen)).await?;
    let Some(outcome) = shown.map(Box::new) else {
        let offers = found.offers(&app, &asked, None).await?;
        return found.question_page(&app, &asked, offers, Some("verify-problem-changed"));
    };
    // Whoever is second, here or in an outside wallet, finds it answered.
    verification::finish(
        &app,
        &found.verification,
        Answer::Shown { outcome, memory: Some(memory), presentation: None },
    )
    .await?;
    go_on(&app, id, holder).await
}

async fn cancel(AppState(app): AppState<App>, signed_in: SignedIn, Path(id): Path<Uuid>) -> Result<Response, Error> {
    let holder = signed_in.holder.id;
    if let Ok(found) = find(&app, id, holder).await? {
        verification::finish(&app, &found.verification, Answer::Canceled).await?;
    }
    go_on(&app, id, holder).await
}

/// What the person has shown to partners that asked.
async fn shown_to(AppState(app): AppState<App>, signed_in: SignedIn) -> Result<Response, Error> {
    let answered = app.store().read().await?.shown_verifications(signed_in.holder.id, MOST_SHOWN).await?;
    let mut shown = Vec::with_capacity(answered.len());
    for answered in &answered {
        let memory = verification::remember(&app, answered).await?;
        shown.extend(answered.status().finalized_at().zip(memory));
    }
    let layout = Layout::new(&app, true);
    Ok(page(&app, &ShownTo { layout: layout.clone(), shown }, &layout))
}
