//! The front end of one tile of one chip.

use cim_adc::{Adc, Dac, DacSpec, RowDacs, Uneven, UniformSpec};
use cim_core::{Amps, Scratch, Stream, Volts};
use cim_crossbar::Amplifiers;

use super::rounding::Measurement;
use super::spec::FrontEnd;
use crate::error::TileError;

/// Largest draw of a driver's noise in standard deviations, for what it takes a read to reach.
const FAR: f64 = 6.8;

/// What was made once and stays with a tile: drawn at its address.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sampled {
    /// What is left of offsets and gains after the calibration.
    pub amplifiers: Amplifiers,
    /// Row drivers, where they are not ideal.
    pub rows: Option<RowDrivers>,
}

/// Row drivers that are not ideal.
#[derive(Clone, Debug)]
pub(crate) struct RowDrivers {
    rows: usize,
    volts_per_code: f32,
    dacs: Option<RowDacs>,
    noise_v: f32,
}

impl Sampled {
    /// Draws the front end of a tile with so many `rows`, `columns` and `senses` below `at`.
    pub fn drawn(
        front_end: &FrontEnd,
        (spec, dac): (DacSpec, Dac),
        (rows, columns, senses): (usize, usize, usize),
        at: Stream,
    ) -> Self {
        let offsets = (front_end.amplifier_offset.0, front_end.calibration.of_offsets());
        let gains = (front_end.gain_spread, front_end.calibration.of_gains());
        let gain = left(gains, senses, at.child("gain", 0)).into_iter().map(|off| 1.0 + off);
        let amplifiers = Amplifiers {
            offset_v: left(offsets, columns, at.child("offset", 0)),
            gain: gain.collect(),
        };
        let law = &front_end.dac_integral;
        let dacs = (!law.is_none())
            .then(|| RowDacs::drawn(spec, dac, law, rows, at.child("row converters", 0)));
        let noise_v = front_end.driver_noise.0 as f32;
        let volts_per_code = dac.voltage(1.0).0 as f32;
        let ideal = dacs.is_none() && noise_v == 0.0;
        let rows = (!ideal).then_some(RowDrivers { rows, volts_per_code, dacs, noise_v });
        Self { amplifiers, rows }
    }

    /// Largest voltage of a row that is to be driven with up to `peak`.
    pub fn largest(&self, peak: Volts) -> Volts {
        let beyond = self.rows.as_ref().map_or(0.0, |rows| {
            let bent = rows.dacs.as_ref().map_or(0.0, |dacs| dacs.largest().0);
            bent + FAR * f64::from(rows.noise_v)
        });
        Volts(peak.0 + beyond)
    }
}

impl RowDrivers {
    /// Turns the codes of one phase (vectors × rows) into the volts that rows get, in place. Noise is
    /// drawn at `at`, vector by vector.
    pub fn drive(&self, values: &mut [f32], at: Stream, scratch: &mut Scratch) {
        match &self.dacs {
            Some(dacs) => dacs.drive(values, self.rows),
            None => values.iter_mut().for_each(|value| *value *= self.volts_per_code),
        }
        self.add_noise(values, at, scratch);
    }

    /// Adds what is drawn afresh in one read to row voltages (V, vectors × rows).
    pub fn add_noise(&self, row_v: &mut [f32], at: Stream, scratch: &mut Scratch) {
        if self.noise_v == 0.0 {
            return;
        }
        let mut normals = scratch.take(self.rows);
        for (vector, row_v) in row_v.chunks_exact_mut(self.rows).enumerate() {
            at.fill_standard_normal(vector as u64, &mut normals);
            row_v.iter_mut().zip(&normals).for_each(|(v, n)| *v = n.mul_add(self.noise_v, *v));
        }
        scratch.give(normals);
    }
}

/// What a calibration leaves of `count` values of standard deviation `spread`; nothing where there is
/// nothing.
fn left((spread, measured): (f64, Option<Measurement>), count: usize, at: Stream) -> Vec<f64> {
    let noisy = measured.is_some_and(|measured| measured.noise > 0.0);
    if spread == 0.0 && !noisy {
        return Vec::new();
    }
    let draw = |label: &'static str| {
        let mut normals = vec![0.0f32; count];
        at.child(label, 0).fill_standard_normal(0, &mut normals);
        normals
    };
    let made = draw("made").into_iter().map(|n| spread * f64::from(n));
    match measured {
        None => made.collect(),
        Some(measured) => {
            let noise = draw("measured");
            made.zip(noise).map(|(value, n)| measured.left_of(value, f64::from(n))).collect()
        }
    }
}

impl FrontEnd {
    /// The column converter of one full-scale group of a tile, drawn below `at` where it is not
    /// straight.
    ///
    /// # Errors
    /// [`TileError::Converter`] for a resolution, range or noise that cannot be.
    pub(crate) fn adc(
        &self,
        bits: u32,
        full_scale: Amps,
        input_noise: Amps,
        at: Stream,
    ) -> Result<Box<dyn Adc>, TileError> {
        let straight = UniformSpec { bits, full_scale, input_noise }.build()?;
        if self.has_straight_adc() {
            return Ok(Box::new(straight));
        }
        let (integral, differential) = (&self.adc_integral, self.adc_differential);
        Ok(Box::new(Uneven::drawn(straight, integral, differential, at)?))
    }
}
