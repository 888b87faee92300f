//! What drives a layer, as seen on calibration data.

use cim_adc::{Dac, DacSpec, Phase};
use cim_core::Tally;
use ndarray::{Array1, Array2, ArrayView2, Axis};

use crate::rows;

/// Drives of one layer on calibration data: codes as fractions of the largest one, for every row, of
/// which an input may have two ([`crate::rows`]).
#[derive(Clone, Debug, PartialEq)]
pub struct Calibration {
    /// Samples × rows, in [−1, 1].
    pub drive: Array2<f64>,
    /// What the drives stand for: inputs over their limit, neither rounded nor clipped, samples ×
    /// rows.
    pub wanted: Array2<f64>,
}

impl Calibration {
    /// Drives for inputs `x` (samples × inputs) of which `limit` is the largest code.
    pub fn new(x: ArrayView2<'_, f32>, limit: f32, dac: &Dac) -> Self {
        let x = rows::inputs(dac.polarity(), x);
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

    /// Drives of one phase as fractions of the read voltage, samples × rows: `Σ_phase factor · drive`
    /// and the constant of the drive are [`drive`](Self::drive).
    pub fn in_phase(&self, phase: Phase) -> Array2<f64> {
        self.drive.mapv(|u| phase.fraction(u))
    }

    /// Drives of all phases, one below the other: (phases · samples) × rows.
    pub fn phases_stacked(&self, dac: DacSpec) -> Array2<f64> {
        let phases = dac.phases().into_iter();
        let phases: Vec<_> = phases.map(|phase| self.in_phase(phase)).collect();
        let views: Vec<_> = phases.iter().map(|drive| drive.view()).collect();
        ndarray::concatenate(Axis(0), &views).expect("phases have the shape of the drive")
    }

    /// Mean over samples of the magnitude of each row's drive.
    pub fn mean_magnitude(&self) -> Array1<f64> {
        self.mean_of(f64::abs)
    }

    /// Mean over samples of each row's squared drive.
    pub fn mean_square(&self) -> Array1<f64> {
        self.mean_of(|u| u * u)
    }

    /// Mean over samples of the summed magnitudes of each row's drives in `phases`.
    pub fn mean_magnitude_in(&self, phases: &[Phase]) -> Array1<f64> {
        self.mean_of(|u| phases.iter().map(|phase| phase.fraction(u).abs()).sum())
    }

    /// Mean over samples of the summed squares of each row's drives in `phases`.
    pub fn mean_square_in(&self, phases: &[Phase]) -> Array1<f64> {
        self.mean_of(|u| phases.iter().map(|phase| phase.fraction(u).powi(2)).sum())
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
    pub fn drive_gain(
        &self,
        law: &cim_device::Conduction,
        read_voltage: cim_core::Volts,
        dac: DacSpec,
    ) -> f64 {
        let (volts, phases) = (read_voltage.0, dac.phases());
        let (mut cross, mut square) = (0.0, 0.0);
        for &u in &self.drive {
            for phase in &phases {
                let v = phase.fraction(u) * volts;
                cross += v * law.effective_v(v);
                square += v * v;
            }
        }
        if square > 0.0 { cross / square } else { 1.0 }
    }
}
