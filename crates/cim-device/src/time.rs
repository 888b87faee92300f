//! Time since programming.

use cim_core::Seconds;

use crate::error::DeviceError;

/// Times after programming at which a device is known.
///
/// Time zero, the state that programming left, is always known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FittedTimes {
    /// First time of the fit.
    pub from: Seconds,
    /// Last time of the fit.
    pub to: Seconds,
}

impl FittedTimes {
    /// All of them.
    pub const ALL: Self = Self { from: Seconds::ZERO, to: Seconds(f64::INFINITY) };

    /// Checks that the device is known `elapsed` after programming.
    ///
    /// # Errors
    /// [`DeviceError::NegativeTime`] for a time that cannot be, and
    /// [`DeviceError::OutsideFittedTimes`] for one at which nothing is known.
    pub fn check(self, elapsed: Seconds) -> Result<(), DeviceError> {
        if !(0.0 <= elapsed.0 && elapsed.is_finite()) {
            return Err(DeviceError::NegativeTime { elapsed });
        }
        if elapsed.0 == 0.0 || (self.from <= elapsed && elapsed <= self.to) {
            Ok(())
        } else {
            Err(DeviceError::OutsideFittedTimes { elapsed, from: self.from, to: self.to })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_that_cannot_be_and_times_without_a_fit_are_told_apart() {
        let times = FittedTimes { from: Seconds(1.0), to: Seconds(86_400.0) };
        for good in [0.0, 1.0, 3600.0, 86_400.0] {
            assert_eq!(times.check(Seconds(good)), Ok(()));
        }
        for bad in [-1.0, -1e-300, f64::NAN, f64::INFINITY] {
            let error = FittedTimes::ALL.check(Seconds(bad));
            assert!(matches!(error, Err(DeviceError::NegativeTime { .. })), "{bad}");
        }
        for early_or_late in [0.5, 86_401.0] {
            let error = times.check(Seconds(early_or_late));
            assert!(matches!(error, Err(DeviceError::OutsideFittedTimes { .. })));
        }
    }
}
