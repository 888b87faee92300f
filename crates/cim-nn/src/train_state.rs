//! What a training run needs to go on where it stopped.

use ndarray::Array2;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::NetworkError;
use crate::network::Network;
use crate::update::Moments;

/// Everything a run needs to go on where it stopped.
///
/// Reading one from bytes [checks](Self::check) that its parts fit each other.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub struct TrainState {
    /// The network so far.
    pub network: Network,
    /// Full scale of each tile of each layer, in output units.
    pub full_scale: Vec<Array2<f32>>,
    /// Passes over the training set so far.
    pub epochs_done: usize,
    pub(crate) weights: Vec<Moments>,
    pub(crate) bias: Vec<Moments>,
    pub(crate) log_full_scale: Vec<Moments>,
    /// Of scale and shift of each batch norm.
    pub(crate) norms: Vec<[Moments; 2]>,
    pub(crate) steps: u64,
}

impl TrainState {
    /// Before the first step from `network`, with one array of full scales per product.
    pub(crate) fn new(network: Network, full_scale: Vec<Array2<f32>>) -> Self {
        let layers = network.layers();
        Self {
            epochs_done: 0,
            weights: layers.iter().map(|l| Moments::new(l.weights.len())).collect(),
            bias: layers.iter().map(|l| Moments::new(l.bias.len())).collect(),
            log_full_scale: full_scale.iter().map(|f| Moments::new(f.len())).collect(),
            norms: network
                .norms()
                .iter()
                .map(|norm| [norm.scale.len(), norm.shift.len()].map(Moments::new))
                .collect(),
            steps: 0,
            full_scale,
            network,
        }
    }

    /// Checks that the network's weights are of the shapes that its operations say, and that the
    /// update rule has one state for each parameter.
    ///
    /// # Errors
    /// [`NetworkError::Parts`] or [`NetworkError::Chain`] for the network,
    /// [`NetworkError::Moments`] naming the parameters whose states are too many or too few.
    pub fn check(&self) -> Result<(), NetworkError> {
        self.network.check_sizes()?;
        let layers = self.network.layers();
        let all = |what, moments: &mut dyn Iterator<Item = &Moments>, lens: &[usize]| {
            let states: Vec<_> = moments.map(Moments::lens).collect();
            if states.len() == lens.len()
                && states.iter().zip(lens).all(|((mean, square), len)| mean == len && square == len)
            {
                return Ok(());
            }
            Err(NetworkError::Moments { what, states, parameters: lens.to_vec() })
        };
        let weights: Vec<_> = layers.iter().map(|layer| layer.weights.len()).collect();
        let bias: Vec<_> = layers.iter().map(|layer| layer.bias.len()).collect();
        let full_scale: Vec<_> = self.full_scale.iter().map(Array2::len).collect();
        let norms = self.network.norms().iter();
        let norms: Vec<_> = norms.flat_map(|norm| [norm.scale.len(), norm.shift.len()]).collect();
        all("weights", &mut self.weights.iter(), &weights)?;
        all("biases", &mut self.bias.iter(), &bias)?;
        all("full scales", &mut self.log_full_scale.iter(), &full_scale)?;
        all("batch norms", &mut self.norms.iter().flatten(), &norms)
    }
}

impl Serialize for TrainState {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, to)
    }
}

impl<'de> Deserialize<'de> for TrainState {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let state = Self::deserialize(from)?;
        state.check().map_err(D::Error::custom)?;
        Ok(state)
    }
}

#[cfg(test)]
mod tests {
    use cim_core::Stream;

    use super::*;
    use crate::checkpoint::{CheckpointError, decode, encode};
    use crate::operations::OperationSpec;
    use crate::shape::Shape;

    /// Two products, a batch norm with a residual around it, three full scales each.
    fn state() -> TrainState {
        let operations: Vec<OperationSpec> = serde_json::from_str(
            r#"[
                {"op": "conv1d", "channels": 2, "kernel": 3},
                {"op": "residual", "body": [{"op": "batch-norm"}]},
                {"op": "flatten"},
                {"op": "linear", "features": 4}
            ]"#,
        )
        .expect("operations");
        let network = Network::drawn(Shape::series(3, 6), &operations, Stream::root(1));
        TrainState::new(network.expect("it fits"), vec![Array2::ones((1, 3)); 2])
    }

    /// What reading `state` says, changed after it was made.
    fn read(change: impl FnOnce(&mut TrainState)) -> Result<TrainState, CheckpointError> {
        let mut state = state();
        change(&mut state);
        decode(&encode(&state).expect("plain values"))
    }

    #[test]
    fn what_was_written_is_read() {
        let bytes = encode(&state()).expect("plain values");
        let again: TrainState = decode(&bytes).expect("its own bytes");
        assert!(encode(&again).expect("plain values") == bytes);
    }

    #[test]
    fn states_of_the_update_rule_of_another_size_are_refused() {
        type Change = fn(&mut TrainState);
        let changes: [(&str, Change); 8] = [
            ("weights", |state| state.weights[1] = Moments::new(3)),
            ("weights", |state| state.weights.swap(0, 1)),
            ("weights", |state| state.weights.truncate(1)),
            ("biases", |state| state.bias[0] = Moments::new(0)),
            ("biases", |state| state.bias.push(Moments::new(4))),
            ("full scales", |state| state.full_scale[1] = Array2::ones((2, 3))),
            ("batch norms", |state| state.norms[0][1] = Moments::new(9)),
            ("batch norms", |state| state.norms.clear()),
        ];
        for (what, change) in changes {
            let error = read(change).expect_err(what);
            let CheckpointError::Undecodable { reason } = error else { panic!("{error}") };
            assert!(reason.contains(&format!("of {what}")), "{what}: {reason}");
        }
    }

    #[test]
    fn weights_of_other_shapes_than_the_operations_are_refused() {
        let changes: [fn(&mut TrainState); 6] = [
            |state| state.network.layers[0].weights.swap_axes(0, 1),
            |state| state.network.layers.swap(0, 1),
            |state| state.network.layers.truncate(1),
            |state| state.network.layers[1].bias = ndarray::Array1::zeros(5),
            |state| state.network.norms[0].mean.push(0.0),
            |state| state.network.norms.clear(),
        ];
        for (idx, change) in changes.into_iter().enumerate() {
            let error = read(change).expect_err("another shape");
            assert!(matches!(error, CheckpointError::Undecodable { .. }), "{idx}: {error}");
            let mut changed = state();
            change(&mut changed);
            let error = changed.check().expect_err("another shape");
            let known = matches!(error, NetworkError::Chain { .. } | NetworkError::Parts { .. });
            assert!(known, "{idx}: {error}");
        }
    }

    #[test]
    fn operations_without_their_products_are_refused() {
        let error = read(|state| {
            state.network.plans.truncate(1);
            state.network.layers.truncate(1);
        });
        assert!(matches!(error, Err(CheckpointError::Undecodable { .. })));
    }
}
