//! Designs by the convex program.

use cim_core::{Amps, Joules, Volts};
use cim_crossbar::Wires;
use cim_device::Window;
use cim_nn::{Felt, Product};
use cim_opt::terms::{
    LayerTerms, Reference, check_signal, circuit_terms, device_terms, layer_terms,
};
use cim_opt::{InUse, Limits, Solution, TileTerms, WindowProblem, clip};
use cim_tile::{LayerDesign, Parts};
use rayon::prelude::*;

use crate::design::{ChipDesign, worst_case};
use crate::error::ChipError;
use crate::follow::{Follow, Unfollowed};
use crate::inputs::LayerInputs;
use crate::jacobian::Sensitivities;
use crate::mapped::Mapped;
use crate::scaled::Scaled;
use crate::scaling::Scaling;
use crate::sections::{CircuitSpec, EnergySpec, OptimiserSpec};
use crate::sensitive::Sensitive;

/// Which knobs the optimiser may turn.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Knobs {
    /// Conductance window, read voltage and weight clip.
    pub window: bool,
    /// Full scale of each tile.
    pub full_scale: bool,
}

/// What is asked of the optimiser.
#[derive(Clone, Copy)]
pub struct Goal {
    /// What may be turned.
    pub knobs: Knobs,
    /// Search the weight clips too, as they are best on ideal wires; off for weights that were trained within theirs.
    pub search_clip: bool,
    /// Search the ranges of inputs too, in the same way and on the same grid; off for ranges that stand.
    pub search_inputs: bool,
    /// Greatest energy of cells and sense amplifiers per inference.
    pub energy: Option<Joules>,
    /// What errors of the logits cost.
    pub felt: Felt,
}

impl Goal {
    /// The weight clip is searched, ranges of inputs stay, energy is free.
    pub fn of(window: bool, full_scale: bool) -> Self {
        Self {
            knobs: Knobs { window, full_scale },
            search_clip: true,
            search_inputs: false,
            energy: None,
            felt: SOFTENED,
        }
    }

    /// As [`of`](Self::of), for weights that were trained within their clip.
    pub fn with_trained_clip(window: bool, full_scale: bool) -> Self {
        Self { search_clip: false, ..Self::of(window, full_scale) }
    }
}

/// What designs are optimised for: the cross-entropy at a temperature of 2. Errors of a chip put answers
/// in doubt that are beyond it without. The temperature was chosen among four on one set of random designs.
pub const SOFTENED: Felt = Felt::CrossEntropy { temperature: 2.0 };

/// What the optimiser keeps to, as sections say it.
#[derive(Clone, Copy)]
pub struct Rules<'a> {
    /// Bounds and grids.
    pub optimiser: &'a OptimiserSpec,
    /// The largest read voltage.
    pub circuit: &'a CircuitSpec,
    /// Supply and read time.
    pub energy: &'a EnergySpec,
}

/// A design with the certificate it came with.
pub struct Optimised {
    /// The design.
    pub design: ChipDesign,
    /// Energy of cells and sense amplifiers that the chosen window and voltage take.
    pub chosen_energy: Joules,
    /// What is in the design, against proven bounds: the certificate of the point in use.
    pub in_use: InUse,
    /// Optimum of the error, from the conic solver.
    pub conic: Solution,
    /// Least energy within the tolerance, where window and voltage could be turned.
    pub frugal: Option<Solution>,
    /// The problem that was solved: the terms of the design, with the noise that it has.
    pub problem: WindowProblem,
    /// What was optimised for.
    pub sensitivities: Sensitivities,
    /// Of each product, which of its full scales each tile of the problem is about.
    places: Vec<Vec<(usize, usize)>>,
    /// Error that nothing in the problem changes.
    fixed: f64,
}

/// The stage in which it is found out what outputs feel.
const SENSITIVITIES: &str = "what outputs feel";

/// How often terms are taken at the last design and solved again: the histograms of currents are
/// widened by the noise of a design, which the first has of the start.
const ROUNDS: usize = 2;

/// Vectors of a product on which clips are compared, which is done dozens of times: what remains of their spread is far
/// below a step of the grid.
const VECTORS: usize = 512;

/// Turns the knobs of `start` by the convex program and the search of the weight clip.
///
/// The read voltage is the most frugal one whose error stays within the tolerance of the
/// optimum. Full scales that the optimiser may not turn are those of the worst case. What the front end of a tile
/// takes at rest is counted as under the mapping of all layers.
///
/// # Errors
/// [`ChipError::Tile`] for a product without signal, [`ChipError::Sign`] for inputs that converters
/// cannot carry, [`ChipError::Optimiser`] where the program has no answer.
pub fn optimise(
    rules: Rules<'_>,
    start: &ChipDesign,
    network: &impl Sensitive,
    inputs: &LayerInputs,
    goal: Goal,
) -> Result<Optimised, ChipError> {
    optimise_followed(rules, start, network, inputs, goal, &Unfollowed)
}

/// As [`optimise`], told to `follow`.
///
/// # Errors
/// As [`optimise`].
pub fn optimise_followed(
    rules: Rules<'_>,
    start: &ChipDesign,
    network: &impl Sensitive,
    inputs: &LayerInputs,
    goal: Goal,
    follow: &dyn Follow,
) -> Result<Optimised, ChipError> {
    let Goal { knobs, search_clip, search_inputs, energy, felt } = goal;
    let products: Vec<Product<'_>> = network.products();
    check_signals(&products, inputs, &start.parts)?;
    follow.begins(SENSITIVITIES, 1);
    let sensitivities = network.sensitivities(inputs, felt)?;
    let (reference, products) = (sensitivities.reference(network.scales()), &products[..]);
    let task = Task { rules, products, inputs, sensitivities: &sensitivities, reference, energy };
    let mut design = start.clone();
    let few = inputs.thinned(VECTORS);
    let on_few = Task { inputs: &few, ..task };
    // Clips are compared on ideal wires: every clip is another array, which would be solved anew.
    let limits = inputs.limits();
    follow.begins("search clips", products.len());
    let parts = Parts { wires: Wires::NONE, ..design.parts.clone() };
    let clipped = |(idx, layer): (usize, &LayerDesign)| -> Result<LayerDesign, ChipError> {
        let mut layer = layer.clone();
        if search_inputs {
            let limit = |layer: &mut LayerDesign, limit| layer.input_limit = limit;
            layer.input_limit = on_few.best_clip(&parts, (idx, &layer), limits[idx], limit)?.0;
        }
        if knobs.window && search_clip {
            let largest = largest_weight(&products[idx]);
            let clip = |layer: &mut LayerDesign, clip| layer.weight_clip = clip;
            layer.weight_clip = on_few.best_clip(&parts, (idx, &layer), largest, clip)?.0;
        }
        follow.step();
        Ok(layer)
    };
    let layers: Result<_, ChipError> = design.layers.par_iter().enumerate().map(clipped).collect();
    design.layers = layers?;
    if search_inputs {
        set_read_voltage(&mut design, inputs, start.parts.read_voltage)?;
    }
    let has_lone_columns = design.parts.mapping.layout(1).has_lone_columns();
    let mut met = vec![design.clone()];
    follow.begins("solve the program", ROUNDS + 1);
    for _ in 0..ROUNDS {
        let Posed { problem, places, .. } = task.pose(&design)?;
        let best = cim_opt::solve(&problem)?;
        if knobs.window {
            let frugal = cim_opt::frugal(&problem, rules.optimiser.energy_tolerance)?;
            design.parts.window = Window::new(frugal.g_min, frugal.g_max)?;
            set_read_voltage(&mut design, inputs, frugal.read_voltage)?;
        }
        let ranges = knobs.full_scale.then_some(&best.ranges[..]);
        task.set_full_scales(&mut design, &places, ranges);
        met.push(design.clone());
        follow.step();
    }
    if knobs.window && has_lone_columns {
        design = task.least_of(met, knobs)?;
    }
    let posed = task.pose(&design)?;
    let conic = cim_opt::solve(&posed.problem)?;
    let frugal = knobs
        .window
        .then(|| cim_opt::frugal(&posed.problem, rules.optimiser.energy_tolerance))
        .transpose()?;
    let Posed { problem, places, fixed } = posed;
    let in_use = in_use(&problem, &places, fixed, &design, (&conic, frugal.as_ref()))?;
    let chosen_energy = in_use.energy;
    Ok(Optimised {
        design,
        chosen_energy,
        in_use,
        conic,
        frugal,
        problem,
        sensitivities,
        places,
        fixed,
    })
}

/// How each product of `network` is scaled best on the parts of `start`: what has the least error with the weight
/// clip that is best for it, on ideal wires and at the start's window and voltage.
///
/// `inputs` are those of the network's own products, without scaling; `follow` is told how far the search is.
///
/// # Errors
/// As [`optimise`].
pub fn best_scalings(
    rules: Rules<'_>,
    start: &Parts,
    network: &impl Sensitive,
    inputs: &LayerInputs,
    felt: Felt,
    follow: &dyn Follow,
) -> Result<Vec<Scaling>, ChipError> {
    check_signals(&network.products(), inputs, start)?;
    follow.begins(SENSITIVITIES, 1);
    let own = network.sensitivities(inputs, felt)?;
    let few = inputs.thinned(VECTORS);
    let mut best = vec![(f64::INFINITY, Scaling::None); own.outputs.len()];
    follow.begins("search scalings", Scaling::ALL.len() * best.len());
    for scaling in Scaling::ALL {
        let scaled = Scaled::alike(network, scaling);
        let (sensitivities, inputs) = (&scaled.felt(own.clone()), &scaled.inputs(&few));
        let (reference, products) = (own.reference(network.scales()), &scaled.products()[..]);
        let task = Task { rules, products, inputs, sensitivities, reference, energy: None };
        let parts = Parts { wires: Wires::NONE, ..start.clone() };
        let mut design = ChipDesign::naive(parts, &scaled, &inputs.limits());
        set_read_voltage(&mut design, inputs, start.read_voltage)?;
        let error = |(idx, layer): (usize, &LayerDesign)| {
            let largest = largest_weight(&products[idx]);
            let clip = |layer: &mut LayerDesign, clip| layer.weight_clip = clip;
            let error = task.best_clip(&design.parts, (idx, layer), largest, clip)?.1;
            follow.step();
            Ok(error)
        };
        let errors: Result<Vec<f64>, ChipError> =
            design.layers.par_iter().enumerate().map(error).collect();
        for (best, error) in best.iter_mut().zip(errors?) {
            if error < best.0 {
                *best = (error, scaling);
            }
        }
    }
    Ok(best.into_iter().map(|(_, scaling)| scaling).collect())
}

impl Optimised {
    /// Where another design with the same weight clips stands against the bounds of this problem,
    /// such as the same one with other full scales.
    ///
    /// # Errors
    /// [`ChipError::Optimiser`] for a design of other tiles.
    pub fn placed(&self, design: &ChipDesign) -> Result<InUse, ChipError> {
        let bounds = (&self.conic, self.frugal.as_ref());
        in_use(&self.problem, &self.places, self.fixed, design, bounds)
    }
}

/// What stays the same while a design is optimised.
#[derive(Clone, Copy)]
struct Task<'a> {
    rules: Rules<'a>,
    products: &'a [Product<'a>],
    inputs: &'a LayerInputs,
    sensitivities: &'a Sensitivities,
    reference: Reference,
    energy: Option<Joules>,
}

/// The program of a design.
struct Posed {
    problem: WindowProblem,
    /// Of each product, which of its full scales each tile of the problem is about.
    places: Vec<Vec<(usize, usize)>>,
    /// Error that nothing in the program changes.
    fixed: f64,
}

impl Task<'_> {
    fn terms(
        &self,
        parts: &Parts,
        idx: usize,
        layer: &LayerDesign,
    ) -> Result<LayerTerms, ChipError> {
        let Product { weights, per_sample, .. } = self.products[idx];
        let parts = parts.of_layer(idx);
        let calibration = self.inputs.calibration(idx, layer.input_limit, &parts)?;
        let felt = (self.sensitivities.outputs[idx].view(), self.reference);
        let bins = self.rules.optimiser.histogram_bins;
        let mut terms = layer_terms(&parts, idx, layer, weights, &calibration, felt, bins)?;
        terms.tiles.iter_mut().for_each(|tile| tile.uses = per_sample as f64);
        Ok(terms)
    }

    fn problem(&self, parts: &Parts, tiles: Vec<TileTerms>) -> WindowProblem {
        let Rules { optimiser, circuit, energy } = self.rules;
        let limits = Limits { energy: self.energy, ..Limits::default() };
        WindowProblem {
            device: device_terms(parts, optimiser.least_read_voltage, circuit.disturb_voltage),
            circuit: circuit_terms(parts, energy.supply, energy.read_time),
            tiles,
            limits,
        }
    }

    fn pose(&self, design: &ChipDesign) -> Result<Posed, ChipError> {
        let (mut tiles, mut places, mut fixed) = (Vec::new(), Vec::new(), 0.0);
        for (idx, layer) in design.layers.iter().enumerate() {
            let terms = self.terms(&design.parts, idx, layer)?;
            tiles.extend(terms.tiles);
            places.push(terms.places);
            fixed += terms.fixed_loss;
        }
        Ok(Posed { problem: self.problem(&design.parts, tiles), places, fixed })
    }

    /// The clip of one product, up to `largest`, that is best for it alone, and its error there; `set` puts it
    /// into the product's design.
    fn best_clip(
        &self,
        parts: &Parts,
        (idx, layer): (usize, &LayerDesign),
        largest: f32,
        set: impl Fn(&mut LayerDesign, f32),
    ) -> Result<(f32, f64), ChipError> {
        let OptimiserSpec { least_clip, clip_points, .. } = *self.rules.optimiser;
        let (found, error) = clip::search(f64::from(largest), least_clip, clip_points, |clip| {
            let mut layer = layer.clone();
            set(&mut layer, clip as f32);
            let LayerTerms { tiles, fixed_loss, .. } = self.terms(parts, idx, &layer)?;
            let alone = self.problem(parts, tiles);
            let free = WindowProblem { limits: Limits::default(), ..alone };
            Ok::<_, ChipError>(cim_opt::solve_fast(&free)?.objective + fixed_loss)
        })?;
        Ok((found as f32, error))
    }

    /// The design with the least error in its own window, with the full scales that are best there.
    ///
    /// What the bottom of a window adds to lone columns is in front of their converters too, and the
    /// histograms of a problem have it as it is in the design that the problem was posed for: the program does not see
    /// what another window does to it, so that its answer may be worse than where it began.
    fn least_of(&self, met: Vec<ChipDesign>, knobs: Knobs) -> Result<ChipDesign, ChipError> {
        let mut least: Option<(f64, ChipDesign)> = None;
        for mut design in met {
            let Posed { problem, places, .. } = self.pose(&design)?;
            let best = cim_opt::solve(&problem)?;
            let ranges = knobs.full_scale.then_some(&best.ranges[..]);
            self.set_full_scales(&mut design, &places, ranges);
            let Posed { problem, places, fixed } = self.pose(&design)?;
            let error = in_use(&problem, &places, fixed, &design, (&best, None))?.objective;
            if least.as_ref().is_none_or(|(least, _)| error < *least) {
                least = Some((error, design));
            }
        }
        Ok(least.expect("the start at least").1)
    }

    /// Sets full scales to ranges of the problem's tiles; those of tiles without signal, and all if
    /// there are none, to the worst case.
    fn set_full_scales(
        &self,
        design: &mut ChipDesign,
        places: &[Vec<(usize, usize)>],
        ranges: Option<&[f64]>,
    ) {
        let mut ranges = ranges.unwrap_or(&[]).iter();
        for (idx, product) in self.products.iter().enumerate() {
            let parts = design.parts.of_layer(idx);
            worst_case(&parts, &mut design.layers[idx], product.weights);
            let amps = amps_per_range(design, idx);
            let layer = &mut design.layers[idx];
            for (&at, range) in places[idx].iter().zip(ranges.by_ref()) {
                layer.full_scale[at] = Amps(range * amps);
            }
        }
    }
}

/// Refuses products that the samples drive with nothing.
fn check_signals(
    products: &[Product<'_>],
    inputs: &LayerInputs,
    parts: &Parts,
) -> Result<(), ChipError> {
    let limits = inputs.limits();
    for (idx, product) in products.iter().enumerate() {
        let calibration = inputs.calibration(idx, limits[idx], parts)?;
        check_signal(idx, product.weights, &calibration)?;
    }
    Ok(())
}

fn largest_weight(product: &Product<'_>) -> f32 {
    product.weights.iter().fold(0.0f32, |m, w| m.max(w.abs()))
}

fn in_use(
    problem: &WindowProblem,
    places: &[Vec<(usize, usize)>],
    fixed: f64,
    design: &ChipDesign,
    (best, frugal): (&Solution, Option<&Solution>),
) -> Result<InUse, ChipError> {
    let mut ranges = Vec::with_capacity(problem.tiles.len());
    for (idx, (layer, places)) in design.layers.iter().zip(places).enumerate() {
        let amps = amps_per_range(design, idx);
        ranges.extend(places.iter().map(|&at| layer.full_scale[at].0 / amps));
    }
    let Window { g_min, g_max } = design.parts.window;
    let point = (g_min, g_max, design.parts.read_voltage);
    Ok(InUse::of(problem, point, &ranges, fixed, best, frugal)?)
}

/// Current (A) of one unit of a tile's normalised output.
fn amps_per_range(design: &ChipDesign, layer: usize) -> f64 {
    design.parts.read_voltage.0 * design.layers[layer].drive_gain * design.parts.window.span().0
}

/// Sets the read voltage, and the gains by which currents are read back to what they then are.
pub(crate) fn set_read_voltage(
    design: &mut ChipDesign,
    inputs: &LayerInputs,
    volts: Volts,
) -> Result<(), ChipError> {
    design.parts.read_voltage = volts;
    for idx in 0..design.layers.len() {
        let calibration = inputs.calibration(idx, design.layers[idx].input_limit, &design.parts)?;
        let law = design.parts.device.current_voltage();
        design.layers[idx].drive_gain = calibration.drive_gain(law, volts, design.parts.dac);
    }
    Ok(())
}
