//! The data of the shared page, read from the presentations.

use askama::Template;
use credential::format::sd_jwt_vc::type_of;
use credential::verification::Report;
use credential::{FRESH_MONTHS, Member, Presence, Type};
use serde_json::Value;

use super::checks::{self, Check};
use super::conclusion::{Cause, Facts, Presented, conclude};
use super::verdict::{self, VerdictView};
use super::{states, titles};
use crate::app::App;
use crate::error::Error;
use crate::flows::share::{self, Replacement, ShownPresentation};
use crate::i18n::{Text, isolated_text};
use crate::web::Layout;
use crate::web::details::ListWords;
use crate::web::people::{self, Person, Shown, StateNote};
use crate::web::qr::Qr;
use ambient::Timestamp;
use store::domain::share::Share;

#[derive(Template)]
#[template(path = "shared_page.html")]
pub(super) struct SharedPage {
    pub(super) layout: Layout,
    share: Share,
    purpose: String,
    audience: String,
    verdict: VerdictView,
    /// The sentence of the verdict if the only doubt is that other versions replaced some of it, as
    /// HTML.
    replaced: String,
    is_only_replaced: bool,
    people: Vec<Person>,
    tokens: Vec<CheckedToken>,
    link: String,
    qr: String,
    now: Timestamp,
    is_own: bool,
    /// Whether a sandbox partner confirms any of it. A demonstration says so on every page.
    is_test: bool,
}

/// A signed token with its checks.
#[derive(Debug)]
struct CheckedToken {
    /// The number in the address of the token, from 1.
    number: usize,
    token: String,
    /// The title and the partner, as HTML.
    heading: String,
    name: String,
    partner: String,
    checks: Vec<Check>,
    /// The sentence for each cause that the page's script may find in this credential, as HTML.
    causes: Vec<(Cause, String)>,
    /// The note at the credential for each of them, unless it is said there in another way.
    states: Vec<(Cause, StateNote)>,
}

impl SharedPage {
    /// The texts of the doubt that data on jobs is old, which the page's script finds too.
    const OLD_DATA: [&'static str; 3] = ["verdict-old-data", "verdict-old-data-planned", "verdict-old-data-jobs"];
    /// The texts about single jobs in it.
    const OLD_JOBS: [&'static str; 3] = ["verdict-old-job", "verdict-old-job-planned", "verdict-more-jobs"];

    /// Decrypts and verifies the presentations of the link; `None` once the share has ended.
    pub(super) async fn new(
        app: &App,
        layout: Layout,
        share: &Share,
        secret: &str,
        is_own: bool,
    ) -> Result<Option<Self>, Error> {
        let Some(opened) = share::open(app, share, secret).await? else { return Ok(None) };
        let (text, now) = (&layout.text, app.now());
        let presented = opened.presentations.iter();
        let presented: Vec<Presented<'_>> =
            presented.map(|shown| Presented { report: &shown.report, replaced: shown.replaced }).collect();
        let conclusion = conclude(&presented, opened.names_confirmed, now).with_birth_dates(opened.birth_dates_differ);
        let mut credentials = Vec::with_capacity(opened.presentations.len());
        let mut headlines = Vec::with_capacity(opened.presentations.len());
        for (at, presentation) in opened.presentations.iter().enumerate() {
            let (known, fields) = content(app.config().base(), presentation)?;
            credentials.push(states::noted(shown(known, &fields, presentation, text), &conclusion, at, text));
            headlines.push(people::headline(known, &fields));
        }
        let titles = titles::distinct(&credentials, &headlines, text);
        let tokens = opened.presentations.iter().zip(&conclusion.facts).zip(&titles).enumerate();
        let tokens = tokens.map(|(at, ((shown, facts), title))| CheckedToken {
            states: states::all(&credentials[at], text),
            ..CheckedToken::new(at + 1, shown, facts, title, text)
        });
        let tokens: Vec<CheckedToken> = tokens.collect();
        let verdict = VerdictView::new(&conclusion, &titles, text);
        let (replaced, is_only_replaced) = (only_replaced(&presented, text), conclusion.is_only_replaced());
        let people = Person::group(credentials, text);
        let link = app.links().share(secret);
        let qr = Qr::new(&link).map(|qr| qr.html(&text.of("qr-link"))).unwrap_or_default();
        let audience = app.links().share_audience(share.id);
        let (share, purpose, is_test) = (opened.share, opened.purpose, opened.is_test);
        Ok(Some(Self {
            layout,
            share,
            purpose,
            audience,
            verdict,
            replaced,
            is_only_replaced,
            people,
            tokens,
            link,
            qr,
            now,
            is_own,
            is_test,
        }))
    }

    /// Returns the sentence of the verdict, as HTML.
    fn sentence(&self) -> &str {
        if self.is_only_replaced { &self.replaced } else { self.verdict.sentence() }
    }

    /// Returns the name, if there is only one.
    fn only_name(&self) -> Option<&str> {
        match self.people.as_slice() {
            [person] => Some(&person.name),
            _ => None,
        }
    }

    /// Returns the cause of the doubt that the page's script has if the signed names differ and the
    /// page does not say so.
    fn cause_of_names(&self) -> Cause {
        Cause::DifferentNames
    }

    /// Returns the cause of the doubt that data on jobs is old.
    fn cause_of_old_data(&self) -> Cause {
        Cause::OldData
    }

    /// Returns the cause of the doubt that the page's script has if the page shows a text that was
    /// not signed, or lacks one that was.
    fn cause_of_shown(&self) -> Cause {
        Cause::NotSigned
    }

    fn title(&self) -> String {
        match self.only_name() {
            Some(name) => self.layout.text.with("hire-title", &[("name", isolated_text(name).as_str())]),
            None => self.layout.text.of("hire-title-names"),
        }
    }
}

/// Returns the sentence of a page whose only doubt is that other versions replaced some of it, as
/// HTML. A newer version counts before others, and the first one before later ones.
fn only_replaced(presented: &[Presented<'_>], text: &Text) -> String {
    let replaced = presented.iter().filter_map(|shown| shown.replaced);
    match replaced.min_by_key(|replaced| (!replaced.has_newer, replaced.since)) {
        Some(replaced) => not_current(replaced, text),
        None => text.of("verdict-only-replaced"),
    }
}

/// Says that a newer version exists or, if none is known to, that this one is not current, as HTML.
fn not_current(replaced: Replacement, text: &Text) -> String {
    text.with_day(if replaced.has_newer { "hire-newer" } else { "hire-not-current" }, &replaced.since)
}

/// Returns the type of a presentation's credential and the fields that are disclosed.
fn content(base: &str, presentation: &ShownPresentation) -> Result<(Type, Value), Error> {
    let claims = &presentation.report.claims;
    let vct = claims.get("vct").and_then(Value::as_str).unwrap_or_default();
    let known = type_of(vct, base).ok_or_else(|| Error::internal("a share of another issuer's credential"))?;
    let fields = known
        .members()
        .filter_map(|member| claims.get(member.name).map(|value| (member.name.to_owned(), value.clone())));
    Ok((known, Value::Object(fields.collect())))
}

/// Converts the content of a presentation.
fn shown(known: Type, fields: &Value, presentation: &ShownPresentation, text: &Text) -> Shown {
    let ShownPresentation { report, replaced, .. } = presentation;
    let claims = &report.claims;
    let claim = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
    let view = known.view(fields);
    let chain = claims.get("partner_chain").and_then(Value::as_array).into_iter().flatten();
    Shown {
        name: claim("full_name").to_owned(),
        title: people::title(known, fields, &view),
        partner: claims.get("attested_by").and_then(|by| by["name"].as_str()).unwrap_or_default().to_owned(),
        day: credential::Date::parse(claim("attested_at")).map(|day| text.date(day)).unwrap_or_default(),
        chain: chain.filter_map(|link| link["name"].as_str().map(str::to_owned)).collect(),
        expired: report.expired_on.map(|day| text.expired(&day)),
        replaced: replaced.map(|replaced| not_current(replaced, text)),
        number: 0,
        states: Vec::new(),
        is_refuted: false,
        withholds_jobs: withholds_jobs(known, report),
        left_out: left_out(known, report, text),
        signed: texts(claims.values()),
        earlier_titles: presentation.earlier_titles.clone(),
        view,
    }
}

/// Returns every text in `values` and in the lists and objects among them.
fn texts<'v>(values: impl Iterator<Item = &'v Value>) -> Vec<String> {
    let (mut left, mut found): (Vec<&Value>, Vec<String>) = (values.collect(), Vec::new());
    while let Some(value) = left.pop() {
        match value {
            Value::String(text) => found.push(text.clone()),
            Value::Array(items) => left.extend(items),
            Value::Object(members) => left.extend(members.values()),
            _ => {}
        }
    }
    found
}

/// Describes the number of undisclosed details; `None` if there are none.
///
/// Entries of a list are counted separately. A list of which nothing is shown is not one detail: it
/// is named, because the token does not contain the number of its entries.
fn left_out(known: Type, report: &Report, text: &Text) -> Option<String> {
    let not_shown = &report.not_shown;
    let counted = |exact: &str, at_most: &str, count: usize| {
        let key = if not_shown.at_most { at_most } else { exact };
        text.count(key, i64::try_from(count).unwrap_or(i64::MAX))
    };
    let (mut said, mut details) = (Vec::new(), not_shown.count);
    for list in known.lists() {
        let Some(words) = ListWords::of(list) else { continue };
        if let Some(entries) = not_shown.by_place.get(&format!("/{list}")) {
            details = details.saturating_sub(*entries);
            said.push(counted(words.not_shown, words.not_shown_at_most, *entries));
        } else if is_withheld(known, report, list) {
            details = details.saturating_sub(1);
            said.push(text.of(words.none_shown));
        }
    }
    if details > 0 {
        said.push(counted("not-shown", "not-shown-at-most", details));
    }
    Some(said.join(" ")).filter(|said| !said.is_empty())
}

/// Returns whether any jobs are not shown, or may not be.
fn withholds_jobs(known: Type, report: &Report) -> bool {
    let is_some_withheld = report.not_shown.by_place.get("/employment").is_some_and(|jobs| *jobs > 0);
    is_some_withheld || is_withheld(known, report, "employment")
}

/// Returns whether a list that every credential of the type has is not shown.
fn is_withheld(known: Type, report: &Report, list: &str) -> bool {
    let is_required = |member: &Member| member.name == list && member.presence == Presence::Required;
    !report.claims.contains_key(list) && known.members().any(is_required)
}

impl CheckedToken {
    fn new(number: usize, shown: &ShownPresentation, facts: &Facts, title: &str, text: &Text) -> Self {
        let report = &shown.report;
        Self {
            number,
            token: shown.token.clone(),
            heading: text.markup("credential-from", &[("title", title), ("partner", &facts.partner)], &[]),
            name: facts.name.clone(),
            partner: facts.partner.clone(),
            checks: report.verdicts.iter().map(|verdict| Check::new(verdict, &report.claims, text)).collect(),
            causes: Cause::OF_CHECKS.map(|cause| (cause, verdict::sentence(cause, facts, title, text))).to_vec(),
            states: Vec::new(),
        }
    }
}
