//! How far it is, for the person who waits: a bar at a terminal, a line now and then elsewhere.

use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::time::Instant;

use crate::counts::Counts;

/// How often a line is written where there is no terminal.
const LINE: Duration = Duration::from_secs(10);

/// What is shown.
#[derive(Debug)]
pub struct Progress {
    way: Way,
    total: u64,
    noun: &'static str,
    began: Instant,
    told: Instant,
}

#[derive(Debug)]
enum Way {
    Bar(ProgressBar),
    Lines,
    Nothing,
}

impl Progress {
    /// For `total` of what `noun` names.
    pub fn begin(total: usize, noun: &'static str, is_quiet: bool) -> Self {
        let total = u64::try_from(total).unwrap_or(u64::MAX);
        let way = if is_quiet {
            Way::Nothing
        } else if std::io::stderr().is_terminal() {
            let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr_with_hz(5));
            let style = ProgressStyle::with_template("{bar:16} {percent:>3}% {wide_msg}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> "));
            Way::Bar(bar)
        } else {
            Way::Lines
        };
        let now = Instant::now();
        Self { way, total, noun, began: now, told: now }
    }

    /// Shows where it stands. `waits` is for how long the server has asked to be left alone.
    pub fn show(&mut self, counts: &Counts, waits: Duration) {
        match &self.way {
            Way::Bar(bar) => {
                bar.set_position(counts.done());
                bar.set_message(self.text(counts, waits));
            }
            Way::Lines if self.told.elapsed() >= LINE => {
                self.told = Instant::now();
                say(&self.text(counts, waits));
            }
            Way::Lines | Way::Nothing => {}
        }
    }

    fn text(&self, counts: &Counts, waits: Duration) -> String {
        let (done, total) = (HumanCount(counts.done()), HumanCount(self.total));
        let mut text = format!("{done}/{total} {}", self.noun);
        let rate = rate(counts.here(), self.began.elapsed());
        if let Some(rate) = rate {
            let left = Duration::from_secs_f64((self.total.saturating_sub(counts.done()) as f64 / rate).min(1e9));
            text = format!("{text}, {rate:.0}/s, {} left", lasting(left));
        }
        if counts.refused + counts.failed > 0 {
            text = format!("{text}, {} refused", HumanCount(counts.refused + counts.failed));
        }
        if waits > Duration::from_secs(2) {
            text = format!("{text} (the server wants {} of rest)", lasting(waits));
        }
        text
    }

    /// Says something without tearing the bar.
    pub fn tell(&self, text: &str) {
        match &self.way {
            Way::Bar(bar) => bar.suspend(|| say(text)),
            Way::Lines => say(text),
            Way::Nothing => {}
        }
    }

    /// Takes the bar away, and says how long it all took.
    pub fn end(&self) -> Duration {
        if let Way::Bar(bar) = &self.way {
            bar.finish_and_clear();
        }
        self.began.elapsed()
    }
}

/// So many a second, once that can be said.
pub fn rate(count: u64, elapsed: Duration) -> Option<f64> {
    let rate = count as f64 / elapsed.as_secs_f64();
    (elapsed > Duration::from_millis(500) && count > 0).then_some(rate)
}

/// A length of time, as a person would say it.
pub fn lasting(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// Writes a line to the person at the terminal; what is asked for by a program goes to standard output.
#[expect(clippy::print_stderr, reason = "this is for the person at the terminal")]
pub fn say(text: &str) {
    eprintln!("{text}");
}

/// As [`say`], to be answered on the same line.
#[expect(clippy::print_stderr, reason = "this is for the person at the terminal")]
pub fn ask(text: &str) {
    eprint!("{text}");
}
