//! What chips have shown, before it is put in words.

use cim_chip::{Budget, Evaluated, ProductAnatomy};

/// What the chips have shown.
pub struct Findings {
    /// The digital network.
    pub digital: f64,
    /// All chips.
    pub evaluated: Evaluated,
    /// Every product.
    pub products: Vec<ProductAnatomy>,
    /// The loss, effect by effect.
    pub budget: Option<Budget>,
    /// Whether row converters were given a sign that the preset does not give them.
    pub made_signed: bool,
}
