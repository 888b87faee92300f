//! The nonideality factor of tiles: what their wires lose.

use cim_core::{Ohms, Tally};
use cim_crossbar::{Circuit, Transfer, Wires};
use ndarray::ArrayView2;

use crate::error::TileError;
use crate::grid::{Blueprint, LayerDesign, Parts, TileBlueprint};

/// Nonideality factor `(I_ideal − I) / I_ideal` of an array of cells `g_s` (rows × columns, S), all
/// rows at the read voltage, currents of all columns summed.
///
/// # Errors
/// [`TileError`] for conductances or wires that cannot be.
pub fn factor(g_s: ArrayView2<'_, f64>, wires: Wires) -> Result<f64, TileError> {
    let ideal = g_s.sum();
    if wires.are_ideal() || ideal == 0.0 {
        return Ok(0.0);
    }
    let actual = Transfer::compile(&Circuit::new(g_s.to_owned(), wires)?)?.matrix().sum();
    Ok((ideal - actual) / ideal)
}

/// Nonideality factor of every tile of a layer, row tiles outermost, over the mean conductance of
/// the cells behind a sensed current: to first order what the factor is in every other window.
///
/// # Errors
/// [`TileError`] for weights, a weight clip or parts that cannot be.
pub fn paths(
    parts: &Parts,
    design: &LayerDesign,
    weights: ArrayView2<'_, f32>,
) -> Result<Vec<Ohms>, TileError> {
    let nominal = Parts { targets: crate::grid::Targets::Nominal, ..parts.clone() };
    let blueprint = Blueprint::of(&nominal, design, weights, &mut Tally::default())?;
    let of = |tile: &TileBlueprint| {
        let target_s = tile.target_s.view();
        let sensed_s = tile.plan.combine(target_s, 1.0);
        let mean_s = sensed_s.sum() / sensed_s.len() as f64;
        Ok(Ohms(factor(target_s, parts.wires)? / mean_s))
    };
    blueprint.tiles().iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    /// 64 × 64, R_on 300 kΩ, R_off 3 MΩ, 2.5 Ω a cell: 0.00356, 0.00681, 0.01285 at 5, 20 and 50 %
    /// of cells on; each random placement is within a few percent of the mean.
    #[test]
    fn published_densities_have_their_factors() {
        for (density, want) in [(0.05, 0.00356), (0.2, 0.00681), (0.5, 0.01285)] {
            let mut u = vec![0.0; 64 * 64];
            cim_core::Stream::root(3).fill_uniform(0, &mut u);
            let g = Array2::from_shape_fn((64, 64), |(r, c)| {
                if u[r * 64 + c] < density { 1.0 / 300e3 } else { 1.0 / 3e6 }
            });
            let got = factor(g.view(), Wires::new(Ohms(2.5), Ohms(2.5))).expect("an array");
            assert!((got / want - 1.0).abs() < 0.05, "{got} for {want}");
            // First order in the wire, pair by pair.
            let pairwise = first_order(&g, 2.5);
            assert!((pairwise / got - 1.0).abs() < 0.02, "{pairwise} for {got}");
        }
    }

    /// `(r / Σg) (Σ_j Σ_kk' g_jk g_jk' min(k+1, k'+1) + Σ_k Σ_jj' g_jk g_j'k min(j+1, j'+1))`, rows
    /// counted from the sensed end.
    fn first_order(g: &Array2<f64>, ohm: f64) -> f64 {
        let lines = |g: ArrayView2<'_, f64>| -> f64 {
            let mut sum = 0.0;
            for line in g.rows() {
                for (k, a) in line.iter().enumerate() {
                    for (l, b) in line.iter().enumerate() {
                        sum += a * b * (k.min(l) + 1) as f64;
                    }
                }
            }
            sum
        };
        let columns = g.slice(ndarray::s![..;-1, ..]);
        ohm / g.sum() * (lines(g.view()) + lines(columns.t()))
    }
}
