//! What an attacker has.

use cim_nn::BinaryNetwork;
use cim_tile::encryption::{LayerKey, Methods};

use crate::encrypted_bnn::learned::Signs;
use crate::encrypted_bnn::locked;

/// A chip that was read out.
#[derive(Clone, Copy)]
pub struct Target<'a> {
    /// What lies on it.
    pub locked: &'a BinaryNetwork,
    /// How each of its layers is encrypted.
    pub methods: &'a [Methods],
    /// Images with labels.
    pub images: &'a Signs,
}

/// What came of an attack.
pub struct Guess {
    /// Keys.
    pub keys: Vec<LayerKey>,
    /// How often images were run through the network, one by one.
    pub runs: u64,
}

impl Target<'_> {
    /// Keys before anything is known: none.
    pub fn no_keys(&self) -> Vec<LayerKey> {
        locked::no_keys(self.locked)
    }
}

/// Share of the key bits that a guess has right, of those that `methods` use.
pub fn right_bits(methods: &[Methods], guess: &[LayerKey], truth: &[LayerKey]) -> f64 {
    let bits = |keys: &[LayerKey]| -> Vec<bool> {
        keys.iter().zip(methods).flat_map(|(key, methods)| key.bits(*methods)).collect()
    };
    let (guess, truth) = (bits(guess), bits(truth));
    let right = guess.iter().zip(&truth).filter(|(a, b)| a == b).count();
    right as f64 / truth.len().max(1) as f64
}
