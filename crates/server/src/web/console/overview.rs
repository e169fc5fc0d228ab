//! `/console`: conversion of pushes by day and partner chain, and the partner's limits.
//!
//! Reads tallies only, which contain counts and no personal data.

use std::collections::BTreeMap;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;

use super::chart::{Day, Funnel, Outcomes, Series};
use super::{Frame, Section, layout};
use crate::app::App;
use crate::error::Error;
use crate::flows::console::tallies::{self, MAX_WAITING, Tallies};
use crate::http::extract::Query;
use crate::http::session::SignedInPartner;
use crate::i18n::Text;
use crate::web::docs::token_command;
use crate::web::{Layout, page};
use ambient::Timestamp;
use store::{DailyCount, EventKind, OTHER_CHAINS};

/// The selectable periods, in days.
const PERIODS: [i64; 3] = [7, 30, 90];
const DEFAULT_PERIOD: i64 = 30;
const DAY_MICROS: i64 = 86_400_000_000;
/// Maximum number of chains listed by name; the others are added up.
const MAX_CHAINS: usize = 20;

#[derive(Template)]
#[template(path = "console/overview.html")]
struct Overview {
    layout: Layout,
    frame: Frame,
    sandbox: bool,
    tiles: SummaryCards,
    /// Whether there is no data at all in the longest period.
    is_empty: bool,
    days: i64,
    chain: Option<String>,
    chains: Vec<Chain>,
    counts: Counts,
    funnel: String,
    outcomes: String,
    series: String,
    by_day: Vec<Day>,
    limits: Limits,
    token_line: String,
    push_line: String,
}

#[derive(Debug)]
struct SummaryCards {
    waiting: i64,
    today: i64,
    month: Counts,
}

/// The partner's limits.
#[derive(Debug)]
struct Limits {
    /// `None` if rate limits are off.
    requests: Option<Rate>,
    /// Hours until a link expires.
    link_hours: i64,
    body_bytes: i64,
    document_body_bytes: i64,
}

/// A rate limit.
#[derive(Debug)]
struct Rate {
    /// Requests per second.
    second: i64,
    /// Burst size.
    burst: i64,
}

/// Number of pushes that reached each step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    pushed: i64,
    link_opened: i64,
    signed_in: i64,
    accepted: i64,
    declined: i64,
    expired: i64,
}

/// The counts of one partner chain.
#[derive(Clone, Debug)]
struct Chain {
    /// Institutions joined by " > "; empty for pushes without a chain. `None` for the sum of all
    /// chains not listed by name.
    name: Option<String>,
    counts: Counts,
}

impl Counts {
    fn add(&mut self, tally: &DailyCount) {
        let count = match tally.kind {
            EventKind::Pushed => &mut self.pushed,
            EventKind::LinkOpened => &mut self.link_opened,
            EventKind::Opened => &mut self.signed_in,
            EventKind::Accepted => &mut self.accepted,
            EventKind::Declined => &mut self.declined,
            EventKind::Expired => &mut self.expired,
            EventKind::Removed | EventKind::Withdrawn | EventKind::Superseded => return,
        };
        *count += tally.count;
    }

    fn of<'a>(tallies: impl IntoIterator<Item = &'a DailyCount>) -> Self {
        tallies.into_iter().fold(Self::default(), |mut counts, tally| {
            counts.add(tally);
            counts
        })
    }

    fn plus(mut self, other: &Self) -> Self {
        self.pushed += other.pushed;
        self.link_opened += other.link_opened;
        self.signed_in += other.signed_in;
        self.accepted += other.accepted;
        self.declined += other.declined;
        self.expired += other.expired;
        self
    }

    /// Returns the number of pushes without a decision: still pending, or withdrawn before one.
    fn unanswered(&self) -> i64 {
        (self.pushed - self.accepted - self.declined - self.expired).max(0)
    }

    fn funnel(&self, text: &Text) -> Funnel {
        let steps = [
            ("console-pushed", self.pushed),
            ("console-link-opened", self.link_opened),
            ("console-signed-in", self.signed_in),
            ("console-accepted", self.accepted),
        ];
        Funnel::new(&steps.map(|(key, count)| (text.of(key), count)), text)
    }

    fn outcomes(&self, text: &Text) -> Outcomes {
        let parts = [
            ("accepted", "console-accepted", self.accepted),
            ("waiting", "console-unanswered", self.unanswered()),
            ("declined", "console-declined", self.declined),
            ("expired", "console-expired", self.expired),
        ];
        Outcomes::new(&parts.map(|(class, key, count)| (class, text.of(key), count)), text)
    }
}

impl Chain {
    /// Returns the label of the chain.
    fn said(&self, text: &Text) -> String {
        match self.name.as_deref() {
            None => text.of("console-chain-others"),
            Some("") => text.of("console-chain-none"),
            Some(name) => name.to_owned(),
        }
    }
}

/// Returns the chains in `tallies`, most pushes first.
fn chains(tallies: &[DailyCount]) -> Vec<Chain> {
    let mut by_name: BTreeMap<&str, Counts> = BTreeMap::new();
    for tally in tallies {
        by_name.entry(&tally.chain).or_default().add(tally);
    }
    let mut chains: Vec<Chain> =
        by_name.into_iter().map(|(name, counts)| Chain { name: Some(name.to_owned()), counts }).collect();
    // Pushes that were already counted together come after all named chains.
    chains.sort_by_key(|chain| (chain.name.as_deref() == Some(OTHER_CHAINS), std::cmp::Reverse(chain.counts.pushed)));
    let named = chains.iter().take(MAX_CHAINS).filter(|chain| chain.name.as_deref() != Some(OTHER_CHAINS)).count();
    if chains.len() > named {
        let others = chains.split_off(named);
        let counts = others.iter().fold(Counts::default(), |sum, chain| sum.plus(&chain.counts));
        chains.push(Chain { name: None, counts });
    }
    chains
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct OverviewQuery {
    days: Option<i64>,
    chain: Option<String>,
}

pub(super) fn routes() -> Router<App> {
    Router::new().route("/console", get(overview))
}

async fn overview(
    State(app): State<App>,
    user: SignedInPartner,
    Query(choice): Query<OverviewQuery>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let today = store::day(app.now());
    let days = choice.days.filter(|days| PERIODS.contains(days)).unwrap_or(DEFAULT_PERIOD);
    let Tallies { daily: all, waiting } = tallies::of(&app, user.partner.id, today + 1 - PERIODS[2]).await?;
    let within: Vec<DailyCount> = all.iter().filter(|tally| tally.day > today - days).cloned().collect();
    let chains = chains(&within);
    // Ignores a chosen chain that is not in the list.
    let chain = choice.chain.filter(|chosen| chains.iter().any(|chain| chain.name.as_ref() == Some(chosen)));
    let chosen: Vec<&DailyCount> =
        within.iter().filter(|tally| chain.as_ref().is_none_or(|chain| *chain == tally.chain)).collect();
    let layout = layout(&app, &headers);
    let text = &layout.text;
    let (counts, by_day) = (Counts::of(chosen.iter().copied()), by_day(&chosen, today, days, text));
    let month = Counts::of(all.iter().filter(|tally| tally.day > today - DEFAULT_PERIOD));
    let (token_line, push_line) = first_lines(&app, &user);
    let template = Overview {
        frame: Frame::new(&user, Section::Overview),
        sandbox: super::explorer::is_open(&user),
        tiles: SummaryCards { waiting, today: Counts::of(all.iter().filter(|tally| tally.day == today)).pushed, month },
        is_empty: all.is_empty() && waiting == 0,
        days,
        chain,
        chains,
        counts,
        funnel: counts.funnel(text).html(),
        outcomes: counts.outcomes(text).html(),
        series: Series::new(&by_day, text).html(),
        by_day,
        limits: limits(&app),
        token_line,
        push_line,
        layout: layout.clone(),
    };
    Ok(page(&app, &template, &layout))
}

/// Returns every day of the period, oldest first.
fn by_day(tallies: &[&DailyCount], today: i64, days: i64, text: &Text) -> Vec<Day> {
    let mut counted: BTreeMap<i64, Counts> = BTreeMap::new();
    for tally in tallies {
        counted.entry(tally.day).or_default().add(tally);
    }
    let day = |day: i64| {
        let (counts, moment) =
            (counted.get(&day).copied().unwrap_or_default(), Timestamp::from_micros(day * DAY_MICROS));
        Day {
            said: text.day(&moment),
            short: text.short_day(&moment),
            pushed: counts.pushed,
            accepted: counts.accepted,
        }
    };
    (today + 1 - days..=today).map(day).collect()
}

fn limits(app: &App) -> Limits {
    let limit = &app.config().rate_limit;
    Limits {
        requests: limit
            .enabled
            .then(|| Rate { second: limit.partner_per_second.into(), burst: limit.partner_burst.into() }),
        link_hours: i64::try_from(app.config().retention.incomplete.as_secs() / 3600).unwrap_or(i64::MAX),
        body_bytes: i64::try_from(app.config().server.body_limit).unwrap_or(i64::MAX),
        document_body_bytes: i64::try_from(app.config().server.with_documents()).unwrap_or(i64::MAX),
    }
}

/// Returns the commands for a first push.
fn first_lines(app: &App, user: &SignedInPartner) -> (String, String) {
    let (base, id, push) = (app.config().base(), user.partner.id, credential::Type::default());
    let sample = (push.sample)();
    (
        format!("CLIENT_SECRET=YOUR_CLIENT_SECRET\n{}", token_command(base, &id.to_string())),
        format!(
            "curl {base}/api/partner/v2/add/requests/{push} \\\n  -H \"Authorization: Bearer $TOKEN\" -H 'Content-Type: application/json' \\\n  -d '{sample}'"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(day: i64, chain: &str, kind: EventKind, count: i64) -> DailyCount {
        DailyCount { day, chain: chain.to_owned(), kind, count }
    }

    #[test]
    fn largest_partner_chains_are_listed_and_the_rest_summed() {
        let mut tallies = vec![
            tally(1, "Bureau", EventKind::Pushed, 9),
            tally(2, "Bureau", EventKind::Accepted, 4),
            tally(1, "", EventKind::Pushed, 20),
            tally(1, "", EventKind::Withdrawn, 20),
        ];
        let found = chains(&tallies);
        let names: Vec<_> = found.iter().map(|chain| chain.name.as_deref()).collect();
        assert_eq!(names, [Some(""), Some("Bureau")]);
        assert_eq!((found[1].counts.pushed, found[1].counts.accepted, found[1].counts.unanswered()), (9, 4, 5));
        tallies.extend((0..40).map(|number| tally(1, &format!("Bureau {number:02}"), EventKind::Pushed, 2)));
        let found = chains(&tallies);
        assert_eq!(found.len(), MAX_CHAINS + 1);
        let others = found.last().expect("the rest");
        assert_eq!((others.name.as_deref(), others.counts.pushed), (None, 2 * 22));
    }

    #[test]
    fn days_without_pushes_are_included() {
        let tallies = [tally(20_780, "", EventKind::Pushed, 3), tally(20_780, "", EventKind::Accepted, 1)];
        let days = by_day(&tallies.iter().collect::<Vec<_>>(), 20_782, 7, &Text::default());
        assert_eq!(days.len(), 7);
        let pushed: Vec<i64> = days.iter().map(|day| day.pushed).collect();
        assert_eq!(pushed, [0, 0, 0, 0, 3, 0, 0]);
        assert_eq!((days[6].said.as_str(), days[6].short.as_str()), ("25 November 2026", "25 Nov"));
    }
}
