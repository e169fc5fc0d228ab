//! Draws a career as SVG: one picture for wide screens, one for narrow ones, of which a stylesheet shows exactly one.
//!
//! Colours are classes; there is no style attribute. Everything that is drawn is also said in the description.

use std::ops::Range;

use askama::Template;
use credential::YearMonth;

use super::text::Text;
use crate::domain::career::{Career, Job};

/// Space left and right of the drawing, in its own units.
const MARGIN: f64 = 10.0;
/// Height of a row: a label and a bar.
const ROW: f64 = 44.0;
/// Where the first row starts.
const TOP: f64 = 8.0;
/// Height of the line with years.
const YEARS: f64 = 26.0;
/// Width of a character of a label, generously.
const CHARACTER: f64 = 7.7;

/// Both pictures.
#[derive(Clone, Debug)]
pub struct Timeline {
    drawings: Vec<Drawing>,
}

#[derive(Clone, Debug, Template)]
#[template(path = "timeline.svg.html")]
struct Drawing {
    kind: &'static str,
    width: f64,
    height: f64,
    title: String,
    description: String,
    bars: Vec<Bar>,
    gaps: Vec<Band>,
    ticks: Vec<Tick>,
    axis: f64,
}

#[derive(Clone, Debug)]
struct Bar {
    x: f64,
    y: f64,
    width: f64,
    label: String,
    label_x: f64,
    label_y: f64,
    open: bool,
}

#[derive(Clone, Debug)]
struct Band {
    x: f64,
    width: f64,
}

#[derive(Clone, Debug)]
struct Tick {
    x: f64,
    year: i32,
}

impl Timeline {
    /// Draws `career`; `None` where there is nothing to draw.
    pub fn new(career: &Career, text: &Text) -> Option<Self> {
        let (start, last) = (career.start()?, career.last()?);
        let wide = Canvas { kind: "wide", width: 680.0, start, last, most_ticks: 12 };
        let narrow = Canvas { kind: "narrow", width: 320.0, start, last, most_ticks: 5 };
        Some(Self { drawings: vec![wide.lanes(career, text), narrow.rows(career, text)] })
    }

    /// Both pictures as HTML.
    pub fn html(&self) -> String {
        self.drawings.iter().filter_map(|drawing| drawing.render().ok()).collect()
    }
}

struct Canvas {
    kind: &'static str,
    width: f64,
    start: YearMonth,
    last: YearMonth,
    most_ticks: i32,
}

impl Canvas {
    /// Parallel jobs in lanes; a label has the room between the label before it and the next job of its lane.
    fn lanes(&self, career: &Career, text: &Text) -> Drawing {
        let mut free_from = vec![MARGIN; career.lanes];
        let mut bars = Vec::with_capacity(career.jobs.len());
        for (index, job) in career.jobs.iter().enumerate() {
            let next = career.jobs[index + 1..].iter().find(|other| other.lane == job.lane);
            let until = next.map_or(self.width - MARGIN, |next| self.x(next.start()) - 6.0);
            let bar = self.bar(job, job.lane, free_from[job.lane]..until, text);
            free_from[job.lane] = bar.label_x + width_of(&bar.label) + 14.0;
            bars.push(bar);
        }
        self.drawing(bars, career.lanes, career, text)
    }

    /// One row a job: on a phone every label has the whole width behind its start.
    fn rows(&self, career: &Career, text: &Text) -> Drawing {
        let bars =
            career.jobs.iter().enumerate().map(|(row, job)| self.bar(job, row, MARGIN..self.width - MARGIN, text));
        self.drawing(bars.collect(), career.jobs.len(), career, text)
    }

    fn drawing(&self, bars: Vec<Bar>, rows: usize, career: &Career, text: &Text) -> Drawing {
        let axis = TOP + f64::from(u32::try_from(rows).unwrap_or(u32::MAX)) * ROW;
        let gaps =
            career.gaps.iter().map(|gap| Band { x: self.x(gap.start), width: self.length(gap.months) }).collect();
        Drawing {
            kind: self.kind,
            width: self.width,
            height: axis + YEARS,
            title: text.of("timeline-title"),
            description: describe(career, text),
            bars,
            gaps,
            ticks: self.ticks(),
            axis,
        }
    }

    /// The bar of `job`; its label stands over its start, or as far left within `room` as it needs to.
    fn bar(&self, job: &Job, row: usize, room: Range<f64>, text: &Text) -> Bar {
        let y = TOP + f64::from(u32::try_from(row).unwrap_or(u32::MAX)) * ROW;
        let (x, width) = (self.x(job.start()), self.length(job.months()).max(3.0));
        let full = format!("{}, {}", job.employment.role(), job.employment.organisation);
        let known = text.with("timeline-known", &[("month", &text.month(job.last()))]);
        let open = if job.is_open() { format!("{full} ({known})") } else { full.clone() };
        let widest = (room.end - room.start).max(0.0);
        // A label that does not fit says less, then is cut; the list beside the picture says it in full.
        let fitting =
            [open, full, job.employment.organisation.clone()].into_iter().find(|label| width_of(label) <= widest);
        let label = fitting.unwrap_or_else(|| cut(&job.employment.organisation, widest));
        let label_x = x.min(room.end - width_of(&label)).max(room.start);
        Bar { x, y: y + 20.0, width, label, label_x, label_y: y + 14.0, open: job.is_open() }
    }

    fn months(&self) -> f64 {
        f64::from(self.last.months_since(self.start) + 1)
    }

    fn length(&self, months: i32) -> f64 {
        f64::from(months) * (self.width - 2.0 * MARGIN) / self.months()
    }

    fn x(&self, month: YearMonth) -> f64 {
        MARGIN + self.length(month.months_since(self.start))
    }

    /// Januaries, at steps that leave room for their years.
    fn ticks(&self) -> Vec<Tick> {
        let (first, last) = (self.start.year(), self.last.year());
        let step =
            [1, 2, 5, 10, 20, 50].into_iter().find(|step| (last - first) / step < self.most_ticks).unwrap_or(100);
        (first..=last + 1)
            .filter(|year| year % step == 0)
            .filter_map(|year| YearMonth::new(year, 1).map(|january| Tick { x: self.x(january), year }))
            .filter(|tick| tick.x >= MARGIN - 0.1 && tick.x <= self.width - 30.0)
            .collect()
    }
}

fn width_of(label: &str) -> f64 {
    f64::from(u32::try_from(label.chars().count()).unwrap_or(u32::MAX)) * CHARACTER
}

fn cut(label: &str, room: f64) -> String {
    let mut cut = String::new();
    for character in label.chars() {
        if width_of(&cut) + 2.0 * CHARACTER > room {
            return if cut.chars().count() < 2 { String::new() } else { cut + "…" };
        }
        cut.push(character);
    }
    cut
}

/// The picture in sentences.
fn describe(career: &Career, text: &Text) -> String {
    let jobs = career.jobs.iter().map(|job| {
        let (start, last, duration) = (text.month(job.start()), text.month(job.last()), text.duration(job.months()));
        let key = if job.is_open() { "timeline-job-open" } else { "timeline-job" };
        let (role, organisation) = (job.employment.role(), job.employment.organisation.as_str());
        text.with(
            key,
            &[
                ("role", role),
                ("organisation", organisation),
                ("start", &start),
                ("last", &last),
                ("duration", &duration),
            ],
        )
    });
    let gaps = career.gaps.iter().map(|gap| {
        text.with("timeline-gap", &[("start", &text.month(gap.start)), ("duration", &text.duration(gap.months))])
    });
    jobs.chain(gaps).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use credential::{CareerHistory, Type};

    use super::*;

    fn drawn(jobs: usize) -> (Career, Timeline) {
        let mut history = CareerHistory::from_fields(&(Type::default().sample)()["fields"]).expect("a career history");
        while history.employment.len() < jobs {
            let mut next = history.employment[0].clone();
            next.organisation = format!("A very long name of a company, number {}", history.employment.len());
            next.start_date = next.start_date.plus_months(i32::try_from(history.employment.len()).expect("few"));
            history.employment.push(next);
        }
        let career = Career::new(&[("Acme".to_owned(), history)]);
        let timeline = Timeline::new(&career, &Text::default()).expect("something to draw");
        (career, timeline)
    }

    #[test]
    fn the_picture_has_its_name_and_says_everything() {
        let html = drawn(2).1.html();
        assert_eq!(html.matches("<title").count(), 2);
        assert!(html.contains("Career timeline</title>"), "{html}");
        assert!(html.contains("Associate Software Engineer at Company A, January 2020 to December 2022"), "{html}");
        assert!(html.contains("Gap of 1 month from January 2023"), "{html}");
        assert!(!html.contains("style="), "{html}");
    }

    #[test]
    fn nothing_is_drawn_outside_of_the_picture_and_labels_do_not_collide() {
        for jobs in [2, 3, 12] {
            let (_, timeline) = drawn(jobs);
            for drawing in &timeline.drawings {
                for bar in &drawing.bars {
                    assert!(bar.x >= 0.0 && bar.x + bar.width <= drawing.width, "{bar:?}");
                    assert!(bar.label_x >= 0.0 && bar.label_x + width_of(&bar.label) <= drawing.width, "{bar:?}");
                    for other in drawing.bars.iter().filter(|other| (other.y - bar.y).abs() < 1.0 && other.x > bar.x) {
                        assert!(bar.label_x + width_of(&bar.label) <= other.label_x, "{bar:?} {other:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn names_are_escaped() {
        let mut history = CareerHistory::from_fields(&(Type::default().sample)()["fields"]).expect("a career history");
        history.employment[0].organisation = "<script>alert(1)</script>".to_owned();
        let career = Career::new(&[("Acme".to_owned(), history)]);
        let html = Timeline::new(&career, &Text::default()).expect("drawn").html();
        assert!(!html.contains("<script>"), "{html}");
    }
}
