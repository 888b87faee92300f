//! Inference: a network on whatever carries its products.

use cim_core::{MatMul, Scratch, Tally};
use ndarray::{Array2, ArrayView2, Axis, s};
use rayon::prelude::*;

use crate::carriers::on_products::{Bias, Borrowed, Observer, OnProducts};
use crate::dataset::Dataset;
use crate::network::{BLOCK, Network};
use crate::operations::{Context, Operate, Operation, Tape};

/// Rows of the inputs of a product, as they are collected.
type Rows = (Vec<f32>, usize);

impl Network {
    /// Logits (batch × outputs) of `x` (batch × inputs), computed digitally.
    pub fn digital_logits(&self, x: ArrayView2<'_, f32>) -> Array2<f32> {
        let (mut scratch, mut tally) = (Scratch::default(), Tally::default());
        let mut tape = Tape::default();
        let mut logits = Array2::zeros((x.nrows(), self.outputs()));
        let products = self.borrowed();
        // Without convolutions, all at once: the sums of a product may depend on its height.
        let convolves = self.block() < BLOCK;
        let block = if convolves { self.block() } else { x.nrows().max(1) };
        for (idx, (x, mut out)) in x
            .axis_chunks_iter(Axis(0), block)
            .zip(logits.axis_chunks_iter_mut(Axis(0), block))
            .enumerate()
        {
            let x = x.as_standard_layout();
            let x = x.as_slice().expect("standard layout");
            let on = self.on(&products, idx as u64, &mut scratch, &mut tally, None);
            let batch = out.nrows();
            out.assign(&self.forward(on, &self.operations, x, batch, &mut tape));
        }
        logits
    }

    /// Runs `x` (batch × inputs) through the network on `products`, one per product of the network.
    ///
    /// Returns what every product puts out with its bias, one row for each vector that drove it; the
    /// last are the logits of a perceptron. `call` numbers the pass, see [`MatMul::apply`].
    ///
    /// # Panics
    /// If `products` does not have one product of the right shape per product of the network.
    pub fn pre_activations<M: MatMul>(
        &self,
        products: &[M],
        x: ArrayView2<'_, f32>,
        call: u64,
        scratch: &mut Scratch,
        tally: &mut Tally,
    ) -> Vec<Array2<f32>> {
        let mut rows: Vec<Rows> = vec![(vec![], 0); self.layers.len()];
        let mut collect = |product: usize, _: ArrayView2<'_, f32>, y: ArrayView2<'_, f32>| {
            rows[product].0.extend(y.iter());
            rows[product].1 += y.nrows();
        };
        let x = x.as_standard_layout();
        let on = self.on(products, call, scratch, tally, Some(&mut collect));
        let batch = x.nrows();
        let x = x.as_slice().expect("standard layout");
        self.forward(on, &self.operations, x, batch, &mut Tape::default());
        matrices(rows)
    }

    /// The vectors that drive every product (rows × inputs) when the first `limit_samples` samples
    /// of `x` (samples × inputs) go through the network digitally: what calibration looks at.
    /// Samples are outermost, then positions or points in time. Where every product is driven once
    /// per sample they go through together, else one by one.
    pub fn product_inputs(&self, x: ArrayView2<'_, f32>, limit_samples: usize) -> Vec<Array2<f32>> {
        self.product_inputs_on(&self.borrowed(), x, limit_samples)
    }

    /// As [`product_inputs`](Self::product_inputs), but what drives a product is what the `products`
    /// before it put out.
    ///
    /// # Panics
    /// As [`pre_activations`](Self::pre_activations).
    pub fn product_inputs_on<M: MatMul>(
        &self,
        products: &[M],
        x: ArrayView2<'_, f32>,
        limit_samples: usize,
    ) -> Vec<Array2<f32>> {
        let (mut scratch, mut tally) = (Scratch::default(), Tally::default());
        let mut rows: Vec<Rows> = vec![(vec![], 0); self.layers.len()];
        let mut tape = Tape::default();
        let x = x.slice(s![..limit_samples.min(x.nrows()), ..]);
        let once = self.plans.iter().all(|plan| plan.per_sample == 1);
        // Else sample by sample, so that points in time of one come before those of the next.
        let together = if once { x.nrows().max(1) } else { 1 };
        for samples in x.axis_chunks_iter(Axis(0), together) {
            let mut collect = |product: usize, x: ArrayView2<'_, f32>, _: ArrayView2<'_, f32>| {
                rows[product].0.extend(x.iter());
                rows[product].1 += x.nrows();
            };
            let batch = samples.nrows();
            let samples = samples.as_standard_layout();
            let samples = samples.as_slice().expect("standard layout");
            let on = self.on(products, 0, &mut scratch, &mut tally, Some(&mut collect));
            self.forward(on, &self.operations, samples, batch, &mut tape);
        }
        matrices(rows)
    }

    /// Logits (samples × classes) of a data set on `products`, block by block over all threads.
    ///
    /// # Panics
    /// As [`pre_activations`](Self::pre_activations), or if samples do not fit.
    pub fn logits<M: MatMul>(&self, products: &[M], data: &Dataset) -> (Array2<f32>, Tally) {
        let samples = (data.len(), data.pixels());
        assert_eq!(samples.1, self.inputs(), "samples must fit the network");
        self.by_blocks(products, &self.operations, samples, |first, x| data.range_into(first, x))
    }

    /// As [`logits`](Self::logits), of samples in a matrix (samples × inputs).
    ///
    /// # Panics
    /// As [`logits`](Self::logits).
    pub fn outputs_on<M: MatMul>(
        &self,
        products: &[M],
        samples: ArrayView2<'_, f32>,
    ) -> (Array2<f32>, Tally) {
        assert_eq!(samples.ncols(), self.inputs(), "samples must fit the network");
        self.by_blocks(products, &self.operations, samples.dim(), rows_of(samples))
    }

    /// As [`outputs_on`](Self::outputs_on), where it is known what one of the products puts out, without its bias
    /// (samples × outputs): that product and all before it are left out, and what is counted is of those behind it.
    ///
    /// # Panics
    /// As [`logits`](Self::logits), or if the product is not an operation of its own in the network's list that every
    /// sample drives once.
    pub fn outputs_behind<M: MatMul>(
        &self,
        product: usize,
        products: &[M],
        known: ArrayView2<'_, f32>,
    ) -> (Array2<f32>, Tally) {
        let own = |operation: &Operation| operation.weighted() == (product..product + 1);
        let at =
            self.operations.iter().position(own).filter(|_| self.plans[product].per_sample == 1);
        let behind = &self.operations[at.expect("a product that every sample drives once") + 1..];
        let bias = &self.layers[product].bias;
        assert_eq!(known.ncols(), bias.len(), "what is known must fit the product");
        let fill = rows_of(known);
        self.by_blocks(products, behind, known.dim(), |first, x| {
            fill(first, x);
            let bias = bias.as_slice().expect("standard layout");
            pulp::Arch::new().dispatch(Bias { bias, y: x });
        })
    }

    /// Logits (samples × outputs) of samples (count, size of each) that `fill` writes out from one of them
    /// on, computed digitally, block by block over all threads.
    pub(crate) fn digital_by_blocks(
        &self,
        samples: (usize, usize),
        fill: impl Fn(usize, &mut [f32]) + Sync,
    ) -> Array2<f32> {
        assert_eq!(samples.1, self.inputs(), "samples must fit the network");
        self.by_blocks(&self.borrowed(), &self.operations, samples, fill).0
    }

    /// What the last of some operations, which are the last of the network, makes of samples (count, size of each)
    /// that `fill` writes out from one of them on.
    fn by_blocks<M: MatMul>(
        &self,
        products: &[M],
        operations: &[Operation],
        (count, size): (usize, usize),
        fill: impl Fn(usize, &mut [f32]) + Sync,
    ) -> (Array2<f32>, Tally) {
        let mut logits = Array2::zeros((count, self.outputs()));
        let block = self.block();
        let blocks: Vec<Tally> = logits
            .axis_chunks_iter_mut(Axis(0), block)
            .into_par_iter()
            .enumerate()
            .map_init(<(Scratch, Tape<f32>)>::default, |(scratch, tape), (block_idx, mut out)| {
                let mut tally = Tally::default();
                let mut x = scratch.take(out.nrows() * size);
                fill(block_idx * block, &mut x);
                let on = self.on(products, block_idx as u64, scratch, &mut tally, None);
                let batch = out.nrows();
                out.assign(&self.forward(on, operations, &x, batch, tape));
                scratch.give(x);
                tally
            })
            .collect();
        let mut tally = Tally::default();
        blocks.into_iter().for_each(|block| tally += block);
        (logits, tally)
    }

    /// The digital products, borrowed.
    pub(crate) fn borrowed(&self) -> Vec<Borrowed<'_>> {
        self.layers.iter().map(|layer| Borrowed(layer.weights.view())).collect()
    }

    fn on<'a, M: MatMul>(
        &'a self,
        products: &'a [M],
        block: u64,
        scratch: &'a mut Scratch,
        tally: &'a mut Tally,
        observer: Option<&'a mut Observer<'a>>,
    ) -> OnProducts<'a, M> {
        assert_eq!(products.len(), self.layers.len(), "one product per product of the network");
        OnProducts { products, layers: &self.layers, block, scratch, tally, observer }
    }

    /// What the last of some operations puts out, batch × outputs; `x` itself, of none.
    fn forward<'t, M: MatMul>(
        &self,
        mut carrier: OnProducts<'_, M>,
        operations: &[Operation],
        x: &'t [f32],
        batch: usize,
        tape: &'t mut Tape<f32>,
    ) -> ArrayView2<'t, f32> {
        let mut context = Context {
            carrier: &mut carrier,
            norms: &self.norms,
            norm_work: &mut [],
            training: None,
            capacity: self.block(),
        };
        tape.forward(operations, &mut context, batch, x);
        // Without operations there is nothing that would put anything else out.
        let last = if operations.is_empty() { x } else { tape.last() };
        ArrayView2::from_shape((batch, self.outputs()), last).expect("batch × outputs")
    }
}

/// Writes out rows of a matrix from one of them on.
fn rows_of(matrix: ArrayView2<'_, f32>) -> impl Fn(usize, &mut [f32]) + Sync {
    move |first, x| {
        if let Some(all) = matrix.to_slice() {
            x.copy_from_slice(&all[first * matrix.ncols()..][..x.len()]);
            return;
        }
        let rows = matrix.rows().into_iter().skip(first);
        for (to, from) in x.chunks_exact_mut(matrix.ncols()).zip(rows) {
            to.iter_mut().zip(from).for_each(|(to, &from)| *to = from);
        }
    }
}

fn matrices(rows: Vec<Rows>) -> Vec<Array2<f32>> {
    let matrix = |(values, rows): Rows| {
        let cols = values.len().checked_div(rows).unwrap_or(0);
        Array2::from_shape_vec((rows, cols), values).expect("rows of one length")
    };
    rows.into_iter().map(matrix).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use cim_core::{Exact, Stream};
    use ndarray::ArrayViewMut2;

    use super::*;
    use crate::network::first_images;

    /// A product that writes down its calls.
    struct Recording<'a> {
        exact: Exact,
        layer_idx: usize,
        /// Layer, call and number of vectors.
        calls: &'a Mutex<Vec<(usize, u64, usize)>>,
    }

    impl MatMul for Recording<'_> {
        fn shape(&self) -> (usize, usize) {
            self.exact.shape()
        }

        fn apply(
            &self,
            x: ArrayView2<'_, f32>,
            call: u64,
            y: ArrayViewMut2<'_, f32>,
            scratch: &mut Scratch,
            tally: &mut Tally,
        ) {
            self.calls.lock().expect("no panic").push((self.layer_idx, call, x.nrows()));
            self.exact.apply(x, call, y, scratch, tally);
        }
    }

    /// What is behind a product does not see who computed it; the products of before are not asked.
    #[test]
    fn what_is_behind_a_known_product_is_what_the_whole_network_gives() {
        let count = 2 * BLOCK + 5;
        let mut network = Network::new(&[6, 5, 4, 2], Stream::root(1)).expect("a network");
        for layer in network.layers_mut() {
            let bias = layer.bias.as_slice_mut().expect("standard layout");
            Stream::root(2).fill_standard_normal(bias.len() as u64, bias);
        }
        let mut x = Array2::zeros((count, 6));
        Stream::root(3).fill_standard_normal(0, x.as_slice_mut().expect("standard layout"));
        let calls = Mutex::new(Vec::new());
        let exact = network.exact().into_iter().enumerate();
        let products: Vec<_> =
            exact.map(|(layer_idx, exact)| Recording { exact, layer_idx, calls: &calls }).collect();
        let (whole, _) = network.outputs_on(&products, x.view());
        for product in 0..3 {
            let mut known = Array2::zeros((count, network.layers()[product].bias.len()));
            for (idx, mut rows) in known.axis_chunks_iter_mut(Axis(0), BLOCK).enumerate() {
                let x = x.slice(s![idx * BLOCK.., ..]);
                let own = x.slice(s![..rows.nrows(), ..]);
                let driven = network.product_inputs(own, rows.nrows()).swap_remove(product);
                rows.assign(&driven.dot(&network.layers()[product].weights));
            }
            calls.lock().expect("no panic").clear();
            let (got, _) = network.outputs_behind(product, &products, known.view());
            assert!((&got - &whole).iter().all(|d| d.abs() < 1e-5), "{product}");
            let own: Vec<_> = calls.lock().expect("no panic").clone();
            let behind = |(layer, _, _): &(usize, u64, usize)| product < *layer;
            assert!(own.iter().all(behind) && own.len() == 3 * (2 - product), "{own:?}");
            // Blocks and their calls are those of the whole network.
            for (layer, call, rows) in own {
                assert_eq!(rows, if call == 2 { 5 } else { BLOCK }, "{layer}");
            }
        }
    }

    /// Noise is addressed by call, so a call that came twice would be noise used twice.
    #[test]
    fn every_block_is_a_call_of_its_own() {
        let count = 2 * BLOCK + 5;
        let pixels = (0..6 * count).map(|i| (i * 37 % 256) as u8).collect();
        let data = Dataset::new(pixels, vec![0; count], 2, 3, 2).expect("images");
        let network = Network::new(&[6, 5, 4, 2], Stream::root(1)).expect("a network");
        let calls = Mutex::new(Vec::new());
        let products: Vec<_> = network
            .exact()
            .into_iter()
            .enumerate()
            .map(|(layer_idx, exact)| Recording { exact, layer_idx, calls: &calls })
            .collect();
        let (logits, _) = network.logits(&products, &data);
        let mut calls = calls.lock().expect("no panic").clone();
        calls.sort_unstable();
        let want = (0..3).flat_map(|layer| [(layer, 0, BLOCK), (layer, 1, BLOCK), (layer, 2, 5)]);
        assert!(calls.iter().copied().eq(want), "{calls:?}");
        // Block by block is what the whole set gives at once, up to the order of sums.
        let whole = network.digital_logits(first_images(&data, count).view());
        assert!((&logits - &whole).iter().all(|d| d.abs() < 1e-5));
    }
}
