//! One key bit at a time, kept where more images are recognised.
//!
//! Source: the attack on column swaps that the authors of the scheme describe, arXiv 2510.24422.

use cim_nn::Bits;

use super::target::{Guess, Target};
use crate::encrypted_bnn::locked::{logits_from, outputs};

/// Turns every bit of every layer in turn, first layer first, and keeps it where accuracy on the images rises; so
/// many passes, or until one turns nothing.
pub fn hill_climb(target: &Target<'_>, passes: usize) -> Guess {
    let mut guess = Guess { keys: target.no_keys(), runs: 0 };
    let images = target.images;
    let count = images.labels.len() as u64;
    let score = |guess: &mut Guess, layer: usize, x: &Bits| {
        guess.runs += count;
        let logits = logits_from(target.locked, &guess.keys, layer, x);
        cim_nn::accuracy(logits.view(), &images.labels)
    };
    let mut best = score(&mut guess, 0, &images.x);
    for _ in 0..passes {
        let before = best;
        let mut x = images.x.clone();
        for layer in 0..guess.keys.len() {
            let methods = target.methods[layer];
            let bits = methods.bits(guess.keys[layer].shape());
            for bit in 0..bits {
                guess.keys[layer].flip(methods, bit);
                let found = score(&mut guess, layer, &x);
                if best < found {
                    best = found;
                } else {
                    guess.keys[layer].flip(methods, bit);
                }
            }
            if let Some(hidden) = target.locked.hidden.get(layer) {
                x = outputs(hidden, &guess.keys[layer], &x);
            }
        }
        if best <= before {
            break;
        }
    }
    guess
}

#[cfg(test)]
mod tests {
    use cim_core::Stream;
    use cim_tile::encryption::Methods;

    use super::*;
    use crate::encrypted_bnn::locked::{self, drawn};

    const ALL: Methods = Methods { rows: true, swaps: true, columns: true };

    #[test]
    fn on_a_network_that_is_not_encrypted_it_does_nothing() {
        let network = drawn::network(&[20, 31, 24, 5], Stream::root(51));
        let images = drawn::labelled(&network, 60, Stream::root(52));
        for methods in [Methods::default(), ALL] {
            let target = Target { locked: &network, methods: &[methods; 3], images: &images };
            let guess = hill_climb(&target, 3);
            assert_eq!(guess.keys, locked::no_keys(&network));
        }
    }

    /// One wrong bit anywhere in the last layer is found.
    #[test]
    fn a_single_bit_is_found() {
        let network = drawn::network(&[20, 31, 9, 4], Stream::root(53));
        let images = drawn::labelled(&network, 400, Stream::root(52));
        let mut keys = locked::no_keys(&network);
        keys[2].flip(ALL, 3);
        let stored = locked::locked(&network, &keys);
        let only_rows = Methods { rows: true, ..Methods::default() };
        let target = Target { locked: &stored, methods: &[only_rows; 3], images: &images };
        let before = locked::accuracy(&stored, &target.no_keys(), &images);
        let guess = hill_climb(&target, 4);
        assert!(before < locked::accuracy(&stored, &guess.keys, &images), "{before}");
        assert_eq!(guess.runs % 400, 0);
    }
}
