//! Images as spike times.

use crate::DynamicsError;
use crate::error::fits;

/// Labelled images of bytes: bright pixels spike early, black ones never.
#[derive(Clone, Copy, Debug)]
pub struct Images<'a> {
    pixels: &'a [u8],
    labels: &'a [u8],
    size: usize,
}

impl<'a> Images<'a> {
    /// Takes `pixels`, one image of `size` bytes after another, and one label for each.
    ///
    /// # Errors
    /// [`DynamicsError::Shape`] if the lengths do not fit.
    pub fn new(pixels: &'a [u8], labels: &'a [u8], size: usize) -> Result<Self, DynamicsError> {
        fits("bytes of pixels", pixels.len(), labels.len() * size)?;
        Ok(Self { pixels, labels, size })
    }

    /// Number of images.
    pub const fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Inputs of an image.
    pub const fn inputs(&self) -> usize {
        self.size
    }

    /// The label of an image.
    pub fn label(&self, image: usize) -> usize {
        usize::from(self.labels[image])
    }

    /// Appends spike times of an image in windows: `1 − x` for a pixel of `x`, infinite where `x` is 0.
    pub fn times(&self, image: usize, times: &mut Vec<f32>) {
        times.extend(self.pixels[image * self.size..][..self.size].iter().map(|&x| match x {
            0 => f32::INFINITY,
            x => 1.0 - f32::from(x) / 255.0,
        }));
    }
}
