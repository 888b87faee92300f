//! Cells that jump between two conductances, told from normal noise of reads.

use rayon::prelude::*;

use crate::ascent::{OfCell, climbed};
use crate::choose::{Tried, pick};
use crate::episodes::{Episode, FOLDS};
use crate::fitted::{Candidate, Parameter};
use crate::knots::Knots;
use crate::likelihood::intervals;
use crate::linear::Symmetric;
use crate::two_states::{Reads, Sloped, TwoStates, gain};

/// Fewest reads of a look that show two states beside noise.
pub(crate) const LEAST_READS: usize = 3;

/// Twice the log-likelihood that is still to be gained where a fit has come to its end: the square of
/// three thousandths of a standard error.
const NO_GAIN: f64 = 1e-5;

/// The same of fits of which the best goes on, and of those that others are foretold by.
const LITTLE_GAIN: f64 = 1e-3;

/// Bounds of logarithms of odds: of the share of cells, of the depth (95 % at most), of the share of time at
/// the lower conductance, of the memory.
const ODDS: [[f64; 2]; 4] = [[-7.0, 7.0], [-7.0, 2.94], [-5.0, 5.0], [-5.0, 7.0]];

/// Bounds of the logarithm of the factor of noisier cells.
const FACTORS: [f64; 2] = [0.05, 5.0];

/// Step of logarithms in differences of slopes.
const DIFFERENCE: f64 = 1e-4;

/// What some of the cells do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Their reads are normal, and spread more than those of others.
    Noisier,
    /// They are in one of two states.
    TwoStates,
}

impl Kind {
    fn parameters(self) -> usize {
        match self {
            Self::Noisier => 2,
            Self::TwoStates => 4,
        }
    }

    fn bounds(self) -> Vec<[f64; 2]> {
        match self {
            Self::Noisier => vec![ODDS[0], FACTORS],
            Self::TwoStates => ODDS.to_vec(),
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Noisier => "one state, some cells noisier",
            Self::TwoStates => "two states in some cells",
        }
    }

    /// Where fits begin, but for the share of cells.
    fn starts(self, depth: f64, low: f64) -> Vec<Vec<f64>> {
        match self {
            Self::Noisier => vec![vec![0.7]],
            Self::TwoStates => {
                [low, 0.5, 1.0 - low].map(|low| vec![odds(depth), odds(low), -0.5]).to_vec()
            }
        }
    }
}

fn odds(share: f64) -> f64 {
    libm::log(share / (1.0 - share))
}

fn share(odds: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-odds))
}

/// Reads of one look, with the shares of the knots around its mean.
struct Look {
    reads: Reads,
    around: [(usize, f64); 2],
}

/// All looks at one cell with more than one read.
pub(crate) struct Cell {
    fold: u32,
    looks: Vec<Reads>,
}

impl Cell {
    /// Its looks.
    pub(crate) fn looks(&self) -> &[Reads] {
        &self.looks
    }
}

/// Cells that were read more than once at one time, in the order of cells; conductances in `unit` (S).
pub(crate) fn cells(episodes: &[Episode], unit: f64) -> Vec<Cell> {
    let of_cell = |of_cell: &[Episode]| {
        let looks = of_cell.iter().flat_map(|episode| &episode.looks);
        let looks: Vec<Reads> = looks
            .filter(|look| 1 < look.values.len())
            .map(|look| Reads {
                values: look.values.iter().map(|value| value / unit).collect(),
                mean: look.mean / unit,
                squares: look.squares / (unit * unit),
            })
            .collect();
        Cell { fold: of_cell[0].fold, looks }
    };
    let all = episodes.chunk_by(|a, b| a.cell == b.cell).map(of_cell);
    all.filter(|cell| !cell.looks.is_empty()).collect()
}

/// Cells with a look of reads enough to show two states.
pub(crate) fn telling(cells: &[Cell]) -> usize {
    let tells = |cell: &&Cell| cell.looks.iter().any(|look| LEAST_READS <= look.values.len());
    cells.iter().filter(tells).count()
}

/// Cells of which some do something else than all others.
///
/// Parameters are logarithms of the standard deviation at its knots, then the logarithm of the odds of being
/// such a cell, then those of its kind.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Mixed {
    pub kind: Kind,
    pub sigma: Knots,
}

/// A law of reads with its parameters.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub law: Mixed,
    pub theta: Vec<f64>,
    scores: Vec<f64>,
}

impl Mixed {
    fn parameters(&self) -> usize {
        self.sigma.len() + self.kind.parameters()
    }

    fn states(&self, theta: &[f64]) -> Option<TwoStates> {
        let of = &theta[self.sigma.len() + 1..];
        let is_two = self.kind == Kind::TwoStates;
        is_two.then(|| TwoStates { depth: share(of[0]), low: share(of[1]), memory: share(of[2]) })
    }

    /// Parameters of the kind that are at a bound.
    fn at_bounds(&self, theta: &[f64]) -> Vec<usize> {
        let first = self.sigma.len();
        let own = theta[first..].iter().zip(self.kind.bounds()).enumerate();
        let at = own.filter(|(_, (x, [least, most]))| **x <= *least || *most <= **x);
        at.map(|(idx, _)| first + idx).collect()
    }

    /// Whether a law is no other one that is tried too: all cells may have two states, and forget them from
    /// read to read.
    fn is_own(&self, theta: &[f64]) -> bool {
        let first = self.sigma.len();
        let may_be = |idx: usize| match idx - first {
            0 => 0.0 < theta[idx],
            3 => theta[idx] < 0.0,
            _ => false,
        };
        self.at_bounds(theta).into_iter().all(may_be)
    }

    fn words(&self) -> String {
        format!("{}; spread: {}", self.kind.words(), self.sigma.words())
    }

    /// Logarithm by which a look is more likely of such a cell; slopes are in the logarithm of the spread, then
    /// in parameters of the kind.
    fn gain(&self, reads: &Reads, sigma: f64, theta: &[f64]) -> Sloped {
        let Some(states) = self.states(theta) else {
            let (freedom, by) = (reads.values.len() as f64 - 1.0, reads.squares / (sigma * sigma));
            let log = theta[self.sigma.len() + 1];
            let less = libm::exp(-2.0 * log);
            let value = 0.5 * by * (1.0 - less) - freedom * log;
            return Sloped { value, slopes: [-by * (1.0 - less), by * less - freedom, 0.0, 0.0] };
        };
        let Sloped { value, slopes } = gain(reads, sigma, states);
        let TwoStates { depth, low, memory } = states;
        let by_odds = |share: f64| share * (1.0 - share);
        let [by_sigma, by_depth, by_low, by_memory] = slopes;
        let slopes = [
            by_sigma,
            by_depth * by_odds(depth),
            by_low * by_odds(low),
            by_memory * by_odds(memory),
        ];
        Sloped { value, slopes }
    }

    /// Log-likelihood of a cell, as that of normal reads is counted, and its slopes.
    fn cell(&self, looks: &[Look], theta: &[f64]) -> (f64, Vec<f64>) {
        let mut slopes = vec![0.0; theta.len()];
        let mut of_gain = vec![0.0; theta.len()];
        let (mut value, mut gained) = (0.0, 0.0);
        let first = self.sigma.len();
        for Look { reads, around } in looks {
            let parts = around.map(|(idx, weight)| (idx, weight * libm::exp(theta[idx])));
            let sigma = parts[0].1 + parts[1].1;
            let (freedom, by) = (reads.values.len() as f64 - 1.0, reads.squares / (sigma * sigma));
            value -= 0.5 * (2.0 * freedom * libm::log(sigma) + by);
            let found = self.gain(reads, sigma, theta);
            gained += found.value;
            for (idx, part) in parts {
                slopes[idx] += (by - freedom) * part / sigma;
                of_gain[idx] += found.slopes[0] * part / sigma;
            }
            let own = of_gain[first + 1..].iter_mut();
            own.zip(&found.slopes[1..]).for_each(|(sum, slope)| *sum += slope);
        }
        // ln(1 − share + share e^gain), whatever the gain.
        let all = share(theta[first]);
        let top = gained.max(0.0);
        let inside = (1.0 - all) * libm::exp(-top) + all * libm::exp(gained - top);
        let member = all * libm::exp(gained - top) / inside;
        slopes.iter_mut().zip(&of_gain).for_each(|(sum, slope)| *sum += member * slope);
        slopes[first] = member - all;
        (value + top + libm::log(inside), slopes)
    }

    fn looks(&self, cells: &[Cell]) -> Vec<(u32, Vec<Look>)> {
        let look =
            |reads: &Reads| Look { reads: reads.clone(), around: self.sigma.around(reads.mean) };
        cells.iter().map(|cell| (cell.fold, cell.looks.iter().map(look).collect())).collect()
    }
}

/// Cells of a law, as it sees them.
type Seen = [(u32, Vec<Look>)];

/// Log-likelihoods of cells with their slopes, but for those of the part `held`, in the order of cells.
fn of_cells(law: &Mixed, theta: &[f64], seen: &Seen, held: Option<u32>) -> Vec<OfCell> {
    let kept = seen.par_iter().filter(|(fold, _)| Some(*fold) != held);
    kept.map(|(_, looks)| law.cell(looks, theta)).collect()
}

impl Found {
    /// Share of the cells that do something else than all others.
    pub(crate) fn share(&self) -> f64 {
        share(self.theta[self.law.sigma.len()])
    }

    /// The two states, if it has any.
    pub(crate) fn states(&self) -> Option<TwoStates> {
        self.law.states(&self.theta)
    }

    /// Standard deviations of reads in one state at the knots of the spread.
    pub(crate) fn sigmas(&self) -> Vec<f64> {
        self.theta[..self.law.sigma.len()].iter().map(|x| libm::exp(*x)).collect()
    }

    /// The standard deviation at a conductance.
    pub(crate) fn sigma(&self, x: f64) -> f64 {
        self.law.sigma.value(&self.sigmas(), x)
    }

    fn of(law: Mixed, cells: &[Cell], starts: Vec<Vec<f64>>) -> Option<Self> {
        let seen = law.looks(cells);
        let first = law.sigma.len();
        let bounds: Vec<(usize, [f64; 2])> = (first..).zip(law.kind.bounds()).collect();
        let climb = |held, start, no_gain| {
            let of_cells = |theta: &[f64]| of_cells(&law, theta, &seen, held);
            let found = climbed(of_cells, &bounds, start, no_gain)?;
            law.is_own(&found.0).then_some(found)
        };
        let ends = starts.into_iter().filter_map(|start| climb(None, start, LITTLE_GAIN));
        let (theta, _) = ends.max_by(|a, b| a.1.total_cmp(&b.1))?;
        let (theta, _) = climb(None, theta, NO_GAIN)?;
        let without = |fold| Some(climb(Some(fold), theta.clone(), LITTLE_GAIN)?.0);
        let by_fold: Vec<Vec<f64>> = (0..FOLDS).map(without).collect::<Option<_>>()?;
        let score = |(fold, looks): &(u32, Vec<Look>)| law.cell(looks, &by_fold[*fold as usize]).0;
        let scores = seen.iter().map(score).collect();
        Some(Self { law, theta, scores })
    }

    /// Parameters with their intervals; conductances are in `unit` (S). Nothing where they have none.
    pub(crate) fn parameters(&self, cells: &[Cell], unit: f64) -> Option<Vec<Parameter>> {
        let Self { law, theta, .. } = self;
        let (seen, n, first) = (law.looks(cells), theta.len(), law.sigma.len());
        let mut slopes = of_cells(law, theta, &seen, None);
        // Nothing is known of a parameter at its bound.
        let held = law.at_bounds(theta);
        let moved = |idx: usize, by: f64| {
            let mut moved = theta.clone();
            moved[idx] += by;
            of_cells(law, &moved, &seen, None)
        };
        let mut information = vec![Symmetric::zeros(n); seen.len()];
        for row in 0..n {
            let (more, less) = (moved(row, DIFFERENCE), moved(row, -DIFFERENCE));
            for (own, (more, less)) in information.iter_mut().zip(more.iter().zip(&less)) {
                for col in 0..=row {
                    own.add(row, col, (less.1[col] - more.1[col]) / (2.0 * DIFFERENCE));
                }
            }
        }
        for idx in &held {
            slopes.iter_mut().for_each(|(_, slope)| slope[*idx] = 0.0);
            information.iter_mut().for_each(|own| own.hold(*idx));
        }
        let mut whole = Symmetric::zeros(n);
        information.iter().for_each(|own| whole.extend(own));
        let of_cells = slopes.into_iter().map(|(_, slope)| slope).zip(information);
        let mut halves = intervals(&whole, of_cells, n)?;
        held.iter().for_each(|idx| halves[*idx] = f64::INFINITY);
        let parameter = |idx: usize, name: String, unit_name, of: &dyn Fn(f64) -> f64| {
            let [value, low, high] = [0.0, -halves[idx], halves[idx]].map(|by| of(theta[idx] + by));
            Parameter { name, unit: unit_name, value, low, high }
        };
        let mut all: Vec<Parameter> = (0..first)
            .map(|idx| {
                let place = match first {
                    1 => String::new(),
                    _ => format!(" at {:.4}", law.sigma.siemens(idx, unit)),
                };
                let name = format!("read noise: spread{place}");
                parameter(idx, name, "S", &|x| libm::exp(x) * unit)
            })
            .collect();
        let names: &[&str] = match law.kind {
            Kind::Noisier => &["share of noisier cells"],
            _ => &[
                "share of cells with two states",
                "depth of the lower",
                "share of time in the lower",
                "correlation with the next read",
            ],
        };
        for (idx, what) in (first..n).zip(names) {
            all.push(parameter(idx, format!("telegraph: {what}"), "", &share));
        }
        Some(all)
    }
}

/// What reads are: normal in all cells, which is `None`, or something else in some.
pub(crate) fn choose(
    normal: &Tried,
    cells: &[Cell],
    curves: &[Knots],
) -> (Option<Found>, Vec<(&'static str, Vec<Candidate>)>) {
    let (sigma, depth, low) = begin(normal, cells);
    let fit = |kind: Kind| {
        let law = Mixed { kind, sigma: normal.law.sigma.clone() };
        let start = |own: Vec<f64>| [&sigma[..], &[-0.8], &own[..]].concat();
        Found::of(law, cells, kind.starts(depth, low).into_iter().map(start).collect())
    };
    let kinds = [Kind::Noisier, Kind::TwoStates];
    let found: Vec<Found> = kinds.into_iter().filter_map(fit).collect();
    let mut scores = vec![(normal.scores(), normal.law.parameters())];
    scores.extend(found.iter().map(|one| (&one.scores[..], one.law.parameters())));
    let (chosen, behind) = pick(&scores);
    let words = |idx: usize| match idx {
        0 => format!("one state; spread: {}", normal.law.sigma.words()),
        _ => found[idx - 1].law.words(),
    };
    let candidates =
        |behind: &[(f64, f64)], chosen: usize, of: &dyn Fn(usize) -> (String, usize)| {
            let one = |(idx, &(behind, error)): (usize, &(f64, f64))| {
                let (words, parameters) = of(idx);
                Candidate { words, parameters, behind, error, is_chosen: idx == chosen }
            };
            behind.iter().enumerate().map(one).collect::<Vec<_>>()
        };
    let of = |idx: usize| (words(idx), scores[idx].1);
    let mut choices = vec![("states", candidates(&behind, chosen, &of))];
    let Some(known) = chosen.checked_sub(1).map(|idx| found[idx].clone()) else {
        return (None, choices);
    };
    // Jumps are no part of the spread any more, which may be a simpler curve.
    let first = known.law.sigma.len();
    let again = |knots: &Knots| {
        if *knots == known.law.sigma {
            return Some(known.clone());
        }
        let at = (0..knots.len()).map(|idx| known.law.sigma.value(&known.theta, knots.at(idx)));
        let start = at.chain(known.theta[first..].iter().copied()).collect();
        Found::of(Mixed { kind: known.law.kind, sigma: knots.clone() }, cells, vec![start])
    };
    let few = curves.iter().filter(|knots| knots.len() <= first);
    let found: Vec<Found> = few.filter_map(again).collect();
    let scores: Vec<_> = found.iter().map(|one| (&one.scores[..], one.law.parameters())).collect();
    let (chosen, behind) = pick(&scores);
    let of = |idx: usize| (found[idx].law.words(), scores[idx].1);
    choices.push(("spread beside them", candidates(&behind, chosen, &of)));
    (Some(found[chosen].clone()), choices)
}

/// Share of the looks that spread most, from which states are guessed.
const MOST_SPREAD: f64 = 0.2;

/// Where a fit begins: logarithms of the spread of most cells; depth and share of time of the lower state where
/// looks that spread most are cut in two.
fn begin(normal: &Tried, cells: &[Cell]) -> (Vec<f64>, f64, f64) {
    let values: Vec<f64> = normal.theta.iter().map(|x| libm::exp(*x)).collect();
    let mut looks: Vec<(f64, &Reads)> = cells
        .iter()
        .flat_map(|cell| &cell.looks)
        .map(|reads| {
            let sigma = normal.law.sigma.value(&values, reads.mean);
            (reads.squares / ((reads.values.len() as f64 - 1.0) * sigma * sigma), reads)
        })
        .collect();
    looks.sort_by(|a, b| a.0.total_cmp(&b.0));
    let at = |share: f64| (share * (looks.len() - 1) as f64) as usize;
    let calm = 0.5 * libm::log(looks[at(0.4)].0.clamp(1e-6, 1.0));
    let last = &looks[at(1.0 - MOST_SPREAD)..];
    let mut cuts: Vec<(f64, f64)> = last.iter().map(|(_, reads)| cut(reads)).collect();
    let low = cuts.iter().map(|(_, low)| low).sum::<f64>() / cuts.len() as f64;
    cuts.sort_by(|a, b| a.0.total_cmp(&b.0));
    let depth = cuts[cuts.len() / 2].0;
    let sigmas = normal.theta.iter().map(|x| x + calm).collect();
    (sigmas, depth.clamp(0.002, 0.9), low.clamp(0.05, 0.95))
}

/// Depth of the lower of two groups of reads that differ most from each other, and the share in it.
fn cut(reads: &Reads) -> (f64, f64) {
    let mut values = reads.values.clone();
    values.sort_by(f64::total_cmp);
    let (n, all) = (values.len(), values.iter().sum::<f64>());
    let (mut below, mut best, mut found) = (0.0, 0.0, (0.0, 0.5));
    for (idx, value) in values[..n - 1].iter().enumerate() {
        below += value;
        let (lower, upper) = ((idx + 1) as f64, (n - idx - 1) as f64);
        let (low, high) = (below / lower, (all - below) / upper);
        let between = lower * upper * (high - low).powi(2);
        if best < between {
            (best, found) = (between, (1.0 - low / high, lower / n as f64));
        }
    }
    found
}
