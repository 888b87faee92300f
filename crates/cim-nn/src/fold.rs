//! Batch norms folded into weights and thresholds.

use crate::network::{Layer, Network};
use crate::operations::build::{ProductPlan, link};
use crate::operations::threshold::Threshold;
use crate::operations::{Norm, Operate, Operation};

impl Network {
    /// The same function in inference without batch norms right behind products.
    ///
    /// A batch norm becomes part of weights and bias. One with a sign behind it becomes a threshold
    /// for each channel, the weights stay as they are and the bias goes into the threshold; it is
    /// rounded to a whole number where sums are whole, that is where whole weights are driven by
    /// signs, which changes nothing. Other batch norms stay.
    #[must_use]
    pub fn folded(&self) -> Self {
        let mut folding =
            Folding { old_norms: &self.norms, layers: self.layers.clone(), norms: Vec::new() };
        let operations = folding.list(&self.operations);
        let Folding { layers, norms, .. } = folding;
        let mut folded = Self { operations, layers, norms, ..self.clone() };
        relink(&mut folded.plans, &mut folded.operations, true);
        folded
    }
}

struct Folding<'a> {
    old_norms: &'a [Norm<f32>],
    layers: Vec<Layer>,
    norms: Vec<Norm<f32>>,
}

impl Folding<'_> {
    fn list(&mut self, operations: &[Operation]) -> Vec<Operation> {
        let mut folded: Vec<Operation> = Vec::with_capacity(operations.len());
        let mut rest = operations;
        while let [first, behind @ ..] = rest {
            let weighted = !first.weighted().is_empty();
            rest = match behind {
                [Operation::BatchNorm(norm), Operation::Sign(sign), behind @ ..] if weighted => {
                    let norm = &self.old_norms[norm.norm];
                    let whole = driven_by_signs(&folded);
                    let (least, rising) = self.thresholds(first, norm, whole);
                    folded.push(first.clone());
                    let threshold = Threshold::new(sign.output(), least, rising);
                    folded.push(Operation::Threshold(threshold));
                    behind
                }
                [Operation::BatchNorm(norm), behind @ ..] if weighted => {
                    self.scale(first, &self.old_norms[norm.norm]);
                    folded.push(first.clone());
                    behind
                }
                behind => {
                    let kept = self.kept(first);
                    folded.push(kept);
                    behind
                }
            };
        }
        folded
    }

    /// An operation that stays, with the norms inside renumbered.
    fn kept(&mut self, operation: &Operation) -> Operation {
        match operation {
            Operation::BatchNorm(norm) => {
                self.norms.push(self.old_norms[norm.norm].clone());
                let mut norm = *norm;
                norm.norm = self.norms.len() - 1;
                Operation::BatchNorm(norm)
            }
            Operation::Residual(residual) => {
                let mut residual = residual.clone();
                residual.body = self.list(&residual.body);
                residual.shortcut = self.list(&residual.shortcut);
                Operation::Residual(residual)
            }
            other => other.clone(),
        }
    }

    /// Calls `visit` with layer, column and channel of every output of a weighted operation.
    fn for_each_output(
        &mut self,
        operation: &Operation,
        mut visit: impl FnMut(&mut Layer, usize, usize),
    ) {
        let mut channel = 0;
        for product in operation.products() {
            let layer = &mut self.layers[product];
            for col in 0..layer.bias.len() {
                visit(layer, col, channel);
                channel += 1;
            }
        }
    }

    fn scale(&mut self, operation: &Operation, norm: &Norm<f32>) {
        self.for_each_output(operation, |layer, col, channel| {
            let (factor, offset) = norm.affine(channel);
            layer.weights.column_mut(col).mapv_inplace(|w| factor * w);
            layer.bias[col] = factor * layer.bias[col] + offset;
        });
    }

    /// `γ (x + b − μ) / σ + β ≥ 0` solved for the sum `x`.
    fn thresholds(
        &mut self,
        operation: &Operation,
        norm: &Norm<f32>,
        driven_by_signs: bool,
    ) -> (Vec<f32>, Vec<bool>) {
        let (mut least, mut rising) = (Vec::new(), Vec::new());
        self.for_each_output(operation, |layer, col, channel| {
            let (factor, offset) = norm.affine(channel);
            let whole =
                driven_by_signs && layer.weights.column(col).iter().all(|w| w.fract() == 0.0);
            let bias = std::mem::replace(&mut layer.bias[col], 0.0);
            let up = 0.0 <= factor;
            least.push(if factor == 0.0 {
                // Always on, or never.
                if 0.0 <= offset { f32::NEG_INFINITY } else { f32::INFINITY }
            } else {
                let exact = -f64::from(offset) / f64::from(factor) - f64::from(bias);
                let whole_number = if up { exact.ceil() } else { exact.floor() };
                if whole { whole_number as f32 } else { exact as f32 }
            });
            rising.push(up);
        });
        (least, rising)
    }
}

/// Whether what comes out of `operations` is −1, 0 or 1.
fn driven_by_signs(operations: &[Operation]) -> bool {
    operations.iter().fold(false, |given, operation| operation.gives_signs(given))
}

fn relink(plans: &mut [ProductPlan], operations: &mut [Operation], from_data: bool) {
    for operation in operations.iter_mut() {
        if let Operation::Residual(residual) = operation {
            relink(plans, &mut residual.body, false);
            relink(plans, &mut residual.shortcut, false);
        }
    }
    link(plans, operations, from_data);
}
