//! The data of the shared page, read from the presentations.

use askama::Template;
use credential::Block;
use credential::format::sd_jwt_vc::type_of;
use credential::verification::NotShown;
use serde_json::Value;

use super::checks::{self, Check};
use crate::app::App;
use crate::error::Error;
use crate::flows::share::{self, ShownPresentation};
use crate::i18n::Text;
use crate::web::Layout;
use crate::web::career::{CareerView, said_by};
use crate::web::qr::Qr;
use crate::web::selection::ListWords;
use ambient::Timestamp;
use store::domain::share::Share;

#[derive(Template)]
#[template(path = "shared_page.html")]
pub(super) struct SharedPage {
    pub(super) layout: Layout,
    share: Share,
    purpose: String,
    audience: String,
    pub(super) credentials: Vec<SharedCredential>,
    career: Option<CareerView>,
    link: String,
    qr: String,
    now: Timestamp,
    is_own: bool,
}

/// A disclosed credential.
#[derive(Debug)]
pub(super) struct SharedCredential {
    title: &'static str,
    name: String,
    attester: String,
    /// The day on which the attester confirmed it.
    attested_at: Option<credential::Date>,
    chain: Vec<String>,
    view: Vec<Block>,
    pub(super) token: String,
    checks: Vec<Check>,
    /// Since when a newer version exists, if one does.
    newer_since: Option<Timestamp>,
    /// The last day that it counted, if that day is over.
    pub(super) expired_on: Option<credential::Date>,
    not_shown: NotShown,
    /// How many entries of which list are not shown.
    entries_not_shown: Vec<(&'static str, usize)>,
}

impl SharedPage {
    /// The holder's name, as in the first credential.
    fn name(&self) -> &str {
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
        for shown in opened.presentations {
            credentials.push(SharedCredential::new(app.config().base(), shown)?);
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
    fn attested(&self, text: &Text) -> String {
        let day = self.attested_at.map(|day| text.date(day)).unwrap_or_default();
        text.with("hire-attested-by", &[("partner", &self.attester), ("day", &day)])
    }

    /// The intermediate institutions in words, parent first.
    fn chain(&self, text: &Text) -> String {
        text.chain(&self.chain)
    }

    /// How much was left out, in words; `None` where that is nothing. Entries of a list are told apart from other details.
    pub(super) fn left_out(&self, text: &Text) -> Option<String> {
        let at_most = self.not_shown.at_most;
        let entries = self.entries_not_shown.iter().filter_map(|(list, count)| {
            let words = ListWords::of(list)?;
            Some((if at_most { words.not_shown_at_most } else { words.not_shown }, *count))
        });
        let entries: Vec<(&str, usize)> = entries.collect();
        let details = self.not_shown.count - entries.iter().map(|(_, count)| count).sum::<usize>();
        let key = if at_most { "not-shown-at-most" } else { "not-shown" };
        let said = entries.into_iter().chain([(key, details)]).filter(|(_, count)| *count > 0);
        let said = said.map(|(key, count)| text.count(key, i64::try_from(count).unwrap_or(i64::MAX)));
        Some(said.collect::<Vec<_>>().join(" ")).filter(|said| !said.is_empty())
    }

    fn new(base: &str, shown: ShownPresentation) -> Result<Self, Error> {
        let ShownPresentation { token, report, newer_since } = shown;
        let (claims, checks) = (&report.claims, report.verdicts.iter().map(Check::new).collect());
        let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
        let known =
            type_of(text("vct"), base).ok_or_else(|| Error::internal("a share of another issuer's credential"))?;
        let fields = known
            .members()
            .filter_map(|member| claims.get(member.name).map(|value| (member.name.to_owned(), value.clone())));
        let fields = Value::Object(fields.collect());
        let chain = claims.get("partner_chain").and_then(Value::as_array).into_iter().flatten();
        let entries_not_shown = |list: &'static str| Some((list, *report.not_shown.by_place.get(&format!("/{list}"))?));
        Ok(Self {
            title: known.title,
            name: text("full_name").to_owned(),
            attester: claims.get("attested_by").and_then(|by| by["name"].as_str()).unwrap_or_default().to_owned(),
            attested_at: credential::Date::parse(text("attested_at")).ok(),
            chain: chain.filter_map(|link| link["name"].as_str().map(str::to_owned)).collect(),
            view: known.view(&fields),
            token,
            checks,
            newer_since,
            expired_on: report.expired_on,
            entries_not_shown: known.lists().filter_map(entries_not_shown).collect(),
            not_shown: report.not_shown.clone(),
        })
    }
}
