//! How long the parts of a chip's datapath take.

use cim_core::Scratch;
use cim_tile::{Grid, Paces};

use crate::inputs::LayerInputs;
use crate::mapped::Mapped;

/// Times (s) of the parts of all products for one sample, on one thread by `clock`, which gives seconds: of what
/// drives the products on calibration data, as often as a sample does.
///
/// Parts are timed one after the other; in a product they follow each other block by block.
pub fn paces(
    network: &impl Mapped,
    grids: &[Grid],
    inputs: &LayerInputs,
    clock: &dyn Fn() -> f64,
) -> Paces {
    let (mut all, mut scratch) = (Paces::default(), Scratch::default());
    for ((idx, grid), product) in grids.iter().enumerate().zip(network.products()) {
        let x = inputs.layer(idx);
        // Once before, so that nothing is allocated while it counts.
        grid.pace(x, clock, &mut scratch);
        let once = grid.pace(x, clock, &mut scratch);
        all += once.times(product.per_sample as f64 / x.nrows() as f64);
    }
    all
}
