//! Draws a career as SVG: one picture for wide screens, one for narrow ones, of which a stylesheet shows exactly one.
//!
//! Lengths along time are percentages and lengths of letters are pixels, so that bars grow with the screen while labels
//! keep their size. A picture is laid out for the narrowest width it is shown at; more width only adds room. Colours
//! are classes; there is no style attribute. Everything that is drawn is also said in the description.

mod lettering;

use std::fmt;
use std::ops::Range;

use askama::Template;
use credential::YearMonth;

use crate::i18n::Text;
use store::domain::career::{Career, Gap, Job};

/// Space left and right of the drawing, in pixels, as all lengths here.
const MARGIN: f64 = 4.0;
/// Space between two labels.
const BETWEEN: f64 = 8.0;
/// Height of the line that names the gaps, where there are any.
const GAP_LINE: f64 = 20.0;
/// Height of a row: a label and a bar.
const ROW: f64 = 44.0;
/// Height that a row has in addition under the bar of an open job, to say until when it is known.
const KNOWN_LINE: f64 = 16.0;
/// Height of the line with years.
const YEARS: f64 = 24.0;
/// Size of a label's letters; the stylesheet says the same.
const LABEL: f64 = 13.0;
/// Size of the letters of years, gaps and marks; the stylesheet says the same.
const SMALL: f64 = 12.0;
/// With more jobs than this, a row for each would be longer than the list below: they share lanes then.
const MOST_ROWS: usize = 24;

/// Both pictures.
#[derive(Clone, Debug)]
pub struct Timeline {
    drawings: [Drawing; 2],
}

#[derive(Clone, Debug, Template)]
#[template(path = "timeline.svg.html")]
struct Drawing {
    kind: &'static str,
    /// Number of the career on its page: ids must differ.
    number: usize,
    height: f64,
    title: String,
    description: String,
    bars: Vec<Bar>,
    labels: Vec<Label>,
    bands: Vec<Band>,
    ticks: Vec<Tick>,
    top: f64,
    axis: f64,
}

#[derive(Clone, Debug)]
struct Bar {
    x: Percent,
    end: Percent,
    width: Percent,
    y: f64,
    open: bool,
}

#[derive(Clone, Debug)]
struct Label {
    class: &'static str,
    anchor: &'static str,
    x: Percent,
    y: f64,
    text: String,
}

/// Months without a job.
#[derive(Clone, Debug)]
struct Band {
    x: Percent,
    width: Percent,
}

#[derive(Clone, Debug)]
struct Tick {
    x: Percent,
    text: String,
}

/// A length along time, of the picture's width.
#[derive(Clone, Copy, Debug)]
struct Percent(f64);

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}%", self.0)
    }
}

impl Timeline {
    /// Draws `career`, the `number`th of its page; `None` where there is nothing to draw.
    pub fn new(career: &Career, number: usize, text: &Text) -> Option<Self> {
        let (start, last) = (career.start()?, career.last()?);
        // The widths of a card's inside on screens of 641 and of 320 pixels.
        let wide = Canvas { kind: "wide", number, width: 556.0, start, last, most_ticks: 11, text };
        let narrow = Canvas { kind: "narrow", number, width: 236.0, start, last, most_ticks: 5, text };
        let lanes: Vec<usize> = career.jobs.iter().map(|job| job.lane).collect();
        // On a phone a row for each job gives its label the whole width.
        let rows = if lanes.len() > MOST_ROWS { lanes.clone() } else { (0..lanes.len()).collect() };
        Some(Self { drawings: [wide.draw(career, &lanes), narrow.draw(career, &rows)] })
    }

    /// Both pictures as HTML.
    pub fn html(&self) -> String {
        self.drawings.iter().filter_map(|drawing| drawing.render().ok()).collect()
    }
}

struct Canvas<'a> {
    kind: &'static str,
    number: usize,
    /// The least width that the picture is shown at.
    width: f64,
    start: YearMonth,
    last: YearMonth,
    most_ticks: i32,
    text: &'a Text,
}

/// A row of the picture, filled from left to right.
#[derive(Clone, Copy, Debug)]
struct Row {
    y: f64,
    labels_from: f64,
    marks_from: f64,
}

impl Canvas<'_> {
    /// `rows` says for each job in which row it is drawn; jobs of a row do not overlap.
    fn draw(&self, career: &Career, rows: &[usize]) -> Drawing {
        let top = if career.gaps.is_empty() { MARGIN } else { GAP_LINE };
        let (mut open_rows, axis) = self.rows(career, rows, top);
        let mut labels = self.gap_labels(&career.gaps);
        let mut bars = Vec::with_capacity(career.jobs.len());
        for (index, (job, row)) in career.jobs.iter().zip(rows).enumerate() {
            let next = career.jobs.iter().zip(rows).skip(index + 1).find(|(_, other)| *other == row);
            let until = next.map_or(self.width, |(next, _)| self.x(next.start()) - BETWEEN);
            let row = &mut open_rows[*row];
            labels.extend(self.job_label(job, row, until));
            labels.extend(self.known_mark(job, row));
            bars.push(self.bar(job, row.y + 20.0));
        }
        Drawing {
            kind: self.kind,
            number: self.number,
            height: axis + YEARS,
            title: self.text.of("timeline-title"),
            description: self.describe(career),
            bars,
            labels,
            bands: career.gaps.iter().map(|gap| self.band(*gap)).collect(),
            ticks: self.ticks(),
            top,
            axis,
        }
    }

    /// The rows, of which those with an open job are higher, and where they end.
    fn rows(&self, career: &Career, rows: &[usize], top: f64) -> (Vec<Row>, f64) {
        let mut heights = vec![ROW; rows.iter().max().map_or(0, |last| last + 1)];
        for (_, row) in career.jobs.iter().zip(rows).filter(|(job, _)| job.is_open()) {
            heights[*row] = ROW + KNOWN_LINE;
        }
        let mut y = top;
        let placed = heights.into_iter().map(|height| {
            let row = Row { y, labels_from: 0.0, marks_from: 0.0 };
            y += height;
            row
        });
        (placed.collect(), y)
    }

    fn bar(&self, job: &Job, y: f64) -> Bar {
        let (x, width) = (self.x(job.start()), self.length(job.months()).max(3.0));
        Bar { x: self.percent(x), end: self.percent(x + width), width: self.percent(width), y, open: job.is_open() }
    }

    /// What the job is, over the start of its bar, or as far left of it as it needs; shorter, then cut, where there is
    /// no room for all of it. The list beside the picture says it in full.
    fn job_label(&self, job: &Job, row: &mut Row, until: f64) -> Option<Label> {
        let (role, organisation) = (job.employment.role(), job.employment.organisation.as_str());
        let full = self.text.with("timeline-label", &[("role", role), ("organisation", organisation)]);
        let room = until - row.labels_from;
        let fitting = [full.as_str(), organisation].into_iter().find(|label| lettering::width(label, LABEL) <= room);
        let text = fitting.map(str::to_owned).or_else(|| lettering::cut(organisation, room, LABEL))?;
        let width = lettering::width(&text, LABEL);
        let x = self.x(job.start()).min(until - width);
        row.labels_from = x + width + BETWEEN;
        Some(Label { class: "timeline-label", anchor: "start", x: self.percent(x), y: row.y + 14.0, text })
    }

    /// Until when an open job is known, under the end of its bar. A planned end after that is said where there is room, and
    /// never drawn.
    fn known_mark(&self, job: &Job, row: &mut Row) -> Option<Label> {
        let month = self.text.month(job.last());
        let planned = job.employment.planned_end().map(|_| "timeline-known-planned");
        let keys = planned.into_iter().chain(job.is_open().then_some("timeline-known"));
        let end = self.x(job.last()) + self.length(1);
        keys.map(|key| self.text.with(key, &[("month", &month)])).find_map(|text| {
            let width = lettering::width(&text, SMALL);
            let (anchor, x, end) = if row.marks_from + width <= end {
                ("end", end, end)
            } else {
                ("start", row.marks_from, row.marks_from + width)
            };
            if end > self.width {
                return None;
            }
            row.marks_from = end + BETWEEN;
            Some(Label { class: "timeline-mark", anchor, x: self.percent(x), y: row.y + 50.0, text })
        })
    }

    /// How long the gaps are, over their middles. The longest are named first; one without room for its name has none.
    fn gap_labels(&self, gaps: &[Gap]) -> Vec<Label> {
        let mut longest_first = gaps.to_vec();
        longest_first.sort_by_key(|gap| std::cmp::Reverse(gap.months));
        let mut taken: Vec<Range<f64>> = Vec::new();
        let mut labels = Vec::new();
        for gap in longest_first {
            let duration = self.text.duration(gap.months);
            let text = self.text.with("timeline-gap-label", &[("duration", &duration)]);
            let half = lettering::width(&text, SMALL) / 2.0;
            let middle = self.x(gap.start) + self.length(gap.months) / 2.0;
            let x = middle.max(half).min(self.width - half);
            let room = x - half - BETWEEN..x + half + BETWEEN;
            if taken.iter().all(|other| room.end <= other.start || other.end <= room.start) {
                taken.push(x - half..x + half);
                labels.push(Label { class: "timeline-mark", anchor: "middle", x: self.percent(x), y: 13.0, text });
            }
        }
        labels
    }

    fn band(&self, gap: Gap) -> Band {
        Band { x: self.percent(self.x(gap.start)), width: self.percent(self.length(gap.months)) }
    }

    /// Januaries, at steps that leave room for their years; the first month where no January is near.
    fn ticks(&self) -> Vec<Tick> {
        let (first, last) = (self.start.year(), self.last.year());
        let step =
            [1, 2, 5, 10, 20, 50].into_iter().find(|step| (last - first) / step < self.most_ticks).unwrap_or(100);
        let years: Vec<Tick> = (first..=last + 1)
            .filter(|year| year % step == 0)
            .filter_map(|year| YearMonth::new(year, 1).map(|january| (self.x(january), year.to_string())))
            .filter(|(x, year)| *x >= 0.0 && x + lettering::width(year, SMALL) <= self.width)
            .map(|(x, text)| Tick { x: self.percent(x), text })
            .collect();
        if !years.is_empty() {
            return years;
        }
        vec![Tick { x: self.percent(MARGIN), text: self.text.month(self.start) }]
    }

    /// The picture in sentences.
    fn describe(&self, career: &Career) -> String {
        let jobs = career.jobs.iter().map(|job| {
            let planned = job.employment.planned_end().map(|end| self.text.month(end));
            let key = match planned {
                Some(_) => "timeline-job-planned",
                None if job.is_open() => "timeline-job-open",
                None => "timeline-job",
            };
            let values = [
                ("role", job.employment.role()),
                ("organisation", &job.employment.organisation),
                ("start", &self.text.month(job.start())),
                ("last", &self.text.month(job.last())),
                ("duration", &self.text.duration(job.months())),
                ("end", &planned.unwrap_or_default()),
            ];
            self.text.with(key, &values)
        });
        let gaps = career.gaps.iter().map(|gap| {
            let (start, duration) = (self.text.month(gap.start), self.text.duration(gap.months));
            self.text.with("timeline-gap", &[("start", &start), ("duration", &duration)])
        });
        jobs.chain(gaps).collect::<Vec<_>>().join(" ")
    }

    fn length(&self, months: i32) -> f64 {
        let all = self.last.months_since(self.start) + 1;
        f64::from(months) * (self.width - 2.0 * MARGIN) / f64::from(all)
    }

    fn x(&self, month: YearMonth) -> f64 {
        MARGIN + self.length(month.months_since(self.start))
    }

    fn percent(&self, length: f64) -> Percent {
        Percent(length / self.width * 100.0)
    }
}

#[cfg(test)]
mod tests;
