//! Splits of single layers of a network.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Mapping, MappingError, Split};

/// Most layers with a split of their own: those of the deepest residual networks in use.
const MOST_LAYERS: usize = 256;

/// Splits of the first layers of a network, such as `[[1, 7], [2, 2, 4]]`, for up to 256 layers; those behind
/// have the split of all. Layers are counted in the order of the network's products.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Vec<u32>>", into = "Vec<Split>")]
pub struct LayerSplits {
    /// Ends of parts of every layer, see [`Split::ends`]; 0 behind the last.
    ends: [u16; MOST_LAYERS],
}

impl LayerSplits {
    /// No layer has a split of its own.
    pub const NONE: Self = Self { ends: [0; MOST_LAYERS] };

    /// Splits of the first layers.
    ///
    /// # Errors
    /// [`MappingError::Layers`] for more than 256.
    pub fn new(splits: &[Split]) -> Result<Self, MappingError> {
        if MOST_LAYERS < splits.len() {
            return Err(MappingError::Layers { layers: splits.len(), most: MOST_LAYERS });
        }
        let mut ends = Self::NONE.ends;
        ends.iter_mut().zip(splits).for_each(|(own, split)| *own = split.ends());
        Ok(Self { ends })
    }

    /// Whether no layer has one.
    pub fn is_none(&self) -> bool {
        *self == Self::NONE
    }

    /// The split of a layer that has one of its own.
    pub fn of(&self, layer: usize) -> Option<Split> {
        self.ends.get(layer).copied().and_then(Split::of_ends)
    }

    /// All of them, first layer first.
    pub fn all(&self) -> impl Iterator<Item = Split> + '_ {
        (0..MOST_LAYERS).map_while(|layer| self.of(layer))
    }

    /// Checks each of them.
    ///
    /// # Errors
    /// [`MappingError::OfLayer`] for the first that does not fit.
    pub(super) fn check(
        &self,
        fits: impl Fn(Split) -> Result<(), MappingError>,
    ) -> Result<(), MappingError> {
        for (layer, split) in (1..).zip(self.all()) {
            fits(split).map_err(|error| MappingError::OfLayer { layer, error: Box::new(error) })?;
        }
        Ok(())
    }

    /// The mapping of a layer that has a split of its own.
    pub(super) fn mapping<M: Mapping + 'static>(
        &self,
        layer: usize,
        of: impl FnOnce(Split) -> M,
    ) -> Option<Arc<dyn Mapping>> {
        Some(Arc::new(of(self.of(layer)?)))
    }
}

/// Names the layer, from 1, in an error of its split.
fn of_layer<T>(layer: usize, split: Result<T, MappingError>) -> Result<T, MappingError> {
    split.map_err(|error| MappingError::OfLayer { layer, error: Box::new(error) })
}

impl Default for LayerSplits {
    fn default() -> Self {
        Self::NONE
    }
}

/// A list of the splits.
impl fmt::Debug for LayerSplits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.all().map(Vec::from)).finish()
    }
}

/// From bits of parts, layer by layer.
impl TryFrom<Vec<Vec<u32>>> for LayerSplits {
    type Error = MappingError;

    fn try_from(layers: Vec<Vec<u32>>) -> Result<Self, MappingError> {
        let splits = (1..).zip(&layers).map(|(layer, parts)| of_layer(layer, Split::new(parts)));
        Self::new(&splits.collect::<Result<Vec<_>, _>>()?)
    }
}

impl From<LayerSplits> for Vec<Split> {
    fn from(splits: LayerSplits) -> Self {
        splits.all().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_keep_their_splits_in_order() {
        let splits: Vec<Split> = [&[1, 7][..], &[8], &[1; 16], &[2, 2, 4]]
            .into_iter()
            .map(|parts| Split::new(parts).expect("a split"))
            .collect();
        let layers = LayerSplits::new(&splits).expect("four layers");
        for (layer, split) in splits.iter().enumerate() {
            assert_eq!(layers.of(layer), Some(*split));
        }
        assert_eq!((layers.of(4), layers.of(256)), (None, None));
        let text = serde_json::to_string(&layers).expect("plain data");
        assert!(text.starts_with("[[1,7],[8],"), "{text}");
        assert_eq!(serde_json::from_str::<LayerSplits>(&text).expect("the same"), layers);
        assert_eq!(format!("{layers:?}"), text.replace(',', ", "));
        assert!(LayerSplits::NONE.is_none() && !layers.is_none());
    }

    #[test]
    fn too_many_layers_are_refused() {
        let error = LayerSplits::new(&[Split::cut(&[8]); 257]).expect_err("257");
        assert!(error.to_string().contains("257 splits"), "{error}");
        let error = serde_json::from_str::<LayerSplits>("[[8], [1, 0]]").expect_err("no bits");
        assert!(error.to_string().starts_with("layers, split 2: parts [1, 0]"), "{error}");
    }
}
