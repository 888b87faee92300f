//! The study as written in a file.

use cim_chip::sections::{
    CircuitSpec, ConverterSpec, DataSpec, DeviceSpec, EvaluationSpec, FrontEnd, MappingSpec,
    TileSpec, Wires, need, need_positive, need_share_above_zero, need_within,
};
use cim_chip::{ChipError, ChipSpec, Parts, Targets};
use cim_core::{Joules, Seconds, Stream};
use cim_device::program::{AmplitudeSpec, Rewritten};
use cim_dynamics::DynamicsError;
use cim_dynamics::spiking::{LifSpec, Network, Prices, Shape};
use cim_report::format::{number, seconds};
use serde::{Deserialize, Serialize};

use super::measured::WAYS;
use super::vary::VariationSpec;
use crate::error::StudyError;
use crate::experiment::Experiment;
use crate::study::{StudySpec, shared_keys};

/// A spiking network that adapts to a new subject.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// Which study.
    pub experiment: Experiment,
    /// What is recognised.
    pub data: DataSpec,
    /// Of weights, feedback matrices, cells and reads.
    pub seed: u64,
    /// How recordings are cut.
    pub windows: WindowSpec,
    /// The network.
    pub spiking: SpikingSpec,
    /// Learning in numbers.
    pub pretraining: PretrainingSpec,
    /// Learning on the chip.
    pub adaptation: AdaptationSpec,
    /// How old cells are where drifted arrays are adapted.
    pub drift: DriftSpec,
    /// Size of a tile.
    pub tile: TileSpec,
    /// The cell.
    pub device: DeviceSpec,
    /// Pulses that write it.
    pub pulses: AmplitudeSpec,
    /// How cells are read.
    pub circuit: CircuitSpec,
    /// Wires of the arrays.
    pub wires: Wires,
    /// How weights become conductances.
    pub mapping: MappingSpec,
    /// Converters.
    pub converters: ConverterSpec,
    /// Drivers, amplifiers and converters as far as they are not ideal; ideal if left out.
    #[serde(default)]
    pub front_end: FrontEnd,
    /// What stands for the largest weight, input and current.
    pub ranges: RangeSpec,
    /// What things cost.
    pub prices: Prices,
    /// Seeds of every figure.
    pub evaluation: EvaluationSpec,
}

/// How recordings become windows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WindowSpec {
    /// Samples that are averaged to one step, 1 to 1,000.
    pub average: usize,
    /// Steps of a window, 1 to 10,000.
    pub steps: usize,
    /// Steps from one window to the next, 1 to 10,000.
    pub hop: usize,
    /// Channels, from 0, that have the other sign on the other arm; theirs is turned, so that both arms look alike.
    pub mirrored: Vec<usize>,
}

/// The network: spiking layers that see the last steps before them, and a readout.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpikingSpec {
    /// Law of the neurons.
    pub neuron: LifSpec,
    /// Steps that a neuron of each layer sees.
    pub taps: Vec<usize>,
    /// Steps before each layer for each of its own.
    pub strides: Vec<usize>,
    /// Neurons of each layer.
    pub neurons: Vec<usize>,
    /// Standard deviation of the first weights, over the root of the fan-in.
    pub gain: f32,
}

/// Learning in numbers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PretrainingSpec {
    /// Passes over the windows.
    pub epochs: usize,
    /// Windows of a step.
    pub batch: usize,
    /// Learning rate; it falls to 0 as a cosine.
    pub rate: f32,
    /// Share of all windows that the mixed figure is measured on.
    pub mixed_share: f64,
    /// How windows are varied each time they are learned from.
    pub variation: VariationSpec,
}

/// Learning on the chip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdaptationSpec {
    /// Share of every series of a subject that the chip adapts on.
    pub share: f64,
    /// Passes over these windows.
    pub epochs: usize,
    /// Windows of a step.
    pub batch: usize,
    /// Learning rate of each rule.
    pub rates: RateSpec,
    /// Subjects that are left out and adapted to, from 1, from few to many.
    pub subjects: Vec<usize>,
    /// Distance from what was last written, over the largest weight, from which a pair is written.
    pub write_threshold: f64,
}

/// Learning rates on the chip.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateSpec {
    /// Of backpropagation.
    pub backpropagation: f32,
    /// Of feedback alignment with drawn matrices.
    pub drawn: f32,
    /// Of feedback alignment with matrices of the pretrained weights.
    pub aligned: f32,
}

impl RateSpec {
    /// One a way, in the order of [`WAYS`](super::measured::WAYS).
    pub fn by_way(self) -> [f32; WAYS.len()] {
        [self.backpropagation, self.drawn, self.aligned]
    }
}

/// How old cells are where drifted arrays are adapted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DriftSpec {
    /// Time from writing the pretrained weights to adaptation, at which the device must be known; 0 s for no drift.
    pub after: Seconds,
}

impl DriftSpec {
    /// The time in words.
    pub fn words(self) -> String {
        let hours = self.after.0 / 3600.0;
        if hours < 1.0 { seconds(self.after.0) } else { format!("{} h", number(hours)) }
    }
}

/// Longest time of a drift.
const LONGEST: Seconds = Seconds(1e11);

/// What stands for the largest weight, input and current.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RangeSpec {
    /// Largest weight, over the largest of the pretrained matrix.
    pub weight: f64,
    /// Largest input of the first layer, in standard deviations.
    pub input: f64,
    /// Full scale of converters over the worst case, 0 to 1.
    pub full_scale: f64,
}

impl StudySpec for Spec {
    shared_keys!();

    /// The same study within about a minute: fewer neurons and passes, two seeds.
    fn quick(mut self) -> Self {
        self.evaluation.chips = self.evaluation.chips.min(2);
        self.pretraining.epochs = self.pretraining.epochs.min(3);
        self.adaptation.epochs = self.adaptation.epochs.min(2);
        self.spiking.neurons.iter_mut().for_each(|n| *n = (*n).min(32));
        self
    }

    fn check(&self) -> Result<(), StudyError> {
        self.data.check()?;
        self.evaluation.check()?;
        need(
            self.mapping == MappingSpec::PAIRS,
            "mapping.kind",
            self.mapping.kind(),
            "adaptation writes the two cells of pairs: give differential",
        )?;
        let device = self.parts()?.device;
        need_within("drift.after", self.drift.after, Seconds::ZERO, LONGEST)?;
        device.fitted_times().check(self.drift.after)?;
        let AmplitudeSpec { least, greatest, width, .. } = self.pulses;
        need_positive("pulses.least", least.0, least)?;
        need_positive("pulses.greatest", greatest.0, greatest)?;
        need_positive("pulses.width", width.0, width)?;
        need(least < greatest, "pulses.greatest", greatest, "give a voltage above pulses.least")?;
        Rewritten::fresh(device, (0, 0), self.pulses, Stream::root(0))?;
        for (key, value, most) in [
            ("windows.average", self.windows.average, 1000),
            ("windows.steps", self.windows.steps, 10_000),
            ("windows.hop", self.windows.hop, 10_000),
            ("pretraining.epochs", self.pretraining.epochs, 100_000),
            ("pretraining.batch", self.pretraining.batch, 1_000_000),
            ("adaptation.epochs", self.adaptation.epochs, 100_000),
            ("adaptation.batch", self.adaptation.batch, 1_000_000),
        ] {
            need((1..=most).contains(&value), key, value, &format!("give 1 to {most}"))?;
        }
        let layers = self.spiking.neurons.len();
        need(
            (1..=16).contains(&layers)
                && self.spiking.taps.len() == layers
                && self.spiking.strides.len() == layers,
            "spiking.neurons",
            format!("{:?}", self.spiking.neurons),
            "give neurons, taps and strides of 1 to 16 layers",
        )?;
        for values in [&self.spiking.taps, &self.spiking.strides, &self.spiking.neurons] {
            let help = "give 1 to 4096 taps, strides and neurons";
            let ok = values.iter().all(|value| (1..=4096).contains(value));
            need(ok, "spiking", format!("{values:?}"), help)?;
        }
        self.network(1, 2, Stream::root(0))?;
        let (pre, adapt) = (&self.pretraining, &self.adaptation);
        need_positive("spiking.gain", f64::from(self.spiking.gain), self.spiking.gain)?;
        need_positive("pretraining.rate", f64::from(pre.rate), pre.rate)?;
        for (key, rate) in [
            ("adaptation.rates.backpropagation", adapt.rates.backpropagation),
            ("adaptation.rates.drawn", adapt.rates.drawn),
            ("adaptation.rates.aligned", adapt.rates.aligned),
        ] {
            need_positive(key, f64::from(rate), rate)?;
        }
        let subjects = &adapt.subjects;
        need(
            subjects.first().is_some_and(|first| 1 <= *first)
                && subjects.windows(2).all(|pair| pair[0] < pair[1]),
            "adaptation.subjects",
            format!("{subjects:?}"),
            "give numbers of subjects from 1, from few to many",
        )?;
        need_share_above_zero("pretraining.mixed_share", pre.mixed_share)?;
        let VariationSpec { rotation_rad, strength, pace } = pre.variation;
        for (key, value) in [
            ("pretraining.variation.rotation_rad", rotation_rad),
            ("pretraining.variation.strength", strength),
            ("pretraining.variation.pace", pace),
        ] {
            need_within(key, value, 0.0, 3.0)?;
        }
        let mirrored = &self.windows.mirrored;
        need(
            mirrored.iter().all(|channel| *channel < 4096)
                && mirrored.windows(2).all(|pair| pair[0] < pair[1]),
            "windows.mirrored",
            format!("{mirrored:?}"),
            "give numbers of channels, from few to many",
        )?;
        need_share_above_zero("adaptation.share", adapt.share)?;
        need_share_above_zero("adaptation.write_threshold", adapt.write_threshold)?;
        need_positive("ranges.weight", self.ranges.weight, self.ranges.weight)?;
        need_positive("ranges.input", self.ranges.input, self.ranges.input)?;
        need_share_above_zero("ranges.full_scale", self.ranges.full_scale)?;
        let prices = &self.prices;
        let joules = |joules: Joules| (joules.0, joules.to_string());
        let seconds = |seconds: Seconds| (seconds.0, seconds.to_string());
        let area = |um2: f64| (um2, format!("{um2:e} (µm²)"));
        for (key, (value, shown)) in [
            ("prices.read", joules(prices.read)),
            ("prices.row", joules(prices.row)),
            ("prices.neuron", joules(prices.neuron)),
            ("prices.set", joules(prices.set)),
            ("prices.reset", joules(prices.reset)),
            ("prices.read_time", seconds(prices.read_time)),
            ("prices.write_time", seconds(prices.write_time)),
            ("prices.part_um2", area(prices.part_um2)),
            ("prices.tile_um2", area(prices.tile_um2)),
            ("prices.drivers_um2", area(prices.drivers_um2)),
            ("prices.membrane_um2", area(prices.membrane_um2)),
        ] {
            need_positive(key, value, shown)?;
        }
        Ok(())
    }
}

impl Spec {
    /// The parts of a chip, its cells used over the whole window of the device.
    ///
    /// # Errors
    /// [`ChipError`] for a part that cannot be.
    pub fn parts(&self) -> Result<Parts, ChipError> {
        let chip = ChipSpec {
            device: &self.device,
            circuit: &self.circuit,
            converters: &self.converters,
            front_end: &self.front_end,
            tile: self.tile,
            wires: self.wires,
            mapping: self.mapping,
        };
        chip.build(Targets::Nominal)
    }

    /// A network with drawn weights.
    ///
    /// # Errors
    /// [`DynamicsError`] for a neuron that cannot be.
    pub fn network(
        &self,
        channels: usize,
        classes: usize,
        at: Stream,
    ) -> Result<Network, DynamicsError> {
        let SpikingSpec { neuron: lif, taps, strides, neurons, gain } = &self.spiking;
        let shapes: Vec<Shape> = (taps.iter().zip(strides).zip(neurons))
            .map(|((&taps, &stride), &neurons)| Shape { taps, stride, neurons, lif: *lif })
            .collect();
        Network::new(channels, &shapes, classes, *gain, at)
    }

    /// All that learning in numbers depends on.
    pub fn trained_by(&self) -> impl std::fmt::Debug + use<> {
        (
            self.seed,
            self.windows.clone(),
            self.spiking.clone(),
            self.pretraining,
            self.adaptation.share,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::parse;
    use crate::shared::refusals::refuses;
    use crate::spiking_har::SpikingHar;
    use crate::study::Study;

    #[test]
    fn prices_are_those_of_the_table() {
        let spec: Spec = parse(SpikingHar::PRESET).expect("parses");
        let (ours, table) = (spec.prices, Prices::TYPICAL);
        for (a, b) in [
            (ours.read.0, table.read.0),
            (ours.row.0, table.row.0),
            (ours.neuron.0, table.neuron.0),
            (ours.set.0, table.set.0),
            (ours.reset.0, table.reset.0),
            (ours.read_time.0, table.read_time.0),
            (ours.write_time.0, table.write_time.0),
            (ours.part_um2, table.part_um2),
            (ours.tile_um2, table.tile_um2),
            (ours.drivers_um2, table.drivers_um2),
            (ours.membrane_um2, table.membrane_um2),
        ] {
            // Four digits are written.
            assert!((a / b - 1.0).abs() < 5e-4, "{a} {b}");
        }
    }

    #[test]
    fn neurons_windows_and_prices_that_cannot_be_are_refused() {
        refuses::<SpikingHar>(&[
            ("keep = 0.75", "keep = 1.75", "what is left of a membrane"),
            ("taps = [8, 8]", "taps = [8]", "spiking.neurons"),
            (
                "kind = \"differential\"",
                "kind = \"offset-column\"",
                "mapping.kind is offset-column",
            ),
            ("neurons = [64, 64]", "neurons = [64, 0]", "spiking"),
            ("write_threshold = 0.01", "write_threshold = 0.0", "write_threshold"),
            ("average = 4", "average = 0", "windows.average is 0"),
            ("mirrored = [0, 4, 5]", "mirrored = [4, 0]", "windows.mirrored"),
            ("subjects = [1, 2,", "subjects = [0, 2,", "adaptation.subjects"),
            ("subjects = [1, 2,", "subjects = [2, 1,", "adaptation.subjects"),
            ("drawn = 2e-4", "drawn = 0.0", "adaptation.rates.drawn"),
            ("pace = 0.15", "pace = -0.15", "pretraining.variation.pace"),
            ("greatest = \"1.5 V\"", "greatest = \"0.1 V\"", "greatest"),
            ("read = \"696.4 pJ\"", "read = \"0 J\"", "prices.read"),
            ("mixed_share = 0.25", "mixed_share = 1.5", "mixed_share"),
            ("after = \"1 day\"", "after = \"-1 day\"", "drift.after"),
            ("after = \"1 day\"", "after = \"1 year\"", "it is not extrapolated"),
        ]);
    }
}
