//! Shows progress: a bar at a terminal, a line every few seconds elsewhere.

use std::io::Write as _;
use std::time::Duration;

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::time::Instant;

use crate::counts::Counts;
use crate::terminal::moves_cursor;

/// Interval of progress lines without a terminal.
const LINE: Duration = Duration::from_secs(10);

/// The progress display.
#[derive(Debug)]
pub struct Progress {
    output: ProgressOutput,
    total: u64,
    noun: &'static str,
    began: Instant,
    last_line: Instant,
}

#[derive(Debug)]
enum ProgressOutput {
    Bar(ProgressBar),
    Lines,
    Nothing,
}

impl Progress {
    /// Starts the display for `total` items; `noun` is their name.
    pub fn begin(total: usize, noun: &'static str, is_quiet: bool) -> Self {
        let total = u64::try_from(total).unwrap_or(u64::MAX);
        let output = if is_quiet {
            ProgressOutput::Nothing
        } else if moves_cursor(&std::io::stderr()) {
            let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr_with_hz(5));
            let style = ProgressStyle::with_template("{bar:16} {percent:>3}% {wide_msg}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> "));
            ProgressOutput::Bar(bar)
        } else {
            ProgressOutput::Lines
        };
        let now = Instant::now();
        Self { output, total, noun, began: now, last_line: now }
    }

    /// Updates the display. `waits` is the remaining wait that the server requested.
    pub fn show(&mut self, counts: &Counts, waits: Duration) {
        match &self.output {
            ProgressOutput::Bar(bar) => {
                bar.set_position(counts.done());
                bar.set_message(self.text(counts, waits));
            }
            ProgressOutput::Lines if self.last_line.elapsed() >= LINE => {
                self.last_line = Instant::now();
                say(&self.text(counts, waits));
            }
            ProgressOutput::Lines | ProgressOutput::Nothing => {}
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
            text = format!("{text} (the server asks to wait {})", lasting(waits));
        }
        text
    }

    /// Prints a line without breaking the bar.
    pub fn tell(&self, text: &str) {
        match &self.output {
            ProgressOutput::Bar(bar) => bar.suspend(|| say(text)),
            ProgressOutput::Lines => say(text),
            ProgressOutput::Nothing => {}
        }
    }

    /// Removes the bar and returns the elapsed time.
    pub fn end(&self) -> Duration {
        if let ProgressOutput::Bar(bar) = &self.output {
            bar.finish_and_clear();
        }
        self.began.elapsed()
    }
}

/// Returns items per second, once enough time has passed for an estimate.
pub fn rate(count: u64, elapsed: Duration) -> Option<f64> {
    let rate = count as f64 / elapsed.as_secs_f64();
    (elapsed > Duration::from_millis(500) && count > 0).then_some(rate)
}

/// Formats a duration for people.
pub fn lasting(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// Prints a line for people on standard error. Standard output is for programs.
/// A terminal that was closed does not end the run.
pub fn say(text: &str) {
    drop(writeln!(std::io::stderr(), "{text}"));
}

/// Prints a prompt without a line ending.
pub fn ask(text: &str) {
    drop(write!(std::io::stderr(), "{text}"));
}
