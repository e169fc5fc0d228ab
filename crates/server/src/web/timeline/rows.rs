//! Assigns jobs to rows by the room that their labels need, so that each label stands above its own
//! bar.

use std::ops::Range;

/// Minimum distance between labels, in pixels.
pub const BETWEEN: f64 = 8.0;
/// Tolerance for sums of floating-point lengths.
pub const ROUNDING: f64 = 0.01;

/// The horizontal extents of a job's bar and of its label, in pixels.
#[derive(Clone, Debug)]
pub struct Extent {
    pub start: f64,
    pub end: f64,
    pub label: Range<f64>,
}

/// Returns the lowest row for each job that has room for its bar and its whole label; `None` if
/// that needs more than `most` rows. The jobs are sorted by start.
pub fn assign(jobs: &[Extent], most: usize) -> Option<Vec<usize>> {
    let mut taken: Vec<f64> = Vec::new();
    let mut rows = Vec::with_capacity(jobs.len());
    for job in jobs {
        let (start, end) = (job.start.min(job.label.start), job.end.max(job.label.end + BETWEEN));
        let row = taken.iter().position(|taken| *taken <= start + ROUNDING).unwrap_or(taken.len());
        if row == most {
            return None;
        }
        if row == taken.len() {
            taken.push(end);
        } else {
            taken[row] = end;
        }
        rows.push(row);
    }
    Some(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a job in a picture of width 400, with its label at the start of its bar if that
    /// leaves enough room, otherwise at its end.
    fn job(start: f64, end: f64, label: f64) -> Extent {
        let label = if start + label <= 400.0 { start..start + label } else { end - label..end };
        Extent { start, end, label }
    }

    #[test]
    fn jobs_share_a_row_while_their_labels_fit() {
        let jobs = [job(0.0, 200.0, 150.0), job(200.0, 210.0, 150.0), job(220.0, 300.0, 60.0), job(380.0, 400.0, 90.0)];
        assert_eq!(assign(&jobs, 3), Some(vec![0, 0, 1, 1]));
        assert_eq!(assign(&jobs, 1), None);
    }

    #[test]
    fn labels_too_wide_at_the_right_edge_get_a_free_row() {
        assert_eq!(assign(&[job(0.0, 350.0, 80.0), job(350.0, 400.0, 120.0)], 9), Some(vec![0, 1]));
        assert_eq!(assign(&[job(0.0, 350.0, 80.0), job(350.0, 400.0, 50.0)], 9), Some(vec![0, 0]));
    }
}
