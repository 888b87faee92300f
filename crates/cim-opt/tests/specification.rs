//! The checked example of the specification, and the laws the formulas obey.

mod support;

use cim_core::{Amps, Hertz, Kelvin, Ohms, Seconds, Siemens, Volts};
use cim_opt::{
    CircuitTerms, DeviceTerms, Drives, FrontEndTerms, Histogram, Limits, Posynomial, TileTerms,
    WindowProblem, evaluate, gaussian_full_scale, solve, solve_fast,
};
use support::{Draws, random_problem};

/// `E u²`, `E|w|` and `E w²` are not given with the example. These three reproduce its optimum and
/// its naive error: weights between Laplace and Gauss (`E|w|/√E w² = 0.74`) and drives that are
/// mostly small.
const DRIVE: f64 = 0.045;
const MEAN_W: f64 = 0.124;
const SQUARE_W: f64 = 0.028;

fn example() -> WindowProblem {
    let rows = 128.0;
    let power = rows * DRIVE * SQUARE_W;
    let mean_u = 0.8 * DRIVE.sqrt();
    WindowProblem {
        device: DeviceTerms {
            g_off: Siemens(1e-6),
            g_on: Siemens(100e-6),
            program: Posynomial { a0: 1e-12, a1: 0.0, a2: 1e-4, am: 0.0625e-12 * 2e-6 },
            read: Posynomial::default(),
            cubic_per_v2: 0.0,
            v_min: Volts(0.2),
            v_max: Volts(0.2),
        },
        circuit: CircuitTerms {
            temperature: Kelvin(300.0),
            bandwidth: Hertz(1e7),
            amplifier_factor: 0.0,
            fano_factor: 1.0,
            input_noise: Amps(0.0),
            supply: Volts(0.9),
            read_time: Seconds(1e-7),
            front_end: FrontEndTerms::IDEAL,
        },
        tiles: vec![TileTerms {
            layer: 0,
            columns: 128.0,
            uses: 1.0,
            rows,
            path: Ohms(0.5 * 0.35 * rows * rows),
            cells: 2.0,
            s1: rows * MEAN_W,
            u1: rows * mean_u,
            v1: rows * mean_u * MEAN_W,
            u2: rows * DRIVE,
            v2: rows * DRIVE * MEAN_W,
            w2: power,
            drawn_cells: 2.0,
            drawn_v2: rows * DRIVE * MEAN_W,
            s1_square: (rows * MEAN_W).powi(2),
            weight_power: rows * SQUARE_W,
            drawn_v1: rows * mean_u * MEAN_W,
            drives: Drives::of_sums(rows * mean_u, rows * DRIVE, rows * mean_u * MEAN_W),
            cubic_power: 0.0,
            signal_power: power,
            weight: 1.0 / power,
            steps: 64,
            output: Histogram::gaussian(power.sqrt(), 64),
        }],
        limits: Limits::default(),
    }
}

fn close(value: f64, expected: f64, relative: f64) {
    assert!((value / expected - 1.0).abs() <= relative, "{value} is not {expected}");
}

#[test]
fn the_checked_example_comes_out() {
    let problem = example();
    let found = solve(&problem).expect("the example is well posed");
    let sigma = problem.tiles[0].signal_power.sqrt();
    // Tolerances: the three unknown moments, and an unknown histogram for the range.
    close(found.g_min.0, 1.23e-6, 0.02);
    close(found.g_max.0 - found.g_min.0, 98.8e-6, 0.002);
    close(found.ranges[0] / sigma, 3.33, 0.02);
    close(found.objective, 0.0112, 0.02);
    // Naive: the whole window and the largest current the mean column can draw.
    let worst = problem.tiles[0].s1;
    let naive = evaluate(&problem, Siemens(1e-6), Siemens(100e-6), Volts(0.2), &[worst])
        .expect("one range for one tile");
    close(naive.objective, 0.137, 0.03);
    assert!(1.0 - found.objective / naive.objective > 0.91);
}

#[test]
fn without_the_inverse_term_the_window_is_whole() {
    let mut problem = example();
    problem.device.program.am = 0.0;
    let found = solve(&problem).expect("the example is well posed");
    close(found.g_min.0, 1e-6, 1e-9);
}

#[test]
fn the_range_of_a_gaussian_is_the_closed_form() {
    // Bins of 6/2000 sigma move the optimum by less than one of them. A converter whose outermost
    // code is half a step inside its full scale rounds and clips as an ideal one of a step less.
    for bits in 1..=10 {
        let mut problem = example();
        problem.tiles[0].steps = (1 << bits) + 1;
        let sigma = problem.tiles[0].signal_power.sqrt();
        problem.tiles[0].output = Histogram::gaussian(sigma, 2000);
        let found = solve_fast(&problem).expect("the example is well posed");
        let z = gaussian_full_scale(bits);
        let reach = 1.0 - 1.0 / f64::from(problem.tiles[0].steps);
        assert!((reach * found.ranges[0] / sigma - z).abs() < 3e-3, "{bits} bits: {z}");
    }
}

#[test]
fn the_objective_is_convex_in_logarithms_and_ranges() {
    let mut draws = Draws(7);
    for _ in 0..2_000 {
        let problem = random_problem(&mut draws);
        let at = |x: &[f64]| {
            let (g_min, swing) = (x[0].exp(), x[1].exp());
            let to = Siemens(g_min + swing);
            evaluate(&problem, Siemens(g_min), to, Volts(x[2].exp()), &x[3..])
                .expect("one range per tile")
                .objective
        };
        let mut centre = vec![draws.between(-18.0, -9.0), draws.between(-18.0, -9.0)];
        centre.push(draws.between(-4.0, 0.0));
        for tile in &problem.tiles {
            centre.push(tile.signal_power.sqrt() * draws.between(0.5, 5.0));
        }
        let step: Vec<f64> =
            centre.iter().map(|c| 0.2 * c.abs() * draws.between(-1.0, 1.0)).collect();
        let moved = |sign: f64| -> Vec<f64> {
            centre.iter().zip(&step).map(|(c, s)| c + sign * s).collect()
        };
        let (low, high, middle) = (at(&moved(-1.0)), at(&moved(1.0)), at(&centre));
        // Rounding of the window's difference is 1e-16 of G_max, at most e^9 of the swing.
        let rounding = 1e-10 * (low + high);
        assert!(low + high - 2.0 * middle >= -rounding, "{low} {middle} {high}");
    }
}

#[test]
fn a_budget_adds_up() {
    let mut draws = Draws(11);
    for _ in 0..200 {
        let problem = random_problem(&mut draws);
        let found = solve_fast(&problem).expect("random problems without limits are feasible");
        close(found.budget.total(), found.objective, 1e-12);
        let tiles: f64 = found.tiles.iter().map(cim_opt::Budget::total).sum();
        close(tiles, found.objective, 1e-12);
        for ((range, full_scale), _) in found.ranges.iter().zip(&found.full_scale).zip(&found.tiles)
        {
            let unit = found.read_voltage.0 * (found.g_max.0 - found.g_min.0);
            close(full_scale.0, range * unit, 1e-12);
        }
    }
}
