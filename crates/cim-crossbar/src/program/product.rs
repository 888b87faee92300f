//! How far the product of an array is from the one that was wanted.

use ndarray::{Array2, ArrayView2};

use crate::circuit::Circuit;
use crate::error::CircuitError;
use crate::solve::transfer::Transfer;
use crate::wires::Wires;

/// Error of a matrix-vector product, for independent inputs of mean zero: exactly
/// `‖T − G*‖ / ‖G*‖` with the transfer `T` of the array (Frobenius norms).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProductError {
    /// Root-mean-square error of the currents, relative to the wanted ones.
    pub relative: f64,
    /// The same after the best common gain: what a digital factor for the whole array leaves.
    pub after_gain: f64,
}

/// Error of the product of cells that hold `held_s` on wires, where that of `target_s` on ideal
/// wires is wanted (both rows × columns, S).
///
/// # Errors
/// [`CircuitError`] for conductances or wires that cannot be, or arrays of two shapes.
pub fn product_error(
    held_s: ArrayView2<'_, f64>,
    target_s: ArrayView2<'_, f64>,
    wires: Wires,
) -> Result<ProductError, CircuitError> {
    if held_s.dim() != target_s.dim() {
        return Err(CircuitError::Shape {
            name: "targets",
            got: target_s.dim(),
            want: held_s.dim(),
        });
    }
    let transfer_s = transfer(held_s.to_owned(), wires)?;
    let dot = |a: &Array2<f64>, b: ArrayView2<'_, f64>| -> f64 {
        a.iter().zip(b).map(|(a, b)| a * b).sum()
    };
    let wanted = dot(&target_s.to_owned(), target_s);
    let own = dot(&transfer_s, transfer_s.view());
    let common = dot(&transfer_s, target_s);
    let apart = &transfer_s - &target_s;
    let relative = (dot(&apart, apart.view()) / wanted).sqrt();
    let after_gain = (1.0 - common * common / (own * wanted)).max(0.0).sqrt();
    Ok(ProductError { relative, after_gain })
}

/// Column currents per row voltage (S), exact.
pub(super) fn transfer(held_s: Array2<f64>, wires: Wires) -> Result<Array2<f64>, CircuitError> {
    wires.check()?;
    if wires.are_ideal() {
        return Ok(held_s);
    }
    Ok(Transfer::compile(&Circuit::new(held_s, wires)?)?.matrix().to_owned())
}
