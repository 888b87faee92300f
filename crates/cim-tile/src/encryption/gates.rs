//! What a key takes in gates.

use serde::Serialize;

use super::key::Methods;

/// Gates of one layer's key, each of which switches once in every product.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Gates {
    /// Exclusive ors: one a row, one an output of an inverted column.
    pub xors: usize,
    /// Two-way multiplexers: one an output of swapped columns.
    pub multiplexers: usize,
    /// Bits of the register that holds the key while the chip is on.
    pub register_bits: usize,
}

impl Gates {
    /// Of a layer (inputs × outputs) with these methods.
    pub fn of(methods: Methods, (inputs, outputs): (usize, usize)) -> Self {
        let count = |is: bool, gates: usize| if is { gates } else { 0 };
        Self {
            xors: count(methods.rows, inputs) + count(methods.columns, outputs),
            multiplexers: count(methods.swaps, outputs / 2 * 2),
            register_bits: methods.bits((inputs, outputs)),
        }
    }

    /// Gates that switch in every product.
    pub fn switching(self) -> usize {
        self.xors + self.multiplexers
    }
}
