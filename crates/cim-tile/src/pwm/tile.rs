//! Cells on a tile, and the charges that their columns deliver.

use cim_core::matmul::{product, product_add};
use cim_core::{Coulombs, Scratch, Seconds, Stream};
use cim_crossbar::Ladder;
use ndarray::{Array1, Array2, ArrayView2, ArrayViewMut2, Zip};

use crate::pwm::burst::Burst;
use crate::pwm::drive::Drive;
use crate::pwm::error::PwmError;
use crate::pwm::integration::Integration;
use crate::pwm::spec::{Columns, PwmSpec};

/// Pairs of cells on a tile: codes in, charges out.
#[derive(Clone, Debug)]
pub struct PwmTile {
    pub(super) spec: PwmSpec,
    pub(super) bursts: Vec<Burst>,
    pub(super) sides: Vec<Side>,
    shape: (usize, usize),
    /// Charge of a column per step of a row's pulse, rows × columns (C).
    odd_c: Array2<f32>,
    /// The part of it that has the same sign for both signs of the input; none for lines that move
    /// about their middle.
    even_c: Option<Array2<f32>>,
    /// Charge of a column per step in which nothing is driven (C).
    idle_c: Array1<f64>,
    noise: Noise,
}

/// The columns that run one way.
#[derive(Clone, Debug)]
pub(super) struct Side {
    /// First column, and distance to the next.
    pub first: usize,
    pub stride: usize,
    /// Segment of every row, 0 the farthest from the ADC.
    pub segment: Vec<usize>,
    /// Cells of these columns, rows × columns of this side (S).
    pub g_plus: Array2<f64>,
    pub g_minus: Array2<f64>,
    /// Conductance of every segment, segments × columns of this side (S).
    pub g_s: Array2<f64>,
    pub ladder: Ladder,
}

impl PwmSpec {
    /// Checks the specification and puts cells on the tile: `g_plus` and `g_minus` are rows ×
    /// columns (S).
    ///
    /// # Errors
    /// [`PwmError`] for a quantity or conductance that cannot be, and for cells that do not fit.
    pub fn build(
        self,
        g_plus: ArrayView2<'_, f64>,
        g_minus: ArrayView2<'_, f64>,
    ) -> Result<PwmTile, PwmError> {
        let bursts = self.check()?;
        let (rows, cols) = g_plus.dim();
        if g_minus.dim() != (rows, cols) {
            return Err(PwmError::Pairs { plus: g_plus.dim(), minus: g_minus.dim() });
        }
        if rows == 0 || cols == 0 || self.tile_rows < rows {
            return Err(PwmError::Size { rows, cols, tile_rows: self.tile_rows });
        }
        for (name, g_s) in [("g_plus", g_plus), ("g_minus", g_minus)] {
            let bad = g_s.indexed_iter().find(|(_, g)| !(0.0 <= **g && g.is_finite()));
            if let Some(((row, col), &value)) = bad {
                return Err(PwmError::Conductance { name, row, col, value });
            }
        }
        Ok(PwmTile::compile(self, bursts, g_plus, g_minus))
    }
}

impl PwmTile {
    fn compile(
        spec: PwmSpec,
        bursts: Vec<Burst>,
        g_plus: ArrayView2<'_, f64>,
        g_minus: ArrayView2<'_, f64>,
    ) -> Self {
        let shape = g_plus.dim();
        let ways: &[_] = match spec.columns {
            Columns::Down => &[(0, 1, false)],
            Columns::TwoSided => &[(0, 2, false), (1, 2, true)],
        };
        let ways = ways.iter().filter(|(first, ..)| *first < shape.1);
        let sides: Vec<_> = ways
            .map(|&(first, stride, up)| Side::new(&spec, (first, stride, up), g_plus, g_minus))
            .collect();
        let mut reach = Array2::zeros(shape);
        let mut idle_c = Array1::zeros(shape.1);
        let idle_v = spec.v_mid.0 - spec.v_read.0;
        for side in &sides {
            let transfer = side.ladder.transfer();
            for (k, &output_s) in side.ladder.output_s().iter().enumerate() {
                let col = side.first + k * side.stride;
                idle_c[col] = output_s * idle_v * spec.time_step.0;
                for (row, &segment) in side.segment.iter().enumerate() {
                    reach[[row, col]] = transfer[[segment, k]];
                }
            }
        }
        let per_step = |volts: f64, sign: f64| {
            let scale = volts * spec.time_step.0;
            Zip::from(&reach)
                .and(g_plus)
                .and(g_minus)
                .map_collect(|a, plus, minus| (scale * a * (plus + sign * minus)) as f32)
        };
        let odd_c = per_step(spec.swing_v(), -1.0);
        let even_c = (spec.lift_v() != 0.0).then(|| per_step(spec.lift_v(), 1.0));
        let noise = Noise::new(&reach, g_plus, g_minus);
        Self { spec, bursts, sides, shape, odd_c, even_c, idle_c, noise }
    }

    /// Rows × columns of pairs.
    pub fn shape(&self) -> (usize, usize) {
        self.shape
    }

    /// What the tile was built from.
    pub fn spec(&self) -> &PwmSpec {
        &self.spec
    }

    /// Bursts of a product.
    pub fn bursts(&self) -> &[Burst] {
        &self.bursts
    }

    /// Largest code.
    pub fn top_code(&self) -> i32 {
        self.spec.top_code()
    }

    /// Checks codes (vectors × rows) for this tile.
    ///
    /// # Errors
    /// [`PwmError`] if a vector is not as long as the tile has rows, or a code longer than the
    /// longest pulse.
    pub fn drive(&self, codes: Array2<i32>) -> Result<Drive, PwmError> {
        Drive::checked(codes, self.shape.0, self.top_code())
    }

    /// Whether the tile can drive these codes: those checked for a tile of as many rows and no
    /// longer pulses.
    pub fn accepts(&self, drive: &Drive) -> bool {
        drive.codes().ncols() == self.shape.0 && drive.top_code() <= self.top_code()
    }

    /// Charge that a code of 1 drives through a pair that differs by 1 S, were there no wire: the
    /// unit in which charges are sums of code times conductance.
    pub fn charge_per_siemens(&self) -> Coulombs {
        Coulombs(self.spec.swing_v() * self.spec.time_step.0)
    }

    /// Charge of every column in a burst without pulses (C): the ADC holds the column at `v_read`
    /// while all lines rest at `v_mid`.
    pub fn idle_charge_c(&self, burst: Burst) -> Array1<f64> {
        &self.idle_c * f64::from(burst.steps())
    }

    /// The same tile with another number of segments.
    ///
    /// # Errors
    /// [`PwmError::Segments`] if the rows of the tile do not divide into them.
    pub fn with_segments(&self, segments: usize) -> Result<Self, PwmError> {
        let (mut g_plus, mut g_minus) = (Array2::zeros(self.shape), Array2::zeros(self.shape));
        for side in &self.sides {
            for (k, (plus, minus)) in
                side.g_plus.columns().into_iter().zip(side.g_minus.columns()).enumerate()
            {
                let col = side.first + k * side.stride;
                g_plus.column_mut(col).assign(&plus);
                g_minus.column_mut(col).assign(&minus);
            }
        }
        PwmSpec { segments, ..self.spec }.build(g_plus.view(), g_minus.view())
    }

    /// Charges of all columns in all bursts (C, bursts × vectors × columns), with the read noise of
    /// the tile drawn at `at`, afresh for every vector.
    ///
    /// Without noise this is one matrix product for each burst, the same as stepping through time
    /// to rounding of `f32`.
    ///
    /// # Noise
    /// The difference of a pair is off by `σ n`, half of it on each cell, so that the conductance
    /// of the column and its wire drop stay. All bursts of a product see the same error. With one
    /// burst, the errors of a column's pairs add up to one Gaussian of known variance: one number is
    /// drawn for each column and vector, at the cost of three more products. With several bursts,
    /// whose errors belong together, one number is drawn for every pair and vector.
    ///
    /// # Panics
    /// If `charge_c` does not hold a number for each burst, vector and column, or `drive` was
    /// checked for a tile of other rows or longer pulses.
    pub fn charges(&self, drive: &Drive, at: Stream, charge_c: &mut [f32], scratch: &mut Scratch) {
        let (rows, cols) = self.shape;
        let vectors = drive.vectors();
        assert_eq!(
            charge_c.len(),
            self.bursts.len() * vectors * cols,
            "bursts × vectors × columns"
        );
        assert!(self.accepts(drive), "codes checked for another tile");
        if vectors == 0 {
            return;
        }
        let mut weights = scratch.take(vectors * rows);
        for (burst, charge_c) in self.bursts.iter().zip(charge_c.chunks_exact_mut(vectors * cols)) {
            self.weigh(*burst, drive, &mut weights);
            let idle = self.idle_charge_c(*burst);
            let idle = idle.mapv(|q| q as f32);
            let idle = idle.as_slice().expect("standard layout");
            if idle.iter().all(|&q| q == 0.0) {
                multiply(&weights, &self.odd_c, charge_c, false);
            } else {
                charge_c.chunks_exact_mut(cols).for_each(|q| q.copy_from_slice(idle));
                multiply(&weights, &self.odd_c, charge_c, true);
            }
            if let Some(even_c) = &self.even_c {
                weights.iter_mut().for_each(|w| *w = w.abs());
                multiply(&weights, even_c, charge_c, true);
            }
        }
        scratch.give(weights);
        if self.spec.read.is_none() {
            return;
        }
        if let [burst] = self.bursts[..] {
            self.add_column_noise(burst, drive, at, charge_c, scratch);
        } else {
            self.add_pair_noise(drive, at, charge_c, scratch);
        }
    }

    /// What every code contributes to a burst, in steps.
    fn weigh(&self, burst: Burst, drive: &Drive, weights: &mut [f32]) {
        let codes = drive.codes();
        let codes = codes.as_slice().expect("standard layout");
        let integration = self.spec.integration;
        pulp::Arch::new().dispatch(Weigh { burst, integration, codes, weights });
    }

    /// Slope and offset (µS) of the read noise in every vector, one after the other.
    fn vector_noise(&self, drive: &Drive, scratch: &mut Scratch) -> Vec<f32> {
        let mut noises = scratch.take(2 * drive.vectors());
        for (noise, steps) in noises.chunks_exact_mut(2).zip(drive.mean_steps()) {
            let law = self.spec.read.at(Seconds(steps * self.spec.time_step.0));
            noise.copy_from_slice(&[law.slope as f32, (law.offset.0 * 1e6) as f32]);
        }
        noises
    }

    /// One draw for each column: the sum over its pairs of independent Gaussians.
    fn add_column_noise(
        &self,
        burst: Burst,
        drive: &Drive,
        at: Stream,
        charge_c: &mut [f32],
        scratch: &mut Scratch,
    ) {
        let (rows, cols) = self.shape;
        let vectors = drive.vectors();
        let noises = self.vector_noise(drive, scratch);
        let mut squares = scratch.take(vectors * rows);
        let mut scaled = scratch.take(vectors * rows);
        let mut variance = scratch.take(vectors * cols);
        self.weigh(burst, drive, &mut squares);
        squares.iter_mut().for_each(|w| *w *= *w);
        for (power, cells) in self.noise.variance.iter().enumerate() {
            let pairs = scaled.chunks_exact_mut(rows).zip(squares.chunks_exact(rows));
            for ((scaled, squares), noise) in pairs.zip(noises.chunks_exact(2)) {
                let (slope, offset) = (noise[0], noise[1]);
                let factor = [offset * offset, 2.0 * slope * offset, slope * slope][power];
                scaled.iter_mut().zip(squares).for_each(|(out, square)| *out = square * factor);
            }
            multiply(&scaled, cells, &mut variance, power > 0);
        }
        let unit_c = self.noise_unit_c();
        let mut normals = scratch.take(cols);
        let outputs = charge_c.chunks_exact_mut(cols).zip(variance.chunks_exact(cols));
        for (vector, (charge_c, variance)) in outputs.enumerate() {
            at.fill_standard_normal(vector as u64, &mut normals);
            let normals = &normals;
            pulp::Arch::new().dispatch(AddNoise { unit_c, variance, normals, charge_c });
        }
        for buffer in [normals, variance, scaled, squares, noises] {
            scratch.give(buffer);
        }
    }

    /// One draw for each pair, which all bursts of a vector share.
    fn add_pair_noise(
        &self,
        drive: &Drive,
        at: Stream,
        charge_c: &mut [f32],
        scratch: &mut Scratch,
    ) {
        let cols = self.shape.1;
        let vectors = drive.vectors();
        let unit_c = self.noise_unit_c();
        let integration = self.spec.integration;
        let mut normals = scratch.take(cols);
        let noises = self.vector_noise(drive, scratch);
        for (vector, noise) in noises.chunks_exact(2).enumerate() {
            let (slope, offset) = (noise[0], noise[1]);
            let at = at.child("vector", vector as u64);
            for (row, &code) in drive.codes().row(vector).iter().enumerate() {
                if code == 0 {
                    continue;
                }
                at.fill_standard_normal(row as u64, &mut normals);
                let reach = self.noise.reach.row(row);
                let reach_g = self.noise.reach_g.row(row);
                let terms = normals.iter_mut().zip(reach).zip(reach_g);
                for ((n, &reach), &reach_g) in terms {
                    *n *= slope * reach_g + offset * reach;
                }
                for (index, burst) in self.bursts.iter().enumerate() {
                    let weight = unit_c * burst.weight(code, integration) as f32;
                    if weight == 0.0 {
                        continue;
                    }
                    let charge_c = &mut charge_c[(index * vectors + vector) * cols..][..cols];
                    charge_c.iter_mut().zip(&normals).for_each(|(q, n)| *q += weight * n);
                }
            }
        }
        scratch.give(normals);
        scratch.give(noises);
    }

    /// Charge of one step through a pair that is off by 1 µS (C).
    fn noise_unit_c(&self) -> f32 {
        (self.charge_per_siemens().0 * 1e-6) as f32
    }
}

impl Side {
    fn new(
        spec: &PwmSpec,
        (first, stride, up): (usize, usize, bool),
        g_plus: ArrayView2<'_, f64>,
        g_minus: ArrayView2<'_, f64>,
    ) -> Self {
        let rows = g_plus.nrows();
        let before = (spec.tile_rows - rows) / 2;
        let rows_per_segment = spec.tile_rows / spec.segments;
        let place = |row: usize| {
            let down = before + row;
            let place = if up { spec.tile_rows - 1 - down } else { down };
            place / rows_per_segment
        };
        let columns = ndarray::s![.., first..;stride];
        let (g_plus, g_minus) = (g_plus.slice(columns), g_minus.slice(columns));
        let segment: Vec<_> = (0..rows).map(place).collect();
        let mut g_s = Array2::zeros((spec.segments, g_plus.ncols()));
        for (row, &segment) in segment.iter().enumerate() {
            let mut node = g_s.row_mut(segment);
            node += &g_plus.row(row);
            node += &g_minus.row(row);
        }
        let ladder = Ladder::new(&g_s, spec.wire.0 * rows_per_segment as f64);
        let (g_plus, g_minus) =
            (g_plus.as_standard_layout().into_owned(), g_minus.as_standard_layout().into_owned());
        Self { first, stride, segment, g_plus, g_minus, g_s, ladder }
    }
}

/// How much of a pair's error reaches the ADC, in µS and without the weight of its pulse.
#[derive(Clone, Debug)]
struct Noise {
    /// Part of a pair's current that reaches the ADC, rows × columns.
    reach: Array2<f32>,
    /// The same times the magnitude of the pair's difference (µS).
    reach_g: Array2<f32>,
    /// `reach²`, `reach² G` and `reach² G²`, with G in µS.
    variance: [Array2<f32>; 3],
}

impl Noise {
    fn new(reach: &Array2<f64>, g_plus: ArrayView2<'_, f64>, g_minus: ArrayView2<'_, f64>) -> Self {
        let of = |f: fn(f64, f64) -> f64| {
            Zip::from(reach)
                .and(g_plus)
                .and(g_minus)
                .map_collect(|&reach, plus, minus| f(reach, (plus - minus).abs() * 1e6) as f32)
        };
        Self {
            reach: of(|a, _| a),
            reach_g: of(|a, g| a * g),
            variance: [of(|a, _| a * a), of(|a, g| a * a * g), of(|a, g| a * a * g * g)],
        }
    }
}

fn multiply(x: &[f32], w: &Array2<f32>, y: &mut [f32], add: bool) {
    let (rows, cols) = w.dim();
    let batch = x.len() / rows;
    let x = ArrayView2::from_shape((batch, rows), x).expect("batch × rows values");
    let y = ArrayViewMut2::from_shape((batch, cols), y).expect("batch × columns values");
    if add { product_add(x, w.view(), y) } else { product(x, w.view(), y) }
}

/// Codes to steps of a burst, compiled for the vectors of the machine.
struct Weigh<'a> {
    burst: Burst,
    integration: Integration,
    codes: &'a [i32],
    weights: &'a mut [f32],
}

impl pulp::NullaryFnOnce for Weigh<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { burst, integration, codes, weights } = self;
        for (weight, &code) in weights.iter_mut().zip(codes) {
            *weight = burst.weight(code, integration) as f32;
        }
    }
}

/// Adds noise of one variance per charge, compiled for the vectors of the machine.
struct AddNoise<'a> {
    /// Charge of a unit of noise (C).
    unit_c: f32,
    variance: &'a [f32],
    normals: &'a [f32],
    charge_c: &'a mut [f32],
}

impl pulp::NullaryFnOnce for AddNoise<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { unit_c, variance, normals, charge_c } = self;
        for ((q, &n), &variance) in charge_c.iter_mut().zip(normals).zip(variance) {
            // A sum of squares, but for rounding.
            *q = (n * unit_c).mul_add(variance.max(0.0).sqrt(), *q);
        }
    }
}
