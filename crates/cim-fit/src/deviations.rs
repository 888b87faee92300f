//! How far reads are from the mean of their look, as measured and by the law.

use cim_core::Stream;

use crate::fitted::Deviations;
use crate::telegraph::{Cell, Found, LEAST_READS};
use crate::two_states::{Reads, TwoStates};

/// Bins of the picture.
const BINS: usize = 41;

/// Times that cells are drawn by the law.
const COPIES: u64 = 20;

/// Share of reads that are further off than the picture shows.
const FAR: f64 = 1e-3;

/// Shares of reads over their relative distance from the mean of their look; those of the law are of the same
/// looks with reads drawn by it, as no law of normal reads about a mean that they make themselves is a curve.
pub(crate) fn deviations(found: &Found, states: TwoStates, cells: &[Cell]) -> Deviations {
    let measured: Vec<f64> = cells
        .iter()
        .flat_map(Cell::looks)
        .filter(|look| LEAST_READS <= look.values.len())
        .flat_map(|look| look.values.iter().map(|value| value / look.mean - 1.0))
        .collect();
    let mut drawn = Vec::with_capacity(COPIES as usize * measured.len());
    for (idx, cell) in cells.iter().enumerate() {
        let at = Stream::root(0).child("cell", idx as u64);
        for copy in 0..COPIES {
            draw(found, states, cell, at.child("copy", copy), &mut drawn);
        }
    }
    let mut far: Vec<f64> = measured.iter().map(|d| d.abs()).collect();
    far.sort_by(f64::total_cmp);
    let most = far[((1.0 - FAR) * (far.len() - 1) as f64) as usize];
    let width = 2.0 * most / BINS as f64;
    let shares = |of: &[f64]| {
        let mut bins = vec![0.0; BINS];
        for deviation in of {
            let bin = ((deviation + most) / width).floor();
            if (0.0..BINS as f64).contains(&bin) {
                bins[bin as usize] += 1.0 / of.len() as f64;
            }
        }
        bins
    };
    Deviations {
        at: (0..BINS).map(|bin| (bin as f64 + 0.5) * width - most).collect(),
        measured: shares(&measured),
        law: shares(&drawn),
    }
}

/// Draws one cell.
fn draw(found: &Found, states: TwoStates, cell: &Cell, at: Stream, drawn: &mut Vec<f64>) {
    let mut trap = [0.0_f32];
    at.fill_uniform(0, &mut trap);
    let has_two = f64::from(trap[0]) < found.share();
    let looks = cell.looks().iter().enumerate();
    for (idx, Reads { values, mean, .. }) in looks.filter(|(_, l)| LEAST_READS <= l.values.len()) {
        let at = at.child("look", idx as u64);
        let n = values.len();
        let [mut noise, mut keep, mut state] = [(); 3].map(|()| vec![0.0_f32; n]);
        at.child("noise", 0).fill_standard_normal(0, &mut noise);
        at.child("keep", 0).fill_uniform(0, &mut keep);
        at.child("state", 0).fill_uniform(0, &mut state);
        let (mut is_low, sigma) = (false, found.sigma(*mean));
        let mut reads = Vec::with_capacity(n);
        for k in 0..n {
            if k == 0 || states.memory <= f64::from(keep[k]) {
                is_low = f64::from(state[k]) < states.low;
            }
            let loss = if has_two && is_low { states.depth } else { 0.0 };
            reads.push(mean * (1.0 - loss) + sigma * f64::from(noise[k]));
        }
        let middle = reads.iter().sum::<f64>() / n as f64;
        drawn.extend(reads.iter().map(|read| read / middle - 1.0));
    }
}
