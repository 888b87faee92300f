//! Words of chips, and how good they are.

use cim_core::{Seconds, Stream, Tally};
use cim_device::puf::{Helper, Made, Pairs, PairsSpec, Quality};
use cim_device::{DeviceError, DeviceSpec, ModelSpec, published_names};
use cim_tile::encryption::{LayerKey, Methods, Word};
use rayon::prelude::*;

use super::spec::Spec;
use crate::error::StudyError;

/// A chip with a word of its own.
pub struct Keyed {
    /// The word with which its weights were encrypted.
    pub enrolled: Word,
    /// The word that it makes when it is used.
    pub used: Word,
    /// The word with its first bit turned.
    pub one_bit_off: Word,
    /// Of the turns in which the word was asked for, those in which it came back.
    pub came_back: usize,
}

/// Makes the pairs of a chip, enrols a drawn word and asks for it.
pub fn chip(spec: &Spec, at: Stream) -> Result<Keyed, StudyError> {
    let (pairs, code) = (spec.pairs()?, spec.puf.code);
    let made = pairs.made(code.response_bits(), at.child("pairs", 0), &mut Tally::default());
    let mut draws = vec![0.0; code.bits];
    at.child("word", 0).fill_uniform(0, &mut draws);
    let secret: Vec<bool> = draws.iter().map(|u| *u < 0.5).collect();
    let at = at.child("read", 0);
    let enrolled = pairs.response(&made, spec.puf.enrolled_after, at)?;
    let helper = code.enrol(&secret, &enrolled);
    let turns = (1..=spec.puf.turns as u64)
        .map(|turn| asked(spec, &pairs, &made, &helper, at.child("turn", turn)))
        .collect::<Result<Vec<_>, StudyError>>()?;
    let mut off = secret.clone();
    off[0] = !off[0];
    Ok(Keyed {
        enrolled: Word::of(&secret),
        used: Word::of(&turns[0]),
        one_bit_off: Word::of(&off),
        came_back: turns.iter().filter(|word| **word == secret).count(),
    })
}

/// Keys of all layers (inputs × outputs), each with methods of its own, that follow from a word.
pub fn of_word(word: &Word, methods: &[Methods], shapes: &[(usize, usize)]) -> Vec<LayerKey> {
    let layers = methods.iter().zip(shapes).enumerate();
    layers.map(|(layer, (methods, shape))| word.key(*methods, *shape, layer)).collect()
}

/// Methods of all layers in words: those of all, or layer by layer.
pub fn named(methods: &[Methods]) -> String {
    match methods {
        [first, others @ ..] if others.iter().all(|other| other == first) => first.name(),
        _ => {
            let names: Vec<String> = methods.iter().map(|methods| methods.name()).collect();
            names.join(", then ")
        }
    }
}

fn asked(
    spec: &Spec,
    pairs: &Pairs,
    made: &Made,
    helper: &Helper,
    at: Stream,
) -> Result<Vec<bool>, StudyError> {
    let response = pairs.response(made, spec.puf.used_after, at)?;
    Ok(spec.puf.code.regenerated(helper, &response))
}

/// How good bits of one device are.
pub struct OfDevice {
    /// Its name.
    pub device: String,
    /// Shares of bits; none at times at which nothing is known of the device.
    pub quality: Option<Quality>,
}

/// All published devices, that of the preset first.
pub fn devices(spec: &Spec, at: Stream) -> Result<Vec<OfDevice>, StudyError> {
    let own = &spec.puf.device;
    let mut all = vec![(own_name(own), own.clone())];
    let published = published_names().into_iter();
    let others = published.map(|name| (name.to_owned(), DeviceSpec::published(name)));
    all.extend(others.filter(|(_, device)| device != own));
    let one = |(idx, (name, device)): (usize, &(String, DeviceSpec))| -> Result<_, StudyError> {
        let pairs = PairsSpec { device: device.clone(), reads: spec.puf.reads }.build()?;
        let times = [spec.puf.enrolled_after, spec.puf.used_after];
        let known = pairs.check_times(&times).is_ok();
        let at = at.child("device", idx as u64);
        let quality = if known { Some(quality(spec, &pairs, times, at)?) } else { None };
        Ok(OfDevice { device: name.clone(), quality })
    };
    all.par_iter().enumerate().map(one).collect()
}

/// What the cells of the preset are called.
pub fn own_name(device: &DeviceSpec) -> String {
    let name = match &device.model {
        ModelSpec::Published { name } => name,
        _ => "cells of the preset",
    };
    let effects = device.effects.len();
    if effects == 0 { name.to_owned() } else { format!("{name} with {effects} effects around it") }
}

fn quality(
    spec: &Spec,
    pairs: &Pairs,
    [early, late]: [Seconds; 2],
    at: Stream,
) -> Result<Quality, DeviceError> {
    let (mut enrolled, mut again) = (Vec::new(), Vec::new());
    for chip in 0..spec.puf.chips {
        let at = at.child("chip", chip as u64);
        let count = spec.puf.code.response_bits();
        let made = pairs.made(count, at.child("pairs", 0), &mut Tally::default());
        enrolled.push(pairs.response(&made, early, at.child("read", 0))?);
        again.push(vec![pairs.response(&made, late, at.child("read", 1))?]);
    }
    Ok(Quality::of(&enrolled, &again))
}

/// Keys with so many bits turned, drawn at `at` among all bits that are used.
pub fn with_wrong_bits(spec: &Spec, keys: &[LayerKey], wrong: usize, at: Stream) -> Vec<LayerKey> {
    let methods = spec.methods(keys.len());
    let sizes: Vec<usize> =
        keys.iter().zip(&methods).map(|(key, methods)| methods.bits(key.shape())).collect();
    let all: usize = sizes.iter().sum();
    let mut draws = vec![0.0; all];
    at.fill_uniform(0, &mut draws);
    let mut order: Vec<usize> = (0..all).collect();
    order.sort_by(|a, b| draws[*a].total_cmp(&draws[*b]));
    let mut turned = keys.to_vec();
    for mut bit in order.into_iter().take(wrong) {
        for ((key, methods), size) in turned.iter_mut().zip(&methods).zip(&sizes) {
            if bit < *size {
                key.flip(*methods, bit);
                break;
            }
            bit -= size;
        }
    }
    turned
}
