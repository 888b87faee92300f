//! What drives a layer, as seen on calibration data.

use cim_adc::{Dac, Phase, Polarity};
use cim_core::Tally;
use ndarray::{Array1, Array2, ArrayView2, Axis};

/// Drives of one layer on calibration data: fractions of the read voltage after the DAC.
#[derive(Clone, Debug, PartialEq)]
pub struct Calibration {
    /// Samples × inputs, in [−1, 1].
    pub drive: Array2<f64>,
    /// What the drives stand for: inputs over their limit, neither rounded nor clipped, samples ×
    /// inputs.
    pub wanted: Array2<f64>,
}

impl Calibration {
    /// Drives for inputs `x` (samples × inputs) of which `limit` is the largest code.
    pub fn new(x: ArrayView2<'_, f32>, limit: f32, dac: &Dac) -> Self {
        let x = x.as_standard_layout();
        let mut codes = vec![0.0; x.len()];
        dac.encode(
            x.as_slice().expect("standard layout"),
            limit,
            &mut codes,
            &mut Tally::default(),
        );
        let top = f64::from(dac.top_code());
        let drive = codes.into_iter().map(|code| f64::from(code) / top).collect();
        let drive = Array2::from_shape_vec(x.dim(), drive).expect("one drive per input");
        Self { drive, wanted: x.mapv(|x| f64::from(x) / f64::from(limit)) }
    }

    /// Drives that are exactly what they stand for.
    pub fn exact(drive: Array2<f64>) -> Self {
        Self { wanted: drive.clone(), drive }
    }

    /// Drives of one phase, samples × inputs: `Σ_phase factor · drive` is [`drive`](Self::drive).
    pub fn in_phase(&self, phase: Phase) -> Array2<f64> {
        if phase.one_sided {
            let factor = f64::from(phase.factor);
            self.drive.mapv(|u| (factor * u).max(0.0))
        } else {
            self.drive.clone()
        }
    }

    /// Drives of all phases, one below the other: (phases · samples) × inputs.
    pub fn phases_stacked(&self, polarity: Polarity) -> Array2<f64> {
        let phases: Vec<_> = polarity.phases().iter().map(|phase| self.in_phase(*phase)).collect();
        let views: Vec<_> = phases.iter().map(|drive| drive.view()).collect();
        ndarray::concatenate(Axis(0), &views).expect("phases have the shape of the drive")
    }

    /// Mean over samples of the magnitude of each input's drive.
    pub fn mean_magnitude(&self) -> Array1<f64> {
        self.mean_of(f64::abs)
    }

    /// Mean over samples of each input's squared drive.
    pub fn mean_square(&self) -> Array1<f64> {
        self.mean_of(|u| u * u)
    }

    fn mean_of(&self, f: impl Fn(f64) -> f64) -> Array1<f64> {
        let samples = self.drive.nrows().max(1) as f64;
        self.drive
            .columns()
            .into_iter()
            .map(|u| u.iter().map(|&u| f(u)).sum::<f64>() / samples)
            .collect()
    }

    /// Best linear gain of a current-voltage law over these drives: effective volts per volt, least
    /// squares; 1 where nothing is driven.
    pub fn drive_gain(&self, law: &cim_device::Conduction, read_voltage: cim_core::Volts) -> f64 {
        let volts = read_voltage.0;
        let (mut cross, mut square) = (0.0, 0.0);
        for &u in &self.drive {
            let v = u * volts;
            cross += v * law.effective_v(v);
            square += v * v;
        }
        if square > 0.0 { cross / square } else { 1.0 }
    }
}
