//! A thousand random problems: certified, equal by both routes, and beaten by no point of a grid.

mod support;

use cim_core::{Siemens, Volts};
use cim_opt::certificate::{MOST_GAP, MOST_RESIDUAL};
use cim_opt::window::SMALLEST_WINDOW;
use cim_opt::{Limits, Solution, WindowProblem, evaluate, frugal, solve, solve_fast};
use support::{Draws, ceiling, floor, limit, random_problem};

/// Points per side of the window grid, and of each tile's range.
const WINDOW: usize = 24;
const RANGE: usize = 400;
/// What the routes may differ by, and a grid may be better by.
const SAME: f64 = 1e-6;

fn random(seed: u64, parts: &[fn(&mut WindowProblem, &mut Draws)]) -> WindowProblem {
    let mut draws = Draws(seed * 7919);
    let mut problem = random_problem(&mut draws);
    parts.iter().for_each(|part| part(&mut problem, &mut draws));
    problem
}

/// Both routes, checked against each other and their certificates.
fn solved(seed: u64, problem: &WindowProblem) -> Solution {
    let slow = solve(problem).unwrap_or_else(|error| panic!("{seed} conic: {error}"));
    let fast = solve_fast(problem).unwrap_or_else(|error| panic!("{seed} fast: {error}"));
    for found in [&slow, &fast] {
        assert!(found.certificate.gap.abs() <= MOST_GAP, "{seed}: {:?}", found.certificate);
        assert!(found.certificate.residual <= MOST_RESIDUAL, "{seed}: {:?}", found.certificate);
    }
    let apart = (fast.objective / slow.objective - 1.0).abs();
    assert!(apart <= SAME, "{seed}: the routes differ by {apart:e}");
    slow
}

/// Least objective over a grid of windows that respect energy and non-ideality, ranges clipped to
/// what the floor asks for.
fn window_grid(problem: &WindowProblem, ranges: &[f64], points: usize) -> f64 {
    let device = &problem.device;
    let (g_off, g_on) = (device.g_off.0, device.g_on.0);
    let (v_min, v_max) = match problem.limits.fixed_read_voltage {
        Some(fixed) => (fixed.0, fixed.0),
        None => (device.v_min.0, device.v_max.0),
    };
    let side =
        |low: f64, high: f64, k: usize| low * (high / low).powf(k as f64 / (points - 1) as f64);
    let mut least = f64::INFINITY;
    for g in 0..points {
        let g_min = side(g_off, g_on * 0.999, g);
        let room = g_on - g_min;
        for d in 0..points {
            let swing = side(SMALLEST_WINDOW * (g_on - g_off), room, d);
            for v in 0..points {
                let v = side(v_min, v_max, v);
                let raised = problem.limits.full_scale_floor.map_or(0.0, |fs| fs.0 / (v * swing));
                let ranges: Vec<f64> = ranges.iter().map(|range| range.max(raised)).collect();
                let at =
                    evaluate(problem, Siemens(g_min), Siemens(g_min + swing), Volts(v), &ranges)
                        .expect("one range per tile");
                let limits = &problem.limits;
                if limits.energy.is_none_or(|most| at.energy <= most)
                    && limits.nonideality.is_none_or(|most| at.nonideality <= most)
                {
                    least = least.min(at.objective);
                }
            }
        }
    }
    least
}

#[test]
fn no_grid_point_beats_a_thousand_certified_solutions() {
    for seed in 0..1_000 {
        let problem = random(seed, &[limit]);
        let found = solved(seed, &problem);
        // Windows and ranges separate without a full-scale limit, so the grid may too.
        let grid = window_grid(&problem, &found.ranges, WINDOW);
        assert!(
            grid >= found.objective * (1.0 - SAME),
            "{seed}: a window of {grid} beats {found:?}"
        );
        for tile in 0..problem.tiles.len() {
            let mut only = problem.clone();
            only.limits = Limits::default();
            only.tiles = vec![problem.tiles[tile].clone()];
            let largest = *only.tiles[0].output.centres.last().expect("histograms have bins");
            let at = |range: f64| {
                let at = evaluate(&only, found.g_min, found.g_max, found.read_voltage, &[range]);
                at.expect("one range for one tile").objective
            };
            let here = at(found.ranges[tile]);
            let best =
                (0..=RANGE).map(|k| at(largest * k as f64 / RANGE as f64)).fold(here, f64::min);
            assert!(here - best <= SAME * found.objective, "{seed}: range of tile {tile}");
        }
    }
}

#[test]
fn no_grid_point_beats_a_solution_with_a_floor() {
    for seed in 0..300 {
        let problem = random(seed, &[limit, floor]);
        let found = solved(seed, &problem);
        let free = WindowProblem { limits: Limits::default(), ..problem.clone() };
        let free = solve_fast(&free).expect("nothing is asked for");
        let grid = window_grid(&problem, &free.ranges, 16);
        assert!(grid >= found.objective * (1.0 - SAME), "{seed}: {grid} beats {found:?}");
    }
}

#[test]
fn a_ceiling_is_respected_and_reported() {
    let mut tightened = 0;
    for seed in 0..500 {
        let problem = random(seed, &[limit, floor, ceiling]);
        let found = solved(seed, &problem);
        let most = problem.limits.full_scale_ceiling.expect("it was set").0;
        assert!(found.full_scale.iter().all(|fs| fs.0 <= most * (1.0 + MOST_RESIDUAL)));
        assert_eq!(found.ceiling_tightened, found.certificate.relaxed_gap.is_some());
        tightened += usize::from(found.ceiling_tightened);
    }
    assert!(tightened > 100, "only {tightened} ceilings were active");
}

#[test]
fn frugal_saves_energy_within_its_tolerance() {
    for seed in 0..300 {
        type Change = fn(&mut WindowProblem, &mut Draws);
        let parts: [&[Change]; 3] = [&[limit], &[limit, floor], &[limit, floor, ceiling]];
        let problem = random(seed, parts[seed as usize % 3]);
        let best = solved(seed, &problem);
        let mut last = best.energy.0;
        for tolerance in [1e-3, 0.05, 0.5] {
            let found = frugal(&problem, tolerance)
                .unwrap_or_else(|error| panic!("{seed} frugal at {tolerance}: {error}"));
            let most = (1.0 + tolerance) * best.objective;
            assert!(
                found.objective <= most * (1.0 + 1e-7),
                "{seed}: {} over {most}",
                found.objective
            );
            assert!(found.energy.0 <= last * (1.0 + 1e-6), "{seed}: more tolerance, more energy");
            assert!(found.certificate.gap.abs() <= MOST_GAP, "{seed}: {:?}", found.certificate);
            last = found.energy.0;
        }
    }
}
