//! Losses, which some exported networks end with.

use super::softmax::one_log_softmax;
use super::table::{Row, row};
use crate::attributes::Attributes;
use crate::error::{OpError, invalid, unsupported};
use crate::operator::{Inputs, Operator, Run, values};
use crate::strided::around;
use crate::tensor::Tensor;

pub(super) const TABLE: &[Row] = &[
    row("NegativeLogLikelihoodLoss", 3, 1, |a| loss(a, false)),
    row("SoftmaxCrossEntropyLoss", 3, 2, |a| loss(a, true)),
];

#[derive(Clone, Copy, PartialEq)]
enum Reduction {
    None,
    Sum,
    Mean,
}

struct Loss {
    takes_scores: bool,
    reduction: Reduction,
    ignored: Option<i64>,
}

fn loss(attributes: &mut Attributes, takes_scores: bool) -> Result<Box<dyn Operator>, OpError> {
    let reduction = match attributes.text_or("reduction", "mean")?.as_str() {
        "none" => Reduction::None,
        "sum" => Reduction::Sum,
        "mean" => Reduction::Mean,
        other => return Err(unsupported!("reduction {other:?}")),
    };
    Ok(Box::new(Loss { takes_scores, reduction, ignored: attributes.int("ignore_index")? }))
}

impl Operator for Loss {
    fn run(&self, inputs: Inputs<'_>, run: &mut Run<'_>) -> Result<Vec<Tensor>, OpError> {
        let (x, labels) = (inputs.get(0)?, inputs.integers(1)?);
        if x.rank() < 2 {
            return Err(invalid!("{} dimensions have no classes", x.rank()));
        }
        let (batch, classes, inner) = around(x.shape(), 1);
        let mut shape = vec![batch];
        shape.extend(&x.shape()[2..]);
        if inputs.get(1)?.shape() != shape {
            return Err(invalid!(
                "labels of shape {:?} for {:?}",
                inputs.get(1)?.shape(),
                x.shape()
            ));
        }
        run.spend(&[x.len(), 4])?;
        let mut logs = values::<f32>(x, "input 0")?.to_vec();
        if self.takes_scores {
            let mut row = vec![0.0; classes];
            for at in 0..batch * inner {
                let place = |c: usize| (at / inner * classes + c) * inner + at % inner;
                row.iter_mut().enumerate().for_each(|(c, v)| *v = logs[place(c)]);
                one_log_softmax(&mut row);
                row.iter().enumerate().for_each(|(c, v)| logs[place(c)] = *v);
            }
        }
        let weights = inputs.optional(2).map(|w| values::<f32>(w, "the weights")).transpose()?;
        if weights.is_some_and(|weights| weights.len() != classes) {
            return Err(invalid!("weights for other than {classes} classes"));
        }
        let (mut losses, mut sum_of_weights) = (Vec::with_capacity(labels.len()), 0.0f64);
        for (at, &label) in labels.iter().enumerate() {
            if self.ignored == Some(label) {
                losses.push(0.0);
                continue;
            }
            let class = usize::try_from(label).ok().filter(|&class| class < classes);
            let class = class.ok_or_else(|| invalid!("label {label} of {classes} classes"))?;
            let weight = weights.map_or(1.0, |weights| weights[class]);
            sum_of_weights += f64::from(weight);
            losses.push(-weight * logs[(at / inner * classes + class) * inner + at % inner]);
        }
        let sum: f64 = losses.iter().map(|&loss| f64::from(loss)).sum();
        let y = match self.reduction {
            Reduction::None => Tensor::of(shape, losses),
            Reduction::Sum => Tensor::scalar(sum as f32),
            Reduction::Mean => Tensor::scalar((sum / sum_of_weights) as f32),
        };
        Ok(vec![y, Tensor::of(x.shape().to_vec(), logs)])
    }
}
