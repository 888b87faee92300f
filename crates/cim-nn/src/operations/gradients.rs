//! Every registered operation's gradient against central differences, in doubles.

use cim_core::Stream;

use super::*;
use crate::activation::NoiseAwareRelu;
use crate::carriers::exact::ExactProducts;
use crate::shape::Shape;

/// What an operation's file says of random settings of it.
pub(super) trait Random: Sized {
    /// Settings and a shape of samples for them; none where the gradient is not that of the value, see
    /// [`straight_through_is_the_gradient_of_what_stands_for_it`].
    fn random(draws: &mut Draws) -> Option<(Self, Shape)>;
}

/// Settings from the keys of a file.
pub(super) fn written<S: serde::de::DeserializeOwned>(keys: &str) -> S {
    toml::from_str(keys).expect("a spec")
}

/// A number uniform in `[low, high)` and the next address.
pub(super) struct Draws {
    at: Stream,
    taken: u64,
}

impl Draws {
    fn uniform(&mut self, low: f64, high: f64) -> f64 {
        let mut draw = [0.0_f32];
        self.at.fill_uniform(self.taken, &mut draw);
        self.taken += 1;
        low + (high - low) * f64::from(draw[0])
    }

    /// A picture of a few channels.
    pub(super) fn image(&mut self) -> Shape {
        Shape::image(self.whole(1, 3), self.whole(3, 6), self.whole(3, 7))
    }

    /// A series of a few channels.
    pub(super) fn series(&mut self) -> Shape {
        Shape::series(self.whole(1, 4), self.whole(3, 8))
    }

    /// Keys of a window over places, of one or two dimensions, that fits either shape.
    pub(super) fn window(&mut self, dimensions: usize) -> String {
        let sides: Vec<[usize; 3]> = (0..dimensions)
            .map(|_| {
                let kernel = self.whole(1, 3);
                [kernel, self.whole(1, 3), self.whole(0, kernel - 1)]
            })
            .collect();
        let key = |name: &str, k: usize| match sides.as_slice() {
            [side] => format!("{name} = {}\n", side[k]),
            sides => format!("{name} = {:?}\n", sides.iter().map(|s| s[k]).collect::<Vec<_>>()),
        };
        key("kernel", 0) + &key("stride", 1) + &key("padding", 2)
    }

    fn many(&mut self, len: usize, low: f64, high: f64) -> Vec<f64> {
        (0..len).map(|_| self.uniform(low, high)).collect()
    }

    /// A whole number from `low` to `high`.
    pub(super) fn whole(&mut self, low: usize, high: usize) -> usize {
        (self.uniform(low as f64, high as f64 + 1.0) as usize).min(high)
    }
}

/// An operation with everything around it.
struct Case {
    operation: Operation,
    carrier: ExactProducts<f64>,
    norms: Vec<Norm<f64>>,
    x: Vec<f64>,
    batch: usize,
}

impl Case {
    /// `spec` on random samples of shape `input`, with random parameters.
    fn new(spec: &OperationSpec, input: Shape, batch: usize, draws: &mut Draws) -> Self {
        let mut builder = Builder::default();
        let (mut operations, _) =
            builder.list(std::slice::from_ref(spec), input, None).expect("it fits");
        let layer = |plan: &ProductPlan, draws: &mut Draws| {
            let weights = draws.many(plan.inputs * plan.outputs, -0.7, 0.7);
            (weights, draws.many(plan.outputs, -0.5, 0.5))
        };
        let layers: Vec<_> = builder.products.iter().map(|plan| layer(plan, draws)).collect();
        let gradients = layers.iter().map(|(w, b)| (vec![0.0; w.len()], vec![0.0; b.len()]));
        let norm = |&channels: &usize| Norm {
            scale: draws.many(channels, -1.5, 1.5),
            shift: draws.many(channels, -1.0, 1.0),
            ..Norm::new(channels)
        };
        let norms = builder.norms.iter().map(norm).collect();
        let carrier = ExactProducts {
            gradients: gradients.collect(),
            layers,
            relu: NoiseAwareRelu { limit: 1.2, sigma: 0.4 },
        };
        let x = draws.many(batch * input.len(), -2.0, 2.0);
        Self { operation: operations.remove(0), carrier, norms, x, batch }
    }

    fn outputs(&mut self, saved: &mut Saved<f64>, norm_work: &mut [NormWork<f64>]) -> Vec<f64> {
        let mut y = Vec::new();
        let mut context = Context {
            carrier: &mut self.carrier,
            norms: &self.norms,
            norm_work,
            training: Some(Stream::root(9)),
            capacity: self.batch,
        };
        self.operation.forward(&mut context, self.batch, &self.x, &mut y, saved);
        y
    }

    /// `Σ r y` for fixed random `r`: its gradient with respect to `y` is `r`.
    fn value(&mut self, r: &[f64]) -> f64 {
        let mut norm_work = vec![NormWork::default(); self.norms.len()];
        let y = self.outputs(&mut Saved::default(), &mut norm_work);
        y.iter().zip(r).map(|(y, r)| y * r).sum()
    }

    fn slope(&mut self, r: &[f64], place: impl Fn(&mut Self) -> &mut f64) -> f64 {
        let h = 1e-5;
        let middle = *place(self);
        let mut at = |x: f64| {
            *place(self) = x;
            self.value(r)
        };
        let slope = (at(middle + h) - at(middle - h)) / (2.0 * h);
        at(middle);
        slope
    }

    /// Compares all gradients with difference quotients, relative to the largest of their kind, or a
    /// hundredth of that with respect to inputs where they are smaller (that of a bias in front of a
    /// batch norm is zero).
    ///
    /// Quotients of width `2h`, `h` = 1e-5, err by `h²/6` times third derivatives of order ten, and
    /// by rounding of sums of some hundred numbers, 1e-14, over `h`: by less than 1e-8 together.
    fn check(&mut self, draws: &mut Draws) {
        let (mut saved, mut norm_work) =
            (Saved::default(), vec![NormWork::default(); self.norms.len()]);
        let y = self.outputs(&mut saved, &mut norm_work);
        let r = draws.many(y.len(), -1.0, 1.0);
        let (mut dy, mut dx) = (r.clone(), Vec::new());
        let mut context = Context {
            carrier: &mut self.carrier,
            norms: &self.norms,
            norm_work: &mut norm_work,
            training: Some(Stream::root(9)),
            capacity: self.batch,
        };
        let (x, batch) = (self.x.clone(), self.batch);
        let operation = self.operation.clone();
        operation.backward(&mut context, batch, &x, &y, &mut dy, &mut dx, true, &mut saved);
        let name = operation.name();
        let want: Vec<f64> = (0..x.len()).map(|k| self.slope(&r, |case| &mut case.x[k])).collect();
        compare(&format!("{name}, inputs"), &dx, &want, 0.0);
        let least = 0.01 * largest(&want);
        for layer in 0..self.carrier.layers.len() {
            let (d_weights, d_bias) = self.carrier.gradients[layer].clone();
            let want: Vec<f64> = (0..d_weights.len())
                .map(|k| self.slope(&r, |case| &mut case.carrier.layers[layer].0[k]))
                .collect();
            compare(&format!("{name}, weights {layer}"), &d_weights, &want, least);
            let want: Vec<f64> = (0..d_bias.len())
                .map(|k| self.slope(&r, |case| &mut case.carrier.layers[layer].1[k]))
                .collect();
            compare(&format!("{name}, bias {layer}"), &d_bias, &want, least);
        }
        for (norm, work) in norm_work.iter().enumerate() {
            let channels = work.d_scale.len();
            let want: Vec<f64> = (0..channels)
                .map(|k| self.slope(&r, |case| &mut case.norms[norm].scale[k]))
                .collect();
            compare(&format!("{name}, scale"), &work.d_scale, &want, least);
            let want: Vec<f64> = (0..channels)
                .map(|k| self.slope(&r, |case| &mut case.norms[norm].shift[k]))
                .collect();
            compare(&format!("{name}, shift"), &work.d_shift, &want, least);
        }
    }
}

fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |m, w| m.max(w.abs()))
}

fn compare(what: &str, got: &[f64], want: &[f64], least: f64) {
    let largest = largest(want).max(least);
    assert_eq!(got.len(), want.len(), "{what}");
    for (k, (got, want)) in got.iter().zip(want).enumerate() {
        let error = (got - want).abs();
        assert!(error <= 1e-6 * largest, "{what} {k}: gradient {got}, difference quotient {want}");
    }
}

#[test]
fn every_gradient_is_that_of_its_value() {
    for (idx, name) in NAMES.iter().enumerate() {
        for round in 0..12 {
            let at = Stream::root(61).child("operation", idx as u64).child("round", round);
            let mut draws = Draws { at, taken: 0 };
            if let Some((spec, input)) = random(name, &mut draws) {
                // Batch norm needs more than two numbers per channel for its gradient to be any.
                let batch = draws.whole(2, 4);
                Case::new(&spec, input, batch, &mut draws).check(&mut draws);
            }
        }
    }
}

#[test]
fn batch_norm_of_plain_features_has_the_right_gradient() {
    let mut draws = Draws { at: Stream::root(62), taken: 0 };
    let spec = OperationSpec::BatchNorm(batch_norm::BatchNormSpec {});
    Case::new(&spec, Shape::features(5), 7, &mut draws).check(&mut draws);
}

/// Steps have no gradient: theirs is that of the hard tangent at the same place.
#[test]
fn straight_through_is_the_gradient_of_what_stands_for_it() {
    let shape = Shape::image(2, 3, 3);
    let threshold = threshold::ThresholdSpec { least: vec![0.0; 2], rising: vec![true, false] };
    let ternary_threshold = ternary_threshold::TernaryThresholdSpec {
        high: vec![0.5; 2],
        low: vec![-0.5; 2],
        rising: vec![true, false],
    };
    let steps = [
        OperationSpec::Sign(sign::SignSpec {}),
        OperationSpec::Ternary(ternary::TernarySpec {}),
        OperationSpec::Threshold(threshold),
        OperationSpec::TernaryThreshold(ternary_threshold),
    ];
    for spec in steps {
        let at = Stream::root(63);
        let mut draws = Draws { at, taken: 0 };
        let mut step = Case::new(&spec, shape, 3, &mut draws);
        let mut soft =
            Case::new(&OperationSpec::HardTanh(hard_tanh::HardTanhSpec {}), shape, 3, &mut draws);
        soft.x.clone_from(&step.x);
        let mut saved = Saved::default();
        let y = step.outputs(&mut saved, &mut []);
        assert!(y.iter().all(|y| [-1.0, 0.0, 1.0].contains(y)));
        let r = draws.many(y.len(), -1.0, 1.0);
        let (mut dy, mut dx) = (r.clone(), Vec::new());
        let mut context = Context {
            carrier: &mut step.carrier,
            norms: &[],
            norm_work: &mut [],
            training: None,
            capacity: 3,
        };
        step.operation.backward(&mut context, 3, &step.x, &y, &mut dy, &mut dx, true, &mut saved);
        let falls = |k: usize| spec.name().ends_with("threshold") && k / 9 % 2 == 1;
        let want: Vec<f64> = (0..dx.len())
            .map(|k| soft.slope(&r, |case| &mut case.x[k]) * if falls(k) { -1.0 } else { 1.0 })
            .collect();
        compare(spec.name(), &dx, &want, 0.0);
    }
}
