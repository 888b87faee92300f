//! The study as written in a file.

use cim_chip::sections::{
    CalibrationSpec, CircuitSpec, ConverterSpec, DataSpec, DeviceSpec, EnergySpec, EvaluationSpec,
    FrontEnd, MappingSpec, NetworkSpec, Recipe, TileSpec, Wires, energy, need, need_positive,
    need_within, network, training,
};
use cim_chip::{ChipError, ChipSpec, Parts, Targets};
use cim_core::{Joules, Seconds, Stream};
use cim_device::puf::{Pairs, PairsSpec, Repetition};
use cim_nn::{BinaryNetwork, LayerPath, Network};
use cim_tile::encryption::{Method, Methods};
use serde::{Deserialize, Serialize};

use crate::error::StudyError;
use crate::experiment::Experiment;
use crate::study::{Shared, StudySpec};

/// A network of signs whose weights lie encrypted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// Which study.
    pub experiment: Experiment,
    /// The network: dense layers with a batch norm and a sign behind each but the last.
    pub network: NetworkSpec,
    /// What it learns.
    pub data: DataSpec,
    /// Of weights, cells, keys and attacks.
    pub seed: u64,
    /// Training images that nothing learns from.
    pub holdout: HoldoutSpec,
    /// Recipes.
    pub training: TrainingSpec,
    /// How weights are encrypted.
    pub encryption: EncryptionSpec,
    /// Where keys come from.
    pub puf: PufSpec,
    /// Keys that are a little wrong.
    pub wrong_bits: WrongBitsSpec,
    /// What attackers may use.
    pub attack: AttackSpec,
    /// The cell.
    pub device: DeviceSpec,
    /// Size of an array.
    pub tile: TileSpec,
    /// How cells carry a weight.
    pub mapping: MappingSpec,
    /// Wires of the arrays.
    pub wires: Wires,
    /// Drivers, amplifiers and converters, as far as they are not ideal; ideal if left out.
    #[serde(default, skip_serializing_if = "FrontEnd::is_ideal")]
    pub front_end: FrontEnd,
    /// How cells are read.
    pub circuit: CircuitSpec,
    /// Converters.
    pub converters: ConverterSpec,
    /// Images on which full scales are set.
    pub calibration: CalibrationSpec,
    /// Prices of operations.
    pub energy: EnergySpec,
    /// Chips with keys of their own.
    pub evaluation: EvaluationSpec,
}

/// Training images that nothing learns from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoldoutSpec {
    /// How many, the last of the training set.
    pub images: usize,
}

/// How networks of this study learn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingSpec {
    /// The binary network, through the signs of its weights.
    pub digital: Recipe,
}

/// How weights are encrypted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EncryptionSpec {
    /// What is used together in every layer.
    pub methods: Vec<Method>,
    /// What is used in the first layers in its place, layer by layer; an empty list leaves a layer as it is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub layers: Vec<Vec<Method>>,
    /// A gate that switches once (J).
    pub gate: Joules,
    /// A digest by which 256 bits of keys are made (J).
    pub digest: Joules,
}

/// Where keys come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PufSpec {
    /// Cells of its pairs.
    pub device: DeviceSpec,
    /// Reads of which each cell's mean is taken.
    pub reads: u32,
    /// Time after writing at which a word is enrolled (s).
    pub enrolled_after: Seconds,
    /// Time after writing at which it is asked for (s).
    pub used_after: Seconds,
    /// How often it is asked for.
    pub turns: usize,
    /// Chips of which quality is a mean.
    pub chips: usize,
    /// How a word stands behind pairs.
    pub code: Repetition,
}

/// Keys that are a little wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrongBitsSpec {
    /// How many bits are wrong.
    pub counts: Vec<usize>,
}

/// What attackers may use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttackSpec {
    /// Chips that are attacked.
    pub chips: usize,
    /// Labelled images on which hill climbing watches accuracy.
    pub images: usize,
    /// Its passes over all bits.
    pub passes: usize,
    /// Labelled images that keys are fitted to.
    pub fit_images: Vec<usize>,
    /// Steps of a fit.
    pub steps: usize,
    /// Images of a step.
    pub batch: usize,
    /// Largest rate of a step.
    pub rate: f32,
}

impl AttackSpec {
    /// The most images that any attacker has.
    pub fn most_images(&self) -> usize {
        self.fit_images.iter().copied().fold(self.images, usize::max)
    }
}

impl StudySpec for Spec {
    const ONCE: &'static [&'static str] =
        &["encryption.methods", "wrong_bits.counts", "attack.fit_images"];

    fn shared(&mut self) -> Shared<'_> {
        Shared { seed: &mut self.seed, evaluation: &mut self.evaluation, data: &self.data }
    }

    /// The same study within about a minute: fewer epochs, chips and steps.
    fn quick(mut self) -> Self {
        self.training.digital.epochs = self.training.digital.epochs.min(3);
        self.evaluation.chips = self.evaluation.chips.min(3);
        self.puf.chips = self.puf.chips.min(8);
        let attack = &mut self.attack;
        attack.passes = attack.passes.min(1);
        attack.images = attack.images.min(100);
        attack.steps = attack.steps.min(200);
        if let [.., most] = attack.fit_images[..] {
            attack.fit_images = vec![most];
        }
        self
    }

    fn check(&self) -> Result<(), StudyError> {
        network::check(&self.network)?;
        let (start, _) = self.start()?;
        self.data.check()?;
        need_within("holdout.images", self.holdout.images, 1, 1 << 24)?;
        training::check_alone(&self.training.digital, "training.digital")?;
        let EncryptionSpec { methods, layers, gate, digest } = &self.encryption;
        let help = "give at least one of \"row-inversion\", \"column-swap\", \"column-inversion\"";
        need(!methods.is_empty(), "encryption.methods", "[]", help)?;
        let shapes: Vec<_> = start.layers().iter().map(|layer| layer.weights.dim()).collect();
        let words = format!("{} lists", layers.len());
        let help = format!("give up to {}, one a layer of the network", shapes.len());
        need(layers.len() <= shapes.len(), "encryption.layers", words, &help)?;
        for (idx, own) in layers.iter().enumerate() {
            let twice = own.iter().enumerate().any(|(k, method)| own[..k].contains(method));
            let words = format!("a method twice in list {}", idx + 1);
            need(!twice, "encryption.layers", words, "give every method of a layer once")?;
        }
        let used = self.methods(shapes.len());
        let help = "give at least one layer a method";
        need(
            used.iter().any(|own| *own != Methods::default()),
            "encryption.layers",
            "empty lists",
            help,
        )?;
        need_positive("encryption.gate", gate.0, *gate)?;
        need_positive("encryption.digest", digest.0, *digest)?;
        let PufSpec { turns, chips, enrolled_after, used_after, code, .. } = self.puf;
        need_within("puf.turns", turns, 1, 1 << 16)?;
        need_within("puf.chips", chips, 2, 1 << 16)?;
        need_within("puf.reads", self.puf.reads, 1, 1 << 16)?;
        need_within("puf.code.bits", code.bits, 8, 1 << 16)?;
        need_within("puf.code.copies", code.copies, 1, 255)?;
        need(code.copies % 2 == 1, "puf.code.copies", code.copies, "give an odd number: no ties")?;
        let help = "give a time no earlier than puf.enrolled_after";
        need(enrolled_after <= used_after, "puf.used_after", used_after, help)?;
        self.pairs()?.check_times(&[enrolled_after, used_after])?;
        let counts = &self.wrong_bits.counts;
        need(!counts.is_empty(), "wrong_bits.counts", "[]", "give at least one")?;
        let bits = key_bits(&used, &shapes);
        for count in counts {
            need_within("wrong_bits.counts", *count, 0, bits)?;
        }
        let AttackSpec { chips, images, passes, fit_images, steps, batch, rate } = &self.attack;
        need_within("attack.chips", *chips, 2, 1 << 16)?;
        need_within("attack.images", *images, 1, self.holdout.images)?;
        need_within("attack.passes", *passes, 1, 1 << 10)?;
        need(!fit_images.is_empty(), "attack.fit_images", "[]", "give at least one number")?;
        for images in fit_images {
            need_within("attack.fit_images", *images, 1, self.holdout.images)?;
        }
        need_within("attack.steps", *steps, 1, 1 << 24)?;
        need_within("attack.batch", *batch, 1, 1 << 16)?;
        need_within("attack.rate", *rate, 1e-6, 1.0)?;
        self.parts()?;
        let polarity = self.converters.dac_polarity;
        let help = "give bipolar or two-phase: signs drive rows";
        need(polarity.is_signed(), "converters.dac_polarity", "unipolar", help)?;
        self.calibration.check()?;
        energy::check(&self.energy, self.converters.adc_bits)?;
        Ok(self.evaluation.check()?)
    }
}

impl Spec {
    /// The network before it learns anything, and its paths.
    ///
    /// # Errors
    /// [`StudyError`] for a network that is not one of signs.
    pub fn start(&self) -> Result<(Network, Vec<LayerPath>), StudyError> {
        let start = self.network.build(Stream::root(self.seed).child("init", 0))?;
        let shapes = start.layers().iter().map(|layer| layer.weights.dim());
        let paths: Vec<LayerPath> = shapes.map(|(n, m)| LayerPath::binary(n, m)).collect();
        BinaryNetwork::of(&start.stored_by(&paths).folded())?;
        Ok((start, paths))
    }

    /// What encrypts each of so many layers.
    pub fn methods(&self, layers: usize) -> Vec<Methods> {
        let EncryptionSpec { methods, layers: own, .. } = &self.encryption;
        (0..layers).map(|layer| Methods::of(own.get(layer).unwrap_or(methods))).collect()
    }

    /// Pairs of cells.
    ///
    /// # Errors
    /// [`StudyError`] for a device that cannot be.
    pub fn pairs(&self) -> Result<Pairs, StudyError> {
        let PufSpec { device, reads, .. } = &self.puf;
        Ok(PairsSpec { device: device.clone(), reads: *reads }.build()?)
    }

    /// What a chip is made of.
    ///
    /// # Errors
    /// [`ChipError`] for a part that cannot be.
    pub fn parts(&self) -> Result<Parts, ChipError> {
        let Self { tile, device, circuit, converters, wires, front_end, mapping, .. } = self;
        let (tile, wires, mapping) = (*tile, *wires, *mapping);
        ChipSpec { tile, device, circuit, converters, wires, front_end, mapping }
            .build(Targets::Nominal)
    }

    /// All that training depends on.
    pub fn trained_by(&self) -> impl std::fmt::Debug {
        ("encrypted-bnn", self.seed, &self.network, &self.holdout, &self.training)
    }
}

/// Key bits of all layers.
pub fn key_bits(methods: &[Methods], shapes: &[(usize, usize)]) -> usize {
    methods.iter().zip(shapes).map(|(methods, shape)| methods.bits(*shape)).sum()
}

#[cfg(test)]
mod tests {
    use crate::encrypted_bnn::EncryptedBnn;
    use crate::shared::refusals::refuses;

    #[test]
    fn what_cannot_be_is_refused_before_any_work() {
        refuses::<EncryptedBnn>(&[
            (
                "dac_polarity = \"bipolar\"",
                "dac_polarity = \"unipolar\"",
                "converters.dac_polarity is unipolar",
            ),
            ("copies = 15", "copies = 4", "puf.code.copies is 4"),
            ("counts = [0, 1,", "counts = [0, 1000000000,", "wrong_bits.counts"),
            ("distillation = 0.0", "distillation = 0.9", "training.digital.distillation"),
            ("images = 500\npasses", "images = 50000\npasses", "attack.images"),
            ("name = \"cmo-hfox\"", "name = \"cmo-hfx\"", "cmo-hfox"),
            ("used_after = \"1 month\"", "used_after = \"1 ns\"", "1 ns"),
            (
                "methods = [\"row-inversion\", \"column-swap\"]",
                "methods = []",
                "encryption.methods",
            ),
            (
                "gate = \"1 fJ\"",
                "layers = [[], [], [], [], []]\ngate = \"1 fJ\"",
                "encryption.layers is 5 lists",
            ),
            (
                "gate = \"1 fJ\"",
                "layers = [[], [], [], []]\ngate = \"1 fJ\"",
                "encryption.layers is empty lists",
            ),
            (
                "gate = \"1 fJ\"",
                "layers = [[], [\"column-swap\", \"column-swap\"]]\ngate = \"1 fJ\"",
                "encryption.layers is a method twice in list 2",
            ),
            ("gate = \"1 fJ\"", "layers = [[\"row-swap\"]]\ngate = \"1 fJ\"", "row-swap"),
            ("fit_images = [100, 1000]", "fit_images = []", "attack.fit_images"),
            ("rate = 0.03", "rate = 0.0", "attack.rate"),
            ("{ op = \"sign\" },", "{ op = \"relu\" },", "layer 0 is not binary"),
            ("gate = \"1 fJ\"", "gate = \"0 J\"", "encryption.gate"),
        ]);
    }
}
