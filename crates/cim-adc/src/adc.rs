//! What every ADC does: currents to codes, clipping counted.

use std::ops::RangeInclusive;

use cim_core::{Amps, Tally};

/// An analog-to-digital converter for differential column currents.
pub trait Adc: Send + Sync {
    /// Converts currents (A) to codes, one for one, and counts conversions and clips in `tally`.
    fn convert(&self, input_a: &[f32], codes: &mut [i32], tally: &mut Tally);

    /// Current of one step of the code.
    fn step(&self) -> Amps;

    /// Number of steps `L` over the range `[-full scale, full scale]`.
    fn steps(&self) -> u32;

    /// Codes that come out, in steps from no current on.
    fn codes(&self) -> RangeInclusive<i32> {
        let top = (self.steps() / 2) as i32;
        -top..=top
    }

    /// End of the range: larger currents clip.
    fn full_scale(&self) -> Amps;

    /// Input-referred noise of one conversion, rms, drawn by whoever feeds the converter.
    fn input_noise(&self) -> Amps;
}
