//! Keys of all layers from one word.

use sha2::{Digest, Sha256};

use super::key::{LayerKey, Methods};

/// The word that a chip regenerates: keys of its layers follow from it.
///
/// Law: bits of SHA-256 of `"cim layer key"`, the word, the number of the layer and a counter, both as eight
/// bytes, least significant first; from each digest 256 bits, the lowest of the first byte first. One wrong bit of the word
/// makes other keys altogether.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word(Vec<u8>);

impl Word {
    /// A word of bits, eight a byte.
    pub fn of(bits: &[bool]) -> Self {
        let byte =
            |bits: &[bool]| bits.iter().rev().fold(0, |byte, bit| byte << 1 | u8::from(*bit));
        Self(bits.chunks(8).map(byte).collect())
    }

    /// The key of a layer (inputs × outputs).
    pub fn key(&self, methods: Methods, shape: (usize, usize), layer: usize) -> LayerKey {
        let digests = (0_u64..).map(|counter| {
            let mut hash = Sha256::new();
            hash.update(b"cim layer key");
            hash.update(&self.0);
            hash.update((layer as u64).to_le_bytes());
            hash.update(counter.to_le_bytes());
            <[u8; 32]>::from(hash.finalize())
        });
        let bits = digests.flatten().flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1 == 1));
        LayerKey::of(methods, shape, bits)
    }

    /// Digests that keys of these layers take.
    pub fn digests(methods: Methods, shapes: &[(usize, usize)]) -> usize {
        shapes.iter().map(|shape| methods.bits(*shape).div_ceil(256)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Methods = Methods { rows: true, swaps: true, columns: true };

    fn key(word: &[bool], layer: usize) -> Vec<bool> {
        Word::of(word).key(ALL, (3000, 2000), layer).bits(ALL)
    }

    fn differing(a: &[bool], b: &[bool]) -> f64 {
        a.iter().zip(b).filter(|(a, b)| a != b).count() as f64
    }

    /// Fair bits, other ones for other layers and for a word with one wrong bit: within five standard deviations
    /// of 6,000 fair bits.
    #[test]
    fn keys_are_fair_and_have_nothing_in_common() {
        let word: Vec<bool> = (0..256).map(|bit| bit % 3 == 0).collect();
        let mut wrong = word.clone();
        wrong[200] = !wrong[200];
        let own = key(&word, 0);
        assert_eq!(own, key(&word, 0));
        let tolerance = 5.0 * (6000.0_f64 / 4.0).sqrt();
        for other in [vec![false; 6000], key(&word, 1), key(&wrong, 0)] {
            assert!((differing(&own, &other) - 3000.0).abs() < tolerance);
        }
    }
}
