//! Designs that no other beats in accuracy and in what it costs.

use super::measured::Finished;

/// Rising in cost: every point is more accurate, on average, than all that cost no more.
pub fn front<'a>(points: &[&'a Finished], cost: impl Fn(&Finished) -> f64) -> Vec<&'a Finished> {
    let accuracy = |finished: &Finished| finished.accuracy().mean;
    let mut sorted = points.to_vec();
    sorted.sort_by(|a, b| {
        cost(a).total_cmp(&cost(b)).then_with(|| accuracy(b).total_cmp(&accuracy(a)))
    });
    let mut best = f64::NEG_INFINITY;
    sorted.retain(|finished| {
        let better = best < accuracy(finished);
        best = best.max(accuracy(finished));
        better
    });
    sorted
}

#[cfg(test)]
mod tests {
    use cim_core::Stream;

    use super::super::CimExplorer;
    use super::super::points::Right;
    use super::super::spec::Spec;
    use super::*;
    use crate::parse::parse;
    use crate::study::Study;

    /// Brute force: a point is on the front if no other is at least as good in both and better in one.
    #[test]
    fn the_front_is_what_no_other_dominates() {
        let spec: Spec = parse(CimExplorer::PRESET).expect("valid");
        let point = spec.default_points()[0];
        let mut draws = vec![0.0f32; 2 * 80];
        Stream::root(8).fill_uniform(0, &mut draws);
        let finished = |pair: &[f32]| Finished {
            point,
            right: Right {
                accuracies: vec![f64::from((pair[0] * 12.0).floor()); 2],
                adc_conversions: 0,
                adc_clips: 0,
                cells: 0,
                images: 1,
                energy_j: f64::from((pair[1] * 12.0).floor()),
            },
        };
        let all: Vec<Finished> = draws.chunks(2).map(finished).collect();
        let cost = |finished: &Finished| finished.right.energy_j;
        let pair = |finished: &Finished| (finished.accuracy().mean, cost(finished));
        let found: Vec<_> =
            front(&all.iter().collect::<Vec<_>>(), cost).into_iter().map(pair).collect();
        let beats = |a: (f64, f64), b: (f64, f64)| a.0 >= b.0 && a.1 <= b.1 && a != b;
        let mut want: Vec<_> = all.iter().map(pair).collect();
        want.retain(|own| !all.iter().any(|other| beats(pair(other), *own)));
        want.sort_by(|a, b| a.1.total_cmp(&b.1));
        want.dedup();
        assert_eq!(found, want);
    }
}
