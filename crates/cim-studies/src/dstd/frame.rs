//! What images look like.

use cim_data::cifar;

/// Rows and columns of images, and numbers of a pixel.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    /// Rows, and columns.
    pub side: usize,
    /// Numbers of a pixel.
    pub channels: usize,
}

impl Frame {
    /// Of handwritten digits, and what comes in their form.
    pub const DIGITS: Self = Self { side: cim_data::SIDE, channels: 1 };
    /// Of CIFAR-10.
    pub const COLOURS: Self = Self { side: cifar::SIDE, channels: cifar::PLANES };
}
