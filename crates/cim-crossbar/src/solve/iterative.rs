//! Column currents within a tolerance that is proven: lines solved exactly, cells between them by
//! conjugate gradients.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Zip};

use crate::circuit::{Bias, Circuit};
use crate::error::CircuitError;
use crate::solve::lines::{Lines, transpose};
use crate::solve::nodal::Nodal;

/// Column currents with a bound on their error.
#[derive(Clone, Debug, PartialEq)]
pub struct Bounded {
    /// Currents that leave the array at the columns, vectors × columns (A).
    pub column_a: Array2<f64>,
    /// What each current is off by at most (A).
    pub error_a: Array2<f64>,
    /// Steps of the longest iteration; nothing where an array was eliminated instead.
    pub steps: Option<usize>,
}

/// Error that rounding leaves in currents of an array that was eliminated, relative to the largest
/// of their vector: ten times the most that was seen in any law test of the solvers.
const ELIMINATED: f64 = 1e-12;

/// How well the vector of comparison solves its equations.
const COMPARISON: f64 = 0.3;

/// Roundings of a residual's terms, and of a voltage for each node of its line.
const ROUNDINGS: f64 = 8.0;

/// Column currents (A) of reads within `tolerance` of the largest current of their vector: `row_v`
/// is vectors × rows (V), the result vectors × columns. All columns are at ground.
///
/// With row voltages eliminated line by line, column voltages `w` obey `S w = b`, where
/// `S = D_c − G D_r⁻¹ G` and `D` are the lines with their cells to ground. The iteration is that of
/// conjugate gradients with `D_c` as its preconditioner: the fewer volts wires lose, the fewer
/// steps it takes. `S` has no positive entry beside its diagonal, and so its inverse has no negative
/// one: for a vector `x > 0` with `S x = q > 0`, a residual `|r| ≤ ρ q` proves that no voltage is off
/// by more than `ρ x` (a comparison theorem of M-matrices; Berman and Plemmons 1994, chapter 6).
/// The residual is that of the voltages that are returned, rounding counted in.
///
/// Where that cannot be had (ideal wires, shorts, lines without a ground, more steps than the longer
/// side has cells), the array is eliminated ([`Nodal`]).
///
/// # Errors
/// [`CircuitError::Tolerance`] unless the tolerance lies between 1e-12 and 1; otherwise as
/// [`Nodal::column_currents`].
pub fn column_currents(
    circuit: &Circuit,
    row_v: ArrayView2<'_, f64>,
    tolerance: f64,
) -> Result<Bounded, CircuitError> {
    if !(ELIMINATED..1.0).contains(&tolerance) {
        return Err(CircuitError::Tolerance { got: tolerance });
    }
    let (rows, cols) = circuit.shape();
    for row_v in row_v.rows() {
        Bias::read(&row_v.to_vec(), cols).held(circuit)?;
    }
    if row_v.ncols() == rows
        && let Some(bounded) = iterated(circuit, row_v, tolerance)
    {
        return Ok(bounded);
    }
    let nodal = Nodal::new(circuit.clone(), &Bias::read(&vec![0.0; rows], cols))?;
    let column_a = nodal.column_currents(row_v)?;
    let mut error_a = Array2::zeros(column_a.dim());
    for (mut error_a, column_a) in error_a.rows_mut().into_iter().zip(column_a.rows()) {
        error_a.fill(ELIMINATED * largest(column_a));
    }
    Ok(Bounded { column_a, error_a, steps: None })
}

/// By iteration, where it gets there.
fn iterated(circuit: &Circuit, row_v: ArrayView2<'_, f64>, tolerance: f64) -> Option<Bounded> {
    let (vectors, cols) = (row_v.nrows(), circuit.shape().1);
    let mut iteration = Iteration::new(circuit)?;
    let ground = Array1::zeros(cols);
    let planes = || Array2::zeros((vectors, cols));
    let mut found = Bounded { column_a: planes(), error_a: planes(), steps: Some(0) };
    for (vector, row_v) in row_v.rows().into_iter().enumerate() {
        let (mesh, comparison) = (&iteration.mesh, &iteration.comparison);
        let settled = mesh.settle(comparison, &mut iteration.work, row_v, ground.view(), |w| {
            0.5 * tolerance * mesh.largest_current(w) / comparison.largest_a
        })?;
        let column_a = mesh.column_currents(&iteration.work.w);
        let rounding = column_a.mapv(|a| ROUNDINGS * f64::EPSILON * a.abs());
        let error_a = &comparison.column_a * settled.ratio + rounding;
        if largest(error_a.view()) > tolerance * largest(column_a.view()) {
            return None;
        }
        found.column_a.row_mut(vector).assign(&column_a);
        found.error_a.row_mut(vector).assign(&error_a);
        found.steps = found.steps.max(Some(settled.steps));
    }
    Some(found)
}

/// Voltages across all cells (V, rows × columns) for rows held at `row_v` (V) and columns at
/// `column_v`, none off by more than `error_v`; nothing where the iteration does not get there.
pub(crate) fn across<const N: usize>(
    circuit: &Circuit,
    ends: [(ArrayView1<'_, f64>, ArrayView1<'_, f64>); N],
    error_v: f64,
) -> Option<[Array2<f64>; N]> {
    let mut iteration = Iteration::new(circuit)?;
    let mut found = [const { None }; N];
    for ((row_v, column_v), across) in ends.into_iter().zip(&mut found) {
        let Iteration { mesh, comparison, work } = &mut iteration;
        // A row voltage is a mean of column voltages and held ones: off by no more than the worst.
        let per_ratio = 2.0 * comparison.largest_v;
        let settled =
            mesh.settle(comparison, work, row_v, column_v, |_| 0.5 * error_v / per_ratio)?;
        if settled.ratio * per_ratio > error_v {
            return None;
        }
        *across = Some(&work.through - &work.w);
    }
    Some(found.map(|across| across.expect("every case was solved")))
}

/// What is kept from vector to vector.
struct Iteration {
    mesh: Mesh,
    comparison: Comparison,
    work: Work,
}

impl Iteration {
    fn new(circuit: &Circuit) -> Option<Self> {
        let mesh = Mesh::new(circuit)?;
        let mut work = Work::new(circuit.shape());
        let comparison = Comparison::new(&mesh, &mut work)?;
        Some(Self { mesh, comparison, work })
    }
}

/// How an iteration ended: `|r| ≤ ratio q` for the voltages that are left in memory.
struct Settled {
    ratio: f64,
    steps: usize,
}

/// Currents into the first and last node of every line from its ends at `volts` (V).
fn add_ends(currents: &mut Array2<f64>, ends_s: &[Array1<f64>; 2], volts: ArrayView1<'_, f64>) {
    let last = currents.nrows() - 1;
    for (ends_s, node) in ends_s.iter().zip([0, last]) {
        Zip::from(currents.row_mut(node))
            .and(ends_s)
            .and(volts)
            .for_each(|current, g, v| *current += g * v);
    }
}

fn largest(values: ArrayView1<'_, f64>) -> f64 {
    values.iter().fold(0.0_f64, |most, a| most.max(a.abs()))
}

/// An array as lines of both directions and the cells between them.
struct Mesh {
    g_s: Array2<f64>,
    /// Rows, as columns × rows.
    rows: Lines,
    /// Columns, as rows × columns.
    columns: Lines,
    /// Conductance to the drivers, by end.
    driven_s: [Array1<f64>; 2],
    /// Conductance to ground, by end.
    sensed_s: [Array1<f64>; 2],
    /// Conductances of the segments of columns, (rows + 1) × columns.
    segment_s: Array2<f64>,
}

impl Mesh {
    fn new(circuit: &Circuit) -> Option<Self> {
        let (rows, cols) = circuit.shape();
        let (row_ohm, column_ohm) = (circuit.row_ohm(), circuit.column_ohm());
        let resist = row_ohm.iter().chain(column_ohm).all(|ohm| 0.0 < *ohm);
        let g_s = circuit.conductances().to_owned();
        if !(resist && g_s.iter().all(|g| g.is_finite())) {
            return None;
        }
        let end = |ohm: ArrayView1<'_, f64>| ohm.mapv(f64::recip);
        let driven_s = [end(row_ohm.column(0)), end(row_ohm.column(cols))];
        let sensed_s = [end(column_ohm.row(0)), end(column_ohm.row(rows))];
        let lines = (
            Lines::new(g_s.t(), row_ohm.t(), &driven_s)?,
            Lines::new(g_s.view(), column_ohm, &sensed_s)?,
        );
        let segment_s = column_ohm.mapv(f64::recip);
        Some(Self { g_s, rows: lines.0, columns: lines.1, driven_s, sensed_s, segment_s })
    }

    /// `G D_r⁻¹ (currents into rows)`, in place: currents into columns. `across` is columns × rows.
    fn through_rows(&self, currents: &mut Array2<f64>, across: &mut Array2<f64>) {
        transpose(currents, across);
        self.rows.solve(across);
        transpose(across, currents);
        *currents *= &self.g_s;
    }

    /// Conjugate gradients on `S w = b` from 0 until `enough` says so of `w` and the residual;
    /// `work.residual` holds `b` before and what is left of it after. Returns the steps taken.
    fn iterate(
        &self,
        work: &mut Work,
        mut enough: impl FnMut(&Array2<f64>, &Array2<f64>) -> bool,
    ) -> Option<usize> {
        let Work { w, residual, preconditioned, direction, conducted, through, across } = work;
        let most = self.g_s.nrows().max(self.g_s.ncols());
        w.fill(0.0);
        preconditioned.assign(residual);
        self.columns.solve(preconditioned);
        direction.assign(preconditioned);
        conducted.assign(residual);
        let mut power = dot(residual, preconditioned);
        for step in 0..=most {
            if enough(w, residual) {
                return Some(step);
            }
            // S p = D_c p − G D_r⁻¹ G p, of which the first is known without a product.
            Zip::from(&mut *through).and(&self.g_s).and(&*direction).for_each(|t, g, p| *t = g * p);
            self.through_rows(through, across);
            Zip::from(&mut *through).and(&*conducted).for_each(|t, d| *t = d - *t);
            let length = power / dot(direction, through);
            if !length.is_finite() {
                return None;
            }
            Zip::from(&mut *w).and(&*direction).for_each(|w, p| *w += length * p);
            Zip::from(&mut *residual).and(&*through).for_each(|r, s| *r -= length * s);
            preconditioned.assign(residual);
            self.columns.solve(preconditioned);
            let left = dot(residual, preconditioned);
            let turn = left / power;
            power = left;
            Zip::from(&mut *direction).and(&*preconditioned).for_each(|p, z| *p = z + turn * *p);
            Zip::from(&mut *conducted).and(&*residual).for_each(|d, r| *d = r + turn * *d);
        }
        None
    }

    /// Column voltages for these ends into `work.w`, row voltages into `work.through`, iterated until
    /// the residual relative to `q` is no more than `allowed` of the column voltages.
    fn settle(
        &self,
        comparison: &Comparison,
        work: &mut Work,
        row_v: ArrayView1<'_, f64>,
        column_v: ArrayView1<'_, f64>,
        allowed: impl Fn(&Array2<f64>) -> f64,
    ) -> Option<Settled> {
        let (rows, cols) = self.g_s.dim();
        work.across.fill(0.0);
        add_ends(&mut work.across, &self.driven_s, row_v);
        self.rows.solve(&mut work.across);
        transpose(&work.across, &mut work.residual);
        work.residual *= &self.g_s;
        add_ends(&mut work.residual, &self.sensed_s, column_v);
        let steps = self.iterate(work, |w, residual| comparison.ratio(residual) <= allowed(w))?;

        // The residual of the voltages themselves, and what rounding may hide of it.
        let Work { w, residual, through, across, .. } = work;
        Zip::from(&mut *through).and(&self.g_s).and(&*w).for_each(|t, g, w| *t = g * w);
        transpose(through, across);
        add_ends(across, &self.driven_s, row_v);
        self.rows.solve(across);
        transpose(across, through);
        let most_v = largest(row_v).max(w.iter().fold(0.0, |most, w| most.max(w.abs())));
        let nodes = (cols + 4) as f64;
        for ((row, col), residual) in residual.indexed_iter_mut() {
            let (here, upper, g) = (w[[row, col]], through[[row, col]], self.g_s[[row, col]]);
            let above = if row == 0 { column_v[col] } else { w[[row - 1, col]] };
            let below = if row + 1 == rows { column_v[col] } else { w[[row + 1, col]] };
            let (up, down) = (self.segment_s[[row, col]], self.segment_s[[row + 1, col]]);
            let left = g * (upper - here) + up * (above - here) + down * (below - here);
            let terms = g * (upper.abs() + here.abs())
                + up * (above.abs() + here.abs())
                + down * (below.abs() + here.abs());
            let hidden = ROUNDINGS * f64::EPSILON * (terms + nodes * g * most_v);
            *residual = left.abs() + hidden;
        }
        Some(Settled { ratio: comparison.ratio(residual), steps })
    }

    fn largest_current(&self, w: &Array2<f64>) -> f64 {
        let mut most = 0.0_f64;
        Zip::from(&self.sensed_s[0])
            .and(w.row(0))
            .and(&self.sensed_s[1])
            .and(w.row(w.nrows() - 1))
            .for_each(|top_s, top, bottom_s, bottom| {
                most = most.max((top_s * top + bottom_s * bottom).abs());
            });
        most
    }

    /// What voltages drive out of the held ends of the columns (A).
    fn column_currents(&self, w: &Array2<f64>) -> Array1<f64> {
        &self.sensed_s[0] * &w.row(0) + &self.sensed_s[1] * &w.row(w.nrows() - 1)
    }
}

/// Voltages `x > 0` that current into every node would cause, and that current `q > 0`.
struct Comparison {
    /// Of `q`, node by node (1 / A).
    per_q: Array2<f64>,
    /// What `x` drives out of the columns (A).
    column_a: Array1<f64>,
    largest_a: f64,
    /// The largest of `x` (V).
    largest_v: f64,
}

impl Comparison {
    /// Near `S x = 1`; nothing if no such vector is found.
    fn new(mesh: &Mesh, work: &mut Work) -> Option<Self> {
        work.residual.fill(1.0);
        let is_near = |residual: &Array2<f64>| residual.iter().all(|r| r.abs() <= COMPARISON);
        mesh.iterate(work, |_, residual| is_near(residual))?;
        let x = &work.w;
        if !x.iter().all(|x| 0.0 < *x && x.is_finite()) {
            return None;
        }
        // q = S x, lowered by what rounding may have added.
        let through = &mut work.through;
        Zip::from(&mut *through).and(&mesh.g_s).and(x).for_each(|t, g, x| *t = g * x);
        mesh.through_rows(through, &mut work.across);
        let nodes = (mesh.g_s.ncols() + 4) as f64;
        let last = mesh.g_s.nrows() - 1;
        let mut per_q = Array2::zeros(x.dim());
        for ((row, col), per_q) in per_q.indexed_iter_mut() {
            let (here, through) = (x[[row, col]], through[[row, col]]);
            let above = if row == 0 { 0.0 } else { x[[row - 1, col]] };
            let below = if row == last { 0.0 } else { x[[row + 1, col]] };
            let (up, down) = (mesh.segment_s[[row, col]], mesh.segment_s[[row + 1, col]]);
            let out = mesh.g_s[[row, col]] * here + up * here + down * here;
            let into = through + up * above + down * below;
            let q = out - into - ROUNDINGS * f64::EPSILON * nodes * (out + into);
            if q.is_nan() || q <= 1.0 - 2.0 * COMPARISON {
                return None;
            }
            *per_q = q.recip();
        }
        let column_a = mesh.column_currents(x);
        let largest_a = largest(column_a.view());
        let largest_v = x.iter().fold(0.0_f64, |most, x| most.max(*x));
        Some(Self { per_q, column_a, largest_a, largest_v })
    }

    /// The least `ρ` with `|r| ≤ ρ q`; not a number if one is none.
    fn ratio(&self, residual: &Array2<f64>) -> f64 {
        let mut worst = [0.0_f64; LANES];
        let see = |lane: &mut f64, r: &f64, per_q: &f64| {
            let next = r.abs() * per_q;
            *lane = if next <= *lane { *lane } else { next };
        };
        let ((rs, rest), (per_qs, per_q_rest)) = (lanes(residual), lanes(&self.per_q));
        for (rs, per_qs) in rs.iter().zip(per_qs) {
            worst.iter_mut().zip(rs).zip(per_qs).for_each(|((lane, r), q)| see(lane, r, q));
        }
        rest.iter().zip(per_q_rest).for_each(|(r, per_q)| see(&mut worst[0], r, per_q));
        worst.into_iter().fold(0.0, |most, lane| if lane <= most { most } else { lane })
    }
}

/// Memory of the iteration: rows × columns each, the last columns × rows.
struct Work {
    w: Array2<f64>,
    residual: Array2<f64>,
    preconditioned: Array2<f64>,
    direction: Array2<f64>,
    /// `D_c` times the direction.
    conducted: Array2<f64>,
    through: Array2<f64>,
    across: Array2<f64>,
}

impl Work {
    fn new((rows, cols): (usize, usize)) -> Self {
        let plane = || Array2::zeros((rows, cols));
        Self {
            w: plane(),
            residual: plane(),
            preconditioned: plane(),
            direction: plane(),
            conducted: plane(),
            through: plane(),
            across: Array2::zeros((cols, rows)),
        }
    }
}

/// Sums and greatest values side by side, as a processor takes them.
const LANES: usize = 8;

fn lanes(values: &Array2<f64>) -> (&[[f64; LANES]], &[f64]) {
    values.as_slice().expect("made in standard layout").as_chunks()
}

fn dot(a: &Array2<f64>, b: &Array2<f64>) -> f64 {
    let ((a, a_rest), (b, b_rest)) = (lanes(a), lanes(b));
    let mut sums = [0.0; LANES];
    for (a, b) in a.iter().zip(b) {
        sums.iter_mut().zip(a).zip(b).for_each(|((sum, a), b)| *sum += a * b);
    }
    sums.iter().sum::<f64>() + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f64>()
}
