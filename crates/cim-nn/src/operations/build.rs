//! From a list as written to operations with shapes, products and batch norms.

use serde::{Deserialize, Serialize};

use super::context::Operate;
use crate::error::{NetworkError, Problem};
use crate::shape::Shape;

/// No network has more weights than this.
pub const MAX_WEIGHTS: usize = 1 << 28;

/// One product of a network: `x · W` with `W` of inputs × outputs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProductPlan {
    /// Place and name of the operation, as `"3 conv2d"` or `"4.body.0 conv2d, group 2"`.
    pub name: String,
    /// Rows of the weights.
    pub inputs: usize,
    /// Columns of the weights.
    pub outputs: usize,
    /// Vectors that one sample drives it with: positions, or points in time.
    pub per_sample: usize,
    /// Standard deviation of the first weights.
    pub sigma: f32,
    /// What drives it.
    pub reads: Reads,
}

/// What drives a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reads {
    /// The data themselves, through nothing that leaves their range.
    Data,
    /// A rectifier that saturates at the limit of the product.
    Rectified,
    /// Anything else.
    Free,
}

/// An operation as written in a file: what lists of them are generic over.
pub trait Specify {
    /// What it becomes for one shape of samples.
    type Operation: Operate;

    /// Its name in files.
    fn name(&self) -> &'static str;

    /// The operation for samples of shape `input`; its products go to `builder`.
    ///
    /// # Errors
    /// [`Problem`] where it cannot be for this shape.
    fn build(&self, input: Shape, builder: &mut Builder) -> Result<Self::Operation, NetworkError>;
}

/// Collects products and batch norms while operations are built, one after another.
#[derive(Debug, Default)]
pub struct Builder {
    pub(crate) products: Vec<ProductPlan>,
    pub(crate) norms: Vec<usize>,
    weights: usize,
    dropouts: u64,
    place: Vec<String>,
    name: &'static str,
}

impl Builder {
    /// Builds a list for samples of shape `input`; returns it with the shape behind it.
    ///
    /// # Errors
    /// [`NetworkError::Operation`] naming the first that cannot be.
    pub fn list<S: Specify>(
        &mut self,
        specs: &[S],
        input: Shape,
        label: Option<&'static str>,
    ) -> Result<(Vec<S::Operation>, Shape), NetworkError> {
        let (mut shape, name) = (input, self.name);
        let mut operations = Vec::with_capacity(specs.len());
        self.place.extend(label.map(String::from));
        for (idx, spec) in specs.iter().enumerate() {
            self.place.push(idx.to_string());
            self.name = spec.name();
            let operation = spec.build(shape, self)?;
            shape = operation.output();
            if shape.checked_len().is_none() {
                return Err(self.problem(Problem::Size { shape }));
            }
            operations.push(operation);
            self.place.pop();
        }
        self.place.truncate(self.place.len() - usize::from(label.is_some()));
        self.name = name;
        link(&mut self.products, &mut operations, label.is_none());
        Ok((operations, shape))
    }

    /// Plans a product and returns its number.
    ///
    /// # Errors
    /// [`Problem::Weights`] beyond [`MAX_WEIGHTS`].
    pub fn product(
        &mut self,
        part: &str,
        (inputs, outputs): (usize, usize),
        per_sample: usize,
        sigma: f32,
    ) -> Result<usize, NetworkError> {
        let weights = inputs.checked_mul(outputs).and_then(|n| n.checked_add(self.weights));
        self.weights = weights
            .filter(|&n| n <= MAX_WEIGHTS)
            .ok_or_else(|| self.problem(Problem::Weights { limit: MAX_WEIGHTS }))?;
        let name = format!("{} {}{part}", self.place.join("."), self.name);
        let reads = Reads::Free;
        self.products.push(ProductPlan { name, inputs, outputs, per_sample, sigma, reads });
        Ok(self.products.len() - 1)
    }

    /// Number of the product that is planned next.
    pub fn next_product(&self) -> usize {
        self.products.len()
    }

    /// Plans a batch norm and returns its number.
    pub fn norm(&mut self, channels: usize) -> usize {
        self.norms.push(channels);
        self.norms.len() - 1
    }

    /// Numbers a dropout.
    pub fn dropout(&mut self) -> u64 {
        self.dropouts += 1;
        self.dropouts - 1
    }

    /// What is wrong with the operation that is being built.
    pub fn problem(&self, problem: Problem) -> NetworkError {
        NetworkError::Operation { place: self.place.join("."), name: self.name, problem }
    }

    /// Fails for a key that is zero.
    ///
    /// # Errors
    /// [`Problem::Zero`] naming it.
    pub fn positive(&self, key: &'static str, value: usize) -> Result<(), NetworkError> {
        if value == 0 { Err(self.problem(Problem::Zero { key })) } else { Ok(()) }
    }
}

/// Tells rectifiers which products they touch, and products what drives them.
pub(crate) fn link<O: Operate>(
    products: &mut [ProductPlan],
    operations: &mut [O],
    from_data: bool,
) {
    let only = |operation: &O| {
        let products = operation.weighted();
        (products.len() == 1).then_some(products.start)
    };
    let next = |operations: &[O]| {
        operations.iter().find(|operation| !operation.keeps_range()).and_then(only)
    };
    let first = operations.iter().find(|operation| !operation.keeps_range()).filter(|_| from_data);
    for product in first.map_or(0..0, O::weighted) {
        products[product].reads = Reads::Data;
    }
    for idx in 0..operations.len() {
        let (before, here) = operations.split_at_mut(idx);
        let [operation, behind @ ..] = here else { continue };
        let next = next(behind);
        if operation.rectify_between(before.last().and_then(only), next)
            && let Some(product) = next
        {
            products[product].reads = Reads::Rectified;
        }
    }
}
