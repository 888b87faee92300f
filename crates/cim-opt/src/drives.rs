//! How much the rows of a tile are driven.

/// Levels of drive that are told apart.
pub const LEVELS: usize = 16;

/// How often rows are driven how much: sums over the rows of a tile at drives of `k / LEVELS`,
/// `k` from 1.
///
/// A drive between two levels counts for both, so that sums of drives are kept and `s`, which is convex, is met
/// from above: by less than a fiftieth where all drives are equally likely.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Drives {
    /// Share of the samples, summed over rows.
    pub rows: [f64; LEVELS],
    /// The same, every row as often as its cells are raised, in windows.
    pub raised: [f64; LEVELS],
}

impl Drives {
    /// A row that is driven at `magnitude`, in `[0, 1]`, in a `share` of the samples, with cells
    /// raised by `raised` windows.
    pub fn add(&mut self, magnitude: f64, share: f64, raised: f64) {
        let place = magnitude.clamp(0.0, 1.0) * LEVELS as f64;
        let below = (place as usize).min(LEVELS - 1);
        let above = place - below as f64;
        for (level, part) in [(below, 1.0 - above), (below + 1, above)] {
            if let Some(level) = level.checked_sub(1) {
                self.rows[level] += share * part;
                self.raised[level] += share * part * raised;
            }
        }
    }

    /// Of sums that are all that is known of a tile: `Σ E|u|`, `Σ E u²` and `Σ E|u| a`, as drives of
    /// one size.
    #[must_use]
    pub fn of_sums(u1: f64, u2: f64, v1: f64) -> Self {
        let mut drives = Self::default();
        if u1 > 0.0 {
            let magnitude = u2 / u1;
            drives.add(magnitude, u1 / magnitude, v1 / u1);
        }
        drives
    }
}
