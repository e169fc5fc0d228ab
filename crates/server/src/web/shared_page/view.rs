//! The data of the shared page, read from the presentations.

use askama::Template;
use credential::{Block, Type};
use serde_json::{Map, Value};

use super::checks::{self, Check};
use crate::app::App;
use crate::error::Error;
use crate::flows::share;
use crate::i18n::Text;
use crate::web::Layout;
use crate::web::career::{CareerView, said_by};
use crate::web::qr::Qr;
use ambient::Timestamp;
use store::domain::share::Share;

#[derive(Template)]
#[template(path = "shared_page.html")]
pub(super) struct SharedPage {
    pub(super) layout: Layout,
    pub(super) share: Share,
    pub(super) purpose: String,
    audience: String,
    pub(super) credentials: Vec<SharedCredential>,
    pub(super) career: Option<CareerView>,
    pub(super) link: String,
    qr: String,
    now: Timestamp,
    is_own: bool,
}

/// A disclosed credential.
#[derive(Debug)]
pub(super) struct SharedCredential {
    pub(super) title: &'static str,
    name: String,
    pub(super) attester: String,
    /// The day on which the attester confirmed it.
    attested_at: Option<credential::Date>,
    chain: Vec<String>,
    pub(super) view: Vec<Block>,
    pub(super) token: String,
    checks: Vec<Check>,
}

impl SharedPage {
    /// The holder's name, as in the first credential.
    pub(super) fn name(&self) -> &str {
        self.credentials.first().map_or("", |first| &first.name)
    }

    /// Opens and verifies what the link shows; `None` once the share has ended.
    pub(super) async fn new(
        app: &App,
        layout: Layout,
        share: Share,
        secret: &str,
        is_own: bool,
    ) -> Result<Option<Self>, Error> {
        let Some(opened) = share::open(app, &share, secret).await? else { return Ok(None) };
        let mut credentials = Vec::with_capacity(opened.presentations.len());
        for (token, report) in opened.presentations {
            let checks = report.verdicts.iter().map(Check::new).collect();
            credentials.push(SharedCredential::new(app.config().base(), &report.claims, token, checks)?);
        }
        let said: Vec<_> = credentials.iter().flat_map(|shown| said_by(&shown.attester, &shown.view)).collect();
        let career = CareerView::of(&said, 1, &layout.text);
        let link = app.links().share(secret);
        let qr = Qr::new(&link).map(|qr| qr.html(&layout.text.of("qr-link"))).unwrap_or_default();
        let audience = app.links().share_audience(share.id);
        let (purpose, now) = (opened.purpose, app.now());
        Ok(Some(Self { layout, share, purpose, audience, credentials, career, link, qr, now, is_own }))
    }
}

impl SharedCredential {
    /// Who confirmed it, and when.
    pub(super) fn attested(&self, text: &Text) -> String {
        let day = self.attested_at.map(|day| text.date(day)).unwrap_or_default();
        text.with("hire-attested-by", &[("partner", &self.attester), ("day", &day)])
    }

    /// The intermediate institutions in words, parent first.
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
