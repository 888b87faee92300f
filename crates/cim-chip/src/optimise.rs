//! Designs by the convex program.

use cim_core::{Amps, Joules, Volts};
use cim_device::Window;
use cim_nn::Product;
use cim_opt::terms::{LayerTerms, check_signal, circuit_terms, device_terms, layer_terms};
use cim_opt::{Limits, Solution, WindowProblem, clip};
use cim_tile::LayerDesign;

use crate::design::{ChipDesign, worst_case};
use crate::error::ChipError;
use crate::inputs::LayerInputs;
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
    /// Search the weight clips too; off for weights that were trained within theirs.
    pub search_clip: bool,
    /// Greatest energy of cells and sense amplifiers per inference.
    pub energy: Option<Joules>,
}

impl Goal {
    /// The weight clip is searched, energy is free.
    pub fn of(window: bool, full_scale: bool) -> Self {
        Self { knobs: Knobs { window, full_scale }, search_clip: true, energy: None }
    }

    /// As [`of`](Self::of), for weights that were trained within their clip.
    pub fn with_trained_clip(window: bool, full_scale: bool) -> Self {
        Self { search_clip: false, ..Self::of(window, full_scale) }
    }
}

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
    /// Optimum of the error, from the conic solver.
    pub conic: Solution,
    /// The problem that was solved.
    pub problem: WindowProblem,
}

/// Turns the knobs of `start` by the convex program and the search of the weight clip.
///
/// The read voltage is the most frugal one whose error stays within the tolerance of the
/// optimum. Full scales that the optimiser may not turn are those of the worst case.
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
    let Goal { knobs, search_clip, energy } = goal;
    let products: Vec<Product<'_>> = network.products();
    for (idx, product) in products.iter().enumerate() {
        let calibration = inputs.calibration(idx, start.layers[idx].input_limit, &start.parts)?;
        check_signal(idx, product.weights, &calibration)?;
    }
    let sensitivity = network.sensitivities(inputs)?;
    let mut design = start.clone();
    let bins = rules.optimiser.histogram_bins;
    let terms_of =
        |design: &ChipDesign, idx: usize, layer: &LayerDesign| -> Result<LayerTerms, ChipError> {
            let Product { weights, per_sample, .. } = products[idx];
            let calibration = inputs.calibration(idx, layer.input_limit, &design.parts)?;
            let parts = &design.parts;
            let mut terms =
                layer_terms(parts, idx, layer, weights, &calibration, sensitivity[idx], bins)?;
            terms.tiles.iter_mut().for_each(|tile| tile.uses = per_sample as f64);
            Ok(terms)
        };
    let problem_of = |design: &ChipDesign, terms: Vec<LayerTerms>| WindowProblem {
        device: device_terms(
            &design.parts,
            rules.optimiser.least_read_voltage,
            rules.circuit.disturb_voltage,
        ),
        circuit: circuit_terms(&design.parts, rules.energy.supply, rules.energy.read_time),
        tiles: terms.into_iter().flat_map(|t| t.tiles).collect(),
        limits: Limits { energy, ..Limits::default() },
    };
    if knobs.window && search_clip {
        for (idx, product) in products.iter().enumerate() {
            let largest = product.weights.iter().fold(0.0f32, |m, w| m.max(w.abs()));
            let least = rules.optimiser.least_clip;
            let found =
                clip::search(f64::from(largest), least, rules.optimiser.clip_points, |clip| {
                    let layer =
                        LayerDesign { weight_clip: clip as f32, ..design.layers[idx].clone() };
                    let terms = terms_of(&design, idx, &layer)?;
                    let lost = terms.clip_loss;
                    let free = WindowProblem {
                        limits: Limits::default(),
                        ..problem_of(&design, vec![terms])
                    };
                    let solution = cim_opt::solve_fast(&free)?;
                    Ok::<_, ChipError>(solution.objective + lost)
                })?;
            design.layers[idx].weight_clip = found as f32;
        }
    }
    let terms = (0..design.layers.len())
        .map(|idx| terms_of(&design, idx, &design.layers[idx]))
        .collect::<Result<Vec<_>, _>>()?;
    let places: Vec<_> = terms.iter().map(|terms| terms.places.clone()).collect();
    let problem = problem_of(&design, terms);
    let conic = cim_opt::solve(&problem)?;
    let mut chosen_energy = conic.energy;
    if knobs.window {
        let frugal = cim_opt::frugal(&problem, rules.optimiser.energy_tolerance)?;
        chosen_energy = frugal.energy;
        design.parts.window = Window::new(frugal.g_min, frugal.g_max)?;
        set_read_voltage(&mut design, inputs, frugal.read_voltage)?;
    }
    let mut ranges = conic.ranges.iter();
    for (idx, product) in products.iter().enumerate() {
        let layer_design = &mut design.layers[idx];
        let amps =
            design.parts.read_voltage.0 * layer_design.drive_gain * design.parts.window.span().0;
        // Tiles without signal keep the worst case, as all do that may not be turned.
        let own: Vec<_> = places[idx].iter().zip(ranges.by_ref()).collect();
        worst_case(&design.parts, layer_design, product.weights);
        if knobs.full_scale {
            own.into_iter().for_each(|(&at, r)| layer_design.full_scale[at] = Amps(r * amps));
        }
    }
    Ok(Optimised { design, chosen_energy, conic, problem })
}

fn set_read_voltage(
    design: &mut ChipDesign,
    inputs: &LayerInputs,
    volts: Volts,
) -> Result<(), ChipError> {
    design.parts.read_voltage = volts;
    for idx in 0..design.layers.len() {
        let calibration = inputs.calibration(idx, design.layers[idx].input_limit, &design.parts)?;
        design.layers[idx].drive_gain =
            calibration.drive_gain(design.parts.device.current_voltage(), volts);
    }
    Ok(())
}
