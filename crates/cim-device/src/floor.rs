//! The floor of conductances at zero, and what it and the window count.

use cim_core::Siemens;
use ndarray::{Array2, ArrayView2};

use crate::window::Window;

/// Cells that were counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Floored {
    /// Outside the window or, though asked for more, at zero.
    pub outside: u64,
    /// The latter of them.
    pub at_zero: u64,
}

/// Raises what cells would hold (S) to zero; `target_s` is what they were asked for (S).
///
/// # Panics
/// If the arrays have different shapes.
pub(crate) fn floor(
    g_s: &mut Array2<f64>,
    target_s: ArrayView2<'_, f64>,
    window: Window,
) -> Floored {
    assert_eq!(g_s.dim(), target_s.dim(), "a target for every cell");
    let Window { g_min: Siemens(low), g_max: Siemens(high) } = window;
    let mut floored = Floored::default();
    for (mut row, targets) in g_s.rows_mut().into_iter().zip(target_s.rows()) {
        let row_floored = match (row.as_slice_mut(), targets.as_slice()) {
            (Some(row), Some(targets)) => {
                pulp::Arch::new().dispatch(Floor { low, high, row, targets })
            }
            _ => row
                .iter_mut()
                .zip(targets)
                .fold(Floored::default(), |sum, (g, &target)| sum.and(one(low, high, g, target))),
        };
        floored = floored.and(row_floored);
    }
    floored
}

impl Floored {
    #[inline(always)]
    fn and(self, other: Self) -> Self {
        Self { outside: self.outside + other.outside, at_zero: self.at_zero + other.at_zero }
    }
}

#[inline(always)]
fn one(low: f64, high: f64, g: &mut f64, target: f64) -> Floored {
    let wanted = *g;
    let floored = (wanted < 0.0) | ((wanted == 0.0) & (target > 0.0));
    *g = if wanted > 0.0 { wanted } else { 0.0 };
    let outside = floored | (wanted < low) | (high < wanted);
    Floored { outside: u64::from(outside), at_zero: u64::from(floored) }
}

/// One row, compiled for the vectors of the machine.
struct Floor<'a> {
    low: f64,
    high: f64,
    row: &'a mut [f64],
    targets: &'a [f64],
}

impl pulp::NullaryFnOnce for Floor<'_> {
    type Output = Floored;

    #[inline(always)]
    fn call(self) -> Floored {
        let mut floored = Floored::default();
        for (g, &target) in self.row.iter_mut().zip(self.targets) {
            floored = floored.and(one(self.low, self.high, g, target));
        }
        floored
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{array, s};

    use super::*;

    #[test]
    fn cells_end_at_zero_or_above_and_are_counted_in_any_layout() {
        let window = Window { g_min: Siemens(1.0), g_max: Siemens(9.0) };
        let wanted =
            array![[-1.0, 0.0, 0.0, 0.5, 1.0, 9.0, 9.5], [2.0, 3.0, -0.0, 4.0, 5.0, 6.0, -7.0]];
        let target =
            array![[1.0, 2.0, 0.0, 1.0, 1.0, 9.0, 9.0], [2.0, 3.0, 0.0, 4.0, 5.0, 6.0, 7.0]];
        let want = wanted.mapv(|g: f64| g.max(0.0));
        // −1 and 0 for 2 and −7 at zero; 0 for 0, −0 for 0, 0.5 and 9.5 outside besides.
        let counts = Floored { outside: 7, at_zero: 3 };
        let mut g_s = wanted.clone();
        assert_eq!((floor(&mut g_s, target.view(), window), &g_s), (counts, &want));
        let mut turned = wanted.t().to_owned();
        let turned_target = target.t().to_owned();
        assert_eq!(floor(&mut turned, turned_target.view(), window), counts);
        let mut g_s = wanted.clone();
        let mirrored = target.slice(s![.., ..;-1]).to_owned();
        assert_eq!(floor(&mut g_s, mirrored.slice(s![.., ..;-1]), window), counts);
    }
}
