//! A network ready to run: steps in order, and what each may take over or let go.

use std::borrow::Cow;
use std::ops::Range;

use crate::error::{GraphError, OpError, invalid};
use crate::operator::{Inputs, Operator, Run};
use crate::tensor::{Data, Layout, Tensor};

/// Where the products of a node are carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Placement {
    /// On whatever carries the products with these indices.
    Products(Range<usize>),
    /// In floating point, for this reason.
    Digital(String),
}

/// A node that multiplies matrices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Name of the node.
    pub node: String,
    /// Operator.
    pub operator: String,
    /// Where its products are carried out.
    pub placement: Placement,
}

pub(crate) enum Kind {
    Operator(Box<dyn Operator>),
    /// One of two blocks, as input 0 says.
    If([Block; 2]),
}

pub(crate) struct Step {
    pub node: String,
    pub operator: String,
    pub kind: Kind,
    pub inputs: Vec<Option<usize>>,
    pub outputs: Vec<Option<usize>>,
    /// Inputs that nobody reads afterwards, so that the operator may have them.
    pub takes: Vec<bool>,
    /// Values to let go of after the step.
    pub frees: Vec<usize>,
}

/// Steps, and the values that they are there for.
#[derive(Default)]
pub(crate) struct Block {
    pub steps: Vec<Step>,
    pub outputs: Vec<usize>,
}

/// Values of a run by number.
pub(crate) struct Values<'a> {
    constants: &'a [Option<Tensor>],
    slots: Vec<Option<Cow<'a, Tensor>>>,
    /// Elements that are held.
    held: u64,
}

impl<'a> Values<'a> {
    pub(crate) fn new(constants: &'a [Option<Tensor>]) -> Self {
        Self { constants, slots: vec![None; constants.len()], held: 0 }
    }

    pub(crate) fn put(&mut self, id: usize, value: Cow<'a, Tensor>) {
        if let Cow::Owned(tensor) = &value {
            self.held += tensor.len() as u64;
        }
        self.slots[id] = Some(value);
    }

    fn take(&mut self, id: usize) -> Option<Cow<'a, Tensor>> {
        let taken = self.slots[id].take();
        if let Some(Cow::Owned(tensor)) = &taken {
            self.held -= tensor.len() as u64;
        }
        taken
    }

    fn get(&self, id: usize) -> Option<&Tensor> {
        self.slots[id].as_deref().or(self.constants[id].as_ref())
    }

    /// A value as it leaves the network.
    pub(crate) fn output(&self, id: usize) -> Option<Tensor> {
        self.get(id).map(Tensor::to_standard)
    }
}

impl Block {
    /// Runs all steps.
    pub(crate) fn run(&self, values: &mut Values<'_>, run: &mut Run<'_>) -> Result<(), GraphError> {
        for step in &self.steps {
            step.run(values, run)?;
        }
        Ok(())
    }

    /// Values that are read but not computed here, and those that leave.
    pub(crate) fn reads(&self, onto: &mut Vec<usize>) {
        for step in &self.steps {
            step.reads(onto);
        }
        onto.extend(&self.outputs);
    }

    /// Notes for every step what it may take over and let go, when `keeps` are needed afterwards
    /// and only values that `is_own` may be touched.
    pub(crate) fn find_last_uses(&mut self, keeps: &[usize], is_own: &dyn Fn(usize) -> bool) {
        let mut used: std::collections::BTreeSet<usize> = keeps.iter().copied().collect();
        used.extend(&self.outputs);
        for step in self.steps.iter_mut().rev() {
            step.frees =
                step.outputs.iter().flatten().copied().filter(|id| !used.contains(id)).collect();
            let mut reads = Vec::new();
            step.reads(&mut reads);
            reads.sort_unstable();
            let dies = |id: usize| is_own(id) && !used.contains(&id);
            let once = |id: usize| reads.iter().filter(|&&read| read == id).count() == 1;
            step.takes = match step.kind {
                Kind::Operator(_) => {
                    step.inputs.iter().map(|id| id.is_some_and(|id| dies(id) && once(id))).collect()
                }
                Kind::If(_) => vec![false; step.inputs.len()],
            };
            let taken: Vec<usize> = step
                .inputs
                .iter()
                .zip(&step.takes)
                .filter(|(_, takes)| **takes)
                .filter_map(|(id, _)| *id)
                .collect();
            reads.dedup();
            step.frees.extend(reads.iter().copied().filter(|id| dies(*id) && !taken.contains(id)));
            used.extend(reads);
        }
    }
}

impl Step {
    fn reads(&self, onto: &mut Vec<usize>) {
        onto.extend(self.inputs.iter().flatten());
        if let Kind::If(branches) = &self.kind {
            branches.iter().for_each(|branch| branch.reads(onto));
        }
    }

    fn run(&self, values: &mut Values<'_>, run: &mut Run<'_>) -> Result<(), GraphError> {
        let outputs = match &self.kind {
            Kind::Operator(operator) => self.run_operator(operator.as_ref(), values, run),
            Kind::If(branches) => {
                let condition =
                    self.inputs.first().copied().flatten().and_then(|id| values.get(id));
                let branch = match condition.map(Tensor::data) {
                    Some(Data::Bool(condition)) if condition.len() == 1 => {
                        &branches[usize::from(!condition[0])]
                    }
                    _ => return Err(self.error(invalid!("the condition is not one truth value"))),
                };
                branch.run(values, run)?;
                Ok(branch.outputs.iter().filter_map(|&id| values.get(id).cloned()).collect())
            }
        };
        let outputs = outputs.map_err(|e| self.error(e))?;
        if outputs.len() < self.outputs.len() {
            return Err(self.error(invalid!("no output {}", outputs.len())));
        }
        for (id, tensor) in self.outputs.iter().zip(outputs) {
            if let Some(id) = id {
                values.put(*id, Cow::Owned(tensor));
            }
        }
        for &id in &self.frees {
            if let Some(value) = values.take(id) {
                run.recycle(value);
            }
        }
        if values.held > run.limits.elements {
            let (count, limit) = (values.held, run.limits.elements);
            return Err(self.error(OpError::Limit { what: "elements at one time", count, limit }));
        }
        Ok(())
    }

    fn run_operator(
        &self,
        operator: &dyn Operator,
        values: &mut Values<'_>,
        run: &mut Run<'_>,
    ) -> Result<Vec<Tensor>, OpError> {
        let mut inputs: Vec<Option<Cow<'_, Tensor>>> = self
            .inputs
            .iter()
            .zip(&self.takes)
            .map(|(id, &takes)| id.filter(|_| takes).and_then(|id| values.take(id)))
            .collect();
        for (input, id) in inputs.iter_mut().zip(&self.inputs) {
            if let (None, Some(id)) = (&input, id) {
                let value = values.get(*id);
                *input = Some(Cow::Borrowed(value.ok_or_else(|| invalid!("a value is missing"))?));
            }
        }
        if !operator.takes_any_layout() {
            inputs.iter_mut().flatten().for_each(standardise);
        }
        operator.run(Inputs(inputs), run)
    }

    fn error(&self, error: OpError) -> GraphError {
        error.of_node(&self.node, &self.operator)
    }
}

/// Puts a tensor into standard layout.
pub(crate) fn standardise(tensor: &mut Cow<'_, Tensor>) {
    if tensor.layout() == Layout::ChannelsLast {
        *tensor = Cow::Owned(tensor.to_standard());
    }
}
