//! The careers in several credentials as one picture and one list.

use credential::{Block, CareerHistory};

use super::Text;
use super::shown::Shown;
use super::timeline::Timeline;
use crate::domain::career::Career;

/// The careers of several credentials as one picture and one list.
#[derive(Clone, Debug)]
pub struct CareerView {
    /// The jobs, gaps and totals.
    pub career: Career,
    /// The picture.
    pub timeline: String,
}

impl CareerView {
    /// Of those of `shown` that hold a career; `None` where none does.
    pub fn new(shown: &[Shown], text: &Text) -> Option<Self> {
        let careers = |shown: &Shown| -> Vec<(String, CareerHistory)> {
            let careers = shown.view.iter().filter_map(|block| match block {
                Block::Career(history) => Some((shown.partner.clone(), history.clone())),
                _ => None,
            });
            careers.collect()
        };
        let histories: Vec<_> = shown.iter().flat_map(careers).collect();
        let career = Career::new(&histories);
        let timeline = Timeline::new(&career, text)?.html();
        Some(Self { career, timeline })
    }
}
