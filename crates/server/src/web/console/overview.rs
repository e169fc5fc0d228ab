//! `/console`: how far pushes go, by the day they were pushed and by whose way they came, and what may be used.
//!
//! Everything here is read from tallies, which count and name nobody.

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
use crate::http::extract::Query;
use crate::http::session::SignedInPartner;
use crate::i18n::Text;
use crate::web::{Layout, page};
use ambient::Timestamp;
use store::{self, EventKind, OTHER_CHAINS, Tally};

/// The times that can be looked at, in days.
const PERIODS: [i64; 3] = [7, 30, 90];
const DEFAULT_PERIOD: i64 = 30;
const DAY_MICROS: i64 = 86_400_000_000;
/// So many ways are named apart; what came by others is added up.
const MOST_CHAINS: usize = 20;
/// So many are read apart, so that those with the most pushes of a shorter time are among them.
const READ_CHAINS: i64 = 60;
/// What waits is counted no further.
const MOST_WAITING: i64 = 10_000;

#[derive(Template)]
#[template(path = "console/overview.html")]
struct Overview {
    layout: Layout,
    frame: Frame,
    sandbox: bool,
    tiles: Tiles,
    /// Whether there has ever been anything, as far back as is looked.
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
struct Tiles {
    waiting: i64,
    today: i64,
    month: Counts,
}

/// What may be used.
#[derive(Debug)]
struct Limits {
    /// `None` where limits are off.
    requests: Option<Rate>,
    /// Hours that a link is good for.
    link_hours: i64,
    body_bytes: i64,
}

/// How many requests may be made.
#[derive(Debug)]
struct Rate {
    /// In a second.
    second: i64,
    /// At once.
    burst: i64,
}

/// How far pushes went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    pushed: i64,
    link_opened: i64,
    signed_in: i64,
    accepted: i64,
    declined: i64,
    expired: i64,
}

/// What came by one way.
#[derive(Clone, Debug)]
struct Chain {
    /// Institutions joined by " > "; empty for what came from the partner itself. `None` for all that are not named.
    name: Option<String>,
    counts: Counts,
}

impl Counts {
    fn add(&mut self, tally: &Tally) {
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

    fn of<'a>(tallies: impl IntoIterator<Item = &'a Tally>) -> Self {
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

    /// What nobody has answered (yet), or was taken back before.
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
    /// The way in words.
    fn said(&self, text: &Text) -> String {
        match self.name.as_deref() {
            None => text.of("console-chain-others"),
            Some("") => text.of("console-chain-none"),
            Some(name) => name.to_owned(),
        }
    }
}

/// The ways of `tallies`, most pushes first.
fn chains(tallies: &[Tally]) -> Vec<Chain> {
    let mut by_name: BTreeMap<&str, Counts> = BTreeMap::new();
    for tally in tallies {
        by_name.entry(&tally.chain).or_default().add(tally);
    }
    let mut chains: Vec<Chain> =
        by_name.into_iter().map(|(name, counts)| Chain { name: Some(name.to_owned()), counts }).collect();
    // Those that were counted together come after all that have a name.
    chains.sort_by_key(|chain| (chain.name.as_deref() == Some(OTHER_CHAINS), std::cmp::Reverse(chain.counts.pushed)));
    let named = chains.iter().take(MOST_CHAINS).filter(|chain| chain.name.as_deref() != Some(OTHER_CHAINS)).count();
    if chains.len() > named {
        let others = chains.split_off(named);
        let counts = others.iter().fold(Counts::default(), |sum, chain| sum.plus(&chain.counts));
        chains.push(Chain { name: None, counts });
    }
    chains
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Choice {
    days: Option<i64>,
    chain: Option<String>,
}

pub(super) fn routes() -> Router<App> {
    Router::new().route("/console", get(overview))
}

async fn overview(
    State(app): State<App>,
    user: SignedInPartner,
    Query(choice): Query<Choice>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let (partner, now) = (user.partner.id, app.now());
    let today = store::day(now);
    let days = choice.days.filter(|days| PERIODS.contains(days)).unwrap_or(DEFAULT_PERIOD);
    let mut tx = app.store().read().await?;
    let all = tx.tallies(partner, today + 1 - PERIODS[2], READ_CHAINS).await?;
    let oldest = app.rng().id(now - app.config().retention.incomplete);
    let waiting = tx.count_waiting(partner, oldest, now, MOST_WAITING).await?;
    drop(tx);
    let within: Vec<Tally> = all.iter().filter(|tally| tally.day > today - days).cloned().collect();
    let chains = chains(&within);
    // What was chosen, if it is there.
    let chain = choice.chain.filter(|chosen| chains.iter().any(|chain| chain.name.as_ref() == Some(chosen)));
    let chosen: Vec<&Tally> =
        within.iter().filter(|tally| chain.as_ref().is_none_or(|chain| *chain == tally.chain)).collect();
    let layout = layout(&app, &headers);
    let text = &layout.text;
    let (counts, by_day) = (Counts::of(chosen.iter().copied()), by_day(&chosen, today, days, text));
    let month = Counts::of(all.iter().filter(|tally| tally.day > today - DEFAULT_PERIOD));
    let (token_line, push_line) = first_lines(&app, &user);
    let template = Overview {
        frame: Frame::new(&user, Section::Overview),
        sandbox: super::explorer::is_open(&user),
        tiles: Tiles { waiting, today: Counts::of(all.iter().filter(|tally| tally.day == today)).pushed, month },
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

/// Every day of the time that is looked at, oldest first.
fn by_day(tallies: &[&Tally], today: i64, days: i64, text: &Text) -> Vec<Day> {
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
    }
}

/// The lines with which the first push is made.
fn first_lines(app: &App, user: &SignedInPartner) -> (String, String) {
    let (base, id, push) = (app.config().base(), user.partner.id, credential::Type::default());
    let sample = (push.sample)();
    (
        format!(
            "curl {base}/api/partner/v1/oauth/token \\\n  -d grant_type=client_credentials \\\n  -d client_id={id} -d client_secret=$CLIENT_SECRET"
        ),
        format!(
            "curl {base}/api/partner/v2/add/requests/{push} \\\n  -H \"Authorization: Bearer $TOKEN\" -H 'Content-Type: application/json' \\\n  -d '{sample}'"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(day: i64, chain: &str, kind: EventKind, count: i64) -> Tally {
        Tally { day, chain: chain.to_owned(), kind, count }
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
        assert_eq!(found.len(), MOST_CHAINS + 1);
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
