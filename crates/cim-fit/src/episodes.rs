//! Programmings of cells, with every look at them.

use std::collections::BTreeMap;

use crate::error::FitError;
use crate::measurements::{Measurements, Row};

/// One programming of one cell.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Episode {
    /// The cell.
    pub cell: u32,
    /// What was asked for (S).
    pub target: f64,
    /// Looks at the cell, by time.
    pub looks: Vec<Look>,
}

/// Reads of one cell at one time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Look {
    /// Time since the first look (s).
    pub elapsed: f64,
    /// Mean of the reads (S).
    pub mean: f64,
    /// Their number.
    pub reads: f64,
    /// Sum of their squared distances from the mean (S²).
    pub squares: f64,
}

/// Every programming, by cell and cycle.
///
/// # Errors
/// [`FitError::TwoTargets`] where a programming has more than one.
pub(crate) fn episodes(measurements: &Measurements) -> Result<Vec<Episode>, FitError> {
    let mut by_key: BTreeMap<(u32, u64), Vec<&Row>> = BTreeMap::new();
    for row in &measurements.rows {
        by_key.entry((row.cell, row.cycle)).or_default().push(row);
    }
    by_key
        .into_iter()
        .map(|((cell, _), mut rows)| {
            let target = rows[0].target;
            if let Some(other) = rows.iter().find(|row| row.target != target) {
                let cell = measurements.cells[cell as usize].clone();
                return Err(FitError::TwoTargets { cell, span: other.at.0..other.at.1 });
            }
            rows.sort_by(|a, b| a.time.total_cmp(&b.time));
            let first = rows[0].time;
            let looks =
                rows.chunk_by(|a, b| a.time == b.time).map(|rows| look(rows, first)).collect();
            Ok(Episode { cell, target, looks })
        })
        .collect()
}

fn look(rows: &[&Row], first: f64) -> Look {
    let reads = rows.len() as f64;
    let mean = rows.iter().map(|row| row.achieved).sum::<f64>() / reads;
    let squares = rows.iter().map(|row| (row.achieved - mean).powi(2)).sum();
    Look { elapsed: rows[0].time - first, mean, reads, squares }
}
