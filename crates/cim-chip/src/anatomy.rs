//! What a design makes of every product of a network.

use cim_core::{Amps, MatMul, Scratch, Tally};
use cim_tile::{ColumnErrors, EnergyParts, EnergySpec, Grid};
use ndarray::Array2;

use crate::design::ChipDesign;
use crate::error::ChipError;
use crate::inputs::LayerInputs;
use crate::mapped::Mapped;
use crate::scaling::Scaling;

/// What is known of one product on chips.
#[derive(Clone, Debug, PartialEq)]
pub struct ProductAnatomy {
    /// Its name.
    pub name: String,
    /// Inputs and outputs.
    pub shape: (usize, usize),
    /// Vectors that one sample drives it with.
    pub per_sample: usize,
    /// Row tiles and column tiles.
    pub tiles: (usize, usize),
    /// Cells that carry its weights.
    pub cells: usize,
    /// How it is scaled: what follows up to full scales is of what stands between the factors.
    pub scaling: Scaling,
    /// Least and largest input on calibration samples.
    pub input_range: [f32; 2],
    /// Input of the largest code.
    pub input_limit: f32,
    /// Weight that stands for the whole window.
    pub weight_clip: f32,
    /// Least and largest full scale of its tiles.
    pub full_scale: [Amps; 2],
    /// Power of its outputs over that of their error, measured on one chip with the digital inputs of
    /// the calibration samples; infinite where there is no error.
    pub signal_to_noise: f64,
    /// Errors of its outputs by source, per unit of their power, in closed form.
    pub errors: ColumnErrors,
    /// Energy of one sample, where prices are known.
    pub energy: Option<EnergyParts>,
}

/// Looks at every product of `network` under `design`, on one programmed chip (`grids`) for what is
/// measured.
///
/// # Errors
/// As [`ChipDesign::errors`]; [`ChipError::Tile`] for converters without a price.
pub fn anatomy(
    design: &ChipDesign,
    network: &impl Mapped,
    inputs: &LayerInputs,
    prices: Option<&EnergySpec>,
    grids: &[Grid],
) -> Result<Vec<ProductAnatomy>, ChipError> {
    let parts = &design.parts;
    let errors = design.errors_of_outputs(network, inputs)?;
    let energies = prices.map(|prices| design.energies(network, inputs, prices)).transpose()?;
    let products = network.products();
    let of = |(idx, product): (usize, &cim_nn::Product<'_>)| {
        let layer = &design.layers[idx];
        let ((rows, cols), parts) = (product.weights.dim(), parts.of_layer(idx));
        let tiles = parts.grid_shape(rows, cols);
        let columns = |col| parts.mapping.columns(parts.block((0, col), (rows, cols)).1.len());
        let scales = layer.full_scale.iter().copied();
        let infinite = Amps(f64::INFINITY);
        ProductAnatomy {
            name: product.name.to_owned(),
            shape: (rows, cols),
            per_sample: product.per_sample,
            tiles,
            cells: rows * (0..tiles.1).map(columns).sum::<usize>(),
            scaling: network.scaling(idx),
            input_range: inputs.range(idx),
            input_limit: layer.input_limit,
            weight_clip: layer.weight_clip,
            full_scale: [
                scales.clone().fold(infinite, |a, b| if b < a { b } else { a }),
                scales.fold(Amps::ZERO, |a, b| if a < b { b } else { a }),
            ],
            signal_to_noise: signal_to_noise(
                &grids[idx],
                product,
                inputs.layer(idx),
                network.output_factors(idx),
            ),
            errors: errors[idx].shares(),
            energy: energies.as_ref().map(|energies| energies[idx]),
        }
    };
    Ok(products.iter().enumerate().map(of).collect())
}

/// Call of the vectors of a calibration: no sample has it.
const CALIBRATION_CALL: u64 = u64::MAX;

fn signal_to_noise(
    grid: &Grid,
    product: &cim_nn::Product<'_>,
    x: ndarray::ArrayView2<'_, f32>,
    factors: Option<ndarray::ArrayView1<'_, f32>>,
) -> f64 {
    let mut ideal = x.dot(&product.weights);
    let mut real = Array2::zeros(ideal.dim());
    let (mut scratch, mut tally) = (Scratch::default(), Tally::default());
    grid.apply(x, CALIBRATION_CALL, real.view_mut(), &mut scratch, &mut tally);
    if let Some(factors) = factors {
        ideal *= &factors;
        real *= &factors;
    }
    let power = |m: &Array2<f32>| m.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>();
    power(&ideal) / power(&(real - &ideal))
}
