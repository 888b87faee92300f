//! The stages of the study, in order.

use cim_core::{Ohms, Stream};
use cim_crossbar::Wires;
use cim_device::Device;
use cim_report::Timing;

use super::factors;
use super::measured::{Right, Setting};
use super::methods::{LEAST_ERROR, ORDERS, PLAIN, REMEDIED, REMEDIES};
use super::networks::{Laid, Moments, Targets, moments, on_chip, one_factor};
use super::outcome;
use super::spec::{SolvedFor, Spec};
use crate::context::{Context, Steps};
use crate::error::StudyError;
use crate::shared::bit_cells;
use crate::shared::foreign::Given;
use crate::shared::stages::Stages;
use crate::shared::subject::Subject;
use crate::shared::training::Training;
use crate::study::Found;

/// Trains, fills arrays in every order, and runs networks on them.
pub fn run(spec: &Spec, given: &Given, context: &Context<'_>) -> Result<Found, StudyError> {
    let mut stages = Stages::new(context);
    let root = Stream::root(spec.seed);
    let training = Training::begin(context, &given.images, &spec.trained_by())?;
    let network = spec.training.train(&training, &spec.network, &given.images.test, root)?;
    stages.lap("train digital");
    let device = bit_cells::device(&spec.device)?;
    let subjects = Subject::all(&network, given);
    let (mut all_factors, mut settings) = (Vec::new(), Vec::new());
    for subject in &subjects {
        let laid = Laid::of(spec, subject)?;
        let at = root.child("model", 0).child(subject.key, 0);
        let cells = bit_cells::states(device.window());
        all_factors.push(factors::measure(&laid, spec, cells, at)?);
        stages.lap("factors");
        let Some(drives) = subject.drives(given, spec.calibration.images)? else { continue };
        let moments = moments(&drives);
        drop(drives);
        let ways = spec.accuracy.wires.len() * (ORDERS.len() + solved(spec).len()) + 1;
        let label = format!("run {}", subject.key);
        let bar = context.progress.begin(&label, ways * spec.evaluation.chips);
        let bench = Bench { spec, laid: &laid, device: &*device, moments, bar: &*bar, root };
        let ideal = bench.ideal()?;
        for &wire in &spec.accuracy.wires {
            settings.push(bench.setting(wire, &ideal)?);
        }
        drop(bar);
        stages.lap(subject.key);
    }
    let report = outcome::report(spec, given, &all_factors, &settings);
    Ok(Found { report, timing: stages.into_timing(Timing::default()) })
}

/// Placements that targets are solved for.
fn solved(spec: &Spec) -> &'static [usize] {
    match spec.accuracy.solved {
        SolvedFor::LeastError => &[LEAST_ERROR],
        SolvedFor::Remedied => &REMEDIED,
    }
}

/// One network and what it is measured with.
struct Bench<'a> {
    spec: &'a Spec,
    laid: &'a Laid<'a>,
    device: &'a dyn Device,
    moments: Moments,
    bar: &'a dyn Steps,
    root: Stream,
}

impl Bench<'_> {
    fn chip(&self, chip: usize) -> Stream {
        self.root.child("evaluate", 0).child("chip", chip as u64)
    }

    fn judge(&self, weights: Vec<ndarray::Array2<f32>>) -> Result<Right, StudyError> {
        Ok(self.laid.subject.right(weights)?.expect("a network with drives has images"))
    }

    /// On ideal wires, mean over chips.
    fn ideal(&self) -> Result<Right, StudyError> {
        let targets = Targets::of(self.laid, &ORDERS[PLAIN], self.device.window(), None)?;
        let [plain, _, _] = self.way(&targets, Wires::NONE, false)?;
        Ok(plain)
    }

    /// As it is, with one factor a layer, and with gains of columns; mean over chips, image by image.
    fn way(
        &self,
        targets: &Targets,
        wires: Wires,
        remedies: bool,
    ) -> Result<[Right; 3], StudyError> {
        let mut sums: [Right; 3] = Default::default();
        let chips = self.spec.evaluation.chips;
        for chip in 0..chips {
            let at = self.chip(chip);
            let on = on_chip(self.laid, targets, self.device, wires, &self.moments, at)?;
            let products = &self.laid.subject.products;
            let mut rights = vec![];
            if remedies {
                let factor = one_factor(products, &on.plain, &self.moments);
                rights.push((1, self.judge(factor)?));
                rights.push((2, self.judge(on.gains)?));
            }
            rights.push((0, self.judge(on.plain)?));
            for (idx, right) in rights {
                sums[idx].resize(right.len(), 0.0);
                let each = sums[idx].iter_mut().zip(right);
                each.for_each(|(sum, one)| *sum += one / chips as f64);
            }
            self.bar.step(1);
        }
        Ok(sums)
    }

    fn setting(&self, wire: Ohms, ideal: &Right) -> Result<Setting, StudyError> {
        let subject = self.laid.subject;
        let wires = self.spec.wires_of(wire);
        let mut right: [[Option<Right>; REMEDIES.len()]; ORDERS.len()] = Default::default();
        for (idx, (order, right)) in ORDERS.iter().zip(&mut right).enumerate() {
            let targets = Targets::of(self.laid, order, self.device.window(), None)?;
            let remedied = REMEDIED.contains(&idx);
            let [plain, factor, gains] = self.way(&targets, wires, remedied)?;
            right[0] = Some(plain);
            if remedied {
                (right[1], right[2]) = (Some(factor), Some(gains));
            }
        }
        for &idx in solved(self.spec) {
            let targets = Targets::of(self.laid, &ORDERS[idx], self.device.window(), Some(wires))?;
            let [plain, _, gains] = self.way(&targets, wires, true)?;
            (right[idx][3], right[idx][4]) = (Some(plain), Some(gains));
        }
        Ok(Setting {
            key: subject.key,
            name: subject.name.clone(),
            wire,
            chips: self.spec.evaluation.chips,
            ideal: ideal.clone(),
            right,
        })
    }
}
