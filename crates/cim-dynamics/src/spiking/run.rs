//! A run of a spiking network over a batch of sequences.

use cim_core::{Scratch, Tally};
use ndarray::{Array2, Zip};

use super::network::{Arrays, Network};
use crate::DynamicsError;
use crate::error::{fits, positive};

/// What happened in a run: what learning needs, and what costs.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// Mean over time of the readout, batch × classes.
    pub logits: Array2<f32>,
    /// For each layer and step what its neurons saw, batch × taps · channels.
    pub seen: Vec<Vec<Array2<f32>>>,
    /// For each layer and step the membranes before a reset, batch × neurons.
    pub membrane: Vec<Vec<Array2<f32>>>,
    /// For each layer and step what the neurons sent, batch × neurons.
    pub sent: Vec<Vec<Array2<f32>>>,
    /// For each layer, then the readout: inputs that were not zero, over all steps and samples.
    pub events: Vec<u64>,
}

/// Runs a network over `inputs`: one matrix, batch × channels, for each step.
///
/// `block` numbers the batch: product `t` of a layer is call `block · steps + t`.
///
/// # Errors
/// [`DynamicsError`] if there are no steps, or inputs or arrays do not fit the network.
pub fn run(
    network: &Network,
    arrays: &Arrays,
    inputs: &[Array2<f32>],
    block: u64,
    scratch: &mut Scratch,
    tally: &mut Tally,
) -> Result<Record, DynamicsError> {
    arrays.check(network)?;
    positive("the number of steps", inputs.len() as f64, inputs.len())?;
    let batch = inputs[0].nrows();
    for step in inputs {
        fits("sequences of a step", step.nrows(), batch)?;
        fits("channels of a step", step.ncols(), network.layers[0].channels)?;
    }
    let mut record = Record::default();
    for (layer, array) in network.layers.iter().zip(&arrays.forward) {
        let before = record.sent.last().map_or(inputs, Vec::as_slice);
        let seen = layer.windows(before);
        let neurons = layer.weights.ncols();
        let mut rest = Array2::<f32>::zeros((batch, neurons));
        let (mut membrane, mut sent) = (Vec::new(), Vec::new());
        for (t, x) in seen.iter().enumerate() {
            let mut u = Array2::zeros((batch, neurons));
            let call = block * seen.len() as u64 + t as u64;
            array.apply(x.view(), call, u.view_mut(), scratch, tally);
            let keep = layer.lif.spec().keep;
            let mut o = Array2::zeros((batch, neurons));
            Zip::from(&mut u).and(&mut rest).and(&mut o).for_each(|u, rest, o| {
                *u += keep * *rest;
                *o = layer.lif.send(*u);
                *rest = layer.lif.rest(*u, *o);
            });
            membrane.push(u);
            sent.push(o);
        }
        record.events.push(seen.iter().map(nonzero).sum());
        record.seen.push(seen);
        record.membrane.push(membrane);
        record.sent.push(sent);
    }
    let sent = record.sent.last().expect("a network has a layer");
    let array = arrays.forward.last().expect("checked: one more than layers");
    record.logits = Array2::zeros((batch, network.readout.ncols()));
    let mut y = record.logits.clone();
    for (t, x) in sent.iter().enumerate() {
        let call = block * sent.len() as u64 + t as u64;
        array.apply(x.view(), call, y.view_mut(), scratch, tally);
        record.logits.scaled_add(1.0 / sent.len() as f32, &y);
    }
    record.events.push(sent.iter().map(nonzero).sum());
    Ok(record)
}

fn nonzero(values: &Array2<f32>) -> u64 {
    values.iter().filter(|v| **v != 0.0).count() as u64
}
