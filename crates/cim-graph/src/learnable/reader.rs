//! What has been read of a network, and a node while it is read.

use std::collections::BTreeMap;

use super::constants::{Constant, Constants};
use super::layer::{Layer, Norm, Parameters};
use super::values::Values;
use super::written::{NormPlace, Place};
use crate::attributes::Attributes;
use crate::error::{OpError, unsupported};

/// What a node means.
pub(super) enum Meaning {
    /// A constant.
    Constant(Constant),
    /// The value that it was given, as it is.
    Same(usize),
    /// A layer on a value, and the dimensions behind it.
    Layer(Layer, usize, usize),
    /// The sum of two values.
    Sum([usize; 2]),
    /// Shares of a value that add up to one.
    Shares(usize),
}

/// What has been read so far.
pub(super) struct Reader {
    pub constants: Constants,
    pub values: Values,
    pub parameters: Vec<Parameters>,
    pub places: Vec<Place>,
    pub norms: Vec<Norm>,
    pub norm_places: Vec<NormPlace>,
    /// Values by name.
    pub names: BTreeMap<String, usize>,
    /// How many nodes read a name, and whether it leaves the network.
    pub uses: BTreeMap<String, usize>,
}

/// A node with its attributes, while it is read.
pub(super) struct Given<'a> {
    pub name: &'a str,
    pub operator: &'a str,
    pub inputs: &'a [String],
    pub attributes: Attributes,
}

impl Reader {
    /// The value of a name, if it depends on samples.
    pub(super) fn value(&self, name: &str) -> Option<usize> {
        self.names.get(name).copied()
    }

    /// Whether one node alone reads a value, by whatever of its names; a node that hands it on as it is, under
    /// another, is one.
    pub(super) fn is_read_once(&self, value: usize) -> bool {
        let mut names = self.names.iter().filter(|(_, own)| **own == value);
        names.all(|(name, _)| self.uses.get(name) == Some(&1))
    }
}

impl Given<'_> {
    /// The constant of an input.
    ///
    /// # Errors
    /// For an input that depends on samples or is not there.
    pub(super) fn constant<'r>(
        &self,
        reader: &'r Reader,
        index: usize,
    ) -> Result<&'r Constant, OpError> {
        let found = self.optional(reader, index)?;
        found.ok_or_else(|| unsupported!("input {index} left out"))
    }

    /// The constant of an input that may be left out.
    ///
    /// # Errors
    /// For an input that depends on samples.
    pub(super) fn optional<'r>(
        &self,
        reader: &'r Reader,
        index: usize,
    ) -> Result<Option<&'r Constant>, OpError> {
        let Some(name) = self.inputs.get(index).filter(|name| !name.is_empty()) else {
            return Ok(None);
        };
        match reader.constants.get(name) {
            Some(constant) => Ok(Some(constant)),
            None => Err(unsupported!("input {index} that is computed")),
        }
    }

    /// The value of an input that depends on samples.
    ///
    /// # Errors
    /// For one that does not.
    pub(super) fn value(&self, reader: &Reader, index: usize) -> Result<usize, OpError> {
        let name = self.inputs.get(index).map_or("", String::as_str);
        reader.value(name).ok_or_else(|| unsupported!("input {index} that is constant"))
    }
}
