//! A network that has been read: what it takes, which products it hands out, and its runs.

use std::borrow::Cow;

use cim_core::{Exact, MatMul, Scratch, Tally};
use ndarray::{Array2, ArrayView2};

use crate::compile::{Compiled, compile};
use crate::error::GraphError;
use crate::limits::Limits;
use crate::model::Model;
pub use crate::model::Port;
pub use crate::operator::Watch;
use crate::operator::{Product, Run};
use crate::program::{Placed, Values};
use crate::tensor::Tensor;
use crate::{layers, onnx, sniff};

/// A network from a file.
///
/// Every product with constant weights goes to a [`MatMul`] that the caller supplies, batch and
/// positions as rows; everything else runs in floating point here.
pub struct Network {
    compiled: Compiled,
}

impl Network {
    /// Reads an ONNX file.
    ///
    /// # Errors
    /// [`GraphError`]: the file is something else or damaged, exceeds `limits`, or asks for an
    /// operator, attribute or type that is not there, by name.
    pub fn from_onnx(bytes: &[u8], limits: Limits) -> Result<Self, GraphError> {
        Self::from_onnx_with(bytes, &[], limits)
    }

    /// As [`from_onnx`](Self::from_onnx), with some inputs fixed to a value: they are constants
    /// then, and branches that they do not take are left out with their products.
    ///
    /// # Errors
    /// As [`from_onnx`](Self::from_onnx), and where `fixed` names no input or does not fit it.
    pub fn from_onnx_with(
        bytes: &[u8],
        fixed: &[(&str, Tensor)],
        limits: Limits,
    ) -> Result<Self, GraphError> {
        sniff::refuse_others(bytes, "ONNX")?;
        let model = onnx::read(bytes, &limits)?;
        Ok(Self { compiled: compile(model, fixed, limits)? })
    }

    /// Reads weights from a safetensors file and layers from a description in TOML, see the
    /// README of this crate.
    ///
    /// # Errors
    /// [`GraphError`]: a file is something else or damaged, a key is unknown, a tensor is missing
    /// or has the wrong shape, each by name.
    pub fn from_safetensors(
        weights: &[u8],
        description: &str,
        limits: Limits,
    ) -> Result<Self, GraphError> {
        sniff::refuse_others(weights, "safetensors")?;
        Self::of_model(layers::read(weights, description, &limits)?, limits)
    }

    /// A network that has been read.
    pub(crate) fn of_model(model: Model, limits: Limits) -> Result<Self, GraphError> {
        Ok(Self { compiled: compile(model, &[], limits)? })
    }

    /// Reads a tensor that is a file of its own, such as the inputs and outputs of ONNX's tests.
    ///
    /// # Errors
    /// [`GraphError`]: the bytes are damaged, exceed `limits`, or hold a type that is not there.
    pub fn tensor_from_onnx(bytes: &[u8], limits: Limits) -> Result<Tensor, GraphError> {
        onnx::read_tensor(bytes, &limits)
    }

    /// Inputs, in the order in which [`run`](Self::run) takes them.
    pub fn inputs(&self) -> impl ExactSizeIterator<Item = &Port> {
        self.compiled.inputs.iter().map(|(port, _)| port)
    }

    /// Names of the outputs, in the order in which [`run`](Self::run) returns them.
    pub fn outputs(&self) -> &[String] {
        &self.compiled.outputs
    }

    /// Products with constant weights, in the order in which [`run`](Self::run) takes them.
    pub fn products(&self) -> &[Product] {
        &self.compiled.products
    }

    /// Every node that multiplies matrices, and where its products are carried out.
    pub fn placed(&self) -> &[Placed] {
        &self.compiled.placed
    }

    /// The products computed digitally.
    pub fn exact(&self) -> Vec<Exact> {
        self.compiled.products.iter().map(|product| Exact(product.weights.clone())).collect()
    }

    /// Runs the network on `products`, one per [`Product`], and returns its outputs.
    ///
    /// `call` numbers the run (below 2⁴⁰). A product is called for at most 256 rows at a time;
    /// part `p` of them, or step `p` of a recurrent layer, is call `call · 2²⁴ + p` of that
    /// product, so that no two carry the same noise.
    ///
    /// # Errors
    /// [`GraphError`] where inputs or products do not fit, or a node cannot compute what it is
    /// given, by name.
    pub fn run(
        &self,
        products: &[&dyn MatMul],
        inputs: &[Tensor],
        call: u64,
        scratch: &mut Scratch,
        tally: &mut Tally,
    ) -> Result<Vec<Tensor>, GraphError> {
        self.run_watched(products, inputs, call, scratch, tally, None)
    }

    /// As [`run`](Self::run), and shows `watch` all rows that enter a product (its index, rows ×
    /// inputs), in the order in which they do.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn run_watched(
        &self,
        products: &[&dyn MatMul],
        inputs: &[Tensor],
        call: u64,
        scratch: &mut Scratch,
        tally: &mut Tally,
        watch: Option<Watch<'_>>,
    ) -> Result<Vec<Tensor>, GraphError> {
        let compiled = &self.compiled;
        self.check_products(products)?;
        if inputs.len() != compiled.inputs.len() {
            return Err(GraphError::Inputs { given: inputs.len(), wanted: compiled.inputs.len() });
        }
        let mut values = Values::new(&compiled.constants);
        for (tensor, (port, id)) in inputs.iter().zip(&compiled.inputs) {
            port.check(tensor)?;
            values.put(*id, Cow::Borrowed(tensor));
        }
        let mut run = Run {
            products,
            call,
            scratch,
            tally,
            limits: &compiled.limits,
            watch: match watch {
                Some(watch) => Some(watch),
                None => None,
            },
            work: compiled.limits.work,
            taken: 0,
        };
        compiled.block.run(&mut values, &mut run)?;
        let outputs = compiled.outputs.iter().zip(&compiled.block.outputs);
        outputs
            .map(|(name, &id)| {
                values.output(id).ok_or_else(|| GraphError::Malformed {
                    what: format!("output {name} is computed by no node"),
                })
            })
            .collect()
    }

    /// The vectors that every product sees (vectors × inputs) when the network runs digitally on
    /// `samples`: what a calibration needs.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn product_inputs(&self, samples: &[Tensor]) -> Result<Vec<Array2<f32>>, GraphError> {
        let mut seen: Vec<Vec<f32>> = vec![Vec::new(); self.products().len()];
        self.watch(samples, &mut |index, x| match x.as_slice() {
            Some(values) => seen[index].extend_from_slice(values),
            None => seen[index].extend(x.iter()),
        })?;
        let as_matrix = |(values, product): (Vec<f32>, &Product)| {
            let inputs = product.weights.nrows();
            let rows = values.len().checked_div(inputs).unwrap_or(0);
            Array2::from_shape_vec((rows, inputs), values).expect("whole vectors were seen")
        };
        Ok(seen.into_iter().zip(self.products()).map(as_matrix).collect())
    }

    /// How many vectors enter every product when the network runs on `samples`; divided by the
    /// number of samples, the positions per sample.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn positions(&self, samples: &[Tensor]) -> Result<Vec<u64>, GraphError> {
        let mut rows = vec![0; self.products().len()];
        self.watch(samples, &mut |index, x| rows[index] += x.nrows() as u64)?;
        Ok(rows)
    }

    fn watch(
        &self,
        samples: &[Tensor],
        watch: &mut dyn FnMut(usize, ArrayView2<'_, f32>),
    ) -> Result<(), GraphError> {
        let exact = self.exact();
        let products: Vec<&dyn MatMul> = exact.iter().map(|product| product as _).collect();
        let (scratch, tally) = (&mut Scratch::default(), &mut Tally::default());
        self.run_watched(&products, samples, 0, scratch, tally, Some(watch)).map(|_outputs| ())
    }

    fn check_products(&self, products: &[&dyn MatMul]) -> Result<(), GraphError> {
        let shape = |(inputs, outputs): (usize, usize)| format!("{inputs} × {outputs}");
        for index in 0..products.len().max(self.products().len()) {
            let given = products.get(index).map(|product| product.shape());
            let wanted = self.products().get(index).map(|product| product.weights.dim());
            if given != wanted {
                let name = |dim: Option<_>| dim.map_or("nothing".to_owned(), shape);
                return Err(GraphError::Products {
                    index,
                    given: name(given),
                    wanted: name(wanted),
                });
            }
        }
        Ok(())
    }
}
