//! Sweeps of the converters, the device and the circuit.

use cim_chip::sections::device;
use cim_chip::{ChipError, LayerInputs, Measured, Parts, measure, same_world};
use cim_core::Stream;
use cim_nn::{Dataset, Network};

use super::candidates::Candidate;
use super::fine_tuning::Tuning;
use super::outcome::{BitsPoint, Sweep, SweepPoint};
use super::spec::Spec;
use crate::context::Context;
use crate::error::StudyError;
use crate::shared::estimates::estimate;

/// The two designs that are compared, with what they measured at the preset's own values.
pub struct Compared<'a> {
    /// The naive design.
    pub naive: (&'a Candidate, &'a Measured),
    /// The full method.
    pub full: (&'a Candidate, &'a Measured),
    /// What is measured on.
    pub test: &'a Dataset,
    /// Address of all draws.
    pub root: Stream,
}

impl Compared<'_> {
    /// Resolutions of the column converters: the naive design as it is, the full method fine-tuned.
    pub fn bits<F: Fn(&Network) -> LayerInputs>(
        &self,
        tuning: &Tuning<'_, F>,
        teacher: &Network,
    ) -> Result<Vec<BitsPoint>, StudyError> {
        let spec = tuning.spec;
        let chips = spec.sweeps.chips;
        let at = self.root.child("evaluate", 0);
        let progress = tuning.training.context.progress;
        let steps = progress.begin("ADC bits", 2 * chips * spec.sweeps.bits.len());
        let (naive, full) = (self.naive.0, self.full.0);
        let mut points = Vec::new();
        for &bits in &spec.sweeps.bits {
            if bits == spec.converters.adc_bits {
                let (naive, full) = (&self.naive.1.accuracies, &self.full.1.accuracies);
                points.push(BitsPoint { bits, naive: estimate(naive), full: estimate(full) });
                steps.step(2 * chips);
                continue;
            }
            let mut design = naive.design.clone();
            design.parts.adc_bits = bits;
            let tick = || steps.step(1);
            let naive = measure(&design, &naive.network, self.test, chips, at, tick)?;
            let tuned = tuning.at_bits(bits, full, teacher)?;
            let full = measure(&tuned.design, &tuned.network, self.test, chips, at, tick)?;
            points.push(BitsPoint {
                bits,
                naive: estimate(&naive.accuracies),
                full: estimate(&full.accuracies),
            });
        }
        Ok(points)
    }

    /// The device and the circuit: the designs stay as they are, the world changes.
    pub fn worlds(&self, spec: &Spec, context: &Context<'_>) -> Result<Vec<Sweep>, StudyError> {
        let all = worlds(spec)?;
        let chips = spec.sweeps.chips;
        let total = all.iter().map(|sweep| sweep.points.len()).sum::<usize>() * 2 * chips;
        let steps = context.progress.begin("sweeps", total);
        let own = spec.parts()?;
        let at = self.root.child("evaluate", 0);
        let in_world = |(candidate, nominal): (&Candidate, &Measured), world: &Parts| {
            if same_world(world, &own) {
                steps.step(chips);
                return Ok(estimate(&nominal.accuracies));
            }
            let design = candidate.design.in_world(world);
            let measured =
                measure(&design, &candidate.network, self.test, chips, at, || steps.step(1))?;
            Ok::<_, ChipError>(estimate(&measured.accuracies))
        };
        let mut sweeps = Vec::new();
        for Worlds { name, unit, label, points } in all {
            let mut found = Vec::new();
            for (x, world) in &points {
                let (naive, full) = (in_world(self.naive, world)?, in_world(self.full, world)?);
                found.push(SweepPoint { x: *x, naive, full });
            }
            let (name, unit, label) = (name.into(), unit.into(), label.into());
            sweeps.push(Sweep { name, unit, label, points: found });
        }
        Ok(sweeps)
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
