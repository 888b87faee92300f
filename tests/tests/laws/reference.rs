//! Quantised digital inference computed in integers and doubles, from the definitions alone.

use ndarray::{Array2, ArrayView2};

/// The numbers of one layer's datapath, without a current among them.
pub struct Reference {
    /// Smallest and largest DAC code.
    pub dac: (i64, i64),
    /// Input that stands for the largest DAC code.
    pub input_limit: f64,
    /// Weight that stands for the largest level.
    pub weight_clip: f64,
    /// Levels of a weight.
    pub top_level: i64,
    /// Rows of a tile.
    pub rows: usize,
    /// Resolution of the ADC.
    pub adc_bits: u32,
    /// Full scale of every tile in output units.
    pub full_scale: f64,
}

/// What [`Reference::apply`] returns.
pub struct Product {
    /// Sums of codes over row tiles, batch × outputs.
    pub codes: Array2<i64>,
    /// Conversions beyond the full scale.
    pub clips: u64,
    /// For each output, the number of conversions that lie within `band` of a threshold.
    pub doubtful: Array2<i64>,
}

impl Reference {
    /// Output units of one ADC code.
    pub fn step(&self) -> f64 {
        2.0 * self.full_scale / f64::from((1u32 << self.adc_bits) - 1)
    }

    /// Output units of one unit of the integer sum `Σ code · level`.
    fn unit(&self) -> f64 {
        self.input_limit * self.weight_clip / (self.dac.1 * self.top_level) as f64
    }

    /// Codes of inputs: rounded to nearest, ties to even, clipped.
    fn encode(&self, x: ArrayView2<'_, f32>) -> Array2<i64> {
        let code = |x: f32| f64::from(x) / self.input_limit * self.dac.1 as f64;
        x.mapv(|x| (code(x).round_ties_even() as i64).clamp(self.dac.0, self.dac.1))
    }

    /// Levels of weights: rounded to nearest, ties to even, clipped.
    fn levels(&self, weights: ArrayView2<'_, f32>) -> Array2<i64> {
        let top = self.top_level;
        let level = |w: f32| f64::from(w) / self.weight_clip * top as f64;
        weights.mapv(|w| (level(w).round_ties_even() as i64).clamp(-top, top))
    }

    /// Sums of ADC codes of `x · W`. A conversion is doubtful if its value lies closer to a
    /// threshold than `band` times the sum of the magnitudes of its products and of its threshold.
    pub fn apply(
        &self,
        x: ArrayView2<'_, f32>,
        weights: ArrayView2<'_, f32>,
        band: f64,
    ) -> Product {
        let (codes, levels) = (self.encode(x), self.levels(weights));
        let shape = (x.nrows(), weights.ncols());
        let zeros = || Array2::<i64>::zeros(shape);
        let mut product = Product { codes: zeros(), clips: 0, doubtful: zeros() };
        let top = i64::from(1u32 << (self.adc_bits - 1)) - 1;
        for first in (0..x.ncols()).step_by(self.rows) {
            let tile = first..x.ncols().min(first + self.rows);
            for ((sample, output), sum) in product.codes.indexed_iter_mut() {
                let products = tile.clone().map(|row| codes[[sample, row]] * levels[[row, output]]);
                let (exact, magnitude) =
                    products.fold((0, 0), |(s, m), p: i64| (s + p, m + p.abs()));
                let steps = exact as f64 * self.unit() / self.step();
                let spread = magnitude as f64 * self.unit() / self.step();
                *sum += (steps.round_ties_even() as i64).clamp(-top, top);
                product.clips += u64::from(steps.abs() > top as f64 + 0.5);
                let to_threshold = ((steps - steps.floor()) - 0.5).abs();
                let doubt = to_threshold <= band * (spread + steps.abs());
                product.doubtful[[sample, output]] += i64::from(doubt);
            }
        }
        product
    }
}
