//! What does not depend on samples, by name.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::{OpError, invalid, unsupported};
use crate::strided::permuted;
use crate::tensor::{Data, Tensor};

/// A value that does not depend on samples.
#[derive(Clone)]
pub(super) struct Constant {
    /// As a node sees it.
    pub tensor: Tensor,
    /// The initializer that it is.
    pub initializer: Option<String>,
    /// Whether its two dimensions are exchanged.
    pub is_transposed: bool,
}

/// All of them, and which have been taken as weights.
pub(super) struct Constants {
    by_name: BTreeMap<String, Constant>,
    taken: BTreeSet<String>,
}

impl Constants {
    pub(super) fn new(initializers: Vec<(String, Tensor)>) -> Self {
        let of = |(name, tensor): (String, Tensor)| {
            let initializer = Some(name.clone());
            (name, Constant { tensor, initializer, is_transposed: false })
        };
        Self { by_name: initializers.into_iter().map(of).collect(), taken: BTreeSet::new() }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Constant> {
        self.by_name.get(name)
    }

    pub(super) fn insert(&mut self, name: &str, constant: Constant) {
        self.by_name.insert(name.to_owned(), constant);
    }

    /// The numbers of a constant that is learned, and the initializer that it is.
    ///
    /// # Errors
    /// For what is no initializer of single precision, or is another node's, too.
    pub(super) fn learned(
        &mut self,
        name: &str,
        what: &str,
    ) -> Result<(Constant, String), OpError> {
        let constant = self.by_name.get(name);
        let constant = constant.ok_or_else(|| unsupported!("{what} that is computed"))?;
        let Some(initializer) = constant.initializer.clone() else {
            return Err(unsupported!("{what} that is no initializer"));
        };
        if constant.tensor.as_f32().is_none() {
            return Err(unsupported!("{what} of type {}", constant.tensor.data_type()));
        }
        let constant = constant.clone();
        if !self.taken.insert(initializer.clone()) {
            return Err(unsupported!("initializer {initializer}, which is shared"));
        }
        Ok((constant, initializer))
    }
}

impl Constant {
    /// A constant that is no initializer.
    pub(super) fn of(tensor: Tensor) -> Self {
        Self { tensor, initializer: None, is_transposed: false }
    }

    /// With its two dimensions exchanged.
    pub(super) fn transposed(&self) -> Result<Self, OpError> {
        if self.tensor.rank() != 2 {
            return Err(invalid!("{} dimensions in place of 2", self.tensor.rank()));
        }
        Ok(Self {
            tensor: permuted(&self.tensor, &[1, 0]),
            initializer: self.initializer.clone(),
            is_transposed: !self.is_transposed,
        })
    }

    /// The numbers of one that is known to be in single precision.
    pub(super) fn values(&self) -> Vec<f32> {
        self.tensor.as_f32().unwrap_or_default().to_vec()
    }

    /// A list of integers, such as a shape.
    pub(super) fn integers(&self) -> Result<Vec<i64>, OpError> {
        match self.tensor.data() {
            Data::I64(values) => Ok(values.clone()),
            Data::I32(values) => Ok(values.iter().map(|&value| i64::from(value)).collect()),
            other => Err(invalid!("{} where integers are needed", other.data_type())),
        }
    }

    /// A single number.
    pub(super) fn number(&self) -> Result<f64, OpError> {
        match self.tensor.as_f32() {
            Some(&[value]) => Ok(value.into()),
            _ => Err(invalid!("{:?} values where one is needed", self.tensor.shape())),
        }
    }
}
