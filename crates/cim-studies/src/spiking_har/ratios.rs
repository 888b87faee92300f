//! Costs of ways of adapting over those of backpropagation.

use super::measured::Measured;
use super::spec::Spec;

/// Number of backpropagation among the ways.
const BP: usize = 0;

/// Energy, latency and area of a way over those of backpropagation.
pub fn ratios(spec: &Spec, measured: &Measured, way: usize) -> [f64; 3] {
    let of = |way: usize| {
        let work = &measured.work[way];
        let energy: f64 = work.energy(&spec.prices, work.event_rows).iter().map(|e| e.0).sum();
        let time = work.latency(&spec.prices);
        let time = time.forward.0 + time.backward.0 + time.update.0;
        [energy, time, work.area_um2(&spec.prices)]
    };
    let (way, bp) = (of(way), of(BP));
    [0, 1, 2].map(|k| way[k] / bp[k])
}

/// Of energy and time, the part behind the forward pass.
pub fn learning_ratios(spec: &Spec, measured: &Measured, way: usize) -> [f64; 2] {
    let of = |way: usize| {
        let work = &measured.work[way];
        let [_, backward, update] = work.energy(&spec.prices, work.event_rows);
        let time = work.latency(&spec.prices);
        [backward.0 + update.0, time.backward.0 + time.update.0]
    };
    let (way, bp) = (of(way), of(BP));
    [0, 1].map(|k| way[k] / bp[k])
}
