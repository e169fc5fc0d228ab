//! Invariants of a timeline's pictures, for any career.

use credential::{CareerHistory, Type};
use proptest::prelude::*;

use super::*;

fn sample() -> CareerHistory {
    CareerHistory::from_fields(&(Type::default().sample)()["fields"]).expect("a career history")
}

fn draw(history: CareerHistory) -> Timeline {
    let career = Career::new(&[("Acme".to_owned(), history)]);
    Timeline::new(&career, 1, &Text::default()).expect("something to draw")
}

/// Returns the horizontal range of a label, in pixels of a picture of width `width`.
fn extent(label: &Label, width: f64) -> Range<f64> {
    let size = if label.class == "timeline-label" { LABEL } else { SMALL };
    let shift = label.shift.map_or(0.0, |shift| shift.0);
    let (x, length) = (label.x.0 * width / 100.0 + shift, font_metrics::width(&label.text, size));
    let start = match label.anchor {
        "start" => x,
        "middle" => x - length / 2.0,
        _ => x - length,
    };
    start..start + length
}

fn assert_legible(drawing: &Drawing, width: f64) {
    for bar in &drawing.bars {
        assert!(bar.x.0 >= 0.0 && bar.end.0 <= 100.0, "{bar:?}");
        assert!(bar.y + 16.0 <= drawing.axis, "{bar:?}");
    }
    for (index, label) in drawing.labels.iter().enumerate() {
        let here = extent(label, width);
        assert!(here.start > -0.01 && here.end < width + 0.01, "{label:?} at {here:?} of {width}");
        for other in drawing.labels[index + 1..].iter().filter(|other| (other.y - label.y).abs() < SMALL) {
            let there = extent(other, width);
            assert!(here.end <= there.start || there.end <= here.start, "{label:?} and {other:?} at {width}");
        }
    }
}

/// Asserts that every label touches what it belongs to, and that a job's label is above no other
/// bar. Bars of short jobs are drawn wider than their months, by at most `SHORT` pixels.
fn assert_beside(drawing: &Drawing, width: f64) {
    const SHORT: f64 = 8.0;
    let at = |percent: Percent| percent.0 * width / 100.0;
    for label in &drawing.labels {
        let here = extent(label, width);
        let in_row = |below: f64| {
            let bars = drawing.bars.iter().filter(move |bar| (bar.y - label.y - below).abs() < 0.01);
            bars.map(|bar| at(bar.x)..at(bar.end)).collect::<Vec<_>>()
        };
        let touched = if label.class == "timeline-label" {
            let bars = in_row(6.0);
            let covered = bars.iter().filter(|bar| here.end.min(bar.end) - here.start.max(bar.start) > SHORT).count();
            assert!(covered <= 1, "{label:?} is above {covered} bars at {width}");
            bars.iter().any(|bar| bar.start - BETWEEN < here.end + 0.01 && here.start < bar.end)
        } else if label.y < SMALL + 2.0 {
            let mut middles = drawing.bands.iter().map(|band| at(band.x) + at(band.width) / 2.0);
            middles.any(|middle| here.start - 0.01 < middle && middle < here.end + 0.01)
        } else {
            in_row(-30.0).iter().any(|bar| here.start - 0.01 < bar.end && bar.end < here.end + SHORT)
        };
        assert!(touched, "{label:?} at {here:?} of {width} in {drawing:?}");
    }
}

fn texts(drawing: &Drawing) -> Vec<&str> {
    drawing.labels.iter().map(|label| label.text.as_str()).collect()
}

#[test]
fn timeline_has_a_title_and_a_text_description() {
    let html = draw(sample()).html();
    assert_eq!(html.matches("<title").count(), 2);
    assert!(html.contains("Career timeline</title>"), "{html}");
    assert!(html.contains("Associate Software Engineer at Company A, January 2020 to December 2022"), "{html}");
    assert!(html.contains("Gap of 1 month from January 2023"), "{html}");
    assert!(!html.contains("style="), "{html}");
}

#[test]
fn both_drawings_label_gaps_and_the_last_known_month() {
    for drawing in &draw(sample()).drawings {
        let texts = texts(drawing);
        assert!(texts.contains(&"gap 1 month"), "{texts:?}");
        assert!(texts.contains(&"confirmed to May 2024"), "{texts:?}");
        assert_eq!(drawing.bars.iter().map(|bar| bar.open).collect::<Vec<_>>(), [false, true]);
    }
}

#[test]
fn planned_ends_are_said_and_not_drawn() {
    let mut history = sample();
    history.employment.truncate(1);
    history.employment[0].end_date = Some("2090-12".parse().expect("a month"));
    for drawing in &draw(history.clone()).drawings {
        assert_eq!((drawing.bars.len(), drawing.bars[0].open), (1, true));
        assert!(drawing.ticks.iter().all(|tick| tick.text.as_str() < "2024"), "{:?}", drawing.ticks);
        let known = texts(drawing).iter().any(|text| text.starts_with("confirmed to January 2023"));
        assert!(known, "{:?}", texts(drawing));
        assert!(drawing.description.contains("to December 2090 as planned"), "{}", drawing.description);
    }
    assert!(texts(&draw(history.clone()).drawings[0]).contains(&"confirmed to January 2023, then planned"));
    history.employment[0].start_date = "2023-02".parse().expect("a month");
    let career = Career::new(&[("Acme".to_owned(), history)]);
    assert!(Timeline::new(&career, 1, &Text::default()).is_none(), "nothing has begun");
}

#[test]
fn only_the_longest_gap_is_labelled_when_space_is_short() {
    let mut history = sample();
    let spans = [("1990-01", "1999-12"), ("2000-02", "2000-02"), ("2002-02", "2012-12")];
    history.employment.resize(3, history.employment[0].clone());
    for (job, (start, end)) in history.employment.iter_mut().zip(spans) {
        job.start_date = start.parse().expect("a month");
        job.end_date = Some(end.parse().expect("a month"));
    }
    let [_, narrow] = draw(history).drawings;
    let texts = texts(&narrow);
    assert!(texts.contains(&"gap 1 year 11 months") && !texts.contains(&"gap 1 month"), "{texts:?}");
}

#[test]
fn careers_within_one_year_show_their_start_month() {
    let mut history = sample();
    history.employment.truncate(1);
    history.employment[0].start_date = "2020-03".parse().expect("a month");
    history.employment[0].end_date = Some("2020-09".parse().expect("a month"));
    assert_eq!(draw(history).drawings[0].ticks[0].text, "March 2020");
}

#[test]
fn sequential_jobs_share_lanes_in_the_narrow_drawing() {
    let mut history = sample();
    history.employment.resize(500, history.employment[0].clone());
    for (index, job) in history.employment.iter_mut().enumerate() {
        job.start_date =
            "1950-01".parse::<YearMonth>().expect("a month").plus_months(i32::try_from(index).expect("few"));
        job.end_date = Some(job.start_date);
    }
    let [_, narrow] = draw(history).drawings;
    assert!(narrow.height < 100.0, "{}", narrow.height);
}

#[test]
fn short_last_job_keeps_its_label_beside_its_bar() {
    let mut history = sample();
    for (job, (start, end)) in history.employment.iter_mut().zip([("2000-01", "2022-12"), ("2023-01", "2023-07")]) {
        job.start_date = start.parse().expect("a month");
        job.end_date = Some(end.parse().expect("a month"));
    }
    let [wide, narrow] = draw(history).drawings;
    for (drawing, least) in [(&wide, WIDE), (&narrow, NARROW)] {
        for factor in [1.0, 1.3, 3.0] {
            assert_beside(drawing, least * factor);
        }
    }
    let whole = texts(&wide).into_iter().filter(|text| text.contains("Software Engineer, Company")).count();
    assert_eq!(whole, 2, "{:?}", texts(&wide));
    assert!(wide.bars[0].y < wide.bars[1].y, "a row for each, since one label would be above the other bar");
}

#[test]
fn labels_begin_or_end_with_their_bars_or_are_centred() {
    let mut history = sample();
    history.employment.resize(14, history.employment[0].clone());
    for (index, job) in history.employment.iter_mut().enumerate() {
        let number = i32::try_from(index).expect("few");
        job.role_title = Some(format!("Job {}", number + 1));
        job.organisation = format!("Employer Number {}", number + 1);
        job.start_date = "2004-01".parse::<YearMonth>().expect("a month").plus_months(number * 13);
        job.end_date = Some(job.start_date.plus_months(12));
        job.last_processed_month = job.start_date.plus_months(12);
    }
    for drawing in &draw(history).drawings {
        let labels: Vec<&Label> = drawing.labels.iter().filter(|label| label.class == "timeline-label").collect();
        assert_eq!(labels.len(), 14);
        for label in labels {
            let mut bars = drawing.bars.iter().filter(|bar| (bar.y - label.y - 6.0).abs() < 0.01);
            let at = |bar: &Bar| match label.anchor {
                "start" => bar.x.0,
                "end" => bar.end.0,
                _ => f64::midpoint(bar.x.0, bar.end.0),
            };
            assert!(bars.any(|bar| (at(bar) - label.x.0).abs() < 0.001), "{label:?} in {drawing:?}");
            assert!(label.shift.is_none() && !label.text.contains('…'), "{label:?}");
        }
    }
}

#[test]
fn right_to_left_names_do_not_reorder_the_words_around_them() {
    let mut history = sample();
    history.employment[0].role_title = Some("مهندسة".to_owned());
    history.employment[0].organisation = "شركة الشمال".to_owned();
    for drawing in &draw(history).drawings {
        let said = "\u{2068}مهندسة\u{2069} at \u{2068}شركة الشمال\u{2069}, January 2020 to December 2022";
        assert!(drawing.description.contains(said), "{}", drawing.description);
        let labels = texts(drawing);
        let isolated = labels.iter().filter(|text| text.starts_with('\u{2068}') && text.ends_with('\u{2069}'));
        assert_eq!(isolated.count(), 1, "{labels:?}");
        let plain = labels.iter().filter(|text| text.contains("Company B")).all(|text| !text.contains('\u{2068}'));
        assert!(plain, "{labels:?}");
    }
}

#[test]
fn names_are_escaped() {
    let mut history = sample();
    history.employment[0].organisation = "<script>alert(1)</script>".to_owned();
    let html = draw(history).html();
    assert!(html.contains("script"), "{html}");
    assert!(!html.contains("<script>"), "{html}");
}

proptest! {
    #[test]
    fn drawings_stay_in_bounds_and_labels_do_not_overlap(
        jobs in proptest::collection::vec((0..400i32, 0..90i32, any::<bool>(), "[A-Za-z一-三 ]{1,60}"), 1..40),
    ) {
        let mut history = sample();
        let first = history.employment[0].clone();
        history.employment = jobs.into_iter().map(|(start, months, open, organisation)| {
            let start_date = first.start_date.plus_months(start - 400);
            let last = start_date.plus_months(months);
            let end_date = (!open).then_some(last);
            credential::Employment { organisation, start_date, end_date, last_processed_month: last, ..first.clone() }
        }).collect();
        let [wide, narrow] = draw(history).drawings;
        for more in [0.0, 1.0, 84.0, 320.0] {
            assert_legible(&wide, WIDE + more);
            assert_legible(&narrow, NARROW + more);
            assert_beside(&wide, WIDE + more);
            assert_beside(&narrow, NARROW + more);
        }
    }
}
