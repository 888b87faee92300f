//! From nodes to values, one after the other.

use std::collections::{BTreeMap, BTreeSet};

use super::constants::Constants;
use super::layer::Step;
use super::operators;
use super::reader::{Given, Meaning, Reader};
use super::values::{Made, Values};
use crate::attributes::Attributes;
use crate::error::{GraphError, OpError, unsupported};
use crate::model::{Graph, Node};

/// Reads what the first output of `graph` needs, of samples with these dimensions.
pub(super) fn read(
    graph: Graph,
    opset: i64,
    sample: &[usize],
) -> Result<(Reader, usize), GraphError> {
    let Graph { nodes, constants, inputs, outputs } = graph;
    let [input] = &inputs[..] else {
        let what = format!("learning of a network with {} inputs", inputs.len());
        return Err(GraphError::Unsupported { what });
    };
    let output = outputs.into_iter().next();
    let output = output.ok_or_else(|| GraphError::Malformed { what: "no output".into() })?;
    let nodes = needed(nodes, &output);
    let mut uses = BTreeMap::from([(output.clone(), 1)]);
    for name in nodes.iter().flat_map(|node| &node.inputs) {
        *uses.entry(name.clone()).or_default() += 1;
    }
    let mut reader = Reader {
        constants: Constants::new(constants),
        values: Values::new(1 + sample.len()),
        parameters: Vec::new(),
        places: Vec::new(),
        norms: Vec::new(),
        norm_places: Vec::new(),
        names: BTreeMap::from([(input.name.clone(), Values::SAMPLES)]),
        uses,
    };
    for node in nodes {
        read_node(&mut reader, node, opset)?;
    }
    match reader.names.get(&output) {
        Some(&value) => Ok((reader, value)),
        None => {
            let what = format!("output {output} does not depend on the input");
            Err(GraphError::Malformed { what })
        }
    }
}

fn read_node(reader: &mut Reader, mut node: Node, opset: i64) -> Result<(), GraphError> {
    let (name, operator) = (node.name.clone(), node.operator.clone());
    let named = |error: OpError| match error {
        OpError::Unsupported(what) => {
            GraphError::Unlearnable { node: name.clone(), operator: operator.clone(), what }
        }
        other => other.of_node(&name, &operator),
    };
    if !node.domain.is_empty() {
        return Err(named(unsupported!("an operator of {}", node.domain)));
    }
    let attributes = Attributes::new(&mut node, opset).map_err(named)?;
    let more = node.outputs.iter().skip(1).find(|name| reader.uses.contains_key(*name));
    if let Some(more) = more {
        return Err(named(unsupported!("output {more} beside the first")));
    }
    let Some(first) = node.outputs.first().cloned() else {
        return Err(named(unsupported!("no output")));
    };
    let given =
        Given { name: &node.name, operator: &node.operator, inputs: &node.inputs, attributes };
    let meaning = operators::meaning(reader, given).map_err(named)?;
    let both = || [node.name.clone(), node.operator.clone()];
    let (made, rank) = match meaning {
        Meaning::Constant(constant) => {
            reader.constants.insert(&first, constant);
            return Ok(());
        }
        Meaning::Same(value) => {
            reader.names.insert(first, value);
            return Ok(());
        }
        Meaning::Layer(layer, from, rank) => {
            let [node, operator] = both();
            (Made::By(Step { node, operator, layer }, from), rank)
        }
        Meaning::Sum(from) => (Made::Sum(both(), from), reader.values.get(from[0]).rank),
        Meaning::Shares(from) => (Made::Shares(both(), from), reader.values.get(from).rank),
    };
    let value = reader.values.push(made, rank);
    reader.names.insert(first, value);
    Ok(())
}

/// The nodes that `output` needs, in their order.
fn needed(nodes: Vec<Node>, output: &str) -> Vec<Node> {
    let mut names = BTreeSet::from([output.to_owned()]);
    let mut kept: Vec<Node> = Vec::with_capacity(nodes.len());
    for node in nodes.into_iter().rev() {
        if node.outputs.iter().any(|name| names.contains(name)) {
            names.extend(node.inputs.iter().filter(|name| !name.is_empty()).cloned());
            kept.push(node);
        }
    }
    kept.reverse();
    kept
}
