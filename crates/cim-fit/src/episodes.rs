//! Programmings of cells, with every look at them.

use std::collections::BTreeMap;

use crate::error::FitError;
use crate::header::shown;
use crate::measurements::{Measurements, Row};

/// Parts that cells are dealt into.
pub(crate) const FOLDS: u32 = 5;

/// One programming of one cell.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Episode {
    /// The cell.
    pub cell: u32,
    /// The part of the cells that it is dealt into.
    pub fold: u32,
    /// What was asked for (S).
    pub target: f64,
    /// Looks at the cell, by time.
    pub looks: Vec<Look>,
}

/// Reads of one cell at one time.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Look {
    /// Time since the first look (s).
    pub elapsed: f64,
    /// Mean of the reads (S).
    pub mean: f64,
    /// Their number.
    pub reads: f64,
    /// Sum of their squared distances from the mean (S²).
    pub squares: f64,
    /// The reads (S), in their order.
    pub values: Vec<f64>,
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
    let mut episodes: Vec<Episode> = by_key
        .into_iter()
        .map(|((cell, _), mut rows)| {
            let target = rows[0].target;
            if let Some(other) = rows.iter().find(|row| row.target != target) {
                let cell = shown(&measurements.cells[cell as usize]);
                return Err(FitError::TwoTargets { cell, span: other.at.0..other.at.1 });
            }
            rows.sort_by(|a, b| a.time.total_cmp(&b.time).then(a.read.cmp(&b.read)));
            let first = rows[0].time;
            let looks =
                rows.chunk_by(|a, b| a.time == b.time).map(|rows| look(rows, first)).collect();
            Ok(Episode { cell, fold: 0, target, looks })
        })
        .collect::<Result<_, _>>()?;
    deal(&mut episodes);
    Ok(episodes)
}

/// Deals cells into parts in their order, or, where a part would then have none of a target, target by
/// target: the order of a file may follow its targets, and cells of one target would be foretold by none that
/// are like them.
fn deal(episodes: &mut [Episode]) {
    let mut cells: Vec<&mut [Episode]> = episodes.chunk_by_mut(|a, b| a.cell == b.cell).collect();
    deal_in_order(&mut cells);
    cells.sort_by(|a, b| a[0].target.total_cmp(&b[0].target));
    let lacks = |of_target: &[&mut [Episode]]| {
        let has = |fold| of_target.iter().any(|cell| cell[0].fold == fold);
        FOLDS as usize <= of_target.len() && !(0..FOLDS).all(has)
    };
    if cells.chunk_by(|a, b| a[0].target == b[0].target).any(lacks) {
        deal_in_order(&mut cells);
    }
}

fn deal_in_order(cells: &mut [&mut [Episode]]) {
    for (fold, of_cell) in (0..FOLDS).cycle().zip(cells) {
        of_cell.iter_mut().for_each(|episode| episode.fold = fold);
    }
}

fn look(rows: &[&Row], first: f64) -> Look {
    let values: Vec<f64> = rows.iter().map(|row| row.achieved).collect();
    let reads = values.len() as f64;
    let mean = values.iter().sum::<f64>() / reads;
    let squares = values.iter().map(|value| (value - mean).powi(2)).sum();
    Look { elapsed: rows[0].time - first, mean, reads, squares, values }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_has_its_share_of_every_target() {
        // In the order of targets, as many of these as there are parts.
        let mut csv = "cell,target_uS,achieved_uS,cycle\n".to_owned();
        for cell in 0..50 {
            csv += &format!("{cell},{0},{0},0\n{cell},7,7,1\n", 10 * (1 + cell % 5));
        }
        let measurements = Measurements::from_csv(csv.as_bytes()).expect("readable");
        let episodes = episodes(&measurements).expect("episodes");
        for fold in 0..FOLDS {
            for target in (1..6).map(|k| f64::from(10 * k) / 1e6) {
                let is_there = |one: &&Episode| one.fold == fold && one.target == target;
                assert_eq!(episodes.iter().filter(is_there).count(), 2);
            }
        }
        assert!(episodes.chunk_by(|a, b| a.cell == b.cell).all(|one| one[0].fold == one[1].fold));
    }
}
