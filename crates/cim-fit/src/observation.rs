//! What laws are fitted to: a number of a cell with what is known about it.

use crate::episodes::Episode;
use crate::knots::Knots;
use crate::two_states::TwoStates;

/// One number of one cell; conductances in one unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Observation {
    /// The cell.
    pub cell: u32,
    /// The part of the cells that it is in.
    pub fold: u32,
    /// Conductance of which the law is a function.
    pub x: f64,
    /// What was asked for, by which results are grouped.
    pub target: f64,
    /// Time since programming (s); 0 where the law knows no time.
    pub elapsed: f64,
    /// Its logarithm.
    pub ln_elapsed: f64,
    /// What was seen: a difference of conductances.
    pub value: f64,
    /// What was there before the difference: the sum cannot be negative. Infinite where it can.
    pub base: f64,
    /// Variance that is known already: that of reads.
    pub known: f64,
    /// Squares beside that of the value, and degrees of freedom of all.
    pub squares: f64,
    /// Degrees of freedom.
    pub freedom: f64,
}

/// Noise of reads that is known: values at knots, and the share of cells with two states.
#[derive(Clone, Debug)]
pub(crate) struct KnownSigma {
    pub knots: Knots,
    pub values: Vec<f64>,
    pub states: Option<(f64, TwoStates)>,
}

impl KnownSigma {
    fn variance(&self, x: f64) -> f64 {
        let [(a, of_a), (b, of_b)] = self.knots.around(x);
        (self.values[a] * of_a + self.values[b] * of_b).powi(2)
    }

    /// Variance of the mean of reads in which cells differ by the states they are in: beside a change with time
    /// it is no part of it, as looks are further apart than reads.
    fn of_states(&self, x: f64, reads: f64) -> f64 {
        self.states.map_or(0.0, |(share, states)| {
            share * (states.depth * x).powi(2) * states.variance_of_share(reads)
        })
    }
}

fn read_variance(read: Option<&KnownSigma>, x: f64, reads: f64) -> f64 {
    read.map_or(0.0, |read| read.variance(x) / reads)
}

fn state_variance(read: Option<&KnownSigma>, x: f64, reads: f64) -> f64 {
    read.map_or(0.0, |read| read.of_states(x, reads))
}

/// Repeated reads: how far from their mean.
pub(crate) fn reads(episodes: &[Episode], unit: f64) -> Vec<Observation> {
    let looks = episodes.iter().flat_map(|episode| episode.looks.iter().map(move |l| (episode, l)));
    looks
        .filter(|(_, look)| look.reads > 1.0)
        .map(|(episode, look)| Observation {
            cell: episode.cell,
            fold: episode.fold,
            x: look.mean / unit,
            target: episode.target / unit,
            elapsed: 0.0,
            ln_elapsed: 0.0,
            value: 0.0,
            base: f64::INFINITY,
            known: 0.0,
            squares: look.squares / (unit * unit),
            freedom: look.reads - 1.0,
        })
        .collect()
}

/// First looks: how far from the target.
pub(crate) fn programmings(
    episodes: &[Episode],
    unit: f64,
    read: Option<&KnownSigma>,
) -> Vec<Observation> {
    episodes
        .iter()
        .map(|episode| {
            let (first, target) = (&episode.looks[0], episode.target / unit);
            Observation {
                cell: episode.cell,
                fold: episode.fold,
                x: target,
                target,
                elapsed: 0.0,
                ln_elapsed: 0.0,
                value: first.mean / unit - target,
                base: target,
                known: read_variance(read, first.mean / unit, first.reads),
                squares: 0.0,
                freedom: 1.0,
            }
        })
        .collect()
}

/// Later looks: how far from the first.
pub(crate) fn changes(
    episodes: &[Episode],
    unit: f64,
    read: Option<&KnownSigma>,
) -> Vec<Observation> {
    let later = episodes.iter().flat_map(|episode| {
        episode.looks[1..].iter().map(move |look| (episode, &episode.looks[0], look))
    });
    later
        .map(|(episode, first, look)| {
            let (before, now) = (first.mean / unit, look.mean / unit);
            Observation {
                cell: episode.cell,
                fold: episode.fold,
                x: before,
                target: episode.target / unit,
                elapsed: look.elapsed,
                ln_elapsed: libm::log(look.elapsed),
                value: now - before,
                base: before,
                known: read_variance(read, before, first.reads)
                    + read_variance(read, now, look.reads)
                    + state_variance(read, before, first.reads)
                    + state_variance(read, before, look.reads),
                squares: 0.0,
                freedom: 1.0,
            }
        })
        .collect()
}
