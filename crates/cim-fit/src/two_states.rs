//! Reads of one look at a cell that jumps between two conductances.

/// Logarithms that a step changes: of the spread; then depth, share of time at the lower conductance and
/// memory as they are.
pub(crate) const SLOPES: usize = 4;

/// Steps of the sum over conductances, in standard errors of a mean of reads: the sum of a normal curve in
/// steps of this is its integral to 2 e^(−2π²), which is 5e-9 (Poisson's sum).
const STEP: f64 = 1.0;

/// Standard errors of a mean beyond which nothing is summed: e^(−21) of the most.
const WIDTHS: f64 = 6.5;

/// Spreads above the highest read beyond which no read is at the higher conductance.
const ABOVE: f64 = 6.0;

/// Logarithm of the part of the best that is nothing beside it.
const NOTHING: f64 = -26.0;

/// What is below this is scaled up, by this.
const SMALL: f64 = 1e-120;

/// A cell that jumps between two conductances, read after equal times.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct TwoStates {
    /// Loss of conductance in the lower state, relative to the higher.
    pub depth: f64,
    /// Stationary share of time in the lower state.
    pub low: f64,
    /// Correlation of the state from one read to the next.
    pub memory: f64,
}

impl TwoStates {
    /// Variance of the share of `reads` that are in the lower state.
    pub(crate) fn variance_of_share(&self, reads: f64) -> f64 {
        // Reads that are alike: Σ over pairs of memory to the power of what is between them.
        let (n, r) = (reads, self.memory);
        let alike = n + 2.0 * r * (n - (1.0 - r.powf(n)) / (1.0 - r)) / (1.0 - r);
        self.low * (1.0 - self.low) * alike / (n * n)
    }
}

/// Reads of one look.
#[derive(Clone, Debug)]
pub(crate) struct Reads {
    /// In the order of reading.
    pub values: Vec<f64>,
    pub mean: f64,
    /// Sum of squared distances from the mean.
    pub squares: f64,
}

/// A value and its slopes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sloped {
    pub value: f64,
    pub slopes: [f64; SLOPES],
}

/// Logarithm by which reads are more likely of two states than of one, with its slopes.
///
/// The likelihood is that of what is seen about an unknown conductance `g` of the higher state, every
/// factor of which is as likely as every other: it is summed over `g` with the weight `1/g`, so that neither
/// law has a parameter a cell, and a cell that stays up is as likely as one that stays down but for the
/// states themselves. States are summed over by the forward recursion of a hidden Markov chain (Rabiner,
/// Proc. IEEE 77, 257, 1989), with its slopes beside it.
pub(crate) fn gain(reads: &Reads, sigma: f64, states: TwoStates) -> Sloped {
    let n = reads.values.len() as f64;
    let error = sigma / n.sqrt();
    let step = STEP * error;
    let up = 1.0 - states.depth;
    // A mean below its own error says nothing of factors.
    if reads.mean <= 2.0 * error {
        return Sloped::default();
    }
    let [least, most] = [reads.mean - WIDTHS * error, reads.mean + WIDTHS * error];
    let highest = reads.values.iter().fold(0.0_f64, |a, b| a.max(*b));
    // Beyond the first end all reads are low.
    let ends = [highest + ABOVE * sigma, most / up];
    let idx = |g: f64| ((g - reads.mean) / step).floor() as i64;
    let first = idx(least.max(0.25 * reads.mean));
    let last = idx(ends[1]);
    let middle = idx(ends[0]).clamp(first, last);
    let again = idx(least / up).clamp(middle, last);
    let mut sum = Sum { top: f64::NEG_INFINITY, of: Sloped::default() };
    for k in (first..=middle).chain(again + 1..=last) {
        let g = reads.mean + k as f64 * step;
        if 0.0 < g {
            sum.add(libm::log(reads.mean / g), forward(reads, g, sigma, states, sum.top));
        }
    }
    let Sum { top, of } = sum;
    let by_sigma = reads.squares / (sigma * sigma);
    let constant = libm::log(STEP) - 0.5 * libm::log(std::f64::consts::TAU);
    let mut slopes = of.slopes.map(|slope| slope / of.value);
    slopes[0] -= 1.0 + by_sigma;
    Sloped { value: constant + top + libm::log(of.value) + 0.5 * by_sigma, slopes }
}

/// A sum in parts of its largest term.
struct Sum {
    top: f64,
    of: Sloped,
}

impl Sum {
    fn add(&mut self, weight: f64, term: Option<(f64, Sloped)>) {
        let Some((log, term)) = term else { return };
        let log = log + weight;
        if self.top < log {
            let less = libm::exp(self.top - log);
            self.of.value *= less;
            self.of.slopes.iter_mut().for_each(|slope| *slope *= less);
            self.top = log;
        }
        let part = libm::exp(log - self.top);
        self.of.value += part * term.value;
        for (sum, slope) in self.of.slopes.iter_mut().zip(term.slopes) {
            *sum += part * slope;
        }
    }
}

/// Likelihood of reads of a cell with the higher conductance `g`, as a logarithm and a factor of 1 with its
/// slopes, but for the factors of normal densities; nothing where it is nothing beside `best`.
fn forward(
    reads: &Reads,
    g: f64,
    sigma: f64,
    states: TwoStates,
    best: f64,
) -> Option<(f64, Sloped)> {
    let TwoStates { depth, low, memory } = states;
    let inverse = 1.0 / (sigma * sigma);
    let levels = [g, g * (1.0 - depth)];
    let (shares, of_low) = ([1.0 - low, low], [-1.0, 1.0]);
    // Before the first read: as if one had been whose state is forgotten.
    let mut now = [Sloped::default(); 2];
    let (mut scaled, mut floor) = (0.0, libm::exp(best + NOTHING));
    for (k, &read) in reads.values.iter().enumerate() {
        let mut total = now[0];
        total.value += now[1].value;
        total.slopes.iter_mut().zip(now[1].slopes).for_each(|(sum, slope)| *sum += slope);
        let mut sum = 0.0;
        for j in 0..2 {
            let mut prior = Sloped { value: shares[j], slopes: [0.0, 0.0, of_low[j], 0.0] };
            if 0 < k {
                let anew = (1.0 - memory) * shares[j];
                prior.value = memory * now[j].value + anew * total.value;
                for (idx, slope) in prior.slopes.iter_mut().enumerate() {
                    *slope = memory * now[j].slopes[idx] + anew * total.slopes[idx];
                }
                prior.slopes[2] += (1.0 - memory) * of_low[j] * total.value;
                prior.slopes[3] += now[j].value - shares[j] * total.value;
            }
            let off = read - levels[j];
            let square = off * off * inverse;
            let density = libm::exp(-0.5 * square);
            let value = density * prior.value;
            let mut slopes = prior.slopes.map(|slope| density * slope);
            slopes[0] += value * square;
            if j == 1 {
                slopes[1] -= value * off * inverse * g;
            }
            now[j] = Sloped { value, slopes };
            sum += value;
        }
        // No density is above 1: what is nothing now stays it.
        if sum <= floor {
            return None;
        }
        if sum < SMALL {
            for state in &mut now {
                state.value /= SMALL;
                state.slopes.iter_mut().for_each(|slope| *slope /= SMALL);
            }
            scaled += libm::log(SMALL);
            floor = libm::exp(best + NOTHING - scaled);
        }
    }
    let value = now[0].value + now[1].value;
    let slopes = std::array::from_fn(|k| (now[0].slopes[k] + now[1].slopes[k]) / value);
    Some((scaled + libm::log(value), Sloped { value: 1.0, slopes }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads(values: &[f64]) -> Reads {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let squares = values.iter().map(|x| (x - mean).powi(2)).sum();
        Reads { values: values.to_vec(), mean, squares }
    }

    /// All sequences of states one by one, conductances in fine steps over all that matter.
    fn brute(reads: &Reads, sigma: f64, states: TwoStates) -> f64 {
        let n = reads.values.len();
        let normal = |off: f64| {
            (-0.5 * (off / sigma).powi(2)).exp() / (sigma * std::f64::consts::TAU.sqrt())
        };
        let steps = 40_000;
        let (from, to) = (reads.mean * 0.5, reads.mean * 2.5);
        let step = (to - from) / f64::from(steps);
        let (mut two, mut one) = (0.0, 0.0);
        for g in (0..steps).map(|k| from + (f64::from(k) + 0.5) * step) {
            one += step * reads.values.iter().map(|x| normal(x - g)).product::<f64>();
            for path in 0..1_usize << n {
                let is_low = |k: usize| path >> k & 1 == 1;
                let share = |low: bool| if low { states.low } else { 1.0 - states.low };
                let mut chance = share(is_low(0)) * step * reads.mean / g;
                for (k, read) in reads.values.iter().enumerate() {
                    if 0 < k {
                        let same = f64::from(u8::from(is_low(k) == is_low(k - 1)));
                        chance *= states.memory * same + (1.0 - states.memory) * share(is_low(k));
                    }
                    let level = if is_low(k) { g * (1.0 - states.depth) } else { g };
                    chance *= normal(read - level);
                }
                two += chance;
            }
        }
        (two / one).ln()
    }

    #[test]
    fn sums_over_states_and_conductances_are_those_of_brute_force() {
        for (values, sigma, depth) in [
            (&[1.0, 0.99, 0.8, 0.81, 1.02][..], 0.02, 0.2),
            (&[0.82, 0.79, 0.8][..], 0.02, 0.2),
            (&[1.0, 1.01, 0.97, 1.0][..], 0.03, 0.4),
            (&[1.0, 0.9, 1.1, 0.95][..], 0.05, 0.06),
        ] {
            for (low, memory) in [(0.3, 0.0), (0.6, 0.7)] {
                let states = TwoStates { depth, low, memory };
                let (found, want) = (
                    gain(&reads(values), sigma, states).value,
                    brute(&reads(values), sigma, states),
                );
                // Steps of a standard error, and parts beyond six and a half.
                assert!((found - want).abs() < 1e-7, "{values:?} {states:?}: {found}, {want}");
            }
        }
    }

    /// By central differences, which are off by a step squared.
    #[test]
    fn slopes_are_those_of_the_gain() {
        let reads = reads(&[1.0, 0.99, 0.8, 0.81, 1.02, 0.83]);
        let of = |x: [f64; 4]| {
            let states = TwoStates { depth: x[1], low: x[2], memory: x[3] };
            gain(&reads, x[0].exp(), states)
        };
        let at = [f64::ln(0.02), 0.19, 0.3, 0.4];
        let found = of(at).slopes;
        for k in 0..SLOPES {
            let moved = |by: f64| {
                let mut x = at;
                x[k] += by;
                of(x).value
            };
            let want = (moved(1e-5) - moved(-1e-5)) / 2e-5;
            assert!((found[k] - want).abs() < 1e-4 * want.abs().max(1.0), "{k}: {found:?}, {want}");
        }
    }

    /// By summing pairs.
    #[test]
    fn shares_of_reads_vary_as_pairs_say() {
        let states = TwoStates { depth: 0.1, low: 0.3, memory: 0.6 };
        for n in [1, 2, 7] {
            let mut pairs = 0.0;
            for (a, b) in (0..n).flat_map(|a| (0..n).map(move |b| (a, b))) {
                pairs += 0.21 * 0.6_f64.powi(i32::abs(a - b));
            }
            let want = pairs / f64::from(n * n);
            assert!((states.variance_of_share(f64::from(n)) - want).abs() < 1e-12, "{n}");
        }
    }
}
