//! Batch norms folded into weights and thresholds.

use crate::network::{Layer, Network};
use crate::noise::LayerPath;
use crate::operations::build::{ProductPlan, link};
use crate::operations::ternary_threshold::TernaryThreshold;
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
        self.folded_by(Scaling::IntoWeights)
    }

    /// The same function in inference with batch norms that have a sign or a ternary behind them as
    /// thresholds: the weights stay as they are, and other batch norms where they are.
    ///
    /// Where sums are whole, thresholds are halfway between whole numbers: a sum that is off by less than
    /// one half decides as the whole one does.
    #[must_use]
    pub fn with_thresholds(&self) -> Self {
        self.folded_by(Scaling::Stays)
    }

    /// The network whose weights are what `paths` store for them, one path per product, without noise.
    ///
    /// # Panics
    /// If there is not one path per product.
    #[must_use]
    pub fn stored_by(&self, paths: &[LayerPath]) -> Self {
        assert_eq!(paths.len(), self.layers.len(), "one path per product");
        let mut stored = self.clone();
        for (layer, path) in stored.layers.iter_mut().zip(paths) {
            path.weight_values.store(layer.weights.as_slice_mut().expect("standard layout"));
        }
        stored
    }

    fn folded_by(&self, scaling: Scaling) -> Self {
        let (layers, norms) = (self.layers.clone(), Vec::new());
        let mut folding = Folding { old_norms: &self.norms, layers, norms, scaling };
        let operations = folding.list(&self.operations);
        let Folding { layers, norms, .. } = folding;
        let mut folded = Self { operations, layers, norms, ..self.clone() };
        relink(&mut folded.plans, &mut folded.operations, true);
        folded
    }
}

/// What becomes of batch norms behind products without a sign behind them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scaling {
    /// They scale the weights. A ternary function behind them stays as it is.
    IntoWeights,
    /// They stay.
    Stays,
}

struct Folding<'a> {
    old_norms: &'a [Norm<f32>],
    layers: Vec<Layer>,
    norms: Vec<Norm<f32>>,
    scaling: Scaling,
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
                [Operation::BatchNorm(norm), Operation::Ternary(ternary), behind @ ..]
                    if weighted && self.scaling == Scaling::Stays =>
                {
                    let norm = &self.old_norms[norm.norm];
                    let whole = driven_by_signs(&folded);
                    let threshold = self.ternary(first, norm, whole, ternary.output());
                    folded.push(first.clone());
                    folded.push(Operation::TernaryThreshold(threshold));
                    behind
                }
                [Operation::BatchNorm(norm), behind @ ..]
                    if weighted && self.scaling == Scaling::IntoWeights =>
                {
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

    /// `γ (x + b − μ) / σ + β` beyond one half on either side, solved for the sum `x`.
    fn ternary(
        &mut self,
        operation: &Operation,
        norm: &Norm<f32>,
        driven_by_signs: bool,
        shape: crate::shape::Shape,
    ) -> TernaryThreshold {
        let (mut high, mut low, mut rising) = (Vec::new(), Vec::new(), Vec::new());
        self.for_each_output(operation, |layer, col, channel| {
            let (factor, offset) = norm.affine(channel);
            let (factor, offset) = (f64::from(factor), f64::from(offset));
            let whole =
                driven_by_signs && layer.weights.column(col).iter().all(|w| w.fract() == 0.0);
            let bias = f64::from(std::mem::replace(&mut layer.bias[col], 0.0));
            let up = 0.0 <= factor;
            let at = |value: f64| (value - offset) / factor - bias;
            let (above, below) = if up { (at(0.5), at(-0.5)) } else { (at(-0.5), at(0.5)) };
            let (most, least) = match (factor == 0.0, whole) {
                // One value whatever the sum.
                (true, _) if 0.5 < offset => (f64::NEG_INFINITY, f64::NEG_INFINITY),
                (true, _) if offset < -0.5 => (f64::INFINITY, f64::INFINITY),
                (true, _) => (f64::INFINITY, f64::NEG_INFINITY),
                // Halfway to the first whole numbers beyond: one half itself is zero.
                (false, true) => (above.floor() + 0.5, below.ceil() - 0.5),
                (false, false) => (above.next_up(), below.next_down()),
            };
            high.push(most as f32);
            low.push(least as f32);
            rising.push(up);
        });
        TernaryThreshold::new(shape, high, low, rising)
    }

    /// `γ (x + b − μ) / σ + β ≥ 0` solved for the sum `x`.
    fn thresholds(
        &mut self,
        operation: &Operation,
        norm: &Norm<f32>,
        driven_by_signs: bool,
    ) -> (Vec<f32>, Vec<bool>) {
        let (mut least, mut rising, scaling) = (Vec::new(), Vec::new(), self.scaling);
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
                let (whole_number, outwards) =
                    if up { (exact.ceil(), -0.5) } else { (exact.floor(), 0.5) };
                match (whole, scaling) {
                    (false, _) => exact as f32,
                    (true, Scaling::IntoWeights) => whole_number as f32,
                    (true, Scaling::Stays) => (whole_number + outwards) as f32,
                }
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

#[cfg(test)]
mod tests {
    use cim_core::Stream;
    use ndarray::Array2;

    use super::*;
    use crate::noise::WeightValues;
    use crate::spec::NetworkSpec;

    /// Random norms, falling ones among them, behind binary and ternary weights: the network with
    /// thresholds answers as the one with batch norms does, with the same weights.
    #[test]
    fn thresholds_of_signs_and_ternary_numbers_lie_between_sums_and_change_nothing() {
        let spec: NetworkSpec = toml::from_str(
            r#"
            input = [9]
            operations = [{ op = "ternary" }, { op = "linear", features = 40 }, { op = "batch-norm" },
                { op = "ternary" }, { op = "linear", features = 30 }, { op = "batch-norm" }, { op = "sign" },
                { op = "linear", features = 4 }, { op = "batch-norm" }]
            "#,
        )
        .expect("well-formed");
        let mut network = spec.build(Stream::root(5)).expect("a network");
        for (k, norm) in network.norms.iter_mut().enumerate() {
            let at = Stream::root(6).child("norm", k as u64);
            for (row, values) in
                [&mut norm.scale, &mut norm.shift, &mut norm.mean].into_iter().enumerate()
            {
                at.fill_standard_normal(row as u64, values);
            }
            norm.variance.fill(3.0);
            norm.scale[1] = 0.0;
        }
        let paths = |values: WeightValues| {
            let digital = network.layers.iter().map(|layer| {
                let (inputs, outputs) = layer.weights.dim();
                LayerPath { weight_values: values, ..LayerPath::digital(inputs, outputs) }
            });
            digital.collect::<Vec<_>>()
        };
        for values in [WeightValues::Signs, WeightValues::Ternary] {
            let stored = network.stored_by(&paths(values));
            let folded = stored.with_thresholds();
            assert_eq!(folded.norms.len(), 1, "the last one stays");
            for (a, b) in folded.layers.iter().zip(&stored.layers) {
                assert_eq!(a.weights, b.weights, "weights stay as they are");
            }
            for operation in &folded.operations {
                let between = |t: f32| t.fract().abs() == 0.5 || t.is_infinite();
                let all = match operation {
                    Operation::Threshold(t) => t.thresholds().all(|(least, _)| between(least)),
                    Operation::TernaryThreshold(t) => {
                        t.thresholds().all(|(high, low, _)| between(high) && between(low))
                    }
                    _ => true,
                };
                assert!(all, "{operation:?}");
            }
            let mut x = Array2::zeros((500, 9));
            Stream::root(7).fill_standard_normal(0, x.as_slice_mut().expect("standard layout"));
            assert_eq!(folded.digital_logits(x.view()), stored.digital_logits(x.view()));
        }
    }
}
