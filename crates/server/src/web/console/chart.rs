//! Draws the conversion funnel, the outcomes and the daily counts of pushes as SVG.
//!
//! As in the career timeline, horizontal lengths are percentages and the widths of letters are
//! pixels, so that one picture fits every screen width. Colours are classes; there is no style
//! attribute. The description and the table beside it contain everything that is drawn.

use std::fmt;

use askama::Template;

use crate::i18n::Text;

/// Height of a funnel step: label, bar and spacing.
const STEP: u32 = 62;
/// Height of the label above a funnel bar.
const LABEL: u32 = 22;
/// Height of a funnel bar.
const BAR: u32 = 26;
/// Top and bottom of the daily plot, from the top of the picture.
const PLOT: (f64, f64) = (18.0, 148.0);
/// Maximum number of labelled days under the plot.
const NAMED_DAYS: usize = 4;

/// A horizontal length, in percent of the picture's width.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Percent(f64);

impl Percent {
    fn of(part: i64, whole: i64) -> Self {
        if whole <= 0 { Self(0.0) } else { Self((as_float(part) * 100.0 / as_float(whole)).clamp(0.0, 100.0)) }
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2}", self.0)
    }
}

/// Counts of pushes are far below 2^53, so the conversion is exact.
fn as_float(count: i64) -> f64 {
    count as f64
}

/// The number of pushes that reached each step.
#[derive(Debug, Template)]
#[template(path = "console/funnel.svg.html")]
pub(super) struct Funnel {
    title: String,
    description: String,
    height: u32,
    steps: Vec<Step>,
}

#[derive(Debug)]
struct Step {
    label: String,
    value: String,
    width: Percent,
    /// The width of the next step; `None` after the last.
    next: Option<Percent>,
    y: u32,
}

impl Funnel {
    /// Draws `steps`, each a name and a count. The first step is 100 %.
    pub(super) fn new(steps: &[(String, i64)], text: &Text) -> Self {
        let all = steps.first().map_or(0, |(_, count)| *count);
        let width = |index: usize| steps.get(index).map(|(_, count)| Percent::of(*count, all));
        let said = |(label, count): &(String, i64)| {
            let values =
                [("step", label.as_str()), ("count", &text.number(count)), ("share", &text.share_of(count, all))];
            text.with("console-funnel-step", &values)
        };
        let value = |count: i64| {
            let (count, share) = (text.number(count), text.share_of(count, all));
            text.with("console-funnel-value", &[("count", &count), ("share", &share)])
        };
        let drawn = steps.iter().zip(0_u32..).enumerate().map(|(index, ((label, count), row))| Step {
            label: label.clone(),
            value: if index == 0 { text.number(count) } else { value(*count) },
            width: width(index).unwrap_or(Percent(0.0)),
            next: width(index + 1),
            y: row * STEP,
        });
        let rows = u32::try_from(steps.len()).unwrap_or(0);
        Self {
            title: text.of("console-funnel-title"),
            description: steps.iter().map(said).collect::<Vec<_>>().join(" "),
            height: (rows * STEP).saturating_sub(STEP - BAR - LABEL),
            steps: drawn.collect(),
        }
    }

    fn bar(&self) -> u32 {
        BAR
    }

    fn slope(&self) -> u32 {
        STEP - BAR
    }

    pub(super) fn html(&self) -> String {
        self.render().unwrap_or_default()
    }
}

/// The outcomes of all pushes, as parts of one bar.
#[derive(Debug, Template)]
#[template(path = "console/outcomes.svg.html")]
pub(super) struct Outcomes {
    title: String,
    description: String,
    parts: Vec<Part>,
}

#[derive(Debug)]
struct Part {
    class: &'static str,
    x: Percent,
    width: Percent,
    said: String,
}

impl Outcomes {
    /// Draws `parts`, each a class, a name and a count.
    pub(super) fn new(parts: &[(&'static str, String, i64)], text: &Text) -> Self {
        let all: i64 = parts.iter().map(|(.., count)| count).sum();
        let mut before = 0;
        let drawn: Vec<Part> = parts
            .iter()
            .filter(|(.., count)| *count > 0)
            .map(|(class, label, count)| {
                let x = Percent::of(before, all);
                before += count;
                let values =
                    [("step", label.as_str()), ("count", &text.number(count)), ("share", &text.share_of(count, all))];
                Part { class, x, width: Percent::of(*count, all), said: text.with("console-funnel-step", &values) }
            })
            .collect();
        let description = drawn.iter().map(|part| part.said.as_str()).collect::<Vec<_>>().join(" ");
        Self { title: text.of("console-outcomes-title"), description, parts: drawn }
    }

    pub(super) fn html(&self) -> String {
        self.render().unwrap_or_default()
    }
}

/// The pushes of one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Day {
    /// The formatted day, like "23 November 2026".
    pub said: String,
    /// The abbreviated day, like "23 Nov".
    pub short: String,
    pub pushed: i64,
    pub accepted: i64,
}

/// The number of pushes on each day, and how many of them were accepted.
#[derive(Debug, Template)]
#[template(path = "console/series.svg.html")]
pub(super) struct Series {
    title: String,
    description: String,
    bars: Vec<Bar>,
    lines: Vec<Line>,
    names: Vec<Name>,
}

#[derive(Debug)]
struct Bar {
    x: Percent,
    width: Percent,
    pushed: Column,
    accepted: Column,
    said: String,
}

/// A column of the plot, from the top.
#[derive(Debug, PartialEq)]
struct Column {
    y: f64,
    height: f64,
}

#[derive(Debug)]
struct Line {
    y: f64,
    label: String,
}

#[derive(Debug)]
struct Name {
    x: Percent,
    anchor: &'static str,
    text: String,
}

impl Series {
    pub(super) fn new(days: &[Day], text: &Text) -> Self {
        let most = days.iter().map(|day| day.pushed).max().unwrap_or(0);
        let top = round_up(most);
        let count = days.len().max(1);
        let slot = 100.0 / as_float(i64::try_from(count).unwrap_or(1));
        let column = |count: i64| {
            let height = (PLOT.1 - PLOT.0) * as_float(count.clamp(0, top)) / as_float(top);
            Column { y: PLOT.1 - height, height }
        };
        let bars = days.iter().zip(0_i32..).map(|(day, index)| Bar {
            x: Percent(f64::from(index) * slot + slot * 0.1),
            width: Percent(slot * 0.8),
            pushed: column(day.pushed),
            accepted: column(day.accepted.min(day.pushed)),
            said: text.with(
                "console-series-day",
                &[("day", &day.said), ("pushed", &text.number(day.pushed)), ("accepted", &text.number(day.accepted))],
            ),
        });
        let lines = [top, top / 2].into_iter().filter(|count| *count > 0 && (*count * 2 == top || *count == top));
        let busiest = days.iter().max_by_key(|day| day.pushed).filter(|day| day.pushed > 0);
        let description = busiest.map_or_else(
            || text.of("console-series-none"),
            |day| text.with("console-series-most", &[("day", &day.said), ("count", &text.number(day.pushed))]),
        );
        Self {
            title: text.of("console-series-title"),
            description,
            bars: bars.collect(),
            lines: lines.map(|count| Line { y: column(count).y, label: text.number(count) }).collect(),
            names: names(days, slot),
        }
    }

    fn floor(&self) -> f64 {
        PLOT.1
    }

    pub(super) fn html(&self) -> String {
        self.render().unwrap_or_default()
    }
}

/// Returns labels for the first day, the last, and some evenly spaced between them.
fn names(days: &[Day], slot: f64) -> Vec<Name> {
    let last = days.len().saturating_sub(1);
    let mut named: Vec<usize> =
        (0..NAMED_DAYS).map(|step| (step * last + (NAMED_DAYS - 1) / 2) / (NAMED_DAYS - 1)).collect();
    named.dedup();
    let place = |index: usize| match index {
        0 => ("start", Percent(0.0)),
        index if index == last => ("end", Percent(100.0)),
        index => ("middle", Percent((as_float(i64::try_from(index).unwrap_or(0)) + 0.5) * slot)),
    };
    let named = named.into_iter().filter_map(|index| days.get(index).map(|day| (place(index), day)));
    named.map(|((anchor, x), day)| Name { x, anchor, text: day.short.clone() }).collect()
}

/// Rounds up to one of 2, 4, 10, 20, 40, 100 and so on: even numbers, so that half of it is an
/// integer too.
fn round_up(most: i64) -> i64 {
    let mut unit = 1;
    loop {
        if let Some(top) = [2, 4, 10].into_iter().map(|step| step * unit).find(|top| *top >= most) {
            return top;
        }
        unit *= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(number: i64, pushed: i64, accepted: i64) -> Day {
        Day { said: format!("{number} November 2026"), short: format!("{number} Nov"), pushed, accepted }
    }

    #[test]
    fn scale_ends_at_an_even_round_number() {
        let rounded = [0, 1, 2, 3, 5, 10, 11, 39, 41, 1000, 1001].map(round_up);
        assert_eq!(rounded, [2, 2, 2, 4, 10, 10, 20, 40, 100, 1000, 2000]);
    }

    #[test]
    fn funnel_shows_proportional_widths_and_a_description() {
        let steps =
            [("Pushed", 200), ("Link opened", 150), ("Accepted", 50)].map(|(name, count)| (name.to_owned(), count));
        let funnel = Funnel::new(&steps, &Text::default());
        let html = funnel.html();
        for part in
            [r#"width="75.00%""#, r#"width="25.00%""#, r#"points="0,0 75.00,0 25.00,10 0,10""#, "Accepted: 50, 25 %."]
        {
            assert!(html.contains(part), "{part}: {html}");
        }
        assert!(!html.contains("style="));
    }

    #[test]
    fn empty_and_growing_funnels_stay_within_the_picture() {
        let text = Text::default();
        let nothing = Funnel::new(&[("Pushed".to_owned(), 0), ("Accepted".to_owned(), 0)], &text).html();
        assert!(nothing.contains(r#"width="0.00%""#), "{nothing}");
        // Pushes from before the counted days may be accepted within them, so a step can exceed the
        // first.
        let grows = Funnel::new(&[("Pushed".to_owned(), 2), ("Accepted".to_owned(), 3)], &text).html();
        assert!(!grows.contains("150.00"), "{grows}");
    }

    #[test]
    fn each_day_has_a_bar_and_some_have_labels() {
        let days: Vec<Day> = (1..=30).map(|number| day(number, number, number / 2)).collect();
        let series = Series::new(&days, &Text::default());
        assert_eq!(series.bars.len(), 30);
        let names: Vec<&str> = series.names.iter().map(|name| name.text.as_str()).collect();
        assert_eq!(names, ["1 Nov", "11 Nov", "20 Nov", "30 Nov"]);
        assert_eq!(series.bars[29].pushed, Column { y: PLOT.1 - 97.5, height: 97.5 });
        assert!(series.html().contains("Highest on 30 November 2026: 30."));
        assert_eq!(names_of(&days[..1]), ["1 Nov"]);
    }

    fn names_of(days: &[Day]) -> Vec<String> {
        names(days, 100.0).into_iter().map(|name| name.text).collect()
    }

    #[test]
    fn bar_segments_are_proportional_and_fill_the_bar() {
        let parts = [
            ("accepted", "Accepted".to_owned(), 3),
            ("declined", "Declined".to_owned(), 0),
            ("expired", "Expired".to_owned(), 1),
        ];
        let outcomes = Outcomes::new(&parts, &Text::default());
        let drawn: Vec<(f64, f64)> = outcomes.parts.iter().map(|part| (part.x.0, part.width.0)).collect();
        assert_eq!(drawn, [(0.0, 75.0), (75.0, 25.0)]);
    }
}
