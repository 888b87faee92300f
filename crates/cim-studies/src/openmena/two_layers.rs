//! The digits on two layers that both lie on the chip: programmed at once, or one after the other with
//! what follows learning from the chip.

use cim_core::{Scratch, Stream, Tally};
use cim_data::digits::{Digits, Part};
use cim_nn::in_loop::{layer_wise, outputs};
use cim_nn::{Carrier, Layer, Loss, Network, Tuning};
use cim_tile::Board;
use ndarray::{Array1, Array2, ArrayView1, Axis};

use super::cells::{BoardCells, Way};
use super::layout::{MEASURE, SIDE, TWO_LAYERS};
use super::scores::accuracy_at;
use super::spec::Spec;
use crate::error::StudyError;

/// Ways of programming it, in the order of [`Accuracies`].
pub const WAYS: [(&str, &str); 3] = [
    ("both at once", "at_once"),
    ("both at once, biases fine-tuned", "at_once_bias"),
    ("layer by layer", "layer_wise"),
];

/// Test accuracies of a chip, by way.
pub type Accuracies = [f64; WAYS.len()];

/// The network in software.
#[derive(Clone, Debug)]
pub struct TwoLayers {
    network: Network,
    /// Test accuracy.
    pub test: f64,
}

fn as_f32(part: &Part) -> (Array2<f32>, Array2<f32>) {
    (part.inputs.mapv(|v| v as f32), part.labels.mapv(|v| v as f32).insert_axis(Axis(1)))
}

impl TwoLayers {
    /// Trains it in software, weights without a sign.
    ///
    /// # Errors
    /// [`StudyError::Chip`] for a recipe that cannot be.
    pub fn train(spec: &Spec, digits: &Digits, at: Stream) -> Result<Self, StudyError> {
        let two = &spec.digits.two_layers;
        let inputs = digits.train.inputs.ncols();
        let uniform = |rows: usize, cols: usize, label: &'static str| {
            let mut draws = vec![0.0; rows * cols];
            at.child(label, 0).fill_uniform(0, &mut draws);
            Array2::from_shape_vec((rows, cols), draws).expect("as many as asked for")
        };
        let (first, second) =
            (uniform(inputs, two.hidden, "hidden"), uniform(two.hidden, 1, "output"));
        // Half of the samples switch a hidden value on, half of them lie above the border.
        let hidden = first.sum_axis(Axis(0)) * -0.45;
        let output = Array1::from_elem(1, -0.1);
        let layers =
            vec![Layer { weights: first, bias: hidden }, Layer { weights: second, bias: output }];
        let mut network = Network::from_layers(layers)?;
        let (x, labels) = as_f32(&digits.train);
        let digital = [Carrier::Digital; 2];
        let training = Tuning { least_weight: 0.0, ..two.training.of(Loss::Logistic) };
        let at = at.child("train", 0);
        let mut tally = Tally::default();
        training.run(&mut network, &digital, x.view(), labels.view(), 0, at, &mut tally)?;
        let test = test_accuracy(&network, &digital, &digits.test, &mut tally);
        Ok(Self { network, test })
    }

    /// Programs it on two chips of the same cells, at once and layer by layer.
    ///
    /// # Errors
    /// [`StudyError`] for what cannot be programmed.
    pub fn measure(
        &self,
        spec: &Spec,
        digits: &Digits,
        way: &Way,
        at: Stream,
        tally: &mut Tally,
    ) -> Result<Accuracies, StudyError> {
        let (x, labels) = as_f32(&digits.train);
        let tuning = spec.digits.two_layers.tuning.of(Loss::Logistic);
        let place = Place { spec, top_s: way.window()?.g_max.0, at };
        let mut cells = way.fresh(at.child("cells", 0))?;
        let boards = self
            .network
            .layers()
            .iter()
            .enumerate()
            .map(|(idx, layer)| place.program(idx, layer, self.limit(&x, spec), &mut *cells, tally))
            .collect::<Result<Vec<_>, StudyError>>()?;
        let carriers: Vec<_> = boards.iter().map(|board| Carrier::Chip(board)).collect();
        let at_once = test_accuracy(&self.network, &carriers, &digits.test, tally);
        let mut biased = self.network.clone();
        let draws = at.child("biases", 0);
        tuning.run(&mut biased, &carriers, x.view(), labels.view(), 0, draws, tally)?;
        let at_once_bias = test_accuracy(&biased, &carriers, &digits.test, tally);

        let mut network = self.network.clone();
        let mut cells = way.fresh(at.child("cells", 0))?;
        let mut tuned = Tally::default();
        let boards = layer_wise::<_, StudyError>(
            &mut network,
            |idx, layer| place.program(idx, layer, self.limit(&x, spec), &mut *cells, tally),
            |idx, network, carriers| {
                let tuning = Tuning { least_weight: 0.0, ..tuning };
                let at = at.child("layer", idx as u64);
                let call = (idx as u64 + 1) << 32;
                tuning.run(network, carriers, x.view(), labels.view(), call, at, &mut tuned)?;
                Ok(())
            },
        )?;
        *tally += tuned;
        let carriers: Vec<_> = boards.iter().map(|board| Carrier::Chip(board)).collect();
        let layer_by_layer = test_accuracy(&network, &carriers, &digits.test, tally);
        Ok([at_once, at_once_bias, layer_by_layer])
    }

    /// Range of the second layer's inputs.
    fn limit(&self, x: &Array2<f32>, spec: &Spec) -> f64 {
        let hidden = &self.network.layers()[0];
        let values = x.dot(&hidden.weights) + &hidden.bias;
        let largest = values.iter().fold(f32::MIN_POSITIVE, |most, v| most.max(*v));
        spec.digits.two_layers.headroom * f64::from(largest)
    }
}

/// Where and by what layers are programmed.
struct Place<'a> {
    spec: &'a Spec,
    /// The most that cells hold (S).
    top_s: f64,
    at: Stream,
}

impl Place<'_> {
    /// Programs the weights of a layer, the largest to that of the specification.
    fn program(
        &self,
        idx: usize,
        layer: &Layer,
        hidden_limit: f64,
        cells: &mut dyn BoardCells,
        tally: &mut Tally,
    ) -> Result<Board, StudyError> {
        let (spec, at) = (self.spec, self.at.child("two layers", idx as u64));
        let scale = spec.counts()?;
        let largest = layer.weights.iter().fold(f32::MIN_POSITIVE, |most, w| most.max(*w));
        let per_count = f64::from(largest) / spec.digits.two_layers.largest_weight;
        let (rows, columns) = layer.weights.dim();
        let first = TWO_LAYERS + if idx == 0 { 0 } else { spec.digits.two_layers.hidden };
        let mut target_s = Array2::from_elem((SIDE, SIDE), scale.zero.0);
        let mut chosen = Array2::from_elem((SIDE, SIDE), false);
        for ((row, col), &weight) in layer.weights.indexed_iter() {
            let counts = (f64::from(weight) / per_count).round();
            target_s[[row, first + col]] = (scale.zero.0 + counts * scale.one.0).min(self.top_s);
            chosen[[row, first + col]] = true;
        }
        cells.write(target_s.view(), chosen.view(), at.child("program", 0), tally)?;
        let limit = if idx == 0 { 1.0 } else { hidden_limit };
        let read = at.child("read", 0);
        let (held, columns) = (cells.held(), (first, columns));
        let board = Board::new(spec.read()?, &held, scale, columns, per_count, read);
        Ok(board.of_rows(rows).driven_to(limit))
    }
}

fn test_accuracy(
    network: &Network,
    carriers: &[Carrier<'_>],
    test: &Part,
    tally: &mut Tally,
) -> f64 {
    let (x, _) = as_f32(test);
    let logits = outputs(network, carriers, x.view(), MEASURE, &mut Scratch::default(), tally);
    let logits = logits.column(0).mapv(f64::from);
    let (logits, labels): (ArrayView1<'_, f64>, _) = (logits.view(), test.labels.view());
    accuracy_at(logits, labels, 0.5)
}
