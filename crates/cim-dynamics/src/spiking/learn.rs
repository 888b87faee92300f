//! Learning: backpropagation through time, and direct feedback alignment.
//!
//! Both take a record of a run and the slope of the loss by the readout, and give a gradient of every
//! matrix. Backpropagation reads every array transposed, step by step and layer by layer; feedback
//! alignment projects the error once to each layer by a fixed random matrix, and reads nothing.
//!
//! Source: Werbos 1990 and Neftci et al. 2019; Nøkland 2016 (arXiv 1609.01596).

use cim_core::{Exact, MatMul, Scratch, Stream, Tally};
use ndarray::{Array2, Axis, Zip};
use serde::{Deserialize, Serialize};

use super::network::{Arrays, Network};
use super::run::Record;
use crate::DynamicsError;
use crate::adam::Adam;
use crate::error::fits;

/// Fixed random matrices from the classes to each spiking layer, classes × neurons.
pub struct Feedback(pub Vec<Box<dyn MatMul>>);

impl Feedback {
    /// Normal, of variance `1 / classes`.
    pub fn drawn(network: &Network, at: Stream) -> Self {
        let boxed = |b: Array2<f32>| Box::new(Exact(b)) as Box<dyn MatMul>;
        Self(random(network, at).into_iter().map(boxed).collect())
    }
}

/// The matrices of [`Feedback::drawn`].
pub fn random(network: &Network, at: Stream) -> Vec<Array2<f32>> {
    let classes = network.readout.ncols();
    let draw = |(l, neurons): (usize, usize)| {
        let mut z = vec![0.0; classes * neurons];
        at.child("feedback", l as u64).fill_standard_normal(0, &mut z);
        let scale = 1.0 / (classes as f32).sqrt();
        Array2::from_shape_fn((classes, neurons), |(c, i)| scale * z[c * neurons + i])
    };
    network.layers.iter().map(|l| l.weights.ncols()).enumerate().map(draw).collect()
}

/// Matrices that lead from the classes to each spiking layer as the weights behind it do, delays and surrogate
/// slopes aside: fixed once, from a network that has learned. Each has the root mean square of a drawn one.
pub fn aligned(network: &Network) -> Vec<Array2<f32>> {
    let classes = network.readout.ncols() as f32;
    let mut back = network.readout.t().to_owned();
    let mut all = vec![back.clone()];
    for l in (1..network.layers.len()).rev() {
        let (layer, before) = (&network.layers[l], network.layers[l - 1].weights.ncols());
        // All steps that a neuron sees, together.
        let mut through = Array2::<f32>::zeros((before, layer.weights.ncols()));
        layer.weights.axis_chunks_iter(Axis(0), before).for_each(|tap| through += &tap);
        back = back.dot(&through.t());
        all.insert(0, back.clone());
    }
    for matrix in &mut all {
        let square = matrix.iter().map(|b| b * b).sum::<f32>() / matrix.len().max(1) as f32;
        let scale = (classes * square.max(f32::MIN_POSITIVE)).sqrt();
        matrix.mapv_inplace(|b| b / scale);
    }
    all
}

/// Mean cross-entropy of the readout, and its slope by the logits.
///
/// # Errors
/// [`DynamicsError::Shape`] if there is not one label per sequence.
pub fn cross_entropy(
    record: &Record,
    labels: &[usize],
) -> Result<(f64, Array2<f32>), DynamicsError> {
    fits("labels", labels.len(), record.logits.nrows())?;
    let classes = record.logits.ncols();
    if let Some(label) = labels.iter().find(|label| **label >= classes) {
        crate::error::within("a label", *label as f64, 0.0, classes as f64 - 1.0)?;
    }
    let (mut slope, mut loss) = (record.logits.clone(), 0.0);
    for (mut row, &label) in slope.axis_iter_mut(Axis(0)).zip(labels) {
        let most = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        row.mapv_inplace(|z| (z - most).exp());
        let sum = row.sum();
        loss -= f64::from((row[label] / sum).ln());
        row.mapv_inplace(|p| p / sum / labels.len() as f32);
        row[label] -= 1.0 / labels.len() as f32;
    }
    Ok((loss / labels.len().max(1) as f64, slope))
}

/// The gradient by backpropagation through time, of every matrix.
///
/// `error` is the slope of the loss by the logits, batch × classes. Call `t` of a transposed array is
/// `block · steps + t`.
///
/// # Errors
/// [`DynamicsError::Shape`] if arrays or error do not fit the network.
pub fn backward(
    network: &Network,
    arrays: &Arrays,
    record: &Record,
    error: &Array2<f32>,
    block: u64,
    scratch: &mut Scratch,
    tally: &mut Tally,
) -> Result<Vec<Array2<f32>>, DynamicsError> {
    arrays.check(network)?;
    fits("entries of the error", error.len(), record.logits.len())?;
    let mut gradient: Vec<Array2<f32>> =
        network.weights().map(|w| Array2::zeros(w.dim())).collect();
    let depth = network.layers.len();
    let steps = record.sent[depth - 1].len();
    gradient[depth] = readout_gradient(record, error);
    // The same for every step: one transposed read.
    let mut each = Array2::zeros((error.nrows(), network.readout.nrows()));
    arrays.transposed[depth].apply(error.view(), block, each.view_mut(), scratch, tally);
    each /= steps as f32;
    let mut by_sent = vec![each; steps];
    for (l, layer) in network.layers.iter().enumerate().rev() {
        let (seen, membrane, sent) = (&record.seen[l], &record.membrane[l], &record.sent[l]);
        let before = if l == 0 { 0 } else { record.sent[l - 1].len() };
        let mut by_before: Vec<Array2<f32>> =
            (0..before).map(|_| Array2::zeros((error.nrows(), layer.channels))).collect();
        let mut later = Array2::<f32>::zeros(membrane[0].dim());
        let mut by_seen = Array2::zeros(seen[0].dim());
        for t in (0..seen.len()).rev() {
            // The slope by the membrane: by what it sent, and by what is left of it.
            Zip::from(&mut later).and(&membrane[t]).and(&sent[t]).and(&by_sent[t]).for_each(
                |later, &u, &o, &by_sent| {
                    *later = by_sent * layer.lif.slope(u)
                        + layer.lif.spec().keep * *later * layer.lif.rest_slope(u, o);
                },
            );
            add_product(&mut gradient[l], &seen[t], &later);
            if l > 0 {
                let call = block * seen.len() as u64 + t as u64;
                arrays.transposed[l].apply(later.view(), call, by_seen.view_mut(), scratch, tally);
                for (tap, from) in layer.seen(t) {
                    let at = tap * layer.channels;
                    let part = by_seen.slice(ndarray::s![.., at..at + layer.channels]);
                    by_before[from] += &part;
                }
            }
        }
        by_sent = by_before;
    }
    Ok(gradient)
}

/// The direction of direct feedback alignment, of every matrix; that of the readout is its gradient.
///
/// The error reaches each layer by one product with its random matrix, is weighted by the surrogate at each
/// step, and meets a trace of what the layer saw, which decays as its membranes do.
///
/// # Errors
/// [`DynamicsError::Shape`] if feedback or error do not fit the network.
pub fn feedback(
    network: &Network,
    feedback: &Feedback,
    record: &Record,
    error: &Array2<f32>,
    block: u64,
    scratch: &mut Scratch,
    tally: &mut Tally,
) -> Result<Vec<Array2<f32>>, DynamicsError> {
    fits("matrices of the feedback", feedback.0.len(), network.layers.len())?;
    fits("entries of the error", error.len(), record.logits.len())?;
    let mut directions = Vec::new();
    for (l, layer) in network.layers.iter().enumerate() {
        let (inputs, neurons) = layer.weights.dim();
        fits("neurons of the feedback", feedback.0[l].shape().1, neurons)?;
        let (seen, membrane) = (&record.seen[l], &record.membrane[l]);
        let mut projected = Array2::zeros((error.nrows(), neurons));
        feedback.0[l].apply(error.view(), block, projected.view_mut(), scratch, tally);
        projected /= seen.len() as f32;
        let mut direction = Array2::zeros((inputs, neurons));
        let mut trace = Array2::<f32>::zeros(seen[0].dim());
        for (x, u) in seen.iter().zip(membrane) {
            let keep = layer.lif.spec().keep;
            trace.zip_mut_with(x, |trace, &x| *trace = keep * *trace + x);
            let delta = Zip::from(&projected).and(u).map_collect(|&p, &u| p * layer.lif.slope(u));
            add_product(&mut direction, &trace, &delta);
        }
        directions.push(direction);
    }
    directions.push(readout_gradient(record, error));
    Ok(directions)
}

fn readout_gradient(record: &Record, error: &Array2<f32>) -> Array2<f32> {
    let sent = record.sent.last().expect("a network has a layer");
    let mut mean = Array2::<f32>::zeros(sent[0].dim());
    sent.iter().for_each(|sent| mean += sent);
    mean /= sent.len() as f32;
    let mut gradient = Array2::zeros((mean.ncols(), error.ncols()));
    add_product(&mut gradient, &mean, error);
    gradient
}

/// `sum += xᵀ y`.
fn add_product(sum: &mut Array2<f32>, x: &Array2<f32>, y: &Array2<f32>) {
    cim_core::matmul::product_add(x.t(), y.view(), sum.view_mut());
}

/// Weights that follow a gradient, wherever it came from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Teacher {
    /// Learning rate of the next step.
    pub rate: f32,
    adam: Vec<Adam>,
}

impl Teacher {
    /// Adam for all matrices of a network.
    pub fn new(network: &Network, rate: f32) -> Self {
        Self { rate, adam: network.weights().map(|w| Adam::new(w.len())).collect() }
    }

    /// Whether its moments are those of a network.
    pub fn fits(&self, network: &Network) -> bool {
        self.adam.len() == network.layers.len() + 1
            && self.adam.iter().zip(network.weights()).all(|(a, w)| a.parameters() == Some(w.len()))
    }

    /// One step.
    ///
    /// # Errors
    /// [`DynamicsError::Shape`] if the gradient is not that of the network.
    pub fn step(
        &mut self,
        network: &mut Network,
        gradient: &[Array2<f32>],
    ) -> Result<(), DynamicsError> {
        fits("matrices of the gradient", gradient.len(), self.adam.len())?;
        for ((adam, w), g) in self.adam.iter_mut().zip(network.weights_mut()).zip(gradient) {
            fits("entries of a gradient", g.len(), w.len())?;
            let g = g.as_standard_layout();
            let g = g.as_slice().expect("in standard layout");
            adam.update(self.rate, 0.0, g, w.as_slice_mut().expect("in standard layout"));
        }
        Ok(())
    }
}
