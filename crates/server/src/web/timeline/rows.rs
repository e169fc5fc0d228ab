//! Assigns jobs to rows by the room that their labels need, so that each label stands above its own
//! bar.

/// Minimum distance between labels, in pixels.
pub const BETWEEN: f64 = 8.0;
/// Tolerance for sums of floating-point lengths.
const ROUNDING: f64 = 0.01;

/// The horizontal extent of a job's bar and the width of its label, in pixels.
#[derive(Clone, Copy, Debug)]
pub struct Extent {
    pub start: f64,
    pub end: f64,
    pub label: f64,
}

/// Returns the lowest row for each job that has room for its bar and its whole label, in a picture
/// of width `width`; `None` if that needs more than `most` rows. The jobs are sorted by start.
pub fn assign(jobs: &[Extent], width: f64, most: usize) -> Option<Vec<usize>> {
    let mut taken: Vec<f64> = Vec::new();
    let mut rows = Vec::with_capacity(jobs.len());
    for job in jobs {
        let label = job.label.min(width);
        let label_start = job.start.min(width - label);
        let end = job.end.max(label_start + label + BETWEEN);
        let row = taken.iter().position(|taken| *taken <= label_start + ROUNDING).unwrap_or(taken.len());
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

    fn job(start: f64, end: f64, label: f64) -> Extent {
        Extent { start, end, label }
    }

    #[test]
    fn jobs_share_a_row_while_their_labels_fit() {
        let jobs = [job(0.0, 200.0, 150.0), job(200.0, 210.0, 150.0), job(220.0, 300.0, 60.0), job(380.0, 400.0, 90.0)];
        assert_eq!(assign(&jobs, 400.0, 3), Some(vec![0, 0, 1, 1]));
        assert_eq!(assign(&jobs, 400.0, 1), None);
    }

    #[test]
    fn labels_too_wide_at_the_right_edge_get_a_free_row() {
        assert_eq!(assign(&[job(0.0, 350.0, 80.0), job(350.0, 400.0, 120.0)], 400.0, 9), Some(vec![0, 1]));
        assert_eq!(assign(&[job(0.0, 350.0, 80.0), job(350.0, 400.0, 50.0)], 400.0, 9), Some(vec![0, 0]));
    }
}
