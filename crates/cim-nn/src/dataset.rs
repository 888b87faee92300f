//! Samples of any shape: what networks are trained on and measured with.

use std::ops::Range;

use thiserror::Error;

use crate::shape::Shape;

/// Samples of one shape, checked once and read-only from then on: images as bytes, which networks
/// see as 0 to 1, or numbers of any sign as they are. With labels, or for inference alone without.
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
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    values: Values,
    shape: Shape,
    len: usize,
    labels: Option<Labels>,
}

/// What the samples of a data set are made of.
#[derive(Clone, Debug, PartialEq)]
enum Values {
    Bytes(Vec<u8>),
    Floats(Vec<f32>),
}

/// One class for each sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels {
    /// The class of each sample, in order.
    pub values: Vec<u8>,
    /// Number of classes; every label is below it.
    pub classes: usize,
}

/// Why images and labels do not make a data set.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum DatasetError {
    /// There is not a single sample.
    #[error("the data set is empty: it has no labels")]
    Empty,
    /// The numbers are not a whole number of samples.
    #[error("{values} numbers are not a whole number of samples of {shape}, one or more")]
    Samples {
        /// Numbers given.
        values: usize,
        /// Shape of a sample.
        shape: Shape,
    },
    /// There are more labels than samples, or fewer.
    #[error("{labels} labels do not fit {samples} samples")]
    Labels {
        /// Labels given.
        labels: usize,
        /// Samples given.
        samples: usize,
    },
    /// A number is NaN or infinite.
    #[error("number {index} of the data set is not finite")]
    NotFinite {
        /// Which number.
        index: usize,
    },
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
        let labels = Labels { values: labels, classes };
        Self::of_bytes(images, Shape::image(1, rows, cols), Some(labels))
    }

    /// Samples of `shape` as bytes, one after another, which networks see as 0 to 1.
    ///
    /// # Errors
    /// [`DatasetError`] if there is no sample, if lengths disagree, or if a label is not below the
    /// number of classes.
    pub fn of_bytes(
        bytes: Vec<u8>,
        shape: Shape,
        labels: Option<Labels>,
    ) -> Result<Self, DatasetError> {
        let len = samples(bytes.len(), shape, labels.as_ref())?;
        Ok(Self { values: Values::Bytes(bytes), shape, len, labels })
    }

    /// Samples of `shape` as numbers, one after another, which networks see as they are.
    ///
    /// # Errors
    /// As [`of_bytes`](Self::of_bytes), and [`DatasetError::NotFinite`].
    pub fn of_floats(
        values: Vec<f32>,
        shape: Shape,
        labels: Option<Labels>,
    ) -> Result<Self, DatasetError> {
        let len = samples(values.len(), shape, labels.as_ref())?;
        if let Some(index) = values.iter().position(|value| !value.is_finite()) {
            return Err(DatasetError::NotFinite { index });
        }
        Ok(Self { values: Values::Floats(values), shape, len, labels })
    }

    /// The samples of `range` as a data set of their own, with as many classes.
    ///
    /// # Panics
    /// If `range` is empty or goes beyond the last sample.
    #[must_use]
    pub fn part(&self, range: Range<usize>) -> Self {
        assert!(
            range.start < range.end && range.end <= self.len,
            "a part has samples of the whole"
        );
        let numbers = range.start * self.pixels()..range.end * self.pixels();
        let values = match &self.values {
            Values::Bytes(bytes) => Values::Bytes(bytes[numbers].to_vec()),
            Values::Floats(floats) => Values::Floats(floats[numbers].to_vec()),
        };
        let labels = self.labels.as_ref().map(|labels| Labels {
            values: labels.values[range.clone()].to_vec(),
            classes: labels.classes,
        });
        Self { values, shape: self.shape, len: range.len(), labels }
    }

    /// Shape of a sample.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Number of samples, at least one.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Rows of an image.
    pub fn rows(&self) -> usize {
        self.shape.height
    }

    /// Columns of an image.
    pub fn cols(&self) -> usize {
        self.shape.width
    }

    /// Numbers of a sample: what a network sees as inputs.
    pub fn pixels(&self) -> usize {
        self.shape.len()
    }

    /// Number of classes; every label is below it. 0 without labels.
    pub fn classes(&self) -> usize {
        self.labels.as_ref().map_or(0, |labels| labels.classes)
    }

    /// One label for each sample, in order; empty without labels.
    pub fn labels(&self) -> &[u8] {
        self.labels.as_ref().map_or(&[], |labels| &labels.values)
    }

    /// The bytes of image `index`, row-major, 0 to 255; empty where samples are not bytes.
    ///
    /// # Panics
    /// If there is no such image.
    pub fn image(&self, index: usize) -> &[u8] {
        match &self.values {
            Values::Bytes(bytes) => &bytes[index * self.pixels()..][..self.pixels()],
            Values::Floats(_) => &[],
        }
    }

    /// Writes the samples of `indices` one after another; bytes are scaled from 0..=255 to 0..=1.
    ///
    /// # Panics
    /// If `out` is not `indices.len() × pixels` long, or if there is no such sample.
    pub fn batch_into(&self, indices: &[usize], out: &mut [f32]) {
        assert_eq!(out.len(), indices.len() * self.pixels(), "the batch does not fit its buffer");
        for (&index, out) in indices.iter().zip(out.chunks_exact_mut(self.pixels())) {
            self.read(index * self.pixels(), out);
        }
    }

    /// Writes as many samples as `out` holds, from sample `first` on, scaled as in
    /// [`batch_into`](Self::batch_into).
    ///
    /// # Panics
    /// If there are not so many samples.
    pub fn range_into(&self, first: usize, out: &mut [f32]) {
        self.read(first * self.pixels(), out);
    }

    /// Writes sample `index` moved down by `dy` rows and right by `dx` columns, scaled as in
    /// [`batch_into`](Self::batch_into). A side of a single place stays where it is.
    ///
    /// What moves out is lost and what moves in is 0: the image is never wrapped.
    ///
    /// # Panics
    /// If `out` is not `pixels` long, or if there is no such sample.
    pub fn shifted_into(&self, index: usize, dy: i32, dx: i32, out: &mut [f32]) {
        assert_eq!(out.len(), self.pixels(), "the image does not fit its buffer");
        let Shape { height, width, .. } = self.shape;
        let (kept_rows, kept_cols) = (kept(height, dy), kept(width, dx));
        let sample = index * self.pixels();
        out.fill(0.0);
        for (channel, out) in out.chunks_exact_mut(height * width).enumerate() {
            let plane = sample + channel * height * width;
            for row in 0..kept_rows.len {
                let from = (kept_rows.from + row) * width + kept_cols.from;
                let to = (kept_rows.to + row) * width + kept_cols.to;
                self.read(plane + from, &mut out[to..][..kept_cols.len]);
            }
        }
    }

    /// Writes the numbers from place `first` on.
    fn read(&self, first: usize, out: &mut [f32]) {
        match &self.values {
            Values::Bytes(bytes) => scale_into(&bytes[first..][..out.len()], out),
            Values::Floats(values) => out.copy_from_slice(&values[first..][..out.len()]),
        }
    }
}

/// Number of samples of `shape` among `values` numbers.
fn samples(values: usize, shape: Shape, labels: Option<&Labels>) -> Result<usize, DatasetError> {
    let wrong = DatasetError::Samples { values, shape };
    let size = shape.checked_len().ok_or(wrong.clone())?;
    if values == 0 || !values.is_multiple_of(size) {
        return Err(wrong);
    }
    let samples = values / size;
    if let Some(Labels { values, classes }) = labels {
        if values.len() != samples {
            return Err(DatasetError::Labels { labels: values.len(), samples });
        }
        if let Some(index) = values.iter().position(|&label| usize::from(label) >= *classes) {
            return Err(DatasetError::Label { index, label: values[index], classes: *classes });
        }
    }
    Ok(samples)
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
    let shift = if n == 1 { 0 } else { shift };
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

    #[test]
    fn a_part_has_the_samples_of_its_range_and_all_classes() {
        let part = small().part(1..2);
        assert_eq!((part.len(), part.classes(), part.labels()), (1, 2, &[0][..]));
        assert_eq!(part.image(0), [1, 2, 3, 4, 5, 6]);
    }

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
    fn channels_move_alike_and_time_moves_alone() {
        let values: Vec<f32> = (0..12).map(|k| k as f32 - 5.5).collect();
        let mut out = [f32::NAN; 12];
        let pictures = Dataset::of_floats(values.clone(), Shape::image(2, 2, 3), None);
        pictures.expect("one sample").shifted_into(0, 1, -1, &mut out);
        assert_eq!(out, [0.0, 0.0, 0.0, -4.5, -3.5, 0.0, 0.0, 0.0, 0.0, 1.5, 2.5, 0.0]);
        let series = Dataset::of_floats(values, Shape::series(3, 4), None).expect("one sample");
        series.shifted_into(0, 2, 3, &mut out);
        assert_eq!(out, [0.0, 0.0, 0.0, -5.5, 0.0, 0.0, 0.0, -1.5, 0.0, 0.0, 0.0, 2.5]);
        assert_eq!((series.labels(), series.classes(), series.len()), (&[][..], 0, 1));
    }

    #[test]
    fn samples_that_do_not_fit_their_shape_or_labels_are_refused() {
        let shape = Shape::series(2, 3);
        let of = |n: usize, labels| Dataset::of_floats(vec![0.5; n], shape, labels);
        for n in [0, 5, 7] {
            assert_eq!(of(n, None), Err(DatasetError::Samples { values: n, shape }));
        }
        let labels = |values: Vec<u8>| Some(Labels { values, classes: 2 });
        assert_eq!(of(12, labels(vec![1])), Err(DatasetError::Labels { labels: 1, samples: 2 }));
        let refused = DatasetError::Label { index: 1, label: 2, classes: 2 };
        assert_eq!(of(12, labels(vec![1, 2])), Err(refused));
        let refused = Dataset::of_floats(vec![0.0, f32::NAN], Shape::features(1), None);
        assert!(matches!(refused, Err(DatasetError::NotFinite { index: 1 })));
        let huge = Shape::image(usize::MAX, 2, 2);
        assert!(Dataset::of_bytes(vec![0; 4], huge, None).is_err());
    }

    #[test]
    fn no_shift_is_the_image_itself() {
        let (mut batch, mut shifted) = ([f32::NAN; 6], [f32::NAN; 6]);
        small().batch_into(&[1], &mut batch);
        small().shifted_into(1, 0, 0, &mut shifted);
        assert_eq!(batch, shifted);
    }
}
