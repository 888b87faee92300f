//! What an operator is, what it is given, and the products that it hands to others.

use std::borrow::Cow;

use cim_core::{MatMul, Scratch, Tally};
use ndarray::{Array2, ArrayView2, ArrayViewMut2};

use crate::error::{OpError, invalid};
use crate::limits::Limits;
use crate::tensor::{Data, Element, Tensor};

/// Rows of one call of a product: what is larger goes in parts of this size.
///
/// A fixed number: noise is addressed by call, so results do not depend on the machine. So many rows of
/// a tile, and what a chip computes of each of them, stay in the second-level cache.
pub(crate) const ROWS: usize = 256;

/// Parts of one product within a run, each a call of its own.
pub(crate) const PARTS: u64 = 1 << 24;

/// A matrix of constant weights that inputs are multiplied with.
#[derive(Clone, Debug)]
pub struct Product {
    /// Name of the node, and which of its products where it has several.
    pub name: String,
    /// Name of the node.
    pub node: String,
    /// Inputs × outputs.
    pub weights: Array2<f32>,
}

/// What an operator does with constant weights.
pub(crate) enum Place {
    /// It multiplies no matrix with weights.
    NoProduct,
    /// It does, and cannot hand it out, for this reason.
    Digital(String),
    /// It hands these out, and runs as this operator from now on.
    /// The inputs that are `consumed` are read no more.
    Products {
        operator: Box<dyn Operator>,
        weights: Vec<(String, Array2<f32>)>,
        consumed: Vec<usize>,
    },
}

/// One operator with its attributes, checked.
pub(crate) trait Operator: Send + Sync {
    /// Computes the outputs.
    fn run(&self, inputs: Inputs<'_>, run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError>;

    /// Whether feature maps whose channels vary fastest are understood.
    fn takes_any_layout(&self) -> bool {
        false
    }

    /// Hands out products with the inputs that are constant, counted from `first`.
    fn place(&self, _constants: &Constants<'_>, _first: usize) -> Result<Place, OpError> {
        Ok(Place::NoProduct)
    }
}

/// What is known of the inputs of a node when a network is read.
pub(crate) struct Constants<'a> {
    /// Values of those that are constant.
    pub known: Vec<Option<&'a Tensor>>,
    /// Whether there is an input.
    pub given: Vec<bool>,
}

impl<'a> Constants<'a> {
    pub(crate) fn get(&self, index: usize) -> Option<&'a Tensor> {
        self.known.get(index).copied().flatten()
    }

    /// Whether there is an input that is known at the earliest in a run.
    pub(crate) fn is_computed(&self, index: usize) -> bool {
        self.given.get(index) == Some(&true) && self.get(index).is_none()
    }
}

/// Inputs of a node; those that nobody reads afterwards are owned.
pub(crate) struct Inputs<'a>(pub Vec<Option<Cow<'a, Tensor>>>);

impl<'a> Inputs<'a> {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn get(&self, index: usize) -> Result<&Tensor, OpError> {
        self.optional(index).ok_or_else(|| invalid!("input {index} is missing"))
    }

    pub(crate) fn optional(&self, index: usize) -> Option<&Tensor> {
        self.0.get(index)?.as_deref()
    }

    /// Takes an input out, copied only where somebody else still reads it.
    pub(crate) fn take(&mut self, index: usize) -> Result<Tensor, OpError> {
        self.take_shared(index).map(Cow::into_owned)
    }

    /// Takes an input out as it is, owned or not.
    pub(crate) fn take_shared(&mut self, index: usize) -> Result<Cow<'a, Tensor>, OpError> {
        let taken = self.0.get_mut(index).and_then(Option::take);
        taken.ok_or_else(|| invalid!("input {index} is missing"))
    }

    /// The elements of an input of a known type.
    pub(crate) fn values<T: Element>(&self, index: usize) -> Result<&[T], OpError> {
        values(self.get(index)?, &format!("input {index}"))
    }

    /// A list of integers, such as a shape.
    pub(crate) fn integers(&self, index: usize) -> Result<Vec<i64>, OpError> {
        match self.get(index)?.data() {
            Data::I64(values) => Ok(values.clone()),
            Data::I32(values) => Ok(values.iter().map(|&v| i64::from(v)).collect()),
            other => Err(invalid!("input {index} holds {}, not integers", other.data_type())),
        }
    }
}

/// The elements of a tensor of a known type.
pub(crate) fn values<'t, T: Element>(tensor: &'t Tensor, what: &str) -> Result<&'t [T], OpError> {
    T::of(tensor.data())
        .ok_or_else(|| invalid!("{what} holds {}, not {}", tensor.data_type(), T::TYPE))
}

/// Sees the rows that enter a product: its index and rows × inputs.
pub type Watch<'a> = &'a mut dyn FnMut(usize, ArrayView2<'_, f32>);

/// One run of a network, or of a node whose inputs are constant.
pub(crate) struct Run<'a> {
    pub products: &'a [&'a dyn MatMul],
    pub call: u64,
    pub scratch: &'a mut Scratch,
    pub tally: &'a mut Tally,
    pub limits: &'a Limits,
    pub watch: Option<Watch<'a>>,
    /// Operations that are left.
    pub work: u64,
    /// Buffers that were taken and not given back.
    pub taken: usize,
}

impl Run<'_> {
    /// Number of elements of a tensor to be, if it may have so many.
    pub(crate) fn elements(&self, shape: &[usize]) -> Result<usize, OpError> {
        self.limits.elements_of(shape)
    }

    /// Counts operations.
    pub(crate) fn spend(&mut self, factors: &[usize]) -> Result<(), OpError> {
        let product = factors.iter().try_fold(1u64, |n, &factor| n.checked_mul(factor as u64));
        match product.and_then(|work| self.work.checked_sub(work)) {
            Some(left) => self.work = left,
            None => {
                let count = product.unwrap_or(u64::MAX);
                return Err(OpError::Limit { what: "operations", count, limit: self.limits.work });
            }
        }
        Ok(())
    }

    /// A buffer with something in it.
    pub(crate) fn buffer(&mut self, len: usize) -> Vec<f32> {
        self.taken += 1;
        self.scratch.take(len)
    }

    /// Gives a buffer back, if it is one of those that were taken.
    pub(crate) fn give(&mut self, buffer: Vec<f32>) {
        if let Some(left) = self.taken.checked_sub(1) {
            self.taken = left;
            self.scratch.give(buffer);
        }
    }

    pub(crate) fn recycle(&mut self, tensor: Cow<'_, Tensor>) {
        if let Cow::Owned(tensor) = tensor
            && let Data::F32(values) = tensor.into_data()
        {
            self.give(values);
        }
    }

    /// `y = x · W` of product `index`, at most [`ROWS`] rows; `part` numbers its calls in this run.
    pub(crate) fn multiply_part(
        &mut self,
        index: usize,
        part: u64,
        x: ArrayView2<'_, f32>,
        y: ArrayViewMut2<'_, f32>,
    ) -> Result<(), OpError> {
        if part >= PARTS {
            return Err(OpError::Limit { what: "calls of a product", count: part, limit: PARTS });
        }
        self.spend(&[x.nrows(), x.ncols(), y.ncols()])?;
        if let Some(watch) = &mut self.watch {
            watch(index, x);
        }
        let product = self.products.get(index).expect("one product per index, checked by the run");
        let call = self.call.wrapping_mul(PARTS).wrapping_add(part);
        product.apply(x, call, y, self.scratch, self.tally);
        Ok(())
    }
}
