//! Sweeps of the converters, the device and the circuit.

use cim_chip::sections::device;
use cim_chip::{ChipError, Parts, Task, accuracies, same_world};
use rayon::prelude::*;

use super::table::{Tabled, chips_of};
use crate::context::Context;
use crate::error::StudyError;
use crate::method::candidate::Candidate;
use crate::paper::outcome::{BitsPoint, Sweep, SweepPoint};
use crate::paper::spec::Spec;
use crate::paper::train::trial::Trial;
use crate::shared::estimates::nested;

/// What is measured, on what.
pub struct Sweeping<'a> {
    /// The study.
    pub spec: &'a Spec,
    /// All networks.
    pub trials: &'a [Trial],
    /// What is measured on.
    pub test: &'a Task,
    /// What was measured of the networks' rows on the same chips.
    pub rows: &'a [Tabled],
    /// Who is told.
    pub context: &'a Context<'a>,
}

impl Sweeping<'_> {
    /// Resolutions of the column converters: the naive design as it is, the full method trained for each.
    pub fn bits(&self) -> Result<Vec<BitsPoint>, StudyError> {
        let Self { spec, trials, .. } = *self;
        let points = trials.first().map_or(0, |trial| trial.bits.len());
        let total = 2 * spec.sweeps.chips * points * trials.len();
        let steps = self.context.progress.begin("ADC bits", total);
        let own_bits = spec.converters.adc_bits;
        let of =
            |candidate: fn(&Trial, usize) -> &Candidate, row: fn(&Trial) -> usize, point: usize| {
                let found = trials.par_iter().enumerate().map(|(network, trial)| {
                    // At its own resolution a design is the one of its row.
                    let row = (trial.bits[point].bits == own_bits).then(|| row(trial));
                    self.accuracies(candidate(trial, point), None, (network, row), || steps.step(1))
                });
                Ok::<_, StudyError>(nested(&found.collect::<Result<Vec<_>, _>>()?))
            };
        let point = |place: usize| {
            let own = trials.iter().map(|trial| &trial.bits[place]);
            Ok::<_, StudyError>(BitsPoint {
                bits: trials[0].bits[place].bits,
                naive: of(|trial, place| &trial.bits[place].naive, |trial| trial.naive, place)?,
                full: of(|trial, place| &trial.bits[place].full, |trial| trial.full, place)?,
                learned_full_scales: own.filter(|point| point.scales == "learned").count(),
            })
        };
        (0..points).map(point).collect()
    }

    /// The device and the circuit: the designs stay as they are, the world changes.
    pub fn worlds(&self) -> Result<Vec<Sweep>, StudyError> {
        let Self { spec, trials, .. } = *self;
        let all = worlds(spec)?;
        let points = all.iter().map(|sweep| sweep.points.len()).sum::<usize>();
        let total = points * 2 * spec.sweeps.chips * trials.len();
        let steps = self.context.progress.begin("sweeps", total);
        let of = |place: fn(&Trial) -> usize, world: &Parts| {
            let found = trials.par_iter().enumerate().map(|(network, trial)| {
                let (row, step) = (place(trial), || steps.step(1));
                let candidate = &trial.rows[row].candidate;
                self.accuracies(candidate, Some(world), (network, Some(row)), step)
            });
            Ok::<_, StudyError>(nested(&found.collect::<Result<Vec<_>, _>>()?))
        };
        let mut sweeps = Vec::new();
        for Worlds { name, unit, label, points } in all {
            let mut found = Vec::new();
            for (x, world) in &points {
                let naive = of(|trial| trial.naive, world)?;
                let full = of(|trial| trial.full, world)?;
                found.push(SweepPoint { x: *x, naive, full });
            }
            let (name, unit, label) = (name.into(), unit.into(), label.into());
            sweeps.push(Sweep { name, unit, label, points: found });
        }
        Ok(sweeps)
    }

    /// Accuracies of the chips of a candidate of a network, in a world of its own or another: those of
    /// its row where the same chips were measured for that.
    fn accuracies(
        &self,
        candidate: &Candidate,
        world: Option<&Parts>,
        (network, row): (usize, Option<usize>),
        tick: impl Fn(),
    ) -> Result<Vec<f64>, StudyError> {
        let Candidate { design, network: own, .. } = candidate;
        let chips = self.spec.sweeps.chips;
        let elsewhere = world.filter(|world| !same_world(world, &design.parts));
        if let (None, Some(row)) = (elsewhere, row) {
            let measured = &self.rows[row].row.networks[network].measured.accuracies;
            if let Some(first) = measured.get(..chips) {
                first.iter().for_each(|_| tick());
                return Ok(first.to_vec());
            }
        }
        let design = elsewhere.map_or_else(|| design.clone(), |world| design.in_world(world));
        let at = chips_of(self.spec, network).child("evaluate", 0);
        Ok(accuracies(&design, own, self.test, chips, at, tick)?)
    }
}

/// Worlds of a sweep: the swept quantity and the parts in which it has that value.
struct Worlds {
    name: &'static str,
    unit: &'static str,
    label: &'static str,
    points: Vec<(f64, Parts)>,
}

fn worlds(spec: &Spec) -> Result<[Worlds; 3], ChipError> {
    let world = |change: &dyn Fn(&mut Spec)| {
        let mut changed = spec.clone();
        change(&mut changed);
        changed.parts()
    };
    let (mut programming, mut temperature, mut bandwidth) = (Vec::new(), Vec::new(), Vec::new());
    for &scale in &spec.sweeps.programming_scale {
        let device = device::with_programming_noise(&spec.device, scale)?;
        let sigma = device::gaussian(&spec.device)
            .map_or(0.0, |cell| 100.0 * scale * cell.programming.constant.0 / cell.g_on.0);
        programming.push((sigma, world(&|s| s.device = device.clone())?));
    }
    for &kelvin in &spec.sweeps.temperatures {
        temperature.push((kelvin.0, world(&|s| s.circuit.temperature = kelvin)?));
    }
    for &hertz in &spec.sweeps.bandwidths {
        bandwidth.push((hertz.0, world(&|s| s.circuit.bandwidth = hertz)?));
    }
    let of = |name, unit, label, points| Worlds { name, unit, label, points };
    Ok([
        of("programming", "% of G_on", "programming sigma", programming),
        of("temperature", "K", "temperature", temperature),
        of("bandwidth", "Hz", "noise bandwidth", bandwidth),
    ])
}
