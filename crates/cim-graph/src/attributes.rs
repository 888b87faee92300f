//! Attributes of a node. What an operator does not take out is refused: no setting is overlooked.

use std::collections::BTreeMap;

use crate::error::{OpError, invalid, unsupported};
use crate::model::{Attribute, Node};
use crate::tensor::Tensor;

/// What a node says to its operator.
pub(crate) struct Attributes {
    left: BTreeMap<String, Attribute>,
    /// Version of the operator set.
    pub opset: i64,
    /// Inputs of the node, left-out ones before the last included.
    pub inputs: usize,
    /// Outputs that are wanted, up to the last one with a name.
    pub outputs: usize,
}

macro_rules! reader {
    ($(#[$doc:meta])* $name:ident, $variant:ident, $type:ty, $what:literal) => {
        $(#[$doc])*
        pub(crate) fn $name(&mut self, name: &str) -> Result<Option<$type>, OpError> {
            match self.left.remove(name) {
                None => Ok(None),
                Some(Attribute::$variant(value)) => Ok(Some(value)),
                Some(Attribute::Other(what)) => Err(unsupported!("attribute {name}: {what}")),
                Some(_) => Err(invalid!("attribute {name} is not {}", $what)),
            }
        }
    };
}

impl Attributes {
    pub(crate) fn new(node: &mut Node, opset: i64) -> Result<Self, OpError> {
        let mut left = BTreeMap::new();
        for (name, attribute) in std::mem::take(&mut node.attributes) {
            if let Some(_second) = left.insert(name.clone(), attribute) {
                return Err(invalid!("attribute {name} is there twice"));
            }
        }
        let named = |names: &[String]| names.iter().rposition(|name| !name.is_empty());
        let count = |names: &[String]| named(names).map_or(0, |last| last + 1);
        Ok(Self { left, opset, inputs: count(&node.inputs), outputs: count(&node.outputs) })
    }

    reader!(
        /// An integer, where it is there.
        int, Int, i64, "an integer"
    );
    reader!(
        /// A number, where it is there.
        float, Float, f32, "a number"
    );
    reader!(
        /// A text, where it is there.
        text, Text, String, "a text"
    );
    reader!(
        /// Integers, where they are there.
        ints, Ints, Vec<i64>, "a list of integers"
    );
    reader!(
        /// Numbers, where they are there.
        floats, Floats, Vec<f32>, "a list of numbers"
    );
    reader!(
        /// Texts, where they are there.
        texts, Texts, Vec<String>, "a list of texts"
    );
    reader!(
        /// A tensor, where it is there.
        tensor, Tensor, Tensor, "a tensor"
    );
    reader!(
        /// A graph, where it is there.
        graph, Graph, crate::model::Graph, "a graph"
    );

    pub(crate) fn int_or(&mut self, name: &str, default: i64) -> Result<i64, OpError> {
        Ok(self.int(name)?.unwrap_or(default))
    }

    pub(crate) fn float_or(&mut self, name: &str, default: f32) -> Result<f32, OpError> {
        Ok(self.float(name)?.unwrap_or(default))
    }

    pub(crate) fn text_or(&mut self, name: &str, default: &str) -> Result<String, OpError> {
        Ok(self.text(name)?.unwrap_or_else(|| default.to_owned()))
    }

    /// An integer that is a truth value.
    pub(crate) fn flag(&mut self, name: &str, default: bool) -> Result<bool, OpError> {
        match self.int(name)? {
            None => Ok(default),
            Some(0) => Ok(false),
            Some(1) => Ok(true),
            Some(other) => Err(invalid!("attribute {name} is {other}, neither 0 nor 1")),
        }
    }

    /// Sizes, where they are there.
    pub(crate) fn sizes(&mut self, name: &str) -> Result<Option<Vec<usize>>, OpError> {
        let Some(values) = self.ints(name)? else { return Ok(None) };
        let size = |&v: &i64| {
            // Beyond 2³¹ no size is meant, and sums of a few cannot overflow.
            usize::try_from(v).ok().filter(|&v| v <= 1 << 31)
        };
        let sizes: Option<Vec<usize>> = values.iter().map(size).collect();
        sizes.map(Some).ok_or_else(|| invalid!("attribute {name} is {values:?}"))
    }

    /// An attribute that changes nothing about the result of inference.
    pub(crate) fn ignore(&mut self, name: &str) {
        self.left.remove(name);
    }

    /// Refuses what nobody asked for.
    pub(crate) fn finish(self) -> Result<(), OpError> {
        match self.left.keys().next() {
            None => Ok(()),
            Some(name) => Err(unsupported!("attribute {name} (opset {})", self.opset)),
        }
    }
}
