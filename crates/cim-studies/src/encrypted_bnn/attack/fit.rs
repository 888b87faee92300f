//! Keys fitted by gradient to a few labelled images: ours.
//!
//! Every bit of every key is the sign of a number that slopes go straight through to, as weights of binary networks
//! are learned; what lies on cells stays as it is.

use cim_core::Stream;
use cim_tile::encryption::{LayerKey, Methods};
use ndarray::{Array1, Array2, Axis};

use super::backward::{Factors, Numbers};
use super::target::{Guess, Target};

/// How keys are fitted.
#[derive(Clone, Copy, Debug)]
pub struct Fit {
    /// Steps of Adam.
    pub steps: usize,
    /// Images of a step.
    pub batch: usize,
    /// Largest rate, falling to zero by a cosine.
    pub rate: f32,
}

/// A bit as a number, with what Adam knows of it. Below zero the bit is set.
#[derive(Clone, Debug)]
struct Latent {
    value: Array1<f32>,
    mean: Array1<f32>,
    square: Array1<f32>,
}

/// Fits all bits of all layers to the images of `target`. `first_rows` is what is known of the first layer's rows
/// already; all else begins at random.
pub fn fit(target: &Target<'_>, fit: Fit, first_rows: Option<&[bool]>, at: Stream) -> Guess {
    let numbers = Numbers::of(target.locked);
    let x = target.images.x.numbers();
    let labels = &target.images.labels;
    let keys = target.no_keys();
    let methods = target.methods;
    let mut latent: Vec<[Latent; 3]> = keys
        .iter()
        .enumerate()
        .map(|(layer, key)| {
            let at = at.child("latent", layer as u64);
            let known = first_rows.filter(|_| layer == 0);
            let lens = [key.rows.len(), key.columns.len(), key.swaps.len()];
            let used = used(&methods[layer]);
            std::array::from_fn(|part| {
                let known = known.filter(|_| part == 0);
                Latent::drawn(lens[part], used[part], known, at.child("part", part as u64))
            })
        })
        .collect();
    let batch = fit.batch.min(labels.len());
    let mut draws = vec![0.0; batch];
    for step in 0..fit.steps {
        at.child("images", 0).fill_uniform(step as u64, &mut draws);
        let image = |u: &f32| ((u * labels.len() as f32) as usize).min(labels.len() - 1);
        let chosen: Vec<usize> = draws.iter().map(image).collect();
        let images: Array2<f32> = x.select(Axis(0), &chosen);
        let answers: Vec<u8> = chosen.iter().map(|image| labels[*image]).collect();
        let factors: Vec<Factors> = latent.iter().map(factors).collect();
        let (_, slopes) = numbers.loss(&factors, images.view(), &answers);
        let progress = step as f64 / fit.steps as f64;
        let rate = fit.rate * (0.5 + 0.5 * (std::f64::consts::PI * progress).cos()) as f32;
        for ((latent, slopes), methods) in latent.iter_mut().zip(slopes).zip(methods) {
            // A swap is set where its number is below zero, so that its factor falls with the number.
            let slopes = [slopes.rows, slopes.columns, slopes.swaps.mapv(|slope| -slope)];
            for ((latent, slopes), _) in
                latent.iter_mut().zip(&slopes).zip(used(methods)).filter(|(_, used)| *used)
            {
                latent.step(slopes, rate, step);
            }
        }
    }
    let keys = keys.into_iter().zip(&latent).zip(methods);
    let keys = keys.map(|((key, latent), methods)| settled(key, latent, *methods));
    Guess { keys: keys.collect(), runs: (fit.steps * batch) as u64 }
}

/// Which of the rows, columns and swaps of a layer a key turns.
fn used(methods: &Methods) -> [bool; 3] {
    [methods.rows, methods.columns, methods.swaps]
}

impl Latent {
    /// Numbers that say what is known, small ones drawn at random where nothing is, and ones that set no bit where a
    /// method is not used.
    fn drawn(len: usize, used: bool, known: Option<&[bool]>, at: Stream) -> Self {
        let mut value = vec![1.0; len];
        if let Some(bits) = known {
            value.iter_mut().zip(bits).for_each(|(v, bit)| *v = if *bit { -1.0 } else { 1.0 });
        } else if used {
            at.fill_standard_normal(0, &mut value);
            value.iter_mut().for_each(|v| *v *= 0.1);
        }
        Self { value: value.into(), mean: Array1::zeros(len), square: Array1::zeros(len) }
    }

    fn step(&mut self, slopes: &Array1<f32>, rate: f32, step: usize) {
        const BETAS: [f32; 2] = [0.9, 0.99];
        let unbias = |beta: f32| 1.0 - beta.powi(step as i32 + 1);
        let Self { value, mean, square } = self;
        let numbers = value.iter_mut().zip(mean).zip(square).zip(slopes);
        for (((value, mean), square), slope) in numbers {
            *mean += (1.0 - BETAS[0]) * (slope - *mean);
            *square += (1.0 - BETAS[1]) * (slope * slope - *square);
            let root = (*square / unbias(BETAS[1])).sqrt() + 1e-8;
            *value = (*value - rate * *mean / unbias(BETAS[0]) / root).clamp(-1.0, 1.0);
        }
    }
}

fn factors([rows, columns, swaps]: &[Latent; 3]) -> Factors {
    let sign = |v: &f32| if *v < 0.0 { -1.0 } else { 1.0 };
    Factors {
        rows: rows.value.map(sign),
        columns: columns.value.map(sign),
        swaps: swaps.value.map(|v| if *v < 0.0 { 1.0 } else { 0.0 }),
    }
}

/// The bits that the numbers say; columns are told as they lie and kept by output.
fn settled(mut key: LayerKey, [rows, columns, swaps]: &[Latent; 3], methods: Methods) -> LayerKey {
    let bits = |latent: &Latent| latent.value.iter().map(|v| *v < 0.0).collect::<Vec<_>>();
    if methods.rows {
        key.rows = bits(rows);
    }
    if methods.swaps {
        key.swaps = bits(swaps);
    }
    if methods.columns {
        let lying = bits(columns);
        key.columns = key.placed(&lying).collect();
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encrypted_bnn::locked::{self, drawn};

    const FIT: Fit = Fit { steps: 300, batch: 50, rate: 0.03 };

    /// A single layer of inverted rows is a linear classifier in its signs: they come back.
    #[test]
    fn signs_of_a_single_layer_come_back() {
        let network = drawn::network(&[40, 6], Stream::root(81));
        let images = drawn::labelled(&network, 2000, Stream::root(82));
        let methods = Methods { rows: true, ..Methods::default() };
        let keys = drawn::keys(&network, &[methods], Stream::root(83));
        let stored = locked::locked(&network, &keys);
        let target = Target { locked: &stored, methods: &[methods], images: &images };
        let guess = fit(&target, FIT, None, Stream::root(84));
        let right =
            crate::encrypted_bnn::attack::target::right_bits(&[methods], &guess.keys, &keys);
        assert!(0.9 < right, "{right}");
        let accuracy = locked::accuracy(&stored, &guess.keys, &images);
        assert!(0.9 < accuracy, "{accuracy}");
    }

    /// Without methods there is nothing to be fitted.
    #[test]
    fn on_a_network_that_is_not_encrypted_it_does_nothing() {
        let network = drawn::network(&[20, 30, 6], Stream::root(85));
        let images = drawn::labelled(&network, 50, Stream::root(82));
        let methods = Methods::default();
        let target = Target { locked: &network, methods: &[methods; 2], images: &images };
        let guess = fit(&target, FIT, None, Stream::root(86));
        assert_eq!(guess.keys, locked::no_keys(&network));
    }

    /// Keys as numbers of ±1 and 0 or 1 are the keys: both ways to run agree, all methods together.
    #[test]
    fn numbers_of_whole_keys_run_as_the_packed_words_do() {
        let network = drawn::network(&[20, 30, 27, 6], Stream::root(87));
        let methods = Methods { rows: true, swaps: true, columns: true };
        let images = drawn::labelled(&network, 200, Stream::root(82));
        let keys = drawn::keys(&network, &[methods; 3], Stream::root(88));
        let stored = locked::locked(&network, &keys);
        let target = Target { locked: &stored, methods: &[methods; 3], images: &images };
        let short = Fit { steps: 0, ..FIT };
        let guess = fit(&target, short, None, Stream::root(89)).keys;
        let numbers = |keys: &[LayerKey]| -> f64 {
            let factors: Vec<Factors> = keys
                .iter()
                .map(|key| Factors {
                    rows: key.rows.iter().map(|b| if *b { -1.0 } else { 1.0 }).collect(),
                    columns: key.placed(&key.columns).map(|b| if b { -1.0 } else { 1.0 }).collect(),
                    swaps: key.swaps.iter().map(|b| f32::from(u8::from(*b))).collect(),
                })
                .collect();
            let x = images.x.numbers();
            Numbers::of(&stored).loss(&factors, x.view(), &images.labels).0
        };
        let packed = |keys: &[LayerKey]| -> f64 {
            let logits = locked::logits_from(&stored, keys, 0, &images.x);
            let one = |(row, label): (ndarray::ArrayView1<'_, f32>, &u8)| {
                let sum: f64 = row.iter().map(|v| f64::from(*v).exp()).sum();
                sum.ln() - f64::from(row[usize::from(*label)])
            };
            logits.rows().into_iter().zip(&images.labels).map(one).sum::<f64>() / 200.0
        };
        for keys in [&keys, &guess] {
            let (a, b) = (numbers(keys), packed(keys));
            assert!((a - b).abs() < 1e-5 * (1.0 + b), "{a} {b}");
        }
    }
}
