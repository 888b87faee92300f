//! Labelled grey-scale images: what networks are trained on and measured with.

use thiserror::Error;

/// Labelled images of one size, checked once and read-only from then on.
///
/// ```
/// use cim_nn::dataset::Dataset;
///
/// let two_images_of_one_pixel = Dataset::new(vec![0, 255], vec![3, 7], 1, 1, 10)?;
/// let mut batch = [0.0; 2];
/// two_images_of_one_pixel.batch_into(&[1, 0], &mut batch);
/// assert_eq!(batch, [1.0, 0.0]);
/// # Ok::<(), cim_nn::dataset::DatasetError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dataset {
    images: Vec<u8>,
    labels: Vec<u8>,
    rows: usize,
    cols: usize,
    classes: usize,
}

/// Why images and labels do not make a data set.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum DatasetError {
    /// There is not a single image.
    #[error("the data set is empty: it has no labels")]
    Empty,
    /// An image has no pixels, or more than can be counted.
    #[error("images of {rows} × {cols} pixels are not possible")]
    ImageSize {
        /// Rows of an image.
        rows: usize,
        /// Columns of an image.
        cols: usize,
    },
    /// The number of pixels is not the number of labels times the size of an image.
    #[error("{bytes} bytes of pixels do not hold {labels} images of {rows} × {cols} pixels")]
    Length {
        /// Bytes of pixels given.
        bytes: usize,
        /// Labels given.
        labels: usize,
        /// Rows of an image.
        rows: usize,
        /// Columns of an image.
        cols: usize,
    },
    /// A label names a class that does not exist.
    #[error("label {label} of image {index} is not below the number of classes, {classes}")]
    Label {
        /// Which image.
        index: usize,
        /// Its label.
        label: u8,
        /// Number of classes.
        classes: usize,
    },
}

#[expect(clippy::len_without_is_empty, reason = "a data set is never empty")]
impl Dataset {
    /// Takes `images` (row-major, one byte a pixel, one image after another) and one label for each.
    ///
    /// # Errors
    /// [`DatasetError`] if there is no image, if the lengths disagree, or if a label is not below `classes`.
    pub fn new(
        images: Vec<u8>,
        labels: Vec<u8>,
        rows: usize,
        cols: usize,
        classes: usize,
    ) -> Result<Self, DatasetError> {
        if labels.is_empty() {
            return Err(DatasetError::Empty);
        }
        let pixels = rows
            .checked_mul(cols)
            .filter(|&n| n > 0)
            .ok_or(DatasetError::ImageSize { rows, cols })?;
        if labels.len().checked_mul(pixels) != Some(images.len()) {
            return Err(DatasetError::Length {
                bytes: images.len(),
                labels: labels.len(),
                rows,
                cols,
            });
        }
        if let Some(index) = labels.iter().position(|&label| usize::from(label) >= classes) {
            return Err(DatasetError::Label { index, label: labels[index], classes });
        }
        Ok(Self { images, labels, rows, cols, classes })
    }

    /// Number of images, at least one.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Rows of an image.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Columns of an image.
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// Pixels of an image: what a network sees as inputs.
    pub fn pixels(&self) -> usize {
        self.rows * self.cols
    }

    /// Number of classes; every label is below it.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// One label for each image, in order.
    pub fn labels(&self) -> &[u8] {
        &self.labels
    }

    /// The pixels of image `index`, row-major, 0 to 255.
    ///
    /// # Panics
    /// If there is no such image.
    pub fn image(&self, index: usize) -> &[u8] {
        &self.images[index * self.pixels()..][..self.pixels()]
    }

    /// Writes the images of `indices` one after another, scaled from 0..=255 to 0..=1.
    ///
    /// # Panics
    /// If `out` is not `indices.len() × pixels` long, or if there is no such image.
    pub fn batch_into(&self, indices: &[usize], out: &mut [f32]) {
        assert_eq!(out.len(), indices.len() * self.pixels(), "the batch does not fit its buffer");
        for (&index, out) in indices.iter().zip(out.chunks_exact_mut(self.pixels())) {
            scale_into(self.image(index), out);
        }
    }

    /// Writes as many images as `out` holds, from image `first` on, scaled from 0..=255 to 0..=1.
    ///
    /// # Panics
    /// If there are not so many images.
    pub fn range_into(&self, first: usize, out: &mut [f32]) {
        scale_into(&self.images[first * self.pixels()..][..out.len()], out);
    }

    /// Writes image `index` moved down by `dy` rows and right by `dx` columns, scaled to 0..=1.
    ///
    /// What moves out is lost and what moves in is 0: the image is never wrapped.
    ///
    /// # Panics
    /// If `out` is not `pixels` long, or if there is no such image.
    pub fn shifted_into(&self, index: usize, dy: i32, dx: i32, out: &mut [f32]) {
        assert_eq!(out.len(), self.pixels(), "the image does not fit its buffer");
        let image = self.image(index);
        let (kept_rows, kept_cols) = (kept(self.rows, dy), kept(self.cols, dx));
        out.fill(0.0);
        for row in 0..kept_rows.len {
            let from = (kept_rows.from + row) * self.cols + kept_cols.from;
            let to = (kept_rows.to + row) * self.cols + kept_cols.to;
            scale_into(&image[from..][..kept_cols.len], &mut out[to..][..kept_cols.len]);
        }
    }
}

fn scale_into(pixels: &[u8], out: &mut [f32]) {
    pulp::Arch::new().dispatch(ScaleInto { pixels, out });
}

/// Compiled for the vectors of the machine.
struct ScaleInto<'a> {
    pixels: &'a [u8],
    out: &'a mut [f32],
}

impl pulp::NullaryFnOnce for ScaleInto<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for (out, &pixel) in self.out.iter_mut().zip(self.pixels) {
            // A division, because 1/255 has no exact value: 255 must become exactly 1.
            *out = f32::from(pixel) / 255.0;
        }
    }
}

/// The part of one axis that is still in the picture after a shift.
struct Kept {
    from: usize,
    to: usize,
    len: usize,
}

fn kept(n: usize, shift: i32) -> Kept {
    let distance = usize::try_from(shift.unsigned_abs()).unwrap_or(usize::MAX).min(n);
    let len = n - distance;
    if len == 0 {
        Kept { from: 0, to: 0, len }
    } else if shift < 0 {
        Kept { from: distance, to: 0, len }
    } else {
        Kept { from: 0, to: distance, len }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two images of 2 × 3 pixels.
    fn small() -> Dataset {
        Dataset::new(vec![0, 51, 102, 153, 204, 255, 1, 2, 3, 4, 5, 6], vec![1, 0], 2, 3, 2)
            .expect("lengths agree")
    }

    #[test]
    fn a_set_returns_what_it_was_given() {
        let set = small();
        assert_eq!(
            (set.len(), set.rows(), set.cols(), set.pixels(), set.classes()),
            (2, 2, 3, 6, 2)
        );
        assert_eq!(set.labels(), [1, 0]);
        assert_eq!(set.image(1), [1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn what_is_not_a_set_is_refused() {
        assert_eq!(Dataset::new(vec![], vec![], 2, 3, 2), Err(DatasetError::Empty));
        assert_eq!(
            Dataset::new(vec![0; 5], vec![0], 2, 3, 2),
            Err(DatasetError::Length { bytes: 5, labels: 1, rows: 2, cols: 3 })
        );
        assert_eq!(
            Dataset::new(vec![0; 6], vec![2], 2, 3, 2),
            Err(DatasetError::Label { index: 0, label: 2, classes: 2 })
        );
        for (rows, cols) in [(0, 3), (3, 0), (usize::MAX, 2)] {
            let refused = Dataset::new(vec![], vec![0], rows, cols, 2);
            assert_eq!(refused, Err(DatasetError::ImageSize { rows, cols }));
        }
        let huge = Dataset::new(vec![0], vec![0; 4], usize::MAX / 2, 1, 2);
        assert!(matches!(huge, Err(DatasetError::Length { .. })));
    }

    #[test]
    fn black_is_zero_and_white_is_exactly_one() {
        let mut out = [f32::NAN; 6];
        small().batch_into(&[0], &mut out);
        assert_eq!(out, [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]);
    }

    #[test]
    fn a_batch_follows_its_indices() {
        let (mut batch, mut one) = ([f32::NAN; 18], [f32::NAN; 6]);
        let set = small();
        let indices = [1, 0, 1];
        set.batch_into(&indices, &mut batch);
        for (row, index) in indices.into_iter().enumerate() {
            set.batch_into(&[index], &mut one);
            assert_eq!(batch[row * 6..][..6], one);
        }
    }

    #[test]
    fn a_shift_takes_each_pixel_from_where_it_was() {
        let set = small();
        let extreme = [i32::MIN, i32::MAX, i32::MIN + 1];
        for dy in (-4..=4).chain(extreme) {
            for dx in (-4..=4).chain(extreme) {
                let mut out = [f32::NAN; 6];
                set.shifted_into(0, dy, dx, &mut out);
                for (at, &shifted) in out.iter().enumerate() {
                    let (row, col) = (at as i64 / 3 - i64::from(dy), at as i64 % 3 - i64::from(dx));
                    let inside = (0..2).contains(&row) && (0..3).contains(&col);
                    let pixel = if inside { set.image(0)[(row * 3 + col) as usize] } else { 0 };
                    assert_eq!(shifted, f32::from(pixel) / 255.0, "dy {dy}, dx {dx}, pixel {at}");
                }
            }
        }
    }

    #[test]
    fn no_shift_is_the_image_itself() {
        let (mut batch, mut shifted) = ([f32::NAN; 6], [f32::NAN; 6]);
        small().batch_into(&[1], &mut batch);
        small().shifted_into(1, 0, 0, &mut shifted);
        assert_eq!(batch, shifted);
    }
}
