//! Random designs around a design, and whether an objective puts them in the order of accuracy.

use cim_adc::FullScale;
use cim_core::{Siemens, Stream, Volts};
use cim_device::Window;
use cim_nn::Network;
use cim_tile::full_scale;
use ndarray::Array2;
use rayon::prelude::*;

use crate::chips::accuracies;
use crate::design::ChipDesign;
use crate::error::ChipError;
use crate::inputs::LayerInputs;
use crate::intervals::estimate;
use crate::optimise::{Rules, set_read_voltage};
use crate::rank::{RankEstimate, rank_correlation, rank_estimate};
use crate::task::Task;

/// Percentile of the currents that the full scales of random designs are drawn around.
const PERCENTILE: f64 = 99.9;

/// Ends between which random designs are drawn, evenly in the logarithm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ranges {
    /// Width of the window, as a part of what the device has above its bottom.
    pub span: [f64; 2],
    /// Weight clip of each layer, as a part of its largest weight.
    pub clip: [f64; 2],
    /// Full scale of each layer, as a multiple of the 99.9th percentile of its currents.
    pub full_scale: [f64; 2],
}

impl Ranges {
    /// From designs that nothing is wrong with to some that hardly work.
    pub const WIDE: Self = Self { span: [0.3, 1.0], clip: [0.2, 1.0], full_scale: [0.3, 3.0] };
}

/// Designs drawn at random around `start`: the bottom of the window in the lower half of the device's,
/// evenly; read voltages between the least of the optimiser and the one that disturbs; the rest as
/// `ranges` says. Design `k` is drawn below `at.child("design", k)`.
///
/// # Errors
/// As [`ChipDesign::by_policy`].
pub fn random_designs(
    rules: Rules<'_>,
    start: &ChipDesign,
    network: &Network,
    inputs: &LayerInputs,
    ranges: Ranges,
    count: usize,
    at: Stream,
) -> Result<Vec<ChipDesign>, ChipError> {
    let whole = start.parts.device.window();
    let between = |[low, high]: [f64; 2], u: f32| low * (high / low).powf(f64::from(u));
    let none = Array2::from_elem((0, 0), cim_core::Amps::ZERO);
    let mut designs = Vec::with_capacity(count);
    for idx in 0..count {
        let mut draws = vec![0.0f32; 3 + 2 * start.layers.len()];
        at.child("design", idx as u64).fill_uniform(0, &mut draws);
        let (chip, layers) = draws.split_at(3);
        let mut design = start.clone();
        let g_min = whole.g_min.0 + 0.5 * f64::from(chip[0]) * whole.span().0;
        let span = (whole.g_max.0 - g_min) * between(ranges.span, chip[1]);
        design.parts.window = Window::new(Siemens(g_min), Siemens(g_min + span))?;
        let volts = [rules.optimiser.least_read_voltage.0, rules.circuit.disturb_voltage.0];
        set_read_voltage(&mut design, inputs, Volts(between(volts, chip[2])))?;
        for (idx, product) in network.products().enumerate() {
            let largest = product.weights.iter().fold(0.0f32, |m, w| m.max(w.abs()));
            let (own, parts) = (&mut design.layers[idx], design.parts.of_layer(idx));
            own.weight_clip = largest * between(ranges.clip, layers[2 * idx]) as f32;
            let calibration = inputs.calibration(idx, own.input_limit, &parts)?;
            let amps = own.amps_per_weight(&parts);
            own.full_scale = full_scale::by_policy(
                FullScale::Percentile { percentile: PERCENTILE },
                &parts,
                product.weights,
                own.weight_clip,
                amps,
                &calibration,
                none.view(),
            )?;
            let factor = between(ranges.full_scale, layers[2 * idx + 1]);
            own.full_scale.mapv_inplace(|fs| fs * factor);
        }
        designs.push(design);
    }
    Ok(designs)
}

/// What an objective predicts of designs, and what they are.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranked {
    /// Predicted error of every design.
    pub objective: Vec<f64>,
    /// Mean accuracy of its chips.
    pub accuracy: Vec<f64>,
}

impl Ranked {
    /// Predicts every design by `objective` and measures it on `chips` chips and the samples of `task`,
    /// designs side by side. Chip `k` of all of them draws below `at.child("chip", k)`; `tick` is called
    /// after each design.
    ///
    /// # Errors
    /// Those of `objective` and of [`accuracies`].
    pub fn of(
        designs: &[ChipDesign],
        network: &Network,
        task: &Task,
        objective: impl Fn(&ChipDesign) -> Result<f64, ChipError> + Sync,
        (chips, at): (usize, Stream),
        tick: impl Fn() + Sync,
    ) -> Result<Self, ChipError> {
        let of = |design: &ChipDesign| -> Result<(f64, f64), ChipError> {
            let predicted = objective(design)?;
            let found = accuracies(design, network, task, chips, at, || ())?;
            tick();
            Ok((predicted, estimate(&found).mean))
        };
        let found = designs.par_iter().map(of).collect::<Result<Vec<_>, ChipError>>()?;
        let (objective, accuracy) = found.into_iter().unzip();
        Ok(Self { objective, accuracy })
    }

    /// Rank correlation of the objective with what is *lost*: 1 where the objective puts all designs in
    /// the order of their accuracy.
    pub fn correlation(&self) -> f64 {
        rank_correlation(&self.objective, &self.lost())
    }

    /// [`correlation`](Self::correlation) with its interval over designs, of this network on these samples;
    /// all draws are below `at`.
    pub fn estimate(&self, at: Stream) -> RankEstimate {
        rank_estimate(&self.objective, &self.lost(), at)
    }

    /// What every design loses, up to a constant.
    fn lost(&self) -> Vec<f64> {
        self.accuracy.iter().map(|accuracy| -accuracy).collect()
    }
}
