//! A network of signs, exact.

use ndarray::Array2;
use rayon::prelude::*;

use super::bits::Bits;
use crate::error::NetworkError;
use crate::network::{Layer, Network};
use crate::operations::Operation;

/// A layer between signs: output `j` is 1 where its sum of weights times inputs is at least `least[j]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hidden {
    /// Outputs × inputs.
    pub weights: Bits,
    /// One threshold an output.
    pub least: Vec<i32>,
}

/// The last layer: logit `j` is `scale[j] · sum + offset[j]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Last {
    /// Outputs × inputs.
    pub weights: Bits,
    /// One factor an output.
    pub scale: Vec<f32>,
    /// One offset an output.
    pub offset: Vec<f32>,
}

/// Dense layers of weights −1 and 1 with signs between them.
#[derive(Clone, Debug, PartialEq)]
pub struct BinaryNetwork {
    /// All but the last.
    pub hidden: Vec<Hidden>,
    /// The last.
    pub last: Last,
}

impl BinaryNetwork {
    /// Of a [folded](Network::folded) network: dense layers of signs with thresholds between them, whatever
    /// stands before the first. Columns of the last layer may have a factor each. A threshold from which
    /// the output is 1 *downwards* turns its column over.
    ///
    /// # Errors
    /// [`NetworkError::NotBinary`] for other operations or weights.
    pub fn of(network: &Network) -> Result<Self, NetworkError> {
        let count = network.layers().len();
        let mut hidden = Vec::new();
        let mut last = None;
        let mut layer = 0;
        let mut operations = network.operations().iter().peekable();
        while let Some(operation) = operations.next() {
            let refuse = |what| Err(NetworkError::NotBinary { layer, what });
            match operation {
                Operation::Threshold(_) | Operation::Flatten(_) if layer == 0 => {}
                Operation::Linear(_) if layer + 1 == count => {
                    last = Some(Last::of(&network.layers()[layer], layer)?);
                    layer += 1;
                }
                Operation::Linear(_) => {
                    let Some(Operation::Threshold(threshold)) = operations.next() else {
                        return refuse("a threshold has to follow");
                    };
                    let thresholds = threshold.thresholds();
                    hidden.push(Hidden::of(&network.layers()[layer], thresholds, layer)?);
                    layer += 1;
                }
                _ => return refuse("layers have to be dense, with thresholds between them"),
            }
        }
        let last = last.ok_or(NetworkError::NotBinary { layer, what: "it has no outputs" })?;
        Ok(Self { hidden, last })
    }

    /// Outputs of every hidden layer and sums of the last for one row of signs.
    pub fn run(&self, x: &[u64]) -> (Vec<Bits>, Vec<i32>) {
        let mut outputs: Vec<Bits> = Vec::new();
        for hidden in &self.hidden {
            let x = outputs.last().map_or(x, |bits| bits.row(0));
            let y = hidden.run(x);
            outputs.push(y);
        }
        let x = outputs.last().map_or(x, |bits| bits.row(0));
        let mut sums = vec![0; self.last.scale.len()];
        self.last.weights.sums(x, &mut sums);
        (outputs, sums)
    }

    /// Logits (rows × classes) of rows of signs.
    pub fn logits(&self, x: &Bits) -> Array2<f32> {
        let rows = x.dim().0;
        let one = |row: usize| self.last.logits(&self.run(x.row(row)).1);
        let rows_of: Vec<f32> = (0..rows).into_par_iter().flat_map_iter(one).collect();
        let shape = (rows, self.last.scale.len());
        Array2::from_shape_vec(shape, rows_of).expect("logits of every row")
    }
}

impl Hidden {
    fn of(
        layer: &Layer,
        thresholds: impl Iterator<Item = (f32, bool)>,
        idx: usize,
    ) -> Result<Self, NetworkError> {
        let refuse = |what| NetworkError::NotBinary { layer: idx, what };
        let (inputs, outputs) = layer.weights.dim();
        if layer.weights.iter().any(|w| w.abs() != 1.0) {
            return Err(refuse("weights have to be −1 or 1"));
        }
        if layer.bias.iter().any(|b| *b != 0.0) {
            return Err(refuse("biases have to be in the thresholds"));
        }
        let mut weights = Bits::of(layer.weights.t());
        // Beyond all sums: always 1, or never.
        let beyond = inputs as f32 + 1.0;
        let mut least = Vec::with_capacity(outputs);
        for (output, (threshold, is_rising)) in thresholds.enumerate() {
            let threshold = threshold.clamp(-beyond, beyond);
            if is_rising {
                least.push(threshold.ceil() as i32);
            } else {
                (0..inputs).for_each(|i| weights.set(output, i, !weights.get(output, i)));
                least.push(-(threshold.floor() as i32));
            }
        }
        Ok(Self { weights, least })
    }

    /// Outputs (one row) for one row of signs.
    pub fn run(&self, x: &[u64]) -> Bits {
        let mut sums = vec![0; self.least.len()];
        self.weights.sums(x, &mut sums);
        let mut y = Bits::all_minus(1, sums.len());
        for (output, (sum, least)) in sums.iter().zip(&self.least).enumerate() {
            y.set(0, output, sum >= least);
        }
        y
    }
}

impl Last {
    fn of(layer: &Layer, idx: usize) -> Result<Self, NetworkError> {
        let mut weights = Bits::of(layer.weights.t());
        let mut scale = Vec::new();
        for (output, column) in layer.weights.columns().into_iter().enumerate() {
            let size = column[0].abs();
            if column.iter().any(|w| w.abs() != size) {
                let what = "weights of an output have to be of one size";
                return Err(NetworkError::NotBinary { layer: idx, what });
            }
            // A column of zeros has signs that do not matter.
            if size == 0.0 {
                (0..column.len()).for_each(|i| weights.set(output, i, true));
            }
            scale.push(size);
        }
        Ok(Self { weights, scale, offset: layer.bias.to_vec() })
    }

    /// Logits of sums.
    pub fn logits(&self, sums: &[i32]) -> Vec<f32> {
        let terms = sums.iter().zip(&self.scale).zip(&self.offset);
        terms.map(|((sum, scale), offset)| scale * *sum as f32 + offset).collect()
    }
}

#[cfg(test)]
mod tests {
    use cim_core::Stream;

    use super::*;
    use crate::noise::LayerPath;
    use crate::operations::Norm;
    use crate::spec::NetworkSpec;

    const TEXT: &str = r#"
        input = [1, 6, 5]
        operations = [
            { op = "threshold", least = [0.4], rising = [true] }, { op = "flatten" },
            { op = "linear", features = 21 }, { op = "batch-norm" }, { op = "sign" },
            { op = "linear", features = 70 }, { op = "batch-norm" }, { op = "sign" },
            { op = "linear", features = 4 }, { op = "batch-norm" },
        ]
    "#;

    /// Batch norms of both signs of slope, computed in floats by the operations themselves, against packed
    /// words and whole thresholds.
    #[test]
    fn packed_words_give_the_signs_and_logits_of_the_operations() {
        let spec: NetworkSpec = toml::from_str(TEXT).expect("a network");
        let drawn = spec.build(Stream::root(1)).expect("a network");
        let draw = |label: &'static str, norm: usize, len: usize, mean: f32, sigma: f32| {
            let mut values = vec![0.0; len];
            Stream::root(2).child(label, norm as u64).fill_standard_normal(0, &mut values);
            values.iter_mut().for_each(|v| *v = mean + sigma * *v);
            values
        };
        let norm = |(idx, old): (usize, &Norm<f32>)| {
            let len = old.scale.len();
            let mut norm = Norm::new(len);
            norm.scale = draw("scale", idx, len, 0.0, 1.0);
            norm.shift = draw("shift", idx, len, 0.1, 0.4);
            norm.mean = draw("mean", idx, len, 0.3, 3.0);
            let variance = draw("variance", idx, len, 0.0, 4.0);
            norm.variance = variance.iter().map(|v| 1.0 + v * v).collect();
            norm
        };
        let norms = drawn.norms().iter().enumerate().map(norm).collect();
        let operations = spec.operations.as_ref().expect("operations");
        let input = drawn.input_shape();
        let layers = drawn.layers().to_vec();
        let network = Network::from_parts(input, operations, layers, norms).expect("a network");
        let paths: Vec<LayerPath> =
            [(30, 21), (21, 70), (70, 4)].map(|(n, m)| LayerPath::binary(n, m)).into();
        let network = network.stored_by(&paths);
        let binary = BinaryNetwork::of(&network.folded()).expect("binary");
        let mut x = Array2::zeros((200, 30));
        Stream::root(3).fill_uniform(0, x.as_slice_mut().expect("standard layout"));
        let drives = network.product_inputs(x.view(), 200);
        let signs = Bits::of(drives[0].view());
        let wanted = network.digital_logits(x.view());
        let got = binary.logits(&signs);
        for row in 0..200 {
            let (outputs, _) = binary.run(signs.row(row));
            for (layer, bits) in outputs.iter().enumerate() {
                let want = drives[layer + 1].row(row);
                for (column, want) in want.iter().enumerate() {
                    assert_eq!(bits.get(0, column), *want == 1.0, "{row}: {layer}, {column}");
                }
            }
            for class in 0..4 {
                // Sums of 70 whole numbers, and a handful of roundings of what follows.
                let (a, b) = (wanted[[row, class]], got[[row, class]]);
                assert!((a - b).abs() < 1e-4 * (1.0 + a.abs()), "{a} {b}");
            }
        }
        assert!(BinaryNetwork::of(&network).is_err(), "batch norms are not folded");
        let numbers = drawn.folded();
        assert!(BinaryNetwork::of(&numbers).is_err(), "weights are numbers");
    }
}
