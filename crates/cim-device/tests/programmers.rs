//! Ways of programming against each other, on three kinds of cells.

use cim_core::{Seconds, Siemens, Stream, Tally};
use cim_device::program::{AmplitudeSpec, CellsPreset, PROGRAMMERS, PulseCellsSpec, cells_names};
use cim_device::{
    DeviceError, DeviceSpec, EffectSpec, End, ModelSpec, Outcome, Pulse, StuckSpec, Window,
};
use ndarray::Array2;

const N: usize = 48;

fn targets(window: Window) -> Array2<f64> {
    let mut u = vec![0.0f32; N * N];
    Stream::root(4).fill_uniform(0, &mut u);
    Array2::from_shape_fn((N, N), |(row, col)| {
        window.g_min.0 + window.span().0 * (0.1 + 0.8 * f64::from(u[row * N + col]))
    })
}

fn programmed(
    cells: &CellsPreset,
    programmer: &str,
    band: Siemens,
) -> Result<(Outcome, Tally, f64), DeviceError> {
    let programmer = cells.programmer(programmer, band)?.build()?;
    let at = Stream::root(5);
    let mut array = cells.cells.fresh((N, N), at.child("cells", 0))?;
    let target_s = targets(array.window());
    let mut tally = Tally::default();
    let outcome =
        programmer.program(array.as_mut(), target_s.view(), at.child("program", 0), &mut tally)?;
    let rms = outcome.rms_error_s(target_s.view());
    assert_eq!(outcome.held_s, array.conductances());
    Ok((outcome, tally, rms))
}

fn run(cells: &str, programmer: &str) -> (Outcome, Tally, f64) {
    let cells = CellsPreset::named(cells).expect("known");
    programmed(&cells, programmer, cells.band).expect("possible")
}

#[test]
fn every_cell_ends_somewhere_and_the_tally_is_the_sum_of_its_cells() {
    for cells in ["openmena", "synaptogen", "pcm", "cmo-hfox"] {
        let preset = CellsPreset::named(cells).expect("known");
        for programmer in PROGRAMMERS {
            let (outcome, tally, rms_s) = match programmed(&preset, programmer, preset.band) {
                Err(DeviceError::NotPossible { .. }) => continue,
                other => other.expect("possible"),
            };
            let what = format!("{programmer} on {cells}");
            assert_eq!(outcome.count(End::Untouched), 0, "{what}");
            let ends = tally.cells_in_band + tally.cells_stuck + tally.cells_given_up;
            assert_eq!((ends, tally.cells_programmed), ((N * N) as u64, ends), "{what}");
            let pulses = outcome.pulses.iter().map(|&n| u64::from(n)).sum::<u64>();
            assert_eq!((tally.pulses, pulses > 0), (pulses, true), "{what}");
            // Rounded to whole femtojoules and nanoseconds cell by cell.
            let cells = (N * N) as f64;
            assert!((tally.programming_energy().0 - outcome.energy_j.sum()).abs() < 1e-15 * cells);
            assert!((tally.programming_time().0 - outcome.time_s.sum()).abs() < 1e-9 * cells);
            assert!(rms_s.is_finite(), "{what}");
            let again = programmed(&preset, programmer, preset.band).expect("as before");
            assert_eq!((again.0, again.1), (outcome, tally), "{what}: same address, same bytes");
        }
    }
}

#[test]
fn climbing_voltages_bring_nearly_all_cells_in_and_one_shot_does_not() {
    for cells in ["openmena", "synaptogen", "pcm"] {
        let (climbed, _, climbed_rms) = run(cells, "ispva");
        let (trimmed, ..) = run(cells, "trim");
        let (shot, _, _) = run(cells, "one-shot");
        assert!(0.99 <= climbed.share(End::InBand), "{cells}: {}", climbed.share(End::InBand));
        assert!(0.99 <= trimmed.share(End::InBand), "{cells}: {}", trimmed.share(End::InBand));
        assert!(shot.share(End::InBand) < 0.8, "{cells}");
        let band = CellsPreset::named(cells).expect("known").band;
        assert!(climbed_rms < 1.5 * band.0, "{cells}: {climbed_rms} in a band of {band}");
    }
}

/// The finding of the 4-kbit arrays: smaller steps of the gate, less spread, more energy.
#[test]
fn smaller_gate_steps_lower_the_spread_and_cost_energy() {
    use cim_core::Volts;
    use cim_device::ProgrammerSpec;

    let cells = CellsPreset::named("openmena").expect("known");
    let climb = |step: f64| {
        // One climb, no second look at an overshoot: the step alone decides.
        let ProgrammerSpec::Igvva(spec) = cells.programmer("igvva", Siemens(1e-6)).expect("known")
        else {
            panic!("igvva is igvva")
        };
        let spec = ProgrammerSpec::Igvva(cim_device::program::IgvvaSpec {
            step: Volts(step),
            most_overshoots: 0,
            ..spec
        });
        let at = Stream::root(6);
        let mut array = cells.cells.fresh((N, N), at.child("cells", 0)).expect("cells");
        let target_s = targets(array.window());
        let mut tally = Tally::default();
        let programmer = spec.build().expect("a programmer");
        let outcome = programmer
            .program(array.as_mut(), target_s.view(), at.child("program", 0), &mut tally)
            .expect("possible");
        let error = &outcome.held_s - &target_s;
        (error.std(0.0), tally.programming_energy().0)
    };
    let (coarse, fine) = (climb(0.05), climb(0.01));
    assert!(fine.0 < 0.5 * coarse.0, "{fine:?} {coarse:?}");
    assert!(3.0 * coarse.1 < fine.1, "{fine:?} {coarse:?}");
}

#[test]
fn passes_with_a_wait_bring_relaxed_cells_back() {
    use cim_device::program::RelaxationSpec;
    use cim_device::{ProgrammerSpec, PulseCellsSpec, ThresholdSpec};

    let preset = CellsPreset::named("openmena").expect("known");
    let cells =
        PulseCellsSpec::Threshold(ThresholdSpec { relaxation: 0.04, ..ThresholdSpec::OPENMENA });
    let after = |passes: u32| {
        let spec = preset.programmer("relaxation", preset.band).expect("known");
        let ProgrammerSpec::Relaxation(spec) = spec else { panic!("it is what it is called") };
        let spec = ProgrammerSpec::Relaxation(RelaxationSpec { passes, ..spec });
        let at = Stream::root(8);
        let mut array = cells.fresh((N, N), at.child("cells", 0)).expect("cells");
        let target_s = targets(array.window());
        let mut tally = Tally::default();
        let outcome = spec
            .build()
            .expect("a programmer")
            .program(array.as_mut(), target_s.view(), at.child("program", 0), &mut tally)
            .expect("possible");
        (outcome.share(End::InBand), tally.pulses)
    };
    let (once, thrice) = (after(1), after(3));
    assert!(once.0 < thrice.0 && once.1 < thrice.1, "{once:?} {thrice:?}");
}

#[test]
fn what_cannot_be_done_is_said_with_a_suggestion() {
    let error = CellsPreset::named("openmina").expect_err("unknown").to_string();
    assert!(error.contains("did you mean 'openmena'?"), "{error}");
    let cells = CellsPreset::named("synaptogen").expect("known");
    let error = cells.programmer("vippi", cells.band).expect_err("unknown").to_string();
    assert!(error.starts_with("no programmer is called 'vippi'"), "{error}");
    assert!(error.contains("did you mean 'vipi'?"), "{error}");
    let error = cells.programmer("igvva", cells.band).expect_err("no transistor").to_string();
    assert_eq!(error, "igvva cannot program Synaptogen cells: they have no access transistor");
}

#[test]
fn programmers_and_cells_read_from_files_and_refuse_unknown_keys() {
    use cim_device::{ProgrammerSpec, PulseCellsSpec};

    for cells in ["openmena", "synaptogen", "pcm"] {
        let preset = CellsPreset::named(cells).expect("known");
        let text = toml::to_string(&preset.cells).expect("written");
        assert_eq!(toml::from_str::<PulseCellsSpec>(&text).as_ref(), Ok(&preset.cells), "{text}");
        for programmer in PROGRAMMERS {
            let Ok(spec) = preset.programmer(programmer, preset.band) else { continue };
            let text = toml::to_string(&spec).expect("written");
            assert_eq!(toml::from_str::<ProgrammerSpec>(&text), Ok(spec), "{text}");
            let unknown = format!("colour = \"red\"\n{text}");
            let error =
                toml::from_str::<ProgrammerSpec>(&unknown).expect_err("unknown").to_string();
            assert!(error.contains("colour"), "{error}");
        }
    }
}

/// A fifth of the cells is stuck, and stays so whatever is written, verified or waited for.
#[test]
fn verifying_heals_no_defect() {
    let level = Siemens(40e-6);
    let stuck = StuckSpec::Random { share_low: 0.0, share_high: 0.2, low: level, high: level };
    let device = DeviceSpec {
        model: ModelSpec::Published { name: "pcm".to_owned() },
        effects: vec![EffectSpec::Stuck(stuck)],
    };
    let cells = PulseCellsSpec::Rewritten { device, amplitude: AmplitudeSpec::PLAIN };
    let mut array = cells.fresh((N, N), Stream::root(8)).expect("cells");
    let defects = array.conductances().mapv(|g| g == level.0);
    let share = defects.iter().filter(|stuck| **stuck).count() as f64 / (N * N) as f64;
    // Five standard errors of 2304 cells.
    assert!((share - 0.2).abs() < 5.0 * (0.2_f64 * 0.8 / (N * N) as f64).sqrt(), "{share}");
    let targets = targets(array.window());
    let preset = CellsPreset::named("pcm").expect("known");
    for (k, programmer) in ["one-shot-verify", "ispva", "trim", "relaxation"].iter().enumerate() {
        let spec = preset.programmer(programmer, preset.band).expect("possible");
        let at = Stream::root(9).child("pass", k as u64);
        let built = spec.build().expect("a programmer");
        let outcome = built.program(array.as_mut(), targets.view(), at, &mut Tally::default());
        let outcome = outcome.expect("possible");
        assert_eq!(outcome.held_s.mapv(|g| g == level.0), defects, "{programmer}");
        // The device stops at 25 µS, so that no stuck cell is in a band of 1 µS.
        let accepted = outcome.end.iter().zip(&defects).filter(|(e, d)| **d && **e == End::InBand);
        assert_eq!(accepted.count(), 0, "{programmer}");
        array.wait(Seconds(3600.0), at.child("wait", 0)).expect("a time");
        assert_eq!(array.conductances().mapv(|g| g == level.0), defects, "{programmer}, later");
    }
}

/// `σ(50 µS) = 4.782321 − 0.009107 · 50 = 4.32697 µS`, for fresh cells, and after one pulse that aims
/// there.
#[test]
fn fresh_cells_and_one_shot_have_the_spread_of_the_law_at_the_bottom() {
    let preset = CellsPreset::named("hfo2-milo").expect("known");
    let mut array = preset.cells.fresh((100, 100), Stream::root(3)).expect("cells");
    let fresh = array.conductances();
    let target = Array2::from_elem((100, 100), array.window().g_min.0);
    let spec = preset.programmer("one-shot", preset.band).expect("possible");
    let at = Stream::root(4);
    let built = spec.build().expect("a programmer");
    let outcome = built.program(array.as_mut(), target.view(), at, &mut Tally::default());
    let outcome = outcome.expect("possible");
    assert!(outcome.pulses.iter().all(|pulses| *pulses == 1), "every cell is written");
    for held in [&fresh, &outcome.held_s] {
        // Five standard errors of 10,000 cells.
        let (mean, sd) = (held.mean().expect("cells"), held.std(0.0));
        assert!((mean - 50e-6).abs() < 5.0 * 4.32697e-6 / 100.0, "{mean}");
        assert!((sd / 4.32697e-6 - 1.0).abs() < 5.0 / (2e4_f64).sqrt(), "{sd}");
    }
    assert!(fresh.iter().zip(&outcome.held_s).all(|(before, after)| before != after));
}

/// No cell takes more than its source gives: `|V| I_c t` with a transistor, `V² G t` without.
#[test]
fn no_pulse_costs_more_than_its_source_gives() {
    for name in cells_names() {
        let preset = CellsPreset::named(name).expect("known");
        let mut array = preset.cells.fresh((8, 32), Stream::root(1)).expect("cells");
        let mut uniform = vec![0.0f32; 3 * 256];
        for round in 0..12 {
            Stream::root(2).child("round", round).fill_uniform(0, &mut uniform);
            let pulses = Array2::from_shape_fn((8, 32), |(row, col)| {
                let [a, b, c] = [0, 256, 512].map(|k| f64::from(uniform[k + 32 * row + col]));
                let compliance_a = if c < 0.3 { f64::INFINITY } else { 1e-7 * 10f64.powf(4.0 * c) };
                let (volts, width_s) = (4.0 * a - 2.0, 1e-7 * 10f64.powf(4.0 * b));
                Pulse { repeats: 1 + (10.0 * c) as u32, compliance_a, ..Pulse::one(volts, width_s) }
            });
            let energy_j = array.pulse(pulses.view(), Stream::root(3).child("at", round));
            for (pulse, &energy_j) in pulses.iter().zip(&energy_j.expect("one per cell")) {
                let most = pulse.volts.abs() * pulse.compliance_a * pulse.time_s();
                assert!(0.0 <= energy_j && energy_j.is_finite(), "{name}");
                assert!(energy_j <= most * (1.0 + 1e-12), "{name}: {energy_j} J of {most} J");
            }
        }
    }
}

/// 50 µS in single precision are 49.999999999… µS.
#[test]
fn targets_in_single_precision_reach_the_ends_of_the_window() {
    let preset = CellsPreset::named("hfo2-milo").expect("known");
    let window = preset.cells.window().expect("a window");
    for end in [50e-6_f32, 225e-6] {
        assert_eq!(window.check_target(Siemens(f64::from(end))), Ok(()));
        assert!(window.check_targets(Array2::from_elem((1, 1), f64::from(end)).view()).is_ok());
    }
    for beyond in [49.999e-6, 225.001e-6, -1e-6, f64::NAN] {
        assert!(window.check_target(Siemens(beyond)).is_err(), "{beyond}");
        let error = window.check_targets(Array2::from_elem((1, 1), beyond).view());
        assert!(matches!(error, Err(DeviceError::CellTarget { row: 0, col: 0, .. })), "{beyond}");
    }
}
