//! Thresholds of a converter where they cost least: the exact optimum over a histogram.
//!
//! A converter of so many codes cuts what it is given into as many intervals, and its code stands for one
//! value. The least weighted squared error between both is found over all ways to cut, by dynamic
//! programming over the bins of a histogram:
//!
//! ```text
//! E(k, j) = min over i < j of E(k − 1, i) + c(i, j),   c(i, j) = Σ w (y − ȳ)² over bins i .. j
//! ```
//!
//! The last cut of the best way rises with `j`, as `c` fulfils the quadrangle inequality, so that each `k` takes
//! `O(bins log bins)`. Lloyd's method finds a local minimum of the same error; this is the global one.
//!
//! That nothing is better is seen from the bins alone, whatever found it: a price `λ` for every interval
//! makes the best way of *any* number of intervals a shortest path, and its length less `λ` times the number of
//! codes is a bound below which no way of so many intervals can come. For the right price it is the
//! error that was found, as `E(k)` is convex in `k` ([`Placing::bound`]).
//!
//! Source: Fisher 1958, *On grouping for maximum homogeneity*; Lloyd 1982 and Max 1960 for the
//! conditions that every optimum fulfils; Wu 1991 for the faster search.

use crate::error::OptError;

/// Values that are taken as one, and how much their squared error counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bin {
    /// The value, in any unit.
    pub value: f64,
    /// Its weight, 0 or above.
    pub weight: f64,
}

/// Thresholds and values of least weighted squared error.
#[derive(Clone, Debug, PartialEq)]
pub struct Placing {
    /// Halfway between one value and the next, rising.
    pub thresholds: Vec<f64>,
    /// What each code stands for: the weighted mean of what gets it, rising.
    pub values: Vec<f64>,
    /// Weighted sum of squared errors, in squared units times weight.
    pub squared_error: f64,
    /// What one more interval may cost, for [`bound`](Self::bound).
    price: f64,
}

/// Places thresholds for so many `codes`, or for as many as there are distinct values with a weight.
///
/// # Errors
/// [`OptError::BadNumber`] without a code or a bin that counts, for a value that is not finite, and for a weight
/// that is negative or not finite.
pub fn place(bins: &[Bin], codes: usize) -> Result<Placing, OptError> {
    Ok(place_each(bins, &[codes])?.swap_remove(0))
}

/// As [`place`] for each of several numbers of codes, in the time that the largest of them takes.
///
/// # Errors
/// As [`place`].
pub fn place_each(bins: &[Bin], codes: &[usize]) -> Result<Vec<Placing>, OptError> {
    let bins = Sums::of(bins)?;
    if codes.contains(&0) {
        let (name, expected) = ("number of codes", "at least 1");
        return Err(OptError::BadNumber { name, value: 0.0, expected });
    }
    let fewer = codes.iter().copied().filter(|codes| *codes < bins.len());
    let most = fewer.max().unwrap_or(1);
    // Errors of the best ways to cut the first bins into one interval, then into one more each time.
    let mut errors: Vec<f64> = (0..=bins.len()).map(|end| bins.cost(0, end)).collect();
    let mut ends = vec![errors[bins.len()]];
    let mut cuts = Vec::with_capacity(most);
    for intervals in 2..=most {
        let (mut next, mut cut) = (errors.clone(), vec![0; bins.len() + 1]);
        let whole = (intervals, bins.len());
        bins.cut(&errors, whole, (intervals - 1, bins.len() - 1), (&mut next, &mut cut));
        ends.push(next[bins.len()]);
        errors = next;
        cuts.push(cut);
    }
    let of = |&codes: &usize| {
        if bins.len() <= codes {
            let values = (0..bins.len()).map(|bin| bins.mean(bin, bin + 1)).collect();
            return Placing::of(values, 0.0, 0.0);
        }
        let mut borders = vec![bins.len()];
        for cut in cuts[..codes - 1].iter().rev() {
            borders.push(cut[borders[borders.len() - 1]]);
        }
        borders.push(0);
        borders.reverse();
        let values = borders.windows(2).map(|ends| bins.mean(ends[0], ends[1])).collect();
        let squared_error = ends[codes - 1];
        // The last interval saved so much: nobody pays more for one, and all that are used are worth it.
        let price = if codes > 1 { ends[codes - 2] - squared_error } else { ends[0] };
        Placing::of(values, squared_error, price)
    };
    Ok(codes.iter().map(of).collect())
}

impl Placing {
    fn of(values: Vec<f64>, squared_error: f64, price: f64) -> Self {
        let thresholds = values.windows(2).map(|pair| 0.5 * (pair[0] + pair[1])).collect();
        Self { thresholds, values, squared_error, price }
    }

    /// A number below which the weighted squared error of no converter of as many codes can come on these
    /// bins, found from them and one price alone, in time that grows with their square.
    ///
    /// # Errors
    /// As [`place`].
    pub fn bound(&self, bins: &[Bin]) -> Result<f64, OptError> {
        let bins = Sums::of(bins)?;
        // Shortest ways from no bin to so many; each step is an interval.
        let mut ways = vec![0.0; bins.len() + 1];
        for end in 1..=bins.len() {
            ways[end] = (0..end)
                .map(|start| ways[start] + bins.cost(start, end) + self.price)
                .fold(f64::INFINITY, f64::min);
        }
        Ok(ways[bins.len()] - self.price * self.values.len() as f64)
    }
}

/// Rising bins of distinct values that count, as sums up to each.
struct Sums {
    /// Where values are counted from, so that squares are small.
    origin: f64,
    /// Sums of weights, of weights times values, and of weights times their squares, before each bin.
    sums: Vec<[f64; 3]>,
}

impl Sums {
    fn of(bins: &[Bin]) -> Result<Self, OptError> {
        let bad = |name, value, expected| Err(OptError::BadNumber { name, value, expected });
        for &Bin { value, weight } in bins {
            if !value.is_finite() {
                return bad("value of a bin", value, "finite");
            }
            if !(0.0 <= weight && weight.is_finite()) {
                return bad("weight of a bin", weight, "0 or above, and finite");
            }
        }
        let mut counted: Vec<Bin> = bins.iter().copied().filter(|bin| bin.weight > 0.0).collect();
        if counted.is_empty() {
            return bad("weight of all bins", 0.0, "above 0");
        }
        counted.sort_by(|a, b| a.value.total_cmp(&b.value));
        let weight: f64 = counted.iter().map(|bin| bin.weight).sum();
        let origin = counted.iter().map(|bin| bin.weight / weight * bin.value).sum();
        let mut sums = vec![[0.0; 3]];
        let mut last = f64::NEG_INFINITY;
        for Bin { value, weight } in counted {
            let [w, y, y2] = sums[sums.len() - 1];
            let off = value - origin;
            let more = [w + weight, y + weight * off, y2 + weight * off * off];
            if value > last {
                sums.push(more);
            } else {
                let at = sums.len() - 1;
                sums[at] = more;
            }
            last = value;
        }
        Ok(Self { origin, sums })
    }

    fn len(&self) -> usize {
        self.sums.len() - 1
    }

    fn between(&self, start: usize, end: usize) -> [f64; 3] {
        std::array::from_fn(|k| self.sums[end][k] - self.sums[start][k])
    }

    /// Weighted squared error of bins `start .. end` as one.
    fn cost(&self, start: usize, end: usize) -> f64 {
        if end <= start + 1 {
            return 0.0;
        }
        let [w, y, y2] = self.between(start, end);
        (y2 - y * y / w).max(0.0)
    }

    /// Weighted mean of bins `start .. end`.
    fn mean(&self, start: usize, end: usize) -> f64 {
        let [w, y, _] = self.between(start, end);
        self.origin + y / w
    }

    /// Finds the best last cut of the first `ends.0 ..= ends.1` bins, which lies at `starts.0 ..= starts.1`: that
    /// of the middle one, which no cut of those before it exceeds and none of those behind it comes short of.
    fn cut(
        &self,
        errors: &[f64],
        (first, last): (usize, usize),
        starts: (usize, usize),
        found: (&mut [f64], &mut [usize]),
    ) {
        if last < first {
            return;
        }
        let middle = first + (last - first) / 2;
        let (next, cuts) = found;
        let of = |start: usize| (errors[start] + self.cost(start, middle), start);
        let own = (starts.0..=starts.1.min(middle - 1)).map(of);
        let best = own.min_by(|a, b| a.0.total_cmp(&b.0)).expect("a start before the middle");
        (next[middle], cuts[middle]) = best;
        if middle > first {
            self.cut(errors, (first, middle - 1), (starts.0, best.1), (&mut *next, &mut *cuts));
        }
        self.cut(errors, (middle + 1, last), (best.1, starts.1), (next, cuts));
    }
}

#[cfg(test)]
mod tests {
    use cim_core::Stream;

    use super::*;

    fn random(count: usize, seed: u64) -> Vec<Bin> {
        let (mut values, mut weights) = (vec![0.0f32; count], vec![0.0f32; count]);
        let at = Stream::root(seed);
        at.fill_standard_normal(0, &mut values);
        at.fill_uniform(1, &mut weights);
        let bins = values.iter().zip(&weights);
        // Far from zero, with values that are met twice and weights of nothing.
        let of = |(v, w): (&f32, &f32)| Bin {
            value: 1e3 + f64::from((v * 4.0).round()),
            weight: if *w < 0.1 { 0.0 } else { f64::from(*w) },
        };
        bins.map(of).collect()
    }

    /// Error of a converter with these values on the bins: each takes the nearest.
    fn error(bins: &[Bin], values: &[f64]) -> f64 {
        let off = |bin: &Bin| {
            let nearest = values.iter().map(|v| (v - bin.value).powi(2)).fold(f64::MAX, f64::min);
            bin.weight * nearest
        };
        bins.iter().map(off).sum()
    }

    /// Least error over every set of cuts, one by one.
    fn brute_force(bins: &[Bin], codes: usize) -> f64 {
        let mut sorted: Vec<Bin> = bins.iter().copied().filter(|bin| bin.weight > 0.0).collect();
        sorted.sort_by(|a, b| a.value.total_cmp(&b.value));
        let count = sorted.len();
        let mut least = f64::INFINITY;
        for cuts in 0_u32..1 << (count - 1) {
            if cuts.count_ones() as usize >= codes {
                continue;
            }
            let (mut total, mut start) = (0.0, 0);
            for end in 1..=count {
                if end == count || cuts >> (end - 1) & 1 == 1 {
                    let own = &sorted[start..end];
                    let weight: f64 = own.iter().map(|bin| bin.weight).sum();
                    let mean = own.iter().map(|bin| bin.weight * bin.value).sum::<f64>() / weight;
                    let off = own.iter().map(|bin| bin.weight * (bin.value - mean).powi(2));
                    total += off.sum::<f64>();
                    start = end;
                }
            }
            least = least.min(total);
        }
        least
    }

    #[test]
    fn no_way_to_cut_is_better() {
        for seed in 0..20 {
            let bins = random(12, seed);
            for codes in [1, 2, 3, 5, 8, 20] {
                let placing = place(&bins, codes).expect("bins");
                let least = brute_force(&bins, codes);
                // Sums of a dozen squares about 1e3: differences of numbers near 1e1.
                assert!((placing.squared_error - least).abs() < 1e-9, "{seed}, {codes} codes");
                assert!((error(&bins, &placing.values) - least).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn several_numbers_of_codes_get_what_each_gets_alone() {
        for seed in 0..6 {
            let bins = random(60, seed);
            let codes = [5, 1, 3, 200, 8];
            let each = place_each(&bins, &codes).expect("bins");
            for (codes, found) in codes.iter().zip(&each) {
                assert_eq!(*found, place(&bins, *codes).expect("bins"), "{codes} codes");
            }
        }
    }

    /// The bound knows nothing of the search: on many bins it meets the error that was found, and a converter
    /// whose values are a little off stays above it.
    #[test]
    fn the_bound_meets_what_was_found_and_nothing_comes_below_it() {
        for seed in 0..6 {
            let at = Stream::root(40 + seed);
            let (mut values, mut off) = (vec![0.0f32; 400], vec![0.0f32; 64]);
            at.fill_standard_normal(0, &mut values);
            at.fill_standard_normal(1, &mut off);
            let bin = |v: &f32| Bin { value: f64::from(*v).powi(3), weight: 1.0 };
            let bins: Vec<Bin> = values.iter().map(bin).collect();
            for codes in [1, 2, 3, 8, 64] {
                let placing = place(&bins, codes).expect("bins");
                let bound = placing.bound(&bins).expect("bins");
                let scale = error(&bins, &[0.0]) * 1e-11;
                assert!((placing.squared_error - bound).abs() <= scale, "{codes} codes");
                let moved: Vec<f64> = placing
                    .values
                    .iter()
                    .zip(&off)
                    .map(|(v, n)| v + 0.01 * f64::from(*n))
                    .collect();
                assert!(error(&bins, &moved) > bound - scale, "{codes} codes");
            }
        }
    }

    /// Steps of a normal variable's optimal converters, table I of Max 1960: 8 levels have a mean squared
    /// error of 0.03454 and thresholds at 0, 0.5006, 1.050 and 1.748 standard deviations.
    #[test]
    fn a_normal_variable_gets_the_published_thresholds() {
        let density = |x: f64| (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt();
        let step = 0.002;
        let at = |k: i32| f64::from(k) * step;
        let bin = |k| Bin { value: at(k), weight: density(at(k)) * step };
        let bins: Vec<Bin> = (-3000..=3000).map(bin).collect();
        let placing = place(&bins, 8).expect("bins");
        assert!((placing.squared_error - 0.03454).abs() < 5e-5, "{}", placing.squared_error);
        let want = [-1.748, -1.050, -0.5006, 0.0, 0.5006, 1.050, 1.748];
        for (got, want) in placing.thresholds.iter().zip(want) {
            assert!((got - want).abs() < 2e-3, "{got} for {want}");
        }
    }

    #[test]
    fn what_cannot_be_placed_is_refused() {
        let bin = |value, weight| Bin { value, weight };
        for bins in [
            vec![],
            vec![bin(1.0, 0.0)],
            vec![bin(f64::NAN, 1.0)],
            vec![bin(1.0, -1.0)],
            vec![bin(1.0, f64::INFINITY)],
        ] {
            assert!(place(&bins, 3).is_err(), "{bins:?}");
        }
        assert!(place(&[bin(1.0, 1.0)], 0).is_err());
        let one = place(&[bin(2.0, 1.0), bin(2.0, 3.0)], 4).expect("one value");
        assert_eq!((one.values, one.thresholds, one.squared_error), (vec![2.0], vec![], 0.0));
    }
}
