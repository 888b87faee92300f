//! From a model to a program: names to numbers, constants computed, products handed out.

use std::borrow::Cow;
use std::collections::BTreeMap;

use cim_core::{Scratch, Tally};

use crate::attributes::Attributes;
use crate::error::{GraphError, OpError, invalid};
use crate::limits::Limits;
use crate::model::{Graph, Model, Node, Port};
use crate::operator::{Constants, Inputs, Operator, Place, Product, Run};
use crate::operators::{self, Entry};
use crate::program::{Block, Kind, Placed, Placement, Step, standardise};
use crate::tensor::{Data, Tensor};

/// A network that is ready to run.
pub(crate) struct Compiled {
    pub block: Block,
    /// Values that do not depend on inputs, by number.
    pub constants: Vec<Option<Tensor>>,
    pub inputs: Vec<(Port, usize)>,
    pub outputs: Vec<String>,
    pub products: Vec<Product>,
    pub placed: Vec<Placed>,
    pub limits: Limits,
}

/// Compiles a model; inputs of `fixed` become constants.
pub(crate) fn compile(
    model: Model,
    fixed: &[(&str, Tensor)],
    limits: Limits,
) -> Result<Compiled, GraphError> {
    let mut compiler = Compiler {
        limits,
        opset: model.opset,
        constants: Vec::new(),
        scopes: vec![BTreeMap::new()],
        products: Vec::new(),
        placed: Vec::new(),
        folded: 0,
        work: Limits::FOLDING_WORK.min(limits.work),
    };
    let Graph { nodes, constants, inputs, outputs } = model.graph;
    for (name, _) in fixed {
        if !inputs.iter().any(|port| port.name == *name) {
            return Err(GraphError::Malformed { what: format!("no input {name} to fix") });
        }
    }
    let mut free_inputs = Vec::new();
    for port in inputs {
        let id = compiler.define(&port.name)?;
        match fixed.iter().find(|(name, _)| *name == port.name) {
            Some((_, tensor)) => {
                port.check(tensor)?;
                compiler.constants[id] = Some(tensor.clone());
            }
            None => free_inputs.push((port, id)),
        }
    }
    let names = outputs.clone();
    let mut block = Block::default();
    let graph = Graph { nodes, constants, inputs: Vec::new(), outputs };
    block.outputs = compiler.graph(graph, &mut block.steps)?;
    compiler.find_last_uses(&mut block);
    let Compiler { mut constants, products, placed, .. } = compiler;
    drop_unread(&block, &mut constants);
    Ok(Compiled { block, constants, inputs: free_inputs, outputs: names, products, placed, limits })
}

/// Lets go of constants that no step reads: weights of products are there already.
fn drop_unread(block: &Block, constants: &mut [Option<Tensor>]) {
    let mut reads = Vec::new();
    block.reads(&mut reads);
    let mut is_read = vec![false; constants.len()];
    reads.into_iter().for_each(|id| is_read[id] = true);
    for (constant, is_read) in constants.iter_mut().zip(is_read) {
        if !is_read {
            *constant = None;
        }
    }
}

struct Compiler {
    limits: Limits,
    opset: i64,
    constants: Vec<Option<Tensor>>,
    /// Numbers of names, the innermost graph last.
    scopes: Vec<BTreeMap<String, usize>>,
    products: Vec<Product>,
    placed: Vec<Placed>,
    /// Elements of constants that were computed.
    folded: u64,
    /// Operations that computing them may still take.
    work: u64,
}

impl Compiler {
    /// Compiles the nodes of a graph onto `steps`, and returns its outputs.
    fn graph(&mut self, graph: Graph, steps: &mut Vec<Step>) -> Result<Vec<usize>, GraphError> {
        for (name, tensor) in graph.constants {
            let id = self.define(&name)?;
            self.constants[id] = Some(tensor);
        }
        for node in graph.nodes {
            self.node(node, steps)?;
        }
        let find = |name: &String| {
            self.find(name).ok_or_else(|| GraphError::Malformed {
                what: format!("output {name} is computed by no node"),
            })
        };
        graph.outputs.iter().map(find).collect()
    }

    /// A graph within a graph, in a scope of its own.
    fn branch(&mut self, graph: Graph, steps: &mut Vec<Step>) -> Result<Vec<usize>, GraphError> {
        self.scopes.push(BTreeMap::new());
        let outputs = self.graph(graph, steps);
        self.scopes.pop();
        outputs
    }

    fn define(&mut self, name: &str) -> Result<usize, GraphError> {
        let id = self.constants.len();
        let scope = self.scopes.last_mut().expect("the outermost graph is always there");
        if scope.insert(name.to_owned(), id).is_some() {
            return Err(GraphError::Malformed { what: format!("value {name} is there twice") });
        }
        self.constants.push(None);
        Ok(id)
    }

    fn find(&self, name: &str) -> Option<usize> {
        self.scopes.iter().rev().find_map(|scope| scope.get(name)).copied()
    }

    fn node(&mut self, mut node: Node, steps: &mut Vec<Step>) -> Result<(), GraphError> {
        let (name, operator) = (node.name.clone(), node.operator.clone());
        let named = |e: OpError| e.of_node(&name, &operator);
        let entry = operators::find(&node.domain, &node.operator);
        let entry = entry.ok_or_else(|| GraphError::Operator {
            node: name.clone(),
            operator: match node.domain.as_str() {
                "" => operator.clone(),
                domain => format!("{domain}.{operator}"),
            },
            opset: self.opset,
        })?;
        let mut attributes = Attributes::new(&mut node, self.opset).map_err(named)?;
        let mut inputs = Vec::with_capacity(attributes.inputs);
        for input in &node.inputs[..attributes.inputs] {
            inputs.push(match input.as_str() {
                "" => None,
                read => Some(self.find(read).ok_or_else(|| {
                    named(invalid!("reads {read}, which nothing before it computes"))
                })?),
            });
        }
        node.outputs.truncate(attributes.outputs);
        let build = match entry {
            Entry::If => return self.condition(node, attributes, inputs, steps),
            Entry::Operator(row) => {
                row.check(&attributes).map_err(named)?;
                row.build
            }
        };
        let mut operator = build(&mut attributes).map_err(named)?;
        attributes.finish().map_err(named)?;
        if let Some(computed) = self.fold(operator.as_ref(), &inputs) {
            return self.define_constants(&node, computed);
        }
        self.place(&node, &mut operator, &mut inputs).map_err(named)?;
        let outputs = self.define_all(&node.outputs)?;
        let kind = Kind::Operator(operator);
        let (takes, frees) = (Vec::new(), Vec::new());
        steps.push(Step {
            node: node.name,
            operator: node.operator,
            kind,
            inputs,
            outputs,
            takes,
            frees,
        });
        Ok(())
    }

    fn define_all(&mut self, names: &[String]) -> Result<Vec<Option<usize>>, GraphError> {
        let define = |name: &String| match name.as_str() {
            "" => Ok(None),
            name => self.define(name).map(Some),
        };
        names.iter().map(define).collect()
    }

    fn define_constants(&mut self, node: &Node, computed: Vec<Tensor>) -> Result<(), GraphError> {
        let ids = self.define_all(&node.outputs)?;
        for (id, tensor) in ids.iter().zip(computed) {
            if let Some(id) = id {
                self.constants[*id] = Some(tensor);
            }
        }
        Ok(())
    }

    /// Computes a node whose inputs are all constant, if that is soon done. An error is left to
    /// the run, which may never come here.
    fn fold(&mut self, operator: &dyn Operator, inputs: &[Option<usize>]) -> Option<Vec<Tensor>> {
        let constant = |id: &Option<usize>| match id {
            None => Some(None),
            Some(id) => self.constants[*id].as_ref().map(Cow::Borrowed).map(Some),
        };
        let mut inputs = inputs.iter().map(constant).collect::<Option<Vec<_>>>()?;
        if !operator.takes_any_layout() {
            inputs.iter_mut().flatten().for_each(standardise);
        }
        let limits =
            Limits { elements: self.limits.elements.saturating_sub(self.folded), ..self.limits };
        let mut run = Run {
            products: &[],
            call: 0,
            scratch: &mut Scratch::default(),
            tally: &mut Tally::default(),
            limits: &limits,
            watch: None,
            work: self.work,
            taken: 0,
        };
        let computed = operator.run(Inputs(inputs), &mut run);
        self.work = run.work;
        let computed = computed.ok()?;
        self.folded += computed.iter().map(|tensor| tensor.len() as u64).sum::<u64>();
        Some(computed.iter().map(Tensor::to_standard).collect())
    }

    /// Hands out the products of a node with constant weights.
    fn place(
        &mut self,
        node: &Node,
        operator: &mut Box<dyn Operator>,
        inputs: &mut [Option<usize>],
    ) -> Result<(), OpError> {
        let known = inputs.iter().map(|id| id.and_then(|id| self.constants[id].as_ref())).collect();
        let constants = Constants { known, given: inputs.iter().map(Option::is_some).collect() };
        let first = self.products.len();
        let placement = match operator.place(&constants, first)? {
            Place::NoProduct => return Ok(()),
            Place::Digital(reason) => Placement::Digital(reason),
            Place::Products { operator: placed, weights, consumed } => {
                consumed.into_iter().for_each(|index| inputs[index] = None);
                *operator = placed;
                let several = weights.len() > 1;
                self.products.extend(weights.into_iter().map(|(part, weights)| Product {
                    name: if several { format!("{}/{part}", node.name) } else { node.name.clone() },
                    node: node.name.clone(),
                    weights,
                }));
                Placement::Products(first..self.products.len())
            }
        };
        let (node, operator) = (node.name.clone(), node.operator.clone());
        self.placed.push(Placed { node, operator, placement });
        Ok(())
    }

    /// `If`: only the branch that is taken where the condition is constant, both otherwise.
    fn condition(
        &mut self,
        node: Node,
        mut attributes: Attributes,
        inputs: Vec<Option<usize>>,
        steps: &mut Vec<Step>,
    ) -> Result<(), GraphError> {
        let named = |e: OpError| e.of_node(&node.name, &node.operator);
        let mut branch = |name: &str| {
            let graph = attributes.graph(name).map_err(named)?;
            let graph = graph.ok_or_else(|| named(invalid!("no {name}")))?;
            if graph.outputs.len() < node.outputs.len() {
                return Err(named(invalid!("{name} has too few outputs")));
            }
            Ok(graph)
        };
        let (yes, no) = (branch("then_branch")?, branch("else_branch")?);
        attributes.finish().map_err(named)?;
        let [Some(condition)] = inputs[..] else {
            return Err(named(invalid!("{} inputs in place of a condition", inputs.len())));
        };
        let constant = match self.constants[condition].as_ref().map(Tensor::data) {
            Some(Data::Bool(values)) if values.len() == 1 => Some(values[0]),
            Some(_) => return Err(named(invalid!("the condition is not one truth value"))),
            None => None,
        };
        if let Some(condition) = constant {
            let taken = if condition { yes } else { no };
            let outputs = self.branch(taken, steps)?;
            return self.alias(&node.outputs, outputs);
        }
        let mut blocks = [Block::default(), Block::default()];
        for (block, graph) in blocks.iter_mut().zip([yes, no]) {
            let first = self.constants.len();
            block.outputs = self.branch(graph, &mut block.steps)?;
            block.find_last_uses(&[], &|id| id >= first && self.constants[id].is_none());
        }
        let outputs = self.define_all(&node.outputs)?;
        let (takes, frees) = (Vec::new(), Vec::new());
        let kind = Kind::If(blocks);
        steps.push(Step {
            node: node.name,
            operator: node.operator,
            kind,
            inputs,
            outputs,
            takes,
            frees,
        });
        Ok(())
    }

    /// Gives values further names.
    fn alias(&mut self, names: &[String], ids: Vec<usize>) -> Result<(), GraphError> {
        for (name, id) in names.iter().zip(ids) {
            if !name.is_empty() && self.define(name).is_ok() {
                let scope = self.scopes.last_mut().expect("the outermost graph is always there");
                scope.insert(name.clone(), id);
            } else if !name.is_empty() {
                return Err(GraphError::Malformed { what: format!("value {name} is there twice") });
            }
        }
        Ok(())
    }

    fn find_last_uses(&self, block: &mut Block) {
        block.find_last_uses(&[], &|id| self.constants[id].is_none());
    }
}
