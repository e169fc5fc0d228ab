//! Rows with more cells than the header. Programs may end every row with a separator; in a single
//! row the additional cell is that of an unquoted separator, which shifted the others.

/// Counts rows, and those with more cells than the header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExtraCells {
    rows: usize,
    longer: usize,
}

impl ExtraCells {
    /// Counts a row with `found` cells below a header of `wanted`.
    pub fn row(&mut self, found: usize, wanted: usize) {
        self.rows += 1;
        self.longer += usize::from(found > wanted);
    }

    /// Returns whether only some rows have more cells than the header.
    pub fn are_odd(self) -> bool {
        self.longer > 0 && self.longer < self.rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_that_all_rows_have_are_ordinary() {
        for (rows, is_odd) in [
            (&[9, 9, 9][..], false),
            (&[10, 10][..], false),
            (&[9, 10, 9][..], true),
            (&[8, 10][..], true),
            (&[][..], false),
        ] {
            let mut found = ExtraCells::default();
            rows.iter().for_each(|cells| found.row(*cells, 9));
            assert_eq!(found.are_odd(), is_odd, "{rows:?}");
        }
    }
}
