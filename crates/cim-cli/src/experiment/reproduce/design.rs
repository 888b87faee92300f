//! Designs: how a network is put on a chip, naively or by the convex program.

use cim_core::{Amps, Joules, Volts};
use cim_device::Window;
use cim_nn::{LayerPath, Levels, Network, WeightNoise};
use cim_opt::terms::{LayerTerms, circuit_terms, device_terms, layer_terms};
use cim_opt::{Limits, Solution, WindowProblem, clip};
use cim_tile::{Calibration, EnergyParts, EnergySpec, LayerDesign, LayerErrors, Parts, full_scale};
use ndarray::{Array2, ArrayView2};

use super::spec::Spec;
use crate::error::CliError;

/// A network on a chip: parts and one design per layer.
#[derive(Clone)]
pub struct ChipDesign {
    pub parts: Parts,
    pub layers: Vec<LayerDesign>,
}

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

/// A design with the certificate it came with.
pub struct Optimised {
    pub design: ChipDesign,
    /// Energy of cells and sense amplifiers that the chosen window and voltage take.
    pub chosen_energy: Joules,
    /// Optimum of the error, from the conic solver.
    pub conic: Solution,
    /// The problem that was solved.
    pub problem: WindowProblem,
}

/// Inputs of every layer on calibration images, computed digitally.
pub struct LayerInputs(Vec<Array2<f32>>);

impl LayerInputs {
    /// Runs `images` (samples × inputs) through `network`.
    pub fn of(network: &Network, images: ArrayView2<'_, f32>) -> Self {
        let mut inputs = vec![images.to_owned()];
        let outputs = network.pre_activations(
            &network.exact(),
            images,
            0,
            &mut Default::default(),
            &mut Default::default(),
        );
        let hidden = outputs.len() - 1;
        inputs.extend(outputs.into_iter().take(hidden).map(|y| y.mapv_into(|v| v.max(0.0))));
        Self(inputs)
    }

    /// Largest input of each layer; 1 where a layer is never driven.
    pub fn limits(&self) -> Vec<f32> {
        let largest = |x: &Array2<f32>| x.iter().copied().fold(0.0f32, f32::max);
        self.0.iter().map(largest).map(|m| if m > 0.0 { m } else { 1.0 }).collect()
    }

    /// Inputs of one layer, samples × inputs.
    pub fn layer(&self, layer: usize) -> ArrayView2<'_, f32> {
        self.0[layer].view()
    }

    fn calibration(
        &self,
        layer: usize,
        limit: f32,
        parts: &Parts,
    ) -> Result<Calibration, CliError> {
        let dac = parts.check()?;
        Ok(Calibration::new(self.0[layer].view(), limit, &dac))
    }
}

impl ChipDesign {
    /// The naive mapping: the device's whole window, the largest weight at its top, the nominal read
    /// voltage, and full scales for the largest current that the weights can draw.
    pub fn naive(parts: Parts, network: &Network, limits: &[f32]) -> Self {
        let mut layers = Vec::new();
        for (layer, &input_limit) in network.layers().iter().zip(limits) {
            let weight_clip =
                layer.weights.iter().fold(0.0f32, |m, w| m.max(w.abs())).max(f32::MIN_POSITIVE);
            let mut design = LayerDesign {
                weight_clip,
                input_limit,
                drive_gain: parts.device.current_voltage().effective_v(parts.read_voltage.0)
                    / parts.read_voltage.0,
                full_scale: Array2::from_elem((0, 0), Amps::ZERO),
            };
            worst_case(&parts, &mut design, layer.weights.view());
            layers.push(design);
        }
        Self { parts, layers }
    }

    /// Errors of every layer in closed form.
    pub fn errors(
        &self,
        network: &Network,
        inputs: &LayerInputs,
    ) -> Result<Vec<LayerErrors>, CliError> {
        let layers = network.layers().iter().zip(&self.layers).enumerate();
        layers
            .map(|(idx, (layer, design))| {
                let calibration = inputs.calibration(idx, design.input_limit, &self.parts)?;
                Ok(LayerErrors::of(&self.parts, design, layer.weights.view(), &calibration)?)
            })
            .collect()
    }

    /// Energy of one inference.
    pub fn energy(
        &self,
        network: &Network,
        inputs: &LayerInputs,
        spec: &EnergySpec,
    ) -> Result<EnergyParts, CliError> {
        let mut layers = Vec::new();
        for (idx, (layer, design)) in network.layers().iter().zip(&self.layers).enumerate() {
            let calibration = inputs.calibration(idx, design.input_limit, &self.parts)?;
            layers.push(spec.layer(&self.parts, design, layer.weights.view(), &calibration)?);
        }
        Ok(EnergySpec::sum(layers))
    }

    /// The datapath as training sees it: numbers in the units of weights and outputs.
    pub fn paths(
        &self,
        network: &Network,
        inputs: &LayerInputs,
    ) -> Result<Vec<LayerPath>, CliError> {
        let errors = self.errors(network, inputs)?;
        let layers = network.layers().iter().zip(&self.layers).zip(&errors);
        Ok(layers
            .map(|((layer, design), errors)| {
                let amps = errors.amps_per_output;
                let full_scale = design.full_scale.mapv(|fs| (fs.0 / amps) as f32);
                let mut output_sigma = Array2::zeros(full_scale.dim());
                for tile in &errors.tiles {
                    let steady: f64 =
                        tile.columns.iter().map(|c| c.thermal + c.shot + c.read + c.input).sum();
                    output_sigma[tile.place] =
                        ((steady / tile.columns.len() as f64).sqrt() / amps) as f32;
                }
                let output = errors.output_variance();
                let relu_sigma = (output.sum() / output.len() as f64).sqrt() as f32;
                let (_, outputs) = layer.weights.dim();
                LayerPath {
                    weight_clip: design.weight_clip,
                    weight_noise: self.weight_noise(design.weight_clip),
                    input_limit: design.input_limit,
                    input_levels: Levels { top: ((1u32 << self.parts.dac.bits) - 1) as f32 },
                    tile_rows: self.parts.rows,
                    tile_cols: self.parts.outputs.min(outputs),
                    full_scale,
                    output_levels: Levels { top: (self.parts.adc_steps() / 2) as f32 },
                    output_sigma,
                    relu_sigma,
                }
            })
            .collect())
    }

    /// Programming error of a differential pair in weight units.
    fn weight_noise(&self, weight_clip: f32) -> WeightNoise {
        let law = self.parts.device.program_variance().posynomial;
        let (g_min, span) = (self.parts.window.g_min.0, self.parts.window.span().0);
        let per_siemens = f64::from(weight_clip) / span;
        let square = per_siemens * per_siemens;
        let bottom = 2.0 * (law.a0 + g_min * (law.a1 + g_min * law.a2)) + law.am / g_min;
        WeightNoise {
            c0: (bottom * square) as f32,
            c1: ((law.a1 + 2.0 * law.a2 * g_min) * per_siemens) as f32,
            c2: law.a2 as f32,
            cm: (law.am * per_siemens.powi(3)) as f32,
            w0: (g_min * per_siemens) as f32,
        }
    }

    /// The same design with the full scales of `paths`.
    pub fn with_full_scales(mut self, full_scale: &[Array2<f32>]) -> Self {
        for (layer, full_scale) in self.layers.iter_mut().zip(full_scale) {
            let amps = layer.amps_per_output(&self.parts);
            layer.full_scale = full_scale.mapv(|fs| Amps(f64::from(fs) * amps));
        }
        self
    }
}

/// Turns the knobs of `start` by the convex program and the search of the weight clip.
///
/// The read voltage is the most frugal one whose error stays within the preset's tolerance of the
/// optimum. Full scales that the optimiser may not turn are those of the worst case.
pub fn optimise(
    spec: &Spec,
    start: &ChipDesign,
    network: &Network,
    inputs: &LayerInputs,
    goal: Goal,
) -> Result<Optimised, CliError> {
    let Goal { knobs, search_clip, energy } = goal;
    let sensitivity = sensitivities(network, inputs);
    let mut design = start.clone();
    let bins = spec.optimiser.histogram_bins;
    let terms_of = |design: &ChipDesign,
                    idx: usize,
                    layer: &LayerDesign|
     -> Result<LayerTerms, CliError> {
        let weights = network.layers()[idx].weights.view();
        let calibration = inputs.calibration(idx, layer.input_limit, &design.parts)?;
        Ok(layer_terms(&design.parts, idx, layer, weights, &calibration, sensitivity[idx], bins)?)
    };
    let problem_of = |design: &ChipDesign, terms: Vec<LayerTerms>| WindowProblem {
        device: device_terms(
            &design.parts,
            spec.circuit.least_read_voltage,
            spec.circuit.disturb_voltage,
        ),
        circuit: circuit_terms(&design.parts, spec.energy.supply, spec.energy.read_time),
        tiles: terms.into_iter().flat_map(|t| t.tiles).collect(),
        limits: Limits { energy, ..Limits::default() },
    };
    if knobs.window && search_clip {
        for idx in 0..design.layers.len() {
            let largest = network.layers()[idx].weights.iter().fold(0.0f32, |m, w| m.max(w.abs()));
            let least = spec.optimiser.least_clip;
            let found =
                clip::search(f64::from(largest), least, spec.optimiser.clip_points, |clip| {
                    let layer =
                        LayerDesign { weight_clip: clip as f32, ..design.layers[idx].clone() };
                    let terms = terms_of(&design, idx, &layer)?;
                    let lost = terms.clip_loss;
                    let free = WindowProblem {
                        limits: Limits::default(),
                        ..problem_of(&design, vec![terms])
                    };
                    let solution = cim_opt::solve_fast(&free)?;
                    Ok::<_, CliError>(solution.objective + lost)
                })?;
            design.layers[idx].weight_clip = found as f32;
        }
    }
    let terms = (0..design.layers.len())
        .map(|idx| terms_of(&design, idx, &design.layers[idx]))
        .collect::<Result<Vec<_>, _>>()?;
    let problem = problem_of(&design, terms);
    let conic = cim_opt::solve(&problem)?;
    let mut chosen_energy = conic.energy;
    if knobs.window {
        let frugal = cim_opt::frugal(&problem, spec.optimiser.energy_tolerance)?;
        chosen_energy = frugal.energy;
        design.parts.window = Window::new(frugal.g_min, frugal.g_max)?;
        set_read_voltage(&mut design, inputs, frugal.read_voltage)?;
    }
    let mut ranges = conic.ranges.iter();
    for (idx, layer) in network.layers().iter().enumerate() {
        let layer_design = &mut design.layers[idx];
        let amps =
            design.parts.read_voltage.0 * layer_design.drive_gain * design.parts.window.span().0;
        let own =
            ranges.by_ref().take(layer_design.full_scale.len()).copied().collect::<Vec<f64>>();
        if knobs.full_scale {
            layer_design.full_scale.iter_mut().zip(own).for_each(|(fs, r)| *fs = Amps(r * amps));
        } else {
            worst_case(&design.parts, layer_design, layer.weights.view());
        }
    }
    Ok(Optimised { design, chosen_energy, conic, problem })
}

fn set_read_voltage(
    design: &mut ChipDesign,
    inputs: &LayerInputs,
    volts: Volts,
) -> Result<(), CliError> {
    design.parts.read_voltage = volts;
    for idx in 0..design.layers.len() {
        let calibration = inputs.calibration(idx, design.layers[idx].input_limit, &design.parts)?;
        design.layers[idx].drive_gain =
            calibration.drive_gain(design.parts.device.current_voltage(), volts);
    }
    Ok(())
}

fn worst_case(parts: &Parts, design: &mut LayerDesign, weights: ArrayView2<'_, f32>) {
    let amps = parts.read_voltage.0 * design.drive_gain * parts.window.span().0
        / f64::from(design.weight_clip);
    design.full_scale = full_scale::worst_case(parts, weights, design.weight_clip, amps);
}

/// Squared error of the logits, per unit of their power, that a unit squared error of one output of
/// each layer causes: the mean squared Jacobian over the calibration images.
fn sensitivities(network: &Network, inputs: &LayerInputs) -> Vec<f64> {
    let layers = network.layers();
    let last = layers.len() - 1;
    let samples = inputs.0[0].nrows().max(1) as f64;
    let logits = inputs.0[last].dot(&layers[last].weights) + &layers[last].bias;
    let power = logits.iter().map(|y| f64::from(y * y)).sum::<f64>() / samples;
    let classes = layers[last].bias.len();
    let mut squares = vec![0.0f64; layers.len()];
    squares[last] = samples * classes as f64;
    for class in 0..classes {
        let mut gradient = Array2::<f32>::zeros(logits.dim());
        gradient.column_mut(class).fill(1.0);
        for idx in (1..layers.len()).rev() {
            gradient = gradient.dot(&layers[idx].weights.t());
            ndarray::Zip::from(&mut gradient).and(&inputs.0[idx]).for_each(|g, &x| {
                if x <= 0.0 {
                    *g = 0.0;
                }
            });
            squares[idx - 1] += gradient.iter().map(|g| f64::from(g * g)).sum::<f64>();
        }
    }
    let outputs = layers.iter().map(|l| l.bias.len() as f64);
    squares.iter().zip(outputs).map(|(s, n)| s / (samples * n * power)).collect()
}
