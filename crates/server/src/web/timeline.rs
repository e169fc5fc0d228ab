//! Draws a career as SVG: one picture for wide screens and one for narrow ones. A stylesheet shows
//! exactly one.
//!
//! Positions along time are percentages and the widths of letters are pixels, so that bars grow
//! with the screen while labels keep their size. A picture is laid out for the narrowest width at
//! which it is shown; a wider screen only adds room. Every label begins or ends with its bar, or is
//! centred above it, so it stays beside that bar at any width. Colours are classes; there is no
//! style attribute. The description contains everything that is drawn.

mod font_metrics;
mod rows;

use std::fmt;
use std::ops::Range;

use askama::Template;
use credential::YearMonth;

use self::rows::{BETWEEN, Extent, ROUNDING};
use crate::i18n::{Text, isolated_text};
use store::domain::career::{Career, Gap, Job};

/// The narrowest widths at which the pictures are shown: the inner width of a card on screens of
/// 760 (without a scroll bar) and 320 pixels; must match the stylesheet.
const WIDE: f64 = 660.0;
const NARROW: f64 = 236.0;
/// Space left and right of the drawing. This and all other lengths are in pixels.
const MARGIN: f64 = 4.0;
/// Height of the line that names the gaps, if there are any.
const GAP_LINE: f64 = 20.0;
/// Height of a row: a label and a bar.
const ROW: f64 = 44.0;
/// Additional height of a row with an open job, for the mark below its bar that says until when it
/// is known.
const KNOWN_LINE: f64 = 16.0;
/// Height of the line with years.
const YEARS: f64 = 24.0;
/// Font size of labels; must match the stylesheet.
const LABEL: f64 = 13.0;
/// Font size of years, gaps and marks; must match the stylesheet.
const SMALL: f64 = 12.0;
/// Maximum number of rows. Beyond that the picture would be longer than the list below it, so jobs
/// share lanes and their labels are shortened.
const MAX_ROWS: usize = 24;

/// Both pictures.
#[derive(Clone, Debug)]
pub struct Timeline {
    drawings: [Drawing; 2],
}

#[derive(Clone, Debug, Template)]
#[template(path = "timeline.svg.html")]
struct Drawing {
    kind: &'static str,
    /// Number of the career on its page, which keeps element ids unique.
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
    /// Distance from `x` that does not grow with the picture.
    shift: Option<Pixels>,
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

/// A length along time, in percent of the picture's width.
#[derive(Clone, Copy, Debug)]
struct Percent(f64);

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}%", self.0)
    }
}

/// A length that does not depend on the picture's width.
#[derive(Clone, Copy, Debug)]
struct Pixels(f64);

impl Pixels {
    /// Returns the length, or `None` if it is too small to see.
    fn visible(length: f64) -> Option<Self> {
        (length.abs() >= 0.01).then_some(Self(length))
    }
}

impl fmt::Display for Pixels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2}", self.0)
    }
}

impl Timeline {
    /// Draws `career`, the `number`th on its page; `None` if there is nothing to draw.
    pub fn new(career: &Career, number: usize, text: &Text) -> Option<Self> {
        let (start, last) = (career.start()?, career.last()?);
        let wide = Canvas { kind: "wide", number, width: WIDE, start, last, most_ticks: 11, text };
        let narrow = Canvas { kind: "narrow", number, width: NARROW, start, last, most_ticks: 5, text };
        let lanes: Vec<usize> = career.jobs.iter().map(|job| job.lane).collect();
        let wide_rows = wide.rows_by_labels(career).unwrap_or_else(|| lanes.clone());
        // On a phone a row for each job gives its label the most room.
        let narrow_rows = if lanes.len() > MAX_ROWS { lanes } else { (0..lanes.len()).collect() };
        Some(Self { drawings: [wide.draw(career, &wide_rows), narrow.draw(career, &narrow_rows)] })
    }

    /// Returns both pictures as HTML.
    pub fn html(&self) -> String {
        self.drawings.iter().filter_map(|drawing| drawing.render().ok()).collect()
    }
}

struct Canvas<'a> {
    kind: &'static str,
    number: usize,
    /// The narrowest width at which the picture is shown.
    width: f64,
    start: YearMonth,
    last: YearMonth,
    most_ticks: i32,
    text: &'a Text,
}

/// The label of a job, and the space that it takes at most.
#[derive(Clone, Debug)]
struct PlacedLabel {
    text: String,
    anchor: &'static str,
    /// The anchor's position.
    x: f64,
    extent: Range<f64>,
}

/// A row of the picture, filled from left to right.
#[derive(Clone, Copy, Debug)]
struct PictureRow {
    y: f64,
    /// End of the last bar.
    bars_to: f64,
    labels_from: f64,
    marks_from: f64,
}

impl Canvas<'_> {
    /// Draws the picture. `rows` contains the row of each job; jobs in the same row do not overlap.
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
            row.bars_to = self.end(job);
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

    /// Returns the row of each job so that every label is whole; `None` if there would be too many
    /// rows.
    fn rows_by_labels(&self, career: &Career) -> Option<Vec<usize>> {
        let extents = career.jobs.iter().map(|job| {
            let (start, end) = (self.x(job.start()), self.end(job));
            let label = self.label_of(job, &(0.0..self.width)).map_or(start..end, |label| label.extent);
            Extent { start, end, label }
        });
        rows::assign(&extents.collect::<Vec<_>>(), MAX_ROWS)
    }

    fn full_label(&self, job: &Job) -> String {
        let (role, organisation) = (isolated_text(job.employment.role()), isolated_text(&job.employment.organisation));
        self.text.with("timeline-label", &[("role", role.as_str()), ("organisation", organisation.as_str())])
    }

    /// Returns the rows and the bottom of the last one. Rows with an open job are higher.
    fn rows(&self, career: &Career, rows: &[usize], top: f64) -> (Vec<PictureRow>, f64) {
        let mut heights = vec![ROW; rows.iter().max().map_or(0, |last| last + 1)];
        for (_, row) in career.jobs.iter().zip(rows).filter(|(job, _)| job.is_open()) {
            heights[*row] = ROW + KNOWN_LINE;
        }
        let mut y = top;
        let placed = heights.into_iter().map(|height| {
            let row = PictureRow { y, bars_to: 0.0, labels_from: 0.0, marks_from: 0.0 };
            y += height;
            row
        });
        (placed.collect(), y)
    }

    fn bar(&self, job: &Job, y: f64) -> Bar {
        let (x, width) = (self.x(job.start()), self.length(job.months()).max(3.0));
        Bar { x: self.percent(x), end: self.percent(x + width), width: self.percent(width), y, open: job.is_open() }
    }

    /// Places a job's label above its bar, before `until` and never above an earlier bar. The list
    /// beside the picture contains the full text.
    fn job_label(&self, job: &Job, row: &mut PictureRow, until: f64) -> Option<Label> {
        let room = row.labels_from.max(row.bars_to)..until;
        let PlacedLabel { text, anchor, x, extent } = self.label_of(job, &room)?;
        row.labels_from = extent.end + BETWEEN;
        let (start, end) = (self.x(job.start()), self.end(job));
        let bar = match anchor {
            "start" => start,
            "end" => end,
            _ => f64::midpoint(start, end),
        };
        let (shift, y) = (Pixels::visible(x - bar), row.y + 14.0);
        Some(Label { class: "timeline-label", anchor, x: self.percent(bar), shift, y, text })
    }

    /// Returns the label of a job that fits into `room`: it begins where the bar begins, else ends
    /// where the bar ends, else is centred above it. It is shortened only if it fits nowhere, to
    /// the organisation and then to a part of it; `None` if not even that fits.
    fn label_of(&self, job: &Job, room: &Range<f64>) -> Option<PlacedLabel> {
        let (start, end) = (self.x(job.start()), self.end(job).min(room.end));
        let middle = f64::midpoint(start, end);
        let place = |text: String| {
            let width = font_metrics::width(&text, LABEL);
            let places = [("start", start, 0.0), ("end", end, width), ("middle", middle, width / 2.0)];
            let (anchor, x, before) = places.into_iter().find(|(_, x, before)| {
                x - before >= room.start - ROUNDING && x - before + width <= room.end + ROUNDING
            })?;
            Some(PlacedLabel { text, anchor, x, extent: x - before..x - before + width })
        };
        let organisation = job.employment.organisation.as_str();
        place(self.full_label(job)).or_else(|| place(isolated_text(organisation))).or_else(|| {
            let most = (room.end - start).max(end - room.start);
            place(isolated_text(&font_metrics::cut(organisation, most, LABEL)?))
        })
    }

    /// Places the mark under the end of an open job's bar that says until when the job is known. A
    /// planned end after that is mentioned if there is room, and never drawn.
    fn known_mark(&self, job: &Job, row: &mut PictureRow) -> Option<Label> {
        let month = self.text.month(job.last());
        let planned = job.employment.planned_end().map(|_| "timeline-known-planned");
        let keys = planned.into_iter().chain(job.is_open().then_some("timeline-known"));
        let end = self.end(job);
        keys.map(|key| self.text.with(key, &[("month", &month)])).find_map(|text| {
            let width = font_metrics::width(&text, SMALL);
            let (anchor, shift, right) = if row.marks_from + width <= end {
                ("end", None, end)
            } else {
                ("start", Pixels::visible(row.marks_from - end), row.marks_from + width)
            };
            if right > self.width || row.marks_from > end {
                return None;
            }
            row.marks_from = right + BETWEEN;
            Some(Label { class: "timeline-mark", anchor, x: self.percent(end), shift, y: row.y + 50.0, text })
        })
    }

    /// Places the lengths of the gaps above their middles, longest first. A gap without enough room
    /// has no label.
    fn gap_labels(&self, gaps: &[Gap]) -> Vec<Label> {
        let mut longest_first = gaps.to_vec();
        longest_first.sort_by_key(|gap| std::cmp::Reverse(gap.months));
        let mut taken: Vec<Range<f64>> = Vec::new();
        let mut labels = Vec::new();
        for gap in longest_first {
            let duration = self.text.duration(gap.months);
            let text = self.text.with("timeline-gap-label", &[("duration", &duration)]);
            let half = font_metrics::width(&text, SMALL) / 2.0;
            let middle = self.x(gap.start) + self.length(gap.months) / 2.0;
            let x = middle.max(half).min(self.width - half);
            let room = x - half - BETWEEN..x + half + BETWEEN;
            if taken.iter().all(|other| room.end <= other.start || other.end <= room.start) {
                taken.push(x - half..x + half);
                let (at, shift) = (self.percent(middle), Pixels::visible(x - middle));
                labels.push(Label { class: "timeline-mark", anchor: "middle", x: at, shift, y: 13.0, text });
            }
        }
        labels
    }

    fn band(&self, gap: Gap) -> Band {
        Band { x: self.percent(self.x(gap.start)), width: self.percent(self.length(gap.months)) }
    }

    /// Returns Januaries, at intervals that leave room for their years; the first month if there is
    /// no January in range.
    fn ticks(&self) -> Vec<Tick> {
        let (first, last) = (self.start.year(), self.last.year());
        let step =
            [1, 2, 5, 10, 20, 50].into_iter().find(|step| (last - first) / step < self.most_ticks).unwrap_or(100);
        let years: Vec<Tick> = (first..=last + 1)
            .filter(|year| year % step == 0)
            .filter_map(|year| YearMonth::new(year, 1).map(|january| (self.x(january), year.to_string())))
            .filter(|(x, year)| *x >= 0.0 && x + font_metrics::width(year, SMALL) <= self.width)
            .map(|(x, text)| Tick { x: self.percent(x), text })
            .collect();
        if !years.is_empty() {
            return years;
        }
        vec![Tick { x: self.percent(MARGIN), text: self.text.month(self.start) }]
    }

    /// Describes the picture in sentences.
    fn describe(&self, career: &Career) -> String {
        let jobs = career.jobs.iter().map(|job| {
            let planned = job.employment.planned_end().map(|end| self.text.month(end));
            let key = match planned {
                Some(_) => "timeline-job-planned",
                None if job.is_open() => "timeline-job-open",
                None => "timeline-job",
            };
            let values = [
                ("role", &*isolated_text(job.employment.role())),
                ("organisation", &isolated_text(&job.employment.organisation)),
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

    /// Returns the end of a job's last known month.
    fn end(&self, job: &Job) -> f64 {
        self.x(job.last()) + self.length(1)
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
