//! Noise that follows the drive: how the variance of every sensed current is computed.
//!
//! With `u = |v| / V` the drive of a row as a fraction of the largest, and `w` what it adds to the
//! noise at rest as a fraction of the most ([`Ambient::shot_v`](crate::Ambient::shot_v); `u` itself
//! far above `2kT/q`), a cell's read noise has variance `s u²` and its shot noise `t w`. Summed over rows these are two matrix products, which
//! cost twice as much as the currents themselves. But `s` and `t` are both smooth functions of one
//! conductance, so that `t` is nearly `α + β (s + t)`, and then
//!
//! `Σ s u² + t w  =  Σ (s + t) ((1 − β) u² + β w)  +  α Σ (w − u²)  +  Σ e (w − u²)`
//!
//! is one product once the last sum is left out. As `0 ≤ w − u² ≤ b`, with `b = 1/4` or less, that sum is at most
//! `b` times the positive or the negative `e` of the column, whatever the drive. In place of
//! `w − u²` stands a polynomial of `u` (`Bend`), off by `d` at most, which costs another
//! `d Σ |t − e|`. Both bounds are computed when the array is compiled, and where they are too large
//! both products are made.

use ndarray::{Array2, ArrayView2, Axis, concatenate};

use crate::bend::{Bend, Peak, TERMS};

/// Largest error of a fused variance, as a fraction of the column's variance at full drive: half
/// a percent of its standard deviation there.
pub const FUSED_TOLERANCE: f64 = 0.01;

/// The variance of sensed currents as matrix products of features of the drive.
#[derive(Clone, Debug)]
pub(crate) struct StateNoise {
    features: Features,
    /// Features × sensed (A²).
    cells: Array2<f32>,
    /// Largest error of a variance, as a fraction of that at full drive.
    error: f64,
}

/// One polynomial of the drive of every row, times cells.
pub(crate) struct Single {
    pub polynomial: Polynomial,
    /// Variances at the largest drive, rows × sensed (A²).
    pub at_peak: Array2<f32>,
    /// What the sum of [`fuse`] adds per sensed current (A²); nothing where it is none.
    pub offsets: Vec<f32>,
    /// Largest error of a variance, as a fraction of that at full drive.
    pub error: f64,
}

/// What is computed of a row's drive.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Features {
    None,
    Squares,
    Magnitudes,
    /// All squares, then all magnitudes.
    Both,
    /// `(1 − β) u² + β w` of every row, then `Σ (w − u²)`.
    Fused(Polynomial),
}

/// What turns drives into fused features.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Polynomial {
    /// `1 / V`.
    per_peak: f32,
    /// `w − u² = u (1 − u) Σ bend[k] uᵏ`.
    bend: [f32; TERMS],
    /// `β`.
    linear: f32,
}

impl StateNoise {
    /// Exact for every drive. `read` is the variance per squared volt and `shot` the variance per
    /// volt of every cell, rows × sensed.
    pub fn exact(read: Array2<f32>, shot: Array2<f32>) -> Self {
        let there = |m: &Array2<f32>| m.iter().any(|&v| v > 0.0);
        match (there(&read), there(&shot)) {
            (false, false) => Self::of(Features::None, Array2::zeros((0, 0))),
            (true, false) => Self::of(Features::Squares, read),
            (false, true) => Self::of(Features::Magnitudes, shot),
            (true, true) => {
                let cells = concatenate(Axis(0), &[read.view(), shot.view()]).expect("one shape");
                Self::of(Features::Both, cells)
            }
        }
    }

    fn of(features: Features, cells: Array2<f32>) -> Self {
        Self { features, cells, error: 0.0 }
    }

    /// As one polynomial of drives up to `peak_v` (V), where it is one.
    pub fn single(&self, peak_v: f32) -> Option<Single> {
        let error = self.error;
        match self.features {
            Features::Squares => {
                let polynomial =
                    Polynomial { per_peak: 1.0 / peak_v, bend: [0.0; TERMS], linear: 0.0 };
                let at_peak = self.cells.mapv(|cell| cell * (peak_v * peak_v));
                Some(Single { polynomial, at_peak, offsets: vec![], error })
            }
            // Not for larger drives than it was made for.
            Features::Fused(polynomial) if peak_v * polynomial.per_peak < 1.0 + 1e-6 => {
                let (at_peak, offsets) = self.cells.view().split_at(Axis(0), self.width() - 1);
                let (at_peak, offsets) = (at_peak.to_owned(), offsets.iter().copied().collect());
                Some(Single { polynomial, at_peak, offsets, error })
            }
            _ => None,
        }
    }

    /// One product where two would do no better than [`FUSED_TOLERANCE`], for drives up to `peak`, which
    /// is asked for where there are two.
    pub fn fused_within(self, peak: impl FnOnce() -> Peak) -> Self {
        if self.features != Features::Both {
            return self;
        }
        match Fused::fit(&self, peak()) {
            Some(fused) if fused.error <= FUSED_TOLERANCE => fused.noise,
            _ => self,
        }
    }

    /// Whether [`featurise`](Self::featurise) needs the voltages of shot noise.
    pub fn needs_shot(&self) -> bool {
        matches!(self.features, Features::Magnitudes | Features::Both)
    }

    pub fn is_none(&self) -> bool {
        self.features == Features::None
    }

    /// Features of one vector of row voltages.
    pub fn width(&self) -> usize {
        self.cells.nrows()
    }

    /// Features × sensed (A²): features times this is the variance, up to rounding below zero.
    pub fn cells(&self) -> ArrayView2<'_, f32> {
        self.cells.view()
    }

    /// Fills `features`, batch × [`width`](Self::width), from effective voltages, batch × rows, and
    /// those of shot noise, if it [needs](Self::needs_shot) them.
    pub fn featurise(&self, drive_v: &[f32], shot_v: &[f32], rows: usize, features: &mut [f32]) {
        let (kind, width) = (self.features, self.width());
        pulp::Arch::new().dispatch(Featurise { kind, width, rows, drive_v, shot_v, features });
    }
}

/// A candidate for a single product, and how far it can be off.
struct Fused {
    noise: StateNoise,
    /// Largest error over all drives and columns, per unit of the column's variance at full drive.
    error: f64,
}

impl Fused {
    /// Least squares of `t` against `s + t` with one slope, and one offset per column.
    fn fit(exact: &StateNoise, peak: Peak) -> Option<Self> {
        let Peak { drive_v, shot_v, bend: Some(Bend { most, terms, error: off }) } = peak else {
            return None;
        };
        if exact.features != Features::Both {
            return None;
        }
        let (rows, cols) = (exact.width() / 2, exact.cells.ncols());
        let cells = exact.cells.as_slice().expect("standard layout");
        let (read, shot) = cells.split_at(rows * cols);
        let fit = Fit { rows, cols, read, shot, square_v2: drive_v * drive_v, shot_v, most, off };
        let (slope, cells, error) = pulp::Arch::new().dispatch(fit);
        let cells = Array2::from_shape_vec((rows + 1, cols), cells).expect("rows and offsets");
        let per_peak = (1.0 / drive_v) as f32;
        let polynomial =
            Polynomial { per_peak, bend: terms.map(|term| term as f32), linear: slope as f32 };
        let features = Features::Fused(polynomial);
        Some(Self { noise: StateNoise { features, cells, error }, error })
    }
}

/// Least squares over all cells, compiled for the vectors of the machine.
struct Fit<'a> {
    rows: usize,
    cols: usize,
    /// Variances per squared volt, rows × columns.
    read: &'a [f32],
    /// Variances per volt, likewise.
    shot: &'a [f32],
    /// The largest squares, and magnitudes of shot noise.
    square_v2: f64,
    shot_v: f64,
    /// Largest value of `w − u²`.
    most: f64,
    /// Largest error of its polynomial.
    off: f64,
}

impl pulp::NullaryFnOnce for Fit<'_> {
    /// The slope; `s + t` of every cell at the peak, and a row of offsets; the largest error.
    type Output = (f64, Vec<f32>, f64);

    #[inline(always)]
    fn call(self) -> (f64, Vec<f32>, f64) {
        let Self { rows, cols, read, shot, square_v2, shot_v, most, off } = self;
        // Columns side by side: every sum is one of a column.
        let mut totals = vec![0.0; cols];
        let mut linear = vec![0.0; cols];
        for row in 0..rows {
            let (read, shot) = (&read[row * cols..][..cols], &shot[row * cols..][..cols]);
            let (totals, linear) = (&mut totals[..cols], &mut linear[..cols]);
            for k in 0..cols {
                let (s, t) = (f64::from(read[k]) * square_v2, f64::from(shot[k]) * shot_v);
                totals[k] += s + t;
                linear[k] += t;
            }
        }
        let per_row = 1.0 / rows as f64;
        let means: Vec<f64> = totals.iter().map(|total| total * per_row).collect();
        linear.iter_mut().for_each(|linear| *linear *= per_row);
        let mut power = vec![0.0; cols];
        let mut along = vec![0.0; cols];
        for row in 0..rows {
            let (read, shot) = (&read[row * cols..][..cols], &shot[row * cols..][..cols]);
            let (means, linear) = (&means[..cols], &linear[..cols]);
            let (power, along) = (&mut power[..cols], &mut along[..cols]);
            for k in 0..cols {
                let (s, t) = (f64::from(read[k]) * square_v2, f64::from(shot[k]) * shot_v);
                let spread = s + t - means[k];
                power[k] += spread * spread;
                along[k] += spread * (t - linear[k]);
            }
        }
        let [power, along] = [power, along].map(|columns| columns.iter().sum::<f64>());
        let slope = (along / power.max(f64::MIN_POSITIVE)).clamp(0.0, 1.0);
        let offsets: Vec<f64> =
            means.iter().zip(&linear).map(|(both, linear)| linear - both * slope).collect();
        // Of each column what is left out upwards and downwards, and what the polynomial carries.
        let [mut up, mut down, mut carried] = [(); 3].map(|()| vec![0.0_f64; cols]);
        let mut cells = vec![0.0_f32; (rows + 1) * cols];
        let (all, last) = cells.split_at_mut(rows * cols);
        for row in 0..rows {
            let (read, shot) = (&read[row * cols..][..cols], &shot[row * cols..][..cols]);
            let (up, down, carried) = (&mut up[..cols], &mut down[..cols], &mut carried[..cols]);
            let (offsets, cells) = (&offsets[..cols], &mut all[row * cols..][..cols]);
            for k in 0..cols {
                let (s, t) = (f64::from(read[k]) * square_v2, f64::from(shot[k]) * shot_v);
                let both = s + t;
                let left_out = t - both * slope - offsets[k];
                up[k] += if left_out > 0.0 { left_out } else { 0.0 };
                down[k] += if left_out < 0.0 { -left_out } else { 0.0 };
                carried[k] += (t - left_out).abs();
                cells[k] = both as f32;
            }
        }
        last.iter_mut().zip(&offsets).for_each(|(to, from)| *to = *from as f32);
        let mut error = 0.0_f64;
        for k in 0..cols {
            let left_out = f64::max(up[k], down[k]) * most + carried[k] * off;
            error = error.max(left_out / totals[k].max(f64::MIN_POSITIVE));
        }
        (slope, cells, error)
    }
}

/// The features of a batch, compiled for the vectors of the machine.
struct Featurise<'a> {
    kind: Features,
    width: usize,
    rows: usize,
    drive_v: &'a [f32],
    /// Nothing where shot noise does not matter.
    shot_v: &'a [f32],
    features: &'a mut [f32],
}

impl pulp::NullaryFnOnce for Featurise<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { kind, width, rows, drive_v, shot_v, features } = self;
        if kind == Features::None {
            return;
        }
        let outputs = drive_v.chunks_exact(rows).zip(features.chunks_exact_mut(width));
        for (vector, (v, out)) in outputs.enumerate() {
            let (first, second) = out.split_at_mut(rows);
            let shot = || &shot_v[vector * rows..][..rows];
            match kind {
                Features::None => {}
                Features::Squares => squares(v, first),
                Features::Magnitudes => first.copy_from_slice(shot()),
                Features::Both => {
                    squares(v, first);
                    second.copy_from_slice(shot());
                }
                Features::Fused(polynomial) => second[0] = fused(polynomial, v, first),
            }
        }
    }
}

#[inline(always)]
fn squares(v: &[f32], out: &mut [f32]) {
    out.iter_mut().zip(v).for_each(|(out, &v)| *out = v * v);
}

/// Partial sums side by side, so that they vectorise in a fixed order.
pub(crate) const LANES: usize = 16;

/// Fills the feature of every row and returns that of the vector.
#[inline(always)]
fn fused(polynomial: Polynomial, v: &[f32], out: &mut [f32]) -> f32 {
    let mut bends = [0.0_f32; LANES];
    let (v, v_rest) = v.as_chunks::<LANES>();
    let (out, out_rest) = out.as_chunks_mut::<LANES>();
    for (v, out) in v.iter().zip(out) {
        fuse(polynomial, v, out, &mut bends);
    }
    let [mut last, mut last_out] = [[0.0; LANES]; 2];
    last[..v_rest.len()].copy_from_slice(v_rest);
    fuse(polynomial, &last, &mut last_out, &mut bends);
    out_rest.copy_from_slice(&last_out[..v_rest.len()]);
    bends.iter().sum()
}

/// Features of a few rows, and what they add to that of the vector: `w − u²`.
#[inline(always)]
pub(crate) fn fuse(
    Polynomial { per_peak, bend, linear }: Polynomial,
    v: &[f32; LANES],
    out: &mut [f32; LANES],
    bends: &mut [f32; LANES],
) {
    for i in 0..LANES {
        let u = v[i].abs() * per_peak;
        let mut sum = bend[TERMS - 1];
        for &term in bend[..TERMS - 1].iter().rev() {
            sum = sum.mul_add(u, term);
        }
        let away = sum * u.mul_add(-u, u);
        out[i] = linear.mul_add(away, u * u);
        bends[i] += away;
    }
}

#[cfg(test)]
mod tests {
    use cim_core::{Kelvin, Stream, Volts};
    use cim_device::Conduction;

    use super::*;
    use crate::ambient::Ambient;
    use crate::drive::shot;

    const ROWS: usize = 96;
    const COLS: usize = 24;
    const PEAK_V: f64 = 0.3;

    fn uniform(rows: usize, cols: usize, at: Stream) -> Array2<f32> {
        let mut values = vec![0.0; rows * cols];
        at.fill_uniform(0, &mut values);
        Array2::from_shape_vec((rows, cols), values).expect("rows × cols values")
    }

    /// Cells of mean 1 in read and `share` in shot variance at full drive, by a law of a
    /// conductance from 0.1 to 1.
    fn noise(share: f32, law: fn(f32) -> f32) -> StateNoise {
        let g = uniform(ROWS, COLS, Stream::root(4)).mapv(|u| 0.1 + 0.9 * u);
        let peak_v = PEAK_V as f32;
        let read = g.mapv(|g| law(g) / (peak_v * peak_v));
        StateNoise::exact(read, g.mapv(|g| share * g / peak_v))
    }

    /// Ohmic cells at a temperature (K).
    fn ambient(kelvin: f64) -> Ambient {
        Ambient { temperature: Kelvin(kelvin), ..Ambient::SILENT }
    }

    fn peak(kelvin: f64) -> Peak {
        Peak::of(&ambient(kelvin), &Conduction::Ohmic, Volts(PEAK_V))
    }

    fn variance(kelvin: f64, noise: &StateNoise, drive_v: ArrayView2<'_, f32>) -> Array2<f32> {
        let mut features = Array2::zeros((drive_v.nrows(), noise.width()));
        let drive_v = drive_v.as_standard_layout();
        let drive_v = drive_v.as_slice().expect("standard layout");
        let mut shot_v = vec![0.0; drive_v.len()];
        shot(&ambient(kelvin), &Conduction::Ohmic, drive_v, drive_v, &mut shot_v);
        let out = features.as_slice_mut().expect("standard layout");
        noise.featurise(drive_v, &shot_v, ROWS, out);
        features.dot(&noise.cells())
    }

    /// Random drives of several amplitudes and activities, and the worst: half drive of the rows
    /// where what was left out has one sign.
    fn drives(kelvin: f64, exact: &StateNoise, fused: &StateNoise) -> Array2<f32> {
        let peak_v = PEAK_V as f32;
        let mut drives = uniform(64, ROWS, Stream::root(5));
        for (row, mut drive) in drives.rows_mut().into_iter().enumerate() {
            let (activity, amplitude) = (1.0 - 0.2 * (row % 5) as f32, 1.0 / (1 + row % 3) as f32);
            let sign = if row % 2 == 0 { peak_v } else { -peak_v };
            drive.mapv_inplace(|u| if u < activity { u * amplitude * sign } else { 0.0 });
        }
        let alone = Array2::from_diag_elem(ROWS, 0.5 * peak_v);
        let gap = variance(kelvin, exact, alone.view()) - variance(kelvin, fused, alone.view());
        let worst = gap.t().mapv(|gap| if gap > 0.0 { 0.5 * peak_v } else { 0.0 });
        let mirrored = worst.mapv(|v| 0.5 * peak_v - v);
        concatenate(Axis(0), &[drives.view(), worst.view(), mirrored.view()]).expect("one width")
    }

    #[test]
    fn a_fused_variance_keeps_its_bound_and_touches_it() {
        let laws: [fn(f32) -> f32; 4] = [|g| 2.0 * g * g, |_| 0.5, |g| 0.3 + 0.2 * g, |g| 0.1 / g];
        for law in laws {
            for (kelvin, share) in
                [(0.0, 0.02), (0.0, 0.3), (0.0, 1.0), (0.0, 10.0), (300.0, 0.3), (300.0, 10.0)]
            {
                let exact = noise(share, law);
                let Fused { noise: fused, error: bound } =
                    Fused::fit(&exact, peak(kelvin)).expect("both noises");
                let drives = drives(kelvin, &exact, &fused);
                let full = Array2::from_elem((1, ROWS), PEAK_V as f32);
                let of = |noise: &StateNoise, v: &Array2<f32>| variance(kelvin, noise, v.view());
                let off = of(&fused, &drives) - of(&exact, &drives);
                let error = (off / of(&exact, &full)).mapv(f32::abs);
                let largest = f64::from(error.iter().copied().fold(0.0, f32::max));
                // Rounding of sums of 2 × 96 terms in single precision: below 1e-5.
                assert!(largest <= bound + 1e-5, "share {share}: {largest} above {bound}");
                // The worst drive of warm cells is not half of the peak, and no drive of these is
                // the worst of the polynomial.
                let sharp = if kelvin == 0.0 { 0.99 } else { 0.9 };
                let left_out = bound - peak(kelvin).bend.expect("smooth").error;
                assert!(largest >= sharp * left_out - 1e-5, "share {share}: {bound} is not sharp");
            }
        }
    }

    #[test]
    fn what_cannot_be_bounded_stays_exact() {
        // Read noise that falls as shot noise rises: their sum says nothing of either.
        let rough = noise(1.0, |g| 1.1 - g);
        let bound = Fused::fit(&rough, peak(0.0)).expect("both noises").error;
        assert!(bound > FUSED_TOLERANCE, "{bound}");
        assert_eq!(rough.fused_within(|| peak(0.0)).features, Features::Both);
        let smooth = noise(1.0, |g| g * g).fused_within(|| peak(300.0));
        assert!(matches!(smooth.features, Features::Fused(_)));
    }

    #[test]
    fn one_noise_alone_is_one_exact_product() {
        let none = Array2::zeros((ROWS, COLS));
        let some = Array2::from_elem((ROWS, COLS), 1.0);
        let features = |noise: StateNoise| noise.fused_within(|| peak(0.0)).features;
        assert_eq!(features(StateNoise::exact(none.clone(), none.clone())), Features::None);
        assert_eq!(features(StateNoise::exact(some.clone(), none.clone())), Features::Squares);
        assert_eq!(features(StateNoise::exact(none, some)), Features::Magnitudes);
    }
}
