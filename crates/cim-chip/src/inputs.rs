//! What drives the products of a network on calibration data.

use cim_core::{MatMul, Stream};
use cim_nn::network::first_images;
use cim_nn::{Dataset, Network};
use cim_tile::{Calibration, Parts};
use ndarray::{Array2, ArrayView1, ArrayView2, Axis, s};

use crate::error::ChipError;
use crate::mapped::Mapped;

/// Inputs of every product on calibration samples, computed digitally.
///
/// A product that is driven more than once per sample (at every position, or point in time) keeps
/// about [`MOST_ROWS`](Self::MOST_ROWS) of the vectors that drive it.
pub struct LayerInputs {
    /// Samples × inputs of the network.
    samples: Array2<f32>,
    products: Vec<ProductInputs>,
}

/// What drives one product.
struct ProductInputs {
    name: String,
    per_sample: usize,
    /// Vectors × inputs.
    rows: Array2<f32>,
    /// Least and largest input, of all vectors.
    range: [f32; 2],
}

impl LayerInputs {
    /// Vectors that a product driven at many positions keeps, one per sample at least: of each sample
    /// equally many, one from each of as many equal stretches of its positions, drawn at an address
    /// of its own, so that the same samples always give the same vectors.
    pub const MOST_ROWS: usize = 2048;

    /// Runs `samples` (samples × inputs) through `network`. Batch norms that can be folded should be:
    /// what is mapped are the weights as they are.
    pub fn of(network: &Network, samples: ArrayView2<'_, f32>) -> Self {
        Self::driven(network, samples).expect("a network of operations takes what fits")
    }

    /// As [`of`](Self::of), for networks that can refuse what they are given.
    ///
    /// # Errors
    /// [`ChipError`] for samples that the network cannot take.
    pub fn driven(network: &impl Mapped, samples: ArrayView2<'_, f32>) -> Result<Self, ChipError> {
        Self::gathered(network, samples, |samples| network.drives(samples))
    }

    /// As [`of`](Self::of), but every product is driven by what `products` in front of it give.
    pub fn driven_by<M: MatMul>(
        network: &Network,
        products: &[M],
        samples: ArrayView2<'_, f32>,
    ) -> Self {
        let drives = |samples: ArrayView2<'_, f32>| {
            Ok(network.product_inputs_on(products, samples, samples.nrows()))
        };
        Self::gathered(network, samples, drives).expect("a network of operations takes what fits")
    }

    fn gathered(
        network: &impl Mapped,
        samples: ArrayView2<'_, f32>,
        drives: impl Fn(ArrayView2<'_, f32>) -> Result<Vec<Array2<f32>>, ChipError>,
    ) -> Result<Self, ChipError> {
        let count = samples.nrows();
        let mut products: Vec<ProductInputs> = network
            .products()
            .into_iter()
            .map(|product| ProductInputs {
                name: product.name.to_owned(),
                per_sample: product.per_sample,
                rows: Array2::zeros((0, product.weights.nrows())),
                range: [0.0; 2],
            })
            .collect();
        if products.iter().all(|product| product.per_sample == 1) {
            let inputs = drives(samples)?;
            products.iter_mut().zip(inputs).for_each(|(product, rows)| product.add_all(rows));
        } else {
            let at = Stream::root(0).child("calibration", 0);
            for (sample_idx, sample) in samples.axis_chunks_iter(Axis(0), 1).enumerate() {
                let inputs = drives(sample)?;
                for (product_idx, (product, rows)) in products.iter_mut().zip(inputs).enumerate() {
                    let at = at.child("product", product_idx as u64);
                    product.add_some(rows, Self::MOST_ROWS / count, at, sample_idx as u64);
                }
            }
        }
        // What nothing drives, such as a branch that is not taken, is driven with nothing.
        for product in products.iter_mut().filter(|product| product.rows.is_empty()) {
            product.rows = Array2::zeros((1, product.rows.ncols()));
        }
        Ok(Self { samples: samples.to_owned(), products })
    }

    /// Runs the first `count` samples of `data` through `network`; all, if there are fewer.
    pub fn of_first(network: &Network, data: &Dataset, count: usize) -> Self {
        Self::of(network, first_images(data, count).view())
    }

    /// The same with at most `most` vectors of each product, evenly spaced; ranges and samples stay.
    #[must_use]
    pub fn thinned(&self, most: usize) -> Self {
        let few = |product: &ProductInputs| {
            let step = product.rows.nrows().div_ceil(most.max(1)).max(1);
            ProductInputs {
                name: product.name.clone(),
                rows: product.rows.slice(s![..;step, ..]).to_owned(),
                ..*product
            }
        };
        Self { samples: self.samples.clone(), products: self.products.iter().map(few).collect() }
    }

    /// The same with every input of each product times a factor, at least 0; ranges are those of the vectors that are kept.
    pub(crate) fn times<'a>(&self, factors: impl Iterator<Item = ArrayView1<'a, f32>>) -> Self {
        let by = |(product, factors): (&ProductInputs, ArrayView1<'_, f32>)| {
            let mut scaled = ProductInputs {
                name: product.name.clone(),
                rows: &product.rows * &factors,
                range: [0.0; 2],
                ..*product
            };
            scaled.range = range(scaled.range, &scaled.rows);
            scaled
        };
        let products = self.products.iter().zip(factors).map(by).collect();
        Self { samples: self.samples.clone(), products }
    }

    /// Largest magnitude of the inputs of each product; 1 where a product is never driven.
    pub fn limits(&self) -> Vec<f32> {
        let largest = |product: &ProductInputs| product.range[1].max(-product.range[0]);
        self.products.iter().map(largest).map(|m| if m > 0.0 { m } else { 1.0 }).collect()
    }

    /// Least and largest input of one product, of all vectors that were seen; the range holds 0.
    pub fn range(&self, product: usize) -> [f32; 2] {
        self.products[product].range
    }

    /// Whether any product has a negative input.
    pub fn are_signed(&self) -> bool {
        self.products.iter().any(|product| product.range[0] < 0.0)
    }

    /// Inputs of one product, vectors × inputs.
    pub fn layer(&self, product: usize) -> ArrayView2<'_, f32> {
        self.products[product].rows.view()
    }

    /// What was run through the network, samples × inputs.
    pub fn samples(&self) -> ArrayView2<'_, f32> {
        self.samples.view()
    }

    /// Drives of one product whose largest input is `limit`.
    ///
    /// # Errors
    /// [`ChipError::Sign`] for negative inputs where converters carry no sign; [`ChipError::Tile`]
    /// for parts that cannot be.
    pub fn calibration(
        &self,
        product: usize,
        limit: f32,
        parts: &Parts,
    ) -> Result<Calibration, ChipError> {
        let dac = parts.check()?;
        let ProductInputs { name, rows, range: [least, _], .. } = &self.products[product];
        if *least < 0.0 && !parts.dac.polarity.is_signed() {
            return Err(ChipError::Sign { product: name.clone(), least: *least });
        }
        Ok(Calibration::new(rows.view(), limit, &dac))
    }
}

impl ProductInputs {
    fn widen(&mut self, rows: &Array2<f32>) {
        self.range = range(self.range, rows);
    }

    fn add_all(&mut self, rows: Array2<f32>) {
        self.widen(&rows);
        self.rows = rows;
    }

    /// Keeps at most `most` of the vectors of a sample, and at least one.
    fn add_some(&mut self, rows: Array2<f32>, most: usize, at: Stream, sample_idx: u64) {
        self.widen(&rows);
        if rows.nrows() == 0 {
            return;
        }
        let kept = most.clamp(1, rows.nrows().max(1));
        let mut draws = vec![0.0_f32; kept];
        at.fill_uniform(sample_idx, &mut draws);
        let stretch = rows.nrows() as f64 / kept as f64;
        for (idx, draw) in draws.into_iter().enumerate() {
            let row = (stretch * (idx as f64 + f64::from(draw))) as usize;
            let row = rows.row(row.min(rows.nrows() - 1));
            self.rows.push_row(row).expect("every vector has the inputs of the product");
        }
    }
}

/// A range that also holds all of `rows`.
fn range(range: [f32; 2], rows: &Array2<f32>) -> [f32; 2] {
    rows.iter().fold(range, |[a, b], &x| [a.min(x), b.max(x)])
}
