//! The grid of times.

use crate::DynamicsError;

/// A grid of times from 0 on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grid {
    per_window: usize,
    cells: usize,
}

impl Grid {
    /// A grid of `per_window` intervals a window that reaches over `windows` windows, rounded up to whole
    /// intervals.
    ///
    /// # Errors
    /// [`DynamicsError`] if there is no interval, or more than 65,000.
    pub fn new(per_window: usize, windows: f64) -> Result<Self, DynamicsError> {
        crate::error::positive("the horizon of the grid", windows, windows)?;
        let cells = (per_window as f64 * windows - 1e-9).ceil();
        crate::error::within("the number of intervals", cells, 1.0, 65_000.0)?;
        Ok(Self { per_window, cells: cells as usize })
    }

    /// Number of intervals.
    pub const fn cells(&self) -> usize {
        self.cells
    }

    /// Length of an interval in windows.
    pub const fn width(&self) -> f64 {
        1.0 / self.per_window as f64
    }

    /// Where the grid ends, in windows.
    pub const fn horizon(&self) -> f64 {
        self.cells as f64 * self.width()
    }

    /// In which interval a time lies, and how far in it; none where it is too late.
    pub(super) fn place(&self, time: f32) -> Option<(usize, f32)> {
        let at = time * self.per_window as f32;
        let cell = at as usize;
        (at < self.cells as f32).then_some((cell, at - cell as f32))
    }
}
