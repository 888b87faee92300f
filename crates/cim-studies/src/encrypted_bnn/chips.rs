//! The network on noisy tiles: as it is, with the key, and without.

use cim_chip::{ChipDesign, LayerInputs};
use cim_core::{Stream, Tally};
use cim_nn::network::first_images;
use cim_nn::{Dataset, Network, accuracy};
use cim_tile::encryption::{Gates, Keyed, LayerKey, Word};
use cim_tile::{Blueprint, EnergyParts, EnergySpec, Grid};

use super::spec::Spec;
use crate::error::StudyError;

/// How the network is put on tiles. Encrypted columns carry the same sums, turned over at most, so that one design
/// serves all keys.
pub struct OnTiles<'a> {
    network: &'a Network,
    design: ChipDesign,
    inputs: LayerInputs,
}

/// Accuracies of one chip.
#[derive(Clone, Copy, Debug)]
pub struct OfChip {
    /// Weights as they are.
    pub plain: f64,
    /// Encrypted, with the key.
    pub with_key: f64,
    /// Encrypted, without it.
    pub without_key: f64,
}

impl<'a> OnTiles<'a> {
    /// Full scales by the policy of the preset on calibration images.
    pub fn of(spec: &Spec, network: &'a Network, data: &Dataset) -> Result<Self, StudyError> {
        let images = first_images(data, spec.calibration.images);
        let inputs = LayerInputs::of(network, images.view());
        let policy = spec.converters.full_scale;
        let design = ChipDesign::by_policy(spec.parts()?, network, &inputs, policy)?;
        Ok(Self { network, design, inputs })
    }

    /// Energy of one image without any key.
    pub fn energy(&self, spec: &Spec) -> Result<EnergyParts, StudyError> {
        Ok(EnergySpec::sum(self.design.energies(self.network, &self.inputs, &spec.energy)?))
    }

    /// Programs one chip three times over at the same address, and measures it.
    pub fn measure(
        &self,
        enrolled: &[LayerKey],
        used: &[LayerKey],
        test: &Dataset,
        at: Stream,
        tally: &mut Tally,
    ) -> Result<OfChip, StudyError> {
        let none: Vec<LayerKey> = used.iter().map(|key| LayerKey::none(key.shape())).collect();
        let mut runs = Vec::new();
        for (stored, key) in [(&none[..], &none[..]), (enrolled, used), (enrolled, &none[..])] {
            let products = self.programmed(stored, key, at, tally)?;
            let (logits, counts) = self.network.logits(&products, test);
            *tally += counts;
            runs.push(accuracy(logits.view(), test.labels()));
        }
        Ok(OfChip { plain: runs[0], with_key: runs[1], without_key: runs[2] })
    }

    fn programmed(
        &self,
        stored: &[LayerKey],
        key: &[LayerKey],
        at: Stream,
        tally: &mut Tally,
    ) -> Result<Vec<Keyed<Grid>>, StudyError> {
        let ChipDesign { parts, layers } = &self.design;
        let products = self.network.layers().iter().zip(layers).zip(stored.iter().zip(key));
        products
            .enumerate()
            .map(|(idx, ((layer, design), (stored, key)))| {
                let weights = stored.encrypted(layer.weights.view());
                let parts = parts.of_layer(idx);
                let blueprint = Blueprint::of(&parts, design, weights.view(), tally)?;
                let at = at.child("layer", idx as u64);
                let grid = Grid::from_blueprint(&parts, design, &blueprint, at, tally)?;
                Ok(Keyed::new(grid, key.clone()))
            })
            .collect()
    }
}

/// What keys take.
#[derive(Clone, Copy, Debug)]
pub struct Overhead {
    /// Gates of all layers.
    pub gates: Gates,
    /// What they take for one image (J).
    pub gates_j: f64,
    /// What the network takes for one image (J).
    pub image_j: f64,
    /// What cells alone take of it (J).
    pub cells_j: f64,
    /// Cells of weights, and of pairs.
    pub cells: [usize; 2],
    /// What it takes to regenerate the word and make keys of it, once (J).
    pub word_j: f64,
}

/// Gates against cells and the rest of the chip.
pub fn overhead(
    spec: &Spec,
    shapes: &[(usize, usize)],
    energy: EnergyParts,
) -> Result<Overhead, StudyError> {
    let mut gates = Gates::default();
    let mut digests = 0;
    for (methods, shape) in spec.methods(shapes.len()).into_iter().zip(shapes) {
        digests += Word::digests(methods, &[*shape]);
        let own = Gates::of(methods, *shape);
        gates.xors += own.xors;
        gates.multiplexers += own.multiplexers;
        gates.register_bits += own.register_bits;
    }
    let (pairs, parts) = (spec.pairs()?, spec.parts()?);
    let cells = |(layer, (inputs, outputs)): (usize, &(usize, usize))| {
        inputs * parts.of_layer(layer).mapping.columns(*outputs)
    };
    let weights: usize = shapes.iter().enumerate().map(cells).sum();
    let of_pairs = 2 * spec.puf.code.response_bits();
    let read_j = spec.circuit.read_voltage.0.powi(2) * pairs.target_s() * spec.energy.read_time.0;
    Ok(Overhead {
        gates,
        gates_j: gates.switching() as f64 * spec.encryption.gate.0,
        image_j: energy.total(),
        cells_j: energy.array,
        cells: [weights, of_pairs],
        word_j: of_pairs as f64 * f64::from(pairs.reads()) * read_j
            + digests as f64 * spec.encryption.digest.0,
    })
}
