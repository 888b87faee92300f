//! Programming targets that make up for the wires.

use cim_device::Window;
use ndarray::{Array2, ArrayView2};

use crate::error::CircuitError;
use crate::sensed::Sensed;
use crate::wired::Wired;
use crate::wires::Wires;

/// Rounds after which the targets stay as they are.
const ROUNDS: usize = 40;

/// Rounds in which the common factor may still fall, because cells that are raised load the wires.
const SCALING_ROUNDS: usize = 6;

/// Root-mean-square error, relative to what is wanted, that counts as reached: a tenth of a step of
/// a 13-bit converter.
const REACHED: f64 = 1e-5;

/// Share of the wanted power that cells at the end of the window may fail to give, before the
/// common factor is lowered for them: 0.3 % of its root.
const FORGONE: f64 = 1e-5;

/// Targets whose effective transfer matrix is a wanted one.
#[derive(Clone, Debug, PartialEq)]
pub struct WireTargets {
    /// Conductances to program, rows × columns (S).
    pub target_s: Array2<f64>,
    /// The transfer of the array is this times the nominal one: what the far end of a wire cannot
    /// give, the near end must not either. A digital gain makes up for it.
    pub scale: f64,
    /// Root-mean-square difference to the wanted transfer, relative to that transfer.
    pub residual: f64,
    /// Sensed weights that the window keeps from their value by more than a percent of the largest.
    pub unreached: u64,
}

/// Solves for targets such that sensed currents are those of `nominal_s` on ideal wires, times one
/// common factor.
///
/// `nominal_s` is rows × columns (S); a sensed current is wanted to be `nominal[plus] −
/// nominal[minus]` of the drive. Newton's method with the diagonal of the Jacobian, `dI/dG =
/// (u − w)(u* − w*)` from the driven and the adjoint field, the exact transfer in every round. Of
/// a pair one cell stays at the bottom of the window, so that common current stays small.
///
/// # Errors
/// [`CircuitError`] for conductances or wires that cannot be, or a column that does not exist.
pub fn wire_targets(
    nominal_s: ArrayView2<'_, f64>,
    sensed: &[Sensed],
    wires: Wires,
    window: Window,
) -> Result<WireTargets, CircuitError> {
    let cols = nominal_s.ncols();
    for sense in sensed {
        if let Some(&column) =
            [Some(sense.plus), sense.minus].iter().flatten().find(|c| cols <= **c)
        {
            return Err(CircuitError::Column { column, cols });
        }
    }
    let wanted = combine(nominal_s, sensed);
    let power: f64 = wanted.iter().map(|w| w * w).sum();
    let top = wanted.iter().fold(0.0_f64, |most, w| most.max(w.abs()));
    let mut cells = nominal_s.to_owned();
    let mut scale: f64 = 1.0;
    let mut best: Option<WireTargets> = None;
    for round in 0..ROUNDS {
        let wired = Wired::new(&cells, wires)?;
        let gain = wired.sensitivity(&cells);
        if round < SCALING_ROUNDS {
            scale = scale.min(reachable(&wanted, sensed, &gain, window));
        }
        let missing = &wanted * scale - combine(wired.transfer_s(&cells), sensed);
        let residual = (missing.iter().map(|e| e * e).sum::<f64>() / power.max(f64::MIN_POSITIVE))
            .sqrt()
            / scale;
        let settled = SCALING_ROUNDS <= round;
        let better = best.as_ref().is_none_or(|best| residual < best.residual);
        let improves = best.as_ref().is_none_or(|best| residual < 0.99 * best.residual);
        if (better || !settled) || best.is_none() {
            let unreached = missing.iter().filter(|e| 0.01 * scale * top < e.abs()).count();
            let target_s = cells.clone();
            let unreached = unreached as u64;
            best = Some(WireTargets { target_s, scale, residual, unreached });
        }
        if residual <= REACHED || settled && !improves {
            break;
        }
        correct(&mut cells, &missing, sensed, &gain, window);
    }
    Ok(best.expect("the first round counts"))
}

fn combine(cells: ArrayView2<'_, f64>, sensed: &[Sensed]) -> Array2<f64> {
    Array2::from_shape_fn((cells.nrows(), sensed.len()), |(row, k)| {
        cells[[row, sensed[k].plus]] - sensed[k].minus.map_or(0.0, |minus| cells[[row, minus]])
    })
}

/// The largest common factor for which all but a little of what is wanted lies in the window.
fn reachable(wanted: &Array2<f64>, sensed: &[Sensed], gain: &Array2<f64>, window: Window) -> f64 {
    let (low, high) = (window.g_min.0, window.g_max.0);
    let most = Array2::from_shape_fn(wanted.dim(), |(row, k)| {
        let plus = gain[[row, sensed[k].plus]];
        let minus = sensed[k].minus.map(|minus| gain[[row, minus]]);
        match minus {
            None => high * plus,
            Some(minus) if wanted[[row, k]] < 0.0 => high * minus - low * plus,
            Some(minus) => high * plus - low * minus,
        }
    });
    let power: f64 = wanted.iter().map(|w| w * w).sum();
    let forgone = |scale: f64| -> f64 {
        let both = wanted.iter().zip(&most);
        both.map(|(w, most)| (w.abs() - most / scale).max(0.0).powi(2)).sum()
    };
    if forgone(1.0) <= FORGONE * power {
        return 1.0;
    }
    // Less than a thousandth of the signal left is no array: the residual will say so.
    let (mut low, mut high) = (1e-3, 1.0);
    for _ in 0..40 {
        let middle = 0.5 * (low + high);
        if forgone(middle) <= FORGONE * power { low = middle } else { high = middle }
    }
    low
}

/// Moves cells by what is missing: of a pair first the one that need not be above the bottom.
fn correct(
    cells: &mut Array2<f64>,
    missing: &Array2<f64>,
    sensed: &[Sensed],
    gain: &Array2<f64>,
    window: Window,
) {
    let (low, high) = (window.g_min.0, window.g_max.0);
    for ((row, k), &missing) in missing.indexed_iter() {
        let plus = [row, sensed[k].plus];
        let Some(minus) = sensed[k].minus.map(|minus| [row, minus]) else {
            cells[plus] = (cells[plus] + missing / gain[plus]).clamp(low, high);
            continue;
        };
        let (up, down) = if missing < 0.0 { (minus, plus) } else { (plus, minus) };
        let missing = missing.abs();
        let lowered = (missing / gain[down]).min((cells[down] - low).max(0.0));
        cells[down] -= lowered;
        let rest = missing - lowered * gain[down];
        cells[up] = (cells[up] + rest / gain[up]).clamp(low, high);
    }
}

#[cfg(test)]
mod tests {
    use cim_core::{Ohms, Siemens, Stream};

    use super::*;

    fn uniform(count: usize, at: Stream) -> Vec<f32> {
        let mut values = vec![0.0; count];
        at.fill_uniform(0, &mut values);
        values
    }

    /// Differential pairs of random weights, most of them small.
    fn pairs(rows: usize, outputs: usize, window: Window) -> (Array2<f64>, Vec<Sensed>) {
        let u = uniform(rows * outputs, Stream::root(8));
        let target = Array2::from_shape_fn((rows, 2 * outputs), |(row, col)| {
            let w = 2.0 * f64::from(u[row * outputs + col / 2]) - 1.0;
            let share = w.powi(3) * if col % 2 == 0 { 1.0 } else { -1.0 };
            window.g_min.0 + window.span().0 * share.max(0.0)
        });
        let sensed = (0..outputs).map(|k| Sensed { plus: 2 * k, minus: Some(2 * k + 1) });
        (target, sensed.collect())
    }

    #[test]
    fn solved_targets_have_the_wanted_transfer() {
        let window = Window::new(Siemens(1e-6), Siemens(100e-6)).expect("a window");
        let (nominal, sensed) = pairs(48, 24, window);
        for ohm in [0.1, 1.0, 3.0] {
            let wires = Wires::new(Ohms(ohm), Ohms(ohm));
            let found = wire_targets(nominal.view(), &sensed, wires, window).expect("solved");
            let off = |cells: &Array2<f64>, scale: f64| {
                let wired = Wired::new(cells, wires).expect("solved");
                let got = combine(wired.transfer_s(cells), &sensed) / scale;
                let wanted = combine(nominal.view(), &sensed);
                let error: f64 = (&got - &wanted).iter().map(|e| e * e).sum();
                (error / wanted.iter().map(|w| w * w).sum::<f64>()).sqrt()
            };
            let (before, after) = (off(&nominal, 1.0), off(&found.target_s, found.scale));
            assert!((after - found.residual).abs() < 1e-9, "{after} said {}", found.residual);
            // What the window forgoes is up to 0.3 %, and little else is left.
            assert!(after < 0.005 && after < 0.2 * before, "{ohm} Ohm: {before} to {after}");
            let inside = |g: &f64| window.g_min.0 <= *g && *g <= window.g_max.0;
            assert!(found.target_s.iter().all(inside));
        }
    }

    #[test]
    fn ideal_wires_leave_targets_as_they_are() {
        let window = Window::new(Siemens(1e-6), Siemens(100e-6)).expect("a window");
        let (nominal, sensed) = pairs(8, 4, window);
        let found = wire_targets(nominal.view(), &sensed, Wires::NONE, window).expect("solved");
        assert_eq!((found.target_s, found.scale), (nominal, 1.0));
        assert_eq!((found.residual, found.unreached), (0.0, 0));
    }
}
