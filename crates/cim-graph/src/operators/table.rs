//! Finds an operator by name, and checks that a node asks nothing of it that it does not know.

use super::*;
use crate::attributes::Attributes;
use crate::error::{OpError, unsupported};
use crate::operator::Operator;

/// Builds an operator from the attributes of a node.
pub(super) type Build = fn(&mut Attributes) -> Result<Box<dyn Operator>, OpError>;

/// One operator of ONNX.
pub(crate) struct Row {
    pub name: &'static str,
    /// Inputs that it knows: a node with more means something that is not known here.
    pub most_inputs: usize,
    pub most_outputs: usize,
    pub build: Build,
}

/// For tables: an operator of that many inputs and outputs at most.
pub(super) const fn row(
    name: &'static str,
    most_inputs: usize,
    most_outputs: usize,
    build: Build,
) -> Row {
    Row { name, most_inputs, most_outputs, build }
}

/// Any number of inputs or outputs.
pub(super) const ANY: usize = usize::MAX;

impl Row {
    pub(crate) fn check(&self, attributes: &Attributes) -> Result<(), OpError> {
        if attributes.inputs > self.most_inputs {
            return Err(unsupported!("input {} of {}", self.most_inputs, attributes.inputs));
        }
        if attributes.outputs > self.most_outputs {
            return Err(unsupported!("output {} of {}", self.most_outputs, attributes.outputs));
        }
        Ok(())
    }
}

/// What a name stands for.
#[derive(Clone, Copy)]
pub(crate) enum Entry {
    Operator(&'static Row),
    /// A choice between two graphs, which the compiler resolves.
    If,
}

const TABLES: [&[Row]; 21] = [
    arithmetic::TABLE,
    cast::TABLE,
    conv::TABLE,
    create::TABLE,
    elementwise::TABLE,
    gather::TABLE,
    image::TABLE,
    logic::TABLE,
    loss::TABLE,
    matmul::TABLE,
    movement::TABLE,
    normalise::TABLE,
    pool::TABLE,
    quantised::TABLE,
    recurrent::TABLE,
    reduce::TABLE,
    resize::TABLE,
    scatter::TABLE,
    search::TABLE,
    select::TABLE,
    shape::TABLE,
];

/// The operator of that name in ONNX's own domain.
pub(crate) fn find(domain: &str, name: &str) -> Option<Entry> {
    if !domain.is_empty() {
        return None;
    }
    if name == "If" {
        return Some(Entry::If);
    }
    let mut rows = TABLES.iter().copied().flatten().chain(softmax::TABLE);
    rows.find(|row| row.name == name).map(Entry::Operator)
}

/// Names of all operators of ONNX that networks may use, in alphabetical order.
pub fn known_operators() -> Vec<&'static str> {
    let rows = TABLES.iter().copied().flatten().chain(softmax::TABLE);
    let mut names: Vec<_> = rows.map(|row| row.name).chain(["If"]).collect();
    names.sort_unstable();
    names
}
