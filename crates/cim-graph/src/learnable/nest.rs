//! From values with forks to lists of layers within lists.

use super::layer::{Layer, Step};
use super::values::{Made, Values};
use crate::error::GraphError;

/// Sums within sides of sums go no deeper.
const MOST_NESTED: usize = 32;

/// The layers from the samples to `output`, first to last; shares behind all of them are left out.
///
/// # Errors
/// [`GraphError::Unlearnable`] for values that part and do not meet again in a sum of two.
pub(super) fn nested(values: &mut Values, output: usize) -> Result<Vec<Step>, GraphError> {
    let last = match values.get(output).made {
        Made::Shares(_, from) => from,
        _ => output,
    };
    chain(values, Values::SAMPLES, last, 0)
}

fn chain(
    values: &mut Values,
    from: usize,
    to: usize,
    nesting: usize,
) -> Result<Vec<Step>, GraphError> {
    let mut backwards = Vec::new();
    let mut at = to;
    while at != from {
        let fork = values.get(at).fork;
        // What was taken is taken by another side, too.
        match std::mem::replace(&mut values.get_mut(at).made, Made::Given) {
            Made::By(step, before) => {
                backwards.push(step);
                at = before;
            }
            Made::Sum([node, operator], [a, b]) => {
                let refused = |what: &str| {
                    let (node, operator, what) = (node.clone(), operator.clone(), what.to_owned());
                    Err(GraphError::Unlearnable { node, operator, what })
                };
                if nesting == MOST_NESTED {
                    return refused("sums within sums within sums");
                }
                if a == b {
                    return refused("a value and itself");
                }
                let mut body = chain(values, fork, a, nesting + 1)?;
                let mut shortcut = chain(values, fork, b, nesting + 1)?;
                if body.is_empty() {
                    std::mem::swap(&mut body, &mut shortcut);
                }
                let layer = Layer::Residual { body, shortcut };
                backwards.push(Step { node, operator, layer });
                at = fork;
            }
            Made::Shares([node, operator], _) => {
                let what = "shares that are no output".to_owned();
                return Err(GraphError::Unlearnable { node, operator, what });
            }
            Made::Given => {
                let (node, operator) = backwards
                    .pop()
                    .map_or_else(Default::default, |step: Step| (step.node, step.operator));
                let what = "a value that several layers read and no sum of two joins".to_owned();
                return Err(GraphError::Unlearnable { node, operator, what });
            }
        }
    }
    backwards.reverse();
    Ok(backwards)
}
