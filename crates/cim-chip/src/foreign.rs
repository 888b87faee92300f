//! Networks of other tools on chips.

use cim_core::{MatMul, Scratch, Tally};
use cim_graph::{Data, DataType, GraphError, Network, Tensor};
use cim_nn::Product;
use ndarray::{Array2, ArrayView2, Axis, s};
use rayon::prelude::*;

use crate::error::ChipError;
use crate::mapped::Mapped;

/// Samples of a block, where every product is driven once a sample.
const BLOCK: usize = 256;

/// Vectors of a block that drive the product which is driven most often.
const BLOCK_ROWS: usize = 8192;

/// A network from ONNX or safetensors, whose samples are rows of numbers.
///
/// A row holds the inputs of one sample one after the other, each flattened; inputs that are whole
/// numbers are rounded from it, exactly up to 2²⁴. The first output counts. Dimensions other than the
/// first are the same for all samples, so that every sample drives a product equally often.
pub struct Foreign {
    network: Network,
    inputs: Vec<Input>,
    names: Vec<String>,
    per_sample: Vec<usize>,
    outputs: usize,
    block: usize,
}

/// One input of the network.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Input {
    /// Dimensions of one sample.
    shape: Vec<usize>,
    data_type: DataType,
}

impl Foreign {
    /// Joins a network with the shapes of its inputs, one sample of each, and runs `sample` once: what
    /// the network cannot take is refused here.
    ///
    /// # Errors
    /// [`ChipError::Graph`] for inputs that do not fit, [`ChipError::Batch`] for a network that takes
    /// or gives another number of samples than it should, [`ChipError::NoProducts`].
    pub fn new(network: Network, shapes: &[Vec<usize>], sample: &[f32]) -> Result<Self, ChipError> {
        let ports: Vec<_> = network.inputs().collect();
        if ports.len() != shapes.len() {
            return Err(GraphError::Inputs { given: shapes.len(), wanted: ports.len() }.into());
        }
        // The number of samples at a time that the file fixes, if it does.
        let mut fixed = None;
        for port in &ports {
            if let Some(Some(count)) = port.shape.as_ref().and_then(|dims| dims.first()) {
                fixed = Some(*count);
                if *count != 1 {
                    let (what, count) = (format!("input {}", port.name), *count);
                    return Err(ChipError::Batch { what, count, wanted: 1 });
                }
            }
        }
        let input = |(port, shape): (&&cim_graph::Port, &Vec<usize>)| Input {
            shape: shape.clone(),
            data_type: port.data_type,
        };
        let inputs: Vec<Input> = ports.iter().zip(shapes).map(input).collect();
        let names = network.products().iter().map(|product| product.name.clone()).collect();
        if network.products().is_empty() {
            return Err(ChipError::NoProducts);
        }
        let mut foreign =
            Self { network, inputs, names, per_sample: Vec::new(), outputs: 0, block: 1 };
        let first = ArrayView2::from_shape((1, sample.len()), sample).expect("one row");
        let driven = foreign.network.positions(&foreign.tensors(first)?)?;
        foreign.per_sample = driven.iter().map(|&rows| rows as usize).collect();
        let most = foreign.per_sample.iter().copied().max().unwrap_or(1).max(1);
        foreign.block = if fixed.is_some() { 1 } else { (BLOCK_ROWS / most).clamp(1, BLOCK) };
        // Two samples at a time show whether the first dimension is that of samples.
        let count = foreign.block.min(2);
        let pair = Array2::from_shape_fn((count, sample.len()), |(_, idx)| sample[idx]);
        let outputs = foreign.digitally(pair.view())?;
        foreign.outputs = outputs.len() / count;
        Ok(foreign)
    }

    /// The network as it was read.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// Numbers of one sample.
    pub fn inputs(&self) -> usize {
        self.inputs.iter().map(Input::len).sum()
    }

    /// Samples that one worker carries through at a time.
    pub fn block(&self) -> usize {
        self.block
    }

    /// Samples (samples × inputs) as the network takes them.
    fn tensors(&self, samples: ArrayView2<'_, f32>) -> Result<Vec<Tensor>, ChipError> {
        let (count, wanted) = (samples.nrows(), self.inputs());
        if samples.ncols() != wanted {
            return Err(ChipError::SampleSize { given: samples.ncols(), wanted });
        }
        let mut first = 0;
        let mut tensors = Vec::with_capacity(self.inputs.len());
        for input in &self.inputs {
            let own = samples.slice(s![.., first..first + input.len()]);
            let shape = std::iter::once(count).chain(input.shape.iter().copied()).collect();
            tensors.push(Tensor::new(shape, input.data(own))?);
            first += input.len();
        }
        Ok(tensors)
    }

    /// The first output of a block, sample by sample.
    fn run(
        &self,
        products: &[&dyn MatMul],
        samples: ArrayView2<'_, f32>,
        call: u64,
        scratch: &mut Scratch,
        tally: &mut Tally,
    ) -> Result<Vec<f32>, ChipError> {
        let tensors = self.tensors(samples)?;
        let outputs = self.network.run(products, &tensors, call, scratch, tally)?;
        let output = &outputs[0];
        let name = || format!("output {}", self.network.outputs()[0]);
        if output.shape().first() != Some(&samples.nrows()) {
            let count = output.shape().first().copied().unwrap_or(0);
            return Err(ChipError::Batch { what: name(), count, wanted: samples.nrows() });
        }
        match output.as_f32() {
            Some(values) => Ok(values.to_vec()),
            None => Err(ChipError::Output { name: name(), data_type: output.data_type() }),
        }
    }

    fn digitally(&self, samples: ArrayView2<'_, f32>) -> Result<Vec<f32>, ChipError> {
        let exact = self.network.exact();
        let products: Vec<&dyn MatMul> = exact.iter().map(|product| product as _).collect();
        self.run(&products, samples, 0, &mut Scratch::default(), &mut Tally::default())
    }
}

impl Input {
    fn len(&self) -> usize {
        self.shape.iter().product()
    }

    fn data(&self, samples: ArrayView2<'_, f32>) -> Data {
        let values = samples.iter().copied();
        match self.data_type {
            // One copy of what lies in one piece: value by value it took a tenth of a small perceptron's time on a chip.
            DataType::F32 => {
                Data::F32(samples.as_slice().map_or_else(|| values.collect(), <[f32]>::to_vec))
            }
            DataType::F64 => Data::F64(values.map(f64::from).collect()),
            DataType::I8 => Data::I8(values.map(|v| v.round() as i8).collect()),
            DataType::I16 => Data::I16(values.map(|v| v.round() as i16).collect()),
            DataType::I32 => Data::I32(values.map(|v| v.round() as i32).collect()),
            DataType::I64 => Data::I64(values.map(|v| v.round() as i64).collect()),
            DataType::U8 => Data::U8(values.map(|v| v.round() as u8).collect()),
            DataType::U16 => Data::U16(values.map(|v| v.round() as u16).collect()),
            DataType::U32 => Data::U32(values.map(|v| v.round() as u32).collect()),
            DataType::U64 => Data::U64(values.map(|v| v.round() as u64).collect()),
            DataType::Bool => Data::Bool(values.map(|v| v != 0.0).collect()),
        }
    }
}

impl Mapped for Foreign {
    fn products(&self) -> Vec<Product<'_>> {
        let own = self.network.products().iter().zip(&self.names).zip(&self.per_sample);
        own.map(|((product, name), &per_sample)| Product {
            name,
            weights: product.weights.view(),
            per_sample,
        })
        .collect()
    }

    fn drives(&self, samples: ArrayView2<'_, f32>) -> Result<Vec<Array2<f32>>, ChipError> {
        let mut all: Vec<Array2<f32>> = Vec::new();
        for samples in samples.axis_chunks_iter(Axis(0), self.block) {
            let seen = self.network.product_inputs(&self.tensors(samples)?)?;
            if all.is_empty() {
                all = seen;
                continue;
            }
            for (all, seen) in all.iter_mut().zip(seen) {
                all.append(Axis(0), seen.view()).expect("inputs of one product");
            }
        }
        Ok(all)
    }

    fn outputs<M: MatMul>(
        &self,
        products: &[M],
        samples: ArrayView2<'_, f32>,
    ) -> Result<(Array2<f32>, Tally), ChipError> {
        let products: Vec<&dyn MatMul> = products.iter().map(|product| product as _).collect();
        let mut outputs = Array2::zeros((samples.nrows(), self.outputs));
        let blocks: Vec<_> = samples.axis_chunks_iter(Axis(0), self.block).collect();
        let tallies = outputs
            .axis_chunks_iter_mut(Axis(0), self.block)
            .into_par_iter()
            .zip(blocks)
            .enumerate()
            .map_init(Scratch::default, |scratch, (block_idx, (mut out, samples))| {
                let mut tally = Tally::default();
                let values = self.run(&products, samples, block_idx as u64, scratch, &mut tally)?;
                let (given, wanted) = (values.len(), out.len());
                if given != wanted {
                    return Err(ChipError::OutputSize { given, wanted });
                }
                out.iter_mut().zip(values).for_each(|(to, value)| *to = value);
                Ok(tally)
            })
            .collect::<Result<Vec<Tally>, ChipError>>()?;
        let mut tally = Tally::default();
        tallies.into_iter().for_each(|block| tally += block);
        Ok((outputs, tally))
    }
}
