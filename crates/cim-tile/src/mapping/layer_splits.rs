//! Splits of single layers of a network.

use serde::{Deserialize, Serialize};

use super::{MappingError, Split};

/// Most layers with a split of their own.
const MOST_LAYERS: usize = 8;
const MOST_BITS: usize = 16;

/// Splits of the first layers of a network, such as `[[1, 7], [2, 2, 4]]`, for up to 8 layers; those behind
/// have the split of all. Layers are counted in the order of the network's products.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Split>", into = "Vec<Split>")]
pub struct LayerSplits {
    /// Bits of every part, then zeros; no part at all behind the last layer.
    bits: [[u8; MOST_BITS]; MOST_LAYERS],
}

impl LayerSplits {
    /// No layer has a split of its own.
    pub const NONE: Self = Self { bits: [[0; MOST_BITS]; MOST_LAYERS] };

    /// Splits of the first layers.
    ///
    /// # Errors
    /// [`MappingError::Layers`] for more than 8.
    pub fn new(splits: &[Split]) -> Result<Self, MappingError> {
        if MOST_LAYERS < splits.len() {
            return Err(MappingError::Layers { layers: splits.len(), most: MOST_LAYERS });
        }
        let mut bits = Self::NONE.bits;
        for (own, split) in bits.iter_mut().zip(splits) {
            own.iter_mut().zip(Vec::from(*split)).for_each(|(to, bits)| *to = bits as u8);
        }
        Ok(Self { bits })
    }

    /// Whether no layer has one.
    pub fn is_none(&self) -> bool {
        *self == Self::NONE
    }

    /// The split of a layer that has one of its own.
    pub fn of(&self, layer: usize) -> Option<Split> {
        let parts: Vec<u32> = self.bits.get(layer)?.iter().copied().map(u32::from).collect();
        let count = parts.iter().take_while(|bits| **bits > 0).count();
        (count > 0).then(|| Split::cut(&parts[..count]))
    }

    /// All of them, first layer first.
    pub fn all(&self) -> impl Iterator<Item = Split> + '_ {
        (0..MOST_LAYERS).map_while(|layer| self.of(layer))
    }
}

impl TryFrom<Vec<Split>> for LayerSplits {
    type Error = MappingError;

    fn try_from(splits: Vec<Split>) -> Result<Self, MappingError> {
        Self::new(&splits)
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
        assert_eq!((layers.of(4), layers.of(8)), (None, None));
        let text = serde_json::to_string(&layers).expect("plain data");
        assert!(text.starts_with("[[1,7],[8],"), "{text}");
        assert_eq!(serde_json::from_str::<LayerSplits>(&text).expect("the same"), layers);
        assert!(LayerSplits::NONE.is_none() && !layers.is_none());
    }

    #[test]
    fn too_many_layers_are_refused() {
        let error = LayerSplits::new(&[Split::cut(&[8]); 9]).expect_err("nine");
        assert!(error.to_string().contains("9 layers"), "{error}");
        assert!(serde_json::from_str::<LayerSplits>("[[1, 0]]").is_err());
    }
}
