//! The range of conductances of a cell.

use cim_core::Siemens;
use ndarray::ArrayView2;

use crate::error::DeviceError;

/// A range of conductances `[g_min, g_max]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    /// Lower end.
    pub g_min: Siemens,
    /// Upper end.
    pub g_max: Siemens,
}

impl Window {
    /// A window with `0 S <= g_min < g_max`.
    ///
    /// # Errors
    /// [`DeviceError::Window`] otherwise.
    pub fn new(g_min: Siemens, g_max: Siemens) -> Result<Self, DeviceError> {
        if 0.0 <= g_min.0 && g_min.0 < g_max.0 && g_max.0.is_finite() {
            Ok(Self { g_min, g_max })
        } else {
            Err(DeviceError::Window { g_min, g_max })
        }
    }

    /// Width `dG` of the window.
    pub fn span(self) -> Siemens {
        self.g_max - self.g_min
    }

    /// How far from an end (S) a conductance still counts as it: the rounding of single precision,
    /// in which many targets come, and that of what was computed from the window itself.
    fn slack(self, end: Siemens) -> f64 {
        0.5 * f64::from(f32::EPSILON) * end.0 + 1e-9 * self.g_max.0
    }

    fn contains_nearly(self, g: Siemens) -> bool {
        let Self { g_min, g_max } = self;
        g_min.0 - self.slack(g_min) <= g.0 && g.0 <= g_max.0 + self.slack(g_max)
    }

    /// Whether `inner` lies within this window, up to rounding.
    ///
    /// # Errors
    /// [`DeviceError::OutsideDevice`] if it does not.
    pub fn check_holds(self, inner: Self) -> Result<(), DeviceError> {
        if self.contains_nearly(inner.g_min) && self.contains_nearly(inner.g_max) {
            return Ok(());
        }
        Err(DeviceError::OutsideDevice {
            g_min: inner.g_min,
            g_max: inner.g_max,
            g_off: self.g_min,
            g_on: self.g_max,
        })
    }

    /// Whether a target lies within this window, up to rounding of single precision.
    ///
    /// # Errors
    /// [`DeviceError::Target`] if it does not.
    pub fn check_target(self, target: Siemens) -> Result<(), DeviceError> {
        if self.contains_nearly(target) {
            return Ok(());
        }
        Err(DeviceError::Target { target, g_min: self.g_min, g_max: self.g_max })
    }

    /// Whether all targets (rows × columns, S) lie within this window, up to rounding of single
    /// precision.
    ///
    /// # Errors
    /// [`DeviceError::CellTarget`] with the place of the first that does not.
    pub fn check_targets(self, target_s: ArrayView2<'_, f64>) -> Result<(), DeviceError> {
        let outside = |g: f64| !self.contains_nearly(Siemens(g));
        // All of them without a branch; then which.
        if !target_s.fold(false, |any, g| any | outside(*g)) {
            return Ok(());
        }
        match target_s.indexed_iter().find(|(_, g)| outside(**g)) {
            None => Ok(()),
            Some(((row, col), &g)) => Err(DeviceError::CellTarget {
                row,
                col,
                target: Siemens(g),
                g_min: self.g_min,
                g_max: self.g_max,
            }),
        }
    }

    pub(crate) fn grid(self, points: usize) -> Vec<f64> {
        let step = self.span().0 / (points - 1) as f64;
        (0..points).map(|k| self.g_min.0 + step * k as f64).collect()
    }
}
