//! What cannot be solved is refused by name, and nothing panics.

mod support;

use cim_core::{Amps, Joules, Siemens, Volts};
use cim_opt::{OptError, WindowProblem, evaluate, frugal, solve, solve_fast};
use proptest::prelude::*;
use support::{Draws, least, network, random_problem};

fn both(problem: &WindowProblem) -> OptError {
    let slow = solve(problem).expect_err("the problem has no solution");
    let fast = solve_fast(problem).expect_err("the problem has no solution");
    // As text, because NaN is not equal to itself.
    assert_eq!(slow.to_string(), fast.to_string());
    slow
}

#[test]
fn too_little_energy_is_named_with_what_it_takes() {
    for seed in 0..300 {
        let mut draws = Draws(seed);
        let mut problem = random_problem(&mut draws);
        let (energy, _) = least(&problem);
        problem.limits.energy = Some(Joules(energy * draws.between(0.01, 0.999)));
        let OptError::Energy { least, .. } = both(&problem) else { panic!("{seed}: wrong error") };
        assert!((least.0 / energy - 1.0).abs() < 1e-9, "{seed}: {least} is not {energy}");
        // Just enough is enough.
        problem.limits.energy = Some(Joules(energy * 1.000_001));
        assert!(solve(&problem).is_ok() && solve_fast(&problem).is_ok(), "{seed}");
    }
}

#[test]
fn too_little_nonideality_is_named_with_what_it_takes() {
    let mut uncertified = 0;
    for seed in 0..300 {
        let mut draws = Draws(seed);
        let mut problem = random_problem(&mut draws);
        let (_, loss) = least(&problem);
        if loss == 0.0 {
            continue;
        }
        problem.limits.nonideality = Some(loss * draws.between(0.01, 0.999));
        let OptError::Nonideality { least, .. } = both(&problem) else { panic!("{seed}") };
        assert!((least / loss - 1.0).abs() < 1e-9, "{seed}: {least} is not {loss}");
        // Just enough is enough. A window as thin as that cannot always be certified, which is said
        // and never passed over: 16 of these 600 when this was written.
        problem.limits.nonideality = Some(loss * 1.000_001);
        for found in [solve(&problem), solve_fast(&problem)] {
            match found {
                Ok(_) => {}
                Err(OptError::NotCertified { .. }) => uncertified += 1,
                Err(other) => panic!("{seed}: {other}"),
            }
        }
    }
    assert!(uncertified <= 20, "{uncertified} of 600 thin windows were not certified");
}

#[test]
fn badly_posed_problems_are_refused_by_name() {
    type Damage = fn(&mut WindowProblem);
    type Check = fn(&OptError) -> bool;
    let cases: [(Damage, Check); 14] = [
        (|p| p.tiles.clear(), |e| *e == OptError::NoTiles),
        (|p| p.device.g_on = Siemens(1e-7), |e| matches!(e, OptError::EmptyWindow { .. })),
        (
            |p| p.device.g_off = Siemens(0.0),
            |e| matches!(e, OptError::BadNumber { name: "g_off", .. }),
        ),
        (
            |p| p.device.program.a1 = -1.0,
            |e| matches!(e, OptError::BadNumber { name: "program", .. }),
        ),
        (|p| p.device.v_max = Volts(0.01), |e| matches!(e, OptError::EmptyVoltage { .. })),
        (
            |p| p.tiles[0].path.0 = f64::NAN,
            |e| matches!(e, OptError::BadTile { tile: 0, name: "path", .. }),
        ),
        (
            |p| p.tiles[1].steps = 0,
            |e| matches!(e, OptError::BadTile { tile: 1, name: "steps", .. }),
        ),
        (|p| p.tiles[1].signal_power = 0.0, |e| matches!(e, OptError::BadTile { tile: 1, .. })),
        (
            |p| p.tiles[0].output.centres.swap(0, 1),
            |e| matches!(e, OptError::Histogram { tile: 0, .. }),
        ),
        (
            |p| p.tiles[0].output.probabilities[3] += 0.1,
            |e| matches!(e, OptError::Histogram { .. }),
        ),
        (|p| p.tiles[0].output.centres.clear(), |e| matches!(e, OptError::Histogram { .. })),
        (
            |p| p.tiles.iter_mut().for_each(|t| t.weight = 0.0),
            |e| matches!(e, OptError::BadNumber { .. }),
        ),
        (
            |p| p.limits.fixed_read_voltage = Some(Volts(2.0)),
            |e| matches!(e, OptError::FixedVoltage { .. }),
        ),
        (
            |p| {
                p.limits.full_scale_floor = Some(Amps(2e-6));
                p.limits.full_scale_ceiling = Some(Amps(1e-6));
            },
            |e| matches!(e, OptError::EmptyFullScale { .. }),
        ),
    ];
    for (index, (damage, check)) in cases.iter().enumerate() {
        let mut problem = network(2);
        damage(&mut problem);
        let error = both(&problem);
        assert!(check(&error), "case {index}: {error}");
        assert!(!error.to_string().is_empty());
    }
    let ranges = evaluate(&network(2), Siemens(1e-6), Siemens(1e-5), Volts(0.1), &[1.0]);
    assert_eq!(ranges, Err(OptError::Ranges { ranges: 1, tiles: 2 }));
    let tolerance = frugal(&network(1), f64::NAN);
    assert!(matches!(tolerance, Err(OptError::BadNumber { name: "tolerance", .. })));
}

#[test]
fn an_infeasible_energy_reads_well() {
    let mut problem = network(1);
    problem.limits.energy = Some(Joules(1e-15));
    let text = both(&problem).to_string();
    assert!(text.starts_with("energy limit 1 fJ is below the least possible"), "{text}");
}

fn any_number() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => any::<f64>(),
        4 => (-40.0..40.0).prop_map(|x: f64| x.exp()),
        1 => prop_oneof![Just(f64::NAN), Just(f64::INFINITY), Just(-1.0), Just(0.0), Just(1e300)],
    ]
}

/// The places of a problem where a number goes in.
fn numbers(problem: &mut WindowProblem) -> Vec<&mut f64> {
    let (device, circuit) = (&mut problem.device, &mut problem.circuit);
    let mut all = vec![
        &mut device.g_off.0,
        &mut device.g_on.0,
        &mut device.program.a0,
        &mut device.program.a1,
        &mut device.program.a2,
        &mut device.program.am,
        &mut device.read.a0,
        &mut device.cubic_per_v2,
        &mut device.v_min.0,
        &mut device.v_max.0,
        &mut circuit.temperature.0,
        &mut circuit.bandwidth.0,
        &mut circuit.amplifier_factor,
        &mut circuit.fano_factor,
        &mut circuit.input_noise.0,
        &mut circuit.supply.0,
        &mut circuit.read_time.0,
    ];
    for tile in &mut problem.tiles {
        all.extend([
            &mut tile.columns,
            &mut tile.rows,
            &mut tile.path.0,
            &mut tile.s1,
            &mut tile.u1,
            &mut tile.v1,
            &mut tile.u2,
            &mut tile.v2,
            &mut tile.w2,
            &mut tile.cubic_power,
            &mut tile.signal_power,
            &mut tile.weight,
        ]);
        all.extend(tile.output.centres.iter_mut().chain(&mut tile.output.probabilities));
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn nothing_panics_and_nothing_uncertified_comes_out(
        seed in any::<u64>(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any_number()), 0..4),
        steps in prop_oneof![Just(0_u32), Just(1), Just(64), Just(u32::MAX)],
        energy in prop::option::weighted(0.3, any_number()),
        nonideality in prop::option::weighted(0.3, any_number()),
        floor in prop::option::weighted(0.3, any_number()),
        ceiling in prop::option::weighted(0.3, any_number()),
        fixed in prop::option::weighted(0.2, any_number()),
        tolerance in any_number(),
    ) {
        let mut problem = random_problem(&mut Draws(seed));
        problem.tiles[0].steps = steps;
        problem.limits.energy = energy.map(Joules);
        problem.limits.nonideality = nonideality;
        problem.limits.full_scale_floor = floor.map(Amps);
        problem.limits.full_scale_ceiling = ceiling.map(Amps);
        problem.limits.fixed_read_voltage = fixed.map(Volts);
        let mut places = numbers(&mut problem);
        for (place, value) in damage {
            let place = place.index(places.len());
            *places[place] = value;
        }
        for found in [solve(&problem), solve_fast(&problem), frugal(&problem, tolerance)]
            .into_iter()
            .flatten()
        {
            prop_assert!(found.objective.is_finite() && found.objective > 0.0);
            prop_assert!(found.certificate.gap <= 1e-7 && found.certificate.residual <= 1e-9);
        }
    }
}
