//! A network as it lies on cells, used with a key: exact, in packed words.

use cim_nn::binary::{Hidden, Last};
use cim_nn::{BinaryNetwork, Bits};
use cim_tile::encryption::LayerKey;
use ndarray::Array2;

use super::learned::Signs;

/// Inputs × outputs of every layer.
pub fn shapes(network: &BinaryNetwork) -> Vec<(usize, usize)> {
    let weights = network.hidden.iter().map(|hidden| &hidden.weights);
    let turned = |weights: &Bits| (weights.dim().1, weights.dim().0);
    weights.chain([&network.last.weights]).map(turned).collect()
}

/// Keys that leave every layer as it is.
pub fn no_keys(network: &BinaryNetwork) -> Vec<LayerKey> {
    shapes(network).into_iter().map(LayerKey::none).collect()
}

/// What lies on cells, in comparators and behind them: what whoever reads a chip out gets.
pub fn locked(plain: &BinaryNetwork, keys: &[LayerKey]) -> BinaryNetwork {
    let weights = |own: &Bits, key: &LayerKey| Bits::of(key.encrypted(own.numbers().t()).t());
    let (of_last, of_hidden) = keys.split_last().expect("a network has layers");
    let hidden = |(own, key): (&Hidden, &LayerKey)| Hidden {
        weights: weights(&own.weights, key),
        least: key.thresholds(&own.least),
    };
    BinaryNetwork {
        hidden: plain.hidden.iter().zip(of_hidden).map(hidden).collect(),
        last: Last {
            weights: weights(&plain.last.weights, of_last),
            scale: of_last.placed(&plain.last.scale).collect(),
            offset: of_last.placed(&plain.last.offset).collect(),
        },
    }
}

/// A layer's key in packed words.
struct Masks {
    /// Rows that are inverted.
    rows: Vec<u64>,
    /// Columns, as they lie, that are inverted.
    columns: Vec<u64>,
    /// The first of every two outputs that change places.
    swaps: Vec<u64>,
}

impl Masks {
    fn of(key: &LayerKey) -> Self {
        let packed = |bits: &mut dyn Iterator<Item = bool>, len: usize| {
            let mut mask = Bits::all_minus(1, len);
            bits.enumerate().for_each(|(idx, bit)| mask.set(0, idx, bit));
            mask.row(0).to_vec()
        };
        let (inputs, outputs) = key.shape();
        let mut first = |output: usize| {
            output.is_multiple_of(2) && key.swaps.get(output / 2).copied().unwrap_or(false)
        };
        Self {
            rows: packed(&mut key.rows.iter().copied(), inputs),
            columns: packed(&mut key.placed(&key.columns), outputs),
            swaps: packed(&mut (0..outputs).map(&mut first), outputs),
        }
    }

    fn drive(&self, x: &[u64], driven: &mut [u64]) {
        let words = driven.iter_mut().zip(x).zip(&self.rows);
        words.for_each(|((to, x), mask)| *to = x ^ mask);
    }
}

/// Outputs (images × outputs) of a layer that lies locked, for inputs (images × inputs), with a key.
pub fn outputs(locked: &Hidden, key: &LayerKey, x: &Bits) -> Bits {
    let masks = Masks::of(key);
    let mut y = Bits::all_minus(x.dim().0, locked.least.len());
    let mut driven = vec![0; x.words()];
    let mut sums = vec![0; locked.least.len()];
    for image in 0..x.dim().0 {
        masks.drive(x.row(image), &mut driven);
        locked.weights.sums(&driven, &mut sums);
        let compared = sums.chunks(64).zip(locked.least.chunks(64));
        for (word, (to, (sums, least))) in y.row_mut(image).iter_mut().zip(compared).enumerate() {
            let bits = sums.iter().zip(least).enumerate();
            *to = bits.fold(0, |word, (bit, (sum, least))| word | u64::from(least <= sum) << bit);
            *to ^= masks.columns[word];
            let moved = (*to ^ *to >> 1) & masks.swaps[word];
            *to ^= moved | moved << 1;
        }
    }
    y
}

/// Logits (images × classes) of a last layer that lies locked, with a key.
pub fn logits(locked: &Last, key: &LayerKey, x: &Bits) -> Array2<f32> {
    let masks = Masks::of(key);
    let classes = locked.scale.len();
    let mut all = Array2::zeros((x.dim().0, classes));
    let mut driven = vec![0; x.words()];
    let mut sums = vec![0; classes];
    for (image, mut row) in all.rows_mut().into_iter().enumerate() {
        masks.drive(x.row(image), &mut driven);
        locked.weights.sums(&driven, &mut sums);
        let turned = sums.iter_mut().zip(key.placed(&key.columns));
        turned.filter(|(_, is_inverted)| *is_inverted).for_each(|(sum, _)| *sum = -*sum);
        let found = locked.logits(&sums);
        row.iter_mut().enumerate().for_each(|(class, to)| *to = found[key.place(class)]);
    }
    all
}

/// Logits from a layer on, for what drives that layer.
pub fn logits_from(
    locked: &BinaryNetwork,
    keys: &[LayerKey],
    first: usize,
    x: &Bits,
) -> Array2<f32> {
    let mut own: Option<Bits> = None;
    for (hidden, key) in locked.hidden.iter().zip(keys).skip(first) {
        own = Some(outputs(hidden, key, own.as_ref().unwrap_or(x)));
    }
    let key = keys.last().expect("a network has layers");
    logits(&locked.last, key, own.as_ref().unwrap_or(x))
}

/// Share of images that are recognised with keys.
pub fn accuracy(locked: &BinaryNetwork, keys: &[LayerKey], images: &Signs) -> f64 {
    cim_nn::accuracy(logits_from(locked, keys, 0, &images.x).view(), &images.labels)
}

/// Images of which any sign of any layer, or any logit, differs from those of the plain network.
pub fn mismatches(
    plain: &BinaryNetwork,
    locked: &BinaryNetwork,
    keys: &[LayerKey],
    x: &Bits,
) -> usize {
    let mut differs = vec![false; x.dim().0];
    let (mut own, mut other) = (x.clone(), x.clone());
    let none = no_keys(plain);
    for (layer, (a, b)) in plain.hidden.iter().zip(&locked.hidden).enumerate() {
        (own, other) = (outputs(a, &none[layer], &own), outputs(b, &keys[layer], &other));
        let images = differs.iter_mut().enumerate();
        images.for_each(|(image, differs)| *differs |= own.row(image) != other.row(image));
    }
    let last = keys.len() - 1;
    let (a, b) =
        (logits(&plain.last, &none[last], &own), logits(&locked.last, &keys[last], &other));
    let images = differs.iter_mut().zip(a.rows().into_iter().zip(b.rows()));
    images.for_each(|(differs, (a, b))| *differs |= a != b);
    differs.into_iter().filter(|differs| *differs).count()
}

/// Networks for tests: drawn, not learned.
#[cfg(test)]
pub mod drawn {
    use cim_core::Stream;
    use cim_tile::encryption::Methods;

    use super::*;
    use crate::encrypted_bnn::learned::Signs;

    pub fn bits(at: Stream, rows: usize, columns: usize) -> Bits {
        let mut numbers = Array2::zeros((rows, columns));
        at.fill_standard_normal(0, numbers.as_slice_mut().expect("standard layout"));
        Bits::of(numbers.view())
    }

    /// A network of these widths, thresholds among the sums that occur.
    pub fn network(widths: &[usize], at: Stream) -> BinaryNetwork {
        let weights = |layer: usize| {
            bits(at.child("weights", layer as u64), widths[layer + 1], widths[layer])
        };
        let hidden = |layer: usize| {
            let odd = (widths[layer] % 2) as i32;
            let least = (0..widths[layer + 1]).map(|k| 2 * (k % 5) as i32 - 4 + odd).collect();
            Hidden { weights: weights(layer), least }
        };
        let (last, classes) = (widths.len() - 2, widths[widths.len() - 1]);
        let last = Last {
            weights: weights(last),
            scale: (0..classes).map(|k| 0.5 + k as f32 / 8.0).collect(),
            offset: (0..classes).map(|k| k as f32 / 4.0 - 0.5).collect(),
        };
        BinaryNetwork { hidden: (0..widths.len() - 2).map(hidden).collect(), last }
    }

    /// Images whose labels are what the network itself says.
    pub fn labelled(network: &BinaryNetwork, count: usize, at: Stream) -> Signs {
        let x = bits(at, count, shapes(network)[0].0);
        let logits = network.logits(&x);
        let best = |row: ndarray::ArrayView1<'_, f32>| {
            let first = |best: usize, k: usize| if row[best] < row[k] { k } else { best };
            (1..row.len()).fold(0, first) as u8
        };
        Signs { labels: logits.rows().into_iter().map(best).collect(), x }
    }

    /// Keys with these methods, one a layer.
    pub fn keys(network: &BinaryNetwork, methods: &[Methods], at: Stream) -> Vec<LayerKey> {
        let one = |(layer, shape): (usize, (usize, usize))| {
            let mut draws = vec![0.0; methods[layer].bits(shape)];
            at.fill_uniform(layer as u64, &mut draws);
            LayerKey::of(methods[layer], shape, draws.iter().map(|u| *u < 0.5))
        };
        shapes(network).into_iter().enumerate().map(one).collect()
    }
}

#[cfg(test)]
mod tests {
    use cim_core::Stream;
    use cim_tile::encryption::Methods;

    use super::*;

    fn every() -> impl Iterator<Item = (Methods, BinaryNetwork, Bits, Stream)> {
        (0..16_usize).map(|case| {
            let methods =
                Methods { rows: case & 1 == 1, swaps: case & 2 == 2, columns: case & 4 == 4 };
            let at = Stream::root(41).child("case", case as u64);
            let widths = [5 + 31 * case % 140, 70 + case, 3 + 17 * case % 100, 4 + case % 5];
            let network = drawn::network(&widths, at.child("network", 0));
            let x = drawn::bits(at.child("x", 0), 50, widths[0]);
            (methods, network, x, at)
        })
    }

    #[test]
    fn no_sign_differs_with_the_key_and_many_do_with_a_wrong_one() {
        for (methods, network, x, at) in every() {
            let keys = drawn::keys(&network, &[methods; 3], at.child("key", 0));
            let stored = locked(&network, &keys);
            assert_eq!(mismatches(&network, &stored, &keys, &x), 0, "{}", methods.name());
            if methods == Methods::default() {
                assert_eq!(stored, network);
                continue;
            }
            let found = mismatches(&network, &stored, &no_keys(&network), &x);
            assert!(25 < found, "{}: {found} of 50", methods.name());
        }
    }

    /// Layers that are encrypted each in a way of its own, as `cim-nn`, which knows no keys, has them in plain; and
    /// the key of any one layer of them is needed.
    #[test]
    fn layers_may_have_methods_of_their_own() {
        for (case, (first, network, x, at)) in every().enumerate() {
            let of =
                |k: usize| Methods { rows: k & 1 == 1, swaps: k & 2 == 2, columns: k & 4 == 4 };
            let methods = [first, of(case / 2 + 3), of(3 * case + 1)];
            let keys = drawn::keys(&network, &methods, at.child("key", 0));
            let stored = locked(&network, &keys);
            assert_eq!(mismatches(&network, &stored, &keys, &x), 0, "{methods:?}");
            assert_eq!(logits_from(&stored, &keys, 0, &x), network.logits(&x));
            for layer in 0..keys.len() {
                let mut wrong = keys.clone();
                wrong[layer] = LayerKey::none(keys[layer].shape());
                let found = mismatches(&network, &stored, &wrong, &x);
                // A key may happen to turn nothing.
                assert_eq!(found > 0, wrong[layer] != keys[layer], "{methods:?}: layer {layer}");
            }
        }
    }

    /// The packed run of `cim-nn` knows no keys: of a plain network it is the oracle.
    #[test]
    fn without_a_key_on_plain_cells_it_is_the_plain_network() {
        for (_, network, x, _) in every() {
            let got = logits_from(&network, &no_keys(&network), 0, &x);
            assert_eq!(got, network.logits(&x));
        }
    }

    /// A comparator that holds −B where 1 − B belongs is found out.
    #[test]
    fn a_forgotten_rule_for_ties_is_a_mismatch() {
        let methods = Methods { columns: true, ..Methods::default() };
        let network = drawn::network(&[30, 80, 60, 6], Stream::root(42));
        let x = drawn::bits(Stream::root(43), 200, 30);
        let keys = drawn::keys(&network, &[methods; 3], Stream::root(44));
        let mut stored = locked(&network, &keys);
        for (hidden, key) in stored.hidden.iter_mut().zip(&keys) {
            let held = hidden.least.iter_mut().zip(&key.columns);
            held.filter(|(_, is_inverted)| **is_inverted).for_each(|(least, _)| *least -= 1);
        }
        assert!(0 < mismatches(&network, &stored, &keys, &x));
    }

    /// Row inversion without the key: outputs agree with the true ones as often as not.
    #[test]
    fn outputs_of_inverted_rows_are_chance_without_the_key() {
        let methods = Methods { rows: true, ..Methods::default() };
        let network = drawn::network(&[512, 512, 10], Stream::root(45));
        let x = drawn::bits(Stream::root(46), 40, 512);
        let keys = drawn::keys(&network, &[methods; 2], Stream::root(47));
        let stored = locked(&network, &keys);
        let none = LayerKey::none((512, 512));
        let want = outputs(&network.hidden[0], &none, &x).numbers();
        let got = outputs(&stored.hidden[0], &none, &x).numbers();
        let same = want.iter().zip(&got).filter(|(a, b)| a == b).count() as f64;
        assert!((0.45..0.55).contains(&(same / (40.0 * 512.0))), "{same}");
    }
}
