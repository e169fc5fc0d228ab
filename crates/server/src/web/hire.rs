//! `/share/{secret}`: what a hirer sees behind a link, its checks, the signed token, and a PDF.
//!
//! Everything shown is read from the presentations themselves, never from the wallet, so that the page cannot say more
//! than what was signed and chosen. A look is counted when a browser navigates here; a preview that an app fetches, a
//! prefetch and the holder's own look are not.

mod checks;
mod paper;

use askama::Template;
use axum::Router;
use axum::extract::{Form, Path, State as AppState};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use credential::{Block, Type};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::career::{CareerView, said_by};
use super::qr::Qr;
use super::{Layout, Text, page};
use crate::app::App;
use crate::auth::holder::{SHARE, Visitor};
use crate::error::Error;
use crate::http::Client;
use crate::sharing;
use ambient::Timestamp;
use checks::Check;
use store::domain::share::{Share, Standing};

#[derive(Template)]
#[template(path = "hire.html")]
struct HirePage {
    layout: Layout,
    share: Share,
    purpose: String,
    audience: String,
    credentials: Vec<Presented>,
    career: Option<CareerView>,
    link: String,
    qr: String,
    now: Timestamp,
    is_own: bool,
}

/// A credential that is shown.
#[derive(Debug)]
struct Presented {
    title: &'static str,
    name: String,
    attester: String,
    /// The day that its attester said so.
    attested_at: Option<credential::Date>,
    chain: Vec<String>,
    view: Vec<Block>,
    token: String,
    checks: Vec<Check>,
}

impl HirePage {
    /// Whose it is: as the first credential says.
    fn name(&self) -> &str {
        self.credentials.first().map_or("", |first| &first.name)
    }
}

#[derive(Template)]
#[template(path = "hire_passcode.html")]
struct PasscodePage {
    layout: Layout,
    wrong: bool,
}

#[derive(Template)]
#[template(path = "hire_over.html")]
struct OverPage {
    layout: Layout,
}

#[derive(Debug, Deserialize)]
struct PasscodeForm {
    #[serde(default)]
    passcode: String,
}

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/share/{secret}", get(show).post(give_passcode))
        .route("/share/{secret}/token/{number}", get(token))
        .route("/share/{secret}/pdf", get(pdf))
}

/// No search engine may keep what somebody published the link of.
fn unindexed(response: impl IntoResponse) -> Response {
    let mut response = response.into_response();
    response.headers_mut().insert(HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex"));
    response
}

/// What a link leads to.
enum Door {
    Open(Share),
    /// It wants a passcode first.
    Passcode(Share),
}

/// Finds the share behind a link; 404 and 410 as pages where there is none, or none any more.
async fn knock(app: &App, secret: &str, headers: &HeaderMap) -> Result<Result<Door, Response>, Error> {
    let share = sharing::find(app, secret).await?.ok_or_else(Error::not_found)?;
    if share.standing(app.now()) != Standing::Active {
        let layout = Layout::new(app, false);
        let over = page(app, &OverPage { layout: layout.clone() }, &layout);
        return Ok(Err(unindexed((StatusCode::GONE, over))));
    }
    let given = || SHARE.read(app, headers).is_some_and(|proof| sharing::is_proven(app, &share, &proof));
    let is_open = share.passcode.is_none() || given();
    Ok(Ok(if is_open { Door::Open(share) } else { Door::Passcode(share) }))
}

fn passcode_page(app: &App, signed_in: bool, wrong: bool) -> Response {
    let layout = Layout::new(app, signed_in);
    let response = page(app, &PasscodePage { layout: layout.clone(), wrong }, &layout);
    unindexed(if wrong { (StatusCode::UNPROCESSABLE_ENTITY, response).into_response() } else { response })
}

async fn show(
    AppState(app): AppState<App>,
    Visitor(visitor): Visitor,
    Path(secret): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let share = match knock(&app, &secret, &headers).await? {
        Ok(Door::Open(share)) => share,
        Ok(Door::Passcode(_)) => return Ok(passcode_page(&app, visitor.is_some(), false)),
        Err(over) => return Ok(over),
    };
    let is_own = visitor.as_ref().is_some_and(|visitor| visitor.holder.id == share.holder);
    if !is_own && is_a_look(&method, &headers) {
        let mut tx = app.store().write().await?;
        tx.count_share_view(share.id, app.now()).await?;
        tx.commit().await?;
        app.metrics().shares("viewed");
    }
    let layout = Layout::new(&app, visitor.is_some());
    let Some(shown) = HirePage::new(&app, layout.clone(), share, &secret, is_own).await? else {
        return Err(Error::not_found());
    };
    Ok(unindexed(page(&app, &shown, &layout)))
}

/// Whether a person's browser shows the answer (Fetch Metadata, section 2.2; a prefetch says so by `Sec-Purpose`).
fn is_a_look(method: &Method, headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is_prefetch = ["sec-purpose", "purpose"].iter().any(|name| text(name).contains("prefetch"));
    method == Method::GET && text("sec-fetch-mode") == "navigate" && !is_prefetch
}

async fn give_passcode(
    AppState(app): AppState<App>,
    client: Client,
    Visitor(visitor): Visitor,
    Path(secret): Path<String>,
    headers: HeaderMap,
    Form(form): Form<PasscodeForm>,
) -> Result<Response, Error> {
    let to_page = Redirect::to(&format!("/share/{secret}"));
    let share = match knock(&app, &secret, &headers).await? {
        Ok(Door::Passcode(share)) => share,
        Ok(Door::Open(_)) => return Ok(to_page.into_response()),
        Err(over) => return Ok(over),
    };
    app.limits().passcodes_per_client.check_with_others(&app, &client.0).await?;
    app.limits().passcodes_per_share.check_with_others(&app, &share.id).await?;
    if !sharing::try_passcode(&app, &share, &form.passcode).await? {
        app.metrics().shares("refused");
        return Ok(passcode_page(&app, visitor.is_some(), true));
    }
    let until = app.now() + std::time::Duration::from_secs(3600);
    Ok(([SHARE.set(&app, &sharing::proof(&app, &share, until))], to_page).into_response())
}

impl HirePage {
    /// Reads and checks what the link opens; `None` if it opens nothing any more.
    async fn new(app: &App, layout: Layout, share: Share, secret: &str, is_own: bool) -> Result<Option<Self>, Error> {
        let Some(contents) = sharing::open(&share, secret)? else { return Ok(None) };
        let mut credentials = Vec::with_capacity(contents.presentations.len());
        for token in contents.presentations {
            let report = sharing::check(app, &share, &token).await?;
            let checks = report.verdicts.iter().map(Check::new).collect();
            credentials.push(Presented::new(app.config().base(), &report.claims, token, checks)?);
        }
        let said: Vec<_> = credentials.iter().flat_map(|shown| said_by(&shown.attester, &shown.view)).collect();
        let career = CareerView::of(&said, &layout.text);
        let link = app.links().share(secret);
        let qr = Qr::new(&link).map(|qr| qr.html(&layout.text.of("qr-link"))).unwrap_or_default();
        let audience = app.links().share_audience(share.id);
        let (purpose, now) = (contents.purpose, app.now());
        Ok(Some(Self { layout, share, purpose, audience, credentials, career, link, qr, now, is_own }))
    }
}

impl Presented {
    /// Who says so, since when.
    fn attested(&self, text: &Text) -> String {
        let day = self.attested_at.map(|day| text.date(day)).unwrap_or_default();
        text.with("hire-attested-by", &[("partner", &self.attester), ("day", &day)])
    }

    /// The institutions in between, in words, parent first.
    fn chain(&self, text: &Text) -> String {
        text.chain(&self.chain)
    }

    fn new(base: &str, claims: &Map<String, Value>, token: String, checks: Vec<Check>) -> Result<Self, Error> {
        let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
        let name = text("vct").strip_prefix(base).and_then(|path| path.strip_prefix("/credentials/"));
        let known: Type = name.unwrap_or_default().parse().map_err(Error::internal)?;
        let fields = known
            .fields
            .iter()
            .filter_map(|member| claims.get(member.name).map(|value| (member.name.to_owned(), value.clone())));
        let fields = Value::Object(fields.collect());
        let chain = claims.get("partner_chain").and_then(Value::as_array).into_iter().flatten();
        Ok(Self {
            title: known.title,
            name: text("full_name").to_owned(),
            attester: claims.get("attested_by").and_then(|by| by["name"].as_str()).unwrap_or_default().to_owned(),
            attested_at: credential::Date::parse(text("attested_at")).ok(),
            chain: chain.filter_map(|link| link["name"].as_str().map(str::to_owned)).collect(),
            view: known.view(&fields),
            token,
            checks,
        })
    }
}

/// The share and its contents, for those who ask for a part of the page by itself.
async fn opened(app: &App, secret: &str, headers: &HeaderMap) -> Result<Result<HirePage, Response>, Error> {
    let share = match knock(app, secret, headers).await? {
        Ok(Door::Open(share)) => share,
        Ok(Door::Passcode(_)) => {
            return Ok(Err(Redirect::to(&format!("/share/{secret}")).into_response()));
        }
        Err(over) => return Ok(Err(over)),
    };
    let shown = HirePage::new(app, Layout::new(app, false), share, secret, false).await?;
    shown.map(Ok).ok_or_else(Error::not_found)
}

async fn token(
    AppState(app): AppState<App>,
    Path((secret, number)): Path<(String, usize)>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let shown = match opened(&app, &secret, &headers).await? {
        Ok(shown) => shown,
        Err(instead) => return Ok(instead),
    };
    let at = number.checked_sub(1).ok_or_else(Error::not_found)?;
    let token = shown.credentials.into_iter().nth(at).ok_or_else(Error::not_found)?.token;
    let headers = [
        (header::CONTENT_TYPE, "application/dc+sd-jwt"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"credential.sd-jwt\""),
    ];
    Ok(unindexed((headers, token)))
}

async fn pdf(AppState(app): AppState<App>, Path(secret): Path<String>, headers: HeaderMap) -> Result<Response, Error> {
    let shown = match opened(&app, &secret, &headers).await? {
        Ok(shown) => shown,
        Err(instead) => return Ok(instead),
    };
    // Setting pages takes milliseconds, which are not taken from those who wait for other answers.
    let written = tokio::task::spawn_blocking(move || shown.paper()).await.map_err(Error::internal)?;
    let bytes = written.map_err(Error::internal)?;
    let headers = [
        (header::CONTENT_TYPE, "application/pdf"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"career.pdf\""),
    ];
    Ok(unindexed((headers, bytes)))
}
