//! The conic route. The only file that names Clarabel.

use clarabel::algebra::CscMatrix;
use clarabel::solver::{DefaultSettings, DefaultSolver, IPSolver, SupportedConeT};

use crate::assemble;
use crate::cones::{Cone, ConeProgram, Formulation};
use crate::error::OptError;
use crate::newton::{self, Point};
use crate::program::{Goal, Program};
use crate::solution::Solution;
use crate::validate;
use crate::window::WindowProblem;

/// Window, read voltage and full scales of least error, from one conic program.
///
/// The conic solver's point is taken to full precision by a few Newton steps and then certified
/// from the problem's own data; how far it was off is in
/// [`Certificate::before_polish`](crate::Certificate::before_polish).
///
/// The ranges do not depend on the window unless a full-scale floor or ceiling holds them, and the
/// energy of the sense amplifiers is counted at each tile's best range (or at the floor where that
/// is higher), so the energy limit never makes a range smaller than its best.
///
/// # Errors
/// [`OptError`]: a badly posed problem, limits that nothing satisfies, or a solution whose
/// certificate does not hold.
pub fn solve(problem: &WindowProblem) -> Result<Solution, OptError> {
    validate::well_posed(problem)?;
    validate::feasible(problem)?;
    assemble::minimise_error(problem, conic)
}

/// Solves a reduced program by cones and polishes the point; a known feasible point helps only the
/// polish.
pub(crate) fn conic(
    program: &Program<'_>,
    known: Option<[f64; 3]>,
) -> Result<assemble::Found, OptError> {
    let formulation = Formulation::new(program);
    let (x, ranges) = formulation.read(&run(&formulation.cones)?);
    if !x.iter().chain(&ranges).all(|value| value.is_finite()) {
        return Err(OptError::Solver { reason: "no finite point".to_owned() });
    }
    let point: Point = newton::minimise_from(program, x, known, 1e-4);
    let raw = match program.goal {
        Goal::Error => Some((x, ranges)),
        Goal::Energy { .. } => Some((x, Vec::new())),
    };
    Ok(assemble::Found { point, raw })
}

/// Runs Clarabel. Its status is not looked at: the certificate judges the point.
fn run(program: &ConeProgram) -> Result<Vec<f64>, OptError> {
    let (rows, variables) = (program.constants.len(), program.linear.len());
    let finite = |values: &[f64]| values.iter().all(|value| value.is_finite());
    let entries_finite = program.entries.iter().all(|(_, _, value)| value.is_finite());
    if !(entries_finite
        && finite(&program.constants)
        && finite(&program.linear)
        && finite(&program.quadratic))
    {
        return Err(OptError::Solver { reason: "the scaled program is not finite".to_owned() });
    }
    let diagonal: Vec<usize> = (0..variables).filter(|&z| program.quadratic[z] != 0.0).collect();
    let quadratic = CscMatrix::new_from_triplets(
        variables,
        variables,
        diagonal.clone(),
        diagonal.clone(),
        diagonal.iter().map(|&z| program.quadratic[z]).collect(),
    );
    let matrix = CscMatrix::new_from_triplets(
        rows,
        variables,
        program.entries.iter().map(|&(row, _, _)| row).collect(),
        program.entries.iter().map(|&(_, variable, _)| variable).collect(),
        program.entries.iter().map(|&(_, _, value)| -value).collect(),
    );
    let cones: Vec<_> = program
        .cones
        .iter()
        .map(|cone| match *cone {
            Cone::Nonnegative(rows) => SupportedConeT::NonnegativeConeT(rows),
            Cone::Exponential => SupportedConeT::ExponentialConeT(),
            Cone::SecondOrder(rows) => SupportedConeT::SecondOrderConeT(rows),
        })
        .collect();
    let settings = DefaultSettings {
        verbose: false,
        max_iter: 100,
        max_threads: 1,
        tol_gap_abs: 1e-9,
        tol_gap_rel: 1e-9,
        tol_feas: 1e-9,
        presolve_enable: false,
        ..DefaultSettings::default()
    };
    let mut solver = DefaultSolver::new(
        &quadratic,
        &program.linear,
        &matrix,
        &program.constants,
        &cones,
        settings,
    )
    .map_err(|error| OptError::Solver { reason: error.to_string() })?;
    solver.solve();
    tracing::debug!(
        status = ?solver.solution.status,
        iterations = solver.solution.iterations,
        variables,
        rows,
        "conic solve"
    );
    Ok(solver.solution.x)
}
