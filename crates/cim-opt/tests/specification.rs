//! The checked example of the specification, and the laws the formulas obey.

mod support;

use cim_core::{Amps, Hertz, Kelvin, Ohms, Seconds, Siemens, Volts};
use cim_opt::{
    Bottom, CircuitTerms, DeviceTerms, Drives, FrontEndTerms, Histogram, Limits, Posynomial,
    TileTerms, WindowProblem, evaluate, gaussian_full_scale, solve, solve_fast,
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
            s1_square: 0.5 * (rows * MEAN_W).powi(2),
            weight_power: rows * SQUARE_W,
            drawn_v1: rows * mean_u * MEAN_W,
            drives: Drives::of_sums(rows * mean_u, rows * DRIVE, rows * mean_u * MEAN_W),
            bottom: Bottom::NONE,
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

/// A real front end and a superlinear cell: an amplifier offset of 1 mV pulls the window down and
/// the voltage up, the cell's curvature and the wires pull back. Nothing ends at a bound.
///
/// The grid is 60 points a side, even in logarithms, all ranges at their best: an optimum between
/// them is at most half a step away, where a smooth function is flat.
#[test]
fn a_real_front_end_has_its_optimum_inside() {
    let mut problem = example();
    problem.device = DeviceTerms {
        g_off: Siemens(1e-6),
        g_on: Siemens(150e-6),
        // 1 µS at any conductance and 1 %, worse where it is low.
        program: Posynomial { a0: 1e-12, a1: 0.0, a2: 1e-4, am: 1e-17 },
        // sinh(v / 0.3 V): 1 / (6 v₀²).
        cubic_per_v2: 1.0 / (6.0 * 0.3 * 0.3),
        v_min: Volts(0.01),
        v_max: Volts(0.5),
        ..problem.device
    };
    problem.circuit.front_end = FrontEndTerms {
        amplifier_offset: Volts(1e-3),
        gain_spread: 0.005,
        driver_noise: Volts(2e-4),
        adc_inl: 0.3,
        ..FrontEndTerms::IDEAL
    };
    let tile = &mut problem.tiles[0];
    tile.path = Ohms(0.5 * 2.0 * tile.rows * tile.rows);
    tile.cubic_power = 0.2 * tile.signal_power;
    let found = solve(&problem).expect("the problem is well posed");
    let fast = solve_fast(&problem).expect("the problem is well posed");
    close(fast.objective, found.objective, 1e-9);
    let device = &problem.device;
    let inside = |low: f64, x: f64, high: f64| 1.1 * low < x && x < high / 1.1;
    assert!(inside(device.g_off.0, found.g_min.0, device.g_on.0), "{found:?}");
    assert!(inside(found.g_min.0, found.g_max.0, device.g_on.0), "{found:?}");
    assert!(inside(device.v_min.0, found.read_voltage.0, device.v_max.0), "{found:?}");
    let (mut least, mut at) = (f64::INFINITY, [0.0; 3]);
    let side = |low: f64, high: f64, k: i32| low * (high / low).powf(f64::from(k) / 59.0);
    for g in 0..60 {
        let g_min = side(device.g_off.0, 0.5 * device.g_on.0, g);
        for d in 0..60 {
            let swing = side(1e-6, device.g_on.0 - g_min, d);
            for v in 0..60 {
                let v = side(device.v_min.0, device.v_max.0, v);
                let to = Siemens(g_min + swing);
                let cost = evaluate(&problem, Siemens(g_min), to, Volts(v), &found.ranges)
                    .expect("one range for one tile");
                if cost.objective < least {
                    (least, at) = (cost.objective, [g_min, swing, v]);
                }
            }
        }
    }
    assert!(found.objective <= least && least <= 1.01 * found.objective, "{least} {found:?}");
    // One step of the grid is a factor of 1.09.
    close(at[0], found.g_min.0, 0.1);
    close(at[1], found.g_max.0 - found.g_min.0, 0.1);
    close(at[2], found.read_voltage.0, 0.1);
    // Without offset, driver noise and curvature the voltage runs to a bound, as it used to.
    problem.circuit.front_end = FrontEndTerms::IDEAL;
    problem.device.cubic_per_v2 = 0.0;
    let bare = solve(&problem).expect("the problem is well posed");
    close(bare.read_voltage.0, problem.device.v_max.0, 1e-6);
}

/// Row drivers paid from a supply of 0.9 V, at a read voltage of 20 mV: the cells take 45 times as
/// much as from a lossless source, for drives that are on or off.
#[test]
fn drivers_from_the_supply_pay_for_the_voltage_they_drop() {
    let mut problem = example();
    // On or off: E|u| = E u².
    problem.tiles[0].u1 = problem.tiles[0].u2;
    problem.tiles[0].drawn_v1 = problem.tiles[0].drawn_v2;
    problem.circuit.supply = Volts(0.0);
    let energy = |problem: &WindowProblem| {
        let at = evaluate(problem, Siemens(1e-6), Siemens(99e-6), Volts(0.02), &[1.0]);
        at.expect("one range for one tile").energy.0
    };
    let lossless = energy(&problem);
    problem.circuit.front_end.driver_supply = Volts(0.9);
    close(energy(&problem), 45.0 * lossless, 1e-12);
    problem.circuit.front_end.static_energy = cim_core::Joules(1e-12);
    close(energy(&problem) - 45.0 * lossless, 128.0 * 1e-12, 1e-9);
}
