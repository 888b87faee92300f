//! Every attack on every chip that is attacked.

use cim_core::Stream;
use cim_nn::BinaryNetwork;
use cim_tile::encryption::{LayerKey, Method, Methods};
use rayon::prelude::*;

use super::attack::{Fit, Guess, Target, alike_rows, constant_pixels, fit, hill_climb, right_bits};
use super::keys::{self, Keyed};
use super::learned::Signs;
use super::locked;
use super::spec::Spec;
use crate::context::Context;

/// How an attacker goes about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    HillClimb,
    Fit,
    RowsAndFit,
}

/// One attack.
#[derive(Clone, Debug)]
struct Attack {
    way: Way,
    /// Of every layer.
    methods: Vec<Methods>,
    images: usize,
}

/// What came of one attack, chip by chip.
pub struct OfAttack {
    /// Name in figures.
    pub key: String,
    /// Name for readers.
    pub name: String,
    /// How every layer was encrypted.
    pub methods: Vec<Methods>,
    /// Images with labels that it needs.
    pub images: usize,
    /// How often images were run through the network, one by one, on the first chip.
    pub runs: u64,
    /// Share of test images that are recognised with the keys that were found.
    pub accuracy: Vec<f64>,
    /// Share of key bits that are right.
    pub right: Vec<f64>,
}

/// What rows of the first layer tell, chip by chip.
#[derive(Default)]
pub struct Leaks {
    /// Pixels that are constant on the attacker's images.
    pub constant: usize,
    /// Inputs of the first layer.
    pub inputs: usize,
    /// Of those, share of bits told rightly, up to all at once.
    pub constant_right: Vec<f64>,
    /// Of all pixels.
    pub alike_right: Vec<f64>,
}

/// What is attacked, and with what.
pub struct Attacked<'a> {
    /// The network as it is.
    pub plain: &'a BinaryNetwork,
    /// Chips, each with a word of its own.
    pub chips: &'a [Keyed],
    /// Images of the attacker, none of the test set.
    pub images: &'a Signs,
    /// Pixels of a line.
    pub width: usize,
    /// What all are measured on in the end.
    pub test: &'a Signs,
}

impl Attacked<'_> {
    /// Runs all.
    pub fn run(&self, spec: &Spec, context: &Context<'_>, root: Stream) -> (Vec<OfAttack>, Leaks) {
        let layers = locked::shapes(self.plain).len();
        let attacks = attacks(spec, layers);
        let chips = &self.chips[..spec.attack.chips.min(self.chips.len())];
        let bar = context.progress.begin("attack", attacks.len() * chips.len());
        let jobs: Vec<(usize, usize)> =
            (0..attacks.len()).flat_map(|a| (0..chips.len()).map(move |c| (a, c))).collect();
        let found: Vec<(f64, f64, u64)> = jobs
            .par_iter()
            .map(|&(attack, chip)| {
                let at = root.child("attack", attack as u64).child("chip", chip as u64);
                let found = self.one(spec, &attacks[attack], &chips[chip], at);
                bar.step(1);
                found
            })
            .collect();
        let outcomes =
            attacks.iter().zip(found.chunks(chips.len())).map(|(attack, found)| OfAttack {
                key: attack.key(&spec.methods(layers)),
                name: attack.name(),
                methods: attack.methods.clone(),
                images: attack.images,
                runs: found[0].2,
                accuracy: found.iter().map(|found| found.0).collect(),
                right: found.iter().map(|found| found.1).collect(),
            });
        (outcomes.collect(), self.leaks(spec, chips))
    }

    fn keys(&self, chip: &Keyed, methods: &[Methods]) -> Vec<LayerKey> {
        keys::of_word(&chip.enrolled, methods, &locked::shapes(self.plain))
    }

    /// Accuracy, share of right bits, and runs.
    fn one(&self, spec: &Spec, attack: &Attack, chip: &Keyed, at: Stream) -> (f64, f64, u64) {
        let truth = self.keys(chip, &attack.methods);
        let stored = locked::locked(self.plain, &truth);
        let images = self.images.first(attack.images);
        let target = Target { locked: &stored, methods: &attack.methods, images: &images };
        let way =
            Fit { steps: spec.attack.steps, batch: spec.attack.batch, rate: spec.attack.rate };
        let guess: Guess = match attack.way {
            Way::HillClimb => hill_climb(&target, spec.attack.passes),
            Way::Fit => fit(&target, way, None, at),
            Way::RowsAndFit => {
                let rows = alike_rows(&target, self.width).is_inverted;
                fit(&target, way, Some(&rows), at)
            }
        };
        let accuracy = locked::accuracy(&stored, &guess.keys, self.test);
        (accuracy, right_bits(&attack.methods, &guess.keys, &truth), guess.runs)
    }

    fn leaks(&self, spec: &Spec, chips: &[Keyed]) -> Leaks {
        let methods = spec.methods(locked::shapes(self.plain).len());
        let images = self.images.first(spec.attack.most_images());
        let mut leaks = Leaks::default();
        for chip in chips {
            let truth = self.keys(chip, &methods);
            let stored = locked::locked(self.plain, &truth);
            let target = Target { locked: &stored, methods: &methods, images: &images };
            let constant = constant_pixels(&target);
            (leaks.constant, leaks.inputs) = (constant.rows.len(), truth[0].rows.len());
            leaks.constant_right.push(constant.right(&truth[0]));
            leaks.alike_right.push(alike_rows(&target, self.width).right(&truth[0]));
        }
        leaks
    }
}

/// The predecessor's scheme, row inversion alone, and that of the preset.
fn attacks(spec: &Spec, layers: usize) -> Vec<Attack> {
    let own = spec.methods(layers);
    let all = |method| vec![Methods::of(&[method]); layers];
    let mut schemes = vec![all(Method::ColumnSwap), all(Method::RowInversion), own.clone()];
    schemes.dedup();
    let images = spec.attack.images;
    let climb = |methods| Attack { way: Way::HillClimb, methods, images };
    let mut attacks: Vec<Attack> = schemes.into_iter().map(climb).collect();
    for &images in &spec.attack.fit_images {
        attacks.push(Attack { way: Way::Fit, methods: own.clone(), images });
        if own[0].rows {
            attacks.push(Attack { way: Way::RowsAndFit, methods: own.clone(), images });
        }
    }
    attacks
}

impl Attack {
    fn key(&self, own: &[Methods]) -> String {
        let way = match self.way {
            Way::HillClimb => "hill_climb",
            Way::Fit => "fit",
            Way::RowsAndFit => "rows_and_fit",
        };
        let scheme = if self.methods == own {
            String::new()
        } else {
            format!("_{}", keys::named(&self.methods).replace(" + ", "_").replace(' ', "_"))
        };
        format!("{way}{scheme}_{}", self.images)
    }

    fn name(&self) -> String {
        let way = match self.way {
            Way::HillClimb => "hill climbing, bit by bit (published)",
            Way::Fit => "bits fitted by gradient",
            Way::RowsAndFit => "rows read off, other bits fitted by gradient",
        };
        format!("{way}, {} images", self.images)
    }
}
